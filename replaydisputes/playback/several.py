"""Several cassettes in one run: each request goes to the one it is about, by the ids in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from threading import Lock

from replaydisputes.errors import MismatchError
from replaydisputes.model import Request, Response
from replaydisputes.playback.matching import Sent, reduced
from replaydisputes.playback.player import Played, Player


def set_apart(names: Sequence[str]) -> list[str]:
    """What each cassette's ids are drawn from, by the names in order: nothing for the first, which keeps its own.

    Cassettes have the same canonical ids. A cassette's stays the same when others join; the same one twice differs.
    """
    if len(names) == 1:
        return [""]
    plain = [PurePath(name).stem for name in names]
    return ["" if at == 0 else f"{name} {plain[: at + 1].count(name)}" for at, name in enumerate(plain)]


class Several:
    """An Answerer over players of which all but the first have ids of their own. Safe to share between threads.

    A request with the id of one of those is its; any other is the first's that has an answer, in the order given.
    """

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = tuple(players)
        self._played: list[Played] = []
        self._lock = Lock()

    @property
    def played(self) -> tuple[Played, ...]:
        """Everything answered so far by any of them, in order."""
        with self._lock:
            return tuple(self._played)

    def answer(self, request: Request) -> Response:
        """The recorded response. Raises MismatchError with the report of the nearest cassette."""
        sent = reduced(request)
        with self._lock:
            player = self._asked_for(request, sent)
            try:
                response = player.answer(request)
            except MismatchError as error:
                raise MismatchError(f"{error.report}\n\n{self._cast()}", error.method, error.url) from None
            self._played.append(player.latest)
            return response

    def _asked_for(self, request: Request, sent: Sent) -> Player:
        """A key goes where it was used before, whatever the request: to use it for another is what Stripe refuses."""
        asked = sent.asked
        words = [*asked.path.split("/"), *(value for _, value in asked.params)]
        for player in self._players:
            if player.has_seen_key(sent):
                return player
        for word in words:
            for player in self._players:
                if player.has_given(word):
                    return player
        for player in self._players:
            if player.has_answer(request):
                return player
        return min(self._players, key=lambda player: player.distance(request))

    def _cast(self) -> str:
        width = max(len(repr(player.name)) for player in self._players)
        rows = [f"    {player.name!r:<{width}}  {player.dispute_id or '(no dispute)'}" for player in self._players]
        return "\n".join(["  the cassettes of this run, and their disputes:", *rows])
