"""A foreign file as interactions, whichever tool wrote it; what the tools do differently ends here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from replaydisputes.cassette_file.loading import MAX_BYTES
from replaydisputes.cassette_file.reading import decoded_text, line_at
from replaydisputes.cassette_file.tree import FaultError, Mapping, Node, compose, describe
from replaydisputes.errors import CassetteFormatError
from replaydisputes.importing import har, vcr_like
from replaydisputes.importing.calls import Call
from replaydisputes.importing.json_tree import compose_json
from replaydisputes.importing.values import member, optional_text
from replaydisputes.model import Headers, Interaction, Request, Response, header, without_headers
from replaydisputes.redaction.encodings import decoded

_EXPECTED = "a recording (vcrpy, pytest-recording, cassetter, Ruby VCR or HAR)"
_RUBY_TAGS = {"!binary": "binary", "!str": "str", "!ruby/symbol": "str", "!ruby/sym": "str"}
_JSON_START = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds, in the order of time. unanswered: calls whose answer is not in it. noted: its own date."""

    format: str
    calls: tuple[Call, ...]
    unanswered: int = 0
    noted: str = ""

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
        return _recording(root)
    except FaultError as fault:
        raise CassetteFormatError(path, line_at(text, fault.index), fault.expected, fault.got) from None


def _recording(root: Node) -> Recording:
    if not isinstance(root, Mapping):
        raise FaultError(root.index, _EXPECTED, describe(root))
    for key, name, read in _FORMATS:
        node = member(root, key)
        if node is not None:
            calls, unanswered = read(root, node)
            noted = member(root, "replaydisputes")
            date = optional_text(noted, "recorded_at") if isinstance(noted, Mapping) else ""
            return Recording(_named(name, calls), tuple(_opened(_in_order(calls))), unanswered, date)
    raise FaultError(root.index, _EXPECTED, "a mapping with neither `interactions`, `http_interactions` nor `log`")


_Reader = Callable[[Mapping, Node], tuple[Sequence[Call], int]]
_FORMATS: tuple[tuple[str, str, _Reader], ...] = (
    ("http_interactions", "Ruby VCR", vcr_like.read_ruby),
    ("interactions", "vcrpy", vcr_like.read_version_1),
    ("log", "HAR", har.read),
)


def _named(name: str, calls: Sequence[Call]) -> str:
    return "cassetter" if name == "vcrpy" and any(call.recorded_at for call in calls) else name


def _in_order(calls: Sequence[Call]) -> Sequence[Call]:
    """In the order of time where every call says when it was made: cassetter files them by address, HAR as it likes.

    A close between two reads would otherwise come after both, and the history would be another one.
    """
    moments = [moment_of(call.recorded_at) for call in calls]
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        return calls
    return [call for _, call in sorted(zip(known, calls, strict=True), key=lambda pair: pair[0])]


def moment_of(spelled: str) -> datetime | None:
    """A time as HTTP or as ISO 8601 spells it, in UTC; None for anything else."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(spelled.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


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
