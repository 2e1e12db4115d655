"""How requests are shown in reports: ids, short numbers and Stripe's own words; never what may be a person or a key."""

from __future__ import annotations

import re

from replaydisputes.playback.matching import Asked, is_placeholder
from replaydisputes.stripe_api.facts import API_ORIGIN
from replaydisputes.stripe_api.ids import PREFIXES
from replaydisputes.stripe_api.keys import key_mode

_HARMLESS = re.compile(r"true|false|[0-9]{1,3}|20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]{1,20})?")
"""As short as numbers must be to be no card ending, postal code or telephone number; and API versions."""

_ID = re.compile(r"(?P<prefix>[a-z]{2,12}(?:_[a-z]{2,12})?)_[A-Za-z0-9]{1,40}")
_SEGMENT = re.compile(r"[A-Za-z0-9_]{0,64}")
_NAME = re.compile(r"[a-z_]{1,40}(?:\[(?:[a-z_]{1,40}|[0-9]{0,3})\])*|\(body\)")
_FIELD_PATH = re.compile(r"[a-z_]{1,40}(?:\.[a-z_]{1,40}){0,4}")
_STAND_IN_NAME = re.compile(r"key_[1-9][0-9]{0,6}")
_AMOUNT = re.compile(r"[0-9]{1,8}")
_WORD = re.compile(r"[a-z_.]{1,40}")
_MAX_PARAMS = 4
_WORDS_OF_STRIPE = frozenset({"currency", "status", "reason", "type", "object"})


def shown_request(asked: Asked) -> str:
    """One line: method, path, parameters, connected account; the origin only where it is not Stripe's."""
    params = "&".join(f"{shown_name(key)}={shown_value(key, value)}" for key, value in asked.params[:_MAX_PARAMS])
    if len(asked.params) > _MAX_PARAMS:
        params += f"&… and {len(asked.params) - _MAX_PARAMS} more"
    account = f"  (Stripe-Account: {shown_account(asked.account)})" if asked.account else ""
    origin = "" if asked.origin == API_ORIGIN else asked.origin
    return f"{asked.method} {origin}{shown_path(asked.path)}{' ? ' + params if params else ''}{account}"


def shown_path(path: str) -> str:
    return "/".join(segment if _is_plain(segment, _SEGMENT) else _length(segment) for segment in path.split("/"))


def shown_account(account: str) -> str:
    return account if account.startswith("acct_") and _ID.fullmatch(account) else _length(account)


def shown_version(version: str) -> str:
    return version if _HARMLESS.fullmatch(version) else _length(version)


def shown_name(name: str) -> str:
    """A parameter's name; what stands inside metadata is the caller's own, and may be anything but a stand-in."""
    head, bracket, inside = name.partition("[")
    if head == "metadata" and bracket:
        inside = inside.removesuffix("]")
        return f"metadata[{inside if _STAND_IN_NAME.fullmatch(inside) else _length(inside)}]"
    return name if _is_plain(name, _NAME) else _length(name)


def shown_value(name: str, value: str) -> str:
    """A value that names nobody, else how long it is."""
    if not value or is_placeholder(value):
        return value
    harmless = "[" not in name and _HARMLESS.fullmatch(value) is not None
    if harmless or _is_stripe_id(value) or _is_stripes_own(name, value):
        return value
    return _length(value)


def _is_stripes_own(name: str, value: str) -> bool:
    if name.startswith("expand["):
        return _is_plain(value, _FIELD_PATH)
    return (name == "amount" and _is_plain(value, _AMOUNT)) or (name in _WORDS_OF_STRIPE and _is_plain(value, _WORD))


def _is_stripe_id(value: str) -> bool:
    found = _ID.fullmatch(value)
    return found is not None and found["prefix"] in PREFIXES and any(char.isdigit() for char in value)


def _is_plain(text: str, shape: re.Pattern[str]) -> bool:
    return shape.fullmatch(text) is not None and key_mode(text) == "unknown" and "_test_" not in text


def _length(text: str) -> str:
    return f"({len(text)} character{'' if len(text) == 1 else 's'})"
