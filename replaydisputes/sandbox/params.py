"""Form parameters against what an endpoint takes: converted, or refused in Stripe's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Union

from replaydisputes.sandbox import refusals
from replaydisputes.sandbox.refusals import SandboxLimitError
from replaydisputes.stripe_api.forms import Params, normalise_params, split_key


class Kind(Enum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "list of texts"
    MAP = "texts by free name"
    UNMODELLED = "known to Stripe, not modelled here"


Spec = Mapping[str, Union[Kind, "Spec"]]
"""What an endpoint takes, by name; a nested mapping stands for `name[inner]`."""

_Tree = dict[str, Union[str, "_Tree"]]


def unmodelled(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, Kind.UNMODELLED)


def read_params(params: Params, spec: Spec) -> dict[str, Any]:
    """The parameters by name, converted; a blank text is None, which is how Stripe unsets a field.

    Raises Refusal for what Stripe refuses, SandboxLimitError for what Stripe takes and the sandbox does not.
    """
    tree = _tree(params)
    names = list(_unknown(tree, spec, ""))
    if names:
        raise refusals.unknown_parameters(names)
    return _converted(tree, spec, "")


def _tree(params: Params) -> _Tree:
    root: _Tree = {}
    for key, value in normalise_params(params):
        *path, leaf = split_key(key)
        node = root
        for segment in path:
            inner = node.setdefault(segment, {})
            if isinstance(inner, str):
                raise SandboxLimitError(f"{key} beside a plain {segment}")
            node = inner
        if isinstance(node.get(leaf), dict):
            raise SandboxLimitError(f"{key} beside {key}[…]")
        node[leaf] = value
    return root


def _unknown(tree: _Tree, spec: Spec, prefix: str) -> Iterator[str]:
    for name, value in tree.items():
        kind = spec.get(name)
        if kind is None:
            yield _full(prefix, name)
        elif isinstance(kind, Mapping) and isinstance(value, dict):
            yield from _unknown(value, kind, _full(prefix, name))


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _converted(tree: _Tree, spec: Spec, prefix: str) -> dict[str, Any]:
    return {name: _value(value, spec[name], _full(prefix, name)) for name, value in tree.items()}


def _value(value: str | _Tree, kind: Kind | Spec, name: str) -> Any:
    if kind is Kind.UNMODELLED:
        raise SandboxLimitError(f"the parameter {name}")
    if isinstance(value, str):
        return _scalar(value, kind, name)
    if isinstance(kind, Mapping):
        return _converted(value, kind, name)
    texts = {key: text for key, text in value.items() if isinstance(text, str)}
    if kind not in (Kind.LIST, Kind.MAP) or len(texts) < len(value):
        raise SandboxLimitError(f"the form of {name}[…]")
    return texts if kind is Kind.MAP else [texts[key] for key in sorted(texts, key=_position)]


def _position(key: str) -> int:
    if not key.isdecimal():
        raise SandboxLimitError(f"a list member called {key!r}")
    return int(key)


def _scalar(value: str, kind: Kind | Spec, name: str) -> Any:
    if isinstance(kind, Mapping) and kind.keys() >= {"gte", "lte"}:
        return dict.fromkeys(("gte", "lte"), _scalar(value, kind["gte"], name))
    if kind is Kind.TEXT:
        return value or None
    if kind is Kind.MAP and value == "":
        return None
    if value == "":
        raise refusals.empty_value(name)
    if kind is Kind.INTEGER:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise refusals.bad_integer(f"Invalid integer: {value}", name)
        return int(value)
    if kind is Kind.BOOLEAN:
        if value not in ("true", "false"):
            raise refusals.bad_value(f"Invalid boolean: {value}", name)
        return value == "true"
    raise SandboxLimitError(f"a plain value for {name}")


def required(values: Mapping[str, Any], *names: str) -> None:
    """Raises Refusal for the first of `names` that was not sent."""
    for name in names:
        if values.get(name) is None:
            raise refusals.missing_parameter(name)
