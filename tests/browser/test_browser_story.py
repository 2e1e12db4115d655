"""The whole story in a real browser: by mouse, by keyboard, without scripts, and from files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

OpenPage = Callable[..., Any]


def told(page: Any) -> tuple[str, list[str]]:
    """The status beside the title, and what each exchange of the time line came to."""
    page.wait_for_load_state()
    return page.text_content(".title .pill"), [one.inner_text() for one in page.query_selector_all(".outcome")]


OPENED = ("Needs response", ["HTTP 200 Needs response"])
CLOSED = ("Lost", ["HTTP 200 Needs response", "HTTP 200 Needs response → became Lost"])
REFUSED = ("Lost", [*CLOSED[1], "HTTP 400 Refused: This dispute is already closed", "HTTP 200 Lost"])


def one_line(state: tuple[str, list[str]]) -> tuple[str, list[str]]:
    return state[0].strip(), [" ".join(one.split()) for one in state[1]]


def by_mouse(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).click()


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the element of a name has the focus, as a person would who sees where it is."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()").startswith(name):
            return
    raise AssertionError(f"Tab never came to {name!r}")


def by_keyboard(page: Any, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_the_whole_story_by_mouse(open_page: OpenPage, url: str, said: list[str]) -> None:
    page = open_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(url)
    page.click("a[href='/_demo/dispute/close-twice']")
    page.wait_for_selector(".danger:visible")
    states = [told(page)]
    by_mouse(page, "Close dispute…")
    asked = page.inner_text("dialog[open]")
    by_mouse(page, "Keep it open")
    states.append(told(page))
    by_mouse(page, "Close dispute…")
    by_mouse(page, "Close dispute for good")
    page.wait_for_selector("#latest:focus")
    states.append(told(page))
    by_mouse(page, "Close it again")
    page.wait_for_selector(".refused#latest:focus")
    states.append(told(page))
    by_mouse(page, "Reset")
    page.wait_for_selector(".danger:visible")
    states.append(told(page))

    assert [one_line(state) for state in states] == [OPENED, OPENED, CLOSED, REFUSED, OPENED]
    assert "Closing is final." in asked
    assert (said, hosts) == ([], {urlsplit(url).netloc})


def test_the_whole_story_by_keyboard_alone(open_page: OpenPage, url: str) -> None:
    page = open_page()
    page.goto(f"{url}/")
    by_keyboard(page, "Skip to content")
    for _ in range(50):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.getAttribute('href') || '').endsWith('/close-twice')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".danger:visible")
    by_keyboard(page, "Close dispute…")
    focused = [page.evaluate("document.activeElement.textContent")]
    page.keyboard.press("Escape")
    focused.append(page.evaluate("document.activeElement.textContent"))
    states = [told(page)]
    page.keyboard.press("Enter")
    by_keyboard(page, "Close dispute for good")
    page.wait_for_selector("#latest:focus")
    states.append(told(page))
    by_keyboard(page, "Close it again")
    page.wait_for_selector(".refused#latest:focus")
    states.append(told(page))
    by_keyboard(page, "Reset")
    page.wait_for_selector(".danger:visible")
    states.append(told(page))

    assert [one_line(state) for state in states] == [OPENED, CLOSED, REFUSED, OPENED]
    assert focused == ["Keep it open", "Close dispute…"]


def test_the_whole_story_without_scripts(open_page: OpenPage, url: str) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(url)
    page.click("a[href='/_demo/dispute/close-twice']")
    page.wait_for_selector(".danger:visible")
    states = [told(page)]
    page.click("text=Close dispute…")
    page.click("text=Close dispute for good")
    page.wait_for_selector(".accent")
    states.append(told(page))
    page.click("text=Close it again")
    page.wait_for_selector(".refused#latest")
    states.append(told(page))

    assert [one_line(state) for state in states] == [OPENED, CLOSED, REFUSED]


@pytest.mark.parametrize(("steps", "news"), [(1, ".changed"), (2, ".body")], ids=["what changed", "the refusal"])
def test_the_news_of_an_answer_is_brought_into_view(open_page: OpenPage, url: str, steps: int, news: str) -> None:
    page = open_page()
    page.goto(f"{url}/_demo/dispute/close-twice")
    by_mouse(page, "Close dispute…")
    by_mouse(page, "Close dispute for good")
    if steps == 2:
        by_mouse(page, "Close it again")
        page.wait_for_selector(".refused#latest:focus")
    page.wait_for_selector("#latest:focus")

    response = page.locator("#latest .scroll").nth(1)
    box, line = response.bounding_box(), response.locator(news).bounding_box()
    assert box["y"] <= line["y"] <= box["y"] + box["height"] - line["height"]


def test_the_theme_follows_the_system_until_it_is_chosen_and_stays_chosen(open_page: OpenPage, url: str) -> None:
    page = open_page(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    page.goto(url)
    seen = [page.evaluate(ground)]
    by_mouse(page, "Light theme")
    seen.append(page.evaluate(ground))
    page.goto(f"{url}/_demo/dispute/close-lost")
    seen.append(page.evaluate(ground))

    assert seen == ["rgb(17, 18, 22)", "rgb(247, 247, 245)", "rgb(247, 247, 245)"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "slides & more"
    command = [sys.executable, "-m", "replaydisputes", "export", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder.parent)
    return folder


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_whole_story_from_files(open_page: OpenPage, exported: Path, said: list[str], scripts: bool) -> None:
    page = open_page(java_script_enabled=scripts)
    schemes = set()
    page.on("request", lambda request: schemes.add(urlsplit(request.url).scheme))
    page.goto((exported / "index.html").as_uri())
    page.click("a[href='close-twice.html']")
    page.wait_for_selector(".danger:visible")
    states = [told(page)]
    page.locator("text=Close dispute…").locator("visible=true").click()
    page.locator("text=Close dispute for good").locator("visible=true").click()
    page.wait_for_selector(".accent")
    states.append(told(page))
    page.click("text=Close it again")
    page.wait_for_selector(".refused#latest")
    states.append(told(page))
    page.click("button:has-text('Reset')")
    page.wait_for_selector(".danger:visible")
    states.append(told(page))

    assert [one_line(state) for state in states] == [OPENED, CLOSED, REFUSED, OPENED]
    assert (said, schemes) == ([], {"file"})
