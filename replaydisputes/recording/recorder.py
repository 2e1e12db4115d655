"""Runs a scenario against an API, and turns what was captured into a cassette on disk."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from replaydisputes.cassette_file import load
from replaydisputes.cassette_file.disk import locked, name_beside
from replaydisputes.errors import (
    ApiBaseRefusedError,
    EditedCassetteWarning,
    FileAccessError,
    FileLockedError,
    KeyRefusedError,
    ReplayDisputesError,
)
from replaydisputes.model import Interaction
from replaydisputes.recording.publishing import IsWanted, RawCapture, Recorded, publish
from replaydisputes.recording.quarantine import Journal
from replaydisputes.recording.running import NeedMissingError, RecordingDeclinedError, Run
from replaydisputes.recording.scenarios import Scenario
from replaydisputes.recording.surroundings import UNKNOWN_KEY, Surroundings, Target
from replaydisputes.stripe_api.keys import key_mode

__all__ = [
    "UNKNOWN_KEY",
    "NeedMissingError",
    "RecordingDeclinedError",
    "RecordingInterruptedError",
    "Surroundings",
    "Target",
    "check_replaceable",
    "check_target",
    "is_loopback",
    "record",
]

_RESTRICTED_REMEDY = "Set STRIPE_RESTRICTED_KEY to one of test mode (rk_test_…)"


class RecordingInterruptedError(ReplayDisputesError):
    """Ctrl-C in the middle of a recording."""

    exit_code = 130

    def __init__(self, scenario: str, kept: str) -> None:
        self.scenario, self.kept = scenario, kept
        super().__init__(f"{scenario}: interrupted, nothing was written.{' ' + kept if kept else ''}")


def check_target(target: Target, scenario: Scenario) -> None:
    """Refuse, before any connection, whatever could reach live money or send a key in the clear."""
    mode = key_mode(target.key)
    if mode == "live":
        raise KeyRefusedError("the key is a live-mode key, and closing a dispute cannot be undone")
    if mode != "test" and scenario.needs_key:
        raise KeyRefusedError("there is no test-mode key" if not target.key else "the key is not a test-mode key")
    _check_restricted_key(target.restricted_key, scenario)
    parts = urlsplit(target.api_base)
    if parts.username or parts.password:
        raise ApiBaseRefusedError("(not shown)", "an address with a user or password in it is not taken")
    is_origin = parts.path in ("", "/") and not {"?", "#"} & set(target.api_base)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_origin:
        raise ApiBaseRefusedError(target.api_base, "expected an origin such as http://127.0.0.1:12111")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ApiBaseRefusedError(target.api_base, "plain http would send the key in the clear; use https")


def _check_restricted_key(key: str, scenario: Scenario) -> None:
    if key_mode(key) == "live":
        raise KeyRefusedError("the restricted key is a live-mode key", remedy=_RESTRICTED_REMEDY)
    if "a restricted key" in scenario.needs and not (key.startswith("rk") and key_mode(key) == "test"):
        raise NeedMissingError(
            scenario.name,
            "it needs a restricted test-mode key that may read disputes and not write them",
            _RESTRICTED_REMEDY,
        )


def record(  # noqa: PLR0913, PLR0917 - the last two have a default
    scenario: Scenario,
    target: Target,
    path: Path,
    around: Surroundings,
    dispute: str | None = None,
    is_wanted: IsWanted | None = None,
) -> Recorded:
    """Make the scenario's calls and write its cassette to `path`.

    dispute: an existing one to use instead of making one. is_wanted: see `publish`. What `check_replaceable` refuses is
    refused before anything is sent. Whatever goes wrong once a close was sent leaves the
    capture in the quarantine and the old cassette as it was.
    """
    check_target(target, scenario)
    check_replaceable(path)
    journal = Journal(scenario.name, target.api_base, secrets=target.secrets, is_kept=around.keeps_captures)
    run = Run(scenario, target, journal, around)
    try:
        made = publish(_captured(run, journal, run.calls(dispute)), path, is_wanted)
    except KeyboardInterrupt as interrupt:
        run.end(interrupt)
        raise RecordingInterruptedError(scenario.name, run.kept()) from None
    except (FileAccessError, FileLockedError) as error:
        run.end(error)
        raise error.keeping(run.kept()) from error
    except BaseException as error:
        run.end(error)
        raise
    journal.discard()
    return made


def _captured(run: Run, journal: Journal, kept: Sequence[Interaction]) -> RawCapture:
    return RawCapture(
        run.scenario.name,
        run.target.api_base,
        tuple(run.raw),
        tuple(kept),
        journal.path if journal.is_kept else None,
        run.around.now_utc(),
        tuple({*run.target.secrets, UNKNOWN_KEY}),
        run.around.policy,
    )


def check_replaceable(path: Path) -> None:
    """Find out before a dispute is closed, not after it, that the cassette could not be written.

    Raises FileAccessError for a directory that takes no file, or for a name that no file can have, FileLockedError,
    CassetteFormatError for a file that is no cassette.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise FileAccessError(path, "write", "it is a symbolic link that leads to itself", "Nothing was sent.")
        _check_place(path, target)
        with locked(target):
            pass
    except OSError as error:
        raise FileAccessError(path, "write", error.strerror or str(error), "Nothing was sent.") from error
    if path.exists():
        with warnings.catch_warnings(action="ignore", category=EditedCassetteWarning):
            load(path)


def _check_place(path: Path, target: Path) -> None:
    nearest = next(folder for folder in target.parents if os.path.exists(folder))
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        cause = f"{nearest} {'takes no new file' if nearest.is_dir() else 'is no directory'}"
        raise FileAccessError(path, "write", cause, "Nothing was sent.")
    for name in (*target.parent.relative_to(nearest).parts, name_beside(target).name):
        with suppress(FileNotFoundError):
            os.lstat(nearest / name)  # what nothing could be called ends here


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
