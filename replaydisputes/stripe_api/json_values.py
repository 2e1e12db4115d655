"""JSON of others, read within bounds: too deep is not JSON, and live mode is seen at any depth."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST_JSON = 64
"""Levels. Stripe's own answers have about ten."""

_LIVEMODE_TEXT = re.compile(rb'"livemode"\s*:\s*true')


def json_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object; empty if it is none, or nests too deep to be read."""
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def is_json(body: bytes) -> bool:
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError):
        return False
    return True


def nests_too_deep(body: bytes) -> bool:
    """Whether a body is JSON of more than DEEPEST_JSON levels."""
    if min(body.count(b"["), body.count(b"]")) + min(body.count(b"{"), body.count(b"}")) <= DEEPEST_JSON:
        return False
    try:
        level = [json.loads(body.decode())]
    except RecursionError:
        return True
    except ValueError:
        return False
    for _ in range(DEEPEST_JSON):
        level = [inner for value in level if isinstance(value, list | dict) for inner in _inside(value)]
    return any(isinstance(value, list | dict) for value in level)


def says_livemode(body: bytes) -> bool:
    """Whether any object in a body has `livemode: true`, at any depth; if it is no JSON, whether its text says so."""
    found = False

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or any(key == "livemode" and value is True for key, value in pairs)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return found or _LIVEMODE_TEXT.search(body) is not None
    return found


def _inside(value: list[object] | dict[str, object]) -> list[object]:
    return value if isinstance(value, list) else list(value.values())
