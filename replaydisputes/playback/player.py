"""Replays a cassette: reads repeat, writes advance.

A cassette is a history cut into epochs by the writes that took effect. A read is answered by the recordings of the
current epoch, as often as asked; a write plays the next recording of that request. Nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback.history import Choice, Wanted
from replaydisputes.playback.index import Index, Recording, index_of
from replaydisputes.playback.keys import Keyed, as_replayed, with_key
from replaydisputes.playback.matching import Sent, reduced
from replaydisputes.playback.options import ON_EXHAUSTED, ON_VERSION, OnExhausted, OnVersion, check_option
from replaydisputes.playback.places import KEY_REFUSAL, REPEAT, is_key_refusal
from replaydisputes.playback.played import Played
from replaydisputes.playback.scope import Conditions, Scope, Told
from replaydisputes.playback.standing import PlayerState, Standing

if TYPE_CHECKING:
    from replaydisputes.playback.advice import Surface
    from replaydisputes.playback.clock import Shift
    from replaydisputes.playback.elsewhere import Holder, OtherCassettes
    from replaydisputes.playback.namesakes import Doubled
    from replaydisputes.playback.report import Distance, Recorded, Situation

_EVENTS = "/v1/events/"
_MOST_TOLD = 1000


class _Call(NamedTuple):
    """A request on its way: `wanted` is what it asks for in the ids and times of the cassette."""

    request: Request
    sent: Sent
    wanted: Wanted
    scope: Scope


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
        beside: str = "",
        begins_at_s: int | None = None,
        now_s: int | None = None,
        surface: Surface | None = None,
        others: OtherCassettes | None = None,
    ) -> None:
        """any_dispute: the cassette answers for whatever dispute id is asked for, each with a history of its own.

        beside: what sets this player apart from others of the same run; the cassette then answers under ids drawn
        from it, and under no other, so that `any_dispute` has no meaning.
        on_exhausted: `repeat` answers the last recording of a write again once all of them are played.
        stripe_version: what to do where a request names another version than its recording; `warn` tells on_version
        (asked, recorded), once for each pair. begins_at_s: the unix second at which the recording is to have begun,
        by which every time in an answer moves; None moves none. now_s: the unix second at which the run begins, and
        from which the times that it filters by are days away; None: that of the recording. surface: in whose words a
        report advises; None: code's. others: the cassettes that a report may name, loaded when one is written.
        Raises PlaybackOptionError for a word that is none of these.
        """
        check_option("any_dispute", any_dispute, (True, False))
        check_option("on_exhausted", on_exhausted, ON_EXHAUSTED)
        check_option("stripe_version", stripe_version, ON_VERSION)
        self.cassette, self.name, self._surface, self._others = cassette, name, surface, others
        self._index = index_of(cassette)
        self._doubled = _doubled(self._index, beside)
        self._own_id = self._doubled.ids.asked_id if self._doubled else self._index.dispute_id
        self._any_dispute = any_dispute and not beside
        self._repeats, self._on_difference, self._on_version = on_exhausted == "repeat", stripe_version, on_version
        self._told: set[tuple[str, str]] = set()
        self._is_lean = False
        self._is_told_elsewhere: Callable[[str], bool] = _never
        self._begin(begins_at_s, now_s)

    def _begin(self, begins_at_s: int | None, now_s: int | None) -> None:
        """Stand at the beginning."""
        self._played: list[Played] = []
        self._lock = Lock()
        self._begins_at_s, self._now_s = begins_at_s, now_s
        self._shift: Shift | None = None
        if begins_at_s is not None:
            from replaydisputes.playback.clock import shift_to  # noqa: PLC0415 - most replays leave times as they are

            self._shift = shift_to(self.cassette, begins_at_s)
        self._told_ids = Told(self._index, self._doubled, self._is_told_elsewhere)
        self._standing = Standing(
            self._index,
            self._doubled,
            Conditions(self._shift, _in_days(self.cassette, None if self._shift else now_s), self._told_ids),
            any_dispute=self._any_dispute,
            is_bounded=self._is_lean,
        )

    def afresh(self, begins_at_s: int | None = None, now_s: int | None = None) -> Player:
        """The same cassette from its beginning, for one of many runs: all that does not change is shared.

        It keeps no list of what it played, MOST_KEYS idempotency keys and, under any_dispute, MOST_DISPUTES disputes.
        """
        other = copy(self)
        other._is_lean = True
        other._begin(begins_at_s, now_s)
        return other

    @property
    def fingerprint(self) -> str:
        """What a state is bound to: the cassette, and the dispute it is played under."""
        return f"{self._index.fingerprint} {self._own_id}"

    @property
    def revision(self) -> int:
        """Counts the changes: at the same revision the same request gets the same answer."""
        return self._standing.revision

    def state(self, *, keeps_bound: bool = True) -> PlayerState:
        """How far this run has come, as JSON values: for `resume` by another player of the same cassette.

        keeps_bound: with what the suite sent, to be said back; no one may read it who may not read that.
        """
        with self._lock:
            return self._standing.state(self._begins_at_s, self._now_s, keeps_bound=keeps_bound)

    def resume(self, state: PlayerState) -> None:
        """Stand where the other player stood. What it played is not listed here, but counts as played."""
        revision = self.revision
        self._begin(state["begins_at_s"], state["now_s"])
        self._standing.resume(state)
        self._standing.revision = revision + 1

    def __repr__(self) -> str:
        done = len(self.cassette.interactions) - len(self.unplayed)
        dispute = f", dispute {self.dispute_id}" if self.dispute_id else ""
        return f"<{self.name!r}: {done} of {len(self.cassette.interactions)} recordings played{dispute}>"

    @property
    def played(self) -> tuple[Played, ...]:
        """Everything answered so far, in order."""
        with self._lock:
            return tuple(self._played)

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The recordings that nothing has asked for yet, under any dispute id."""
        with self._lock:
            done = self._standing.played
        return tuple(one for index, one in enumerate(self.cassette.interactions) if index not in done)

    def unplayed_report(self) -> str:
        """Which recordings nothing has asked for, and what to do; empty where all were played.

        A recorded event is there for webhooks as well, so that nobody need ask for it.
        """
        from replaydisputes.playback.report import unplayed_report  # noqa: PLC0415

        owed = {item.index for item in self._index.recordings if not item.asked.path.startswith(_EVENTS)}
        with self._lock:
            played = self._standing.played
        recorded = self._recorded(self._standing.own)
        return unplayed_report(self.name, recorded, owed - played, played) if owed - played else ""

    @property
    def dispute_id(self) -> str:
        """The id of the dispute this cassette is about: the first one asked for by id, else an empty string."""
        return self._own_id if self._index.dispute_id else ""

    @property
    def latest(self) -> Played:
        """What was answered last; there must have been something."""
        return self._played[-1]

    def has_given(self, known_id: str) -> bool:
        """Whether an id is one of those that only this player has, as it is played beside others."""
        return known_id in self.asked_ids or known_id in self._standing.given_ids

    @property
    def asked_ids(self) -> frozenset[str]:
        """Those of them that requests are about, whatever was answered so far."""
        return self._doubled.asked_ids if self._doubled else frozenset()

    def has_seen_key(self, sent: Sent) -> bool:
        """Whether the Idempotency-Key of a write has been used here before."""
        return self._standing.keys.first_use(sent) is not None

    def tells(self, word: str) -> bool:
        """Whether Stripe told an id in this cassette, as it has it."""
        return self._told_ids.is_told_here(word)

    def stand_beside(self, is_told: Callable[[str], bool]) -> None:
        """Begin anew beside other cassettes. is_told: whether Stripe told an id in one of them."""
        self._is_told_elsewhere = is_told
        self._begin(self._begins_at_s, self._now_s)

    def has_answer(self, request: Request) -> Literal["", "fresh", "known"]:
        """How `answer` would find a recording now, if it does; nothing moves on."""
        with self._lock:
            choice = self._choose(self._placed(request, self._sent(request)), None)
        return "" if choice is None else "fresh" if choice.is_fresh else "known"

    def distance(self, request: Request) -> Distance:
        """How far the request is from the nearest recording."""
        from replaydisputes.playback.report import FARTHEST, distance  # noqa: PLC0415

        with self._lock:
            situation = self._situation(self._placed(request, self._sent(request)))
        pairs = zip(situation.aligned, situation.recorded, strict=True)
        return min((distance(aligned, asked) for aligned, (asked, _) in pairs), default=FARTHEST)

    @property
    def moment_s(self) -> int | None:
        """When the recording began, as its answers tell it in this run, in unix seconds; None where they never do."""
        from replaydisputes.playback.clock import recording_moment  # noqa: PLC0415 - few replays ask for it

        moment_s = recording_moment(self.cassette)
        return moment_s if moment_s is None or self._shift is None else moment_s + self._shift.seconds

    def answers_about(self, dispute: str) -> Sequence[Response]:
        """Every recorded answer as this run gives it for a dispute of the suite, in order; none counts as played."""
        with self._lock:
            scope = self._standing.told_about(dispute)
            return [scope.answer(item) for item in self._index.recordings]

    def answer(self, request: Request) -> Response:
        """The recorded response. Raises MismatchError, with the whole report, where no recording answers."""
        sent = self._sent(request)
        with self._lock:
            call = self._placed(request, sent)
            keyed = self._standing.keys.first_use(sent) if sent.key else None
            choice = self._choose(call, keyed)
            if choice is not None:
                recording = choice.recording
            elif keyed is not None and keyed.is_for(sent.asked):
                recording = keyed.recording
            else:
                raise self._mismatch(call, keyed)
            news = self._version_news(call, recording)
            if choice:
                self._standing.take(sent, call.scope, choice, keyed)
            response = call.scope.answer(recording)
            if not self._is_lean:
                self._played.append(Played(recording.index, request, recording.interaction))
        if news and self._on_version:
            self._on_version(*news)
        if sent.key and self._index.is_own and not sent.asked.is_read:
            response = with_key(response, sent.key, self._index.key_of(recording.index))
        if choice is None and recording.settled:
            return as_replayed(response)
        return replace(response, body=b"") if request.method == "HEAD" else response

    def _sent(self, request: Request) -> Sent:
        """A request reduced, with its times as the cassette has them."""
        sent = reduced(request)
        return sent._replace(asked=self._shift.meant(sent.asked)) if self._shift else sent

    def _placed(self, request: Request, sent: Sent) -> _Call:
        """Whose request it is. Raises MismatchError where it can be read in two ways, each with an answer."""
        scope = self._standing.placed(sent.asked)
        call = _Call(request, sent, scope.wanted(sent.asked, request), scope)
        other_scope = self._standing.as_input(sent.asked, scope)
        if other_scope is None:
            return call
        other = _Call(request, sent, other_scope.wanted(sent.asked, request), other_scope)
        here, there = self._choose(call, None), self._choose(other, None)
        if here and there and there.is_fresh and here.recording.index != there.recording.index:
            from replaydisputes.playback.report import ambiguity_report  # noqa: PLC0415

            report = ambiguity_report(self._situation(call), here.recording.index, there.recording.index)
            raise MismatchError(report, request.method, request.url)
        return other if there and (here is None or not there.is_fresh) else call

    def _choose(self, call: _Call, keyed: Keyed | None) -> Choice | None:
        """The recording to play next; None where there is none, or where the key's first answer comes again."""
        history, wanted = call.scope.history, call.wanted
        if wanted.asked.is_read:
            return history.next_read(wanted, head=call.request.method == "HEAD")
        if keyed is None:
            return history.next_write(wanted) or (history.last_write(wanted) if self._repeats else None)
        if not keyed.is_for(call.sent.asked):
            refusal = history.next_write(wanted, KEY_REFUSAL) or history.next_write(wanted)
            return refusal if refusal and is_key_refusal(refusal.recording.interaction.response) else None
        return history.next_write(wanted, REPEAT) or (None if keyed.recording.settled else history.next_write(wanted))

    def _version_news(self, call: _Call, recording: Recording) -> tuple[str, str] | None:
        """The (asked, recorded) versions where they differ and nobody has been told yet."""
        pair = (call.sent.version, recording.version)
        if self._on_difference == "ignore" or pair[0] == pair[1] or not all(pair):
            return None
        if self._on_difference == "fail":
            from replaydisputes.playback.report import version_report  # noqa: PLC0415

            situation = self._situation(call)._replace(holders=self._holders(call, None, must_have_version=True))
            report = version_report(situation, recording.asked, *pair)
            raise MismatchError(report, call.request.method, call.request.url)
        if pair in self._told or len(self._told) >= _MOST_TOLD:
            return None
        self._told.add(pair)
        return pair

    def _mismatch(self, call: _Call, keyed: Keyed | None) -> MismatchError:
        from replaydisputes.playback.report import mismatch_report  # noqa: PLC0415

        situation = self._situation(call)._replace(holders=self._holders(call, keyed))
        report = mismatch_report(situation, reused_key=keyed is not None)
        return MismatchError(report, call.request.method, call.request.url)

    def _holders(self, call: _Call, keyed: Keyed | None, *, must_have_version: bool = False) -> list[Holder]:
        """The other cassettes that hold the call of a report."""
        if self._others is None:
            return []
        from replaydisputes.playback.elsewhere import Stuck, holders  # noqa: PLC0415

        recordings, scope = self._index.recordings, call.scope
        made = {item.index for item in recordings if scope.aligned(call.wanted, item) == scope.shown(item.asked)}
        stuck = Stuck(
            self.name,
            self._index.dispute_id,
            [(item.asked, item.status) for item in recordings],
            scope.history.answered,
            made,
            call.wanted.asked,
            keyed.recording.index if keyed else None,
            call.sent.version or next((item.version for item in recordings if item.version), ""),
            must_have_version,
        )
        return holders(stuck, self._others())

    def _recorded(self, scope: Scope) -> list[Recorded]:
        """What was asked and its status, of every recording, in the ids that the suite uses."""
        return [(scope.shown(item.asked), item.status) for item in self._index.recordings]

    def _situation(self, call: _Call) -> Situation:
        """All that a report tells, in the ids that the suite uses."""
        from replaydisputes.playback.advice import IN_CODE  # noqa: PLC0415
        from replaydisputes.playback.report import Situation  # noqa: PLC0415

        return Situation(
            self.name,
            call.sent.asked,
            self._recorded(call.scope),
            call.scope.history.answered,
            self._index.dispute_id if call.scope.ids and not self._doubled else "",
            self._surface or IN_CODE,
            [call.scope.aligned(call.wanted, item) for item in self._index.recordings],
        )


def _never(_: str) -> bool:
    return False


def _doubled(index: Index, beside: str) -> Doubled | None:
    if not beside:
        return None
    from replaydisputes.playback.namesakes import doubled  # noqa: PLC0415 - for several cassettes alone

    return doubled(index, beside)


def _in_days(cassette: Cassette, now_s: int | None) -> Callable[[int], int | None]:
    """From a time of a run to the recorded one that is as many whole days from its begin; None if no begin is known."""

    def recorded(asked_s: int) -> int | None:
        if now_s is None:
            return None
        from replaydisputes.playback.clock import recorded_in_days  # noqa: PLC0415 - few requests filter by time

        return recorded_in_days(cassette, asked_s - now_s)

    return recorded
