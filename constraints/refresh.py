"""Pin the newest versions of everything, and print what moved: `make pins`.

uv resolves once for every Python from 3.11 on and every platform; npm does the same for its packages.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from constraints.versions import HERE, NPM_FOLDERS, ROOT, moves, npm_versions, pins, python_versions

PYPROJECT = ROOT / "pyproject.toml"
OURS = "replaydisputes"
OLDEST_PYTHON = "3.11"
BUILD_TOOLS = ("pip", "hatchling", "editables")
"""An editable install needs them; pinned beside everything else, they are used without build isolation."""

EXTRAS = {"test": ("test",), "neighbours": ("test-neighbours",), "bench": ("bench",), "browser": ("test-browser",)}
"""Environments with this checkout in them, and its extras that each has."""

_UV = ("pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate")


def main() -> None:
    moved = {HERE / f"{name}.txt": _resolve(name, extras) for name, extras in EXTRAS.items()}
    moved[HERE / "niquests.txt"] = _resolve("niquests", (), ("niquests", "pytest"))
    moved[HERE / "mitmproxy.txt"] = _write("mitmproxy", _uv("-", names=("mitmproxy", "pip")))
    moved[HERE / "pins.txt"] = _write("pins", _uv("-", names=("uv", "pip")))
    moved[HERE / "lowest.txt"] = _lowest()
    moved |= {folder / "package-lock.json": _refresh_npm(folder) for folder in NPM_FOLDERS}
    for path, lines in moved.items():
        if lines:
            print(f"{path.relative_to(ROOT)}:", *lines, sep="\n  ")
    if not any(moved.values()):
        print("Nothing moved.")


def product_extras() -> list[str]:
    """The extras that a user installs: those of this project that its extra `test` names."""
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (named,) = [line for line in extras["test"] if line.startswith(f"{OURS}[")]
    return sorted(named.removeprefix(f"{OURS}[").removesuffix("]").split(","))


def _resolve(name: str, extras: Sequence[str], names: Sequence[str] = ()) -> list[str]:
    """Write an environment's file; the lines that tell what moved."""
    return _write(name, _uv(str(PYPROJECT), "-", *_chosen(extras), names=(*names, *BUILD_TOOLS)))


def _lowest() -> list[str]:
    """The lowest versions that pyproject.toml allows of what users install, and the newest test tools that fit them."""
    floors = _uv(str(PYPROJECT), *_chosen(product_extras()), "--resolution", "lowest-direct")
    direct = _uv(str(PYPROJECT), *_chosen(product_extras()), "--no-deps")
    names = {name for name, _, _ in pins(direct)}
    with tempfile.TemporaryDirectory() as scratch:
        limits = Path(scratch) / "floors.txt"
        limits.write_text("".join(f"{line}\n" for line in floors.splitlines() if line.split("==")[0] in names))
        chosen = (*_chosen(EXTRAS["test"]), "--constraint", str(limits))
        return _write("lowest", _uv(str(PYPROJECT), "-", *chosen, names=BUILD_TOOLS))


def _chosen(extras: Iterable[str]) -> list[str]:
    return [f"--extra={extra}" for extra in extras]


def _uv(*arguments: str, names: Iterable[str] = ()) -> str:
    """What uv resolves, as a constraints file. names: what `-` among the arguments stands for."""
    command = [str(Path(sys.executable).with_name("uv")), *_UV, *arguments]
    return subprocess.run(command, input="\n".join(names), stdout=subprocess.PIPE, text=True, check=True).stdout


def _write(name: str, text: str) -> list[str]:
    path = HERE / f"{name}.txt"
    old = python_versions(path)
    path.write_text(text, encoding="utf-8")
    return moves(old, python_versions(path))


def _refresh_npm(folder: Path) -> list[str]:
    """Take the newest versions into a folder's package.json and package-lock.json."""
    package, lock = folder / "package.json", folder / "package-lock.json"
    old = npm_versions(lock)
    text = package.read_text(encoding="utf-8")
    wanted: dict[str, str] = json.loads(text)["dependencies"]
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(package, scratch)
        options = ("--package-lock-only", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund")
        newest = [f"{name}@latest" for name in wanted]
        subprocess.run(["npm", "install", "--silent", *options, *newest], cwd=scratch, check=True)
        now = json.loads((Path(scratch) / "package.json").read_text(encoding="utf-8"))["dependencies"]
        for name, version in wanted.items():
            text = text.replace(f'"{name}": "{version}"', f'"{name}": "{now[name]}"')
        locked = json.loads((Path(scratch) / "package-lock.json").read_text(encoding="utf-8"))
    package.write_text(text, encoding="utf-8")
    lock.write_text(json.dumps(_without_addresses(locked), indent=2) + "\n", encoding="utf-8")
    return moves(old, npm_versions(lock))


def _without_addresses(lock: dict[str, object]) -> dict[str, object]:
    """A lock of names and versions alone: it says nothing of the registry that was asked."""
    packages = lock["packages"]
    assert isinstance(packages, dict)  # noqa: S101
    dropped = {"resolved", "integrity", "funding", "deprecated"}
    kept = {
        folder: {key: value for key, value in one.items() if key not in dropped} for folder, one in packages.items()
    }
    if "name" not in kept[""]:
        del lock["name"]  # npm took it from the directory's name
    return lock | {"packages": kept}


if __name__ == "__main__":
    main()
