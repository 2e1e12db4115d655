"""Pages of a list, newest first, by cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any

from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.ledger import Json
from replaydisputes.sandbox.params import Kind, Spec
from replaydisputes.sandbox.refusals import SandboxLimitError

PAGING: Spec = {
    "created": {"gt": Kind.INTEGER, "gte": Kind.INTEGER, "lt": Kind.INTEGER, "lte": Kind.INTEGER},
    "ending_before": Kind.TEXT,
    "expand": Kind.LIST,
    "limit": Kind.INTEGER,
    "starting_after": Kind.TEXT,
}
_DEFAULT_LIMIT, _MAX_LIMIT = 10, 100
_BOUNDS = {"gt": gt, "gte": ge, "lt": lt, "lte": le}

Keep = Callable[[Json], bool]


def page(newest_first: Sequence[Json], keep: Keep, values: Mapping[str, Any], url: str, noun: str) -> Json:
    """The list object for one request. keep: the endpoint's own filters; a cursor may name what they leave out."""
    limit = _limit(values)
    after, before = values.get("starting_after"), values.get("ending_before")
    if after and before:
        raise SandboxLimitError("starting_after together with ending_before")
    bounds = values.get("created", {}).items()

    def wanted(item: Json) -> bool:
        return keep(item) and all(_BOUNDS[name](item["created"], bound) for name, bound in bounds)

    if before:
        found = list(filter(wanted, newest_first[: _position(newest_first, before, "ending_before", noun)]))
        data = found[-limit:]
    else:
        start = _position(newest_first, after, "starting_after", noun) + 1 if after else 0
        found = list(filter(wanted, newest_first[start:]))
        data = found[:limit]
    return {"object": "list", "count": len(data), "data": data, "has_more": len(found) > limit, "url": url}


def _limit(values: Mapping[str, Any]) -> int:
    limit: int = values.get("limit", _DEFAULT_LIMIT)
    if limit < 1:
        raise refusals.bad_integer("This value must be greater than or equal to 1.", "limit")
    if limit > _MAX_LIMIT:
        raise refusals.bad_integer(f"This value must be less than or equal to {_MAX_LIMIT}.", "limit")
    return limit


def _position(items: Sequence[Json], object_id: str, param: str, noun: str) -> int:
    for position, item in enumerate(items):
        if item["id"] == object_id:
            return position
    raise refusals.no_such(noun, object_id, param, status=400, assumed=["unknown-filter"])
