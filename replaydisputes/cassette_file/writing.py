"""The only door to disk: the leak gate and the live-mode check stand in it."""

from __future__ import annotations

import dataclasses
import os
from enum import StrEnum
from pathlib import Path

from replaydisputes.errors import FileAccessError, LeakFoundError, LivemodeError
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Cassette, Provenance
from replaydisputes.stripe_api.json_values import says_livemode

from .disk import locked, remove_leftovers, replace
from .layout import serialize
from .loading import read_bytes
from .reading import parse


class WriteOutcome(StrEnum):
    WRITTEN = "written"
    UNCHANGED = "unchanged"


def write(path: Path, cassette: Cassette, known: KnownSecrets, *, redate: bool = False) -> WriteOutcome:
    """Put a cassette on disk whole or not at all; a file that already says the same is left untouched.

    redate: write it all the same, for its date.

    Raises LeakFoundError, LivemodeError, FileLockedError, FileAccessError, and CassetteFormatError where the file
    in place is not a cassette. After any of them, and after a kill, what was there before is there still.
    """
    content = serialize(cassette)
    refuse_livemode(cassette)
    leaks = find_leaks(content, known)
    if leaks:
        raise LeakFoundError(path, leaks)
    read_back = parse(content, path)
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target):
            remove_leftovers(target)
            same = os.path.lexists(target) and _say_the_same(parse(read_bytes(target), path), read_back)
            if same and not redate:
                return WriteOutcome.UNCHANGED
            replace(target, content)
    except OSError as error:
        raise FileAccessError(path, "write", error.strerror or str(error)) from error
    return WriteOutcome.WRITTEN


def refuse_livemode(cassette: Cassette) -> None:
    """Raises LivemodeError where any object in any response body, at any depth, has `livemode: true`."""
    for number, interaction in enumerate(cassette.interactions, 1):
        if says_livemode(interaction.response.body):
            raise LivemodeError(f"the answer in interaction {number} ({interaction.request.method})")


def _say_the_same(old: Cassette, new: Cassette) -> bool:
    """Whether nothing of substance differs: who wrote it when does not matter, a digest that does not hold does."""
    if old.interactions != new.interactions:
        return False
    if old.provenance is None or new.provenance is None:
        return old.provenance is new.provenance
    return _substance(old.provenance) == _substance(new.provenance)


def _substance(provenance: Provenance) -> Provenance:
    return dataclasses.replace(provenance, tool_version="", recorded_at="")
