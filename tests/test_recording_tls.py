"""The recorder against https://api.stripe.com by that very name: own CA, own resolver, the sandbox behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from replaydisputes.cassette_file import load
from replaydisputes.errors import UnreachableError
from replaydisputes.model import Request, Response, without_headers
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.recording.recorder import Target, record
from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN, SANDBOX_HEADER
from tests.recording_support import KEY, Watched, sandbox_target, surroundings
from tests.tls_support import Relay, https_serving, resolve_stripe_to, trust

STRIPE = Target(API_ORIGIN, KEY)
CLOSE_LOST = SCENARIOS["close-lost"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def unmarked(request: Request, response: Response) -> Response:
    """The sandbox without the mark that it is one, so that what is said of Stripe itself can be seen."""
    return replace(response, headers=without_headers(response.headers, [SANDBOX_HEADER]))


def test_over_tls_it_records_the_same_interactions_as_from_the_sandbox_itself(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sandbox_target() as target:
        plain = record(CLOSE_LOST, target, tmp_path / "plain.yaml", surroundings())
    trust(authority, tmp_path, monkeypatch)
    with https_serving(Sandbox(seed=9), authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        made = record(CLOSE_LOST, STRIPE, tmp_path / "tls.yaml", surroundings())

    assert load(made.path).interactions == plain.cassette.interactions
    assert made.cassette.provenance is not None
    assert made.cassette.provenance.made_against == "sandbox"


def test_only_an_unmarked_answer_from_stripes_own_address_is_called_a_recording_of_stripe(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(Sandbox(), unmarked)
    with sandbox_target(watched) as target:
        elsewhere = record(CLOSE_LOST, target, tmp_path / "elsewhere.yaml", surroundings())
    trust(authority, tmp_path, monkeypatch)
    with https_serving(watched, authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        by_name = record(CLOSE_LOST, STRIPE, tmp_path / "by-name.yaml", surroundings())

    said = [made.cassette.provenance.made_against for made in (elsewhere, by_name) if made.cassette.provenance]
    assert said == ["imported", "stripe-test-mode"]


@pytest.mark.parametrize("fault", ["another authority", "another host"])
def test_a_certificate_that_is_not_stripes_ends_the_recording_before_the_key_is_sent(
    fault: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = (
        trustme.CA().issue_cert("api.stripe.com")
        if fault == "another authority"
        else authority.issue_cert("api.example.com")
    )
    trust(authority, tmp_path, monkeypatch)
    watched = Watched(Sandbox())
    with https_serving(watched, certificate) as port, pytest.raises(UnreachableError) as refused:
        resolve_stripe_to(port, monkeypatch)
        record(CLOSE_LOST, STRIPE, tmp_path / "x.yaml", surroundings())

    assert str(refused.value).startswith("api.stripe.com did not answer: its TLS certificate was not accepted.")
    assert (watched.seen, quarantined(), (tmp_path / "x.yaml").exists()) == ([], [], False)


def test_a_proxy_of_the_environment_carries_the_recording_without_opening_its_tls(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    with https_serving(Sandbox(), authority.issue_cert("api.stripe.com")) as port:
        proxy = Relay(port, is_proxy=True)
        with proxy.listening() as proxy_port:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy_port}")
            made = record(CLOSE_LOST, STRIPE, tmp_path / "x.yaml", surroundings())

    assert made.outcome == "written"
    assert {line.rpartition(" ")[0] for line in proxy.tunnels} == {"CONNECT api.stripe.com:443"}
