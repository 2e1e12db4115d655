"""Redacting and checking 2,000 interactions in one run: rates in MB/s of the YAML written, and peak memory."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator

from replaydisputes.cassette_file import serialize
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Interaction, Provenance, Request
from replaydisputes.redaction import redact
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN

ACCOUNTS, DISPUTES_EACH = 20, 25
FORM = ("Content-Type", "application/x-www-form-urlencoded")
ROUNDS = 3


def main() -> None:
    """Print one line a step: median and spread over ROUNDS."""
    raw = [interaction for seed in range(ACCOUNTS) for interaction in _account(seed)]
    redacted = redact(raw).interactions
    provenance = Provenance("imported", "bench", "2026-10-28.endive", "0", "2026-11-23T00:00:00Z")
    content = serialize(Cassette(redacted, provenance))
    known = KnownSecrets.collect(raw)
    leaks = find_leaks(content, known)
    print(f"{len(raw):,} interactions, {len(content) / 1e6:.1f} MB of YAML, {len(leaks)} leaks in the redacted file")
    steps: dict[str, Callable[[], object]] = {
        "redact": lambda: redact(raw),
        "serialize": lambda: serialize(Cassette(redacted, provenance)),
        "collect known secrets": lambda: KnownSecrets.collect(raw),
        "gate, shapes only": lambda: find_leaks(content, KnownSecrets()),
        "gate, known values too": lambda: find_leaks(content, known),
    }
    for name, step in steps.items():
        seconds = [_timed(step) for _ in range(ROUNDS)]
        rates = sorted(len(content) / 1e6 / spent for spent in seconds)
        print(f"  {name:<24} {statistics.median(rates):7.1f} MB/s  ({rates[0]:.1f} to {rates[-1]:.1f})")
    print(f"  peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


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


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began
