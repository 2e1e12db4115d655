"""Who watches: every callable of the network's modules by identity, the interpreter's audit, the kernel's counters."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

WATCHED = (
    "socket", "ssl", "select", "selectors", "http", "urllib", "urllib3", "requests", "httpx", "httpcore", "aiohttp",
    "asyncio", "threading", "concurrent", "anyio",
)  # fmt: skip
_ABSENT = object()
Attributes = dict[tuple[str, str, str], tuple[object, object]]
"""(module, class or nothing, name) to owner and value."""


def attributes() -> Attributes:
    """Each callable and descriptor of each watched module and of each class in it, the objects themselves."""
    found: Attributes = {}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in WATCHED and isinstance(module, ModuleType):
            for key, value in list(vars(module).items()):
                if callable(value):
                    found[name, "", key] = (module, value)
                if isinstance(value, type) and value.__module__ == name:
                    for member, inner in list(vars(value).items()):
                        if callable(inner) or hasattr(inner, "__get__"):
                            found[name, key, member] = (value, inner)
    return found


def changed(before: Attributes) -> list[str]:
    """What is no longer the very same object, is gone, or has come to a class since."""
    now = attributes()
    gone = {key for key, (_, value) in before.items() if now.get(key, (None, _ABSENT))[1] is not value}
    classes = {key[:2] for key in before if key[1]}
    come = {key for key in now.keys() - before.keys() if key[1] and key[:2] in classes}
    return sorted(".".join(part for part in key if part) for key in gone | come)


def packets_sent() -> int | None:
    """TCP connections begun and UDP datagrams sent by this network namespace, as the kernel counts; None off Linux."""
    try:
        lines = Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    counted = 0
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        table = dict(zip(names.split(), values.split(), strict=True))
        counted += int(table.get("ActiveOpens", 0)) + int(table.get("OutDatagrams", 0))
    return counted
