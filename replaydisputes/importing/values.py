"""Out of a tree, what a recording is made of. Everything raises FaultError at the node that is wrong."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import math
import re
from urllib.parse import urlsplit

from replaydisputes.cassette_file.tree import FaultError, Listing, Mapping, Node, Scalar, describe
from replaydisputes.model import Headers

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_TRUE = frozenset(("true", "yes", "on"))
_STATUS = re.compile(r"[1-5][0-9][0-9]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LINE_END = re.compile(r"[\x00-\x1f\x7f]")
_RAW_ENCODINGS = frozenset(("ascii-8bit", "binary"))


def mapping(node: Node, expected: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise FaultError(node.index, expected, describe(node))
    return node


def listing(node: Node, expected: str) -> Listing:
    if not isinstance(node, Listing):
        raise FaultError(node.index, expected, describe(node))
    return node


def member(parent: Mapping, key: str) -> Node | None:
    """The value of a key, which Ruby may have spelled as a symbol; None where it is absent or null."""
    node = parent.values.get(key) or parent.values.get(f":{key}")
    return None if isinstance(node, Scalar) and node.kind == "null" else node


def required(parent: Mapping, key: str, whose: str) -> Node:
    node = member(parent, key)
    if node is None:
        raise FaultError(parent.index, f"{whose} with `{key}`", "one without")
    return node


def text(node: Node, expected: str = "text") -> str:
    """Any scalar as it is spelled. A lone surrogate, which JSON can write, is no text."""
    if not isinstance(node, Scalar) or node.kind == "null":
        raise FaultError(node.index, expected, describe(node))
    if node.kind == "binary":
        return unpacked(node).decode("latin-1")
    try:
        node.text.encode("utf-8")
    except UnicodeEncodeError:
        raise FaultError(node.index, expected, "half of a surrogate pair") from None
    return node.text


def optional_text(parent: Mapping, key: str) -> str:
    node = member(parent, key)
    return text(node) if node is not None else ""


def unpacked(node: Node) -> bytes:
    """The bytes behind base64."""
    spelled = node.text if isinstance(node, Scalar) else text(node, "base64")
    try:
        return base64.b64decode("".join(spelled.split()), validate=True)
    except (binascii.Error, ValueError):
        raise FaultError(node.index, "base64", "something else") from None


def from_hex(node: Node) -> bytes:
    try:
        return bytes.fromhex(text(node, "hexadecimal digits"))
    except ValueError:
        raise FaultError(node.index, "hexadecimal digits", "something else") from None


def encoded(node: Node, encoding: str) -> bytes:
    """A text as the bytes it was before some recorder made text of it. encoding: as Ruby names it."""
    spelled = text(node, "a body as text")
    if encoding.lower() in _RAW_ENCODINGS or not encoding:
        return spelled.encode("utf-8")
    try:
        codec = codecs.lookup("utf-8" if encoding.upper() == "US-ASCII" else encoding)
        if codec.name in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7"):
            raise LookupError(encoding)
        return codec.encode(spelled)[0]
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError):
        raise FaultError(node.index, "text in the encoding it names", "an unknown encoding, or other text") from None


def plain(node: Node) -> Json:
    """A tree as JSON values; depth and size were bounded when the tree was made."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.values.items()}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return _plain_scalar(node)


def _plain_scalar(node: Scalar) -> str | int | float | bool | None:
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text.lower() in _TRUE
    if node.kind not in ("int", "float"):
        return text(node)
    try:
        if node.kind == "float":
            number = float(node.text)
            return number if math.isfinite(number) else node.text
        if _DECIMAL.fullmatch(node.text):
            return int(node.text)
    except ValueError:
        pass
    raise FaultError(node.index, "a decimal number", "another spelling of one")


def as_json(node: Node) -> bytes:
    """A body that a recorder took apart, put together as Stripe prints it."""
    return json.dumps(plain(node), indent=2, ensure_ascii=False).encode("utf-8")


def method(node: Node) -> str:
    """`GET`, and Ruby's `get` and `:get`."""
    spelled = text(node, "an HTTP method").removeprefix(":").upper()
    if not _TOKEN.fullmatch(spelled):
        raise FaultError(node.index, "an HTTP method", "something else")
    return spelled


def url(node: Node) -> str:
    spelled = text(node, "an absolute URL")
    try:
        parts = urlsplit(spelled)
        whole = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or _LINE_END.search(spelled):
        raise FaultError(node.index, "an absolute http or https URL", "something else")
    return spelled


def status(node: Node) -> int:
    spelled = node.text if isinstance(node, Scalar) else ""
    if not _STATUS.fullmatch(spelled):
        raise FaultError(node.index, "an HTTP status from 100 to 599", describe(node))
    return int(spelled)


def headers(node: Node | None) -> Headers:
    """Header fields, given as a mapping of names to a value or to a list of values."""
    if node is None:
        return ()
    pairs: list[tuple[str, str]] = []
    for name, values in mapping(node, "headers (a mapping of name to values)").values.items():
        for value in values.items if isinstance(values, Listing) else [values]:
            if not isinstance(value, Scalar) or value.kind != "null":
                pairs.append((name, text(value, "a header value as text")))
    return tuple(pairs)
