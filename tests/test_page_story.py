"""The demo page tells what closing a dispute does: to each visitor a history of their own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.page import Exhibit, page_app
from replaydisputes.server.page.sessions import MAX_SESSIONS
from replaydisputes.server.page.story import Story
from tests.page_support import NOW_S, SHIPPED, Browser, shipped_page

TWICE = "/_demo/dispute/close-twice"
EXTRA = "Close it again"


def outcomes(html: str) -> list[str]:
    """What each exchange of the time line came to."""
    found = re.findall(r'<p class="outcome">(.*?)</p>', html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


def test_the_list_shows_amount_reason_due_date_and_status() -> None:
    page = Browser(shipped_page()).get("/")

    row = next(one for one in page.html.split('<li class="row">') if "/close-product-not-received" in one)
    told = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    assert told == (
        "$10.00 Product not received close-product-not-received a product_not_received dispute closes as a fraudulent "
        "one does Due 3 Dec 2026 in 10 days Status: Needs response"
    )


def test_the_page_says_at_once_that_the_shipped_cassettes_are_not_recordings_of_stripe() -> None:
    browser = Browser(shipped_page())

    assert [
        "Made by this project's sandbox, a model of Stripe test mode. Not a recording of Stripe." in page.text
        for page in (browser.get("/"), browser.get(TWICE))
    ] == [True, True]


def test_a_close_makes_a_dispute_lost_and_a_second_one_is_refused_as_recorded() -> None:
    browser = Browser(shipped_page())
    opened = browser.get(TWICE)
    closed = browser.post("/_demo/step/0/close-twice")
    refused = browser.post("/_demo/step/1/close-twice")

    assert [outcomes(page.html) for page in (opened, closed, refused)] == [
        ["HTTP 200 Needs response"],
        ["HTTP 200 Needs response", "HTTP 200 Needs response → became Lost"],
        [
            "HTTP 200 Needs response",
            "HTTP 200 Needs response → became Lost",
            "HTTP 400 Refused: This dispute is already closed",
            "HTTP 200 Lost",
        ],
    ]
    assert 'data-was="was &#34;needs_response&#34;">  &#34;status&#34;: &#34;lost&#34;</span>' in closed.html
    assert closed.html.count('class="line changed"') == 1


def test_the_question_before_a_close_says_that_it_is_final() -> None:
    browser = Browser(shipped_page())

    page = browser.get("/_demo/confirm/close-twice")

    assert "Closing is final. It tells Stripe that you accept the dispute over $10.00" in page.text
    assert re.findall(r'<form method="(\w+)" action="([^"]+)"', page.html) == [("post", "/_demo/step/0/close-twice")]


def test_what_is_closed_is_not_asked_about() -> None:
    browser = Browser(shipped_page())
    browser.post("/_demo/step/0/close-twice")

    page = browser.get("/_demo/confirm/close-twice")

    assert (page.status, page.headers["location"]) == (303, TWICE)


def test_a_button_pressed_twice_closes_once() -> None:
    browser = Browser(shipped_page())

    pages = [browser.post("/_demo/step/0/close-twice") for _ in range(2)]

    assert len({tuple(outcomes(page.html)) for page in pages}) == 1


def test_a_close_that_was_not_recorded_is_told_as_this_tools_own_refusal() -> None:
    browser = Browser(shipped_page())
    browser.post("/_demo/step/0/close-lost")

    page = browser.post("/_demo/step/1/close-lost")

    assert outcomes(page.html)[-1] == "501 Not in the cassette: replaydisputes refuses to make an answer up"
    assert "replaydisputes’ own report, never dressed up as Stripe’s" in page.text


def test_visitors_have_histories_of_their_own() -> None:
    app = shipped_page()
    one, other = Browser(app), Browser(app)
    one.post("/_demo/step/0/close-twice")

    assert [len(outcomes(browser.get(TWICE).html)) for browser in (one, other)] == [2, 1]


def test_a_reset_starts_one_dispute_over_and_start_over_all_of_them() -> None:
    browser = Browser(shipped_page())
    names = ("close-twice", "close-inquiry")

    def exchanges() -> list[int]:
        return [len(outcomes(browser.get(f"/_demo/dispute/{name}").html)) for name in names]

    for name in names:
        browser.post(f"/_demo/step/0/{name}")
    closed = exchanges()
    browser.post("/_demo/reset/close-twice")
    one_reset = exchanges()
    browser.post("/_demo/reset/")

    assert (closed, one_reset, exchanges()) == ([2, 4], [1, 4], [1, 1])


def test_the_list_shows_the_status_that_the_visitor_has_come_to() -> None:
    browser = Browser(shipped_page())
    browser.post("/_demo/step/0/close-inquiry")

    row = next(
        one
        for one in browser.get("/").html.split('<li class="row">')
        if "/close-inquiry<" in one or '/close-inquiry"' in one
    )

    assert "Warning closed" in row


def test_the_longest_unused_session_is_forgotten_and_no_other() -> None:
    app = shipped_page()
    first, second = Browser(app), Browser(app)
    for browser in (first, second):
        browser.post("/_demo/step/0/close-twice")
    first.get(TWICE)
    for _ in range(MAX_SESSIONS - 1):
        Browser(app).get(TWICE)

    assert [len(outcomes(browser.get(TWICE).html)) for browser in (first, second)] == [2, 1]


def test_an_assumption_of_the_sandbox_is_told_where_it_first_answers() -> None:
    page = Browser(shipped_page()).post("/_demo/step/0/close-inquiry")

    assert re.findall("the sandbox marks this answer ([a-z-]+)\\.", page.text) == ["inquiry-reason", "inquiry-close"]


@pytest.mark.parametrize("name", ["../mine.yaml", "/home/me/mine.yaml", "a b?c#d%2F", "reset/x", "ü"])
def test_a_cassette_of_any_name_has_an_address(name: str) -> None:
    shown = replace(SHIPPED[1], name=name)
    browser = Browser(page_app([shown], find_stand_ins=stand_ins_in, clock=lambda: NOW_S))
    address = re.findall(r'<a href="(/_demo/[^"]*)"', browser.get("/").html)[0]
    action = re.findall(r'action="(/_demo/step/[^"]*)"', browser.get(address).html)[0]

    assert address.count("/") == 3
    assert len(outcomes(browser.post(action).html)) == 2


@pytest.mark.parametrize("exhibit", SHIPPED, ids=[one.name for one in SHIPPED])
def test_every_step_of_a_shipped_cassette_is_answered_as_recorded(exhibit: Exhibit) -> None:
    story = Story(exhibit, NOW_S)
    while story.next_step and not story.next_step.is_extra:
        story.advance()

    recorded = [(one.request.method, one.request.url, one.response.status) for one in exhibit.cassette.interactions]
    played = [(one.request.method, one.request.url, one.response and one.response.status) for one in story.exchanges]
    assert played == recorded


def test_steps_are_named_after_what_they_do() -> None:
    labels = {}
    for exhibit in SHIPPED:
        story = Story(exhibit, NOW_S)
        labels[exhibit.name] = []
        while step := story.next_step:
            labels[exhibit.name].append(step.label)
            story.advance()

    assert {name: labels[name] for name in ("close-evidence-saved", "close-metadata", "close-twice", "close-won")} == {
        "close-evidence-saved": ["Save evidence", "Close dispute", EXTRA],
        "close-metadata": ["Set metadata", "Close dispute", EXTRA],
        "close-twice": ["Close dispute", "Close dispute"],
        "close-won": ["Close dispute"],
    }
    assert labels["close-evidence-submitted"][0] == "Submit evidence"
