"""A suite of somebody's own that records from its tests, and a sandbox behind real HTTP to record from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.model import Answerer, Cassette
from replaydisputes.recording.quarantine import Quarantined, quarantined
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving
from tests.recording_support import KEY, Watched


@dataclass
class Suite:
    """A pytest suite in a directory of its own, with the sandbox that its recordings are made from."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch
    sandbox: Watched
    url: str

    def write(self, body: str, name: str = "test_it") -> None:
        self.pytester.makepyfile(**{name: body})

    def run(self, record: str, *args: str, key: str = KEY) -> pytest.RunResult:
        """Run it in a process of its own; `record` is the option's value, and `key` what STRIPE_API_KEY holds."""
        self.monkeypatch.setenv("STRIPE_API_KEY", key)
        others = ("-p", "no:cassetter", "-p", "no:recording", "-p", "no:cacheprovider")
        options = (f"--replaydisputes-record={record}", f"--replaydisputes-api-base={self.url}")
        return self.pytester.runpytest_subprocess(*others, *options, *args)

    def file(self, name: str = "my-flow") -> Path:
        return self.pytester.path / "cassettes" / f"{name}.yaml"

    def cassette(self, name: str = "my-flow") -> Cassette:
        return load(self.file(name))

    def calls(self, name: str = "my-flow") -> list[tuple[str, int]]:
        """What a cassette holds, as methods and statuses."""
        return [(item.request.method, item.response.status) for item in self.cassette(name).interactions]

    @property
    def written(self) -> list[str]:
        """Every file beside the tests themselves, however half."""
        return sorted(path.name for path in self.file().parent.glob("**/*"))

    @property
    def kept(self) -> list[Quarantined]:
        return quarantined()


@contextmanager
def suite_of(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, answerer: Answerer | None = None
) -> Iterator[Suite]:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error")
    sandbox = Watched(answerer or Sandbox(seed=4))
    with serving(sandbox) as url:
        yield Suite(pytester, monkeypatch, sandbox, url)
