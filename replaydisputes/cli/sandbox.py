"""`sandbox`: the embedded stand-in for Stripe test mode, over HTTP on loopback."""

from __future__ import annotations

import time

import click

_TEST_MODE_LIMIT = 25
_DISPUTE_AFTER_S, _EVIDENCE_AFTER_S, _DECISION_AFTER_S = (0, 2), 2, 3
"""What test mode was seen to take for the first two; for a decision `some seconds` is all that is said."""


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=12111, help="0 chooses a free one.")
@click.option("--seed", type=int, default=0, help="Other seeds give other ids, accounts, people and delays.")
@click.option("--people", is_flag=True, help="Fill every evidence field with invented people.")
@click.option("--delays", is_flag=True, help="Take Stripe's seconds: a dispute 0–2, its evidence 2, the bank 3 more.")
@click.option("--latency-ms", type=click.IntRange(0, 60_000), default=0, help="Each answer travels so long.")
@click.option(
    "--rate-limit",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=_TEST_MODE_LIMIT,
    metavar="[N]",
    help=f"Refuse more than N requests a second; {_TEST_MODE_LIMIT}, as test mode, where no N is given.",
)
@click.option("--connected", multiple=True, metavar="acct_…", help="A connected account's id, instead of a drawn one.")
def sandbox_command(  # noqa: PLR0913 - one per option
    *,
    port: int,
    seed: int,
    people: bool,
    delays: bool,
    latency_ms: int,
    rate_limit: int | None,
    connected: tuple[str, ...],
) -> None:
    """Serve the sandbox on 127.0.0.1 until Ctrl-C. It models test-mode disputes; it is not Stripe.

    Example: replaydisputes sandbox --port 12111 --delays --rate-limit
    """
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.server import run_forever  # noqa: PLC0415

    latency_s = latency_ms / 1000
    try:
        sandbox = Sandbox(
            seed=seed,
            connected=connected or None,
            start_time=int(time.time()),
            clock=time.time,
            people=people,
            latency=latency_s,
            rate_limit=rate_limit,
            dispute_delay=_DISPUTE_AFTER_S if delays else 0,
            enrich_after=_EVIDENCE_AFTER_S if delays else None,
            decide_after=_DECISION_AFTER_S if delays else 0,
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--connected") from error
    accounts = ", ".join(sandbox.connected_accounts)
    run_forever(sandbox, "127.0.0.1", port, lambda url: _say_ready(url, accounts), latency_s)


def _say_ready(url: str, accounts: str) -> None:
    click.echo(f"The replaydisputes sandbox (not Stripe) answers at {url}")
    click.echo(f'Python: stripe.StripeClient("sk_test_sandbox", base_addresses={{"api": "{url}"}})')
    click.echo(f"Stripe CLI: stripe disputes list --api-key sk_test_sandbox --api-base {url}")
    click.echo(f"Connected: {accounts}")
    click.echo("Ctrl-C stops it.")
