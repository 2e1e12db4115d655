"""The recorder states what a replay of a recording will not tell apart, and nothing where all is told apart."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import requests

from replaydisputes.model import Interaction, Request, Response
from replaydisputes.recording.from_test.plan import RecordingLimitWarning
from replaydisputes.recording.known_limits import limits_met
from replaydisputes.redaction import redact
from tests.record_from_test_support import OWN_KEY, studio

AUTHORIZED = {"Authorization": f"Bearer {OWN_KEY}"}
V1 = "https://api.stripe.com/v1"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
NO_LIMIT: tuple[str, ...] = ()


def read(query: str, answer: bytes, path: str = "charges/search") -> Interaction:
    return Interaction(Request("GET", f"{V1}/{path}{query}"), Response(200, (), answer))


def write(body: bytes = b"", status: int = 200, path: str = "disputes/du_1AAAAAreplaydisp00000001") -> Interaction:
    return Interaction(Request("POST", f"{V1}/{path}", FORM, body), Response(status, (), b"{}"))


ONE, OTHER = read("?query=%5Bredacted+1%5D", b"[1]"), read("?query=%5Bredacted+2%5D", b"[]")
ALIKE = (
    "GET /v1/charges/search, differ only in values that redaction replaced: a replay tells them apart by the order in "
    "which they are first asked, so ask them in the same order"
)
FREE = (
    "redaction replaced what was sent in {}: a replay takes any value there at its first use. A rule of "
    "[tool.replaydisputes] keeps the words that matter"
)


@pytest.mark.parametrize(
    ("calls", "stated"),
    [
        ([ONE, OTHER], (f"calls 1 and 2, {ALIKE}", FREE.format("query"))),
        ([ONE, write(status=404), OTHER], (f"calls 1 and 3, {ALIKE}", FREE.format("query"))),
        ([ONE, write(), OTHER], (FREE.format("query"),)),
        ([ONE, ONE], (FREE.format("query"),)),
        ([ONE, read("?query=%5Bredacted+2%5D", b"[1]")], (FREE.format("query"),)),
        ([read("?limit=1", b"[1]", "disputes"), read("?limit=2", b"[1, 2]", "disputes")], NO_LIMIT),
        ([read("", b"redacted-1", "disputes/redacted-1"), read("", b"redacted-2", "disputes/redacted-2")], NO_LIMIT),
        ([write(b"metadata[key_1]=%5Bredacted+1%5D&evidence[customer_name]=%5Bredacted+2%5D")], NO_LIMIT),
        (
            [write(b"capture=%5Bredacted+1%5D&shipping[name]=%5Bredacted+2%5D")],
            (FREE.format("capture, shipping[name]"),),
        ),
    ],
)
def test_each_limit_that_a_recording_meets_is_stated(calls: list[Interaction], stated: tuple[str, ...]) -> None:
    assert limits_met(calls) == stated


def test_the_types_of_events_asked_for_are_words_of_stripes_and_stay() -> None:
    query = "types[]=charge.dispute.closed&types[]=charge.dispute.created"
    (kept,) = redact([read(f"?{query}", b"{}", "events")]).interactions

    assert (kept.request.url, limits_met([kept])) == (f"{V1}/events?{query}", NO_LIMIT)


def test_a_block_is_warned_and_its_cassette_is_written(tmp_path: Path) -> None:
    with studio(tmp_path / "cassettes") as here:
        with warnings.catch_warnings(record=True) as warned, here.record() as recording:
            warnings.simplefilter("always")
            requests.get(f"{V1}/disputes/{recording.dispute_id}")
            requests.post(f"{V1}/payment_intents", data={"description": "Ada"}, headers=AUTHORIZED)
        written = here.written

    (warning,) = (one for one in warned if one.category is RecordingLimitWarning)
    assert str(warning.message) == f"{here.file()}: {FREE.format('description')}"
    assert written == ["my-flow.yaml"]
