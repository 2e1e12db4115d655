"""Settling: each assumption is held against an origin by calls that tell a Stripe that is otherwise."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.errors import LivemodeError, UnreachableError
from replaydisputes.model import Answerer, Request, Response
from replaydisputes.recording.patience import Patience
from replaydisputes.recording.scenarios import UNKNOWN_DISPUTE_ID
from replaydisputes.recording.surroundings import Target
from replaydisputes.sandbox import ASSUMPTIONS, Sandbox
from replaydisputes.server import serving
from replaydisputes.settling import Online, Settled, exit_code_of, expected_of, settle
from replaydisputes.settling.modelled import Clock, Modelled, assumed_sandbox
from replaydisputes.settling.probes import NOT_OBSERVABLE, PROBES
from replaydisputes.settling.settling import UnknownAssumptionError
from tests.at_length import at_length
from tests.recording_support import KEY, RESTRICTED_KEY, Watched, sandbox_target, with_json
from tests.sandbox_calls import Caller
from tests.settle_support import ALTERED, altered, another_account, in_other_words
from tests.test_cli import run

SEEN = Path(__file__).with_name("settled_by_the_sandbox.txt")
TARGET = Target("", KEY, RESTRICTED_KEY)


def settled(
    make: Callable[[Clock], Answerer], *names: str, target: Target = TARGET, steps: list[str] | None = None
) -> list[Settled]:
    return list(settle(expected_of(names), Modelled(make), target, (steps if steps is not None else []).append))


def test_every_assumption_has_its_calls_or_a_reason_why_none_decide_it() -> None:
    assert {*PROBES, *NOT_OBSERVABLE} == {*ASSUMPTIONS}
    assert {*PROBES} & {*NOT_OBSERVABLE} == set()
    assert {*ALTERED} == {*PROBES}


def test_what_the_sandbox_is_seen_to_do_is_what_was_read_through_once() -> None:
    told = [
        f"{expected.assumption.name}\n" + "".join(f"  {seen.of}: {seen.was}\n" for seen in expected.seen)
        for expected in expected_of([])
    ]

    assert "\n".join(told) == SEEN.read_text(encoding="utf-8")


def test_another_account_with_people_and_delays_confirms_all_that_can_be_observed() -> None:
    done = settled(another_account)

    assert {one.expected.assumption.name: one.verdict for one in done} == {
        name: "not observable" if name in NOT_OBSERVABLE else "confirmed" for name in ASSUMPTIONS
    }
    assert exit_code_of(done) == 0


@pytest.mark.parametrize("name", ALTERED)
def test_a_stripe_that_is_otherwise_refutes_the_assumption(name: str) -> None:
    (done,) = settled(altered(ALTERED[name]), name)

    assert (done.verdict, exit_code_of([done])) == ("refuted", 3), (done.seen, done.reason)
    assert done.apart != ()


def test_each_refusal_in_other_words_is_told_and_no_other() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    for each in random.Random(seed).sample(range(10_000), 8):
        (done,) = settled(altered(in_other_words(each)), "refusal-wording")

        assert (done.verdict, len(done.apart)) == ("refuted", 1)
        assert done.apart[0][0].was.endswith(": This request was refused")


def test_only_disputes_of_its_own_are_closed_and_each_is_named_before() -> None:
    steps: list[str] = []
    named_before: list[bool] = []
    others: list[str] = []
    watched: list[Watched] = []

    def note(request: Request, response: Response) -> Response:
        if request.url.endswith("/close") and UNKNOWN_DISPUTE_ID not in request.url:
            named_before.append(any(request.url.split("/")[-2] in step for step in steps))
        return response

    def make(clock: Clock) -> Answerer:
        sandbox = assumed_sandbox(clock)
        others.extend(Caller(sandbox).dispute()["id"] for _ in range(2))
        watched.append(Watched(sandbox, note))
        return watched[0]

    done = settled(make, steps=steps)

    asked = {request.url.split("/")[-2] for request in watched[0].closes}
    assert (asked & {*others}, {*named_before}) == (set(), {True})
    assert [Caller(watched[0].inner).get(f"/v1/disputes/{other}")["status"] for other in others] == [
        "needs_response"
    ] * 2
    assert sum(step.startswith("closing ") for step in steps) == sum(one.expected.closes for one in done)
    assert sum(step.startswith("paying ") for step in steps) == sum(one.expected.payments for one in done)


def test_what_it_takes_and_does_not_find_is_told() -> None:
    done = settled(
        lambda clock: Sandbox(connected=[], clock=clock),
        "idempotency-account",
        "restricted-key",
        "connected-account",
        "lock-timeout",
        "rate-limit",
        target=Target("", KEY),
    )

    assert {one.expected.assumption.name: one.reason for one in done} == {
        "idempotency-account": "it takes a connected account that can be charged (HTTP 200)",
        "connected-account": "it takes a connected account that can be charged (HTTP 200)",
        "restricted-key": "it takes a restricted test-mode key that may not write disputes, in STRIPE_RESTRICTED_KEY",
        "lock-timeout": (
            "2 calls sent at once did not meet; they were answered: HTTP 200, lost, "
            "HTTP 400 invalid_request_error: This dispute is already closed"
        ),
        "rate-limit": "50 calls sent at once did not meet; they were answered: HTTP 200",
    }
    assert exit_code_of(done) == 4


def test_answers_that_are_no_stripes_are_not_observable_and_make_no_traceback() -> None:
    def emptied(clock: Clock) -> Answerer:
        return Watched(assumed_sandbox(clock), lambda request, response: with_json(response, dict.clear))

    assert {one.verdict for one in settled(emptied)} <= {"not observable", "refuted"}


def test_an_answer_in_live_mode_ends_the_run() -> None:
    def live(clock: Clock) -> Answerer:
        return Watched(
            assumed_sandbox(clock),
            lambda request, response: with_json(response, lambda body: body.update(livemode=True)),
        )

    with pytest.raises(LivemodeError):
        settled(live, "inquiry-close")


def test_a_name_that_is_no_assumption_offers_the_nearest() -> None:
    with pytest.raises(UnknownAssumptionError, match="did you mean inquiry-close"):
        expected_of(["inquiry-closed"])


def test_a_read_is_made_again_where_no_answer_comes_and_a_write_is_not() -> None:
    slept: list[float] = []
    wire = Online("http://127.0.0.1:1", Patience(slept.append))

    with pytest.raises(UnreachableError):
        list(settle(expected_of(["unknown-filter"]), wire, TARGET, lambda step: None))
    reads = [seconds for seconds in slept if seconds]
    with pytest.raises(UnreachableError):
        list(settle(expected_of(["inquiry-close"]), wire, TARGET, lambda step: None))

    assert (reads, [seconds for seconds in slept if seconds]) == ([0.5, 1.0, 2.0], [0.5, 1.0, 2.0])


def test_no_other_credentials_are_sent_and_no_redirect_is_followed(empty_home: Path) -> None:
    (empty_home / ".netrc").write_text("machine 127.0.0.1 login maria password hunter2\n")
    moved = Response(302, (("Location", "http://127.0.0.1:1/v1/disputes"), ("Content-Length", "0")))
    watched = Watched(Sandbox(), lambda request, response: moved)
    with sandbox_target(watched) as target:
        wire = Online(target.api_base, Patience(lambda seconds: None))
        answered = wire.send(Request("GET", "https://api.stripe.com/v1/disputes"))

    assert (answered.status, [request.header("Authorization") for request in watched.seen]) == (302, [None])


@at_length("long")
def test_calls_sent_at_once_over_http_meet_where_answers_take_their_time() -> None:
    slow = Sandbox(clock=time.time, start_time=int(time.time()), latency=0.4, rate_limit=5)
    names = ("idempotency-in-use", "lock-timeout", "rate-limit")
    with serving(slow, latency_s=0.4) as url:
        done = list(settle(expected_of(names), Online(url, Patience()), TARGET, lambda step: None))

    assert [(one.expected.assumption.name, one.verdict) for one in done] == [(name, "confirmed") for name in names]


def test_the_command_settles_against_the_embedded_sandbox(tmp_path: Path) -> None:
    names = ("inquiry-close", "restricted-key", "api-error")
    only = [part for name in names for part in ("--only", name)]

    done = run("settle", "--sandbox", *only, "--json", cwd=tmp_path)

    told = json.loads(done.stdout)
    assert (done.returncode, told["version"], told["refuted"]) == (0, 1, 0), done.stdout
    assert [(row["name"], row["verdict"]) for row in told["assumptions"]] == [
        ("inquiry-close", "confirmed"),
        ("api-error", "not observable"),
        ("restricted-key", "confirmed"),
    ]
    lines = done.stderr.splitlines()
    assert lines[0].endswith(": makes 3 test payments there and sends 2 closes of their disputes.")
    assert lines[1] == "No other dispute is changed."
    assert "Traceback" not in done.stderr


def test_the_command_prints_a_table_with_what_is_otherwise_and_exits_3(tmp_path: Path) -> None:
    with sandbox_target(Watched(Sandbox(), ALTERED["inquiry-close"])) as target:
        only = ("--only", "inquiry-close", "--only", "live-mode-id", "--only", "unknown-id-write")
        done = run("settle", *only, "--api-base", target.api_base, cwd=tmp_path, STRIPE_API_KEY=KEY)

    lines = [" ".join(line.replace("│", "|").split()) for line in done.stdout.splitlines()]
    assert done.returncode == 3
    assert any("HTTP 200, lost (sandbox: HTTP 200, warning_closed) | refuted" in line for line in lines), done.stdout
    assert lines[-1] == "3 assumptions: 1 refuted, 1 not observable, 1 confirmed"


@pytest.mark.parametrize("rest", ["x", "fresh", "longer_1"])
def test_the_sandbox_confirms_itself_with_keys_shorter_than_stripes(rest: str) -> None:
    target = Target("", f"sk_test_{rest}", f"rk_test_without_dispute_write_{rest}")
    done = settled(assumed_sandbox, "refusal-wording", "restricted-key", target=target)

    assert [one.verdict for one in done] == ["confirmed", "confirmed"]


def test_nothing_that_is_told_names_the_account_its_people_or_a_key(tmp_path: Path) -> None:
    sandbox = Sandbox(people=True)
    with sandbox_target(sandbox) as target:
        done = run(
            "settle", "--api-base", target.api_base, "--json", cwd=tmp_path, STRIPE_API_KEY=KEY,
            STRIPE_RESTRICTED_KEY=RESTRICTED_KEY,
        )  # fmt: skip

    told = done.stdout + "".join(line for line in done.stderr.splitlines() if not line.startswith("closing du_"))
    secrets = (sandbox.account[-10:], *(account[-10:] for account in sandbox.connected_accounts), KEY, RESTRICTED_KEY)
    assert [secret for secret in (*secrets, KEY[-4:], "@") if secret in told] == []
    assert len(json.loads(done.stdout)["assumptions"]) == len(ASSUMPTIONS)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        ((), {"STRIPE_API_KEY": "sk_live_" + "5" * 24}, 4, "live-mode key"),
        ((), {"STRIPE_API_KEY": KEY, "STRIPE_RESTRICTED_KEY": "rk_live_" + "5" * 24}, 4, "live-mode key"),
        ((), {}, 4, "there is no test-mode key"),
        (("--only", "inquiry-closed"), {}, 2, "did you mean inquiry-close"),
        (("--sandbox", "--api-base", "http://127.0.0.1:1"), {}, 2, "exclude each other"),
        (("--api-base", "http://example.com"), {"STRIPE_API_KEY": KEY}, 2, "plain http"),
    ],
)
def test_what_cannot_be_settled_is_told_in_a_line_and_nothing_is_sent(
    arguments: tuple[str, ...], environment: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    done = run("settle", *arguments, cwd=tmp_path, **environment)

    assert (done.returncode, said in done.stderr, "5555" in done.stderr, done.stdout) == (code, True, False, "")
