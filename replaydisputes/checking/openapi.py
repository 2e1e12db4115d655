"""Stripe's OpenAPI file, such as spec3.json: which schema an answer and each object in it is to fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from replaydisputes.errors import ReplayDisputesError

Schema = Mapping[str, Any]

_MAX_REFERENCES = 32
_SOURCE = "Stripe publishes it as latest/openapi.spec3.json of its repository openapi."


class OpenApiError(ReplayDisputesError):
    """A file that is no OpenAPI 3 specification in JSON, or one that says what is not understood here."""

    exit_code = 2

    def __init__(self, path: Path, got: str) -> None:
        self.path, self.got = path, got
        super().__init__(f"{path}: expected an OpenAPI 3 specification in JSON, got {got}. {_SOURCE}")


class OpenApi:
    """A specification that was read. `version` is the Stripe-Version it describes."""

    def __init__(self, content: bytes, path: Path) -> None:
        """path: only names the file. Raises OpenApiError."""
        self._path, self._root = path, _root_of(content, path)
        self.version = str(_inside(self._root, "info", "version") or "")
        self._operations = list(self._read_operations())
        self._objects: dict[str, list[Schema]] = {}
        schemas = self._mapping("components", "schemas")
        if not self._operations and not schemas:
            raise OpenApiError(path, "one that describes no call and no object")
        for schema in schemas.values():
            for name in _names_of(schema):
                self._objects.setdefault(name, []).append(schema)

    def answer_schema(self, method: str, path: str, status: int) -> Schema | None:
        """What an answer to this call is to fit; None where the specification does not describe it."""
        segments = path.split("/")
        fitting = [
            (sum(not _is_parameter(part) for part in template), operation)
            for operation_method, template, operation in self._operations
            if operation_method == method and _fits(template, segments)
        ]
        if not fitting:
            return None
        responses = _inside(max(fitting, key=lambda found: found[0])[1], "responses")
        answer = _inside(responses, str(status)) or _inside(responses, "200" if status < 300 else "default")
        schema = _inside(answer, "content", "application/json", "schema")
        return schema if isinstance(schema, dict) else None

    def object_schema(self, members: Mapping[str, Any]) -> Schema | None:
        """By the `object` of an object, deleted or not, the schema it is to fit."""
        name = members.get("object")
        schemas = self._objects.get(name, []) if isinstance(name, str) else []
        is_deleted = members.get("deleted") is True
        return next((schema for schema in schemas if ("deleted" in schema.get("required", ())) is is_deleted), None)

    def resolved(self, schema: Schema) -> Schema:
        """The schema that a `$ref` stands for. Raises OpenApiError for one that leads nowhere, or to no schema."""
        found: Any = schema
        for _ in range(_MAX_REFERENCES):
            if not isinstance(found, dict) or not isinstance(found.get("properties", {}), dict):
                break
            reference = str(found.get("$ref", ""))
            if not reference:
                return found
            steps = reference.removeprefix("#/").split("/")
            found = _inside(self._root, *(step.replace("~1", "/").replace("~0", "~") for step in steps))
        raise OpenApiError(self._path, f"one in which {str(schema)[:60]} leads to no schema")

    def _mapping(self, *steps: str) -> Mapping[str, Any]:
        found = _inside(self._root, *steps)
        return {name: each for name, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}

    def _read_operations(self) -> Iterator[tuple[str, list[str], Mapping[str, Any]]]:
        for template, item in self._mapping("paths").items():
            for method, operation in item.items():
                if isinstance(operation, dict):
                    yield method.upper(), template.split("/"), operation


def _inside(value: Any, *steps: str) -> Any:
    """What stands at the end of these keys; None where they lead nowhere."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _root_of(content: bytes, path: Path) -> Mapping[str, Any]:
    try:
        root = json.loads(content)
    except (ValueError, RecursionError):
        is_yaml = content.lstrip().startswith((b"openapi:", b"---"))
        raise OpenApiError(path, "YAML; the same in JSON lies beside it" if is_yaml else "something else") from None
    said = root.get("openapi") if isinstance(root, dict) else None
    if not str(said).startswith("3.0"):
        other = root.get("swagger") if isinstance(root, dict) else None
        kind = f"version {said or other}" if said or other else "other JSON"
        raise OpenApiError(path, kind if len(kind) < 40 else "other JSON")
    return root  # type: ignore[no-any-return] # a dict, as `said` shows


def _names_of(schema: Schema) -> list[str]:
    """The values of `object` that the schema's own objects have: one, or none."""
    values = _inside(schema, "properties", "object", "enum")
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _is_parameter(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _fits(template: list[str], segments: list[str]) -> bool:
    return len(template) == len(segments) and all(
        _is_parameter(wanted) or wanted == part for wanted, part in zip(template, segments, strict=True)
    )
