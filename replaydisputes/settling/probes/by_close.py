"""What becomes of a close, and of a dispute after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replaydisputes.settling.asking import FRAUDULENT, INQUIRY, Ask, NotObservableError
from replaydisputes.settling.probes.seen import Probe, Seen

_DECIDED_WITHIN_S = 60.0
"""Until steering evidence takes effect: `some seconds`, says the testing guide."""


def _inquiry_close(ask: Ask) -> Iterator[Seen]:
    yield Seen("the close of an inquiry", ask.close(ask.dispute(INQUIRY)).words)
    inquiry = ask.dispute(INQUIRY)
    submitted = ask.submit(inquiry, "As agreed.")
    if submitted.raw.get("status") != "warning_under_review":
        raise NotObservableError(f"the inquiry did not go warning_under_review ({submitted.words})")
    yield Seen("the close of an inquiry under review", ask.close(inquiry).words)


def _warning_closed_close(ask: Ask) -> Iterator[Seen]:
    inquiry = ask.dispute(INQUIRY)
    first = ask.close(inquiry)
    if first.raw.get("status") != "warning_closed":
        raise NotObservableError(f"the inquiry did not become warning_closed ({first.words})")
    yield Seen("its second close", ask.close(inquiry).words)


def _under_review_close(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    submitted = ask.submit(dispute, "The customer was seen to use it.")
    if submitted.raw.get("status") != "under_review":
        raise NotObservableError(f"the dispute did not go under_review ({submitted.words})")
    yield Seen("the close of a dispute under_review", ask.close(dispute).words)


def _submit_status(ask: Ask) -> Iterator[Seen]:
    for card, noun in ((FRAUDULENT, "a dispute"), (INQUIRY, "an inquiry")):
        yield Seen(f"evidence submitted for {noun}", ask.submit(ask.dispute(card), "As agreed.").words)


def _update_after_close(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    ask.close(dispute)
    path = f"/v1/disputes/{dispute['id']}"
    late = (("evidence[uncategorized_text]", "too late"), ("submit", "false"))
    yield Seen("evidence for a lost dispute", ask.post(path, *late).words)
    yield Seen("metadata for a lost dispute", ask.post(path, ("metadata[key_1]", "a note")).words)


def _charge_updated_event(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    before = {event["id"] for event in _events(ask, "charge.updated", dispute["charge"])}
    ask.close(dispute)

    def look() -> dict[str, Any] | None:
        later = [event for event in _events(ask, "charge.updated", dispute["charge"]) if event["id"] not in before]
        return later[0] if later else None

    event = ask.until(look, "a charge.updated event after the close")
    previous = event["data"].get("previous_attributes", {})
    yield Seen("previous_attributes of charge.updated", ", ".join(sorted(previous)) or "empty")


def _connect_events(ask: Ask) -> Iterator[Seen]:
    account = ask.account()["id"]
    dispute = ask.dispute(FRAUDULENT, account=account)
    ask.close(dispute, account=account)

    def look() -> dict[str, Any] | None:
        events = _events(ask, "charge.dispute.closed", dispute["id"], account)
        return events[0] if events else None

    event = ask.until(look, "the event of the close on the account")
    yield Seen("`account` in an event of a connected account", "there" if "account" in event else "not there")


def _events(ask: Ask, event_type: str, about: str, account: str = "") -> list[dict[str, Any]]:
    """The events of a type about an object, newest first, raw."""
    listed = ask.get("/v1/events", ("type", event_type), ("limit", "100"), account=account).raw.get("data", [])
    return [event for event in listed if event["data"]["object"]["id"] == about]


def _steered_outcome(ask: Ask) -> Iterator[Seen]:
    for card, noun, text in (
        (FRAUDULENT, "a dispute", "winning_evidence"),
        (FRAUDULENT, "a dispute", "losing_evidence"),
        (INQUIRY, "an inquiry", "winning_evidence"),
        (INQUIRY, "an inquiry", "losing_evidence"),
        (INQUIRY, "an inquiry", "escalate_inquiry_evidence"),
    ):
        dispute = ask.dispute(card)
        ask.submit(dispute, text)
        yield Seen(f"{text} for {noun} of {dispute['amount']}", _decided(ask, dispute))


def _decided(ask: Ask, dispute: dict[str, Any]) -> str:
    def look() -> dict[str, Any] | None:
        found = ask.get(f"/v1/disputes/{dispute['id']}").shown
        return None if found["status"] in (dispute["status"], "under_review", "warning_under_review") else found

    found = ask.until(look, "the bank's decision", _DECIDED_WITHIN_S)
    net = sum(booked["net"] for booked in found["balance_transactions"])
    case = found["payment_method_details"]["card"]["case_type"]
    return f"{found['status']}, {case}, {len(found['balance_transactions'])} balance transactions of {net} in all"


BY_CLOSE: dict[str, Probe] = {
    "inquiry-close": _inquiry_close,
    "under-review-close": _under_review_close,
    "warning-closed-close": _warning_closed_close,
    "submit-status": _submit_status,
    "steered-outcome": _steered_outcome,
    "update-after-close": _update_after_close,
    "charge-updated-event": _charge_updated_event,
    "connect-events": _connect_events,
}
