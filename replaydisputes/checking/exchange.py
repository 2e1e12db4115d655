"""What can be wrong with one interaction by itself: its HTTP, its mode, the shape of its disputes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from replaydisputes.checking.bodies import Body, objects_in
from replaydisputes.checking.finding import Fault
from replaydisputes.checking.schema import dispute_schema, violations
from replaydisputes.model import Headers, Interaction, Request
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

_LIVEMODE_TEXT = re.compile(rb'"livemode"\s*:\s*true')


def exchange_faults(field: str, interaction: Interaction, body: Body, stripe_version: str = "") -> Iterator[Fault]:
    """field: of the interaction, such as `interactions[0]`. stripe_version: of the recording; empty where unknown."""
    yield from _http_faults(field, interaction)
    if body.fault:
        yield Fault(*body.fault, f"{field}.response.body")
    yield from _livemode_faults(f"{field}.response.body", body)
    yield from _dispute_faults(f"{field}.response.body", interaction, body, stripe_version)


def length_of_body(interaction: Interaction, half: str) -> int | None:
    """The Content-Length that a half (`request`, `response`) must say; None where it may say anything (RFC 9110)."""
    request, response = interaction.request, interaction.response
    if half == "request":
        return len(request.body)
    without_body = request.method == "HEAD" or response.status in (204, 304) or response.status < 200
    return None if without_body else len(response.body)


def _http_faults(field: str, interaction: Interaction) -> Iterator[Fault]:
    request, response = interaction.request, interaction.response
    if not 100 <= response.status <= 599:
        message = f"the status code is {response.status}; HTTP knows 100 to 599"
        yield Fault("http/status", message, f"{field}.response.status.code")
    if not _is_absolute(request.url):
        yield Fault("http/url", "the address is not an absolute http(s) URL", f"{field}.request.uri")
    halves: tuple[tuple[str, Headers], ...] = (("request", request.headers), ("response", response.headers))
    for half, headers in halves:
        length = length_of_body(interaction, half)
        for name, value in headers:
            if name.lower() == "content-length" and length is not None and value.strip() != str(length):
                said = value.strip() if value.strip().isdecimal() and len(value) < 20 else "no number"
                message = f"Content-Length is {said}, the body has {length} bytes"
                yield Fault("http/content-length", message, f"{field}.{half}.headers.{name}")


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _livemode_faults(field: str, body: Body) -> Iterator[Fault]:
    message = "livemode is true: this came from real customers' money; only test mode is recorded and published"
    if body.value is None:
        if _LIVEMODE_TEXT.search(body.clear):
            yield Fault("livemode", message, field)
        return
    for found in objects_in(body.value):
        if found.members.get("livemode") is True:
            yield Fault("livemode", message, field, (*found.path, "livemode"))


def version_of(interaction: Interaction, stripe_version: str = "") -> str:
    """The Stripe-Version that an answer is in: its own word, else the request's, else the recording's."""
    said = (interaction.response.header("Stripe-Version"), interaction.request.header("Stripe-Version"))
    return next((version for version in said if version), stripe_version)


def _dispute_faults(field: str, interaction: Interaction, body: Body, stripe_version: str) -> Iterator[Fault]:
    is_dispute = isinstance(body.value, dict) and body.value.get("object") == "dispute"
    if 200 <= interaction.response.status < 300 and _asks_for_dispute(interaction.request) and not is_dispute:
        message = "a dispute was asked for and the call succeeded, but the answer is not a dispute"
        yield Fault("schema/not-a-dispute", message, field)
    version = version_of(interaction, stripe_version)
    for found in objects_in(body.value):
        if found.members.get("object") == "dispute":
            # An event shows its object in the version of the account, whatever was asked for.
            for wrong in violations(found.members, dispute_schema("" if found.is_snapshot else version)):
                yield Fault(wrong.rule, wrong.message, field, (*found.path, *wrong.path))


def _asks_for_dispute(request: Request) -> bool:
    try:
        return request.method in ("GET", "POST") and dispute_id_in_path(split_url(request.url).path) is not None
    except ValueError:
        return False
