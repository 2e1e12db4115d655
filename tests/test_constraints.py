"""Every environment of the Makefile is pinned, transitive packages too, and the pins fit pyproject.toml."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from constraints.refresh import EXTRAS, OURS, PYPROJECT, product_extras
from constraints.versions import HERE, NPM_FOLDERS, ROOT, moves, normalized, npm_versions, pins
from tests.neighbour_support import needs_neighbour

FILES = sorted(HERE.glob("*.txt"))
PROJECT = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
EXACT = re.compile(r"\d+(\.\d+)+[\w.+-]*")


def required(*extras: str) -> list[Requirement]:
    """What this project and these extras require on this Python, those that they name themselves included."""
    found = [Requirement(line) for line in PROJECT["dependencies"]]
    for extra in extras:
        for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
            ours = requirement.name == OURS
            found += required(*requirement.extras) if ours else [requirement]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def pinned_here(name: str) -> dict[str, str]:
    """What constraints/NAME.txt installs on this Python."""
    listed = pins((HERE / f"{name}.txt").read_text(encoding="utf-8"))
    return {each: version for each, version, marker in listed if not marker or Marker(marker).evaluate()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_constraints_file_has_exact_versions_and_nothing_else(path: Path) -> None:
    listed = pins(path.read_text(encoding="utf-8"))

    assert [version for _, version, _ in listed if not EXACT.fullmatch(version)] == []
    assert "pip" in {name for name, _, _ in listed}


@pytest.mark.parametrize(("name", "extras"), [*EXTRAS.items(), ("lowest", EXTRAS["test"]), ("niquests", ())])
def test_the_pins_of_an_environment_fit_pyproject(name: str, extras: tuple[str, ...]) -> None:
    pinned = pinned_here(name)

    misfits = [
        str(one) for one in required(*extras) if not one.specifier.contains(pinned.get(normalized(one.name), "0.dev0"))
    ]
    assert misfits == [], "run `make pins`"


def test_the_lowest_environment_has_the_floor_of_each_dependency_that_users_install() -> None:
    pinned = pinned_here("lowest")
    floors = {
        normalized(one.name): min(each.version for each in one.specifier if each.operator == ">=")
        for one in required(*product_extras())
    }

    padded = {name: re.sub(r"(\.0)+$", "", version) for name, version in pinned.items()}
    assert {name: padded[name] for name in floors} == {n: re.sub(r"(\.0)+$", "", floor) for n, floor in floors.items()}


@pytest.mark.parametrize("folder", NPM_FOLDERS, ids=lambda folder: folder.name)
def test_an_npm_lock_has_exact_versions_of_all_and_no_addresses(folder: Path) -> None:
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]

    locked = npm_versions(folder / "package-lock.json")
    assert {name: locked[name] for name in wanted} == wanted
    assert [version for version in locked.values() if not EXACT.fullmatch(version)] == []
    assert "://" not in text


def test_every_constraints_file_is_what_an_environment_of_the_makefile_installs() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    installed = set(re.findall(r"^\t\$\(call environment(?:_of_ours)?,[^,]+,([\w-]+)\)", makefile, re.M))
    assert installed == {path.stem for path in FILES}
    remade = set(re.findall(r"^\S+\.?\S*: .*?constraints/([\w-]+)\.txt", makefile, re.M))
    assert remade == installed


@pytest.mark.parametrize("line", ["click", "click>=8", "click==8.1 --hash=sha256:00", "-e .", "x @ file:///x", ""])
def test_a_line_that_pins_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="NAME==VERSION"):
        pins(f"{line}\n")


def test_what_moved_is_told_with_both_versions() -> None:
    old = {"click": "8.1", "six": "1.17", "yarl": "1"}

    assert moves(old, {"click": "8.2", "wrapt": "2", "yarl": "1"}) == [
        "click 8.1 -> 8.2",
        "six 1.17 -> (gone)",
        "wrapt (not there) -> 2",
    ]


def test_a_missing_neighbour_is_skipped_and_where_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pytest.skip.Exception):
        needs_neighbour("a_neighbour_that_is_not_there")

    monkeypatch.setenv("NEIGHBOURS_REQUIRED", "1")
    with pytest.raises(pytest.fail.Exception, match="a_neighbour_that_is_not_there is not installed"):
        needs_neighbour("a_neighbour_that_is_not_there")
