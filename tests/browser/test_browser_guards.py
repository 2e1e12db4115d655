"""What other sites try in the same browser: names that point here, forms, frames, scripts."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import REBOUND

OpenPage = Callable[..., Any]
TWICE = "/_demo/dispute/close-twice"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Puts a page on another site and gives its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def put(html: str) -> str:
        (tmp_path / "evil.html").write_text(html, encoding="utf-8")
        return f"http://{REBOUND}:{server.server_port}/evil.html"

    yield put
    server.shutdown()
    thread.join()
    server.server_close()


def status(page: Any, url: str) -> str:
    page.goto(f"{url}{TWICE}")
    return str(page.text_content(".title .pill"))


def test_a_name_that_was_pointed_here_is_refused(open_page: OpenPage, url: str) -> None:
    page = open_page()

    answer = page.goto(f"http://{REBOUND}:{urlsplit(url).port}{TWICE}")

    assert (answer.status, page.text_content("h1"), page.context.cookies()) == (421, "Not this host", [])


def test_a_form_of_another_site_closes_nothing(open_page: OpenPage, url: str, other_site: Callable[[str], str]) -> None:
    page = open_page()
    before = status(page, url)
    form = (
        f"<form method=post action='{url}/_demo/step/0/close-twice'></form><script>document.forms[0].submit()</script>"
    )
    with page.expect_response(lambda answer: "/_demo/step/" in answer.url) as caught:
        page.goto(other_site(form))

    assert (caught.value.status, before, status(page, url)) == (403, "Needs response", "Needs response")


def test_a_script_of_another_site_closes_nothing_and_reads_nothing(
    open_page: OpenPage, url: str, other_site: Callable[[str], str]
) -> None:
    page = open_page()
    status(page, url)
    page.goto(other_site("<p>evil</p>"))
    sent = f"fetch('{url}/_demo/step/0/close-twice', {{method: 'POST', mode: 'no-cors', credentials: 'include'}})"
    page.evaluate(f"{sent}.then(() => 'sent', () => 'failed')")
    read = page.evaluate(f"fetch('{url}{TWICE}', {{credentials: 'include'}}).then(() => 'read', () => 'failed')")

    assert (read, status(page, url)) == ("failed", "Needs response")


def test_a_frame_of_another_site_shows_nothing(open_page: OpenPage, url: str, other_site: Callable[[str], str]) -> None:
    page = open_page()
    with page.expect_response(lambda answer: answer.url == f"{url}{TWICE}") as caught:
        page.goto(other_site(f"<iframe src='{url}{TWICE}'></iframe>"))
    page.wait_for_load_state("networkidle")

    assert caught.value.status == 403
    assert "Close dispute" not in page.frames[1].content()


def test_the_pages_cookie_is_out_of_reach_of_its_scripts(open_page: OpenPage, url: str) -> None:
    page = open_page()
    page.goto(url)
    (cookie,) = page.context.cookies()

    assert (page.evaluate("document.cookie"), cookie["httpOnly"], cookie["sameSite"]) == ("", True, "Strict")


def test_a_script_that_got_into_the_page_would_not_run(open_page: OpenPage, url: str) -> None:
    page = open_page()
    page.goto(url)
    page.evaluate(
        "const one = document.createElement('script'); one.textContent = 'window.ran = true'; document.body.append(one)"
    )

    assert page.evaluate("window.ran") is None
