"""Holds each assumption against an origin: what the same calls are answered there and by the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from replaydisputes.errors import ReplayDisputesError, nearest
from replaydisputes.recording.surroundings import Target
from replaydisputes.sandbox import ASSUMPTIONS, Assumption
from replaydisputes.settling.asking import Ask, NotObservableError, Wire
from replaydisputes.settling.modelled import Modelled
from replaydisputes.settling.probes import NOT_OBSERVABLE, PROBES, Seen

Verdict = Literal["confirmed", "refuted", "not observable"]

_MODEL = Target("", "sk_test_modelled", "rk_test_without_dispute_write_0001")


class UnknownAssumptionError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"no assumption is called {name!r}; {nearest(name, tuple(ASSUMPTIONS))}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the sandbox answers to the calls that decide an assumption, and how much of its own a run makes for it."""

    assumption: Assumption
    seen: tuple[Seen, ...]
    payments: int = 0
    closes: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """The verdict on one assumption. seen: what was observed, as far as it got; reason: of what was not observable."""

    expected: Expected
    verdict: Verdict
    seen: tuple[Seen, ...] = ()
    reason: str = ""

    @property
    def apart(self) -> tuple[tuple[Seen, Seen], ...]:
        """Each observation that is not the sandbox's, with the sandbox's."""
        pairs = zip(self.seen, self.expected.seen, strict=False)
        return tuple((seen, assumed) for seen, assumed in pairs if seen != assumed)


def expected_of(names: Sequence[str]) -> list[Expected]:
    """The assumptions named, or all of the table, each asked of the sandbox. Raises UnknownAssumptionError."""
    for name in names:
        if name not in ASSUMPTIONS:
            raise UnknownAssumptionError(name)
    return [_expected(row) for row in ASSUMPTIONS.values() if not names or row.name in names]


def _expected(row: Assumption) -> Expected:
    if row.name in NOT_OBSERVABLE:
        return Expected(row, ())
    ask = Ask(Modelled(), _MODEL, lambda step: None)
    return Expected(row, tuple(PROBES[row.name](ask)), ask.payments, ask.closes)


def settle(chosen: Iterable[Expected], wire: Wire, target: Target, say: Callable[[str], None]) -> Iterator[Settled]:
    """Make each one's calls and judge it, one after the other.

    say: told each payment, and each close before it is sent; every dispute closed was made here. Raises
    UnreachableError and LivemodeError.
    """
    for expected in chosen:
        say(f"{expected.assumption.name}:")
        yield _settled(expected, Ask(wire, target, say))


def _settled(expected: Expected, ask: Ask) -> Settled:
    name = expected.assumption.name
    if name in NOT_OBSERVABLE:
        return Settled(expected, "not observable", reason=NOT_OBSERVABLE[name])
    seen: list[Seen] = []
    try:
        seen.extend(PROBES[name](ask))
    except NotObservableError as error:
        return Settled(expected, "not observable", tuple(seen), str(error))
    except (LookupError, TypeError, AttributeError) as error:
        reason = f"an answer was not of the form it has in Stripe's reference: {type(error).__name__} {error}"
        return Settled(expected, "not observable", tuple(seen), reason)
    return Settled(expected, "confirmed" if tuple(seen) == expected.seen else "refuted", tuple(seen))
