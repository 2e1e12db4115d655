"""Programs that differ from what was recorded are refused, each with a report that says how it differs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import stripe

from replaydisputes.errors import MismatchError
from replaydisputes.sandbox import Sandbox
from tests.record_from_test_support import OWN_KEY, Studio, studio

CONNECTED, OTHER_ACCOUNT = "acct_1ShopConnected00", "acct_1OtherConnected0"
DAY_S = 86_400

Calls = Callable[[str], object]


def update(dispute: str, **params: Any) -> stripe.Dispute:
    return stripe.Dispute.modify(dispute, api_key=OWN_KEY, **params)


def close(dispute: str, **params: Any) -> stripe.Dispute:
    return stripe.Dispute.close(dispute, api_key=OWN_KEY, **params)


def listed(**params: Any) -> Any:
    return stripe.Dispute.list(api_key=OWN_KEY, **params)


def read(dispute: str, **params: Any) -> stripe.Dispute:
    return stripe.Dispute.retrieve(dispute, api_key=OWN_KEY, **params)


def paid(**params: Any) -> Any:
    return stripe.PaymentIntent.create(
        api_key=OWN_KEY,
        amount=2500,
        currency="usd",
        payment_method_types=["card"],
        payment_method="pm_card_createDispute",
        confirm=True,
        **params,
    )


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        call()


def noted_and_closed(dispute: str) -> None:
    update(dispute, metadata={"order_id": "6735", "clerk": "Ada"})
    update(dispute, metadata={"clerk": ""})
    close(dispute)


def told(dispute: str) -> None:
    update(dispute, evidence={"customer_name": "Ada", "uncategorized_text": "As agreed"}, submit=False)


def looked_for(dispute: str) -> None:
    charge = str(read(dispute).charge)
    now = int(time.time())
    listed(charge=charge, limit=3, created={"gte": now - 7 * DAY_S, "lte": now})


def connected(_: str) -> None:
    payment = paid(stripe_account=CONNECTED, metadata={"cart": "17"})
    (dispute,) = listed(stripe_account=CONNECTED, payment_intent=payment.id).data
    close(dispute.id, stripe_account=CONNECTED)


def unknown(dispute: str) -> None:
    read(dispute)
    refused(lambda: close("du_first"))
    refused(lambda: close("du_second"))


def twice_the_same_note(dispute: str) -> None:
    update(dispute, metadata={"stage": "open"})
    update(dispute, metadata={"stage": "done"})


RECORDED: Mapping[str, Calls] = {
    one.__name__: one for one in (noted_and_closed, told, looked_for, connected, unknown, twice_the_same_note)
}


def begun(dispute: str) -> None:
    update(dispute, metadata={"order_id": "6735", "clerk": "Ada"})


def stage_renamed(dispute: str) -> None:
    update(dispute, metadata={"stage": "open"})
    update(dispute, metadata={"phase": "done"})


def other_account_later(_: str) -> None:
    payment = paid(stripe_account=CONNECTED, metadata={"cart": "17"})
    listed(stripe_account=OTHER_ACCOUNT, payment_intent=payment.id)


def no_account_later(_: str) -> None:
    payment = paid(stripe_account=CONNECTED, metadata={"cart": "17"})
    listed(payment_intent=payment.id)


def other_note_unset(dispute: str) -> None:
    begun(dispute)
    update(dispute, metadata={"order_id": ""})


def one_unknown_twice(dispute: str) -> None:
    read(dispute)
    refused(lambda: close("du_first"))
    close("du_first")


def times_turned_round(dispute: str) -> None:
    charge, now = str(read(dispute).charge), int(time.time())
    listed(charge=charge, limit=3, created={"gte": now, "lte": now - 7 * DAY_S})


def of_charge(dispute: str, **params: Any) -> None:
    listed(charge=str(read(dispute).charge), **params)


def recent() -> dict[str, int]:
    return {"gte": int(time.time()) - 7 * DAY_S, "lte": int(time.time())}


class Wrong(NamedTuple):
    """A program that is played on the recording of another. said: what its report has to say."""

    recording: str
    calls: Calls
    said: tuple[str, ...]


WRONG: Mapping[str, Wrong] = {
    "another dispute": Wrong("told", lambda _: read("du_1AnotherDispute0000000000"), ("method", "path")),
    "another dispute is closed": Wrong("noted_and_closed", lambda _: close("du_other"), ("path",)),
    "a parameter is missing": Wrong(
        "told",
        lambda one: update(one, evidence={"customer_name": "Ada"}, submit=False),
        ("evidence[uncategorized_text]",),
    ),
    "a parameter is blank": Wrong(
        "told",
        lambda one: update(one, evidence={"customer_name": "", "uncategorized_text": "As agreed"}, submit=False),
        ("evidence[customer_name]", "blank"),
    ),
    "a parameter is extra": Wrong(
        "told",
        lambda one: update(
            one, evidence={"customer_name": "A", "uncategorized_text": "B", "service_date": "C"}, submit=False
        ),
        ("evidence[service_date]", "absent"),
    ),
    "another flag": Wrong(
        "told",
        lambda one: update(one, evidence={"customer_name": "A", "uncategorized_text": "B"}, submit=True),
        ("submit",),
    ),
    "a word that steers the bank": Wrong(
        "told",
        lambda one: update(one, evidence={"customer_name": "A", "uncategorized_text": "losing_evidence"}, submit=False),
        ("evidence[uncategorized_text]",),
    ),
    "the text in another parameter": Wrong(
        "told",
        lambda one: update(one, evidence={"customer_name": "A", "product_description": "B"}, submit=False),
        ("evidence[product_description]",),
    ),
    "a note is missing": Wrong("noted_and_closed", lambda one: update(one, metadata={"order_id": "1"}), ("metadata",)),
    "a note is extra": Wrong(
        "noted_and_closed", lambda one: update(one, metadata={"a": "1", "b": "2", "c": "3"}), ("metadata",)
    ),
    "a note is blank": Wrong(
        "noted_and_closed", lambda one: update(one, metadata={"order_id": "", "clerk": "Ada"}), ("metadata",)
    ),
    "all notes are cleared instead": Wrong("noted_and_closed", lambda one: update(one, metadata=""), ("metadata",)),
    "the other note is unset": Wrong("noted_and_closed", other_note_unset, ("metadata",)),
    "the close comes first": Wrong("noted_and_closed", close, ("It was recorded, but only after",)),
    "a note under another name later": Wrong("twice_the_same_note", stage_renamed, ("metadata",)),
    "a filter is extra": Wrong(
        "looked_for",
        lambda one: of_charge(one, limit=3, created=recent(), payment_intent="pi_any"),
        ("payment_intent",),
    ),
    "a filter is missing": Wrong("looked_for", lambda one: of_charge(one, limit=3), ("created",)),
    "another limit": Wrong("looked_for", lambda one: of_charge(one, limit=4, created=recent()), ("limit",)),
    "another charge": Wrong(
        "looked_for",
        lambda _: listed(charge="ch_3AnotherChargeOfOurs0000", limit=3, created=recent()),
        ("charge",),
    ),
    "times the other way round": Wrong("looked_for", times_turned_round, ("created",)),
    "another account later": Wrong("connected", other_account_later, ("Stripe-Account",)),
    "no account later": Wrong("connected", no_account_later, ("Stripe-Account", "none")),
    "no account at all": Wrong("connected", lambda _: paid(metadata={"cart": "17"}), ("Stripe-Account", "none")),
    "one unknown dispute in place of two": Wrong("unknown", one_unknown_twice, ("It was recorded, but only once",)),
    "the known dispute in place of the unknown": Wrong("unknown", close, ("path",)),
    "an expansion that was not recorded": Wrong("unknown", lambda one: read(one, expand=["charge"]), ("expand",)),
    "another method": Wrong("unknown", lambda one: update(one, metadata={"a": "1"}), ("method",)),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        with studio(home / "cassettes", Sandbox(seed=4, clock=time.time, connected=[CONNECTED])) as made:
            for name, calls in RECORDED.items():
                with made.record(name) as recording:
                    calls("" if calls is connected else recording.dispute_id)
            yield made


@pytest.mark.parametrize("name", RECORDED)
def test_the_program_that_was_recorded_replays(recordings: Studio, name: str) -> None:
    with recordings.replay(name) as replaying:
        RECORDED[name](replaying.dispute_id)

    assert replaying.unplayed == ()


@pytest.mark.parametrize("name", WRONG)
def test_another_program_is_refused_and_told_what_differs(recordings: Studio, name: str) -> None:
    wrong = WRONG[name]
    with (
        pytest.raises(MismatchError) as mismatch,
        recordings.replay(wrong.recording) as replaying,
        contextlib.suppress(MismatchError),
    ):
        wrong.calls(replaying.dispute_id)

    missing = [words for words in wrong.said if words not in mismatch.value.report]
    assert missing == [], mismatch.value.report
    assert "Ada" not in mismatch.value.report
