"""Recordings that are a bare list of calls: ExVCR, PHP-VCR, nock and `stripe playback`; and go-vcr's cassettes.

Each is known by keys that only its tool writes. A format that leaves out what a cassette needs is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlunsplit

from replaydisputes.cassette_file.tree import FaultError, Listing, Mapping, Node, Scalar, describe
from replaydisputes.importing import values
from replaydisputes.importing.calls import Call, Calls, read_calls
from replaydisputes.model import Headers, Interaction, Request, Response, header, reason_phrase
from replaydisputes.stripe_api.facts import API_HOST
from replaydisputes.stripe_api.forms import encode_form

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")

Reader = Callable[[Node], Call | None]


def read_list(root: Listing) -> tuple[str, Calls] | None:
    """The name of the tool that wrote the list, and its calls; None for a list of anything else."""
    first = root.items[0] if root.items else None
    if not isinstance(first, Mapping):
        return None
    for name, is_its, read in _LISTS:
        if is_its(first):
            return name, read_calls(root.items, read)
    return None


def is_go_vcr(interactions: Node) -> bool:
    """Whether the `interactions` of a file with a version are go-vcr's: its requests have `url`, vcrpy's have `uri`."""
    first = interactions.items[0] if isinstance(interactions, Listing) and interactions.items else None
    request = _part(first, "request")
    return "url" in request and "uri" not in request


def read_go_vcr(_: Mapping, node: Node) -> Calls:
    return read_calls(values.listing(node, "a list of interactions").items, _go_vcr)


def _go_vcr(node: Node) -> Call:
    """`status: 200 OK` beside `code: 200`; the body is text, and the form in it stands beside it once more."""
    request, response = _halves(node)
    code = values.status(values.required(response, "code", "a response"))
    reason = values.optional_text(response, "status").removeprefix(str(code)).strip() or reason_phrase(code)
    return _call(node, _request(request), Response(code, _headers(response), _text_body(response), reason))


def _exvcr(node: Node) -> Call | None:
    """`type: error` marks a call without an answer; the body sent is `body` or `request_body`."""
    request, response = _halves(node)
    if values.optional_text(response, "type") == "error":
        return None
    if values.optional_text(response, "binary") == "true":
        raise FaultError(response.index, "an ExVCR body as text", "a binary term of Erlang")
    code = values.status(values.required(response, "status_code", "a response"))
    sent = _text_body(request) or _text_body(request, "request_body")
    answer = Response(code, _headers(response), _text_body(response), reason_phrase(code))
    return _call(node, _request(request, sent), answer)


def _php_vcr(node: Node) -> Call:
    """The status is a number or `{http_version, code, message}`; a form may be in `post_fields` only."""
    request, response = _halves(node)
    status = values.required(response, "status", "a response")
    if isinstance(status, Mapping):
        code, reason = (
            values.status(values.required(status, "code", "a status")),
            values.optional_text(status, "message"),
        )
    else:
        code, reason = values.status(status), ""
    fields = values.member(request, "post_fields")
    sent = _text_body(request)
    if not sent and fields is not None:
        sent = encode_form(tuple(_php_fields(fields, "")))
    return _call(
        node,
        _request(request, sent),
        Response(code, _headers(response), _text_body(response), reason or reason_phrase(code)),
    )


def _php_fields(node: Node, key: str) -> list[tuple[str, str]]:
    if isinstance(node, Scalar):
        return [(key, "" if node.kind == "null" else values.text(node))]
    members = node.values.items() if isinstance(node, Mapping) else ((str(n), one) for n, one in enumerate(node.items))
    return [pair for name, one in members for pair in _php_fields(one, f"{key}[{name}]" if key else name)]


def _nock(node: Node) -> Call:
    """The URL is `scope` and `path`; a JSON answer is a tree, a packed one a list of hexadecimal pieces."""
    parent = values.mapping(node, "a recorded call (a mapping)")
    scope = values.text(values.required(parent, "scope", "a recorded call"))
    address = values.required(parent, "path", "a recorded call")
    url = values.url(Scalar(address.index, "str", scope.removesuffix(":443") + values.text(address)))
    method = values.method(values.required(parent, "method", "a recorded call"))
    sent = values.member(parent, "body")
    code = values.status(values.required(parent, "status", "a recorded call"))
    asked = values.headers(values.member(parent, "reqheaders"))
    given = _nock_headers(parent)
    request = Request(method, url, asked, _nock_body(sent, is_packed=False))
    answer = _nock_body(values.member(parent, "response"), is_packed=header(given, "content-encoding") is not None)
    return _call(node, request, Response(code, given, answer, reason_phrase(code)))


def _nock_headers(parent: Mapping) -> Headers:
    node = values.member(parent, "rawHeaders")
    if isinstance(node, Listing):
        flat = [values.text(item, "a header as text") for item in node.items]
        return tuple(zip(flat[::2], flat[1::2], strict=False))
    return values.headers(node if node is not None else values.member(parent, "headers"))


def _nock_body(node: Node | None, *, is_packed: bool) -> bytes:
    if node is None:
        return b""
    if isinstance(node, Scalar):
        spelled = values.text(node, "a body")
        return bytes.fromhex(spelled) if is_packed and _HEX.fullmatch(spelled) else spelled.encode()
    if isinstance(node, Listing) and is_packed and all(isinstance(one, Scalar) for one in node.items):
        return b"".join(values.from_hex(one) for one in node.items)
    return values.as_json(node)


def _playback(node: Node) -> Call | None:
    """The Stripe CLI's: a URL in parts, without a host where the call came to its own server. Type 1 is a webhook."""
    request, response = _halves(node)
    if values.optional_text(values.mapping(node, "a call"), "type") == "1":
        return None
    parts = values.mapping(values.required(request, "url", "a request"), "a URL in parts")
    scheme, host = values.optional_text(parts, "scheme") or "https", values.optional_text(parts, "host") or API_HOST
    path = values.optional_text(parts, "rawpath") or values.optional_text(parts, "path")
    spelled = urlunsplit((scheme, host, path, values.optional_text(parts, "rawquery"), ""))
    url = values.url(Scalar(parts.index, "str", spelled))
    code = values.status(values.required(response, "status_code", "a response"))
    method = values.method(values.required(request, "method", "a request"))
    asked = Request(method, url, _headers(request), _text_body(request))
    return _call(node, asked, Response(code, _headers(response), _text_body(response), reason_phrase(code)))


def _call(node: Node, request: Request, response: Response) -> Call:
    return Call(Interaction(request, response), "", node.index)


def _halves(node: Node) -> tuple[Mapping, Mapping]:
    parent = values.mapping(node, "a call (a mapping)")
    request = values.mapping(values.required(parent, "request", "a call"), "a request (a mapping)")
    return request, values.mapping(values.required(parent, "response", "a call"), "a response (a mapping)")


def _request(parent: Mapping, body: bytes | None = None) -> Request:
    method = values.method(values.required(parent, "method", "a request"))
    url = values.url(values.required(parent, "url", "a request"))
    return Request(method, url, _headers(parent), _text_body(parent) if body is None else body)


def _headers(parent: Mapping) -> Headers:
    node = values.member(parent, "headers")
    return () if isinstance(node, Listing) and not node.items else values.headers(node)


def _text_body(parent: Mapping, key: str = "body") -> bytes:
    node = values.member(parent, key)
    if node is None:
        return b""
    if not isinstance(node, Scalar):
        raise FaultError(node.index, "a body as text", describe(node))
    return values.unpacked(node) if node.kind == "binary" else values.text(node, "a body as text").encode()


def _part(node: Node | None, key: str) -> set[str]:
    """The keys of a member, none if there is no such mapping."""
    member = node.values.get(key) if isinstance(node, Mapping) else None
    return set(member.values) if isinstance(member, Mapping) else set()


def _is_playback(first: Mapping) -> bool:
    request = first.values.get("request")
    url = request.values.get("url") if isinstance(request, Mapping) else None
    return isinstance(url, Mapping) and "status_code" in _part(first, "response")


def _is_php(first: Mapping) -> bool:
    return "url" in _part(first, "request") and "status" in _part(first, "response")


def _is_exvcr(first: Mapping) -> bool:
    return "url" in _part(first, "request") and {"type", "status_code"} & _part(first, "response") != set()


def _is_nock(first: Mapping) -> bool:
    return {"scope", "path", "method"} <= set(first.values)


_LISTS: tuple[tuple[str, Callable[[Mapping], bool], Reader], ...] = (
    ("stripe playback", _is_playback, _playback),
    ("nock", _is_nock, _nock),
    ("PHP-VCR", _is_php, _php_vcr),
    ("ExVCR", _is_exvcr, _exvcr),
)
