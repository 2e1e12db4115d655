"""`record`: make a scenario's calls against Stripe test mode or the sandbox, and leave a cassette safe to commit."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from replaydisputes.cli.keys import api_keys, key_option
from replaydisputes.cli.options import cassettes_option, scenario_files_option
from replaydisputes.cli.output import outlives_its_reader
from replaydisputes.cli.series import ended_in_order, record_series, say_cut_off
from replaydisputes.cli.words import say_recorded
from replaydisputes.errors import in_one_line
from replaydisputes.stripe_api.ids import is_dispute_id

if TYPE_CHECKING:
    from rich.console import Console

    from replaydisputes.recording.progress import Progress
    from replaydisputes.recording.recorder import Surroundings, Target
    from replaydisputes.recording.scenarios import Scenario


@click.command("record")
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--all", "every", is_flag=True, help="Record every scenario.")
@scenario_files_option
@cassettes_option
@click.option("--sandbox", is_flag=True, help="Record from the embedded sandbox: no key, no network, not Stripe.")
@click.option("--api-base", metavar="URL", help="Record from this origin, such as a running `replaydisputes sandbox`.")
@key_option
@click.option("--dispute", metavar="ID", help="Close this existing test-mode dispute; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before closing --dispute.")
@click.option("--again", is_flag=True, help="Record everything anew, also what an unfinished run recorded.")
def record_command(  # noqa: PLR0913, PLR0917 - one parameter an option, given by name
    scenarios: tuple[str, ...],
    every: bool,
    files: tuple[Path, ...],
    directory: Path,
    sandbox: bool,
    api_base: str | None,
    profile: str | None,
    dispute: str | None,
    yes: bool,
    again: bool,
) -> None:
    """Make each SCENARIO's calls and write cassettes/SCENARIO.yaml, redacted and checked.

    `replaydisputes list --scenarios` tells which there are. A file given with --scenarios is Python that defines
    SCENARIOS, a list of replaydisputes.recording.scenarios.Scenario.

    The key is read from STRIPE_API_KEY, or the Stripe CLI's configuration, and must be a test-mode key; a scenario
    with a restricted key reads that from STRIPE_RESTRICTED_KEY. Closing a dispute cannot be undone: each scenario
    makes its own dispute, unless --dispute names one.

    A run over several scenarios that was cut off, or in which one failed, goes on when the same command is given
    again: what it recorded is kept, the rest is recorded. With --sandbox, which takes seconds, it starts anew.

    Example: STRIPE_API_KEY=sk_test_… replaydisputes record close-lost
    """
    if sandbox and api_base:
        raise click.UsageError("--sandbox and --api-base exclude each other.")
    if sandbox and profile is not None:
        raise click.UsageError("--sandbox takes no key: leave out --key-from-stripe-cli.")
    chosen = _chosen(scenarios, every, files)
    if dispute is not None:
        _check_dispute(dispute, chosen)
    around = surroundings(yes, sandbox)
    with recording_target(sandbox, api_base, profile) as target, ended_in_order(), outlives_its_reader():
        if len(chosen) > 1:
            progress = None if sandbox else _progress(chosen, target, directory, around, again)
            record_series(chosen, target, directory, around, progress)
        else:
            _record_one(chosen[0], target, directory, around, dispute)


def _chosen(names: tuple[str, ...], every: bool, files: tuple[Path, ...]) -> list[Scenario]:
    """The scenarios named, each once, or all. Raises UsageError where it is neither or both."""
    from replaydisputes.recording.scenarios import catalogue  # noqa: PLC0415 - `--help` stays light

    if names and every:
        raise click.UsageError("--all records every scenario: leave the names out, or --all.")
    known = catalogue(files)
    if every:
        return [entry.scenario for entry in known.entries]
    if not names:
        listed = ", ".join(entry.scenario.name for entry in known.entries)
        raise click.UsageError(f"name a scenario, or --all. Known: {listed}.")
    return list(dict.fromkeys(known.named(name) for name in names))


def _check_dispute(dispute: str, chosen: list[Scenario]) -> None:
    if not is_dispute_id(dispute):
        raise click.UsageError(f"--dispute takes the id of a dispute, such as du_…, not {dispute!r}; nothing was sent.")
    if len(chosen) != 1 or not chosen[0].takes_dispute:
        raise click.UsageError("--dispute goes with one scenario that closes one dispute, such as close-lost.")


def _record_one(scenario: Scenario, target: Target, directory: Path, around: Surroundings, dispute: str | None) -> None:
    from replaydisputes.recording.recorder import record  # noqa: PLC0415

    say_cut_off([scenario], target)
    say_recorded(record(scenario, target, directory / f"{scenario.name}.yaml", around, dispute))


def _progress(chosen: list[Scenario], target: Target, directory: Path, around: Surroundings, again: bool) -> Progress:
    from replaydisputes.recording.progress import Progress  # noqa: PLC0415

    return Progress(chosen, target, directory, around, again)


@contextmanager
def recording_target(sandbox: bool, api_base: str | None, profile: str | None = None) -> Iterator[Target]:
    """Where to record, with the keys of the environment or of a Stripe CLI profile; the sandbox runs meanwhile."""
    from replaydisputes.recording.recorder import Target  # noqa: PLC0415
    from replaydisputes.stripe_api.facts import API_ORIGIN  # noqa: PLC0415

    if not sandbox:
        yield Target((api_base or API_ORIGIN).rstrip("/"), *api_keys(profile))
        return
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415
    from replaydisputes.server import serving  # noqa: PLC0415
    from replaydisputes.stripe_api.keys import SANDBOX_KEY, SANDBOX_RESTRICTED_KEY  # noqa: PLC0415

    with serving(Sandbox()) as url:
        yield Target(url, SANDBOX_KEY, SANDBOX_RESTRICTED_KEY)


def surroundings(yes: bool, sandbox: bool, quiet: bool = False) -> Surroundings:
    """The real world for a recorder: the clock, and a person on stderr. quiet: say no steps."""
    from rich.console import Console  # noqa: PLC0415

    from replaydisputes.recording.recorder import Surroundings  # noqa: PLC0415
    from replaydisputes.settings import redaction_policy  # noqa: PLC0415

    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    return Surroundings(
        now_utc=lambda: _now_utc(sandbox),
        sleep=time.sleep,
        on_step=lambda step: console.print(f"  {step}", style="dim", markup=False),
        confirm=(lambda dispute: True) if yes else lambda dispute: _ask(console, dispute),
        policy=redaction_policy(Path.cwd()),
        keeps_captures=not sandbox,
    )


def _ask(console: Console, dispute: Mapping[str, Any]) -> bool:
    """Ask a person; where nobody can answer, that is a no."""
    amount = f"{dispute.get('amount')} {dispute.get('currency')} (minor units)"
    told = f"{dispute.get('id')}: {amount}, {dispute.get('reason')}, {dispute.get('status')}"
    console.print(in_one_line(told), markup=False)
    if sys.stdin is None or sys.stdin.closed:
        return False
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
