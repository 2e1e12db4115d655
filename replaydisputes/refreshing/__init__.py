"""Recording again what is there: what can be, what came of it, and what the answers differ in."""

from replaydisputes.refreshing.chosen import Candidate, candidates, why_left_out
from replaydisputes.refreshing.refreshing import Purpose, Refreshed, refresh_all
from replaydisputes.refreshing.rendering import document, exit_code_of, markdown, summary

__all__ = [
    "Candidate",
    "Purpose",
    "Refreshed",
    "candidates",
    "document",
    "exit_code_of",
    "markdown",
    "refresh_all",
    "summary",
    "why_left_out",
]
