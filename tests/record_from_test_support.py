"""Code under test that records, from a sandbox behind real HTTP; and a suite of somebody's own that does so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import replaydisputes.pytest_plugin.record_mode
import replaydisputes.underway
from replaydisputes.api import replay
from replaydisputes.cassette_file import load
from replaydisputes.decorating import Replaying
from replaydisputes.model import Answerer
from replaydisputes.recording.from_test import Mode, plan_for
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.redaction import DEFAULT_POLICY
from replaydisputes.replaying import Replay
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving
from tests.plugin_support import run, run_apart
from tests.recording_support import KEY, Watched

IMPORTED_BEFORE = (replaydisputes.pytest_plugin.record_mode, replaydisputes.underway)
"""Modules that an inner pytest would otherwise forget and import anew."""

OWN_KEY = "sk_test_" + "theclientsown" + "7" * 11
"""What the code under test holds: never sent."""


@dataclass
class Studio:
    """A directory of cassettes, and the sandbox that they are recorded from."""

    directory: Path
    sandbox: Watched
    url: str

    def record(self, name: str = "my-flow", mode: Mode = "missing", *, key: str = KEY) -> Replaying[Replay]:
        """A block whose calls are recorded: the use that `replay(record=…)` makes, pointed at the sandbox."""
        plan = plan_for(mode, {"STRIPE_API_KEY": key}, self.url, DEFAULT_POLICY)
        return replay(name, cassettes=self.directory, record=plan)

    def replay(self, name: str = "my-flow") -> Replaying[Replay]:
        return replay(name, cassettes=self.directory)

    def file(self, name: str = "my-flow") -> Path:
        return self.directory / f"{name}.yaml"

    def calls(self, name: str = "my-flow") -> list[tuple[str, int]]:
        """What a cassette holds, as methods and statuses."""
        return [(item.request.method, item.response.status) for item in load(self.file(name)).interactions]

    @property
    def written(self) -> list[str]:
        """Every file in the directory of cassettes, however half."""
        return sorted(path.name for path in self.directory.rglob("*") if path.is_file())

    @property
    def kept(self) -> list[tuple[str, tuple[str, ...]]]:
        """What is in quarantine: scenario and the methods answered."""
        return [(one.scenario, tuple(item.request.method for item in one.for_cassette)) for one in quarantined()]


@contextmanager
def studio(directory: Path, answerer: Answerer | None = None) -> Iterator[Studio]:
    sandbox = Watched(answerer or Sandbox(seed=4))
    with serving(sandbox) as url:
        yield Studio(directory, sandbox, url)


@dataclass
class Suite(Studio):
    """A pytest suite whose tests record."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch

    def run(self, mode: str, *args: str, key: str = KEY) -> pytest.RunResult:
        """Inside this process. mode: the option's value; key: what STRIPE_API_KEY holds."""
        return run(self.pytester, *self._options(mode, key), *args)

    def run_apart(self, mode: str, *args: str) -> pytest.RunResult:
        """In a process of its own."""
        return run_apart(self.pytester, *self._options(mode, KEY), *args)

    def _options(self, mode: str, key: str) -> tuple[str, ...]:
        self.monkeypatch.setenv("STRIPE_API_KEY", key)
        return f"--replaydisputes-record={mode}", f"--replaydisputes-api-base={self.url}"


def other_account(studio: Studio) -> None:
    """From here on the sandbox is another account, with other ids, people and times."""
    studio.sandbox.inner = Sandbox(seed=99)
