"""Two cassettes, call by call: which calls correspond, and what differs in each. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from replaydisputes.comparing.bodies import Json, differences
from replaydisputes.comparing.drift import Drift, Drifts
from replaydisputes.comparing.likeness import Likeness, masked
from replaydisputes.model import Cassette, Headers, Interaction, Response
from replaydisputes.redaction import DEFAULT_POLICY, Policy, redact
from replaydisputes.stripe_api.forms import Params, normalise_params, parse_form
from replaydisputes.stripe_api.urls import split_url

_LENGTHS = frozenset({"content-length", "date"})
"""They follow from the body and the day."""


class _Call(NamedTuple):
    """A recorded call, by what makes it that call: in `key` an id is the first, second … that its cassette asks for."""

    number: int
    shown: str
    key: tuple[str, str]
    params: Params
    interaction: Interaction

    @property
    def full_key(self) -> tuple[tuple[str, str], Params]:
        return self.key, tuple((name, masked(value)) for name, value in self.params)

    @property
    def said(self) -> str:
        return f"{self.number}. {self.shown}"


class _Pair(NamedTuple):
    """A call of the old recording and the one of the new that corresponds; `moved`: in another place among them."""

    old: _Call | None
    new: _Call | None
    moved: bool = False


def compare(old: Cassette, new: Cassette, policy: Policy = DEFAULT_POLICY) -> Drifts:
    """What changed in substance from one recording to another of the same calls.

    Both are redacted first, which leaves a cassette of ours as it is: so recordings of other tools compare as well,
    and nothing that is shown can be secret. Ids and stand-ins may be others, if they stay in their relations.
    policy: what the cassettes were redacted by; what it keeps is compared as well.
    """
    likeness = Likeness()
    drifts = [drift for pair in _pairs(_calls(old, policy), _calls(new, policy)) for drift in _of_pair(pair, likeness)]
    return Drifts(tuple(drifts), _version(old), _version(new))


def _calls(cassette: Cassette, policy: Policy) -> list[_Call]:
    numbers: dict[str, int] = {}
    return [_call(at, one, numbers) for at, one in enumerate(redact(cassette.interactions, policy).interactions, 1)]


def _call(number: int, interaction: Interaction, numbers: dict[str, int]) -> _Call:
    """numbers: the segments of paths that are ids, by first appearance; added to."""
    request = interaction.request
    target = split_url(request.url)
    params = normalise_params(parse_form(target.query) + parse_form(request.body.decode("latin-1")))
    path = "/".join(
        segment if masked(segment) == segment else f"({numbers.setdefault(segment, len(numbers))})"
        for segment in target.path.split("/")
    )
    return _Call(number, f"{request.method} {masked(target.path)}", (request.method, path), params, interaction)


def _pairs(old: Sequence[_Call], new: Sequence[_Call]) -> Iterator[_Pair]:
    """Each call of the old recording in turn, then those that only the new one has."""
    partner = _aligned(old, new)
    in_place = set(partner)
    _match_the_rest(old, new, partner, lambda call: call.full_key)
    moved = set(partner) - in_place
    _match_the_rest(old, new, partner, lambda call: call.key)
    for one in old:
        other = new[partner[one.number] - 1] if one.number in partner else None
        yield _Pair(one, other, one.number in moved)
    taken = set(partner.values())
    yield from (_Pair(None, other) for other in new if other.number not in taken)


def _match_the_rest(
    old: Sequence[_Call], new: Sequence[_Call], partner: dict[int, int], key: Callable[[_Call], object]
) -> None:
    """Add to `partner` the calls that have none yet and are alike by this key, in order."""
    taken = set(partner.values())
    for one in old:
        if one.number in partner:
            continue
        other = next((call for call in new if call.number not in taken and key(call) == key(one)), None)
        if other:
            partner[one.number] = other.number
            taken.add(other.number)


def _aligned(old: Sequence[_Call], new: Sequence[_Call]) -> dict[int, int]:
    matcher = SequenceMatcher(None, [one.full_key for one in old], [one.full_key for one in new], autojunk=False)
    return {
        old[block.a + offset].number: new[block.b + offset].number
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }


def _of_pair(pair: _Pair, likeness: Likeness) -> Iterator[Drift]:
    old, new, moved = pair
    if old is None or new is None:
        yield from (Drift("call gone", one.said) for one in (old,) if one)
        yield from (Drift("call added", one.said) for one in (new,) if one)
        return
    if moved:
        yield Drift("call moved", old.said, "", f"call {old.number}", f"call {new.number}")
    yield from _in_request(old, new, likeness)
    yield from _in_response(old.said, old.interaction.response, new.interaction.response, likeness)


def _in_request(old: _Call, new: _Call, likeness: Likeness) -> Iterator[Drift]:
    likeness.alike(old.interaction.request.url, new.interaction.request.url)
    before, after = dict(old.params), dict(new.params)
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one is None or other is None or not likeness.alike(one, other):
            yield Drift("request changed", old.said, name, one or "", other or "")
    yield from _in_headers(old.said, "request ", old.interaction.request.headers, new.interaction.request.headers)


def _in_response(call: str, old: Response, new: Response, likeness: Likeness) -> Iterator[Drift]:
    if old.status != new.status:
        yield Drift("status changed", call, "", str(old.status), str(new.status))
    yield from _in_headers(call, "", old.headers, new.headers)
    one, other = _json(old.body), _json(new.body)
    if one is None or other is None:
        if old.body != new.body:
            yield Drift("body changed", call, "", f"{len(old.body)} bytes", f"{len(new.body)} bytes")
        return
    for found in differences(one[0], other[0], likeness):
        yield Drift(found.kind, call, *found[1:])


def _in_headers(call: str, whose: str, old: Headers, new: Headers) -> Iterator[Drift]:
    before = {name.lower(): value for name, value in old}
    after = {name.lower(): value for name, value in new}
    for name, value in before.items():
        if name not in after:
            yield Drift("header gone", call, whose + name, value)
        elif name not in _LENGTHS and masked(value) != masked(after[name]):
            yield Drift("header changed", call, whose + name, value, after[name])
    for name, value in after.items():
        if name not in before:
            yield Drift("header added", call, whose + name, "", value)
    common = [name for name in before if name in after], [name for name in after if name in before]
    if common[0] != common[1]:
        apart = next(pair for pair in zip(*common, strict=True) if pair[0] != pair[1])
        yield Drift("order changed", call, f"{whose}headers", *apart)


def _json(body: bytes) -> tuple[Json] | None:
    try:
        return (json.loads(body),)
    except (ValueError, RecursionError):
        return None


def _version(cassette: Cassette) -> str:
    return cassette.provenance.stripe_version if cassette.provenance else ""
