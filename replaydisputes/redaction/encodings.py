"""Bodies behind their content encoding. A bomb costs no memory; what cannot be opened is told apart, not guessed at."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable

from replaydisputes.model import Headers, header

_MAX_INFLATED = 64 * 1024 * 1024
_LEAST_LIMIT, _MOST_FOLD = 1024 * 1024, 64
"""A body may grow to a megabyte, or to 64 times its size: JSON of Stripe's packs some ten or twenty times."""


def decoded(headers: Headers, body: bytes) -> tuple[bool, bytes]:
    """Whether the body could be opened, and the body: opened, or as it came where it could not.

    gzip and deflate always; br and zstd where `brotli` and `zstandard` are installed (the `compression` extra). All
    encodings together may make a body at most a megabyte longer, or 64 times as long.
    Several encodings are undone last first (RFC 9110, 8.4).
    """
    named = (header(headers, "content-encoding") or "").lower()
    opened, limit = body, min(_MAX_INFLATED, _LEAST_LIMIT + _MOST_FOLD * len(body))
    for encoding in reversed([part.strip() for part in named.split(",")]):
        if encoding in ("", "identity") or not opened:
            continue
        opener = _OPENERS.get(encoding)
        try:
            opened = opener(opened, limit) if opener else _refuse()
        except Exception:
            # Three libraries, each with errors of its own, and all of them mean the same: not opened.
            return False, body
    return True, opened


def _zlib(body: bytes, limit: int, wbits: int = 47) -> bytes:
    inflator = zlib.decompressobj(wbits=wbits)
    inflated = inflator.decompress(body, limit)
    if inflator.unconsumed_tail or not inflator.eof:
        raise ValueError("truncated, or inflates beyond reason")
    return inflated


def _deflate(body: bytes, limit: int) -> bytes:
    """With zlib's frame as the standard says, or without it as some servers send it."""
    try:
        return _zlib(body, limit)
    except zlib.error:
        return _zlib(body, limit, -15)


def _brotli(body: bytes, limit: int) -> bytes:
    decompressor = importlib.import_module("brotli").Decompressor()
    opened = bytearray()
    for start in range(0, len(body), 4096):
        opened += decompressor.process(body[start : start + 4096])
        if len(opened) > limit:
            raise ValueError("inflates beyond reason")
    if not decompressor.is_finished():
        raise ValueError("truncated")
    return bytes(opened)


def _zstandard(body: bytes, limit: int) -> bytes:
    reader = importlib.import_module("zstandard").ZstdDecompressor().stream_reader(body)
    opened: bytes = reader.read(limit)
    if not opened or reader.read(1):
        raise ValueError("empty, or inflates beyond reason")
    return opened


def _refuse() -> bytes:
    raise ValueError("unknown encoding")


_OPENERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _zlib,
    "x-gzip": _zlib,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstandard,
}
