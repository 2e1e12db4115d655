"""`demo`: the whole story on the embedded sandbox: record over HTTP, redact, check, write, replay without sockets."""

from __future__ import annotations

import json
import socket
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from replaydisputes.cli.options import cassettes_option
from replaydisputes.cli.words import console, replaced_in_words

if TYPE_CHECKING:
    from rich.console import Console

    from replaydisputes.model import Interaction
    from replaydisputes.recording.publishing import Recorded

_SCENARIO = "close-twice"


@click.command("demo")
@click.option("--web", is_flag=True, help="Open a page on the cassettes instead, served on 127.0.0.1 until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=12112, help="Of the page; 0 chooses a free one.")
@click.option("--no-browser", is_flag=True, help="Say the page's address and open no browser.")
@cassettes_option
def demo_command(*, web: bool, port: int, no_browser: bool, directory: Path) -> None:
    """Tell the whole story in a few seconds, with no key and no network.

    Example: replaydisputes demo --web
    """
    if web:
        _serve_page(port, no_browser, directory)
    else:
        _tell(console())


def _serve_page(port: int, no_browser: bool, directory: Path) -> None:
    from replaydisputes.cli.page import demo_page, exhibits_of  # noqa: PLC0415 - `--help` stays light
    from replaydisputes.server import run_sessions_forever  # noqa: PLC0415

    def ready(url: str) -> None:
        click.echo(f"The demo page is at {url}\nCtrl-C stops it.")
        if not no_browser and not webbrowser.open(url):
            click.echo("No browser could be opened here; open the address yourself.", err=True)

    run_sessions_forever(demo_page(exhibits_of((), directory)), "127.0.0.1", port, ready)


def _tell(out: Console) -> None:
    with tempfile.TemporaryDirectory(prefix="replaydisputes-demo-") as directory:
        made, raw = _record(out, Path(directory) / f"{_SCENARIO}.yaml")
        _tell_redaction(out, made, raw)
        _tell_file(out, made)
        _replay(out, made.path)
    out.print('\nNext: @pytest.mark.replaydisputes("close-lost") on a test of yours. See README.md.', markup=False)


def _record(out: Console, path: Path) -> tuple[Recorded, tuple[Interaction, ...]]:
    """Record the scenario over real HTTP from a sandbox full of invented people."""
    from replaydisputes.cli.record import surroundings  # noqa: PLC0415
    from replaydisputes.recording.recorder import Target, record  # noqa: PLC0415
    from replaydisputes.recording.scenarios import scenario_named  # noqa: PLC0415
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415
    from replaydisputes.server import serving  # noqa: PLC0415
    from replaydisputes.stripe_api.keys import SANDBOX_KEY  # noqa: PLC0415

    scenario = scenario_named(_SCENARIO)
    seen = _Seen(Sandbox(people=True))
    with serving(seen) as url:
        out.print("[bold]1. Record[/bold]  real HTTP, to the embedded sandbox (a stand-in; this is not Stripe)")
        out.print(f"   {scenario.name}: {scenario.proves}", markup=False)
        made = record(scenario, Target(url, SANDBOX_KEY), path, surroundings(yes=True, sandbox=True, quiet=True))
    raw = tuple(seen.interactions[-len(made.cassette.interactions) :])
    for interaction in raw:
        out.print(f"   {_line(interaction)}", markup=False)
    return made, raw


class _Seen:
    """An Answerer that remembers what passed through it, to show before and after."""

    def __init__(self, answerer: Any) -> None:
        self._answerer = answerer
        self.interactions: list[Interaction] = []

    def answer(self, request: Any) -> Any:
        from replaydisputes.model import Interaction  # noqa: PLC0415

        response = self._answerer.answer(request)
        self.interactions.append(Interaction(request, response))
        return response


def _tell_redaction(out: Console, made: Recorded, raw: tuple[Interaction, ...]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    counts = replaced_in_words(made.redacted.replaced)
    out.print("\n[bold]2. Redact[/bold]  whatever the policy does not name is replaced")
    out.print(f"   distinct values replaced: {counts}; header fields dropped: {made.redacted.dropped}", markup=False)
    table = Table("field", "captured (invented people)", "in the cassette", box=None, pad_edge=False)
    before, after = _leaves(raw[-1]), _leaves(made.cassette.interactions[-1])
    changed = [field for field in before if before[field] != after.get(field)]
    for field in _telling(changed):
        table.add_row(Text(f"   {field}"), Text(_short(before[field])), Text(_short(after.get(field))))
    out.print(table)


def _tell_file(out: Console, made: Recorded) -> None:
    lines = made.path.read_text(encoding="utf-8").splitlines()
    out.print("\n[bold]3. Check[/bold]   the gate read the final bytes and found no secret")
    out.print("         (by their shapes, and by the very values seen in this capture, in every encoding it knows)")
    size = f"{made.path.stat().st_size:,} bytes"
    out.print(f"\n[bold]4. Write[/bold]   {made.path.name}, {size}, safe to commit (a temporary file, this time)")
    for line in lines[:10]:
        out.print(f"   [dim]{line}[/dim]" if "[" not in line else f"   {line}")


def _replay(out: Console, path: Path) -> None:
    """Make the same calls again, with the sandbox gone and every socket of the process closed."""
    import requests  # noqa: PLC0415

    from replaydisputes.api import replay  # noqa: PLC0415
    from replaydisputes.stripe_api.facts import API_ORIGIN  # noqa: PLC0415

    out.print("\n[bold]5. Replay[/bold]  the sandbox is stopped and sockets are disabled; the same calls again")
    with _sockets_disabled() as attempts, replay(str(path)) as running:
        for interaction in running.cassette.interactions:
            request = interaction.request
            url = f"{API_ORIGIN}/v1/disputes/{running.dispute_id}{'/close' if request.method == 'POST' else ''}"
            answer = requests.request(request.method, url, timeout=5)
            said = _outcome(answer.status_code, answer.content)
            out.print(f"   {request.method:<4} {url.removeprefix(API_ORIGIN)}  {said}", markup=False)
    played, recorded = len(running.played), len(running.cassette.interactions)
    out.print(f"   {played} of {recorded} interactions played, {len(attempts)} sockets asked for.")


@contextmanager
def _sockets_disabled() -> Iterator[list[str]]:
    """Nothing in this process can make a socket while inside; gives the list of attempts."""
    attempts: list[str] = []

    def refuse(*_: object, **__: object) -> NoReturn:
        attempts.append("socket")
        raise RuntimeError("the demo has disabled sockets")

    original = socket.socket.__init__
    socket.socket.__init__ = refuse  # type: ignore[method-assign]
    try:
        yield attempts
    finally:
        socket.socket.__init__ = original  # type: ignore[method-assign]


def _line(interaction: Interaction) -> str:
    from replaydisputes.stripe_api.urls import split_url  # noqa: PLC0415

    request, response = interaction.request, interaction.response
    return f"{request.method:<4} {split_url(request.url).path}  {_outcome(response.status, response.body)}"


def _outcome(status: int, body: bytes) -> str:
    value = json.loads(body)
    said = value["error"]["message"] if "error" in value else f"status {value['status']}"
    return f"-> {status}  {said}"


def _leaves(interaction: Interaction) -> dict[str, str]:
    """Every JSON leaf of a response by dotted path."""
    leaves: dict[str, str] = {}

    def walk(value: Any, path: str) -> None:
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, member in members:
            walk(member, f"{path}.{key}" if path else str(key))
        if not isinstance(value, dict | list):
            leaves[path] = str(value)

    walk(json.loads(interaction.response.body), "")
    return leaves


def _telling(fields: list[str]) -> list[str]:
    """Fields worth looking at, the first of each name: an id, a time, and people."""
    by_name = {field.rpartition(".")[2]: field for field in reversed(fields)}
    wanted = "id charge created customer_name customer_email_address customer_purchase_ip shipping_address"
    return [by_name[name] for name in wanted.split() if name in by_name]


def _short(text: str | None) -> str:
    text = (text or "").replace("\n", " ")
    return text if len(text) <= 36 else f"{text[:35]}…"
