"""Name to cassette: the suite's own directories first, the cassettes shipped with the package last."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import NamedTuple
from unicodedata import normalize

from replaydisputes import cassette_file
from replaydisputes.errors import (
    EditedCassetteWarning,
    NoCassetteFileError,
    ReplayDisputesError,
    UnknownCassetteError,
)
from replaydisputes.model import Cassette

_SUFFIXES = (".yaml", ".yml")

_MOST_KEPT = 256
_MOST_LOOKED_THROUGH = 500
_MOST_BYTES_LOOKED_THROUGH = 1024 * 1024

_loaded: dict[str, tuple[tuple[int, ...], Cassette]] = {}
_ever_loaded: set[str] = set()
_loading = threading.Lock()


class Entry(NamedTuple):
    """A cassette that a name leads to. `name` is its path below the directory, without suffix, with `/` between.

    Its accents are composed (NFC), however the file system spells them.
    """

    name: str
    path: Path
    shipped: bool

    @property
    def file_name(self) -> str:
        """The name with its suffix."""
        return f"{self.name}{self.path.suffix}"


class Library:
    """Looks in the directories in the order given, then among the shipped cassettes."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = (*directories, shipped_directory())
        self._beginnings = [os.path.join(directory, "") for directory in self._directories]

    def find(self, name: str) -> Path:
        """The file of a cassette name (`close-lost`, `refunds/close-lost`), or of an existing .yaml or .yml path.

        A name may have its suffix, `close-lost.yaml`, and its accents composed or not. Raises UnknownCassetteError;
        a name that would lead outside the directories is unknown, whatever lies there.
        """
        return Path(self._found(name)[0])

    def _found(self, name: str) -> tuple[str, os.stat_result]:
        """`find` in text, with the file's state. Asked before every test, and pathlib takes four times as long."""
        if _is_plain(name):
            for beginning in self._beginnings:
                for suffix in _SUFFIXES:
                    place = f"{beginning}{name}{suffix}"
                    state = _file_at(place)
                    if state is not None:
                        return place, state
        has_suffix = Path(name).suffix in _SUFFIXES
        state = _file_at(name) if has_suffix else None
        if state is not None:
            return name, state
        if has_suffix and _is_plain(name):
            for place in [f"{beginning}{name}" for beginning in self._beginnings]:
                if (state := _file_at(place)) is not None:
                    return place, state
        return self._found_by_any_spelling(name)

    def _found_by_any_spelling(self, name: str) -> tuple[str, os.stat_result]:
        """A name whose accents are composed otherwise than the file's. Raises UnknownCassetteError."""
        wanted = _spelled(name)
        alike = [] if name.isascii() else [one for one in self.names() if wanted in (one.name, _spelled(one.file_name))]
        for entry in alike:
            if (state := _file_at(str(entry.path))) is not None:
                return str(entry.path), state
        looked_in, known = [str(d) for d in self._directories], [entry.name for entry in self.names()]
        problem = _problem_of_path(name)
        if problem:
            raise NoCassetteFileError(name, looked_in, known, problem)
        raise UnknownCassetteError(name, looked_in, known)

    def has(self, name: str) -> bool:
        """Whether `find` finds it."""
        try:
            self.find(name)
        except UnknownCassetteError:
            return False
        return True

    def place_for(self, name: str) -> Path:
        """The file to write for a name: the suite's own where it has one, else in its first directory that exists.

        Where none exists yet, in the first. Never among the shipped ones. Raises UnknownCassetteError for a name that
        would lead outside the directories, or where the suite has none of its own.
        """
        shipped = shipped_directory().resolve()
        own = [directory for directory in self._directories if directory.resolve() != shipped]
        if self.has(name) and not self.find(name).resolve().is_relative_to(shipped):
            return self.find(name)
        is_file_name = PurePosixPath(name).suffix in _SUFFIXES
        if is_file_name and not Path(name).resolve().is_relative_to(shipped):
            return Path(name)
        if is_file_name or not own or not _is_plain(name):
            raise UnknownCassetteError(name, [str(d) for d in own], [entry.name for entry in self.names()])
        return next((directory for directory in own if directory.is_dir()), own[0]) / f"{name}.yaml"

    def names(self) -> list[Entry]:
        """Every cassette by name, sorted; where two directories have the same name, the first directory's."""
        entries: dict[str, Entry] = {}
        for directory in self._directories:
            for path in _cassettes_in(directory):
                name = _spelled(path.relative_to(directory).with_suffix("").as_posix())
                entries.setdefault(name, Entry(name, path, shipped=directory == self._directories[-1]))
        return [entries[name] for name in sorted(entries)]

    def load(self, name: str) -> Cassette:
        """The cassette of a name; read once for as long as the file stays as it is, and among the last 256 read."""
        return _load(*self._found(name))

    def every(self) -> Iterator[tuple[str, Cassette, bool]]:
        """Each cassette that can be read, its name, and whether it is shipped: for a report that looks for one.

        Of the suite's own at most 500, and none that was edited by hand. None of them counts as used.
        """
        own = 0
        for entry in self.names():
            own += not entry.shipped
            if entry.shipped or own <= _MOST_LOOKED_THROUGH:
                cassette = _peek(entry.path)
                if cassette is not None:
                    yield entry.name, cassette, entry.shipped


def loaded_files() -> frozenset[Path]:
    """The files of all cassettes that this process has loaded so far, resolved."""
    with _loading:
        return frozenset(Path(place).resolve() for place in _ever_loaded)


def own_cassettes(directories: Iterable[Path]) -> list[Path]:
    """Every file in the directories that this package made, resolved and sorted; no shipped one, and no other YAML."""
    shipped = shipped_directory().resolve()
    found = {path.resolve() for directory in directories if directory.is_dir() for path in _cassettes_in(directory)}
    return sorted(path for path in found if not path.is_relative_to(shipped) and _is_ours(path))


def shipped_directory() -> Path:
    """`cassettes` inside the installed package, or at the top of the checkout that the package is run from."""
    return _shipped_with(__file__)


@lru_cache
def _shipped_with(file: str) -> Path:
    package = Path(file).resolve().parent
    inside = package / "cassettes"
    return inside if inside.is_dir() else package.parent / "cassettes"


def _problem_of_path(name: str) -> str:
    """Why what is spelled as a path, or is there, is no cassette; empty for a name that is just unknown."""
    if not name or "\0" in name:
        return ""
    if os.path.isdir(name):
        return "a directory, not a cassette"
    if os.path.exists(name):
        return "not a cassette"
    return "no such file" if "/" in name or name.endswith(_SUFFIXES) else ""


@lru_cache
def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and not {"..", "."} & set(parts) and not set("\\:\0") & set(name)


def _spelled(name: str) -> str:
    """A name in the one spelling that all of them are compared in."""
    return name if name.isascii() else normalize("NFC", name)


def _cassettes_in(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(directory).parts)
        if path.suffix in _SUFFIXES and not hidden and path.is_file():
            yield path


def _is_ours(path: Path) -> bool:
    try:
        return b"\nreplaydisputes:" in path.read_bytes()
    except OSError:
        return False


def _file_at(place: str) -> os.stat_result | None:
    """The state of the file there; None where there is none that could be read, and for what is no regular file."""
    try:
        state = os.stat(place)
    except (OSError, ValueError):
        return None
    return state if S_ISREG(state.st_mode) else None


def _peek(path: Path) -> Cassette | None:
    """The cassette in a file of a usual size; None if it cannot be read, or was edited by hand.

    It does not count as loaded.
    """
    place = str(path)
    state = _file_at(place)
    if state is None or state.st_size > _MOST_BYTES_LOOKED_THROUGH:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", EditedCassetteWarning)
            return _load(place, state, counts=False)
    except (ReplayDisputesError, EditedCassetteWarning):
        return None


def _load(place: str, state: os.stat_result, *, counts: bool = True) -> Cassette:
    stamp = (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)
    absolute = place if os.path.isabs(place) else os.path.abspath(place)
    if counts:
        _ever_loaded.add(absolute)
    known = _loaded.get(absolute)
    if known is not None and known[0] == stamp:
        return known[1]
    with _loading:
        known = _loaded.get(absolute)
        if known is None or known[0] != stamp:
            known = (stamp, cassette_file.load(Path(place)))
            if len(_loaded) >= _MOST_KEPT:
                del _loaded[next(iter(_loaded))]
            _loaded[absolute] = known
        return known[1]
