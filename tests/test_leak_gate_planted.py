"""Every kind of secret in every encoding, planted into real YAML of every style: with and without knowing the value."""

from __future__ import annotations

import base64
import binascii
import copy
import gzip
import html
import json
import os
import random
import zlib
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
import yaml

from replaydisputes.leak_gate import KnownSecrets, find_leaks
from tests.at_length import all_at_length
from tests.test_leak_gate import SHAPES, clean_cassette

SEED = int(os.environ.get("REPLAYDISPUTES_SEED", "20261123"))
PLANTINGS = int(os.environ.get("REPLAYDISPUTES_PLANTINGS", "400"))
SHARES = 4
MARK = "PLANTHERE"

PEOPLE = [
    ("personal value", value)
    for value in (
        "Jenny Rosenbaum",
        "Zoë Müller-Lüdenscheidt",
        "O'Brien & Sons",
        "12 Rue de l'Église, 75005 Paris",
        "The parcel was left with the neighbour in number 14, who signed for it",
        "line one\nof the log: door opened/closed",
        "山田太郎",
        "Xt5EWLLDS7FJjR1c",
        "1Z999AA10123456784",
        'She said "never" 😀 twice',
    )
]
KNOWN = [*SHAPES, *PEOPLE, ("account fragment", "2eZvKYlo2C")]

Encode = Callable[[str, random.Random], str]


def either_case(text: str, rng: random.Random) -> str:
    return "".join(rng.choice((char.lower(), char.upper())) for char in text)


def percent_all(value: str, rng: random.Random) -> str:
    return "".join(either_case(f"%{byte:02x}", rng) for byte in value.encode())


def percent_some(value: str, rng: random.Random) -> str:
    return "".join(
        chr(byte) if byte < 128 and chr(byte).isalnum() and rng.random() < 0.7 else either_case(f"%{byte:02x}", rng)
        for byte in value.encode()
    )


def form_value(value: str, _: random.Random) -> str:
    return "a=1&q=" + quote_plus(value)


def json_units(value: str) -> list[str]:
    units = value.encode("utf-16-be")
    return [units[at : at + 2].hex() for at in range(0, len(units), 2)]


def json_all(value: str, rng: random.Random) -> str:
    return "".join("\\u" + either_case(unit, rng) for unit in json_units(value))


def json_some(value: str, rng: random.Random) -> str:
    pieces = []
    for char in value:
        if rng.random() < 0.3 or not char.isascii() or char in '"\\\n':
            pieces.append(json_all(char, rng))
        else:
            pieces.append("\\/" if char == "/" else char)
    return "".join(pieces)


def html_named(value: str, _: random.Random) -> str:
    return html.escape(value).replace("@", "&commat;").replace(".", "&period;").replace("_", "&lowbar;")


def html_numbers(value: str, rng: random.Random) -> str:
    return "".join(rng.choice((f"&#{ord(char)};", f"&#x{ord(char):x};", f"&#X{ord(char):X};")) for char in value)


def base64_aligned(value: str, rng: random.Random) -> str:
    framed = b" " * rng.randrange(3) + value.encode() + b" " * rng.randrange(3)
    encoded = rng.choice((base64.b64encode, base64.urlsafe_b64encode))(framed).decode()
    return rng.choice((encoded, encoded.rstrip("=")))


def hexadecimal(value: str, rng: random.Random) -> str:
    return either_case(value.encode().hex(), rng) if rng.random() < 0.5 else value.encode().hex()


def gzipped(value: str, _: random.Random) -> str:
    return base64.b64encode(gzip.compress(f'{{"found": "{value}"}}'.encode(), mtime=0)).decode()


def zlibbed(value: str, rng: random.Random) -> str:
    return base64.b64encode(zlib.compress(f"text {value} text".encode(), rng.randrange(1, 10))).decode()


def deflated(value: str, _: random.Random) -> str:
    return base64.b64encode(zlib.compress(f"text {value} text".encode())[2:-4]).decode()


def gzipped_hex(value: str, _: random.Random) -> str:
    return binascii.hexlify(gzip.compress(f" {value} ".encode(), mtime=0)).decode()


def json_in_string(value: str, _: random.Random) -> str:
    return json.dumps(json.dumps({"found": value}))[1:-1]


def percent_twice(value: str, rng: random.Random) -> str:
    return percent_all(percent_all(value, rng), rng)


def percent_of_base64(value: str, rng: random.Random) -> str:
    return quote_plus(base64_aligned(value, rng))


def base64_of_json_escapes(value: str, rng: random.Random) -> str:
    return base64.b64encode(f'"{json_all(value, rng)}"'.encode()).decode()


def base64_twice(value: str, rng: random.Random) -> str:
    return base64.b64encode(base64_aligned(value, rng).encode()).decode()


def in_clear(value: str, _: random.Random) -> str:
    return value


ENCODINGS: dict[str, Encode] = {
    function.__name__: function
    for function in (
        in_clear, percent_all, percent_some, form_value, json_all, json_some, html_named, html_numbers, base64_aligned,
        hexadecimal, gzipped, zlibbed, deflated, gzipped_hex, json_in_string, percent_twice, percent_of_base64,
        base64_of_json_escapes, base64_twice,
    )
}  # fmt: skip

WORDS = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "do",
    "eiusmod",
    "tempor",
    "incididunt",
    "ut",
    "labore",
]


def some_words(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randrange(0, 14)))


def in_a_body_line(cassette: dict, text: str, rng: random.Random) -> None:
    """Between words of a text in a JSON body, long enough that some styles fold inside the secret."""
    body = cassette["interactions"][-1]["response"]["body"]
    written = text if "\\" in text else json.dumps(text, ensure_ascii=rng.random() < 0.5)[1:-1]
    found = body["string"].replace("No such dispute: ", f"{some_words(rng)} {written} {some_words(rng)} ")
    assert found != body["string"]
    body["string"] = found if rng.random() < 0.5 or "\\" in text else json.dumps(json.loads(found))


def in_a_header(cassette: dict, text: str, rng: random.Random) -> None:
    cassette["interactions"][0]["response"]["headers"]["X-Extra"] = [f"{some_words(rng)} {text} {some_words(rng)}"]


def in_the_url(cassette: dict, text: str, rng: random.Random) -> None:
    cassette["interactions"][0]["request"]["uri"] += f"?limit=3&q={text}"


def in_the_form(cassette: dict, text: str, rng: random.Random) -> None:
    cassette["interactions"][0]["request"]["body"] += f"&extra={text}&more=1"


def in_binary(cassette: dict, text: str, rng: random.Random) -> None:
    filler = [" ".join(rng.choices(WORDS, k=rng.randrange(40))) for _ in range(2)]
    cassette["interactions"][0]["response"]["body"]["string"] = f"{filler[0]} {text} {filler[1]}".encode()


def in_gzipped_binary(cassette: dict, text: str, rng: random.Random) -> None:
    in_binary(cassette, text, rng)
    body = cassette["interactions"][0]["response"]["body"]
    body["string"] = gzip.compress(body["string"], mtime=0)


PLACES = (in_a_body_line, in_a_header, in_the_url, in_the_form, in_binary, in_gzipped_binary)
STYLES = (None, "'", '"', "|", ">")


def dumped(cassette: dict, rng: random.Random) -> bytes:
    return yaml.dump(
        cassette,
        Dumper=yaml.CSafeDumper if hasattr(yaml, "CSafeDumper") and rng.random() < 0.8 else yaml.SafeDumper,
        default_style=rng.choice(STYLES),
        allow_unicode=rng.random() < 0.5,
        width=rng.choice((40, 80, 120)),
        sort_keys=False,
    ).encode()


def misses(secrets: list[tuple[str, str]], known: KnownSecrets, share: int) -> Counter[str]:
    """Plants of a share that the gate let pass, by kind and encoding. The shares have all PLANTINGS between them."""
    print(f"seed {SEED}")
    rng, missed = random.Random(SEED + share), Counter[str]()
    numbers = random.Random(SEED).sample(range(PLANTINGS), PLANTINGS)
    clean = yaml.safe_load(clean_cassette(1))
    clean["interactions"] = [clean["interactions"][0], clean["interactions"][-1]]
    names = list(ENCODINGS)
    for number in numbers[share::SHARES]:
        kind, value = secrets[number % len(secrets)]
        name = names[(number // len(secrets)) % len(names)]
        place = rng.choice(PLACES)
        cassette = copy.deepcopy(clean)
        place(cassette, ENCODINGS[name](value, rng), rng)
        text = dumped(cassette, rng)
        leaks = find_leaks(text, known)
        if kind not in {leak.kind for leak in leaks}:
            missed[f"{kind} {value!r} {name} {place.__name__}"] += 1
        assert not any(value in leak.masked for leak in leaks)
    return missed


@pytest.mark.parametrize("share", all_at_length(range(SHARES), [0]))
def test_no_known_value_passes_in_any_encoding_place_or_style(share: int) -> None:
    assert misses(KNOWN, KnownSecrets(frozenset(KNOWN)), share) == {}


@pytest.mark.parametrize("share", all_at_length(range(SHARES), [0]))
def test_no_shape_passes_in_any_encoding_place_or_style(share: int) -> None:
    assert misses(SHAPES, KnownSecrets(), share) == {}


def test_the_clean_cassette_stays_clean_whatever_is_known() -> None:
    known = KnownSecrets(frozenset(KNOWN))

    assert find_leaks(clean_cassette().encode(), known) == []
