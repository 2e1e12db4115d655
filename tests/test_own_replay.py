"""A cassette is written only if it answers the very calls that it was recorded from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from replaydisputes.recording.own_replay import NotReplayableError
from replaydisputes.recording.quarantine import quarantined
from tests.record_from_test_support import OWN_KEY, Studio, studio
from tests.test_cli import run

V1 = "https://api.stripe.com/v1/"
AUTHORIZED = {"Authorization": f"Bearer {OWN_KEY}"}
PAYMENT = {
    "amount": "1000",
    "currency": "usd",
    "payment_method_types[]": "card",
    "payment_method": "pm_card_createDispute",
    "confirm": "true",
}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Studio]:
    with studio(tmp_path / "cassettes") as made:
        yield made


@pytest.fixture
def known(here: Studio) -> dict[str, str]:
    """The ids of a dispute that was there before the test, as a person reads them in the dashboard."""
    payment = requests.post(f"{here.url}/v1/payment_intents", data=PAYMENT, headers=AUTHORIZED).json()
    (dispute,) = requests.get(f"{here.url}/v1/disputes?charge={payment['latest_charge']}", headers=AUTHORIZED).json()[
        "data"
    ]
    return {"dispute": dispute["id"], "charge": dispute["charge"], "payment_intent": payment["id"]}


def get(path: str) -> requests.Response:
    return requests.get(V1 + path, headers=AUTHORIZED)


def post(path: str, form: dict[str, str] | None = None) -> requests.Response:
    return requests.post(V1 + path, data=form, headers=AUTHORIZED)


SPELLED_OUT: dict[str, tuple[Callable[[dict[str, str]], object], str]] = {
    "dispute in a path": (lambda known: get(f"disputes/{known['dispute']}"), "dispute"),
    "dispute that is closed": (lambda known: post(f"disputes/{known['dispute']}/close"), "dispute"),
    "charge in a path": (lambda known: get(f"charges/{known['charge']}"), "charge"),
    "charge in a query": (lambda known: get(f"disputes?charge={known['charge']}"), "charge"),
    "payment in a path": (lambda known: get(f"payment_intents/{known['payment_intent']}"), "payment_intent"),
}


@pytest.mark.parametrize("name", SPELLED_OUT)
def test_an_id_that_stripe_knows_and_no_answer_told_is_named(here: Studio, known: dict[str, str], name: str) -> None:
    call, kind = SPELLED_OUT[name]
    with pytest.raises(NotReplayableError) as refused, here.record():
        call(known)

    (unanswered,) = refused.value.calls
    use = "`replay.dispute_id`" if kind == "dispute" else "the id that an answer gave"
    assert (unanswered.number, unanswered.spelled_out) == (1, (known[kind],))
    assert str(unanswered).endswith(
        f"{known[kind]} is spelled out, and Stripe knows it. A cassette holds other ids, so a replay knows none of "
        f"yours: use {use}."
    )
    assert here.written == []


def test_ids_that_answers_and_the_fixture_told_are_no_obstacle(here: Studio) -> None:
    def calls(dispute: str) -> list[str]:
        charge = get(f"disputes/{dispute}").json()["charge"]
        payment = get(f"charges/{charge}").json()["payment_intent"]
        page = get("disputes?limit=1").json()["data"]
        rest = get(f"disputes?limit=1&starting_after={page[-1]['id']}").json()["data"]
        found = get(f"disputes?payment_intent={payment}&expand[]=data.charge").json()["data"]
        return [found[0]["charge"]["id"] == charge, len(rest), post(f"disputes/{dispute}/close").json()["status"]]

    with here.record() as recording:
        recorded = calls(recording.dispute_id)
    with here.replay() as replaying:
        replayed = calls(replaying.dispute_id)

    assert recorded == replayed == [True, 0, "lost"]


def test_each_call_that_would_not_be_answered_is_named_and_those_after_it_are_still_tried(
    here: Studio, known: dict[str, str]
) -> None:
    with pytest.raises(NotReplayableError) as refused, here.record() as recording:
        get(f"disputes/{recording.dispute_id}")
        post(f"disputes/{known['dispute']}/close")
        get(f"disputes/{recording.dispute_id}")
        post(f"disputes/{known['dispute']}/close")

    assert [(call.number, call.spelled_out) for call in refused.value.calls] == [
        (2, (known["dispute"],)),
        (4, (known["dispute"],)),
    ]
    assert str(refused.value).splitlines()[0] == (
        f"{here.file()} not written: 2 of its 4 calls would not be answered on replay."
    )


def test_what_was_recorded_before_stays_and_the_capture_is_kept_even_if_nothing_was_closed(
    here: Studio, known: dict[str, str]
) -> None:
    with here.record() as recording:
        get(f"disputes/{recording.dispute_id}")
    before = here.file().read_bytes()
    with pytest.raises(NotReplayableError) as refused, here.record(mode="all"):
        get(f"disputes/{known['dispute']}")

    (capture,) = quarantined()
    assert (here.file().read_bytes(), capture.path) == (before, refused.value.quarantined)
    assert str(refused.value).endswith(f"kept in {capture.path}; `replaydisputes recover` shows it.")


def test_recover_does_not_write_what_would_not_replay_either(here: Studio, known: dict[str, str]) -> None:
    with pytest.raises(NotReplayableError), here.record():
        post(f"disputes/{known['dispute']}/close")
    (capture,) = quarantined()

    done = run("recover", capture.name, cwd=here.directory.parent)

    assert (done.returncode, here.written, len(quarantined())) == (3, [], 1)
    assert "1 of its 1 calls would not be answered on replay" in done.stderr


def test_a_body_that_redaction_changes_and_no_form_is_told_by_what_differs_without_its_values(here: Studio) -> None:
    with pytest.raises(NotReplayableError) as refused, here.record() as recording:
        url = f"{V1}disputes/{recording.dispute_id}"
        requests.post(url, json={"metadata": {"buyer": "Ada Example"}}, headers=AUTHORIZED)

    (unanswered,) = refused.value.calls
    assert (unanswered.spelled_out, "(body)" in unanswered.problem) == ((), True)
    assert "Ada" not in str(refused.value)
