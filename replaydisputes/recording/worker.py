"""A process of its own that makes a recording's calls.

vcrpy patches the whole process it captures in, and no other thread may make a call meanwhile. The code under test, with
its threads, clients and frozen clocks, runs in another process; requests and interactions pass between the two as
lines of JSON. The key goes through the pipe, never through an argument. It stands outside `from_test`, as that process
needs nothing of it: importing it would take a third of the start.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any

from replaydisputes.errors import ReplayDisputesError, UnreachableError
from replaydisputes.model import Headers, Interaction, Request, Response

_END_WITHIN_S = 5.0
_OTHER_CLIENTS = ("aiohttp", "botocore", "httplib2", "httpx", "httpx2", "httpx_curl_cffi", "pyreqwest", "tornado")
"""What vcrpy would import, where it is there, to patch it; requests makes the calls, and these take twice as long."""
_PROGRAM = """
import json, sys
sys.path += [place for place in json.loads(sys.stdin.readline()) if place not in sys.path]
from replaydisputes.recording.worker import main
main()
"""


class WorkerLostError(ReplayDisputesError):
    """The process that makes the calls ended by itself, or could not be started."""

    exit_code = 4

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"the process that makes the recording's calls is gone: {cause}. Nothing more was sent.")


class Worker:
    """Makes calls in another process, one at a time; started by the first one."""

    def __init__(self, api_base: str) -> None:
        self._api_base = api_base
        self._process: subprocess.Popen[str] | None = None
        self.started_at = ""
        """UTC by that process's clock, which no test freezes; empty before the first call."""

    def call(self, method: str, path: str, form: bytes, headers: Mapping[str, str], key: str) -> Interaction:
        """As `Capture.call`, which it makes: raises UnreachableError, and WorkerLostError."""
        order = {"method": method, "path": path, "form": _text(form), "headers": dict(headers), "key": key}
        try:
            if self._process is None:
                self._process = self._started()
            answer = self._ask(self._process, order)
        except BaseException:
            self.end(at_once=True)
            raise
        if "unreachable" in answer:
            raise UnreachableError(*answer["unreachable"], may_have_arrived=answer["may_have_arrived"])
        if "failed" in answer:
            raise WorkerLostError(f"a call ended in {answer['failed']}")
        return _interaction(answer["interaction"])

    def end(self, *, at_once: bool = False) -> None:
        """Let the process go. at_once: without waiting for a call that it is making."""
        process, self._process = self._process, None
        if process is None:
            return
        if at_once:
            process.kill()
        with process:
            with suppress(OSError):
                _pipe(process.stdin).close()
            try:
                process.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def _started(self) -> subprocess.Popen[str]:
        try:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program that stands above
                [sys.executable, "-P", "-W", "ignore", "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="ascii",
            )
        except OSError as error:
            raise WorkerLostError(error.strerror or type(error).__name__) from error
        try:
            places = [os.path.abspath(place) for place in sys.path]
            self.started_at = str(self._ask(process, places, {"api_base": self._api_base})["at"])
        except BaseException:
            process.kill()
            process.communicate()
            raise
        return process

    @staticmethod
    def _ask(process: subprocess.Popen[str], *lines: object) -> dict[str, Any]:
        pipe = _pipe(process.stdin)
        try:
            for line in lines:
                pipe.write(json.dumps(line) + "\n")
            pipe.flush()
            answer = _pipe(process.stdout).readline()
        except OSError as error:
            raise WorkerLostError(error.strerror or type(error).__name__) from error
        if not answer.endswith("\n"):
            raise WorkerLostError("it ended without an answer")
        said: dict[str, Any] = json.loads(answer)
        return said


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - both were asked for
    return pipe


def main() -> None:
    """The other process: an order a line on standard input, an answer a line on what was standard output."""
    for client in _OTHER_CLIENTS:
        sys.modules[client] = None  # type: ignore[assignment] # as if it were not installed
    from replaydisputes.recording.capture import capturing  # noqa: PLC0415 - vcrpy is for this process only

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the test; a call under way is still answered
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    api_base = json.loads(sys.stdin.readline())["api_base"]
    _say(answers, {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
    with capturing(api_base) as capture:
        for line in sys.stdin:
            order = json.loads(line)
            order["form"] = base64.b64decode(order["form"])
            _say(answers, _answered(capture, order))


def _answered(capture: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    try:
        interaction = capture.call(**order)
    except UnreachableError as error:
        return {"unreachable": [error.host, error.cause], "may_have_arrived": error.may_have_arrived}
    except Exception as error:
        return {"failed": type(error).__name__}
    raw = asdict(interaction)
    for part in raw.values():
        part["body"] = _text(part["body"])
    return {"interaction": raw}


def _say(pipe: IO[str], answer: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(answer) + "\n")
    pipe.flush()


def _interaction(raw: Mapping[str, Any]) -> Interaction:
    request, response = (_with_values(raw[part]) for part in ("request", "response"))
    return Interaction(Request(**request), Response(**response))


def _with_values(part: Mapping[str, Any]) -> dict[str, Any]:
    headers: Headers = tuple((name, value) for name, value in part["headers"])
    return {**part, "headers": headers, "body": base64.b64decode(part["body"])}


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")
