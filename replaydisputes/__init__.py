"""Record Stripe test-mode dispute closes into redacted cassettes, and replay them offline.

`replay`, what can be asked of the running one, and the errors are all there is to import. Each is loaded when it is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "AlreadyRecordingError",
    "ApiBaseRefusedError",
    "CassetteFormatError",
    "ClassSetUpError",
    "CompressedAnswerError",
    "EditedCassetteWarning",
    "EventNotRecordedError",
    "FaultOptionError",
    "FileAccessError",
    "FileLockedError",
    "ForwardingRefusedError",
    "KeyRefusedError",
    "LeakFoundError",
    "LivemodeError",
    "MismatchError",
    "MissingExtraError",
    "NestedReplayError",
    "NetworkBlockedError",
    "NoCassetteError",
    "NoCassetteFileError",
    "NoCassetteHereError",
    "NoReplayError",
    "NotReplayableError",
    "NothingRecordedError",
    "OldRecordingWarning",
    "OtherProcessError",
    "OutsideReplayError",
    "PlaybackOptionError",
    "Playing",
    "PortInUseError",
    "RecordOptionError",
    "Replay",
    "ReplayDisputesError",
    "ReplayEndedError",
    "SettingsError",
    "SeveralToRecordError",
    "StripeVersionWarning",
    "TooManyDisputesError",
    "UnexpectedAnswerError",
    "UnknownCassetteError",
    "UnknownScenarioError",
    "UnplayedError",
    "UnplayedWarning",
    "UnreachableError",
    "UnusedFaultError",
    "Webhook",
    "WebhookSecretError",
    "WebhookVersionError",
    "fail_next",
    "replay",
    "webhook",
]

if TYPE_CHECKING:
    from replaydisputes.api import fail_next as fail_next
    from replaydisputes.api import replay as replay
    from replaydisputes.api import webhook as webhook
    from replaydisputes.errors import ApiBaseRefusedError as ApiBaseRefusedError
    from replaydisputes.errors import CassetteFormatError as CassetteFormatError
    from replaydisputes.errors import ClassSetUpError as ClassSetUpError
    from replaydisputes.errors import EditedCassetteWarning as EditedCassetteWarning
    from replaydisputes.errors import FileAccessError as FileAccessError
    from replaydisputes.errors import FileLockedError as FileLockedError
    from replaydisputes.errors import KeyRefusedError as KeyRefusedError
    from replaydisputes.errors import LeakFoundError as LeakFoundError
    from replaydisputes.errors import LivemodeError as LivemodeError
    from replaydisputes.errors import MismatchError as MismatchError
    from replaydisputes.errors import MissingExtraError as MissingExtraError
    from replaydisputes.errors import NestedReplayError as NestedReplayError
    from replaydisputes.errors import NetworkBlockedError as NetworkBlockedError
    from replaydisputes.errors import NoCassetteError as NoCassetteError
    from replaydisputes.errors import NoCassetteFileError as NoCassetteFileError
    from replaydisputes.errors import NoCassetteHereError as NoCassetteHereError
    from replaydisputes.errors import NoReplayError as NoReplayError
    from replaydisputes.errors import OldRecordingWarning as OldRecordingWarning
    from replaydisputes.errors import OtherProcessError as OtherProcessError
    from replaydisputes.errors import OutsideReplayError as OutsideReplayError
    from replaydisputes.errors import PortInUseError as PortInUseError
    from replaydisputes.errors import ReplayDisputesError as ReplayDisputesError
    from replaydisputes.errors import ReplayEndedError as ReplayEndedError
    from replaydisputes.errors import StripeVersionWarning as StripeVersionWarning
    from replaydisputes.errors import UnexpectedAnswerError as UnexpectedAnswerError
    from replaydisputes.errors import UnknownCassetteError as UnknownCassetteError
    from replaydisputes.errors import UnknownScenarioError as UnknownScenarioError
    from replaydisputes.errors import UnplayedError as UnplayedError
    from replaydisputes.errors import UnplayedWarning as UnplayedWarning
    from replaydisputes.errors import UnreachableError as UnreachableError
    from replaydisputes.playback import PlaybackOptionError as PlaybackOptionError
    from replaydisputes.playback.codings import CompressedAnswerError as CompressedAnswerError
    from replaydisputes.playback.faults import FaultOptionError as FaultOptionError
    from replaydisputes.playback.faults import UnusedFaultError as UnusedFaultError
    from replaydisputes.playback.namesakes import TooManyDisputesError as TooManyDisputesError
    from replaydisputes.playback.webhooks import EventNotRecordedError as EventNotRecordedError
    from replaydisputes.playback.webhooks import Webhook as Webhook
    from replaydisputes.playback.webhooks import WebhookSecretError as WebhookSecretError
    from replaydisputes.playback.webhooks import WebhookVersionError as WebhookVersionError
    from replaydisputes.recording.from_test.plan import RecordOptionError as RecordOptionError
    from replaydisputes.recording.from_test.refusals import ForwardingRefusedError as ForwardingRefusedError
    from replaydisputes.recording.from_test.refusals import NothingRecordedError as NothingRecordedError
    from replaydisputes.recording.from_test.turn import AlreadyRecordingError as AlreadyRecordingError
    from replaydisputes.recording.own_replay import NotReplayableError as NotReplayableError
    from replaydisputes.replaying import Playing as Playing
    from replaydisputes.replaying import Replay as Replay
    from replaydisputes.settings import SettingsError as SettingsError
    from replaydisputes.underway import SeveralToRecordError as SeveralToRecordError
else:
    _DEFINED_IN = {
        "api": (
            "fail_next",
            "replay",
            "webhook",
        ),
        "replaying": (
            "Playing",
            "Replay",
        ),
        "errors": (
            "ApiBaseRefusedError",
            "CassetteFormatError",
            "ClassSetUpError",
            "EditedCassetteWarning",
            "FileAccessError",
            "FileLockedError",
            "KeyRefusedError",
            "LeakFoundError",
            "LivemodeError",
            "MismatchError",
            "MissingExtraError",
            "NestedReplayError",
            "NetworkBlockedError",
            "NoCassetteError",
            "NoCassetteFileError",
            "NoCassetteHereError",
            "NoReplayError",
            "OldRecordingWarning",
            "OtherProcessError",
            "OutsideReplayError",
            "PortInUseError",
            "ReplayDisputesError",
            "ReplayEndedError",
            "StripeVersionWarning",
            "UnexpectedAnswerError",
            "UnknownCassetteError",
            "UnknownScenarioError",
            "UnplayedError",
            "UnplayedWarning",
            "UnreachableError",
        ),
        "playback": ("PlaybackOptionError",),
        "playback.codings": ("CompressedAnswerError",),
        "playback.faults": (
            "FaultOptionError",
            "UnusedFaultError",
        ),
        "playback.namesakes": ("TooManyDisputesError",),
        "playback.webhooks": (
            "EventNotRecordedError",
            "Webhook",
            "WebhookSecretError",
            "WebhookVersionError",
        ),
        "recording.from_test.plan": ("RecordOptionError",),
        "recording.from_test.refusals": (
            "ForwardingRefusedError",
            "NothingRecordedError",
        ),
        "recording.from_test.turn": ("AlreadyRecordingError",),
        "recording.own_replay": ("NotReplayableError",),
        "settings": ("SettingsError",),
        "underway": ("SeveralToRecordError",),
    }

    def __getattr__(name: str) -> object:
        for module, names in _DEFINED_IN.items():
            if name in names:
                from importlib import import_module  # noqa: PLC0415 - nothing is imported until a name is used

                return getattr(import_module(f"replaydisputes.{module}"), name)
        raise AttributeError(f"module 'replaydisputes' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
