"""Secrets that show by their shape alone: keys, credentials, emails, addresses, tokens, ids. One line at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from replaydisputes.leak_gate import canonical
from replaydisputes.leak_gate.finding import Match

_KEY = re.compile(
    rb"(?<![A-Za-z0-9])(?:(?:sk|rk|rkcs|pk|ek)_(?:test|live)_(?!\*)[A-Za-z0-9_]{4,}|sk_org_[A-Za-z0-9_]{4,}"
    rb"|ek_[A-Za-z0-9]{12,}|whsec_[A-Za-z0-9+/=_-]{8,})"
)
_STARS = re.compile(rb"\*{4,}[A-Za-z0-9]*")
_BEFORE_STARS = re.compile(rb"[A-Za-z0-9_]*\Z")
_BEARER = re.compile(rb"[Bb]earer\s+([A-Za-z0-9._~+/=-]{8,})")
_BASIC = re.compile(rb"[Bb]asic\s+([A-Za-z0-9+/_-]{8,}={0,2})")
_EMAIL = re.compile(rb"[A-Za-z0-9._%+\x80-\xff-]{1,64}@(?:[A-Za-z0-9\x80-\xff-]{1,63}\.)+[A-Za-z\x80-\xff-]{2,}")
_IPV4 = re.compile(rb"(?<![A-Za-z0-9.])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)")
_PRODUCT = re.compile(rb"(?<![A-Za-z0-9_./=?%-])[A-Za-z][A-Za-z0-9_.-]*/\Z")
"""`Chrome/` in front of 120.0.0.0: a version. In a URL, another slash or a dot stands before the word."""
_VERSION_FIELD = re.compile(
    rb"(?i)[\"'\[](?:[a-z]+_)*(?:version|build|release|agent)(?:\\?[\"']\s*:\s*\\?[\"']|\]?=)(?P<product>[a-z]+ )?\Z"
)
"""What stands before four numbers in a field that says that they are a version: `"agent": "PostgreSQL `."""
_IPV6 = re.compile(rb"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{3,39}(?![\w:]|\.\w)")
_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,400}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_PRIVATE_KEY = re.compile(rb"-----BEGIN\s+(?:[A-Z0-9]+\s+){0,4}PRIVATE\s+KEY(?:\s+BLOCK)?-----")
_SUFFIX = re.compile(rb"_([A-Za-z0-9]{8,})(?![A-Za-z0-9])")
_PREFIX = re.compile(rb"(?<![A-Za-z0-9])[a-z]{2,12}(?:_[a-z]{2,12})?\Z")
_SECRET_PREFIX = re.compile(rb"(?<![A-Za-z0-9])[a-z]{2,12}_[A-Za-z0-9]+_secret\Z")
_TEST_TOKEN = re.compile(rb"[a-z]+(?:[A-Z]{1,2}[a-z]+|\d[A-Z]?[a-z]*)*")

_NOT_IDS = frozenset(b"secret whsec sk_org".split()) | {
    kind + mode for kind in (b"sk", b"rk", b"rkcs", b"pk", b"ek") for mode in (b"_test", b"_live")
}
"""What stands before keys and client secrets, which are found as such."""

STRIPE_PREFIXES = frozenset(
    b"acct ba bpc bps bt btok btr ca card cbtxn ch clock cn cnor cs cs_test cs_live cus di dp du ephkey evt fca "
    b"fcsess fee file fr gcai iauth ic ich ii il in ipi issfr link mandate mbur me obt or orsh pay pi pl plink pm po "
    b"price prod prv promo pst pyr py qt re req rcpt rp sched seti setatt si sli source sqr src srr sub sub_sched ta "
    b"taxid td tdsrs tml tmr tok topup tp tr trr txcd txi txn umbre va vs vsess we wb".split()
)


def line_shapes(text: bytes) -> Iterator[Match]:
    """Every secret whose shape fits in a line. A cheap look for what each shape must hold comes before its pattern."""
    for markers, find in _FINDERS:
        if any(marker in text for marker in markers):
            yield from find(text)


def is_drawn(suffix: bytes) -> bool:
    """Whether the part behind an id's prefix looks drawn by a machine rather than written by a person."""
    return not suffix.isalpha() or not (suffix.islower() or suffix.istitle())


def is_stripe_id(prefix: bytes, suffix: bytes) -> bool:
    """Whether prefix and suffix make an id of an object: known prefixes from 10 characters on, others from 14."""
    if prefix in _NOT_IDS or (prefix in (b"pm_card", b"tok") and _TEST_TOKEN.fullmatch(suffix)):
        return False
    if prefix in STRIPE_PREFIXES:
        return len(suffix) >= 10 and is_drawn(suffix)
    return len(suffix) >= 14 and bool(re.search(rb"\d", suffix)) and bool(re.search(rb"[A-Za-z]", suffix))


def id_kind(prefix: bytes) -> str:
    return {b"acct": "Stripe account id", b"req": "request id"}.get(prefix, "Stripe id")


def _keys(text: bytes) -> Iterator[Match]:
    for found in _KEY.finditer(text):
        tail = found[0].rpartition(b"_")[2]
        if is_drawn(tail) or len(tail) >= 16:
            yield Match(*found.span(), "webhook secret" if found[0].startswith(b"whsec") else "API key")


def _starred(text: bytes) -> Iterator[Match]:
    for found in _STARS.finditer(text):
        before = _BEFORE_STARS.search(text, max(found.start() - 40, 0), found.start())
        start = before.start() if before else found.start()
        masked = text[start : found.end()]
        if masked.strip(b"*") and not canonical.is_canonical_masked_key(masked):
            yield Match(start, found.end(), "masked key")


def _credentials(text: bytes) -> Iterator[Match]:
    for pattern in (_BEARER, _BASIC):
        for found in pattern.finditer(text):
            token = found[1].rstrip(b"=")
            if is_drawn(token) and not re.fullmatch(rb"[A-Z_]+|[a-z.-]+|[A-Z][a-z]+", token):
                yield Match(*found.span(1), "credential")


def _emails(text: bytes) -> Iterator[Match]:
    for found in _EMAIL.finditer(text):
        if not canonical.is_reserved_email(found[0]):
            yield Match(*found.span(), "email")


def _addresses(text: bytes) -> Iterator[Match]:
    for found in _IPV4.finditer(text):
        nearby = max(found.start() - 60, 0)
        if _PRODUCT.search(text, nearby, found.start()) or _VERSION_FIELD.search(text, nearby, found.start()):
            continue
        if canonical.is_public_address(found[0].decode()) is False:
            yield Match(*found.span(), "IP address")


def _long_addresses(text: bytes) -> Iterator[Match]:
    for found in _IPV6.finditer(text):
        written = found[0].rstrip(b":") if not found[0].endswith(b"::") else found[0]
        has_digit = re.search(rb"\d", written)
        if has_digit and canonical.is_public_address(written.decode()) is False:
            yield Match(found.start(), found.start() + len(written), "IP address")


def _ids(text: bytes) -> Iterator[Match]:
    for found in _SUFFIX.finditer(text):
        before = text[max(found.start() - 80, 0) : found.start()]
        secret = _SECRET_PREFIX.search(before) if before.endswith(b"_secret") else None
        if secret is not None:
            if not canonical.is_canonical_client_secret(found[1]):
                yield Match(found.start() - len(secret[0]), found.end(), "client secret")
            continue
        if canonical.is_canonical_suffix(found[1]):
            continue
        prefix = _PREFIX.search(before)
        if prefix is not None and is_stripe_id(prefix[0], found[1]):
            yield Match(found.start() - len(prefix[0]), found.end(), id_kind(prefix[0]))


def _plain(pattern: re.Pattern[bytes], kind: str) -> Callable[[bytes], Iterator[Match]]:
    return lambda text: (Match(*found.span(), kind) for found in pattern.finditer(text))


_FINDERS: tuple[tuple[tuple[bytes, ...], Callable[[bytes], Iterator[Match]]], ...] = (
    ((b"k_test_", b"k_live_", b"kcs_test_", b"kcs_live_", b"sk_org_", b"ek_", b"whsec_"), _keys),
    ((b"****",), _starred),
    ((b"earer", b"asic"), _credentials),
    ((b"@",), _emails),
    ((b".",), _addresses),
    ((b":",), _long_addresses),
    ((b"eyJ",), _plain(_JWT, "JSON web token")),
    ((b"-----BEGIN",), _plain(_PRIVATE_KEY, "private key")),
    ((b"_",), _ids),
)
