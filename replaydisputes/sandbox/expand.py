"""`expand[]`: ids replaced by the objects they name, to four levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.evidence import FILE_FIELDS
from replaydisputes.sandbox.ledger import Json, Ledger
from replaydisputes.sandbox.refusals import SandboxLimitError

_MAX_LEVELS = 4

_EXPANDABLE = {
    "dispute": {"balance_transaction", "charge", "payment_intent"},
    "charge": {
        "application", "application_fee", "balance_transaction", "customer", "failure_balance_transaction",
        "on_behalf_of", "payment_intent", "review", "source_transfer",
    },
    "payment_intent": {
        "application", "customer", "latest_charge", "on_behalf_of", "payment_method", "review", "source",
    },
    "balance_transaction": {"source"},
}  # fmt: skip


class Expansion:
    """One answer being filled out. `used` collects the ids of the objects that were put in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.used: set[str] = set()

    def expand(self, obj: Json, paths: Sequence[str]) -> Json:
        """The object with every path expanded. Raises Refusal for what cannot be expanded."""
        for path in paths:
            names = path.split(".")
            if len(names) > _MAX_LEVELS:
                raise refusals.expanded_too_deep(path, _MAX_LEVELS)
            obj = self._step(obj, names, path)
        return obj

    def _step(self, obj: Json, names: Sequence[str], path: str) -> Json:
        name, rest = names[0], names[1:]
        if name not in obj:
            raise refusals.not_expandable(path)
        kind = obj.get("object", "")
        value = obj[name]
        if name in _EXPANDABLE.get(kind, ()):
            return obj | {name: self._expanded(value, rest, path)}
        if name in FILE_FIELDS and not kind:
            return obj | {name: self._expanded(value, rest, path)}
        if kind == "event" or not rest or not isinstance(value, (dict, list)):
            raise refusals.not_expandable(path)
        if isinstance(value, list):
            return obj | {name: [self._step(item, rest, path) for item in value]}
        return obj | {name: self._step(value, rest, path)}

    def _expanded(self, value: str | Json | None, rest: Sequence[str], path: str) -> Any:
        """The object an id names. A path given twice meets what it put in before, which is fine as it is."""
        if value is None:
            return None
        found = self._ledger.find(value) if isinstance(value, str) else value
        if found is None:
            raise SandboxLimitError(f"the object behind {path}")
        self.used.add(found["id"])
        return self._step(found, rest, path) if rest else found
