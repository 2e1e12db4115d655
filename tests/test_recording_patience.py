"""Calls made again: when, how often, after what wait, and never a second close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from replaydisputes.errors import UnexpectedAnswerError
from replaydisputes.model import Request, Response
from replaydisputes.recording.capture import Capture, capturing
from replaydisputes.recording.patience import Pace, Patience
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving
from tests.recording_support import KEY, Watched, sandbox_target, surroundings

BUSY = Response(429, (("Content-Type", "application/json"), ("Content-Length", "2")), b"{}", "Too Many Requests")


def failing(times: int, answer: Response, only: str = "") -> Watched:
    """A sandbox that acts on every request, yet gives `answer` instead of its own, so many times for `only`."""
    left = times

    def change(request: Request, response: Response) -> Response:
        nonlocal left
        if left and request.url.endswith(only):
            left -= 1
            return answer
        return response

    return Watched(Sandbox(), change)


@contextmanager
def capture_from(answer: Callable[[Request], Response], waits: list[float]) -> Iterator[Capture]:
    class Answering:
        def answer(self, request: Request) -> Response:
            return answer(request)

    with serving(Answering()) as url, capturing(url, Patience(waits.append)) as capture:
        yield capture


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 504])
def test_a_close_whose_answer_was_a_failure_is_sent_again_under_its_own_key(status: int, tmp_path: Path) -> None:
    undisturbed, watched = Watched(Sandbox()), failing(2, replace(BUSY, status=status), "/close")
    made = []
    for index, answerer in enumerate((undisturbed, watched)):
        with sandbox_target(answerer) as target:
            made.append(record(SCENARIOS["close-lost"], target, tmp_path / f"{index}.yaml", surroundings()))

    assert made[1].path.read_bytes() == made[0].path.read_bytes()
    assert len(watched.closes) == 3
    assert len({request.header("Idempotency-Key") for request in watched.closes}) == 1


def test_a_failure_that_lasts_ends_the_recording_after_four_attempts(tmp_path: Path) -> None:
    watched = failing(100, BUSY, "/close")

    with sandbox_target(watched) as target, pytest.raises(UnexpectedAnswerError, match="HTTP 429"):
        record(SCENARIOS["close-lost"], target, tmp_path / "x.yaml", surroundings())

    assert len(watched.closes) == 4


def test_the_waits_between_attempts_double() -> None:
    waits: list[float] = []
    with capture_from(lambda request: BUSY, waits) as capture:
        capture.call("GET", "/v1/disputes", b"", {}, KEY)

    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(("said", "attempts"), [("false", 1), ("true", 4)])
def test_stripes_own_word_on_trying_again_is_followed(said: str, attempts: int) -> None:
    seen: list[Request] = []
    status = 500 if said == "false" else 400

    def answer(request: Request) -> Response:
        seen.append(request)
        return replace(BUSY, status=status, headers=(*BUSY.headers, ("Stripe-Should-Retry", said)))

    with capture_from(answer, []) as capture:
        assert capture.call("GET", "/v1/disputes", b"", {}, KEY).response.status == status

    assert len(seen) == attempts


def test_a_post_without_an_idempotency_key_is_sent_once() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return BUSY

    with capture_from(answer, []) as capture:
        capture.call("POST", "/v1/disputes/du_1/close", b"", {}, KEY)

    assert len(seen) == 1


def test_json_that_breaks_off_without_a_length_is_asked_for_again() -> None:
    bodies = [b'{"id": "du_', b'{"id": "du_1"}']

    def answer(request: Request) -> Response:
        return Response(200, (("Content-Type", "application/json"), ("Connection", "close")), bodies.pop(0), "OK")

    with capture_from(answer, []) as capture:
        interaction = capture.call("GET", "/v1/disputes/du_1", b"", {}, KEY)

    assert interaction.response.body == b'{"id": "du_1"}'


def test_a_repeat_that_the_scenario_asks_for_keeps_its_mark() -> None:
    headers = {"Idempotency-Key": "once"}
    with serving(Sandbox()) as url, capturing(url, Patience(lambda seconds: None)) as capture:
        form = b"amount=1000&currency=usd&payment_method=pm_card_createDispute&confirm=true&payment_method_types[]=card"
        first, second = (capture.call("POST", "/v1/payment_intents", form, headers, KEY).response for _ in range(2))

    assert [answer.header("idempotent-replayed") for answer in (first, second)] == [None, "true"]


def test_one_pace_holds_over_all_calls_that_share_it_and_stays_below_stripes_limit() -> None:
    clock, waits = [100.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    pace = Pace(monotonic_s=lambda: clock[0])
    for _ in range(500):
        pace.keep(sleep)
        clock[0] += 0.01

    assert len(waits) == 499
    assert 500 / (clock[0] - 100.0) == pytest.approx(20, rel=0.01)
    clock[0] += 60
    pace.keep(sleep)
    assert len(waits) == 499
