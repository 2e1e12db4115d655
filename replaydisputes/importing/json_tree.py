"""JSON text to the tree that YAML gives: the same nodes, each knowing where it stands, the same bound on depth.

Not `json.loads`: it recurses, knows no places, and lets the last of two equal keys win in silence.
"""

from __future__ import annotations

import json
import re

from replaydisputes.cassette_file.tree import MAX_DEPTH, FaultError, Listing, Mapping, Node, Scalar, too_deep

_BLANK = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(
    r"(?P<int>-?(?:0|[1-9][0-9]*))(?P<float>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?P<bool>true|false)|(?P<null>null)"
)
_WRONG = {
    "Unterminated string starting at": "one without an end",
    "Invalid control character at": "a control character in one",
}
_STRING = json.JSONDecoder()


def compose_json(text: str) -> Node | None:
    """The tree of the one JSON value in the text, None where there is none. Raises FaultError."""
    scanner = _Scanner(text)
    if scanner.skip() == len(text):
        return None
    root: Node | None = None
    stack: list[Listing | Mapping] = []
    while True:
        node = scanner.opening(len(stack)) or scanner.atom()
        if isinstance(node, Listing | Mapping):
            stack.append(node)
            if not scanner.closes(node):
                scanner.key(node)
                continue
            stack.pop()
        while stack:
            stack[-1].add(node)
            if scanner.goes_on(stack[-1]):
                scanner.key(stack[-1])
                break
            node = stack.pop()
        else:
            root = node
            break
    if scanner.skip() != len(text):
        raise FaultError(scanner.at, "the end of the JSON", "more text behind it")
    return root


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self.at = text, 0

    def skip(self) -> int:
        """Past blanks; returns where that is."""
        found = _BLANK.match(self._text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def opening(self, depth: int) -> Listing | Mapping | None:
        start, char = self.skip(), self._peek()
        if char not in ("[", "{"):
            return None
        if depth == MAX_DEPTH:
            raise too_deep(start)
        self.at += 1
        return Listing(start) if char == "[" else Mapping(start)

    def atom(self) -> Scalar:
        start = self.skip()
        if self._peek() == '"':
            return self._string()
        found = _ATOM.match(self._text, start)
        if found is None:
            raise FaultError(start, "a JSON value", self._here())
        self.at = found.end()
        if found["int"] is None:
            return Scalar(start, "bool" if found["bool"] else "null", found[0])
        return Scalar(start, "float" if found["float"] else "int", found[0])

    def key(self, parent: Listing | Mapping) -> None:
        if isinstance(parent, Listing):
            return
        if self.skip() == len(self._text) or self._peek() != '"':
            raise FaultError(self.at, "a key in double quotes", self._here())
        parent.add(self._string())
        self.skip()
        if self._peek() != ":":
            raise FaultError(self.at, "a colon behind the key", self._here())
        self.at += 1

    def closes(self, parent: Listing | Mapping) -> bool:
        """Whether the collection ends here; if so, goes past its end."""
        self.skip()
        if self._peek() != ("]" if isinstance(parent, Listing) else "}"):
            return False
        self.at += 1
        return True

    def goes_on(self, parent: Listing | Mapping) -> bool:
        """Whether a member follows another; False past the end of the collection."""
        if self.closes(parent):
            return False
        if self._peek() != ",":
            raise FaultError(self.at, "a comma or the end of the collection", self._here())
        self.at += 1
        return True

    def _string(self) -> Scalar:
        start = self.at
        try:
            value, self.at = _STRING.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            raise FaultError(error.pos, "a JSON string", _WRONG.get(error.msg, "an escape that is none")) from None
        return Scalar(start, "str", value)

    def _peek(self) -> str:
        return self._text[self.at : self.at + 1]

    def _here(self) -> str:
        return "the end of the file" if self.at >= len(self._text) else "something else"
