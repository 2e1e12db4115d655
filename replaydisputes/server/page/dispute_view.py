"""A dispute object of an answer, as a template shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from replaydisputes.server.page.wording import (
    CLOSED,
    amount_in_words,
    day_of,
    distance_in_words,
    iso_of,
    tone_of,
    words_of,
)

_END_OF_TIME_S = 253_402_300_800
"""The year 10000, where calendars end."""


@dataclass(frozen=True, slots=True)
class Status:
    name: str

    @property
    def words(self) -> str:
        return words_of(self.name)

    @property
    def tone(self) -> str:
        return tone_of(self.name)

    @property
    def is_closed(self) -> bool:
        return self.name in CLOSED


@dataclass(frozen=True, slots=True)
class Moment:
    iso: str
    day: str
    distance: str


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute as an answer told it. evidence: the fields that hold something; empty_evidence: the names of others."""

    id: str
    amount: str
    reason: str
    status: Status
    due: Moment | None
    created: Moment | None
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, str], ...]
    empty_evidence: tuple[str, ...]


def status_of(dispute: dict[str, Any]) -> Status:
    return Status(str(dispute.get("status", "unknown")))


def dispute_view(dispute: dict[str, Any], now_s: int) -> DisputeView:
    details = _dict(dispute.get("evidence_details"))
    evidence = _dict(dispute.get("evidence"))
    held = {name: value for name, value in evidence.items() if value not in (None, "", {}, [])}
    amount, currency = dispute.get("amount"), str(dispute.get("currency") or "")
    return DisputeView(
        dispute["id"],
        amount_in_words(amount, currency) if isinstance(amount, int) else "Amount unknown",
        words_of(str(dispute.get("reason", "unknown"))),
        status_of(dispute),
        _moment(details.get("due_by"), now_s),
        _moment(dispute.get("created"), now_s),
        tuple(_facts(dispute, details)),
        tuple((words_of(name), str(value)) for name, value in held.items()),
        tuple(words_of(name) for name in evidence if name not in held),
    )


def _facts(dispute: dict[str, Any], details: dict[str, Any]) -> list[tuple[str, str]]:
    card = _dict(_dict(dispute.get("payment_method_details")).get("card"))
    charge = dispute.get("charge")
    rows = [
        ("Dispute", dispute["id"]),
        ("Charge", charge.get("id") if isinstance(charge, dict) else charge),
        ("Card", str(card.get("brand") or "").capitalize()),
        ("Network code", dispute.get("network_reason_code")),
        ("Evidence sent", _times(details.get("submission_count"))),
        ("Refundable", "Yes" if dispute.get("is_charge_refundable") else "No"),
    ]
    return [(name, str(value)) for name, value in rows if value]


def _times(count: object) -> str:
    return {0: "Never", 1: "Once"}.get(count, f"{count} times") if isinstance(count, int) else ""


def _moment(unix_s: object, now_s: int) -> Moment | None:
    if not isinstance(unix_s, int) or not 0 < unix_s < _END_OF_TIME_S:
        return None
    return Moment(iso_of(unix_s), day_of(unix_s), distance_in_words(unix_s, now_s))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
