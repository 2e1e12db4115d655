"""The recorded dispute under other ids: whatever id the suite uses, or one of its own beside other cassettes."""

from __future__ import annotations

import re
from collections.abc import Callable

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Response
from replaydisputes.playback.codings import rewritten
from replaydisputes.playback.derived_ids import another_dispute_id, derived_id
from replaydisputes.playback.history import History, Progress
from replaydisputes.playback.index import Index, Recording
from replaydisputes.playback.matching import Asked
from replaydisputes.stripe_api.ids import PREFIXES
from replaydisputes.stripe_api.urls import dispute_id_in_path

_TOKEN = re.compile(r"(?<![A-Za-z0-9_])([a-z]{2,12}_[A-Za-z0-9_]*[A-Za-z0-9])(?![A-Za-z0-9_])")
"""Anything shaped like an id, whole: to compare substrings would find du_1 in du_12."""

_USABLE = re.compile(r"[A-Za-z0-9_.-]{1,5000}")
"""What fits into JSON, a URL and a header without escapes."""

_NOBODYS = "\0"
"""In front of an id that means another cassette's object: no recording has it."""

_DISPUTE_PREFIXES = frozenset({"du", "dp"})


class TooManyDisputesError(ReplayDisputesError):
    """More disputes in one run than it is to remember; to forget one would open it again."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"this run has answered for {most} dispute ids, and remembers no more. Begin it anew: "
            f"POST /_replaydisputes/reset, or another API key."
        )


def stands_for_a_dispute(asked_id: str) -> bool:
    """Whether an id can be a dispute's: any plain word but an id of another kind of object, such as `ch_1`."""
    prefix = asked_id.partition("_")[0] if "_" in asked_id else ""
    return _USABLE.fullmatch(asked_id) is not None and (prefix in _DISPUTE_PREFIXES or prefix not in PREFIXES)


class Ids:
    """The recorded ids of a cassette and those they are played under, for one dispute."""

    def __init__(self, asked_id: str, index: Index) -> None:
        self.asked_id = asked_id
        self._accounts = index.accounts
        self._given: dict[str, str] = {}
        self._meant: dict[str, str] = {}
        self._carried: dict[int, tuple[Response, frozenset[str]]] = {}
        if index.dispute_id:
            self._remember(index.dispute_id, asked_id)

    def meant(self, wanted: Asked) -> Asked:
        """A request of the suite, in the ids of the cassette."""
        return _with_ids(wanted, lambda token: self._meant.get(token, token))

    def shown(self, recorded: Asked) -> Asked:
        """A request of the cassette, in the ids of the suite."""
        return _with_ids(recorded, self._id_for)

    def carry(self, recording: Recording) -> Response:
        """The recorded answer about the asked dispute: every id in it the suite's or derived from it, lengths true."""
        return self._carry(recording)[0]

    def given_in(self, recording: Recording) -> frozenset[str]:
        """The ids of the suite that a recorded answer tells."""
        return self._carry(recording)[1]

    def _carry(self, recording: Recording) -> tuple[Response, frozenset[str]]:
        known = self._carried.get(recording.index)
        if known is None:
            told: set[str] = set()
            response = rewritten(
                recording.interaction.response,
                lambda body: self._text(body.decode("latin-1"), told).encode("latin-1"),
                lambda _, value: self._text(value, told),
            )
            known = self._carried[recording.index] = response, frozenset(told & self._meant.keys())
        return known

    def _text(self, text: str, told: set[str]) -> str:
        def put(found: re.Match[str]) -> str:
            given = self._id_for(found[1])
            told.add(given)
            return given

        return _TOKEN.sub(put, text)

    def _id_for(self, recorded: str) -> str:
        given = self._given.get(recorded)
        if given is None:
            derived = None if recorded in self._accounts else derived_id(recorded, self.asked_id)
            given = self._given[recorded] = recorded if derived is None else derived
            if given != recorded and not given.startswith("acct_"):
                self._remember(recorded, given)
        return given

    def _remember(self, recorded: str, given: str) -> None:
        self._given[recorded], self._meant[given] = given, recorded


class Namesake(Ids):
    """One dispute of the suite that the recorded one answers for: its ids, and a history of its own."""

    def __init__(self, asked_id: str, index: Index) -> None:
        super().__init__(asked_id, index)
        self.history = History(index, index.first_about_dispute)


class Namesakes:
    """Every dispute id that the suite was answered about so far, and which of them a request is about."""

    def __init__(self, index: Index, most: int | None = None) -> None:
        """most: how many there may be. What was asked for and not answered leaves no trace."""
        self._index, self._most = index, most
        self._applies = _TOKEN.fullmatch(index.dispute_id) is not None
        self._recorded = index.disputes
        self._known: dict[str, Namesake] = {}
        self._owners: dict[str, Namesake] = {}

    def of(self, wanted: Asked) -> Namesake | None:
        """Whose request this is, by the dispute in its path or any id given out before; None: the cassette's own."""
        dispute = dispute_id_in_path(wanted.path)
        if dispute is None:
            words = [*wanted.path.split("/"), *(value for _, value in wanted.params)]
            return next((owner for word in words if (owner := self._owners.get(word))), None)
        return self.about(dispute)

    def about(self, dispute: str) -> Namesake | None:
        """The namesake with this id, made where it is new; None where the id is none that the cassette stands for."""
        if not self._applies or dispute in self._recorded or not stands_for_a_dispute(dispute):
            return None
        return self._owners.get(dispute) or Namesake(dispute, self._index)

    def told(self, namesake: Namesake, recording: Recording) -> None:
        """An answer was given: from now on its ids are this namesake's. Raises TooManyDisputesError."""
        if namesake.asked_id not in self._known:
            if self._most is not None and len(self._known) >= self._most:
                raise TooManyDisputesError(self._most)
            self._known[namesake.asked_id] = self._owners[namesake.asked_id] = namesake
        for given in namesake.given_in(recording):
            self._owners[given] = namesake

    @property
    def histories(self) -> list[History]:
        return [namesake.history for namesake in self._known.values()]

    def state(self) -> dict[str, Progress]:
        """How far each dispute has come, by its id."""
        return {dispute: namesake.history.state() for dispute, namesake in self._known.items()}

    def resume(self, state: dict[str, Progress]) -> None:
        for dispute, progress in state.items():
            namesake = Namesake(dispute, self._index)
            namesake.history.resume(progress)
            for index in namesake.history.played:
                self.told(namesake, self._index.recording(index))


class _Double(Ids):
    """The recorded dispute under one other id from the first recording on; under its recorded id it is unknown."""

    def meant(self, wanted: Asked) -> Asked:
        return _with_ids(wanted, self._meant_by)

    def is_given(self, word: str) -> bool:
        return word in self._meant

    def _meant_by(self, token: str) -> str:
        meant = self._meant.get(token)
        if meant is None:
            return token if self._given.get(token, token) == token else f"{_NOBODYS}{token}"
        return meant


class Doubled:
    """A whole cassette under ids of its own, for a cassette played beside others. Any number of runs may share it."""

    def __init__(self, dispute: str, index: Index) -> None:
        self.ids = _Double(dispute, index)
        asked = [self.ids.shown(item.asked) for item in index.recordings]
        words = {word for one in asked for word in (*one.path.split("/"), *(value for _, value in one.params))}
        self.asked_ids = frozenset({dispute, *(word for word in words if self.ids.is_given(word))})


def doubled(index: Index, beside: str) -> Doubled:
    """A cassette under ids drawn from `beside`."""
    return Doubled(another_dispute_id(index.dispute_id, beside), index)


def _with_ids(asked: Asked, translate: Callable[[str], str]) -> Asked:
    path = "/".join(translate(segment) for segment in asked.path.split("/"))
    params = tuple(sorted((key, translate(value)) for key, value in asked.params))
    return Asked(asked.method, asked.origin, path, params, asked.account)
