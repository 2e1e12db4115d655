"""What a replay of a recording cannot tell apart, stated while it is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from replaydisputes.model import Interaction, Request
from replaydisputes.redaction.stand_ins import STAND_IN
from replaydisputes.stripe_api.forms import parse_form, split_key
from replaydisputes.stripe_api.urls import split_url

_Shape = tuple[str, tuple[tuple[str, str], ...]]
_CHOSEN = frozenset({"metadata", "evidence"})


def limits_met(interactions: Sequence[Interaction]) -> tuple[str, ...]:
    """Each known limit of replays that a redacted recording meets, in a sentence."""
    return (*_alike_reads(interactions), *_free_words(interactions))


def _alike_reads(interactions: Sequence[Interaction]) -> Iterator[str]:
    """Reads between two writes that differ in stand-ins alone, whose answers differ in more than these."""
    stretch: defaultdict[_Shape, list[int]] = defaultdict(list)
    for number, call in enumerate(interactions, 1):
        if call.request.method == "GET":
            stretch[_shape(call.request)].append(number)
        elif call.response.status < 400:
            yield from _told_by_order(stretch, interactions)
            stretch.clear()
    yield from _told_by_order(stretch, interactions)


def _told_by_order(stretch: dict[_Shape, list[int]], interactions: Sequence[Interaction]) -> Iterator[str]:
    for (path, _), numbers in stretch.items():
        calls = [interactions[number - 1] for number in numbers]
        asked = {call.request.url for call in calls}
        answered = {STAND_IN.sub("", call.response.body.decode("utf-8", "replace")) for call in calls}
        if len(asked) > 1 and len(answered) > 1:
            named = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
            yield (
                f"calls {named}, GET {path}, differ only in values that redaction replaced: a replay tells them apart "
                f"by the order in which they are first asked, so ask them in the same order"
            )


def _free_words(interactions: Sequence[Interaction]) -> Iterator[str]:
    """Parameters of Stripe's own whose value is a stand-in: another word in them is accepted at its first use."""
    names: dict[str, None] = {}
    for call in interactions:
        for name, value in (*parse_form(split_url(call.request.url).query), *_form(call.request)):
            is_stripes = not _CHOSEN & set(split_key(name)) and STAND_IN.search(name) is None
            if is_stripes and STAND_IN.fullmatch(value):
                names[name] = None
    if names:
        yield (
            f"redaction replaced what was sent in {', '.join(names)}: a replay takes any value there at its first use. "
            f"A rule of [tool.replaydisputes] keeps the words that matter"
        )


def _form(request: Request) -> Sequence[tuple[str, str]]:
    kind = (request.header("content-type") or "application/x-www-form-urlencoded").partition(";")[0].strip()
    return parse_form(request.body) if kind == "application/x-www-form-urlencoded" else ()


def _shape(request: Request) -> _Shape:
    target = split_url(request.url)
    params = ((STAND_IN.sub("", name), STAND_IN.sub("", value)) for name, value in parse_form(target.query))
    return STAND_IN.sub("…", target.path), tuple(params)
