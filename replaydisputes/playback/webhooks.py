"""Webhooks as Stripe sends them, from the events that a cassette holds; none is ever made up."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Response
from replaydisputes.playback.codings import plain_body

Json = dict[str, Any]

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?")


class Webhook(NamedTuple):
    """One delivery: the body as bytes, because the signature is over them, and the header fields to send with it."""

    body: bytes
    headers: dict[str, str]


class WebhookSecretError(ReplayDisputesError):
    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            "a webhook is signed with the endpoint's secret: pass the secret that the code under test verifies with, "
            'a text such as secret="whsec_…"'
        )


class WebhookVersionError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, api_version: object) -> None:
        self.api_version = api_version
        super().__init__(
            f"api_version must be a Stripe-Version, a text such as '2025-03-31.basil', or None for the recorded one; "
            f"got {api_version!r}"
        )


class EventNotRecordedError(ReplayDisputesError):
    """The cassette holds no such event. `held`: the types it has; `elsewhere`: shipped cassettes that have this one."""

    def __init__(
        self, event_type: str, cassette: str, held: Sequence[str], elsewhere: Sequence[str], dispute: str = ""
    ) -> None:
        self.event_type, self.cassette, self.dispute = event_type, cassette, dispute
        self.held, self.elsewhere = tuple(held), tuple(elsewhere)
        about = f" about {dispute}" if dispute else ""
        types, shipped = ", ".join(held) or "no event", ", ".join(elsewhere) or "none"
        super().__init__(
            f"cassette {cassette!r} holds no event {event_type!r}{about}. It holds {types}. "
            f"Shipped cassettes that hold one: {shipped}. "
            f"An event is in a cassette whose recording reads GET /v1/events after the close."
        )


def events_in(responses: Iterable[Response]) -> list[Json]:
    """Every event in these answers, whether it was asked for alone or in a list; newest first.

    Later answers come before earlier ones, and Stripe's lists are newest first. Raises CompressedAnswerError.
    """
    found: list[Json] = []
    for response in responses:
        body = plain_body(response)
        if b'"event"' in body:
            found[:0] = _events_of(body)
    return found


def delivered(told: Iterable[tuple[Response, str]]) -> list[Json]:
    """Every event in these answers, newest first, as a platform gets it: with the account that it was read for."""
    found: list[Json] = []
    for response, account in told:
        found[:0] = [_of_account(event, account) for event in events_in([response])]
    return found


def at_version(event: Json, api_version: str | None) -> Json:
    """The event with another `api_version`; None leaves the recorded one. Raises WebhookVersionError."""
    if api_version is None:
        return event
    if not isinstance(api_version, str) or not _VERSION.fullmatch(api_version):
        raise WebhookVersionError(api_version)
    return {**event, "api_version": api_version}


def choose_event(events: Iterable[Json], event_type: str, dispute: str, *, only: bool) -> Json | None:
    """The newest event of a type that is about a dispute; where none is, and not `only`, the newest of the type."""
    typed = [event for event in events if event.get("type") == event_type]
    about = [event for event in typed if _names(event.get("data"), dispute)]
    return next(iter(about if only or about else typed), None)


def types_of(events: Iterable[Json]) -> list[str]:
    return sorted({event["type"] for event in events if isinstance(event.get("type"), str)})


def signed(event: Json, secret: str, timestamp_s: int) -> Webhook:
    """The delivery of an event, signed as Stripe signs (docs.stripe.com/webhooks). Raises WebhookSecretError."""
    if not isinstance(secret, str) or not secret:
        raise WebhookSecretError
    body = json.dumps(event, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
    digest = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + body, hashlib.sha256).hexdigest()
    return Webhook(
        body,
        {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Stripe-Signature": f"t={timestamp_s},v1={digest}",
        },
    )


def _of_account(event: Json, account: str) -> Json:
    """`account` stands behind `object`, where Stripe has it (docs.stripe.com/connect/webhooks)."""
    if not account or "account" in event:
        return event
    head: Json = {name: event[name] for name in ("id", "object") if name in event}
    return {**head, "account": account, **event}


def _events_of(body: bytes) -> list[Json]:
    try:
        value = json.loads(body)
    except ValueError:
        return []
    members = value.get("data") if isinstance(value, dict) and value.get("object") == "list" else [value]
    return [one for one in members if isinstance(one, dict) and one.get("object") == "event"] if members else []


def _names(value: Any, wanted: str) -> bool:
    """Whether an id stands anywhere in a value, whole."""
    if isinstance(value, dict):
        return any(_names(member, wanted) for member in value.values())
    if isinstance(value, list):
        return any(_names(member, wanted) for member in value)
    return bool(value == wanted)
