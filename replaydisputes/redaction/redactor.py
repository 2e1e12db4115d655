"""Raw interactions to publishable ones. Everything is replaced but what the policy names."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlunsplit

from replaydisputes.model import Headers, Interaction, Request, Response, header, without_headers
from replaydisputes.redaction.body import redact_form, redact_json
from replaydisputes.redaction.kinds import Kind
from replaydisputes.redaction.leaves import Leaves
from replaydisputes.redaction.policy import PATH_WORDS, REQUEST_HEADERS, RESPONSE_HEADERS
from replaydisputes.redaction.stand_ins import StandIns, http_date_to_unix
from replaydisputes.stripe_api.facts import API_ORIGIN
from replaydisputes.stripe_api.forms import encode_form, parse_form
from replaydisputes.stripe_api.ids import is_id
from replaydisputes.stripe_api.urls import split_url

_MAX_INFLATED = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Redacted:
    """Publishable interactions. `replaced`: distinct values by kind; `dropped`: header fields left out, by count."""

    interactions: tuple[Interaction, ...]
    replaced: Mapping[str, int]
    dropped: int


def redact(interactions: Sequence[Interaction]) -> Redacted:
    """Make raw interactions publishable: default-deny, canonical, and the same again when applied twice.

    Every request is taken as one to api.stripe.com, whichever host stood in for it.
    """
    redactor = _Redactor(interactions)
    done = tuple(redactor.interaction(interaction) for interaction in interactions)
    return Redacted(done, redactor.stand_ins.counts, redactor.dropped.total())


class _Redactor:
    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self.stand_ins = StandIns(_texts(interactions))
        self.leaves = Leaves(self.stand_ins)
        self.dropped: Counter[str] = Counter()
        start_s = _start(interactions)
        if start_s is not None:
            self.stand_ins.start_at(start_s)

    def interaction(self, raw: Interaction) -> Interaction:
        return Interaction(self._request(raw.request), self._response(raw.response))

    def _request(self, raw: Request) -> Request:
        url = self._url(raw.url)
        headers = self._headers(raw.headers, REQUEST_HEADERS)
        plain, body = _decoded(raw.headers, raw.body)
        return Request(raw.method, url, headers, self._request_body(header(raw.headers, "content-type"), plain, body))

    def _request_body(self, content_type: str | None, plain: bool, body: bytes) -> bytes:
        if not body:
            return b""
        media_type = (content_type or "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
        if plain and media_type == "application/x-www-form-urlencoded":
            return encode_form(redact_form(parse_form(body), self.leaves))
        return self._json_or_whole(plain and media_type.endswith("json"), body)

    def _response(self, raw: Response) -> Response:
        plain, body = _decoded(raw.headers, raw.body)
        done = self._json_or_whole(plain, body) if body else b""
        kept = self._headers(without_headers(raw.headers, ("content-encoding", "transfer-encoding")), RESPONSE_HEADERS)
        headers = tuple((name, str(len(done)) if name.lower() == "content-length" else value) for name, value in kept)
        return Response(raw.status, headers, done, raw.reason)

    def _json_or_whole(self, try_json: bool, body: bytes) -> bytes:
        """The body with each leaf redacted; one that is not JSON is replaced whole."""
        if try_json:
            try:
                return redact_json(body, self.leaves)
            except (ValueError, RecursionError):
                pass
        return self.stand_ins.for_value(body.decode("utf-8", "backslashreplace"), "text").encode()

    def _headers(self, headers: Headers, policy: Mapping[str, tuple[Kind, str]]) -> Headers:
        kept: list[tuple[str, str]] = []
        for name, value in headers:
            rule = policy.get(name.lower())
            if rule is None:
                self.dropped[name.lower()] += 1
            else:
                kept.append((name, self.leaves.header(value, rule[0])))
        return tuple(kept)

    def _url(self, url: str) -> str:
        target = split_url(url)
        path = "/".join(self._segment(segment) for segment in target.path.split("/"))
        query = encode_form(redact_form(parse_form(target.query), self.leaves)).decode("ascii")
        return urlunsplit((*API_ORIGIN.split("://"), path, query, ""))

    def _segment(self, segment: str) -> str:
        if segment in PATH_WORDS or not segment:
            return segment
        return quote(self.leaves.identifier(segment) if is_id(segment) else self.leaves.segment(segment))


def _decoded(headers: Headers, body: bytes) -> tuple[bool, bytes]:
    """The body behind its content encoding, and whether it could be decoded."""
    encoding = (header(headers, "content-encoding") or "identity").strip().lower()
    if encoding in ("identity", "") or not body:
        return True, body
    if encoding in ("gzip", "x-gzip", "deflate"):
        try:
            return True, _inflate(body)
        except (zlib.error, ValueError):
            pass
    return False, body


def _inflate(body: bytes) -> bytes:
    """Whatever zlib or gzip packed. Raises ValueError past a bound, so that a bomb costs no memory."""
    inflator = zlib.decompressobj(wbits=47)
    inflated = inflator.decompress(body, _MAX_INFLATED)
    if inflator.unconsumed_tail or not inflator.eof:
        raise ValueError("truncated, or inflates beyond reason")
    return inflated


def _texts(interactions: Iterable[Interaction]) -> Iterable[str]:
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        yield request.url
        for _, value in (*request.headers, *response.headers):
            yield value
        for headers, body in ((request.headers, request.body), (response.headers, response.body)):
            yield _decoded(headers, body)[1].decode("utf-8", "replace")


def _start(interactions: Iterable[Interaction]) -> int | None:
    """The moment the capture began: the first Date that an answer carries."""
    for interaction in interactions:
        date = interaction.response.header("date")
        start_s = http_date_to_unix(date) if date else None
        if start_s is not None:
            return start_s
    return None
