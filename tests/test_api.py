from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

import replaydisputes

CLOSE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close"


def test_every_public_name_is_there_and_stays_what_it_is() -> None:
    first = {name: getattr(replaydisputes, name) for name in replaydisputes.__all__}

    with replaydisputes.replay("close-lost"):
        pass

    assert {name: getattr(replaydisputes, name) for name in replaydisputes.__all__} == first
    assert callable(replaydisputes.replay)


def test_no_public_name_is_a_modules() -> None:
    package = Path(replaydisputes.__file__).parent
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}

    assert modules & set(replaydisputes.__all__) == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = replaydisputes.nonsense


def test_importing_the_package_imports_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import replaydisputes, sys; print([n for n in sys.modules if 'replaydisputes' in n])"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "['replaydisputes']\n"


def test_one_replay_after_the_other_each_has_a_history_of_its_own() -> None:
    for _ in range(2):
        with replaydisputes.replay("close-twice") as replay:
            statuses = [requests.post(CLOSE).status_code for _ in range(2)]
        assert (statuses, len(replay.played)) == ([200, 400], 2)


def test_it_decorates_a_function() -> None:
    @replaydisputes.replay("close-lost")
    def close() -> str:
        return str(requests.post(CLOSE).json()["status"])

    assert [close(), close()] == ["lost", "lost"]


def test_a_swallowed_mismatch_is_raised_at_the_end() -> None:
    def swallow() -> None:
        with contextlib.suppress(replaydisputes.MismatchError):
            requests.get("https://api.stripe.com/v1/charges")

    with pytest.raises(replaydisputes.MismatchError, match="has no answer"), replaydisputes.replay("close-lost"):
        swallow()


def test_an_error_after_a_swallowed_mismatch_keeps_its_type_and_gets_it_as_a_note() -> None:
    def call() -> None:
        with contextlib.suppress(replaydisputes.MismatchError):
            requests.get("https://api.stripe.com/v1/charges")
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught, replaydisputes.replay("close-lost"):
        call()

    assert "has no answer to this request" in caught.value.__notes__[0]


def test_an_error_that_the_mismatch_caused_is_not_told_of_it_twice() -> None:
    def call() -> None:
        try:
            requests.get("https://api.stripe.com/v1/charges")
        except replaydisputes.MismatchError as error:
            raise KeyError("mine") from error

    with pytest.raises(KeyError) as caught, replaydisputes.replay("close-lost"):
        call()

    assert not hasattr(caught.value, "__notes__")


def test_a_file_is_replayed_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes((Path(__file__).parent.parent / "cassettes" / "close-lost.yaml").read_bytes())

    with replaydisputes.replay(str(path)) as replay:
        assert requests.post(CLOSE).json()["status"] == "lost"
    assert replay.name == str(path)


def test_another_stripe_version_warns() -> None:
    with replaydisputes.replay("close-lost"), pytest.warns(replaydisputes.StripeVersionWarning, match="2025-03-31"):
        requests.post(CLOSE, headers={"Stripe-Version": "2025-03-31.basil"})


@pytest.mark.filterwarnings("error::replaydisputes.StripeVersionWarning")
@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # how stripe calls httpx
@pytest.mark.parametrize("name", ["RequestsClient", "HTTPXClient", "UrllibClient"])
def test_the_version_warning_made_an_error_is_raised_as_itself_by_the_sdk(name: str) -> None:
    make = getattr(stripe, name)
    http_client = make(allow_sync_methods=True) if name == "HTTPXClient" else make()
    client = stripe.StripeClient("sk_test_x", stripe_version="2024-06-20", http_client=http_client)
    with replaydisputes.replay("close-lost") as replay, pytest.raises(replaydisputes.StripeVersionWarning):
        client.v1.disputes.close(replay.dispute_id)
    http_client.close()


@pytest.mark.filterwarnings("error::replaydisputes.StripeVersionWarning")
@pytest.mark.parametrize("name", ["HTTPXClient", "AIOHTTPClient"])
def test_so_it_is_by_its_asynchronous_clients(name: str) -> None:
    async def close() -> None:
        http_client = getattr(stripe, name)()
        client = stripe.StripeClient("sk_test_x", stripe_version="2024-06-20", http_client=http_client)
        with replaydisputes.replay("close-lost") as replay, pytest.raises(replaydisputes.StripeVersionWarning):
            await client.v1.disputes.close_async(replay.dispute_id)
        await http_client.close_async()

    asyncio.run(close())


def test_the_version_warning_comes_once_for_each_replay() -> None:
    @replaydisputes.replay("close-twice")
    def close_twice() -> None:
        for _ in range(2):
            requests.post(CLOSE, headers={"Stripe-Version": "2025-03-31.basil"})

    for _ in range(2):
        with pytest.warns(replaydisputes.StripeVersionWarning) as warned:
            close_twice()
        assert len(warned) == 1


def test_another_stripe_version_can_fail_or_be_ignored() -> None:
    other = {"Stripe-Version": "2025-03-31.basil"}

    with replaydisputes.replay("close-lost", stripe_version="ignore"):
        assert requests.post(CLOSE, headers=other).status_code == 200
    refused = pytest.raises(replaydisputes.MismatchError, match="recorded at another Stripe-Version")
    with refused, replaydisputes.replay("close-lost", stripe_version="fail"):
        requests.post(CLOSE, headers=other)


def test_an_exhausted_write_can_repeat() -> None:
    with replaydisputes.replay("close-twice", on_exhausted="repeat"):
        assert [requests.post(CLOSE).status_code for _ in range(4)] == [200, 400, 400, 400]


def test_any_dispute_answers_for_the_ids_a_suite_already_has() -> None:
    printed = "du_1MtJUT2eZvKYlo2CNaw2HvEv"

    with replaydisputes.replay("close-lost", any_dispute=True) as replay:
        closed = stripe.Dispute.close(printed, api_key="sk_test_any")
        other = stripe.Dispute.retrieve("du_other", api_key="sk_test_any")

    assert (closed.id, closed.status) == (printed, "lost")
    assert (other.id, other.status) == ("du_other", "needs_response")
    assert closed.charge != other.charge
    assert [played.index for played in replay.played] == [1, 0]


def test_an_option_that_does_not_exist_is_refused_before_anything_is_replaced() -> None:
    refused = pytest.raises(replaydisputes.ReplayDisputesError, match="on_exhausted='loop' is none of")
    with refused, replaydisputes.replay("close-lost", on_exhausted="loop"):  # type: ignore[arg-type]
        pass


def test_an_unknown_cassette_offers_the_nearest_before_anything_is_replaced() -> None:
    unknown = pytest.raises(replaydisputes.UnknownCassetteError, match="did you mean close-lost")
    with unknown, replaydisputes.replay("close-lots"):
        pass


API = "https://api.stripe.com/v1/disputes"


def status_of(dispute: str) -> str:
    return str(requests.get(f"{API}/{dispute}", timeout=5).json()["status"])


def close_dispute(dispute: str) -> str:
    return str(requests.post(f"{API}/{dispute}/close", timeout=5).json()["status"])


@pytest.mark.parametrize("first", [status_of, close_dispute])
def test_a_replay_within_one_that_was_asked_about_the_same_dispute_id_is_refused(first: Any) -> None:
    with replaydisputes.replay("close-lost") as outer:
        first(outer.dispute_id)
        with (
            pytest.raises(replaydisputes.NestedReplayError, match=r"replay\('close-lost', 'close-inquiry'\)"),
            replaydisputes.replay("close-inquiry"),
        ):
            pass
        after = status_of(outer.dispute_id)

    assert after in ("needs_response", "lost")


def test_a_dispute_closed_in_an_inner_replay_is_not_open_in_the_outer_one() -> None:
    with pytest.raises(replaydisputes.NestedReplayError), replaydisputes.replay("close-lost") as outer:
        with replaydisputes.replay("close-inquiry"):
            closed = close_dispute(outer.dispute_id)
        with pytest.raises(replaydisputes.NestedReplayError):
            status_of(outer.dispute_id)

    assert closed == "warning_closed"


def test_an_inner_replay_may_take_the_place_of_one_that_is_not_used() -> None:
    with replaydisputes.replay("close-lost") as outer:
        with replaydisputes.replay("close-inquiry") as inner:
            closed = close_dispute(inner.dispute_id)
        left = outer.refused

    assert (closed, left) == ("warning_closed", ())
