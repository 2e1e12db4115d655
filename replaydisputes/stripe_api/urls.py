"""The parts of a request's URL that matter to Stripe."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from replaydisputes.errors import ReplayDisputesError, in_one_line
from replaydisputes.stripe_api.facts import API_HOST

_DEFAULT_PORTS = {"http": 80, "https": 443}
_DISPUTE = re.compile(r"/v1/disputes/(?P<id>[^/]+)(?:/close)?\Z")
_PLAIN = re.compile(r"(https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*))(/(?!/)[A-Za-z0-9_./-]*)(?:\?([!-\"$-~]*))?\Z")
"""A URL that is in parts as it stands, for which the standard library takes ten times as long."""


class UrlError(ReplayDisputesError, ValueError):
    """A URL that is none, in a cassette or a request."""

    def __init__(self, url: str, problem: str) -> None:
        self.url, self.problem = url, problem
        scheme, slashes, rest = url.partition("//")
        authority = rest.partition("/")[0].rpartition("@")[2]
        shown = in_one_line(f"{scheme}{slashes}{authority}")
        super().__init__(f"expected a URL such as https://api.stripe.com/v1/disputes, got {shown}/… ({problem}).")


class Target(NamedTuple):
    """Where a request goes: `origin` is scheme://host[:port] in lower case, `path` is decoded, `query` is as sent."""

    origin: str
    host: str
    path: str
    query: str


def split_url(url: str) -> Target:
    """Take a URL apart. Slashes in front of the path fold to one (SDKs with a trailing slash on the base send two).

    Raises UrlError.
    """
    plain = _PLAIN.match(url)
    if plain:
        return Target(plain[1], plain[2], plain[3], plain[4] or "")
    try:
        parts = urlsplit(url)
        own_port = parts.port
    except ValueError as error:
        raise UrlError(url, str(error)) from error
    host = (parts.hostname or "").rstrip(".")
    port = "" if own_port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{own_port}"
    shown_host = f"[{host}]" if ":" in host else host
    path = "/" + unquote(parts.path).lstrip("/")
    return Target(f"{parts.scheme.lower()}://{shown_host}{port}", host, path, parts.query)


def is_stripe_host(host: str) -> bool:
    return host == API_HOST


def dispute_id_in_path(path: str) -> str | None:
    """The id in `/v1/disputes/{id}` or `/v1/disputes/{id}/close`; None for any other path."""
    found = _DISPUTE.match(path)
    return found["id"] if found else None
