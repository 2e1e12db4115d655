"""The report a mismatch gives: what was asked, the nearest recording, just what differs, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.playback import advice
from replaydisputes.playback.advice import IN_CODE, Difference, Surface
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.showing import (
    shown_account,
    shown_name,
    shown_path,
    shown_request,
    shown_value,
    shown_version,
)

if TYPE_CHECKING:
    from replaydisputes.playback.elsewhere import Holder

Recorded = tuple[Asked, int]
"""What was asked, and the status that answered it."""

Distance = tuple[int, int]
FARTHEST: Distance = (1_000, 0)

_MAX_SHOWN = 12
_BEFORE_NEAREST = 4
_MAX_DIFFERENCES = 8


class Situation(NamedTuple):
    """What a report is made from. `played`: indices, from 0, that this run has had answered.

    recorded_dispute: the cassette's own id where the request is about another one that it answers for.
    aligned: for each recording, the request with that recording's stand-ins where they can stand for what it says.
    holders: the other cassettes that hold the call, the best first.
    """

    name: str
    wanted: Asked
    recorded: Sequence[Recorded]
    played: AbstractSet[int]
    recorded_dispute: str = ""
    surface: Surface = IN_CODE
    aligned: Sequence[Asked] = ()
    holders: Sequence[Holder] = ()


def mismatch_report(situation: Situation, *, reused_key: bool = False) -> str:
    """A screenful that says why no recording answers and what to do. Of headers only Stripe-Account is shown."""
    name, wanted, recorded = situation.name, situation.wanted, situation.recorded
    head = [f"cassette {name!r} has no answer to this request", "", f"  asked     {shown_request(wanted)}"]
    if reused_key:
        said = ["  Its Idempotency-Key was used before in this run, for another request."]
        return _page(situation, head, said, advice.on_reused_key())
    if not recorded:
        return _page(situation, head, ["  The cassette is empty."], advice.on_empty())
    aligned = situation.aligned
    at = min(range(len(recorded)), key=lambda position: (distance(aligned[position], recorded[position][0]), position))
    nearest, status = recorded[at]
    head.append(f"  nearest   {shown_request(nearest)}  (recording {at + 1}, answered {status})")
    differences = _differences(aligned[at], nearest)
    if differences:
        said = [
            f"  {part.name}: asked {part.asked}, recorded {part.recorded}" for part in differences[:_MAX_DIFFERENCES]
        ]
        if len(differences) > _MAX_DIFFERENCES:
            said.append(f"  … and {len(differences) - _MAX_DIFFERENCES} more")
        steps = advice.on_differences(situation.name, wanted, nearest, differences, situation.surface)
        return _page(situation, head, said, steps, at)
    obstacle = _obstacle(situation)
    return _page(situation, head, [f"  It was recorded, but {obstacle.said}"], obstacle.advice, at)


def ambiguity_report(situation: Situation, about_dispute: int, about_unknown: int) -> str:
    """Why a request is refused that any_dispute reads in two ways: its id may be the dispute's, or an unknown one."""
    recorded = situation.recorded
    ways = [
        f"    {what}: recording {at + 1}, answered {recorded[at][1]}"
        for what, at in (
            ("as the cassette's dispute", about_dispute),
            ("as an id that Stripe never knew", about_unknown),
        )
    ]
    head = [
        f"cassette {situation.name!r} has two answers to this request",
        "",
        f"  asked     {shown_request(situation.wanted)}",
    ]
    said = ["  With any_dispute its id can be read in two ways:", *ways]
    return _page(situation, head, said, advice.on_ambiguity(), about_dispute)


def version_report(situation: Situation, recorded: Asked, asked_version: str, recorded_version: str) -> str:
    """Why a recording that matches is refused: it was made at another Stripe-Version, and stripe_version="fail"."""
    asked_version, recorded_version = shown_version(asked_version), shown_version(recorded_version)
    return _page(
        situation,
        [
            f"cassette {situation.name!r} was recorded at another Stripe-Version",
            "",
            f"  asked     {shown_request(situation.wanted)}",
        ],
        [f"  Stripe-Version: asked {asked_version}, recorded {recorded_version}"],
        advice.on_version(situation.name, recorded_version, situation.surface),
        next((at for at, (asked, _) in enumerate(situation.recorded) if asked == recorded), 0),
    )


def unplayed_report(name: str, recorded: Sequence[Recorded], left: AbstractSet[int], played: AbstractSet[int]) -> str:
    """Which recordings are left over, by index, among those that were played, and the ways to end that."""
    noun = "recording" if len(left) == 1 else "recordings"
    situation = Situation(name, recorded[min(left)][0], recorded, played)
    lines = [f"{len(left)} {noun} of cassette {name!r} not played, of {len(recorded)}", *_story(situation, min(left))]
    return "\n".join([*lines, "", "  what to do:", *(f"    {line}" for line in advice.on_unplayed(name))])


def _page(situation: Situation, head: list[str], said: list[str], steps: list[str], at: int = 0) -> str:
    story = ["", *_story(situation, at)] if situation.recorded else []
    if situation.recorded_dispute:
        said = [*said, f"  (any_dispute: the cassette's own id is {situation.recorded_dispute})"]
    option = "any_dispute=True" if situation.recorded_dispute else ""
    first = advice.in_other_cassettes(situation.holders, situation.surface, option)
    steps = [*first, *steps, *advice.for_an_unknown_id(situation.holders)]
    steps = [*steps, advice.in_full(situation.name)] if situation.recorded else steps
    return "\n".join([*head, "", *said, *story, "", "  what to do:", *(f"    {line}" for line in steps)])


def distance(wanted: Asked, recorded: Asked) -> Distance:
    """How far two requests are apart: weighted by part, then by path segments and parameters."""
    if wanted == recorded:
        return (0, 0)
    segments = wanted.path.split("/"), recorded.path.split("/")
    apart = sum(one != other for one, other in zip(*segments, strict=False)) + abs(len(segments[0]) - len(segments[1]))
    params = len(set(wanted.params) ^ set(recorded.params))
    other_part = 4 * (wanted.origin != recorded.origin) + 2 * (wanted.method != recorded.method)
    return (1 + other_part + 2 * apart + params + (wanted.account != recorded.account), params)


def _differences(wanted: Asked, recorded: Asked) -> list[Difference]:
    """Each part that differs, as it may be shown; on another host nothing else matters."""
    if wanted == recorded:
        return []
    if wanted.origin != recorded.origin:
        return [Difference("host", wanted.origin, recorded.origin)]
    parts = [
        ("method", wanted.method, recorded.method, wanted.method, recorded.method),
        ("path", wanted.path, recorded.path, shown_path(wanted.path), shown_path(recorded.path)),
        ("Stripe-Account", wanted.account, recorded.account, _account(wanted), _account(recorded)),
    ]
    found = [Difference(name, one, other) for name, raw, other_raw, one, other in parts if raw != other_raw]
    asked_params, recorded_params = dict(wanted.params), dict(recorded.params)
    return found + [
        _apart(shown_name(key), _value(asked_params, key), _value(recorded_params, key))
        for key in sorted({*asked_params, *recorded_params})
        if asked_params.get(key) != recorded_params.get(key)
    ]


def _apart(name: str, asked: str, recorded: str) -> Difference:
    """Two values that differ, even where all that may be shown of them is the same."""
    return Difference(name, asked, f"{recorded}, other ones" if asked == recorded else recorded)


def _account(asked: Asked) -> str:
    return shown_account(asked.account) if asked.account else "(none)"


def _value(params: dict[str, str], key: str) -> str:
    if key not in params:
        return advice.ABSENT
    return shown_value(key, params[key]) or advice.BLANK


class _Obstacle(NamedTuple):
    said: str
    advice: list[str]


def _obstacle(situation: Situation) -> _Obstacle:
    """Why a request that was recorded is not answered now."""
    wanted, recorded, played = situation.wanted, situation.recorded, situation.played
    pairs = zip(situation.aligned, recorded, strict=True)
    positions = [index for index, (aligned, (asked, _)) in enumerate(pairs) if aligned == asked]
    if not wanted.is_read and all(index in played for index in positions):
        times = "once" if len(positions) == 1 else f"{len(positions)} times"
        said = f"only {times}, and that is played: a write plays each of its recordings once."
        may_repeat = all(holder.repeats for holder in situation.holders)
        return _Obstacle(said, advice.on_exhausted(situation.name, situation.surface, may_repeat=may_repeat))
    missing = next(
        (index for index, (asked, _) in enumerate(recorded) if not asked.is_read and index not in played), None
    )
    if missing is not None and missing < positions[-1]:
        write = f"{shown_request(recorded[missing][0])} (recording {missing + 1})"
        return _Obstacle(f"only after {write},\n  which this run has not made yet.", advice.on_wrong_order())
    said = "only before a write that this run has already made;\n  after it, nothing was recorded for this read."
    return _Obstacle(said, advice.on_read_too_late())


def _story(situation: Situation, at: int) -> list[str]:
    """The cassette's recordings, or the stretch of them around the nearest one."""
    recorded = situation.recorded
    start = max(0, min(at - _BEFORE_NEAREST, len(recorded) - _MAX_SHOWN))
    end = min(len(recorded), start + _MAX_SHOWN)
    lines = ["  in the cassette (✓ played):"]
    if start:
        lines.append(f"      … {start} before")
    lines += [
        f"    {'✓' if index in situation.played else ' '} {index + 1}. {shown_request(asked)} -> {status}"
        for index, (asked, status) in enumerate(recorded[start:end], start)
    ]
    if end < len(recorded):
        lines.append(f"      … and {len(recorded) - end} more")
    return lines
