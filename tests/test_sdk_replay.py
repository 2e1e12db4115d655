"""Every shipped scenario through the official SDK, in a process whose sockets are disabled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError("a socket was made")

socket.socket.__init__ = refuse
socket.getaddrinfo = refuse

import stripe
import replaydisputes

client = stripe.StripeClient("sk_test_any")

def refused(call):
    try:
        call()
    except stripe.StripeError as error:
        return type(error).__name__, error.http_status, error.code, error.user_message
    raise AssertionError("not refused")
"""

SUCCESS = """
with replaydisputes.replay({name!r}) as replay:
    disputes, dispute = client.v1.disputes, replay.dispute_id
    before = disputes.retrieve(dispute)
    closed = disputes.close(dispute)
    after = disputes.retrieve(dispute)
assert isinstance(closed, stripe.Dispute)
assert (before.status, closed.status, after.status) == ({before!r}, {after!r}, {after!r})
assert closed.reason == {reason!r}
assert closed.last_response.request_id.startswith("req_")
"""

SCENARIOS = {
    "close-lost": SUCCESS.format(name="close-lost", before="needs_response", after="lost", reason="fraudulent"),
    "close-product-not-received": SUCCESS.format(
        name="close-product-not-received", before="needs_response", after="lost", reason="product_not_received"
    ),
    "close-inquiry": """
with replaydisputes.replay("close-inquiry") as replay:
    before = client.v1.disputes.retrieve(replay.dispute_id)
    closed = client.v1.disputes.close(replay.dispute_id)
assert (before.status, before.is_charge_refundable, before.balance_transactions) == ("warning_needs_response", True, [])
assert closed.status == "warning_closed"
assert closed.last_response.headers["Replaydisputes-Assumption"]
""",
    "close-twice": """
with replaydisputes.replay("close-twice") as replay:
    assert client.v1.disputes.close(replay.dispute_id).status == "lost"
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
    assert client.v1.disputes.retrieve(replay.dispute_id).status == "lost"
assert said == ("InvalidRequestError", 400, None, "This dispute is already closed"), said
""",
    "close-unknown": """
with replaydisputes.replay("close-unknown") as replay:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
expected = ("InvalidRequestError", 404, "resource_missing", f"No such dispute: '{replay.dispute_id}'")
assert said == expected, said
""",
    "close-bad-key": """
with replaydisputes.replay("close-bad-key") as replay:
    said = refused(lambda: client.v1.disputes.close(replay.dispute_id))
assert said[:2] == ("AuthenticationError", 401), said
assert said[3].startswith("Invalid API Key provided: sk_test_***") and said[3].endswith("*0000"), said
""",
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_sdk_gives_the_typed_result(scenario: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + SCENARIOS[scenario]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_shipped_cassette_is_tried() -> None:
    shipped = {path.stem for path in (Path(__file__).parent.parent / "cassettes").glob("*.yaml")}

    assert shipped == set(SCENARIOS)
