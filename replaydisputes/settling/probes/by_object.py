"""What objects and lists show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replaydisputes.sandbox.accounts import account_object
from replaydisputes.sandbox.versions import rendered
from replaydisputes.settling.asking import FRAUDULENT, INQUIRY, SEVERAL, Ask, NotObservableError
from replaydisputes.settling.probes.seen import Probe, Seen

_ODD_AMOUNT = 1001
_VERSIONS = ("2023-10-16", "2025-03-31.basil", "2026-08-26.dahlia", "2026-09-30.endive")
"""Where the shapes that the sandbox knows begin, the newest aside."""


def _inquiry_reason(ask: Ask) -> Iterator[Seen]:
    inquiry = ask.get(f"/v1/disputes/{ask.dispute(INQUIRY)['id']}").shown
    yield Seen("reason", str(inquiry.get("reason")))
    yield Seen("network_reason_code", str(inquiry.get("network_reason_code")))


def _multiple_disputes(ask: Ask) -> Iterator[Seen]:
    found = ask.disputes(SEVERAL, ("amount", str(_ODD_AMOUNT)), count=2)
    yield Seen(f"disputes of a payment of {_ODD_AMOUNT}, oldest first", ", ".join(str(one["amount"]) for one in found))


def _settlement_currency(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute(FRAUDULENT, ("currency", "eur"))
    booked = {str(transaction["currency"]) for transaction in dispute["balance_transactions"]}
    yield Seen("balance transactions of a dispute in eur", ", ".join(sorted(booked)) or "none")


def _list_count(ask: Ask) -> Iterator[Seen]:
    charge = ask.disputes(SEVERAL, count=2)[0]["charge"]
    page = ask.get("/v1/disputes", ("charge", charge), ("limit", "1")).raw
    if page.get("has_more") is not True:
        raise NotObservableError("no more than a page of disputes was listed")
    yield Seen("`count` on a page of 1 where more follow", str(page.get("count", "not there")))


def _connected_account(ask: Ask) -> Iterator[Seen]:
    account = ask.account()
    fields = [name for name in account_object("", 0) if name in account]
    yield Seen("of the sandbox's fields, a connected account shows", ", ".join(fields))


def _object_shape(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    paths = {
        "a dispute": f"/v1/disputes/{dispute['id']}",
        "a charge": f"/v1/charges/{dispute['charge']}",
        "a payment_intent": f"/v1/payment_intents/{dispute['payment_intent']}",
    }
    newest = {noun: ask.get(path).raw for noun, path in paths.items()}
    for version in _VERSIONS:
        for noun, path in paths.items():
            answer = ask.get(path, version=version)
            assumed = _fields(rendered(newest[noun], version))
            told = _apart(assumed, _fields(answer.raw)) if answer.status == 200 else answer.words
            yield Seen(f"{noun} at {version}, beside what the sandbox makes of its newest form", told)


def _fields(value: Any, path: str = "") -> set[str]:
    """The dotted paths of all fields below; what lists hold counts together. `metadata` is the merchant's."""
    if isinstance(value, list):
        return set().union(*(_fields(item, path) for item in value))
    if not isinstance(value, dict) or path == "metadata":
        return set()
    named = {f"{path}.{name}" if path else name: inner for name, inner in value.items()}
    return set(named).union(*(_fields(inner, name) for name, inner in named.items()))


def _apart(assumed: set[str], other: set[str]) -> str:
    """`less a, b; more c`: the outermost fields that only one of the two has."""
    parts = (("less", assumed - other), ("more", other - assumed))
    return "; ".join(f"{word} {', '.join(_outermost(only))}" for word, only in parts if only) or "the same fields"


def _outermost(fields: set[str]) -> list[str]:
    return sorted(name for name in fields if not any(name.startswith(f"{other}.") for other in fields))


BY_OBJECT: dict[str, Probe] = {
    "inquiry-reason": _inquiry_reason,
    "multiple-disputes": _multiple_disputes,
    "object-shape": _object_shape,
    "list-count": _list_count,
    "settlement-currency": _settlement_currency,
    "connected-account": _connected_account,
}
