"""What a recording from a test does not send, and does not write."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request
from replaydisputes.stripe_api.facts import API_ORIGIN
from replaydisputes.stripe_api.keys import key_mode
from replaydisputes.stripe_api.urls import split_url

_LIVE_KEY = re.compile(r"(?:sk|rk|rkcs|pk)_live_[A-Za-z0-9]|sk_org_")
_KEY_LENGTH = 20
"""Shorter ones are made up, and may be ordinary words that the gate would then find everywhere."""


class ForwardingRefusedError(ReplayDisputesError):
    """A request that a recording does not forward, before anything of it was sent."""

    def __init__(self, request: str, problem: str) -> None:
        self.request, self.problem = request, problem
        super().__init__(f"{request} was not sent: {problem}")


class NothingRecordedError(ReplayDisputesError):
    """A test that passed, but whose calls make no cassette that it could replay."""

    def __init__(self, cassette: str, problem: str, kept: str = "") -> None:
        self.cassette, self.problem, self.kept = cassette, problem, kept
        super().__init__(f"cassette {cassette!r} was not written: {problem}{' ' + kept if kept else ''}")


def refuse_elsewhere(request: Request) -> None:
    """Raises ForwardingRefusedError for any origin but Stripe's; its message names no more of the URL than that."""
    origin = split_url(request.url).origin
    if origin != API_ORIGIN:
        raise ForwardingRefusedError(
            f"{request.method} {origin}",
            f"a recording forwards to {API_ORIGIN} alone. allow_hosts, or replaydisputes_allow_hosts in pytest's "
            f"configuration, opens a host.",
        )


def keys_sent_with(request: Request) -> set[str]:
    """The test-mode keys that a request authorizes itself with. Raises ForwardingRefusedError for a live one in it."""
    keys = [key for name, value in request.headers if name.lower() == "authorization" for key in _keys_in(value)]
    values = [request.url, request.body.decode("latin-1"), *(value for _, value in request.headers)]
    if any(key_mode(key) == "live" for key in keys) or any(_LIVE_KEY.search(unquote(value)) for value in values):
        raise ForwardingRefusedError(
            f"{request.method} {split_url(request.url).origin}",
            "it holds a live-mode key, and a dispute closed with one is lost for good. Give the code under test a "
            "test-mode key; what is sent to Stripe is the one in STRIPE_API_KEY.",
        )
    return {key for key in keys if key_mode(key) == "test" and len(key) >= _KEY_LENGTH}


def _keys_in(authorization: str) -> Iterator[str]:
    """The credentials in an Authorization header: all behind the scheme, and for Basic its user and password."""
    scheme, _, token = authorization.strip().partition(" ")
    yield token.strip() or scheme
    if scheme.lower() == "basic":
        try:
            yield from base64.b64decode(token.strip() + "==").decode("utf-8", "replace").split(":")
        except binascii.Error:
            return
