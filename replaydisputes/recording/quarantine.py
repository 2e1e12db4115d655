"""Where a capture lives until its cassette is written: a private file per recording, outside any repository.

It is a journal: every write to the API is noted before it is sent and every answer as it comes, each flushed to disk,
so that a close that was sent is never lost, whenever the recorder dies. Keys are never in it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import platformdirs

from replaydisputes.errors import FileAccessError
from replaydisputes.model import Headers, Interaction, Request, Response

if sys.platform != "win32":
    import fcntl


_CUT_OFF = "the recorder was interrupted"


def quarantine_directory() -> Path:
    """The user's own state directory, mode 0700."""
    return Path(platformdirs.user_state_path("replaydisputes", appauthor=False)) / "quarantine"


class Journal:
    """The append-only record of one recording. `discard` it once the cassette is on disk."""

    def __init__(
        self, scenario: str, api_base: str, directory: Path | None = None, *, cassette: Path | None = None
    ) -> None:
        """Raises FileAccessError where the file cannot be made: then nothing may be sent.

        cassette: the file that a test is recording; None where the calls are a scenario's own.
        """
        directory = directory or quarantine_directory()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        plain = re.sub(r"[^A-Za-z0-9._+-]", "-", scenario)
        self.path = directory / f"{stamp}-{plain}-{os.getpid()}-{time.monotonic_ns() % 10**9:09d}.jsonl"
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise FileAccessError(self.path, "keep the capture", error.strerror or str(error)) from error
        self._file = open(descriptor, "ab")  # noqa: SIM115 - lives as long as the journal
        _take(self._file)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        started = {"event": "started", "scenario": scenario, "api_base": api_base, "at": at}
        self._append(started if cassette is None else {**started, "cassette": str(cassette.absolute())})

    def sending(self, method: str, path: str, dispute: str) -> None:
        """Note, before it is sent, a call that changes something."""
        self._append({"event": "sending", "method": method, "path": path, "dispute": dispute})

    def answered(self, interaction: Interaction, recorded: bool) -> None:
        """Keep an answer. recorded: whether it belongs into the cassette (setup calls do not)."""
        request, response = interaction.request, interaction.response
        self._append(
            {
                "event": "answered",
                "recorded": recorded,
                "request": _raw(request.headers, request.body) | {"method": request.method, "url": request.url},
                "response": _raw(response.headers, response.body)
                | {"status": response.status, "reason": response.reason},
            }
        )

    def found(self, problem: str) -> None:
        """Note why the cassette was not written."""
        self._append({"event": "refused", "problem": problem})

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        """Erase it: the cassette is on disk, or nothing worth keeping was sent."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _append(self, event: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(event).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One journal that is still there. `kept` marks which of `interactions` belong into the cassette.

    changed: the disputes that a write was sent for. unanswered: the path of a write that no answer followed.
    cassette: the file that a test was recording; None where the calls are those of a scenario.
    """

    path: Path
    scenario: str
    api_base: str
    started_at: str
    interactions: tuple[Interaction, ...]
    kept: tuple[bool, ...]
    sent_closes: tuple[str, ...]
    changed: tuple[str, ...]
    unanswered: str
    problem: str
    cassette: Path | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def was_cut_off(self) -> bool:
        """Whether the recorder died before it could say why."""
        return self.problem == _CUT_OFF

    @property
    def for_cassette(self) -> tuple[Interaction, ...]:
        return tuple(item for item, kept in zip(self.interactions, self.kept, strict=True) if kept)


def quarantined(directory: Path | None = None) -> list[Quarantined]:
    """Every journal left behind, oldest first. One whose recorder is still at work is not among them."""
    paths = sorted((directory or quarantine_directory()).glob("*.jsonl"))
    return [read_journal(path) for path in paths if not _at_work(path)]


def read_journal(path: Path) -> Quarantined:
    """What a journal holds; a line torn by a kill, and whatever follows it, is left out."""
    events = list(_events(path))
    answered = [event for event in events if event["event"] == "answered"]
    started: Mapping[str, Any] = events[0] if events else {}
    sending = [event for event in events if event["event"] == "sending"]
    closes = [event["dispute"] for event in sending if event["path"].endswith("/close")]
    last: Mapping[str, Any] = next((event for event in reversed(events) if event["event"] != "refused"), {})
    problems = [event["problem"] for event in events if event["event"] == "refused"]
    return Quarantined(
        path,
        str(started.get("scenario", "")),
        str(started.get("api_base", "")),
        str(started.get("at", "")),
        tuple(Interaction(_request(event["request"]), _response(event["response"])) for event in answered),
        tuple(bool(event["recorded"]) for event in answered),
        tuple(dict.fromkeys(closes)),
        tuple(dict.fromkeys(event["dispute"] for event in sending if event["dispute"])),
        last["path"] if last.get("event") == "sending" else "",
        problems[-1] if problems else _CUT_OFF,
        Path(started["cassette"]) if "cassette" in started else None,
    )


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def _at_work(path: Path) -> bool:
    """Whether a recorder still holds this journal open."""
    with path.open("rb") as file:
        return not _take(file)


def _take(file: IO[bytes]) -> bool:
    """Lock a journal for as long as the file is open; False where another has it. Without flock (Windows) none has."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _raw(headers: Headers, body: bytes) -> dict[str, Any]:
    shown = [
        [name, f"{value.partition(' ')[0]} (not kept)" if name.lower() == "authorization" else value]
        for name, value in headers
    ]
    return {"headers": shown, "body": base64.b64encode(body).decode("ascii")}


def _request(raw: Mapping[str, Any]) -> Request:
    return Request(raw["method"], raw["url"], _pairs(raw), base64.b64decode(raw["body"]))


def _response(raw: Mapping[str, Any]) -> Response:
    return Response(raw["status"], _pairs(raw), base64.b64decode(raw["body"]), raw["reason"])


def _pairs(raw: Mapping[str, Any]) -> Headers:
    return tuple((name, value) for name, value in raw["headers"])
