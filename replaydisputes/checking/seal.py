"""Accepting an edit made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from replaydisputes.cassette_file import digest_of
from replaydisputes.checking.exchange import length_of_body
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Cassette, Headers, Interaction

FOLLOWS_FROM_EDIT = frozenset(("digest/edited", "http/content-length"))
"""Rules that a seal sets right by itself."""


class NotSealableError(ReplayDisputesError):
    """A cassette of another tool has nothing that a seal could renew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} not sealed: it has no provenance, so another tool made it and nothing says that it was redacted. "
            f"Run `replaydisputes redact {path} --out DIR` first."
        )


class Sealed(NamedTuple):
    """A cassette that says it was edited. recounted: how many Content-Length fields had to follow the edit."""

    cassette: Cassette
    recounted: int


def sealed(cassette: Cassette, path: Path, *, is_as_written: bool = True) -> Sealed | None:
    """The cassette marked as edited, its Content-Length fields counted again; None where there is no edit.

    is_as_written: no line beside the interactions was changed. Raises NotSealableError. `path` only names the file.
    """
    provenance = cassette.provenance
    if provenance is None:
        raise NotSealableError(path)
    if is_as_written and provenance.digest == digest_of(cassette.interactions):
        return None
    counted = tuple(_counted_again(interaction) for interaction in cassette.interactions)
    pairs = zip(cassette.interactions, counted, strict=True)
    changed = sum((old.request != new.request) + (old.response != new.response) for old, new in pairs)
    return Sealed(Cassette(counted, replace(provenance, digest=digest_of(counted), edited=True)), changed)


def _counted_again(interaction: Interaction) -> Interaction:
    request, response = interaction.request, interaction.response
    return Interaction(
        replace(request, headers=_with_length(request.headers, length_of_body(interaction, "request"))),
        replace(response, headers=_with_length(response.headers, length_of_body(interaction, "response"))),
    )


def _with_length(headers: Headers, length: int | None) -> Headers:
    if length is None:
        return headers
    return tuple((name, str(length) if name.lower() == "content-length" else value) for name, value in headers)
