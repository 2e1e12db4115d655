"""Raw interactions to publishable ones. Everything is replaced but what the policy names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlunsplit

from replaydisputes.model import Headers, Interaction, Request, Response, header, reason_phrase, without_headers
from replaydisputes.redaction.body import redact_form, redact_json
from replaydisputes.redaction.encodings import decoded
from replaydisputes.redaction.leaves import Leaves
from replaydisputes.redaction.policy import DEFAULT_POLICY, Policy
from replaydisputes.redaction.sent import Sent, is_chosen_segment
from replaydisputes.redaction.stand_ins import STAND_IN, StandIns, http_date_to_unix
from replaydisputes.stripe_api.facts import API_HOST
from replaydisputes.stripe_api.forms import encode_form, parse_form
from replaydisputes.stripe_api.ids import is_id
from replaydisputes.stripe_api.kinds import Kind
from replaydisputes.stripe_api.urls import is_stripe_host, split_url

_JUST_BEFORE_S = 3600
_CREATED = re.compile(rb'"created": ?([0-9]{9,11})\b')
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Redacted:
    """Publishable interactions. `replaced`: distinct values by kind; `dropped`: header fields left out, by count.

    stand_ins: each real value and what took its place; secret, for whoever plays the raw calls against the result.
    """

    interactions: tuple[Interaction, ...]
    replaced: Mapping[str, int]
    dropped: int
    stand_ins: Mapping[str, str] = field(default_factory=dict, repr=False)


class Redaction:
    """One run over any number of recordings: the same person or id has the same stand-in in all of them."""

    def __init__(self, policy: Policy = DEFAULT_POLICY, *, other_hosts: bool = False) -> None:
        """other_hosts: keep apart which host a request went to, as `host-1.invalid`; else all count as Stripe's."""
        self._stand_ins = StandIns()
        self._leaves = Leaves(self._stand_ins, policy)
        self._policy, self._other_hosts = policy, other_hosts
        self._dropped: Counter[str] = Counter()

    def reserve(self, interactions: Iterable[Interaction]) -> None:
        """Keep stand-ins that are already in these recordings from being given to anybody else."""
        for text in _texts(interactions):
            self._stand_ins.reserve(text)

    def redact(self, interactions: Sequence[Interaction]) -> Redacted:
        """Make one recording publishable: default-deny, canonical, and the same again when applied twice."""
        self.reserve(interactions)
        self._dropped.clear()
        self._stand_ins.begin(_start(interactions))
        self._leaves.sent = Sent(interactions)
        done = tuple(Interaction(self._request(raw.request), self._response(raw.response)) for raw in interactions)
        return Redacted(done, self._stand_ins.counts(), self._dropped.total(), self._stand_ins.given())

    def _request(self, raw: Request) -> Request:
        self._leaves.sent.begin_request()
        method = raw.method.upper() if raw.method.upper() in _METHODS else "REDACTED"
        url = self._url(raw.url)
        headers = self._headers(raw.headers, self._policy.request_headers)
        plain, body = decoded(raw.headers, raw.body)
        return Request(method, url, headers, self._request_body(header(raw.headers, "content-type"), plain, body))

    def _request_body(self, content_type: str | None, plain: bool, body: bytes) -> bytes:
        if not body:
            return b""
        if STAND_IN.fullmatch(body.decode("utf-8", "replace")):
            return body
        media_type = (content_type or "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
        if plain and media_type == "application/x-www-form-urlencoded":
            return encode_form(redact_form(parse_form(body), self._leaves))
        return self._json_or_whole(plain and media_type.endswith("json"), body)

    def _response(self, raw: Response) -> Response:
        plain, body = decoded(raw.headers, raw.body)
        done = self._json_or_whole(plain, body) if body else b""
        named = without_headers(raw.headers, ("content-encoding", "transfer-encoding"))
        kept = self._headers(named, self._policy.response_headers)
        headers = tuple((name, str(len(done)) if name.lower() == "content-length" else value) for name, value in kept)
        return Response(raw.status, headers, done, reason_phrase(raw.status) if raw.reason else "")

    def _json_or_whole(self, try_json: bool, body: bytes) -> bytes:
        """The body with each leaf redacted; one that is not JSON is replaced whole."""
        if try_json:
            try:
                return redact_json(body, self._leaves)
            except (ValueError, RecursionError):
                pass
        return self._stand_ins.for_value(body.decode("utf-8", "backslashreplace"), "text").encode()

    def _headers(self, headers: Headers, policy: Mapping[str, Kind]) -> Headers:
        kept: list[tuple[str, str]] = []
        for name, value in headers:
            kind = policy.get(name.lower())
            if kind is None:
                self._dropped[name.lower()] += 1
            else:
                kept.append((name, self._leaves.header(value, kind)))
        return tuple(kept)

    def _url(self, url: str) -> str:
        target = split_url(url)
        host = API_HOST
        if self._other_hosts and not is_stripe_host(target.host):
            host = self._stand_ins.for_value(target.host, "host")
        path = "/".join(self._segment(segment) for segment in target.path.split("/"))
        query = encode_form(redact_form(parse_form(target.query), self._leaves)).decode("ascii")
        return urlunsplit(("https", host, path, query, ""))

    def _segment(self, segment: str) -> str:
        if not is_chosen_segment(segment):
            return segment
        return quote(self._leaves.identifier(segment) if is_id(segment) else self._leaves.segment(segment))


def redact(interactions: Sequence[Interaction], policy: Policy = DEFAULT_POLICY) -> Redacted:
    """Make one recording publishable, with a memory of its own. Every request counts as one to api.stripe.com."""
    return Redaction(policy).redact(interactions)


def _texts(interactions: Iterable[Interaction]) -> Iterable[str]:
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        yield request.url
        for _, value in (*request.headers, *response.headers):
            yield value
        for headers, body in ((request.headers, request.body), (response.headers, response.body)):
            yield decoded(headers, body)[1].decode("utf-8", "replace")


def _start(interactions: Iterable[Interaction]) -> int | None:
    """The moment the capture began: the first Date, or the birth of the first object where that is just before it.

    A dispute made seconds before midnight has its days counted from its own day, not from the first read of it.
    """
    for interaction in interactions:
        date = interaction.response.header("date")
        start_s = http_date_to_unix(date) if date else None
        if start_s is not None:
            found = _CREATED.search(decoded(interaction.response.headers, interaction.response.body)[1])
            created_s = int(found[1]) if found else start_s
            return created_s if 0 <= start_s - created_s < _JUST_BEFORE_S else start_s
    return None
