"""Several processes that do the same work, each begun again when it dies."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable

_GRACE_S = 5
_SHORT_LIFE_S = 1.0


def can_fork() -> bool:
    return hasattr(os, "fork")


def keep_working(work: Callable[[], None], count: int) -> None:
    """Fork `count` processes that run `work`, and another for each that dies; ends with them on KeyboardInterrupt.

    They end when this process does, however it does. Needs `can_fork`, and that this process has no other thread.
    """
    lifeline, held = os.pipe()
    begun_s: dict[int, float] = {}
    gc.freeze()
    try:
        while True:
            while len(begun_s) < count:
                begun_s[_begin(work, lifeline, held)] = time.monotonic()
            pid, status = os.wait()
            if pid not in begun_s:
                continue
            print(f"Worker {pid} ended ({_how(status)}); another begins.", file=sys.stderr, flush=True)
            if time.monotonic() - begun_s.pop(pid) < _SHORT_LIFE_S:
                time.sleep(_SHORT_LIFE_S)
    except KeyboardInterrupt:
        return
    finally:
        _end(set(begun_s))
        os.close(lifeline)
        os.close(held)


def _begin(work: Callable[[], None], lifeline: int, held: int) -> int:
    """Fork; in the child do the work and never return."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(held)
        threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
        work()
        code = 0
    except KeyboardInterrupt:
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(lifeline: int) -> None:
    """Nothing is ever written to the pipe: it ends when the parent, which alone holds its other end, is gone."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _end(pids: set[int]) -> None:
    """End processes politely, and those at once that are still there after the grace."""
    _signal(pids, signal.SIGTERM)
    until = time.monotonic() + _GRACE_S
    while pids and time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            pid, _ = os.waitpid(-1, os.WNOHANG)
            pids.discard(pid)
            if pid:
                continue
        time.sleep(0.02)
    _signal(pids, signal.SIGKILL)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
