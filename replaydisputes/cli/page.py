"""The demo page put together: cassettes from the library, players for them, redaction's eye for stand-ins."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from replaydisputes.cli.options import reading_directories
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.library import Library
from replaydisputes.model import Answerer, Cassette, Request, Response, without_headers
from replaydisputes.playback import Player
from replaydisputes.playback.clock import Shift, shift_to
from replaydisputes.playback.codings import CompressedAnswerError, plain_body
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.asgi import AsgiApp
from replaydisputes.server.page import Exhibit, exported_files, page_app


def demo_page(exhibits: Sequence[Exhibit], allowed_hosts: Collection[str] = ()) -> AsgiApp:
    return page_app(exhibits, find_stand_ins=stand_ins_in, allowed_hosts=allowed_hosts)


def demo_files(names: Sequence[str], directory: Path, now_s: int) -> dict[str, bytes]:
    """The same as files, as at a unix second."""
    return exported_files(exhibits_of(names, directory), stand_ins_in, now_s)


def exhibits_of(names: Sequence[str], directory: Path) -> tuple[Exhibit, ...]:
    """The cassettes named, or all there are: yours first, then the shipped ones in the order of their scenarios.

    Of all, one that cannot be read is told on stderr and passed over. Raises UnknownCassetteError, CassetteFormatError.
    """
    library = Library(reading_directories(directory))
    if names:
        return tuple(exhibit_of(name, library.load(name)) for name in dict.fromkeys(names))
    shown = []
    order = list(SCENARIOS)
    for entry in sorted(library.names(), key=lambda one: order.index(one.name) if one.name in order else -1):
        try:
            shown.append(exhibit_of(entry.name, library.load(str(entry.path))))
        except ReplayDisputesError as error:
            click.echo(f"Warning: {error}", err=True)
    return tuple(shown)


def exhibit_of(name: str, cassette: Cassette) -> Exhibit:
    scenario = SCENARIOS.get(cassette.provenance.scenario) if cassette.provenance else None
    return Exhibit(name, scenario.proves if scenario else "", cassette, partial(_begin, cassette, name))


def _begin(cassette: Cassette, name: str, begins_at_s: int) -> Answerer:
    try:
        shift = shift_to(cassette, begins_at_s)
    except CompressedAnswerError:
        shift = None
    return _Readable(Player(cassette, name, stripe_version="ignore"), shift)


class _Readable:
    """A player that is sent what was recorded, word for word, and whose answers are without content coding.

    So only the answers are moved in time: a player that moves them expects moved times in requests as well.
    """

    def __init__(self, player: Player, shift: Shift | None) -> None:
        self._player, self._shift = player, shift

    def answer(self, request: Request) -> Response:
        response = self._player.answer(request)
        if self._shift:
            response = self._shift.told(response)
        if not response.header("content-encoding"):
            return response
        headers = without_headers(response.headers, ["Content-Encoding", "Content-Length"])
        return replace(response, headers=headers, body=plain_body(response))
