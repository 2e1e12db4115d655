"""The words people are told where a cassette came from."""

from __future__ import annotations

from replaydisputes.model import Cassette

_MADE_AGAINST = {
    "stripe-test-mode": "Stripe test mode",
    "sandbox": "the replaydisputes sandbox, not Stripe",
    "imported": "an origin nobody verified",
}


def in_words(made_against: str | None) -> str:
    """A provenance in words; None is a file without one."""
    return _MADE_AGAINST.get(made_against or "", "unknown: no provenance in the file")


def source_of(cassette: Cassette) -> str:
    return in_words(cassette.provenance.made_against if cassette.provenance else None)
