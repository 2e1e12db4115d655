"""The report a mismatch gives: what was asked, the nearest recording, just what differs, and the next step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from replaydisputes.model import Interaction
from replaydisputes.playback.matching import Asked, same
from replaydisputes.stripe_api.facts import API_HOST
from replaydisputes.stripe_api.keys import key_mode

Recorded = tuple[Asked, Interaction]

_MAX_SHOWN = 12
_HARMLESS = re.compile(r"[A-Za-z0-9_.]{0,64}|\[redacted [0-9]+\]")


def mismatch_report(
    name: str, wanted: Asked, recorded: Sequence[Recorded], played: Sequence[int], *, reused_key: bool = False
) -> str:
    """A screenful that says why no recording answers. Values of parameters are shown, headers never."""
    lines = [f"cassette {name!r} has no answer to this request", "", f"  asked     {_line(wanted)}"]
    if reused_key:
        lines += [
            "",
            "  Its Idempotency-Key was used before in this run, for another request.",
            *_next_step(name, wanted),
        ]
        return "\n".join(lines)
    if not recorded:
        return "\n".join([*lines, "", "  The cassette is empty.", *_next_step(name, wanted)])
    index = min(range(len(recorded)), key=lambda position: (_distance(wanted, recorded[position][0]), position))
    nearest, interaction = recorded[index]
    lines.append(f"  nearest   {_line(nearest)}  (recording {index + 1}, answered {interaction.response.status})")
    differences = _differences(wanted, nearest)
    lines += differences or ["", f"  It was recorded, but {_why_not_now(wanted, recorded, played)}"]
    return "\n".join([*lines, "", *_story(recorded, played), *_next_step(name, wanted)])


def _line(asked: Asked) -> str:
    params = "&".join(f"{key}={_shown(key, value)}" for key, value in asked.params)
    account = f"  (Stripe-Account: {asked.account})" if asked.account else ""
    origin = "" if asked.origin == f"https://{API_HOST}" else asked.origin
    return f"{asked.method} {origin}{asked.path}{' ? ' + params if params else ''}{account}"


def _distance(wanted: Asked, recorded: Asked) -> tuple[int, int]:
    """How far two requests are apart: weighted by part, then by path segments and parameters."""
    segments = wanted.path.split("/"), recorded.path.split("/")
    apart = sum(one != other for one, other in zip(*segments, strict=False)) + abs(len(segments[0]) - len(segments[1]))
    params = len(set(wanted.params) ^ set(recorded.params))
    other_part = 4 * (wanted.origin != recorded.origin) + 2 * (wanted.method != recorded.method)
    return (other_part + 2 * apart + params + (wanted.account != recorded.account), params)


def _differences(wanted: Asked, recorded: Asked) -> list[str]:
    """A line for each part that differs, as asked against recorded."""
    if same(wanted, recorded):
        return []
    pairs = [
        ("host", wanted.origin, recorded.origin),
        ("method", wanted.method, recorded.method),
        ("path", wanted.path, recorded.path),
        ("Stripe-Account", wanted.account or "(none)", recorded.account or "(none)"),
    ]
    asked_params, recorded_params = dict(wanted.params), dict(recorded.params)
    pairs += [
        (key, _value(asked_params, key), _value(recorded_params, key))
        for key in sorted({*asked_params, *recorded_params})
    ]
    return ["", *(f"  {part}: asked {one}, recorded {other}" for part, one, other in pairs if one != other)]


def _value(params: dict[str, str], key: str) -> str:
    if key not in params:
        return "(absent)"
    return _shown(key, params[key]) or "(blank)"


def _shown(key: str, value: str) -> str:
    """A value that can only be an id, a number or a word of Stripe's; anything else may be a person or a key."""
    named_by_stripe = "[" not in key or key.startswith("expand[") or value.startswith("[redacted ")
    if named_by_stripe and _HARMLESS.fullmatch(value) and key_mode(value) == "unknown":
        return value
    return f"({len(value)} characters)" if value else ""


def _why_not_now(wanted: Asked, recorded: Sequence[Recorded], played: Sequence[int]) -> str:
    positions = [index for index, (asked, _) in enumerate(recorded) if same(wanted, asked)]
    if not wanted.is_read and all(index in played for index in positions):
        times = "once" if len(positions) == 1 else f"{len(positions)} times"
        return f"only {times}, and that is played: a write plays each of its recordings once."
    missing = next(
        (index for index, (asked, _) in enumerate(recorded) if not asked.is_read and index not in played), None
    )
    if missing is not None and missing < positions[-1]:
        return f"only after {_line(recorded[missing][0])} (recording {missing + 1}), which this run has not made yet."
    return "only before a write that this run has already made; after it, nothing was recorded for this read."


def _story(recorded: Sequence[Recorded], played: Sequence[int]) -> list[str]:
    lines = ["  in the cassette (✓ played):"]
    lines += [
        f"    {'✓' if index in played else ' '} {index + 1}. {_line(asked)} -> {interaction.response.status}"
        for index, (asked, interaction) in enumerate(recorded[:_MAX_SHOWN])
    ]
    if len(recorded) > _MAX_SHOWN:
        lines.append(f"      … and {len(recorded) - _MAX_SHOWN} more")
    return [*lines, ""]


def _next_step(name: str, wanted: Asked) -> list[str]:
    if wanted.origin != f"https://{API_HOST}":
        return ["  A replay answers for api.stripe.com only; loopback hosts stay open, everything else is refused."]
    return [
        f"  Change the call, or record a cassette that holds it; `replaydisputes show {name}` shows this one in full."
    ]
