"""What this run has chosen for the variables of a cassette: found as its requests match, filled into its answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product

from replaydisputes.playback.index import Group, Recording
from replaydisputes.playback.matching import Asked
from replaydisputes.playback.slots import BODY as IN_BODY
from replaydisputes.playback.slots import Change, in_json
from replaydisputes.playback.variables import (
    Named,
    Parts,
    Template,
    Variable,
    VariableKind,
    Variables,
    filled_key,
    id_places,
    is_stand_in_name,
    is_time_text,
    value_path,
)
from replaydisputes.stripe_api.ids import ID, PREFIXES, is_drawn_id
from replaydisputes.stripe_api.kinds import fits
from replaydisputes.stripe_api.parameters import FORM_RULES

New = dict[Variable, str]
"""What a match binds, once it is taken."""

Bound = list[list[str]]
"""Bindings as JSON: kind, stand-in, path and value of each."""

_MOST_READINGS = 16
_DAY_S = 86_400
_NOT_THAT = "\0"
"""In front of what a suite says that is spelled like a stand-in and is not what that stands for."""
_ONE_TO_ONE: frozenset[VariableKind] = frozenset({"name", "id", "account"})


class Bindings:
    """The bindings of one run within one cassette or, under any_dispute, within one dispute of it."""

    def __init__(
        self,
        variables: Variables,
        is_told: Callable[[str], bool],
        in_days: Callable[[int], int | None] = lambda _: None,
        behind: Bindings | None = None,
    ) -> None:
        """is_told: whether Stripe told this run an id, in any of its cassettes. in_days: the recorded time that is as
        many whole days from the recording's begin as a given one from the run's. behind: asked where nothing is bound
        here.
        """
        self.variables, self._is_told, self._in_days, self._behind = variables, is_told, in_days, behind
        self._bound: dict[Variable, str] = {}
        self._holders: defaultdict[tuple[str, str, str], list[Variable]] = defaultdict(list)
        self._next_unbound: dict[int, int] = {}
        self._changed = 0

    def __bool__(self) -> bool:
        return bool(self._bound) or bool(self._behind)

    @property
    def revision(self) -> int:
        """Counts the changes: at the same revision every slot has the same value."""
        return self._changed + (self._behind.revision if self._behind else 0)

    def get(self, variable: Variable) -> str | None:
        bound = self._bound.get(variable)
        return self._behind.get(variable) if bound is None and self._behind else bound

    def bind(self, new: Mapping[Variable, str]) -> bool:
        """Keep what a match found; whether any of it is news."""
        news = False
        for variable, value in new.items():
            before = self._bound.get(variable)
            if before == value:
                continue
            if before is not None:
                self._holders[_holder(variable, before)].remove(variable)
            self._bound[variable] = value
            self._holders[_holder(variable, value)].append(variable)
            news = True
        self._changed += news
        return news

    def state(self) -> Bound:
        return [[*variable, value] for variable, value in self._bound.items()]

    def resume(self, bound: Bound) -> None:
        self.bind({Variable(kind, stand_in, path): value for kind, stand_in, path, value in bound})  # type: ignore[arg-type]

    def known(self, parts: Parts, asked: Asked, epoch: int) -> tuple[Template, ...]:
        """The recorded reads that this request is, with every bound value put back to its stand-in."""
        for put_back in islice(self._readings(parts, asked), _MOST_READINGS):
            found = self.variables.exact(put_back, epoch)
            if found and self.match(found[0], parts) == {}:
                return found
        return ()

    def fresh(self, parts: Parts, epoch: int) -> tuple[Template, New] | None:
        """The first recorded read of the request's shape whose variables can be bound to what it says."""
        fitting = [found for group in self.variables.groups(parts, epoch) if (found := self._first(group, parts))]
        return min(fitting, key=lambda found: found[0].recording.index, default=None)

    def every(self, parts: Parts, stage: int) -> Group:
        """Each recording that fits, in order: for a cassette whose placeholders stand for any value, every time."""
        alike = [one for group in self.variables.groups(parts, stage) for one in group]
        found = [one.recording for one in alike if self.match(one, parts) is not None]
        return tuple(sorted(found, key=lambda item: item.index))

    def match(self, template: Template, parts: Parts, *, anew: bool = False) -> New | None:
        """What to bind so that a recorded request and this one are the same; None where nothing makes them so.

        anew: values that are bound already may be bound to something else.
        """
        attempt = _Attempt(self, anew=anew)
        if attempt.aligned(template, parts) != template.recording.asked:
            return None
        kept = self.variables.kept
        return {variable: value for variable, value in attempt.new.items() if variable in kept}

    def aligned(self, template: Template, parts: Parts) -> Asked:
        """The request with the recorded stand-ins wherever they can stand for what it says: what is left differs."""
        return _Attempt(self, is_lenient=True).aligned(template, parts)

    def holders(self, kind: VariableKind, value: str, path: str = "") -> list[Variable]:
        """The variables bound to a value, the one bound last first."""
        here = self._holders.get((kind, value, path), [])[::-1]
        if self._behind:
            here += [one for one in self._behind.holders(kind, value, path) if one not in self._bound]
        return here

    def can_be(self, variable: Variable, value: str) -> bool:
        """Whether a variable that is not bound may stand for a value."""
        if variable.kind == "value":
            return bool(value) and (not self.variables.is_own or is_replaced(value, variable.path))
        if variable.kind == "name":
            return bool(value)
        prefix = variable.stand_in.partition("_")[0] if "_" in variable.stand_in else ""
        if prefix and not value.startswith(f"{prefix}_"):
            return False
        if not prefix and is_drawn(value):
            return False
        return bool(value) and (value == variable.stand_in or not self._is_told(value))

    def changes(self, recording: Recording) -> tuple[Change, ...]:
        """What is put into an answer: each slot whose variables are bound, if they agree."""
        found = []
        for slot in self.variables.slots(recording):
            values = {value for one in slot.variables if (value := self.get(one)) is not None}
            value = values.pop() if len(values) == 1 else slot.variables[0].stand_in
            if value != slot.variables[0].stand_in:
                text = in_json(value) if slot.where == IN_BODY else value
                found.append(Change(slot.where, slot.start, slot.end, text))
        return tuple(found)

    def shown(self, recorded: Asked) -> Asked:
        """A recorded request with the suite's own ids; names and values are never shown."""
        segments = [self._shown_id("id", word) for word in recorded.path.split("/")]
        params = tuple([(key, self._shown_id("id", value)) for key, value in recorded.params])
        account = self._shown_id("account", recorded.account)
        return recorded._replace(path="/".join(segments), params=params, account=account)

    def _shown_id(self, kind: VariableKind, word: str) -> str:
        return self.get(Variable(kind, word)) or word

    def _first(self, group: Sequence[Template], parts: Parts) -> tuple[Template, New] | None:
        """The first of a group that fits. Times that were asked for before get what they got; new ones the next."""
        start = self._skip_bound(group)
        last: tuple[Template, New] | None = None
        for template in group[start:]:
            new = self.match(template, parts)
            if new is None:
                continue
            if not template.times or len(group) == 1:
                return template, new
            times = Variable("time", str(template.recording.index))
            said = "&".join([f"{key}={value}" for key, value in parts.fixed if key in template.times])
            taken = self.get(times)
            if taken is None or taken == said:
                before = self.holders("time", said)
                if not before or before[0] == times:
                    return template, {**new, times: said}
            last = last or (template, new)
        return last

    def _skip_bound(self, group: Sequence[Template]) -> int:
        """Where the first of a group stands that has a variable left to bind; the others are known, if they fit."""
        at = self._next_unbound.get(id(group), 0)
        kept = self.variables.kept
        while at < len(group) and not group[at].times and group[at].variables <= kept and self._is_all_bound(group[at]):
            at += 1
        self._next_unbound[id(group)] = at
        return at

    def _is_all_bound(self, template: Template) -> bool:
        return all(self.get(one) is not None for one in template.variables)

    def _readings(self, parts: Parts, asked: Asked) -> Iterator[Asked]:
        """The request in the recording's words, in each way that bound values allow; times as asked, then by days."""
        places = id_places(parts.segments)
        segments = [self._put_back("id", one) if at in places else one for at, one in enumerate(parts.segments)]
        account = self._put_back("account", parts.account) if parts.account else ""
        named = [self._with_names_put_back(one) for one in parts.named]
        keys = [key for key, _ in (*parts.fixed, *named)]
        choices = [self._values_put_back(key, value) for key, value in parts.fixed]
        choices += [
            self._values_put_back(key, one.value, key) for (key, _), one in zip(named, parts.named, strict=True)
        ]
        for values in product(*choices):
            for in_days in (False, True):
                pairs = [
                    (key, self._time(key, value, in_days=in_days)) for key, value in zip(keys, values, strict=True)
                ]
                yield asked._replace(path="/".join(segments), params=tuple(sorted(pairs)), account=account)

    def _with_names_put_back(self, one: Named) -> tuple[str, str]:
        return filled_key(one.frame, [self._put_back("name", name) for name in one.names]), one.value

    def _put_back(self, kind: VariableKind, value: str) -> str:
        held = self.holders(kind, value)
        return held[0].stand_in if held else value

    def _values_put_back(self, key: str, value: str, named: str = "") -> list[str]:
        held = self.holders("value", value, value_path(named or key)) or self.holders("id", value)
        return [one.stand_in for one in held] or [value]

    def _time(self, key: str, value: str, *, in_days: bool) -> str:
        if not in_days or key.partition("[")[0] != "created" or not is_time_text(value):
            return value
        moved = self._in_days(int(value))
        return value if moved is None else str(moved)


class _Attempt:
    """One try at making a recorded request and one of the suite the same."""

    def __init__(self, bindings: Bindings, *, anew: bool = False, is_lenient: bool = False) -> None:
        """is_lenient: pair as many names as can be, also a blank value with one that is not."""
        self._bindings, self._anew, self._is_lenient = bindings, anew, is_lenient
        self.new: New = {}
        self._taken: dict[tuple[str, str], Variable] = {}

    def aligned(self, template: Template, parts: Parts) -> Asked:
        """The request with every part that a variable can stand for as it was recorded."""
        segments = list(parts.segments)
        if len(segments) == len(template.parts.segments):
            for at, variable in template.ids.items():
                segments[at] = self._said(variable, segments[at])
        account = parts.account
        if template.account and account:
            account = self._said(template.account, account)
        params = [*self._fixed(template, parts), *self._named(template, parts)]
        return Asked(parts.method, parts.origin, "/".join(segments), tuple(sorted(params)), account)

    def _put(self, variable: Variable, value: str) -> bool:
        """Bind a variable to a value; whether it can be."""
        bound = self.new.get(variable)
        if bound is None and not (self._anew and variable.kind == "value"):
            bound = self._bindings.get(variable)
        if bound is not None:
            return bound == value
        if not self._bindings.can_be(variable, value):
            return False
        if variable.kind in _ONE_TO_ONE:
            held = self._bindings.holders(variable.kind, value)
            other = self._taken.setdefault((variable.kind, value), variable)
            if held or other != variable:
                return False
        self.new[variable] = value
        return True

    def _said(self, variable: Variable, said: str) -> str:
        """The stand-in where it can stand for what is said; else that, and never as if it were the stand-in."""
        if self._put(variable, said):
            return variable.stand_in
        return f"{_NOT_THAT}{said}" if said == variable.stand_in else said

    def _value(self, variable: Variable | None, value: str) -> str:
        return self._said(variable, value) if variable and value else value

    def _fixed(self, template: Template, parts: Parts) -> list[tuple[str, str]]:
        recorded: defaultdict[str, list[str]] = defaultdict(list)
        for key, value in template.parts.fixed:
            recorded[key].append(value)
        times = {key: value for key, value in parts.fixed if key in template.times and is_time_text(value)}
        are_in_order = _are_in_order(times, {key: recorded[key][0] for key in times})
        done = []
        for key, value in parts.fixed:
            said = recorded[key].pop(0) if recorded.get(key) else ""
            if key in times and are_in_order:
                done.append((key, said))
            else:
                variable = self._bindings.variables.value_variable(said, key) if key in template.values else None
                done.append((key, self._value(variable, value)))
        return done

    def _named(self, template: Template, parts: Parts) -> list[tuple[str, str]]:
        left = list(parts.named)
        done = []
        for recorded, one in self._pairs(template.parts.named, left):
            names = self._names(recorded, one)
            variable = self._bindings.variables.value_variable(recorded.value, recorded.frame, recorded.names)
            done.append((filled_key(recorded.frame, names), self._value(variable, one.value)))
        return done + [(filled_key(one.frame, [_not_that(name) for name in one.names]), one.value) for one in left]

    def _pairs(self, recorded: Sequence[Named], left: list[Named]) -> list[tuple[Named, Named]]:
        """Recorded names with those of the request: bound ones first, then in the order sent; `left` loses them."""
        pairs = []
        waiting = []
        for one in recorded:
            names = self._bound_names(one)
            if names is None:
                waiting.append(one)
                continue
            same = [other for other in left if (other.frame, other.names) == (one.frame, names)]
            if same:
                left.remove(same[0])
                pairs.append((one, same[0]))
        for likeness in (_is_alike_blank, _is_alike) if self._is_lenient else (_is_alike_blank,):
            for one in tuple(waiting):
                other = next((other for other in left if likeness(one, other)), None)
                if other is not None:
                    waiting.remove(one)
                    left.remove(other)
                    pairs.append((one, other))
        return pairs

    def _bound_names(self, recorded: Named) -> tuple[str, ...] | None:
        """The names that a recorded one has to be in this run; None where some are not bound yet."""
        names = []
        for name in recorded.names:
            is_variable = self._bindings.variables.is_own and is_stand_in_name(name)
            variable = Variable("name", name)
            said = (self.new.get(variable) or self._bindings.get(variable)) if is_variable else name
            if said is None:
                return None
            names.append(said)
        return tuple(names)

    def _names(self, recorded: Named, one: Named) -> list[str]:
        is_own = self._bindings.variables.is_own
        return [
            self._said(Variable("name", name), said) if is_own and is_stand_in_name(name) else said
            for name, said in zip(recorded.names, one.names, strict=True)
        ]


def _not_that(name: str) -> str:
    return f"{_NOT_THAT}{name}" if is_stand_in_name(name) else name


def is_replaced(value: str, path: str) -> bool:
    """Whether redaction replaces a value in a parameter: neither an id nor a word that the policy keeps."""
    if is_drawn(value):
        return False
    rule = FORM_RULES.get(path)
    return rule is None or not fits(rule[0], value)


def is_drawn(text: str) -> bool:
    """Whether a text is an id of Stripe's, which redaction makes canonical."""
    found = ID.fullmatch(text.partition("_secret_")[0])
    return found is not None and is_drawn_id(found) and found["prefix"] in PREFIXES


def _holder(variable: Variable, value: str) -> tuple[str, str, str]:
    return variable.kind, value, variable.path


def _is_alike(one: Named, other: Named) -> bool:
    return one.frame == other.frame


def _is_alike_blank(one: Named, other: Named) -> bool:
    return one.frame == other.frame and bool(one.value) == bool(other.value)


def _are_in_order(asked: Mapping[str, str], recorded: Mapping[str, str]) -> bool:
    """Whether times of one request stand in the order recorded; those recorded less than a day apart have none."""
    keys = list(asked)
    for at, one in enumerate(keys):
        for other in keys[at + 1 :]:
            apart_s = int(recorded[one]) - int(recorded[other])
            if abs(apart_s) >= _DAY_S and (int(asked[one]) - int(asked[other])) * apart_s <= 0:
                return False
    return True
