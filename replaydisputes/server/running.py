"""Running an Answerer with uvicorn: in a background thread for tests, in the foreground for the command line."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from replaydisputes.errors import MissingExtraError, PortInUseError, ReplayDisputesError
from replaydisputes.model import Answerer
from replaydisputes.server.app import asgi_app

if TYPE_CHECKING:
    import uvicorn

_BACKLOG = 128
_DRAIN_S = 2


class HostRefusedError(ReplayDisputesError):
    """A host that other machines could reach."""

    exit_code = 2

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"will not listen on {host}: only loopback hosts (127.0.0.1, ::1, localhost) are served.")


@contextmanager
def serving(answerer: Answerer, host: str = "127.0.0.1", port: int = 0, latency_s: float = 0) -> Iterator[str]:
    """A server in a background thread; yields its base URL. port 0: any free one. latency_s: each answer's delay.

    Raises PortInUseError, HostRefusedError, MissingExtraError (no uvicorn). Stops when the block ends.
    """
    listener, url = _listen(host, port)
    with listener:
        server = _server(answerer, latency_s)
        thread = threading.Thread(target=server.run, args=([listener],), name="replaydisputes-server", daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()


def run_forever(
    answerer: Answerer, host: str, port: int, on_ready: Callable[[str], None], latency_s: float = 0
) -> None:
    """Serve until Ctrl-C, then return. on_ready: told the base URL once connections are accepted.

    latency_s: each answer's delay.

    Raises PortInUseError, HostRefusedError, MissingExtraError (no uvicorn).
    """
    listener, url = _listen(host, port)
    with listener:
        server = _server(answerer, latency_s)
        try:
            on_ready(url)
            server.run([listener])
        except KeyboardInterrupt:
            return


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    """A socket that accepts connections from now on, and the base URL that reaches it."""
    _require_loopback(host)
    _uvicorn()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by name: only then does asyncio set TCP_NODELAY, without which each answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortInUseError(host, port, error.strerror or str(error)) from error
    shown = f"[{host}]" if ":" in host else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


def _require_loopback(host: str) -> None:
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise HostRefusedError(host)


def _uvicorn() -> None:
    try:
        import uvicorn  # noqa: F401, PLC0415 - an extra, needed only here
    except ImportError as error:
        raise MissingExtraError("the sandbox server", "server") from error


def _server(answerer: Answerer, latency_s: float) -> uvicorn.Server:
    """h11 and asyncio by name: what else is installed must not change the bytes. The Answerer's headers are all."""
    import uvicorn  # noqa: PLC0415 - an extra, needed only here

    config = uvicorn.Config(
        asgi_app(answerer, latency_s=latency_s),
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_S,
    )
    return uvicorn.Server(config)
