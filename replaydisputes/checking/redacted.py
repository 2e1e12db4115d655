"""Deny by default, once more: whatever the redactor would replace in a cassette of ours was put there by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import zip_longest
from typing import Any

from replaydisputes.checking.finding import Fault, JsonPath
from replaydisputes.model import Headers, Interaction, header
from replaydisputes.redaction import Policy, Redaction
from replaydisputes.stripe_api.urls import split_url

NOT_REDACTED = "redaction/not-redacted"
_PUBLIC_HOST = re.compile(r"(?:[a-z-]+\.)?stripe\.com|host-[0-9]+\.invalid")
_PHRASES = frozenset({"", *(status.phrase for status in HTTPStatus)})
_OF_THE_TRANSPORT = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_A_TIME = 1_000_000_000
"""Numbers from here on that stay numbers are times; a hand may move them, as they tell of nobody."""


def redaction_faults(interactions: Sequence[Interaction], policy: Policy) -> Iterator[Fault]:
    """Each field whose value redaction would not leave as it is, since redacting twice equals redacting once."""
    try:
        again = Redaction(policy, other_hosts=True).redact(interactions).interactions
    except ValueError:
        return  # an address that is none, which is told for itself
    for number, (was, now) in enumerate(zip(interactions, again, strict=True)):
        field = f"interactions[{number}]"
        if was.request.method != now.request.method:
            yield _fault(f"{field}.request.method")
        if _where(was.request.url) != _where(now.request.url):
            yield _fault(f"{field}.request.uri")
        if was.response.reason not in _PHRASES:
            yield _fault(f"{field}.response.status.message")
        for part, one, other in (("request", was.request, now.request), ("response", was.response, now.response)):
            yield from _header_faults(f"{field}.{part}.headers", one.headers, other.headers)
            if header(one.headers, "content-encoding") is None:
                yield from _body_faults(f"{field}.{part}.body", one.body, other.body)


def _where(url: str) -> tuple[str, str, str]:
    target = split_url(url)
    host = "" if _PUBLIC_HOST.fullmatch(target.host) else target.host
    return host, target.path, target.query


def _header_faults(field: str, was: Headers, now: Headers) -> Iterator[Fault]:
    left = list(now)
    for name, value in was:
        if (name, value) in left:
            left.remove((name, value))
        elif name.lower() not in _OF_THE_TRANSPORT:
            yield _fault(f"{field}.{name}")


def _body_faults(field: str, was: bytes, now: bytes) -> Iterator[Fault]:
    if was == now:
        return
    try:
        pair = json.loads(was, object_pairs_hook=_each_key_once), json.loads(now)
    except (ValueError, RecursionError):
        yield _fault(field)
        return
    for path in _differences(*pair, ()):
        yield _fault(field, path)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError for a key that comes twice: of the two values parsers see only one, people both."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key comes twice")
    return read


def _differences(was: Any, now: Any, path: JsonPath) -> Iterator[JsonPath]:
    if isinstance(was, dict) and isinstance(now, dict):
        for (key, one), (kept, other) in zip_longest(was.items(), now.items(), fillvalue=("", None)):
            if key != kept:
                yield (*path, key)
            else:
                yield from _differences(one, other, (*path, key))
    elif isinstance(was, list) and isinstance(now, list):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differences(one, other, (*path, index))
    elif was != now and not _are_times(was, now):
        yield path


def _are_times(was: Any, now: Any) -> bool:
    return isinstance(was, int) and isinstance(now, int) and min(was, now) >= _A_TIME


def _fault(field: str, path: JsonPath | None = None) -> Fault:
    return Fault(
        NOT_REDACTED, "no rule of the policy lets this value stand; the redactor would replace it", field, path
    )
