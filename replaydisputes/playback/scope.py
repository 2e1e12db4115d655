"""One history in the words of the suite: its ids, its times, and what it has chosen for the cassette's variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.model import Request, Response
from replaydisputes.playback.history import Choice, History, Wanted
from replaydisputes.playback.index import Index, Recording
from replaydisputes.playback.matching import Asked

if TYPE_CHECKING:
    from replaydisputes.playback.binding import Bindings, Bound
    from replaydisputes.playback.clock import Shift
    from replaydisputes.playback.namesakes import Doubled, Ids
    from replaydisputes.playback.slots import Change


class Told:
    """Which ids Stripe told a run, so that none of them can be one that it never knew."""

    def __init__(self, index: Index, doubled: Doubled | None, elsewhere: Callable[[str], bool]) -> None:
        """elsewhere: whether another cassette of the run told an id."""
        self._index, self._doubled, self._elsewhere = index, doubled, elsewhere
        self.given: set[str] = set()
        """The ids that any_dispute gave in the place of recorded ones."""

    def is_told(self, word: str) -> bool:
        return self.is_told_here(word) or self._elsewhere(word)

    def is_told_here(self, word: str) -> bool:
        if self._doubled:
            return self._doubled.is_told(word)
        return word in self.given or word in self._index.variables.told


class Conditions(NamedTuple):
    """What is the same for every history of a run. shift: moves the times in answers; None moves none.

    in_days: the recorded time that is as many whole days from the recording's begin as a time from the run's.
    """

    shift: Shift | None
    in_days: Callable[[int], int | None]
    told: Told


class Scope:
    """A history, and the translation between the recording's words and the suite's that belongs to it."""

    def __init__(
        self,
        index: Index,
        history: History,
        conditions: Conditions,
        ids: Ids | None = None,
        behind: Scope | None = None,
    ) -> None:
        """behind: whose bindings count where this one has none."""
        self._index, self.history, self.ids = index, history, ids
        self._conditions, self._behind = conditions, behind
        self._bindings: Bindings | None = None
        self._answers: dict[int, tuple[int, Sequence[Change], Response]] = {}

    @property
    def bindings(self) -> Bindings:
        if self._bindings is None:
            from replaydisputes.playback.binding import Bindings  # noqa: PLC0415 - most replays bind nothing

            behind = self._behind.bindings if self._behind else None
            self._bindings = Bindings(
                self._index.variables, self._conditions.told.is_told, self._conditions.in_days, behind
            )
        return self._bindings

    @property
    def has_bound(self) -> bool:
        """Whether the suite has chosen anything here so far."""
        return bool(self._bindings) or (self._behind is not None and self._behind.has_bound)

    def wanted(self, asked: Asked, request: Request) -> Wanted:
        """A request of the suite in the ids of the cassette. asked: its times are the cassette's already."""
        return Wanted(self.ids.meant(asked) if self.ids else asked, request, self)

    def shown(self, recorded: Asked) -> Asked:
        """A recorded request in the suite's ids, as far as they are known; names and values stay stand-ins."""
        if self.has_bound:
            recorded = self.bindings.shown(recorded)
        return self.ids.shown(recorded) if self.ids else recorded

    def aligned(self, wanted: Wanted, recording: Recording) -> Asked:
        """The request, in the suite's ids, with the stand-ins of a recording that can stand for what it says."""
        template = self._index.variables.templates.get(recording.index)
        asked = wanted.asked if template is None else self.bindings.aligned(template, wanted.parts(wanted.asked))
        return self.shown(asked)

    def take(self, choice: Choice) -> bool:
        """Move on and keep what the choice binds; False where that changed nothing."""
        news = bool(choice.new) and self.bindings.bind(choice.new)
        return self.history.take(choice) or news

    def answer(self, recording: Recording) -> Response:
        """The recorded answer in this run's words. The recorded bytes if nothing in it is another's."""
        recorded = recording.interaction.response
        if self._conditions.shift is None and not self.has_bound:
            return self.ids.answer(recording) if self.ids else recorded
        revision = self.bindings.revision if self.has_bound else 0
        known = self._answers.get(recording.index)
        if known is not None and known[0] == revision:
            return known[2]
        chosen = self.bindings.changes(recording) if revision else ()
        response = known[2] if known is not None and known[1] == chosen else self._answer(recording, recorded, chosen)
        self._answers[recording.index] = revision, chosen, response
        return response

    def _answer(self, recording: Recording, recorded: Response, chosen: Sequence[Change]) -> Response:
        from replaydisputes.playback.slots import changed  # noqa: PLC0415 - most answers are given as recorded

        fixed = [*(self.ids.changes(recording) if self.ids else ())]
        fixed += self._conditions.shift.changes(recorded) if self._conditions.shift else ()
        changes = {(change.where, change.start): change for change in (*fixed, *chosen)}
        return changed(recorded, changes.values()) if changes else recorded

    def bound(self) -> Bound:
        """What is bound here, as JSON."""
        return self._bindings.state() if self._bindings else []

    def resume(self, bound: Bound) -> None:
        if bound:
            self.bindings.resume(bound)
