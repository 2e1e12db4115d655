"""Record Stripe test-mode dispute closes into redacted cassettes, and replay them offline.

`replay`, what can be asked of the running one, and the errors are all there is to import; each is loaded when first
used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replaydisputes.api import fail_next as fail_next
    from replaydisputes.api import replay as replay
    from replaydisputes.api import webhook as webhook
    from replaydisputes.errors import CassetteFormatError as CassetteFormatError
    from replaydisputes.errors import EditedCassetteWarning as EditedCassetteWarning
    from replaydisputes.errors import MismatchError as MismatchError
    from replaydisputes.errors import NetworkBlockedError as NetworkBlockedError
    from replaydisputes.errors import NoReplayError as NoReplayError
    from replaydisputes.errors import OldRecordingWarning as OldRecordingWarning
    from replaydisputes.errors import ReplayDisputesError as ReplayDisputesError
    from replaydisputes.errors import StripeVersionWarning as StripeVersionWarning
    from replaydisputes.errors import UnknownCassetteError as UnknownCassetteError
    from replaydisputes.errors import UnplayedError as UnplayedError
    from replaydisputes.errors import UnplayedWarning as UnplayedWarning
    from replaydisputes.replaying import Replay as Replay

_FROM_API = ("Replay", "fail_next", "replay", "webhook")
_FROM_ERRORS = (
    "CassetteFormatError",
    "EditedCassetteWarning",
    "MismatchError",
    "NetworkBlockedError",
    "NoReplayError",
    "OldRecordingWarning",
    "ReplayDisputesError",
    "StripeVersionWarning",
    "UnknownCassetteError",
    "UnplayedError",
    "UnplayedWarning",
)
__all__ = [*_FROM_API, *_FROM_ERRORS]  # noqa: PLE0604 - names, from the two tuples above


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - nothing is imported until a name is used

    if name in _FROM_API:
        return getattr(import_module("replaydisputes.api"), name)
    if name in _FROM_ERRORS:
        return getattr(import_module("replaydisputes.errors"), name)
    raise AttributeError(f"module 'replaydisputes' has no attribute {name!r}")
