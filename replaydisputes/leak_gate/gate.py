"""Reads a file in every way it can be read and looks for secrets in each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

from replaydisputes.leak_gate import views
from replaydisputes.leak_gate.blobs import Budget, decode_blobs, decompress_text
from replaydisputes.leak_gate.fields import header_fields, personal_fields
from replaydisputes.leak_gate.finding import Leak, Match, mask, without_overlaps
from replaydisputes.leak_gate.known import KnownSecrets
from replaydisputes.leak_gate.numbers import has_folded_numbers, number_shapes
from replaydisputes.leak_gate.shapes import line_shapes
from replaydisputes.leak_gate.unreadable import unreadable_bodies
from replaydisputes.leak_gate.views import View

DEEPEST = 6
"""Encodings undone one inside the other, such as base64 of gzip of JSON escapes."""

_UNDO = (
    views.undo_backslashes,
    views.undo_percents,
    views.undo_form_encoding,
    views.undo_entities,
)
_NOTHING_KNOWN = KnownSecrets()
_DIGEST = re.compile(rb"(?<=^  (?:digest|layout): sha256:)[0-9a-f]{64}(?=\r?$)", re.M)
"""The provenance's own digests. They are drawn: read as hex, one in some ten thousand spells an address."""

_OWN_LINE = re.compile(
    rb"\A# (?:Made by the replaydisputes sandbox\. NOT a recording of Stripe\."
    rb"|Recorded from Stripe test mode by replaydisputes\.|Imported by replaydisputes from another tool's cassette\.)"
    rb"(?: Edited by hand since\.)?(?=\r?$)",
    re.M,
)
"""The first line of a cassette, which the tool writes itself: a personal value `from` is not found again in it."""


def find_leaks(text: bytes, known: KnownSecrets = _NOTHING_KNOWN) -> list[Leak]:
    """Every secret in a serialized cassette, in file order; empty means publishable.

    text: the bytes about to be committed, because parsing can hide what git would publish.
    known: the values seen while recording; looked for raw and in each encoding they may hide in.
    Key shapes: docs.stripe.com/keys.
    """
    text = _DIGEST.sub(lambda digest: b"0" * len(digest[0]), text, count=2)
    text = _OWN_LINE.sub(lambda line: b"#" + b" " * (len(line[0]) - 1), text)
    findings = _Findings(text)
    budget = 16 * len(text) + 8 * 1024 * 1024
    for match in unreadable_bodies(text):
        findings.add(match.kind, match.start, b"", View(text))
    for view in _readings(text):
        budget -= len(view.text)
        if budget < 0 or view.cut_short:
            findings.add("unreadable: grows too large", next(view.offsets_in_file(0)), b"", view)
        if budget < 0:
            break
        for match in _matches(view, known):
            for place in view.offsets_in_file(match.start):
                findings.add(match.kind, place, view.text[match.start : match.end], view)
    return sorted(findings.leaks, key=lambda leak: (leak.line, leak.column, leak.kind))


class _Findings:
    """The leaks so far. What a plainer reading told of a place is not told again."""

    def __init__(self, text: bytes) -> None:
        self.leaks: list[Leak] = []
        self._text = text
        self._line_starts: list[int] = []
        self._told: dict[str, list[tuple[int, int]]] = {}

    def add(self, kind: str, start: int, value: bytes, view: View) -> None:
        told, end = self._told.setdefault(kind, []), start + max(len(value), 1)
        index = bisect_right(told, (start, end))
        if any(first < end and start < last for first, last in told[max(index - 1, 0) : index + 1]):
            return
        told.insert(index, (start, end))
        if not self._line_starts:
            self._line_starts = [0, *(at + 1 for at in views.occurrences(self._text, b"\n"))]
        line = bisect_right(self._line_starts, start)
        column = start - self._line_starts[line - 1] + 1
        self.leaks.append(Leak(kind, line, column, mask(value), ", ".join(view.encoding)))


def _readings(text: bytes) -> Iterator[View]:
    """The file as it stands, then with each encoding undone, breadth first; nothing is read twice."""
    waiting, seen, budget = deque([View(_as_utf8(text))]), set[int](), Budget(len(text))
    while waiting:
        view = waiting.popleft()
        if hash(view.text) in seen:
            continue
        seen.add(hash(view.text))
        yield view
        if len(view.encoding) < DEEPEST:
            waiting.extend(child for undo in _UNDO if (child := undo(view)) is not None)
            inflated = decompress_text(view, budget)
            waiting.extend([] if inflated is None else [inflated])
            waiting.extend(decode_blobs(view, budget))


def _as_utf8(text: bytes) -> bytes:
    """A file in UTF-16 (told by its mark) as UTF-8, which keeps its lines; any other as it is."""
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return text.decode("utf-16", "replace").encode()
    return text


def _matches(view: View, known: KnownSecrets) -> list[Match]:
    """All that one reading shows. Lines repeat a lot in a cassette, so most patterns first see each line once."""
    text, once = view.text, view.once
    certain = list(known.occurrences(text, once))
    if next(line_shapes(once), None) is not None:
        certain.extend(line_shapes(text))
    if has_folded_numbers(text, once) or next(number_shapes(once), None) is not None:
        certain.extend(number_shapes(text))
    return without_overlaps(certain, [*header_fields(text, once), *personal_fields(text, once)])
