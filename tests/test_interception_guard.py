"""Beneath the clients nothing gets out: connections, look-ups and datagrams are refused, local ones pass."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replaydisputes.errors import NetworkBlockedError
from replaydisputes.interception import answering, uninstall
from replaydisputes.interception.hosts import is_loopback, is_proxy, origin
from tests.interception_support import Echo, audited, by_http_client, by_requests, live_server


def udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def with_socket(make: Callable[[], socket.socket], use: Callable[[socket.socket], Any]) -> Callable[[], None]:
    def attempt() -> None:
        with make() as sock:
            use(sock)

    return attempt


EXITS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "connect": (
        with_socket(socket.socket, lambda s: s.connect(("192.0.2.1", 443))),
        "connect to",
        "192.0.2.1:443",
    ),
    "connect by name": (
        with_socket(socket.socket, lambda s: s.connect(("api.stripe.com", 443))),
        "connect to",
        "api.stripe.com:443",
    ),
    "connect_ex": (
        with_socket(socket.socket, lambda s: s.connect_ex(("192.0.2.1", 443))),
        "connect to",
        "192.0.2.1:443",
    ),
    "udp connect": (with_socket(udp, lambda s: s.connect(("192.0.2.1", 53))), "connect to", "192.0.2.1:53"),
    "sendto": (with_socket(udp, lambda s: s.sendto(b"x", ("192.0.2.1", 53))), "sendto", "192.0.2.1:53"),
    "sendto with flags": (with_socket(udp, lambda s: s.sendto(b"x", 0, ("192.0.2.1", 53))), "sendto", "192.0.2.1:53"),
    "sendmsg": (with_socket(udp, lambda s: s.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))), "sendmsg", "192.0.2.1:53"),
    "getaddrinfo": (lambda: socket.getaddrinfo("api.stripe.com", 443), "getaddrinfo", "api.stripe.com"),
    "gethostbyname": (lambda: socket.gethostbyname("api.stripe.com"), "gethostbyname", "api.stripe.com"),
    "gethostbyname_ex": (lambda: socket.gethostbyname_ex("api.stripe.com"), "gethostbyname_ex", "api.stripe.com"),
    "gethostbyaddr": (lambda: socket.gethostbyaddr("api.stripe.com"), "gethostbyaddr", "api.stripe.com"),
    "create_connection": (
        lambda: socket.create_connection(("api.stripe.com", 443)),
        "connect to",
        "api.stripe.com:443",
    ),
    "create_connection by address": (
        lambda: socket.create_connection(("192.0.2.1", 443)),
        "connect to",
        "192.0.2.1:443",
    ),
}
ASYNC_EXITS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "open_connection": (lambda: asyncio.open_connection("api.stripe.com", 443), "connect to", "api.stripe.com:443"),
    "open_connection by address": (
        lambda: asyncio.open_connection("192.0.2.1", 443, happy_eyeballs_delay=0.1),
        "connect to",
        "192.0.2.1:443",
    ),
    "loop.getaddrinfo": (
        lambda: asyncio.get_running_loop().getaddrinfo("api.stripe.com", 443),
        "getaddrinfo",
        "api.stripe.com",
    ),
    "loop.sock_connect": (lambda: sock_connect(("192.0.2.1", 443)), "connect to", "192.0.2.1:443"),
    "loop.sock_connect by name": (lambda: sock_connect(("api.stripe.com", 443)), "getaddrinfo", "api.stripe.com"),
    "datagram endpoint": (
        lambda: asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("192.0.2.1", 53)
        ),
        "connect to",
        "192.0.2.1:53",
    ),
}


async def sock_connect(address: tuple[str, int]) -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)


@pytest.mark.parametrize("name", EXITS)
def test_every_way_out_is_refused_before_the_interpreter_sees_it(name: str) -> None:
    attempt, operation, address = EXITS[name]
    with audited() as wire, answering(Echo()) as route, pytest.raises(NetworkBlockedError) as caught:
        attempt()

    assert (caught.value.operation, caught.value.address) == (operation, address)
    assert (route.refused, wire) == ([caught.value], [])


@pytest.mark.parametrize("name", ASYNC_EXITS)
def test_every_asynchronous_way_out_is_refused_too(name: str) -> None:
    attempt, operation, address = ASYNC_EXITS[name]

    async def run() -> None:
        await attempt()

    with audited() as wire, answering(Echo()) as route, pytest.raises(NetworkBlockedError) as caught:
        asyncio.run(run())

    assert (caught.value.operation, caught.value.address) == (operation, address)
    assert (route.refused, wire) == ([caught.value], [])


def test_loopback_unix_sockets_and_socket_pairs_stay_open(tmp_path: Path) -> None:
    with live_server() as base, answering(Echo()) as route:
        port = int(base.rpartition(":")[2])
        socket.create_connection(("localhost", port)).close()
        socket.create_connection(("127.0.0.1", port)).close()
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
            listener.bind(str(tmp_path / "s"))
            listener.listen()
            client.connect(str(tmp_path / "s"))
        for end in socket.socketpair():
            end.close()
        with udp() as receiver, udp() as sender:
            receiver.bind(("127.0.0.1", 0))
            sender.sendto(b"x", receiver.getsockname())

    assert route.refused == []


def test_without_a_route_the_guard_lets_everything_through() -> None:
    with answering(Echo()):
        pass
    with audited() as wire, socket.socket() as sock:
        sock.settimeout(0.01)
        sock.connect_ex(("192.0.2.1", 443))

    assert wire == [("socket.connect", ("192.0.2.1", 443))]


def test_an_allowed_host_is_looked_up_and_its_addresses_may_be_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    uninstall()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    with audited() as wire, answering(Echo(), allow_hosts=["db.example.com"]) as route:
        with pytest.raises(OSError, match=r".") as caught:
            socket.create_connection(("DB.example.com", 80), timeout=0.01)
        with pytest.raises(NetworkBlockedError):
            socket.create_connection(("other.example.com", 80), timeout=0.01)
    uninstall()

    assert not isinstance(caught.value, NetworkBlockedError)
    assert [event for event in wire if event[0] == "socket.connect"] == [("socket.connect", ("192.0.2.7", 80))]
    assert [refusal.address for refusal in route.refused if isinstance(refusal, NetworkBlockedError)] == [
        "other.example.com:80"
    ]


def test_a_loopback_proxy_of_the_environment_is_no_exit_for_an_unknown_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with live_server() as base:
        port = int(base.rpartition(":")[2])
        monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{port}")
        attempt = with_socket(socket.socket, lambda s: s.connect(("127.0.0.1", port)))
        with audited() as wire, answering(Echo()), pytest.raises(NetworkBlockedError) as caught:
            attempt()

    assert (caught.value.address, wire) == (f"127.0.0.1:{port}", [])


def test_a_known_client_reaches_a_loopback_target_though_a_proxy_variable_names_another_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with live_server() as base, answering(Echo()):
        heard = [call("GET", f"{base}/x").json()["by"] for call in (by_requests, by_http_client)]

    assert heard == ["live", "live"]


def test_loopback_is_told_by_name_and_by_number() -> None:
    hosts = ["localhost", "LocalHost.", "api.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1"]
    others = ["localhost.example.com", "128.0.0.1", "api.stripe.com", "::2", "notlocalhost", "127.0.0.1.nip.io"]

    assert [host for host in hosts + others if is_loopback(host)] == hosts


def test_a_proxy_is_recognized_in_each_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "user:pw@localhost:3128")
    monkeypatch.setenv("ALL_PROXY", "socks5://[::1]:1080")
    asked = [("127.0.0.1", 3128), ("::1", 3128), ("127.0.0.1", 1080), ("127.0.0.1", 3129), ("proxy", 3128)]

    assert [is_proxy(host, port) for host, port in asked] == [True, True, True, False, False]


def test_an_origin_leaves_default_ports_out_and_brackets_ipv6() -> None:
    origins = [origin("https", "a.b", 443), origin("https", "a.b", 8443), origin("http", "::2", 80)]

    assert origins == ["https://a.b", "https://a.b:8443", "http://[::2]"]


UVLOOP_EXITS = {name: ASYNC_EXITS[name] for name in ASYNC_EXITS if name != "loop.sock_connect by name"}


@pytest.mark.parametrize("name", UVLOOP_EXITS)
def test_uvloop_which_connects_in_c_is_refused_too(name: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    attempt, operation, address = UVLOOP_EXITS[name]

    async def run() -> None:
        await attempt()

    with (
        answering(Echo()) as route,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        pytest.raises(NetworkBlockedError) as caught,
    ):
        runner.run(run())

    assert (caught.value.operation, caught.value.address) == (operation, address)
    assert route.refused == [caught.value]
