"""The other end of the wire: has every address, accepts every connection to a few ports, and answers name queries."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
import threading

PORTS = (21, 25, 53, 80, 110, 143, 443, 514, 6379, 9000)
FOUND = socket.inet_aton("198.51.100.7")


def answer_names() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO: the answer leaves from the address that was asked
        sock.bind(("", 53))
        while True:
            query, own, _, sender = sock.recvmsg(4096, 256)
            end = query.index(b"\0", 12) + 5
            is_address = query[end - 4 : end - 2] == b"\0\1"
            head = query[:2] + struct.pack("!HHHHH", 0x8180 if is_address else 0x8183, 1, int(is_address), 0, 0)
            found = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + FOUND if is_address else b""
            information = [(level, kind, b"\0" * 4 + data[8:12] + b"\0" * 4) for level, kind, data in own]
            with contextlib.suppress(OSError):
                sock.sendmsg([head + query[12:end] + found], information, 0, sender)


def accept(port: int) -> None:
    """A reset at once, so that no client waits."""
    with socket.create_server(("", port)) as server:
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()


def main() -> None:
    print("ready", flush=True)
    sys.stdin.readline()  # until the wire is here
    for command in (
        "ip link set lo up",
        "ip address add 192.0.2.1/24 dev far",
        "ip link set far up",
        "ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev far nud permanent",
        "ip route add local 0.0.0.0/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)
    for target, arguments in ((answer_names, ()), *((accept, (port,)) for port in PORTS)):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    print("listening", flush=True)
    sys.stdin.read()


main()
