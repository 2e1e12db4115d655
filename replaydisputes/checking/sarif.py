"""Reports as SARIF 2.1.0, which code scanning services read (docs.oasis-open.org/sarif/sarif/v2.1.0)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from replaydisputes.checking.finding import RULES, FileReport, Finding, rule_named

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(reports: Sequence[FileReport], tool_version: str, root: Path) -> dict[str, Any]:
    """The whole SARIF log. root: the absolute directory that addresses are relative to, such as the checkout."""
    found = {finding.rule for report in reports for finding in report.findings}
    rules = sorted(found | set(RULES))
    run = {
        "tool": {
            "driver": {
                "name": "replaydisputes",
                "semanticVersion": tool_version,
                "rules": [_rule(name) for name in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(report.unreadable for report in reports),
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": report.unreadable},
                        "locations": [_location(_address(report.path, root), None)],
                    }
                    for report in reports
                    if report.unreadable
                ],
            }
        ],
        "results": [
            _result(finding, rules.index(finding.rule), _address(report.path, root))
            for report in reports
            for finding in report.findings
        ],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str) -> dict[str, Any]:
    rule = rule_named(name)
    return {
        "id": name,
        "shortDescription": {"text": rule.describes},
        "help": {"text": rule.next_step},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(finding: Finding, rule_index: int, address: str) -> dict[str, Any]:
    field = f" [{finding.field}]" if finding.field else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.level,
        "message": {"text": f"{finding.message}{field}"},
        "locations": [_location(address, finding)],
    }


def _location(address: str, finding: Finding | None) -> dict[str, Any]:
    region = {"startLine": (finding and finding.line) or 1}
    if finding and finding.column:
        region["startColumn"] = finding.column
    return {"physicalLocation": {"artifactLocation": {"uri": address}, "region": region}}


def _address(path: Path, root: Path) -> str:
    """A URI relative to the root; of a file elsewhere, an absolute one."""
    absolute = Path(os.path.normpath(root / path))
    if not absolute.is_relative_to(root):
        return absolute.as_uri()
    return quote(os.fsencode(absolute.relative_to(root).as_posix()))
