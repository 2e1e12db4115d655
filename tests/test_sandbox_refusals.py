"""The sandbox's refusals, word for word, and what an Idempotency-Key remembers."""

from __future__ import annotations

import base64
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from replaydisputes.model import Request, header
from replaydisputes.sandbox import Sandbox
from tests.sandbox_calls import FRAUDULENT, KEY, Caller, body_of, error_of, payment

INVALID = "invalid_request_error"
DOCS = "https://stripe.com/docs/error-codes/"


@pytest.fixture
def caller() -> Caller:
    return Caller(Sandbox())


def coded(code: str, message: str, param: str) -> dict[str, Any]:
    doc_url = DOCS + code.replace("_", "-")
    return {"code": code, "doc_url": doc_url, "message": message, "param": param, "type": INVALID}


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_test_invalidKEY1234", "sk_test_**********1234"),
        ("rk_test_invalid", "rk_test_***alid"),
        ("pk_test_51AbcDef", "pk_test_****cDef"),
        ("hunter2hunter2", "**********ter2"),
        ("abcd", "****"),
        ("pk_test_fresh", "pk_test_*****"),
        ("pk_test_x", "pk_test_**"),
        ("pk_test_without_write_1", "pk_test_***************"),
    ],
)
def test_a_bad_key_is_echoed_only_masked(key: str, shown: str) -> None:
    response = Caller(Sandbox(), key).send("GET", "/v1/disputes")

    assert (response.status, body_of(response)) == (
        401,
        {"error": {"message": f"Invalid API Key provided: {shown}", "type": INVALID}},
    )
    assert response.header("Www-Authenticate") == 'Bearer realm="Stripe"'
    assert [response.header(name) for name in ("Request-Id", "Stripe-Version", "Original-Request")] == [None] * 3


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Basic", "Basic !!!", "Digest x", "Basic Og=="])
def test_no_key_is_told_how_to_send_one(authorization: str | None) -> None:
    headers = (("Authorization", authorization),) if authorization is not None else ()

    response = Sandbox().answer(Request("GET", "https://api.stripe.com/v1/disputes", headers))

    message = body_of(response)["error"]["message"]
    assert response.status == 401
    assert message.startswith("You did not provide an API key. You need to provide your API key in the Authorization")


def test_curl_sends_its_key_as_basic_authentication() -> None:
    basic = base64.b64encode(f"{KEY}:".encode()).decode()

    response = Sandbox().answer(
        Request("GET", "https://api.stripe.com/v1/disputes", (("Authorization", f"Basic {basic}"),))
    )

    assert (response.status, body_of(response)["data"]) == (200, [])


def test_a_foreign_connected_account_is_out_of_reach(caller: Caller) -> None:
    response = caller.send("GET", "/v1/disputes", Stripe_Account="acct_1AbcDefGhiJklMno")

    status, error = error_of(response)
    assert (status, error["code"], response.header("Request-Id")) == (403, "account_invalid", None)
    assert KEY not in response.body.decode()
    assert "'acct_1AbcDefGhiJklMno'" in error["message"]


def test_the_own_account_may_be_named_and_is_echoed() -> None:
    sandbox = Sandbox(account="acct_1AbcDefGhiJklMno")

    response = Caller(sandbox).send("GET", "/v1/disputes", Stripe_Account="acct_1AbcDefGhiJklMno")

    assert (response.status, response.header("Stripe-Account")) == (200, "acct_1AbcDefGhiJklMno")


@pytest.mark.parametrize(
    ("method", "path", "message", "param"),
    [
        ("GET", "/v1/disputes/du_nope", "No such dispute: 'du_nope'", "dispute"),
        ("POST", "/v1/disputes/du_nope/close", "No such dispute: 'du_nope'", "dispute"),
        ("POST", "/v1/disputes/ch_wrong/close", "No such dispute: 'ch_wrong'", "dispute"),
        ("GET", "/v1/disputes/%C3%BC%2F", None, ""),
        ("GET", "/v1/disputes/%C3%BC", "No such dispute: 'ü'", "dispute"),
        ("GET", "/v1/charges/ch_nope", "No such charge: 'ch_nope'", "id"),
        ("GET", "/v1/payment_intents/pi_nope", "No such payment_intent: 'pi_nope'", "intent"),
        ("GET", "/v1/events/evt_nope", "No such event: 'evt_nope'", "id"),
    ],
)
def test_an_unknown_id_is_resource_missing(
    caller: Caller, method: str, path: str, message: str | None, param: str
) -> None:
    response = caller.send(method, path)

    if message is None:
        assert body_of(response)["error"]["message"].startswith("Unrecognized request URL (GET: /v1/disputes/ü/).")
    else:
        assert error_of(response) == (404, coded("resource_missing", message, param))


def test_an_id_of_another_kind_is_resource_missing(caller: Caller) -> None:
    charge = caller.dispute()["charge"]

    assert error_of(caller.send("GET", f"/v1/disputes/{charge}")) == (
        404,
        coded("resource_missing", f"No such dispute: '{charge}'", "dispute"),
    )


@pytest.mark.parametrize(
    ("method", "path", "params", "error"),
    [
        (
            "POST",
            "/v1/disputes/du_x/close",
            [("wat", "1")],
            coded("parameter_unknown", "Received unknown parameter: wat", "wat"),
        ),
        (
            "POST",
            "/v1/disputes/du_x",
            [("evidence[wat]", "1"), ("foo", "")],
            coded("parameter_unknown", "Received unknown parameters: evidence[wat], foo", "evidence[wat]"),
        ),
        (
            "GET",
            "/v1/disputes",
            [("status", "lost")],
            coded("parameter_unknown", "Received unknown parameter: status", "status"),
        ),
        (
            "POST",
            "/v1/payment_intents",
            [("currency", "usd")],
            coded("parameter_missing", "Missing required param: amount.", "amount"),
        ),
        (
            "POST",
            "/v1/payment_intents",
            [("amount", "1e3"), ("currency", "usd")],
            coded("parameter_invalid_integer", "Invalid integer: 1e3", "amount"),
        ),
        (
            "POST",
            "/v1/payment_intents",
            [("amount", "49"), ("currency", "usd")],
            coded("amount_too_small", "Amount must be at least $0.50 usd", "amount"),
        ),
        (
            "POST",
            "/v1/payment_intents",
            [("amount", "100000000"), ("currency", "usd")],
            coded("amount_too_large", "Amount must be no more than $999,999.99", "amount"),
        ),
        (
            "POST",
            "/v1/payment_intents",
            [*payment("pm_nope")],
            coded("resource_missing", "No such PaymentMethod: 'pm_nope'", "payment_method"),
        ),
        (
            "GET",
            "/v1/disputes",
            [("limit", "")],
            coded(
                "parameter_invalid_empty",
                "You passed an empty string for 'limit'. We assume empty values are an attempt to unset a parameter; "
                "however 'limit' cannot be unset. You should remove 'limit' from your request or supply a non-empty "
                "value.",
                "limit",
            ),
        ),
        (
            "GET",
            "/v1/disputes",
            [("limit", "101")],
            coded("parameter_invalid_integer", "This value must be less than or equal to 100.", "limit"),
        ),
        (
            "GET",
            "/v1/disputes",
            [("limit", "0")],
            coded("parameter_invalid_integer", "This value must be greater than or equal to 1.", "limit"),
        ),
        (
            "GET",
            "/v1/disputes",
            [("payment_intent", "pi_x")],
            coded("resource_missing", "No such payment_intent: 'pi_x'", "payment_intent"),
        ),
        (
            "GET",
            "/v1/disputes",
            [("starting_after", "du_x")],
            coded("resource_missing", "No such dispute: 'du_x'", "starting_after"),
        ),
        (
            "POST",
            "/v1/disputes/du_x",
            [("submit", "maybe")],
            {"message": "Invalid boolean: maybe", "param": "submit", "type": INVALID},
        ),
    ],
)
def test_a_bad_parameter_is_refused_by_name(
    caller: Caller, method: str, path: str, params: list[tuple[str, str]], error: dict[str, Any]
) -> None:
    assert error_of(caller.send(method, path, *params)) == (400, error)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/wat"), ("DELETE", "/v1/disputes/du_1"), ("GET", "/")])
def test_a_url_stripe_does_not_know_is_unrecognized(caller: Caller, method: str, path: str) -> None:
    message = f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "

    assert error_of(caller.send(method, path)) == (
        404,
        {"message": f"{message}https://support.stripe.com/.", "type": INVALID},
    )


@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_slashes_in_front_of_the_path_do_not_matter(caller: Caller, slashes: str) -> None:
    assert caller.get(f"{slashes}v1/disputes")["url"] == "/v1/disputes"


def test_a_repeated_key_gets_the_first_answer_again(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}/close"

    first = caller.send("POST", path, Idempotency_Key="k-1")
    again = caller.send("POST", path, Idempotency_Key="k-1")

    assert (again.status, again.body) == (first.status, first.body)
    assert (first.header("Idempotent-Replayed"), again.header("Idempotent-Replayed")) == (None, "true")
    assert first.header("Original-Request") == first.header("Request-Id") == again.header("Original-Request")
    assert again.header("Request-Id") != first.header("Request-Id")
    assert len(caller.get("/v1/events", ("type", "charge.dispute.closed"))["data"]) == 1


def test_a_repeated_key_ignores_the_order_and_spelling_of_parameters(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}/close"

    first = caller.send("POST", path, ("expand[]", "charge"), ("expand[]", "payment_intent"), Idempotency_Key="k")
    again = caller.send("POST", path, ("expand[1]", "charge"), ("expand[0]", "payment_intent"), Idempotency_Key="k")

    assert (again.body, again.header("Idempotent-Replayed")) == (first.body, "true")


@pytest.mark.parametrize("other", ["/v1/disputes/{}/close?expand[]=charge", "/v1/disputes/{}"])
def test_a_key_cannot_be_used_for_something_else(caller: Caller, other: str) -> None:
    dispute = caller.dispute()["id"]
    caller.send("POST", f"/v1/disputes/{dispute}/close", Idempotency_Key="k-1")

    response = caller.send("POST", other.format(dispute), Idempotency_Key="k-1")

    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        "Try using a key other than 'k-1' if you meant to execute a different request."
    )
    assert error_of(response) == (400, {"message": message, "type": "idempotency_error"})


def test_a_key_remembers_a_refused_close_but_not_a_bad_parameter(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}/close"
    wrong = caller.send("POST", path, ("wat", "1"), Idempotency_Key="k-1")
    closed = caller.send("POST", path, Idempotency_Key="k-1")
    refused = caller.send("POST", path, Idempotency_Key="k-2")
    again = caller.send("POST", path, Idempotency_Key="k-2")

    assert [wrong.status, closed.status, refused.status, again.status] == [400, 200, 400, 400]
    assert again.body == refused.body
    assert (refused.header("Replaydisputes-Assumption"), again.header("Replaydisputes-Assumption")) == (
        None,
        "idempotent-refusals",
    )


def test_headers_come_in_stripes_order(caller: Caller) -> None:
    response = caller.send("POST", "/v1/payment_intents", *payment(FRAUDULENT), Idempotency_Key="k-1")

    assert [name for name, _ in response.headers] == [
        "Server",
        "Date",
        "Content-Type",
        "Content-Length",
        "Connection",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "Cache-Control",
        "Content-Security-Policy",
        "Idempotency-Key",
        "Original-Request",
        "Request-Id",
        "Stripe-Should-Retry",
        "Stripe-Version",
        "Vary",
        "X-Stripe-Priority-Routing-Enabled",
        "X-Stripe-Routing-Context-Priority-Tier",
        "X-Wc",
        "Strict-Transport-Security",
        "Replaydisputes-Sandbox",
    ]
    assert response.header("Content-Length") == str(len(response.body))
    assert response.body.startswith(b'{\n  "id": "pi_3')


def test_date_is_that_of_the_clock() -> None:
    response = Caller(Sandbox(clock=lambda: 1_800_000_000)).send("GET", "/v1/disputes")

    date = header(response.headers, "Date") or ""
    assert (date, parsedate_to_datetime(date).timestamp()) == ("Fri, 15 Jan 2027 08:00:00 GMT", 1_800_000_000)


def test_another_version_is_echoed_and_called_an_assumption(caller: Caller) -> None:
    response = caller.send("GET", "/v1/disputes", Stripe_Version="2026-07-29.dahlia")

    assert (response.header("Stripe-Version"), response.header("Replaydisputes-Assumption")) == (
        "2026-07-29.dahlia",
        "object-shape",
    )


def test_head_tells_the_length_of_what_get_would_send(caller: Caller) -> None:
    got, headed = caller.send("GET", "/v1/disputes"), caller.send("HEAD", "/v1/disputes")

    assert (headed.status, headed.body) == (200, b"")
    assert headed.header("Content-Length") == got.header("Content-Length")
