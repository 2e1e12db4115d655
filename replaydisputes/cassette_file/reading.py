"""Cassette text to a Cassette, every fault told with file and line; files of vcrpy's own making load as well."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import get_args

from replaydisputes.errors import CassetteFormatError
from replaydisputes.model import Cassette, Headers, Interaction, MadeAgainst, Provenance, Request, Response

from .loading import MAX_BYTES
from .tree import FaultError, Listing, Mapping, Node, Scalar, compose, describe

_STATUS_CODE = re.compile("[1-9][0-9][0-9]")
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def parse(text: bytes, path: Path) -> Cassette:
    """The cassette in a text. `path` only names the file in errors. Raises CassetteFormatError with the line."""
    if len(text) > MAX_BYTES:
        raise CassetteFormatError(path, None, f"at most {MAX_BYTES:,} bytes", "more")
    decoded = decoded_text(text, path)
    try:
        return _cassette(compose(decoded))
    except FaultError as fault:
        raise CassetteFormatError(path, line_at(decoded, fault.index), fault.expected, fault.got) from None


def line_at(text: str, index: int) -> int:
    """The line of a character, from 1; the end of a text counts as its last line that is not blank."""
    return text.count("\n", 0, min(index, len(text.rstrip("\n")))) + 1


def decoded_text(text: bytes, path: Path) -> str:
    """The text of a file in UTF-8, less its mark. Raises CassetteFormatError for any other encoding."""
    if text.startswith(_UTF16_MARKS):
        raise CassetteFormatError(path, 1, "UTF-8", "UTF-16")
    try:
        return text.removeprefix(_UTF8_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CassetteFormatError(path, line, "UTF-8", f"the byte 0x{error.object[error.start]:02x}") from None


def _cassette(root: Node | None) -> Cassette:
    if root is None:
        raise FaultError(0, "a cassette", "an empty file")
    mapping = _mapping(root, "a cassette (a mapping with `version: 1`)")
    if "http_interactions" in mapping.values:
        where = mapping.key_index["http_interactions"]
        raise FaultError(where, "a vcrpy cassette (`version: 1`)", "a cassette of Ruby's VCR (`http_interactions`)")
    version = _required(mapping, "version", "`version: 1`")
    if not isinstance(version, Scalar) or version.kind != "int" or version.text != "1":
        number = isinstance(version, Scalar) and version.kind in ("int", "float") and len(version.text) < 10
        other = f"version {version.text}" if isinstance(version, Scalar) and number else describe(version)
        raise FaultError(version.index, "version 1", other)
    listing = _required(mapping, "interactions", "`interactions`")
    if not isinstance(listing, Listing):
        raise FaultError(listing.index, "a list of interactions", describe(listing))
    provenance = mapping.values.get("replaydisputes")
    if provenance is None:
        return Cassette(tuple(map(_interaction, listing.items)))
    return Cassette(tuple(map(_interaction, listing.items)), _provenance(provenance, listing))


def _provenance(node: Node, listing: Listing) -> Provenance:
    """Keys that a later version may add are left alone; a digest that is gone counts as one that does not hold."""
    mapping = _mapping(node, "provenance (a mapping)")
    count = _required(mapping, "interactions", "the number of `interactions`")
    if not isinstance(count, Scalar) or count.kind != "int" or not count.text.isdecimal():
        raise FaultError(count.index, "the number of interactions", describe(count))
    if len(count.text) > 9 or int(count.text) > len(listing.items):
        raise FaultError(count.index, f"{count.text[:9]} interactions", f"{len(listing.items)}: the file is truncated")
    made_against = _required(mapping, "made_against", "`made_against`")
    digest = mapping.values.get("digest")
    return Provenance(
        made_against=_made_against(made_against),
        scenario=_text(_required(mapping, "scenario", "`scenario`")),
        stripe_version=_text(_required(mapping, "stripe_version", "`stripe_version`")),
        tool_version=_text(_required(mapping, "tool_version", "`tool_version`")),
        recorded_at=_text(_required(mapping, "recorded_at", "`recorded_at`")),
        digest=_text(digest) if digest is not None else "",
        edited=_is_true(mapping.values.get("edited")),
    )


def _made_against(node: Node) -> MadeAgainst:
    known: tuple[MadeAgainst, ...] = get_args(MadeAgainst)
    for word in known:
        if isinstance(node, Scalar) and node.text == word:
            return word
    raise FaultError(
        node.index, f"one of {', '.join(known)}", "another word" if isinstance(node, Scalar) else describe(node)
    )


def _is_true(node: Node | None) -> bool:
    if node is None:
        return False
    if not isinstance(node, Scalar) or node.kind != "bool" or node.text.lower() not in ("true", "false"):
        raise FaultError(node.index, "`true` or `false`", describe(node))
    return node.text.lower() == "true"


def _interaction(node: Node) -> Interaction:
    mapping = _mapping(node, "an interaction (a mapping)")
    request = _mapping(_required(mapping, "request", "`request`"), "a request (a mapping)")
    response = _mapping(_required(mapping, "response", "`response`"), "a response (a mapping)")
    return Interaction(_request(request), _response(response))


def _request(mapping: Mapping) -> Request:
    body = _required(mapping, "body", "the request's `body`")
    return Request(
        method=_text(_required(mapping, "method", "the request's `method`")),
        url=_text(_required(mapping, "uri", "the request's `uri`")),
        headers=_headers(_required(mapping, "headers", "the request's `headers`")),
        body=_body(_required(body, "string", "`string`") if isinstance(body, Mapping) else body),
    )


def _response(mapping: Mapping) -> Response:
    body = _mapping(_required(mapping, "body", "the response's `body`"), "a body (a mapping with `string`)")
    status = _mapping(_required(mapping, "status", "the response's `status`"), "a status (`code` and `message`)")
    code = _required(status, "code", "the status's `code`")
    if not isinstance(code, Scalar) or code.kind != "int" or not _STATUS_CODE.fullmatch(code.text):
        raise FaultError(code.index, "an HTTP status of three digits", describe(code))
    message = _required(status, "message", "the status's `message`")
    return Response(
        status=int(code.text),
        headers=_headers(_required(mapping, "headers", "the response's `headers`")),
        body=_body(_required(body, "string", "`string`")),
        reason="" if isinstance(message, Scalar) and message.kind == "null" else _text(message),
    )


def _headers(node: Node) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, values in _mapping(node, "headers (a mapping of name to values)").values.items():
        if isinstance(values, Listing):
            pairs.extend((name, _text(value)) for value in values.items)
        else:
            pairs.append((name, _text(values)))
    return tuple(pairs)


def _body(node: Node) -> bytes:
    if not isinstance(node, Scalar):
        raise FaultError(node.index, "a body as text", describe(node))
    if node.kind == "null":
        return b""
    if node.kind != "binary":
        return _text(node).encode("utf-8")
    try:
        return base64.b64decode("".join(node.text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise FaultError(node.index, "base64", "something else") from None


def _mapping(node: Node, expected: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise FaultError(node.index, expected, describe(node))
    return node


def _required(mapping: Mapping, key: str, expected: str) -> Node:
    if key not in mapping.values:
        raise FaultError(mapping.index, expected, f"a mapping without `{key}`")
    return mapping.values[key]


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or node.kind != "str":
        quote = " (put it in quotes)" if isinstance(node, Scalar) and node.kind != "null" else ""
        raise FaultError(node.index, "text", describe(node) + quote)
    return node.text
