"""The wheel, installed where nothing else is, replays from what it carries."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "replaydisputes" / "server" / "page"
REPLAY = """
import sys
from pathlib import Path
import replaydisputes, requests

assert Path(replaydisputes.__file__).is_relative_to(sys.argv[1]), replaydisputes.__file__
with replaydisputes.replay("close-lost") as replay:
    close = f"https://api.stripe.com/v1/disputes/{replay.dispute_id}/close"
    print(requests.post(close).json()["status"])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return built


def test_the_wheel_carries_cassettes_types_licence_and_the_demo_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    shipped = {f"replaydisputes/cassettes/{path.name}" for path in (ROOT / "cassettes").glob("*.yaml")}
    assert shipped
    page = {f"replaydisputes/{path.relative_to(ROOT / 'replaydisputes')}" for path in PAGE.glob("[at]*/*")}
    assert {path.rpartition("/")[2] for path in page} >= {"page.css", "page.js", "icon.svg", "dispute.html"}
    assert shipped | page | {"replaydisputes/py.typed", "replaydisputes/stripe_api/dispute.schema.json"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert [name for name in names if not name.startswith("replaydisputes")] == []


def test_installed_from_the_wheel_alone_it_replays(wheel: Path, tmp_path: Path) -> None:
    """Offline, so the dependencies come from this environment by a .pth file; the package only from the wheel."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            str(site),
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    others = tmp_path / "others"
    others.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "replaydisputes" not in path.name:
            (others / path.name).symlink_to(path)
    (site / "others.pth").write_text(f"{others}\n")

    done = subprocess.run(
        [str(python), "-W", "error", "-c", REPLAY, str(site)],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("lost\n", "")
