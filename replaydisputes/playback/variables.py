"""What the client chose in the recorded requests of a cassette: names, values, ids, accounts and times.

Another run may choose them anew. All else is literal: Stripe chose it, or it says what the request does.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from replaydisputes.model import Provenance, Request, Response
from replaydisputes.playback.codings import plain_body
from replaydisputes.playback.index import Index, Recording
from replaydisputes.playback.matching import Asked, is_placeholder, keys_in_order_sent
from replaydisputes.playback.slots import Slot, slots_in
from replaydisputes.stripe_api.forms import USER_KEYED, is_position, split_key
from replaydisputes.stripe_api.kinds import is_field_name
from replaydisputes.stripe_api.path_words import PATH_WORDS, VERSIONS

VariableKind = Literal["name", "value", "id", "account", "time"]
OPEN = "*"
"""In the place of whatever may differ between two requests that one recording answers."""

_WHOLE_BODY = "(body)"
_NAME = re.compile(r"key_[1-9][0-9]{0,6}")
_STAND_IN_ID = re.compile(
    r"redacted-[1-9][0-9]{0,6}|[a-z_]{2,25}_(?:1AAAAAreplaydisp[0-9]{8}|1?[0-9]{0,5}replaydisp[0-9]*)"
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(?:[a-z]{2,12}_[A-Za-z0-9_]*[A-Za-z0-9]|redacted-[0-9]+)(?![A-Za-z0-9_])")
_UNIX_S = re.compile(r"[0-9]{9,11}")
_NOT_STRIPES_WORD = frozenset({"metadata", "evidence", "error"})
_OWN_TEST = "test:"


class Variable(NamedTuple):
    """A stand-in of a request that this run may choose anew. path: of a value, its parameter; time: the recording."""

    kind: VariableKind
    stand_in: str
    path: str = ""


class Named(NamedTuple):
    """A parameter whose name the client chose, or parts of it: `metadata[order_id]` has the frame `metadata[*]`."""

    frame: str
    names: tuple[str, ...]
    value: str


class Parts(NamedTuple):
    """A request taken apart. fixed: parameters of Stripe's names, sorted. named: the others, in the order sent."""

    method: str
    origin: str
    segments: tuple[str, ...]
    account: str
    fixed: tuple[tuple[str, str], ...]
    named: tuple[Named, ...]


class Mask(NamedTuple):
    """Where a recorded request holds variables: positions in the path, its account, the keys of fixed parameters."""

    segments: frozenset[int]
    account: bool
    keys: frozenset[str]


Shape = tuple[Any, ...]


class Template(NamedTuple):
    """A recorded request that holds variables. values: by key of a fixed parameter; times: keys of times."""

    recording: Recording
    parts: Parts
    ids: dict[int, Variable]
    account: Variable | None
    values: dict[str, Variable]
    times: frozenset[str]
    variables: frozenset[Variable]

    @property
    def mask(self) -> Mask:
        return Mask(frozenset(self.ids), self.account is not None, frozenset((*self.values, *self.times)))


def parts_of(asked: Asked, request: Request, is_chosen: Callable[[str], bool] | None) -> Parts:
    """Take a request apart. is_chosen: whether a segment of a name outside metadata is the client's; None: none is."""
    fixed: list[tuple[str, str]] = []
    named: list[tuple[str, Named]] = []
    for key, value in asked.params:
        one = _named(key, value, is_chosen) if is_chosen and key != _WHOLE_BODY else None
        if one is None:
            fixed.append((key, value))
        else:
            named.append((key, one))
    if len(named) > 1:
        order = keys_in_order_sent(request)
        named.sort(key=lambda pair: order.get(pair[0], 0))
    return Parts(
        asked.method,
        asked.origin,
        tuple(asked.path.split("/")),
        asked.account,
        tuple(fixed),
        tuple([one for _, one in named]),
    )


def _is_of_a_suite(provenance: Provenance) -> bool:
    """Whether a recording is of a user's own code, whose accounts are its own; a scenario's are the scenario's."""
    return provenance.scenario.startswith(_OWN_TEST) or provenance.made_against == "imported"


def is_chosen_name(segment: str) -> bool:
    """Whether redaction replaces a segment of a parameter's name outside metadata."""
    return not is_field_name(segment)


def is_stand_in_name(segment: str) -> bool:
    return _NAME.fullmatch(segment) is not None


def shape_of(parts: Parts, mask: Mask | None = None) -> Shape:
    """A request with what a mask names left open; without a mask, all that may be a variable in any recording."""
    segments = parts.segments
    places = id_places(segments) if mask is None else mask.segments
    path = tuple([OPEN if at in places else segment for at, segment in enumerate(segments)])
    account = OPEN if parts.account and (mask is None or mask.account) else parts.account
    fixed = tuple(
        [(key, OPEN if value and (mask is None or key in mask.keys) else value) for key, value in parts.fixed]
    )
    named = tuple(sorted([(one.frame, OPEN if one.value else "") for one in parts.named]))
    return parts.method, parts.origin, path, account, fixed, named


def id_places(segments: Sequence[str]) -> frozenset[int]:
    """Where ids stand in a path: behind the word of a collection, and no word of Stripe's themselves."""
    return frozenset(
        [
            at
            for at, segment in enumerate(segments)
            if segment not in PATH_WORDS and at and segments[at - 1] in PATH_WORDS and segments[at - 1] not in VERSIONS
        ]
    )


def value_path(key: str, names: Sequence[str] = ()) -> str:
    """The dotted path of a parameter without list positions; `*` in a frame replaced by names in turn."""
    left = iter(names)
    segments = [next(left, OPEN) if segment == OPEN else segment for segment in split_key(key)]
    return ".".join([segment for segment in segments if segment and not is_position(segment)])


class Variables:
    """The variables of one cassette, where they stand, and which recordings a request may be about."""

    def __init__(self, index: Index, provenance: Provenance | None) -> None:
        self._recordings = index.recordings
        self.is_own = provenance is not None
        self._has_own_accounts = provenance is not None and _is_of_a_suite(provenance)
        self._inputs = self._input_ids() if self.is_own else frozenset()
        self._accounts = self._input_accounts() if self._has_own_accounts else frozenset()
        found = [self._template(item) for item in self._recordings]
        self.templates: dict[int, Template] = {one.recording.index: one for one in found if one}
        self._groups: dict[tuple[int, Mask, Shape], tuple[Template, ...]] = {}
        self._masks: dict[Shape, tuple[Mask, ...]] = {}
        self._exact: dict[tuple[int, Asked], tuple[Template, ...]] = {}
        self._arrange()
        self._slots: dict[int, tuple[Slot, ...]] = {}

    def groups(self, parts: Parts, stage: int) -> list[tuple[Template, ...]]:
        """The recordings at a stage that differ from a request in variables alone, in groups, each in order."""
        masks = self._masks.get(shape_of(parts), ())
        found = [self._groups.get((stage, mask, shape_of(parts, mask))) for mask in masks]
        return [group for group in found if group]

    def exact(self, asked: Asked, stage: int) -> tuple[Template, ...]:
        """The recordings at a stage of just this request, stand-ins and all."""
        return self._exact.get((stage, asked), ())

    def parts(self, asked: Asked, request: Request) -> Parts:
        """A request of the suite taken apart."""
        return parts_of(asked, request, is_chosen_name if self.is_own else None)

    def slots(self, recording: Recording) -> tuple[Slot, ...]:
        """Where an answer says back what the client chose."""
        known = self._slots.get(recording.index)
        if known is None:
            response = recording.interaction.response
            known = self._slots[recording.index] = slots_in(response, self.by_stand_in) if self.by_stand_in else ()
        return known

    @cached_property
    def by_stand_in(self) -> dict[str, tuple[Variable, ...]]:
        """The variables that each stand-in stands for; of a cassette that is not ours, none."""
        found: defaultdict[str, dict[Variable, None]] = defaultdict(dict)
        for template in self.templates.values() if self.is_own else ():
            for variable in sorted(template.variables):
                found[variable.stand_in][variable] = None
        return {stand_in: tuple(variables) for stand_in, variables in found.items()}

    @cached_property
    def kept(self) -> frozenset[Variable]:
        """Those whose choice matters later: said back in an answer, sent twice, or one of two requests of one shape."""
        if not self.is_own:
            return frozenset()
        uses = Counter(variable for one in self.templates.values() for variable in one.variables)
        shapes = Counter(shape_of(one.parts) for one in self.templates.values())
        kept = {variable for variable, count in uses.items() if count > 1}
        for one in self.templates.values():
            if shapes[shape_of(one.parts)] > 1:
                kept |= one.variables
        for item in self._recordings:
            kept.update(variable for slot in self.slots(item) for variable in slot.variables)
        return frozenset(kept)

    @cached_property
    def told(self) -> frozenset[str]:
        """Every id that Stripe told, and every other id that a recorded request is about."""
        found = set().union(*(_told_ids(item) for item in self._recordings))
        for item in self._recordings:
            found.update(_TOKEN.findall(item.asked.path))
        return frozenset(found - self._inputs - self._accounts)

    def _input_ids(self) -> frozenset[str]:
        """The ids that Stripe never knew: each request that names one is answered 404, and no answer tells it."""
        statuses: defaultdict[str, set[int]] = defaultdict(set)
        for item in self._recordings:
            segments = item.asked.path.split("/")
            for at in id_places(segments):
                statuses[segments[at]].add(item.status)
            for _, value in item.asked.params:
                statuses[value].update(())
        unknown = {
            text for text, seen in statuses.items() if seen <= {404} and _STAND_IN_ID.fullmatch(text) is not None
        }
        for item in self._recordings if unknown else ():
            unknown -= _told_ids(item)
        return frozenset(unknown)

    def _input_accounts(self) -> frozenset[str]:
        """The connected accounts that no answer told before the code used them."""
        found: dict[str, bool] = {}
        told: set[str] = set()
        for item in self._recordings:
            if item.asked.account:
                found.setdefault(item.asked.account, item.asked.account not in told)
            told.update(_TOKEN.findall(_text_of(item.interaction.response)))
        return frozenset(account for account, is_input in found.items() if is_input)

    def _template(self, item: Recording) -> Template | None:
        """The recorded request with its variables; None where it has none."""
        request = item.whole[item.index].request
        parts = parts_of(item.asked, request, is_stand_in_name if self.is_own else None)
        ids = {at: Variable("id", word) for at, word in enumerate(parts.segments) if word in self._inputs}
        account = Variable("account", parts.account) if parts.account in self._accounts else None
        values = {key: made for key, value in parts.fixed if (made := self.value_variable(value, key))}
        times = frozenset([key for key, value in parts.fixed if self.is_own and _is_time(key, value, item.asked)])
        found = {*ids.values(), *values.values(), *([account] if account else [])}
        for one in parts.named:
            found.update(Variable("name", name) for name in one.names if is_stand_in_name(name))
            value = self.value_variable(one.value, one.frame, one.names)
            found.update([value] if value else [])
        if not found and not times:
            return None
        kept = frozenset(one for one in found if one.path != _WHOLE_BODY)
        return Template(item, parts, ids, account, values, times, kept)

    def value_variable(self, recorded: str, key: str, names: Sequence[str] = ()) -> Variable | None:
        """The variable that a recorded value is; None for a literal one."""
        if recorded in self._inputs:
            return Variable("id", recorded)
        return Variable("value", recorded, value_path(key, names)) if is_placeholder(recorded) else None

    def _arrange(self) -> None:
        groups: defaultdict[tuple[int, Mask, Shape], list[Template]] = defaultdict(list)
        masks: defaultdict[Shape, dict[Mask, None]] = defaultdict(dict)
        exact: defaultdict[tuple[int, Asked], list[Template]] = defaultdict(list)
        for one in self.templates.values():
            mask, stage = one.mask, one.recording.stage
            groups[stage, mask, shape_of(one.parts, mask)].append(one)
            masks[shape_of(one.parts)][mask] = None
            exact[stage, one.recording.asked].append(one)
        self._groups = {key: tuple(group) for key, group in groups.items()}
        self._masks = {shape: tuple(found) for shape, found in masks.items()}
        self._exact = {key: tuple(group) for key, group in exact.items()}


def _named(key: str, value: str, is_chosen: Callable[[str], bool]) -> Named | None:
    segments = split_key(key)
    frame: list[str] = []
    names: list[str] = []
    is_behind = False
    for segment in segments:
        is_name = bool(segment) and (is_behind or (not is_position(segment) and is_chosen(segment)))
        if is_name:
            names.append(segment)
        frame.append(OPEN if is_name else segment)
        is_behind = is_behind or segment in USER_KEYED
    if not names:
        return None
    return Named(frame[0] + "".join([f"[{segment}]" for segment in frame[1:]]), tuple(names), value)


def filled_key(frame: str, names: Sequence[str]) -> str:
    """The key of a named parameter: its frame with the names put in."""
    left = iter(names)
    first, *others = [next(left) if segment == OPEN else segment for segment in split_key(frame)]
    return first + "".join([f"[{segment}]" for segment in others])


def _is_time(key: str, value: str, asked: Asked) -> bool:
    return key.partition("[")[0] == "created" and asked.is_read and is_time_text(value)


def is_time_text(value: str) -> bool:
    """Whether a value is a unix second of this century."""
    return _UNIX_S.fullmatch(value) is not None


def _told_ids(item: Recording) -> set[str]:
    """The ids in an answer that are Stripe's word; not what it says back of the client's."""
    if item.status >= 400:
        return set()
    try:
        value = json.loads(plain_body(item.interaction.response))
    except (ValueError, RecursionError):
        return set()
    return {token for text in _leaves(value) for token in _TOKEN.findall(text)}


def _leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value but what stands in metadata, evidence and errors."""
    left: list[Any] = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left.extend([member for key, member in one.items() if key not in _NOT_STRIPES_WORD])
        elif isinstance(one, list):
            left.extend(one)


def _text_of(response: Response) -> str:
    return plain_body(response).decode("utf-8", "replace")
