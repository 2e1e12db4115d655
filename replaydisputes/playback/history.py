"""How far the code under test has come through a cassette: reads repeat, writes advance."""

from __future__ import annotations

from bisect import bisect_left
from itertools import chain
from typing import NamedTuple, TypedDict

from replaydisputes.playback.index import Group, Index, Recording
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.places import WRITE


class Choice(NamedTuple):
    """The recording that answers, not yet taken. `counter`: for a read, the recording under which it is counted."""

    recording: Recording
    counter: int = -1


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

    def next_read(self, wanted: Asked, *, head: bool) -> Choice | None:
        """The recordings of this epoch in order, the last of them repeating. A HEAD may be answered by either."""
        here = self._in_order(wanted)
        if not here and head:
            here = self._in_order(wanted._replace(method="HEAD"))
        if not here:
            return None
        counter = here[0].index
        return Choice(here[min(self._reads.get(counter, 0), len(here) - 1)], counter)

    def next_write(self, wanted: Asked, stage: int = WRITE) -> Choice | None:
        """The next unplayed recording of this write, unless a write that took effect stands unplayed before it."""
        waiting = [item for group in self._index.groups(wanted, stage) if (item := self._first_waiting(group))]
        if not waiting:
            return None
        recording = min(waiting, key=lambda item: item.index) if len(waiting) > 1 else waiting[0]
        return None if self._is_due_before(recording) else Choice(recording)

    def last_write(self, wanted: Asked) -> Choice | None:
        """The last recording of a write all of whose recordings are played; None where there is one to come."""
        groups = self._index.groups(wanted, WRITE)
        if not groups or any(self._first_waiting(group) for group in groups):
            return None
        return Choice(max((group[-1] for group in groups), key=lambda item: item.index))

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

    def _in_order(self, wanted: Asked) -> Group:
        groups = self._index.groups(wanted, self._epoch)
        if len(groups) < 2:
            return groups[0] if groups else ()
        return tuple(sorted(chain.from_iterable(groups), key=lambda item: item.index))

    def _first_waiting(self, group: Group) -> Recording | None:
        """The first unplayed recording of a group; the group's own first index is its name."""
        position = self._positions.get(group[0].index, 0)
        while position < len(group) and self._is_made(group[position].index):
            position += 1
        self._positions[group[0].index] = position
        return group[position] if position < len(group) else None

    def _is_due_before(self, recording: Recording) -> bool:
        cuts = self._index.cuts
        while self._cut < len(cuts) and self._is_made(cuts[self._cut]):
            self._cut += 1
        return self._cut < len(cuts) and cuts[self._cut] < recording.index

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
