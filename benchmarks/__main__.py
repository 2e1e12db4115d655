"""Measure, print each row as it is done; the full form also writes results.json and all pages made of it.

Named families replace just their own rows in it.

A figure three times its target fails the run. Nothing else does: figures are for reading.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks import calls, commands, opening, pages, publishing, recording, results, suites
from benchmarks.harness import FULL, OURS, SHORT, Row

FAMILIES = {
    "calls": calls,
    "opening": opening,
    "suites": suites,
    "commands": commands,
    "recording": recording,
    "publishing": publishing,
}
PEERS = ("vcrpy", "pytest-recording", "pytest-vcr", "cassetter", "responses", "respx")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"one or more of {', '.join(FAMILIES)}")
    parser.add_argument("--short", action="store_true", help="a look in about a minute; writes nothing")
    parser.add_argument("--date", default=f"{datetime.now(UTC):%Y-%m-%d}", help="the day named in the results")
    parser.add_argument("--budget", type=float, help="seconds that a peer may take for one row")
    parser.add_argument("--processes", type=int, help="rounds of what is measured in processes of their own")
    chosen = parser.parse_args()
    if unknown := set(chosen.families) - FAMILIES.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    effort = SHORT if chosen.short else FULL
    effort = replace(effort, budget_s=chosen.budget or effort.budget_s, processes=chosen.processes or effort.processes)
    measured = []
    for name in chosen.families or FAMILIES:
        for row in FAMILIES[name].rows(effort):
            print(line(row), flush=True)
            measured.append(row)
    if not chosen.short:
        run = results.machine(chosen.date, {peer: version(peer) for peer in PEERS})
        now = results.Results(run, tuple(measured))
        results.save(results.merged(results.read(), now) if chosen.families else now)
        pages.main()
    results.refuse_far_off(measured)


def line(row: Row) -> str:
    """A row for the terminal: ours with its spread and target, then the peers."""
    ours = results.shown(row.cells.get(OURS), row.unit, spread=True)
    kept = {True: f" (target {results.aim(row)}: met)", False: f" (target {results.aim(row)}: MISSED)", None: ""}
    peers = [f"{tool} {results.shown(cell, row.unit)}" for tool, cell in row.cells.items() if tool != OURS]
    return "\n    ".join([row.what, f"{OURS} {ours}{kept[results.met(row)]}", *([", ".join(peers)] if peers else [])])


if __name__ == "__main__":
    main()
