"""What the page is given to show. It opens no file and knows neither player nor redactor: both are handed to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replaydisputes.model import Answerer, Cassette

FindStandIns = Callable[[str], Sequence[tuple[int, int, str]]]
"""Where the stand-ins of redaction are in a text: (start, end, the kind of value replaced), in order, apart."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A cassette to be shown. begin: an Answerer at the beginning of its history, which began at that unix second.

    Its answers' bodies are without content coding. proves: what the cassette shows, a clause; empty where unknown.
    """

    name: str
    proves: str
    cassette: Cassette
    begin: Callable[[int], Answerer]

    @property
    def scenario(self) -> str:
        """Less the Stripe-Version, which ends the names of scenarios made at earlier ones."""
        provenance = self.cassette.provenance
        return provenance.scenario.removesuffix(f"-{provenance.stripe_version}") if provenance else self.name

    @property
    def stripe_version(self) -> str:
        return self.cassette.provenance.stripe_version if self.cassette.provenance else ""

    @property
    def made_against(self) -> str:
        """As in the provenance; empty for a file without one."""
        return self.cassette.provenance.made_against if self.cassette.provenance else ""


def superseded(exhibits: Sequence[Exhibit]) -> list[bool]:
    """Of each exhibit, whether another shows the same scenario, from the same source, at a later Stripe-Version."""
    latest: dict[tuple[str, str], str] = {}
    for one in exhibits:
        key = one.scenario, one.made_against
        latest[key] = max(one.stripe_version, latest.get(key, ""))
    return [one.stripe_version < latest[one.scenario, one.made_against] for one in exhibits]
