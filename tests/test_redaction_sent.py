"""One value that a client sent has one stand-in, in path, parameter, header and where Stripe says it back."""

from __future__ import annotations

import json

import pytest

from replaydisputes.model import Interaction, Request, Response
from replaydisputes.redaction import redact
from replaydisputes.stripe_api.forms import encode_form

HOST = "https://api.stripe.com"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def refused(request: Request, message: str, param: str = "id", status: int = 404) -> Interaction:
    error = {"error": {"message": message, "param": param, "type": "invalid_request_error"}}
    return Interaction(request, Response(status, (("Content-Type", "application/json"),), json.dumps(error).encode()))


def message_of(interaction: Interaction) -> str:
    message: str = json.loads(interaction.response.body)["error"]["message"]
    return message


@pytest.mark.parametrize("word", ["du_unknown", "du_nope", "nonsense", "42", "an-order", "Ada Example", "du.x_~1"])
def test_a_word_in_the_path_is_the_same_in_the_message(word: str) -> None:
    url = f"{HOST}/v1/disputes/{word.replace(' ', '%20')}/close"
    (done,) = redact([refused(Request("POST", url), f"No such dispute: '{word}'")]).interactions

    assert done.request.url == f"{HOST}/v1/disputes/redacted-1/close"
    assert message_of(done) == "No such dispute: 'redacted-1'"


def test_a_word_of_a_later_path_is_the_same_in_an_earlier_parameter_and_header() -> None:
    listed = Request("GET", f"{HOST}/v1/disputes?charge=ch_unknown", (("Stripe-Account", "acct_unknown"),))
    asked = Request("GET", f"{HOST}/v1/charges/ch_unknown")
    account = Request("GET", f"{HOST}/v1/accounts/acct_unknown")
    done = redact([refused(one, "No such object") for one in (listed, asked, account)]).interactions

    assert done[0].request.url == f"{HOST}/v1/disputes?charge=redacted-1"
    assert done[0].request.header("Stripe-Account") == "redacted-2"
    assert [one.request.url for one in done[1:]] == [f"{HOST}/v1/charges/redacted-1", f"{HOST}/v1/accounts/redacted-2"]


def test_a_name_that_is_refused_is_the_same_in_message_and_param() -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv/close", FORM, b"fooBar=1")
    (done,) = redact([refused(request, "Received unknown parameter: fooBar", "fooBar", 400)]).interactions

    assert done.request.body == b"key_1=%5Bredacted+1%5D"
    assert json.loads(done.response.body)["error"]["param"] == "key_1"
    assert message_of(done) == "Received unknown parameter: key_1"


def test_a_metadata_key_that_is_refused_keeps_its_map_in_param() -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv", FORM, b"metadata[orderId]=x")
    (done,) = redact([refused(request, "Invalid", "metadata[orderId]", 400)]).interactions

    assert json.loads(done.response.body)["error"]["param"] == "metadata[key_1]"


def test_a_value_that_is_quoted_back_has_the_stand_in_of_its_parameter() -> None:
    request = Request("GET", f"{HOST}/v1/disputes?limit=1&charge=none")
    (done,) = redact([refused(request, "No such charge: 'none'")]).interactions

    assert done.request.url == f"{HOST}/v1/disputes?limit=1&charge=%5Bredacted+1%5D"
    assert message_of(done) == "No such charge: '[redacted 1]'"


def test_an_idempotency_key_is_the_same_where_a_message_quotes_it() -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv/close", (("Idempotency-Key", "close"),))
    (done,) = redact([refused(request, "Try using a key other than 'close' to close it.", status=400)]).interactions

    assert done.request.header("Idempotency-Key") == "idempotency-key-1"
    assert message_of(done) == "Try using a key other than 'idempotency-key-1' to close it."


def test_redacting_what_was_said_back_twice_changes_nothing() -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_unknown/close", FORM, b"fooBar=du_unknown")
    once = redact([refused(request, "No such dispute: 'du_unknown'; Received unknown parameter: fooBar", "fooBar")])

    assert redact(once.interactions).interactions == once.interactions


@pytest.mark.parametrize("path", ["/v1/products", "/v1/billing_portal/sessions", "/v2/core/event_destinations"])
def test_words_of_stripes_paths_stay(path: str) -> None:
    (done,) = redact([refused(Request("GET", HOST + path), "No")]).interactions

    assert done.request.url == HOST + path


def test_a_list_by_time_without_operator_stays_a_time() -> None:
    interaction = refused(Request("GET", f"{HOST}/v1/disputes?created=1767300000"), "No")
    (done,) = redact([interaction]).interactions

    assert done.request.url == f"{HOST}/v1/disputes?created=1767225600"


@pytest.mark.parametrize("key", ["quenby_tarrow", "orderId", "order", "7", "Ada Example"])
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_key_of_metadata_is_replaced_in_param_whatever_it_looks_like_and_even_if_it_was_not_sent(
    key: str, is_sent: bool
) -> None:
    url = f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv"
    sent = f"metadata[{key.replace(' ', '+')}]=x".encode() if is_sent else b"metadata[order_number]=x"
    once = redact([refused(Request("POST", url, FORM, sent), "Invalid", f"metadata[{key}]", 400)])
    param = json.loads(once.interactions[0].response.body)["error"]["param"]

    assert param == ("metadata[key_1]" if is_sent else "metadata[key_2]")
    assert redact(once.interactions).interactions == once.interactions


@pytest.mark.parametrize("message", ["You cannot unset 'metadata[{}]'.", "Invalid metadata[{}].", "Bad: metadata[{}]"])
@pytest.mark.parametrize("key", ["order", "quenby", "card"])
def test_a_key_of_metadata_is_replaced_in_a_message(message: str, key: str) -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv", FORM, b"limit=1")
    (done,) = redact([refused(request, message.format(key), "id", 400)]).interactions

    assert message_of(done) == message.format("key_1")


@pytest.mark.parametrize("param", ["metadata", "evidence[customer_name]", "items[0][metadata]", "expand[]", "a[12][b]"])
def test_names_of_stripes_parameters_stay_in_param(param: str) -> None:
    request = Request("POST", f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv", FORM, b"limit=1")
    (done,) = redact([refused(request, "Invalid", param, 400)]).interactions

    assert json.loads(done.response.body)["error"]["param"] == param


@pytest.mark.parametrize(
    "value", ["12 Mark Street, Reading", "order-77", "Customer Name", "Zoë at the desk", "3 May 1981"]
)
@pytest.mark.parametrize("field", ["description", "evidence[customer_name]", "metadata[order]"])
def test_a_telling_value_is_the_same_anywhere_in_a_message_of_this_or_a_later_request(value: str, field: str) -> None:
    url = f"{HOST}/v1/disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv"
    form = encode_form(((field, value),))
    calls = [refused(Request("POST", url, FORM, body), f"The {value} is not valid", "id", 400) for body in (form, b"")]
    once = redact(calls).interactions

    assert [message_of(one) for one in once] == ["The [redacted 1] is not valid"] * 2
    assert redact(once).interactions == once


@pytest.mark.parametrize("value", ["insufficient funds", "Your card was declined", "dispute", "a_b"])
def test_a_phrase_of_stripes_that_a_client_sent_stays_in_a_message(value: str) -> None:
    request = Request("POST", f"{HOST}/v1/charges", FORM, f"description={value.replace(' ', '+')}".encode())
    (done,) = redact([refused(request, f"{value} is not valid", "id", 400)]).interactions

    assert message_of(done) == f"{value} is not valid"
