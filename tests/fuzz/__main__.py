"""python -m tests.fuzz: exit code 0 where the server stood: no crash, no hang, no answer of another session."""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from tests.fuzz.attack import Attack, attacker, slow_reader, slow_writer
from tests.fuzz.bystanders import Kept, health
from tests.fuzz.corpus import FuzzSession
from tests.redis_support import free_port

SERVE = [sys.executable, "-m", "replaydisputes", "serve", "close-lost", "--any-dispute", "--stripe-version", "ignore"]
_SESSIONS, _ATTACKERS, _SLOW = 100, 64, 20
_BYSTANDERS, _AT_ONCE, _ROUND_S = 1_000, 200, 15
_HEAD_LIMIT_S = 20
"""Then a head that has not come ends its connection; a shorter run cannot see it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--idle", type=int, default=10_000, help="connections that idle meanwhile")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    idle = min(asked.idle, _open_files() - 600)
    fewer = f" (not {asked.idle:,}: this process may open {_open_files():,} files)" if idle < asked.idle else ""
    print(f"seed {asked.seed}: {asked.requests:,} mutated requests, {idle:,} idle connections{fewer}", flush=True)
    drawn = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory) / "stderr"
        with served(said) as (server, port):
            sessions = [FuzzSession.draw(drawn) for _ in range(_SESSIONS)]
            attack = Attack(port, asked.seed, asked.requests, sessions)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                lines = runner.run(_run(attack, idle, drawn))
            held = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").partition("VmRSS:")[2].split()[0]
            if server.poll() is not None:
                attack.faults.append(f"the server ended: {server.returncode}")
        errors = said.read_text(encoding="utf-8", errors="replace")
    if server.returncode != 0 or errors:
        attack.faults.append(f"the server ended with {server.returncode} and said: {errors[-1500:]}")
    print("\n".join([*lines, f"server: {int(held) / 1024:.0f} MB resident; faults {len(attack.faults)}"]))
    for fault in attack.faults[:10]:
        print(f"  {fault}")
    return 1 if attack.faults else 0


@contextmanager
def served(said: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server and its port. said: where what it writes to stderr is kept."""
    port = free_port()
    command = [*SERVE, "--port", str(port)]
    with said.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(b"replaydisputes answers at")
            yield process, port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


async def _run(attack: Attack, idle: int, drawn: random.Random) -> list[str]:
    """Bystanders first, then all attackers at once; in the end each bystander is asked once more."""
    kept = await _begun(attack.port, idle, drawn)
    over, begun_s = asyncio.Event(), time.monotonic()
    asked_health = asyncio.create_task(health(attack.port, over, attack.faults))
    writers = [asyncio.create_task(slow_writer(attack.port, attack.sessions[0], over)) for _ in range(_SLOW)]
    readers = [asyncio.create_task(slow_reader(attack.port, attack.sessions[1], over)) for _ in range(_SLOW)]
    in_between = asyncio.create_task(_asked_in_between(attack, kept, over))
    await asyncio.gather(*(attacker(attack) for _ in range(_ATTACKERS)))
    took_s = time.monotonic() - begun_s
    over.set()
    rounds = await in_between
    cut = sum(await asyncio.gather(*writers))
    taken = sum(await asyncio.gather(*readers))
    took_health_s = await asked_health
    if took_s > _HEAD_LIMIT_S + 10 and cut < _SLOW:
        attack.faults.append(f"of {_SLOW} slow writers {_SLOW - cut} were still let write after {took_s:.0f} s")
    await _asked_again(attack, kept, 0)
    for one in kept:
        one.end()
    await _journals(attack)
    told = ", ".join(f"{what}: {count:,}" for what, count in sorted(attack.told.items()))
    return [
        f"{attack.sent:,} requests in {took_s:.0f} s; answers and ends: {told}",
        f"{len(took_health_s)} times healthy, the slowest after {max(took_health_s):.2f} s; "
        f"{cut} of {_SLOW} slow writers cut, {_SLOW} slow readers took {taken:,} bytes",
        f"{len(kept):,} bystanders, asked {rounds + 1} times: connection and history each its own",
    ]


async def _begun(port: int, count: int, drawn: random.Random) -> list[Kept]:
    """So many connections, of at most _BYSTANDERS sessions: a server keeps 10,000, and every altered key is one."""
    kept: list[Kept] = []
    while len(kept) < count:
        numbers = range(len(kept), min(len(kept) + _AT_ONCE, count))
        kept += await asyncio.gather(
            *(
                Kept.begin(port, random.Random(drawn.random()))
                if number < _BYSTANDERS
                else kept[number % _BYSTANDERS].beside(port)
                for number in numbers
            )
        )
    return kept


async def _asked_in_between(attack: Attack, kept: list[Kept], over: asyncio.Event) -> int:
    """Often enough that no connection idles for longer than it may; how many rounds were made."""
    rounds = 0
    while kept and not over.is_set():
        await _asked_again(attack, kept, _ROUND_S * _AT_ONCE / len(kept))
        rounds += 1
    return rounds


async def _asked_again(attack: Attack, kept: list[Kept], pause_s: float) -> None:
    """Each on its own connection, some at once."""
    for at in range(0, len(kept), _AT_ONCE):
        some = kept[at : at + _AT_ONCE]
        attack.faults += [problem for problem in await asyncio.gather(*(one.problem() for one in some)) if problem]
        await asyncio.sleep(pause_s)


async def _journals(attack: Attack) -> None:
    """No journal of an attacked session tells of another."""
    for session in attack.sessions:
        one = Kept(session, "", await asyncio.open_connection("127.0.0.1", attack.port))
        told = str(await one.ask("GET", "/_replaydisputes/journal")).encode()
        if attack.foreign(session, told):
            attack.faults.append(f"the journal of {session.dispute} tells of another session")
        one.end()


def _open_files() -> int:
    """How many files this process may open, raised as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


if __name__ == "__main__":
    sys.exit(main())
