"""`recover`: what is in quarantine, why, and finishing or erasing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from replaydisputes.cli.keys import api_keys, key_option
from replaydisputes.cli.options import cassettes_option, scenario_files_option
from replaydisputes.cli.words import counted, say_recorded
from replaydisputes.errors import ReplayDisputesError, nearest

if TYPE_CHECKING:
    from replaydisputes.recording.publishing import RawCapture
    from replaydisputes.recording.quarantine import Quarantined
    from replaydisputes.recording.scenarios import Scenario


class UnrecoverableError(ReplayDisputesError):
    """A capture that cannot become a cassette as it is."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name}: {problem} `replaydisputes recover {name} --discard` erases it.")


@click.command("recover")
@click.argument("names", nargs=-1, metavar="[CAPTURE]...")
@cassettes_option
@scenario_files_option
@key_option
@click.option("--discard", is_flag=True, help="Erase the captures instead; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before erasing.")
def recover_command(  # noqa: PLR0913, PLR0917 - one parameter an option, given by name
    names: tuple[str, ...], directory: Path, files: tuple[Path, ...], profile: str | None, discard: bool, yes: bool
) -> None:
    """List the captures in quarantine, or finish writing the CAPTUREs named, with the rules of pyproject.toml.

    A capture comes here when the gate found a secret in its cassette, or the recorder was interrupted: a close
    cannot be made twice, so nothing captured is thrown away unasked. It is private to you and outside any repository.

    Where only reads after the last write are missing, and there is a test-mode key, they are made now; a write is not.

    Example: replaydisputes recover
    """
    from replaydisputes.recording.quarantine import quarantined  # noqa: PLC0415 - `--help` stays light

    captures = {capture.name: capture for capture in quarantined()}
    unknown = [name for name in names if name not in captures]
    if unknown:
        raise click.UsageError(f"no capture is called {unknown[0]!r}; {nearest(unknown[0], list(captures))}")
    chosen = [captures[name] for name in names] or list(captures.values())
    if discard:
        _discard(chosen, yes)
    elif names:
        for capture in chosen:
            _finish(capture, directory, files, profile)
    else:
        _tell(chosen)


def _tell(captures: list[Quarantined]) -> None:
    if not captures:
        click.echo("Nothing is in quarantine.")
    for capture in captures:
        click.echo(capture.name)
        click.echo(f"  {capture.scenario} from {capture.api_base}, {capture.started_at or 'time unknown'}")
        whose = "the scenario" if capture.cassette is None else f"the test that records {capture.cassette}"
        click.echo(f"  {counted(len(capture.for_cassette), 'call')} of {whose} answered; {_closes(capture)}")
        click.echo(f"  kept because: {capture.problem}")
        for finding in _findings(capture):
            click.echo(f"  the gate finds: {finding}")


def _findings(capture: Quarantined) -> list[str]:
    """What the gate finds with the rules as they are now, by kind and field, the value masked."""
    from replaydisputes.checking.places import Places  # noqa: PLC0415
    from replaydisputes.recording.publishing import leaks_of  # noqa: PLC0415

    content, leaks = leaks_of(_raw(capture))
    places = Places(content) if leaks else None
    return [f"{leak.kind} in {places.field_at(leak.line, leak.column)}: {leak.masked}" for leak in leaks if places]


def _closes(capture: Quarantined) -> str:
    return f"closes sent for: {', '.join(capture.sent_closes)}" if capture.sent_closes else "no close was sent"


def _finish(capture: Quarantined, directory: Path, files: tuple[Path, ...], profile: str | None) -> None:
    from replaydisputes.recording.publishing import publish  # noqa: PLC0415

    raw = _of_scenario(capture, files, profile) if capture.cassette is None else _raw(capture)
    if not raw.kept:
        raise UnrecoverableError(capture.name, "no call was answered, which makes no cassette.")
    made = publish(raw, capture.cassette or directory / f"{capture.scenario}.yaml")
    capture.path.unlink()
    say_recorded(made)


def _of_scenario(capture: Quarantined, files: tuple[Path, ...], profile: str | None) -> RawCapture:
    """The capture of a scenario's calls, whole; reads that are missing are made."""
    from replaydisputes.recording.scenarios import catalogue  # noqa: PLC0415

    scenario = catalogue(files).named(capture.scenario)
    problem = _incomplete(capture, scenario)
    return _read_on(capture, scenario, problem, profile) if problem else _raw(capture)


def _incomplete(capture: Quarantined, scenario: Scenario) -> str:
    """What keeps the capture, as it is, from being the scenario's; empty for nothing."""
    kept = capture.for_cassette
    broken = scenario.broken_promise(kept)
    if broken:
        return f"it is not what {scenario.name} promises: {broken}."
    if len(kept) < len(scenario.calls):
        return f"{len(kept)} of {len(scenario.calls)} calls were answered, which makes no cassette."
    return ""


def _read_on(capture: Quarantined, scenario: Scenario, problem: str, profile: str | None) -> RawCapture:
    """The capture with its missing reads made. Raises UnrecoverableError where more is missing, or there is no key."""
    from replaydisputes.cli.record import surroundings  # noqa: PLC0415
    from replaydisputes.recording.continuing import continued, lacks_only_reads  # noqa: PLC0415
    from replaydisputes.recording.surroundings import Target  # noqa: PLC0415

    if not lacks_only_reads(capture, scenario):
        raise UnrecoverableError(capture.name, f"{problem} A write is missing or went wrong, and none is made again.")
    keys = api_keys(profile)
    if not keys[0]:
        how = "Only reads are missing: with its key in STRIPE_API_KEY, the same command makes them."
        raise UnrecoverableError(capture.name, f"{problem} {how}")
    return continued(capture, scenario, Target(capture.api_base, *keys), surroundings(yes=True, sandbox=False))


def _raw(capture: Quarantined) -> RawCapture:
    from replaydisputes.recording.publishing import RawCapture  # noqa: PLC0415
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415

    return RawCapture(
        capture.scenario,
        capture.api_base,
        capture.interactions,
        capture.for_cassette,
        capture.path,
        capture.started_at,
        policy=redaction_policy(Path.cwd()),
    )


def _confirmed(question: str) -> bool:
    """A person's yes; where nobody can be asked, that is a no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def _discard(captures: list[Quarantined], yes: bool) -> None:
    if not captures:
        click.echo("Nothing is in quarantine.")
        return
    question = f"Erase {counted(len(captures), 'capture')}? A close that is in one cannot be recorded again."
    if not yes and not _confirmed(question):
        raise click.UsageError("not confirmed; nothing was erased. Use --yes where nobody can be asked.")
    for capture in captures:
        capture.path.unlink(missing_ok=True)
        click.echo(f"erased {capture.name}")
