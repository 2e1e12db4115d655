"""Bodies as they can be read and changed: without their content coding, and put back into it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Headers, Response


class CompressedAnswerError(ReplayDisputesError):
    """Something is to be changed or found in an answer that the standard library cannot read."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        super().__init__(
            f"the recorded answer is compressed with {coding[:20]!r}, so nothing can be read from it or put into it. "
            f"`replaydisputes redact` writes the cassette with readable bodies."
        )


def plain_body(response: Response) -> bytes:
    """The body without its content coding. Raises CompressedAnswerError."""
    return _decoded(response.body, _coding_of(response))[0]


def rewritten(response: Response, body: Callable[[bytes], bytes]) -> Response:
    """The response with its plain body changed, its coding kept and its length true.

    body: from the plain body to the new one. Raises CompressedAnswerError for a coding the standard library cannot
    read.
    """
    plain, coding = _decoded(response.body, _coding_of(response))
    done = _encoded(body(plain), coding)
    headers: Headers = tuple(
        (name, str(len(done)) if name.lower() == "content-length" and response.body else value)
        for name, value in response.headers
    )
    return replace(response, headers=headers, body=done)


def _coding_of(response: Response) -> str:
    return (response.header("content-encoding") or "").lower()


def _decoded(body: bytes, coding: str) -> tuple[bytes, str]:
    """A body without its coding, and the coding to give back; a body that is not coded as it says is plain."""
    try:
        if coding in ("gzip", "x-gzip"):
            return gzip.decompress(body), coding
        if coding == "deflate":
            return zlib.decompress(body), coding
    except (OSError, EOFError, zlib.error):
        return body, ""
    if coding not in ("", "identity") and body:
        raise CompressedAnswerError(coding)
    return body, ""


def _encoded(body: bytes, coding: str) -> bytes:
    if not coding:
        return body
    return zlib.compress(body) if coding == "deflate" else gzip.compress(body, mtime=0)
