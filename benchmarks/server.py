"""The replay server beside others on loopback: `make bench-server` writes server.json and server.md.

Every server is up throughout; each round asks each in turn, by wrk with 16 connections, the order turned every round.
What wrk sends is in mix.lua: 1,000 keys, reads, updates with a body and closes, no two requests alike.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import results, server_page
from benchmarks.cassettes import write_cassette
from benchmarks.harness import OURS, ROOT, Cell, Row, figure
from benchmarks.server_peers import (
    ASGI,
    DISPUTE,
    NGINX,
    STRIPE_MOCK,
    UNAVAILABLE,
    WIREMOCK,
    Server,
    ours,
    servers,
    versions,
)

CONNECTIONS = 16
_READY_S = 60.0
_MIX = Path(__file__).parent / "mix.lua"
_BIG = 10_000
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Told:
    """What wrk said: requests a second, and how long 99 of 100 took at most."""

    per_s: float
    p99_ms: float


class FailedError(Exception):
    """A server that does not come up, or answers with anything but 2xx."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a look in about half a minute; writes nothing")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each measurement")
    parser.add_argument("--date", default=f"{datetime.now(UTC):%Y-%m-%d}", help="the day named in the results")
    asked = parser.parse_args()
    rounds, seconds = asked.rounds or (1 if asked.short else 7), asked.seconds or (2 if asked.short else 8)
    measured = []
    for row in rows(rounds, seconds):
        print(server_page.line(row), flush=True)
        measured.append(row)
    if not asked.short:
        now = results.Results(results.machine(asked.date, versions()), tuple(measured))
        results.save(now, server_page.KEPT)
        (ROOT / "benchmarks" / "server.md").write_text(server_page.page(now), encoding="utf-8")
    results.refuse_far_off(measured)


def rows(rounds: int, seconds: int) -> Iterator[Row]:
    """Needs wrk. In the order of the table."""
    told, memory_kb, ready_s, missing = _side_by_side(rounds, seconds)
    per_s = {name: [one.per_s for one in every] for name, every in told.items()}
    yield Row("speed", "requests a second", "/s", None, _cells(per_s, missing), below=False)
    over = {name: [mine / its for mine, its in zip(per_s[OURS], per_s[name], strict=True)] for name in per_s}
    yield _ratio(NGINX, None, over, missing)
    yield _ratio(ASGI, 1, over, missing)
    yield _ratio(WIREMOCK, 1, over, missing)
    yield _ratio(STRIPE_MOCK, 1, over, missing)
    p99_ms = {name: [one.p99_ms for one in every] for name, every in told.items()}
    yield Row("p99", "99 of 100 requests take at most", "ms", 3, _cells(p99_ms, missing))
    ready_ms = {name: [value * 1000 for value in every] for name, every in ready_s.items()}
    yield Row("ready", "from the command to the first answer", "ms", 400, _cells(ready_ms, missing))
    memory_mb = {name: [kb / 1024] for name, kb in memory_kb.items()}
    yield Row("memory", "resident memory after that, one cassette", "MB", None, _cells(memory_mb, missing))
    library = {OURS: [_memory_mb([]) for _ in range(3)]}
    yield Row("memory library", "the same, the whole shipped library", "MB", 60, _cells(library, {}))
    with tempfile.TemporaryDirectory() as directory:
        path = write_cassette(Path(directory) / "big.yaml", _BIG)
        big = {OURS: [_memory_mb([str(path)])]}
    yield Row("memory big", f"the same, a cassette of {_BIG:,} interactions", "MB", 150, _cells(big, {}))


def _side_by_side(
    rounds: int, seconds: int
) -> tuple[dict[str, list[Told]], dict[str, int], dict[str, list[float]], dict[str, str]]:
    """By server: what wrk told in each round, memory in KiB afterwards, seconds until ready; and who is not there."""
    told: dict[str, list[Told]] = {}
    ready_s: dict[str, list[float]] = {}
    missing = dict(UNAVAILABLE)
    with ExitStack() as stack:
        up: dict[str, tuple[int, int]] = {}
        for server in servers():
            try:
                for _ in range(rounds - 1):
                    with running(server) as (_, _, took_s):
                        ready_s.setdefault(server.name, []).append(took_s)
                port, pid, took_s = stack.enter_context(running(server))
            except FailedError as error:
                missing[server.name] = str(error)
                continue
            ready_s.setdefault(server.name, []).append(took_s)
            up[server.name] = port, pid
            wrk(port, seconds)
        for turn in range(rounds):
            names = list(up)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                told.setdefault(name, []).append(wrk(up[name][0], seconds))
        memory_kb = {name: resident_kb(pid) for name, (_, pid) in up.items()}
    return told, memory_kb, ready_s, missing


def _ratio(peer: str, target: float | None, over: Mapping[str, Sequence[float]], missing: Mapping[str, str]) -> Row:
    """Ours over a peer's, round by round; no target where the peer is not there."""
    is_there = peer in over
    cell: Cell = figure(over[peer]) if is_there else f"{peer}: {missing[peer]}"
    return Row(f"over {peer}", f"the same over {peer}", "×", target if is_there else None, {OURS: cell}, below=False)


def _cells(values: Mapping[str, Sequence[float]], missing: Mapping[str, str]) -> dict[str, Cell]:
    return {**{name: figure(every) for name, every in values.items()}, **missing}


@contextmanager
def running(server: Server) -> Iterator[tuple[int, int, float]]:
    """Port, process id and seconds until the first answer. Raises FailedError."""
    if server.missing:
        raise FailedError(server.missing)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        command = server.command(port, Path(directory))
        begun_s = time.monotonic()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
            try:
                _wait_for(port, process)
                yield port, process.pid, time.monotonic() - begun_s
            finally:
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _READY_S
    while time.monotonic() < until_s and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(_first_request(port), timeout=5).read()  # noqa: S310 - loopback
            return
        time.sleep(0.002)
    raise FailedError("does not come up")


def _first_request(port: int) -> urllib.request.Request:
    return urllib.request.Request(
        f"http://127.0.0.1:{port}{DISPUTE}", headers={"Authorization": "Bearer sk_test_first"}
    )


def wrk(port: int, seconds: int, *, mixed: bool = True) -> Told:
    """One run of wrk, a thread and 16 connections, with the mix or with reads alone. Raises FailedError."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is needed: `make wrk` installs it")
    own = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    own += ["-s", str(_MIX)] if mixed else ["-H", "Authorization: Bearer sk_test_bench"]
    command = [program, *own, f"http://127.0.0.1:{port}{DISPUTE}"]
    return told_by(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603


def told_by(said: str) -> Told:
    """Raises FailedError where any answer was not 2xx, or any connection broke."""
    per_s, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said)
    if "Non-2xx" in said or "Socket errors" in said or not per_s or not p99:
        raise FailedError("answers amiss")
    return Told(float(per_s[1]), float(p99[1]) * _UNITS_MS[p99[2]])


def _memory_mb(arguments: list[str]) -> float:
    server = Server(OURS, lambda port, _: ours(port, *arguments))
    with running(server) as (port, pid, _):
        wrk(port, 1, mixed=False)
        return resident_kb(pid) / 1024


def resident_kb(pid: int) -> int:
    """Of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) + sum(resident_kb(int(child)) for child in children)


if __name__ == "__main__":
    main()
