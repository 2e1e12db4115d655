"""The ids that recorded answers tell, by the kind of object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from replaydisputes.model import Response
from replaydisputes.playback.codings import plain_body

Kind = Literal["dispute", "charge", "payment_intent", "event"]

_SHAPES: dict[Kind, re.Pattern[str]] = {
    "dispute": re.compile(r"d[up]_[A-Za-z0-9]{1,255}"),
    "charge": re.compile(r"(?:ch|py)_[A-Za-z0-9]{1,255}"),
    "payment_intent": re.compile(r"pi_[A-Za-z0-9]{1,255}"),
    "event": re.compile(r"evt_[A-Za-z0-9]{1,255}"),
}


def ids_told(kind: Kind, responses: Iterable[Response]) -> tuple[str, ...]:
    """Each id of a kind that stands in an answer as a whole value, in the order in which they are told."""
    shape = _SHAPES[kind]
    found = (value for response in responses for value in _texts(_json(response)) if shape.fullmatch(value))
    return tuple(dict.fromkeys(found))


def _json(response: Response) -> Any:
    try:
        return json.loads(plain_body(response))
    except ValueError:
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _texts(member)
