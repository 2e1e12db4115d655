"""What tests of `settle` share: sandboxes in which one assumption does not hold, each altered in a way of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from replaydisputes.model import Answerer, Request, Response
from replaydisputes.sandbox import Sandbox
from replaydisputes.settling.modelled import Clock, assumed_sandbox
from tests.recording_support import Watched, with_json

Change = Callable[[Request, Response], Response]
Body = dict[str, Any]


def another_account(clock: Clock) -> Answerer:
    """Other ids, other people, and Stripe's own seconds."""
    return Sandbox(
        seed=11,
        clock=clock,
        people=True,
        dispute_delay=(0, 2),
        decide_after=3,
        latency=0.5,
        rate_limit=25,
        start_time=1_800_000_000,
    )


def altered(change: Change) -> Callable[[Clock], Answerer]:
    return lambda clock: Watched(assumed_sandbox(clock), change)


def where(wanted: Callable[[Request, Response, Body], bool], edit: Callable[[Body], object]) -> Change:
    """Edits the body of each answer that is wanted."""

    def change(request: Request, response: Response) -> Response:
        body = json.loads(response.body)
        return with_json(response, lambda value: edit(value) and None) if wanted(request, response, body) else response

    return change


def with_status(status: int, new: int, path: str) -> Change:
    """Answers of one HTTP status, at a path that has this in it, get another."""

    def change(request: Request, response: Response) -> Response:
        fits = response.status == status and path in f"{request.method} {request.url}"
        return replace(response, status=new) if fits else response

    return change


def with_header(name: str, new: str | None, status: int | None = None, account: bool = False) -> Change:
    """Answers lose a header, or get it; only those of this HTTP status, or to a connected account."""

    def change(request: Request, response: Response) -> Response:
        if (status and response.status != status) or (account and not request.header("Stripe-Account")):
            return response
        kept = tuple(pair for pair in response.headers if pair[0].lower() != name.lower())
        return replace(response, headers=kept if new is None else (*kept, (name, new)))

    return change


def say(**fields: object) -> Callable[[Body], object]:
    return lambda body: body.update(fields)


def say_of_error(**fields: object) -> Callable[[Body], object]:
    return lambda body: body["error"].update(fields)


def is_dispute(status: str, *, close: bool = False) -> Callable[[Request, Response, Body], bool]:
    return lambda request, _, body: (
        body.get("object") == "dispute" and body["status"] == status and request.url.endswith("/close") >= close
    )


def refused(status: int) -> Callable[[Request, Response, Body], bool]:
    return lambda _, response, body: response.status == status and "error" in body


def in_list(of: str, edit: Callable[[Body], object]) -> Change:
    """Edits every item of a list of such objects."""

    def edit_all(body: Body) -> None:
        for item in body["data"]:
            edit(item)

    return where(
        lambda request, _, body: body.get("object") == "list" and any(item["object"] == of for item in body["data"]),
        edit_all,
    )


def in_other_words(seed: int) -> Change:
    """One refusal, drawn from the first sixteen that a run meets, in other words."""
    drawn, met = random.Random(seed).randrange(16), iter(range(1_000_000))

    def is_drawn(request: Request, response: Response, body: Body) -> bool:
        return response.status >= 400 and next(met) == drawn

    return where(is_drawn, say_of_error(message="This request was refused"))


def in_usd(dispute: Body) -> None:
    for booked in dispute["balance_transactions"]:
        booked["currency"] = "usd"


ALTERED: dict[str, Change] = {
    "inquiry-close": where(is_dispute("warning_closed", close=True), say(status="lost")),
    "inquiry-reason": where(is_dispute("warning_needs_response"), say(reason="general")),
    "under-review-close": where(is_dispute("lost", close=True), say(status="under_review")),
    "warning-closed-close": where(refused(400), say_of_error(message="An inquiry cannot be closed twice")),
    "multiple-disputes": in_list("dispute", say(amount=1001)),
    "submit-status": where(is_dispute("warning_under_review"), say(status="warning_needs_response")),
    "steered-outcome": where(is_dispute("won"), say(status="lost")),
    "update-after-close": with_status(400, 402, "POST"),
    "charge-updated-event": in_list("event", lambda event: event["data"].update(previous_attributes={"disputed": 0})),
    "object-shape": where(
        lambda request, _, body: request.header("Stripe-Version") == "2023-10-16" and body["object"] == "dispute",
        say(intended_submission_method=None),
    ),
    "list-count": where(lambda _, __, body: body.get("object") == "list", lambda body: body.pop("count")),
    "unknown-filter": with_status(400, 404, "GET"),
    "idempotent-refusals": with_header("Idempotent-Replayed", None),
    "idempotency-endpoint": where(refused(400), say_of_error(message="This key is in use elsewhere")),
    "settlement-currency": in_list("dispute", in_usd),
    "idempotency-account": with_header("Idempotent-Replayed", "true", account=True),
    "idempotency-in-use": where(refused(409), say_of_error(type="invalid_request_error")),
    "lock-timeout": with_header("Stripe-Should-Retry", "false", status=429),
    "rate-limit": with_header("Stripe-Rate-Limited-Reason", "endpoint-rate", status=429),
    "restricted-key": where(refused(403), say_of_error(code="more_permissions_required")),
    "unknown-id-write": with_status(404, 400, "POST"),
    "refusal-wording": in_other_words(0),
    "connected-account": in_list("account", lambda account: account.pop("payouts_enabled")),
    "connect-events": in_list("event", say(account="acct_1AbcDefGhiJklMno")),
}
"""By assumption: answers of a Stripe for which it does not hold."""
