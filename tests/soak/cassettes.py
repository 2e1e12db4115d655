"""A set of cassettes that answer the very same requests, each with an amount of its own: a mix-up cannot hide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from replaydisputes.cassette_file import load, serialize
from replaydisputes.model import Cassette, Response

SHIPPED = Path(__file__).parent.parent.parent / "cassettes" / "close-twice.yaml"
FIRST_AMOUNT = 100_001
_AMOUNT = re.compile(rb'("amount": )1000\b')


def write_set(directory: Path, size: int) -> dict[int, Path]:
    """Amount to file. Every one reads, closes, is refused a second close and reads again, as close-twice does."""
    return dict(_written(directory, size))


def _written(directory: Path, size: int) -> Iterator[tuple[int, Path]]:
    shipped = load(SHIPPED)
    for amount in range(FIRST_AMOUNT, FIRST_AMOUNT + size):
        interactions = tuple(
            replace(interaction, response=_with_amount(interaction.response, amount))
            for interaction in shipped.interactions
        )
        path = directory / f"amount-{amount}.yaml"
        path.write_bytes(serialize(Cassette(interactions, shipped.provenance)))
        yield amount, path


def _with_amount(response: Response, amount: int) -> Response:
    body = _AMOUNT.sub(rb"\g<1>%d" % amount, response.body)
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else text) for name, text in response.headers
    )
    return replace(response, headers=headers, body=body)
