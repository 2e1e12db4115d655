"""Beneath the clients nothing gets out: connections, look-ups and datagrams are refused, local ones pass."""

from __future__ import annotations

import _socket
import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from socket import create_connection as bound_create_connection
from socket import getaddrinfo as bound_getaddrinfo
from socket import getfqdn as bound_getfqdn
from socket import gethostbyaddr as bound_gethostbyaddr
from socket import gethostbyname as bound_gethostbyname
from socket import gethostbyname_ex as bound_gethostbyname_ex
from socket import getnameinfo as bound_getnameinfo
from socket import socket as bound_socket
from typing import Any
from unittest import mock

import pytest
import uvloop

from replaydisputes.errors import NetworkBlockedError
from replaydisputes.interception import answering, uninstall
from replaydisputes.interception.hosts import is_loopback, is_proxy, origin
from tests.interception_support import Echo, audited, by_http_client, by_requests, live_server


def udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def with_socket(make: Callable[[], Any], use: Callable[[Any], Any]) -> Callable[[], None]:
    def attempt() -> None:
        with closing(make()) as sock:
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
    "gethostbyaddr of an address": (lambda: socket.gethostbyaddr("192.0.2.1"), "gethostbyaddr", "192.0.2.1"),
    "getnameinfo": (lambda: socket.getnameinfo(("192.0.2.1", 443), 0), "getnameinfo", "192.0.2.1"),
    "getfqdn": (lambda: socket.getfqdn("api.stripe.com"), "gethostbyaddr", "api.stripe.com"),
    "bind to a name": (
        with_socket(socket.socket, lambda s: s.bind(("api.stripe.com", 0))),
        "bind to",
        "api.stripe.com",
    ),
    "bare class": (
        with_socket(_socket.socket, lambda s: s.connect(("192.0.2.1", 443))),
        "connect to",
        "192.0.2.1:443",
    ),
    "bare class by name": (
        with_socket(_socket.socket, lambda s: s.connect(("api.stripe.com", 443))),
        "connect to",
        "api.stripe.com:443",
    ),
    "bare class, sendto by name": (
        with_socket(lambda: _socket.socket(type=socket.SOCK_DGRAM), lambda s: s.sendto(b"x", ("api.stripe.com", 53))),
        "sendto",
        "api.stripe.com:53",
    ),
    "connect over IPv6": (
        with_socket(lambda: socket.socket(socket.AF_INET6), lambda s: s.connect(("2001:db8::1", 443, 0, 0))),
        "connect to",
        "2001:db8::1:443",
    ),
    "bare class over IPv6": (
        with_socket(lambda: _socket.socket(socket.AF_INET6), lambda s: s.connect(("2001:db8::1", 443, 0, 0))),
        "connect to",
        "2001:db8::1:443",
    ),
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
    "loop.getnameinfo": (
        lambda: asyncio.get_running_loop().getnameinfo(("192.0.2.1", 53)),
        "getnameinfo",
        "192.0.2.1",
    ),
    "datagrams of an endpoint that is not connected": (lambda: datagram(("192.0.2.1", 53)), "sendto", "192.0.2.1:53"),
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


async def datagram(address: tuple[str, int]) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    try:
        transport.sendto(b"x", address)
    finally:
        transport.close()


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


BOUND: dict[str, tuple[Callable[[], Any], str, str]] = {
    "getaddrinfo": (lambda: bound_getaddrinfo("api.stripe.com", 443), "getaddrinfo", "api.stripe.com"),
    "gethostbyname": (lambda: bound_gethostbyname("api.stripe.com"), "gethostbyname", "api.stripe.com"),
    "gethostbyname_ex": (lambda: bound_gethostbyname_ex("api.stripe.com"), "gethostbyname", "api.stripe.com"),
    "gethostbyaddr": (lambda: bound_gethostbyaddr("192.0.2.1"), "gethostbyaddr", "192.0.2.1"),
    "getnameinfo": (lambda: bound_getnameinfo(("192.0.2.1", 443), 0), "getnameinfo", "192.0.2.1"),
    "getfqdn": (lambda: bound_getfqdn("api.stripe.com"), "gethostbyaddr", "api.stripe.com"),
    "a name of this machine": (
        lambda: bound_gethostbyname("order-17.localhost"),
        "gethostbyname",
        "order-17.localhost",
    ),
    "create_connection": (lambda: bound_create_connection(("api.stripe.com", 443)), "getaddrinfo", "api.stripe.com"),
    "a socket's connect": (
        with_socket(bound_socket, lambda s: s.connect(("192.0.2.1", 443))),
        "connect to",
        "192.0.2.1:443",
    ),
}


@pytest.mark.parametrize("name", BOUND)
def test_a_function_bound_before_the_first_replay_is_refused_too(name: str) -> None:
    attempt, operation, address = BOUND[name]
    passed = what_passes_our_hook()
    passed.clear()
    with answering(Echo()) as route, pytest.raises(NetworkBlockedError) as caught:
        attempt()

    assert (caught.value.operation, caught.value.address) == (operation, address)
    assert (route.refused, passed) == ([caught.value], [])


ASKING = {f"socket.{name}" for name in ("connect", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")}


@cache
def what_passes_our_hook() -> list[str]:
    """Sockets' events as a hook hears them that was added after ours: not at all what ours refused."""
    heard: list[str] = []
    with answering(Echo()):
        pass
    sys.addaudithook(lambda event, _: heard.append(event) if event in ASKING else None)
    return heard


def test_names_of_this_machine_are_answered_without_asking_anybody() -> None:
    own = socket.gethostname()
    with answering(Echo()) as route:
        with audited() as wire:
            found: list[object] = [
                {entry[4][0] for entry in socket.getaddrinfo("order-17.localhost", 80, socket.AF_INET)},
                {entry[4][0] for entry in socket.getaddrinfo("LOCALHOST.", 80, socket.AF_INET6)},
                {entry[4][0] for entry in bound_getaddrinfo(own, 80, socket.AF_INET)},
                socket.gethostbyname("a.b.localhost"),
                socket.gethostbyname_ex(own),
                socket.gethostbyaddr("127.8.9.1"),
                socket.getnameinfo(("127.8.9.1", 80), socket.NI_NUMERICSERV),
                socket.getnameinfo(("192.0.2.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV),
            ]
        names = socket.getfqdn(), socket.getfqdn("127.8.9.1")

    assert found == [
        {"127.0.0.1"},
        {"::1"},
        {"127.0.0.1"},
        "127.0.0.1",
        (own, [], ["127.0.0.1"]),
        ("localhost", [], ["127.8.9.1"]),
        ("localhost", "80"),
        ("192.0.2.1", "80"),
    ]
    assert (names, wire, route.refused) == ((own, "localhost"), [], [])


def test_a_socket_connects_to_a_name_of_this_machine_without_a_lookup() -> None:
    with live_server() as base, answering(Echo()) as route:
        port = int(base.rpartition(":")[2])
        with audited() as wire:
            socket.create_connection(("order-17.localhost", port)).close()
            with socket.socket() as sock:
                sock.connect(("order-17.localhost", port))

    own = {("socket.connect", ("127.0.0.1", port)), ("socket.getaddrinfo", "localhost")}  # which the hosts file has
    assert (route.refused, set(wire)) == ([], own)


@pytest.mark.parametrize("kind", [socket.socket, _socket.socket])
def test_a_connection_to_this_machine_over_ipv6_stays_open(kind: type[socket.socket]) -> None:
    server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    with server, answering(Echo()) as route, closing(kind(socket.AF_INET6)) as sock:
        sock.connect((*server.getsockname()[:2], 0, 0))

    assert route.refused == []


@pytest.mark.parametrize("stand_in", [lambda *_: None, mock.MagicMock(), None], ids=["function", "mock", "nothing"])
def test_a_replay_begins_and_holds_whatever_stands_in_the_place_of_the_socket_class(
    stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", stand_in)
    uninstall()
    with answering(Echo()) as route:
        heard = by_requests("GET", "https://api.stripe.com/x").json()["by"]
        with bound_socket() as sock, pytest.raises(NetworkBlockedError) as caught:
            sock.connect(("192.0.2.1", 443))
    uninstall()

    assert (heard, route.refused) == ("echo", [caught.value])


def test_after_uninstall_the_hook_lets_everything_through() -> None:
    with answering(Echo()) as route:
        uninstall()
        with bound_socket() as sock:
            sock.settimeout(0.01)
            sock.connect_ex(("192.0.2.1", 443))

    assert route.refused == []


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
