"""Objects as older Stripe-Versions show them."""

from __future__ import annotations

from typing import Any

from replaydisputes.sandbox.ledger import Json
from replaydisputes.stripe_api.facts import API_VERSION
from replaydisputes.stripe_api.versions import ELIGIBILITY_SINCE, SINCE, UNTIL


def rendered(value: Any, version: str) -> Any:
    """The value with every object in it as that version shows it. Events keep the account's own version."""
    return value if version[:10] >= API_VERSION[:10] else _rendered(value, version[:10])


def _rendered(value: Any, date: str) -> Any:
    if isinstance(value, list):
        return [_rendered(item, date) for item in value]
    if not isinstance(value, dict) or value.get("object") == "event":
        return value
    return {name: _rendered(inner, date) for name, inner in _object_at(value, date).items()}


def _object_at(obj: Json, date: str) -> Json:
    kind = obj.get("object")
    for since, of, path in SINCE:
        if kind == of and date < since:
            obj = _without(obj, path.split("."))
    if kind == "dispute" and "enhanced_eligibility_types" in obj:
        listed = [name for name in obj["enhanced_eligibility_types"] if ELIGIBILITY_SINCE.get(name, "") <= date]
        obj = obj | {"enhanced_eligibility_types": listed}
    return obj | {name: None for until, of, name in UNTIL if kind == of and date < until}


def _without(obj: Json, path: list[str]) -> Json:
    name, *rest = path
    if name not in obj:
        return obj
    if rest:
        return obj | {name: _without(obj[name], rest)}
    return {other: value for other, value in obj.items() if other != name}
