"""The files of exact versions: how they are read, and how two sets of versions differ."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
NPM_FOLDERS = (*sorted((HERE / "npm").iterdir()), ROOT / "examples" / "node")
"""Each has a package.json with exact versions, and a package-lock.json with those of all that they need."""

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>.+))?")

Versions = dict[str, str]
"""From a name to its version; to several, with a comma between them, if they differ by platform or Python."""


def normalized(name: str) -> str:
    """A distribution's name as PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> list[tuple[str, str, str]]:
    """Name, version and marker (empty: none) of each line of a constraints file. ValueError: a line that is none."""
    found = []
    for line in text.splitlines():
        pin = _PIN.fullmatch(line)
        if pin is None:
            raise ValueError(f"expected NAME==VERSION, perhaps with a marker: {line!r}")
        found.append((normalized(pin["name"]), pin["version"], pin["marker"] or ""))
    return found


def python_versions(path: Path) -> Versions:
    """What a constraints file pins; empty if there is no such file yet."""
    versions: Versions = {}
    for name, version, _ in pins(path.read_text(encoding="utf-8")) if path.exists() else []:
        versions[name] = f"{versions[name]}, {version}" if name in versions else version
    return versions


def npm_versions(path: Path) -> Versions:
    """What a package-lock.json pins, by the folder that npm puts it in; empty if there is no such file yet."""
    if not path.exists():
        return {}
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    return {folder.removeprefix("node_modules/"): one["version"] for folder, one in packages.items() if folder}


def moves(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """One line for each name whose version is another now, by name."""
    return [
        f"{name} {old.get(name, '(not there)')} -> {new.get(name, '(gone)')}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
