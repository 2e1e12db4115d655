"""What users write: a type checker accepts all of it. Checked by tests/test_typing.py; never run."""

from __future__ import annotations

import pytest

import replaydisputes
from replaydisputes import (
    MismatchError,
    Replay,
    ReplayDisputesError,
    StripeVersionWarning,
    UnusedFaultError,
    Webhook,
    fail_next,
    replay,
    webhook,
)


@replay("close-lost", any_dispute=True, on_exhausted="repeat", unplayed="fail", clock="now")
def test_decorated() -> None:
    fail_next("server-error", times=2, on="POST */close")


@replay("close-lost")
async def test_decorated_coroutine(number: int) -> str:
    return str(number)


@replay("close-lost", cassettes=["checks/disputes"], allow_hosts=["db.internal"])
class TestDecorated:
    def test_it(self) -> None:
        assert TestDecorated()


def test_with() -> None:
    with replay("close-lost", "close-several") as running:
        disputes: tuple[str, ...] = running["close-several"].dispute_ids
        charge: str = running.charge_id
        delivery: Webhook = running.webhook("charge.dispute.closed", secret="whsec_1", api_version="2025-03-31.basil")
        body: bytes = webhook("charge.dispute.closed", secret="whsec_1").body
    print(disputes, charge, delivery.headers, body)


def test_fixture(replaydisputes: Replay) -> None:
    first: str = replaydisputes.dispute_id
    assert [played.status for played in replaydisputes.played] == [200]
    assert first


def test_errors() -> None:
    with pytest.raises(ReplayDisputesError) as caught:
        raise MismatchError("a report", "GET", "https://api.stripe.com/v1/disputes")
    assert not isinstance(caught.value, UnusedFaultError)
    with pytest.warns(StripeVersionWarning), replaydisputes.replay("close-lost"):
        pass
