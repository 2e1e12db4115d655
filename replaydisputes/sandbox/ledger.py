"""What the modelled account holds: objects, the events about them, and what is due to happen later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from replaydisputes.sandbox.cards import TestCard
from replaydisputes.sandbox.draw import Draw, Mint
from replaydisputes.sandbox.people import Cast, Story
from replaydisputes.stripe_api.facts import API_VERSION

Json = dict[str, Any]
"""A JSON object. Objects in the ledger are never changed in place, so an event can keep the one it saw."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the caller chose. Delays in seconds of the sandbox's clock; enrich_after None means never.

    dispute_delay_s: the least and the most; each payment draws its own.
    """

    people: bool = False
    dispute_delay_s: tuple[int, int] = (0, 0)
    enrich_after_s: int | None = None
    decide_after_s: int = 0


class Ledger:
    """One account's. assumed_of_events: what every event in it rests on."""

    def __init__(
        self, mint: Mint, cast: Cast, behaviour: Behaviour, assumed_of_events: frozenset[str] = frozenset()
    ) -> None:
        self.mint, self.cast, self.behaviour = mint, cast, behaviour
        self._assumed_of_events = assumed_of_events
        self._delays = Draw(f"delays/{mint.account}")
        self.own_account: Json = {}
        self.request: Json = {"id": None, "idempotency_key": None}
        self.payers: dict[str, tuple[TestCard, Story | None]] = {}
        self._objects: dict[str, Json] = {}
        self._assumed: dict[str, frozenset[str]] = {}
        self._due: list[tuple[int, Callable[[int], None]]] = []

    def put(self, obj: Json, assumed: Iterable[str] = ()) -> Json:
        """Keep an object under its id, new or in place of the old one; assumptions about it add up."""
        self._objects[obj["id"]] = obj
        self._assumed[obj["id"]] = self.assumed(obj["id"]).union(assumed)
        return obj

    def get(self, kind: str, object_id: str) -> Json | None:
        found = self._objects.get(object_id)
        return found if found is not None and found["object"] == kind else None

    def find(self, object_id: str) -> Json | None:
        return self._objects.get(object_id)

    def known(self, object_id: str) -> Json:
        """An object that must be there: its id came out of this ledger."""
        return self._objects[object_id]

    def assumed(self, object_id: str) -> frozenset[str]:
        """The names of the assumptions that what is known of an object rests on."""
        return self._assumed.get(object_id, frozenset())

    def newest_first(self, kind: str) -> list[Json]:
        return [obj for obj in reversed(self._objects.values()) if obj["object"] == kind]

    def emit(
        self, event_type: str, obj: Json, now: int, previous: Json | None = None, assumed: Iterable[str] = ()
    ) -> None:
        """Add an event that shows the object as it is now. previous: the old values of what changed."""
        data: Json = {"object": obj} | ({"previous_attributes": previous} if previous is not None else {})
        event = {
            "id": self.mint.object_id("evt", now),
            "object": "event",
            "api_version": API_VERSION,
            "created": now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": self.request,
            "type": event_type,
        }
        self.put(event, self.assumed(obj["id"]).union(assumed, self._assumed_of_events))

    def dispute_delay_s(self) -> int:
        """How long after this payment its disputes appear."""
        least, most = self.behaviour.dispute_delay_s
        return least + self._delays.below(most - least + 1)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Inside, an exception takes back every change, so that a refused call has changed nothing."""
        kept = (dict(self._objects), dict(self._assumed), dict(self.payers), list(self._due))
        try:
            yield
        except BaseException:
            self._objects, self._assumed, self.payers, self._due = kept
            raise

    def later(self, due: int, act: Callable[[int], None]) -> None:
        """Have `act` called with its due time (unix seconds), when the clock gets there and a request is answered."""
        self._due.append((due, act))

    def catch_up(self, now: int) -> None:
        """Let happen, in order of their time, what is due by now; nobody's request causes it."""
        self.request = {"id": None, "idempotency_key": None}
        while ready := [entry for entry in self._due if entry[0] <= now]:
            first = min(ready, key=lambda entry: entry[0])
            self._due.remove(first)
            first[1](first[0])
