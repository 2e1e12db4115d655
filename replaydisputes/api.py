"""`replay()`: cassettes in place of the network, for the code inside a with block, a decorated function or class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from replaydisputes.decorating import Replaying
from replaydisputes.errors import (
    NoCassetteError,
    ReplayDisputesError,
    StripeVersionWarning,
    UnplayedError,
    UnplayedWarning,
)
from replaydisputes.interception import Route, answering
from replaydisputes.library import Library
from replaydisputes.model import Cassette, Interaction
from replaydisputes.playback import OnExhausted, OnVersion, PlaybackOptionError, Played, Player, Several, set_apart

DEFAULT_DIRECTORIES = ("cassettes", "tests/cassettes")

OnUnplayed = Literal["fail", "warn", "ignore"]


class Playing:
    """A cassette that is being replayed: the dispute it is about, and what has been played of it."""

    def __init__(self, player: Player) -> None:
        self._player = player

    @property
    def name(self) -> str:
        return self._player.name

    @property
    def cassette(self) -> Cassette:
        return self._player.cassette

    @property
    def dispute_id(self) -> str:
        """The id under which the cassette's dispute is to be used in calls; empty where there is none.

        The canonical id, or, beside other cassettes, one of its own. Under `any_dispute` every other id will do.
        """
        return self._player.dispute_id

    @property
    def played(self) -> tuple[Played, ...]:
        """Each answered request with the interaction that answered it, in order."""
        return self._player.played

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The recordings that nothing has asked for yet, in order."""
        return self._player.unplayed

    def __repr__(self) -> str:
        done = len(self.cassette.interactions) - len(self.unplayed)
        dispute = f", dispute {self.dispute_id}" if self.dispute_id else ""
        return f"<{self.name!r}: {done} of {len(self.cassette.interactions)} recordings played{dispute}>"


class Replay(Playing):
    """A running replay. Of several cassettes it speaks of the first; `replay["close-inquiry"]` is another."""

    def __init__(self, players: Sequence[Player], together: Player | Several, route: Route) -> None:
        super().__init__(players[0])
        self.cassettes = tuple(Playing(player) for player in players)
        self._together, self._route = together, route
        self._reported = 0

    def __getitem__(self, which: str | int) -> Playing:
        """The cassette of a name, the first where it was named twice; or the one at a position, from 0."""
        try:
            return self.cassettes[which] if isinstance(which, int) else self._named(which)
        except (IndexError, StopIteration):
            raise KeyError(f"{which!r} is not being replayed; {self!r}") from None

    def _named(self, name: str) -> Playing:
        return next(playing for playing in self.cassettes if playing.name == name)

    @property
    def played(self) -> tuple[Played, ...]:
        """Each answered request with the interaction that answered it, in order, of all cassettes."""
        return self._together.played

    @property
    def refused(self) -> tuple[ReplayDisputesError, ...]:
        """Each mismatch and each connection that was refused, whether or not the code under test swallowed it."""
        return tuple(self._route.refused)

    def unreported(self) -> ReplayDisputesError | None:
        """The first refusal since the last time this was asked; None where there was none."""
        refused, self._reported = self.refused[self._reported :], len(self._route.refused)
        return refused[0] if refused else None

    def raise_unreported(self) -> None:
        """Raise the first refusal that nobody has been told of."""
        refusal = self.unreported()
        if refusal is not None:
            raise refusal

    def note_on(self, error: BaseException) -> None:
        """Add the first refusal not yet reported to an error that does not tell of it already, as its cause does."""
        refusal = self.unreported()
        told: BaseException | None = error
        while told is not None and told is not refusal:
            told = told.__cause__ or told.__context__
        if refusal is not None and told is None:
            error.add_note(str(refusal))

    def settle(self, unplayed: OnUnplayed, warn: Callable[[Warning], object]) -> None:
        """Raise the first refusal not yet reported; else UnplayedError, or warn, where recordings are left over."""
        self.raise_unreported()
        report = "" if unplayed == "ignore" else self.unplayed_report()
        if report and unplayed == "fail":
            raise UnplayedError(report)
        if report:
            warn(UnplayedWarning(report))

    def unplayed_report(self) -> str:
        """Which recordings nothing asked for, of each cassette, and what to do; empty where all were played."""
        reports = [playing._player.unplayed_report() for playing in self.cassettes]
        return "\n\n".join(report for report in reports if report)

    def __repr__(self) -> str:
        cassettes = " ".join(map(repr, self.cassettes))
        return f"<Replay of {cassettes}; {len(self.refused)} refused>"


def replay(  # noqa: PLR0913 - the one public call; all but the names are keywords with a default
    *names: str,
    cassettes: str | Path | Sequence[str | Path] = DEFAULT_DIRECTORIES,
    allow_hosts: Collection[str] = (),
    everywhere: bool = False,
    any_dispute: bool = False,
    on_exhausted: OnExhausted = "fail",
    stripe_version: OnVersion = "warn",
    unplayed: OnUnplayed = "ignore",
) -> Replaying[Replay]:
    """Answer every HTTP request made inside from the cassettes named; nothing reaches the network.

    names: cassettes, looked for in `cassettes` and then among the shipped ones, or paths of files. Of several, each
    has a dispute id of its own, which `replay[name].dispute_id` tells; a request without one goes to the first.
    allow_hosts: hosts other than loopback that stay reachable, such as a database. everywhere: hold for the whole
    process instead of this context alone (one at a time; the pytest plugin does so).
    any_dispute: the first cassette answers for whatever dispute id the code uses, each with a history of its own.
    on_exhausted: `repeat` gives a write's last answer again. stripe_version: `fail` or `ignore` where the code asks
    for another version than the recording's. unplayed: `fail` or `warn` where a recording is left over at the end.
    Raises MismatchError or NetworkBlockedError at the end where one was swallowed inside, UnplayedError;
    UnknownCassetteError, CassetteFormatError and PlaybackOptionError before anything is replaced.
    """

    if not names or not all(isinstance(name, str) for name in names):
        raise NoCassetteError(names)
    check_unplayed(unplayed)
    directories = [cassettes] if isinstance(cassettes, str | Path) else cassettes
    library = Library([Path(directory) for directory in directories])
    options = _Options(any_dispute, on_exhausted, stripe_version)
    return Replaying(
        lambda: _running(_players(library, names, options), unplayed, everywhere=everywhere, allow_hosts=allow_hosts)
    )


def check_unplayed(word: object) -> None:
    """Raises PlaybackOptionError for a word that `unplayed` does not know."""
    if word not in get_args(OnUnplayed):
        raise PlaybackOptionError("unplayed", word, get_args(OnUnplayed))


class _Options(NamedTuple):
    """What a player is asked for beyond its cassette."""

    any_dispute: bool
    on_exhausted: OnExhausted
    stripe_version: OnVersion


def _players(library: Library, names: Sequence[str], options: _Options) -> list[Player]:
    return [
        Player(
            library.load(name),
            name,
            any_dispute=options.any_dispute and not beside,
            on_exhausted=options.on_exhausted,
            stripe_version=options.stripe_version,
            on_version=_warn_version,
            beside=beside,
        )
        for name, beside in zip(names, set_apart(names), strict=True)
    ]


@contextmanager
def _running(
    players: Sequence[Player], unplayed: OnUnplayed, *, everywhere: bool, allow_hosts: Collection[str]
) -> Iterator[Replay]:
    answerer = players[0] if len(players) == 1 else Several(players)
    with answering(answerer, everywhere=everywhere, allow_hosts=allow_hosts) as route:
        running = Replay(players, answerer, route)
        try:
            yield running
        except BaseException as error:
            running.note_on(error)
            raise
    running.settle(unplayed, _warn)


def _warn(warning: Warning) -> None:
    warnings.warn(warning, stacklevel=6)  # where the with block stands


def _warn_version(asked: str, recorded: str) -> None:
    warnings.warn(
        f"the code asks for Stripe-Version {asked}, the cassette was recorded at {recorded}: "
        f"its answers have the recorded version's shape",
        StripeVersionWarning,
        stacklevel=2,
    )
