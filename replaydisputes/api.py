"""`replay()`: cassettes in place of the network, for the code inside a with block, a decorated function or class."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.decorating import Replaying
from replaydisputes.errors import (
    ClassSetUpError,
    NoCassetteError,
    NoReplayError,
    StripeVersionWarning,
)
from replaydisputes.interception import Route, active_route, answering
from replaydisputes.library import Library
from replaydisputes.playback import (
    CLOCKS,
    Clock,
    FaultName,
    Faults,
    OnExhausted,
    OnVersion,
    Player,
    check_option,
)
from replaydisputes.replaying import ON_UNPLAYED, OnUnplayed, Replay
from replaydisputes.suite_directories import of_the_running_suite

if TYPE_CHECKING:
    from replaydisputes.playback import Several
    from replaydisputes.playback.webhooks import Webhook
    from replaydisputes.recording.from_test import Mode, Plan
    from replaydisputes.underway import Underway

DEFAULT_DIRECTORIES = ("cassettes", "tests/cassettes")

_NOTHING_RECORDED = nullcontext()
_running: dict[Route, Replay] = {}


def replay(  # noqa: PLR0913 - the one public call; all but the names are keywords with a default
    *names: str,
    cassettes: str | Path | Sequence[str | Path] = DEFAULT_DIRECTORIES,
    allow_hosts: Collection[str] = (),
    everywhere: bool = False,
    any_dispute: bool = False,
    on_exhausted: OnExhausted = "fail",
    stripe_version: OnVersion = "warn",
    unplayed: OnUnplayed = "ignore",
    clock: Clock = "recorded",
    record: Mode | Plan = "none",
    payment_method: str | None = None,
) -> Replaying[Replay]:
    """Answer every HTTP request made inside from the cassettes named; nothing reaches the network.

    names: cassettes, looked for in `cassettes` and then among the shipped ones, or paths of files. By default under
    pytest `cassettes` is where the marker looks, else the two directories below the working directory. Of several, each
    has a dispute id of its own, which `replay[name].dispute_id` tells; a request without one goes to the first.
    allow_hosts: hosts other than loopback that stay reachable, such as a database. everywhere: hold for the whole
    process instead of this context alone (one at a time; the pytest plugin does so).
    any_dispute: the first cassette answers for whatever dispute id the code uses, each with a history of its own.
    on_exhausted: `repeat` gives a write's last answer again. stripe_version: `fail` or `ignore` where the code asks
    for another version than the recording's. unplayed: `fail` or `warn` where a recording is left over at the end.
    clock: `now` moves every time in every answer by one offset, so that the recording begins now.
    record: `missing` or `all` forwards the calls to Stripe test mode, with the key in STRIPE_API_KEY, and writes the
    cassette where the block ends well; payment_method: the test card that makes `dispute_id` then.
    Raises MismatchError or NetworkBlockedError at the end where one was swallowed inside, UnplayedError or, where a
    fault never came, UnusedFaultError;
    UnknownCassetteError, CassetteFormatError and PlaybackOptionError before anything is replaced.
    """

    if not names or not all(isinstance(name, str) for name in names):
        raise NoCassetteError(names)
    check_unplayed(unplayed)
    how = any_dispute, on_exhausted, stripe_version, unplayed, clock
    said = Setting(library_in(cassettes), allow_hosts, everywhere, *how, record, payment_method)
    return _decorating(partial(_replaying_where_said, names, is_default=cassettes is DEFAULT_DIRECTORIES), said)


def _decorating(begin: Callable[..., AbstractContextManager[Replay]], said: Setting) -> Replaying[Replay]:
    """begin: a replay by its setting. A test with its set-up may run in several contexts, so it holds in all."""
    once = partial(_once, partial(begin, setting=said._replace(unplayed="ignore")))
    return Replaying(partial(begin, setting=said), partial(begin, setting=said._replace(everywhere=True)), once)


def _replaying_where_said(
    names: Sequence[str], setting: Setting, *, is_default: bool
) -> AbstractContextManager[Replay]:
    """Find out where the suite's cassettes are when a replay begins: a decorator may stand in a conftest.py."""
    own = of_the_running_suite() if is_default else None
    return replaying(names, setting if own is None else setting._replace(library=library_in(own)))


@contextmanager
def _once(begin: Callable[[], AbstractContextManager[Replay]], name: str) -> Iterator[Replay]:
    """A replay for what comes once for all tests of a class. Raises ClassSetUpError if it changes something."""
    with begin() as running:
        yield running
        if any(one.request.method not in ("GET", "HEAD") for one in running.played) and name.lower().startswith(
            "setup"
        ):
            raise ClassSetUpError(name)


def check_unplayed(word: object) -> None:
    """Raises PlaybackOptionError for a word that `unplayed` does not know."""
    check_option("unplayed", word, ON_UNPLAYED)


class Setting(NamedTuple):
    """What a replay is asked for beyond its cassettes, as `replay` has it; any number of replays may share one."""

    library: Library
    allow_hosts: Collection[str]
    everywhere: bool
    any_dispute: bool
    on_exhausted: OnExhausted
    stripe_version: OnVersion
    unplayed: OnUnplayed
    clock: Clock
    record: Mode | Plan
    payment_method: str | None


def library_in(cassettes: str | Path | Sequence[str | Path]) -> Library:
    """What `replay` looks names up in, from one directory or several."""
    directories = [cassettes] if isinstance(cassettes, str | Path) else cassettes
    return Library([one if isinstance(one, Path) else Path(one) for one in directories])


def _players(names: Sequence[str], setting: Setting) -> list[Player]:
    library, *_ = setting
    now_s = _now_s(setting.clock)
    apart = [""] if len(names) == 1 else _set_apart(names)
    return [
        Player(
            library.load(name),
            name,
            any_dispute=setting.any_dispute and not beside,
            on_exhausted=setting.on_exhausted,
            stripe_version=setting.stripe_version,
            on_version=_warn_version,
            begins_at_s=now_s if setting.clock == "now" else None,
            now_s=now_s,
            beside=beside,
            others=library.every,
        )
        for name, beside in zip(names, apart, strict=True)
    ]


def _set_apart(names: Sequence[str]) -> list[str]:
    from replaydisputes.playback import set_apart  # noqa: PLC0415 - as Several

    return set_apart(names)


def _recording(names: Sequence[str], setting: Setting) -> AbstractContextManager[Underway | None]:
    """What records; nothing where there is nothing to record, with nothing of recording imported."""
    if setting.record == "none":
        return _NOTHING_RECORDED
    from replaydisputes.underway import underway  # noqa: PLC0415 - needed for recording alone

    return underway(setting.record, setting.library, names, setting.payment_method)


@contextmanager
def replaying(names: Sequence[str], setting: Setting) -> Iterator[Replay]:
    """One replay, with all that `replay` checks and prepares done: for who has many in one setting."""
    with _recording(names, setting) as underway:
        players: Sequence[Player | Underway] = _players(names, setting) if underway is None else [underway]
        together = _together(players)
        faults = Faults(together, lambda: players[0].moment_s)
        around = _running_here()
        everywhere, open_hosts = setting.everywhere, setting.allow_hosts
        with answering(faults, everywhere=everywhere, allow_hosts=open_hosts, names=names) as route:
            running = Replay(players, together, faults, route)
            if around is not None:
                running.check_begins_within(around)
            _running[route] = running
            try:
                yield running
            except BaseException as error:
                running.note_on(error)
                raise
            finally:
                del _running[route]
                if around is not None and not around.is_over:
                    running.leave_to(around)
        running.settle(setting.unplayed, _warn)


def _together(players: Sequence[Player | Underway]) -> Player | Several | Underway:
    if len(players) == 1:
        return players[0]
    from replaydisputes.playback import Several  # noqa: PLC0415 - most replays are of one cassette

    return Several([player for player in players if isinstance(player, Player)])


def _warn(warning: Warning) -> None:
    warnings.warn(warning, stacklevel=6)  # where the with block stands


def _now_s(clock: Clock) -> int:
    """The unix second at which the replay begins. Read here, where it can be frozen."""
    check_option("clock", clock, CLOCKS)
    return int(time.time())


def _warn_version(asked: str, recorded: str) -> None:
    warnings.warn(
        f"the code asks for Stripe-Version {asked}, the cassette was recorded at {recorded}: "
        f"its answers have the recorded version's shape",
        StripeVersionWarning,
        stacklevel=2,
    )


def fail_next(  # noqa: PLR0913 - as the method
    kind: FaultName,
    *,
    times: int = 1,
    after: int = 0,
    on: str = "*",
    processed: bool = False,
    should_retry: bool | None = None,
) -> None:
    """`Replay.fail_next` of the replay that runs here. Raises NoReplayError where none does."""
    here = _replay_here("fail_next()")
    here.fail_next(kind, times=times, after=after, on=on, processed=processed, should_retry=should_retry)


def webhook(
    event_type: str,
    *,
    secret: str,
    dispute: str = "",
    timestamp: int | None = None,
    api_version: str | None = None,
) -> Webhook:
    """`Replay.webhook` of the replay that runs here. Raises NoReplayError where none does."""
    here = _replay_here("webhook()")
    return here.webhook(event_type, secret=secret, dispute=dispute, timestamp=timestamp, api_version=api_version)


def _replay_here(asked: str) -> Replay:
    running = _running_here()
    if running is None:
        raise NoReplayError(asked)
    return running


def _running_here() -> Replay | None:
    route = active_route()
    return None if route is None else _running.get(route)
