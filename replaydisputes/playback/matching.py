"""What makes two requests the same to Stripe: method, host, path, parameters, connected account. Not bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replaydisputes.model import Request
from replaydisputes.stripe_api.forms import Params, normalise_params, parse_form
from replaydisputes.stripe_api.urls import split_url

_PLACEHOLDER = re.compile(
    r"\[redacted [0-9]+\]|customer-[0-9]+@example\.invalid|192\.0\.2\.[0-9]+|2001:db8::[0-9a-f]+"
    r"|\+1555555[0-9]{4}|https://example\.invalid/[0-9]+"
)

READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request reduced to what matters when matching. `params`: normalised, of query and form body together."""

    method: str
    origin: str
    path: str
    params: Params
    account: str

    @property
    def is_read(self) -> bool:
        return self.method in READS


def asked(request: Request) -> Asked:
    """Reduce a request. A body that is not a form counts as one parameter, compared whole."""
    target = split_url(request.url)
    params = parse_form(target.query) + _body_params(request)
    method = "GET" if request.method == "HEAD" else request.method
    account = request.header("stripe-account") or ""
    return Asked(method, target.origin, target.path, normalise_params(params), account)


def same(one: Asked, recorded: Asked) -> bool:
    """Whether a recording answers a request. A redacted value in the recording stands for any value but absence."""
    if one == recorded:
        return True
    if (one.method, one.origin, one.path, one.account) != (
        recorded.method,
        recorded.origin,
        recorded.path,
        recorded.account,
    ):
        return False
    return len(one.params) == len(recorded.params) and all(
        key == recorded_key and (value == recorded_value or _stands_for(recorded_value, value))
        for (key, value), (recorded_key, recorded_value) in zip(one.params, recorded.params, strict=True)
    )


def _stands_for(recorded: str, value: str) -> bool:
    return bool(value) and _PLACEHOLDER.fullmatch(recorded) is not None


def _body_params(request: Request) -> Params:
    if not request.body:
        return ()
    content_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if content_type in ("", "application/x-www-form-urlencoded"):
        return parse_form(request.body)
    return (("(body)", request.body.decode("utf-8", "backslashreplace")),)
