"""The anatomy of Stripe ids (docs.stripe.com, and recorded traffic).

A 24-character suffix is one version character, 5 of time, 10 of the account id and 8 random ones, so
every such id names the account it belongs to. Older and non-object ids have 14 or 16 characters.
"""

from __future__ import annotations

import re

ID = re.compile(
    r"(?<![A-Za-z0-9])(?P<prefix>[a-z]{2,12}(?:_[a-z]{2,12})?)_(?P<suffix>[A-Za-z0-9]{14,40})(?![A-Za-z0-9])"
)
"""An id anywhere in text. A lower-case suffix without a digit is a word, not an id: see `is_id_suffix`."""


_PREFIXES = """
acct ba card ch cs cus dp du evt fee file fr in ii issfr li link mbur pi pm po price prod prv py pyr re req seti setatt
si src sub sub_sched tr trr tu txn we
"""
PREFIXES = frozenset(_PREFIXES.split())
"""Prefixes of Stripe's own objects. Whatever else looks like an id may be anybody's."""


def is_id_suffix(suffix: str) -> bool:
    """Whether the part behind the prefix looks drawn rather than written: it has a digit or an upper-case letter."""
    return any(char.isdigit() or char.isupper() for char in suffix)


def is_drawn_id(found: re.Match[str]) -> bool:
    """Whether a match of `ID` is an id and not a name: `pm_card_createDispute…` is a published test method."""
    return found["prefix"] != "pm_card" and is_id_suffix(found["suffix"])


def is_dispute_id(text: str) -> bool:
    """Whether the text has the form of a dispute's id: `du_…`, or `dp_…` as they were until 2023."""
    return re.fullmatch(r"d[up]_[A-Za-z0-9]{1,255}", text) is not None


def is_id(text: str) -> bool:
    """Whether the whole text is one Stripe object id, such as `du_1MtJUT2eZvKYlo2CNaw2HvEv`."""
    found = ID.fullmatch(text)
    return found is not None and is_drawn_id(found)
