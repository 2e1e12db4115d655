"""Which cassettes a refresh is about, and which of them cannot be recorded again."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replaydisputes.cassette_file import digest_of, load
from replaydisputes.errors import EditedCassetteWarning, ReplayDisputesError
from replaydisputes.library import Entry, Library
from replaydisputes.model import Cassette, Provenance
from replaydisputes.recording.scenarios import Catalogue


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be refreshed. cassette: None where it is none, and `problem` says why."""

    name: str
    path: Path
    cassette: Cassette | None = None
    problem: str = ""


def candidates(library: Library, names: Sequence[str]) -> list[Candidate]:
    """The cassettes named, or all that are the user's own. Raises UnknownCassetteError."""
    entries = library.names()
    if not names:
        return [_read(entry) for entry in entries if not entry.shipped]
    shipped = {entry.name for entry in entries if entry.shipped}
    return [
        Candidate(name, library.find(name), problem=_SHIPPED)
        if name in shipped
        else _read(Entry(name, library.find(name), shipped=False))
        for name in dict.fromkeys(names)
    ]


_SHIPPED = "it belongs to the package; `replaydisputes record` makes one of your own by its name"


def why_left_out(candidate: Candidate, known: Catalogue, *, against_stripe: bool) -> str:
    """Why a candidate cannot be recorded again from there; empty where it can."""
    cassette = candidate.cassette
    if cassette is None:
        return candidate.problem
    provenance = cassette.provenance
    if provenance is None or provenance.made_against == "imported":
        return "nothing in it vouches for the calls it was made of: another tool made it, or an origin nobody verified"
    if provenance.edited or provenance.digest != digest_of(cassette.interactions):
        return "it was edited by hand, which a refresh would undo; delete it and record it to have that"
    if against_stripe and provenance.made_against == "sandbox":
        return (
            f"the sandbox made it, and how Stripe differs from that is no drift; "
            f"`replaydisputes record {provenance.scenario}` replaces it with a recording of Stripe"
        )
    if not against_stripe and provenance.made_against == "stripe-test-mode":
        return "it was recorded from Stripe, and nothing else may take its place"
    return _unknown_scenario(provenance, known)


def _unknown_scenario(provenance: Provenance, known: Catalogue) -> str:
    if any(entry.scenario.name == provenance.scenario for entry in known.entries):
        return ""
    return (
        f"its scenario {provenance.scenario!r} is not in the catalogue: name its file with --scenarios, "
        f"or run again what wrote it"
    )


def _read(entry: Entry) -> Candidate:
    try:
        with warnings.catch_warnings(action="ignore", category=EditedCassetteWarning):
            return Candidate(entry.name, entry.path, load(entry.path))
    except ReplayDisputesError as error:
        return Candidate(entry.name, entry.path, problem=str(error))
