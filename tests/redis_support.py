"""A redis-server of our own on a free port, which can be killed and started again with what it had written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import pytest

PROGRAM = shutil.which("redis-server")

needs_redis = pytest.mark.skipif(
    PROGRAM is None and os.environ.get("REDIS_REQUIRED") != "1",
    reason="redis-server is not installed (`make redis` installs it; REDIS_REQUIRED=1 makes this a failure)",
)


class OwnRedis:
    """Every write is in the file before it is answered, though perhaps not on the disk: a kill loses none."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        self._directory, self.port = directory, port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> OwnRedis:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()

    def start(self) -> None:
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
        kept = ["--appendonly", "yes", "--appendfsync", "no", "--dir", str(self._directory)]
        self._process = subprocess.Popen([PROGRAM or "redis-server", *own, *kept], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not self._is_up():
            assert time.monotonic() < until, "redis-server does not come up"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, as a machine that fails."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *words: str) -> bytes:
        """One command as Redis takes it, and the first 64 KiB of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{' '.join(words)}\r\n".encode())
            return connection.recv(65536)

    def _is_up(self) -> bool:
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
