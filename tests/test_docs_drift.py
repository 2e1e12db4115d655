"""Every command of docs/drift.md does what the text around it says, and its table is the sandbox's own."""

from __future__ import annotations

import re
from pathlib import Path

from replaydisputes.sandbox import ASSUMPTIONS
from replaydisputes.settling.probes import NOT_OBSERVABLE
from tests.at_length import at_length
from tests.docs_support import ROOT, blocks
from tests.recording_support import sandbox_target
from tests.test_docs_recording import with_key
from tests.test_readme import shell

PAGE = "docs/drift.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
COMMANDS = [line.removeprefix("$ ") for text in blocks(PAGE, "console") for line in text.splitlines()]


def test_every_block_is_run_here() -> None:
    assert TEXT.count("```") == 2 * len(COMMANDS)
    assert COMMANDS == [
        "replaydisputes diff recordings/before/close-lost.yaml recordings/after/close-lost.yaml",
        "STRIPE_API_KEY=sk_test_... replaydisputes refresh --all",
        "STRIPE_API_KEY=sk_test_... replaydisputes settle",
        "replaydisputes settle --sandbox --only inquiry-close",
    ]


@at_length("long")
def test_the_commands_run_as_printed(tmp_path: Path) -> None:
    for directory in ("recordings/before", "recordings/after", "cassettes"):
        assert shell(f"replaydisputes record close-lost --sandbox --cassettes {directory}", tmp_path).returncode == 0
    with sandbox_target() as target:
        done = [shell(with_key(command, target.api_base), tmp_path) for command in COMMANDS]

    diff, refreshed, settled, alone = done
    count = len(ASSUMPTIONS)
    assert [each.returncode for each in done] == [0] * 4, [each.stderr for each in done]
    assert diff.stdout.endswith(": the same in substance\n")
    assert refreshed.stdout == "cassettes/close-lost.yaml: unchanged\n1 cassette: 1 unchanged\n"
    # One after the other, calls do not meet; the restricted key is not given.
    assert settled.stdout.splitlines()[-1] == f"{count} assumptions: {count - 7} confirmed, 7 not observable"
    assert alone.stdout.splitlines()[-1] == "1 assumption: 1 confirmed"


def test_the_table_holds_every_assumption_as_the_sandbox_has_it() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \|$", TEXT, re.M)

    assert rows == [
        (row.name, row.assumed, f"not observable: {NOT_OBSERVABLE[name]}" if name in NOT_OBSERVABLE else row.settled_by)
        for name, row in ASSUMPTIONS.items()
    ]
