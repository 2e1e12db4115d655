"""Ids for a dispute that stands in for the recorded one: drawn from its id, so that no two disputes share any."""

from __future__ import annotations

import hashlib
import string

from replaydisputes.stripe_api.ids import ID, PREFIXES, is_drawn_id

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BETWEEN = "_secret_"
_DRAWN = 8
"""The random characters at the end of a 24-character suffix; the 16 before them name version, time and account."""


def derived_id(recorded: str, dispute: str) -> str | None:
    """The id that a recorded one becomes beside the dispute `dispute`; None where it is not one to change.

    Prefix and length stay. Where `dispute` has the anatomy of Stripe's ids, its account is every id's; accounts
    themselves keep all but that. A client secret changes in both of its parts.
    """
    head, secret, tail = recorded.partition(_BETWEEN)
    if secret:
        owner = derived_id(head, dispute)
        return owner and f"{owner}{_BETWEEN}{_drawn(recorded, dispute, len(tail))}"
    found = ID.fullmatch(recorded)
    if found is None or not is_drawn_id(found) or found["prefix"] not in PREFIXES:
        return None
    prefix, suffix = found["prefix"], found["suffix"]
    anatomy = _anatomy(dispute)
    if prefix == "acct":
        return f"acct_{suffix[:-10]}{anatomy[6:]}" if anatomy and len(suffix) == 16 else None
    if len(suffix) == 24:
        return f"{prefix}_{anatomy or suffix[:-_DRAWN]}{_drawn(recorded, dispute, _DRAWN)}"
    return f"{prefix}_{_drawn(recorded, dispute, len(suffix))}"


def another_dispute_id(recorded: str, seed: str) -> str:
    """An id for the recorded dispute beside its namesakes in other cassettes; of Stripe's shape whatever it had."""
    return derived_id(recorded, seed) or f"du_{_drawn(recorded, seed, 24)}"


def _anatomy(dispute: str) -> str:
    """Version, time and account of an id with a 24-character suffix: its first 16 characters; else nothing."""
    found = ID.fullmatch(dispute)
    return found["suffix"][:-_DRAWN] if found and len(found["suffix"]) == 24 else ""


def _drawn(recorded: str, dispute: str, length: int) -> str:
    """Base-62 characters, the same for the same pair at any time; the first is a digit, as a word has none."""
    left = int.from_bytes(hashlib.sha512(f"{dispute} {recorded}".encode()).digest())
    left, first = divmod(left, 10)
    drawn = [str(first)]
    while len(drawn) < length:
        left, digit = divmod(left, 62)
        drawn.append(_BASE62[digit])
    return "".join(drawn)
