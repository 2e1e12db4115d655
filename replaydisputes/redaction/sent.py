"""What the client itself sent: the same value gets the same stand-in where Stripe says it back in an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from replaydisputes.model import Interaction
from replaydisputes.stripe_api.ids import is_id
from replaydisputes.stripe_api.path_words import PATH_WORDS
from replaydisputes.stripe_api.urls import split_url

_QUOTED = re.compile(r"(?<=['\"`\[])[^'\"`\[\]\n]+(?=['\"`\]])")
_WHOLE_QUOTE = re.compile(r"(?<=['\"`])[^'\"`\n]+(?=['\"`])")
"""Also with brackets in it, as the names of parameters have them."""
_AFTER_COLON = re.compile(r"(?:(?<=: )|(?<=, ))[^\s,;'\"`]+?(?=[,;]|[.]?(?:\s|\Z))")
_TOKEN = re.compile(r"[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*")


_WORD_START = re.compile(r"(?<!\w)(?=\w)")
_WHOLE = re.compile(r".+", re.DOTALL)
_LEAST_TELLING, _MOST_TELLING = 6, 100
_TELLING = re.compile(r"[0-9]|[^\W\d_a-zA-Z]|[A-Z].*[A-Z]", re.DOTALL)
"""A digit, a letter that English has not, or two capitals: a phrase of Stripe's own messages has none of them."""


class Sent:
    """The values that requests of one recording sent and that redaction replaces.

    segments: of paths. keys: Idempotency-Keys. A segment is found in a message wherever it is a whole word; a key,
    and what `note` was told of the request now redacted, only where the message quotes it or names it behind a colon.
    A longer value that holds a digit or capitals is found anywhere, also if an earlier request sent it.
    """

    def __init__(self, interactions: Iterable[Interaction] = ()) -> None:
        self.segments: set[str] = set()
        self.keys: set[str] = set()
        self._noted: dict[str, str] = {}
        self._telling: dict[str, str] = {}
        self._lengths: dict[str, set[int]] = {}
        for interaction in interactions:
            path = split_url(interaction.request.url).path
            self.segments.update(word for word in path.split("/") if is_chosen_segment(word) and not is_id(word))
            key = interaction.request.header("idempotency-key")
            self.keys.update([key] if key else [])

    def begin_request(self) -> None:
        self._noted = {}

    def note(self, replaced: Mapping[str, str]) -> None:
        """Names and values of the request now redacted, with what each became; what stayed the same is left out."""
        for text, stand_in in replaced.items():
            if text and text != stand_in:
                self._noted.setdefault(text, stand_in)
                if _LEAST_TELLING <= len(text) <= _MOST_TELLING and _TELLING.search(text):
                    self._telling.setdefault(text, stand_in)
                    self._lengths.setdefault(text[:_LEAST_TELLING], set()).add(len(text))

    def noted(self, text: str) -> str | None:
        """What a name or a value of this request, or a telling one of an earlier, became; None for any other text."""
        return self._noted.get(text) or self._telling.get(text)

    def in_message(self, text: str) -> Iterator[re.Match[str]]:
        """Every place of a message that says back what was sent, in order, none within another."""
        end = 0
        for found in sorted(self._found_in(text), key=lambda one: (one.start(), -one.end())):
            if found.start() >= end:
                end = found.end()
                yield found

    def _found_in(self, text: str) -> Iterator[re.Match[str]]:
        yield from (found for found in _TOKEN.finditer(text) if found[0] in self.segments)
        yield from self._telling_in(text)
        for shape in (_QUOTED, _WHOLE_QUOTE, _AFTER_COLON):
            for found in shape.finditer(text):
                if found[0] in self.keys or found[0] in self.segments or found[0] in self._noted:
                    yield found

    def _telling_in(self, text: str) -> Iterator[re.Match[str]]:
        for word in _WORD_START.finditer(text) if self._telling else ():
            at = word.start()
            for length in self._lengths.get(text[at : at + _LEAST_TELLING], ()):
                is_whole = not text[at + length : at + length + 1].isalnum()
                if is_whole and text[at : at + length] in self._telling:
                    yield from _WHOLE.finditer(text, at, at + length)


def is_chosen_segment(segment: str) -> bool:
    """Whether a segment of a path is an id or a word of the client's, and not a word of Stripe's paths."""
    return bool(segment) and segment not in PATH_WORDS
