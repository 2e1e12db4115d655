"""What a file holds beside what its digest covers: comments, other keys, another layout, a head changed by hand."""

from __future__ import annotations

import re

from replaydisputes.cassette_file import digest_of, serialize
from replaydisputes.cassette_file.stamp import without_stamp
from replaydisputes.checking.finding import Fault
from replaydisputes.model import Cassette

BESIDE = "format/beside"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{0,120}")
_STAMP = b"  layout: "


def beside_faults(content: bytes, cassette: Cassette) -> list[Fault]:
    """At most one, and only of a file whose digest holds: the first line that is not as it was written."""
    provenance = cassette.provenance
    if provenance is None or provenance.digest != digest_of(cassette.interactions):
        return []
    said = (provenance.scenario, provenance.stripe_version, provenance.tool_version, provenance.recorded_at)
    if not all(_PLAIN.fullmatch(text) for text in said):
        return [Fault("provenance/odd", "the provenance holds more than names, versions and a time", "replaydisputes")]
    written = serialize(cassette)
    there = content.replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf")
    if there in (written, without_stamp(written)):
        return []
    line = _first_difference(there, written)
    if line is None:
        message = "the stamp is not that of this file: a line above it was changed by hand, such as the scenario's name"
        return [Fault(BESIDE, message, "replaydisputes.layout")]
    message = "from here on the file is not as it was written: a comment, a key or another layout"
    return [Fault(BESIDE, message, "", line=line)]


def _first_difference(there: bytes, written: bytes) -> int | None:
    """The first line of `there`, from 1, that `written` has not in its place; None where just the stamps differ."""
    lines = [(number, line) for number, line in enumerate(there.split(b"\n"), 1) if not line.startswith(_STAMP)]
    expected = [line for line in written.split(b"\n") if not line.startswith(_STAMP)]
    for (number, line), other in zip(lines, expected, strict=False):
        if line != other:
            return number
    return lines[-1][0] if len(lines) != len(expected) else None
