"""Free text that may survive, less what is secret or personal in it: ids, keys, addresses, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from replaydisputes.redaction.messages import PARAMETERS, holds_only_known_words, unknown_spans
from replaydisputes.redaction.stand_ins import STAND_IN, StandIns
from replaydisputes.stripe_api.ids import ID, PREFIXES, is_drawn_id
from replaydisputes.stripe_api.kinds import Kind, fits

CANONICAL_MASKED_LAST4 = "0000"

Find = Callable[[str], Iterable[re.Match[str]]]
Replace = Callable[[re.Match[str], StandIns], str | None]
"""None: what was found may stay, and the next rules look at it as well."""
Rule = tuple[Find, Replace]
Rules = tuple[Rule, ...]

_PEM = re.compile(r"-----BEGIN\b.*?(?:-----END\b[^-]*-----|\Z)", re.DOTALL)
_CLIENT_SECRET = re.compile(
    r"\b([a-z]{2,12}(?:_[a-z]{2,12})?)_([A-Za-z0-9]{10,100})_secret_([A-Za-z0-9]{8,100})(?![A-Za-z0-9])"
)
_MASKED_KEY = re.compile(r"\b((?:sk|rk|pk|ek|rkcs)_(?:test|live)_|whsec_|sk_org_)(\*{2,})([A-Za-z0-9]{0,8})")
_BARE_MASK = re.compile(r"(?<![*\w])(\*{4,})([A-Za-z0-9]{1,8})\b")
_KEY = re.compile(r"\b(?:(?:sk|rk|pk|ek|rkcs)_(?:test|live)_|whsec_|sk_org_)[A-Za-z0-9_]{4,}")
_URL = re.compile(r"\bhttps?://[^\s'\"<>)]+")
_STRIPE_URL = re.compile(r"https://(?:(?:dashboard|docs|api|support)\.)?stripe\.com(?:/[A-Za-z0-9._/#?=&-]*)?\Z")
_EMAIL = re.compile(r"(?<![^\s@<>()'\",;:])[^\s@<>()'\",;:]+@[^\s@<>()'\",;:]+\.[^\s@<>()'\",;:.]+")
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.]*\w)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{3,45}(?![\w:])")
_NUMBER = re.compile(r"\+?\(?[0-9](?:[ ().-]{0,2}[0-9]){6,}")
_ISO_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_OF_A_VERSION = re.compile(r"(?i)\bversions?:? ['\"`]?\Z")
_NAME_OF_A_VERSION = re.compile(r"\.[a-z]+")
_METADATA_KEY = re.compile(r"(?<=\bmetadata\[)[^\[\]\s]{1,40}(?=\])")
_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{19,}")


def scrub(text: str, stand_ins: StandIns) -> str:
    """The text with every id canonical and every key, address, long number and token replaced.

    What is already a stand-in is left alone, piece by piece, so scrubbing twice changes nothing.
    """
    return _scrub(text, stand_ins, _RULES)


def scrub_message(text: str, stand_ins: StandIns, sent: Rule) -> str:
    """A message of Stripe's, scrubbed, and of its words only those that Stripe's messages are made of.

    sent: goes before all others, and finds what the client sent.
    """
    return _scrub(text, stand_ins, (sent, *_MESSAGE_RULES))


def _scrub(text: str, stand_ins: StandIns, rules: Rules) -> str:
    pieces: list[str] = []
    position = 0
    for found in STAND_IN.finditer(text):
        pieces += [_scrub_piece(text[position : found.start()], stand_ins, rules), found[0]]
        position = found.end()
    pieces.append(_scrub_piece(text[position:], stand_ins, rules))
    return "".join(pieces)


def canonical_client_secret(text: str, stand_ins: StandIns) -> str | None:
    """The canonical form of a whole client secret; None where the text is not one."""
    found = _CLIENT_SECRET.fullmatch(text)
    return _client_secret(found, stand_ins) if found else None


def canonical_id(text: str, stand_ins: StandIns) -> str | None:
    """The canonical form of a whole Stripe id; None where the text is not one."""
    found = ID.fullmatch(text)
    if found is None or not is_drawn_id(found) or found["prefix"] not in PREFIXES:
        return None
    return stand_ins.for_id(found["prefix"], found["suffix"])


def _scrub_piece(piece: str, stand_ins: StandIns, rules: Rules) -> str:
    """Each rule in turn over what the rules before it left; what one has replaced is out of reach of the next."""
    parts: list[tuple[str, bool]] = [(piece, False)]
    for find, replace in rules:
        parts = [
            made
            for text, done in parts
            for made in ([(text, done)] if done else _apply(find, replace, text, stand_ins))
        ]
    return "".join(text for text, _ in parts)


def _apply(find: Find, replace: Replace, text: str, stand_ins: StandIns) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    position = 0
    for found in find(text):
        stand_in = replace(found, stand_ins)
        if stand_in is not None:
            parts += [(text[position : found.start()], False), (stand_in, True)]
            position = found.end()
    parts.append((text[position:], False))
    return parts


def _drawn(text: str) -> Iterable[re.Match[str]]:
    """Long runs of letters and digits, as tokens are."""
    return (found for found in _RUN.finditer(text) if re.search("[0-9]", found[0]) and re.search("[A-Za-z]", found[0]))


def _client_secret(found: re.Match[str], stand_ins: StandIns) -> str:
    prefix, suffix, secret = found.groups()
    if prefix not in PREFIXES:
        return stand_ins.for_value(found[0], "text")
    return f"{stand_ins.for_id(prefix, suffix)}_secret_{stand_ins.for_id('secret', secret).removeprefix('secret_')}"


def _id(found: re.Match[str], stand_ins: StandIns) -> str | None:
    if not is_drawn_id(found):
        return None
    if found["prefix"] not in PREFIXES:
        return stand_ins.for_value(found[0], "text")
    return stand_ins.for_id(found["prefix"], found["suffix"])


def _stripe_url(found: re.Match[str], stand_ins: StandIns) -> str | None:
    url = found[0]
    if not _STRIPE_URL.match(url) or not holds_only_known_words(ID.sub("/", url)):
        return stand_ins.for_value(url, "URL")
    return ID.sub(lambda inner: _id(inner, stand_ins) or inner[0], url)


def _number(found: re.Match[str], stand_ins: StandIns) -> str | None:
    if not _ISO_DATE.fullmatch(found[0]):
        return stand_ins.for_value(found[0], "telephone number")
    if _OF_A_VERSION.search(found.string, max(found.start() - 30, 0), found.start()):
        return None
    name = _NAME_OF_A_VERSION.match(found.string, found.end())
    is_version = name is not None and fits(Kind.API_VERSION, found[0] + name[0])
    return None if is_version else stand_ins.for_value(found[0], "text")


def _parameters(found: re.Match[str], _: StandIns) -> str | None:
    return found[0] if all(fits(Kind.PARAMETER, name) for name in found[0].split(", ")) else None


def _placeholder(kind: str) -> Replace:
    return lambda found, stand_ins: stand_ins.for_value(found[0], kind)


_RULES: Rules = (
    (_PEM.finditer, _placeholder("text")),
    (_CLIENT_SECRET.finditer, _client_secret),
    (_MASKED_KEY.finditer, lambda found, _: f"{found[1]}{'*' * 21}{CANONICAL_MASKED_LAST4}"),
    (_BARE_MASK.finditer, lambda found, _: f"{'*' * 21}{CANONICAL_MASKED_LAST4}"),
    (_KEY.finditer, _placeholder("text")),
    (_URL.finditer, _stripe_url),
    (_EMAIL.finditer, _placeholder("email address")),
    (ID.finditer, _id),
    (_IPV4.finditer, _placeholder("IP address")),
    (_IPV6.finditer, _placeholder("IP address")),
    (_drawn, _placeholder("text")),
    (_NUMBER.finditer, _number),
)
_MESSAGE_RULES: Rules = (
    *_RULES,
    (_METADATA_KEY.finditer, _placeholder("field name")),
    (PARAMETERS.finditer, _parameters),
    (unknown_spans, _placeholder("text")),
)
