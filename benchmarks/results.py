"""What one run measured, kept as JSON; everything shown elsewhere is made of that file and of nothing else."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import OURS, Cell, Figure, Row

KEPT = Path(__file__).parent / "results.json"
_FAR = 3


@dataclass(frozen=True, slots=True)
class Results:
    """The rows measured, and what the last run measured them on: date, cores, Python, versions of the peers."""

    run: dict[str, str]
    rows: tuple[Row, ...]


def machine(date: str, versions: dict[str, str]) -> dict[str, str]:
    """Nothing that names the machine: the day, its cores, its Python, and the tools measured."""
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    cores = len(os.sched_getaffinity(0))
    return {"date": date, "cores": str(cores), "python": platform.python_version(), "tools": tools}


def save(results: Results, path: Path = KEPT) -> None:
    kept = {"run": results.run, "rows": [asdict(row) for row in results.rows]}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path = KEPT) -> Results:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Results(kept["run"], tuple(_row(row) for row in kept["rows"]))


def merged(old: Results, new: Results) -> Results:
    """Rows measured anew in the places of those with their keys: a row's cells are all of one run, rows need not be."""
    fresh = {row.key: row for row in new.rows}
    return Results(new.run, tuple(fresh.pop(row.key, row) for row in old.rows) + tuple(fresh.values()))


def _row(kept: dict[str, Any]) -> Row:
    cells = {tool: cell if isinstance(cell, str) else Figure(**cell) for tool, cell in kept["cells"].items()}
    return Row(**{**kept, "cells": cells})


def shown(cell: Cell | None, unit: str, *, spread: bool = False) -> str:
    """A cell as text, with the quartiles where asked for."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    text = f"{number(cell.median)} {unit}" if unit != "×" else number(cell.median)
    return f"{text} ({number(cell.low)} to {number(cell.high)})" if spread else text


def number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def aim(row: Row) -> str:
    """The target with its direction; empty where there is none."""
    unit = "" if row.unit == "×" else f" {row.unit}"
    return "" if row.target is None else f"{'≤' if row.below else '≥'} {row.target:g}{unit}"


def met(row: Row) -> bool | None:
    """Whether our median keeps to the target; None without one."""
    cell = row.cells.get(OURS)
    if row.target is None:
        return None
    if not isinstance(cell, Figure):
        return False
    return cell.median <= row.target if row.below else cell.median >= row.target


def far_off(row: Row) -> bool:
    """Whether even our better quartile is three times off the target, or there is a target and no figure.

    That much is a fault of ours; a machine that is busy with something else costs less.
    """
    cell = row.cells.get(OURS)
    if row.target is None:
        return False
    if not isinstance(cell, Figure):
        return True
    return cell.low > _FAR * row.target if row.below else cell.high < row.target / _FAR


def refuse_far_off(rows: Sequence[Row]) -> None:
    """Exit with 1, and name the rows that are far off their targets."""
    if named := [row.what for row in rows if far_off(row)]:
        sys.exit("\n    ".join([f"{_FAR} times off the target, or not measured:", *named]))


def tools_of(rows: Sequence[Row]) -> list[str]:
    """The peers that appear, in order of appearance."""
    return list(dict.fromkeys(tool for row in rows for tool in row.cells if tool != OURS))
