"""`clock="now"`: one offset for every time of a replay, and nothing else changed."""

from __future__ import annotations

import datetime
import gzip
import inspect
import json
import re
import time
from typing import Any

import freezegun
import pytest
import requests
import stripe
import time_machine

import replaydisputes
from replaydisputes.library import Library
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import PlaybackOptionError, Player
from replaydisputes.playback.clock import Shift, recording_moment
from replaydisputes.playback.codings import CompressedAnswerError
from replaydisputes.redaction import redact
from replaydisputes.redaction.policy import FORM_RULES, JSON_RULES
from replaydisputes.stripe_api.kinds import Kind
from replaydisputes.stripe_api.times import TIME_FIELDS
from tests.canaries.runs import PROVENANCE
from tests.test_not_too_eager import whole_tour
from tests.test_sandbox_seeds import leaves

START_S = 1767225600
"""2026-01-01T00:00:00Z, when every redacted recording begins."""

DAY_S = 86_400
DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"


def answered(body: bytes, *headers: tuple[str, str]) -> Response:
    return Response(200, (*headers, ("Content-Length", str(len(body)))), body)


def test_only_times_move_and_not_one_other_byte() -> None:
    body = (
        b'{"created":1767225600, "due_by" : 1768089599,\n\t"available_on":\n1767830400, "amount": 1767225600,'
        b' "object": "created", "note": "\\"created\\": 1767225600", "created_by": 1767225600, "expires_at": null,'
        b' "previous_attributes": {"evidence_details": {"due_by": 0}}, "arrival_date": 1767225600.5}'
    )

    moved = Shift(1_000).told(answered(body))

    assert moved.body == (
        b'{"created":1767226600, "due_by" : 1768090599,\n\t"available_on":\n1767831400, "amount": 1767225600,'
        b' "object": "created", "note": "\\"created\\": 1767225600", "created_by": 1767225600, "expires_at": null,'
        b' "previous_attributes": {"evidence_details": {"due_by": 0}}, "arrival_date": 1767225600.5}'
    )


def test_the_date_moves_and_the_length_stays_true() -> None:
    response = answered(b'{"created": 9999999999}', ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("Age", "7"))

    moved = Shift(DAY_S).told(response)

    assert moved.body == b'{"created": 10000086399}'
    assert moved.headers == (("Date", "Fri, 02 Jan 2026 00:00:00 GMT"), ("Age", "7"), ("Content-Length", "24"))


def test_the_answer_to_a_head_keeps_the_length_it_tells_of() -> None:
    response = Response(200, (("Content-Length", "2611"),))

    assert Shift(DAY_S).told(response) == response


def test_a_compressed_answer_is_moved_inside() -> None:
    packed = gzip.compress(b'{"created": 1767225600}')

    moved = Shift(-600).told(answered(packed, ("Content-Encoding", "gzip")))

    assert gzip.decompress(moved.body) == b'{"created": 1767225000}'
    assert moved.header("Content-Length") == str(len(moved.body))


def test_an_answer_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(CompressedAnswerError, match="compressed with 'br'"):
        Shift(1).told(answered(b"\x0b\x02\x80", ("Content-Encoding", "br")))


def test_every_time_of_every_endpoint_moves_by_one_offset_and_nothing_else() -> None:
    done = redact(whole_tour(people=True)).interactions
    recorded = Player(Cassette(done), "tour").answers_about("")
    told = Player(Cassette(done), "tour", begins_at_s=START_S + 12_345).answers_about("")

    moved = {
        (path.rpartition("/")[2], after - before)
        for one, two in zip(recorded, told, strict=True)
        for (path, before), (_, after) in zip(leaves(body_of(one)), leaves(body_of(two)), strict=True)
        if before != after
    }
    dates = {(one.header("Date"), two.header("Date")) for one, two in zip(recorded, told, strict=True)}
    assert moved == {("created", 12_345), ("due_by", 12_345), ("available_on", 12_345)}
    assert dates == {("Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 03:25:45 GMT")}
    assert [_less_date(one) for one in recorded] == [_less_date(two) for two in told]
    assert len(recorded) > 100


def body_of(response: Response) -> Any:
    return json.loads(response.body) if response.body else None


def _less_date(response: Response) -> object:
    return response.status, tuple(pair for pair in response.headers if pair[0] != "Date"), len(response.body)


def test_what_redaction_keeps_as_a_time_is_a_time_here() -> None:
    kept = {
        field.rpartition(".")[2] for rule in JSON_RULES if rule.kind in (Kind.TIME, Kind.DAY) for field in rule.fields
    }
    asked = {name.partition(".")[0] for name, (kind, _) in FORM_RULES.items() if kind in (Kind.TIME, Kind.DAY)}

    assert kept == {"created", "due_by", "available_on"}
    assert kept | asked <= TIME_FIELDS


@pytest.mark.parametrize(
    "kind",
    [stripe.Dispute, stripe.Charge, stripe.PaymentIntent, stripe.BalanceTransaction, stripe.Event, stripe.Refund],
)
def test_what_the_sdk_describes_as_a_time_of_these_objects_is_in_the_table(kind: type) -> None:
    source = inspect.getsource(inspect.getmodule(kind) or kind)
    described = re.findall(r'\n +(\w+): (?:Optional\[)?int\]?\n +"""(.*?)"""', source, re.DOTALL)
    times = {name for name, text in described if re.search("unix epoch|timestamp", text, re.IGNORECASE)}

    assert "created" in times
    assert times <= TIME_FIELDS


SINCE = "https://api.stripe.com/v1/disputes?created[gte]={}&limit=3"


def listed(url: str) -> Interaction:
    body = b'{"object": "list", "data": [], "created": 1767225600}'
    return Interaction(Request("GET", url), answered(body, ("Date", "Thu, 01 Jan 2026 00:00:00 GMT")))


@pytest.mark.parametrize("parameter", ["created[gte]", "created[lt]", "created", "expires_at"])
def test_a_time_that_comes_back_in_a_request_is_the_recorded_one(parameter: str) -> None:
    url = "https://api.stripe.com/v1/disputes?{}={}&limit=3"
    player = Player(Cassette((listed(url.format(parameter, START_S)),)), "list", begins_at_s=START_S + 500)

    assert player.answer(Request("GET", url.format(parameter, START_S + 500))).status == 200
    with pytest.raises(replaydisputes.MismatchError):
        player.answer(Request("GET", url.format(parameter, START_S)))


@pytest.mark.parametrize(("late_s", "played"), [(0, 1), (37, 1), (-43_200, 1), (43_199, 1), (43_200, 0)])
def test_a_week_ago_is_a_week_ago_at_whatever_second_the_code_says_it(late_s: int, played: int) -> None:
    week_s = 7 * DAY_S
    cassette = Cassette((listed(SINCE.format(START_S)), listed(SINCE.format(START_S - week_s))), PROVENANCE)
    player = Player(cassette, "list", begins_at_s=START_S + 500)
    player.answer(Request("GET", SINCE.format(START_S + 500 - week_s + late_s)))

    assert player.latest.index == played


def test_a_cassette_that_was_never_redacted_is_asked_to_the_second() -> None:
    player = Player(Cassette((listed(SINCE.format(START_S)),)), "list", begins_at_s=START_S + 500)

    with pytest.raises(replaydisputes.MismatchError):
        player.answer(Request("GET", SINCE.format(START_S + 501)))


@pytest.mark.parametrize("query", ["created[gte]=0", "limit=1767226100", "metadata[created]=1767226100", "created="])
def test_what_is_no_shifted_time_is_asked_for_as_it_stands(query: str) -> None:
    url = f"https://api.stripe.com/v1/disputes?{query}"
    player = Player(Cassette((listed(url),)), "list", begins_at_s=START_S + 500)

    assert player.answer(Request("GET", url)).status == 200


def test_a_form_that_gives_a_time_back_is_the_recorded_one() -> None:
    url, form = "https://api.stripe.com/v1/file_links", b"file=file_1&expires_at=%d"
    recorded = Interaction(Request("POST", url, (), form % START_S), listed(url).response)
    player = Player(Cassette((recorded,)), "link", begins_at_s=START_S + DAY_S)

    assert player.answer(Request("POST", url, (), form % (START_S + DAY_S))).status == 200


def test_a_recording_begins_with_its_first_date_else_with_its_first_time() -> None:
    dated = listed(DISPUTE)
    undated = Interaction(dated.request, answered(b'{"id": "du_1", "due_by": 0, "created": 1700000000}'))
    timeless = Interaction(dated.request, answered(b"{}", ("Date", "some day")))

    moments = [recording_moment(Cassette(held)) for held in ((undated, dated), (timeless, undated), (timeless,), ())]

    assert moments == [START_S, 1_700_000_000, None, None]


def test_a_cassette_without_times_is_played_as_it_is() -> None:
    timeless = Interaction(Request("GET", DISPUTE), answered(b'{"id": "du_1"}'))
    player = Player(Cassette((timeless,)), "timeless", begins_at_s=START_S)

    assert (player.answer(timeless.request), player.moment_s) == (timeless.response, None)


def test_the_times_are_the_recorded_ones_where_nobody_asks_otherwise() -> None:
    with replaydisputes.replay("close-lost"):
        answer = requests.get(DISPUTE)

    recorded = Library([]).load("close-lost").interactions[0].response
    assert (answer.content, answer.headers["Date"]) == (recorded.body, "Thu, 01 Jan 2026 00:00:00 GMT")


def test_a_dispute_recorded_long_ago_is_still_due_next_week() -> None:
    before_s = int(time.time())
    with replaydisputes.replay("close-lost", clock="now"):
        dispute = stripe.Dispute.retrieve("du_1AAAAAreplaydisp00000001", api_key="sk_test_any")

    left_s = dispute.evidence_details.due_by - dispute.created
    assert before_s <= dispute.created <= time.time()
    assert (left_s, left_s // DAY_S) == (863_999, 9)


def test_the_same_offset_holds_for_the_whole_replay() -> None:
    with replaydisputes.replay("close-lost", clock="now") as replay, freezegun.freeze_time() as frozen:
        first = requests.get(DISPUTE)
        frozen.tick(3600)
        closed = requests.post(f"{DISPUTE}/close")

    assert (closed.json()["created"], closed.headers["Date"]) == (first.json()["created"], first.headers["Date"])
    assert len(replay.played) == 2


@freezegun.freeze_time("2031-05-06 07:08:09")
def test_freezegun_decides_what_now_is() -> None:
    with replaydisputes.replay("close-lost", clock="now"):
        answer = requests.get(DISPUTE)

    assert_begun_at(answer, datetime.datetime(2031, 5, 6, 7, 8, 9, tzinfo=datetime.UTC))


def test_time_machine_decides_what_now_is() -> None:
    moment = datetime.datetime(2019, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    with time_machine.travel(moment, tick=False), replaydisputes.replay("close-lost", clock="now"):
        answer = requests.get(DISPUTE)

    assert_begun_at(answer, moment)


def assert_begun_at(answer: requests.Response, moment: datetime.datetime) -> None:
    dispute = answer.json()
    assert (dispute["created"], dispute["balance_transactions"][0]["created"]) == (int(moment.timestamp()),) * 2
    assert dispute["evidence_details"]["due_by"] - dispute["created"] == 863_999
    assert dispute["balance_transactions"][0]["available_on"] - dispute["created"] == 7 * DAY_S
    assert answer.headers["Date"] == moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_the_disputes_of_a_suite_are_due_next_week_as_well_each_under_its_own_id() -> None:
    with freezegun.freeze_time("2030-01-01"), replaydisputes.replay("close-lost", clock="now", any_dispute=True):
        disputes = [stripe.Dispute.retrieve(name, api_key="sk_test_any") for name in ("du_mine", "du_yours")]

    assert [(dispute.id, dispute.created) for dispute in disputes] == [
        ("du_mine", 1_893_456_000),
        ("du_yours", 1_893_456_000),
    ]


def test_an_injected_answer_is_dated_as_the_others() -> None:
    with freezegun.freeze_time("2030-01-01"), replaydisputes.replay("close-lost", clock="now") as replay:
        replay.fail_next("lock-timeout")
        dates = [requests.get(DISPUTE).headers["Date"] for _ in range(2)]

    assert dates == ["Tue, 01 Jan 2030 00:00:00 GMT"] * 2


def test_a_clock_that_does_not_exist_is_refused_before_anything_is_replaced() -> None:
    refused = pytest.raises(PlaybackOptionError, match="clock='today' is none of 'recorded', 'now'")
    with refused, replaydisputes.replay("close-lost", clock="today"):  # type: ignore[arg-type]
        pass


def test_the_marker_takes_the_clock(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    pytester.makepyfile(
        """
        import time, pytest, requests

        @pytest.mark.replaydisputes("close-lost", clock="now")
        def test_now(replaydisputes):
            answer = requests.get(f"https://api.stripe.com/v1/disputes/{replaydisputes.dispute_id}")
            assert abs(answer.json()["created"] - time.time()) < 60
        """
    )

    others = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*others).assert_outcomes(passed=1)
