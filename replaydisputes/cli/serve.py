"""`serve`: cassettes behind HTTP, for every language, each API key a session of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from replaydisputes.cli.options import cassettes_option, reading_directories

if TYPE_CHECKING:
    from replaydisputes.model import Cassette
    from replaydisputes.playback import Player, Run, Several
    from replaydisputes.server.asgi import AsgiApp, Receive, Scope, Send
    from replaydisputes.server.state_redis import RedisStore

_LEADS = "close-lost"
"""Of the whole library, the cassette that answers requests without an id."""


_MOST_TOLD = 100
"""Differing Stripe-Versions, after which the server says no more of them."""


class _Named(NamedTuple):
    name: str
    cassette: Cassette


@click.command("serve")
@click.argument("names", nargs=-1, metavar="[CASSETTE]...")
@click.option("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in, as a container needs.")
@click.option("--port", type=click.IntRange(0, 65535), default=12111, help="0 chooses a free one.")
@click.option("--sandbox", "is_sandbox", is_flag=True, help="Serve a sandbox to each key instead of cassettes.")
@click.option("--any-dispute", is_flag=True, help="The first cassette answers for whatever dispute id is asked for.")
@click.option("--on-exhausted", type=click.Choice(["fail", "repeat"]), default="fail", help="When a write is used up.")
@click.option("--clock", type=click.Choice(["recorded", "now"]), default="recorded", help="When a recording begins.")
@click.option(
    "--stripe-version",
    type=click.Choice(["warn", "fail", "ignore"]),
    default="warn",
    help="Where a request names another version than the recording's.",
)
@cassettes_option
@click.option(
    "--state",
    metavar="URL",
    envvar="REPLAYDISPUTES_STATE",
    help="Share the sessions with other servers, in Redis: redis://, rediss:// or unix://. Else in memory.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, help="Processes on the one port; needs --state.")
@click.option("--tls", is_flag=True, help="HTTPS, by a certificate authority made for this machine.")
@click.option("--no-demo", is_flag=True, help="Without the demo page, at / where one process serves cassettes.")
def serve_command(  # noqa: PLR0913 - one per option
    *,
    names: tuple[str, ...],
    host: str,
    port: int,
    is_sandbox: bool,
    any_dispute: bool,
    on_exhausted: str,
    clock: str,
    stripe_version: str,
    directory: Path,
    state: str | None,
    workers: int,
    tls: bool,
    no_demo: bool,
) -> None:
    """Serve cassettes over HTTP until Ctrl-C: to every SDK, each API key a session of its own.

    CASSETTE is a name, a file or a directory; without any, all there are.

    Example: replaydisputes serve close-lost close-inquiry --port 12111
    """
    from replaydisputes.server import run_sessions_forever  # noqa: PLC0415

    if is_sandbox and (names or any_dispute or clock == "now"):
        raise click.UsageError("--sandbox goes without cassettes, --any-dispute and --clock now")
    store = _store(state, workers, is_sandbox)
    served: list[dict[str, Any]] = []
    page: AsgiApp | None = None
    if is_sandbox:
        start = _sandboxes()
    else:
        cast = _cast(names, directory)
        players = _players(cast, any_dispute, on_exhausted, stripe_version)
        served = [_told(*pair) for pair in zip(cast, players, strict=True)]
        start = _runs(players, clock)
        page = None if no_demo else _page(cast, host, workers)
    context = _tls_context(host) if tls else None
    app = _app(start, served, store, page)
    run_sessions_forever(app, host, port, lambda url: _say_ready(url, served, host, page), context, workers=workers)


def _store(state: str | None, workers: int, is_sandbox: bool) -> RedisStore | None:
    from replaydisputes.server import can_fork  # noqa: PLC0415

    if state is None:
        if workers > 1:
            raise click.UsageError(
                f"--workers {workers} needs --state redis://…: without it each process would have histories of its own"
            )
        return None
    if is_sandbox:
        raise click.UsageError("--sandbox goes without --state: a sandbox has no state that can be shared")
    if workers > 1 and not can_fork():
        raise click.UsageError("--workers needs a system that forks: here, run several servers with the same --state")
    from replaydisputes.server.state_redis import RedisStore  # noqa: PLC0415 - redis takes a while to import

    asyncio.run(_warn_where_away(RedisStore(state)))
    return RedisStore(state)


async def _warn_where_away(store: RedisStore) -> None:
    """Say so at once where the shared state cannot be read: a store that comes later needs no restart."""
    from replaydisputes.server.sessions import StoreUnavailableError  # noqa: PLC0415

    try:
        await store.newer("", None)
    except StoreUnavailableError as error:
        click.echo(f"Warning: --state: {error.problem}; as long as that is so, calls are answered with 503.", err=True)
    finally:
        await store.close()


def _app(start: Callable[[], Run], served: list[dict[str, Any]], store: RedisStore | None, page: AsgiApp | None) -> Any:
    from importlib.metadata import version  # noqa: PLC0415

    from replaydisputes.server import SessionApp, Sessions  # noqa: PLC0415

    return SessionApp(Sessions(start, store=store), served, version("replaydisputes"), page)


def _page(cast: Sequence[_Named], host: str, workers: int) -> AsgiApp | None:
    """The demo page over the same cassettes; made when somebody opens it, so that the server is ready before.

    None for several workers: each would have histories of its own, and a visitor meets now one and now another.
    host: answered to beside loopback's names. Raises MissingExtraError (no server, which is said first, or no Jinja).
    """
    if workers > 1:
        return None
    from importlib.util import find_spec  # noqa: PLC0415

    from replaydisputes.errors import MissingExtraError  # noqa: PLC0415
    from replaydisputes.server import require_server  # noqa: PLC0415

    require_server()
    if find_spec("jinja2") is None:
        raise MissingExtraError("the demo page (--no-demo goes without it)", "server")
    made: list[AsgiApp] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        if not made:
            from replaydisputes.cli.page import demo_page, exhibit_of  # noqa: PLC0415

            made.append(demo_page([exhibit_of(one.name, one.cassette) for one in cast], [host]))
        await made[0](scope, receive, send)

    return page


def _cast(names: Sequence[str], directory: Path) -> list[_Named]:
    """The cassettes in the order asked for; where none is, all, the one that leads first."""
    from replaydisputes.library import Library  # noqa: PLC0415

    library = Library(reading_directories(directory))
    wanted: list[tuple[str, str]] = []
    for name in names:
        if Path(name).is_dir():
            wanted += _inside(Path(name))
        else:
            wanted.append((name, name))
    if not names:
        every = sorted(library.names(), key=lambda entry: (entry.name != _LEADS, entry.name))
        wanted = [(entry.name, str(entry.path)) for entry in every]
    else:
        _refuse_twice(wanted, [library.find(place).absolute() for _, place in wanted])
    return [_Named(name, library.load(place)) for name, place in wanted]


def _refuse_twice(wanted: Sequence[tuple[str, str]], files: Sequence[Path]) -> None:
    for (name, _), file in zip(wanted, files, strict=True):
        if files.count(file) > 1:
            raise click.UsageError(f"{name} is named twice: a cassette is served once.")


def _inside(directory: Path) -> list[tuple[str, str]]:
    from replaydisputes.library import Library  # noqa: PLC0415

    found = [(entry.name, str(entry.path)) for entry in Library([directory]).names() if _is_in(entry.path, directory)]
    if not found:
        raise click.UsageError(f"{directory} holds no cassette (.yaml or .yml)")
    return found


def _is_in(path: Path, directory: Path) -> bool:
    return path.resolve().is_relative_to(directory.resolve())


def _players(cast: Sequence[_Named], any_dispute: bool, on_exhausted: str, stripe_version: str) -> list[Player]:
    from replaydisputes.playback import Player, set_apart  # noqa: PLC0415
    from replaydisputes.playback.advice import SERVED  # noqa: PLC0415
    from replaydisputes.playback.showing import shown_version  # noqa: PLC0415

    told: set[tuple[str, str]] = set()

    def tell(asked: str, recorded: str) -> None:
        if (asked, recorded) not in told and len(told) < _MOST_TOLD:
            told.add((asked, recorded))
            click.echo(
                f"Warning: Stripe-Version {shown_version(asked)} is asked for, {recorded} was recorded.", err=True
            )

    apart = set_apart([one.name for one in cast])
    return [
        Player(
            one.cassette,
            one.name,
            any_dispute=any_dispute and not beside,
            on_exhausted=on_exhausted,  # type: ignore[arg-type] # click has checked the word
            stripe_version=stripe_version,  # type: ignore[arg-type]
            on_version=tell,
            beside=beside,
            surface=SERVED,
        )
        for one, beside in zip(cast, apart, strict=True)
    ]


def _runs(players: Sequence[Player], clock: str) -> Callable[[], Run]:
    from replaydisputes.playback import Several, runs_of  # noqa: PLC0415

    together: Player | Several = players[0] if len(players) == 1 else Several(players)
    return runs_of(together, lambda: int(time.time()), moves_times=clock == "now")


def _sandboxes() -> Callable[[], Run]:
    from replaydisputes.playback import Run  # noqa: PLC0415
    from replaydisputes.sandbox import Sandbox  # noqa: PLC0415

    return lambda: Run(Sandbox(start_time=int(time.time()), clock=time.time))


def _told(one: _Named, player: Player) -> dict[str, Any]:
    """A cassette as `GET /_replaydisputes/cassettes` tells it."""
    provenance = one.cassette.provenance
    return {
        "name": one.name,
        "dispute_id": player.dispute_id,
        "interactions": len(one.cassette.interactions),
        "made_against": provenance.made_against if provenance else None,
        "stripe_version": provenance.stripe_version if provenance else None,
    }


def _tls_context(host: str) -> Any:
    from replaydisputes.server.tls import local_authority, server_context, trust_advice  # noqa: PLC0415

    authority = local_authority()
    click.echo(trust_advice(authority.path))
    return server_context(authority, host)


def _say_ready(url: str, served: Sequence[dict[str, Any]], host: str, page: AsgiApp | None) -> None:
    from replaydisputes.server.origins import is_loopback  # noqa: PLC0415

    if not is_loopback(host):
        click.echo(f"Warning: {host} is no loopback address, so other machines can reach this server.", err=True)
    width = max((len(one["name"]) for one in served), default=0)
    lines = [f"  {one['name']:<{width}}  {one['dispute_id'] or '(no dispute)'}" for one in served]
    what = "the cassettes, each with a dispute of its own:" if served else "a sandbox for each key (not Stripe)."
    click.echo(f"replaydisputes answers at {url}: {what}")
    if lines:
        click.echo("\n".join(lines))
    click.echo(f'Python: stripe.StripeClient("sk_test_mine", base_addresses={{"api": "{url}"}})')
    if page:
        click.echo(f"Demo page: {url}/")
    click.echo("Each key is a session of its own. Ctrl-C stops the server.")
    sys.stdout.flush()
