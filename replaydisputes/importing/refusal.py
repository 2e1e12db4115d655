"""Why the leak gate refused a file, in terms of the file read: the call, the field and a rule that settles it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import Interaction
from replaydisputes.stripe_api.forms import is_position, parse_form, split_key
from replaydisputes.stripe_api.urls import split_url

_MOST_FIELDS = 20_000
_IN_A_RULE = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_OBJECT_NAME = re.compile(r"[a-z_.]{1,40}")
_PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class Field(NamedTuple):
    """A field of a call. spelled: its name and value as a file shows them. rule: which `replace` rule covers it."""

    name: str
    spelled: bytes
    rule: str


def why_refused(interactions: Sequence[Interaction], known: KnownSecrets, first: Leak) -> tuple[int | None, str]:
    """Which interaction holds the leak, counted from 0, and what to say about it. Never a value, at most its mask."""
    for number, interaction in enumerate(interactions):
        for _, field in zip(range(_MOST_FIELDS), _fields(interaction), strict=False):
            leaks = find_leaks(field.spelled, known)
            if leaks:
                return number, _said(f"interactions[{number}].{field.name}", leaks[0], field.rule)
    return None, _said("", first, "")


def _said(field: str, leak: Leak, rule: str) -> str:
    where = f"the field {field} would still hold" if field else "the cassette would still hold"
    why = f"a value that looks like one ({leak.kind}, {leak.masked})"
    if leak.kind == "personal value":
        why = f"a value that also stands in a field for personal values ({leak.kind}, {leak.masked})"
    if rule:
        how = f"If it must go, put replace = [{json.dumps(rule)}] under [tool.replaydisputes] in pyproject.toml"
    else:
        how = "No rule covers this place. Change the value in the recording"
    return f"{where} {why} after redaction. {how}."


def _fields(interaction: Interaction) -> Iterator[Field]:
    request, response = interaction.request, interaction.response
    target = split_url(request.url)
    yield Field("request.uri", f"uri: {target.path}".encode(), "")
    for key, value in parse_form(target.query):
        yield _form_field("request.uri", key, value)
    for half, headers in (("request", request.headers), ("response", response.headers)):
        for name, value in headers:
            yield Field(
                f"{half}.headers.{_shown(name)}", f"{name}:\n- {value}".encode("utf-8", "replace"), f"header:{name}"
            )
    yield from _sent_fields(interaction)
    yield from _body_fields("response.body", response.body)


def _sent_fields(interaction: Interaction) -> Iterator[Field]:
    body = interaction.request.body
    if (interaction.request.header("content-type") or "").partition(";")[0].strip().lower().endswith("json"):
        yield from _body_fields("request.body", body)
        return
    for key, value in parse_form(body):
        yield _form_field("request.body", key, value)


def _form_field(where: str, key: str, value: str) -> Field:
    names = [name for name in split_key(key) if name and not is_position(name)]
    path = ".".join(names)
    shown = ".".join(map(_shown, names))
    return Field(
        f"{where} {shown}",
        f"{key}={value}".encode("utf-8", "replace"),
        f"form:{path}" if _IN_A_RULE.fullmatch(path) else "",
    )


def _body_fields(where: str, body: bytes) -> Iterator[Field]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield Field(where, body, "")
        return
    waiting: list[tuple[str, str, str, Any]] = [("$", "(none)", "", value)]
    while waiting:
        shown, within, path, node = waiting.pop()
        if isinstance(node, dict):
            declared = node.get("object")
            if isinstance(declared, str) and _OBJECT_NAME.fullmatch(declared):
                within, path = declared, ""
            steps = [(f"{shown}.{_shown(key)}", within, f"{path}.{key}".lstrip("."), one) for key, one in node.items()]
            waiting.extend(reversed(steps))
        elif isinstance(node, list):
            items = [(f"{shown}[{index}]", within, path, one) for index, one in enumerate(node)]
            waiting.extend(reversed(items))
        elif isinstance(node, str | int | float) and not isinstance(node, bool):
            key = path.rpartition(".")[2]
            spelled = f"{json.dumps(key)}: {json.dumps(node, ensure_ascii=False)}".encode("utf-8", "replace")
            yield Field(f"{where} {shown}", spelled, f"{within}:{path}" if _IN_A_RULE.fullmatch(path) else "")


def _shown(name: str) -> str:
    """A name as it may be printed: a name can be an address itself, so only plain ones are."""
    is_plain = _PLAIN_STEP.fullmatch(name) and not find_leaks(name.encode("utf-8", "replace"))
    return name if is_plain else f"<{len(name)} characters>"
