"""HTTP Archive 1.2 (w3c.github.io/web-performance/specs/HAR/Overview.html), as browsers and proxies export it.

Bodies in it are already decoded, whatever the Content-Encoding says; text that is not UTF-8 comes in base64.
"""

from __future__ import annotations

from collections.abc import Sequence

from replaydisputes.cassette_file.tree import FaultError, Mapping, Node, Scalar
from replaydisputes.importing import values
from replaydisputes.importing.calls import Call, Calls, read_calls
from replaydisputes.model import Headers, Interaction, Request, Response, header, reason_phrase
from replaydisputes.stripe_api.forms import encode_form

_BOUNDARY = "replaydisputes-boundary"


def read(root: Mapping, node: Node) -> Calls:
    """The calls of an archive. Left out: calls without an answer (blocked, aborted, body not saved)."""
    log = values.mapping(node, "a `log` (a mapping)")
    return read_calls(values.listing(values.required(log, "entries", "a HAR log"), "a list of entries").items, _call)


def _call(node: Node) -> Call | None:
    entry = values.mapping(node, "an entry (a mapping)")
    request = values.mapping(values.required(entry, "request", "an entry"), "a request (a mapping)")
    response = values.mapping(values.required(entry, "response", "an entry"), "a response (a mapping)")
    if not _is_answered(response):
        return None
    started = values.optional_text(entry, "startedDateTime")
    return Call(Interaction(_request(request), _response(response)), started, node.index)


def _is_answered(response: Mapping) -> bool:
    """A browser notes status 0 for a call that got no answer, and a size without text for a body it let go."""
    code = values.required(response, "status", "a response")
    if isinstance(code, Scalar) and code.text in ("0", "-1"):
        return False
    content = values.member(response, "content")
    if not isinstance(content, Mapping) or values.member(content, "text") is not None:
        return True
    size = values.optional_text(content, "size")
    return not size.isdecimal() or size == "0"


def _request(parent: Mapping) -> Request:
    headers = _headers(parent)
    node = values.member(parent, "postData")
    body = _posted(values.mapping(node, "postData (a mapping)"), headers) if node is not None else b""
    return Request(
        values.method(values.required(parent, "method", "a request")),
        values.url(values.required(parent, "url", "a request")),
        headers,
        body,
    )


def _response(parent: Mapping) -> Response:
    code = values.status(values.required(parent, "status", "a response"))
    node = values.member(parent, "content")
    body = _content(values.mapping(node, "content (a mapping)")) if node is not None else b""
    return Response(code, _headers(parent), body, values.optional_text(parent, "statusText") or reason_phrase(code))


def _headers(parent: Mapping) -> Headers:
    node = values.member(parent, "headers")
    if node is None:
        return ()
    fields = [
        values.mapping(item, "a header (`name` and `value`)")
        for item in values.listing(node, "a list of headers").items
    ]
    return tuple(
        (values.text(values.required(field, "name", "a header")), values.optional_text(field, "value"))
        for field in fields
    )


def _content(node: Mapping) -> bytes:
    spelled = values.member(node, "text")
    if spelled is None:
        return b""
    encoding = values.optional_text(node, "encoding").lower()
    if encoding == "base64":
        return values.unpacked(spelled)
    if encoding not in ("", "utf-8", "utf8"):
        raise FaultError(node.index, "content in plain text or base64", "another encoding")
    return values.text(spelled, "a body as text").encode("utf-8")


def _posted(node: Mapping, headers: Headers) -> bytes:
    """The body sent: its text, else put together from its parameters."""
    spelled = values.member(node, "text")
    if spelled is not None and values.text(spelled, "a body as text"):
        return _content(node)
    listed = values.member(node, "params")
    if listed is None:
        return b""
    params = [
        values.mapping(item, "a parameter (a mapping)") for item in values.listing(listed, "a list of params").items
    ]
    kind = values.optional_text(node, "mimeType") or header(headers, "content-type") or ""
    if kind.lower().startswith("multipart/"):
        return _multipart(params, kind)
    return encode_form(
        tuple(
            (values.text(values.required(one, "name", "a parameter")), values.optional_text(one, "value"))
            for one in params
        )
    )


def _multipart(params: Sequence[Mapping], content_type: str) -> bytes:
    """RFC 7578, with the boundary the header names. Raw, to be redacted: names are not escaped."""
    _, _, named = content_type.partition("boundary=")
    boundary = named.strip('"') or _BOUNDARY
    lines: list[str] = []
    for one in params:
        file_name = values.optional_text(one, "fileName")
        name = values.text(values.required(one, "name", "a parameter"))
        file_part = f'; filename="{file_name}"' if file_name else ""
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"{file_part}', ""]
        lines.append(values.optional_text(one, "value"))
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("utf-8")
