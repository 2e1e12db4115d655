"""Faults on demand: the next requests fail as asked, in order, and all others are answered as ever."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Literal, NamedTuple, TypedDict, get_args

from replaydisputes.errors import ReplayDisputesError, nearest
from replaydisputes.model import AnsweredFault, Answerer, FaultKind, Request, Response, TransportFault
from replaydisputes.stripe_api.urls import split_url

FaultName = Literal[FaultKind, AnsweredFault]

_NEVER_BEGUN = frozenset({"rate-limit", "lock-timeout"})
_ON_THE_WIRE: frozenset[str] = frozenset(get_args(FaultKind))


class FaultOptionError(ReplayDisputesError):
    """A fault that cannot be asked for so."""

    exit_code = 2


class UnusedFaultError(ReplayDisputesError):
    """Faults were asked for and never came, so the test did not try what it says it tries."""

    def __init__(self, unused: tuple[str, ...]) -> None:
        self.unused = unused
        super().__init__(
            f"never injected: {'; '.join(unused)}. The code under test made no further request that they apply to: "
            f"ask for fewer (`times`, `after`, `on`), or look at why it did not try again."
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong, how often, and after how many answered requests.

    processed: Stripe acts on the request and its answer is lost on the way; else the request never reaches it.
    should_retry: what Stripe-Should-Retry says in an injected answer; None is the kind's own.
    on: which requests it applies to, as a shell pattern over `METHOD /path`. Raises FaultOptionError.
    """

    kind: FaultName
    times: int = 1
    after: int = 0
    processed: bool = False
    should_retry: bool | None = None
    on: str = "*"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultOptionError(f"no fault is called {self.kind!r}; {nearest(str(self.kind), KINDS)}")
        if not _is_count(self.times, 1) or not _is_count(self.after, 0):
            raise FaultOptionError(
                f"a fault comes 1 time or more, after 0 answered requests or more; "
                f"got times={self.times!r}, after={self.after!r}"
            )
        if not isinstance(self.on, str):
            raise FaultOptionError(f"on is a pattern over `METHOD /path`, such as 'POST */close'; got {self.on!r}")
        if self.processed and self.kind in _NEVER_BEGUN:
            raise FaultOptionError(
                f"processed=True does not go with {self.kind!r}: Stripe never begins a request that it answers with "
                f"429. A request that was acted on can end in 'timeout', 'connection-reset' or 'server-error'."
            )
        if self.should_retry is not None and self.kind in _ON_THE_WIRE:
            raise FaultOptionError(f"should_retry is a header of an answer, and {self.kind!r} gives none")


KINDS: tuple[str, ...] = tuple(sorted({*get_args(FaultKind), *get_args(AnsweredFault)}))


class Injected(NamedTuple):
    """One request that was failed on purpose."""

    kind: FaultName
    request: Request
    processed: bool


class _Waiting:
    """A fault that has not come as often as asked."""

    def __init__(self, fault: Fault, answered: int = 0, come: int = 0) -> None:
        self.fault, self.answered, self.come = fault, answered, come


class FaultsState(TypedDict):
    """The plan as JSON: each fault as its fields, how many were answered before it, and how often it has come."""

    waiting: list[tuple[dict[str, Any], int, int]]
    injected: int


class Faults:
    """An Answerer that fails what it was asked to fail and hands on the rest. Safe to share between threads."""

    def __init__(
        self, answerer: Answerer, date_s: Callable[[], int | None] = lambda: None, *, is_lean: bool = False
    ) -> None:
        """date_s: gives the unix second that injected answers are dated; None is no Date. is_lean: list no request."""
        self._answerer, self._date_s = answerer, date_s
        self._waiting: deque[_Waiting] = deque()
        self._injected: list[Injected] = []
        self._count = 0
        self._lock = Lock()
        self._is_lean = is_lean
        self.revision = 0

    def plan(self, fault: Fault) -> None:
        """Have this fault come after those planned before it."""
        with self._lock:
            self._waiting.append(_Waiting(fault))
            self.revision += 1

    @property
    def planned(self) -> int:
        """How many faults have not yet come as often as asked."""
        return len(self._waiting)

    @property
    def injected(self) -> tuple[Injected, ...]:
        with self._lock:
            return tuple(self._injected)

    def unused(self) -> UnusedFaultError | None:
        """What was planned and has not come; asking takes it off the plan."""
        if not self._waiting:
            return None
        with self._lock:
            left = tuple(_told(waiting) for waiting in self._waiting)
            self._waiting.clear()
        return UnusedFaultError(left) if left else None

    def answer(self, request: Request) -> Response:
        """The answerer's response, or the fault whose turn it is. Raises TransportFault, and what the answerer does."""
        if not self._waiting:
            return self._answerer.answer(request)
        fault, number = self._next_for(request)
        if fault is None:
            return self._answerer.answer(request)
        return self._fail(fault, request, number)

    def fail(self, fault: Fault, request: Request) -> Response:
        """This very request fails, whatever is planned; `times`, `after` and `on` mean nothing. Raises as `answer`."""
        with self._lock:
            number = self._note(fault, request)
        return self._fail(fault, request, number)

    def state(self) -> FaultsState:
        with self._lock:
            waiting = [(asdict(one.fault), one.answered, one.come) for one in self._waiting]
            return FaultsState(waiting=waiting, injected=self._count)

    def resume(self, state: FaultsState) -> None:
        """Have the plan of another process, in place of this one's."""
        with self._lock:
            self._waiting = deque(_Waiting(Fault(**fields), done, come) for fields, done, come in state["waiting"])
            self._count = state["injected"]
            self.revision += 1

    def _fail(self, fault: Fault, request: Request, number: int) -> Response:
        if fault.processed:
            self._answerer.answer(request)
        if fault.kind == "timeout" or fault.kind == "connection-reset":  # noqa: PLR1714 - what mypy narrows by
            raise TransportFault(fault.kind)
        from replaydisputes.playback.injected_answers import injected_answer  # noqa: PLC0415 - few tests ask for one

        date_s = self._date_s()
        return injected_answer(fault.kind, request, number=number, date_s=date_s, should_retry=fault.should_retry)

    def _note(self, fault: Fault, request: Request) -> int:
        """Count an injected request; which one it is, from 1."""
        self._count += 1
        self.revision += 1
        if not self._is_lean:
            self._injected.append(Injected(fault.kind, request, fault.processed))
        return self._count

    def _next_for(self, request: Request) -> tuple[Fault | None, int]:
        """The fault that this request gets and which one it is, from 1; the first in the plan has its turn."""
        with self._lock:
            waiting = self._waiting[0] if self._waiting else None
            if waiting is None or not _applies(waiting.fault, request):
                return None, 0
            if waiting.answered < waiting.fault.after:
                waiting.answered += 1
                self.revision += 1
                return None, 0
            waiting.come += 1
            if waiting.come == waiting.fault.times:
                self._waiting.popleft()
            return waiting.fault, self._note(waiting.fault, request)


def _applies(fault: Fault, request: Request) -> bool:
    return fnmatchcase(f"{request.method} {split_url(request.url).path}", fault.on)


def _told(waiting: _Waiting) -> str:
    fault = waiting.fault
    where = "" if fault.on == "*" else f" on {fault.on!r}"
    return f"{fault.times - waiting.come} of {fault.times} {fault.kind!r}{where}"


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
