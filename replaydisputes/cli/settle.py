"""`settle`: which of the sandbox's assumptions about Stripe hold."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from replaydisputes.cli.keys import key_option
from replaydisputes.cli.options import json_option
from replaydisputes.cli.output import outlives_its_reader
from replaydisputes.cli.words import console, counted

if TYPE_CHECKING:
    from replaydisputes.recording.recorder import Target
    from replaydisputes.settling import Expected, Settled

_LATENCY_S, _LIMIT = 0.05, 25
"""Of the sandbox under --sandbox: long enough for two calls to meet, and for one after the other to keep the limit."""
_SHOWN = 2
"""Observations of a confirmed assumption that are printed; --json has all."""


@click.command("settle")
@click.option("--only", "names", multiple=True, metavar="NAME", help="This assumption; can be given more than once.")
@click.option("--sandbox", is_flag=True, help="Ask the embedded sandbox, which ought to be what it assumes.")
@click.option("--api-base", metavar="URL", help="Ask this origin, such as a running `replaydisputes sandbox`.")
@key_option
@json_option
def settle_command(
    names: tuple[str, ...], sandbox: bool, api_base: str | None, profile: str | None, as_json: bool
) -> None:
    """Make the calls that decide what the sandbox assumes about Stripe, and print the verdicts.

    Each assumption has a few calls of its own, most of them reads. Where one is about a close, test payments are made
    and their disputes closed: how many is said before, and no other dispute is changed. The key is read from
    STRIPE_API_KEY and must be a test-mode key; one assumption takes a key in STRIPE_RESTRICTED_KEY that may not write
    disputes. Exit codes: 0 nothing is refuted, 3 something is, 4 nothing could be observed.

    Example: STRIPE_API_KEY=sk_test_… replaydisputes settle --only inquiry-close
    """
    from replaydisputes.recording.patience import Patience  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.recording.recorder import check_target  # noqa: PLC0415
    from replaydisputes.recording.scenarios import scenario_named  # noqa: PLC0415
    from replaydisputes.settling import Online, exit_code_of, expected_of, settle  # noqa: PLC0415

    if sandbox and api_base:
        raise click.UsageError("--sandbox and --api-base exclude each other.")
    chosen = expected_of(names)
    done: list[Settled] = []
    with _target(sandbox, api_base, profile) as target, outlives_its_reader():
        check_target(target, scenario_named("close-lost"))
        _say_what_comes(chosen, target)
        try:
            for one in settle(chosen, Online(target.api_base, Patience()), target, _say):
                done.append(one)
        finally:
            _report(done, target, as_json)
    code = exit_code_of(done)
    if code:
        raise click.exceptions.Exit(code)


@contextmanager
def _target(sandbox: bool, api_base: str | None, profile: str | None) -> Iterator[Target]:
    from replaydisputes.cli.record import recording_target  # noqa: PLC0415
    from replaydisputes.stripe_api.keys import SANDBOX_KEY, SANDBOX_RESTRICTED_KEY  # noqa: PLC0415

    if not sandbox:
        with recording_target(False, api_base, profile) as target:
            yield target
        return
    from replaydisputes.recording.recorder import Target  # noqa: PLC0415
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415
    from replaydisputes.server import serving  # noqa: PLC0415

    asked = Sandbox(clock=time.time, start_time=int(time.time()), latency=_LATENCY_S, rate_limit=_LIMIT)
    with serving(asked, latency_s=_LATENCY_S) as url:
        yield Target(url, SANDBOX_KEY, SANDBOX_RESTRICTED_KEY)


def _say_what_comes(chosen: Sequence[Expected], target: Target) -> None:
    payments, closes = (sum(getattr(one, what) for one in chosen) for what in ("payments", "closes"))
    made = f"makes {counted(payments, 'test payment')} there and sends {counted(closes, 'close')} of their disputes"
    _say(f"{counted(len(chosen), 'assumption')}, asked of {target.api_base}: {made if payments else 'only reads'}.")
    _say("No other dispute is changed.")


def _say(step: str) -> None:
    click.echo(step, err=True)


def _report(done: Sequence[Settled], target: Target, as_json: bool) -> None:
    from replaydisputes.settling import document, summary  # noqa: PLC0415

    if not done:
        return
    if as_json:
        click.echo(json.dumps(document(done, target.api_base), indent=2, ensure_ascii=False))
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(pad_edge=False, show_lines=True)
    table.add_column("assumption", no_wrap=True)
    table.add_column("assumed", ratio=2)
    table.add_column("observed", ratio=3)
    table.add_column("verdict", no_wrap=True)
    colours = {"confirmed": "green", "refuted": "bold red", "not observable": "yellow"}
    for one in done:
        row = one.expected.assumption
        verdict = Text(one.verdict, style=colours[one.verdict])
        table.add_row(Text(row.name), Text(row.assumed), Text(_observed(one)), verdict)
    console().print(table, soft_wrap=False)
    click.echo(summary(done))


def _observed(one: Settled) -> str:
    """What was seen; of a refuted assumption only what differs, with what the sandbox says in its place."""
    if one.verdict == "not observable":
        return one.reason
    if one.verdict == "refuted":
        return "\n".join(f"{seen.of}: {seen.was} (sandbox: {assumed.was})" for seen, assumed in one.apart)
    shown = [f"{seen.of}: {seen.was}" for seen in one.seen[:_SHOWN]]
    more = len(one.seen) - _SHOWN
    return "\n".join([*shown, *([f"… and {counted(more, 'observation')} more like the sandbox's"] if more > 0 else [])])
