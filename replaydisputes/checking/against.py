"""Recorded answers against a Stripe OpenAPI file, walked here and not by a JSON Schema library.

OpenAPI 3.0 is not JSON Schema: `nullable` is no type, a field that no schema names is allowed there and is what this
is to find, and an expandable field is an id or the object itself, where only the branch that was meant should be told
of. Not looked at: lengths, patterns and formats, which redaction does not keep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from replaydisputes.checking.bodies import Body, json_of, objects_in
from replaydisputes.checking.exchange import version_of
from replaydisputes.checking.finding import Fault, JsonPath
from replaydisputes.checking.openapi import OpenApi, Schema
from replaydisputes.checking.schema import IN_WORDS, IS_TYPE, Violation, got, in_words, is_known
from replaydisputes.model import Cassette, Interaction
from replaydisputes.stripe_api.facts import SENT_UNLISTED
from replaydisputes.stripe_api.urls import split_url


def specification_faults(cassette: Cassette, bodies: Sequence[Body], spec: OpenApi) -> Iterator[Fault]:
    """Everything in which a cassette's answers differ from the specification, answer by answer."""
    versions = _versions(cassette, bodies) - {"", spec.version}
    if versions:
        message = (
            f"the specification is of {spec.version or 'no version'}, the recording of {', '.join(sorted(versions))}"
        )
        yield Fault("openapi/other-version", message, "replaydisputes" if cassette.provenance else "version")
    for number, (interaction, body) in enumerate(zip(cassette.interactions, bodies, strict=True)):
        if body.value is not None or json_of(body.clear)[1] == "":
            field = f"interactions[{number}].response.body"
            for found in _deviations(interaction, body.value, spec):
                yield Fault(found.rule, found.message, field, found.path)


def _versions(cassette: Cassette, bodies: Sequence[Body]) -> set[str]:
    """The Stripe-Versions that answers were asked for in, and those that events show their objects in."""
    recorded_at = cassette.provenance.stripe_version if cassette.provenance else ""
    objects = (found.members for body in bodies for found in objects_in(body.value))
    of_events = {str(members.get("api_version") or "") for members in objects if members.get("object") == "event"}
    return of_events | {version_of(interaction, recorded_at) for interaction in cassette.interactions}


def _deviations(interaction: Interaction, value: Any, spec: OpenApi) -> Iterator[Violation]:
    request, status = interaction.request, interaction.response.status
    schema = spec.answer_schema(request.method, _path(request.url), status)
    if schema is None and isinstance(value, dict):
        schema = spec.object_schema(value)
    if schema is None:
        yield Violation("openapi/no-schema", "the specification does not describe this answer", ())
        return
    yield from deviations(value, schema, spec)


def deviations(value: Any, schema: Schema, spec: OpenApi, path: JsonPath = ()) -> Iterator[Violation]:
    """Everything in a JSON value that is not as the schema says, outermost first. Messages never hold values."""
    schema = spec.resolved(schema)
    if value is None and schema.get("nullable"):
        return
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        branch = _branch(value, [spec.resolved(each) for each in branches], spec)
        if branch is None:
            expected = " or ".join(dict.fromkeys(_expected(spec.resolved(each)) for each in branches))
            yield _wrong_type(value, expected, schema, path)
        else:
            yield from deviations(value, branch, spec, path)
        return
    if not _has_type(value, schema):
        yield _wrong_type(value, _expected(schema), schema, path)
    elif isinstance(value, str) and "enum" in schema and not is_known(value, schema["enum"]):
        message = f"a value that the specification does not list: {in_words(value)}"
        yield Violation("openapi/unknown-value", message, path)
    elif isinstance(value, dict):
        yield from _member_deviations(value, schema, spec, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from deviations(item, schema.get("items", {}), spec, (*path, index))


def _member_deviations(value: dict[str, Any], schema: Schema, spec: OpenApi, path: JsonPath) -> Iterator[Violation]:
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    if not properties and not isinstance(others, dict):
        yield from _open_deviations(value, spec, path)
        return
    required = schema.get("required", ())
    missing = [name for name in required if name not in value]
    if missing:
        yield Violation("openapi/missing", f"the specification requires: {', '.join(missing)}", path)
    optional = [name for name in properties if name not in value and name not in required]
    absent = [name for name in optional if spec.resolved(properties[name]).get("nullable")]
    if absent:
        message = f"absent, where the specification has a value or null: {', '.join(absent)}"
        yield Violation("openapi/absent", message, path)
    for name, member in value.items():
        if name in properties:
            yield from deviations(member, properties[name], spec, (*path, name))
        elif isinstance(others, dict):
            yield from deviations(member, others, spec, (*path, name))
        elif (str(value.get("object")), name) in SENT_UNLISTED:
            yield Violation(
                "openapi/unlisted",
                "Stripe sends this field, though its public specification does not name it",
                (*path, name),
            )
        else:
            yield Violation("openapi/unknown", "a field that the specification does not name", (*path, name))


def _open_deviations(value: dict[str, Any], spec: OpenApi, path: JsonPath) -> Iterator[Violation]:
    """Where the specification leaves open what stands there, as in an event's data: an object is known by its name."""
    schema = spec.object_schema(value)
    if schema is not None and schema.get("properties"):
        yield from deviations(value, schema, spec, path)


def _branch(value: Any, branches: Collection[Schema], spec: OpenApi) -> Schema | None:
    """Of several schemas the one that is meant: of its type, with its `object`, else the one that fits best."""
    fitting = [branch for branch in branches if _has_type(value, branch)]
    if not isinstance(value, dict) or len(fitting) < 2:
        return fitting[0] if fitting else None
    named = spec.object_schema(value)
    if any(branch is named for branch in fitting):
        return named
    return min(fitting, key=lambda branch: sum(1 for _ in deviations(value, branch, spec)))


def _has_type(value: Any, schema: Schema) -> bool:
    wanted = schema.get("type") or ("object" if "properties" in schema else None)
    if wanted is None or (value is None and schema.get("nullable")):
        return True
    return isinstance(wanted, str) and wanted in IS_TYPE and IS_TYPE[wanted](value)


def _expected(schema: Schema) -> str:
    return IN_WORDS.get(str(schema.get("type") or "object"), "something else")


def _wrong_type(value: Any, expected: str, schema: Schema, path: JsonPath) -> Violation:
    null = " or null" if schema.get("nullable") else ""
    return Violation("openapi/type", f"the specification has {expected}{null}, got {got(value)}", path)


def _path(url: str) -> str:
    try:
        return split_url(url).path
    except ValueError:
        return ""
