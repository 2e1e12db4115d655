"""Each API key is a session of its own, with its own history. What servers share is a StateStore's."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response, TransportFault
from replaydisputes.server.journal import Journal, Room
from replaydisputes.server.sealing import Seal
from replaydisputes.stripe_api.keys import key_mode

MOST_SESSIONS = 10_000
MOST_JOURNAL_BYTES = 64 * 1024 * 1024
"""Of the journals of all sessions together."""

KEYLESS = ""

_TRIES = 20

T = TypeVar("T")


class Run(Protocol):
    """What answers for one session: a cassette from its beginning, several, or a sandbox.

    `state` and `resume` carry it to another server; `revision` changes with the state.
    """

    @property
    def revision(self) -> object: ...
    @property
    def has_planned_faults(self) -> bool: ...
    def answer(self, request: Request) -> Response: ...
    def fail(self, kind: str, request: Request) -> Response: ...
    def fail_next(self, wish: Mapping[str, Any]) -> None: ...
    def shown(self, request: Request) -> str: ...
    def state(self, *, is_sealed: bool) -> bytes: ...
    def resume(self, state: bytes) -> None: ...


class Held(NamedTuple):
    """What a store holds of a session. `state`: empty at the beginning. `token`: which saved state this is."""

    state: bytes
    token: str


class StateStore(Protocol):
    """Where servers share sessions. Every method raises StoreUnavailableError where the store cannot be reached.

    A session is named by a hash of its key. A token names one saved state; the empty token, that nothing is saved.
    """

    async def newer(self, session: str, than: str | None) -> Held | None:
        """What is held, None where that is still the state of the token `than`; `than` None asks whatever it is."""

    async def save(self, session: str, state: bytes, after: str) -> str | Held:
        """Hold a state where the one of the token `after` is held, and give the new token; else what is held."""

    async def forget(self, session: str | None) -> int:
        """Hold nothing of a session, or of any (None), from now on; of how many there was something."""

    async def close(self) -> None:
        """End every connection, as the server stops."""


class StoreUnavailableError(ReplayDisputesError):
    """The shared state cannot be read or written now, so nothing was answered."""

    exit_code = 4

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the store of the sessions: {problem}. Nothing was answered; try again.")


class LiveKeyRefusedError(ReplayDisputesError):
    exit_code = 4

    def __init__(self) -> None:
        super().__init__(
            "this is a live-mode key, and this is not Stripe: nothing was done with it. Use any test-mode key "
            "(sk_test_…), and roll the live key if it went over a network that you do not trust."
        )


class Session:
    """One key's run and journal. token: of the stored state that the run stands at; None if that is not known.

    seal: for what is stored of it; None without a key, or where nothing is stored.
    """

    __slots__ = ("journal", "lock", "run", "seal", "token")

    def __init__(self, run: Run, room: Room) -> None:
        self.run, self.journal = run, Journal(room)
        self.token: str | None = ""
        self.lock: asyncio.Lock | None = None
        self.seal: Seal | None = None


class Sessions:
    """The sessions of this process, the last used last; the first to go when there are more than `most`."""

    def __init__(self, start: Callable[[], Run], most: int = MOST_SESSIONS, store: StateStore | None = None) -> None:
        """start: makes a run from the beginning. store: None where this process is alone."""
        self._start, self._most, self.store = start, most, store
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._room = Room()

    def __len__(self) -> int:
        return len(self._sessions)

    def known(self, name: str) -> Session | None:
        """A session that is under way, now the last used."""
        session = self._sessions.get(name)
        if session is not None:
            self._sessions.move_to_end(name)
        return session

    def named(self, name: str) -> Session:
        """The session of a name from `session_name`, begun where it is new."""
        session = self.known(name)
        if session is None:
            session = self._sessions[name] = Session(self._start(), self._room)
            if len(self._sessions) > self._most:
                self._sessions.popitem(last=False)[1].journal.forget_requests()
        if self._room.used > MOST_JOURNAL_BYTES:
            self._make_room(session)
        return session

    def called_with(self, authorization: bytes, name: str) -> None:
        """Have what is stored of a session sealed under its key, if there is a store. name: from `session_name`."""
        session = self.named(name) if self.store and name else None
        if session is not None and session.seal is None:
            session.seal = Seal(_key_of(authorization), name)

    def _make_room(self, used_last: Session) -> None:
        """Have the sessions used longest ago forget what they were asked, until a tenth of the room is free."""
        for session in self._sessions.values():
            if self._room.used <= MOST_JOURNAL_BYTES * 9 // 10:
                return
            if session is not used_last:
                session.journal.forget_requests()

    async def reset(self, name: str | None) -> int:
        """Begin a session anew, or all of them (None); how many there were, in the store where there is one."""
        shared = await self.store.forget(name) if self.store else None
        if name is None:
            ended = list(self._sessions.values())
            self._sessions.clear()
        else:
            found = self._sessions.pop(name, None)
            ended = [found] if found else []
        for session in ended:
            session.journal.forget_requests()
        count = len(ended)
        return count if shared is None else shared

    async def do(self, name: str, act: Callable[[Run], T]) -> T:
        """Let a run act, once, and give what it gave or raise what it raised; shared where there is a store.

        Raises StoreUnavailableError.
        """
        session = self.named(name)
        if self.store is None:
            return act(session.run)
        if session.lock is None:
            session.lock = asyncio.Lock()
        async with session.lock:
            for _ in range(_TRIES):
                done = await self._do_shared(self.store, name, session, act)
                if done is not None:
                    return done.given()
        raise StoreUnavailableError("too many requests of this session at once")

    async def _do_shared(
        self, store: StateStore, name: str, session: Session, act: Callable[[Run], T]
    ) -> _Done[T] | None:
        """Act on the state last seen here and have the store agree that it is the latest, in one round trip.

        None where it does not agree: what it holds has been caught up with, and nothing was done.
        """
        after, session.token = session.token, None
        if after is None:
            self._catch_up(session, await store.newer(name, None))
            return None
        revision = session.run.revision
        done = _Done.of(act, session.run)
        if session.run.revision == revision:
            answer: str | Held = await store.newer(name, after) or after
        else:
            answer = await store.save(name, _stored(session), after)
        if isinstance(answer, str):
            session.token = answer
            return done
        self._catch_up(session, answer)
        return None

    def _catch_up(self, session: Session, held: Held | None) -> None:
        session.run = self._resumed(held, session.seal) if held else self._start()
        session.token = held.token if held else ""

    async def close(self) -> None:
        if self.store:
            await self.store.close()

    def _resumed(self, held: Held, seal: Seal | None) -> Run:
        run = self._start()
        try:
            if held.state:
                run.resume(seal.opened(held.state) if seal else held.state)
        except ReplayDisputesError as error:
            raise StoreUnavailableError(str(error)) from error
        return run


def _stored(session: Session) -> bytes:
    """What is kept of a session outside this process; without a key nothing of what the code under test sent."""
    if session.seal is None:
        return session.run.state(is_sealed=False)
    return session.seal.sealed(session.run.state(is_sealed=True))


class _Done(NamedTuple, Generic[T]):
    """What an act gave, or raised."""

    value: T | None
    error: Exception | None

    @classmethod
    def of(cls, act: Callable[[Run], T], run: Run) -> _Done[T]:
        try:
            return cls(act(run), None)
        except (ReplayDisputesError, TransportFault) as error:
            return cls(None, error)

    def given(self) -> T:
        if self.error:
            raise self.error
        return cast(T, self.value)


def session_name(authorization: bytes) -> str:
    """The session of an Authorization header: a hash of its key, so that no key is kept; KEYLESS without one.

    Raises LiveKeyRefusedError for a key that could move money, as Bearer or Basic, or with no scheme at all.
    """
    for word in (*_credentials(authorization), authorization):
        if key_mode(word.decode("latin-1").strip()) == "live":
            raise LiveKeyRefusedError
    key = _key_of(authorization)
    return hashlib.sha256(key).hexdigest()[:32] if key else KEYLESS


def _key_of(authorization: bytes) -> bytes:
    return next((word for word in _credentials(authorization) if word), b"")


def _credentials(authorization: bytes) -> list[bytes]:
    """The key; of Basic the name and the password; the header itself for any other scheme."""
    scheme, _, value = authorization.strip().partition(b" ")
    lowered = scheme.lower()
    if lowered == b"bearer":
        return [value.strip()]
    if lowered != b"basic":
        return [authorization.strip()]
    try:
        return base64.b64decode(value.strip(), validate=True).split(b":", 1)
    except (binascii.Error, ValueError):
        return [value.strip()]
