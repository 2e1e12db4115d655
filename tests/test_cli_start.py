"""`replaydisputes --help` starts fast: it imports no command, and says what each of them says of itself."""

from __future__ import annotations

import subprocess
import sys

import click

from replaydisputes.cli import group

PATHS = f"import sys; sys.path[:] = {sys.path!r}\n"
"""Without `site`, whose .pth files import what they like."""

ASK = """
import sys
sys.argv = ["replaydisputes", "--help"]
import replaydisputes.cli
try:
    replaydisputes.cli.main()
finally:
    ours = {name for name in sys.modules if name.startswith("replaydisputes")}
    heavy = {"difflib", "importlib.metadata", "json", "pathlib", "rich", "vcr", "yaml"} & set(sys.modules)
    print(sorted(ours), sorted(heavy - CLICKS), file=sys.stderr)
"""


def test_help_imports_the_errors_and_nothing_else_of_ours_nor_anything_heavy() -> None:
    def asked(code: str) -> str:
        return subprocess.run(
            [sys.executable, "-S", "-c", PATHS + code], capture_output=True, text=True, check=False
        ).stderr

    clicks = asked("import click; print(set(sys.modules), file=sys.stderr)")

    assert (
        asked(f"CLICKS = {clicks}\n{ASK}") == "['replaydisputes', 'replaydisputes.cli', 'replaydisputes.errors'] []\n"
    )


def test_the_short_help_of_each_command_is_how_its_own_begins() -> None:
    assert isinstance(group, click.Group)
    context = click.Context(group)
    formatter = click.HelpFormatter(width=1_000)

    group.format_commands(context, formatter)

    rows = [line.split(maxsplit=1) for line in formatter.getvalue().splitlines()[1:]]
    commands = {name: group.get_command(context, name) for name, _ in rows}
    own = {name: " ".join((command.help or "").split()) for name, command in commands.items() if command}
    assert [name for name, _ in rows] == group.list_commands(context)
    assert [name for name, short in rows if not own[name].startswith(short.rstrip("."))] == []
