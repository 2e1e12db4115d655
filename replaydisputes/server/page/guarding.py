"""What the page refuses before it looks at a request, and the headers that have browsers refuse the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from replaydisputes.server.origins import is_own_host, is_same_origin

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    # Not no-referrer: with that, browsers send `Origin: null` from our own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    title: str
    message: str


_ANOTHER_HOST = Refusal(
    421,
    "Not this host",
    "The demo page answers under loopback names only, so that no other site can reach it through your browser.",
)
_A_KEY = Refusal(
    400,
    "No keys here",
    "The page needs no key and takes none. API calls belong below /v1, where a server answers them.",
)
_PARAMETERS = Refusal(400, "Nothing to fill in", "The page takes no parameters, in the address or in a form.")
_ANOTHER_METHOD = Refusal(405, "Not that method", "The page answers GET, HEAD and POST.")
_FRAMED = Refusal(403, "Not in a frame", "The page does not let other pages show it inside themselves.")
_CROSS_SITE = Refusal(403, "Not from another site", "Only the page's own buttons may change what it shows.")
"""No refusal repeats anything of the request."""


def refusal_of(
    method: str, headers: Mapping[str, str], query: bytes, body: bytes, allowed_hosts: Collection[str]
) -> Refusal | None:
    """Why a request is not served; None where it may be. headers: by name in lower case."""
    checks = (
        (is_own_host(headers.get("host", ""), allowed_hosts), _ANOTHER_HOST),
        ("authorization" not in headers, _A_KEY),
        (not query and not body, _PARAMETERS),
        (method in ("GET", "HEAD", "POST"), _ANOTHER_METHOD),
        (headers.get("sec-fetch-dest") not in _FRAMES, _FRAMED),
        (method != "POST" or _is_from_here(headers), _CROSS_SITE),
    )
    return next((refusal for passed, refusal in checks if not passed), None)


def _is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a form of this very origin sent it. One that says nothing is not believed."""
    says_something = "origin" in headers or "sec-fetch-site" in headers
    return says_something and headers.get("sec-fetch-site") != "none" and is_same_origin(headers)
