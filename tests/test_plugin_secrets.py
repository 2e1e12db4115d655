"""What pytest prints of a refusal by default: where the suite met it, and neither a key nor a person from below."""

from __future__ import annotations

import re

import pytest

from replaydisputes.model import Interaction, Request, Response
from tests.at_length import all_at_length
from tests.plugin_support import prepare, run_apart, section

KEY = "sk_test_" + "51abcDEFghi" * 3
SECRETS = (KEY, "Jane", "jane@example.com", "jane%40example.com")
PARTS = f"""
KEY = {"".join(reversed(KEY))!r}[::-1]
NAME, EMAIL = "enaJ"[::-1] + " Roe", "moc.elpmaxe@enaj"[::-1]
HOST, URL = "api.stripe.com", API + "du_other"
FORM = {{"evidence[customer_name]": NAME, "evidence[customer_email_address]": EMAIL}}
KEYED = {{"Authorization": "Bearer " + KEY}}
SENT = {{"params": {{"q": EMAIL}}, "data": FORM, "headers": KEYED}}
"""
"""The secrets as the suite holds them, so that no line of its own spells one out."""

BY = {
    "requests": "requests.post(URL, **SENT)",
    "httpx": "httpx.post(URL, **SENT)",
    "httpx_async": "asyncio.run(posting())",
    "http_client": "http.client.HTTPSConnection(HOST).request('POST', '/v1/disputes/du_other', NAME, KEYED)",
    "stripe": 'stripe.Dispute.modify("du_other", api_key=KEY, evidence={"customer_name": NAME})',
}


def suite(pytester: pytest.Pytester, head: str, call: str) -> None:
    prepare(pytester).makepyfile(
        shop=f"""
import asyncio, http.client, httpx, stripe
from calls import *
{PARTS}
async def posting():
    async with httpx.AsyncClient() as client:
        await client.post(URL, **SENT)

def send(): {call}
""",
        test_it=f"import pytest, replaydisputes, shop\n{head}",
    )


MARKED = '@pytest.mark.replaydisputes("close-lost")\ndef test_it(): shop.send()\n'
IN_A_BLOCK = 'def test_block():\n    with replaydisputes.replay("close-lost"): shop.send()\n'
IN_A_FIXTURE = (
    "@pytest.fixture\ndef sent(replaydisputes): shop.send()\n"
    '@pytest.mark.replaydisputes("close-lost")\ndef test_fixture(sent): pass\n'
)


@pytest.mark.parametrize("by", all_at_length(BY, ["httpx_async", "stripe"]))
def test_a_mismatch_is_printed_without_a_key_a_name_or_an_address(pytester: pytest.Pytester, by: str) -> None:
    suite(pytester, MARKED + IN_A_BLOCK + IN_A_FIXTURE, BY[by])

    result = run_apart(pytester)

    said = result.stdout.str()
    frames = [line for line in result.outlines if re.match(r"\S+\.py:\d+: ", line)]
    assert [secret for secret in SECRETS if secret in said] == []
    assert [line for line in frames if "site-packages" in line or "/interception/" in line] == []
    assert [len(re.findall(f"^_+ .*{test} _+$", said, re.M)) for test in ("test_it", "test_block")] == [1, 1]
    assert said.count("has no answer to this request") >= 3


def test_full_trace_shows_every_frame(pytester: pytest.Pytester) -> None:
    suite(pytester, MARKED, BY["requests"])

    lines = run_apart(pytester, "--full-trace").outlines

    assert [line.endswith(": MismatchError") for line in lines if "player.py:" in line] == [True]


def test_a_failure_that_is_no_refusal_keeps_its_whole_traceback(pytester: pytest.Pytester) -> None:
    suite(pytester, MARKED, 'requests.get("mailto:x")')

    result = run_apart(pytester, "--tb=short")

    assert section(result, " test_it ")[-1].startswith("E   requests.exceptions.InvalidSchema")
    assert any("sessions.py" in line for line in result.outlines)


def test_a_request_and_an_answer_are_shown_by_place_and_size() -> None:
    close = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"
    request = Request("POST", f"{close}?q=Jane", (("Authorization", f"Bearer {KEY}"),), b"name=Jane")
    elsewhere = Request("GET", f"https://{KEY}@api.stripe.com/v1/customers/jane@example.com/{KEY}#Jane")

    shown = [repr(one) for one in (Interaction(request, Response(200, (), b"{}")), elsewhere)]

    assert shown == [
        f"Interaction(request=<Request POST {close}: 1 header field, 9 bytes>, "
        "response=<Response 200: 0 header fields, 2 bytes>)",
        "<Request GET https://api.stripe.com/v1/customers/…/…: 0 header fields, 0 bytes>",
    ]
