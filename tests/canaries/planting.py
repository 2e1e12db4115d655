"""Draws plantings so that every kind meets every place, each time in another encoding."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.canaries.drafts import Bed
from tests.canaries.encodings import ENCODINGS, Spelled, applies
from tests.canaries.kinds import KINDS, Secret
from tests.canaries.places import NUMBER_PLACES, PLACES


@dataclass(frozen=True)
class Planting:
    secret: Secret
    place: str
    encoding: str
    spelled: Spelled

    @property
    def label(self) -> tuple[str, str, str]:
        return self.secret.kind, self.place, self.encoding

    def into(self, bed: Bed) -> None:
        PLACES[self.place](bed, self.spelled)


def plantings(rng: random.Random) -> Iterator[Planting]:
    """Without end: all pairs of kind and place in a new order each time round, encodings drawn."""
    pairs = [(kind, place) for kind in KINDS for place in PLACES]
    while True:
        rng.shuffle(pairs)
        for kind, place in pairs:
            secret = KINDS[kind](rng)
            if secret.digits_only and place in NUMBER_PLACES:
                continue
            usable = [name for name in ENCODINGS if applies(name, secret)]
            encoding = rng.choice((*usable, "raw", "raw"))
            yield Planting(secret, place, encoding, ENCODINGS[encoding](secret, rng))
