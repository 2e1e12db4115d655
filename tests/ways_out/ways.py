"""The ways, by name. Each is tried three times, so none keeps what it opened."""

from __future__ import annotations

import _socket
import asyncio
import concurrent.futures
import ftplib
import http.client
import imaplib
import logging
import logging.handlers
import multiprocessing
import multiprocessing.connection
import poplib
import smtplib
import socket
import ssl
import threading
import urllib.request
import xmlrpc.client
from collections.abc import Awaitable, Callable
from functools import partial
from socket import (
    create_connection,
    getaddrinfo,
    getfqdn,
    gethostbyaddr,
    gethostbyname,
    gethostbyname_ex,
    getnameinfo,
)
from socket import socket as bound_socket
from typing import Any

import aiohttp
import httplib2
import httpx
import httpx2
import redis
import requests
import stripe
import urllib3
import urllib3.connection
import uvloop
from tornado.httpclient import AsyncHTTPClient
from tornado.tcpclient import TCPClient

NAME, ADDRESS = "order-17.shop.example", "198.51.100.7"
BY_NAME, BY_ADDRESS = f"https://{NAME}/x", f"https://{ADDRESS}/x"
WAIT_S = 2

Way = Callable[[], object]
WAYS: dict[str, Way] = {}


class Subclass(socket.socket):
    """A suite's own."""


CLASSES: dict[str, Any] = {"socket": socket.socket, "bound": bound_socket, "C": _socket.socket, "subclass": Subclass}


def with_socket(make: Callable[[], Any], use: Callable[[Any], object]) -> Way:
    def way() -> None:
        sock = make()
        try:
            sock.settimeout(WAIT_S)
            use(sock)
        finally:
            sock.close()

    return way


def lookups() -> None:
    functions: dict[str, dict[str, Any]] = {
        "bound": {
            "getaddrinfo": getaddrinfo,
            "gethostbyname": gethostbyname,
            "gethostbyname_ex": gethostbyname_ex,
            "gethostbyaddr": gethostbyaddr,
            "getnameinfo": getnameinfo,
            "getfqdn": getfqdn,
        },
    }
    for where, module in (("socket", socket), ("C", _socket)):
        functions[where] = {name: partial(_call, module, name) for name in functions["bound"] if hasattr(module, name)}
    for where, found in functions.items():
        for name, function in found.items():
            if name == "getnameinfo":
                WAYS[f"{where} getnameinfo"] = partial(function, (ADDRESS, 443), 0)
                continue
            more = (None,) if name == "getaddrinfo" else ()
            WAYS[f"{where} {name} of a name"] = partial(function, NAME, *more)
            if name in ("gethostbyaddr", "getfqdn"):
                WAYS[f"{where} {name} of an address"] = partial(function, ADDRESS)


def _call(module: Any, name: str, *args: Any) -> Any:
    """Looked up at the call, as `socket.getaddrinfo(…)` in a suite is."""
    return getattr(module, name)(*args)


def connections() -> None:
    for kind, make in CLASSES.items():
        for to in (ADDRESS, NAME):
            WAYS[f"{kind} connect {to}"] = with_socket(make, lambda sock, to=to: sock.connect((to, 443)))
            WAYS[f"{kind} connect_ex {to}"] = with_socket(make, lambda sock, to=to: sock.connect_ex((to, 443)))
    for where, function in (("socket", partial(_call, socket, "create_connection")), ("bound", create_connection)):
        for to in (ADDRESS, NAME):
            WAYS[f"{where} create_connection {to}"] = lambda to=to, function=function: function(
                (to, 443), WAIT_S
            ).close()
    WAYS["bind to a name"] = with_socket(socket.socket, lambda sock: sock.bind((NAME, 0)))
    WAYS["connect, not blocking"] = with_socket(socket.socket, _connect_not_blocking)


def _connect_not_blocking(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.connect((ADDRESS, 443))


def datagrams() -> None:
    uses: dict[str, Callable[[Any], object]] = {
        "sendto": lambda sock: sock.sendto(b"x", (ADDRESS, 53)),
        "sendto a name": lambda sock: sock.sendto(b"x", (NAME, 53)),
        "sendto with flags": lambda sock: sock.sendto(b"x", 0, (ADDRESS, 53)),
        "sendmsg": lambda sock: sock.sendmsg([b"x"], [], 0, (ADDRESS, 53)),
        "connect and send": lambda sock: (sock.connect((ADDRESS, 53)), sock.send(b"x")),
    }
    for kind, make in CLASSES.items():
        for name, use in uses.items():
            WAYS[f"{kind} datagram {name}"] = with_socket(lambda make=make: make(type=socket.SOCK_DGRAM), use)
    icmp = partial(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    echo = bytes.fromhex("0800f7ff00000000")
    WAYS["raw sendto"] = with_socket(icmp, lambda sock: sock.sendto(echo, (ADDRESS, 0)))
    WAYS["raw connect and send"] = with_socket(icmp, lambda sock: (sock.connect((ADDRESS, 0)), sock.send(echo)))
    packet = partial(socket.socket, socket.AF_PACKET, socket.SOCK_RAW)
    frame = bytes.fromhex("020000000001" + "020000000002" + "88b5") + b"x" * 46
    WAYS["frame, bound to the interface"] = with_socket(packet, lambda sock: (sock.bind(("near", 0)), sock.send(frame)))
    WAYS["frame sendto"] = with_socket(packet, lambda sock: sock.sendto(frame, ("near", 0)))


def clients() -> None:
    for name, url in (("a name", BY_NAME), ("an address", BY_ADDRESS)):
        WAYS[f"requests to {name}"] = lambda url=url: requests.get(url, timeout=WAIT_S)
        WAYS[f"urllib3 to {name}"] = lambda url=url: urllib3.request("GET", url, retries=False, timeout=WAIT_S)
        WAYS[f"httpx to {name}"] = lambda url=url: httpx.get(url, timeout=WAIT_S)
        WAYS[f"httpx2 to {name}"] = lambda url=url: httpx2.get(url, timeout=WAIT_S)
        WAYS[f"httplib2 to {name}"] = lambda url=url: httplib2.Http(timeout=WAIT_S).request(url)
        WAYS[f"urllib.request to {name}"] = lambda url=url: urllib.request.urlopen(url, timeout=WAIT_S)  # noqa: S310
    WAYS["http.client"] = lambda: http.client.HTTPConnection(NAME, timeout=WAIT_S).request("GET", "/")
    WAYS["http.client, TLS"] = lambda: http.client.HTTPSConnection(NAME, timeout=WAIT_S).request("GET", "/")
    WAYS["urllib3's connection"] = lambda: urllib3.connection.HTTPConnection(NAME, timeout=WAIT_S).connect()
    for make in (stripe.RequestsClient, stripe.UrllibClient, partial(stripe.HTTPXClient, allow_sync_methods=True)):
        WAYS[f"stripe by {getattr(make, 'func', make).__name__}"] = lambda make=make: _close(make())
    WAYS["ftplib"] = lambda: ftplib.FTP(NAME, timeout=WAIT_S)  # noqa: S321 - a way out
    WAYS["smtplib"] = lambda: smtplib.SMTP(NAME, timeout=WAIT_S)
    WAYS["poplib"] = lambda: poplib.POP3(NAME, timeout=WAIT_S)
    WAYS["imaplib"] = lambda: imaplib.IMAP4(NAME, timeout=WAIT_S)
    WAYS["xmlrpc"] = lambda: xmlrpc.client.ServerProxy(BY_NAME).call()
    WAYS["redis"] = lambda: redis.Redis(NAME, socket_timeout=WAIT_S, retry=None).ping()
    WAYS["ssl.get_server_certificate"] = lambda: ssl.get_server_certificate((NAME, 443), timeout=WAIT_S)
    WAYS["multiprocessing.connection"] = lambda: multiprocessing.connection.Client((NAME, 9000))
    WAYS["syslog handler"] = lambda: _log(logging.handlers.SysLogHandler((ADDRESS, 514)))
    WAYS["socket handler"] = lambda: _log(logging.handlers.SocketHandler(ADDRESS, 9000))
    WAYS["datagram handler"] = lambda: _log(logging.handlers.DatagramHandler(NAME, 9000))
    WAYS["http handler"] = lambda: _log(logging.handlers.HTTPHandler(NAME, "/"))


def _close(http_client: Any) -> None:
    base = {"api": f"https://{NAME}"}
    client = stripe.StripeClient("sk_test_x", http_client=http_client, max_network_retries=0, base_addresses=base)
    client.v1.disputes.close("du_x")


def _log(handler: logging.Handler) -> None:
    handler.handleError = lambda _: None  # type: ignore[method-assign] # as in production
    try:
        handler.emit(logging.makeLogRecord({"msg": "x"}))
    finally:
        handler.close()


def loops() -> None:
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "open_connection to an address": lambda: asyncio.open_connection(ADDRESS, 443),
        "open_connection to a name": lambda: asyncio.open_connection(NAME, 443),
        "getaddrinfo": lambda: asyncio.get_running_loop().getaddrinfo(NAME, 443),
        "getnameinfo": lambda: asyncio.get_running_loop().getnameinfo((ADDRESS, 443)),
        "sock_connect": _sock_connect,
        "connected datagram": partial(_datagram, (ADDRESS, 53)),
        "datagram": partial(_datagram, None),
        "executor": lambda: asyncio.get_running_loop().run_in_executor(None, socket.gethostbyname, NAME),
        "to_thread": lambda: asyncio.to_thread(requests.get, BY_ADDRESS, timeout=WAIT_S),
        "aiohttp": _aiohttp,
        "httpx": _httpx,
        "tornado": lambda: AsyncHTTPClient(force_instance=True).fetch(BY_NAME, request_timeout=WAIT_S),
        "tornado's stream": lambda: TCPClient().connect(NAME, 443, timeout=WAIT_S),
    }
    for loop, factory in (("asyncio", asyncio.new_event_loop), ("uvloop", uvloop.new_event_loop)):
        for name, way in ways.items():
            WAYS[f"{loop} {name}"] = partial(_run, factory, way)


def _run(factory: Callable[[], asyncio.AbstractEventLoop], way: Callable[[], Awaitable[object]]) -> None:
    async def wait() -> None:
        await asyncio.wait_for(way(), WAIT_S)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(wait())


async def _sock_connect() -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (ADDRESS, 443))


async def _datagram(remote: tuple[str, int] | None) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=remote, family=socket.AF_INET
    )
    try:
        transport.sendto(b"x", None if remote else (ADDRESS, 53))
        await asyncio.sleep(0)
    finally:
        transport.close()


async def _aiohttp() -> None:
    async with aiohttp.ClientSession() as session, session.get(BY_NAME):
        pass


async def _httpx() -> None:
    async with httpx.AsyncClient(timeout=WAIT_S) as client:
        await client.get(BY_ADDRESS)


def threads_and_processes() -> None:
    WAYS["thread"] = _thread
    WAYS["timer"] = partial(_joined, threading.Timer, 0, requests.get, (BY_ADDRESS,), {"timeout": WAIT_S})
    WAYS["executor"] = _executor
    WAYS["forked process"] = partial(_joined, multiprocessing.get_context("fork").Process, None, _connect)


def _connect() -> None:
    socket.create_connection((ADDRESS, 443), WAIT_S)


def _joined(make: Callable[..., Any], *args: Any) -> None:
    started = make(*args)
    started.start()
    started.join()


def _thread() -> None:
    _joined(threading.Thread, None, _connect)


def _executor() -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        executor.submit(_connect).result()


lookups()
connections()
datagrams()
clients()
loops()
threads_and_processes()
