"""`any_dispute`: whatever id the suite uses, the answer is about that dispute, and every other id is its own."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from replaydisputes import cassette_file
from replaydisputes.errors import MismatchError, ReplayDisputesError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Player
from replaydisputes.playback.derived_ids import derived_id
from replaydisputes.stripe_api.ids import ID, is_id

HOST = "https://api.stripe.com"
CANONICAL = "du_1AAAAAreplaydisp00000001"
PRINTED = "du_1MtJUT2eZvKYlo2CNaw2HvEv"
"""The id on Stripe's reference page."""

CASSETTES = Path(__file__).parent.parent / "cassettes"


LENGTHS = {"du": 27, "ch": 27, "pi": 27, "txn": 28, "req": 18}
"""Of the ids in an answer, by prefix."""


def shipped(name: str) -> Player:
    return Player(cassette_file.load(CASSETTES / f"{name}.yaml"), name, any_dispute=True)


def read(dispute: str) -> Request:
    return Request("GET", f"{HOST}/v1/disputes/{dispute}")


def close(dispute: str) -> Request:
    return Request("POST", f"{HOST}/v1/disputes/{dispute}/close")


def said(player: Player, request: Request) -> Any:
    return json.loads(player.answer(request).body)


def ids_in(response: Response) -> set[str]:
    """Every whole id in an answer, but its account's."""
    text = response.body.decode() + " ".join(value for _, value in response.headers)
    return {found[0] for found in ID.finditer(text) if is_id(found[0]) and found["prefix"] != "acct"}


def test_the_call_printed_in_stripes_reference_closes_that_very_dispute() -> None:
    closed = said(shipped("close-lost"), close(PRINTED))

    assert (closed["id"], closed["status"]) == (PRINTED, "lost")
    assert [entry["source"] for entry in closed["balance_transactions"]] == [PRINTED]
    assert closed["balance_transaction"] == closed["balance_transactions"][0]["id"]


def test_every_other_id_has_the_account_of_the_one_asked_for_and_keeps_prefix_and_length() -> None:
    player = shipped("close-lost")

    closed = player.answer(close(PRINTED))

    assert {found.partition("_")[0]: len(found) for found in ids_in(closed)} == LENGTHS
    suffixes = [found.partition("_")[2] for found in ids_in(closed) if not found.startswith("req_")]
    assert {suffix[:16] for suffix in suffixes} == {"1MtJUT2eZvKYlo2C"}
    assert "replaydisp" not in closed.body.decode()


def test_what_is_not_an_id_is_answered_as_recorded() -> None:
    player = shipped("close-lost")
    recorded = player.cassette.interactions[1].response
    given = {found.partition("_")[0]: found for found in ids_in(recorded)}

    answered = player.answer(close(PRINTED))
    back = answered.body.decode()
    for found in ids_in(answered):
        back = back.replace(found, given[found.partition("_")[0]])

    assert back.encode() == recorded.body


def test_two_disputes_share_no_id_and_have_a_history_each() -> None:
    player = shipped("close-twice")
    one, other = "du_one", "dp_1MtJUT2eZvKYlo2CNaw2HvEv"

    first = [player.answer(close(one)), player.answer(close(one))]
    second = [player.answer(read(other)), player.answer(close(other)), player.answer(read(other))]

    assert [response.status for response in first] == [200, 400]
    assert [json.loads(response.body)["status"] for response in second] == ["needs_response", "lost", "lost"]
    assert set.union(*map(ids_in, first)) & set.union(*map(ids_in, second)) == set()
    assert ids_in(second[0]) - ids_in(second[2]) == {second[0].header("request-id")}


def test_an_answer_is_the_same_in_every_run() -> None:
    assert shipped("close-lost").answer(close(PRINTED)) == shipped("close-lost").answer(close(PRINTED))


def test_the_cassettes_own_dispute_is_answered_byte_for_byte() -> None:
    player = shipped("close-lost")

    assert player.answer(close(CANONICAL)) is player.cassette.interactions[1].response


def test_an_unknown_dispute_is_named_by_the_id_asked_for() -> None:
    answer = shipped("close-unknown").answer(close(PRINTED))

    error = json.loads(answer.body)["error"]
    assert (answer.status, error["message"]) == (404, f"No such dispute: '{PRINTED}'")
    assert error["request_log_url"] == (
        f"https://dashboard.stripe.com/acct_1000012eZvKYlo2C/test/workbench/logs?object={answer.header('request-id')}"
    )


@pytest.mark.parametrize("dispute", ["du_1", "du_test-1.2", "du_" + "x" * 80, "dispute_1", "17"])
def test_the_length_is_that_of_the_body_for_an_id_of_any_length(dispute: str) -> None:
    answer = shipped("close-lost").answer(close(dispute))

    assert json.loads(answer.body)["id"] == dispute
    assert answer.header("content-length") == str(len(answer.body))


def test_a_head_tells_the_length_of_the_body_it_leaves_out() -> None:
    player = shipped("close-lost")
    got = player.answer(read("du_1"))

    head = player.answer(Request("HEAD", f"{HOST}/v1/disputes/du_1"))

    assert (head.body, head.header("content-length")) == (b"", str(len(got.body)))


def made(*exchanges: tuple[str, str, Any]) -> Player:
    """A player of (method, path, answer) exchanges."""
    interactions = [
        Interaction(Request(method, HOST + path), Response(200, (), json.dumps(answer).encode()))
        for method, path, answer in exchanges
    ]
    return Player(Cassette(tuple(interactions)), "made", any_dispute=True)


CHARGE = "ch_1AAAAAreplaydisp00000001"
DISPUTE = {"id": CANONICAL, "charge": CHARGE}
WITH_CHARGE = (
    ("GET", f"/v1/disputes/{CANONICAL}", DISPUTE),
    ("GET", f"/v1/charges/{CHARGE}", {"id": CHARGE, "refunded": False}),
    ("GET", f"/v1/disputes?charge={CHARGE}", {"data": [DISPUTE]}),
    ("POST", f"/v1/disputes/{CANONICAL}/close", {**DISPUTE, "status": "lost"}),
    ("GET", f"/v1/charges/{CHARGE}", {"id": CHARGE, "refunded": True}),
)


def test_the_charge_of_a_dispute_is_found_later_in_that_disputes_history() -> None:
    player = made(*WITH_CHARGE)
    charges = {dispute: said(player, read(dispute))["charge"] for dispute in ("du_a", "du_b")}
    player.answer(close("du_a"))

    found = {
        dispute: said(player, Request("GET", f"{HOST}/v1/charges/{charge}")) for dispute, charge in charges.items()
    }

    assert found == {
        "du_a": {"id": charges["du_a"], "refunded": True},
        "du_b": {"id": charges["du_b"], "refunded": False},
    }


def test_a_dispute_is_found_by_its_charge_in_a_parameter() -> None:
    player = made(*WITH_CHARGE)
    dispute = said(player, read("du_a"))

    assert said(player, Request("GET", f"{HOST}/v1/disputes?charge={dispute['charge']}")) == {"data": [dispute]}


def test_ids_are_compared_whole() -> None:
    longer, inside = f"{CANONICAL}9", f"x{CANONICAL}"
    player = made(("GET", f"/v1/disputes/{CANONICAL}", {"id": CANONICAL, "a": longer, "b": inside, "c": "du_1"}))

    answer = said(player, read("du_1"))

    assert (answer["id"], answer["b"], answer["c"]) == ("du_1", inside, "du_1")
    assert answer["a"] == derived_id(longer, "du_1") != "du_19"


def test_ids_are_carried_through_keys_urls_texts_and_client_secrets() -> None:
    intent = "pi_1AAAAAreplaydisp00000001"
    secret = f"{intent}_secret_replaydisp000000000000001"
    body = {
        "id": CANONICAL,
        CANONICAL: [f"https://dashboard.stripe.com/test/disputes/{CANONICAL}?object={CHARGE}#x"],
        "note": f"Dispute {CANONICAL}, of {intent}.",
        "payment_intent": {"id": intent, "client_secret": secret},
        "payment_method": "pm_card_createDispute",
    }
    player = made(("GET", f"/v1/disputes/{CANONICAL}", body))

    answer = said(player, read("du_a"))
    charge, own = derived_id(CHARGE, "du_a"), derived_id(intent, "du_a")

    assert answer["du_a"] == [f"https://dashboard.stripe.com/test/disputes/du_a?object={charge}#x"]
    assert answer["note"] == f"Dispute du_a, of {own}."
    assert answer["payment_intent"]["id"] == own
    assert re.fullmatch(rf"{own}_secret_[0-9A-Za-z]{{25}}", answer["payment_intent"]["client_secret"])
    assert answer["payment_method"] == "pm_card_createDispute"


def test_the_calls_that_made_the_dispute_are_done_for_every_other_one() -> None:
    player = made(("POST", "/v1/payment_intents", {"id": "pi_1"}), *WITH_CHARGE)

    assert [said(player, request)["id"] for request in (read("du_a"), close("du_a"))] == ["du_a", "du_a"]


def test_a_write_from_before_the_dispute_is_not_played_for_another_one() -> None:
    update = ("POST", f"/v1/charges/{CHARGE}")
    player = made((*update, {"before": True}), *WITH_CHARGE[:1], (*update, {"before": False}))

    charge = said(player, read("du_a"))["charge"]

    assert said(player, Request("POST", f"{HOST}/v1/charges/{charge}")) == {"before": False}


@pytest.mark.parametrize("asked", [CHARGE, "re_1", "a b", 'du_"', "du_ä"])
def test_what_cannot_be_a_disputes_id_is_not_answered(asked: str) -> None:
    with pytest.raises(MismatchError):
        shipped("close-lost").answer(close(asked))


def test_a_connected_account_stays_the_one_that_was_asked_for() -> None:
    account = "acct_100001replaydisp"
    request = Request("GET", f"{HOST}/v1/disputes/{CANONICAL}", (("Stripe-Account", account),))
    response = Response(200, (("Stripe-Account", account),), json.dumps({"id": CANONICAL, "account": account}).encode())
    player = Player(Cassette((Interaction(request, response),)), "connected", any_dispute=True)

    answer = player.answer(Request("GET", f"{HOST}/v1/disputes/{PRINTED}", request.headers))

    assert (answer.header("stripe-account"), json.loads(answer.body)) == (account, {"id": PRINTED, "account": account})


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("br", None)])
def test_an_id_is_carried_through_a_compressed_answer_or_the_answer_is_refused(coding: str, decode: Any) -> None:
    body = gzip.compress(json.dumps(DISPUTE).encode())
    headers = (("Content-Encoding", coding), ("Content-Length", str(len(body))))
    player = Player(
        Cassette((Interaction(Request("GET", f"{HOST}/v1/disputes/{CANONICAL}"), Response(200, headers, body)),)),
        "compressed",
        any_dispute=True,
    )

    if decode is None:
        with pytest.raises(ReplayDisputesError, match="compressed with 'br'"):
            player.answer(read("du_a"))
    else:
        answer = player.answer(read("du_a"))
        assert json.loads(decode(answer.body)) == {"id": "du_a", "charge": derived_id(CHARGE, "du_a")}
        assert answer.header("content-length") == str(len(answer.body))


def test_one_idempotency_key_for_two_disputes_is_a_key_reused() -> None:
    player = shipped("close-lost")
    keyed = [Request("POST", request.url, (("Idempotency-Key", "k"),)) for request in (close("du_a"), close("du_b"))]
    first = player.answer(keyed[0])

    again = player.answer(keyed[0])
    with pytest.raises(MismatchError, match="Idempotency-Key was used before"):
        player.answer(keyed[1])

    assert (again.body, again.header("idempotent-replayed")) == (first.body, "true")


def test_without_the_option_another_id_is_a_mismatch_that_offers_it() -> None:
    player = Player(cassette_file.load(CASSETTES / "close-lost.yaml"), "close-lost")

    with pytest.raises(MismatchError, match=r'replay\("close-lost", any_dispute=True\)'):
        player.answer(close(PRINTED))
