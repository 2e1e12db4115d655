"""python -m tests.soak: exit code 0 where no answer was wrong, nothing stayed patched and nothing was sent."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from replaydisputes import replay
from replaydisputes.interception import uninstall
from tests.interception_support import audited
from tests.soak.cassettes import write_set
from tests.soak.clients import CLIENTS, async_clients, sync_clients
from tests.soak.witnesses import attributes, changed, packets_sent
from tests.soak.workers import Soak, work_in_task, work_in_thread

_INSIDE = "REPLAYDISPUTES_SOAK_IN_NAMESPACE"
_SWITCH_S = 5e-4
"""How often threads take turns: ten times as often as by default."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--cassettes", type=int, default=48)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    _enter_namespace()
    kinds = f"{asked.threads} threads and {asked.tasks:,} tasks"
    print(
        f"seed {asked.seed}: {kinds}, {asked.cassettes} cassettes of the same requests, {asked.seconds:g} s", flush=True
    )
    with tempfile.TemporaryDirectory() as directory:
        cassettes = write_set(Path(directory), asked.cassettes)
        before, sent = attributes(), packets_sent()
        for path in cassettes.values():
            with replay(str(path)):
                pass
        sys.setswitchinterval(_SWITCH_S)
        soak = Soak(asked.seed, cassettes, time.monotonic() + asked.seconds)
        with audited() as events:
            _run(soak, asked.threads, asked.tasks)
        uninstall()
    left = changed(before)
    sent_now = packets_sent()
    print(f"{soak.told.total():,} answers: {', '.join(f'{name} {count:,}' for name, count in soak.told.most_common())}")
    counts_alone = os.environ.get(_INSIDE) == "1" and sent is not None
    faults = [*soak.wrong, *(f"still patched: {name}" for name in left), *(f"on the wire: {event}" for event in events)]
    faults += [f"{name} never got an answer" for name in CLIENTS if not soak.told[name]]
    if counts_alone and sent_now != sent:
        faults.append(f"the kernel counts {sent_now - sent} connections or datagrams")
    where = "a network namespace of its own" if counts_alone else "no namespace (unshare is not to be had)"
    print(
        f"wrong answers {len(soak.wrong)}; attributes compared {len(before):,}, changed {len(left)}; "
        f"sockets used, by audit, {len(events)}; in {where}"
    )
    for fault in faults[:10]:
        print(f"  {fault}")
    return 1 if faults else 0


def _run(soak: Soak, threads: int, tasks: int) -> None:
    async def all_tasks() -> None:
        async with async_clients() as clients:
            await asyncio.gather(*(work_in_task(soak, number, clients) for number in range(tasks)))

    with sync_clients() as clients:
        running = [threading.Thread(target=work_in_thread, args=(soak, number, clients)) for number in range(threads)]
        for thread in running:
            thread.start()
        asyncio.run(all_tasks())
        for thread in running:
            thread.join()


def _enter_namespace() -> None:
    """Start again where there is no network at all and the kernel counts for us alone, if this system allows it."""
    unshare = shutil.which("unshare")
    if _INSIDE in os.environ or unshare is None:
        return
    if subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode == 0:
        command = [unshare, "-rn", sys.executable, "-m", "tests.soak", *sys.argv[1:]]
        os.execve(unshare, command, {**os.environ, _INSIDE: "1"})  # noqa: S606 - the same program again


if __name__ == "__main__":
    sys.exit(main())
