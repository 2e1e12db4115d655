"""What the gate gathers from raw interactions, and how it finds those very values again."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from replaydisputes.cassette_file.layout import serialize
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Headers, Interaction, Provenance, Request, Response
from replaydisputes.redaction import redact
from tests.raw_traffic import Account
from tests.test_leak_gate import KEY, clean_cassette

DISPUTE = "du_1MtJUT2eZvKYlo2CNaw2HvEv"
URL = f"https://api.stripe.com/v1/disputes/{DISPUTE}/close"


def capture(
    body: object = None, *, url: str = URL, form: bytes = b"", sent: Headers = (), got: Headers = ()
) -> list[Interaction]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [Interaction(Request("POST", url, sent, form), Response(200, got, content, "OK"))]


def collected(interactions: list[Interaction], *keys: str) -> set[tuple[str, str]]:
    return set(KnownSecrets.collect(interactions, keys).values)


def test_an_id_gives_its_suffix_and_the_fragment_of_the_account() -> None:
    assert collected(capture()) == {("Stripe id", "1MtJUT2eZvKYlo2CNaw2HvEv"), ("account fragment", "2eZvKYlo2C")}


def test_an_account_id_gives_the_same_fragment() -> None:
    found = collected(capture(url="https://api.stripe.com/v1/accounts/acct_1032D82eZvKYlo2C"))

    assert found == {("Stripe account id", "1032D82eZvKYlo2C"), ("account fragment", "2eZvKYlo2C")}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (("Authorization", f"Bearer {KEY}"), ("API key", KEY)),
        (("Authorization", "Basic c2tfdGVzdF80ZUMzOUhxTHlqV0Rhcmp0VDF6ZHA3ZGM6"), ("API key", KEY)),
        (("Idempotency-Key", "stripe-node-retry-6e1a1c3c"), ("idempotency key", "stripe-node-retry-6e1a1c3c")),
        (("User-Agent", "Stripe/v1 tool/9"), ("user-agent header", "Stripe/v1 tool/9")),
        (("X-Stripe-Client-User-Agent", '{"platform": "Linux-box-17"}'), ("personal value", "Linux-box-17")),
        (("X-Stripe-Client-Telemetry", '{"telemetry_id": "8f2c-11"}'), ("personal value", "8f2c-11")),
        (("Cookie", "a=__stripe_mid_17; b=2"), ("cookie", "__stripe_mid_17")),
        (("Set-Cookie", "session=abcdefgh; Path=/"), ("cookie", "abcdefgh")),
        (("Request-Id", "req_8a7QcdYTKBW6bn"), ("request id", "8a7QcdYTKBW6bn")),
        (("X-Forwarded-For", "81.2.69.142"), ("IP address", "81.2.69.142")),
        (("Content-Security-Policy", "report-uri /csp?q=yTMaFqV6k6n%3D"), ("token", "yTMaFqV6k6n%3D")),
    ],
)
def test_a_header_gives_its_secret(sent: tuple[str, str], expected: tuple[str, str]) -> None:
    assert expected in collected(capture(sent=(sent,)))
    assert expected in collected(capture(got=(sent,)))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"evidence": {"customer_name": "Jenny Rosenbaum"}}, "Jenny Rosenbaum"),
        ({"data": [{"evidence": {"visa": {"shipping_address": {"city": "Gotham"}}}}]}, "Gotham"),
        ({"charge": {"billing_details": {"name": "Zoë Müller"}}}, "Zoë Müller"),
        ({"metadata": {"order": "A-7734-x"}}, "A-7734-x"),
        ({"card": {"fingerprint": "Xt5EWLLDS7FJjR1c"}}, "Xt5EWLLDS7FJjR1c"),
        ({"statement_descriptor": "ACME TEAPOTS"}, "ACME TEAPOTS"),
        ({"receipt_number": "1234-5678"}, "1234-5678"),
        ({"metadata": {"inner": '{"person": ["Ada Lovelace"]}'}}, "Ada Lovelace"),
        ({"description": "Called twice. The neighbour took the parcel in"}, "The neighbour took the parcel in"),
        ({"card": {"authorization_code": 773401}}, "773401"),
    ],
)
def test_a_place_that_holds_people_gives_its_value(body: object, value: str) -> None:
    assert ("personal value", value) in collected(capture(body))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_compressed_body_is_read(pack: object) -> None:
    assert callable(pack)
    body = pack(b'{"evidence": {"customer_name": "Jenny Rosenbaum"}}')

    assert ("personal value", "Jenny Rosenbaum") in collected(capture(body))


def test_a_form_gives_its_values() -> None:
    found = collected(capture(form=b"evidence[customer_name]=Jenny+Rosenbaum&metadata%5Bnote%5D=call%20her%20sister"))

    assert {("personal value", "Jenny Rosenbaum"), ("personal value", "call her sister")} <= found


def test_an_uploaded_file_gives_its_name_and_text() -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="rosenbaum.txt"\r\n\r\nPaid in cash\r\n--x--'

    found = collected(capture(form=form))

    assert {("file name", "rosenbaum.txt"), ("personal value", "Paid in cash")} <= found


def test_an_email_in_free_text_is_a_secret_wherever_it_stands() -> None:
    assert ("email", "jenny@corp.io") in collected(capture({"error": {"message": "No such user: jenny@corp.io"}}))


def test_a_client_secret_gives_its_last_part() -> None:
    body = {"client_secret": "pi_1MtJUT2eZvKYlo2CNaw2HvEv_secret_YrKJUKribcBjcG8HVhfZluoGH"}

    assert ("client secret", "YrKJUKribcBjcG8HVhfZluoGH") in collected(capture(body))


def test_what_the_capture_says_in_public_is_no_secret() -> None:
    body = {
        "status": "lost",
        "currency": "sek",
        "network": "cartes_bancaires",
        "amount": 773401,
        "metadata": {"a": "lost", "b": "sek", "c": "773401", "d": "Network", "e": "visa", "f": "12345", "g": "abc"},
        "evidence": {"customer_name": "Cartes_Bancaires", "service_date": "2026-11-23"},
    }

    assert {value for kind, value in collected(capture(body)) if kind == "personal value"} == set()


def test_what_is_canonical_already_is_no_secret() -> None:
    body = {
        "id": "du_1AAAAAreplaydisp00000001",
        "client_secret": "pi_1AAAAAreplaydisp00000001_secret_replaydisp000000000000001",
        "evidence": {"customer_email_address": "customer-1@example.invalid", "customer_name": "[redacted 1]"},
        "billing_details": {"phone": "+15555550100", "ip": "192.0.2.1"},
        "receipt_url": "https://example.invalid/1",
    }
    sent = (("Authorization", "Bearer [redacted]"), ("Idempotency-Key", "idempotency-key-1"))

    assert collected(capture(body, url="https://api.stripe.com/v1/disputes", sent=sent)) == set()


def test_a_short_value_is_only_found_as_a_word() -> None:
    known = KnownSecrets(frozenset({("personal value", "Anna")}))

    assert [leak.line for leak in find_leaks(b"a: Annapolis\nb: Hannah\nc: anna\nd: for-Anna.\n", known)] == [3, 4]


def test_the_ending_of_a_card_is_only_found_at_its_field() -> None:
    known = KnownSecrets.collect(capture({"card": {"last4": "7734"}}, url="https://api.stripe.com/v1"), [])

    assert [(leak.kind, leak.line) for leak in find_leaks(b'"amount": 7734,\n"last4": "7734"\n', known)] == [
        ("card last four", 2)
    ]


def test_a_value_that_yaml_folded_is_told_on_the_line_where_it_begins() -> None:
    known = KnownSecrets(frozenset({("personal value", "12 Rue de l'Église")}))
    text = "a: 1\nb: 'lives in 12 Rue\n  de l''Église\n  since'\nc: \"in 12\\\n  \\ Rue de l'\\u00c9glise\"\n".encode()

    assert [leak.line for leak in find_leaks(text, known)] == [2, 5]


def test_one_value_is_told_once_by_its_plainest_kind() -> None:
    interactions = capture({"evidence": {"customer_email_address": "jenny@corp.io"}}, sent=(("Authorization", KEY),))
    known = KnownSecrets.collect(interactions, [KEY])
    text = f"Authorization:\n- Bearer {KEY}\nbody: JENNY@corp.io\n".encode()

    assert [(leak.kind, leak.line) for leak in find_leaks(text, known)] == [("API key", 2), ("email", 3)]


def test_what_one_capture_holds_makes_no_false_alarm_in_a_clean_cassette() -> None:
    body = {"evidence": {"customer_name": "Grant Price", "uncategorized_text": "The dispute was lost in the post"}}
    known = KnownSecrets.collect(capture(body, sent=(("User-Agent", "Stripe/v1"),)), [KEY])

    assert len(known.values) > 4
    assert find_leaks(clean_cassette().encode(), known) == []


MADE_BY = Provenance("stripe-test-mode", "close-twice", "2026-10-28.endive", "0.1.0", "2026-11-23T07:38:00Z")


@pytest.mark.parametrize("seed", range(5))
def test_a_redacted_capture_has_no_leak_and_a_raw_one_shows_its_people(seed: int) -> None:
    account = Account(seed)
    raw = account.close_twice()
    known = KnownSecrets.collect(raw, [account.key])

    assert find_leaks(serialize(Cassette(redact(raw).interactions, MADE_BY)), known) == []
    kinds = {leak.kind for leak in find_leaks(serialize(Cassette(tuple(raw), MADE_BY)), known)}
    assert {"API key", "Stripe id", "email", "IP address", "personal value", "request id"} <= kinds


def test_a_name_that_also_stands_as_an_enumeration_is_still_looked_for() -> None:
    body = json.dumps(
        {"object": "dispute", "reason": "marialopez", "status": "lost", "evidence": {"customer_name": "marialopez"}}
    )
    raw = Interaction(Request("GET", "https://api.stripe.com/v1/disputes"), Response(200, (), body.encode(), "OK"))

    known = KnownSecrets.collect([raw])

    assert [leak.kind for leak in find_leaks(b'"reason": "marialopez", "status": "lost"', known)] == ["personal value"]


def test_a_customer_named_like_an_enumeration_raises_no_alarm() -> None:
    body = json.dumps({"object": "dispute", "status": "lost", "metadata": {"outcome": "lost", "plan": "under_review"}})
    raw = Interaction(Request("GET", "https://api.stripe.com/v1/disputes"), Response(200, (), body.encode(), "OK"))

    known = KnownSecrets.collect([raw])

    assert find_leaks(b'"status": "lost", "other": "under_review"', known) == []
