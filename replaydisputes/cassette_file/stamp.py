"""A stamp over all the bytes of a file: where it holds, the file is as it was written, and needs no YAML reader.

It stands beside the digest, which covers what the interactions say and so outlives another tool's spelling of them.
"""

from __future__ import annotations

import hashlib

_OPENING = b"  layout: sha256:"
_HEX_DIGITS = 64
_LATEST = 65_536
"""Where the stamp begins at the latest: a head is a dozen lines."""


def stamped(head: bytes, rest: bytes) -> bytes:
    """A file with its stamp as the last line of the head."""
    return b"%b%b%b\n%b" % (head, _OPENING, _stamp(head, rest), rest)


def split_by_stamp(text: bytes) -> tuple[bytes, int] | None:
    """The head of a file whose stamp holds, less the stamp, and where the rest begins; None for any other text."""
    start = text.find(b"\n" + _OPENING, 0, _LATEST) + 1
    end = start + len(_OPENING) + _HEX_DIGITS
    if not start or text[end : end + 1] != b"\n":
        return None
    head = text[:start]
    if text[start + len(_OPENING) : end] != _stamp(head, memoryview(text)[end + 1 :]):
        return None
    return head, end + 1


def without_stamp(text: bytes) -> bytes:
    """A file as it was written before there were stamps."""
    split = split_by_stamp(text)
    return split[0] + text[split[1] :] if split else text


def _stamp(head: bytes, rest: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(b"%d:" % len(head))
    digest.update(head)
    digest.update(rest)
    return digest.hexdigest().encode()
