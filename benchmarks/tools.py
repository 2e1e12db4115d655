"""Each tool's way to play a cassette, imported when it is first used."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import cassettes
from benchmarks.harness import OURS


def opened(tool: str, path: Path, size: int) -> AbstractContextManager[Any]:
    """A context in which the tool answers the reads of a cassette of `size`, each as often as asked."""
    return {
        OURS: _ours,
        "vcrpy": _vcrpy,
        "cassetter": _cassetter,
        "responses": _responses,
        "respx": _respx,
        "no-op": lambda path, size: nullcontext(),
    }[tool](path, size)


def _ours(path: Path, size: int) -> AbstractContextManager[Any]:
    return importlib.import_module("replaydisputes").replay(str(path))  # type: ignore[no-any-return]


def _vcrpy(path: Path, size: int) -> AbstractContextManager[Any]:
    vcr = importlib.import_module("vcr")
    return vcr.use_cassette(str(path), record_mode="none", allow_playback_repeats=True)  # type: ignore[no-any-return]


def _cassetter(path: Path, size: int) -> AbstractContextManager[Any]:
    return importlib.import_module("cassetter").use_cassette(str(path), record_mode="none")  # type: ignore[no-any-return]


def _responses(path: Path, size: int) -> AbstractContextManager[Any]:
    """No file: the same answers, registered by hand as its users do."""
    mock = importlib.import_module("responses").RequestsMock(assert_all_requests_are_fired=False)
    answer = cassettes.answer()
    headers = {name: text for name, text in answer.headers if name.lower() != "content-type"}
    for number in range(1, size + 1):
        mock.add(
            "GET", cassettes.url(number), answer.body, status=200, headers=headers, content_type="application/json"
        )
    return mock  # type: ignore[no-any-return]


def _respx(path: Path, size: int) -> AbstractContextManager[Any]:
    respx = importlib.import_module("respx")
    httpx = importlib.import_module("httpx")
    router = respx.mock(assert_all_called=False)
    answer = cassettes.answer()
    for number in range(1, size + 1):
        response = httpx.Response(200, headers=list(answer.headers), content=answer.body)
        router.get(cassettes.url(number)).mock(return_value=response)
    return router  # type: ignore[no-any-return]
