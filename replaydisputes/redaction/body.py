"""JSON bodies and form parameters, leaf by leaf, each under the policy of the Stripe object it stands in."""

from __future__ import annotations

import json
from typing import NoReturn

from replaydisputes.redaction.leaves import Leaves
from replaydisputes.redaction.policy import NO_OBJECT
from replaydisputes.stripe_api.forms import USER_KEYED, Params, is_position, join_key, split_key

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def redact_json(body: bytes, leaves: Leaves) -> bytes:
    """The JSON body with every leaf redacted, printed as Stripe prints (two spaces). Raises ValueError if not JSON."""
    value: Json = json.loads(body, parse_constant=_refuse_constant)
    done = _walk(value, NO_OBJECT, "", leaves)
    return json.dumps(done, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")


def redact_form(params: Params, leaves: Leaves) -> Params:
    """Form or query parameters, in the order sent, keys kept where they are Stripe's and values where named."""
    return tuple(_redact_param(key, value, leaves) for key, value in params)


def _redact_param(key: str, value: str, leaves: Leaves) -> tuple[str, str]:
    segments = split_key(key)
    names = [name for name in segments if name and not is_position(name)]
    kind = leaves.policy.form.get(".".join(names))
    shown = leaves.key_segments(segments)
    done = join_key(shown), leaves.text(value, kind)
    leaves.sent.note(dict(zip((key, value, *segments), (*done, *shown), strict=True)))
    return done


def _walk(value: Json, within: str, path: str, leaves: Leaves) -> Json:
    if isinstance(value, dict):
        return _walk_object(value, within, path, leaves)
    if isinstance(value, list):
        return [_walk(member, within, path, leaves) for member in value]
    return leaves.json(value, leaves.policy.kind_of(within, path))


def _walk_object(value: dict[str, Json], within: str, path: str, leaves: Leaves) -> dict[str, Json]:
    user_keyed = not USER_KEYED.isdisjoint(path.split("."))
    declared = value.get("object")
    if isinstance(declared, str) and not user_keyed:
        within, path = declared, ""
    changed_of = _changed_object_type(value) if within == "event" and path == "data" else None
    done: dict[str, Json] = {}
    for key, member in value.items():
        name = leaves.field_name(key, user_keyed)
        if key == "previous_attributes" and changed_of:
            done[name] = _walk(member, changed_of, "", leaves)
        else:
            done[name] = _walk(member, within, f"{path}.{key}" if path else key, leaves)
    return done


def _changed_object_type(data: dict[str, Json]) -> str | None:
    """Whose attributes an event's `previous_attributes` are: the type of the object beside them."""
    changed = data.get("object")
    declared = changed.get("object") if isinstance(changed, dict) else None
    return declared if isinstance(declared, str) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
