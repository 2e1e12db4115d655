"""A replay tells the ids of its cassette by kind, in the words that the suite uses."""

from __future__ import annotations

import pytest
import requests

from replaydisputes import replay

API = "https://api.stripe.com/v1"


def closed(dispute: str) -> str:
    return str(requests.post(f"{API}/disputes/{dispute}/close").json()["status"])


@pytest.mark.parametrize("names", [("close-several",), ("close-lost", "close-several"), ("close-lost", "close-list")])
def test_every_dispute_of_a_cassette_is_told_and_can_be_read_or_closed(names: tuple[str, ...]) -> None:
    with replay(*names) as running:
        its = running[names[-1]]
        ids = its.dispute_ids
        first = closed(ids[0])

    assert (len(ids), len(set(ids)), ids[0], first) == (2, 2, its.dispute_id, "lost")


def test_several_disputes_close_without_a_look_into_the_file() -> None:
    with replay("close-several", "close-lost", "close-several") as running:
        ids = [one for playing in running.cassettes for one in playing.dispute_ids]
        statuses = [closed(one) for one in ids]

    assert (len(set(ids)), set(statuses)) == (5, {"lost"})


@pytest.mark.parametrize("position", [0, 1])
def test_a_list_is_asked_for_by_the_charge_that_is_told(position: int) -> None:
    with replay("close-list", "close-list") as running:
        its = running.cassettes[position]
        found = requests.get(f"{API}/disputes", params={"charge": its.charge_id, "limit": 1}).json()["data"]

    assert [(one["id"], one["charge"]) for one in found] == [(its.dispute_id, its.charge_id)]
    assert found[0]["payment_intent"] == its.payment_intent_id


def test_under_any_dispute_the_ids_are_those_of_the_dispute_last_asked_for() -> None:
    with replay("close-several", any_dispute=True) as running:
        before = running.dispute_ids
        answers = [requests.get(f"{API}/disputes/du_{number}").json() for number in (6735, 6736)]
        told = running.dispute_ids, running.charge_id, running.payment_intent_id
        statuses = [closed(one) for one in told[0]]

    last = answers[-1]
    assert before[0] == running.dispute_id
    assert (told[0][0], *told[1:]) == ("du_6736", last["charge"], last["payment_intent"])
    assert statuses == ["lost", "lost"]


def test_events_and_the_connected_account_are_told() -> None:
    with replay("close-on-account") as running:
        header = {"Stripe-Account": running.account_id}
        requests.get(f"{API}/disputes/{running.dispute_id}", headers=header)
        requests.post(f"{API}/disputes/{running.dispute_id}/close", headers=header)
        event = requests.get(f"{API}/events/{running.event_ids[0]}", headers=header).json()

    assert event["id"] == running.event_ids[0]


def test_what_a_cassette_does_not_hold_is_empty() -> None:
    with replay("close-unknown") as running:
        told = running.charge_id, running.payment_intent_id, running.charge_ids, running.event_ids, running.account_id

    assert told == ("", "", (), (), "")
    assert running.dispute_ids == (running.dispute_id,)
