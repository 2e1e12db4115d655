"""How a cassette looks on disk: a line saying in words what it is, then version, provenance and interactions.

Everything here is pure. The status closes each interaction and the code closes the status, so that a file cut off
at any byte is visibly incomplete: half a body would still be YAML, half a status code is no status.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from replaydisputes.model import Cassette, Headers, Interaction, Provenance

from .digest import digest_of
from .scalars import body_scalar, text_scalar
from .stamp import stamped

_IN_WORDS = {
    "sandbox": "Made by the replaydisputes sandbox. NOT a recording of Stripe.",
    "stripe-test-mode": "Recorded from Stripe test mode by replaydisputes.",
    "imported": "Imported by replaydisputes from another tool's cassette.",
}
_EDITED_IN_WORDS = " Edited by hand since."
_LONGEST_SIMPLE_KEY = 120


def serialize(cassette: Cassette) -> bytes:
    """The whole file as UTF-8 YAML; the provenance gets the digest and the number of the interactions given.

    Equal cassettes give equal bytes. Raises UnicodeEncodeError for a header or URL holding a lone surrogate.
    """
    provenance, interactions = cassette.provenance, cassette.interactions
    lines = ["interactions:" if interactions else "interactions: []"]
    for interaction in interactions:
        lines.extend(_interaction_lines(interaction))
    if provenance is None:
        return _text(["version: 1", *lines])
    return stamped(_text(_head_lines(provenance, interactions)), _text(lines))


def grouped(headers: Headers) -> dict[str, list[str]]:
    """Header fields as vcrpy spells them: name to values, names in order of first appearance, case kept apart."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name, []).append(value)
    return fields


def _text(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8")


def _head_lines(provenance: Provenance, interactions: Sequence[Interaction]) -> Iterator[str]:
    yield f"# {_IN_WORDS[provenance.made_against]}{_EDITED_IN_WORDS if provenance.edited else ''}"
    yield "version: 1"
    yield "replaydisputes:"
    yield f"  made_against: {provenance.made_against}"
    yield f"  scenario: {text_scalar(provenance.scenario)}"
    yield f"  stripe_version: {text_scalar(provenance.stripe_version)}"
    yield f"  tool_version: {text_scalar(provenance.tool_version)}"
    yield f"  recorded_at: {text_scalar(provenance.recorded_at)}"
    yield f"  interactions: {len(interactions)}"
    yield f"  digest: {digest_of(interactions)}"
    if provenance.edited:
        yield "  edited: true"


def _interaction_lines(interaction: Interaction) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    yield "- request:"
    yield f"    method: {text_scalar(request.method)}"
    yield f"    uri: {text_scalar(request.url)}"
    yield from _header_lines(request.headers)
    yield f"    body: {body_scalar(request.body, ' ' * 6)}" if request.body else "    body: null"
    yield "  response:"
    yield from _header_lines(response.headers)
    yield "    body:"
    yield f"      string: {body_scalar(response.body, ' ' * 8)}"
    yield "    status:"
    yield f"      message: {text_scalar(response.reason)}"
    yield f"      code: {response.status}"


def _header_lines(headers: Headers) -> Iterator[str]:
    yield "    headers:" if headers else "    headers: {}"
    for name, values in grouped(headers).items():
        key = text_scalar(name)
        # YAML reads a longer key only in its explicit form.
        yield f"      {key}:" if len(key) <= _LONGEST_SIMPLE_KEY else f"      ? {key}\n      :"
        for value in values:
            yield f"      - {text_scalar(value)}"
