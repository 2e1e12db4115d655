"""Sets the wire up, tries every way, and prints the packets that left."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import replaydisputes
from tests.ways_out.ways import WAYS

_COUNTS = Path("/proc/self/net/dev")


def run(command: str) -> None:
    subprocess.run(command.split(), check=True)


@contextlib.contextmanager
def wire() -> Iterator[None]:
    """An interface `near` that leads to a peer with every address. IPv6 is off: its own packets would be counted."""
    peer = subprocess.Popen(
        ["unshare", "--net", sys.executable, "-m", "tests.ways_out.peer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert peer.stdin is not None
    assert peer.stdout is not None
    try:
        peer.stdout.readline()
        run("ip link set lo up")
        run("ip link add near address 02:00:00:00:00:02 type veth peer name far address 02:00:00:00:00:01")
        run(f"ip link set far netns {peer.pid}")
        run("sysctl -qw net.ipv6.conf.near.disable_ipv6=1")
        run("ip address add 192.0.2.2/24 dev near")
        run("ip link set near up")
        run("ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev near nud permanent")
        run("ip route add default via 192.0.2.1")
        peer.stdin.write("\n")
        peer.stdin.flush()
        peer.stdout.readline()
        yield
    finally:
        peer.kill()
        peer.wait()


@contextlib.contextmanager
def name_server() -> Iterator[None]:
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("nameserver 203.0.113.53\noptions timeout:1 attempts:1\n")
        file.flush()
        Path(file.name).chmod(0o644)
        run(f"mount --bind {file.name} /etc/resolv.conf")
        yield


def sent() -> int:
    (line,) = [line for line in _COUNTS.read_text().splitlines() if line.strip().startswith("near:")]
    return int(line.partition(":")[2].split()[9])


def packets(attempt: Callable[[], object]) -> int:
    """How many left while this was tried, whatever it raises."""
    before = sent()
    with contextlib.suppress(Exception):
        attempt()
    time.sleep(0.002)
    return sent() - before


def within(attempt: Callable[[], object]) -> int:
    counted = 0
    with contextlib.suppress(replaydisputes.ReplayDisputesError), replaydisputes.replay("close-lost"):
        counted = packets(attempt)
    return counted


def from_a_thread_that_outlived(attempt: Callable[[], object]) -> int:
    ended = threading.Event()
    counted: list[int] = []
    with replaydisputes.replay("close-lost"):
        thread = threading.Thread(target=lambda: (ended.wait(), counted.append(packets(attempt))))
        thread.start()
    ended.set()
    thread.join()
    return counted[0]


def main() -> None:
    os.environ.pop("no_proxy", None)
    with wire(), name_server():
        counted = {name: [packets(attempt)] for name, attempt in WAYS.items()}
        with replaydisputes.replay("close-lost"):
            pass
        for name, attempt in WAYS.items():
            counted[name] += [within(attempt), from_a_thread_that_outlived(attempt)]
    print(json.dumps(counted))


main()
