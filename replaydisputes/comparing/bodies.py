"""Two JSON values, field by field, each under the policy of the Stripe object it stands in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from replaydisputes.comparing.drift import DriftKind
from replaydisputes.comparing.likeness import Likeness, masked
from replaydisputes.redaction import DEFAULT_POLICY
from replaydisputes.redaction.policy import NO_OBJECT
from replaydisputes.stripe_api.facts import DISPUTE_STATUSES
from replaydisputes.stripe_api.kinds import Kind

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_TIMES = frozenset({Kind.TIME, Kind.DAY})
_MAX_SHOWN = 120


class Difference(NamedTuple):
    """One difference between two JSON values, at a JSON path."""

    kind: DriftKind
    path: str
    old: str = ""
    new: str = ""
    note: str = ""


class _Place(NamedTuple):
    """Where in a body: the path as shown, and, for the policy, the object around it and the path within that."""

    shown: str = "$"
    within: str = NO_OBJECT
    field: str = ""

    def member(self, name: str) -> _Place:
        field = f"{self.field}.{name}" if self.field else name
        return _Place(f"{self.shown}.{name}", self.within, field)

    def element(self, index: int) -> _Place:
        return self._replace(shown=f"{self.shown}[{index}]")

    def inside(self, value: dict[str, Json]) -> _Place:
        declared = value.get("object")
        return self._replace(within=declared, field="") if isinstance(declared, str) else self


def differences(old: Json, new: Json, likeness: Likeness) -> Iterator[Difference]:
    """Every difference in substance, in the order of the old value."""
    return _differences(old, new, _Place(), likeness)


def _differences(old: Json, new: Json, place: _Place, likeness: Likeness) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _in_object(old, new, place.inside(old), likeness)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_list(old, new, place, likeness)
    elif type_of(old) != type_of(new):
        yield Difference("type changed", place.shown, _with_type(old), _with_type(new))
    elif isinstance(old, str) and isinstance(new, str):
        if not likeness.alike(old, new):
            yield Difference("value changed", place.shown, _shown(old), _shown(new), _note(place, new))
    elif old != new and DEFAULT_POLICY.kind_of(place.within, place.field) not in _TIMES:
        yield Difference("value changed", place.shown, _shown(old), _shown(new))


def _in_object(old: dict[str, Json], new: dict[str, Json], place: _Place, likeness: Likeness) -> Iterator[Difference]:
    for name, value in old.items():
        if name in new:
            yield from _differences(value, new[name], place.member(name), likeness)
        else:
            yield Difference("field gone", place.member(name).shown, _with_type(value))
    for name, value in new.items():
        if name not in old:
            yield Difference("field added", place.member(name).shown, "", _with_type(value))
    before, after = [name for name in old if name in new], [name for name in new if name in old]
    if before != after:
        yield Difference("order changed", place.shown, *_first_apart(before, after))


def _in_list(old: list[Json], new: list[Json], place: _Place, likeness: Likeness) -> Iterator[Difference]:
    shapes, new_shapes = [_masked(value) for value in old], [_masked(value) for value in new]
    if shapes != new_shapes and sorted(shapes) == sorted(new_shapes):
        yield Difference("order changed", place.shown, *_first_apart(shapes, new_shapes))
        return
    if len(old) != len(new):
        yield Difference("length changed", place.shown, *_lengths(old, new))
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        yield from _differences(one, other, place.element(index), likeness)


def _note(place: _Place, new: str) -> str:
    unknown = (place.within, place.field) == ("dispute", "status") and new not in DISPUTE_STATUSES
    return "not a known status" if unknown else ""


def _lengths(old: list[Json], new: list[Json]) -> tuple[str, str]:
    """The lengths, and what is only in one of the two where the members are words."""
    gone = [value for value in old if isinstance(value, str) and value not in new]
    added = [value for value in new if isinstance(value, str) and value not in old]
    return tuple(  # type: ignore[return-value] # two of them
        f"{len(values)}{f', with {_shown(only[0])}' if only else ''}" for values, only in ((old, gone), (new, added))
    )


def _first_apart(old: list[str], new: list[str]) -> tuple[str, str]:
    one, other = next((pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]), ("", ""))
    return one[:_MAX_SHOWN], other[:_MAX_SHOWN]


def _masked(value: Json) -> str:
    return masked(json.dumps(value, sort_keys=True))


def type_of(value: Json) -> str:
    """JSON's name for a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"))
    return next(name for kind, name in names if isinstance(value, kind))


def _with_type(value: Json) -> str:
    if value is None or isinstance(value, dict | list):
        return type_of(value)
    return f"{type_of(value)} {_shown(value)}"


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
