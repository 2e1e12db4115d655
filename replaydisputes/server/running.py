"""Running an application with uvicorn: in a background thread for tests, in the foreground for the command line."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from replaydisputes.errors import MissingExtraError, PortInUseError, ReplayDisputesError
from replaydisputes.model import Answerer
from replaydisputes.server.app import asgi_app
from replaydisputes.server.asgi import AsgiApp
from replaydisputes.server.origins import is_loopback
from replaydisputes.server.workers import keep_working

if TYPE_CHECKING:
    import ssl

    import uvicorn

_BACKLOG = 2048
_DRAIN_S = 2
_PLAIN: dict[str, Any] = {
    "ws": "none",
    "lifespan": "on",
    "log_config": None,
    "log_level": "error",
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": _DRAIN_S,
}
"""Of uvicorn, for both servers: no log, no field of its own in an answer."""


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
    _require_loopback(host)
    _require("uvicorn")
    with _listening(host, port) as listener, _in_background(_server(answerer, latency_s), listener):
        yield _url("http", listener, host)


def run_forever(
    answerer: Answerer, host: str, port: int, on_ready: Callable[[str], None], latency_s: float = 0
) -> None:
    """Serve until Ctrl-C, then return. on_ready: told the base URL once connections are accepted.

    latency_s: each answer's delay.

    Raises PortInUseError, HostRefusedError, MissingExtraError (no uvicorn).
    """
    _require_loopback(host)
    _require("uvicorn")
    with _listening(host, port) as listener:
        _run(_server(answerer, latency_s), listener, lambda: on_ready(_url("http", listener, host)))


@contextmanager
def serving_sessions(app: AsgiApp, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The replay server on a free port of 127.0.0.1, in a background thread; yields its base URL."""
    _require("uvicorn", "httptools")
    with _listening("127.0.0.1", 0) as listener, _in_background(_session_server(app, tls), listener):
        yield _url("https" if tls else "http", listener, "127.0.0.1")


def run_sessions_forever(  # noqa: PLR0913 - what a server can be asked for, by name
    app: AsgiApp,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    tls: ssl.SSLContext | None = None,
    *,
    workers: int = 1,
) -> None:
    """The replay server until Ctrl-C or SIGTERM, then return; on any host. on_ready: told the base URL.

    workers: processes that accept on the one socket; more than one needs sessions with a store.
    Raises PortInUseError, MissingExtraError (no uvicorn or httptools).
    """
    require_server()
    with _listening(host, port) as listener:
        signal.signal(signal.SIGTERM, _interrupt)
        _allow_many_connections()
        url = _url("https" if tls else "http", listener, host)
        if workers == 1:
            _run(_session_server(app, tls), listener, lambda: on_ready(url))
            return
        on_ready(url)
        keep_working(lambda: _run(_session_server(app, tls), listener, lambda: None), workers)


def _allow_many_connections() -> None:
    """Each connection is an open file, of which a shell allows few unless asked; Windows has no such limit."""
    try:
        import resource  # noqa: PLC0415 - Unix only
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(server: uvicorn.Server, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    try:
        on_ready()
        server.run([listener])
    except KeyboardInterrupt:
        return


@contextmanager
def _in_background(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, args=([listener],), name="replaydisputes-server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _listening(host: str, port: int) -> socket.socket:
    """A socket that accepts connections from now on. Raises PortInUseError."""
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
    return listener


def _url(scheme: str, listener: socket.socket, host: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{listener.getsockname()[1]}"


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise HostRefusedError(host)


def require_server() -> None:
    """Raises MissingExtraError where the replay server cannot run."""
    _require("uvicorn", "httptools")


def _require(*modules: str) -> None:
    for module in modules:
        try:
            __import__(module)
        except ImportError as error:
            raise MissingExtraError("the server", "server") from error


def _server(answerer: Answerer, latency_s: float) -> uvicorn.Server:
    """h11 and asyncio by name: what else is installed must not change the bytes. The Answerer's headers are all."""
    import uvicorn  # noqa: PLC0415 - an extra, needed only here

    config = uvicorn.Config(
        asgi_app(answerer, latency_s=latency_s),
        http="h11",
        loop="asyncio",
        **_PLAIN,
    )
    return uvicorn.Server(config)


def _session_server(app: AsgiApp, tls: ssl.SSLContext | None) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415 - an extra, needed only here

    from replaydisputes.server.protocol import IDLE_S, BoundedProtocol, BoundedServer  # noqa: PLC0415

    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=BoundedProtocol,
        # uvloop 0.23 hangs as it closes, where a TLS connection has not ended on both sides.
        loop="uvloop" if tls is None and find_spec("uvloop") else "asyncio",
        **_PLAIN,
        timeout_keep_alive=int(IDLE_S),
    )
    config.load()
    config.ssl = tls
    return BoundedServer(config)
