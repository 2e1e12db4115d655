"""Replays a cassette: reads repeat, writes advance.

A cassette is a history cut into epochs by the writes that took effect. A read is answered by the recordings of the
current epoch, as often as asked; a write plays the next recording of that request. Nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback.matching import Asked, asked, same
from replaydisputes.playback.report import mismatch_report
from replaydisputes.stripe_api.urls import dispute_id_in_path


@dataclass(frozen=True, slots=True)
class Played:
    """One answered request: which interaction of the cassette (from 0) answered it."""

    index: int
    request: Request
    interaction: Interaction

    @property
    def status(self) -> int:
        return self.interaction.response.status


@dataclass(frozen=True, slots=True)
class _Recording:
    index: int
    epoch: int
    asked: Asked
    interaction: Interaction
    cuts: bool


@dataclass(slots=True)
class _Keyed:
    """What an Idempotency-Key was first used for."""

    asked: Asked
    recording: _Recording


@dataclass(slots=True)
class _History:
    """How far the code under test has come."""

    epoch: int = 0
    played: list[Played] = field(default_factory=list)
    reads: dict[int, int] = field(default_factory=dict)
    writes: set[int] = field(default_factory=set)
    keys: dict[tuple[str, str], _Keyed] = field(default_factory=dict)


class Player:
    """An Answerer that answers from one cassette and keeps the history of one run. Safe to share between threads."""

    def __init__(self, cassette: Cassette, name: str, *, on_version: Callable[[str, str], None] | None = None) -> None:
        """on_version: told (asked, recorded) where a request names another Stripe-Version than its recording."""
        self.cassette, self.name = cassette, name
        self._recordings = _recordings(cassette)
        self._history = _History()
        self._lock = Lock()
        self._on_version = on_version

    @property
    def played(self) -> tuple[Played, ...]:
        """Everything answered so far, in order."""
        with self._lock:
            return tuple(self._history.played)

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The recordings that nothing has asked for yet."""
        done = {played.index for played in self.played}
        return tuple(item.interaction for item in self._recordings if item.index not in done)

    @property
    def dispute_id(self) -> str:
        """The id of the dispute this cassette is about: the first one asked for by id, else an empty string."""
        return next((found for item in self._recordings if (found := dispute_id_in_path(item.asked.path))), "")

    def answer(self, request: Request) -> Response:
        """The recorded response. Raises MismatchError, with the whole report, where no recording answers."""
        wanted = asked(request)
        with self._lock:
            recording, replayed = self._find(request, wanted)
            response = recording.interaction.response
            self._history.played.append(Played(recording.index, request, recording.interaction))
        self._check_version(request, recording)
        if replayed:
            return _as_replayed(response)
        return replace(response, body=b"") if request.method == "HEAD" else response

    def _find(self, request: Request, wanted: Asked) -> tuple[_Recording, bool]:
        key = request.header("idempotency-key")
        if key and not wanted.is_read:
            first = self._history.keys.get((key, wanted.account))
            if first is not None and first.asked == wanted:
                return first.recording, True
            if first is not None:
                raise self._mismatch(request, wanted, reused_key=True)
        recording = self._next_read(wanted) if wanted.is_read else self._next_write(wanted)
        if recording is None:
            raise self._mismatch(request, wanted)
        if key and not wanted.is_read:
            self._history.keys[key, wanted.account] = _Keyed(wanted, recording)
        return recording, False

    def _next_read(self, wanted: Asked) -> _Recording | None:
        """The recordings of this epoch in order, the last of them repeating."""
        here = [item for item in self._recordings if item.epoch == self._history.epoch and same(wanted, item.asked)]
        if not here:
            return None
        times = self._history.reads.get(here[0].index, 0)
        self._history.reads[here[0].index] = times + 1
        return here[min(times, len(here) - 1)]

    def _next_write(self, wanted: Asked) -> _Recording | None:
        """The next unplayed recording of this write, unless a write that took effect stands unplayed before it."""
        for item in self._recordings:
            if item.index in self._history.writes or item.asked.is_read:
                continue
            if same(wanted, item.asked):
                self._history.writes.add(item.index)
                self._history.epoch = max(self._history.epoch, item.epoch + item.cuts)
                return item
            if item.cuts:
                return None
        return None

    def _check_version(self, request: Request, recording: _Recording) -> None:
        wanted = request.header("stripe-version")
        recorded = recording.interaction.request.header("stripe-version")
        if self._on_version and wanted and recorded and wanted != recorded:
            self._on_version(wanted, recorded)

    def _mismatch(self, request: Request, wanted: Asked, *, reused_key: bool = False) -> MismatchError:
        report = mismatch_report(
            self.name,
            wanted,
            [(item.asked, item.interaction) for item in self._recordings],
            [played.index for played in self._history.played],
            reused_key=reused_key,
        )
        return MismatchError(report, request.method, request.url)


def _recordings(cassette: Cassette) -> tuple[_Recording, ...]:
    """Each interaction with the epoch it belongs to. A refused write (4xx) changed nothing, so it cuts nothing."""
    recordings: list[_Recording] = []
    epoch = 0
    for index, interaction in enumerate(cassette.interactions):
        reduced = asked(interaction.request)
        cuts = not reduced.is_read and not 400 <= interaction.response.status < 500
        recordings.append(_Recording(index, epoch, reduced, interaction, cuts))
        epoch += cuts
    return tuple(recordings)


def _as_replayed(response: Response) -> Response:
    """The first answer again, marked as Stripe marks it."""
    if response.header("idempotent-replayed"):
        return response
    return replace(response, headers=(*response.headers, ("Idempotent-Replayed", "true")))
