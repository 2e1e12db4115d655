"""From a raw capture to a cassette on disk: redact, play it against itself, check, write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from replaydisputes.cassette_file import WriteOutcome, serialize, write
from replaydisputes.errors import LeakFoundError
from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import Cassette, Interaction, MadeAgainst, Provenance
from replaydisputes.recording.known_limits import limits_met
from replaydisputes.recording.own_replay import NotReplayableError, unanswered_calls
from replaydisputes.redaction import DEFAULT_POLICY, Policy, Redacted, redact
from replaydisputes.stripe_api.facts import API_ORIGIN, API_VERSION, SANDBOX_HEADER

IsWanted = Callable[[Cassette], bool]
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\.[a-z]+)?")


@dataclass(frozen=True, slots=True)
class RawCapture:
    """What a recording captured. `everything` includes setup calls; `kept` is what the cassette will hold.

    keys: the API keys used, which the gate looks for by value.
    """

    scenario: str
    api_base: str
    everything: tuple[Interaction, ...]
    kept: tuple[Interaction, ...]
    quarantined: Path | None
    recorded_at: str
    keys: tuple[str, ...] = ()
    policy: Policy = DEFAULT_POLICY


@dataclass(frozen=True, slots=True)
class Recorded:
    """One finished recording: its cassette, what redaction did, and whether the file changed.

    limits: what a replay of it cannot tell apart, in sentences.
    """

    path: Path
    cassette: Cassette
    redacted: Redacted
    outcome: WriteOutcome

    @property
    def limits(self) -> tuple[str, ...]:
        return limits_met(self.cassette.interactions)


def publish(capture: RawCapture, path: Path, is_wanted: IsWanted | None = None) -> Recorded:
    """Redact a capture and write it through the gate, if it answers its own calls.

    Raises NotReplayableError where it does not, and LeakFoundError on a finding; both name the quarantine.

    is_wanted: asked, once the gate is content, whether the cassette takes the place of the file that is there;
    without it, it does unless that says the same.
    """
    redacted = redact(capture.kept, capture.policy)
    cassette = _cassette(capture, redacted)
    _check_own_replay(capture, redacted, cassette, path)
    if is_wanted is not None:
        _, leaks = leaks_of(capture)
        if leaks:
            raise LeakFoundError(path, leaks, capture.quarantined)
        if not is_wanted(cassette):
            return Recorded(path, cassette, redacted, WriteOutcome.UNCHANGED)
    try:
        outcome = write(path, cassette, _known(capture), redate=is_wanted is not None)
    except LeakFoundError as error:
        raise LeakFoundError(error.path, error.leaks, capture.quarantined) from error
    return Recorded(path, cassette, redacted, outcome)


def _check_own_replay(capture: RawCapture, redacted: Redacted, cassette: Cassette, path: Path) -> None:
    kept = {id(call) for call in capture.kept}
    setup = [call for call in capture.everything if id(call) not in kept]
    calls = unanswered_calls(capture.kept, setup, cassette, redacted.stand_ins)
    if calls:
        raise NotReplayableError(path, calls, len(capture.kept), capture.quarantined)


def leaks_of(capture: RawCapture) -> tuple[bytes, list[Leak]]:
    """The bytes that publishing would write, and what the gate finds in them; nothing is written."""
    content = serialize(_cassette(capture, redact(capture.kept, capture.policy)))
    return content, find_leaks(content, _known(capture))


def _cassette(capture: RawCapture, redacted: Redacted) -> Cassette:
    provenance = Provenance(
        made_against=_made_against(capture),
        scenario=capture.scenario,
        stripe_version=_stripe_version(capture),
        tool_version=version("replaydisputes"),
        recorded_at=capture.recorded_at,
    )
    return Cassette(redacted.interactions, provenance)


def _stripe_version(capture: RawCapture) -> str:
    """The version that the recorded answers were made at; code under test may leave it to the account's default."""
    said = (part.header("Stripe-Version") for call in capture.kept for part in (call.response, call.request))
    return next((version for version in said if version and _VERSION.fullmatch(version)), API_VERSION)


def _known(capture: RawCapture) -> KnownSecrets:
    return KnownSecrets.collect(capture.everything, keys=capture.keys)


def _made_against(capture: RawCapture) -> MadeAgainst:
    """Only Stripe's own address, answering without the sandbox's mark, may be called Stripe."""
    if any(interaction.response.header(SANDBOX_HEADER) for interaction in capture.everything):
        return "sandbox"
    return "stripe-test-mode" if capture.api_base == API_ORIGIN else "imported"
