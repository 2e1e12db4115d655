"""No state of the page breaks a rule of accessibility or the width of a phone, in either theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE

DISPUTE = "/_demo/dispute/"


def close(page: Any) -> None:
    page.locator(".danger:visible").first.click()
    page.click("dialog .danger")
    page.wait_for_selector("#latest:focus")


def closed(page: Any) -> None:
    close(page)


def closed_again(page: Any) -> None:
    close(page)
    page.click(".act .accent")
    page.wait_for_selector(".refused#latest:focus")


def asked(page: Any) -> None:
    page.click("[data-opens]")
    page.wait_for_selector("dialog[open]")


def with_older(page: Any) -> None:
    page.click(".older summary")


def with_all_wires(page: Any) -> None:
    for summary in page.query_selector_all("summary"):
        summary.click()


def next_step(page: Any) -> None:
    page.click(".act .accent")
    page.wait_for_selector("#latest:focus")


def as_it_is(page: Any) -> None:
    pass


STATES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "list": ("/", as_it_is),
    "list with older": ("/", with_older),
    "open": (f"{DISPUTE}close-twice", as_it_is),
    "open on the wire": (f"{DISPUTE}close-lost", with_all_wires),
    "asked": (f"{DISPUTE}close-twice", asked),
    "closed": (f"{DISPUTE}close-twice", closed),
    "refused": (f"{DISPUTE}close-twice", closed_again),
    "not recorded": (f"{DISPUTE}close-lost", closed_again),
    "assumed": (f"{DISPUTE}close-inquiry", closed),
    "won": (f"{DISPUTE}close-won", as_it_is),
    "several": (f"{DISPUTE}close-list", as_it_is),
    "evidence": (f"{DISPUTE}close-evidence-submitted", next_step),
    "no dispute": (f"{DISPUTE}close-unknown", next_step),
    "asked without scripts": ("/_demo/confirm/close-twice", as_it_is),
    "missing": (f"{DISPUTE}none", as_it_is),
}


LOOKS: dict[str, dict[str, Any]] = {
    f"{theme} {size['width']}": {"color_scheme": theme, "viewport": size}
    for theme in ("light", "dark")
    for size in (WIDE, PHONE)
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("look", LOOKS)
def test_a_state_has_no_violation_and_fits(
    open_page: Callable[..., Any], url: str, examine: Callable[[Any, str], list[str]], look: str, state: str
) -> None:
    path, reach = STATES[state]
    page = open_page(**LOOKS[look])
    page.goto(f"{url}{path}")
    reach(page)

    assert examine(page, f"{state} {look}".replace(" ", "-")) == []
    assert page.evaluate("document.documentElement.scrollWidth") == LOOKS[look]["viewport"]["width"]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_due_date_and_status_stand_apart(open_page: Callable[..., Any], url: str, size: dict[str, int]) -> None:
    page = open_page(viewport=size)
    page.goto(url)
    edges = (
        "(row) => [row.querySelector('time'), row.querySelector('.pill')].map((one) => one?.getBoundingClientRect())"
    )
    rows = [row.evaluate(edges) for row in page.query_selector_all(".rows:not(.plain) .row")]
    due = [(date["right"], pill["left"]) for date, pill in rows if date]

    assert len(due) > 10
    assert [one for one in due if one[0] > one[1]] == []


def test_axe_sees_what_is_wrong(
    open_page: Callable[..., Any], url: str, examine: Callable[[Any, str], list[str]]
) -> None:
    page = open_page()
    page.goto(url)
    page.evaluate("document.querySelector('.lead').outerHTML = '<p class=pill><img src=/_demo/assets/icon.svg></p>'")

    assert examine(page, "spoilt") == ['image-alt: <img src="/_demo/assets/icon.svg">']
