from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
import requests

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


def test_an_error_of_the_code_keeps_its_type_and_gets_the_mismatch_as_a_note() -> None:
    def call() -> None:
        try:
            requests.get("https://api.stripe.com/v1/charges")
        except replaydisputes.MismatchError as error:
            raise KeyError("mine") from error

    with pytest.raises(KeyError) as caught, replaydisputes.replay("close-lost"):
        call()

    assert "has no answer to this request" in caught.value.__notes__[0]


def test_a_file_is_replayed_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes((Path(__file__).parent.parent / "cassettes" / "close-lost.yaml").read_bytes())

    with replaydisputes.replay(str(path)) as replay:
        assert requests.post(CLOSE).json()["status"] == "lost"
    assert replay.name == str(path)


def test_another_stripe_version_warns() -> None:
    with replaydisputes.replay("close-lost"), pytest.warns(replaydisputes.StripeVersionWarning, match="2025-03-31"):
        requests.post(CLOSE, headers={"Stripe-Version": "2025-03-31.basil"})


def test_an_unknown_cassette_offers_the_nearest_before_anything_is_replaced() -> None:
    unknown = pytest.raises(replaydisputes.UnknownCassetteError, match="did you mean close-lost")
    with unknown, replaydisputes.replay("close-lots"):
        pass
