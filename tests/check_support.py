"""Cassettes to be checked: the sandbox's own, and small ones made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replaydisputes.cassette_file import parse, serialize
from replaydisputes.checking import Finding, check
from replaydisputes.model import Cassette, Headers, Interaction, Provenance, Request, Response

HERE = Path("cassettes/close-lost.yaml")
DISPUTE_ID = "du_1AAAAAreplaydisp00000001"
ORIGIN = "https://api.stripe.com"
READ = Request("GET", f"{ORIGIN}/v1/disputes/{DISPUTE_ID}")
CLOSE = Request("POST", f"{ORIGIN}/v1/disputes/{DISPUTE_ID}/close")
PROVENANCE = Provenance("sandbox", "close-lost", "2026-10-28.endive", "0.1.0", "2030-01-01T00:00:00Z")
SHIPPED = Path(__file__).parent.parent / "cassettes"


def a_dispute(**changes: Any) -> dict[str, Any]:
    """A dispute as the shipped cassette has it, with members replaced; Ellipsis takes one away."""
    cassette = parse((SHIPPED / "close-lost.yaml").read_bytes(), HERE)
    dispute = {**json.loads(cassette.interactions[0].response.body), **changes}
    return {key: value for key, value in dispute.items() if value is not ...}


def answered(request: Request, value: Any, status: int = 200, headers: Headers = ()) -> Interaction:
    """The interaction of a JSON answer, its Content-Length in order."""
    body = json.dumps(value, indent=2).encode()
    fields = (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers)
    return Interaction(request, Response(status, fields, body, "OK"))


def said(status: str, request: Request = READ, http_status: int = 200, headers: Headers = ()) -> Interaction:
    return answered(request, a_dispute(status=status), http_status, headers)


def file_of(*interactions: Interaction, provenance: Provenance | None = PROVENANCE) -> bytes:
    return serialize(Cassette(interactions, provenance))


def findings(*interactions: Interaction, provenance: Provenance | None = PROVENANCE) -> tuple[Finding, ...]:
    return check(file_of(*interactions, provenance=provenance), HERE)


def rules(*interactions: Interaction, provenance: Provenance | None = PROVENANCE) -> list[str]:
    return [found.rule for found in findings(*interactions, provenance=provenance)]


def edited(change: Callable[[str], str], name: str = "close-lost") -> bytes:
    """A shipped cassette after somebody's editor."""
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    return changed.encode()
