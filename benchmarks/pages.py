"""results.md, chart.svg and the README's section on speed, made of results.json: `python -m benchmarks.pages`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.chart import chart
from benchmarks.harness import OURS, ROOT
from benchmarks.results import Results, aim, met, read, shown, tools_of

BEGIN, END = "<!-- speed -->", "<!-- /speed -->"
PEERS_IN_README = ("vcrpy", "pytest-recording", "cassetter")
ROWS_IN_README = (
    "call requests 1",
    "call requests 10000",
    "call stripe 1",
    "call urllib3 1",
    "call httpx 1",
    "entering",
    "open 1000",
    "open 10000",
    "memory 10000",
    "tests own",
    "tests shared",
    "start",
    "recording",
)
HOW = """\
Ratios (no unit) are to the same client over a transport that answers at once, in blocks that alternate with it in the
same run; times above plain pytest and above `import click` are differences within such pairs. Processor time; medians,
with the lower and upper quartile in brackets."""


def main() -> None:
    results = read()
    for path, text in pages(results).items():
        path.write_text(text, encoding="utf-8")


def pages(results: Results) -> dict[Path, str]:
    """Every file that shows figures, with the text it must have."""
    readme = ROOT / "README.md"
    return {
        ROOT / "benchmarks" / "results.md": table(results),
        ROOT / "benchmarks" / "chart.svg": chart(results),
        readme: _with_section(readme.read_text(encoding="utf-8"), section(results)),
    }


def table(results: Results) -> str:
    """Every row, with every peer that was measured on it."""
    peers = tools_of(results.rows)
    lines = [
        "# Speed",
        "",
        f"Measured {results.run['date']} on {results.run['cores']} cores, Python {results.run['python']}: "
        f"{results.run['tools']}. `make bench` measures anew and writes this file.",
        "",
        HOW,
        "pytest-recording and pytest-vcr play through vcrpy: a call costs under them what it costs under vcrpy.",
        "responses and respx read no file: their answers are registered by hand.",
        "",
        f"| | {OURS} | target | met | {' | '.join(peers)} |",
        f"|---|---|---|---|{'---|' * len(peers)}",
    ]
    for row in results.rows:
        kept = {True: "yes", False: "no", None: ""}[met(row)]
        cells = [shown(row.cells.get(tool), row.unit, spread=True) for tool in peers]
        ours = shown(row.cells.get(OURS), row.unit, spread=True)
        lines.append(f"| {row.what} | {ours} | {aim(row)} | {kept} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def section(results: Results) -> str:
    """The README's table: the rows that decide, medians only."""
    rows = {row.key: row for row in results.rows}
    lines = [
        "![The cost of one replayed call by size of the cassette](benchmarks/chart.svg)",
        "",
        HOW.replace("; medians,\nwith the lower and upper quartile in brackets.", "; medians."),
        f"Measured {results.run['date']} on {results.run['cores']} cores, Python {results.run['python']}, by "
        "`make bench`;",
        "every row, with spread and targets, is in [benchmarks/results.md](benchmarks/results.md).",
        "",
        f"| | {' | '.join((OURS, *PEERS_IN_README))} |",
        f"|---|{'---|' * (len(PEERS_IN_README) + 1)}",
    ]
    for row in (rows[key] for key in ROWS_IN_README if key in rows):
        cells = [shown(row.cells.get(tool), row.unit) for tool in (OURS, *PEERS_IN_README)]
        lines.append(f"| {row.what} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _with_section(readme: str, text: str) -> str:
    """The README with what stands between the markers replaced. Raises ValueError where a marker is missing."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{text}{END}{after}"


if __name__ == "__main__":
    main()
