"""Which words of a message are Stripe's own, and which somebody else put there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from replaydisputes.stripe_api.ids import PREFIXES
from replaydisputes.stripe_api.kinds import Kind, fits

PARAMETERS = re.compile(
    r"(?:(?<=\bparameter: )|(?<=\bparameters: )|(?<=\bparam: ))[a-z0-9_\[\]]+(?:, [a-z0-9_\[\]]+)*(?=\.?\Z|\. |; )"
)
"""Names of parameters where a message says that it names some: `Received unknown parameters: a, b[c]`."""

_OPENING, _CLOSING = "'\"`‘“([{<", "'\"`’”)]}>.,:;!?…"
_KNOWN_NUMBER = re.compile(r"\$[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]{2})?|20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_LIMIT = re.compile(r"[0-9]{1,6} (?:characters|bytes|items|objects|seconds|minutes|hours|days)\b")
_COMPOUND = re.compile(r"[A-Za-z0-9'’/_.:,\[\]()#=?-]+")
_PART = re.compile(r"[A-Za-z0-9]+")
_SPAN = re.compile(r"\S+(?:\s+\S+)*", re.DOTALL)
_CAPITAL = re.compile(r"[A-Z]")
_NAME = re.compile(r"[A-Z][a-z]+\Z")
_STRIPES_NAMES = """
Stripe Idempotency Key Keys Connect Dashboard Checkout Radar Billing Issuing Terminal Identity Treasury Tax Express
Standard Custom Payment Payments Intent Intents Setup Element Elements Links Link Apple Pay Google Visa Mastercard
American Discover Account Accounts Customer Portal Content Type Docs Version Sources Charges Financial Connections
"""
_LEAST_IN_A_NAME = 2
"""So many capitalised words in a row name somebody or some place, unless Stripe writes them so."""
_WORD = re.compile(r"\S+")


def holds_only_known_words(compound: str) -> bool:
    """Whether words joined by punctuation are all Stripe's: `payment_intent`, `can't`, `https://stripe.com/docs`.

    Up to three digits are a number anybody may know: a limit or a position, but no card ending, postal code or address.
    """
    if _KNOWN_NUMBER.fullmatch(compound) or not any(char.isalnum() or char in "%&\\" for char in compound):
        return True
    if any(fits(kind, compound) for kind in (Kind.TEST_PAYMENT_METHOD, Kind.MEDIA_TYPE, Kind.API_VERSION)):
        return True
    if not _COMPOUND.fullmatch(compound):
        return False
    parts = _PART.findall(compound)
    digits = sum(len(part) for part in parts if part.isdigit())
    return digits <= 3 and all(part.isdigit() or _is_known(part) for part in parts)


def _is_known(word: str) -> bool:
    return len(word) == 1 or word in ("v1", "v2") or word in PREFIXES or word.lower() in _message_words()


@cache
def _message_words() -> frozenset[str]:
    """English as the documentation of APIs writes it, names of Stripe's fields among it; no names of people or places.

    What is none of these words in a message was put there by a user, and is replaced.
    """
    return frozenset(resources.files(__package__).joinpath("message_words.txt").read_text("utf-8").split())


def unknown_spans(text: str) -> Iterator[re.Match[str]]:
    """The stretches of words that are not Stripe's, with the capitalised ones beside them, less the punctuation.

    `Wimjor Street, Vexpol`: next to an unknown word a known one is part of a name, unless it begins a sentence. So are
    two in a row: `Mark Street`.
    """
    span: list[tuple[int, int]] = []
    holds_unknown, ends_sentence, is_named, named = False, True, False, 0
    for word in _WORD.finditer(text):
        start, end = _core(word)
        core = text[start:end]
        is_known = holds_only_known_words(core) or _LIMIT.match(text, start) is not None
        if is_known and (ends_sentence or not _CAPITAL.match(core)):
            if holds_unknown:
                yield from _span(text, span)
            begins_name = is_named and _is_a_name(core)
            span, holds_unknown, named = [(start, end)] if begins_name else [], False, int(begins_name)
        else:
            span.append((start, end))
            named += _is_a_name(core)
            holds_unknown = holds_unknown or not is_known or named >= _LEAST_IN_A_NAME
        ends_sentence, is_named = word[0][-1] in ".:!?", word[0][-1] == ":"
    if holds_unknown:
        yield from _span(text, span)


def _is_a_name(word: str) -> bool:
    return _NAME.match(word) is not None and word not in _stripes_names()


@cache
def _stripes_names() -> frozenset[str]:
    return frozenset(_STRIPES_NAMES.split())


def _core(word: re.Match[str]) -> tuple[int, int]:
    """Where a word stands without its punctuation; a word of punctuation only is nothing."""
    left = len(word[0]) - len(word[0].lstrip(_OPENING))
    right = len(word[0].rstrip(_CLOSING))
    return word.start() + min(left, right), word.start() + right


def _span(text: str, words: list[tuple[int, int]]) -> Iterator[re.Match[str]]:
    found = _SPAN.match(text, words[0][0], words[-1][1])
    if found:
        yield found
