"""Every command of docs/server.md does what the text around it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import click

from replaydisputes.cli.serve import serve_command
from replaydisputes.playback import FaultName
from replaydisputes.server import journal, protocol, session_app, sessions, state_redis
from tests.docs_support import ROOT, blocks
from tests.redis_support import OwnRedis, needs_redis
from tests.serve_support import CLOSE, DISPUTE, call
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


@needs_redis
def test_the_command_with_redis_shares_its_sessions(tmp_path: Path) -> None:
    [served] = [line for text in blocks(PAGE, "bash") for line in text.splitlines()]
    with OwnRedis(tmp_path) as redis:
        _, _, *arguments = served.replace("redis://127.0.0.1:6379/0", redis.url).split()
        with command(*arguments) as running:
            closed = call(running.url, "POST", CLOSE).json["status"]
        with command(*arguments) as running:
            seen = call(running.url, "GET", DISPUTE).json["status"]

    assert (closed, seen) == ("lost", "lost")


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
        f"asked for it for {state_redis.IDLE_TTL_S // 3600} hours",
        f"not answer within {state_redis.ANSWER_S} s",
    )

    assert [one for one in told if one not in " ".join(TEXT.split())] == []
