"""YAML text to a small tree of nodes that know where they stand, with bounds on depth and on what aliases unfold to.

Built from parser events rather than by a YAML composer: composers recurse (libyaml's crashes the process on deep
nesting), construct objects from tags, and let a few aliases stand for gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Lookup

import yaml

MAX_DEPTH = 64
MAX_ALIASED_CHARS = 16_000_000

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IMPLICIT = yaml.SafeLoader.yaml_implicit_resolvers
_TAG_PREFIX = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(("str", "int", "float", "bool", "null", "timestamp", "binary"))
# vcrpy's own loader reads these as text, and older vcrpy wrote them.
_TEXT_TAGS = frozenset(("python/str", "python/unicode"))
_LIST_TAGS = frozenset(("seq", "python/tuple"))
_MAP_TAGS = frozenset(("map",))
_NO_TAGS: Lookup[str, str] = {}
# What opens and closes a level of flow style. A quoted text counts as one piece, so brackets in it do not count.
_FLOW = re.compile(r"""[\[{\]}]|"(?:[^"\\]|\\.)*"|'[^']*'""", re.DOTALL)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FaultError(Exception):
    """What is wrong and at which character of the text; the caller knows the file and the line."""

    def __init__(self, index: int, expected: str, got: str) -> None:
        self.index, self.expected, self.got = index, expected, got
        super().__init__(f"expected {expected}, got {got}")


class Scalar:
    """A leaf. `kind` is the YAML type's short name: str, int, float, bool, null, timestamp, binary, merge, value."""

    __slots__ = ("index", "kind", "text", "weight")

    def __init__(self, index: int, kind: str, text: str) -> None:
        self.index, self.kind, self.text, self.weight = index, kind, text, 1 + len(text)


class Listing:
    __slots__ = ("closed", "index", "items", "weight")

    def __init__(self, index: int) -> None:
        self.index, self.weight, self.closed = index, 1, False
        self.items: list[Node] = []

    def add(self, node: Node) -> None:
        self.items.append(node)
        self.weight += node.weight


class Mapping:
    """Keys as text, in file order, each once; `key_index` says where each key stands."""

    __slots__ = ("closed", "index", "key", "key_index", "values", "weight")

    def __init__(self, index: int) -> None:
        self.index, self.weight, self.closed = index, 1, False
        self.values: dict[str, Node] = {}
        self.key_index: dict[str, int] = {}
        self.key: str | None = None

    def add(self, node: Node) -> None:
        self.weight += node.weight
        if self.key is None:
            self.key = self._new_key(node)
        else:
            self.values[self.key] = node
            self.key = None

    def _new_key(self, node: Node) -> str:
        if not isinstance(node, Scalar) or node.kind == "merge":
            raise FaultError(
                node.index, "a plain key", describe(node) if not isinstance(node, Scalar) else "a merge key"
            )
        if node.text in self.key_index:
            raise FaultError(node.index, "each key once", "the same key again")
        self.key_index[node.text] = node.index
        return node.text


Node = Scalar | Listing | Mapping

_NAMES = {"str": "text", "int": "an integer", "float": "a number", "bool": "a boolean", "null": "nothing"}


def describe(node: Node) -> str:
    """What a node is, never what it says: a cassette of unknown origin may hold secrets."""
    if isinstance(node, Scalar):
        return _NAMES.get(node.kind, f"a {node.kind}")
    return "a list" if isinstance(node, Listing) else "a mapping"


def compose(text: str, more_tags: Lookup[str, str] = _NO_TAGS) -> Node | None:
    """The tree of the one document in the text, None where there is none. Raises FaultError.

    more_tags: tags of scalars that other tools write, such as Ruby's `!binary`, and the kind each stands for.
    """
    builder = _Builder(more_tags)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
        return builder.root
    except RecursionError:
        raise too_deep(builder.reached) from None
    except yaml.reader.ReaderError as error:
        found = _FORBIDDEN.search(text)
        raise FaultError(found.start() if found else 0, "YAML", error.reason) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        passed = builder.bound_passed(text, mark.index) if mark else None
        if passed is not None:
            raise too_deep(passed) from None
        raise FaultError(mark.index if mark else 0, "YAML", error.problem or "something else") from None


def too_deep(index: int) -> FaultError:
    """The fault of a document that nests deeper than MAX_DEPTH, whoever noticed it first."""
    return FaultError(index, f"at most {MAX_DEPTH} levels", "deeper nesting")


def where_too_deep(text: str, bound: int, start: int, end: int) -> int | None:
    """The character of the bracket that opens more than `bound` levels from `start`, None if `end` comes first."""
    depth = 0
    for found in _FLOW.finditer(text, start, end):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > bound:
            return found.start()
    return None


class _Builder:
    """Takes events one by one; keeps the collections still open, so that nothing here recurses.

    `reached` is the character where the last event ended.
    """

    def __init__(self, more_tags: Lookup[str, str]) -> None:
        self.root: Node | None = None
        self.reached = 0
        self._more_tags = more_tags
        self._open: list[Listing | Mapping] = []
        self._anchors: dict[str, Node] = {}
        self._aliased_chars = 0

    def take(self, event: yaml.Event) -> None:
        self.reached = event.end_mark.index if event.end_mark else self.reached
        if isinstance(event, yaml.ScalarEvent):
            scalar = _scalar(event, self._more_tags)
            self._remember(event, scalar)
            self._place(scalar)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._enter(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            closed.closed = True
            self._place(closed)
        elif isinstance(event, yaml.AliasEvent):
            self._place(self._unfolded(event))
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise FaultError(_index(event), "one document", "a second one")

    def bound_passed(self, text: str, end: int) -> int | None:
        """Where the text between the last event and `end` passes MAX_DEPTH, None if it does not.

        A scanner looks ahead for a colon before it reports a list or a map of flow style. Some have a bound of their
        own for depth, and stop there with an error in their own words.
        """
        return where_too_deep(text, MAX_DEPTH - len(self._open), self.reached, end + 1)

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1].add(node)
        else:
            self.root = node

    def _enter(self, event: yaml.CollectionStartEvent) -> None:
        index = _index(event)
        if len(self._open) == MAX_DEPTH:
            raise too_deep(index)
        is_list = isinstance(event, yaml.SequenceStartEvent)
        _check_tag(event, _LIST_TAGS if is_list else _MAP_TAGS)
        node = Listing(index) if is_list else Mapping(index)
        self._remember(event, node)
        self._open.append(node)

    def _remember(self, event: yaml.NodeEvent, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _unfolded(self, event: yaml.AliasEvent) -> Node:
        index = _index(event)
        node = self._anchors.get(event.anchor or "")
        if node is None:
            raise FaultError(index, "an alias of something above", "an alias of nothing")
        if not isinstance(node, Scalar) and not node.closed:
            raise FaultError(index, "a tree", "an alias that contains itself")
        self._aliased_chars += node.weight
        if self._aliased_chars > MAX_ALIASED_CHARS:
            raise FaultError(index, "few and small aliases", f"more than {MAX_ALIASED_CHARS:,} characters of them")
        return node


def _index(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _scalar(event: yaml.ScalarEvent, more_tags: Lookup[str, str]) -> Scalar:
    text: str = event.value
    index: int = _index(event)
    if event.tag is not None:
        return Scalar(index, more_tags.get(event.tag) or _tagged_kind(event), text)
    if not event.implicit[0]:
        return Scalar(index, "str", text)
    for tag, pattern in _IMPLICIT.get(text[:1], ()):
        if pattern.match(text):
            return Scalar(index, tag.removeprefix(_TAG_PREFIX), text)
    return Scalar(index, "str", text)


def _tagged_kind(event: yaml.ScalarEvent) -> str:
    _check_tag(event, _SCALAR_TAGS | _TEXT_TAGS)
    kind = (event.tag or "").removeprefix(_TAG_PREFIX)
    return kind if kind in _SCALAR_TAGS else "str"


def _check_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent, allowed: frozenset[str]) -> None:
    tag = event.tag
    if tag is None or tag == "!" or (tag.startswith(_TAG_PREFIX) and tag.removeprefix(_TAG_PREFIX) in allowed):
        return
    # A value that begins with an exclamation mark, such as a password, is a tag to YAML.
    known = tag.startswith((_TAG_PREFIX, "!ruby/"))
    raise FaultError(_index(event), "plain YAML", f"the tag {tag[:60]!r}" if known else "a tag of its own")
