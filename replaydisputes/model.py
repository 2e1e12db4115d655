"""The frozen values every other module speaks in, and the one protocol that joins recording and replay."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, NamedTuple, Protocol

Headers = tuple[tuple[str, str], ...]
"""Header fields in wire order, names as they were spelled; a repeated field is a repeated pair."""

MadeAgainst = Literal["stripe-test-mode", "sandbox", "imported"]
"""What a cassette was recorded from. Only `stripe-test-mode` may be called a recording of Stripe."""

FaultKind = Literal["timeout", "connection-reset"]
"""What can go wrong on the wire on demand: no answer in time, or the connection lost before one."""

AnsweredFault = Literal["rate-limit", "lock-timeout", "server-error"]
"""What can go wrong on demand with an answer of Stripe's."""


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header field, its name compared without case; None where it is absent."""
    wanted = name.lower()
    return next((value for field, value in headers if field.lower() == wanted), None)


def without_headers(headers: Headers, names: Iterable[str]) -> Headers:
    """The same fields in the same order, less those named (compared without case)."""
    dropped = {name.lower() for name in names}
    return tuple(pair for pair in headers if pair[0].lower() not in dropped)


_PLAIN_SEGMENT = re.compile(r"(?!.*_(?:test|live)_)[A-Za-z0-9_]{0,64}")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: method in upper case, absolute URL as sent, body as the bytes on the wire.

    Its repr, as a response's, ends up in tracebacks and logs, so that neither shows a value that may be secret.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    def __repr__(self) -> str:
        return f"<Request {self.method} {_shown_url(self.url)}: {_sizes(self.headers, self.body)}>"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response. `body` is what follows the header on the wire, content encoding included."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    reason: str = ""

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    def __repr__(self) -> str:
        return f"<Response {self.status}: {_sizes(self.headers, self.body)}>"


def _sizes(headers: Headers, body: bytes) -> str:
    return f"{len(headers)} header field{'' if len(headers) == 1 else 's'}, {len(body)} bytes"


def _shown_url(url: str) -> str:
    """A URL without user, query and fragment; a path segment that may be more than an id is `…`."""
    scheme, slashes, rest = re.split("[?#]", url, maxsplit=1)[0].partition("//")
    authority, slash, path = rest.partition("/")
    segments = (segment if _PLAIN_SEGMENT.fullmatch(segment) else "…" for segment in path.split("/"))
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{'/'.join(segments)}"


def reason_phrase(status: int) -> str:
    """The standard reason phrase of an HTTP status (RFC 9110); empty for a status that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and its response."""

    request: Request
    response: Response


class Outline(NamedTuple):
    """What places an interaction in a history: what was asked, under which key and account, and the status."""

    method: str
    url: str
    key: str
    account: str
    status: int


class Outlined(Sequence[Interaction]):
    """Interactions that tell their outlines, and each request, without being read whole."""

    @abstractmethod
    def outlines(self) -> Sequence[Outline]: ...

    @abstractmethod
    def request(self, index: int) -> Request: ...


def outline_of(interaction: Interaction) -> Outline:
    request = interaction.request
    key, account = request.header("idempotency-key") or "", request.header("stripe-account") or ""
    return Outline(request.method, request.url, key, account, interaction.response.status)


def outlines_of(interactions: Sequence[Interaction]) -> Sequence[Outline]:
    return interactions.outlines() if isinstance(interactions, Outlined) else [outline_of(one) for one in interactions]


UNDATED = "1970-01-01T00:00:00Z"
"""`recorded_at` of an imported recording that has no date: a clock would give the same input other bytes every time."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a cassette came to be. `recorded_at` is UTC as YYYY-MM-DDTHH:MM:SSZ; `digest` covers the interactions.

    edited: somebody changed the interactions by hand and sealed them, so that nobody ever answered quite so.
    """

    made_against: MadeAgainst
    scenario: str
    stripe_version: str
    tool_version: str
    recorded_at: str
    digest: str = ""
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Cassette:
    """An ordered list of interactions and, where it is ours, its provenance (None for a foreign vcrpy file).

    interactions: a tuple or, where a file is read as far as it is asked for, a sequence equal to that tuple.
    """

    interactions: Sequence[Interaction]
    provenance: Provenance | None = None


class TransportFault(Exception):  # noqa: N818 - told to a transport, which raises its client's own error
    """An answerer's order that this request fails on the wire. Each transport raises its client's own exception."""

    def __init__(self, kind: FaultKind) -> None:
        self.kind = kind
        super().__init__(f"injected: {kind}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.kind,), vars(self)


class Answerer(Protocol):
    """Whatever can answer a request: a Player from a cassette, a Sandbox from its model.

    Raises ReplayDisputesError where it has no answer; it never makes one up. Raises TransportFault where the request
    is to fail on the wire because the test asked for that.
    """

    def answer(self, request: Request) -> Response: ...
