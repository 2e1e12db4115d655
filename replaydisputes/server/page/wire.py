"""An exchange as text on the wire, cut into lines and pieces, so that a template can mark stand-ins and changes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from replaydisputes.model import Headers, Request, Response, reason_phrase
from replaydisputes.server.page.exhibit import FindStandIns


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one kind of stand-in; of none where the kind is empty."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """was: what stood in place of a changed line before, empty where nothing did."""

    pieces: tuple[Piece, ...]
    changed: bool = False
    was: str = ""


def request_lines(request: Request, find: FindStandIns) -> tuple[Line, ...]:
    return _lines(_request_text(request), find, {})


def response_lines(response: Response, find: FindStandIns, before: bytes | None) -> tuple[Line, ...]:
    """before: the body that this one is a later state of, so that what changed is marked; None where there is none."""
    changes = {} if before is None else _changes(before, response.body)
    first_of_body = len(response.headers) + 2
    return _lines(_response_text(response), find, {first_of_body + at: was for at, was in changes.items()})


def _lines(text: str, find: FindStandIns, changes: Mapping[int, str]) -> tuple[Line, ...]:
    pieces: list[list[Piece]] = [[]]
    at = 0
    for start, end, kind in find(text):
        _add(pieces, text[at:start])
        pieces[-1].append(Piece(text[start:end], kind))
        at = end
    _add(pieces, text[at:])
    return tuple(
        Line(tuple(line), number in changes, _value(changes.get(number, ""))) for number, line in enumerate(pieces)
    )


def _changes(before: bytes, after: bytes) -> dict[int, str]:
    """The lines of a body, from 0, that were not there before, each with the one in whose place it stands."""
    old, new = _text(before).splitlines(), _text(after).splitlines()
    changes: dict[int, str] = {}
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag in ("replace", "insert"):
            replaced: Sequence[str] = old[i1:i2] if i2 - i1 == j2 - j1 else [""] * (j2 - j1)
            changes.update(zip(range(j1, j2), replaced, strict=True))
    return changes


def _request_text(request: Request) -> str:
    target = urlsplit(request.url)
    path = target.path + (f"?{target.query}" if target.query else "")
    headers = request.headers if request.header("host") else (("Host", target.netloc), *request.headers)
    return _message(f"{request.method} {path} HTTP/1.1", headers, request.body)


def _response_text(response: Response) -> str:
    reason = response.reason or reason_phrase(response.status)
    return _message(f"HTTP/1.1 {response.status} {reason}".rstrip(), response.headers, response.body)


def _message(first: str, headers: Headers, body: bytes) -> str:
    return "\n".join([first, *(f"{name}: {value}" for name, value in headers), "", _text(body)]).rstrip("\n")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _add(pieces: list[list[Piece]], text: str) -> None:
    first, *rest = text.split("\n")
    if first:
        pieces[-1].append(Piece(first))
    for line in rest:
        pieces.append([Piece(line)] if line else [])


def _value(line: str) -> str:
    """The value of a line of JSON, without its name and comma."""
    return line.strip().partition(": ")[2].rstrip(",") or line.strip().rstrip(",")
