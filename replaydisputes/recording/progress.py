"""How far a run over several scenarios got, kept until it is complete, so that the same command goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from replaydisputes.cassette_file.disk import own_directory
from replaydisputes.errors import FileAccessError
from replaydisputes.recording.scenarios.recipe import Scenario
from replaydisputes.recording.surroundings import Surroundings, Target


class Progress:
    """The scenarios that a run which did not end recorded. They count while their cassette is as it was written.

    A run is the same one where target, keys, directory, rules, release and every recipe are. The file is private and
    holds names, times and digests: no key, no id.
    """

    def __init__(
        self, chosen: Sequence[Scenario], target: Target, directory: Path, around: Surroundings, again: bool = False
    ) -> None:
        """again: forget what an earlier run recorded."""
        of_run = (os.path.abspath(directory), version("replaydisputes"), target, tuple(chosen), around.policy)
        name = hashlib.blake2b(repr(of_run).encode(), digest_size=16).hexdigest()
        state = Path(platformdirs.user_state_path("replaydisputes", appauthor=False))
        self._path, self._directory = state / "unfinished" / f"{name}.json", directory
        self._recorded: dict[str, dict[str, str]] = {} if again else self._read()

    def recorded_at(self, scenario: Scenario) -> str | None:
        """When the unfinished run recorded this scenario, in UTC; None where it is to be recorded."""
        noted = self._recorded.get(scenario.name)
        if noted is None or noted.get("digest") != _digest(self._directory / f"{scenario.name}.yaml"):
            return None
        return noted.get("at")

    def add(self, scenario: Scenario, at: str) -> None:
        """Note that a scenario's cassette is on disk. Raises FileAccessError."""
        digest = _digest(self._directory / f"{scenario.name}.yaml")
        self._recorded[scenario.name] = {"at": at, "digest": digest}
        beside = self._path.with_suffix(f".{os.getpid()}")
        try:
            own_directory(self._path.parent)
            beside.touch(mode=0o600)
            beside.write_text(json.dumps(self._recorded), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise FileAccessError(self._path, "note how far the run got", error.strerror or str(error)) from error

    def complete(self) -> None:
        """Everything is recorded: the next run records everything anew."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, dict[str, str]]:
        """A note that cannot be read is none: then everything is recorded."""
        try:
            noted: Any = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}


def _digest(path: Path) -> str:
    """Of the bytes of a file; empty where there is none to read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
