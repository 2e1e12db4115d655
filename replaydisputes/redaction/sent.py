"""What the client itself sent: the same value gets the same stand-in where Stripe says it back in an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from replaydisputes.model import Interaction
from replaydisputes.stripe_api.ids import is_id
from replaydisputes.stripe_api.path_words import PATH_WORDS
from replaydisputes.stripe_api.urls import split_url

_QUOTED = re.compile(r"(?<=['\"`\[])[^'\"`\[\]\n]+(?=['\"`\]])")
_AFTER_COLON = re.compile(r"(?:(?<=: )|(?<=, ))[^\s,;'\"`\[\]]+?(?=[,;]|[.]?(?:\s|\Z))")
_TOKEN = re.compile(r"[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*")


class Sent:
    """The values that requests of one recording sent and that redaction replaces.

    segments: of paths. keys: Idempotency-Keys. A segment is found in a message wherever it is a whole word; a key,
    and what `note` was told of the request now redacted, only where the message quotes it or names it behind a colon.
    """

    def __init__(self, interactions: Iterable[Interaction] = ()) -> None:
        self.segments: set[str] = set()
        self.keys: set[str] = set()
        self._noted: dict[str, str] = {}
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

    def noted(self, text: str) -> str | None:
        """What a name or a value of this request became; None for any other text."""
        return self._noted.get(text)

    def in_message(self, text: str) -> Iterator[re.Match[str]]:
        """Every place of a message that says back what was sent, in order, none within another."""
        end = 0
        for found in sorted(self._found_in(text), key=lambda one: (one.start(), -one.end())):
            if found.start() >= end:
                end = found.end()
                yield found

    def _found_in(self, text: str) -> Iterator[re.Match[str]]:
        yield from (found for found in _TOKEN.finditer(text) if found[0] in self.segments)
        for shape in (_QUOTED, _AFTER_COLON):
            for found in shape.finditer(text):
                if found[0] in self.keys or found[0] in self.segments or found[0] in self._noted:
                    yield found


def is_chosen_segment(segment: str) -> bool:
    """Whether a segment of a path is an id or a word of the client's, and not a word of Stripe's paths."""
    return bool(segment) and segment not in PATH_WORDS
