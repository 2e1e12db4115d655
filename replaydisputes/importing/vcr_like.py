"""vcrpy's version 1, what pytest-recording, cassetter and other serializers make of it, Ruby's VCR and Betamax."""

from __future__ import annotations

from replaydisputes.cassette_file.tree import FaultError, Listing, Mapping, Node, Scalar, describe
from replaydisputes.importing import values
from replaydisputes.importing.calls import Call, Calls, read_calls
from replaydisputes.model import Headers, Interaction, Request, Response, reason_phrase


def read_version_1(root: Mapping, node: Node) -> Calls:
    """The calls of a vcrpy cassette, which all have an answer."""
    version = values.required(root, "version", "a cassette")
    if not isinstance(version, Scalar) or version.text != "1":
        raise FaultError(version.index, "version 1", "another version of the format")
    return read_ruby(root, node)


def read_ruby(root: Mapping, node: Node) -> Calls:
    """The calls of a cassette of Ruby's VCR, in any version that has `http_interactions`; Betamax writes the same."""
    return read_calls(values.listing(node, "a list of interactions").items, _call)


def _call(node: Node) -> Call:
    parent = values.mapping(node, "an interaction (a mapping)")
    request = values.mapping(values.required(parent, "request", "an interaction"), "a request (a mapping)")
    response = values.mapping(values.required(parent, "response", "an interaction"), "a response (a mapping)")
    recorded_at = values.optional_text(parent, "recorded_at")
    return Call(Interaction(_request(request), _response(response)), recorded_at, node.index)


def _request(parent: Mapping) -> Request:
    return Request(
        method=values.method(values.required(parent, "method", "a request")),
        url=values.url(values.required(parent, "uri", "a request")),
        headers=_headers(parent),
        body=_body(parent),
    )


def _response(parent: Mapping) -> Response:
    node = values.member(parent, "status")
    if node is None:
        return _older_httpx_response(parent)
    if isinstance(node, Mapping):
        code = values.status(values.required(node, "code", "a status"))
        reason = values.optional_text(node, "message")
    else:
        code, reason = values.status(node), ""
    return Response(code, _headers(parent), _body(parent), reason or reason_phrase(code))


def _older_httpx_response(parent: Mapping) -> Response:
    """As vcrpy wrote the answers of httpx until version 6: `status_code`, and the body as `content`."""
    node = values.member(parent, "status_code")
    if node is None:
        raise FaultError(parent.index, "a response with `status`", "one without")
    code, content = values.status(node), values.member(parent, "content")
    body = _scalar(content, "") if content is not None else _body(parent)
    return Response(code, _headers(parent), body, reason_phrase(code))


def _headers(parent: Mapping) -> Headers:
    return values.headers(values.member(parent, "headers"))


def _body(parent: Mapping) -> bytes:
    """The body as the bytes it was: text, `!!binary`, in a mapping, taken apart by the recorder, or none."""
    parsed = values.member(parent, "parsed_body")
    if parsed is not None:
        return values.as_json(parsed)
    node = values.member(parent, "body")
    if node is None:
        return b""
    if isinstance(node, Mapping):
        return _typed(node) if values.member(node, "type") is not None else _spelled(node)
    return _scalar(node, "")


def _spelled(node: Mapping) -> bytes:
    """`{encoding, string | base64_string}`; a `string` that is a tree is a body which a serializer pretty-printed."""
    packed = values.member(node, "base64_string")
    if packed is not None:
        return values.unpacked(packed)
    if not {"string", ":string", "base64_string", ":base64_string"} & set(node.values):
        raise FaultError(node.index, "a body with `string` or `base64_string`", "one without")
    spelled = values.member(node, "string")
    return _scalar(spelled, values.optional_text(node, "encoding")) if spelled is not None else b""


def _typed(node: Mapping) -> bytes:
    """cassetter's `{type, content}`: none, text, json as a tree, binary as hexadecimal digits."""
    kind = values.optional_text(node, "type")
    content = node.values.get("content")
    if kind == "none":
        return b""
    if content is None or kind not in ("text", "json", "binary"):
        raise FaultError(node.index, "a body of type none, text, json or binary", "another one")
    if kind == "json":
        return values.as_json(content)
    return values.from_hex(content) if kind == "binary" else _scalar(content, "")


def _scalar(node: Node, encoding: str) -> bytes:
    if isinstance(node, Listing | Mapping):
        return values.as_json(node)
    if node.kind == "binary":
        return values.unpacked(node)
    if node.kind not in ("str", "int", "float", "bool", "timestamp"):
        raise FaultError(node.index, "a body as text", describe(node))
    return values.encoded(node, encoding)
