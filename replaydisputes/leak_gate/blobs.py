"""Bytes written as text (base64, hex) and bytes made smaller (gzip, zlib, deflate, bzip2, xz): what they hold."""

from __future__ import annotations

import binascii
import bz2
import lzma
import math
import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple, Protocol

from replaydisputes.leak_gate.views import GAP, View, ViewBuilder

INFLATED_LIMIT = 4 * 1024 * 1024
"""Bytes that one compressed blob may grow to; what lies behind is reported as unreadable."""

_FIRST_PIECE = 64
"""Bytes that are tried first: most of what could begin compressed data turns out not to within a few bytes."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_NOT_BASE64_TO_SPACE = bytes(byte if byte in _ALPHABET else 0x20 for byte in range(256))
_URL_SAFE_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_LINE = rb"[ \t]*[A-Za-z0-9+/_-]"
_LINES = _LINE + rb"{16,}[ \t]*\r?\n(?:" + _LINE + rb"+={0,2}[ \t]*(?:\r?\n|\Z))*" + _LINE + rb"+={0,2}"
_OPENS_A_BLOCK = re.compile(rb"\n" + _LINE + rb"{16,}[ \t]*\r?(?:\n|\Z)")
_FIRST_BLOCK, _LATER_BLOCK = re.compile(rb"()(" + _LINES + rb")"), re.compile(rb"(\n)(" + _LINES + rb")")
_WORD = re.compile(rb"[A-Za-z0-9+/_-]+")
_HEX = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8,}")
_TEXT_RUN = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]++|[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2})++"
)
_SHORTEST_RUN = 4
_CANONICAL_ID = re.compile(rb"(?:1AAAAA|1\d{5})?replaydisp\d*")
_MAGIC = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|BZh[1-9]1AY|\xfd7zXZ\x00")
_AS_CHARACTERS = re.compile(rb"\x1f\xc2\x8b\x08|\x78(?:\x01|\x5e|\xc2\x9c|\xc3\x9a)")


class Budget:
    """What unpacking may still cost, shared over all readings of one file: bytes fed to it, and bytes it gave."""

    def __init__(self, size: int) -> None:
        self._left = 16 * size + 2 * INFLATED_LIMIT

    @property
    def left(self) -> int:
        return max(self._left, 0)

    def spend(self, count: int) -> None:
        self._left -= count


class _Blob(NamedTuple):
    """A run of one alphabet in the text: its lines joined, and (offset in the joined run, offset in the text) marks.

    is_token: the run may stand in many places, so that its one mark is (0, 0) and the places are looked up by need.
    """

    joined: bytes
    marks: tuple[tuple[int, int], ...] = ((0, 0),)
    is_token: bool = True

    @property
    def end_in_text(self) -> int:
        return self.marks[-1][1] + len(self.joined) - self.marks[-1][0]

    @property
    def token(self) -> bytes:
        return self.joined if self.is_token else b""


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def decode_blobs(view: View, budget: Budget) -> Iterator[View]:
    """Views of all that base64 and hex hold in this text, as text and, where it is compressed, decompressed."""
    in_clear, in_hex, compressed = ViewBuilder(), ViewBuilder(), ViewBuilder()
    blocks = list(_folded_blocks(view.text)) if _OPENS_A_BLOCK.search(b"\n" + view.once) else []
    in_blocks = {word for block in blocks for word in _WORD.findall(view.text[block.marks[0][1] : block.end_in_text])}
    tokens = {token for token in set(view.once.translate(_NOT_BASE64_TO_SPACE).split()) if len(token) >= 6}
    for blob in (*blocks, *(_Blob(token) for token in tokens - in_blocks if _may_be_base64(token))):
        for shift in range(4):
            data = _from_base64(blob.joined[shift:])
            _add_runs(in_clear, data, blob, shift, 4 / 3)
            _add_inflated(compressed, data, blob, budget, deflate_too=shift == 0)
    in_one_line = (_Blob(digits) for digits in set(_HEX.findall(b" ".join(tokens))))
    for blob in (*(block for block in blocks if _HEX.fullmatch(block.joined)), *in_one_line):
        for shift in range(2) if len(blob.joined) >= 12 or not blob.joined.isdigit() else ():
            digits = blob.joined[shift : len(blob.joined) - (len(blob.joined) - shift) % 2]
            data = bytes.fromhex(digits.decode())
            _add_runs(in_hex, data, blob, shift, 2)
            _add_inflated(compressed, data, blob, budget, deflate_too=shift == 0)
    if in_clear:
        yield in_clear.build(view, "base64", 4 / 3)
    if in_hex:
        yield in_hex.build(view, "hex", 2)
    if compressed:
        yield compressed.build(view, "compressed", 0)


def decompress_text(view: View, budget: Budget) -> View | None:
    """Compressed bytes that stand in the text themselves, one character for each byte (YAML's "\\x1f\\x8b…")."""
    if not _AS_CHARACTERS.search(view.once):
        return None
    builder = ViewBuilder()
    for magic in _AS_CHARACTERS.finditer(view.text):
        if not budget.left:
            _add_text(builder, b"", _Blob(b"", ((0, magic.start()),), is_token=False), budget)
            break
        blob = _Blob(b"", ((0, magic.start()),), is_token=False)
        # One character stands for one byte, and takes at most two bytes here.
        opening = _as_bytes(view.text[magic.start() : magic.start() + 2 * _FIRST_PIECE])
        if _inflate_at(opening, 0, budget):
            _add_text(
                builder, _inflate_at(_as_bytes(view.text[magic.start() :][: budget.left]), 0, budget), blob, budget
            )
    return builder.build(view, "compressed", 0) if builder else None


def _as_bytes(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode("latin-1", "replace")


def inflate(data: bytes, window_bits: int = 47) -> bytes:
    """What gzip or zlib data holds, as far as it can be read; `window_bits=-15` for bare deflate."""
    return _read_until_error(zlib.decompressobj(window_bits), data, Budget(len(data)))


def _folded_blocks(text: bytes) -> Iterator[_Blob]:
    """Base64 broken over lines, as YAML's `!!binary |` and MIME do."""
    first = _FIRST_BLOCK.match(text)
    for block in (*([first] if first else ()), *_LATER_BLOCK.finditer(text, first.end() if first else 0)):
        marks, pieces, length = [], [], 0
        for word in _WORD.finditer(text, block.start(2), block.end(2)):
            marks.append((length, word.start()))
            pieces.append(word[0])
            length += len(word[0])
        yield _Blob(b"".join(pieces), tuple(marks), is_token=False)


def _may_be_base64(token: bytes) -> bool:
    """Encoded text mixes cases; names of fields and canonical ids do not."""
    rest = _CANONICAL_ID.sub(b"", token) if b"replaydisp" in token else token
    return not (rest.islower() or rest.isdigit() or (rest.isupper() and rest.isalpha()))


def _from_base64(encoded: bytes) -> bytes:
    usable = encoded[: len(encoded) - 1] if len(encoded) % 4 == 1 else encoded
    padded = usable.translate(_URL_SAFE_TO_STANDARD) + b"=" * (-len(usable) % 4)
    return binascii.a2b_base64(padded)


def _add_runs(builder: ViewBuilder, data: bytes, blob: _Blob, shift: int, stretch: float) -> None:
    """Add the stretches of text in the data, marked where the blob breaks its line, so that lines can be told."""
    cuts = [] if blob.is_token else [math.ceil((at - shift) / stretch) for at, _ in blob.marks]
    for run in text_runs(data):
        done = run.start()
        for index in range(bisect_right(cuts, done), bisect_left(cuts, run.end())):
            if done < cuts[index]:
                builder.add(data[done : cuts[index]], _source(blob, done * stretch + shift), blob.token)
                builder.add(b"", blob.marks[index][1], blob.token)
                done = cuts[index]
        builder.add(data[done : run.end()] + GAP, _source(blob, done * stretch + shift), blob.token)


def _source(blob: _Blob, offset: float) -> int:
    at, source = blob.marks[bisect_right(blob.marks, offset, key=itemgetter(0)) - 1]
    return source + int(offset - at)


def text_runs(data: bytes) -> Iterator[re.Match[bytes]]:
    """Every stretch of UTF-8 text in the data, from four bytes on."""
    return (run for run in _TEXT_RUN.finditer(data) if len(run[0]) >= _SHORTEST_RUN)


def _add_inflated(builder: ViewBuilder, data: bytes, blob: _Blob, budget: Budget, *, deflate_too: bool) -> None:
    found = False
    for magic in _MAGIC.finditer(data):
        found = True
        _add_text(builder, _inflate_at(data, magic.start(), budget), blob, budget)
    if deflate_too and len(data) >= 8 and not found:
        _add_text(builder, _read_until_error(zlib.decompressobj(-15), data, budget), blob, budget)


def _add_text(builder: ViewBuilder, text: bytes, blob: _Blob, budget: Budget) -> None:
    for run in text_runs(text):
        builder.add(run[0] + GAP, blob.marks[0][1], blob.token)
    if len(text) > INFLATED_LIMIT or not budget.left:
        builder.cut_short = True
        builder.add(GAP, blob.marks[0][1], blob.token)


def _inflate_at(data: bytes, start: int, budget: Budget) -> bytes:
    if data.startswith(b"BZh", start):
        return _read_until_error(bz2.BZ2Decompressor(), data, budget, start)
    if data.startswith(b"\xfd", start):
        return _read_until_error(lzma.LZMADecompressor(), data, budget, start)
    return _read_until_error(zlib.decompressobj(47), data, budget, start)


def _read_until_error(decompressor: _Decompressor, data: bytes, budget: Budget, start: int = 0) -> bytes:
    """All that comes out before the data ends or breaks, so that a damaged tail hides nothing in front of it."""
    out, length, size = [], 0, _FIRST_PIECE
    while start < len(data) and length <= INFLATED_LIMIT and budget.left:
        fed = data[start : start + size]
        try:
            piece = decompressor.decompress(fed, INFLATED_LIMIT - length + 1)
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            budget.spend(len(fed))
            break
        budget.spend(len(fed) + len(piece))
        out.append(piece)
        length += len(piece)
        start, size = start + size, 1024
    return b"".join(out)
