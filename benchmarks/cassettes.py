"""Cassettes of any size in our own layout, which every peer reads as well: one read each of so many disputes."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from replaydisputes.cassette_file import load, serialize
from replaydisputes.model import Cassette, Interaction, Response

SHIPPED = Path(__file__).parent.parent / "cassettes" / "close-lost.yaml"
_ID = "du_1AAAAAreplaydisp00000001"
_ORIGIN = "https://api.stripe.com/v1/disputes/"


def dispute_id(number: int) -> str:
    return f"du_1AAAAAreplaydisp{number:08}"


def url(number: int) -> str:
    return _ORIGIN + dispute_id(number)


@functools.cache
def shipped() -> Cassette:
    return load(SHIPPED)


def answer() -> Response:
    """The recorded read that every transport here answers with."""
    return shipped().interactions[0].response


def write_cassette(path: Path, size: int, first: int = 1) -> Path:
    """A cassette of `size` reads, of the disputes numbered from `first`."""
    read = shipped().interactions[0]
    interactions = tuple(
        Interaction(
            replace(read.request, url=url(number)),
            replace(read.response, body=read.response.body.replace(_ID.encode(), dispute_id(number).encode())),
        )
        for number in range(first, first + size)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialize(Cassette(interactions, shipped().provenance)))
    return path
