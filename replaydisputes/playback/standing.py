"""Where one run through a cassette stands: all of a player that moves, and that can move to another process."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypedDict

from replaydisputes.playback.history import Choice, History, Progress
from replaydisputes.playback.index import Index
from replaydisputes.playback.keys import Keyed, KeyedState, Keys
from replaydisputes.playback.matching import Asked, Sent
from replaydisputes.playback.scope import Conditions, Scope
from replaydisputes.stripe_api.urls import dispute_id_in_path

if TYPE_CHECKING:
    from replaydisputes.playback.binding import Bound
    from replaydisputes.playback.namesakes import Doubled, Ids, Namesakes

MOST_KEYS, MOST_DISPUTES = 1000, 1000
"""What one of many runs keeps: the last idempotency keys; dispute ids, where it answers for any."""


class PlayerState(TypedDict):
    """How far a player has come, as JSON. `disputes`: under any_dispute, each dispute's by its id.

    bound: what the suite chose, of the cassette's dispute and of requests that name none.
    """

    begins_at_s: int | None
    now_s: int | None
    own: Progress
    bound: tuple[Bound, Bound]
    disputes: dict[str, tuple[Progress, Bound]]
    keys: KeyedState


class Standing:
    """The histories, the disputes, the bindings and the idempotency keys of one run."""

    def __init__(
        self,
        index: Index,
        doubled: Doubled | None,
        conditions: Conditions,
        *,
        any_dispute: bool,
        is_bounded: bool,
    ) -> None:
        """is_bounded: keep MOST_KEYS and MOST_DISPUTES."""
        self._index, self._doubled, self._conditions = index, doubled, conditions
        history = History(index)
        ids = doubled.ids if doubled else None
        self._nobodys = Scope(index, history, self._conditions) if any_dispute else None
        self.own = Scope(index, history, conditions, ids, self._nobodys)
        self.namesakes: Namesakes | None = None
        if any_dispute:
            from replaydisputes.playback.namesakes import Namesakes  # noqa: PLC0415 - most replays have one dispute

            begun = partial(_namesake, index, conditions, self._nobodys)
            self.namesakes = Namesakes(index, begun, conditions.told.given, MOST_DISPUTES if is_bounded else None)
        self.keys = Keys(index, MOST_KEYS if is_bounded else None)
        self.given_ids: set[str] = set()
        """The ids in what was answered, where all ids of the cassette are its own."""
        self.revision = 0
        """Counts the changes: at the same revision the same request gets the same answer."""

    def placed(self, wanted: Asked) -> Scope:
        """In whose words a request speaks, and with whose history it goes on."""
        if self.namesakes is None or self._nobodys is None:
            return self.own
        dispute = dispute_id_in_path(wanted.path)
        if dispute and self.own.has_bound and self.own.bindings.holders("id", dispute):
            return self.own
        namesake = self.namesakes.of(wanted)
        if namesake is not None:
            return namesake
        if dispute:
            return self.own
        words = [*wanted.path.split("/"), *(value for _, value in wanted.params)]
        is_about_own = self.own.has_bound and any(word in self._index.variables.told for word in words)
        return self.own if is_about_own else self._nobodys

    def as_input(self, wanted: Asked, scope: Scope) -> Scope | None:
        """Whose request it also may be, if the cassette answers for any dispute: of an id that Stripe never knew."""
        if scope is self.own or scope is self._nobodys or self.namesakes is None or not self._index.has_unknown_ids:
            return None
        dispute = dispute_id_in_path(wanted.path)
        return self.own if dispute and not self.namesakes.is_known(dispute) else None

    def take(self, sent: Sent, scope: Scope, choice: Choice, keyed: Keyed | None) -> None:
        """An answer is given: move on, and keep its ids, bindings and key. Raises TooManyDisputesError."""
        if self.namesakes and scope is not self.own and scope is not self._nobodys:
            self.namesakes.told(scope, choice.recording)
        if self._doubled:
            self.given_ids |= self._doubled.ids.given_in(choice.recording)
        changed = scope.take(choice)
        if sent.key and (keyed is None or (keyed.is_for(sent.asked) and not keyed.recording.settled)):
            changed |= self.keys.used(sent, choice.recording)
        self.revision += changed

    def told_about(self, dispute: str) -> Scope:
        """In whose words every answer is told about a dispute; its ids are known from now on."""
        namesake = self.namesakes.about(dispute) if self.namesakes and dispute else None
        for item in self._index.recordings if namesake or self._doubled else ():
            if namesake and self.namesakes:
                self.namesakes.told(namesake, item)
            elif self._doubled:
                self.given_ids |= self._doubled.ids.given_in(item)
        return namesake or self.own

    @property
    def played(self) -> set[int]:
        """The recordings that were played under any id, by number from 0."""
        histories = [self.own.history, *(self.namesakes.histories if self.namesakes else ())]
        return {index for history in histories for index in history.played}

    def state(self, begins_at_s: int | None, now_s: int | None, *, keeps_bound: bool) -> PlayerState:
        disputes = self.namesakes.state() if self.namesakes else {}
        bound = self.own.bound(), self._nobodys.bound() if self._nobodys else []
        if not keeps_bound:
            disputes, bound = {one: (progress, []) for one, (progress, _) in disputes.items()}, ([], [])
        return PlayerState(
            begins_at_s=begins_at_s,
            now_s=now_s,
            own=self.own.history.state(),
            bound=bound,
            disputes=disputes,
            keys=self.keys.state(),
        )

    def resume(self, state: PlayerState) -> None:
        """Stand where another run stood. Call it on a new one."""
        self.own.history.resume(state["own"])
        self.own.resume(state["bound"][0])
        if self._nobodys:
            self._nobodys.resume(state["bound"][1])
        self.keys.resume(state["keys"])
        if self.namesakes:
            self.namesakes.resume(state["disputes"])
        if self._doubled:
            for index in self.own.history.played:
                self.given_ids |= self._doubled.ids.given_in(self._index.recording(index))


def _namesake(index: Index, conditions: Conditions, behind: Scope | None, ids: Ids) -> Scope:
    return Scope(index, History(index, index.first_about_dispute), conditions, ids, behind)
