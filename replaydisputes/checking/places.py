"""From a field of a cassette to its line in the file, and back."""

from __future__ import annotations

import re
from bisect import bisect_right

from replaydisputes.cassette_file.tree import Listing, Mapping, Node, Scalar, compose
from replaydisputes.checking.bodies import json_of
from replaydisputes.checking.finding import JsonPath
from replaydisputes.checking.json_index import JsonIndex

_PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class Places:
    """Built from the bytes of a file that parses; only asked where something was found, so clean files cost nothing."""

    def __init__(self, content: bytes) -> None:
        self._text = content.decode("utf-8-sig")
        self._lines = self._text.split("\n")
        self._line_starts = [0]
        for line in self._lines:
            self._line_starts.append(self._line_starts[-1] + len(line) + 1)
        self._nodes: dict[str, Node] = {}
        self._keys: list[tuple[int, str]] = []
        self._indexes: dict[str, JsonIndex | None] = {}
        root = compose(self._text)
        if isinstance(root, Mapping):
            self._read(root)
        self._keys.sort()

    def place_of(self, field: str, path: JsonPath | None) -> tuple[int, int]:
        """Line and column, from 1, of a field or of a value in its JSON body."""
        node = self._nodes.get(field)
        if node is None:
            return 1, 1
        index = self._index_of(field) if path else None
        if index is not None and path and isinstance(node, Scalar):
            return self._in_block(node, index.offset_of(path))
        return self._line_and_column(node.index)

    def field_at(self, line: int, column: int) -> str:
        """The field that a character belongs to, down to the path in a JSON body that is written as a block."""
        at = self._line_starts[min(line, len(self._lines)) - 1] + column - 1
        which = bisect_right(self._keys, (at, "\U0010ffff")) - 1
        if which < 0:
            return ""
        field = self._keys[which][1]
        node, index = self._nodes[field], self._index_of(field)
        if index is None or not isinstance(node, Scalar):
            return field
        return with_path(field, index.path_at(self._offset_in_block(node, line, column)))

    def _read(self, root: Mapping) -> None:
        for key, node in root.values.items():
            self._add(step_in_words(key), root.key_index[key], node)
        provenance, interactions = root.values.get("replaydisputes"), root.values.get("interactions")
        if isinstance(provenance, Mapping):
            self._read_members("replaydisputes", provenance)
        for number, node in enumerate(interactions.items if isinstance(interactions, Listing) else ()):
            field = f"interactions[{number}]"
            self._add(field, node.index, node)
            for half in ("request", "response"):
                member = node.values.get(half) if isinstance(node, Mapping) else None
                if isinstance(member, Mapping):
                    self._read_half(f"{field}.{half}", member)

    def _read_half(self, field: str, half: Mapping) -> None:
        self._read_members(field, half)
        for name in ("headers", "status"):
            member = half.values.get(name)
            if isinstance(member, Mapping):
                self._read_members(f"{field}.{name}", member)
        body = half.values.get("body")
        if isinstance(body, Mapping) and "string" in body.values:
            self._add(f"{field}.body", body.key_index["string"], body.values["string"])

    def _read_members(self, field: str, mapping: Mapping) -> None:
        for key, node in mapping.values.items():
            self._add(f"{field}.{step_in_words(key)}", mapping.key_index[key], node)

    def _add(self, field: str, key_index: int, node: Node) -> None:
        self._nodes[field] = node
        self._keys.append((key_index, field))

    def _line_and_column(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, index)
        return line, index - self._line_starts[line - 1] + 1

    def _index_of(self, field: str) -> JsonIndex | None:
        """The index of a body that is JSON in a literal block: only there do lines of the file and the body agree."""
        if field not in self._indexes:
            node = self._nodes[field]
            is_block = isinstance(node, Scalar) and field.endswith(".body") and self._text[node.index] == "|"
            text = node.text if isinstance(node, Scalar) and is_block else ""
            self._indexes[field] = None if json_of(text.encode())[1] else JsonIndex(text)
        return self._indexes[field]

    def _in_block(self, node: Scalar, offset: int) -> tuple[int, int]:
        down = node.text.count("\n", 0, offset)
        line = self._line_and_column(node.index)[0] + 1 + down
        column = offset - (node.text.rfind("\n", 0, offset) + 1) + self._indent(node, down) + 1
        return line, column

    def _offset_in_block(self, node: Scalar, line: int, column: int) -> int:
        lines = node.text.split("\n")
        down = min(max(line - self._line_and_column(node.index)[0] - 1, 0), len(lines) - 1)
        return sum(len(text) + 1 for text in lines[:down]) + max(column - 1 - self._indent(node, down), 0)

    def _indent(self, node: Scalar, down: int) -> int:
        """How far the block's n-th line is set in: the file's line less the text's."""
        in_file = self._lines[self._line_and_column(node.index)[0] + down].rstrip("\r")
        return len(in_file) - len(node.text.split("\n")[down])


def with_path(field: str, path: JsonPath | None) -> str:
    """`interactions[0].response.body $.data[0].status`."""
    if path is None:
        return field
    steps = (f"[{step}]" if isinstance(step, int) else f".{step_in_words(step)}" for step in path)
    return f"{field} ${''.join(steps)}"


def step_in_words(key: str) -> str:
    """A key as it may be printed: a key can itself be somebody's address, so only plain names are."""
    return key if _PLAIN_STEP.fullmatch(key) else f"<{len(key)} characters>"
