"""The ids that the examples use: those of `replaydisputes serve` over the shipped library."""

from __future__ import annotations

LOST = "du_1AAAAAreplaydisp00000001"
TWICE = "du_1AAAAAreplaydisp1MxbtBkz"
LISTED, ITS_CHARGE = "du_1AAAAAreplaydisp5UqPOcYJ", "ch_1AAAAAreplaydisp580QPi0w"
UNKNOWN = "du_1AAAAAreplaydisp1YON23EJ"
EXPANDED = "du_1AAAAAreplaydisp8rVQ5Jr8"
BY_CASSETTE = {
    "close-lost": LOST,
    "close-twice": TWICE,
    "close-list": LISTED,
    "close-unknown": UNKNOWN,
    "close-expand-charge": EXPANDED,
}
