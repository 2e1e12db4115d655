"""How a secret is spelled where it is planted."""

from __future__ import annotations

import base64
import html
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from tests.canaries.kinds import Secret


@dataclass(frozen=True)
class Spelled:
    """`literal` goes in as text. `in_json`, where there is one, is the source between the quotes of a JSON string
    that parses to the value itself. `url_safe`: already as it would stand in a URL or form."""

    literal: str
    in_json: str | None = None
    url_safe: bool = False


def raw(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(secret.value)


def percent_all(secret: Secret, rng: random.Random) -> Spelled:
    return Spelled("".join(_either_case(f"%{byte:02x}", rng) for byte in secret.value.encode()), url_safe=True)


def percent_partly(secret: Secret, rng: random.Random) -> Spelled:
    """What must be encoded and some of what need not be."""
    written = (
        chr(byte) if chr(byte) in _UNRESERVED and rng.random() < 0.8 else _either_case(f"%{byte:02x}", rng)
        for byte in secret.value.encode()
    )
    return Spelled("".join(written), url_safe=True)


def percent_plus(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(quote_plus(secret.value), url_safe=True)


def percent_twice(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(quote(quote(secret.value, safe=""), safe=""), url_safe=True)


def json_units(secret: Secret, rng: random.Random) -> Spelled:
    source = "".join(_unit(char, rng) for char in secret.value)
    return Spelled(source, source)


def json_units_partly(secret: Secret, rng: random.Random) -> Spelled:
    written = (
        char if char.isascii() and char.isalnum() and rng.random() < 0.7 else _unit(char, rng) for char in secret.value
    )
    source = "".join(written)
    return Spelled(source, source)


def json_slashes(secret: Secret, _: random.Random) -> Spelled:
    """Slashes as PHP writes them, letters outside ASCII as most others do."""
    escaped = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n"}
    written = (escaped.get(char, char) if char.isascii() else _unit(char, random.Random(0)) for char in secret.value)
    source = "".join(written)
    return Spelled(source, source)


def html_named(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(html.escape(secret.value).replace("@", "&commat;").replace("_", "&lowbar;"))


def html_numbers(secret: Secret, rng: random.Random) -> Spelled:
    return Spelled("".join(rng.choice((f"&#{ord(char)};", f"&#x{ord(char):x};")) for char in secret.value))


def base64_standard(secret: Secret, rng: random.Random) -> Spelled:
    return Spelled(base64.b64encode(_framed(secret, rng)).decode())


def base64_url_safe(secret: Secret, rng: random.Random) -> Spelled:
    return Spelled(base64.urlsafe_b64encode(_framed(secret, rng)).decode().rstrip("="), url_safe=True)


def hexadecimal(secret: Secret, rng: random.Random) -> Spelled:
    return Spelled(rng.choice((str.lower, str.upper))(secret.value.encode().hex()), url_safe=True)


def upper_case(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(secret.value.upper())


def lower_case(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(secret.value.lower())


def title_case(secret: Secret, _: random.Random) -> Spelled:
    return Spelled(secret.value.title())


_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_CASES = (upper_case, lower_case, title_case)

ENCODINGS: dict[str, Callable[[Secret, random.Random], Spelled]] = {
    encode.__name__.replace("_", " "): encode
    for encode in (
        raw, percent_all, percent_partly, percent_plus, percent_twice, json_units, json_units_partly, json_slashes,
        html_named, html_numbers, base64_standard, base64_url_safe, hexadecimal, *_CASES,
    )
}  # fmt: skip


def applies(encoding: str, secret: Secret) -> bool:
    """Case carries meaning in keys and ids; only emails, names and addresses are the same in another."""
    return secret.any_case or ENCODINGS[encoding] not in _CASES


def _framed(secret: Secret, rng: random.Random) -> bytes:
    """The value at any of the three alignments."""
    return b" " * rng.randrange(3) + secret.value.encode() + b" " * rng.randrange(3)


def _unit(char: str, rng: random.Random) -> str:
    units = char.encode("utf-16-be")
    return "".join("\\u" + _either_case(units[at : at + 2].hex(), rng) for at in range(0, len(units), 2))


def _either_case(text: str, rng: random.Random) -> str:
    return rng.choice((text.lower(), text.upper()))
