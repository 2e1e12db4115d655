"""Whether a planted value is still in the bytes, in whatever way these can be read. Shares no code with the gate."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_plus

from tests.canaries.planting import Planting

_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|[uU]0*([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")
_ENCODED = re.compile(r"[\\%+&]")
_WHOLE_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]+(?![0-9A-Za-z])")
_COUNTED = re.compile(r'(?m)^( +content-length:\n +- "|  (?:digest|layout): sha256:)[0-9a-f]+', re.IGNORECASE)


def survivors(text: bytes, planted: Iterable[Planting], *, binary_too: bool = False) -> list[Planting]:
    """The plantings of which the value, a telling part of it or its encoded form can be read in the bytes.

    binary_too: let bodies pass that are not text and so cannot be judged; a redacted cassette has none.
    """
    assert binary_too or b"!!binary" not in text
    plain = _COUNTED.sub(r"\1counted", text.decode())
    lines = {view for line in set(plain.split("\n")) for view in readings(line)}
    exact = "\0".join((plain, *sorted(lines), *_from_base64(plain), *_from_hex(plain)))
    words = frozenset(_WHOLE_NUMBER.findall("\0".join((plain, *lines))))
    lowered = exact.lower()
    return [planting for planting in planted if _survives(planting, exact, lowered, words)]


def readings(line: str) -> set[str]:
    """The line with its encodings undone, two deep; without the line as it stands."""
    once = _undone(line)
    return {view for view in once.union(*map(_undone, once)) if view != line}


def _undone(line: str) -> set[str]:
    if not _ENCODED.search(line):
        return set()
    return {_unescaped(line), unquote(line), unquote_plus(line), html.unescape(line)}


def _survives(planting: Planting, exact: str, lowered: str, words: frozenset[str]) -> bool:
    secret, literal = planting.secret, planting.spelled.literal
    if len(secret.value) == 4:  # may stand inside longer numbers and in anything drawn
        return secret.value in words or (literal != secret.value and literal in exact)
    if literal in exact:
        return True
    if secret.any_case:
        return any(needle.lower() in lowered for needle in secret.needles)
    return any(needle in exact for needle in secret.needles)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    high, low, unit, byte, plain = found.groups()
    if high:
        return bytes.fromhex(high + low).decode("utf-16-be")
    return chr(int(unit or byte, 16)) if unit or byte else {"n": "\n", "t": "\t"}.get(plain, plain)


def _from_hex(text: str) -> Iterator[str]:
    for run in set(_HEX.findall(text)):
        yield bytes.fromhex(run).decode("utf-8", "replace")


def _from_base64(text: str) -> Iterator[str]:
    for run in set(_BASE64.findall(text)):
        for start in range(4):
            piece = run[start:].replace("-", "+").replace("_", "/")
            piece = piece[: len(piece) - (len(piece) % 4 == 1)]
            yield base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("utf-8", "replace")
