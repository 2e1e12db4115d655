"""Runs the suite as on another machine, on another day: `python -m tests.anywhere [--variant NAME] [FILE …]`.

The checkout is copied to a directory with a blank and an umlaut in its name, and the Makefile sets up an environment
there. All of it belongs to an ordinary user, and runs as one, if root runs this. Each variant is one run of pytest,
with a clock, an order and a load.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[1]
NOBODY = 65534
BURN = "while True: pass"


@dataclass(frozen=True)
class Variant:
    """One run. day: what the clock says, None for today. dropped: variables that are unset."""

    day: str | None = None
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    burners: int = 0


VARIANTS = {
    "month-end": Variant("2027-02-28", ("--order", "random"), dropped=("HOME",)),
    "leap-day": Variant("2028-02-29", ("--order", "reverse"), {"TZ": "Pacific/Kiritimati", "LC_ALL": "C"}),
    "years-on": Variant("2031-01-01", ("-p", "no:randomly"), {"LANG": "C.UTF-8"}, ("HOME", "LC_ALL", "TZ")),
    "busy": Variant(None, ("--order", "random"), burners=2),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.anywhere", description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS, action="append", help="may be repeated; default: all")
    asked, arguments = parser.parse_known_args()
    failed = []
    with place() as (python, user):
        for name in asked.variant or VARIANTS:
            started = time.monotonic()
            print(f"== {name}: {VARIANTS[name]}", flush=True)
            code = run(VARIANTS[name], python, user, arguments)
            print(f"== {name}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
            failed += [name] if code else []
    print(f"failed: {', '.join(failed)}" if failed else "every variant passed")
    return 1 if failed else 0


@contextlib.contextmanager
def place() -> Iterator[tuple[Path, int | None]]:
    """A copy of the checkout with an environment of its own: its python, and the user to run as (None: this one)."""
    user = NOBODY if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="replaydisputes-") as made:
        home = Path(made) / "on a Süd"
        copy_checkout(home)
        if user is not None:
            for path in (Path(made), home, *home.rglob("*")):
                os.chown(path, user, user)
        make = ["make", "--silent", ".venv/.installed", f"PYTHON={interpreter(user)}"]
        subprocess.run(make, cwd=home, check=True, **as_user(user), env={**os.environ, "HOME": made})
        python = home / ".venv" / "bin" / "python"
        # Before Python 3.13, a .pth file in the locale C may have no umlaut in it, as a whole path has here.
        (libraries(python) / "_editable_impl_replaydisputes.pth").write_text("../../../..\n", encoding="utf-8")
        yield python, user


def copy_checkout(target: Path) -> None:
    """What git has or would add, as it stands now."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in (name for name in names if (ROOT / name).is_file()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def libraries(python: Path) -> Path:
    (found,) = python.parents[1].glob("lib/python*/site-packages")
    return found


class AsUser(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def as_user(user: int | None) -> AsUser:
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def interpreter(user: int | None) -> str:
    """This Python, or the same version in /usr/bin if the user may not enter the directories of this one."""
    here = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if user is None or all(path.stat().st_mode & 0o001 for path in (here, *here.parents)):
        return str(here)
    other = Path("/usr/bin") / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not other.exists():
        sys.exit(f"root runs this, and an ordinary user may not run {here} and has no {other}: install one of them")
    return str(other)


def set_clock(python: Path, day: str | None) -> None:
    """Every Python process of the environment believes that it is that day, and its time goes on from noon.

    By time-machine in a .pth file, so that it holds for processes that tests start, with whatever variables.
    libfaketime will not do: with Debian's 0.9.10, time.sleep raises or Event.wait never ends.
    """
    ahead_s = 0 if day is None else datetime.fromisoformat(f"{day}T12:00+00:00").timestamp() - time.time()
    line = f"import time, time_machine; time_machine.travel(time.time() + {ahead_s:.0f}).start()\n"
    (libraries(python) / "another_day.pth").write_text(line if ahead_s else "", encoding="utf-8")
    # pytest warns of a plugin that is imported before it starts, and no test asks for this one's fixture.
    for plugin in libraries(python).glob("time_machine-*/entry_points.txt"):
        plugin.unlink()


def run(variant: Variant, python: Path, user: int | None, arguments: list[str]) -> int:
    """The exit code of pytest under the variant."""
    set_clock(python, variant.day)
    variables = {**os.environ, **variant.variables}
    for name in (*variant.dropped, "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"):
        variables.pop(name, None)
    command = [str(python), "-m", "pytest", "-q", "-n", "2", *variant.arguments, *arguments]
    burning = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(variant.burners)]
    try:
        return subprocess.run(command, cwd=python.parents[2], env=variables, check=False, **as_user(user)).returncode
    finally:
        for process in burning:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
