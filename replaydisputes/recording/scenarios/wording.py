"""The words that the shipped scenarios are told in: payments, calls and events that many of them share."""

from __future__ import annotations

from replaydisputes.recording.scenarios.steps import Call, Pay, Step, WaitForDisputes, WaitForEvent

UNKNOWN_DISPUTE_ID = "du_1AAAAAreplaydisp99999999"
"""Well-formed and nobody's: what the refusal scenarios ask for."""


FRAUDULENT: tuple[Step, ...] = (Pay("pm_card_createDispute"), WaitForDisputes())
NOT_RECEIVED: tuple[Step, ...] = (Pay("pm_card_createDisputeProductNotReceived"), WaitForDisputes())
INQUIRY: tuple[Step, ...] = (Pay("pm_card_createDisputeInquiry"), WaitForDisputes())
SEVERAL: tuple[Step, ...] = (Pay("pm_card_createMultipleDisputes"), WaitForDisputes(2))
OBJECT = "/v1/disputes/{dispute}"
CLOSE = "/v1/disputes/{dispute}/close"
UNKNOWN = f"/v1/disputes/{UNKNOWN_DISPUTE_ID}"


def reading(*dispute_statuses: str) -> Call:
    return Call("read the dispute", "GET", OBJECT, dispute_statuses=dispute_statuses)


def closing(*dispute_statuses: str) -> Call:
    return Call("close the dispute", "POST", CLOSE, dispute_statuses=dispute_statuses)


def refusal(what: str, status: int, error: str) -> Call:
    return Call(what, "POST", CLOSE, statuses=(status,), error=error)


def event(event_type: str = "charge.dispute.closed", about: str = "dispute") -> tuple[Step, ...]:
    """The event found by polling, then read by its id, which is what is recorded."""
    return (
        WaitForEvent(event_type, "charge" if about == "charge" else "dispute"),
        Call(
            f"read the event {event_type}",
            "GET",
            f"/v1/events/{{event:{event_type}}}",
            fields=(("type", event_type), ("data.object.object", about)),
        ),
    )


CLOSED = (reading("needs_response"), closing("lost"), reading("lost"), *event())
