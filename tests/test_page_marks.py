"""What redaction replaced is marked, all of it, and nothing of a cassette is taken for HTML."""

from __future__ import annotations

import json
import os
import random
import re
from copy import deepcopy
from dataclasses import replace

import pytest

from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.page import Exhibit, page_app
from replaydisputes.server.page.story import Story
from replaydisputes.server.page.views import story_view
from replaydisputes.server.page.wording import amount_in_words, distance_in_words
from tests.page_support import NOW_S, SHIPPED, Browser, exhibit, shipped_page

TOLD = {
    "GET /v1/disputes/du_1AAAAAreplaydisp00000001/close": {"du_1AAAAAreplaydisp00000001": "id"},
    "acct_100001replaydisp cus_replaydisp0001": {"acct_100001replaydisp": "id", "cus_replaydisp0001": "id"},
    "pi_1AAAAAreplaydisp00000001_secret_replaydisp000000000000001": {
        "pi_1AAAAAreplaydisp00000001_secret_replaydisp000000000000001": "client secret"
    },
    "Authorization: Bearer [redacted]": {"[redacted]": "key"},
    "Invalid API Key provided: sk_test_*********************0000": {"sk_test_*********************0000": "key"},
    "customer-1@example.invalid at 192.0.2.1, +15555550001": {
        "customer-1@example.invalid": "email address",
        "192.0.2.1": "IP address",
        "+15555550001": "telephone number",
    },
    '"created": 1767225600, "amount": 1767225600': {"1767225600": "time"},
    "Date: Thu, 01 Jan 2026 00:00:00 GMT": {"Thu, 01 Jan 2026 00:00:00 GMT": "time"},
    '"description": "[redacted 12]", "url": "https://example.invalid/3"': {
        "[redacted 12]": "text",
        "https://example.invalid/3": "URL",
    },
    "a=%5Bredacted+3%5D&b=customer-1%40example.invalid&c=%2B15555550001&d=https%3A%2F%2Fexample.invalid%2F3": {
        "%5Bredacted+3%5D": "text",
        "customer-1%40example.invalid": "email address",
        "%2B15555550001": "telephone number",
        "https%3A%2F%2Fexample.invalid%2F3": "URL",
    },
    '"livemode": false, "id": "ch_3MmlLrLkdIwHu7ix0snN0B15"': {},
}


@pytest.mark.parametrize("text", TOLD)
def test_a_stand_in_is_told_by_its_shape_with_its_kind(text: str) -> None:
    assert {text[start:end]: kind for start, end, kind in stand_ins_in(text)} == TOLD[text]


@pytest.mark.parametrize("shown", SHIPPED, ids=[one.name for one in SHIPPED])
def test_nothing_that_redaction_put_into_a_shipped_cassette_is_left_unmarked(shown: Exhibit) -> None:
    story = Story(shown, NOW_S)
    while story.next_step:
        story.advance()
    view = story_view(story, stand_ins_in, NOW_S)

    plain = [
        "".join(piece.text for piece in line.pieces if not piece.kind)
        for one in view.exchanges
        for line in (*one.request, *one.response)
    ]
    assert [
        line for line in plain if re.search(r"replaydisp\d|redacted|1555555|example\.invalid|\*\*\*\*|1AAAAA", line)
    ] == []


def test_the_lines_of_the_wire_are_the_bytes_of_the_answer() -> None:
    browser = Browser(shipped_page())
    page = browser.get("/_demo/dispute/close-twice")

    story = Story(next(one for one in SHIPPED if one.name == "close-twice"), NOW_S - NOW_S % 60)
    assert story.exchanges[0].response is not None
    assert " ".join(story.exchanges[0].response.body.decode().split()) in page.text


def hostile(text: str) -> Cassette:
    """A cassette of another tool, with a text in every place that is shown."""
    dispute = {
        "id": f"du_{text}",
        "object": "dispute",
        "amount": 1000,
        "currency": text,
        "reason": text,
        "status": text,
        "charge": text,
        "network_reason_code": text,
        "created": NOW_S,
        "evidence": {text: text, "empty": None},
        "evidence_details": {"due_by": NOW_S, "submission_count": 1},
    }
    url = f"https://api.stripe.com/v1/disputes/du_1?{text}"
    read = Request("GET", url, (("X-Text", text),))
    close = Request("POST", "https://api.stripe.com/v1/disputes/du_1/close", (), text.encode())
    answered = Response(200, (("Replaydisputes-Assumption", text),), json.dumps(dispute).encode(), text)
    refused = Response(400, (), json.dumps({"error": {"message": text}}).encode())
    return Cassette((Interaction(read, answered), Interaction(close, answered), Interaction(close, refused)))


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'}}{{7*7}}<!--"])
def test_nothing_in_a_cassette_becomes_html(text: str) -> None:
    name = f"{text}/other"
    app = page_app([exhibit(name, hostile(text), text)], find_stand_ins=stand_ins_in, clock=lambda: NOW_S)
    browser = Browser(app)

    pages = [browser.get("/"), browser.get(f"/_demo/dispute/{name}"), browser.get(f"/_demo/confirm/{name}")]
    pages += [browser.post(f"/_demo/step/{step}/{name}") for step in range(2)]

    assert [page.status for page in pages] == [200] * 5
    assert [one for page in pages for one in ("<script>alert", "<img src=x", "<!--", "49") if one in page.html] == []


ODD = [
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "x" * 3000,
    "\x00\x1b",
    "ü\ud800",
    [],
    {},
    [[]],
    {"object": "dispute", "id": "du_2"},
]


def test_no_answer_however_odd_breaks_the_page() -> None:
    """Each of 100 cassettes has a dispute with odd values in places drawn at random."""
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"SEED={seed}")
    drawn = random.Random(seed)
    for _ in range(100):
        told = json.loads(hostile("plain").interactions[0].response.body)
        for _ in range(drawn.randint(1, 4)):
            place = drawn.choice([told, told["evidence_details"], told["evidence"]] if len(told) > 9 else [told])
            place[drawn.choice([*place, "payment_method_details", "data", "error", "object"])] = deepcopy(
                drawn.choice(ODD)
            )
            if not isinstance(told.get("evidence_details"), dict) or not isinstance(told.get("evidence"), dict):
                break
        body = json.dumps(drawn.choice([told, [told], {"object": "list", "data": told}, {"data": {"object": told}}]))
        cut = body[: drawn.randint(0, len(body))] if drawn.random() < 0.1 else body
        interactions = [replace(one, response=Response(200, (), cut.encode())) for one in hostile("plain").interactions]
        app = page_app(
            [exhibit("odd", Cassette(tuple(interactions)))], find_stand_ins=stand_ins_in, clock=lambda: NOW_S
        )
        browser = Browser(app)
        pages = [browser.get("/"), browser.get("/_demo/dispute/odd"), browser.post("/_demo/step/0/odd")]
        assert [page.status for page in pages] == [200] * 3, told


def test_a_file_that_cannot_be_played_is_shown_with_the_reason() -> None:
    broken = Interaction(Request("GET", "https://[::1/v1/disputes/du_1"), Response(200))
    app = page_app([exhibit("broken", Cassette((broken,)))], find_stand_ins=stand_ins_in, clock=lambda: NOW_S)

    page = Browser(app).get("/_demo/dispute/broken")

    assert (page.status, "Invalid IPv6 URL" in page.text) == (200, True)


def test_of_a_long_cassette_the_first_sixty_interactions_are_shown() -> None:
    read = hostile("plain").interactions[0]
    app = page_app([exhibit("long", Cassette((read,) * 90))], find_stand_ins=stand_ins_in, clock=lambda: NOW_S)

    page = Browser(app).get("/_demo/dispute/long")

    assert page.html.count('<li class="read"') == 60
    assert "The cassette has 30 more interactions than this page shows." in page.text


def test_a_time_of_a_file_that_redaction_did_not_make_is_not_marked() -> None:
    view = story_view(Story(exhibit("foreign", hostile("plain")), NOW_S), stand_ins_in, NOW_S)

    assert view.kinds == ()
    assert view.source_says == "The file does not say where it came from."


@pytest.mark.parametrize(
    ("amount_minor", "currency", "words"),
    [
        (1000, "usd", "$10.00"),
        (123456789, "eur", "€1,234,567.89"),
        (1000, "jpy", "¥1,000"),
        (1000, "krw", "1,000 KRW"),
        (12345, "kwd", "12.345 KWD"),
        (-2500, "gbp", "−£25.00"),
        (500, "chf", "5.00 CHF"),
        (0, "usd", "$0.00"),
    ],
)
def test_amounts_are_in_the_currencys_own_decimals(amount_minor: int, currency: str, words: str) -> None:
    assert amount_in_words(amount_minor, currency) == words


@pytest.mark.parametrize(
    ("away_s", "words"),
    [
        (0, "today"),
        (86_400, "in 1 day"),
        (10 * 86_400 - 60, "in 10 days"),
        (-86_400, "1 day ago"),
        (36_000, "in 1 day"),
    ],
)
def test_distances_are_whole_days_of_the_calendar(away_s: int, words: str) -> None:
    assert distance_in_words(NOW_S + away_s, NOW_S) == words
