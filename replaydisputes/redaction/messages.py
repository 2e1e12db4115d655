"""Which words of a message are Stripe's own, and which somebody else put there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replaydisputes.redaction.message_words import MESSAGE_WORDS

PARAMETERS = re.compile(
    r"(?:(?<=\bparameter: )|(?<=\bparameters: )|(?<=\bparam: ))[a-z0-9_\[\]]+(?:, [a-z0-9_\[\]]+)*(?=\.?\Z|\. |; )"
)
"""Names of parameters where a message says that it names some: `Received unknown parameters: a, b[c]`."""

_OPENING, _CLOSING = "'\"`‘“([{<", "'\"`’”)]}>.,:;!?…"
_KNOWN_NUMBER = re.compile(r"\$[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]{2})?|20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?")
_LIMIT = re.compile(r"[0-9]{1,6} (?:characters|bytes|items|objects|seconds|minutes|hours|days)\b")
_COMPOUND = re.compile(r"[A-Za-z0-9'’/_.:,\[\]()#=?-]+")
_PART = re.compile(r"[A-Za-z0-9]+")
_SPAN = re.compile(r"\S+(?:\s+\S+)*", re.DOTALL)
_WORD = re.compile(r"\S+")


def holds_only_known_words(compound: str) -> bool:
    """Whether words joined by punctuation are all Stripe's: `payment_intent`, `can't`, `https://stripe.com/docs`.

    Up to three digits are a number anybody may know: a limit or a position, but no card ending, postal code or address.
    """
    if _KNOWN_NUMBER.fullmatch(compound) or not any(char.isalnum() or char in "%&\\" for char in compound):
        return True
    if not _COMPOUND.fullmatch(compound):
        return False
    parts = _PART.findall(compound)
    digits = sum(len(part) for part in parts if part.isdigit())
    return digits <= 3 and all(part.isdigit() or _is_known(part) for part in parts)


def _is_known(word: str) -> bool:
    return len(word) == 1 or word in ("v1", "v2") or word.lower() in MESSAGE_WORDS


def unknown_spans(text: str) -> Iterator[re.Match[str]]:
    """The longest stretches of words that are not Stripe's, less the punctuation around them."""
    start = end = None
    for word in _WORD.finditer(text):
        core_start, core_end = _core(word)
        if holds_only_known_words(text[core_start:core_end]) or _LIMIT.match(text, core_start):
            yield from _span(text, start, end)
            start = None
        else:
            start = core_start if start is None else start
            end = core_end
    yield from _span(text, start, end)


def _core(word: re.Match[str]) -> tuple[int, int]:
    """Where a word stands without its punctuation; a word of punctuation only is nothing."""
    left = len(word[0]) - len(word[0].lstrip(_OPENING))
    right = len(word[0].rstrip(_CLOSING))
    return word.start() + min(left, right), word.start() + right


def _span(text: str, start: int | None, end: int | None) -> Iterator[re.Match[str]]:
    if start is not None and end is not None:
        found = _SPAN.match(text, start, end)
        if found:
            yield found
