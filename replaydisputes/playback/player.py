"""Replays a cassette: reads repeat, writes advance.

A cassette is a history cut into epochs by the writes that took effect. A read is answered by the recordings of the
current epoch, as often as asked; a write plays the next recording of that request. Nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Literal, NamedTuple, get_args

from replaydisputes.errors import MismatchError, ReplayDisputesError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback.clock import recording_moment, shift_to
from replaydisputes.playback.history import Choice, History
from replaydisputes.playback.index import KEY_REFUSAL, REPEAT, Recording, index_of, is_key_refusal
from replaydisputes.playback.matching import Asked, Sent, reduced
from replaydisputes.playback.namesakes import Namesake, Namesakes
from replaydisputes.playback.report import Situation, mismatch_report, version_report

OnExhausted = Literal["fail", "repeat"]
OnVersion = Literal["warn", "fail", "ignore"]


class PlaybackOptionError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, option: str, value: object, known: tuple[object, ...]) -> None:
        self.option, self.value, self.known = option, value, known
        super().__init__(f"{option}={value!r} is none of {', '.join(repr(one) for one in known)}")


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
class _Keyed:
    """What an Idempotency-Key was first used for."""

    asked: Asked
    recording: Recording


class _Call(NamedTuple):
    """A request on its way: `inside` is what it asks for in the ids of the cassette."""

    request: Request
    sent: Sent
    inside: Asked
    history: History
    namesake: Namesake | None


class Player:
    """An Answerer that answers from one cassette and keeps the history of one run. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - what a replay can be asked for, by name
        self,
        cassette: Cassette,
        name: str,
        *,
        any_dispute: bool = False,
        on_exhausted: OnExhausted = "fail",
        stripe_version: OnVersion = "warn",
        on_version: Callable[[str, str], None] | None = None,
        begins_at_s: int | None = None,
    ) -> None:
        """any_dispute: the cassette answers for whatever dispute id is asked for, each with a history of its own.

        on_exhausted: `repeat` answers the last recording of a write again once all of them are played.
        stripe_version: what to do where a request names another version than its recording; `warn` tells on_version
        (asked, recorded), once for each pair. begins_at_s: the unix second at which the recording is to have begun,
        by which every time in an answer moves; None moves none. Raises PlaybackOptionError for a word that is none of
        these.
        """
        _check("any_dispute", any_dispute, (True, False))
        _check("on_exhausted", on_exhausted, get_args(OnExhausted))
        _check("stripe_version", stripe_version, get_args(OnVersion))
        self.cassette, self.name = cassette, name
        self._index = index_of(cassette)
        self._history = History(self._index)
        self._namesakes = Namesakes(self._index) if any_dispute else None
        self._keys: dict[tuple[str, str], _Keyed] = {}
        self._played: list[Played] = []
        self._lock = Lock()
        self._repeats, self._on_difference, self._on_version = on_exhausted == "repeat", stripe_version, on_version
        self._told: set[tuple[str, str]] = set()
        self._shift = shift_to(cassette, begins_at_s)
        self._moved: dict[tuple[int, str], Response] = {}

    @property
    def played(self) -> tuple[Played, ...]:
        """Everything answered so far, in order."""
        with self._lock:
            return tuple(self._played)

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The recordings that nothing has asked for yet, under any dispute id."""
        done = {played.index for played in self.played}
        return tuple(item.interaction for item in self._index.recordings if item.index not in done)

    @property
    def dispute_id(self) -> str:
        """The id of the dispute this cassette is about: the first one asked for by id, else an empty string."""
        return self._index.dispute_id

    @property
    def moment_s(self) -> int | None:
        """When the recording began, as its answers tell it in this run, in unix seconds; None where they never do."""
        moment_s = recording_moment(self.cassette)
        return moment_s if moment_s is None or self._shift is None else moment_s + self._shift.seconds

    def answers_about(self, dispute: str) -> Sequence[Response]:
        """Every recorded answer as this run gives it for a dispute of the suite, in order; none counts as played."""
        with self._lock:
            namesake = self._namesakes.about(dispute) if self._namesakes and dispute else None
            return [self._told_of(item, namesake) for item in self._index.recordings]

    def answer(self, request: Request) -> Response:
        """The recorded response. Raises MismatchError, with the whole report, where no recording answers."""
        sent = reduced(request)
        if self._shift:
            sent = sent._replace(asked=self._shift.meant(sent.asked))
        with self._lock:
            call = self._placed(request, sent)
            keyed = self._keys.get((sent.key, sent.asked.account)) if sent.key and not sent.asked.is_read else None
            choice = self._choose(call, keyed)
            if choice is not None:
                recording = choice.recording
            elif keyed is not None and keyed.asked == sent.asked:
                recording = keyed.recording
            else:
                raise self._mismatch(call, reused_key=keyed is not None)
            news = self._version_news(call, recording)
            response = self._told_of(recording, call.namesake)
            if choice:
                self._take(call, choice, keyed)
            self._played.append(Played(recording.index, request, recording.interaction))
        if news and self._on_version:
            self._on_version(*news)
        if choice is None and recording.settled:
            return _as_replayed(response)
        return replace(response, body=b"") if request.method == "HEAD" else response

    def _placed(self, request: Request, sent: Sent) -> _Call:
        namesake = self._namesakes.of(sent.asked) if self._namesakes else None
        if namesake is None:
            return _Call(request, sent, sent.asked, self._history, None)
        return _Call(request, sent, namesake.meant(sent.asked), namesake.history, namesake)

    def _told_of(self, recording: Recording, namesake: Namesake | None) -> Response:
        """A recorded answer in the ids and times of this run."""
        response = namesake.carry(recording) if namesake else recording.interaction.response
        if self._shift is None:
            return response
        place = recording.index, namesake.asked_id if namesake else ""
        if place not in self._moved:
            self._moved[place] = self._shift.told(response)
        return self._moved[place]

    def _choose(self, call: _Call, keyed: _Keyed | None) -> Choice | None:
        """The recording to play next; None where there is none, or where the key's first answer comes again."""
        history, wanted = call.history, call.inside
        if wanted.is_read:
            return history.next_read(wanted, head=call.request.method == "HEAD")
        if keyed is None:
            last = history.last_write if self._repeats else _nothing
            return history.next_write(wanted) or last(wanted)
        if keyed.asked != call.sent.asked:
            refusal = history.next_write(wanted, KEY_REFUSAL) or history.next_write(wanted)
            return refusal if refusal and is_key_refusal(refusal.recording.interaction.response) else None
        return history.next_write(wanted, REPEAT) or (None if keyed.recording.settled else history.next_write(wanted))

    def _take(self, call: _Call, choice: Choice, keyed: _Keyed | None) -> None:
        call.history.take(choice)
        sent = call.sent
        first_use = keyed is None or (keyed.asked == sent.asked and not keyed.recording.settled)
        if sent.key and first_use and not sent.asked.is_read:
            self._keys[sent.key, sent.asked.account] = _Keyed(sent.asked, choice.recording)

    def _version_news(self, call: _Call, recording: Recording) -> tuple[str, str] | None:
        """The (asked, recorded) versions where they differ and nobody has been told yet."""
        pair = (call.sent.version, recording.version)
        if self._on_difference == "ignore" or pair[0] == pair[1] or not all(pair):
            return None
        if self._on_difference == "fail":
            report = version_report(self._situation(call), recording.asked, *pair)
            raise MismatchError(report, call.request.method, call.request.url)
        if pair in self._told:
            return None
        self._told.add(pair)
        return pair

    def _mismatch(self, call: _Call, *, reused_key: bool) -> MismatchError:
        report = mismatch_report(self._situation(call), reused_key=reused_key)
        return MismatchError(report, call.request.method, call.request.url)

    def _situation(self, call: _Call) -> Situation:
        """All that a report tells, in the ids that the suite uses."""
        shown: Callable[[Asked], Asked] = call.namesake.shown if call.namesake else _as_it_is
        recorded = [(shown(item.asked), item.interaction) for item in self._index.recordings]
        return Situation(
            self.name,
            call.sent.asked,
            recorded,
            call.history.answered,
            self.dispute_id if call.namesake else "",
        )


def _check(option: str, value: Any, known: tuple[object, ...]) -> None:
    if value not in known:
        raise PlaybackOptionError(option, value, known)


def _nothing(_: Asked) -> None:
    return None


def _as_it_is(recorded: Asked) -> Asked:
    return recorded


def _as_replayed(response: Response) -> Response:
    """The first answer again, marked as Stripe marks it."""
    if response.header("idempotent-replayed"):
        return response
    return replace(response, headers=(*response.headers, ("Idempotent-Replayed", "true")))
