"""Disputes against `stripe_api/dispute.schema.json`, which uses a small part of JSON Schema and one word of its own.

`x-enum` lists known values of an open set: another value is worth a note, no more; nor is a field that only versions
from `x-since` on are known to show, since Stripe adds fields to older versions as well. Validated here and not by the
jsonschema library, which brings four packages along; the tests hold the two against each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from replaydisputes.checking.finding import JsonPath
from replaydisputes.stripe_api.versions import ALWAYS_SENT, SINCE

Schema = Mapping[str, Any]

IS_TYPE: dict[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}
IN_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STAND_IN = re.compile(r"\[redacted [0-9]+\]")
_ENUM_SHAPED = re.compile(r"[a-z]+(?:_[a-z]+)*")


class Violation(NamedTuple):
    rule: str
    message: str
    path: JsonPath


@cache
def dispute_schema(stripe_version: str = "") -> Schema:
    """What a dispute is at a Stripe-Version; without one, what all versions have in common."""
    schema: Schema = json.loads(files("replaydisputes.stripe_api").joinpath("dispute.schema.json").read_bytes())
    date = stripe_version[:10]
    for since, kind, path in SINCE if _DATE.fullmatch(date) else ():
        if kind == "dispute":
            _at_version(schema, path.split("."), None if since <= date else since, path in ALWAYS_SENT)
    return schema


def _at_version(schema: Any, path: Sequence[str], not_before: str | None, is_always_sent: bool) -> None:
    """Mark the field in its parent's schema: as not to be expected yet, or as required."""
    *parents, name = path
    for parent in parents:
        schema = schema["properties"][parent]
    if not_before:
        schema["properties"][name]["x-since"] = not_before
    elif is_always_sent:
        schema["required"] = [*schema.get("required", ()), name]


def violations(value: Any, schema: Schema, path: JsonPath = ()) -> Iterator[Violation]:
    """Everything in a JSON value that its schema does not allow, outermost first. Messages name types, never values."""
    if "x-since" in schema:
        yield Violation("schema/newer-field", f"a field that Stripe-Versions from {schema['x-since']} on show", path)
    types = _types(schema)
    if types and not any(IS_TYPE[name](value) for name in types):
        yield Violation("schema/type", f"expected {_expected(schema)}, got {got(value)}", path)
        return
    if "const" in schema and (type(value), value) != (type(schema["const"]), schema["const"]):
        yield Violation("schema/type", f"expected {schema['const']!r}, got something else", path)
    if "anyOf" in schema and all(any(_failing(value, each, path)) for each in schema["anyOf"]):
        yield Violation("schema/type", f"expected {_expected(schema)}, got {got(value)}", path)
    if "x-enum" in schema and isinstance(value, str) and not is_known(value, schema["x-enum"]):
        yield Violation("schema/unknown-value", f"a value that is not known here: {in_words(value)}", path)
    if isinstance(value, dict):
        yield from _member_violations(value, schema, path)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from violations(item, schema["items"], (*path, index))


def in_words(value: str) -> str:
    """A value as it may be printed: a word of an enumeration, or else its length."""
    return repr(value) if _ENUM_SHAPED.fullmatch(value) and len(value) <= 40 else f"of {len(value)} characters"


def is_known(value: str, known: Sequence[str]) -> bool:
    """A stand-in says nothing of Stripe's values, so it is none that is not known."""
    return value in known or _STAND_IN.fullmatch(value) is not None


def _member_violations(value: dict[str, Any], schema: Schema, path: JsonPath) -> Iterator[Violation]:
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        yield Violation("schema/required", f"missing: {', '.join(missing)}", path)
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name, member in value.items():
        yield from violations(member, properties.get(name, others), (*path, name))


def _failing(value: Any, schema: Schema, path: JsonPath) -> Iterator[bool]:
    return (
        True
        for found in violations(value, schema, path)
        if found.rule not in ("schema/unknown-value", "schema/newer-field")
    )


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _expected(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_expected(each) for each in schema["anyOf"])
    words = " or ".join(IN_WORDS[name] for name in _types(schema))
    return f"{words} with {' and '.join(schema['required'])}" if "required" in schema else words


def got(value: Any) -> str:
    """The JSON type of a value, in words."""
    words = (IN_WORDS[name] for name, is_type in IS_TYPE.items() if name != "number" and is_type(value))
    return next(words, "a fraction")
