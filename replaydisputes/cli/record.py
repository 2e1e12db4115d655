"""`record`: make a scenario's calls against Stripe test mode or the sandbox, and leave a cassette safe to commit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.options import cassettes_option, scenario_files_option
from replaydisputes.cli.words import counted, replaced_in_words, source_of
from replaydisputes.errors import ReplayDisputesError

if TYPE_CHECKING:
    from rich.console import Console

    from replaydisputes.recording.publishing import Recorded
    from replaydisputes.recording.recorder import Surroundings, Target
    from replaydisputes.recording.scenarios import Scenario

SANDBOX_KEY = "sk_test_" + "sandbox" + "0" * 17
SANDBOX_RESTRICTED_KEY = "rk_test_without_dispute_write_0000"


@click.command("record")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--all", "every", is_flag=True, help="Record every scenario.")
@scenario_files_option
@cassettes_option
@click.option("--sandbox", is_flag=True, help="Record from the embedded sandbox: no key, no network, not Stripe.")
@click.option("--api-base", metavar="URL", help="Record from this origin, such as a running `replaydisputes sandbox`.")
@click.option("--dispute", metavar="ID", help="Close this existing test-mode dispute; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before closing --dispute.")
def record_command(  # noqa: PLR0913, PLR0917 - one parameter an option, given by name
    scenarios: tuple[str, ...],
    every: bool,
    files: tuple[Path, ...],
    directory: Path,
    sandbox: bool,
    api_base: str | None,
    dispute: str | None,
    yes: bool,
) -> None:
    """Make each SCENARIO's calls and write cassettes/SCENARIO.yaml, redacted and checked.

    `replaydisputes list --scenarios` tells which there are. A file given with --scenarios is Python that defines
    SCENARIOS, a list of replaydisputes.recording.scenarios.Scenario.

    The key is read from STRIPE_API_KEY and must be a test-mode key; a scenario with a restricted key reads that from
    STRIPE_RESTRICTED_KEY. Closing a dispute cannot be undone: each scenario makes its own dispute, unless --dispute
    names one.

    Example: STRIPE_API_KEY=sk_test_… replaydisputes record close-lost
    """
    from replaydisputes.recording.scenarios import catalogue  # noqa: PLC0415 - `--help` stays light

    if sandbox and api_base:
        raise click.UsageError("--sandbox and --api-base exclude each other.")
    if scenarios and every:
        raise click.UsageError("--all records every scenario: leave the names out, or --all.")
    known = catalogue(files)
    if not scenarios and not every:
        names = ", ".join(entry.scenario.name for entry in known.entries)
        raise click.UsageError(f"name a scenario, or --all. Known: {names}.")
    named = [entry.scenario for entry in known.entries] if every else [known.named(name) for name in scenarios]
    chosen = list(dict.fromkeys(named))
    if dispute and (len(chosen) != 1 or not chosen[0].takes_dispute):
        raise click.UsageError("--dispute goes with one scenario that closes one dispute, such as close-lost.")
    with recording_target(sandbox, api_base) as target:
        _record_each(chosen, target, directory, surroundings(yes, sandbox), dispute)


def _record_each(
    chosen: list[Scenario], target: Target, directory: Path, around: Surroundings, dispute: str | None
) -> None:
    """Record one after the other. One that fails with a finding, or lacks what it needs, does not stop the others."""
    from replaydisputes.recording.recorder import NeedMissingError, record  # noqa: PLC0415

    failed: list[ReplayDisputesError] = []
    for scenario in chosen:
        try:
            made = record(scenario, target, directory / f"{scenario.name}.yaml", around, dispute)
        except NeedMissingError as error:
            if len(chosen) == 1:
                raise
            click.echo(f"Skipped: {error}", err=True)
        except ReplayDisputesError as error:
            if error.exit_code != 3 or len(chosen) == 1:
                raise
            click.echo(f"Error: {error}", err=True)
            failed.append(error)
        else:
            say_recorded(made)
    if failed:
        raise click.exceptions.Exit(failed[0].exit_code)


@contextmanager
def recording_target(sandbox: bool, api_base: str | None) -> Iterator[Target]:
    """Where --sandbox and --api-base say, with the keys of the environment."""
    from replaydisputes.recording.recorder import Target  # noqa: PLC0415
    from replaydisputes.stripe_api.facts import API_ORIGIN  # noqa: PLC0415

    if not sandbox:
        keys = (os.environ.get(name, "").strip() for name in ("STRIPE_API_KEY", "STRIPE_RESTRICTED_KEY"))
        yield Target((api_base or API_ORIGIN).rstrip("/"), *keys)
        return
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415
    from replaydisputes.server import serving  # noqa: PLC0415

    with serving(Sandbox()) as url:
        yield Target(url, SANDBOX_KEY, SANDBOX_RESTRICTED_KEY)


def surroundings(yes: bool, sandbox: bool, quiet: bool = False) -> Surroundings:
    """The real world for a recorder: the clock, and a person on stderr. quiet: say no steps."""
    from rich.console import Console  # noqa: PLC0415

    from replaydisputes.cli.settings import redaction_policy  # noqa: PLC0415
    from replaydisputes.recording.recorder import Surroundings  # noqa: PLC0415

    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    return Surroundings(
        now_utc=lambda: _now_utc(sandbox),
        sleep=time.sleep,
        on_step=lambda step: console.print(f"  {step}", style="dim", markup=False),
        confirm=(lambda dispute: True) if yes else lambda dispute: _ask(console, dispute),
        policy=redaction_policy(Path.cwd()),
    )


def _ask(console: Console, dispute: Mapping[str, Any]) -> bool:
    """Ask a person; where nobody can answer, that is a no."""
    amount = f"{dispute.get('amount')} {dispute.get('currency')} (minor units)"
    console.print(f"{dispute.get('id')}: {amount}, {dispute.get('reason')}, {dispute.get('status')}", markup=False)
    try:
        return click.confirm("Close it? The dispute is then lost, and that cannot be undone.", err=True)
    except click.Abort:
        return False


def _now_utc(sandbox: bool) -> str:
    """Now, or for the sandbox alone SOURCE_DATE_EPOCH (reproducible-builds.org), so that shipped files can be made
    again byte for byte. What is recorded from Stripe always carries the real time.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "") if sandbox else ""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch) if epoch.isdigit() else None))


def say_recorded(made: Recorded) -> None:
    """One line about a recording: where it is, what it was made against, what was replaced."""
    replaced = replaced_in_words(made.redacted.replaced)
    count = len(made.cassette.interactions)
    source = source_of(made.cassette)
    click.echo(
        f"{made.path}: {made.outcome}; {counted(count, 'interaction')}, made against {source}; replaced {replaced}"
    )
