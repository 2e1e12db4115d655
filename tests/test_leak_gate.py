"""The gate on clean cassettes, on secrets that show by shape, and what it says of them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time

import pytest
import yaml

from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks

EVIDENCE_KEYS = """
access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id enhanced_evidence
product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date
service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
shipping_tracking_number uncategorized_file uncategorized_text
"""

HEADERS = """\
      Server:
      - nginx
      Date:
      - Mon, 01 Jan 2024 00:00:00 GMT
      Content-Type:
      - application/json
      Content-Length:
      - '3126'
      Connection:
      - keep-alive
      Access-Control-Allow-Credentials:
      - 'true'
      Access-Control-Allow-Methods:
      - GET, HEAD, PUT, PATCH, POST, DELETE
      Access-Control-Allow-Origin:
      - '*'
      Access-Control-Expose-Headers:
      - Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, X-Stripe-External-Auth-Required
      Access-Control-Max-Age:
      - '300'
      Cache-Control:
      - no-cache, no-store
      Content-Security-Policy:
      - base-uri 'none'; default-src 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self';
        script-src 'self' 'report-sample'; report-uri https://q.stripe.com/csp-violation?q=[redacted 4]
      Idempotency-Key:
      - idempotency-key-1
      Original-Request:
      - req_replaydisp0001
      Request-Id:
      - req_replaydisp0001
      Stripe-Account:
      - acct_100001replaydisp
      Stripe-Should-Retry:
      - 'false'
      Stripe-Version:
      - 2026-10-28.endive
      Vary:
      - Origin
      X-Stripe-Priority-Routing-Enabled:
      - 'true'
      X-Stripe-Routing-Context-Priority-Tier:
      - api-testmode
      X-Wc:
      - AB
      Www-Authenticate:
      - Bearer realm="Stripe"
      Strict-Transport-Security:
      - max-age=63072000; includeSubDomains; preload
"""

FORM = (
    "expand[]=charge&payment_method=pm_card_createDispute&evidence[customer_name]=%5Bredacted+1%5D"
    "&evidence%5Bcustomer_email_address%5D=customer-1%40example.invalid&shipping[phone]=%2B15555550100"
    "&evidence[uncategorized_text]=losing_evidence&evidence[billing_address]=[redacted 5]"
)

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we "
    "can help at https://support.stripe.com/."
)


def dispute(number: int = 1, status: str = "lost") -> dict[str, object]:
    """A redacted dispute as the API answers it, every kind of stand-in in it."""
    suffix = f"1AAAAAreplaydisp{number:08d}"
    evidence: dict[str, object] = dict.fromkeys(EVIDENCE_KEYS.split())
    evidence |= {
        "customer_email_address": f"customer-{number}@example.invalid",
        "customer_name": f"[redacted {number}]",
        "customer_purchase_ip": "192.0.2.1",
        "enhanced_evidence": {"visa_compliance": {"fee_acknowledged": False}},
        "receipt": f"file_{suffix}",
        "uncategorized_text": "losing_evidence",
    }
    card = {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"}
    return {
        "id": f"du_{suffix}",
        "object": "dispute",
        "amount": 2000,
        "balance_transaction": f"txn_{suffix}",
        "balance_transactions": [{"id": f"txn_{suffix}", "amount": -2000, "fee": 1500, "description": "[redacted 2]"}],
        "charge": {
            "id": f"ch_{suffix}",
            "billing_details": {"address": {"country": "US", "line1": None}, "phone": "+15555550100", "name": None},
            "payment_method": f"pm_{suffix}",
            "client_secret": f"pi_{suffix}_secret_replaydisp000000000000001",
            "receipt_url": "https://example.invalid/1",
            "request_log_url": f"https://dashboard.stripe.com/acct_100001replaydisp/test/logs/req_replaydisp{number:04d}",
            "url": f"/v1/charges/ch_{suffix}/refunds",
        },
        "created": 1704067200 + number,
        "currency": "usd",
        "enhanced_eligibility_types": ["visa_compelling_evidence_3"],
        "evidence": evidence,
        "evidence_details": {"due_by": 1704844799, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {"order_id": "[redacted 3]"},
        "payment_intent": f"pi_{suffix}",
        "payment_method_details": {"card": card, "type": "card"},
        "reason": "fraudulent",
        "status": status,
    }


def error(message: str) -> dict[str, object]:
    return {"error": {"message": message, "code": "resource_missing", "type": "invalid_request_error"}}


def interaction_yaml(body: dict[str, object]) -> str:
    block = "\n".join(f"        {line}" for line in json.dumps(body, indent=2).splitlines())
    return (
        f"- request:\n    body: {FORM}\n    headers:\n"
        "      Authorization:\n      - Bearer [redacted]\n      Idempotency-Key:\n      - idempotency-key-1\n"
        "      Content-Type:\n      - application/x-www-form-urlencoded\n    method: POST\n"
        f"    uri: https://api.stripe.com/v1/disputes/{body.get('id', 'du_unknown')}/close\n"
        f"  response:\n    body:\n      string: |-\n{block}\n    headers:\n{HEADERS}"
        f"    status:\n      code: 200\n      message: OK\n"
    )


def clean_cassette(disputes: int = 2) -> str:
    """A published cassette: `disputes` closes, then the errors whose texts come nearest to a secret."""
    texts = ("Invalid API Key provided: sk_test_*********************0000", NO_KEY, "No such dispute: 'du_unknown'")
    bodies = [dispute(number + 1) for number in range(disputes)] + [error(text) for text in texts]
    digest = "0123456789abcdef" * 4
    return (
        "# Recorded by replaydisputes 0.1.0; edit nothing by hand.\nversion: 1\nreplaydisputes:\n"
        "  made_against: sandbox\n  scenario: close-lost\n  stripe_version: 2026-10-28.endive\n  tool_version: 0.1.0\n"
        f"  recorded_at: '2026-11-23T07:38:00Z'\n  digest: sha256:{digest}\ninteractions:\n"
        + "".join(interaction_yaml(body) for body in bodies)
    )


KEY = "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"
LONG_KEY = "sk_test_51" + "MtJUT2eZvKYlo2C" + "aB3dE5fG7h" * 8

SECRETS = {
    "API key": [
        KEY,
        LONG_KEY,
        "rk_test_" + "51MtJUT2eZvKYlo2C9x",
        "rkcs_test_" + "a1B2c3D4e5F6g7H8i9J0",
        "pk_test_" + "TYooMQauvdEDq54NiTphI7jx",
        "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "rk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "rkcs_live_" + "a1B2c3D4e5F6g7H8i9J0",
        "pk_live_" + "TYooMQauvdEDq54NiTphI7jx",
        "sk_org_" + "test_a1B2c3D4e5F6g7H8i9J0",
        "ek_test_" + "a1B2c3D4e5F6g7H8i9J0",
    ],
    "webhook secret": ["whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "9f86d081884c7d659a2feaa0c55ad015"],
    "masked key": ["sk_test_*********************p7dc", "sk_test_51Mt***********0000", "pk_live_****abcd"],
    "email": ["jenny.rosen@stripe-customer.io", "O_Neil+shop@mail.co.uk", "jörg@bücher.de"],
    "IP address": ["8.8.4.4", "10.0.0.12", "2a00:1450:4001:81b::200e", "fe80::1ff:fe23:4567:890a"],
    "card number": ["4716239103845526", "4539 1488 0343 6467", "5425-2334-3010-9903", "374245455400126"],
    "telephone number": ["+14155552671", "+49 30 901820", "(415) 555-2671", "415-555-2671", "020 7946 0018"],
    "JSON web token": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"],
    "private key": ["-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"],
    "Stripe id": [
        "du_1MtJUT2eZvKYlo2CNaw2HvEv",
        "cus_NffrFeUfNV2Hib",
        "cs_test_a1" + "B2c3D4e5" * 7,
        "dp_1MtJUT2eZvKYlo2CNaw2HvEv",
    ],
    "request id": ["req_8a7QcdYTKBW6bn"],
    "Stripe account id": ["acct_1032D82eZvKYlo2C"],
    "client secret": ["pi_1MtJUT2eZvKYlo2CNaw2HvEv_secret_YrKJUKribcBjcG8HVhfZluoGH"],
}
SHAPES = [(kind, value) for kind, values in SECRETS.items() for value in values]


def planted(text: str, instead_of: str = "[redacted 3]") -> bytes:
    clean = clean_cassette(1)
    assert clean.count(instead_of) == 1
    return clean.replace(instead_of, text).encode()


def test_a_clean_cassette_has_no_leak() -> None:
    assert find_leaks(clean_cassette().encode()) == []


@pytest.mark.parametrize("style", [None, "'", '"', "|", ">"])
def test_a_clean_cassette_has_no_leak_in_any_style_of_yaml(style: str | None) -> None:
    loaded = yaml.safe_load(clean_cassette())

    assert find_leaks(yaml.safe_dump(loaded, default_style=style, allow_unicode=style is None).encode()) == []


@pytest.mark.parametrize(("kind", "value"), SHAPES)
def test_a_secret_shows_by_its_shape(kind: str, value: str) -> None:
    text = planted(value, instead_of="No such dispute: 'du_unknown'")
    line = text[: text.index(value.encode())].count(b"\n") + 1

    assert [(leak.kind, leak.line) for leak in find_leaks(text)] == [(kind, line)]


@pytest.mark.parametrize(("kind", "value"), SHAPES)
def test_a_masked_secret_shows_at_most_two_characters(kind: str, value: str) -> None:
    for leak in find_leaks(planted(value)):
        shown = leak.masked.partition(" (")[0].replace("…", "").replace("@", "")

        assert len(shown) <= 2


@pytest.mark.parametrize(
    "harmless",
    [
        "customer-1@example.invalid and jenny@example.com, root@localhost",
        "192.0.2.1 198.51.100.7 203.0.113.9 127.0.0.1 0.0.0.0 2001:db8::1 ::1",
        "+15555550100, +1 212 555 0123 and (212) 555-0199",
        "12:30:45, 2024-01-02T03:04:05+00:00, version 1.2.3, Chrome/120.0.0.0, std::vector, Foo::Bar",
        "pm_card_createDisputeProductNotReceived pm_card_visa tok_visa tok_chargeDeclinedInsufficientFunds",
        "du_unknown du_unknown_1 payment_intent balance_transactions charge_dispute_funds_withdrawn",
        "sk_test_*********************0000 rk_test_****0000",
        "req_replaydisp0001 cus_replaydisp0001 acct_100001replaydisp du_1AAAAAreplaydisp00000001",
        "pi_1AAAAAreplaydisp00000001_secret_replaydisp000000000000001",
        "1704067200 1704067200123 4242 0259 20240102030405 1234567890123456",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "Bearer [redacted] Basic [redacted] Basic subscription Bearer authentication",
    ],
)
def test_what_names_nobody_is_no_leak(harmless: str) -> None:
    assert find_leaks(planted(harmless, instead_of="No such dispute: 'du_unknown'")) == []


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Authorization: Token hunter2", "credential"),
        ("Authorization:\n- hunter2", "credential"),
        ('{"Authorization": ["hunter2"]}', "credential"),
        ('{"name": "Cookie", "value": "machine_identifier=x"}', "cookie"),
        ("Set-Cookie:\n- '[redacted 1]'\n- session=abc; Path=/", "cookie"),
        ('{"Cookie": ["a=secret"], "Authorization": ["Bearer [redacted]"]}', "cookie"),
        ("set-cookie: __stripe_orig_props=abc", "cookie"),
        ("Idempotency-Key:\n- 6e1a1c3c-5b7a-4a86-9f3c-0d3f6d0f5d11", "idempotency key"),
        ('X-Stripe-Client-User-Agent:\n- \'{"platform": "Linux-box"}\'', "client telemetry"),
    ],
)
def test_a_header_that_carries_a_secret_shows_by_its_name(field: str, kind: str) -> None:
    assert [leak.kind for leak in find_leaks(field.encode())] == [kind]


@pytest.mark.parametrize(
    "body",
    [
        {"evidence": {"customer_name": "Jenny Rosen"}},
        {"evidence": {"enhanced_evidence": {"visa": [{"shipping_address": {"city": "Gotham City"}}]}}},
        {"metadata": {"note": "call her sister"}},
        {"card": {"fingerprint": "Xt5EWLLDS7FJjR1c"}},
        {"billing_details": {"name": "Jenny Rosen"}},
    ],
)
def test_a_place_that_holds_people_shows_what_is_no_stand_in(body: dict[str, object]) -> None:
    text = json.dumps(body, indent=2).encode()

    assert [leak.kind for leak in find_leaks(text)] == ["personal value"]


def test_a_form_field_that_holds_people_shows_too() -> None:
    leaks = find_leaks(b"body: evidence%5Bcustomer_name%5D=Jenny+Rosen&evidence[customer_name]=[redacted 1]")

    assert [leak.kind for leak in leaks] == ["personal value"]


def test_leaks_come_in_file_order_with_line_and_column() -> None:
    text = b"a: 1\nb: x jenny@corp.io\nc: amVubnlAY29ycC5pbw== 8.8.4.4\n"

    assert find_leaks(text) == [
        Leak("email", 2, 6, "j…@c… (13 characters)"),
        Leak("email", 3, 4, "j…@c… (13 characters)", "base64"),
        Leak("IP address", 3, 25, "8… (7 characters)"),
    ]


def test_the_same_token_is_told_at_every_place_it_stands() -> None:
    text = b"a: amVubnlAY29ycC5pbw==\nb: 1\nc: amVubnlAY29ycC5pbw==\n"

    assert [leak.line for leak in find_leaks(text)] == [1, 3]


def test_a_value_in_folded_base64_is_told_on_the_line_where_it_begins() -> None:
    content = b"x" * 200 + b" jenny@corp.io " + b"y" * 200
    text = yaml.safe_dump({"string": content}).encode()

    assert [(leak.kind, leak.line) for leak in find_leaks(text)] == [("email", 2 + 201 * 4 // 3 // 76)]


def test_compressed_data_too_large_to_read_is_itself_a_leak() -> None:
    bomb = base64.b64encode(gzip.compress(b"\0" * 20_000_000 + b"jenny@corp.io"))

    assert [leak.kind for leak in find_leaks(b"a: " + bomb)] == ["unreadable: grows too large"]


@pytest.mark.parametrize("hostile", [b"eyJ", b"authorization:", b'"evidence":{', b"a@b.", b"+1 ", b"_a1", b"****a"])
def test_a_file_made_to_be_slow_is_read_in_time(hostile: bytes) -> None:
    started = time.perf_counter()
    find_leaks(hostile * (300_000 // len(hostile)))

    assert time.perf_counter() - started < 10


def test_a_long_body_in_folded_base64_is_read_in_time() -> None:
    body = base64.encodebytes(b"\n".join(b'"key_%d": "word %d",' % (number, number**2) for number in range(15_000)))
    started = time.perf_counter()
    find_leaks(b"string: !!binary |\n" + body)

    assert time.perf_counter() - started < 10


def test_a_file_in_utf_16_is_read() -> None:
    assert [leak.kind for leak in find_leaks(f"a: {KEY}".encode("utf-16"))] == ["API key"]


def test_known_secrets_do_not_print_their_values() -> None:
    assert repr(KnownSecrets(frozenset({("API key", KEY)}))) == "KnownSecrets(1 values)"


@pytest.mark.parametrize("name", ["digest", "layout"])
def test_no_digest_of_ours_is_taken_for_something_else(name: str) -> None:
    head = b"# Made by the replaydisputes sandbox. NOT a recording of Stripe.\nreplaydisputes:\n"
    head += f"  {name}: sha256:".encode()
    spelled = hashlib.sha256(b"an address inside").hexdigest().encode()[:32] + b"::1 93.184.216.34".hex()[:32].encode()
    digests = [spelled, *(hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(300))]

    assert [digest for digest in digests if find_leaks(head + digest + b"\n")] == []


def test_hex_elsewhere_than_in_the_digest_is_still_read() -> None:
    hidden = b"maria.rossi@gmail.com".hex().encode()

    assert [leak.kind for leak in find_leaks(b"  note: sha256:" + hidden + b"\n")] == ["email"]
