"""Which of the sandbox's assumptions hold at an origin: the calls that decide each, and what they were answered."""

from replaydisputes.settling.online import Online
from replaydisputes.settling.rendering import document, exit_code_of, summary
from replaydisputes.settling.settling import Expected, Settled, UnknownAssumptionError, expected_of, settle

__all__ = [
    "Expected",
    "Online",
    "Settled",
    "UnknownAssumptionError",
    "document",
    "exit_code_of",
    "expected_of",
    "settle",
    "summary",
]
