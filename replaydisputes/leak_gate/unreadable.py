"""Bodies that the gate cannot read and so cannot vouch for: binary that is neither text nor text made smaller once."""

from __future__ import annotations

import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Iterator

from replaydisputes.leak_gate.blobs import INFLATED_LIMIT, Budget, text_runs
from replaydisputes.leak_gate.finding import Match

KIND = "unreadable binary body"

_LINE = rb"[ \t]*[\"']?[A-Za-z0-9+/]+={0,2}[\"']?[ \t]*(?:\r?\n|\Z)"
_BINARY = re.compile(
    rb"!(?:!?binary|<tag:yaml\.org,2002:binary>)[ \t]*(?:[|>][0-9+-]*[ \t]*)?\r?\n?(?P<body>(?:" + _LINE + rb")+)"
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_TELLING_SIZE = 8


def unreadable_bodies(text: bytes) -> Iterator[Match]:
    """YAML's `!!binary` scalars that hold brotli, zstd, UTF-16, images, or what was compressed twice."""
    budget = Budget(len(text))
    for found in _BINARY.finditer(text):
        if not _is_readable(_decoded(found["body"]), budget):
            yield Match(found.start(), found.start() + len(b"!!binary"), KIND)


def _decoded(body: bytes) -> bytes:
    encoded = _NOT_BASE64.sub(b"", body)
    usable = encoded[: len(encoded) - (len(encoded) % 4 == 1)]
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def _is_readable(data: bytes, budget: Budget) -> bool:
    return len(data) < _TELLING_SIZE or _is_text(data) or any(map(_is_text, _decompressed(data, budget)))


def _is_text(data: bytes) -> bool:
    """Whether nine bytes of ten stand in stretches of text, which the gate reads as they are."""
    return 10 * sum(len(run[0]) for run in text_runs(data)) >= 9 * len(data) > 0


def _decompressed(data: bytes, budget: Budget) -> Iterator[bytes]:
    """What each compressor makes of the data, as long as it is whole and of a size to be read."""
    for decompressor in (
        zlib.decompressobj(47), zlib.decompressobj(-15), bz2.BZ2Decompressor(), lzma.LZMADecompressor()
    ):  # fmt: skip
        try:
            plain = decompressor.decompress(data, max(min(INFLATED_LIMIT, budget.left), 1))
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            continue
        budget.spend(len(plain))
        if decompressor.eof:
            yield plain
