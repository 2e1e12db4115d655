"""Bodies that the gate cannot read and so cannot vouch for: binary that is neither text nor text made smaller once."""

from __future__ import annotations

import binascii
import bz2
import lzma
import re
import zlib
from collections.abc import Iterator

from replaydisputes.leak_gate.finding import Match

KIND = "unreadable binary body"

_LINE = rb"[ \t]*[\"']?[A-Za-z0-9+/]+={0,2}[\"']?[ \t]*(?:\r?\n|\Z)"
_BINARY = re.compile(
    rb"!(?:!?binary|<tag:yaml\.org,2002:binary>)[ \t]*(?:[|>][0-9+-]*[ \t]*)?\r?\n?(?P<body>(?:" + _LINE + rb")+)"
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_TEXT_RUN = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}){4,}"
)
_TELLING_SIZE = 8
_TOLERATED_SIZE = 32 * 1024 * 1024


def unreadable_bodies(text: bytes) -> Iterator[Match]:
    """YAML's `!!binary` scalars that hold brotli, zstd, UTF-16, images, or what was compressed twice."""
    for found in _BINARY.finditer(text):
        if not _is_readable(_decoded(found["body"])):
            yield Match(found.start(), found.start() + len(b"!!binary"), KIND)


def _decoded(body: bytes) -> bytes:
    encoded = _NOT_BASE64.sub(b"", body)
    usable = encoded[: len(encoded) - (len(encoded) % 4 == 1)]
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def _is_readable(data: bytes) -> bool:
    return len(data) < _TELLING_SIZE or _is_text(data) or any(_is_text(smaller) for smaller in _decompressed(data))


def _is_text(data: bytes) -> bool:
    """Whether nine bytes of ten stand in stretches of text, which the gate reads as they are."""
    return 10 * sum(len(run) for run in _TEXT_RUN.findall(data)) >= 9 * len(data) > 0


def _decompressed(data: bytes) -> Iterator[bytes]:
    """What each compressor makes of the data, as long as it is whole and of a size to be read."""
    for decompressor in (
        zlib.decompressobj(47), zlib.decompressobj(-15), bz2.BZ2Decompressor(), lzma.LZMADecompressor()
    ):  # fmt: skip
        try:
            plain = decompressor.decompress(data, _TOLERATED_SIZE)
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            continue
        if decompressor.eof:
            yield plain
