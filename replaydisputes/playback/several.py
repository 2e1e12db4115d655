"""Several cassettes in one run: each request goes to the one it is about, by the ids in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import copy
from functools import partial
from pathlib import PurePath
from threading import Lock
from typing import TypedDict

from replaydisputes.errors import MismatchError
from replaydisputes.model import Request, Response
from replaydisputes.playback.matching import Sent, reduced
from replaydisputes.playback.played import Played
from replaydisputes.playback.player import Player
from replaydisputes.playback.standing import PlayerState


def set_apart(names: Sequence[str]) -> list[str]:
    """What each cassette's ids are drawn from, by the names in order: nothing for the first, which keeps its own.

    Cassettes have the same canonical ids. A cassette's stays the same when others join; the same one twice differs.
    """
    if len(names) == 1:
        return [""]
    plain = [PurePath(name).stem for name in names]
    return ["" if at == 0 else f"{name} {plain[: at + 1].count(name)}" for at, name in enumerate(plain)]


class SeveralState(TypedDict):
    """How far several players have come, as JSON: each that was asked, by its position."""

    begins_at_s: int | None
    now_s: int | None
    players: dict[str, PlayerState]


class Several:
    """An Answerer over players of which all but the first have ids of their own. Safe to share between threads.

    A request with the id of one of those is its; any other is the first's that has an answer, in the order given.
    """

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = list(players)
        self._own = set(range(len(self._players)))
        self._at = {known_id: at for at, player in enumerate(players) for known_id in player.asked_ids}
        self._is_lean = False
        self._begin(None, None)
        for player in self._players:
            player.stand_beside(partial(self._is_told_beside, player.name, player.fingerprint))

    def _is_told_beside(self, name: str, fingerprint: str, word: str) -> bool:
        """Whether Stripe told an id in another cassette than the one named."""
        return any(
            player.tells(word) for player in self._players if (player.name, player.fingerprint) != (name, fingerprint)
        )

    def _begin(self, begins_at_s: int | None, now_s: int | None) -> None:
        self._begins_at_s, self._now_s = begins_at_s, now_s
        self._played: list[Played] = []
        self._lock = Lock()
        self.revision = 0

    def afresh(self, begins_at_s: int | None = None, now_s: int | None = None) -> Several:
        """All from their beginnings, for one of many runs. A player of its own is made when it is first asked.

        The players given must not answer themselves, as all runs share them until then.
        """
        other = copy(self)
        other._is_lean = True
        other._players, other._own = list(self._players), set()
        other._begin(begins_at_s, now_s)
        return other

    @property
    def fingerprint(self) -> str:
        """What a state is bound to: the cassettes and their order."""
        return hashlib.sha256("\n".join(player.fingerprint for player in self._players).encode()).hexdigest()[:16]

    def state(self, *, keeps_bound: bool = True) -> SeveralState:
        """How far this run has come, as JSON values, told of the cassettes it has asked: for `resume` by another."""
        with self._lock:
            players = {str(at): self._players[at].state(keeps_bound=keeps_bound) for at in sorted(self._own)}
            return SeveralState(begins_at_s=self._begins_at_s, now_s=self._now_s, players=players)

    def resume(self, state: SeveralState) -> None:
        """Stand where another run of the same cassettes stood."""
        with self._lock:
            self._begins_at_s, self._now_s = state["begins_at_s"], state["now_s"]
            for at in self._own | set(map(int, state["players"])):
                player = self._players[at] = self._players[at].afresh(self._begins_at_s, self._now_s)
                if str(at) in state["players"]:
                    player.resume(state["players"][str(at)])
                self._own.add(at)
            self.revision += 1

    @property
    def played(self) -> tuple[Played, ...]:
        """Everything answered so far by any of them, in order."""
        with self._lock:
            return tuple(self._played)

    @property
    def moment_s(self) -> int | None:
        """When the first recording began, as its answers tell it in this run, in unix seconds."""
        return self._players[0].moment_s

    def answer(self, request: Request) -> Response:
        """The recorded response. Raises MismatchError with the report of the nearest cassette."""
        sent = reduced(request)
        with self._lock:
            player = self._own_player(self._asked_for(request, sent))
            revision = player.revision
            try:
                response = player.answer(request)
            except MismatchError as error:
                raise MismatchError(f"{error.report}\n\n{self._cast()}", error.method, error.url) from None
            self.revision += player.revision != revision
            if not self._is_lean:
                self._played.append(player.latest)
            return response

    def _own_player(self, at: int) -> Player:
        if at not in self._own:
            self._players[at] = self._players[at].afresh(self._begins_at_s, self._now_s)
            self._own.add(at)
        return self._players[at]

    def _now(self, at: int) -> Player:
        """A player as it stands; one that is still shared does not know when this run began."""
        player = self._players[at]
        return player if at in self._own or self._begins_at_s is None else player.afresh(self._begins_at_s, self._now_s)

    def _asked_for(self, request: Request, sent: Sent) -> int:
        """A key goes where it was used before, whatever the request: to use it for another is what Stripe refuses."""
        asked = sent.asked
        words = [*asked.path.split("/"), *(value for _, value in asked.params)]
        asked_before = sorted(self._own)
        for at in asked_before:
            if self._players[at].has_seen_key(sent):
                return at
        for word in words:
            if word in self._at:
                return self._at[word]
            for at in asked_before:
                if self._players[at].has_given(word):
                    return at
        answering = self._first_with_answer(request)
        if answering is not None:
            return answering
        return min(range(len(self._players)), key=lambda at: self._players[at].distance(request))

    def _first_with_answer(self, request: Request) -> int | None:
        """The first to which the request is a known one; else the first that has an answer all the same."""
        first_fresh = None
        for at in range(len(self._players)):
            way = self._now(at).has_answer(request)
            if way == "known":
                return at
            if way == "fresh" and first_fresh is None:
                first_fresh = at
        return first_fresh

    def _cast(self) -> str:
        width = max(len(repr(player.name)) for player in self._players)
        rows = [f"    {player.name!r:<{width}}  {player.dispute_id or '(no dispute)'}" for player in self._players]
        return "\n".join(["  the cassettes of this run, and their disputes:", *rows])
