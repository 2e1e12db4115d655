"""One foreign file after the other: read, keep what is Stripe's, redact, write through the gate, say what was done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from replaydisputes.cassette_file import WriteOutcome, parse, write
from replaydisputes.cassette_file.loading import read_bytes
from replaydisputes.errors import FileAccessError, FileLockedError, LeakFoundError, ReplayDisputesError
from replaydisputes.importing.calls import STRIPE_HOSTS
from replaydisputes.importing.recording import Recording, parse_recording
from replaydisputes.importing.refusal import why_refused
from replaydisputes.importing.sources import Plan, Source
from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import UNDATED, Cassette, Interaction, MadeAgainst, Provenance, Request
from replaydisputes.redaction import DEFAULT_POLICY, Policy, Redacted, Redaction
from replaydisputes.stripe_api.facts import API_HOST, SANDBOX_HEADER
from replaydisputes.stripe_api.keys import key_mode

_STAND_IN = re.compile(
    rb"example\.invalid|replaydisp|redacted|idempotency-key-|\bkey_[0-9]|host-[0-9]|192\.0\.2\.|2001:db8|1555555"
)
_WHOLE = re.compile(rb"\[redacted [0-9]+\]")
_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]+)?")
_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]+")
_PLAIN_SCENARIO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{0,120}")
_LONGEST_SCENARIO = 120
_IN_A_NAME = ("API key", "Stripe id", "Stripe account id", "request id", "client secret", "webhook secret")

Outcome = Literal["written", "unchanged", "skipped", "refused"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. kept: interactions. replaced: distinct values by kind. dropped_calls: by reason.

    replaced_whole: answers whose body could not be read (HTML, an unknown encoding), so nothing of it is left.
    keys: API keys in clear in the original, by mode (`live`, `test`). problem: why it was refused or skipped, in one
    line without anything from the file. exit_code: 0, 3 or 4. overwrote: an older cassette that held something else.
    doubt: why the calls may be in another order than they were made in.
    """

    path: Path
    target: Path
    outcome: Outcome
    format: str = ""
    kept: int = 0
    replaced: Mapping[str, int] = field(default_factory=dict)
    replaced_whole: int = 0
    dropped_calls: Mapping[str, int] = field(default_factory=dict)
    dropped_fields: int = 0
    keys: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    exit_code: int = 0
    overwrote: bool = False
    doubt: str = ""


class RefusedFileError(ReplayDisputesError):
    """The leak gate refused what was made of a file. The message names the file read, its line, field and reason."""

    def __init__(self, source: Path, line: int | None, why: str, leaks: Sequence[Leak]) -> None:
        self.path, self.line, self.leaks = source, line, tuple(leaks)
        at = f":{line}" if line else ""
        super().__init__(f"{source}{at}: refused, nothing was written for it: {why}")


class RefusedNameError(ReplayDisputesError):
    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind = path, kind
        super().__init__(f"{path}: its own name holds a secret ({kind}): rename it. The file was left as it is.")


class TargetTakenError(ReplayDisputesError):
    def __init__(self, source: Path, target: Path) -> None:
        self.path, self.target = source, target
        super().__init__(f"{source}: {target} exists and was not made by replaydisputes, so it is not replaced.")


class Importer:
    """One run with one memory: the same person or id has the same stand-in in every file of it."""

    def __init__(self, policy: Policy = DEFAULT_POLICY, *, all_hosts: bool = False) -> None:
        self._redaction = Redaction(policy, other_hosts=all_hosts)
        self._all_hosts = all_hosts

    def run(self, plan: Plan) -> Iterator[FileReport]:
        """Each file in turn; one that is refused keeps no other from being done. Holds one file at a time."""
        for source in plan.sources:
            self._reserve(source)
        for source in plan.sources:
            yield self._report(source)

    def _reserve(self, source: Source) -> None:
        """Stand-ins already in a later file may not be given to somebody of an earlier one."""
        if source.problem:
            return
        try:
            content = read_bytes(source.path)
            if _STAND_IN.search(content):
                self._redaction.reserve(call.interaction for call in parse_recording(content, source.path).calls)
        except ReplayDisputesError:
            return

    def _report(self, source: Source) -> FileReport:
        if source.problem:
            problem = f"{source.path}: {source.problem}. The file was left as it is."
            return FileReport(source.path, source.target, "refused", problem=problem, exit_code=3)
        try:
            return self._import(source)
        except ReplayDisputesError as error:
            ours = isinstance(error, FileAccessError | FileLockedError) and error.path == source.target
            said = str(error) if str(source.path) in str(error) else f"{source.path}: {error}"
            return FileReport(source.path, source.target, "refused", problem=said, exit_code=4 if ours else 3)

    def _import(self, source: Source) -> FileReport:
        recording = parse_recording(read_bytes(source.path), source.path)
        raw = [call.interaction for call in recording.calls]
        kept = [interaction for interaction in raw if self._is_kept(interaction)]
        reasons = {
            "other hosts": len(raw) - len(kept),
            "other hosts, unreadable": recording.unreadable,
            "no answer": recording.unanswered,
        }
        dropped = {reason: count for reason, count in reasons.items() if count}
        if not kept:
            problem = f"{source.path}: holds no call to Stripe, so nothing was written for it."
            return FileReport(
                source.path, source.target, "skipped", recording.format, problem=problem, dropped_calls=dropped
            )
        known = KnownSecrets.collect(kept)
        _refuse_name(source, known)
        redacted = self._redact(kept)
        cassette = Cassette(redacted.interactions, _provenance(source, recording, redacted.interactions, known))
        _refuse_foreign(source)
        was_there = source.target.exists()
        begins = [call.line for call in recording.calls if self._is_kept(call.interaction)]
        outcome = self._written(source, cassette, known, begins)
        return FileReport(
            source.path,
            source.target,
            "written" if outcome == "written" else "unchanged",
            recording.format,
            kept=len(kept),
            replaced=redacted.replaced,
            replaced_whole=_replaced_whole(kept, redacted.interactions),
            dropped_calls=dropped,
            dropped_fields=redacted.dropped,
            keys=_keys_in_clear(known),
            overwrote=was_there and outcome == "written",
            doubt=recording.doubt,
        )

    def _written(self, source: Source, cassette: Cassette, known: KnownSecrets, begins: Sequence[int]) -> WriteOutcome:
        """Write the cassette. Raises RefusedFileError, which names the line, field and reason in the file read.

        begins: the line of the file read at which each call begins.
        """
        try:
            return write(source.target, cassette, known)
        except LeakFoundError as error:
            leaks = [leak for leak in error.leaks if isinstance(leak, Leak)]
            number, why = why_refused(cassette.interactions, known, leaks[0])
            raise RefusedFileError(source.path, None if number is None else begins[number], why, leaks) from None

    def _is_kept(self, interaction: Interaction) -> bool:
        return self._all_hosts or _host(interaction) in STRIPE_HOSTS

    def _redact(self, raw: Sequence[Interaction]) -> Redacted:
        """Redacted, with each of Stripe's hosts kept as it is: the redactor knows only that of the API."""
        redacted = self._redaction.redact([_moved(one, API_HOST) if _host(one) in STRIPE_HOSTS else one for one in raw])
        back = tuple(
            _moved(done, _host(one)) if _host(one) in STRIPE_HOSTS else done
            for one, done in zip(raw, redacted.interactions, strict=True)
        )
        return Redacted(back, redacted.replaced, redacted.dropped)


def _host(interaction: Interaction) -> str:
    return (urlsplit(interaction.request.url).hostname or "").rstrip(".")


def _moved(interaction: Interaction, host: str) -> Interaction:
    request = interaction.request
    _, _, path, query, _ = urlsplit(request.url)
    url = urlunsplit(("https", host, path, query, ""))
    return Interaction(Request(request.method, url, request.headers, request.body), interaction.response)


def _refuse_name(source: Source, known: KnownSecrets) -> None:
    """The output is published under its name, so a name is held to the same rules; plain words in it are no leak."""
    name = str(source.name)
    kinds = [kind for kind, value in known.values if kind in _IN_A_NAME and value in name]
    kinds += [leak.kind for leak in find_leaks(name.encode("utf-8", "replace"))]
    if kinds:
        raise RefusedNameError(source.path, min(kinds))


def _refuse_foreign(source: Source) -> None:
    if source.target.exists() and parse(read_bytes(source.target), source.target).provenance is None:
        raise TargetTakenError(source.path, source.target)


def _provenance(
    source: Source, recording: Recording, interactions: Sequence[Interaction], known: KnownSecrets
) -> Provenance:
    return Provenance(
        made_against=_made_against(interactions),
        scenario=_scenario(source, recording, known),
        stripe_version=_stripe_version(interactions),
        tool_version=version("replaydisputes"),
        recorded_at=recording.recorded_at or UNDATED,
    )


def _scenario(source: Source, recording: Recording, known: KnownSecrets) -> str:
    """The name that a cassette of ours already has, else the file's path as far as a provenance may hold it.

    A first run can keep a name out because it is a value of the recording; a second run cannot see that any more, so
    it keeps the name it finds.
    """
    named = recording.scenario
    if not _PLAIN_SCENARIO.fullmatch(named):
        named = _UNSAFE.sub("-", str(source.name.with_suffix(""))).lstrip("._/-")
    if len(named) > _LONGEST_SCENARIO:
        named = named[-_LONGEST_SCENARIO:].lstrip("._/-")
    return "imported" if not named or find_leaks(named.encode(), known) else named


def _made_against(interactions: Sequence[Interaction]) -> MadeAgainst:
    """What the sandbox marked as its own stays the sandbox's; nobody verified where anything else came from."""
    return "sandbox" if any(one.response.header(SANDBOX_HEADER) for one in interactions) else "imported"


def _stripe_version(interactions: Sequence[Interaction]) -> str:
    for interaction in interactions:
        for message in (interaction.response, interaction.request):
            spelled = message.header("stripe-version") or ""
            if _VERSION.fullmatch(spelled):
                return spelled
    return "unknown"


def _keys_in_clear(known: KnownSecrets) -> dict[str, int]:
    """Distinct API keys by mode: whoever has the original has them, whatever becomes of the copy."""
    modes = Counter(key_mode(value) for kind, value in known.values if kind == "API key")
    return {mode: modes[mode] for mode in ("live", "test") if modes[mode]}


def _replaced_whole(raw: Sequence[Interaction], done: Sequence[Interaction]) -> int:
    return sum(
        _WHOLE.fullmatch(after.response.body) is not None and before.response.body != after.response.body
        for before, after in zip(raw, done, strict=True)
    )
