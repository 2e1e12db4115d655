"""The recorded dispute under other ids: whatever id the suite uses, or one of its own beside other cassettes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Response
from replaydisputes.playback.codings import plain_body
from replaydisputes.playback.derived_ids import another_dispute_id, derived_id
from replaydisputes.playback.index import Index, Recording
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.slots import BODY, Change, changed, text_of
from replaydisputes.stripe_api.ids import PREFIXES
from replaydisputes.stripe_api.urls import dispute_id_in_path

if TYPE_CHECKING:
    from replaydisputes.playback.binding import Bound
    from replaydisputes.playback.history import History, Progress
    from replaydisputes.playback.scope import Scope

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
        self._answers: dict[int, Response] = {}
        self._carried: dict[int, tuple[tuple[Change, ...], frozenset[str]]] = {}
        if index.dispute_id:
            self._remember(index.dispute_id, asked_id)

    def meant(self, wanted: Asked) -> Asked:
        """A request of the suite, in the ids of the cassette."""
        return _with_ids(wanted, lambda token: self._meant.get(token, token))

    def shown(self, recorded: Asked) -> Asked:
        """A request of the cassette, in the ids of the suite."""
        return _with_ids(recorded, self._id_for)

    def changes(self, recording: Recording) -> tuple[Change, ...]:
        """Every id in a recorded answer, with the suite's or one derived from it in its place."""
        return self._carry(recording)[0]

    def answer(self, recording: Recording) -> Response:
        """The recorded answer with these ids and no other change: made once for all runs that share them."""
        known = self._answers.get(recording.index)
        if known is None:
            known = changed(recording.interaction.response, self.changes(recording))
            self._answers[recording.index] = known
        return known

    def given_in(self, recording: Recording) -> frozenset[str]:
        """The ids of the suite that a recorded answer tells."""
        return self._carry(recording)[1]

    def _carry(self, recording: Recording) -> tuple[tuple[Change, ...], frozenset[str]]:
        known = self._carried.get(recording.index)
        if known is None:
            response = recording.interaction.response
            texts = [(BODY, text_of(plain_body(response)))]
            texts += [(at, value) for at, (_, value) in enumerate(response.headers)]
            given = [
                Change(where, *word.span(1), other)
                for where, text in texts
                for word in _TOKEN.finditer(text)
                if (other := self._id_for(word[1])) != word[1]
            ]
            told = frozenset(change.text for change in given) & self._meant.keys()
            known = self._carried[recording.index] = tuple(given), told
        return known

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


class Namesakes:
    """Every dispute id that the suite was answered about so far, and which of them a request is about.

    Each is a scope: its ids, a history and bindings of its own.
    """

    def __init__(self, index: Index, scope: Callable[[Ids], Scope], given: set[str], most: int | None = None) -> None:
        """scope: makes that of a dispute. given: gets every id given out. most: how many disputes there may be.

        What was asked for and not answered leaves no trace.
        """
        self._index, self._scope, self._given, self._most = index, scope, given, most
        self._applies = _TOKEN.fullmatch(index.dispute_id) is not None
        self._recorded = index.disputes
        self._known: dict[str, Scope] = {}
        self._owners: dict[str, Scope] = {}

    def of(self, wanted: Asked) -> Scope | None:
        """Whose request this is, by the dispute in its path or any id given out before; None: the cassette's own."""
        dispute = dispute_id_in_path(wanted.path)
        if dispute is None:
            words = [*wanted.path.split("/"), *(value for _, value in wanted.params)]
            return next((owner for word in words if (owner := self._owners.get(word))), None)
        return self.about(dispute)

    def about(self, dispute: str) -> Scope | None:
        """The scope of this id, made where it is new; None where the id is none that the cassette stands for."""
        if not self._applies or dispute in self._recorded or not stands_for_a_dispute(dispute):
            return None
        return self._owners.get(dispute) or self._scope(Ids(dispute, self._index))

    def is_known(self, word: str) -> bool:
        """Whether an id is one that was given out about any of them."""
        return word in self._owners

    def told(self, scope: Scope, recording: Recording) -> None:
        """An answer was given: from now on its ids are this dispute's. Raises TooManyDisputesError."""
        if scope.ids is None:
            raise ValueError("a dispute without ids of its own")
        if scope.ids.asked_id not in self._known:
            if self._most is not None and len(self._known) >= self._most:
                raise TooManyDisputesError(self._most)
            self._known[scope.ids.asked_id] = self._owners[scope.ids.asked_id] = scope
            self._given.add(scope.ids.asked_id)
        for given in scope.ids.given_in(recording):
            self._owners[given] = scope
            self._given.add(given)

    @property
    def histories(self) -> list[History]:
        return [scope.history for scope in self._known.values()]

    def state(self) -> dict[str, tuple[Progress, Bound]]:
        """How far each dispute has come, and what is bound in it, by its id."""
        return {dispute: (scope.history.state(), scope.bound()) for dispute, scope in self._known.items()}

    def resume(self, state: dict[str, tuple[Progress, Bound]]) -> None:
        for dispute, (progress, bound) in state.items():
            scope = self._scope(Ids(dispute, self._index))
            scope.history.resume(progress)
            scope.resume(bound)
            for index in scope.history.played:
                self.told(scope, self._index.recording(index))


class _Double(Ids):
    """The recorded dispute under one other id from the first recording on; under its recorded id it is unknown."""

    def meant(self, wanted: Asked) -> Asked:
        return _with_ids(wanted, self._meant_by)

    def is_given(self, word: str) -> bool:
        return word in self._meant

    def given_for(self, recorded: str) -> str:
        return self._id_for(recorded)

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
        self._index = index
        self.asked_ids = frozenset({dispute, *(word for word in words if self.ids.is_given(word))})

    def is_told(self, word: str) -> bool:
        """Whether Stripe told an id, as this cassette has it beside others."""
        return word in self._told_ids

    @cached_property
    def _told_ids(self) -> frozenset[str]:
        return frozenset(self.ids.given_for(word) for word in self._index.variables.told)


def doubled(index: Index, beside: str) -> Doubled:
    """A cassette under ids drawn from `beside`."""
    return Doubled(another_dispute_id(index.dispute_id, beside), index)


def _with_ids(asked: Asked, translate: Callable[[str], str]) -> Asked:
    path = "/".join(translate(segment) for segment in asked.path.split("/"))
    params = tuple(sorted((key, translate(value)) for key, value in asked.params))
    return Asked(asked.method, asked.origin, path, params, asked.account)
