"""Every command of docs/server.md does what the text around it says."""

from __future__ import annotations

import json
import subprocess
from typing import Any, get_args

import click

from replaydisputes.cli.serve import serve_command
from replaydisputes.playback import FaultName
from replaydisputes.server import journal, protocol, session_app, sessions
from tests.docs_support import ROOT, blocks
from tests.test_serve_command import command

PAGE = "docs/server.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def said(line: str, url: str) -> Any:
    shown = line.replace("http://127.0.0.1:12111", url)
    return json.loads(subprocess.run(["bash", "-c", shown], capture_output=True, check=True, timeout=20).stdout)


def test_the_commands_do_what_they_are_shown_for() -> None:
    served, *calls = [line for text in blocks(PAGE, "sh") for line in text.splitlines()]
    _, _, *arguments = served.removesuffix(" --port 12111").split()
    with command(*arguments) as running:
        close, read, reset, plan, limited = (said(line, running.url) for line in calls)

    assert [close["status"], read["status"], reset] == ["lost", "needs_response", {"reset": 1}]
    assert plan == {"planned": {"kind": "server-error", "times": 2, "on": "POST */close"}}
    assert limited["error"]["code"] == "rate_limit"


def test_every_option_and_every_fault_is_told() -> None:
    options = {option.opts[0] for option in serve_command.params if isinstance(option, click.Option)}

    assert [
        name for name in (*options, *get_args(FaultName)) if f"`{name}" not in TEXT and f", `{name}" not in TEXT
    ] == []


def test_the_figures_are_those_of_the_code() -> None:
    told = (
        f"within {protocol.HEAD_S:g} s and its body within {protocol.BODY_S:g} s",
        f"idle for {protocol.IDLE_S:g} s",
        f"cut after {protocol.STUCK_S:g} s",
        f"over {protocol.MAX_HEAD_BYTES // 1024} KiB 431",
        f"{session_app.HELD_S} s at most",
        f"the {sessions.MOST_SESSIONS:,} sessions",
        f"the last {journal.KEPT} in a line",
    )

    assert [one for one in told if one not in " ".join(TEXT.split())] == []
