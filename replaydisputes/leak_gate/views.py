"""The ways to read a file: as it stands, and with each encoding undone, every reading knowing where it came from."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote_to_bytes

Span = tuple[int, int]

GAP = b"\n\0\n"
"""Stands between pieces of a view that were not neighbours, so that no pattern reads across."""

_NEIGHBOURS = 3
"""Lines on either side that are read along with an encoded one: a value may be folded, and encoded only in part."""

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}"
    rb"|\r?\n[ \t]*(?:\\(?=[ \t]))?|[^\r\n])"
)
_SINGLE_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"0": b"\0", b"a": b"\a"}
_SINGLE_ESCAPES |= {b"v": b"\v", b"e": b"\x1b", b"N": b"\xc2\x85", b"_": b"\xc2\xa0", b"L": b"\n", b"P": b"\n"}
_PERCENT = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(rb"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_PLUS_BETWEEN = re.compile(rb"[A-Za-z0-9.,:-]\+[A-Za-z0-9%(]")
_FORM_ESCAPE = re.compile(rb"(?:\+|%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class View:
    """One reading of the file. `starts[i]` in this text came from `sources[i]` in the parent's.

    tokens: where a piece came from a token that may stand in many places, by index; its source counts from there.
    stretch: how many bytes of the parent one byte of this text took (4/3 for base64, 0 for compressed data).
    cut_short: whether there was more than is shown here.
    """

    text: bytes
    encoding: tuple[str, ...] = ()
    parent: View | None = None
    starts: list[int] = field(default_factory=list, repr=False)
    sources: list[int] = field(default_factory=list, repr=False)
    tokens: dict[int, bytes] = field(default_factory=dict, repr=False)
    stretch: float = 1
    cut_short: bool = False

    @cached_property
    def once(self) -> bytes:
        """Each line of the text once. A cassette repeats its lines some eight times, so what fits in a line is first
        looked for here; and what no line holds, the text does not hold.
        """
        return b"\n".join(dict.fromkeys(self.text.split(b"\n")))

    def offsets_in_file(self, offset: int) -> Iterator[int]:
        """Every place of the file that reads so here; more than one only where the same token stands there again."""
        if self.parent is None:
            yield offset
            return
        index = max(bisect_right(self.starts, offset) - 1, 0)
        source = self.sources[index] + int((offset - self.starts[index]) * self.stretch)
        token = self.tokens.get(index)
        for base in occurrences(self.parent.text, token) if token else (0,):
            yield from self.parent.offsets_in_file(base + source)


def occurrences(text: bytes, token: bytes) -> Iterator[int]:
    at = text.find(token)
    while at >= 0:
        yield at
        at = text.find(token, at + len(token))


class ViewBuilder:
    """Puts a view together piece by piece, remembering where each piece stood in the parent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self._sources: list[int] = []
        self._tokens: dict[int, bytes] = {}
        self._length = 0
        self.cut_short = False

    def add(self, piece: bytes, source: int, token: bytes = b"") -> None:
        if token:
            self._tokens[len(self._starts)] = token
        self._starts.append(self._length)
        self._sources.append(source)
        self._pieces.append(piece)
        self._length += len(piece)

    def __bool__(self) -> bool:
        return self._length > 0

    def build(self, parent: View, encoding: str, stretch: float = 1) -> View:
        path = (*parent.encoding, encoding)
        return View(
            b"".join(self._pieces), path, parent, self._starts, self._sources, self._tokens, stretch, self.cut_short
        )


def undo_backslashes(view: View) -> View | None:
    """JSON's escapes and those of YAML's double quotes, with its lines that end in a backslash joined."""
    spans = _marked_lines(view.text, b"\\")
    return _rewritten(view, "backslash escapes", spans, _ESCAPE, _unescaped)


def undo_percents(view: View) -> View | None:
    spans = _marked_lines(view.text, b"%")
    return _rewritten(view, "percent-encoding", spans, _PERCENT, lambda found: unquote_to_bytes(found[0]))


def undo_form_encoding(view: View) -> View | None:
    """Percents with plus as space, on lines that look like a form or a query, or have a plus between two words."""
    spans = [
        span
        for span in _marked_lines(view.text, b"+")
        if view.text.find(b"=", *span) >= 0 or _PLUS_BETWEEN.search(view.text, *span)
    ]
    return _rewritten(
        view, "form encoding", spans, _FORM_ESCAPE, lambda found: unquote_to_bytes(found[0].replace(b"+", b" "))
    )


def undo_entities(view: View) -> View | None:
    spans = _marked_lines(view.text, b"&")
    return _rewritten(view, "HTML escapes", spans, _ENTITY, _entity)


def _marked_lines(text: bytes, marker: bytes) -> list[Span]:
    """The lines that hold the marker and their neighbours, those that touch joined into one span."""
    spans: list[Span] = []
    at = text.find(marker)
    while at >= 0:
        start = text.rfind(b"\n", 0, at) + 1
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        at = text.find(marker, end)
        for _ in range(_NEIGHBOURS):
            start = text.rfind(b"\n", 0, max(start - 1, 0)) + 1
            following = text.find(b"\n", end + 1)
            end = len(text) if following < 0 else following
        if spans and start <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _rewritten(
    view: View,
    encoding: str,
    spans: list[Span],
    pattern: re.Pattern[bytes],
    replace: Callable[[re.Match[bytes]], bytes],
) -> View | None:
    """The spans with every match of the pattern replaced; None where nothing would change."""
    builder, changed = ViewBuilder(), False
    for start, end in spans:
        pieces = list(_pieces(view.text, start, end, pattern, replace))
        if len(pieces) == 1:
            continue
        changed = True
        for piece, source in pieces:
            builder.add(piece, source)
        builder.add(GAP, end)
    return builder.build(view, encoding) if changed else None


def _pieces(
    text: bytes, start: int, end: int, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]
) -> Iterator[tuple[bytes, int]]:
    """The span in order, as pieces with their source offsets; a span without a match is a single piece."""
    done = start
    for found in pattern.finditer(text, start, end):
        yield text[done : found.start()], done
        yield replace(found), found.start()
        done = found.end()
    yield text[done:end], done


def _unescaped(found: re.Match[bytes]) -> bytes:
    body = found[0][1:]
    if body[:1] in b"\r\n":
        return b""
    if body[:1] in b"uUx" and len(body) > 1:
        return _code_point(body)
    return _SINGLE_ESCAPES.get(body, body)


def _code_point(body: bytes) -> bytes:
    units = [int(unit, 16) for unit in re.split(rb"\\?[uUx]", body)[1:]]
    code = units[0] if len(units) == 1 else 0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00)
    return chr(code).encode("utf-8", "replace") if code <= 0x10FFFF else b"?"


def _entity(found: re.Match[bytes]) -> bytes:
    return html.unescape(found[0].decode("ascii")).encode("utf-8", "replace")
