"""What becomes of a close, by how it is asked for: parameters, keys, accounts, ids, and what is read around it."""

from __future__ import annotations

from dataclasses import replace

from replaydisputes.recording.scenarios.recipe import Scenario
from replaydisputes.recording.scenarios.steps import Call, FindAccount, KeyUsed, Pay, Step
from replaydisputes.recording.scenarios.wording import (
    CLOSE,
    CLOSED,
    FRAUDULENT,
    OBJECT,
    SEVERAL,
    UNKNOWN,
    closing,
    event,
    reading,
    refusal,
)


def _expanded(name: str) -> Scenario:
    fields = (("status", "lost"), (f"{name}.object", name))
    expand = (("expand[]", name),)
    return Scenario(
        f"close-expand-{name.replace('_', '-')}",
        f"a close with expand[]={name} answers the {name} whole, in place of its id",
        (
            *FRAUDULENT,
            reading("needs_response"),
            Call(f"close the dispute, {name} expanded", "POST", CLOSE, expand, fields=fields),
            Call(f"read the dispute, {name} expanded", "GET", f"{OBJECT}?expand[]={name}", fields=fields),
            reading("lost"),
        ),
    )


def _unknown_id(status: int, error: str, key: KeyUsed = "yours") -> tuple[Step, ...]:
    return (
        Call("read the dispute", "GET", UNKNOWN, statuses=(status,), error=error, key=key),
        Call("close the dispute", "POST", f"{UNKNOWN}/close", statuses=(status,), error=error, key=key),
    )


BY_REQUEST = (
    _expanded("charge"),
    _expanded("payment_intent"),
    Scenario(
        "close-idempotent",
        "a close repeated with its Idempotency-Key gets its first answer again, marked Idempotent-Replayed",
        (
            *FRAUDULENT,
            reading("needs_response"),
            replace(closing("lost"), idempotency_key="close"),
            replace(
                closing("lost"),
                what="close it again with the same key",
                idempotency_key="close",
                headers=(("Idempotent-Replayed", "true"),),
            ),
            reading("lost"),
        ),
    ),
    Scenario(
        "close-idempotency-key-reused",
        "an Idempotency-Key used again with other parameters is refused with HTTP 400, type idempotency_error",
        (
            *FRAUDULENT,
            reading("needs_response"),
            replace(closing("lost"), idempotency_key="close"),
            Call(
                "close it again with the same key, charge expanded",
                "POST",
                CLOSE,
                (("expand[]", "charge"),),
                statuses=(400,),
                error="idempotency_error",
                idempotency_key="close",
            ),
            reading("lost"),
        ),
    ),
    Scenario(
        "close-unknown-parameter",
        "a close with a parameter that Stripe does not know is refused with HTTP 400, and the dispute stays open",
        (
            *FRAUDULENT,
            reading("needs_response"),
            replace(refusal("close the dispute", 400, "parameter_unknown"), form=(("wat", "1"),)),
            reading("needs_response"),
            closing("lost"),
        ),
    ),
    Scenario(
        "close-restricted-key",
        "a restricted key that may not write disputes is refused with HTTP 403; a key that may closes it after that",
        (
            *FRAUDULENT,
            reading("needs_response"),
            Call(
                "close the dispute with the restricted key",
                "POST",
                CLOSE,
                statuses=(403,),
                error="invalid_request_error",
                key="restricted",
            ),
            reading("needs_response"),
            closing("lost"),
        ),
    ),
    Scenario(
        "close-on-account",
        "a dispute of a connected account is closed with Stripe-Account",
        (FindAccount(), *FRAUDULENT, *CLOSED),
    ),
    Scenario(
        "close-several",
        "each of several disputes on one charge is closed by itself",
        (
            *SEVERAL,
            reading("needs_response"),
            closing("lost"),
            Call("read the other one", "GET", "/v1/disputes/{dispute:2}", dispute_statuses=("needs_response",)),
            Call("close the other one", "POST", "/v1/disputes/{dispute:2}/close", dispute_statuses=("lost",)),
            reading("lost"),
        ),
    ),
    Scenario(
        "close-list",
        "lists of a charge's disputes, page by page, show a close as soon as it is made",
        (
            *SEVERAL,
            Call("list the first page", "GET", "/v1/disputes?charge={charge}&limit=1", fields=(("has_more", "true"),)),
            Call("list the next page", "GET", "/v1/disputes?charge={charge}&limit=1&starting_after={dispute}"),
            closing("lost"),
            Call(
                "list the first page again",
                "GET",
                "/v1/disputes?charge={charge}&limit=1",
                fields=(("data.0.status", "lost"),),
            ),
            Call(
                "list the next page again",
                "GET",
                "/v1/disputes?charge={charge}&limit=1&starting_after={dispute}",
                fields=(("data.0.status", "needs_response"),),
            ),
        ),
    ),
    Scenario(
        "close-metadata",
        "metadata set before a close is still there after it",
        (
            *FRAUDULENT,
            reading("needs_response"),
            Call(
                "set metadata",
                "POST",
                OBJECT,
                (("metadata[key_1]", "a note of the merchant's"),),
                dispute_statuses=("needs_response",),
            ),
            replace(closing("lost"), fields=(("metadata.key_1", "a note of the merchant's"),)),
            replace(reading("lost"), fields=(("metadata.key_1", "a note of the merchant's"),)),
        ),
    ),
    Scenario(
        "close-events",
        "the events of a dispute, from charge.dispute.created to the charge.updated that follows a close",
        (
            *FRAUDULENT,
            *event("charge.dispute.created"),
            *event("charge.dispute.funds_withdrawn"),
            closing("lost"),
            *event(),
            *event("charge.updated", "charge"),
        ),
    ),
)

REFUSALS = (
    Scenario(
        "close-unknown",
        "an unknown dispute id is refused with HTTP 404, code resource_missing",
        _unknown_id(404, "resource_missing"),
    ),
    Scenario(
        "close-other-object",
        "the id of a charge in place of a dispute's is refused with HTTP 404, code resource_missing",
        (
            Pay("pm_card_visa"),
            Call(
                "close the charge",
                "POST",
                "/v1/disputes/{charge}/close",
                statuses=(404,),
                error="resource_missing",
            ),
        ),
    ),
    Scenario(
        "close-bad-key",
        "a key that Stripe does not know is refused with HTTP 401",
        _unknown_id(401, "invalid_request_error", key="unknown"),
    ),
    Scenario(
        "close-no-key",
        "a call without any key is refused with HTTP 401",
        _unknown_id(401, "invalid_request_error", key="none"),
    ),
)
