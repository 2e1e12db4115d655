"""pytest-recording's limits, each shown on pytest-recording and held here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from replaydisputes import replay
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS
from tests.peers_support import DISPUTE, interaction, no_longer, told, write_cassette
from tests.recording_support import sandbox_target, surroundings

LOST = interaction("GET", DISPUTE, {"status": "lost"})


def ran(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Real pytest with just the plugins that the arguments name."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


LOADED = """
import json, sys
from pytest_recording._vcr import CombinedPersister
from vcr.serializers import yamlserializer
try:
    CombinedPersister([]).load_cassette(sys.argv[1], yamlserializer)
    print(json.dumps("loaded"))
except ValueError as error:
    print(json.dumps(str(error)))
"""


def test_a_cassette_with_metadata_at_the_top(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", LOST)
    path.write_text(path.read_text(encoding="utf-8") + "metadata:\n  made_by: somebody\n", encoding="utf-8")
    theirs = told(LOADED, str(path))
    with replay(str(path)):
        ours = requests.get(DISPUTE).json()

    assert "unpack" in theirs, no_longer("pytest-recording", "crashes on a cassette with metadata")
    assert ours == {"status": "lost"}


def test_recording_anew_without_a_connection_keeps_the_old_cassette(tmp_path: Path) -> None:
    with sandbox_target() as target:
        gone = target
    theirs, ours = tmp_path / "cassettes" / "test_a" / "test_it.yaml", tmp_path / "ours.yaml"
    theirs.parent.mkdir(parents=True)
    write_cassette(theirs, LOST)
    before = write_cassette(ours, LOST).read_bytes()
    (tmp_path / "test_a.py").write_text(
        f"import pytest, requests\n\n@pytest.mark.vcr\ndef test_it():\n    requests.get({gone.api_base!r})\n",
        encoding="utf-8",
    )
    run = ran(tmp_path, "-p", "pytest_recording.plugin", "--record-mode=rewrite")
    with pytest.raises(ReplayDisputesError, match="no connection"):
        record(SCENARIOS["close-lost"], gone, ours, surroundings())

    assert (run.returncode, theirs.exists()) == (1, False), no_longer("pytest-recording", "deletes before it records")
    assert ours.read_bytes() == before


def test_another_recording_plugin_in_the_same_run(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    others = ("pytest_recording.plugin", "cassetter.pytest_plugin")
    theirs = ran(tmp_path, "-p", others[0], "-p", others[1])
    ours = [ran(tmp_path, "-p", "replaydisputes.pytest_plugin", "-p", other).returncode for other in others]

    assert "--record-mode" in theirs.stderr, no_longer("pytest-recording", "collides with cassetter's option")
    assert ours == [0, 0]


BLOCKED = """
import json, socket, sys
import requests
from pytest_recording import network
import replaydisputes
from replaydisputes.errors import NetworkBlockedError

file, url = sys.argv[1:]
resolve = socket.getaddrinfo
here = {"db.internal": "127.0.0.1"}
socket.getaddrinfo = lambda host, *rest, **named: resolve(here.get(host, host), *rest, **named)
server = socket.create_server(("127.0.0.1", 0))

def reached(host):
    try:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    except (RuntimeError, OSError, NetworkBlockedError):
        return False
    return True

theirs, ours = {}, {}
with network.blocking_context(allowed_hosts=["db.internal"]):
    theirs["named"] = reached("db.internal")
with network.blocking_context():
    with network.blocking_context():
        pass
    theirs["outer"] = reached("127.0.0.1")
with replaydisputes.replay(file, allow_hosts=["db.internal"]):
    ours["named"] = reached("db.internal")
try:
    with replaydisputes.replay(file):
        with replaydisputes.replay(file):
            pass
        ours["outer"] = reached("db.internal")
except NetworkBlockedError:
    pass
print(json.dumps([theirs, ours]))
"""


def test_hosts_allowed_by_name_and_a_block_within_a_block(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", LOST)
    theirs, ours = told(BLOCKED, str(path), DISPUTE)

    assert not theirs["named"], no_longer("pytest-recording", "holds allowed names against resolved addresses")
    assert theirs["outer"], no_longer("pytest-recording", "ends an outer block with an inner one")
    assert ours == {"named": True, "outer": False}
