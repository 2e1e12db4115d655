"""Reads raw interactions for what is secret in them. Its places are a deny-list, written apart from the redactor's
allow-list: what one forgets the other has to remember."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from replaydisputes.leak_gate.blobs import inflate
from replaydisputes.leak_gate.canonical import is_canonical_suffix, is_filter_placeholder, is_made_up_id, is_placeholder
from replaydisputes.leak_gate.numbers import number_shapes
from replaydisputes.leak_gate.shapes import id_kind, is_stripe_id, line_shapes
from replaydisputes.model import Headers, Interaction

EXACT_KINDS = frozenset(
    {"API key", "webhook secret", "Stripe id", "Stripe account id", "request id", "account fragment", "client secret"}
)
"""Kinds whose case carries meaning; all others are looked for in any case."""

_SECRET_HEADER = re.compile(
    r"(?i)authori[sz]ation|cookie|idempotency|request-?id|original-request|user-agent|telemetry|token|secret|api-?key"
    r"|session|trace|forwarded|real-ip|client-ip|stripe-account|signature|etag|referer|^from$|fingerprint|device"
)
_PUBLIC_HEADER = re.compile(
    r"(?i)accept|access-control-|connection|content-(type|length|encoding)|server|vary|stripe-version|cache-control"
    r"|stripe-should-retry|strict-transport|transfer-encoding|www-authenticate|x-stripe-(priority|routing)|x-wc"
)
_SECRET_PLACE = re.compile(
    r"(?i)evidence|billing_details|shipping|metadata|fraud_details|customer_details|customer_(name|email|address|phone)"
    r"|receipt_|description|statement_descriptor|fingerprint|last4|network_transaction|authorization_code|signature"
    r"|request_log_url|client_secret|invoice_prefix|(^|_)(name|email|phone|address|ip|iin|owner|nickname|secret|token)$"
    r"|tracking|activity_log|telemetry|user_agent|platform|uname|hostname|^customer$|^number$|^cvc$|^exp_(month|year)$"
    r"|line[12]|postal_code|^city$|device|account_holder|arn$|acquirer|trace_id|dynamic_last4|tax_id|dob|^url$"
    r"|wallet|^note|comment|memo|reference|seller_message|purchase"
)
_STEERS_A_TEST = re.compile(r"(?:winning|losing|escalate_inquiry)_evidence|evidence|details|list")
_NO_PERSON = re.compile(
    r"evidence_details|visa_compelling_evidence_3|has_evidence|enhanced_evidence|network_token|details|list"
)
_API_PATH = re.compile(r"/v[12](?:/[a-z_]{1,40})+")
_A_NAME = re.compile(r"(?i)name|signature|owner|holder")
_ENUM = re.compile(r"[a-z][a-z0-9_.:-]{0,60}")
_ID = re.compile(r"(?<![A-Za-z0-9])([a-z]{2,12}(?:_[a-z]{2,12})?)_([A-Za-z0-9]{8,})(?![A-Za-z0-9])")
_PLAIN_WORD = re.compile(r"(?<![\w'\"@./-])[a-z]{3,}(?![\w'\"@/-])")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^()]*\)")
_CLAUSE = re.compile(r"[\r\n.;:,!?()|]+(?:\s+|$)|\r?\n")
_TEST_CARD_ENDING = re.compile(
    r"4242|0259|2685|1976|0079|5423|5556|4444|3222|8210|5100|0005|8431|1117|9424|0004|6890|0002|9995|0069|0119|0127"
    r"|0341|9987|9979|3155|3184|0077|3220|0000|1111"
)


Place = tuple[str, ...]
"""The keys that lead to a value, outermost first; an index is none."""

_NOT_KEPT_WHOLE = ("masked key", "Stripe id", "Stripe account id", "request id")


@dataclass(slots=True)
class Capture:
    """What was read: (kind, value) that is secret beyond doubt or likely so, and what the capture says in public."""

    certain: set[tuple[str, str]] = field(default_factory=set)
    likely: set[tuple[str, str]] = field(default_factory=set)
    public: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    """Stripe's own messages, less what they quote."""
    looked_at: set[str | tuple[str, Place]] = field(default_factory=set)
    """The texts in which shapes were looked for, and those read at a place: most stand in every answer of a capture."""


def read_capture(interactions: Iterable[Interaction]) -> Capture:
    capture = Capture()
    for interaction in interactions:
        request, response = interaction.request, interaction.response
        _read_url(capture, request.url)
        for headers, body in ((request.headers, request.body), (response.headers, response.body)):
            _read_headers(capture, headers)
            _read_body(capture, body)
    return capture


def _read_url(capture: Capture, url: str) -> None:
    parts = urlsplit(url)
    _read_shapes(capture, unquote(url))
    if parts.username or parts.password:
        capture.certain.update(("credential", text) for text in (parts.username, parts.password) if text)
    for segment in unquote(parts.path).split("/"):
        if _ENUM.fullmatch(segment) and not _holds_id(segment):
            capture.public.add(segment)
    _read_form(capture, parts.query)


def _read_headers(capture: Capture, headers: Headers) -> None:
    for name, value in headers:
        capture.public.add(name)
        _read_shapes(capture, value)
        lowered = name.lower()
        if lowered == "content-security-policy":
            capture.likely.update(("token", token) for token in re.findall(r"(?:=|nonce-)([\w%/+-]{12,})", value))
        elif _PUBLIC_HEADER.match(lowered):
            capture.public.add(value)
        elif _SECRET_HEADER.search(lowered):
            _read_secret_header(capture, lowered, value)


def _read_secret_header(capture: Capture, name: str, value: str) -> None:
    if "cookie" in name:
        pairs = [pair.partition("=")[2].strip() for pair in value.split(";")][: 1 if name == "set-cookie" else None]
        capture.likely.update(("cookie", cookie) for cookie in pairs if len(cookie) >= 6)
    elif "authorization" in name:
        _read_credential(capture, value)
    elif value.lstrip().startswith("{"):
        _read_text(capture, value, ("telemetry",))
    elif not _ID.fullmatch(value):
        capture.likely.add(("idempotency key" if "idempotency" in name else f"{name} header", value))


def _read_credential(capture: Capture, value: str) -> None:
    """`Bearer sk_test_…`, `Basic …` (a key and a colon in base64), or a credential without a scheme."""
    raw = value.encode("utf-8", "replace")
    scheme, _, credential = value.strip().rpartition(" ")
    if len(credential) < 6 or is_placeholder(raw) or is_filter_placeholder(raw):
        return
    try:
        decoded = base64.b64decode(credential, validate=True).decode("ascii")
    except ValueError:
        decoded = ""
    if decoded and is_filter_placeholder(decoded.encode()):
        return
    capture.certain.add(("API key" if scheme.lower() == "bearer" else "credential", credential))
    _read_shapes(capture, decoded)


def _read_body(capture: Capture, body: bytes) -> None:
    """JSON, a form or plain text, found out by looking and not by the Content-Type, which may lie."""
    if body[:2] == b"\x1f\x8b" or body[:1] == b"\x78":
        body = inflate(body) or body
    text = body.decode("utf-8", "replace")
    _read_shapes(capture, text)
    try:
        _read_json(capture, json.loads(text), ())
    except (ValueError, RecursionError):
        if text.lstrip().startswith("--"):
            _read_multipart(capture, text)
        elif "=" in text and "\n" not in text.strip():
            _read_form(capture, text)


def _read_form(capture: Capture, form: str) -> None:
    for key, value in parse_qsl(form, keep_blank_values=True):
        place = tuple(segment for segment in re.split(r"[\[\]]+", key) if segment)
        _read_shapes(capture, value)
        _read_text(capture, value, place)


def _read_multipart(capture: Capture, text: str) -> None:
    for part in re.split(r"(?m)^--[^\r\n]+\r?$", text):
        head, _, content = part.strip("\r\n").partition("\n\n" if "\r\n\r\n" not in part else "\r\n\r\n")
        for name in re.findall(r'filename="([^"]+)"', head):
            capture.likely.add(("file name", name))
        if "filename=" in head and len(content) < 4096:
            _read_text(capture, content, ("evidence", "file"))


def _read_json(capture: Capture, node: object, place: Place) -> None:
    if isinstance(node, dict):
        for key, child in node.items():
            if "metadata" not in place:
                capture.public.add(str(key))
            _read_json(capture, child, (*place, str(key)))
    elif isinstance(node, list):
        for child in node:
            _read_json(capture, child, place)
    elif isinstance(node, str):
        _read_shapes(capture, node)
        _read_text(capture, node, place)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        _read_text(capture, str(node), place)


def _read_text(capture: Capture, value: str, place: Place) -> None:
    if (value, place) in capture.looked_at:
        return
    capture.looked_at.add((value, place))
    if place[-1:] == ("object",) and "metadata" not in place and _ENUM.fullmatch(value):
        capture.public.add(value)  # the type of a Stripe object, which is public wherever the object stands
        return
    if not _is_secret(place) or _API_PATH.fullmatch(value):
        _read_public(capture, value, place)
        return
    if _STEERS_A_TEST.fullmatch(value) or is_made_up_id(value.encode("utf-8", "replace")):
        return
    if place[-1].endswith("last4") and re.fullmatch(r"\d{4}", value) and not _TEST_CARD_ENDING.fullmatch(value):
        capture.certain.add(("card last four", value))
    capture.likely.update(("personal value", piece) for piece in _pieces_of(value, place))
    if value.lstrip()[:1] in ("{", "["):
        try:
            _read_json(capture, json.loads(value), place)
        except (ValueError, RecursionError):
            return


@lru_cache(maxsize=4096)
def _is_secret(place: Place) -> bool:
    """Whether values there are a person's, or a secret: by a key's name, or below an object that holds such."""
    return any(_SECRET_PLACE.search(key) and not _NO_PERSON.fullmatch(key) for key in place) or any(
        key in ("evidence", "metadata", "billing_details", "shipping") for key in place[:-1]
    )


def _pieces_of(value: str, place: Place) -> set[str]:
    """The value, and what a half-done redaction could leave of it: its clauses, the words of a name."""
    pieces = {value.strip()}
    pieces.update(clause.strip() for clause in _CLAUSE.split(value) if len(clause.strip()) >= 12)
    if _A_NAME.search(place[-1]):
        pieces.update(word for word in re.findall(r"[^\W\d_]{4,}", value) if not word.islower())
    return {piece for piece in pieces if len(piece) <= 2000}


def _read_public(capture: Capture, value: str, place: Place) -> None:
    """What stands in public places: compound enumerations and numbers whole, of sentences only the plain words.

    A single word may be a name that got there: it is public only where the fixed vocabulary has it.
    """
    compound = _ENUM.fullmatch(value) and not value.isalpha() and not _holds_id(value)
    if compound or re.fullmatch(r"-?\d{1,12}", value):
        capture.public.add(value)
    elif place[-2:] == ("error", "message"):
        capture.messages.add(_QUOTED.sub(" ", value))
        capture.public.update(_PLAIN_WORD.findall(value))
    elif place and place[-1] in ("message", "type", "doc_url", "url", "decline_code"):
        capture.public.update(_PLAIN_WORD.findall(value))


def _holds_id(text: str) -> bool:
    return any(is_stripe_id(found[1].encode(), found[2].encode()) for found in _ID.finditer(text))


def _read_shapes(capture: Capture, text: str) -> None:
    """Whatever is secret wherever it stands: keys, ids, emails, addresses, card and telephone numbers."""
    if text in capture.looked_at:
        return
    capture.looked_at.add(text)
    raw = text.encode("utf-8", "replace")
    for match in (*line_shapes(raw), *number_shapes(raw)):
        value = raw[match.start : match.end].decode("utf-8", "replace")
        if match.kind == "client secret":
            capture.certain.add((match.kind, value.rpartition("_")[2]))
        elif match.kind not in _NOT_KEPT_WHOLE:
            capture.certain.add((match.kind, value))
    for found in _ID.finditer(text):
        prefix, suffix = found[1].encode(), found[2]
        if is_stripe_id(prefix, suffix.encode()) and not is_canonical_suffix(suffix.encode()):
            capture.certain.add((id_kind(prefix), suffix))
            if len(suffix) == 24 or (prefix == b"acct" and len(suffix) == 16):
                capture.certain.add(("account fragment", suffix[6:16]))
