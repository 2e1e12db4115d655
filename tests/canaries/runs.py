"""The two claims, counted: what survives the redactor, and what the gate alone lets pass."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from replaydisputes.cassette_file import serialize
from replaydisputes.leak_gate import KnownSecrets, Leak, find_leaks
from replaydisputes.model import Cassette, Headers, Interaction, Provenance, Request, Response
from replaydisputes.redaction import redact
from tests.canaries.drafts import clean_bed, raw_bed
from tests.canaries.judging import survivors
from tests.canaries.kinds import Secret
from tests.canaries.planting import Planting, plantings

PROVENANCE = Provenance("stripe-test-mode", "canaries", "2026-10-28.endive", "0.1.0", "2026-11-23T07:38:00Z")
PER_BED = 200


Label = tuple[str, str, str]
"""Kind, place, encoding."""


@dataclass
class Tally:
    """What came of a number of plantings. Tallies add up, so that a run can be shared out."""

    planted: int = 0
    failed: Counter[Label] = field(default_factory=Counter)
    planted_by_kind: Counter[str] = field(default_factory=Counter)
    examples: dict[Label, str] = field(default_factory=dict)
    files: int = 0
    changed_by_redacting_again: int = 0
    raw_files_not_refused: int = 0
    false_alarms: list[Leak] = field(default_factory=list)

    def plant(self, planting: Planting, *, failed: bool) -> None:
        self.planted += 1
        self.planted_by_kind[planting.secret.kind] += 1
        if failed:
            self.failed[planting.label] += 1
            self.examples.setdefault(planting.label, planting.spelled.literal)

    def add(self, other: Tally) -> None:
        self.planted += other.planted
        self.failed.update(other.failed)
        self.planted_by_kind.update(other.planted_by_kind)
        self.examples = other.examples | self.examples
        self.files += other.files
        self.changed_by_redacting_again += other.changed_by_redacting_again
        self.raw_files_not_refused += other.raw_files_not_refused
        self.false_alarms += other.false_alarms

    def failed_by(self, part: int) -> Counter[str]:
        """Failures by kind (0), place (1) or encoding (2)."""
        counted: Counter[str] = Counter()
        for label, count in self.failed.items():
            counted[label[part]] += count
        return counted


def beds(seed: int, total: int) -> Iterator[tuple[list[Planting], tuple[Interaction, ...]]]:
    """Captures with PER_BED plantings each, `total` in all."""
    rng = random.Random(seed)
    endless = plantings(rng)
    for start in range(0, total, PER_BED):
        planted = list(islice(endless, min(PER_BED, total - start)))
        bed = raw_bed(rng)
        for planting in planted:
            planting.into(bed)
        yield planted, bed.interactions()


def redacted_plantings(seed: int, total: int, *, thorough_every: int = 1) -> Tally:
    """Plant, redact, serialize, and look for what was planted.

    Of every n-th capture the rest is checked as well: redacting again changes nothing, the gate refuses it raw and
    finds nothing in it once it is redacted.
    """
    tally = Tally()
    for number, (planted, raw) in enumerate(beds(seed, total)):
        done = redact(raw).interactions
        text = serialize(Cassette(done, PROVENANCE))
        alive = set(map(id, survivors(text, planted)))
        for planting in planted:
            tally.plant(planting, failed=id(planting) in alive)
        if number % thorough_every == 0:
            known = KnownSecrets.collect(raw)
            tally.files += 1
            tally.changed_by_redacting_again += redact(done).interactions != done
            tally.raw_files_not_refused += not find_leaks(serialize(Cassette(raw, PROVENANCE)), known)
            tally.false_alarms += find_leaks(text, known)
    return tally


def unredacted_plantings(seed: int, total: int) -> Tally:
    """One planting a file that is otherwise clean, the redactor switched off: what the gate does not refuse."""
    tally, rng = Tally(), random.Random(seed)
    for planting in islice(plantings(rng), total):
        bed = clean_bed(rng)
        planting.into(bed)
        raw = bed.interactions()
        known = KnownSecrets.collect(raw).merge(seen_at_home(planting.secret))
        tally.plant(planting, failed=not find_leaks(serialize(Cassette(raw, PROVENANCE)), known))
    return tally


def seen_at_home(secret: Secret) -> KnownSecrets:
    """What the rest of a capture tells of a secret: it stood once more, where Stripe's traffic holds its kind.

    Nobody can tell a name or a drawn word by its shape; it is known from the place where it belongs.
    """
    request, body = HOMES.get(secret.kind, lambda _: ((), {}))(secret.value)
    url = "https://api.stripe.com/v1/charges"
    home = Interaction(Request("GET", url, request), Response(200, (), json.dumps(body).encode(), "OK"))
    return KnownSecrets.collect([home])


Home = tuple[Headers, dict[str, object]]

HOMES: dict[str, Callable[[str], Home]] = {
    "account fragment": lambda value: ((), {"id": f"acct_1a2B3c{value}"}),
    "person name": lambda value: ((), {"billing_details": {"name": value}}),
    "street address": lambda value: ((), {"billing_details": {"address": {"line1": value}}}),
    "card last four": lambda value: ((), {"card": {"last4": value}}),
    "card expiry": lambda value: ((), {"card": {"exp_month": value}}),
    "card fingerprint": lambda value: ((), {"card": {"fingerprint": value}}),
    "cookie": lambda value: ((("Cookie", value),), {}),
    "idempotency key": lambda value: ((("Idempotency-Key", value),), {}),
}
