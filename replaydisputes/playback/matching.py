"""What makes two requests the same to Stripe: method, host, path, parameters, connected account. Not bytes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from replaydisputes.model import Request
from replaydisputes.stripe_api.forms import Params, normalise_params, params_as_sent, parse_form
from replaydisputes.stripe_api.urls import split_url

_PLACEHOLDER = re.compile(
    r"\[redacted [0-9]+\]|customer-[0-9]+@example\.invalid|192\.0\.2\.[0-9]+|2001:db8::[0-9a-f]+"
    r"|\+1555555[0-9]{4}|https://example\.invalid/[0-9]+"
)

_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(/(?!/)[A-Za-z0-9_./-]*)(?:\?|\Z)")

READS = frozenset({"GET", "HEAD"})


class Asked(NamedTuple):
    """A request reduced to what matters when matching. `params`: normalised, of query and form body together."""

    method: str
    origin: str
    path: str
    params: Params
    account: str

    @property
    def is_read(self) -> bool:
        return self.method in READS


class Sent(NamedTuple):
    """A request as the player sees it: what it asks for, its Idempotency-Key and Stripe-Version ('' where absent)."""

    asked: Asked
    key: str
    version: str


_FIELDS = frozenset({"stripe-account", "idempotency-key", "stripe-version", "content-type"})


def reduced(request: Request) -> Sent:
    """Reduce a request. A body that is not a form counts as one parameter, compared whole."""
    fields: dict[str, str] = {}
    for name, value in request.headers:
        lowered = name.lower()
        if lowered in _FIELDS:
            fields.setdefault(lowered, value)
    account = fields.get("stripe-account", "")
    asked = _asked_without_body(request.method, request.url, account)
    if request.body:
        origin, path, query = _target(request.url)
        params = normalise_params(query + _body_params(request.body, fields.get("content-type", "")))
        asked = Asked(asked.method, origin, path, params, account)
    return Sent(asked, fields.get("idempotency-key", ""), fields.get("stripe-version", ""))


def keys_in_order_sent(request: Request) -> dict[str, int]:
    """The parameters' keys, spelled as in `Asked`, each with its place in the order sent: query, then body."""
    sent = _target(request.url)[2]
    if request.body:
        sent += _body_params(request.body, request.header("content-type") or "")
    return {key: at for at, (key, _) in enumerate(params_as_sent(sent))}


def path_of(url: str) -> str:
    """The path that `reduced` finds in a URL; ten times as fast where nothing in it is escaped."""
    found = _PLAIN_URL.match(url)
    return found[1] if found else split_url(url).path


def is_placeholder(value: str) -> bool:
    """Whether a recorded value stands for one that was redacted."""
    return _PLACEHOLDER.fullmatch(value) is not None


@lru_cache(maxsize=16_384)
def _asked_without_body(method: str, url: str, account: str) -> Asked:
    origin, path, query = _target(url)
    return Asked("GET" if method == "HEAD" else method, origin, path, normalise_params(query), account)


@lru_cache(maxsize=16_384)
def _target(url: str) -> tuple[str, str, Params]:
    target = split_url(url)
    return target.origin, target.path, parse_form(target.query)


def _body_params(body: bytes, content_type: str) -> Params:
    if content_type.partition(";")[0].strip().lower() in ("", "application/x-www-form-urlencoded"):
        return parse_form(body)
    return (("(body)", body.decode("utf-8", "backslashreplace")),)
