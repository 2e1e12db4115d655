"""A digest over what interactions say, not over how some YAML tool spelled them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from replaydisputes.model import Headers, Interaction


def digest_of(interactions: Iterable[Interaction]) -> str:
    """`sha256:<hex>` over every part of every interaction, each prefixed with its length so that none can shift.

    Fields of different names have no order among themselves (RFC 9110, 5.3), so sorting them changes nothing.
    """
    digest = hashlib.sha256()
    for interaction in interactions:
        for part in _parts(interaction):
            digest.update(b"%d:" % len(part))
            digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def _parts(interaction: Interaction) -> Iterator[bytes]:
    request, response = interaction.request, interaction.response
    yield _encoded(request.method)
    yield _encoded(request.url)
    yield from _header_parts(request.headers)
    yield request.body
    yield b"%d" % response.status
    yield _encoded(response.reason)
    yield from _header_parts(response.headers)
    yield response.body


def _header_parts(headers: Headers) -> Iterator[bytes]:
    yield b"%d" % len(headers)
    for name, value in sorted(headers, key=lambda pair: pair[0]):
        yield _encoded(name)
        yield _encoded(value)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
