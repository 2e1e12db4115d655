"""`replaydisputes_block_network`: a test without a cassette does not reach Stripe; all else it reaches as ever."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.plugin_support import prepare, run, run_apart

ON = "replaydisputes_block_network = true\n"
MARKER = 'Mark the test with @pytest.mark.replaydisputes("close-lost")'
FORGOTTEN = """
import pytest, requests
from calls import close, read

@pytest.mark.replaydisputes("close-lost")
def test_marked(): assert close() == "lost"

def test_mark_forgotten(): close()
"""


class Network:
    """A proxy on loopback in the place of the network: what it is asked for has got out. It answers 200, `sent`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def note(self, head: bytes) -> bytes:
        self.asked.append(b" ".join(head.split()[:2]).decode())
        return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsent"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    network = Network()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(network.note(self.request.recv(65536)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        yield network
        server.shutdown()
        thread.join()


def test_it_is_off_by_default(pytester: pytest.Pytester, network: Network) -> None:
    prepare(pytester).makepyfile(test_own=FORGOTTEN)
    result = run(pytester)

    result.assert_outcomes(passed=1, failed=1)
    assert (network.asked, MARKER in result.stdout.str()) == (["CONNECT api.stripe.com:443"], False)


@pytest.mark.parametrize(("ini", "option"), [(ON, []), ("", ["--replaydisputes-block-network"])])
def test_a_test_without_the_marker_is_refused_and_told_which_to_add(
    ini: str, option: list[str], pytester: pytest.Pytester, network: Network
) -> None:
    prepare(pytester, ini).makepyfile(test_own=FORGOTTEN)
    result = run(pytester, *option)

    result.assert_outcomes(passed=1, failed=1)
    assert "POST https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001/close refused" in result.stdout.str()
    assert (MARKER in result.stdout.str(), network.asked) == (True, [])


EVERYWHERE = """
import threading, unittest
import pytest, requests, stripe, httpx
from calls import close, read

@pytest.fixture(scope="session")
def of_the_session(): close()

@pytest.fixture
def at_the_end():
    yield
    close()

def test_fixture_of_a_wider_scope(of_the_session): pass
def test_teardown(at_the_end): pass
def test_files(): requests.get("https://files.stripe.com/v1/files")
def test_the_sdk():
    stripe.StripeClient("sk_test_x", max_network_retries=0).v1.disputes.close("du_x")
def test_httpx(): httpx.get("https://api.stripe.com./v1/disputes")
def test_swallowed():
    try: close()
    except Exception: pass
def test_thread():
    thread = threading.Thread(target=test_swallowed)
    thread.start()
    thread.join()

class TestOld(unittest.TestCase):
    def setUp(self): close()
    def test_set_up(self): pass

class TestOlder(unittest.TestCase):
    @classmethod
    def setUpClass(cls): close()
    def test_class_set_up(self): pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one process", "xdist"])
def test_it_holds_in_fixtures_of_every_scope_threads_and_unittest(
    workers: list[str], pytester: pytest.Pytester, network: Network
) -> None:
    prepare(pytester, ON).makepyfile(test_own=EVERYWHERE)
    result = run_apart(pytester, *workers)

    outcomes = result.parseoutcomes()
    assert (outcomes.get("passed"), outcomes["failed"] + outcomes["errors"], network.asked) == (1, 9, [])
    assert result.stdout.str().count(MARKER) >= 9


OTHERS = """
import socket
import pytest, requests
import replaydisputes as package
from calls import close

def test_another_host_by_the_proxy(): assert requests.get("http://shop.example/x").text == "sent"

def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert socket.getfqdn("shop.example") == "shop.example"

def test_a_replay_of_its_own():
    with package.replay("close-lost"):
        assert close() == "lost"

def test_a_cassette_of_vcrpy(tmp_path):
    import vcr
    (tmp_path / "theirs.yaml").write_text('''
version: 1
interactions:
- request: {method: GET, uri: "https://api.stripe.com/v1/charges", body: null, headers: {}}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: theirs}}
''')
    with vcr.use_cassette(tmp_path / "theirs.yaml", record_mode="none"):
        assert requests.get("https://api.stripe.com/v1/charges").text == "theirs"
"""


def test_other_hosts_and_other_tools_stay_as_they_are(pytester: pytest.Pytester, network: Network) -> None:
    prepare(pytester, ON).makepyfile(test_own=OTHERS)
    result = run_apart(pytester)

    result.assert_outcomes(passed=4)
    assert network.asked == ["GET http://shop.example/x"]


IMPORTS = """
import sys
def test_modules(): assert not [name for name in sys.modules if name.startswith("replaydisputes.interception")]
"""


def test_it_imports_nothing_where_it_is_off(pytester: pytest.Pytester) -> None:
    prepare(pytester).makepyfile(test_own=IMPORTS)

    run_apart(pytester).assert_outcomes(passed=1)
