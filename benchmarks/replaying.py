"""One replayed call, as a ratio to the same client over a no-op transport, blocks interleaved; vcrpy beside it."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import urllib3
import vcr

import replaydisputes

CALLS = 200
BLOCKS = 15
CASSETTE = Path(__file__).parent.parent / "cassettes" / "close-lost.yaml"
URL = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"


class _NoOp(requests.adapters.HTTPAdapter):
    """A transport that answers at once, with the recorded read."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        raw = urllib3.HTTPResponse(io.BytesIO(self._body), status=200, preload_content=False)
        return self.build_response(request, raw)


def main() -> None:
    """Print medians and spread of the ratio to the no-op transport."""
    with replaydisputes.replay(str(CASSETTE)) as running:
        body = running.cassette.interactions[0].response.body
    sessions = {name: requests.Session() for name in ("no-op", "replaydisputes", "vcrpy")}
    sessions["no-op"].mount("https://", _NoOp(body))
    blocks: dict[str, Callable[[], float]] = {
        "no-op": lambda: _block(sessions["no-op"]),
        "replaydisputes": lambda: _ours(sessions["replaydisputes"]),
        "vcrpy": lambda: _vcrpy(sessions["vcrpy"]),
    }
    times: dict[str, list[float]] = {name: [] for name in blocks}
    for _ in range(BLOCKS):
        for name, block in blocks.items():
            times[name].append(block())
    base = statistics.median(times["no-op"])
    print(f"one requests call, ratio to a no-op transport ({base / CALLS * 1e6:.0f} µs), {BLOCKS} blocks of {CALLS}")
    for name, spent in times.items():
        ratios = sorted(one / base for one in spent)
        print(f"  {name:<16} {statistics.median(ratios):6.2f}  ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _ours(session: requests.Session) -> float:
    with replaydisputes.replay(str(CASSETTE)):
        return _block(session)


def _vcrpy(session: requests.Session) -> float:
    with vcr.use_cassette(str(CASSETTE), record_mode="none", allow_playback_repeats=True):
        return _block(session)


def _block(session: requests.Session) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        session.get(URL)
    return time.perf_counter() - began
