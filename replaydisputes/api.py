"""`replay()`: a cassette in place of the network, for the code inside a with block or a decorated function."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from replaydisputes.errors import ReplayDisputesError, StripeVersionWarning
from replaydisputes.interception import Route, answering
from replaydisputes.library import Library
from replaydisputes.model import Cassette
from replaydisputes.playback import OnExhausted, OnVersion, Played, Player

DEFAULT_DIRECTORIES = ("cassettes", "tests/cassettes")


class Replay:
    """What a running replay tells: its cassette, the dispute it is about, and what has been played."""

    def __init__(self, player: Player, route: Route) -> None:
        self._player, self._route = player, route
        self._reported = 0

    @property
    def name(self) -> str:
        return self._player.name

    @property
    def cassette(self) -> Cassette:
        return self._player.cassette

    @property
    def dispute_id(self) -> str:
        """The canonical id of the dispute in the cassette, to be used in calls; empty where there is none.

        Under `any_dispute` every other id will do as well.
        """
        return self._player.dispute_id

    @property
    def played(self) -> tuple[Played, ...]:
        """Each answered request with the interaction that answered it, in order."""
        return self._player.played

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

    def __repr__(self) -> str:
        return f"<Replay of {self.name!r}: {len(self.played)} played, {len(self.refused)} refused>"


@contextmanager
def replay(  # noqa: PLR0913 - the one public call; all but the name are keywords with a default
    name: str,
    *,
    cassettes: str | Path | Sequence[str | Path] = DEFAULT_DIRECTORIES,
    allow_hosts: Collection[str] = (),
    everywhere: bool = False,
    any_dispute: bool = False,
    on_exhausted: OnExhausted = "fail",
    stripe_version: OnVersion = "warn",
) -> Iterator[Replay]:
    """Answer every HTTP request made inside from one cassette; nothing reaches the network.

    name: a cassette's name, looked for in `cassettes` and then among the shipped ones, or the path of a file.
    allow_hosts: hosts other than loopback that stay reachable, such as a database. everywhere: hold for the whole
    process instead of this context alone (one at a time; the pytest plugin does so).
    any_dispute: answer for whatever dispute id the code uses, each with a history of its own. on_exhausted: `repeat`
    gives a write's last answer again. stripe_version: `fail` or `ignore` where the code asks for another version than
    the recording's. Raises MismatchError or NetworkBlockedError at the end where one was swallowed inside;
    UnknownCassetteError, CassetteFormatError and PlaybackOptionError before anything is replaced.
    """
    directories = [cassettes] if isinstance(cassettes, str | Path) else list(cassettes)
    player = Player(
        Library([Path(directory) for directory in directories]).load(name),
        name,
        any_dispute=any_dispute,
        on_exhausted=on_exhausted,
        stripe_version=stripe_version,
        on_version=_warn_version,
    )
    with answering(player, everywhere=everywhere, allow_hosts=allow_hosts) as route:
        running = Replay(player, route)
        try:
            yield running
        except BaseException as error:
            running.note_on(error)
            raise
    running.raise_unreported()


def _warn_version(asked: str, recorded: str) -> None:
    warnings.warn(
        f"the code asks for Stripe-Version {asked}, the cassette was recorded at {recorded}: "
        f"its answers have the recorded version's shape",
        StripeVersionWarning,
        stacklevel=2,
    )
