"""Which host names and addresses stay on this machine."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
from urllib.parse import urlsplit

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@functools.lru_cache(maxsize=1024)
def plain_host(host: str) -> str:
    """A host as it is compared: lower case, without brackets and without the final dot."""
    return host.lower().removeprefix("[").removesuffix("]").removesuffix(".")


@functools.lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """localhost, *.localhost, 127.0.0.0/8, ::1, and the unspecified address, which connects to this machine."""
    host = plain_host(host)
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def is_of_stripe(host: str) -> bool:
    host = plain_host(host)
    return host == "stripe.com" or host.endswith(".stripe.com")


def is_address(host: str) -> bool:
    """Whether the host is numeric, so that nobody has to look it up."""
    try:
        ipaddress.ip_address(plain_host(host))
    except ValueError:
        return False
    return True


def is_local_name(host: str) -> bool:
    """Whether a name, not an address, means this machine: localhost, NAME.localhost, or its own host name.

    A resolver may ask a name server even for these, so nobody is asked: they are answered as loopback.
    """
    if is_loopback(host):
        return bool(host) and not is_address(host)
    return plain_host(host) == plain_host(socket.gethostname())


def is_proxy(host: str, port: object) -> bool:
    """Whether host:port is the proxy that the environment names; every spelling of loopback is one host.

    Read at each call, because tests set the environment as they go.
    """
    for variable in _PROXY_VARIABLES:
        value = os.environ.get(variable)
        if value and _same_endpoint(value, host, port):
            return True
    return False


def _same_endpoint(proxy_url: str, host: str, port: object) -> bool:
    try:
        parts = urlsplit(proxy_url if "//" in proxy_url else f"http://{proxy_url}")
        proxy_host, proxy_port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 1080)
    except ValueError:
        return False
    same_host = plain_host(proxy_host) == plain_host(host) or (is_loopback(proxy_host) and is_loopback(host))
    return same_host and str(port) == str(proxy_port)


@functools.lru_cache(maxsize=1024)
def origin(scheme: str, host: str, port: int | None) -> str:
    """scheme://host[:port], a default port left out, an IPv6 address in brackets."""
    host = f"[{plain_host(host)}]" if ":" in host else host
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{scheme}://{host}:{port}"
