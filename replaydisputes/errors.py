"""One root; each leaf says what happened, where and what next, keeps the facts as attributes, has an exit code.

Exit codes: 0 done, 1 a bug of ours (with traceback), 2 usage, 3 a finding, 4 the environment.
No message ever holds a secret: keys are named by kind, leaks by kind and line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

_KEY = re.compile(r"((?:[sprek]k|rkcs)_(?:test|live)_|sk_org_|whsec_)[A-Za-z0-9_]+")


class ReplayDisputesError(Exception):
    """The root of everything this package raises on purpose. A key in the message is masked, whoever put it there."""

    exit_code = 3

    def __init__(self, message: str = "") -> None:
        super().__init__(without_keys(message))

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), self.args, vars(self))


def restored(kind: type[BaseException], args: tuple[object, ...], facts: dict[str, Any]) -> BaseException:
    """An exception as it was before `pickle` or `copy`.

    Python would call the class with `args`, but ours are made from facts and not from their message.
    """
    error = kind.__new__(kind, *args)
    vars(error).update(facts)
    return error


def without_keys(text: str) -> str:
    """The text, of each API key in it only the prefix: one given in the place of a name is not to be told again."""
    return _KEY.sub(r"\1…", text)


_MOST_QUOTED = 200


def in_one_line(text: object) -> str:
    """A text of somebody else's, for a message of ours: in one line, without control characters, and not long."""
    line = " ".join(str(text).split())
    plain = "".join(char if char.isprintable() else "?" for char in line)
    return plain if len(plain) <= _MOST_QUOTED else f"{plain[:_MOST_QUOTED]}…"


_FEW = 12
_NEAREST = 5


def nearest(name: str, known: Sequence[str]) -> str:
    """A clause naming the closest known name; where none is close, or a pattern is asked for, all of a few, or five."""
    import difflib  # noqa: PLC0415 - only a mistake needs it, and the command line is to start fast

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close and "*" not in name:
        return f"did you mean {close[0]}?"
    if len(known) <= _FEW:
        return f"known: {', '.join(known)}." if known else "none is known."
    some = difflib.get_close_matches(name, known, n=_NEAREST, cutoff=0.0)
    return f"of the {len(known)} known the nearest are {', '.join(some)}."


# --- usage -------------------------------------------------------------------------------------------------


class UnknownScenarioError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"no scenario is called {name!r}; {nearest(name, known)}")


class UnknownCassetteError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, name: str, looked_in: Sequence[str], known: Sequence[str]) -> None:
        self.name, self.looked_in, self.known = name, tuple(looked_in), tuple(known)
        super().__init__(
            f"no cassette is called {name!r}; {nearest(name, known)} "
            f"Looked in: {', '.join(looked_in) or 'nowhere'}. `replaydisputes list` shows what there is "
            f"(--cassettes DIR for another directory), `replaydisputes record` makes one."
        )


class NoCassetteFileError(UnknownCassetteError):
    """What was named is spelled as a file, or is one, and no cassette."""

    def __init__(self, name: str, looked_in: Sequence[str], known: Sequence[str], problem: str) -> None:
        super().__init__(name, looked_in, known)
        self.problem = problem
        self.args = (
            f"{name}: {problem}. Expected a .yaml or .yml file, or a cassette's name: `replaydisputes list` shows all.",
        )


class NoCassetteError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, names: tuple[object, ...]) -> None:
        self.names = names
        super().__init__(f'a replay needs the name of a cassette, or several, such as "close-lost"; got {names!r}')


class ClassSetUpError(ReplayDisputesError):
    """The set-up of a decorated class changed something that its tests, each in a replay of its own, do not see."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name} changed something at Stripe, but each test of a decorated class replays its cassettes from the "
            f"beginning, so that no test would see the change. Make these calls in the set-up of each test: setUp, "
            f"setup_method or a fixture of the scope 'function'."
        )


class NoReplayError(ReplayDisputesError):
    """Something was asked of the running replay, and none runs here."""

    exit_code = 2

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(
            f"{asked} needs a running replay, and there is none here: call it inside `with replaydisputes.replay(…)`, "
            f"or in a test with @pytest.mark.replaydisputes(…)."
        )


class MissingExtraError(ReplayDisputesError):
    exit_code = 4

    def __init__(self, feature: str, extra: str) -> None:
        self.feature, self.extra = feature, extra
        super().__init__(f"{feature} needs the {extra!r} extra: pip install 'replaydisputes[{extra}]'")


# --- the environment ---------------------------------------------------------------------------------------


class KeyRefusedError(ReplayDisputesError):
    """No key, or not a test-mode key. The key itself is never in the message."""

    exit_code = 4

    def __init__(
        self,
        problem: str,
        instead: str = "record against the embedded sandbox with --sandbox",
        remedy: str = "Set STRIPE_API_KEY to a test-mode key (sk_test_… or rk_test_…)",
    ) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(f"{problem}; nothing was sent. {remedy}, or {instead}.")


class ApiBaseRefusedError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, api_base: str, problem: str, option: str = "--api-base") -> None:
        self.api_base = api_base
        super().__init__(f"{option} {api_base}: {problem}; nothing was sent.")


class UnreachableError(ReplayDisputesError):
    exit_code = 4

    def __init__(
        self, host: str, cause: str, kept: str = "", *, may_pass: bool = True, may_have_arrived: bool = True
    ) -> None:
        """may_pass: the same call may fare better a moment later. may_have_arrived: any attempt at it."""
        self.host, self.cause, self.kept, self.may_pass = host, cause, kept, may_pass
        self.may_have_arrived = may_have_arrived
        super().__init__(f"{host} did not answer: {cause}.{' ' + kept if kept else ''}")


class FileLockedError(ReplayDisputesError):
    exit_code = 4

    def __init__(self, path: Path, waited_s: float, kept: str = "") -> None:
        self.path, self.waited_s, self.kept = path, waited_s, kept
        super().__init__(
            f"{path} not written: another process has held its lock for {waited_s:g} s. "
            f"{kept or 'Wait for that process to end and run the command again.'}"
        )

    def keeping(self, kept: str) -> FileLockedError:
        """The same, with the words that say where the capture is kept."""
        return FileLockedError(self.path, self.waited_s, kept)


class FileAccessError(ReplayDisputesError):
    exit_code = 4

    def __init__(self, path: Path, doing: str, cause: str, kept: str = "") -> None:
        self.path, self.doing, self.cause, self.kept = path, doing, cause, kept
        super().__init__(f"{path}: cannot {doing}: {cause}.{' ' + kept if kept else ''}")

    def keeping(self, kept: str) -> FileAccessError:
        """The same, with the words that say where the capture is kept."""
        return FileAccessError(self.path, self.doing, self.cause, kept)


class PortInUseError(ReplayDisputesError):
    exit_code = 4

    def __init__(self, host: str, port: int, cause: str) -> None:
        self.host, self.port = host, port
        super().__init__(f"cannot listen on {host}:{port}: {cause}. Choose another with --port.")


# --- findings ----------------------------------------------------------------------------------------------


class CassetteFormatError(ReplayDisputesError):
    """A file that is not a cassette we can play. `line` counts from 1; None where the fault has no line."""

    def __init__(self, path: Path, line: int | None, expected: str, got: str) -> None:
        self.path, self.line, self.expected, self.got = path, line, expected, got
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{where}: expected {expected}, got {got}. The file was left as it is.")


class LeakLike(Protocol):
    """What an error needs to know of a leak: its kind and where it stands, never its value."""

    @property
    def kind(self) -> str: ...
    @property
    def line(self) -> int: ...


class LeakFoundError(ReplayDisputesError):
    def __init__(self, path: Path, leaks: Sequence[LeakLike], quarantined: Path | None = None) -> None:
        self.path, self.leaks, self.quarantined = path, tuple(leaks), quarantined
        first = self.leaks[0]
        kept = (
            f" The capture is kept in {quarantined}: name a rule in [tool.replaydisputes] and run "
            f"`replaydisputes recover`."
            if quarantined
            else ""
        )
        super().__init__(
            f"{path} not written: {len(self.leaks)} leak(s), first at line {first.line}: {first.kind}.{kept}"
        )


class LivemodeError(ReplayDisputesError):
    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(
            f"{where} says livemode: true; this tool works in test mode only, so nothing was written. "
            f"Check which account and key produced it."
        )


class UnexpectedAnswerError(ReplayDisputesError):
    """The other side answered something the scenario cannot go on from."""

    def __init__(self, scenario: str, call: str, expected: str, got: str, kept: str = "") -> None:
        self.scenario, self.call, self.expected, self.kept = scenario, call, expected, kept
        self.got = got = in_one_line(got)
        super().__init__(f"{scenario}: {call}: expected {expected}, got {got}.{' ' + kept if kept else ''}")


class MismatchError(ReplayDisputesError):
    """A request that no recording answers. The message is the whole report, meant to be read."""

    def __init__(self, report: str, method: str, url: str) -> None:
        self.report, self.method, self.url = report, method, url
        super().__init__(report)


class NetworkBlockedError(ReplayDisputesError):
    """Something tried to open a connection past the interception while a cassette was active."""

    def __init__(self, operation: str, address: str) -> None:
        self.operation, self.address = operation, address
        super().__init__(
            f"{operation} {address} refused: a cassette is active here and a replay never touches the network. "
            f"Loopback addresses and Unix sockets stay open; allow_hosts, or replaydisputes_allow_hosts in pytest's "
            f"configuration, opens a host."
        )


class NoCassetteHereError(ReplayDisputesError):
    """A host of Stripe was asked for in a test without a cassette, and replaydisputes_block_network forbids it."""

    def __init__(self, operation: str, address: str) -> None:
        self.operation, self.address = operation, address
        super().__init__(
            f"{operation} {address} refused: no dispute cassette is active here, and replaydisputes_block_network "
            f"keeps tests without one from Stripe. "
            f'Mark the test with @pytest.mark.replaydisputes("close-lost"), or with another name that '
            f"`replaydisputes list` shows, or with a name of your own, to record it with "
            f"--replaydisputes-record=missing. In a fixture of a wider scope than the test, "
            f"use `with replaydisputes.replay(…)`."
        )


class ReplayEndedError(NetworkBlockedError):
    """A thread, task or process asked for something after the end of the replay in which it began. `names`: of it."""

    def __init__(self, names: Sequence[str], operation: str, address: str) -> None:
        super().__init__(operation, address)
        self.names = tuple(names)
        _say(
            self,
            f"the replay{_of(names)} in which this thread or task began has ended. It answers nothing more, no later "
            f"replay takes its place, and nothing is sent. Let the thread or task end before its replay does. "
            f"If it is to serve several replays, start it in none: contextvars.Context().run(thread.start).",
        )


class OtherProcessError(NetworkBlockedError):
    """A process that was started in a replay asked for something. `names`: of the replay."""

    def __init__(self, names: Sequence[str], operation: str, address: str) -> None:
        super().__init__(operation, address)
        self.names = tuple(names)
        _say(
            self,
            f"this process was started in the replay{_of(names)}, whose history is in the parent process. Make the "
            f"request there, or in a thread; or begin a replay in this process: `with replaydisputes.replay(…)`.",
        )


class OutsideReplayError(NetworkBlockedError):
    """Stripe was asked for in a thread that has no replay while another one has. `names`: of the replays."""

    def __init__(self, names: Sequence[str], operation: str, address: str) -> None:
        super().__init__(operation, address)
        self.names = tuple(names)
        _say(
            self,
            f"a replay{_of(names)} is active in this process, but this thread or context began outside it. To include "
            f"it, use replay(…, everywhere=True), as the pytest marker does; or start it within the replay.",
        )


def _of(names: Sequence[str]) -> str:
    return f" of {', '.join(map(repr, names))}" if names else ""


def _say(error: NetworkBlockedError, why: str) -> None:
    error.args = (without_keys(f"{error.operation} {error.address} refused: {why}"),)


class NestedReplayError(ReplayDisputesError):
    """Two replays, one inside the other, have the same dispute id, and the code used both."""

    exit_code = 2

    def __init__(self, outer: Sequence[str], inner: Sequence[str], dispute_id: str) -> None:
        self.outer, self.inner, self.dispute_id = tuple(outer), tuple(inner), dispute_id
        super().__init__(
            f"the replay{_of(inner)} inside the replay{_of(outer)}: both call their dispute {dispute_id}, and what was "
            f"done in one is not known in the other. Name all in one replay({', '.join(map(repr, (*outer, *inner)))}), "
            f"where each has an id of its own: replay[name].dispute_id. Or end the one before the other begins."
        )


class UnplayedError(ReplayDisputesError):
    """Recordings were left over at the end of a replay with unplayed="fail". The message says which."""

    def __init__(self, report: str) -> None:
        self.report = report
        super().__init__(report)


class EditedCassetteWarning(UserWarning):
    """The interactions differ from the digest written with them: somebody edited the file by hand."""


class UnplayedWarning(UserWarning):
    """Recordings were left over at the end of a replay with unplayed="warn"."""


class StripeVersionWarning(UserWarning):
    """The code asked for another Stripe-Version than the one the cassette was recorded at."""


class OldRecordingWarning(UserWarning):
    """A recording of Stripe is older than the suite's `max_age` allows."""

    def __init__(self, name: str, recorded_at: str, age_days: int, max_age: str) -> None:
        self.name, self.recorded_at, self.age_days, self.max_age = name, recorded_at, age_days, max_age
        super().__init__(
            f"cassette {name!r} was recorded from Stripe on {recorded_at[:10]}, {age_days} days ago; max_age allows "
            f"{max_age}. `replaydisputes refresh {name}` records it again and tells what changed; with --redate it "
            f"also gives an unchanged one today's date."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return restored, (type(self), self.args, vars(self))
