"""Cassettes that somebody or something has changed: played, shown and checked, they give answers or errors of ours."""

from __future__ import annotations

import os
import random
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from replaydisputes.cassette_file import load
from replaydisputes.cli import group
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request
from replaydisputes.playback import Player

CASSETTES = Path(__file__).parent.parent / "cassettes"
MUTATIONS = int(os.environ.get("MUTATIONS", "2000" if "AT_LENGTH" in os.environ else "150"))
SEED = int(os.environ.get("SEED", "14"))
DISPUTE = "du_1MtJUT2eZvKYlo2CNaw2HvEv"
HOSTILE = [
    *(b"https://api.stripe.com:99999/v1/x", b"https://[/v1/disputes", b"//", b"http://[::1]]:0/", b"https://\xc2\xa0/"),
    *(b"null", b"[]", b"{}", b"-1", b"1e999", b".nan", b"&a [*a]", b"!!binary AA==", b"!!python/object:os.system x"),
    *(b"'", b'"', b"\t", b"\x00", b"\xff", b": :", b"- - -", b"2026-01-01", b"0x1F", b"~", b"? x", b"|", b">-", b"%41"),
    *(b"[" * 200, b"a: " * 100, b"\xf0\x9f\x98\x80", b"\r", b"\xe2\x80\xa8", b"9" * 5000, b"GET", b"HEAD", b"TRACE"),
]


def mutated(text: bytes, drawn: random.Random) -> bytes:
    """A few changes: lines dropped, doubled, swapped or moved, values replaced, bytes flipped, the end cut off."""
    for _ in range(drawn.choice((1, 1, 1, 2, 4))):
        lines = text.split(b"\n")
        at, to = drawn.randrange(len(lines)), drawn.randrange(len(lines))
        match drawn.randrange(8):
            case 0:
                del lines[at : at + drawn.choice((1, 1, 3, 40))]
            case 1:
                lines.insert(to, lines[at])
            case 2:
                lines[at], lines[to] = lines[to], lines[at]
            case 3 | 4:
                head, colon, _ = lines[at].partition(b": ")
                lines[at] = head + (colon or b": ") + drawn.choice(HOSTILE)
            case 5:
                lines[at] = b" " * drawn.randrange(9) + lines[at].lstrip()
            case 6:
                place = drawn.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + drawn.choice(HOSTILE) + lines[at][place:]
            case 7:
                lines = lines[: max(1, at)]
        text = b"\n".join(lines)
    return text


def played(path: Path, *, any_dispute: bool) -> None:
    """Ask for everything that is in the file, and for what is not."""
    cassette = load(path)
    player = Player(cassette, "mutated", any_dispute=any_dispute)
    asked = [one.request for one in cassette.interactions]
    others = [Request("POST", f"https://api.stripe.com/v1/disputes/{DISPUTE}/close")]
    for request in (*asked, *others, *asked):
        try:
            player.answer(request)
        except ReplayDisputesError as error:
            str(error)
    player.unplayed_report()
    repr(player)


@pytest.mark.parametrize("share", range(4))
def test_a_changed_cassette_gives_answers_or_errors_of_ours(share: int, tmp_path: Path) -> None:
    drawn, path = random.Random(f"{SEED} {share}"), tmp_path / "mutated.yaml"
    print(f"SEED={SEED}")
    shipped = sorted(CASSETTES.glob("*.yaml"))
    runner = CliRunner()
    could_play = 0
    for number in range(MUTATIONS // 4):
        path.write_bytes(mutated(drawn.choice(shipped).read_bytes(), drawn))
        with warnings.catch_warnings(action="ignore"):
            for any_dispute in (False, True):
                with suppress(ReplayDisputesError):
                    played(path, any_dispute=any_dispute)
                    could_play += 1
            for command in (["show", str(path)], ["check", str(path)], ["check", "--format", "json", str(path)]):
                failed = runner.invoke(group, command).exception
                assert failed is None or isinstance(failed, SystemExit | ReplayDisputesError), (number, command, failed)

    assert could_play > MUTATIONS // 4 // 5  # the others are refused as they are opened
