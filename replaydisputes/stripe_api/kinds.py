"""The kinds that a value of the API may be of, and the shape that lets it pass redaction as it stands."""

from __future__ import annotations

import re
from enum import Enum

from replaydisputes.stripe_api.path_words import PATH_WORDS
from replaydisputes.stripe_api.published import CURRENCIES, TEST_PAYMENT_METHOD, VERSION


class Kind(Enum):
    """What a policy row says a value is. The canonical kinds are always rewritten, the others pass if they fit."""

    # rewritten to a canonical form
    ID = "id"
    TIME = "time"
    DAY = "day"
    HTTP_DATE = "date"
    CLIENT_SECRET = "client secret"  # noqa: S105 - the name of a kind
    IDEMPOTENCY_KEY = "idempotency key"
    AUTHORIZATION = "authorization"
    TEXT = "text"
    KEPT = "kept by the user's rule"
    REFUSED = "replaced by the user's rule"
    LENGTH = "length"
    # pass where they fit
    ENUM = "enumeration"
    EVENT_TYPE = "event type"
    CODE = "code"
    CURRENCY = "currency"
    COUNT = "count"
    FLAG = "flag"
    API_PATH = "API path"
    API_VERSION = "API version"
    FIELD_PATH = "field path"
    PARAMETER = "parameter"
    STEERING = "steering word"
    TEST_PAYMENT_METHOD = "test payment method"
    MEDIA_TYPE = "media type"
    HEADER_WORDS = "words of header fields"
    DASHED = "dashed words"
    TIER = "priority tier"
    CHALLENGE = "challenge"


_WORD = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"

_MEDIA_TYPES = (
    r"application/(?:json|x-www-form-urlencoded|octet-stream|pdf|problem\+json)|multipart/form-data"
    r"|text/(?:html|plain|csv|xml)|image/(?:png|jpeg)"
)
_HEADER_WORD = (
    r"(?:nginx|cloudflare|keep-alive|close|origin|accept|accept-encoding|true|false|get|head|put|patch|post|delete|options"
    r"|no-cache|no-store|max-age=[0-9]{1,8}|includesubdomains|preload|request-id|idempotency-key|idempotent-replayed"
    r"|stripe-(?:account|context|manage-version|notification-token|should-retry|version)"
    r"|x-stripe-(?:external-auth-required|privileged-session-required))"
)
"""What Stripe's constant headers say; a word it adds is replaced until it is named here."""

_SHAPES: dict[Kind, re.Pattern[str]] = {
    Kind.ENUM: re.compile(rf"{_WORD}\Z"),
    Kind.EVENT_TYPE: re.compile(rf"{_WORD}(?:\.{_WORD})*(?:\.\*)?\Z"),
    Kind.CODE: re.compile(
        rf"(?:1[0-3]\.[1-9]|[0-9]{{2}}|48[0-7][0-9]|4999|[A-Z]{{1,2}}[0-9]{{1,2}}|[A-Z]{{2,3}}|{_WORD})\Z"
    ),
    Kind.CURRENCY: re.compile(r"[a-z]{3}\Z"),
    Kind.COUNT: re.compile(r"-?[0-9]{1,12}\Z"),
    Kind.FLAG: re.compile(r"(?:true|false)\Z"),
    Kind.API_PATH: re.compile(r"/v[12](?:/[a-z_]{1,40}){1,4}\Z"),
    Kind.API_VERSION: VERSION,
    Kind.FIELD_PATH: re.compile(rf"{_WORD}(?:\.{_WORD}){{0,4}}\Z"),
    Kind.PARAMETER: re.compile(rf"{_WORD}(?:\[(?:{_WORD}|[0-9]{{0,3}})\]){{0,4}}\Z"),
    Kind.STEERING: re.compile(r"(?:winning_evidence|losing_evidence|escalate_inquiry_evidence)\Z"),
    Kind.TEST_PAYMENT_METHOD: TEST_PAYMENT_METHOD,
    Kind.MEDIA_TYPE: re.compile(rf"(?:{_MEDIA_TYPES})(?:; ?charset=(?i:utf-8|us-ascii|iso-8859-1))?\Z"),
    Kind.HEADER_WORDS: re.compile(rf"(?:\*|{_HEADER_WORD}(?:(?:[,;] ?| ){_HEADER_WORD}){{0,20}})\Z", re.IGNORECASE),
    Kind.DASHED: re.compile(r"[a-z]+(?:-[a-z]+)*(?:, [a-z]+(?:-[a-z]+)*)*\Z"),
    Kind.TIER: re.compile(
        r"(?:api|testmode|livemode|critical|default|standard)(?:-(?:testmode|livemode|critical|default))?\Z"
    ),
    Kind.CHALLENGE: re.compile(r'Bearer realm="Stripe"\Z'),
}

_LOOKS_DRAWN = re.compile(
    r"[0-9]{5}|(?:[prse]k|rkcs)_(?:test|live)_|whsec_|sk_org_|(?=[a-z_]*[0-9][a-z_]*[0-9])[a-z0-9_]{24}"
    r"|(?:[a-z]+[0-9]+){2}[a-z]|(?:[0-9]+[a-z]+){3}"
)
"""Key prefixes, runs of digits and of letters and digits in turn, which no enumeration or field name holds."""

_NO_DRAWN = frozenset(
    {Kind.ENUM, Kind.EVENT_TYPE, Kind.CODE, Kind.FIELD_PATH, Kind.PARAMETER, Kind.API_PATH, Kind.DASHED}
)
_MAX_LENGTH = 64


def looks_drawn(text: str) -> bool:
    """Whether a lower-case word was drawn by a machine rather than named by a person."""
    return _LOOKS_DRAWN.search(text) is not None


_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


def is_field_name(name: str) -> bool:
    """Whether a key of a JSON object or form can be one of Stripe's field names, so that redaction keeps it."""
    return _FIELD_NAME.match(name) is not None and not looks_drawn(name)


def fits(kind: Kind, text: str) -> bool:
    """Whether a value may pass unchanged as this kind; always False for the kinds that are rewritten."""
    shape = _SHAPES.get(kind)
    if shape is None or shape.match(text) is None:
        return False
    if kind is Kind.CURRENCY:
        return text in CURRENCIES
    if kind is Kind.API_PATH:
        return all(word in PATH_WORDS for word in text[1:].split("/"))
    if kind in _NO_DRAWN:
        return len(text) <= _MAX_LENGTH and not looks_drawn(text)
    return True
