"""One interaction from the lines that layout.py wrote for it: its inverse, a hundred times as fast as a YAML reader.

Only for text whose stamp holds. All that is taken for granted follows from the layout: what may hold a line break is
set in deeper than the keys around it, everything else is one line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from replaydisputes.model import Headers, Interaction, Outline, Request, Response, outline_of

from .scalars import read_body, read_text

_REQUEST_BODY = "\n    body: "
_RESPONSE = "\n  response:\n    headers:"
_RESPONSE_BODY = "\n    body:\n      string: "
_STATUS = "\n    status:\n"
_START = re.compile("- request:\n    method: (.+)\n    uri: (.+)\n    headers:")
_END = re.compile("      message: (.+)\n      code: ([1-9][0-9][0-9])\n")
_VALUE, _LONG_NAME = "      - ", "      ? "

_PLAIN_START = re.compile(rb"- request:\n    method: ([A-Z]+)\n    uri: ([A-Za-z][!-~]*)\n    headers:")
_PLAIN_END = re.compile(rb"\n      code: ([1-9][0-9][0-9])\n")
_LENGTH_OF_END = len(b"\n      code: 200\n")
_BODY_IN_BYTES = _REQUEST_BODY.encode()
_KEY, _ACCOUNT = b"\n      idempotency-key:\n      - ", b"\n      stripe-account:\n      - "


def read_entry(text: str) -> Interaction:
    """The interaction of an entry. Raises ValueError or LookupError where the text is none."""
    at_response = text.index(_RESPONSE, text.index(_REQUEST_BODY)) + len(_RESPONSE) + 1
    at_body = text.index(_RESPONSE_BODY, at_response)
    at_status = text.rindex(_STATUS)
    end = _END.fullmatch(text, at_status + len(_STATUS))
    if end is None:
        raise ValueError("no status")
    response = Response(
        status=int(end[2]),
        headers=_headers(text[at_response:at_body]),
        body=read_body(text[at_body + len(_RESPONSE_BODY) : at_status], " " * 8),
        reason=read_text(end[1]),
    )
    return Interaction(read_request(text), response)


def read_request(text: str) -> Request:
    """The request of an entry. Raises ValueError or LookupError where the text is none."""
    start = _START.match(text)
    if start is None:
        raise ValueError("no request")
    at_body = text.index(_REQUEST_BODY, start.end())
    body = text[at_body + len(_REQUEST_BODY) : text.index(_RESPONSE, at_body)]
    return Request(
        method=read_text(start[1]),
        url=read_text(start[2]),
        headers=_headers(text[start.end() + 1 : at_body]),
        body=b"" if body == "null" else read_body(body, " " * 6),
    )


def read_outline(text: bytes, start: int, end: int) -> Outline:
    """The outline of the entry between two positions of a file, not decoded where its spelling is plain."""
    opening, ending = _PLAIN_START.match(text, start, end), _PLAIN_END.match(text, end - _LENGTH_OF_END, end)
    if opening is not None and ending is not None:
        fields = text[opening.end() : text.find(_BODY_IN_BYTES, opening.end(), end)]
        # Names are compared without case, and a letter beyond ASCII may be one of ASCII's in lower case.
        lowered = fields.lower()
        key, account = _plain_value(fields, lowered, _KEY), _plain_value(fields, lowered, _ACCOUNT)
        if key is not None and account is not None and lowered.isascii():
            return Outline(opening[1].decode(), opening[2].decode(), key, account, int(ending[1]))
    return outline_of(read_entry(text[start:end].decode("utf-8")))


def _plain_value(fields: bytes, lowered: bytes, opening: bytes) -> str | None:
    """The first value of a header field, empty where it is absent; None where the value is not spelled plainly."""
    start = lowered.find(opening)
    if start < 0:
        return ""
    value = fields[start + len(opening) :].partition(b"\n")[0].decode("utf-8")
    return None if value.startswith('"') else value


@lru_cache(maxsize=256)
def _headers(block: str) -> Headers:
    """Header fields from their lines, or from `{}`. Redacted ones are the same ones in cassette after cassette."""
    pairs = []
    name = ""
    for line in block.split("\n"):
        if line.startswith(_VALUE):
            pairs.append((name, read_text(line[8:])))
        elif line.startswith(_LONG_NAME):
            name = read_text(line[8:])
        elif line != "      :":
            name = read_text(line[6:-1])
    return tuple(pairs)
