"""What differs between two recordings of the same calls, and matters: not ids, not times, not people."""

from replaydisputes.comparing.comparing import compare
from replaydisputes.comparing.drift import Drift, Drifts
from replaydisputes.comparing.likeness import masked
from replaydisputes.comparing.rendering import as_json, cell, document, markdown

__all__ = ["Drift", "Drifts", "as_json", "cell", "compare", "document", "markdown", "masked"]
