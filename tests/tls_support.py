"""https://api.stripe.com by that name, without leaving this machine: own CA, own resolver, a relay that can cut."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
import uvicorn

from replaydisputes.model import Answerer
from replaydisputes.server.app import asgi_app


@contextlib.contextmanager
def https_serving(answerer: Answerer, certificate: trustme.LeafCert) -> Iterator[int]:
    """The answerer behind TLS on a free port of loopback."""
    config = uvicorn.Config(
        asgi_app(answerer, scheme="https"),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(config.ssl)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def resolve_stripe_to(port: int, patch: pytest.MonkeyPatch) -> None:
    """api.stripe.com:443 is looked up as 127.0.0.1:port; every other name is as before."""
    original = socket.getaddrinfo

    def getaddrinfo(host: str, asked: object, *args: int, **kwargs: int) -> object:
        if host == "api.stripe.com" and asked == 443:
            return original("127.0.0.1", port, *args, **kwargs)
        return original(host, asked, *args, **kwargs)  # type: ignore[arg-type] # handed through

    patch.setattr(socket, "getaddrinfo", getaddrinfo)


def trust(authority: trustme.CA, directory: Path, patch: pytest.MonkeyPatch) -> None:
    bundle = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@dataclass
class Relay:
    """Carries connections to `upstream`, and cuts the one in which byte `cut_at` of a direction passes.

    lasting: every later connection is cut at once. carried: bytes so far, to the server and back.
    """

    upstream: int
    cut_at: int | None = None
    downwards: bool = False
    lasting: bool = False
    carried: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    tunnels: list[str] = field(default_factory=list)
    is_proxy: bool = False
    _dead: bool = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            yield listener.getsockname()[1]
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()

    def _accept(self, listener: socket.socket) -> None:
        pumps: list[threading.Thread] = []
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                if self._dead and self.lasting:
                    client.close()
                    continue
                if self.is_proxy:
                    self._open_tunnel(client)
                server = socket.create_connection(("127.0.0.1", self.upstream))
                for source, sink, down in ((client, server, False), (server, client, True)):
                    pumps.append(threading.Thread(target=self._pump, args=(source, sink, down), daemon=True))
                    pumps[-1].start()
        for pump in pumps:
            pump.join()

    def _open_tunnel(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(65536)
        self.tunnels.append(head.split(b"\r\n", 1)[0].decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def _pump(self, source: socket.socket, sink: socket.socket, down: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                left = None if self.cut_at is None or self._dead or down != self.downwards else self.cut_at
                passed = len(data) if left is None else min(len(data), left - self.carried[down])
                self.carried[down] += passed
                sink.sendall(data[:passed])
                if passed < len(data):
                    self._dead = True
                    break
        for end in (sink, source):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
