"""The arrows of the architecture, read from the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "replaydisputes"
GROUND = frozenset({"model", "errors", "stripe_api"})

MAY_KNOW: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "errors": frozenset(),
    "stripe_api": frozenset({"errors"}),
    "redaction": GROUND,
    "playback": GROUND,
    "sandbox": GROUND,
    "leak_gate": frozenset({"model", "errors"}),
    "interception": GROUND,
    "server": GROUND,
    "cassette_file": GROUND | {"leak_gate"},
    "library": GROUND | {"cassette_file"},
    "checking": GROUND | {"cassette_file", "leak_gate", "redaction"},
    "comparing": GROUND | {"redaction"},
    "recording": GROUND | {"redaction", "cassette_file", "leak_gate", "playback"},
    "importing": GROUND | {"redaction", "cassette_file", "leak_gate"},
    "refreshing": GROUND | {"recording", "comparing", "cassette_file", "library"},
    "settling": GROUND | {"redaction", "recording", "sandbox"},
    "decorating": frozenset(),
    "suite_directories": frozenset(),
    "settings": GROUND | {"redaction"},
    "underway": GROUND | {"playback", "library", "recording", "settings"},
    "replaying": GROUND | {"playback", "interception", "library", "underway"},
    "api": GROUND
    | {"decorating", "playback", "interception", "library", "recording", "replaying", "underway"}
    | {"suite_directories"},
    "cli": GROUND
    | {
        "api",
        "cli",
        "checking",
        "comparing",
        "importing",
        "recording",
        "refreshing",
        "settling",
        "library",
        "playback",
        "settings",
        "sandbox",
        "server",
        "redaction",
        "cassette_file",
        "leak_gate",
    },
    "pytest_plugin": frozenset({"api", "errors", "interception", "library", "recording", "replaying", "settings"})
    | {"suite_directories"},
    "__main__": frozenset({"cli"}),
    "__init__": frozenset({"api", "errors", "replaying", "playback", "recording", "settings", "underway"}),
}

ONLY_IN = {
    "vcr": {"recording/capture.py"},
    "yaml": {"cassette_file/tree.py"},
}


@cache
def modules() -> list[tuple[str, str, ast.Module]]:
    """Each module as (its path in the package, the part it belongs to, its tree)."""
    inside = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return [
        (path.as_posix(), path.parts[0].removesuffix(".py"), ast.parse((PACKAGE / path).read_text(encoding="utf-8")))
        for path in inside
    ]


def imported(tree: ast.Module, part: str) -> Iterator[str]:
    """Every absolute module name that a module imports, wherever in it; relative ones stay inside their part."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "replaydisputes":
            yield from (f"replaydisputes.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{part}: a relative import leaves its part"


def test_every_part_is_in_the_table() -> None:
    assert {part for _, part, _ in modules()} == set(MAY_KNOW)


@pytest.mark.parametrize("wanted", MAY_KNOW)
def test_an_arrow_points_only_where_the_table_allows(wanted: str) -> None:
    wrong = [
        f"{path} imports {name}"
        for path, part, tree in modules()
        if part == wanted
        for name in imported(tree, part)
        if name.startswith("replaydisputes.") and name.split(".")[1] not in MAY_KNOW[part] | {part}
    ]

    assert wrong == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    found = {path for path, part, tree in modules() for name in imported(tree, part) if name.split(".")[0] == library}

    assert found == ONLY_IN[library]


def test_pytest_stays_in_the_plugin() -> None:
    found = {part for _, part, tree in modules() for name in imported(tree, part) if name.split(".")[0] == "pytest"}

    assert found == {"pytest_plugin"}


def test_click_and_rich_stay_under_the_command_line() -> None:
    found = {
        part for _, part, tree in modules() for name in imported(tree, part) if name.split(".")[0] in {"click", "rich"}
    }

    assert found == {"cli"}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{path}:{node.lineno} {node.name} {node.end_lineno - node.lineno + 1}"
        for path, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= 40
    ]

    assert long == []
