"""One recorded call, as every reader of a foreign format gives it, and the calls of a whole file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from replaydisputes.cassette_file.tree import FaultError, Mapping, Node, Scalar
from replaydisputes.model import Interaction
from replaydisputes.stripe_api.facts import API_HOST

STRIPE_HOSTS = frozenset(
    {API_HOST, "files.stripe.com", "uploads.stripe.com", "connect.stripe.com", "meter-events.stripe.com"}
)
"""Where Stripe's SDKs send API calls. What a browser loads from stripe.com is not one."""

_LOOKS_LIKE_STRIPE = re.compile(r"(?i)stripe|/v[12]/")


@dataclass(frozen=True, slots=True)
class Call:
    """An interaction, and when the recorder says it took place, in the recorder's spelling; empty if it does not.

    index, line: where in the file the call begins, as a character from 0 and as a line from 1.
    """

    interaction: Interaction
    recorded_at: str = ""
    index: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a file. unanswered: how many have no answer. unreadable: how many to other hosts had a fault."""

    calls: Sequence[Call]
    unanswered: int = 0
    unreadable: int = 0


def read_calls(items: Sequence[Node], read: Callable[[Node], Call | None]) -> Calls:
    """Read each call; `read` returns None for one without an answer.

    A fault in a call to another host does not refuse the file, because that call is left out anyway. A recorder that
    filters addresses may even have put a placeholder in place of the whole URL.
    """
    calls: list[Call] = []
    unanswered = unreadable = 0
    for item in items:
        try:
            call = read(item)
        except FaultError:
            if not _goes_elsewhere(_address_of(item)):
                raise
            unreadable += 1
            continue
        if call is None:
            unanswered += 1
        else:
            calls.append(call)
    return Calls(calls, unanswered, unreadable)


def _address_of(item: Node) -> str:
    """The text in the place of the URL, as it stands; empty if there is none."""
    request = _named(item, "request")
    for parent, key in ((request, "uri"), (request, "url"), (item, "scope")):
        node = _named(parent, key)
        if isinstance(node, Scalar):
            return node.text
    return ""


def _named(node: Node | None, key: str) -> Node | None:
    return (node.values.get(key) or node.values.get(f":{key}")) if isinstance(node, Mapping) else None


def _goes_elsewhere(address: str) -> bool:
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        host = ""
    if re.fullmatch(r"[a-z0-9.-]+", host):
        return host not in STRIPE_HOSTS
    return bool(address) and _LOOKS_LIKE_STRIPE.search(address) is None
