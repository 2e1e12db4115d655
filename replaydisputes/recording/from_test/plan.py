"""Whether a test records or replays, decided at each use of a cassette."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from replaydisputes.errors import ApiBaseRefusedError, KeyRefusedError, ReplayDisputesError, nearest
from replaydisputes.recording.from_test.take import Take
from replaydisputes.recording.from_test.turn import Turn
from replaydisputes.recording.from_test.wanted import Wanted
from replaydisputes.recording.recorder import Target, check_replaceable, check_target, is_loopback
from replaydisputes.redaction import DEFAULT_POLICY, Policy
from replaydisputes.stripe_api.facts import API_ORIGIN
from replaydisputes.stripe_api.keys import SANDBOX_KEY, SANDBOX_RESTRICTED_KEY

Mode = Literal["none", "missing", "all"]
_MODES: tuple[Mode, ...] = get_args(Mode)

_API_BASE = "--replaydisputes-api-base"
OF_PYTEST = f"point {_API_BASE} at a running `replaydisputes sandbox`"
_OF_A_BLOCK = f"record from a test marked for pytest, where --replaydisputes-record and {_API_BASE} may name a sandbox"


class RecordingLimitWarning(UserWarning):
    """A replay of what was just recorded will not tell two things apart; the recording was written all the same."""


class RecordOptionError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, value: object) -> None:
        self.value = value
        super().__init__(f"record={value!r} is no way to record; {nearest(str(value), _MODES)}")


def settle(take: Take, failure: BaseException | None) -> None:
    """Write the cassette where the block ended well; else say where a capture with a close in it is kept."""
    if failure is None:
        for limit in take.publish().limits:
            warnings.warn(f"{take.wanted.path}: {limit}", RecordingLimitWarning, stacklevel=2)
        return
    kept = take.give_up(f"the block that recorded ended in {type(failure).__name__}")
    if kept:
        failure.add_note(kept)


@dataclass(frozen=True, slots=True)
class Plan:
    """How tests record. `run_id`: the same throughout one test run, in which each cassette is recorded once.

    instead: what else can be done where there is no key.
    on_end: told when nothing more is forwarded, with what the block raised; it publishes or gives up.
    """

    mode: Mode
    target: Target = field(repr=False)
    run_id: str = ""
    policy: Policy = field(default=DEFAULT_POLICY, repr=False)
    instead: str = _OF_A_BLOCK
    on_end: Callable[[Take, BaseException | None], None] = settle


def plan_for(mode: str, environ: Mapping[str, str], api_base: str | None, policy: Policy) -> Plan:
    """How to record, with the keys in STRIPE_API_KEY and STRIPE_RESTRICTED_KEY of `environ`.

    api_base: a sandbox on this machine, which needs no key of yours; None is Stripe.
    Raises RecordOptionError and ApiBaseRefusedError.
    """
    known: Mode | None = next((one for one in _MODES if one == mode), None)
    if known is None:
        raise RecordOptionError(mode)
    if api_base is not None:
        _check_local(api_base)
    key, restricted_key = (environ.get(name, "").strip() for name in ("STRIPE_API_KEY", "STRIPE_RESTRICTED_KEY"))
    if api_base is None:
        return Plan(known, Target(API_ORIGIN, key, restricted_key), policy=policy)
    keys = key or SANDBOX_KEY, restricted_key or SANDBOX_RESTRICTED_KEY
    return Plan(known, Target(api_base.rstrip("/"), *keys), policy=policy)


def _check_local(api_base: str) -> None:
    parts = urlsplit(api_base)
    is_origin = parts.path in ("", "/") and not (parts.query or parts.fragment)
    if parts.username or parts.password:
        raise ApiBaseRefusedError("(not shown)", "an address with a user or password in it is not taken", _API_BASE)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or not is_origin:
        problem = "expected an http origin on this machine, such as http://127.0.0.1:12111"
        raise ApiBaseRefusedError(api_base, problem, _API_BASE)


@contextmanager
def taking(plan: Plan, wanted: Wanted, is_there: Callable[[], bool]) -> Iterator[Take | None]:
    """A take where this use of the cassette is to record it; None where it is to replay it.

    is_there: whether the name leads to a cassette by now. Raises KeyRefusedError before anything is opened or sent,
    FileLockedError where another test keeps recording the same file, CassetteFormatError where the file in place is
    no cassette, and at the end what `on_end` raises.
    """
    take = _take(plan, wanted, is_there)
    if take is None:
        yield None
        return
    try:
        yield take
    except BaseException as error:
        take.stop()
        plan.on_end(take, error)
        raise
    take.stop()
    plan.on_end(take, None)


def _take(plan: Plan, wanted: Wanted, is_there: Callable[[], bool]) -> Take | None:
    if plan.mode == "none" or (plan.mode == "missing" and is_there()):
        return None
    _check_key(wanted, plan.instead)
    turn = Turn(wanted.path, plan.run_id)
    turn.begin()
    try:
        if not (turn.was_had() or (plan.mode == "missing" and is_there())):
            check_replaceable(wanted.path)
            return Take(wanted, turn)
    except BaseException:
        turn.end()
        raise
    turn.end()
    return None


def _check_key(wanted: Wanted, instead: str) -> None:
    try:
        check_target(wanted.target, wanted.recipe)
    except KeyRefusedError as error:
        problem = f"cassette {wanted.name!r} cannot be recorded: {error.problem}"
        raise KeyRefusedError(problem, instead, error.remedy) from None
