"""What a published cassette may hold in place of a secret: canonical ids and reserved names, numbers, addresses."""

from __future__ import annotations

import ipaddress
import re

_ID_SUFFIX = re.compile(rb"(?:1AAAAA)?replaydisp\d{4,}|1\d{5}replaydisp")
_CLIENT_SECRET_SUFFIX = re.compile(rb"(?:1AAAAA)?replaydisp\d{4,30}|1\d{5}replaydisp")
_MASKED_KEY = re.compile(rb"(?:sk|rk|rkcs|pk|ek)_(?:test|live)_\*+0000")
_RESERVED_DOMAIN = re.compile(rb"(?i)(?:.*\.)?(?:example\.(?:com|org|net)|example|invalid|test|localhost)")
_RESERVED_TELEPHONE = re.compile(rb"1?(?:555555\d{4,7}|\d{3}55501\d\d)|55501\d\d")
_REDACTED = re.compile(rb"\[redacted(?:[\s\\]+\d+)?\]")
_CANONICAL_ID = re.compile(rb"[a-z]+(?:_[a-z]+)?_([0-9A-Za-z]+)(?:_secret_([0-9A-Za-z]+))?")
_TELEPHONE = re.compile(rb"[+\d .()-]{7,}")
_OTHER_PLACEHOLDER = re.compile(rb"https://example\.invalid(?:/\S*)?|idempotency-key-\d+|key_\d{1,7}|redacted-\d{1,7}")
_PUBLIC_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "127.0.0.0/8",
        "0.0.0.0/32",
        "255.255.255.255/32",
        "2001:db8::/32",
        "::1/128",
        "::/128",
    )
)
_PUBLIC_EMAILS = (b"support@stripe.com",)


def is_canonical_suffix(suffix: bytes) -> bool:
    """`1AAAAAreplaydisp00000001`, `replaydisp0001`, `100001replaydisp`, without the prefix of the id."""
    return _ID_SUFFIX.fullmatch(suffix) is not None


def is_canonical_client_secret(suffix: bytes) -> bool:
    return _CLIENT_SECRET_SUFFIX.fullmatch(suffix) is not None


_CANONICAL_LINK = re.compile(
    rb"https://dashboard\.stripe\.com/(?:(?:[a-z]+|acct_1[0-9]{5}replaydisp)/)*"
    rb"(?:[a-z]+\?object=)?(?:[a-z]+|req_replaydisp[0-9]{4})"
)
"""A link into the dashboard in which every id is a stand-in."""


_FILTER_WORDS = frozenset(
    b"access account api auth authorization bearer basic censored client connect credential dummy env example fake "
    b"filtered hidden id key live masked my none null password placeholder platform private publishable redacted "
    b"removed restricted sandbox sanitized scrubbed secret signing some stripe test the token user username value "
    b"webhook your xxx xxxx xxxxx sk pk rk".split()
)
_WORD_OF_A_FILTER = re.compile(rb"[A-Za-z]+")


def is_filter_placeholder(value: bytes) -> bool:
    """Whether a recorder put this in place of a credential: `<STRIPE_KEY>`, `[FILTERED]`, `{{ key }}`, `dummy_key`.

    A key that was drawn has digits, and no key is made of these words alone.
    """
    words = _WORD_OF_A_FILTER.findall(value.lower())
    return not re.search(rb"\d", value) and all(word in _FILTER_WORDS for word in words)


_MADE_UP_ID = re.compile(
    rb"[a-z]{2,8}(?:_[a-z]{2,8})?_(?:\d{1,6}|([a-z])\1{0,11}|abc|(?:foo|bar|baz|bad|bogus|deleted|does|not|doesnt|exist"
    rb"|exists|dummy|example|existent|fake|gone|here|id|invalid|is|missing|nope|none|no|nonexistent|nonexisting|test"
    rb"|testing|such|undefined|unknown|valid|wrong|null|nil|x|[-_])+\d{0,4})"
)


def is_made_up_id(value: bytes) -> bool:
    """Whether this is an id that no account can have, as suites send to see an error: `cus_missing`, `du_123`."""
    return _MADE_UP_ID.fullmatch(value) is not None


def is_canonical_masked_key(masked: bytes) -> bool:
    return _MASKED_KEY.fullmatch(masked) is not None


def is_reserved_email(email: bytes) -> bool:
    """Whether nobody can own the address (RFC 2606, RFC 6761)."""
    return email.lower() in _PUBLIC_EMAILS or _RESERVED_DOMAIN.fullmatch(email.rpartition(b"@")[2]) is not None


def is_public_address(address: str) -> bool | None:
    """Whether an IP address names nobody (RFC 5737, RFC 3849, loopback); None where it is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return any(parsed in network for network in _PUBLIC_NETWORKS if network.version == parsed.version)


def is_reserved_telephone(number: bytes) -> bool:
    """Numbers set aside for fiction (NANP 555-01xx) and the redactor's own +1 555 555 xxxx; any punctuation."""
    return _RESERVED_TELEPHONE.fullmatch(re.sub(rb"\D", b"", number)) is not None


def is_placeholder(value: bytes) -> bool:
    """Whether a whole value is, or holds, a stand-in: `[redacted 3]`, `customer-1@example.invalid`, a canonical id."""
    value = value.strip()
    if b"@" in value and not _REDACTED.search(value):
        return b" " not in value and is_reserved_email(value)
    return (
        _REDACTED.search(value) is not None
        or _OTHER_PLACEHOLDER.fullmatch(value) is not None
        or _CANONICAL_LINK.fullmatch(value) is not None
        or _is_canonical_id(value)
        or (_TELEPHONE.fullmatch(value) is not None and is_reserved_telephone(value))
        or is_public_address(value.decode("ascii", "replace")) is True
    )


def _is_canonical_id(value: bytes) -> bool:
    """A canonical object id, or a client secret made of two canonical parts."""
    identity = _CANONICAL_ID.fullmatch(value)
    if identity is None or not is_canonical_suffix(identity[1]):
        return False
    return identity[2] is None or is_canonical_client_secret(identity[2])
