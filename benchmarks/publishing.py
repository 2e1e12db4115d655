"""Redacting and checking many interactions in one run: MB of the YAML written per second of processor time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from benchmarks.harness import OURS, Effort, Row, interleave, seconds_of
from replaydisputes.cassette_file import serialize
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Interaction, Provenance, Request
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN

DISPUTES_EACH = 25
FORM = ("Content-Type", "application/x-www-form-urlencoded")
BLOCKS = 3


def rows(effort: Effort) -> Iterator[Row]:
    """One row a step; no peer has such a gate."""
    raw = [interaction for seed in range(effort.accounts) for interaction in _account(seed)]
    redacted = redact(raw).interactions
    provenance = Provenance("imported", "bench", "2026-10-28.endive", "0", "2026-11-23T00:00:00Z")
    content = serialize(Cassette(redacted, provenance))
    known = KnownSecrets.collect(raw)
    steps: dict[str, tuple[str, float | None, Callable[[], object]]] = {
        "redact": ("redacting", None, lambda: redact(raw)),
        "serialize": ("serializing", None, lambda: serialize(Cassette(redacted, provenance))),
        "gate shapes": ("the leak gate, shapes only", 10, lambda: find_leaks(content, KnownSecrets())),
        "gate known": ("the leak gate, the capture's values known", 10, lambda: find_leaks(content, known)),
    }
    size = f"{len(raw):,} interactions, {len(content) / 1e6:.1f} MB"
    for key, (what, target, step) in steps.items():
        cells = interleave(
            effort, None, {OURS: _rate(step, len(content) / 1e6)}, lambda value, base: value, blocks=BLOCKS
        )
        yield Row(key, f"{what} ({size})", "MB/s", target, cells, below=False)


def _rate(step: Callable[[], object], size_mb: float) -> Callable[[], float]:
    return lambda: size_mb / seconds_of(step)


def _account(seed: int) -> Iterator[Interaction]:
    """Every dispute of one account read, closed, closed again and read, its evidence full of invented people."""
    sandbox, headers = Sandbox(seed=seed, people=True), (("Authorization", "Bearer sk_test_bench"), FORM)
    body = b"amount=1000&currency=usd&payment_method_types[]=card&payment_method=pm_card_createDispute&confirm=true"
    for _ in range(DISPUTES_EACH):
        payment = sandbox.answer(Request("POST", f"{API_ORIGIN}/v1/payment_intents", headers, body))
        listed = f"{API_ORIGIN}/v1/disputes?payment_intent={json.loads(payment.body)['id']}"
        found = sandbox.answer(Request("GET", listed, headers))
        url = f"{API_ORIGIN}/v1/disputes/{json.loads(found.body)['data'][0]['id']}"
        for method, target in (("GET", url), ("POST", f"{url}/close"), ("POST", f"{url}/close"), ("GET", url)):
            request = Request(method, target, headers)
            yield Interaction(request, sandbox.answer(request))
