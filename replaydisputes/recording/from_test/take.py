"""A take: one recording from a test under way. What the test asks of Stripe is forwarded, and kept as it was answered.

Once anything was refused, nothing more is sent and nothing will be written: a close cannot be made twice, so none is
made for a cassette that will not be.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from replaydisputes.cassette_file import refuse_livemode
from replaydisputes.errors import FileAccessError, FileLockedError, LeakFoundError, LivemodeError, ReplayDisputesError
from replaydisputes.model import Cassette, Interaction, Request, Response, without_headers
from replaydisputes.recording.from_test.refusals import (
    ForwardingRefusedError,
    NothingRecordedError,
    keys_sent_with,
    refuse_elsewhere,
)
from replaydisputes.recording.from_test.turn import Turn
from replaydisputes.recording.from_test.wanted import Wanted
from replaydisputes.recording.own_replay import NotReplayableError
from replaydisputes.recording.publishing import RawCapture, Recorded, publish
from replaydisputes.recording.quarantine import Journal
from replaydisputes.recording.recorder import Surroundings
from replaydisputes.recording.running import Run
from replaydisputes.recording.scenarios import UNKNOWN_DISPUTE_ID
from replaydisputes.recording.worker import Worker
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

_Outcome = TypeVar("_Outcome")

_NOT_FORWARDED = """
Accept-Encoding Authorization Connection Content-Length Expect Host Keep-Alive Proxy-Authorization Proxy-Connection
TE Trailer Transfer-Encoding Upgrade
"""
_SET_ANEW = tuple(_NOT_FORWARDED.split())
"""Request headers that belong to one connection, the key, and the encoding: answers are recorded uncompressed."""


class Take:
    """An Answerer that forwards to api.stripe.com alone. Safe to share between threads, which it serves in turn.

    It ends in `publish` or in `give_up`; either ends its turn.
    """

    def __init__(self, wanted: Wanted, turn: Turn) -> None:
        """Raises FileAccessError where the capture could not be kept: then nothing may be sent."""
        self.wanted, self._turn = wanted, turn
        self._keys = {*wanted.target.secrets, wanted.key} - {""}
        self._journal = Journal(wanted.scenario, wanted.target.api_base, cassette=wanted.path, secrets=self._keys)
        self._worker = Worker(wanted.target.api_base)
        self._setup = Run(wanted.recipe, wanted.target, self._journal, _surroundings())
        self._lock = threading.Lock()
        self._process, self._stopped = os.getpid(), False
        self._problem: ReplayDisputesError | None = None
        self._exchanged: list[tuple[Request, Interaction]] = []
        self._closed: list[str] = []
        self.known_dispute_id = ""
        """The dispute made for `dispute_id`; empty as long as nobody asked for that."""

    @property
    def exchanged(self) -> tuple[tuple[Request, Interaction], ...]:
        """Each request of the code under test with what was captured for it, in the order of the answers."""
        return tuple(self._exchanged)

    @property
    def dispute_id(self) -> str:
        """The dispute to close; made when first asked for, by calls that are not in the cassette."""
        with self._lock:
            if not self.known_dispute_id:
                self.known_dispute_id = self._guarded(self._made_dispute)
            return self.known_dispute_id

    def answer(self, request: Request) -> Response:
        """The real answer. Raises ForwardingRefusedError, LivemodeError, UnreachableError."""
        with self._lock:
            return self._guarded(lambda: self._forwarded(request))

    def stop(self) -> None:
        """Forward nothing more, once the call under way is answered."""
        with self._lock:
            self._stopped = True
            self._worker.end()

    def publish(self) -> Recorded:
        """Redact, check and write the cassette. Where that fails after a close was sent, the capture is kept."""
        try:
            if self._problem is not None:
                raise self._problem
            if not self._exchanged:
                raise NothingRecordedError(self.wanted.name, "the test made no call to api.stripe.com.")
            self._check_dispute()
            made = publish(self._capture(), self.wanted.path)
        except BaseException as error:
            why = f"{type(error).__name__}: {error}" if isinstance(error, ReplayDisputesError) else "interrupted"
            kept = self.give_up(why, keep=isinstance(error, LeakFoundError | NotReplayableError))
            if isinstance(error, FileAccessError | FileLockedError):
                raise error.keeping(kept) from error
            raise
        self._journal.discard()
        self._turn.note()
        self._turn.end()
        return made

    def give_up(self, why: str, *, keep: bool = False) -> str:
        """Write nothing. Where a close was sent the capture is kept, and the answer says where; else it is erased.

        keep: keep it all the same, for the rule that would make it publishable.
        """
        try:
            if not (self._closed or keep):
                self._journal.discard()
                return ""
            self._journal.found(why if self._problem is None else f"{type(self._problem).__name__}: {self._problem}")
            self._journal.close()
            return self._kept()
        finally:
            self._turn.end()

    def _guarded(self, act: Callable[[], _Outcome]) -> _Outcome:
        if self._problem is not None:
            raise self._problem
        try:
            self._check_open()
            return act()
        except ReplayDisputesError as error:
            self._problem = error
            raise

    def _check_open(self) -> None:
        if self._stopped or os.getpid() != self._process:
            raise ForwardingRefusedError(
                "a request", f"the recording of {self.wanted.name!r} has ended, or belongs to the process forked from."
            )

    def _made_dispute(self) -> str:
        made = self._setup.prepare(self._worker).get("dispute", UNKNOWN_DISPUTE_ID)
        refuse_livemode(Cassette(tuple(self._setup.raw)))
        return made

    def _forwarded(self, request: Request) -> Response:
        self._keys |= keys_sent_with(request)
        refuse_elsewhere(request)
        path = split_url(request.url).path
        if request.method not in ("GET", "HEAD"):
            closed = dispute_id_in_path(path) if path.endswith("/close") else None
            self._journal.sending(request.method, path, closed or "")
            self._closed += [closed] if closed else []
        headers = dict(without_headers(request.headers, _SET_ANEW)) | {"Accept-Encoding": "identity"}
        interaction = self._worker.call(request.method, _target(request), request.body, headers, self.wanted.key)
        self._journal.answered(interaction, recorded=True)
        try:
            refuse_livemode(Cassette((interaction,)))
        except LivemodeError:
            raise LivemodeError(f"the answer to {request.method} {path}") from None
        self._exchanged.append((request, interaction))
        return interaction.response

    def _capture(self) -> RawCapture:
        kept = tuple(interaction for _, interaction in self._exchanged)
        return RawCapture(
            self.wanted.scenario,
            self.wanted.target.api_base,
            (*self._setup.raw, *kept),
            kept,
            self._journal.path,
            self._worker.started_at,
            tuple(sorted(self._keys)),
            self.wanted.policy,
        )

    def _check_dispute(self) -> None:
        """A replay's `dispute_id` is the first one asked for by id, so that has to be the one this test was given."""
        given = self.known_dispute_id
        asked = [dispute_id_in_path(split_url(request.url).path) for request, _ in self._exchanged]
        if given and next(filter(None, asked), given) != given:
            problem = (
                "the first dispute that the test asks for by id is another than `dispute_id`, which a replay could "
                "not tell. Ask for `dispute_id` first, or put the other call into a test of its own."
            )
            raise NothingRecordedError(self.wanted.name, problem, self._kept())

    def _kept(self) -> str:
        if not self._closed:
            return ""
        sent = f"A close of {', '.join(dict.fromkeys(self._closed))} was sent."
        return f"{sent} The capture is kept in {self._journal.path}; `replaydisputes recover` shows it."


def _surroundings() -> Surroundings:
    return Surroundings(now_utc=str, sleep=time.sleep, on_step=lambda step: None, confirm=lambda dispute: False)


def _target(request: Request) -> str:
    """Path and query as they were sent."""
    parts = urlsplit(request.url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
