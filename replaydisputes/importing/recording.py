"""A foreign file as interactions, whichever tool wrote it; what the tools do differently ends here."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from replaydisputes.cassette_file.loading import MAX_BYTES
from replaydisputes.cassette_file.reading import decoded_text, line_at
from replaydisputes.cassette_file.tree import FaultError, Listing, Mapping, Node, Scalar, compose, describe
from replaydisputes.errors import CassetteFormatError
from replaydisputes.importing import har, vcr_like
from replaydisputes.importing.calls import Call, Calls
from replaydisputes.importing.json_tree import compose_json
from replaydisputes.importing.lists import is_go_vcr, read_go_vcr, read_list
from replaydisputes.importing.ordering import in_order, moment_of
from replaydisputes.importing.values import member, optional_text
from replaydisputes.model import Headers, Interaction, Request, Response, header, without_headers
from replaydisputes.redaction.encodings import decoded

_EXPECTED = "a recording (vcrpy, Ruby VCR, HAR or another format that `redact --help` names)"
_RUBY_TAGS = {"!binary": "binary", "!str": "str", "!ruby/symbol": "str", "!ruby/sym": "str"}
_JSON_START = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds, in the order in which it was recorded.

    unanswered: calls whose answer is not in it. unreadable: calls to other hosts that have a fault.
    noted, scenario: the date and the name that a cassette of ours has in its provenance. doubt: why the order may be
    wrong; empty if nothing speaks against it.
    """

    format: str
    calls: tuple[Call, ...]
    unanswered: int = 0
    unreadable: int = 0
    noted: str = ""
    scenario: str = ""
    doubt: str = ""

    @property
    def recorded_at(self) -> str:
        """As the file itself notes it, else when the first call was answered by the server's Date or the recorder."""
        dates = (call.interaction.response.header("date") or "" for call in self.calls)
        calls = (call.recorded_at for call in self.calls)
        moment = next((found for text in (self.noted, *dates, *calls) if (found := moment_of(text))), None)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def parse_recording(content: bytes, path: Path) -> Recording:
    """The recording in a file's bytes, its format told by what is in it. Raises CassetteFormatError with the line."""
    text = decoded_text(content, path)
    try:
        root = compose_json(text) if _JSON_START.match(text) else compose(text, _RUBY_TAGS)
        if root is None:
            raise FaultError(0, _EXPECTED, "an empty file")
        found = _recording(root)
        starts = [found_break.start() for found_break in re.finditer("\n", text)]
        return replace(found, calls=tuple(replace(one, line=bisect_left(starts, one.index) + 1) for one in found.calls))
    except FaultError as fault:
        raise CassetteFormatError(path, line_at(text, fault.index), fault.expected, fault.got) from None


def _recording(root: Node) -> Recording:
    if isinstance(root, Listing) and (found := read_list(root)) is not None:
        return _made(found[0], found[1], found[1].calls)
    if not isinstance(root, Mapping):
        raise FaultError(root.index, _EXPECTED, describe(root))
    for key, usual_name, usual_read in _FORMATS:
        node = member(root, key)
        if node is None:
            continue
        is_go = key == "interactions" and is_go_vcr(node)
        found_calls = (read_go_vcr if is_go else usual_read)(root, node)
        name = "go-vcr" if is_go else _named(usual_name, root, found_calls.calls)
        if name in _UNORDERED:
            return _made(name, found_calls, *in_order(found_calls.calls))
        return _made(name, found_calls, found_calls.calls, "", member(root, "replaydisputes"))
    _refuse_by_name(root)
    raise FaultError(root.index, _EXPECTED, "a mapping with neither `interactions`, `http_interactions` nor `log`")


def _made(name: str, found: Calls, calls: Sequence[Call], doubt: str = "", own: Node | None = None) -> Recording:
    noted = own if isinstance(own, Mapping) else None
    date = optional_text(noted, "recorded_at") if noted else ""
    scenario = optional_text(noted, "scenario") if noted else ""
    return Recording(name, tuple(_opened(calls)), found.unanswered, found.unreadable, date, scenario, doubt)


def _refuse_by_name(root: Mapping) -> None:
    """Raises FaultError for a format that is known but lacks a part of the calls, which would have to be guessed."""
    for key, expected in _LACKING:
        if key in root.values:
            raise FaultError(root.key_index[key], _EXPECTED, expected)
    request, response = root.values.get("request"), root.values.get("response")
    if isinstance(request, Mapping) and isinstance(response, Mapping):
        raise FaultError(root.index, _EXPECTED, _WIREMOCK)


_WIREMOCK = "a WireMock mapping, which does not say which host was called nor what was sent"
_LACKING = (
    ("mappings", _WIREMOCK),
    ("responses", "a file of `responses`, which does not hold what was sent"),
)

_Reader = Callable[[Mapping, Node], Calls]
_FORMATS: tuple[tuple[str, str, _Reader], ...] = (
    ("http_interactions", "Ruby VCR", vcr_like.read_ruby),
    ("interactions", "vcrpy", vcr_like.read_version_1),
    ("log", "HAR", har.read),
)
_UNORDERED = ("cassetter", "HAR")
"""cassetter files calls by address, and a HAR archive may be in any order. All other recorders append."""


def _named(name: str, root: Mapping, calls: Sequence[Call]) -> str:
    if name == "vcrpy" and any(call.recorded_at for call in calls):
        return "cassetter"
    recorder = member(root, "recorded_with") if name == "Ruby VCR" else None
    is_betamax = isinstance(recorder, Scalar) and recorder.text.lower().startswith("betamax")
    return "Betamax" if is_betamax else name


def _opened(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls with bodies in clear, so that redactor and gate read the same bytes. Raises FaultError for a bomb."""
    left = MAX_BYTES
    for call in calls:
        request, response = call.interaction.request, call.interaction.response
        asked_headers, asked = _in_clear(request.headers, request.body)
        headers, body = _in_clear(response.headers, response.body)
        left -= len(asked) + len(body)
        if left < 0:
            raise FaultError(0, f"at most {MAX_BYTES:,} bytes of bodies once decompressed", "more")
        yield Call(
            Interaction(
                Request(request.method, request.url, asked_headers, asked),
                Response(response.status, headers, body, response.reason),
            ),
            call.recorded_at,
            call.index,
        )


def _in_clear(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """The body opened, and headers that say so; both as they are where nothing opens it.

    Recorders keep the Content-Encoding of a body they have decoded, or lose that of one they have not.
    """
    if header(headers, "content-encoding") is None:
        found = next((name for magic, name in _MAGIC if body.startswith(magic)), None)
        return (headers, body) if found is None else _in_clear((*headers, ("Content-Encoding", found)), body)
    done, opened = decoded(headers, body)
    if not done:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            return headers, body
    return without_headers(headers, ("content-encoding",)), opened
