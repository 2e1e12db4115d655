"""What the demo page refuses: other hosts' names, other sites' forms, frames, keys and parameters."""

from __future__ import annotations

import re

import pytest

from replaydisputes.redaction.spotting import stand_ins_in
from replaydisputes.server.page import page_app
from tests.page_support import SHIPPED, Browser, shipped_page

HERE = {"origin": "http://127.0.0.1:12112", "sec-fetch-site": "same-origin"}
STEP, TWICE = "/_demo/step/0/close-twice", "/_demo/dispute/close-twice"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PATHS = ["/", TWICE, "/_demo/confirm/close-twice", "/_demo/assets/page.css", "/_demo/assets/page.js", "/_demo/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers_that_keep_others_out(path: str) -> None:
    headers = Browser(shipped_page()).get(path).headers

    wanted = ("content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy")
    assert [headers[name] for name in wanted] == [POLICY, "DENY", "nosniff", "same-origin"]


@pytest.mark.parametrize("path", ["/", TWICE, "/_demo/confirm/close-twice"])
def test_no_page_holds_what_the_policy_would_stop(path: str) -> None:
    html = Browser(shipped_page()).get(path).html

    assert [
        one for one in (" style=", " onclick", "<style", "javascript:", "http://", "https://www") if one in html
    ] == []
    assert html.count("<script") == html.count('<script src="/_demo/assets/page.js"></script>') == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1:12112", "localhost", "LOCALHOST:80", "[::1]:12112", "127.9.9.9:1", "[::1]", "localhost:x"]
)
def test_loopback_names_are_answered(host: str) -> None:
    browser = Browser(shipped_page(), host=host)

    status = browser.get("/").status

    (cookie,) = browser.cookies
    assert (status, re.sub("[0-9]+", "N", cookie)) == (200, "replaydisputes-demo-N")


HOSTS = [
    "evil.example",
    "evil.example:12112",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "192.0.2.1",
    "",
    "[::1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_of_another_that_points_here_is_refused(host: str) -> None:
    browser = Browser(shipped_page(), host=host)

    assert [browser.get(path).status for path in PATHS] == [421] * len(PATHS)
    assert browser.cookies == {}


def test_a_host_that_was_allowed_is_answered() -> None:
    app = page_app(SHIPPED, find_stand_ins=stand_ins_in, allowed_hosts=["demo.internal"])

    assert Browser(app, host="demo.internal:8080").get("/").status == 200


SENDERS = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "http://127.0.0.1:9999"},
    "no origin worth the name": {"origin": "null"},
    "another site": {"sec-fetch-site": "cross-site"},
    "another site on this machine": {"sec-fetch-site": "same-site"},
    "nobody": {"sec-fetch-site": "none"},
    "another site that borrows the origin": {**HERE, "sec-fetch-site": "cross-site"},
    "a browser that says nothing": {},
}


@pytest.mark.parametrize("headers", SENDERS.values(), ids=SENDERS)
def test_a_form_from_elsewhere_changes_nothing(headers: dict[str, str]) -> None:
    browser = Browser(shipped_page())
    before = browser.get(TWICE)

    refused = browser.post(STEP, headers)

    assert (refused.status, browser.get(TWICE).body) == (403, before.body)


@pytest.mark.parametrize("headers", [HERE, {"origin": HERE["origin"]}, {"sec-fetch-site": "same-origin"}])
def test_the_pages_own_form_is_taken(headers: dict[str, str]) -> None:
    assert Browser(shipped_page()).send("POST", STEP, headers).status == 303


@pytest.mark.parametrize("kind", ["iframe", "frame", "embed", "object"])
def test_it_is_not_shown_in_a_frame(kind: str) -> None:
    assert Browser(shipped_page()).get("/", {"sec-fetch-dest": kind}).status == 403


def test_a_key_is_refused_wherever_it_is_put_and_not_repeated() -> None:
    browser, key = Browser(shipped_page()), "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"

    pages = [
        browser.get("/", {"authorization": f"Bearer {key}"}),
        browser.get(f"/?key={key}"),
        browser.post(STEP, HERE, f"key={key}".encode()),
        browser.post(STEP, {**HERE, "authorization": f"Bearer {key}"}),
    ]

    assert [(page.status, key in page.html) for page in pages] == [(400, False)] * 4


def test_no_form_has_a_field() -> None:
    browser = Browser(shipped_page())

    assert [
        name for name in ("<input", "<textarea", "<select") if name in browser.get("/").html + browser.get(TWICE).html
    ] == []


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_says_nothing() -> None:
    browser = Browser(shipped_page())
    name, _, rest = browser.get("/").headers["set-cookie"].partition("=")
    token, *attributes = rest.split("; ")

    assert (name, attributes) == ("replaydisputes-demo-12112", ["Path=/", "HttpOnly", "SameSite=Strict"])
    assert len(token) == 43
    assert "set-cookie" not in browser.get("/").headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_another_site_leads_to_the_page_and_leaves_the_visitors_history_alone(site: str) -> None:
    page = Browser(shipped_page()).get(TWICE, {"sec-fetch-site": site, "sec-fetch-dest": "document"})

    assert (page.status, "set-cookie" in page.headers) == (200, False)


@pytest.mark.parametrize("cookie", ["guessed", "a" * 5000, '"', "x; y=z", "=;=;\\"])
def test_a_token_that_is_not_ours_is_not_taken_over(cookie: str) -> None:
    app = shipped_page()
    browser = Browser(app, cookies={"replaydisputes-demo-12112": cookie})
    browser.get("/")

    assert browser.cookies["replaydisputes-demo-12112"] != cookie


WRONG = [
    ("POST", "/"),
    ("POST", TWICE),
    ("GET", STEP),
    ("POST", "/_demo/assets/page.js"),
    ("PUT", "/"),
    ("DELETE", TWICE),
]


@pytest.mark.parametrize(("method", "path"), WRONG)
def test_a_method_that_an_address_does_not_know_is_405(method: str, path: str) -> None:
    assert Browser(shipped_page()).send(method, path, HERE).status == 405


MISSING = ["/_demo/", "/_demo/dispute/", "/_demo/dispute/none", "/_demo/assets/../app.py", "/_demo/assets/", "/else"]


@pytest.mark.parametrize("path", MISSING)
def test_an_unknown_address_is_404(path: str) -> None:
    assert Browser(shipped_page()).get(path).status == 404


def test_head_answers_what_get_does_without_the_body() -> None:
    browser = Browser(shipped_page())
    whole, head = browser.get("/"), browser.get("/", method="HEAD")

    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", whole.headers["content-length"])
