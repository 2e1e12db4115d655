"""`sandbox`: the embedded stand-in for Stripe test mode, over HTTP on loopback."""

from __future__ import annotations

import time

import click


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=12111, help="0 chooses a free one.")
@click.option("--seed", type=int, default=0, help="Other seeds give other ids, account and people.")
@click.option("--people", is_flag=True, help="Fill every evidence field with invented people.")
def sandbox_command(port: int, seed: int, people: bool) -> None:
    """Serve the sandbox on 127.0.0.1 until Ctrl-C. It models test-mode disputes; it is not Stripe.

    Example: replaydisputes sandbox --port 12111
    """
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.server import run_forever  # noqa: PLC0415

    sandbox = Sandbox(seed=seed, people=people, clock=lambda: int(time.time()))
    run_forever(sandbox, "127.0.0.1", port, on_ready=_say_ready)


def _say_ready(url: str) -> None:
    click.echo(f"The replaydisputes sandbox (not Stripe) answers at {url}")
    click.echo(f'Python: stripe.StripeClient("sk_test_sandbox", base_addresses={{"api": "{url}"}})')
    click.echo("Ctrl-C stops it.")
