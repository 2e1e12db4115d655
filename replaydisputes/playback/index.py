"""A cassette made ready for playing: its recordings, cut into epochs and found by what they answer. Immutable."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from replaydisputes.model import Cassette, Interaction, Response
from replaydisputes.playback.matching import Asked, Sent, is_placeholder, reduced
from replaydisputes.stripe_api.urls import dispute_id_in_path

WRITE, REPEAT, KEY_REFUSAL = -1, -2, -3
"""The stages of writes. A read's stage is its epoch; a repeat and a refusal answer the second use of a key only."""

_NOT_SAVED = frozenset({409, 429})
"""Answers that Stripe does not keep for an Idempotency-Key: the request was never begun (docs.stripe.com)."""

Mask = tuple[int, ...]
"""The positions of the parameters whose recorded values are placeholders."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One interaction in its place. `cuts`: it ended its epoch. `settled`: its key answers the same ever after."""

    index: int
    epoch: int
    stage: int
    asked: Asked
    version: str
    interaction: Interaction
    cuts: bool
    settled: bool


Group = tuple[Recording, ...]
"""Recordings, in order, that answer the same requests."""


class Index:
    """Finds, in a time that does not grow with the cassette, the recordings that answer a request."""

    def __init__(self, cassette: Cassette) -> None:
        self.recordings = _recordings(cassette)
        self.cuts = tuple(item.index for item in self.recordings if item.cuts)
        self.dispute_id = next((found for item in self.recordings if (found := dispute_of(item))), "")
        self.accounts = frozenset(item.asked.account for item in self.recordings)
        groups: defaultdict[tuple[int, Mask, Asked], list[Recording]] = defaultdict(list)
        masks: defaultdict[Asked, dict[Mask, None]] = defaultdict(dict)
        for item in self.recordings:
            mask = tuple(at for at, (_, value) in enumerate(item.asked.params) if is_placeholder(value))
            groups[item.stage, mask, _blanked(item.asked, mask)].append(item)
            masks[_blanked(item.asked)][mask] = None
        self._groups = {key: tuple(group) for key, group in groups.items()}
        self._masks = {shape: tuple(found) for shape, found in masks.items() if any(found)}

    def groups(self, wanted: Asked, stage: int) -> Sequence[Group]:
        """The groups that answer a request at a stage; more than one only where some hold placeholders."""
        masks = self._masks.get(_blanked(wanted)) if self._masks else None
        if masks is None:
            group = self._groups.get((stage, (), wanted))
            return (group,) if group else ()
        fitting = (mask for mask in masks if all(wanted.params[at][1] for at in mask))
        found = (self._groups.get((stage, mask, _blanked(wanted, mask))) for mask in fitting)
        return [group for group in found if group]


def index_of(cassette: Cassette) -> Index:
    """The index of a cassette, made once for as long as the cassette stays among the last 256 played."""
    return _index_of(_Same(cassette))


class _Same:
    """A cassette as a key, compared by identity: to compare its interactions would cost what the cache saves."""

    __slots__ = ("cassette",)

    def __init__(self, cassette: Cassette) -> None:
        self.cassette = cassette

    def __hash__(self) -> int:
        return id(self.cassette)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.cassette is self.cassette


@lru_cache(maxsize=256)
def _index_of(key: _Same) -> Index:
    return Index(key.cassette)


def dispute_of(recording: Recording) -> str:
    """The dispute a recording asks for by id; empty where it asks for none."""
    return dispute_id_in_path(recording.asked.path) or ""


def _recordings(cassette: Cassette) -> Group:
    """Each interaction with its epoch. A refused write (4xx) and a repeated one changed nothing, so they cut nothing.

    A failed write (5xx) may have taken effect, so it cuts, unless the next write tries the same again.
    """
    sent = [_recorded(interaction) for interaction in cassette.interactions]
    stages = _stages(cassette, sent)
    recordings: list[Recording] = []
    epoch = 0
    retried = _retried(cassette, sent, stages)
    for index, interaction in enumerate(cassette.interactions):
        status = interaction.response.status
        writes = not sent[index].asked.is_read
        cuts = writes and stages[index] == WRITE and not 400 <= status < 500 and not retried[index]
        stage = stages[index] if writes else epoch
        settled = status not in _NOT_SAVED and not retried[index]
        asked, _, version = sent[index]
        recordings.append(Recording(index, epoch, stage, asked, version, interaction, cuts, settled))
        epoch += cuts
    return tuple(recordings)


def _recorded(interaction: Interaction) -> Sent:
    """A recorded HEAD has no body to give, so it stays one and answers no GET."""
    sent = reduced(interaction.request)
    if interaction.request.method != "HEAD":
        return sent
    return sent._replace(asked=replace(sent.asked, method="HEAD"))


def _stages(cassette: Cassette, sent: Sequence[Sent]) -> list[int]:
    """Which write each interaction is, judged by the keys in the cassette; for reads the answer means nothing."""
    stages = []
    used: dict[tuple[str, str], Asked] = {}
    for interaction, (asked, key, _) in zip(cassette.interactions, sent, strict=True):
        first = used.get((key, asked.account)) if key else None
        if first == asked and interaction.response.header("idempotent-replayed"):
            stages.append(REPEAT)
        elif first not in (None, asked) and is_key_refusal(interaction.response):
            stages.append(KEY_REFUSAL)
        else:
            stages.append(WRITE)
        if key and not asked.is_read:
            used.setdefault((key, asked.account), asked)
    return stages


def _retried(cassette: Cassette, sent: Sequence[Sent], stages: Sequence[int]) -> list[bool]:
    """Whether each interaction is a write that failed (5xx) and was tried again by the next write."""
    retried = [False] * len(sent)
    following: int | None = None
    for index in reversed(range(len(sent))):
        asked = sent[index].asked
        if asked.is_read:
            continue
        if following is not None and cassette.interactions[index].response.status >= 500:
            retried[index] = stages[following] == WRITE and sent[following].asked == asked
        following = index
    return retried


def is_key_refusal(response: Response) -> bool:
    """Whether Stripe refused a write because its Idempotency-Key had been used for another one."""
    if response.status != 400 or b"idempotency_error" not in response.body:
        return False
    try:
        error = json.loads(response.body)["error"]
        return bool(error["type"] == "idempotency_error")
    except (ValueError, KeyError, TypeError):
        return False


def _blanked(asked: Asked, mask: Mask | None = None) -> Asked:
    """The request with the values at some positions blank; None stands for all of them."""
    if not asked.params or mask == ():
        return asked
    params = ((key, "" if mask is None or at in mask else value) for at, (key, value) in enumerate(asked.params))
    return replace(asked, params=tuple(params))
