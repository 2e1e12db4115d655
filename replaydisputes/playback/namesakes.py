"""The recorded dispute under other ids: whatever id the suite uses, or one of its own beside other cassettes."""

from __future__ import annotations

import re
from collections.abc import Callable

from replaydisputes.model import Response
from replaydisputes.playback.codings import rewritten
from replaydisputes.playback.derived_ids import derived_id
from replaydisputes.playback.history import History
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


def stands_for_a_dispute(asked_id: str) -> bool:
    """Whether an id can be a dispute's: any plain word but an id of another kind of object, such as `ch_1`."""
    prefix = asked_id.partition("_")[0] if "_" in asked_id else ""
    return _USABLE.fullmatch(asked_id) is not None and (prefix in _DISPUTE_PREFIXES or prefix not in PREFIXES)


class Namesake:
    """One dispute of the suite that the recorded one answers for: its history, and its ids for the recorded ids."""

    def __init__(self, asked_id: str, index: Index, owners: dict[str, Namesake], start: int) -> None:
        self.asked_id = asked_id
        self.history = History(index, start)
        self._accounts, self._owners = index.accounts, owners
        self._given: dict[str, str] = {}
        self._meant: dict[str, str] = {}
        self._carried: dict[int, Response] = {}
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
        known = self._carried.get(recording.index)
        if known is None:
            known = self._carried[recording.index] = self._carry(recording.interaction.response)
        return known

    def _carry(self, response: Response) -> Response:
        return rewritten(
            response,
            lambda body: self._text(body.decode("latin-1")).encode("latin-1"),
            lambda _, value: self._text(value),
        )

    def _text(self, text: str) -> str:
        return _TOKEN.sub(lambda found: self._id_for(found[1]), text)

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
        self._owners[given] = self


class Namesakes:
    """Every dispute id the suite has used so far, and which of them a request is about."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._applies = _TOKEN.fullmatch(index.dispute_id) is not None
        self._recorded = index.disputes
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
        known = self._owners.get(dispute)
        return known or Namesake(dispute, self._index, self._owners, self._index.first_about_dispute)


class _Double(Namesake):
    """The recorded dispute under one other id from the first recording on; under its recorded id it is unknown."""

    def meant(self, wanted: Asked) -> Asked:
        return _with_ids(wanted, self._meant_by)

    def _meant_by(self, token: str) -> str:
        meant = self._meant.get(token)
        if meant is None:
            return token if self._given.get(token, token) == token else f"{_NOBODYS}{token}"
        return meant


class Doubled:
    """A whole cassette under ids of its own: what a cassette that is played beside others has for `Namesakes`."""

    def __init__(self, dispute: str, index: Index) -> None:
        self._owners: dict[str, Namesake] = {}
        self._double = _Double(dispute, index, self._owners, start=0)
        for item in index.recordings:
            self._double.shown(item.asked)

    def of(self, wanted: Asked) -> Namesake:
        return self._double

    def about(self, dispute: str) -> Namesake:
        return self._double

    def shown(self, recorded: Asked) -> Asked:
        """A request of the cassette, in the ids it is played under."""
        return self._double.shown(recorded)

    def __contains__(self, known_id: str) -> bool:
        return known_id in self._owners


def _with_ids(asked: Asked, translate: Callable[[str], str]) -> Asked:
    path = "/".join(translate(segment) for segment in asked.path.split("/"))
    params = tuple(sorted((key, translate(value)) for key, value in asked.params))
    return Asked(asked.method, asked.origin, path, params, asked.account)
