"""Where one run through a cassette stands: all of a player that moves, and that can move to another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from replaydisputes.playback.history import Choice, History, Progress
from replaydisputes.playback.index import Index
from replaydisputes.playback.keys import Keyed, KeyedState, Keys
from replaydisputes.playback.matching import Asked, Sent

if TYPE_CHECKING:
    from replaydisputes.playback.namesakes import Doubled, Ids, Namesake, Namesakes

MOST_KEYS, MOST_DISPUTES = 1000, 1000
"""What one of many runs keeps: the last idempotency keys; dispute ids, where it answers for any."""


class PlayerState(TypedDict):
    """How far a player has come, as JSON. `disputes`: under any_dispute, each dispute's progress by its id."""

    begins_at_s: int | None
    own: Progress
    disputes: dict[str, Progress]
    keys: KeyedState


class Standing:
    """The histories, the disputes and the idempotency keys of one run."""

    def __init__(self, index: Index, doubled: Doubled | None, *, any_dispute: bool, is_bounded: bool) -> None:
        """is_bounded: keep MOST_KEYS and MOST_DISPUTES."""
        self._index, self._doubled = index, doubled
        self.history = History(index)
        self.namesakes: Namesakes | None = None
        if any_dispute:
            from replaydisputes.playback.namesakes import Namesakes  # noqa: PLC0415 - most replays have one dispute

            self.namesakes = Namesakes(index, MOST_DISPUTES if is_bounded else None)
        self.keys = Keys(index, MOST_KEYS if is_bounded else None)
        self.given_ids: set[str] = set()
        """The ids in what was answered, where all ids of the cassette are its own."""
        self.revision = 0
        """Counts the changes: at the same revision the same request gets the same answer."""

    def placed(self, wanted: Asked) -> tuple[Ids | None, History]:
        """In whose ids a request speaks, None for the cassette's, and the history it goes on with."""
        if self._doubled:
            return self._doubled.ids, self.history
        namesake = self.namesakes.of(wanted) if self.namesakes else None
        return (namesake, namesake.history) if namesake else (None, self.history)

    def take(self, sent: Sent, ids: Ids | None, choice: Choice, keyed: Keyed | None) -> None:
        """An answer is given: move on, and keep its ids and its key. Raises TooManyDisputesError."""
        if self.namesakes and ids:
            namesake = cast("Namesake", ids)  # as `placed` gave it
            self.namesakes.told(namesake, choice.recording)
            history = namesake.history
        else:
            history = self.history
        if self._doubled:
            self.given_ids |= self._doubled.ids.given_in(choice.recording)
        changed = history.take(choice)
        if sent.key and (keyed is None or (keyed.is_for(sent.asked) and not keyed.recording.settled)):
            changed |= self.keys.used(sent, choice.recording)
        self.revision += changed

    def told_about(self, dispute: str) -> Ids | None:
        """In whose ids every answer is told about a dispute; those ids are known from now on."""
        namesake = self.namesakes.about(dispute) if self.namesakes and dispute else None
        ids = self._doubled.ids if self._doubled else namesake
        if ids:
            for item in self._index.recordings:
                if namesake and self.namesakes:
                    self.namesakes.told(namesake, item)
                else:
                    self.given_ids |= ids.given_in(item)
        return ids

    @property
    def played(self) -> set[int]:
        """The recordings that were played under any id, by number from 0."""
        histories = [self.history, *(self.namesakes.histories if self.namesakes else ())]
        return {index for history in histories for index in history.played}

    def state(self, begins_at_s: int | None) -> PlayerState:
        disputes = self.namesakes.state() if self.namesakes else {}
        return PlayerState(begins_at_s=begins_at_s, own=self.history.state(), disputes=disputes, keys=self.keys.state())

    def resume(self, state: PlayerState) -> None:
        """Stand where another run stood. Call it on a new one."""
        self.history.resume(state["own"])
        self.keys.resume(state["keys"])
        if self.namesakes:
            self.namesakes.resume(state["disputes"])
        if self._doubled:
            for index in self.history.played:
                self.given_ids |= self._doubled.ids.given_in(self._index.recording(index))
