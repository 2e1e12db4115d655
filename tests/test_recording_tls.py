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
from replaydisputes.recording.trust import CaBundleError
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN, SANDBOX_HEADER
from tests.recording_support import KEY, Watched, sandbox_target, surroundings
from tests.tls_support import Relay, https_serving, resolve_stripe_to, trust

STRIPE = Target(API_ORIGIN, KEY)
CLOSE_LOST, CLOSE_UNKNOWN = SCENARIOS["close-lost"], SCENARIOS["close-unknown"]


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


VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@pytest.fixture
def nothing_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("nothing_trusted")
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_bundle_of_ones_own_is_trusted_by_any_of_its_usual_names(
    variable: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    with https_serving(Sandbox(), authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        made = record(CLOSE_UNKNOWN, STRIPE, tmp_path / "x.yaml", surroundings())

    assert made.outcome == "written"


@pytest.mark.usefixtures("nothing_trusted")
@pytest.mark.parametrize("variable", VARIABLES)
def test_an_empty_name_of_a_bundle_does_not_turn_verification_off(
    variable: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "")
    watched = Watched(Sandbox())
    with https_serving(watched, authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        with pytest.raises(UnreachableError, match="its TLS certificate was not accepted"):
            record(CLOSE_UNKNOWN, STRIPE, tmp_path / "x.yaml", surroundings())

    assert watched.seen == []


@pytest.mark.usefixtures("nothing_trusted")
@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(("content", "said"), [(None, "got nothing there"), ("nonsense", "got no certificates in it")])
def test_a_bundle_that_cannot_be_used_is_said_before_anything_is_sent(
    content: str | None, said: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))

    with pytest.raises(CaBundleError) as refused:
        record(CLOSE_UNKNOWN, STRIPE, tmp_path / "x.yaml", surroundings())

    assert str(refused.value).startswith(f"{variable}={path}: ")
    assert said in str(refused.value)


PROXIES = {
    "http://jane:proxypass@127.0.0.1:1": "the proxy refused the connection",
    "socks5://jane:proxypass@127.0.0.1:1": "its proxy's kind is not one that can be used",
    "nonsense://jane:proxypass@:::": "the address of its proxy, from HTTPS_PROXY or ALL_PROXY, is not one",
}


@pytest.mark.usefixtures("nothing_trusted")
@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_that_cannot_be_used_is_said_without_its_password_and_leaves_nothing_open(
    proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    with pytest.raises(UnreachableError) as refused:
        record(CLOSE_LOST, STRIPE, tmp_path / "x.yaml", surroundings())

    assert str(refused.value).startswith(f"api.stripe.com did not answer: {PROXIES[proxy]}")
    assert "proxypass" not in str(refused.value)
    assert "open" not in str(refused.value)


def test_a_host_that_is_excepted_from_the_proxy_is_reached_without_it(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "api.stripe.com")
    with https_serving(Sandbox(), authority.issue_cert("api.stripe.com")) as port:
        resolve_stripe_to(port, monkeypatch)
        made = record(CLOSE_UNKNOWN, STRIPE, tmp_path / "x.yaml", surroundings())

    assert made.outcome == "written"
