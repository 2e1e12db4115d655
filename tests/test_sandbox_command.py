"""`replaydisputes sandbox` as a process: what its options do to answers over real HTTP."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from replaydisputes.cli.sandbox import sandbox_command
from tests.sandbox_calls import KEY, payment

CONNECTED = "acct_1AbcDefGhiJklMno"


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """The command on a free port, until the block ends; yields its base URL."""
    command = [sys.executable, "-m", "replaydisputes", "sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    try:
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def ask(url: str, method: str, path: str, *, form: Any = None, **headers: str) -> requests.Response:
    sent = {"Authorization": f"Bearer {KEY}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return requests.request(method, url + path, data=form, headers=sent, timeout=20)


def test_an_answer_takes_the_latency_and_a_second_use_of_its_key_meanwhile_is_refused() -> None:
    with sandbox("--latency-ms", "400") as url, ThreadPoolExecutor() as pool:
        began = time.monotonic()
        calls = [
            pool.submit(ask, url, "POST", "/v1/payment_intents", form=payment(), Idempotency_Key="k") for _ in range(2)
        ]
        statuses = sorted(call.result().status_code for call in calls)
        took_s = time.monotonic() - began

    assert statuses == [200, 409]
    assert took_s >= 0.4


@pytest.mark.parametrize(
    ("options", "limit"),
    [([], None), (["--rate-limit"], 25), (["--rate-limit", "3"], 3), (["--rate-limit", "--people"], 25)],
)
def test_the_rate_limit_is_off_until_asked_for_and_then_25(options: list[str], limit: int | None) -> None:
    assert sandbox_command.make_context("sandbox", options).params["rate_limit"] == limit


def test_a_request_over_the_limit_is_refused_as_such() -> None:
    with sandbox("--rate-limit", "1") as url, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: ask(url, "GET", "/v1/disputes"), range(12)))

    limited = [answer for answer in answers if answer.status_code == 429]
    assert {answer.headers.get("Stripe-Rate-Limited-Reason") for answer in limited} == {"global-rate"}
    assert 200 in {answer.status_code for answer in answers}


def test_a_connected_account_can_be_named() -> None:
    with sandbox("--connected", CONNECTED) as url:
        listed = ask(url, "GET", "/v1/accounts").json()["data"]
        answer = ask(url, "GET", "/v1/disputes", Stripe_Account=CONNECTED)

    assert [row["id"] for row in listed] == [CONNECTED]
    assert (answer.status_code, answer.headers["Stripe-Account"]) == (200, CONNECTED)


def test_an_account_of_another_shape_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "replaydisputes", "sandbox", "--connected", "acct_1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2
    assert "Invalid value for --connected: account must be acct_ and 16 letters or digits, got 'acct_1'" in done.stderr


def test_delays_bring_the_dispute_within_three_seconds_of_its_payment() -> None:
    with sandbox("--delays") as url:
        intent = ask(url, "POST", "/v1/payment_intents", form=payment()).json()["id"]
        waited_s = 0.0
        while not (found := ask(url, "GET", f"/v1/disputes?payment_intent={intent}").json()["data"]):
            assert waited_s < 3
            time.sleep(0.1)
            waited_s += 0.1

    assert found[0]["status"] == "needs_response"
