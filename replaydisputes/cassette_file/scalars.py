"""One value as YAML text: readable where YAML can carry it exactly, quoted or base64 where it cannot.

Written by hand because emitters fold, escape or normalise by rules that change between versions; what is written
here reads the same under YAML 1.1 (vcrpy) and 1.2 (cassetter). What is read here is this spelling, no other YAML.
"""

from __future__ import annotations

import base64
import re
import textwrap

# Printable in both YAML versions and no line break in either: NEL, LS and PS are breaks in 1.1, a BOM may be eaten.
_PRINTABLE = "\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_PLAIN = re.compile(r"[A-Za-z](?:[!-~]| (?!#))*(?<![ :])")
_LITERAL_TEXT = f"(?![ \t\n])[\t\n{_PRINTABLE}]+"  # compiled when first written with: a replay never does
_FRAGILE_END = re.compile(r"[ \t]$|\n\n\Z", re.MULTILINE)
_ESCAPED = rf'["\\]|[^{_PRINTABLE}]'
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))")
_LONG_ESCAPES = {short[1]: char for char, short in _SHORT_ESCAPES.items()}
_NO_BLANKS = str.maketrans("", "", " \n")
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])


def text_scalar(text: str) -> str:
    """A string on one line: plain where no reader could take it for anything else, else double-quoted."""
    if _PLAIN.fullmatch(text) and ": " not in text and text.lower() not in _RESERVED:
        return text
    return f'"{re.sub(_ESCAPED, _escape, text)}"'


def body_scalar(body: bytes, indent: str) -> str:
    """A body: plain, literal block, double-quoted or (not UTF-8) `!!binary`, in this order of preference.

    indent: the spaces before each line of a block; it must be deeper than the key's own.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        encoded = base64.b64encode(body).decode("ascii")
        return "!!binary |\n" + textwrap.indent("\n".join(textwrap.wrap(encoded, 76)), indent)
    scalar = text_scalar(text)
    if scalar == text or not _fits_literal_block(text):
        return scalar
    chomping = "" if text.endswith("\n") else "-"
    lines = text.removesuffix("\n").split("\n")
    return f"|{chomping}\n" + "\n".join(indent + line if line else "" for line in lines)


def read_text(scalar: str) -> str:
    """The string that text_scalar gave this spelling. Raises KeyError for an escape that it does not use."""
    if not scalar.startswith('"'):
        return scalar
    inner = scalar[1:-1]
    return _UNESCAPED.sub(_unescape, inner) if "\\" in inner else inner


def read_body(scalar: str, indent: str) -> bytes:
    """The body that body_scalar gave this spelling. Raises KeyError or ValueError for one that it does not use."""
    opening, _, block = scalar.partition("\n")
    if opening == "!!binary |":
        return base64.b64decode(block.translate(_NO_BLANKS), validate=True)
    if opening not in ("|", "|-"):
        return read_text(scalar).encode("utf-8")
    text = f"\n{block}".replace(f"\n{indent}", "\n")[1:]
    return (text if opening == "|-" else f"{text}\n").encode("utf-8")


def _fits_literal_block(text: str) -> bool:
    """Whether a literal block keeps it. Trailing blanks would survive YAML, but not editors and commit hooks."""
    return bool(re.fullmatch(_LITERAL_TEXT, text)) and not _FRAGILE_END.search(text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    char.encode("utf-8")  # raises for a lone surrogate: no reader of YAML would accept its escape
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _LONG_ESCAPES[match[3]]
