"""`{dispute}`, `{event:charge.dispute.closed}`: values of earlier answers in a later call. No expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import quote

_NAME = re.compile(r"\{([a-z_]+(?::[a-z0-9_.]+)?)\}")


class TemplateError(ValueError):
    """A template that cannot be filled: a name that nothing gives, or a brace that is no name's."""


def names_in(text: str) -> Iterator[str]:
    """The names that a template uses, in order. Raises TemplateError for a stray brace."""
    if re.search(r"[{}]", _NAME.sub("", text)):
        raise TemplateError(f"{text!r}: a brace that belongs to no name; a name is {{dispute}} or {{event:TYPE}}")
    return (found[1] for found in _NAME.finditer(text))


def check(text: str, known: Collection[str]) -> None:
    """Raises TemplateError for a name that is not among the known ones."""
    for name in names_in(text):
        if name not in known:
            given = ", ".join(f"{{{each}}}" for each in known) or "nothing"
            raise TemplateError(f"{text!r}: no step before this one gives {{{name}}} (given so far: {given})")


def filled(text: str, values: Mapping[str, str], *, in_path: bool = False) -> str:
    """The text with each name's value in its place. in_path: percent-encoded."""
    check(text, values)
    return _NAME.sub(lambda found: quote(values[found[1]], safe="") if in_path else values[found[1]], text)
