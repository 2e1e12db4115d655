"""A cassette that is being recorded, in the place of a player: what it tells is raw, and real."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from replaydisputes.errors import OtherProcessError, ReplayDisputesError
from replaydisputes.library import Library
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Played
from replaydisputes.recording.from_test import Mode, Plan, Take, Wanted, plan_for, taking
from replaydisputes.settings import redaction_policy


class SeveralToRecordError(ReplayDisputesError):
    """A use of several cassettes that would have to be recorded: whose is a call that has no dispute id yet?"""

    exit_code = 2

    def __init__(self, names: Sequence[str], missing: Sequence[str]) -> None:
        self.names, self.missing = tuple(names), tuple(missing)
        wanted = f"missing: {', '.join(missing)}" if missing else "all are to be recorded anew"
        super().__init__(
            f"several cassettes in one place cannot be recorded ({wanted}), as nothing says which of "
            f"{', '.join(names)} a call belongs to; nothing was sent. Record each from a test with it alone, or a "
            f"scenario with `replaydisputes record`; then replay them together without recording."
        )


class Underway:
    """An Answerer and what a `Player` tells of itself, told of a recording."""

    moment_s: int | None = None

    def __init__(self, take: Take) -> None:
        self.name, self._take, self._process = take.wanted.name, take, os.getpid()

    @property
    def cassette(self) -> Cassette:
        """What has been captured so far, secrets and all."""
        return Cassette(tuple(interaction for _, interaction in self._take.exchanged))

    @property
    def dispute_id(self) -> str:
        """The real id of a dispute in test mode, made when this is first asked for."""
        return self._take.dispute_id

    @property
    def played(self) -> tuple[Played, ...]:
        return tuple(Played(index, *pair) for index, pair in enumerate(self._take.exchanged))

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        return ()

    def unplayed_report(self) -> str:
        return ""

    def answers_about(self, dispute: str) -> Sequence[Response]:
        return [interaction.response for _, interaction in self._take.exchanged]

    def answer(self, request: Request) -> Response:
        if os.getpid() != self._process:
            raise OtherProcessError((self.name,), request.method, request.url.partition("?")[0])
        return self._take.answer(request)

    def __repr__(self) -> str:
        dispute = f", dispute {self._take.known_dispute_id}" if self._take.known_dispute_id else ""
        return f"<{self.name!r}: being recorded, {len(self._take.exchanged)} calls so far{dispute}>"


@contextmanager
def underway(
    record: Mode | Plan, library: Library, names: Sequence[str], payment_method: str | None
) -> Iterator[Underway | None]:
    """What records, for as long as the block runs; None where what is named is to be replayed.

    Raises SeveralToRecordError, and what `plan_for` and `taking` raise.
    """
    plan = record if isinstance(record, Plan) else _plan(record)
    missing = [name for name in names if not library.has(name)]
    if len(names) > 1 and (missing or plan.mode == "all"):
        raise SeveralToRecordError(names, missing)
    if not missing and plan.mode != "all":
        yield None
        return
    name = names[0]
    wanted = Wanted(name, library.place_for(name), plan.target, payment_method, plan.policy)
    with taking(plan, wanted, lambda: library.has(name)) as take:
        yield None if take is None else Underway(take)


def _plan(mode: Mode) -> Plan:
    return plan_for(mode, os.environ, None, redaction_policy(Path.cwd()))
