"""The gate knows the tool's own stand-ins and words, placeholders of other recorders, and ids that no account has."""

from __future__ import annotations

import json

import pytest

from replaydisputes.cassette_file import serialize
from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.redaction import redact
from tests.canaries.runs import PROVENANCE


def left_in(answer: object, form: str = "", key: str = "") -> list[Leak]:
    headers = (("Authorization", key),) if key else ()
    request = Request("POST", "https://api.stripe.com/v1/charges", headers, form.encode())
    response = Response(200, (("Content-Type", "application/json"),), json.dumps(answer).encode(), "OK")
    raw = [Interaction(request, response)]
    return find_leaks(serialize(Cassette(redact(raw).interactions, PROVENANCE)), KnownSecrets.collect(raw))


@pytest.mark.parametrize("length", [14, 16, 24, 25, 31, 40, 60])
@pytest.mark.parametrize("prefix", ["pi", "seti", "src", "cs_test", "vs"])
def test_a_client_secret_of_any_object_and_length_is_replaced_and_accepted(prefix: str, length: int) -> None:
    secret = f"{prefix}_1AbCdEfGhIjKlMnOpQrStUvW_secret_" + ("Q7rS2tU9vW" * 6)[:length]

    assert left_in({"object": "setup_intent", "client_secret": secret}) == []


@pytest.mark.parametrize("word", ["<STRIPE_TEST_KEY>", "DUMMY_KEY", "[REDACTED]", "{{ api_key }}", "***", "MASKED"])
def test_a_placeholder_in_place_of_a_key_is_no_key(word: str) -> None:
    message = f"Invalid API Key provided: {word}"

    assert left_in({"error": {"message": message}}, key=f"Bearer {word}") == []


@pytest.mark.parametrize("identity", ["cus_nope", "du_invalid", "ch_12345", "pm_does_not_exist", "cus_xxx"])
def test_an_id_that_no_account_has_is_no_personal_value(identity: str) -> None:
    answer = {"error": {"message": f"No such customer: '{identity}'", "param": "customer"}}

    assert left_in(answer, form=f"customer={identity}") == []


@pytest.mark.parametrize("phrase", ["security code is incorrect", "Your card was declined", "payment method"])
def test_a_phrase_of_stripes_messages_is_no_personal_value(phrase: str) -> None:
    message = f"Invalid. {phrase}. Your card was declined."

    assert left_in({"error": {"message": message}}, form=f"description={phrase.replace(' ', '+')}") == []


@pytest.mark.parametrize("word", ["Made", "recording", "sandbox", "replaydisputes"])
def test_a_word_of_the_files_first_line_is_no_leak(word: str) -> None:
    assert left_in({"object": "customer", "metadata": {"came": word}}) == []
