"""What `serve --tls` prints for each client is run as printed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from replaydisputes.server import serving_sessions
from replaydisputes.server.tls import local_authority, server_context, trust_advice
from tests.serve_support import DISPUTE, app_of

PROGRAMS = Path(__file__).parent / "http_libraries"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return local_authority(tmp_path_factory.mktemp("authority")).path


@pytest.fixture(scope="module")
def url(authority: Path) -> Iterator[str]:
    tls = server_context(local_authority(authority.parent), "127.0.0.1")
    with serving_sessions(app_of("close-lost"), tls) as base:
        yield base


def advice_for(client: str, authority: Path) -> str:
    """The lines printed for a client, as one command line."""
    lines = trust_advice(authority).splitlines()[1:]
    begin = next(at for at, line in enumerate(lines) if line.startswith(f"  {client}"))
    own = [lines[begin]]
    for line in lines[begin + 1 :]:
        if not line.startswith("   "):
            break
        own.append(line)
    return " ".join(line[12:] for line in own)


def run(command: list[str], cwd: Path, **environment: str) -> str:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(cwd), **environment}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@needs("curl")
def test_curl(url: str, authority: Path, tmp_path: Path) -> None:
    answer = run(["curl", "--silent", *shlex.split(advice_for("curl", authority)), url + DISPUTE], tmp_path)

    assert '"needs_response"' in answer


@needs("node")
def test_node(url: str, authority: Path, tmp_path: Path) -> None:
    name, _, value = advice_for("Node", authority).partition("=")
    program = f"fetch({url + DISPUTE!r}).then(answer => answer.text()).then(console.log)"

    assert '"needs_response"' in run([shutil.which("node") or "", "-e", program], tmp_path, **{name: value})


@needs("java", "keytool")
def test_java(url: str, authority: Path, tmp_path: Path) -> None:
    keytool, _, options = advice_for("Java", authority).partition(", then ")
    run(shlex.split(keytool), tmp_path)
    # In the locale C, Java opens no program in a directory with an umlaut in its name.
    program = shutil.copy(PROGRAMS / "Fetch.java", tmp_path)
    java = [shutil.which("java") or "", *options.split(), str(program), url + DISPUTE]

    assert '"needs_response"' in run(java, tmp_path)
