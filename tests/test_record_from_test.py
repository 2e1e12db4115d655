"""Real pytest inside pytest: a suite records its cassettes from its own tests, then replays them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.record_from_test_support import Suite, suite_of

SDK = """
    import pytest, stripe

    @pytest.mark.replaydisputes("my-flow")
    def test_closing(replaydisputes):
        client = stripe.StripeClient("sk_test_any")
        dispute = client.v1.disputes.retrieve(replaydisputes.dispute_id)
        assert (dispute.id, dispute.status) == (replaydisputes.dispute_id, "needs_response")
        assert client.v1.disputes.close(dispute.id).status == "lost"
        assert client.v1.disputes.retrieve(dispute.id).charge == dispute.charge
        assert [played.status for played in replaydisputes.played] == [200, 200, 200]
    """


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    with suite_of(pytester, monkeypatch) as made:
        yield made


def test_a_missing_cassette_is_recorded_and_the_same_test_then_replays_it(suite: Suite) -> None:
    suite.write(SDK)

    recording = suite.run("missing")
    asked = len(suite.sandbox.seen)
    replaying = suite.run("none", key="")

    recording.assert_outcomes(passed=1)
    replaying.assert_outcomes(passed=1)
    assert suite.calls() == [("GET", 200), ("POST", 200), ("GET", 200)]
    assert (len(suite.sandbox.seen), suite.kept) == (asked, [])
