"""Every public exception and warning is the same after pickle and copy, so that pools of processes hand it on."""

from __future__ import annotations

import copy
import importlib
import inspect
import multiprocessing
import pickle
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import replaydisputes
from replaydisputes.errors import LeakFoundError, MismatchError, NetworkBlockedError, ReplayDisputesError
from replaydisputes.leak_gate import Leak
from replaydisputes.model import TransportFault

SAMPLES: dict[str, Any] = {
    "bool": True,
    "bytes": b"raw",
    "float": 2.5,
    "int": 7,
    "int | None": 7,
    "object": ("a", 1),
    "str": "close-lost",
    "Path": Path("cassettes/a.yaml"),
    "Path | None": Path("cassettes/a.yaml"),
    "Sequence[str]": ("one", "two"),
    "tuple[object, ...]": ("one", 2),
    "Sequence[LeakLike]": (Leak("api-key", 3, 1, "sk…, 20"),),
}


def public_errors() -> list[type[BaseException]]:
    """Every class of the package's own that derives from our root, and every warning of ours."""
    for found in pkgutil.walk_packages(replaydisputes.__path__, "replaydisputes."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    kinds: set[type[BaseException]] = {ReplayDisputesError, TransportFault}
    waiting: list[type[BaseException]] = [ReplayDisputesError, UserWarning]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        kinds.update(one for one in below if one.__module__.startswith("replaydisputes"))
    return sorted(kinds, key=lambda kind: (kind.__module__, kind.__qualname__))


def sample(kind: type[BaseException]) -> BaseException:
    """One made as the product makes it, with a value for every parameter."""
    positional, named = [], {}
    for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]:
        value = SAMPLES.get(str(parameter.annotation), "some text")
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        elif parameter.kind is not parameter.VAR_KEYWORD:
            positional.append(value)
    return kind(*positional, **named)


def told_by(error: BaseException) -> tuple[Any, ...]:
    return type(error), str(error), error.args, vars(error), getattr(error, "exit_code", None)


def pickled(error: BaseException, protocol: int | None = None) -> Any:
    return pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - what this test itself has just written


def by_pickle(error: BaseException) -> BaseException:
    restored: BaseException = pickled(error)
    return restored


WAYS: dict[str, Callable[[BaseException], BaseException]] = {
    "pickle": by_pickle,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", public_errors(), ids=lambda kind: kind.__name__)
def test_message_and_facts_survive(kind: type[BaseException], way: str) -> None:
    error = sample(kind)
    error.add_note("met while closing")

    assert told_by(WAYS[way](error)) == told_by(error)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_each_protocol_of_pickle_will_do(protocol: int) -> None:
    error = MismatchError("a report\nof two lines", "POST", "https://api.stripe.com/v1/refunds")

    assert told_by(pickled(error, protocol)) == told_by(error)


def test_what_was_added_to_a_message_survives() -> None:
    error = NetworkBlockedError("connect to", "192.0.2.1:443")
    error.args = (f"{error}\nrespx also intercepts requests here",)

    assert str(pickled(error)) == str(error)


def test_a_leak_is_told_by_kind_and_line_as_before() -> None:
    error = LeakFoundError(Path("a.yaml"), [Leak("api-key", 3, 1, "sk…, 20")], Path("kept"))
    restored = pickled(error)

    assert (restored.leaks, restored.quarantined, str(restored)) == (error.leaks, error.quarantined, str(error))


def refuse(name: str) -> None:
    raise MismatchError(f"nothing recorded for {name}", "GET", f"https://api.stripe.com/v1/{name}")


@pytest.mark.skipif(sys.platform == "win32", reason="its processes import this module anew")
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_mismatch_in_a_worker_of_a_pool_comes_back(method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool, pytest.raises(MismatchError) as caught:
        pool.apply_async(refuse, ("customers",)).get(timeout=60)

    assert (caught.value.method, caught.value.url) == ("GET", "https://api.stripe.com/v1/customers")
