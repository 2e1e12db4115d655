"""server.md, made of server.json: `python -m benchmarks.server_page`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import OURS, ROOT, Row
from benchmarks.results import Results, aim, met, read, shown, tools_of

KEPT = Path(__file__).parent / "server.json"
HOW = """\
One process each on loopback, asked by wrk over 16 connections for the same dispute; all servers are up throughout and
take turns, so that what else the machine does meets each alike. Medians, with the lower and upper quartile in brackets.
nginx answers `return 200`, an empty body; all others the answer of the shipped cassette close-lost. Ours keeps a
journal; WireMock runs with `--no-request-journal`, Prism mocks an OpenAPI example, mitmdump answers by a script.
wrk sends the same bytes every time, which ours does not parse again; a client whose requests differ gets fewer."""


def main() -> None:
    (ROOT / "benchmarks" / "server.md").write_text(page(read(KEPT)), encoding="utf-8")


def page(results: Results) -> str:
    peers = tools_of(results.rows)
    run = results.run
    lines = [
        "# Speed of the replay server",
        "",
        f"Measured {run['date']} on {run['cores']} cores, Python {run['python']}: {run['tools']}. `make bench-server` "
        "measures anew and writes this file.",
        "",
        HOW,
        "",
        f"| | {OURS} | target | met | {' | '.join(peers)} |",
        f"|---|---|---|---|{'---|' * len(peers)}",
    ]
    for row in results.rows:
        kept = {True: "yes", False: "no", None: ""}[met(row)]
        cells = [shown(row.cells.get(tool), row.unit, spread=True) for tool in (OURS, *peers)]
        lines.append(f"| {row.what} | {cells[0]} | {aim(row)} | {kept} | {' | '.join(cells[1:])} |")
    return "\n".join(lines) + "\n"


def line(row: Row) -> str:
    """A row for the terminal: ours with its spread and target, then the peers."""
    kept = {True: f" (target {aim(row)}: met)", False: f" (target {aim(row)}: MISSED)", None: ""}[met(row)]
    peers = [f"{tool} {shown(cell, row.unit)}" for tool, cell in row.cells.items() if tool != OURS]
    ours = f"{OURS} {shown(row.cells.get(OURS), row.unit, spread=True)}{kept}"
    return "\n    ".join([row.what, ours, *([", ".join(peers)] if peers else [])])


if __name__ == "__main__":
    main()
