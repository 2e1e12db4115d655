"""Type checkers see exactly what there is to import from the package."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import replaydisputes
from replaydisputes import errors
from tests.toolchains import needs_program

HERE = Path(__file__).parent / "typing"
ROOT = HERE.parent.parent


def mypy(file: str, cache: Path) -> list[str]:
    """The lines of a file in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(HERE / file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    found = [line.split(":") for line in done.stdout.splitlines() if ": error:" in line]
    return sorted({f"{Path(place).name}:{number}" for place, number, *_ in found}, key=_number)


def _number(place: str) -> int:
    return int(place.rpartition(":")[2])


def rejected_lines() -> list[str]:
    lines = (HERE / "rejected.py").read_text(encoding="utf-8").splitlines()
    return [f"rejected.py:{number}" for number, line in enumerate(lines, 1) if line.endswith("# rejected")]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_what_users_write_is_accepted(cache: Path) -> None:
    assert mypy("accepted.py", cache) == []


def test_what_is_not_there_is_rejected(cache: Path) -> None:
    assert mypy("rejected.py", cache) == rejected_lines()


def pyright(file: str) -> list[str]:
    """The lines of a file in which pyright finds an error."""
    needs_program("pyright")
    command = ["pyright", "--pythonpath", sys.executable, "--outputjson", str(HERE / file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    found = [one["range"]["start"]["line"] + 1 for one in json.loads(done.stdout)["generalDiagnostics"]]
    return [f"{file}:{number}" for number in sorted(set(found))]


def test_pyright_accepts_what_mypy_accepts() -> None:
    assert pyright("accepted.py") == []


def test_pyright_rejects_what_mypy_rejects() -> None:
    assert pyright("rejected.py") == rejected_lines()


def test_all_is_a_literal_list_of_what_can_be_imported() -> None:
    tree = ast.parse(Path(replaydisputes.__file__).read_text(encoding="utf-8"))
    written = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )

    assert written == replaydisputes.__all__
    assert {getattr(replaydisputes, name).__name__ for name in written} == set(written)
    assert set(written) <= set(dir(replaydisputes))


def test_every_public_error_and_warning_can_be_imported_from_the_package() -> None:
    public = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }

    assert public <= set(replaydisputes.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'replays'"):
        _ = replaydisputes.replays  # type: ignore[attr-defined]
