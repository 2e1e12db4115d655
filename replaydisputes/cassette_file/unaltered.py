"""A file that is byte for byte as it was written: read without a YAML reader, each interaction when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from operator import eq
from pathlib import Path
from typing import Any, TypeVar, cast, overload

from replaydisputes.errors import CassetteFormatError
from replaydisputes.model import Cassette, Interaction, MadeAgainst, Outline, Outlined, Provenance, Request, outline_of

from .entry import read_entry, read_outline, read_request
from .scalars import read_text
from .stamp import split_by_stamp

_HEAD = re.compile(
    "# .+\nversion: 1\nreplaydisputes:\n"
    "  made_against: (?P<made_against>stripe-test-mode|sandbox|imported)\n"
    "  scenario: (?P<scenario>.+)\n"
    "  stripe_version: (?P<stripe_version>.+)\n"
    "  tool_version: (?P<tool_version>.+)\n"
    "  recorded_at: (?P<recorded_at>.+)\n"
    "  interactions: [0-9]+\n"
    "  digest: (?P<digest>.+)\n"
    "(?P<edited>  edited: true\n)?"
)
_LISTING, _EMPTY_LISTING = b"interactions:\n", b"interactions: []\n"
_BETWEEN = b"\n- request:\n"
_CRLF_AFTER_FIRST_LINE = re.compile(rb"#[^\r\n]*\r\n")
_SMALL = 65_536
"""Up to here an entry is read once and whole: most of them will be asked for, and three ways to read take longer."""


_Part = TypeVar("_Part")


def unaltered(text: bytes, path: Path) -> Cassette | None:
    """The cassette in a file whose stamp holds, and so its digest too; None for any other text.

    Line breaks that git turned into CRLF alter nothing, as YAML reads them the same. `path` only names the file.
    """
    if _CRLF_AFTER_FIRST_LINE.match(text):
        text = text.replace(b"\r\n", b"\n")
    split = split_by_stamp(text)
    provenance = _provenance(split[0]) if split else None
    if split is None or provenance is None:
        return None
    if text.startswith(_LISTING, split[1]):
        return Cassette(LazyInteractions(text, split[1] + len(_LISTING), path), provenance)
    return Cassette((), provenance) if text[split[1] :] == _EMPTY_LISTING else None


class LazyInteractions(Outlined):
    """The interactions of an unaltered file, each read when it is first asked for; equal to the tuple of them.

    Nothing can be changed, so threads may share it: two that read the same entry at once get the same interaction.
    Raises CassetteFormatError where an entry cannot be read: somebody forged the stamp.
    """

    def __init__(self, text: bytes, start: int, path: Path) -> None:
        """start: where the first entry begins."""
        self._text, self._start, self._path = text, start, path
        self._known: dict[int, Interaction] = {}

    def outlines(self) -> Sequence[Outline]:
        if len(self._text) <= _SMALL:
            return [outline_of(one) for one in self]
        outlines: list[Outline] = []
        try:
            for start, end in pairwise(self._bounds):
                outlines.append(read_outline(self._text, start, end))
        except (ValueError, LookupError):
            raise self._fault(len(outlines)) from None
        return outlines

    def request(self, index: int) -> Request:
        return self._at(index).request if len(self._text) <= _SMALL else self._read(index, read_request)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, index: int) -> Interaction: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Interaction, ...]: ...

    def __getitem__(self, index: int | slice) -> Interaction | tuple[Interaction, ...]:
        if isinstance(index, int) and index in self._known:
            return self._known[index]
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else tuple(map(self._at, places))

    def __iter__(self) -> Iterator[Interaction]:
        return map(self._at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, tuple | LazyInteractions):
            return len(self) == len(other) and all(map(eq, self, other))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)

    @cached_property
    def _bounds(self) -> list[int]:
        """Where each entry begins, and the end of the last."""
        bounds = [self._start]
        while (found := self._text.find(_BETWEEN, bounds[-1])) >= 0:
            bounds.append(found + 1)
        return [*bounds, len(self._text)]

    def _at(self, index: int) -> Interaction:
        known = self._known.get(index)
        if known is None:
            known = self._known.setdefault(index, self._read(index, read_entry))
        return known

    def _read(self, index: int, read: Callable[[str], _Part]) -> _Part:
        try:
            return read(self._text[self._bounds[index] : self._bounds[index + 1]].decode("utf-8"))
        except (ValueError, LookupError):
            raise self._fault(index) from None

    def _fault(self, index: int) -> CassetteFormatError:
        line = self._text.count(b"\n", 0, self._bounds[index]) + 1
        return CassetteFormatError(self._path, line, "an interaction as it was written", "another")


def _provenance(head: bytes) -> Provenance | None:
    try:
        found = _HEAD.fullmatch(head.decode("utf-8"))
        names = ("scenario", "stripe_version", "tool_version", "recorded_at", "digest")
        said = [read_text(found[name]) for name in names] if found else []
    except (ValueError, LookupError):
        return None
    if found is None:
        return None
    made_against, edited = cast(MadeAgainst, found["made_against"]), found["edited"] is not None
    return Provenance(made_against, said[0], said[1], said[2], said[3], said[4], edited)
