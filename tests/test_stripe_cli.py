"""The official Stripe CLI against the sandbox, then against what was recorded of it. `make stripe-cli` installs it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from replaydisputes.cassette_file import load, write
from replaydisputes.leak_gate import KnownSecrets
from replaydisputes.model import Answerer, Cassette, Interaction, Provenance, Request, Response
from replaydisputes.playback import Player
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving
from replaydisputes.stripe_api.facts import API_HOST

ROOT = Path(__file__).parent.parent
STRIPE = ROOT / ".stripe-cli" / "node_modules" / ".bin" / "stripe"
KEY = "sk_test_51StripeCliAbcDefGhi"
PAYMENT = ("--amount", "2000", "--currency", "usd", "--payment-method", "pm_card_createDispute", "--confirm=true")


@pytest.fixture(autouse=True)
def _installed() -> None:
    if not STRIPE.exists():
        missing = "the Stripe CLI is not installed: run `make stripe-cli` (needs npm)"
        pytest.fail(missing) if os.environ.get("STRIPE_CLI_REQUIRED") else pytest.skip(missing)


@dataclass
class Noting:
    """An Answerer that keeps what was said."""

    inner: Answerer
    said: list[Interaction] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        response = self.inner.answer(request)
        self.said.append(Interaction(request, response))
        return response


@dataclass(frozen=True)
class AsStripe:
    """A player told that what came to loopback was meant for Stripe."""

    player: Player

    def answer(self, request: Request) -> Response:
        target = urlsplit(request.url)
        return self.player.answer(replace(request, url=target._replace(scheme="https", netloc=API_HOST).geturl()))


@dataclass(frozen=True)
class StripeCli:
    """The CLI pointed at an origin, with a home of its own and no way out to the network."""

    url: str
    home: Path

    def run(self, *arguments: str) -> str:
        shut = "http://127.0.0.1:9"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home)}
        environment |= {"STRIPE_API_KEY": KEY, "STRIPE_CLI_TELEMETRY_OPTOUT": "1", "HTTPS_PROXY": shut}
        command = [str(STRIPE), *arguments, "--api-base", self.url, "--color", "off"]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments))

    def closing(self) -> list[Any]:
        """A dispute made, found, read, closed, read and closed again: what the CLI printed of each call."""
        paid = self.ask("payment_intents", "create", *PAYMENT, "-d", "payment_method_types[]=card")
        found = self.ask("disputes", "list", "--payment-intent", paid["id"], "--limit", "1")
        dispute = found["data"][0]["id"]
        again = [self.ask("disputes", what, dispute) for what in ("retrieve", "close", "retrieve", "close")]
        return [paid, found, *again]


@pytest.fixture
def noting() -> Noting:
    return Noting(Sandbox())


@pytest.fixture
def cli(noting: Noting, tmp_path: Path) -> Iterator[StripeCli]:
    with serving(noting) as url:
        yield StripeCli(url, tmp_path)


def recorded(said: list[Interaction], path: Path) -> Cassette:
    """What was said, redacted, through the gate onto disk and read back."""
    provenance = Provenance("sandbox", "official-cli", "2026-10-28.endive", "test", "2026-11-23T00:00:00Z")
    write(path, Cassette(redact(said).interactions, provenance), KnownSecrets.collect(said, keys=[KEY]))
    return load(path)


def test_the_cli_finds_reads_and_closes_a_dispute(cli: StripeCli) -> None:
    _, found, before, closed, after, refused = cli.closing()

    assert (found["data"], before["status"]) == ([before], "needs_response")
    assert closed == after == before | {"status": "lost"}
    assert refused["error"]["message"] == "This dispute is already closed"


def test_the_clis_own_options_reach_the_sandbox(cli: StripeCli, noting: Noting) -> None:
    paid = cli.ask("payment_intents", "create", *PAYMENT, "-d", "payment_method_types[]=card")
    dispute = cli.ask("disputes", "list", "--payment-intent", paid["id"])["data"][0]["id"]

    closed = cli.ask("disputes", "close", dispute, "-e", "charge", "-i", "key-1", "-v", "2023-10-16")

    answer = noting.said[-1].response
    assert (closed["charge"]["object"], closed["status"]) == ("charge", "lost")
    assert "payment_method_details" not in closed
    assert (answer.header("Stripe-Version"), answer.header("Idempotency-Key")) == ("2023-10-16", "key-1")


def test_trigger_closes_a_dispute_as_it_does_with_stripe(cli: StripeCli, noting: Noting) -> None:
    said = cli.run("trigger", "charge.dispute.closed")

    assert "Trigger succeeded!" in said
    assert [(one.request.method, one.response.status) for one in noting.said] == [
        ("POST", 200),
        ("GET", 200),
        ("POST", 200),
    ]
    assert json.loads(noting.said[-1].response.body)["status"] == "warning_closed"
    events = cli.ask("events", "list", "--limit", "2")["data"]
    assert [event["type"] for event in events] == ["charge.updated", "charge.dispute.closed"]


def test_what_the_cli_sent_replays_to_the_cli(cli: StripeCli, noting: Noting, tmp_path: Path) -> None:
    cli.closing()
    cassette = recorded(noting.said, tmp_path / "closing.yaml")

    with serving(AsStripe(Player(cassette, "closing"))) as url:
        replayed = StripeCli(url, tmp_path).closing()

    assert replayed == [json.loads(one.response.body) for one in cassette.interactions]
    assert KEY not in (tmp_path / "closing.yaml").read_text("utf-8")


def test_a_recorded_trigger_replays_to_the_trigger(cli: StripeCli, noting: Noting, tmp_path: Path) -> None:
    cli.run("trigger", "charge.dispute.closed")
    player = Player(recorded(noting.said, tmp_path / "trigger.yaml"), "trigger")

    with serving(AsStripe(player)) as url:
        said = StripeCli(url, tmp_path).run("trigger", "charge.dispute.closed")

    assert "Trigger succeeded!" in said
    assert [one.index for one in player.played] == [0, 1, 2]
