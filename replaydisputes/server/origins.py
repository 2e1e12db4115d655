"""Where a request comes from: this machine's own names, and what a browser says of the page that sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host name or address is `localhost` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_host(host: str, allowed: Collection[str] = ()) -> bool:
    """Whether a Host header names this machine by a loopback name, or by one of those allowed.

    Any other name may be somebody else's that points here for a moment (DNS rebinding).
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in allowed or is_loopback(name)


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether neither Origin nor Sec-Fetch-Site names another origin. headers: by name in lower case."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


def is_foreign_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent this for a page of another origin. Programs say nothing of pages. headers: as above."""
    if "origin" not in headers and "sec-fetch-site" not in headers:
        return False
    return not (is_same_origin(headers) and is_own_host(headers.get("host", "")))
