"""The independent gate: finds secrets in the final bytes of a cassette. Shares no code with the redactor."""

from replaydisputes.leak_gate.finding import Leak as Leak
from replaydisputes.leak_gate.gate import find_leaks as find_leaks
from replaydisputes.leak_gate.known import KnownSecrets as KnownSecrets

__all__ = ["KnownSecrets", "Leak", "find_leaks"]
