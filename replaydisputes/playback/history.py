"""How far the code under test has come through a cassette: reads repeat, writes advance."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypedDict

from replaydisputes.model import Request
from replaydisputes.playback.index import Group, Index, Recording
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.places import WRITE

if TYPE_CHECKING:
    from replaydisputes.playback.binding import Bindings
    from replaydisputes.playback.variables import Parts, Template, Variable

_NOTHING: Mapping[Variable, str] = {}


class Bound(Protocol):
    """Whoever keeps what a run has bound."""

    @property
    def bindings(self) -> Bindings: ...


class Wanted:
    """A request in the ids and times of the cassette, and who keeps what this run has bound."""

    __slots__ = ("_scope", "asked", "request")

    def __init__(self, asked: Asked, request: Request, scope: Bound) -> None:
        self.asked, self.request, self._scope = asked, request, scope

    @property
    def bindings(self) -> Bindings:
        return self._scope.bindings

    def parts(self, asked: Asked) -> Parts:
        """The request taken apart. asked: its own, or with another method."""
        return self.bindings.variables.parts(asked, self.request)


class Choice(NamedTuple):
    """The recording that answers, not yet taken. `counter`: for a read, the recording under which it is counted.

    new: what it binds when it is taken. is_fresh: it was found by what it binds; else the request is a known one.
    """

    recording: Recording
    counter: int = -1
    new: Mapping[Variable, str] = _NOTHING
    is_fresh: bool = False


class Progress(TypedDict):
    """A history as JSON. `done`: the recordings played, as [first, last] runs. `reads`: [recording, times] pairs."""

    done: list[list[int]]
    reads: list[tuple[int, int]]


class History:
    """One run through a cassette. The `next_…` methods only look; `take` moves on."""

    def __init__(self, index: Index, start: int = 0) -> None:
        """start: the recording (from 0) to begin at; the writes before it count as made."""
        self._index, self._start = index, start
        self._epoch = index.epoch_of(start) if start else 0
        self._reads: dict[int, int] = {}
        self._writes: set[int] = set()
        self._positions: dict[int, int] = {}
        self._cut = bisect_left(index.cuts, start)
        self.answered = set(range(start))

    def next_read(self, wanted: Wanted, *, head: bool) -> Choice | None:
        """The recordings of this epoch in order, the last of them repeating. A HEAD may be answered by either."""
        choice = self._read(wanted, wanted.asked)
        return self._read(wanted, wanted.asked._replace(method="HEAD")) if choice is None and head else choice

    def next_write(self, wanted: Wanted, stage: int = WRITE) -> Choice | None:
        """The next unplayed recording of this write, unless a write that took effect stands unplayed before it."""
        plain = self._index.plain(wanted.asked, stage)
        found = self._first_waiting(plain) if plain else None
        choice = Choice(found) if found else None
        if self._index.may_be_bound(wanted.asked.path, is_plain=bool(plain)):
            choice = self._first_bound(wanted, stage, choice)
        return None if choice is None or self._is_due_before(choice.recording) else choice

    def last_write(self, wanted: Wanted) -> Choice | None:
        """The last recording of a write all of whose recordings are played; None where there is one to come."""
        plain = self._index.plain(wanted.asked, WRITE)
        if plain and self._first_waiting(plain):
            return None
        choice = Choice(plain[-1]) if plain else None
        if not self._index.may_be_bound(wanted.asked.path, is_plain=bool(plain)):
            return choice
        parts = wanted.parts(wanted.asked)
        for group in wanted.bindings.variables.groups(parts, WRITE):
            for one in reversed(group):
                new = wanted.bindings.match(one, parts, anew=True)
                if new is not None and not self._is_made(one.recording.index):
                    return None
                if new is not None and (choice is None or one.recording.index > choice.recording.index):
                    choice = Choice(one.recording, new=new, is_fresh=True)
        return choice

    def take(self, choice: Choice) -> bool:
        """Move on; False where that changed nothing, so that the same request gets the same answer again."""
        recording = choice.recording
        changed = recording.index not in self.answered
        self.answered.add(recording.index)
        if recording.asked.is_read:
            times = self._reads.get(choice.counter, 0)
            more = times < self._index.count_on(recording.asked.path)
            self._reads[choice.counter] = times + more
            return changed or more
        self._make(recording.index)
        return changed

    @property
    def played(self) -> set[int]:
        """The recordings that were played, by number from 0."""
        return {index for index in self.answered if index >= self._start}

    def state(self) -> Progress:
        return Progress(done=_runs(self.played), reads=list(self._reads.items()))

    def resume(self, state: Progress) -> None:
        """Stand where another history of the same cassette and start stood. Call it on a new one."""
        self._reads = dict(state["reads"])
        for first, last in state["done"]:
            for index in range(first, last + 1):
                self.answered.add(index)
                if not self._index.is_read(index):
                    self._make(index)

    def _make(self, index: int) -> None:
        self._writes.add(index)
        self._epoch = max(self._epoch, self._index.epoch_after(index))

    def _read(self, wanted: Wanted, asked: Asked) -> Choice | None:
        """A known request goes before one that has to bind something."""
        group = self._index.plain(asked, self._epoch)
        if (group and self._index.is_own) or not self._index.may_be_bound(asked.path, is_plain=bool(group)):
            return self._in_turn(group)
        bindings, parts = wanted.bindings, wanted.parts(asked)
        if not bindings.variables.is_own:
            both = (*group, *bindings.every(parts, self._epoch))
            return self._in_turn(tuple(sorted(both, key=lambda item: item.index)))
        known = bindings.known(parts, asked, self._epoch)
        if known:
            return self._in_turn([one.recording for one in known])
        found = bindings.fresh(parts, self._epoch)
        if found is None:
            return None
        same = [one.recording for one in bindings.variables.exact(found[0].recording.asked, self._epoch)]
        choice = self._in_turn(same)
        return choice._replace(new=found[1], is_fresh=True) if choice else None

    def _in_turn(self, group: Sequence[Recording]) -> Choice | None:
        if not group:
            return None
        counter = group[0].index
        return Choice(group[min(self._reads.get(counter, 0), len(group) - 1)], counter)

    def _first_bound(self, wanted: Wanted, stage: int, choice: Choice | None) -> Choice | None:
        """The first unplayed recording of this write, of that already chosen and of those that have to be bound."""
        bindings, parts = wanted.bindings, wanted.parts(wanted.asked)
        for group in bindings.variables.groups(parts, stage):
            for one in self._waiting(group):
                index = one.recording.index
                if choice and index > choice.recording.index:
                    break
                new = bindings.match(one, parts)
                if new is not None:
                    choice = Choice(one.recording, new=new, is_fresh=True)
                    break
        return choice

    def _waiting(self, group: tuple[Template, ...]) -> list[Template]:
        """The recordings of a group from the first unplayed one on, without those that are played."""
        position = self._positions.get(id(group), 0)
        while position < len(group) and self._is_made(group[position].recording.index):
            position += 1
        self._positions[id(group)] = position
        limit = self._next_cut()
        waiting = []
        for one in group[position:]:
            if one.recording.index > limit:
                break
            if not self._is_made(one.recording.index):
                waiting.append(one)
        return waiting

    def _first_waiting(self, group: Group) -> Recording | None:
        """The first unplayed recording of a group."""
        position = self._positions.get(id(group), 0)
        while position < len(group) and self._is_made(group[position].index):
            position += 1
        self._positions[id(group)] = position
        return group[position] if position < len(group) else None

    def _is_due_before(self, recording: Recording) -> bool:
        return self._next_cut() < recording.index

    def _next_cut(self) -> int:
        """The first unplayed write that took effect; none that there is, where all are played."""
        cuts = self._index.cuts
        while self._cut < len(cuts) and self._is_made(cuts[self._cut]):
            self._cut += 1
        return cuts[self._cut] if self._cut < len(cuts) else self._index.count

    def _is_made(self, index: int) -> bool:
        return index in self._writes or index < self._start


def _runs(numbers: set[int]) -> list[list[int]]:
    """Numbers as [first, last] of each unbroken run, in order."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
