"""When two values that differ in spelling are the same in substance: ids and stand-ins, each for one of the other."""

from __future__ import annotations

import re

from replaydisputes.stripe_api.ids import ID, is_drawn_id

_STAND_IN = re.compile(
    r"\[redacted (?P<text>[0-9]+)\]|customer-(?P<email>[0-9]+)@example\.invalid|192\.0\.2\.(?P<ip4>[0-9]+)"
    r"|2001:db8::(?P<ip6>[0-9a-f]+)|\+1555555(?P<phone>[0-9]{4})|https://example\.invalid/(?P<url>[0-9]+)"
    r"|idempotency-key-(?P<key>[0-9]+)"
)


class Likeness:
    """Which id of the old recording is which of the new. An id that would have to be two is a change."""

    def __init__(self) -> None:
        self._new_for: dict[str, str] = {}
        self._old_for: dict[str, str] = {}

    def alike(self, old: str, new: str) -> bool:
        """Whether the texts are equal but for ids and stand-ins that correspond; remembers which do."""
        if old == new and not _tokens(old):
            return True
        old_tokens, new_tokens = _tokens(old), _tokens(new)
        if _shape(old) != _shape(new) or len(old_tokens) != len(new_tokens):
            return False
        return all(map(self._correspond, old_tokens, new_tokens))

    def _correspond(self, old: str, new: str) -> bool:
        return self._new_for.setdefault(old, new) == new and self._old_for.setdefault(new, old) == old


def masked(text: str) -> str:
    """A text with each id and stand-in reduced to its kind: what two recordings have in common."""
    return _shape(text)


def _tokens(text: str) -> list[str]:
    ids = [found[0] for found in ID.finditer(text) if is_drawn_id(found)]
    return ids + [found[0] for found in _STAND_IN.finditer(text)]


def _shape(text: str) -> str:
    without_ids = ID.sub(lambda found: f"{found['prefix']}_…" if is_drawn_id(found) else found[0], text)
    return _STAND_IN.sub(lambda found: f"({found.lastgroup})", without_ids)
