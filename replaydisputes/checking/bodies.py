"""The bodies of a cassette, read as far as they can be."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from replaydisputes.cassette_file.tree import where_too_deep
from replaydisputes.checking.finding import JsonPath
from replaydisputes.model import Response

MAX_JSON_DEPTH = 256
INFLATED_LIMIT = 64 * 1024 * 1024
"""Bytes that one compressed body may grow to."""

_REPLACED_WHOLE = re.compile(rb"\[redacted [1-9][0-9]*\]")
"""A body that the redactor could not read. Its headers stay: the client saw such a Content-Type over such a body."""


class Body(NamedTuple):
    """A response's body in clear. `value` is None where it is no JSON; `fault` is a rule and a message, or nothing."""

    clear: bytes
    value: Any = None
    fault: tuple[str, str] | None = None


class JsonObject(NamedTuple):
    """An object at any depth. is_snapshot: it stands in an event, which tells of the past."""

    path: JsonPath
    members: dict[str, Any]
    is_snapshot: bool


def read_body(response: Response) -> Body:
    """The body with its Content-Encoding undone, and its JSON value where it has one."""
    clear, problem = _in_clear(response)
    if problem:
        return Body(clear, json_of(clear)[0], ("http/encoding", problem))
    value, problem = json_of(clear)
    media_type = (response.header("Content-Type") or "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    if problem and clear and is_json and not _REPLACED_WHOLE.fullmatch(clear):
        return Body(clear, None, ("http/body-not-json", f"Content-Type is {media_type}, but the body {problem}"))
    return Body(clear, value)


def objects_in(value: Any) -> Iterator[JsonObject]:
    """Every object of a JSON value, outermost first, in document order; `previous_attributes` are parts of one."""
    waiting: list[tuple[JsonPath, Any, bool]] = [((), value, False)]
    while waiting:
        path, member, is_snapshot = waiting.pop()
        if isinstance(member, dict):
            yield JsonObject(path, member, is_snapshot)
            inside = is_snapshot or member.get("object") in ("event", "v2.core.event")
            steps = [((*path, key), each, inside) for key, each in member.items() if key != "previous_attributes"]
            waiting.extend(reversed(steps))
        elif isinstance(member, list):
            waiting.extend(((*path, index), each, is_snapshot) for index, each in reversed(list(enumerate(member))))


def _in_clear(response: Response) -> tuple[bytes, str]:
    """The body, and what kept it from being read."""
    encoding = (response.header("Content-Encoding") or "identity").strip().lower()
    body = response.body
    if not body or encoding in ("identity", ""):
        return body, ""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        known = encoding if encoding in ("br", "zstd", "compress") else "an encoding of several or unknown kinds"
        return body, f"the body is in {known}, so it could not be checked"
    for window_bits in (47, -15):
        inflated = _inflated(body, window_bits)
        if inflated is not None:
            return inflated, ""
    return body, f"Content-Encoding is {encoding}, but the body is not (in one piece, at most {INFLATED_LIMIT:,} bytes)"


def _inflated(body: bytes, window_bits: int) -> bytes | None:
    inflater = zlib.decompressobj(window_bits)
    try:
        clear = inflater.decompress(body, INFLATED_LIMIT)
    except zlib.error:
        return None
    return clear if inflater.eof else None


_TOO_DEEP = "is nested too deeply to be read"


def json_of(body: bytes) -> tuple[Any, str]:
    """The JSON value of a body, and what kept it from being read, as a verb phrase."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        # A parser with much stack finds the end of a deep text before it finds it too deep.
        deep = where_too_deep(error.doc, MAX_JSON_DEPTH, 0, error.pos) is not None
        return None, _TOO_DEEP if deep else f"is no JSON at its line {error.lineno}: {error.msg}"
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except RecursionError:
        return None, _TOO_DEEP
    except ValueError:
        return None, "holds a number that JSON does not know"
    # Python versions differ in where their parser gives up; and only many brackets can be deep ones.
    if body.count(b"{") + body.count(b"[") > MAX_JSON_DEPTH and _is_deep(value):
        return None, _TOO_DEEP
    return value, ""


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_JSON_DEPTH):
        level = [
            member
            for each in level
            for member in (each.values() if isinstance(each, dict) else each)
            if isinstance(member, dict | list)
        ]
    return bool(level)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
