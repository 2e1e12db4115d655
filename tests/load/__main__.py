"""python -m tests.load: exit code 0 where no answer was wrong, no failure unexplained and no worker grew."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from replaydisputes.server.journal import KEPT
from tests.load.clients import Load, work
from tests.load.sessions import SERVED, LoadSession, sessions
from tests.redis_support import OwnRedis, free_port

SERVE = [sys.executable, "-m", "replaydisputes", "serve", *SERVED, "--any-dispute"]
WORKERS = 2
_DEATH = re.compile(r"Worker \d+ ended \(SIGKILL\); another begins\.")
_REDIS_AWAY_S = 1.5
_SLACK_S = 4.0
"""After an event, how long its failures may still come in: a worker has to start, a connection to be made anew."""

_SAMPLES, _PATIENCE_S = 12, 120
_MOST_GROWTH_BYTES, _MOST_GROWTH_PER_REQUEST = 8_000_000, 8


@dataclass(slots=True)
class Course:
    """What was done to the server and when (begin and end, monotonic seconds), and what its workers held."""

    redis_away: list[tuple[float, float]] = field(default_factory=list)
    worker_killed: list[tuple[float, float]] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)
    """(answers so far, bytes of all workers), from when all that is bounded is full."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--steady", type=int, default=10, help="sessions in the last part, by which memory is judged")
    parser.add_argument("--judged", type=int, default=3_000, help="answers, at the least, by which it is judged")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    print(
        f"seed {asked.seed}: {asked.sessions:,} sessions on {WORKERS} workers and Redis, {asked.connections} "
        f"connections, {asked.seconds:g} s",
        flush=True,
    )
    every, start = sessions(asked.sessions, asked.seed)
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory) / "stderr"
        with OwnRedis(Path(directory)) as redis, served(redis, said) as (server, port):
            load = Load(port, every, start, random.Random(asked.seed))
            begun_s = time.monotonic()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                course = runner.run(_run(load, redis, server, asked))
            took_s = time.monotonic() - begun_s
        faults = [*judged(load, course, asked.judged), *unexpected(said.read_text(encoding="utf-8"))]
    print("\n".join([*told(load, course, took_s), f"wrong answers {len(load.wrong)}; faults {len(faults)}"]))
    for fault in faults[:10]:
        print(f"  {fault}")
    return 1 if faults else 0


def told(load: Load, course: Course, took_s: float) -> list[str]:
    """The run in lines."""
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(load.told.items()))
    (first, held), (last, holding) = course.held[0], course.held[-1]
    return [
        f"{load.answers:,} answers, {load.answers / took_s:,.0f}/s, every one checked ({statuses})",
        f"Redis killed {len(course.redis_away)} times: {len(load.unavailable):,} answers 503; "
        f"workers killed {len(course.worker_killed)} times: {len(load.dropped):,} requests cut off, each sent again",
        f"the workers' memory over the last {last - first:,} answers: {held / 1e6:.1f} MB, {holding / 1e6:.1f} MB",
    ]


@contextmanager
def served(redis: OwnRedis, said: Path) -> Iterator[tuple[int, int]]:
    """The server's process id and port. said: where what it writes to stderr is kept."""
    port = free_port()
    command = [*SERVE, "--port", str(port), "--state", redis.url, "--workers", str(WORKERS)]
    with said.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(b"replaydisputes answers at")
            yield process.pid, port
        finally:
            process.send_signal(signal.SIGTERM)


async def _run(load: Load, redis: OwnRedis, server: int, asked: argparse.Namespace) -> Course:
    """Both killed in the first part; in the last, few sessions and nothing amiss, so that memory can be judged."""
    course = Course()
    clients = [asyncio.create_task(work(load)) for _ in range(asked.connections)]
    for _ in range(2):
        await asyncio.sleep(asked.seconds * 0.14)
        begun_s = time.monotonic()
        os.kill(workers(server)[0], signal.SIGKILL)
        course.worker_killed.append((begun_s, time.monotonic()))
        await asyncio.sleep(asked.seconds * 0.14)
        begun_s = time.monotonic()
        redis.kill()
        await asyncio.sleep(_REDIS_AWAY_S)
        await asyncio.to_thread(redis.start)
        course.redis_away.append((begun_s, time.monotonic()))
    await asyncio.sleep(asked.seconds * 0.14)
    await _steady(load, course, server, asked)
    load.stopping = True
    await asyncio.gather(*clients)
    return course


async def _steady(load: Load, course: Course, server: int, asked: argparse.Namespace) -> None:
    """The first answers fill what is bounded: journals, keys. From then on nothing may be added by a request."""
    resting: list[LoadSession] = []
    while len(load.idle) > asked.steady:
        resting.append(load.idle.pop())
    await _answered(load, 2 * WORKERS * asked.steady * KEPT)
    until_s = time.monotonic() + asked.seconds * 0.3
    _sample(load, course, server)
    while (len(course.held) < _SAMPLES or time.monotonic() < until_s) and not load.is_over:
        await _answered(load, asked.judged // _SAMPLES)
        _sample(load, course, server)
    load.idle += resting


async def _answered(load: Load, more: int) -> None:
    enough, until_s = load.answers + more, time.monotonic() + _PATIENCE_S
    while load.answers < enough and time.monotonic() < until_s and not load.is_over:
        await asyncio.sleep(0.02)


def _sample(load: Load, course: Course, server: int) -> None:
    course.held.append((load.answers, sum(own_bytes(pid) for pid in workers(server))))


def judged(load: Load, course: Course, enough: int) -> list[str]:
    """What speaks against the server, worst first."""
    faults = list(load.wrong)
    late = unexplained(load.unavailable, course.redis_away)
    faults += [f"a 503 while Redis was there, {ago:.1f} s after its last return" for ago in late]
    late = unexplained(load.dropped, course.worker_killed)
    faults += [f"a connection cut while both workers were there, {ago:.1f} s after the last was killed" for ago in late]
    faults += [] if load.unavailable else ["Redis was killed, and nobody was told 503"]
    return faults + growth(course.held, enough)


def growth(held: list[tuple[int, int]], enough: int) -> list[str]:
    """Whether memory grows with the answers: the least of the first third of the samples beside that of the last.

    The least, as what a closed connection leaves behind is collected only now and then.
    """
    third = max(1, len(held) // 3)
    answers = held[-1][0] - held[0][0]
    grown = min(size for _, size in held[-third:]) - min(size for _, size in held[:third])
    if answers < enough // 2:
        return [f"only {answers:,} answers to judge memory by, too few"]
    most = _MOST_GROWTH_BYTES + _MOST_GROWTH_PER_REQUEST * answers
    return [f"the workers grew by {grown:,} bytes in {answers:,} answers; at most {most:,}"] if grown > most else []


def unexpected(stderr: str) -> list[str]:
    """What the server said beyond the deaths of its workers, of each traceback the last line."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _DEATH.fullmatch(line)]
    return [f"the server said: {line}" for line in lines if not line.startswith((" ", "Traceback"))]


def unexplained(times: list[float], events: list[tuple[float, float]]) -> list[float]:
    """Those in no event nor shortly after one, as seconds since the last that had begun."""
    return [
        at - max((end for begin, end in events if begin <= at), default=0.0)
        for at in times
        if not any(begin <= at <= end + _SLACK_S for begin, end in events)
    ]


def workers(server: int) -> list[int]:
    listed = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii")
    return [int(pid) for pid in listed.split()]


def own_bytes(pid: int) -> int:
    """Resident memory that is no file's: code that is run for the first time does not count."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


if __name__ == "__main__":
    sys.exit(main())
