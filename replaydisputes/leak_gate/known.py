"""The very values seen in a capture, and the search for all of them at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from replaydisputes.leak_gate import canonical
from replaydisputes.leak_gate.collecting import EXACT_KINDS, read_capture
from replaydisputes.leak_gate.finding import Match
from replaydisputes.leak_gate.sentences import STRIPE_SENTENCES
from replaydisputes.leak_gate.vocabulary import FIXED_VOCABULARY
from replaydisputes.model import Interaction

_WORD_BYTES = b"abcdefghijklmnopqrstuvwxyz0123456789" + bytes(range(0x80, 0x100))
_TO_WORDS = bytes(byte if byte in _WORD_BYTES else 0x20 for byte in range(256))
_SENTENCE_WORD = re.compile(r"[^\W_]+")
_START = 5
_ONLY_A_TIME = re.compile(rb"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")


class _Needle(NamedTuple):
    """A value to look for, and its words, longest first. Its pattern is made only where all its words occur."""

    kind: str
    value: bytes
    words: tuple[bytes, ...]

    @property
    def longest_piece(self) -> bytes:
        """What stands between its blanks and quotes, in lower case: where it is not, no pattern need look."""
        return max(self.value.replace(b"'", b" ").lower().split(), key=len, default=b"")

    @property
    def mark(self) -> bytes:
        """The first byte of that piece that is no letter or digit; empty if it has none."""
        return self.longest_piece.translate(None, _WORD_BYTES)[:1]

    @property
    def start(self) -> bytes:
        """The beginning of the longest word, by which a look-up in a set settles most needles; empty if too short."""
        return self.words[0][:_START] if len(self.words[0]) >= _START else b""


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """Secret values with their kinds. Not for printing: its `repr` says only how many there are."""

    values: frozenset[tuple[str, str]] = frozenset()
    _by_start: dict[bytes, list[_Needle]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spellings = {(kind, way) for kind, value in self.values for way in _spellings(value)}
        needles = (_needle(kind, way) for kind, way in sorted(spellings))
        by_start: dict[bytes, list[_Needle]] = {}
        for needle in needles:
            if needle.words:
                by_start.setdefault(needle.start, []).append(needle)
        object.__setattr__(self, "_by_start", by_start)

    def __repr__(self) -> str:
        return f"KnownSecrets({len(self.values)} values)"

    @classmethod
    def collect(cls, interactions: Iterable[Interaction], keys: Iterable[str] = ()) -> KnownSecrets:
        """What raw interactions hold that must not be published, read independently of the redactor.

        Left out: what is too short to be evidence, what is a stand-in already, and what the same capture also says
        in public places (a customer called "Lost", a metadata value `usd`).
        """
        capture = read_capture(interactions)
        certain = {(kind, value) for kind, value in capture.certain if not canonical.is_placeholder(value.encode())}
        certain |= {("API key", key) for key in keys if len(key) >= 8}
        once = "\n".join((FIXED_VOCABULARY, *sorted(capture.public))).encode("utf-8", "replace")
        words = _words_of(once)
        likely = {pair for pair in capture.likely if _is_evidence(pair[1])}
        likely = {pair for pair in likely if not _is_public(*pair, once, words)}
        said = "\n".join((STRIPE_SENTENCES, *sorted(capture.messages))).encode("utf-8", "replace")
        return cls(frozenset(certain | {pair for pair in likely if not _is_of_a_message(*pair, said, _words_of(said))}))

    def merge(self, other: KnownSecrets) -> KnownSecrets:
        return KnownSecrets(self.values | other.values)

    def occurrences(self, text: bytes, once: bytes) -> Iterator[Match]:
        """Every known value in the text; `once` holds each of its lines at least once.

        A value can only stand where all its words stand, and few words of secrets occur in a clean file at all:
        that settles nearly every value without reading the text again.
        """
        if not self._by_start:
            return
        pieces = _pieces_of(once)
        words = _words_of(b"\n".join(pieces))
        starts = {words[at : at + _START] for at in range(len(words))}
        likely = (needle for start in self._by_start.keys() & starts for needle in self._by_start[start])
        occurs = cache(lambda word: word[:_START] in starts and word in words if len(word) >= _START else word in words)
        spelled = (it for it in (*self._by_start.get(b"", ()), *likely) if all(map(occurs, it.words)))
        for mark, needles in groupby(sorted(spelled, key=attrgetter("mark")), key=attrgetter("mark")):
            marked = b"\n".join(piece for piece in pieces if mark in piece)
            for needle in needles:
                if needle.longest_piece in marked:
                    for found in _pattern(needle).finditer(text):
                        yield Match(found.start(), found.end(), needle.kind)


def _pieces_of(text: bytes) -> set[bytes]:
    """What stands between blanks and quotes, in lower case."""
    return set(text.lower().replace(b"'", b" ").split())


def _words_of(text: bytes) -> bytes:
    """The distinct words of a text in lower case, one a line."""
    return b"\n".join(set(text.lower().translate(_TO_WORDS).split()))


def _needle(kind: str, value: bytes) -> _Needle:
    words = sorted(set(value.lower().translate(_TO_WORDS).split()), key=len, reverse=True)
    return _Needle(kind, value, tuple(words))


def _pattern(needle: _Needle) -> re.Pattern[bytes]:
    """A pattern that bears YAML's folding (any white space for any other) and its doubled single quotes."""
    kind, value, _ = needle
    parts = [re.escape(part).replace(b"'", b"''?") for part in value.split()]
    body = rb"\s+".join(parts)
    if kind == "card last four":
        body = rb"""(?i:last4)["']?\]?\s{0,3}[:=]\s{0,3}["']?""" + body + rb"(?!\d)"
    elif sum(map(_is_alphanumeric, value)) < 10 or value.isdigit():
        body = rb"(?<![A-Za-z0-9])" + body + rb"(?![A-Za-z0-9])"
    return re.compile(body, 0 if kind in EXACT_KINDS else re.IGNORECASE)


def _is_alphanumeric(byte: int) -> bool:
    return byte >= 0x80 or chr(byte).isalnum()


def _spellings(value: str) -> set[bytes]:
    """Letters outside ASCII come composed or decomposed, in either case; ASCII is compared without case anyway."""
    if value.isascii():
        return {value.encode()}
    cases = (value, value.lower(), value.upper(), value.title())
    forms = {unicodedata.normalize(form, way) for way in cases for form in ("NFC", "NFD")} | {value}
    return {form.encode("utf-8", "surrogatepass") for form in forms}


def _is_evidence(value: str) -> bool:
    """Whether finding the value again would prove a leak: 4 letters or digits with a letter in it, or 6 digits."""
    letters = sum(map(str.isalpha, value))
    digits = sum(map(str.isdigit, value))
    raw = value.strip().encode("utf-8", "surrogatepass")
    if _ONLY_A_TIME.fullmatch(raw) or canonical.is_placeholder(raw):
        return False
    return letters + digits >= 4 if letters else digits >= 6


def _is_of_a_message(kind: str, value: str, said: bytes, words: bytes) -> bool:
    """Whether several words stand so in a message of Stripe's, and are all words of its published messages.

    One word alone may be a name, and so may a phrase that the capture's messages say but no published one is made of.
    """
    spelled = _SENTENCE_WORD.findall(value.lower())
    is_made_of_stripes = len(spelled) > 1 and all(word in _sentence_words() for word in spelled)
    return is_made_of_stripes and _is_public(kind, value, said, words)


@cache
def _sentence_words() -> frozenset[str]:
    return frozenset(_SENTENCE_WORD.findall(STRIPE_SENTENCES.lower()))


def _is_public(kind: str, value: str, public: bytes, words: bytes) -> bool:
    return any(
        all(word in words for word in needle.words) and _pattern(needle).search(public) is not None
        for needle in (_needle(kind, way) for way in _spellings(value))
    )
