"""Which other cassette holds a call that this one has no answer to. Asked only while a report is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from urllib.parse import quote, urlencode

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Request
from replaydisputes.playback.matching import Asked, reduced
from replaydisputes.playback.played import Played
from replaydisputes.playback.player import Player
from replaydisputes.stripe_api.urls import dispute_id_in_path

OtherCassettes = Callable[[], Iterable[tuple[str, Cassette, bool]]]
"""Every cassette there is: its name, itself, and whether it is shipped with this package."""

_KEY = "key-used-before"
_HERE, _AFTER_THE_WRITES, _IN_ANOTHER_ORDER, _AS_AN_UNKNOWN_ID = range(4)
_FAILED, _ABOUT_THE_KEY = 400, frozenset({401, 403})


class Stuck(NamedTuple):
    """A run that got no answer, in the ids of its cassette.

    recorded: each recording's request and status. played: those that were answered, by index; made_before: those that
    are this very call; used_key: the one that used the request's Idempotency-Key first.
    version: the Stripe-Version that an answer had better have, or must have.
    """

    name: str
    dispute_id: str
    recorded: Sequence[tuple[Asked, int]]
    played: AbstractSet[int]
    made_before: AbstractSet[int]
    wanted: Asked
    used_key: int | None = None
    version: str = ""
    must_have_version: bool = False


class Holder(NamedTuple):
    """A cassette that holds the call. `repeats`: it has the same answer for the call each time that it holds it."""

    name: str
    where: int
    status: int
    repeats: bool
    is_other_version: bool
    rank: tuple[object, ...]

    @property
    def is_right_here(self) -> bool:
        """Whether it answers all that this run has asked so far, and then this call."""
        return self.where == _HERE

    @property
    def is_of_another_id(self) -> bool:
        """Whether it answers for the id only as one that Stripe does not know."""
        return self.where == _AS_AN_UNKNOWN_ID


def holders(stuck: Stuck, others: Iterable[tuple[str, Cassette, bool]]) -> list[Holder]:
    """The cassettes that hold the call that a run is stuck at, the one to try first in front."""
    found = [_holder(stuck, *other) for other in others if other[0] != stuck.name]
    return sorted(filter(None, found), key=lambda holder: holder.rank)


def _holder(stuck: Stuck, name: str, cassette: Cassette, is_shipped: bool) -> Holder | None:
    """How a cassette holds the call, in the best of the ways there are; None if it does not."""
    for where, ask in ((_HERE, _after_all), (_AFTER_THE_WRITES, _after_writes), (_IN_ANOTHER_ORDER, _anywhere)):
        player = Player(cassette, name, stripe_version="ignore")
        told = _Translated(stuck, player.dispute_id)
        answered = ask(told, player)
        if answered is None:
            continue
        return _found(told, where, player, answered, is_shipped)
    return None


def _found(told: _Translated, where: int, player: Player, answered: Played, is_shipped: bool) -> Holder | None:
    stuck, name, recorded = told.stuck, player.name, reduced(answered.interaction.request)
    is_other_version = bool(stuck.version) and recorded.version != stuck.version
    if is_other_version and stuck.must_have_version:
        return None
    if dispute_id_in_path(told.wanted.path) != dispute_id_in_path(recorded.asked.path):
        where = _AS_AN_UNKNOWN_ID
    failed = 2 if answered.status in _ABOUT_THE_KEY else int(answered.status >= _FAILED)
    is_kin = name.startswith(stuck.name) or stuck.name.startswith(name)
    size = len(player.cassette.interactions)
    rank = (where, failed, is_shipped, is_other_version, not is_kin, size, len(name), name)
    return Holder(name, where, answered.status, _answers_alike(player.cassette, recorded.asked), is_other_version, rank)


class _Translated:
    """What a run asked, in the ids of another cassette."""

    def __init__(self, stuck: Stuck, dispute_id: str) -> None:
        self._ids = stuck.dispute_id, dispute_id
        self.stuck = stuck
        self.wanted = self._there(stuck.wanted)
        self.played = [
            (at, self._there(asked), status) for at, (asked, status) in enumerate(stuck.recorded) if at in stuck.played
        ]

    def _there(self, asked: Asked) -> Asked:
        here, there = self._ids
        if not here or not there:
            return asked
        path = "/".join(there if word == here else word for word in asked.path.split("/"))
        params = tuple((name, there if value == here else value) for name, value in asked.params)
        return asked._replace(path=path, params=params)


def _after_all(told: _Translated, player: Player) -> Played | None:
    return _after(told, player, told.played)


def _after_writes(told: _Translated, player: Player) -> Played | None:
    return _after(told, player, [one for one in told.played if not one[1].is_read])


def _after(told: _Translated, player: Player, before: Sequence[tuple[int, Asked, int]]) -> Played | None:
    """What answers the call after these, if they are answered as they were."""
    key = told.stuck.used_key
    for at, asked, status in before:
        answered = _ask(player, _request(asked, _KEY if at == key else ""))
        if answered is None or answered.status != status:
            return None
    return _ask(player, _request(told.wanted, "" if key is None else _KEY))


def _anywhere(told: _Translated, player: Player) -> Played | None:
    """What answers the call at some point of the cassette; of a write, once more than the run has made it."""
    if told.stuck.used_key is not None:
        return None
    before = [] if told.wanted.is_read else [one for one in told.played if one[0] in told.stuck.made_before]
    writes = [one.request for one in player.cassette.interactions if not reduced(one.request).asked.is_read]
    for write in writes:
        answered = _ask(player, _request(told.wanted))
        if answered is not None and not before:
            return answered
        if answered is None:
            _ask(player, write)
        elif answered.status != before.pop(0)[2]:
            return None
    return None if before else _ask(player, _request(told.wanted))


def _answers_alike(cassette: Cassette, asked: Asked) -> bool:
    told = {
        (one.response.status, one.response.body) for one in cassette.interactions if reduced(one.request).asked == asked
    }
    return len(told) == 1


def _ask(player: Player, request: Request) -> Played | None:
    if request.header("Idempotency-Key") is None and not player.has_answer(request):
        return None  # without the report of a mismatch, which takes most of the time
    try:
        player.answer(request)
    except MismatchError:
        return None
    return player.latest


def _request(asked: Asked, key: str = "") -> Request:
    headers = [("Idempotency-Key", key)] if key else []
    if asked.account:
        headers.append(("Stripe-Account", asked.account))
    url = f"{asked.origin}{quote(asked.path, safe='/')}"
    params = dict(asked.params)
    if "(body)" in params:
        headers.append(("Content-Type", "application/json"))
        body = params.pop("(body)").encode("utf-8", "backslashreplace")
        return Request(asked.method, f"{url}?{_form(params)}" if params else url, tuple(headers), body)
    return Request(asked.method, f"{url}?{_form(params)}" if params else url, tuple(headers), b"")


def _form(params: dict[str, str]) -> str:
    return urlencode(params, errors="backslashreplace")
