"""Which files are read and where each goes; whatever would touch an original is refused before anything is written."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from replaydisputes.errors import ReplayDisputesError

SUFFIXES = (".yaml", ".yml", ".json", ".har")


class PlanError(ReplayDisputesError):
    """The inputs and the output directory do not go together; nothing was written."""

    exit_code = 2

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"{problem} Nothing was written.")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. name: its path below the input given. problem: why it is not read, where it is not."""

    path: Path
    name: PurePosixPath
    target: Path
    size: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every source in the order of names, which is the order in which stand-ins are numbered."""

    sources: tuple[Source, ...]


def plan(inputs: Sequence[Path], out: Path) -> Plan:
    """What to read and where to write it. Raises PlanError.

    Directories are walked for *.yaml, *.yml, *.json and *.har, hidden ones left out, links not followed.
    """
    found: dict[str, Source] = {}
    for given in inputs:
        if given.is_dir():
            _refuse_out_inside(given, out)
        for source in _walk(given, out) if given.is_dir() else [_source(given, PurePosixPath(given.name), out)]:
            found.setdefault(os.path.realpath(source.path) if not source.problem else str(source.path), source)
    sources = sorted(found.values(), key=lambda source: (source.name.parts, str(source.path)))
    if not sources:
        raise PlanError(f"There is no {', '.join(f'*{suffix}' for suffix in SUFFIXES)} in the inputs.")
    sources = _without_collisions(sources)
    _refuse_overwriting(sources)
    return Plan(tuple(sources))


def _walk(root: Path, out: Path) -> Iterator[Source]:
    problems: list[OSError] = []
    for directory, names, files in os.walk(root, onerror=problems.append):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in (*names, *sorted(files)):
            path = Path(directory, name)
            inside = PurePosixPath(path.relative_to(root).as_posix())
            is_link = path.is_symlink()
            if name in names and not is_link:
                continue
            if not name.startswith(".") and (name in names or path.suffix.lower() in SUFFIXES):
                yield _source(path, inside, out, _link_problem(path, root) if is_link else "")
    for error in problems:
        path = Path(error.filename)
        yield _source(path, PurePosixPath(path.relative_to(root).as_posix()), out, f"cannot be read: {error.strerror}")


def _link_problem(path: Path, root: Path) -> str:
    """Why a link met on a walk is not followed; links to files inside the same input are."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "is a symbolic link that leads nowhere"
    if not real.is_relative_to(root.resolve()):
        return "is a symbolic link out of the directory, which is not followed; name its target as an input"
    return "is a symbolic link to a directory, which is not followed" if real.is_dir() else ""


def _source(path: Path, name: PurePosixPath, out: Path, problem: str = "") -> Source:
    known = name.suffix.lower() in SUFFIXES
    target = out / (name.with_suffix(".yaml") if known else name.with_name(f"{name.name}.yaml"))
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    return Source(path, name, target, size, problem)


def _refuse_out_inside(given: Path, out: Path) -> None:
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(given)):
        raise PlanError(
            f"--out {out} lies in the input {given}: what is written there would be read as input next time."
        )


def _without_collisions(sources: Sequence[Source]) -> list[Source]:
    """Of several sources with one target the first is done, and the others are reported as problems.

    Names that differ only by case or by composition are one file on some systems.
    """
    taken: dict[str, Source] = {}
    done: list[Source] = []
    for source in sources:
        other = source
        if not source.problem:
            other = taken.setdefault(unicodedata.normalize("NFC", str(source.target)).casefold(), source)
        problem = f"would become {source.target}, as {other.path} does: rename one of them"
        done.append(source if other is source else replace(source, problem=problem))
    return done


def _refuse_overwriting(sources: Sequence[Source]) -> None:
    originals = {identity for source in sources if (identity := _identity(source.path)) is not None}
    for source in sources:
        if _identity(source.target) in originals:
            raise PlanError(f"{source.target}, where {source.path} would go, is an input itself: choose another --out.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
