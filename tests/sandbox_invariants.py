"""What must hold of the sandbox whatever was asked of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from replaydisputes.model import Response
from replaydisputes.sandbox import ASSUMPTIONS
from replaydisputes.stripe_api.facts import ASSUMPTION_HEADER, RESPONSE_HEADER_ORDER, SANDBOX_HEADER
from tests.sandbox_calls import Caller

EDGES = {
    "needs_response": {"under_review", "lost"},
    "under_review": {"won", "lost"},
    "warning_needs_response": {"warning_under_review", "warning_closed"},
    "warning_under_review": {"warning_closed", "needs_response"},
    "warning_closed": set(),
    "lost": set(),
    "won": set(),
}
CLOSED = {"warning_closed", "lost", "won"}
STATUSES = {200, 400, 401, 403, 404, 409, 429, 503}
"""503 only for the key that asks for it."""


@dataclass
class Seen:
    """What an account showed last: the status of each dispute."""

    statuses: dict[str, str] = field(default_factory=dict)


def reachable(status: str) -> set[str]:
    """A status and all that legal edges lead to from it."""
    found, fresh = {status}, {status}
    while fresh:
        fresh = {after for before in fresh for after in EDGES[before]} - found
        found |= fresh
    return found


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with an id, at any depth."""
    if isinstance(value, dict):
        if "id" in value and "object" in value:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from objects_in(inner)


def check_answer(answer: Response, account: str) -> None:
    """account: whose objects it may show."""
    body = json.loads(answer.body)
    assert all(account[-10:] in found["id"] for found in objects_in(body)), "an object of another account"
    assert answer.status in STATUSES, answer.status
    assert (answer.status == 200) == ("error" not in body), body
    assert b'"livemode": true' not in answer.body
    assert set(filter(None, (answer.header(ASSUMPTION_HEADER) or "").split(", "))) <= ASSUMPTIONS.keys()
    names = [name.lower() for name, _ in answer.headers if name not in (SANDBOX_HEADER, ASSUMPTION_HEADER)]
    assert names == sorted(names, key=RESPONSE_HEADER_ORDER.index)
    assert answer.header("Content-Length") == str(len(answer.body))


def check_disputes(disputes: list[dict[str, Any]], seen: Seen) -> None:
    """Disputes move along legal edges, and the money of each is what its status says."""
    assert len({dispute["id"] for dispute in disputes}) == len(disputes)
    assert seen.statuses.keys() <= {dispute["id"] for dispute in disputes}
    for dispute in disputes:
        status = dispute["status"]
        assert status in reachable(seen.statuses.get(dispute["id"], status)), (dispute["id"], seen.statuses, status)
        seen.statuses[dispute["id"]] = status
        booked = [(row["amount"], row["fee"]) for row in dispute["balance_transactions"]]
        withdrawn, returned = (-dispute["amount"], 1500), (dispute["amount"], -1500)
        inquiry = status.startswith("warning")
        assert booked == ([] if inquiry else [withdrawn, returned] if status == "won" else [withdrawn]), (
            status,
            booked,
        )
        assert all(row["net"] == row["amount"] - row["fee"] for row in dispute["balance_transactions"])


def check_history(caller: Caller) -> None:
    """Events, balance and ids of one account agree with its objects."""
    events = _all(caller, "/v1/events")[::-1]
    disputes = {dispute["id"]: dispute for dispute in _all(caller, "/v1/disputes")}
    assert len({event["id"] for event in events}) == len(events)
    assert all(before["created"] <= after["created"] for before, after in pairwise(events))
    for dispute_id, dispute in disputes.items():
        told = [event for event in events if event["data"]["object"]["id"] == dispute_id]
        _check_told(dispute, told)
        assert events.index(told[0]) > _index(events, "charge.succeeded", dispute["charge"])
    for before, after in pairwise([*events, {"type": "", "data": {"object": {"id": ""}}}]):
        if before["type"] == "charge.dispute.closed":
            assert after["type"] == "charge.updated"
            assert after["data"]["object"]["id"] == before["data"]["object"]["charge"]
    _check_balance(caller, events, list(disputes.values()))
    _check_ids(events, list(disputes.values()))


def _check_told(dispute: dict[str, Any], told: list[dict[str, Any]]) -> None:
    """The events of one dispute: created first, closed at most once and last of all that decide, legal throughout."""
    kinds = [event["type"].removeprefix("charge.dispute.") for event in told]
    counts = Counter(kinds)
    assert kinds[0] == "created"
    assert counts["created"] == 1
    assert counts["closed"] == (dispute["status"] in CLOSED), kinds
    assert counts["funds_withdrawn"] == (not dispute["status"].startswith("warning")), kinds
    assert counts["funds_reinstated"] == (dispute["status"] == "won"), kinds
    statuses = [event["data"]["object"]["status"] for event in told]
    for before, after in pairwise(statuses):
        assert after == before or after in EDGES[before], statuses
    assert statuses[-1] == dispute["status"]
    for event in told:
        for name, old in event["data"].get("previous_attributes", {}).items():
            assert event["data"]["object"].get(name) != old, name


def _check_balance(caller: Caller, events: list[dict[str, Any]], disputes: list[dict[str, Any]]) -> None:
    """Each charge's money is its payment less what its disputes took, and every movement can be read by its id."""
    for event in events:
        if event["type"] != "charge.succeeded":
            continue
        charge = event["data"]["object"]
        mine = [dispute for dispute in disputes if dispute["charge"] == charge["id"]]
        moved = [row for dispute in mine for row in dispute["balance_transactions"]]
        paid = caller.get(f"/v1/balance_transactions/{charge['balance_transaction']}")
        taken = [dispute for dispute in mine if dispute["status"] in ("needs_response", "under_review", "lost")]
        left = charge["amount"] - sum(dispute["amount"] for dispute in taken)
        assert paid["amount"] + sum(row["amount"] for row in moved) == left
        assert left >= 0
        assert [caller.get(f"/v1/balance_transactions/{row['id']}") for row in moved] == moved
        assert caller.get(f"/v1/charges/{charge['id']}")["disputed"] is bool(mine)


def _check_ids(events: list[dict[str, Any]], disputes: list[dict[str, Any]]) -> None:
    """One id, one kind, and all of them of one account."""
    kinds: dict[str, set[str]] = {}
    for found in objects_in([events, disputes]):
        kinds.setdefault(found["id"], set()).add(found["object"])
    assert all(len(kind) == 1 for kind in kinds.values())
    assert len({object_id.partition("_")[2][6:16] for object_id in kinds}) <= 1


def _all(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Every item of a list, newest first, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        cursor = (("starting_after", found[-1]["id"]),) if found else ()
        page = caller.get(path, ("limit", "7"), *cursor)
        found += page["data"]
        if not page["has_more"]:
            return found


def _index(events: list[dict[str, Any]], kind: str, object_id: str) -> int:
    return next(
        position
        for position, event in enumerate(events)
        if (event["type"], event["data"]["object"]["id"]) == (kind, object_id)
    )
