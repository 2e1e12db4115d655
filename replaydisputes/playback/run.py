"""One of many runs of the same answerer, with the faults asked for; its state can travel between processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from replaydisputes.errors import ReplayDisputesError, nearest
from replaydisputes.model import Answerer, Request, Response
from replaydisputes.playback.faults import Fault, FaultOptionError, Faults
from replaydisputes.playback.matching import reduced
from replaydisputes.playback.player import Player
from replaydisputes.playback.several import Several
from replaydisputes.playback.showing import shown_request

MOST_FAULTS = 100
_FORMAT = 3
_DIGEST_BYTES = 32


class StateRefusedError(ReplayDisputesError):
    """A state that cannot be gone on from."""

    exit_code = 2

    def __init__(self, problem: str) -> None:
        super().__init__(f"the state of a session was refused: {problem}. All servers must serve the same cassettes.")


class Run:
    """An Answerer for one session. `state` and `resume` carry it on elsewhere, if a cassette answers."""

    def __init__(self, answerer: Answerer) -> None:
        """answerer: a player or several, made by `afresh`; anything else answers, and has no state to carry on."""
        self._answerer = answerer
        self._played = answerer if isinstance(answerer, Player | Several) else None
        self._faults = Faults(answerer, self._moment_s, is_lean=True)

    @property
    def revision(self) -> tuple[int, int]:
        """Changes whenever `state` does."""
        return (self._played.revision if self._played else 0), self._faults.revision

    @property
    def has_planned_faults(self) -> bool:
        """Whether `answer` may raise TransportFault."""
        return self._faults.planned > 0

    def answer(self, request: Request) -> Response:
        return self._faults.answer(request)

    def fail(self, kind: str, request: Request) -> Response:
        """Fail this very request. Raises TransportFault, or FaultOptionError for an unknown kind."""
        return self._faults.fail(Fault(kind), request)  # type: ignore[arg-type] # Fault checks the word

    def fail_next(self, wish: Mapping[str, Any]) -> None:
        """Plan a fault by its fields, as `Replay.fail_next` has them. Raises FaultOptionError."""
        known = [field.name for field in fields(Fault)]
        unknown = next((name for name in wish if name not in known), None)
        if unknown is not None:
            raise FaultOptionError(f"a fault has no {unknown[:40]!r}; {nearest(unknown[:40], known)}")
        if "kind" not in wish:
            raise FaultOptionError('a fault needs a kind, such as {"kind": "server-error"}')
        if self._faults.planned >= MOST_FAULTS:
            raise FaultOptionError(f"{MOST_FAULTS} faults wait already: raise `times` of one, or reset the session")
        self._faults.plan(Fault(**wish))

    def shown(self, request: Request) -> str:
        """A request in one line without keys or people."""
        return shown_request(reduced(request).asked)

    def state(self, *, is_sealed: bool = True) -> bytes:
        """All that the next answers depend on, as compact JSON behind its digest. Raises StateRefusedError.

        is_sealed: whether nobody can read it where it is kept; else it holds nothing of what the suite sent.
        """
        if self._played is None:
            raise StateRefusedError("this answerer has none to give")
        told = [_FORMAT, self._played.fingerprint, self._played.state(keeps_bound=is_sealed), self._faults.state()]
        return _signed(json.dumps(told, separators=(",", ":")).encode())

    def resume(self, state: bytes) -> None:
        """Go on from the state of another run of the same cassettes. Raises StateRefusedError for any other."""
        if self._played is None:
            raise StateRefusedError("this answerer takes none")
        text = state[_DIGEST_BYTES:]
        if _signed(text) != state:
            raise StateRefusedError("it is not ours")
        try:
            form, fingerprint, played, faults = json.loads(text)
            if (form, fingerprint) != (_FORMAT, self._played.fingerprint):
                raise StateRefusedError("it is of other cassettes, or of another version of this tool")
            self._played.resume(played)
            self._faults.resume(faults)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise StateRefusedError("it is not ours") from error

    def _moment_s(self) -> int | None:
        return self._played.moment_s if self._played else None


def _signed(text: bytes) -> bytes:
    """A state behind its digest: what another program wrote, or half of it, is not taken for a state."""
    return hashlib.sha256(b"replaydisputes state\n" + text).digest() + text


def runs_of(
    answerer: Player | Several, now_s: Callable[[], int | None] = lambda: None, *, moves_times: bool = True
) -> Callable[[], Run]:
    """Makes a new run each time it is called. now_s: the unix second at which a run begins; None: unknown.

    moves_times: the recording begins at that second too; else its answers have the recorded times.
    answerer: must not answer itself, as every run shares what of it does not change.
    """

    def start() -> Run:
        begins_at_s = now_s()
        return Run(answerer.afresh(begins_at_s if moves_times else None, begins_at_s))

    return start
