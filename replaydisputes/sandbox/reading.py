"""A request's version and parameters, as far as the sandbox can tell what Stripe would make of them."""

from __future__ import annotations

import re

from replaydisputes.model import Request
from replaydisputes.sandbox.refusals import SandboxLimitError
from replaydisputes.stripe_api.facts import API_VERSION
from replaydisputes.stripe_api.forms import Params, parse_form

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_MAX_KEY_LENGTH = 255
_FORM = "application/x-www-form-urlencoded"


def stripe_version(request: Request) -> str:
    """The version to answer in: the one asked for, else the account's own."""
    version = request.header("Stripe-Version") or API_VERSION
    if not _VERSION.fullmatch(version):
        raise SandboxLimitError(f"the Stripe-Version {version!r}")
    return version


def idempotency_key(request: Request) -> str:
    key = request.header("Idempotency-Key") or ""
    if len(key) > _MAX_KEY_LENGTH:
        raise SandboxLimitError(f"an Idempotency-Key longer than {_MAX_KEY_LENGTH} characters")
    return key


def parameters(request: Request, query: str) -> Params:
    """The parameters of query and body together. Raises SandboxLimitError for a body that is not a form."""
    if request.body and request.method in ("GET", "HEAD"):
        raise SandboxLimitError(f"a {request.method} with a body")
    kind = (request.header("Content-Type") or _FORM).partition(";")[0].strip().lower()
    if request.body and kind != _FORM:
        raise SandboxLimitError(f"a body of type {kind} (known: {_FORM})")
    params = parse_form(query) + parse_form(request.body)
    try:
        for name, value in params:
            (name + value).encode()
    except UnicodeEncodeError as error:
        raise SandboxLimitError("parameters that are not UTF-8") from error
    return params
