"""`demo --web` serves the page until Ctrl-C; a missing library or a broken cassette is one clear line."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from replaydisputes.cli.page import exhibit_of, exhibits_of
from replaydisputes.errors import MissingExtraError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.server.page import rendering
from replaydisputes.server.page.story import Story
from tests.page_support import NOW_S, SHIPPED, shipped_page

WEB = [sys.executable, "-W", "error", "-m", "replaydisputes", "demo", "--web", "--no-browser", "--port"]


def test_it_says_where_the_page_is_serves_it_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*WEB, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline(), process.stdout.readline()]
        url = said[0].split()[-1]
        with requests.Session() as session:
            session.get(url, timeout=10)
            closed = session.post(f"{url}/_demo/step/0/close-twice", headers={"Origin": url}, timeout=10)
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=10)

    assert said == [f"The demo page is at {url}\n", "Ctrl-C stops it.\n"]
    assert (closed.status_code, closed.url) == (200, f"{url}/_demo/dispute/close-twice#latest")
    assert "<title>Lost: $10.00 Fraudulent · replaydisputes</title>" in closed.text
    assert (process.returncode, rest, errors) == (0, "", "")


SERVE = [sys.executable, "-W", "error", "-m", "replaydisputes", "serve", "--port", "0"]


def served(arguments: list[str], folder: Path) -> tuple[list[str], int, str, str]:
    """What `serve` says; the status and title of `/`; the status that the API reads after a close on the page."""
    with subprocess.Popen([*SERVE, *arguments], stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
        url = re.findall(r"http://127\.0\.0\.1:[0-9]+", lines[0])[0]
        with requests.Session() as session:
            page = session.get(f"{url}/", timeout=10)
            session.post(f"{url}/_demo/step/0/close-lost", headers={"Origin": url}, timeout=10)
            read = session.get(f"{url}/v1/disputes/du_1AAAAAreplaydisp00000001", timeout=10)
        process.terminate()
    title = re.findall("<title>(.*)</title>", page.text)
    return [line.replace(url, "URL") for line in lines], page.status_code, "".join(title), read.json()["status"]


def test_serve_has_the_page_beside_the_api_with_a_history_of_its_own(tmp_path: Path) -> None:
    said, status, title, read = served(["close-lost"], tmp_path)

    assert "Demo page: URL/\n" in said
    assert (status, title, read) == (200, "Disputes · replaydisputes", "needs_response")


def test_serve_goes_without_the_page_where_it_is_told_to(tmp_path: Path) -> None:
    said, status, title, read = served(["close-lost", "--no-demo"], tmp_path)

    assert [line for line in said if "Demo page" in line] == []
    assert (status, title, read) == (501, "", "needs_response")


def test_it_opens_the_page_in_the_browser(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = (
        f"{shlex.quote(sys.executable)} -c \"import pathlib,sys; pathlib.Path('{opened}').write_text(sys.argv[1])\" %s"
    )
    with subprocess.Popen(
        [one for one in WEB if one != "--no-browser"] + ["0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "BROWSER": browser},
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        process.stdout.readline()
        for _ in range(100):
            if opened.exists() and opened.read_text():
                break
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=10)

    assert opened.read_text() == url


def test_a_broken_cassette_is_told_and_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("interactions: 7\nversion: 1\n")

    shown = exhibits_of((), tmp_path)

    assert [one.name for one in shown] == [one.name for one in SHIPPED]
    assert capsys.readouterr().err.startswith(f"Warning: {tmp_path / 'mine.yaml'}")


def test_recordings_of_other_tools_are_shown_compressed_or_asked_by_time(tmp_path: Path) -> None:
    dispute = json.dumps({"object": "dispute", "id": "du_1", "created": 1_700_000_000, "status": "won"}).encode()
    listed = Request("GET", "https://api.stripe.com/v1/disputes?created[gte]=1700000000")
    answers = [
        Response(
            200, (("Content-Encoding", "gzip"), ("Date", "Tue, 14 Nov 2023 22:13:20 GMT")), gzip.compress(dispute)
        ),
        Response(200, (("Content-Encoding", "br"),), b"\x0b\x02\x80{}\x03"),
    ]
    stories = [Story(exhibit_of("mine", Cassette((Interaction(listed, one),))), NOW_S) for one in answers]

    readable, unreadable = (story.exchanges[0] for story in stories)
    assert (readable.value["created"], readable.response and readable.response.header("content-encoding")) == (
        NOW_S,
        None,
    )
    assert (unreadable.response, unreadable.refusal.partition(",")[0]) == (
        None,
        "the recorded answer is compressed with 'br'",
    )


def test_a_suites_own_cassettes_come_first(tmp_path: Path) -> None:
    content = next(path for path in (Path(__file__).parent.parent / "cassettes").glob("close-twice.yaml")).read_bytes()
    (tmp_path / "mine.yaml").write_bytes(content)

    assert [one.name for one in exhibits_of((), tmp_path)][:3] == ["mine", "close-lost", "close-twice"]


def test_without_jinja_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    rendering.environment.cache_clear()

    with pytest.raises(MissingExtraError) as caught:
        shipped_page()

    rendering.environment.cache_clear()
    assert caught.value.extra == "server"
