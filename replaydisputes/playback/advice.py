"""The step that really ends a mismatch, for each way in which a request can fail to match. Lines of plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.playback.matching import Asked
from replaydisputes.playback.namesakes import stands_for_a_dispute
from replaydisputes.stripe_api.facts import API_HOST, API_ORIGIN
from replaydisputes.stripe_api.urls import dispute_id_in_path

if TYPE_CHECKING:
    from replaydisputes.playback.elsewhere import Holder

_MOST_OTHERS = 2

ABSENT, BLANK = "(absent)", "(blank)"


class Difference(NamedTuple):
    """One part of a request that differs from the recording, both sides as they may be shown."""

    name: str
    asked: str
    recorded: str


class Surface(NamedTuple):
    """How whoever reads the advice uses the cassette. `id_told_by`: what tells the id of its dispute.

    option: the lines that replay a cassette with an option of `replay()`, given as `name=value`; with none if empty.
    """

    id_told_by: str
    option: Callable[[str, str], list[str]]


def _in_code(name: str, option: str) -> list[str]:
    given = f", {option}" if option else ""
    return [f'  replay("{name}"{given})', f'  @pytest.mark.replaydisputes("{name}"{given})']


def _on_the_command_line(name: str, option: str) -> list[str]:
    word, _, value = option.partition("=")
    given = "" if value == "True" else f" {value.strip(chr(34))}"
    flag = f" --{word.replace('_', '-')}{given}" if option else ""
    return [f"  replaydisputes serve {name}{flag}"]


IN_CODE = Surface("`replay.dispute_id` (in pytest `replaydisputes.dispute_id`)", _in_code)
SERVED = Surface("which `serve` prints as it starts", _on_the_command_line)


def in_full(name: str) -> str:
    return f"`replaydisputes show {name}` shows the cassette in full."


def on_differences(
    name: str, wanted: Asked, nearest: Asked, differences: Sequence[Difference], surface: Surface
) -> list[str]:
    """Advice on the first difference that decides: host, then method, path, account, parameters."""
    first = differences[0]
    if first.name == "host":
        return _on_host(name, wanted)
    if first.name == "method" and len(differences) > 1:
        return ["Nothing of the kind was recorded. Change the call, or record a cassette that holds it."]
    if first.name == "method":
        return [f"Make the call with {nearest.method}, or record a cassette that holds it with {wanted.method}."]
    if first.name == "path":
        return _on_path(name, wanted, nearest, surface)
    if first.name == "Stripe-Account":
        return _on_account(first)
    return _on_parameters(differences)


def in_other_cassettes(holders: Sequence[Holder], surface: Surface, option: str) -> list[str]:
    """Which cassette holds the call, and how to replay it. Empty if none does. option: one that the run has."""
    for_this_id = [holder for holder in holders if not holder.is_of_another_id]
    if not for_this_id:
        return []
    best, *more = for_this_id
    point = " at this point" if best.is_right_here else ", but not after the calls made here before it"
    lines = [
        f"Cassette {best.name!r} holds this call{point}; its answer is {best.status}.",
        "To test that answer, replay it instead:",
        *surface.option(best.name, option),
    ]
    alike = [holder.name for holder in more if holder.is_other_version == best.is_other_version]
    others = ", ".join(map(repr, alike[:_MOST_OTHERS]))
    return [*lines, f"It is also in {others}."] if others else lines


def for_an_unknown_id(holders: Sequence[Holder]) -> list[str]:
    """Which cassette answers for an id that Stripe does not know."""
    found = next((holder for holder in holders if holder.is_of_another_id), None)
    said = (
        f"To test an id that Stripe does not know, replay {found.name!r}; it answers {found.status}." if found else ""
    )
    return [said] if said else []


def on_exhausted(name: str, surface: Surface, *, may_repeat: bool = True) -> list[str]:
    """may_repeat: no recording contradicts that the call is answered the same again."""
    first = "Make the call no more often than it was recorded, or record a cassette in which it is made once more."
    if not may_repeat:
        return [first]
    return [
        first,
        "Where the number of calls does not matter, let the last answer be given again:",
        *surface.option(name, 'on_exhausted="repeat"'),
    ]


def on_unplayed(name: str) -> list[str]:
    return [
        "Make the calls that are missing, or record a cassette without them: `replaydisputes record`.",
        "Where it does not matter what is left over:",
        *IN_CODE.option(name, 'unplayed="ignore"'),
    ]


def on_wrong_order() -> list[str]:
    return ["Make that call first, as the recording did, or choose a cassette that begins where this test does."]


def on_read_too_late() -> list[str]:
    return ["Read before the write, or record a cassette that reads after it."]


def on_reused_key() -> list[str]:
    return [
        "Stripe refuses this with HTTP 400 (idempotency_error); the cassette holds no such refusal of this request.",
        "Give each new request a key of its own; a key is used again only to retry the very same request.",
    ]


def on_ambiguity() -> list[str]:
    return [
        "Ask for the dispute before the unknown id, or leave any_dispute out and pass the cassette's own id,",
        "`replay.dispute_id`, for the dispute.",
    ]


def on_empty() -> list[str]:
    return ["Record one that holds the call: `replaydisputes record`."]


def on_version(name: str, recorded: str, surface: Surface) -> list[str]:
    return [
        f"An answer has the shape of its version. Set the client's version to {recorded}, or record the cassette",
        "anew at the version the code uses. Where the difference does not matter, be warned of it only:",
        *surface.option(name, 'stripe_version="warn"'),
    ]


def _on_host(name: str, wanted: Asked) -> list[str]:
    if wanted.origin.endswith(f"//{API_HOST}"):
        return [f"Call Stripe at {API_ORIGIN}."]
    host = wanted.origin.partition("://")[2]
    return [
        f"A replay answers for {API_HOST} only; loopback hosts stay open, everything else is refused.",
        "Where the test needs this host to be real, name it under `replaydisputes_allow_hosts` in the pytest",
        "configuration, or in the call:",
        f'  replay("{name}", allow_hosts=["{host.partition(":")[0]}"])',
    ]


def _on_path(name: str, wanted: Asked, nearest: Asked, surface: Surface) -> list[str]:
    asked_id, recorded_id = dispute_id_in_path(wanted.path), dispute_id_in_path(nearest.path)
    if asked_id and recorded_id and asked_id != recorded_id:
        if not stands_for_a_dispute(asked_id):
            return ["That is not the id of a dispute (du_… or dp_…). Pass the dispute's own id."]
        return [
            f"Pass the id of the cassette's dispute, {surface.id_told_by},",
            "or let the cassette answer for any dispute id:",
            *surface.option(name, "any_dispute=True"),
        ]
    return ["Nothing was recorded at this path. Change the call, or record a cassette that holds it."]


def _on_account(difference: Difference) -> list[str]:
    if difference.recorded == "(none)":
        return [
            "The recording was made without a connected account. Leave the account (`stripe_account`) out of the call,",
            "or choose a cassette recorded for that account.",
        ]
    return [
        f"The recording is of a connected account. Pass stripe_account={difference.recorded!r} in the call,",
        "or choose a cassette recorded for the account that the code uses.",
    ]


def _on_parameters(differences: Sequence[Difference]) -> list[str]:
    only = differences[0]
    if len(differences) == 1 and {only.asked, only.recorded} == {ABSENT, BLANK}:
        mend = f"Leave {only.name} out of the call" if only.asked == BLANK else f"Send {only.name} blank"
        return [
            "A blank parameter is not an absent one: to Stripe, blank means to clear the field.",
            f"{mend}, or record a cassette that holds the call as it is.",
        ]
    if len(differences) == 1 and only.recorded == ABSENT:
        return [f"Leave {only.name} out of the call, or record a cassette that holds the call with it."]
    if len(differences) == 1 and only.asked == ABSENT:
        return [f"Send {only.name} as well, or record a cassette that holds the call without it."]
    return ["Send the parameters as they were recorded, or record a cassette that holds the call as it is."]
