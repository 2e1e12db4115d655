"""All checks of one file, and where in the file each finding stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from replaydisputes.cassette_file import digest_of, parse
from replaydisputes.cassette_file.tree import FaultError, Mapping, compose
from replaydisputes.checking.against import specification_faults
from replaydisputes.checking.beside import beside_faults
from replaydisputes.checking.bodies import read_body
from replaydisputes.checking.exchange import exchange_faults
from replaydisputes.checking.finding import Fault, Finding, rule_named
from replaydisputes.checking.history import status_faults
from replaydisputes.checking.openapi import OpenApi
from replaydisputes.checking.places import Places, with_path
from replaydisputes.checking.redacted import NOT_REDACTED, redaction_faults
from replaydisputes.errors import CassetteFormatError
from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import Cassette
from replaydisputes.redaction import DEFAULT_POLICY, Policy
from replaydisputes.stripe_api.facts import SANDBOX_HEADER

_CASSETTE_KEYS = frozenset({"interactions", "http_interactions", "replaydisputes", "recorded_with"})


def check(
    content: bytes,
    path: Path,
    *,
    except_for: Collection[str] = (),
    policy: Policy = DEFAULT_POLICY,
    spec: OpenApi | None = None,
) -> tuple[Finding, ...]:
    """Everything wrong with a cassette's bytes, in file order; never raises for what they hold.

    path: only names the file. except_for: rules not to report. policy: what may stand in a cassette of ours.
    spec: what the answers are held against as well.
    Not vouched for: a file whose findings all pass may still hold what no check knows the shape of.
    """
    leaks = find_leaks(content, KnownSecrets())
    try:
        cassette = parse(content, path)
    except CassetteFormatError as error:
        lines = content.split(b"\n")
        unread = Finding("format", f"expected {error.expected}, got {error.got}", error.line)
        return _sorted([unread, *(_leak_finding(leak, lines, None) for leak in leaks)])
    faults = [fault for fault in _faults(cassette, policy, spec) if fault.rule not in except_for]
    faults += [fault for fault in beside_faults(content, cassette) if fault.rule not in except_for]
    if not faults and not leaks:
        return ()
    places, lines = Places(content), content.split(b"\n")
    found = [_located(fault, places) for fault in faults] + [_leak_finding(leak, lines, places) for leak in leaks]
    return _sorted(_without_repeats(found))


def is_other_yaml(content: bytes) -> bool:
    """Whether a file is YAML of another purpose, such as a workflow: a mapping with no key that a cassette has.

    A file that cannot be read as YAML is not: it may be a cassette that broke.
    """
    try:
        root = compose(content.decode("utf-8-sig"))
    except (ValueError, FaultError):
        return False
    keys = root.values.keys() - {"version"} if isinstance(root, Mapping) else set()
    return bool(keys) and not _CASSETTE_KEYS & keys


def _without_repeats(found: list[Finding]) -> list[Finding]:
    """That a value was not redacted is told only of fields of which nothing more telling is told."""
    told = [finding.field for finding in found if finding.rule != NOT_REDACTED and finding.field]
    return [
        finding
        for finding in found
        if finding.rule != NOT_REDACTED
        or not any(field.startswith(finding.field) or finding.field.startswith(field) for field in told)
    ]


def _faults(cassette: Cassette, policy: Policy, spec: OpenApi | None) -> Iterator[Fault]:
    yield from _provenance_faults(cassette)
    if cassette.provenance is not None:
        yield from redaction_faults(cassette.interactions, policy)
    version = cassette.provenance.stripe_version if cassette.provenance else ""
    bodies = [read_body(interaction.response) for interaction in cassette.interactions]
    for number, (interaction, body) in enumerate(zip(cassette.interactions, bodies, strict=True)):
        for fault in exchange_faults(f"interactions[{number}]", interaction, body, version):
            yield _lenient(fault) if _is_imported(cassette) else fault
    for fault in status_faults(cassette.interactions, bodies):
        yield _lenient(fault) if _is_imported(cassette) else fault
    if spec is not None:
        yield from specification_faults(cassette, bodies, spec)


def _is_imported(cassette: Cassette) -> bool:
    return cassette.provenance is not None and cassette.provenance.made_against == "imported"


def _lenient(fault: Fault) -> Fault:
    """A fault as a note. What another tool recorded may be an excerpt, or answers that a test double made up."""
    if fault.rule == "schema/required":
        return fault._replace(rule="schema/excerpt")
    return (
        fault._replace(rule="schema/as-recorded")
        if fault.rule.startswith(("schema/", "status/")) and rule_named(fault.rule).level != "note"
        else fault
    )


def _provenance_faults(cassette: Cassette) -> Iterator[Fault]:
    provenance = cassette.provenance
    if provenance is None:
        message = "no provenance: another tool made this cassette, so nothing says that it was redacted"
        yield Fault("provenance/missing", message, "version")
        return
    if provenance.digest != digest_of(cassette.interactions):
        message = "the interactions are not those the digest was written for: somebody edited the file"
        yield Fault("digest/edited", message, "replaydisputes.digest" if provenance.digest else "replaydisputes")
    answers = [interaction.response for interaction in cassette.interactions]
    if provenance.made_against == "stripe-test-mode" and any(answer.header(SANDBOX_HEADER) for answer in answers):
        message = f"made_against names Stripe, but the answers carry {SANDBOX_HEADER}: the sandbox gave them"
        yield Fault("provenance/sandbox", message, "replaydisputes.made_against")


def _located(fault: Fault, places: Places) -> Finding:
    line, column = (fault.line, 1) if fault.line else places.place_of(fault.field, fault.path)
    return Finding(fault.rule, fault.message, line, column, _safe(with_path(fault.field, fault.path)))


def _leak_finding(leak: Leak, lines: list[bytes], places: Places | None) -> Finding:
    before = lines[leak.line - 1][: leak.column - 1] if leak.line <= len(lines) else b""
    column = len(before.decode("utf-8", "replace")) + 1
    hidden = f", hidden as {leak.encoding}" if leak.encoding else ""
    field = _safe(places.field_at(leak.line, column)) if places else ""
    rule = "leak/" + re.sub(r"[^a-z0-9]+", "-", leak.kind.lower()).strip("-")
    return Finding(rule, f"{leak.kind} {leak.masked}{hidden}", leak.line, column, field, leak.masked)


@lru_cache(maxsize=1024)
def _safe(field: str) -> str:
    """The field, unless its names are a leak themselves: a key of `metadata` can be an API key."""
    return "<a name that is a leak>" if find_leaks(field.encode(), KnownSecrets()) else field


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda found: (found.line or 0, found.column or 0, found.rule)))
