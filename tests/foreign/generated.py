"""Recordings drawn from a seed: any of the formats, with the oddities that real suites leave in theirs."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass, replace
from typing import Any

from replaydisputes.model import Headers, Interaction
from replaydisputes.stripe_api.forms import encode_form
from tests.foreign.builders import BUILDERS
from tests.raw_traffic import Account

READS_JSON_ONLY = frozenset({"parsed_yaml", "cassetter_yaml", "nock_json"})
"""Builders that hold a body as JSON, so that one that is none cannot be written by them."""

TAKES_BYTES = frozenset({"vcrpy_yaml", "old_vcrpy_yaml", "pytest_recording_yaml", "ruby_base64_yaml"})

NAMES = ("Ada Lovelace", "Zoë Ünver", "王小明", "from", "test", "O'Hara, Pat", "lost", "Jean-Luc d'Arc", "a b", "visa")
NOTES = (
    "call +44 7700 900461 after 5", "sold at 12 Mark Street, Reading", "2004-04-17", "0710-2918873", "v91.12.238.44",
    "line one\nline two", "tab\tand \"quotes\" and 'others'", "50% off & more <b>", "  ", "-", "null", "\u2028\u00a0",
    "[redacted 7]", "customer-9@example.invalid", "key_3", "{\"email\": \"eva@web.de\"}", "a=b&c=d", "=?utf-8?B?w7w=?=",
    "x" * 300, "\U0001f600", "4242424242424242", "4716239103845526", "aGVsbG8gd29ybGQgZnJvbSBldmE=", "0", "1e5", "~",
)  # fmt: skip
KEYS = ("order_id", "orderId", "Customer Name", "7", "key_2", "eva@web.de", "from", "a.b", "ünder", "x" * 60)
MESSAGES = (
    "No such customer: 'cus_missing'",
    "Invalid date of birth: 2004-04-17.",
    "Your card was declined.",
    "No such charge: '{word}'; a similar object exists in live mode.",
    "Received unknown parameter: {word}",
    "The address {word} 12, Reading is not valid.",
    "Invalid integer: {word}",
    "{word} already has 3 disputes, of 2026-09-21T14:13:20Z, see https://stripe.com/docs/api or https://{word}.de/x",
)
WORDS = (
    "Quenby", "eva.z@web.de", "12 Mark Street, Reading", "2004-04-17", "order-77", "x_y", "du_unknown", "9999999",
    "Ünver", "ch_1MtJUT2eZvKYlo2CNaw2HvEv", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "metadata[from]", "17.04.2004",
)  # fmt: skip
CODES = ("resource_missing", "card_declined", "parameter_unknown", "some_future_code", "Odd Code")
PATHS = (
    "disputes/du_nope", "charges", "customers/cus_123", "payment_methods/pm_card_visa/attach", "quenby/tarrow",
    "checkout/sessions", "refunds?limit=3&charge=ch_unknown", "customers/Ada%20L",
    "events?type=charge.*&created[gte]=1",
    "accounts/acct_1AbcDefGhiJklMno/persons", "tax_ids?x=%FF&y=&=z",
    "disputes/../x", "search?query=email%3A%27a%40b.de%27",
)  # fmt: skip
FOLDERS = ("", "spec/", "a b/c,d/", "_under/", "deep/" * 12, "ünder/", "Billing::Dispute/")
STEMS = (
    "close",
    "_private",
    "-x",
    "a",
    "name with spaces",
    "from",
    "1",
    "x" * 90,
    "it_closes_a_dispute_that_is_open",
    "é",
)


@dataclass(frozen=True)
class Drawn:
    """One recording: where it lies, its bytes, its format's name, and the number of each answer, in order."""

    path: str
    content: bytes
    format: str
    numbers: tuple[int, ...]


def drawn(seed: int) -> Drawn:
    """The recording of a seed. Each answer has a number of its own, in Retry-After."""
    rng = random.Random(seed)
    builder = rng.choice(sorted(set(BUILDERS) - {"aliased_yaml"}))
    account = Account(seed=seed)
    calls = [_call(rng, account, builder) for _ in range(rng.randrange(1, 6))]
    numbers = tuple(1001 + number for number in range(len(calls)))
    numbered = [_numbered(call, number) for call, number in zip(calls, numbers, strict=True)]
    write, format_name = BUILDERS[builder]
    ending = ".har" if builder.startswith("har") else ".json" if builder.endswith("json") else ".yml"
    path = f"{rng.choice(FOLDERS)}{rng.choice(STEMS)}{ending}"
    return Drawn(path, write([_packed(rng, call, builder) for call in numbered]), format_name, numbers)


def number_of(interaction: Interaction) -> int:
    """The number by which an answer is told from the others. It is a header, as a body may be replaced whole."""
    return int(interaction.response.header("Retry-After") or 0)


def _call(rng: random.Random, account: Account, builder: str) -> Interaction:
    story = account.close_twice()
    if rng.random() < 0.4:
        return _spoiled(rng, rng.choice(story), builder)
    word = rng.choice(WORDS)
    if rng.random() < 0.5:
        error = {"message": rng.choice(MESSAGES).format(word=word), "type": "invalid_request_error"}
        error |= {
            "code": rng.choice(CODES),
            "param": rng.choice(("id", f"metadata[{rng.choice(KEYS)}]", "fooBar", word)),
        }
        answer, status = {"error": error}, rng.choice((400, 402, 404, 429))
    else:
        answer, status = _object(rng, account, word), 200
    form = _form(rng, word) if rng.random() < 0.6 else b""
    method = "POST" if form else rng.choice(("GET", "DELETE", "POST"))
    return _spoiled(rng, account.interaction(method, f"/v1/{rng.choice(PATHS)}", status, answer, form), builder)


def _object(rng: random.Random, account: Account, word: str) -> dict[str, Any]:
    return {
        "id": rng.choice((account.id("re"), "re_123", account.draw(9), word)),
        "object": rng.choice(("refund", "payment_method", "subscription", "review", "dispute_summary", "customer")),
        "status": rng.choice(("succeeded", "requires_action", word)),
        "created": rng.choice((1790000000, 0, -1, 17900000000, 1e3, "2026-09-21")),
        "currency": rng.choice(("usd", "eur", "qtw", "USD")),
        "client_secret": f"{account.id('seti')}_secret_{account.draw(rng.choice((14, 25, 31, 40)))}",
        "name": rng.choice(NAMES),
        "description": rng.choice(NOTES),
        "metadata": {key: rng.choice(NOTES) for key in rng.sample(KEYS, rng.randrange(4))},
        "items": {"object": "list", "url": f"/v1/{rng.choice(PATHS)}", "data": [word, 1.5, None, True, {}]},
        rng.choice(KEYS): rng.choice((word, 7, 10**20, [], {"object": word})),
    }


def _form(rng: random.Random, word: str) -> bytes:
    fields = [(f"metadata[{key}]", rng.choice(NOTES)) for key in rng.sample(KEYS, 2)]
    fields += [("description", word), ("expand[]", "charge"), ("payment_method", "pm_card_visa"), ("fooBar", word)]
    fields += [("evidence[customer_name]", rng.choice(NAMES)), ("currency", "usd"), ("Ada L.", ""), ("a[0][b]", "1")]
    return encode_form(rng.sample(fields, rng.randrange(1, len(fields))))


def _spoiled(rng: random.Random, call: Interaction, builder: str) -> Interaction:
    """One call in five answers with a body that is not the JSON its Content-Type declares."""
    if builder in READS_JSON_ONLY or rng.random() < 0.8:
        return call
    body = rng.choice(
        (b"", b"<html>Eva Zorn</html>", b'{"name": "Eva', b"null", b'"Eva Zorn"', b"[1, 2]", b"ok", b"{}")
    )
    return replace(call, response=replace(call.response, body=body))


def _numbered(call: Interaction, number: int) -> Interaction:
    return replace(
        call, response=replace(call.response, headers=(*call.response.headers, ("Retry-After", str(number))))
    )


def _packed(rng: random.Random, call: Interaction, builder: str) -> Interaction:
    """One answer in four comes in gzip, or only says so, if the format can hold bytes."""
    response = call.response
    if builder not in TAKES_BYTES or rng.random() < 0.75:
        return call
    headers: Headers = (*response.headers, ("Content-Encoding", rng.choice(("gzip", "gzip", "br", "identity"))))
    body = gzip.compress(response.body, mtime=0) if headers[-1][1] == "gzip" and rng.random() < 0.8 else response.body
    return replace(call, response=replace(response, headers=headers, body=body))
