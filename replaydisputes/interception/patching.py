"""A book of replaced attributes, so that every one can be put back exactly."""

from __future__ import annotations

import functools
from collections.abc import Callable
from operator import call, is_
from typing import Any

_ABSENT = object()
_IMMUTABLE = 1 << 8
"""Py_TPFLAGS_IMMUTABLETYPE (docs.python.org/3/c-api/typeobj.html)."""
Wrap = Callable[[Any], Callable[..., Any]]


class _Patch:
    """One attribute. `layers` pairs each wrapper of ours with what stood in the owner's own namespace before it."""

    def __init__(self, owner: Any, name: str, wrap: Wrap) -> None:
        self.owner, self.name, self.wrap = owner, name, wrap
        self.layers: list[tuple[object, object]] = []

    def put_on_top(self) -> None:
        """Wrap what is there now, unless that is ours already. Another tool may have come or gone since."""
        there = vars(self.owner).get(self.name, _ABSENT)
        for depth, (ours, _) in enumerate(self.layers, start=1):
            if there is ours:
                del self.layers[depth:]
                return
        original = getattr(self.owner, self.name)
        ours = functools.wraps(original)(self.wrap(original))
        self.layers.append((ours, there))  # first, so that an interrupt in between leaves nothing that nobody knows of
        try:
            _put(self.owner, self.name, ours)
        except (AttributeError, TypeError):
            self.layers.pop()
            raise

    def take_off(self) -> None:
        for ours, before in reversed(self.layers):
            if vars(self.owner).get(self.name, _ABSENT) is not ours:
                continue  # somebody else's patch lies on top; it leads to ours, which does nothing without a route
            if before is _ABSENT:
                delattr(self.owner, self.name)
            else:
                _put(self.owner, self.name, before)
        self.layers.clear()


def _put(owner: Any, name: str, value: Any) -> None:
    """`setattr`, which also replaces a method of a class written in C.

    Such a class refuses `setattr`, and a subclass in its place would not reach the handles that were made before.
    Only what the class itself defines is replaced. Never a name with underscores: those have a slot in the class too.
    """
    if not (isinstance(owner, type) and owner.__flags__ & _IMMUTABLE and name in vars(owner)):
        setattr(owner, name, value)
        return
    import ctypes  # noqa: PLC0415 - takes milliseconds, and few replays meet such a class
    import gc  # noqa: PLC0415

    (namespace,) = gc.get_referents(vars(owner))
    namespace[name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))  # else the interpreter goes on with what it cached


class PatchBook:
    def __init__(self) -> None:
        self._patches: dict[tuple[int, str], _Patch] = {}
        self._undoing: list[Callable[[], object]] = []
        self._left: tuple[list[Callable[[str], object]], list[str], list[object]] | None = None
        """How `put_on_top` left the attributes: what looks each up, its name, and what is there."""

    def replace(self, owner: Any, name: str, wrap: Wrap) -> None:
        """Put wrap(original) in the place of owner.name. Raises AttributeError where there is nothing to wrap."""
        patch = self._patches.setdefault((id(owner), name), _Patch(owner, name, wrap))
        self._left = None
        try:
            patch.put_on_top()
        except (AttributeError, TypeError):
            if not patch.layers:
                del self._patches[id(owner), name]
            raise

    def put_on_top(self) -> None:
        """Have every attribute lead to ours first. This is asked before every replay, so that it is a loop in C."""
        if self._left is not None:
            lookups, names, ours = self._left
            if all(map(is_, map(call, lookups, names), ours)):
                return
        patches = list(self._patches.values())
        for patch in patches:
            patch.put_on_top()
        lookups, names = [vars(patch.owner).get for patch in patches], [patch.name for patch in patches]
        self._left = lookups, names, [patch.layers[-1][0] for patch in patches]

    def undo_with(self, undo: Callable[[], object]) -> None:
        """Have `restore` call this too, for what is no attribute."""
        self._undoing.append(undo)

    def restore(self) -> None:
        """Every attribute as it was found: the same object, and absent where it was inherited."""
        self._left = None
        while self._undoing:
            self._undoing.pop()()
        while self._patches:
            self._patches.popitem()[1].take_off()
