"""Other interceptors in the same process keep their hosts, in either nesting, and a conflict with one is named.

Each runs in a pytest of its own with just that plugin, because two of them on one process is what is tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.neighbour_support import needs_neighbour

ROOT = Path(__file__).parent.parent
HEAD = """
import pytest, requests, httpx
from replaydisputes.errors import MismatchError
from replaydisputes.interception import answering
from replaydisputes.model import Response

STRIPE, OTHER = "https://api.stripe.com/v1/x", "https://other.example.com/x"

class Ours:
    def answer(self, request):
        if "stripe" not in request.url:
            raise MismatchError(f"nothing recorded for {request.url}", request.method, request.url)
        return Response(200, (("Content-Type", "text/plain"),), b"ours")

def ours():
    return answering(Ours(), allow_hosts=["other.example.com"])
"""

RESPONSES = """
import responses

def theirs():
    mock = responses.RequestsMock()
    mock.add(responses.GET, OTHER, body="theirs")
    mock.add_passthru("https://api.stripe.com")
    return mock

def test_ours_within_theirs():
    with theirs(), ours():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_theirs_within_ours():
    with ours(), theirs():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_the_conflict_is_named():
    mock = responses.RequestsMock(assert_all_requests_are_fired=False)
    mock.add(responses.GET, OTHER, body="theirs")
    with mock, answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert "responses also intercepts requests here" in str(caught.value)
    assert "allow_hosts" in str(caught.value)

def test_alone_nobody_is_named():
    with answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert str(caught.value) == f"nothing recorded for {OTHER}"
"""

REQUESTS_MOCK = """
import requests_mock

def theirs():
    mock = requests_mock.Mocker(real_http=True)
    mock.get(OTHER, text="theirs")
    return mock

def test_ours_within_theirs():
    with theirs(), ours():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_theirs_within_ours():
    with ours(), theirs():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_the_fixture(requests_mock):
    requests_mock.real_http = True
    requests_mock.get(OTHER, text="theirs")
    with ours():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_the_conflict_is_named():
    with requests_mock.Mocker(real_http=True), answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert "requests-mock also intercepts requests here" in str(caught.value)
"""

RESPX = """
import respx

def theirs():
    mock = respx.mock(assert_all_called=False)
    mock.get(OTHER).respond(text="theirs")
    return mock

def test_ours_within_theirs():
    with theirs(), ours():
        assert [httpx.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_theirs_within_ours():
    with ours(), theirs():
        assert [httpx.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_the_conflict_is_named():
    with theirs(), answering(Ours()), pytest.raises(MismatchError) as caught:
        httpx.get(OTHER)
    assert "respx also intercepts requests here" in str(caught.value)
"""

PYTEST_HTTPX = """
@pytest.fixture
def route():
    with ours() as route:
        yield route

@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host == "other.example.com")
def test_ours_within_theirs(httpx_mock, route):
    httpx_mock.add_response(text="theirs")
    assert [httpx.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host == "other.example.com")
def test_theirs_within_ours(route, httpx_mock):
    httpx_mock.add_response(text="theirs")
    assert [httpx.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_the_conflict_is_named(httpx_mock):
    with answering(Ours()), pytest.raises(MismatchError) as caught:
        httpx.get(OTHER)
    assert "pytest-httpx also intercepts requests here" in str(caught.value)
"""

PYTEST_SOCKET = """
import socket
import pytest_socket
import urllib.request
from replaydisputes.errors import NetworkBlockedError

def all_of_them():
    return [requests.get(STRIPE).text, httpx.get(STRIPE).text, urllib.request.urlopen(STRIPE).read().decode()]

def test_ours_within_theirs(socket_disabled):
    with ours():
        assert all_of_them() == ["ours"] * 3
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket()

def test_theirs_within_ours():
    with ours():
        pytest_socket.disable_socket()
        assert all_of_them() == ["ours"] * 3
        pytest_socket.enable_socket()

def test_the_guard_holds_after_theirs_was_taken_away():
    pytest_socket.disable_socket()
    with answering(Ours()):
        pytest_socket.enable_socket()
        with socket.socket() as real, pytest.raises(NetworkBlockedError):
            real.connect(("192.0.2.1", 443))

def test_the_conflict_is_named(socket_disabled):
    with answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert "pytest-socket also intercepts requests here" in str(caught.value)
"""

MOTO = """
import boto3, moto

def bucket_names():
    s3 = boto3.client("s3", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    s3.create_bucket(Bucket="one")
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

def test_ours_within_theirs():
    with moto.mock_aws(), ours():
        assert (bucket_names(), requests.get(STRIPE).text) == (["one"], "ours")

def test_theirs_within_ours():
    with ours(), moto.mock_aws():
        assert (bucket_names(), httpx.get(STRIPE).text) == (["one"], "ours")
"""

VCR_FILE = """
version: 1
interactions:
- request: {method: GET, uri: "https://other.example.com/x", body: null, headers: {}}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: theirs}}
"""

PYTEST_RECORDING = """
@pytest.mark.vcr("theirs.yaml")
def test_ours_within_theirs():
    with ours():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_theirs_within_ours():
    import vcr
    with ours(), vcr.use_cassette("theirs.yaml", record_mode="none"):
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

@pytest.mark.vcr("theirs.yaml")
def test_the_conflict_is_named():
    with answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert "vcrpy also intercepts requests here" in str(caught.value)
"""

CASSETTER = """
import cassetter

def theirs():
    return cassetter.use_cassette("theirs.yaml", record_mode="none")

def test_ours_within_theirs():
    with theirs(), ours():
        assert [requests.get(url).text for url in (STRIPE, OTHER)] == ["ours", "theirs"]

def test_theirs_within_ours_for_its_own_host():
    with ours(), theirs():
        assert requests.get(OTHER).text == "theirs"

def test_the_conflict_is_named():
    with theirs(), answering(Ours()), pytest.raises(MismatchError) as caught:
        requests.get(OTHER)
    assert "cassetter also intercepts requests here" in str(caught.value)
"""

NEIGHBOURS = {
    "responses": ("responses", None, RESPONSES, 4),
    "requests-mock": ("requests_mock", "requests_mock.contrib._pytest_plugin", REQUESTS_MOCK, 4),
    "respx": ("respx", "respx.plugin", RESPX, 3),
    "pytest-httpx": ("pytest_httpx", "pytest_httpx", PYTEST_HTTPX, 3),
    "pytest-socket": ("pytest_socket", "pytest_socket", PYTEST_SOCKET, 4),
    "moto": ("moto", None, MOTO, 2),
    "pytest-recording": ("pytest_recording", "pytest_recording.plugin", PYTEST_RECORDING, 3),
    "cassetter": ("cassetter", "cassetter.pytest_plugin", CASSETTER, 3),
}
"""Name: (module, plugin, tests, how many of them)."""


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_keeps_its_hosts_and_is_named_where_it_gets_none(name: str, tmp_path: Path) -> None:
    module, plugin, source, count = NEIGHBOURS[name]
    needs_neighbour(module)
    (tmp_path / "test_it.py").write_text(textwrap.dedent(HEAD) + textwrap.dedent(source), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for directory in (tmp_path, tmp_path / "cassettes" / "test_it"):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "theirs.yaml").write_text(VCR_FILE, encoding="utf-8")
    plugins = ["-p", plugin] if plugin else []
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "replaydisputes.pytest_plugin",
            *plugins,
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, f"{count} passed" in done.stdout) == (0, True), done.stdout + done.stderr
