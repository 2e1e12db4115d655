"""Where a capture lives until its cassette is written: a private file per recording, outside any repository.

It is a journal: every write to the API is noted before it is sent and every answer as it comes, each flushed to disk,
so that a close that was sent is never lost, whenever the recorder dies. No key of the run is in it, whatever echoes it.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import platformdirs

from replaydisputes.cassette_file.disk import own_directory
from replaydisputes.errors import FileAccessError
from replaydisputes.leak_gate import KnownSecrets, find_leaks
from replaydisputes.model import Headers, Interaction, Request, Response

if sys.platform != "win32":
    import fcntl


ROOM_BYTES = 1024 * 1024
"""On disk for the answer to a call, before the call is sent."""

_SHORTEST = 8
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
_CUT_OFF = "the recorder was interrupted"


def quarantine_directory() -> Path:
    """The user's own state directory, mode 0700."""
    return Path(platformdirs.user_state_path("replaydisputes", appauthor=False)) / "quarantine"


class Journal:
    """The append-only record of one recording. `discard` it once the cassette is on disk."""

    def __init__(  # noqa: PLR0913 - all but the first two have a default
        self,
        scenario: str,
        api_base: str,
        directory: Path | None = None,
        *,
        cassette: Path | None = None,
        secrets: Set[str] = frozenset(),
        is_kept: bool = True,
    ) -> None:
        """Raises FileAccessError if the file cannot be made with room for the first answers: then nothing may be sent.

        cassette: the file that a test is recording; None if the calls are a scenario's own. secrets: keys that are
        kept out of it; the set may grow. is_kept: False for one that is gone with its recorder, however that ends.
        """
        self._secrets, self._room_bytes, self.is_kept = secrets, 0, is_kept
        self.problem = ""
        """Why an answer is not on disk; empty as long as all are."""
        directory = directory or quarantine_directory()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        plain = re.sub(r"[^A-Za-z0-9._+-]", "-", scenario)
        self.path = directory / f"{stamp}-{plain}-{os.getpid()}-{time.monotonic_ns() % 10**9:09d}.jsonl"
        try:
            own_directory(directory)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise self._cannot(error) from error
        self._file = open(descriptor, "wb")  # noqa: SIM115 - lives as long as the journal
        _take(self._file)
        if not is_kept:
            with suppress(OSError):  # Windows removes no open file
                self.path.unlink()
        self._reserve()
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        started = {"event": "started", "scenario": scenario, "api_base": api_base, "at": at}
        self._append(started if cassette is None else {**started, "cassette": str(cassette.absolute())})

    def sending(self, method: str, path: str, dispute: str) -> None:
        """Note, before it is sent, a call that changes something, and have room for its answer. Raises FileAccessError.

        After that the call may be sent: nothing of it is lost for want of a disk.
        """
        try:
            self._append({"event": "sending", "method": method, "path": path, "dispute": dispute})
        except OSError as error:
            raise self._cannot(error) from error
        self._reserve()

    def answered(self, interaction: Interaction, recorded: bool) -> None:
        """Keep an answer; if the disk takes it no more, `problem` says why, and the recording goes on.

        recorded: whether it belongs into the cassette (setup calls do not).
        """
        request, response = interaction.request, interaction.response
        self._append_if_possible(
            {
                "event": "answered",
                "recorded": recorded,
                "request": self._raw(request.headers, request.body) | {"method": request.method, "url": request.url},
                "response": self._raw(response.headers, response.body)
                | {"status": response.status, "reason": self._without_secrets(response.reason)},
            }
        )

    def found(self, problem: str) -> None:
        """Note why the cassette was not written."""
        self._append_if_possible({"event": "refused", "problem": problem})

    def close(self) -> None:
        with suppress(OSError):
            self._file.truncate(self._file.tell())
        with suppress(OSError):
            self._file.close()

    def discard(self) -> None:
        """Erase it: the cassette is on disk, or nothing worth keeping was sent."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _append_if_possible(self, event: Mapping[str, Any]) -> None:
        try:
            self._append(event)
        except OSError as error:
            self.problem = error.strerror or str(error)

    def _append(self, event: Mapping[str, Any]) -> None:
        if self.problem:
            return  # half a line may stand there
        self._file.write(json.dumps(event).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _reserve(self) -> None:
        """Have the disk keep room for what is written next. Raises FileAccessError."""
        wanted_bytes = self._file.tell() + ROOM_BYTES
        try:
            _enlarge(self._file, self._room_bytes, wanted_bytes - self._room_bytes)
        except OSError as error:
            if self._room_bytes == 0:
                self.discard()
            raise self._cannot(error) from error
        self._room_bytes = wanted_bytes

    def _cannot(self, error: OSError) -> FileAccessError:
        return FileAccessError(self.path, "keep the capture", error.strerror or str(error))

    def _raw(self, headers: Headers, body: bytes) -> dict[str, Any]:
        shown = [
            [name, f"{value.partition(' ')[0]} (not kept)" if name.lower() in _CREDENTIALS else value]
            for name, value in headers
        ]
        kept = [[name, self._without_secrets(value)] for name, value in shown]
        return {"headers": kept, "body": base64.b64encode(self._body_without_secrets(body)).decode("ascii")}

    def _without_secrets(self, text: str) -> str:
        encoded = text.encode("utf-8", "surrogateescape")
        return _masked_again(encoded, frozenset(self._secrets)).decode("utf-8", "surrogateescape")

    def _body_without_secrets(self, body: bytes) -> bytes:
        return _masked(body, frozenset(self._secrets))


def _masked(body: bytes, secrets: frozenset[str]) -> bytes:
    """What an API or a proxy says may hold the key: masked if it stands there as it is; else nothing is kept."""
    for secret in secrets:
        body = body.replace(secret.encode(), b"(a key, not kept)")
    known = KnownSecrets(frozenset(("API key", secret) for secret in secrets if len(secret) >= _SHORTEST))
    if secrets and body and any(leak.kind == "API key" for leak in find_leaks(body, known)):
        return b"(not kept: a key is in it)"
    return body


_masked_again = lru_cache(maxsize=512)(_masked)
"""For header values, which are short and repeat from call to call: looking for a key in them took half a recording."""


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


def _enlarge(file: IO[bytes], size: int, by: int) -> None:
    """Have a file of at least `size + by` bytes, all of them on disk; where it is read next stays."""
    if by <= 0:
        return
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), size, by)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
        else:
            return
    place = file.tell()
    file.seek(max(size, place))
    file.write(bytes(by))
    file.flush()
    file.seek(place)


def _request(raw: Mapping[str, Any]) -> Request:
    return Request(raw["method"], raw["url"], _pairs(raw), base64.b64decode(raw["body"]))


def _response(raw: Mapping[str, Any]) -> Response:
    return Response(raw["status"], _pairs(raw), base64.b64decode(raw["body"]), raw["reason"])


def _pairs(raw: Mapping[str, Any]) -> Headers:
    return tuple((name, value) for name, value in raw["headers"])
