"""Reports for machines: our own JSON document, and GitHub's workflow commands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from replaydisputes.checking.finding import FileReport, rule_named, summary

DOCUMENT_VERSION = 1
"""Of the JSON document; a field that is added does not raise it, one that changes or goes does."""


def document(reports: Sequence[FileReport]) -> dict[str, Any]:
    """One document for scripts: what was checked, every finding with its place, and what could not be read."""
    return {
        "version": DOCUMENT_VERSION,
        "summary": summary(reports),
        "files": [{"file": shown(report.path), "clean": report.is_clean} for report in reports],
        "findings": [
            {
                "file": shown(report.path),
                "line": found.line,
                "column": found.column,
                "field": found.field,
                "rule": found.rule,
                "level": found.level,
                "message": found.message,
                "masked": found.masked,
                "next_step": rule_named(found.rule).next_step,
            }
            for report in reports
            for found in report.findings
        ],
        "unreadable": [
            {"file": shown(report.path), "message": report.unreadable} for report in reports if report.unreadable
        ],
    }


def github_lines(reports: Sequence[FileReport]) -> Iterator[str]:
    """Lines that GitHub Actions turns into annotations of the files.

    docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for report in reports:
        file = f"file={_property(shown(report.path))}"
        if report.unreadable:
            yield f"::error {file},title=unreadable::{_data(report.unreadable)}"
        for found in report.findings:
            command = "error" if found.fails else "notice"
            column = f",col={found.column}" if found.column else ""
            said = f"{found.message}{f' [{found.field}]' if found.field else ''}. {rule_named(found.rule).next_step}"
            yield f"::{command} {file},line={found.line or 1}{column},title={_property(found.rule)}::{_data(said)}"


def shown(path: Path) -> str:
    """A path as one printable line: what is not UTF-8 or not printable is spelled out."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace").replace("\\", "/" if os.sep == "\\" else "\\")
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
