"""Secrets that show by their place: header fields that carry credentials, JSON and form fields that hold people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from replaydisputes.leak_gate.canonical import is_placeholder
from replaydisputes.leak_gate.finding import Match
from replaydisputes.leak_gate.views import occurrences

_HEADERS = {
    b"authorization": "credential",
    b"proxy-authorization": "credential",
    b"cookie": "cookie",
    b"set-cookie": "cookie",
    b"idempotency-key": "idempotency key",
    b"x-stripe-client-user-agent": "client telemetry",
    b"x-stripe-client-telemetry": "client telemetry",
}
_YAML_VALUE = re.compile(
    rb"[\"']?[ \t]*:[ \t]*(?P<same>[^\r\n]*)(?P<items>(?:\r?\n[ \t]*-[ \t]+[^\r\n]*)*|(?<=\[)\s*\"[^\"\r\n]*\")"
)
_JSON_STRING = rb'"(?:[^"\\\r\n\0]|\\.)*"'
_JSON_VALUE = re.compile(
    rb'"\s*(?:,\s*"value"\s*)?:\s*(?P<same>' + _JSON_STRING + rb")"
    rb'|"\s*:\s*\[\s*(?P<items>' + _JSON_STRING + rb"(?:\s*,\s*" + _JSON_STRING + rb")*)\s*\]"
)
_LINE = re.compile(rb"[^\r\n]+")
_SAFE_HEADER_VALUE = re.compile(rb"(?:Bearer|Basic)? ?(?:\[redacted(?: \d+)?\]|YOUR_\w+\b.*)|idempotency-key-\d+")

_PERSONAL_KEYS = (
    rb"access_activity_log|authorization_code|billing_address|customer_account_id|customer_device_fingerprint"
    rb"|customer_device_id|customer_email_address|customer_name|customer_purchase_ip|email|fingerprint|ip_address"
    rb"|line1|line2|network_transaction_id|phone|postal_code|receipt_email|receipt_number|receipt_url"
    rb"|shipping_address|shipping_tracking_number|telemetry_id|tracking_number"
)
_JSON_FIELD = re.compile(rb'"(?:' + _PERSONAL_KEYS + rb')"\s*:\s*"((?:[^"\\\0]|\\.){3,})"', re.S)
_FORM_FIELD = re.compile(rb"[\[&?'\" ](?:" + _PERSONAL_KEYS + rb")\]?=(?!\[redacted[\s\\\]\0])([^&\s\"']{3,})")
_PERSONAL_OBJECTS = tuple(
    b'"%b"' % name
    for name in (b"billing_details", b"customer_details", b"evidence", b"fraud_details", b"metadata", b"shipping")
)
_OPENING = re.compile(rb"\s*:\s*\{")
_JSON_TOKEN = re.compile(rb'[{}\0]|"([^"\\\0]*(?:\\.[^"\\\0]*)*)"(\s*:)?', re.S)
_HARMLESS = re.compile(rb"[a-z_]*|.{0,3}|[\d-]{1,10}", re.S)


def header_fields(text: bytes, once: bytes) -> Iterator[Match]:
    """Values of header fields that are neither a placeholder nor empty, in YAML, JSON and HAR.

    once: a text that holds each line of the text at least once; names that it does not hold are not looked for again.
    """
    once = once.lower()
    names = [name for name in _HEADERS if name in once]
    lowered = text.lower() if names else b""
    for name in names:
        read_to = 0
        for start in occurrences(lowered, name):
            end = start + len(name)
            if start < read_to or not _starts_a_field(text, start):
                continue
            value = _JSON_VALUE.match(text, end) or _YAML_VALUE.match(text, end)
            if value is None:
                continue
            read_to = value.end()
            for part in ("same", "items"):
                for line in _LINE.finditer(text, *value.span(part)) if value[part] else ():
                    if _tells(line[0]):
                        yield Match(*line.span(), _HEADERS[name])


def personal_fields(text: bytes, once: bytes) -> Iterator[Match]:
    """Strings in places that hold people, where the redactor would have left a stand-in or null.

    once: a text that holds each line of the text at least once; what it does not show is not looked for again.
    """
    for pattern in (_JSON_FIELD, _FORM_FIELD):
        if any(_is_personal(found[1]) for found in pattern.finditer(once)):
            for found in pattern.finditer(text):
                if _is_personal(found[1]):
                    yield Match(*found.span(1), "personal value")
    cleared: set[bytes] = set()
    read_to = 0
    names = [name for name in _PERSONAL_OBJECTS if name in once]
    for start in sorted(start for name in names for start in occurrences(text, name)):
        opening = _OPENING.match(text, text.index(b'"', start + 1) + 1)
        if opening is not None and start >= read_to:
            read_to = _closing(text, opening.end())
            content = text[opening.end() : read_to]
            if content not in cleared:
                telling = list(_strings_within(text, opening.end(), read_to, cleared))
                yield from telling
                cleared.update(() if telling else (content,))


def _is_personal(value: bytes) -> bool:
    if b"%" in value or b"+" in value:
        value = unquote_to_bytes(value.replace(b"+", b" "))
    return not _HARMLESS.fullmatch(value) and not is_placeholder(value)


def _starts_a_field(text: bytes, start: int) -> bool:
    """Whether a name stands where a key may stand, not in the middle of prose."""
    nearby = max(start - 200, 0)
    before = text[max(text.rfind(b"\n", nearby, start) + 1, nearby) : start].rstrip(b"\"'")
    return not before.strip(b" \t-?{[,") or (text[start - 1 : start] in (b'"', b"'") and before.rstrip()[-1:] in b"{,:")


def _tells(line: bytes) -> bool:
    value = re.sub(rb"^[\s\"'\[{-]*(?=[\w*])|[\s\"'\]},;]*$", b"", line.strip().removeprefix(b"- "))
    if b"[redacted" in line or not value.strip(b"[]{}|>!-\"', "):
        return False
    return _SAFE_HEADER_VALUE.match(value) is None


def _closing(text: bytes, start: int) -> int:
    """The offset of the brace that closes the one in front of `start`, or where the text breaks off before it."""
    depth = 1
    for token in _JSON_TOKEN.finditer(text, start):
        if token[1] is None:
            depth += 1 if token[0] == b"{" else -1
            if depth == 0 or token[0] == b"\0":
                return token.start()
    return len(text)


def _strings_within(text: bytes, start: int, end: int, cleared: set[bytes]) -> Iterator[Match]:
    """The telling strings of an object, at any depth. `cleared` remembers which tell nothing."""
    for token in _JSON_TOKEN.finditer(text, start, end):
        if token[1] is not None and not token[2] and token[1] not in cleared:
            if _is_personal(token[1]):
                yield Match(*token.span(1), "personal value")
            else:
                cleared.add(token[1])
