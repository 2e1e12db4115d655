"""What a check reports, and the rules it reports by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Level = Literal["error", "note"]
JsonPath = tuple[str | int, ...]


class Rule(NamedTuple):
    """A thing that can be wrong, and what to do about it. Only `error` fails a check."""

    describes: str
    next_step: str
    level: Level = "error"


_REDACT = "`replaydisputes redact` makes a copy of a cassette that is safe to publish."
_REPAIR = "Record the cassette again, or mend the edit by hand and seal it with `replaydisputes seal`."
_OTHER_SHAPE = (
    "Record the cassette again at the specification's version, or get the specification of the recording's: "
    "the file was made, or Stripe has changed, since."
)
_LEAK = Rule("Something secret or personal stands in the file.", f"Do not publish it. {_REDACT}")

RULES: dict[str, Rule] = {
    "digest/edited": Rule(
        "The interactions are not those the digest was written for: somebody edited the file.",
        "Record the cassette again, or accept the edit with `replaydisputes seal`.",
    ),
    "format": Rule("The file is not a vcrpy version-1 cassette.", "Restore it from version control, or record again."),
    "format/beside": Rule(
        "The file is not as it was written, though its interactions are: a comment, a key, another layout or name.",
        "Restore the line, or accept the edit with `replaydisputes seal`: comments and keys go, the rest stays.",
    ),
    "http/body-not-json": Rule("A body that calls itself JSON is not.", _REPAIR),
    "http/content-length": Rule(
        "Content-Length differs from the length of the body.",
        "`replaydisputes seal` counts it again in a cassette that was edited, `redact` in another tool's.",
    ),
    "http/encoding": Rule("The body is not in its Content-Encoding, or in one that cannot be checked.", _REDACT),
    "http/status": Rule("The status code is outside 100 to 599.", _REPAIR),
    "http/url": Rule("The request's address is not an absolute http(s) URL.", _REPAIR),
    "livemode": Rule("An object is of live mode: a real customer's.", "Remove the file, and its history."),
    "openapi/absent": Rule(
        "A field is absent that the specification lets be null; Stripe's SDKs take it for always there.",
        "Record the cassette again at the specification's version, if code relies on the field.",
        "note",
    ),
    "openapi/missing": Rule("A field is missing that the specification requires.", _OTHER_SHAPE),
    "openapi/no-schema": Rule(
        "The specification does not describe the answer.",
        "Give a fuller specification, if there should be one.",
        "note",
    ),
    "openapi/other-version": Rule(
        "The specification is of another Stripe-Version than the recording.",
        "Read the other findings as what changes from one version to the other.",
        "note",
    ),
    "openapi/type": Rule("A value is not of the type that the specification gives it.", _OTHER_SHAPE),
    "openapi/unknown": Rule("A field stands in an answer that the specification does not name.", _OTHER_SHAPE),
    "openapi/unknown-value": Rule(
        "A value that the specification does not list; Stripe may add such values.",
        "Check that code which lists the values can take another.",
        "note",
    ),
    "openapi/unlisted": Rule(
        "Stripe sends a field that its public specification does not name.",
        "Nothing; do not rely on the field.",
        "note",
    ),
    "provenance/missing": Rule("Nothing says where the cassette came from, nor that it was redacted.", _REDACT),
    "provenance/odd": Rule("The provenance holds something that the tool does not write there.", _REPAIR),
    "provenance/sandbox": Rule(
        "The provenance names Stripe, but the sandbox gave the answers.",
        "Put `made_against: sandbox` back, or record from Stripe.",
    ),
    "redaction/not-redacted": Rule(
        "A value stands in a cassette of ours that no rule of the redaction policy lets stand.",
        f'Put a stand-in in its place, such as "[redacted 1]", or name the field in [tool.replaydisputes]. {_REDACT}',
    ),
    "schema/as-recorded": Rule(
        "Another tool recorded an answer or a history that Stripe's API does not give.",
        "Nothing, if the recording is of a test double. A real recording may hold only a part of the history.",
        "note",
    ),
    "schema/excerpt": Rule(
        "A dispute that another tool recorded lacks a field that Stripe always sends.",
        "Nothing, if the recording was cut down on purpose.",
        "note",
    ),
    "schema/newer-field": Rule(
        "A dispute shows a field that its Stripe-Version was not known to show.",
        "Nothing, if Stripe sent it: it adds fields to older versions as well.",
        "note",
    ),
    "schema/not-a-dispute": Rule("A call that answers with a dispute did not.", _REPAIR),
    "schema/required": Rule("A dispute lacks a field that Stripe always sends.", _REPAIR),
    "schema/type": Rule("A field of a dispute has a type that Stripe never gives it.", _REPAIR),
    "schema/unknown-value": Rule(
        "A value that this release does not know; Stripe may add such values.",
        "Check that it is not a slip of the pen.",
        "note",
    ),
    "status/back-to-inquiry": Rule("A chargeback became an inquiry, which comes before it.", _REPAIR),
    "status/close-left-open": Rule("A close succeeded, but its answer still awaits a response.", _REPAIR),
    "status/closed-twice": Rule("A close of a closed dispute succeeded; Stripe refuses it with HTTP 400.", _REPAIR),
    "status/closed-unasked": Rule("A dispute is closed, though no close and no evidence was recorded.", _REPAIR),
    "status/reopened": Rule("A dispute that had ended is open again.", _REPAIR),
    "status/verdict-changed": Rule(
        "An ended dispute ended in another way; networks can overturn a verdict, but rarely.",
        "Check that it is not a slip of the pen.",
        "note",
    ),
}


def rule_named(rule: str) -> Rule:
    """Leaks are named after their kinds (`leak/card-number`), which the gate alone knows; the rest is in RULES."""
    return _LEAK if rule.startswith("leak/") else RULES[rule]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong. `line` and `column` count from 1, in lines and characters; None where it has no place.

    field: such as `interactions[0].response.body $.evidence.customer_name`; empty where nothing could be parsed.
    masked: of a leak, at most two characters and the length.
    """

    rule: str
    message: str
    line: int | None = None
    column: int | None = None
    field: str = ""
    masked: str = ""

    @property
    def level(self) -> Level:
        return rule_named(self.rule).level

    @property
    def fails(self) -> bool:
        return self.level == "error"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a check of one file gave: its findings in file order, or why it could not be read."""

    path: Path
    findings: tuple[Finding, ...] = ()
    unreadable: str = ""

    @property
    def is_clean(self) -> bool:
        return not self.unreadable and not any(finding.fails for finding in self.findings)


def summary(reports: Sequence[FileReport]) -> dict[str, int]:
    """How many files were checked and how they fared, and how many findings and notes there are."""
    findings = [finding for report in reports for finding in report.findings]
    return {
        "files": len(reports),
        "clean": sum(report.is_clean for report in reports),
        "with_findings": sum(any(finding.fails for finding in report.findings) for report in reports),
        "unreadable": sum(bool(report.unreadable) for report in reports),
        "findings": sum(finding.fails for finding in findings),
        "notes": sum(not finding.fails for finding in findings),
    }


class Fault(NamedTuple):
    """A finding before its place in the file is known: the field, and the path inside a JSON body; or the line."""

    rule: str
    message: str
    field: str
    path: JsonPath | None = None
    line: int | None = None
