"""The calls that decide each assumption, by its name, and why some cannot be decided by any."""

from replaydisputes.settling.probes.by_close import BY_CLOSE
from replaydisputes.settling.probes.by_object import BY_OBJECT
from replaydisputes.settling.probes.by_request import BY_REQUEST
from replaydisputes.settling.probes.by_time import BY_TIME
from replaydisputes.settling.probes.seen import Probe, Seen

PROBES: dict[str, Probe] = BY_CLOSE | BY_OBJECT | BY_REQUEST | BY_TIME

NOT_OBSERVABLE = {
    "idempotency-expiry": "it takes more than 24 hours",
    "api-error": "Stripe fails for nobody on demand",
    "live-mode-id": "it takes the id of a live dispute, which is not asked for here",
}
"""Assumptions that no run of calls can decide."""

__all__ = ["NOT_OBSERVABLE", "PROBES", "Probe", "Seen"]
