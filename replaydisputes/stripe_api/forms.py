"""Stripe's form parameters: bracketed keys, where order does not matter and `a[]` is `a[0]`."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote_plus

Param = tuple[str, str]
Params = tuple[Param, ...]

USER_KEYED = frozenset({"metadata"})
"""Maps whose very keys are chosen by users: redaction replaces their keys as well."""

_ODD = "surrogateescape"
_SEGMENT = re.compile(r"\[([^\]]*)\]")


def parse_form(encoded: bytes | str) -> Params:
    """The parameters as sent, in order, percent-decoded; a blank value stays (`a=` is not absence).

    Bytes that are not UTF-8 survive as surrogates, so that decoding never fails.
    """
    text = encoded.decode("ascii", "surrogateescape") if isinstance(encoded, bytes) else encoded
    return tuple(parse_qsl(text, keep_blank_values=True, errors=_ODD))


def encode_form(params: Params) -> bytes:
    """The inverse of `parse_form`, as Stripe's SDKs encode: the brackets of a key stay readable."""
    pairs = (f"{quote_plus(key, '[]', errors=_ODD)}={quote_plus(value, errors=_ODD)}" for key, value in params)
    return "&".join(pairs).encode("ascii")


def split_key(key: str) -> tuple[str, ...]:
    """`evidence[customer_name]` as ("evidence", "customer_name"); `expand[]` as ("expand", "")."""
    head, bracket, rest = key.partition("[")
    return (head, *_SEGMENT.findall(bracket + rest[: rest.rfind("]") + 1])) if bracket else (key,)


def is_position(segment: str) -> bool:
    """Whether a segment of a key is the position of a list member, as in `items[0]`."""
    return segment.isascii() and segment.isdigit() and len(segment) <= 3


def normalise_params(params: Params) -> Params:
    """The parameters in the one spelling that stands for all that Stripe treats alike, sorted by key.

    `expand[]` and `expand[0]` both become `expand[0]`, list members numbered in the order sent; the members of
    `expand` itself are a set, so they are sorted by value.
    """
    return tuple(sorted(params_as_sent(params)))


def params_as_sent(params: Params) -> Params:
    """The same as `normalise_params`, in the order sent, but for the members of `expand`, which come last."""
    numbered: list[Param] = []
    seen: dict[tuple[str, ...], int] = {}
    expands: set[str] = set()
    for key, value in params:
        segments = split_key(key)
        if segments[0] == "expand" and len(segments) == 2:
            expands.add(value)
            continue
        numbered.append((join_key(_number_blanks(segments, seen)), value))
    numbered.extend((f"expand[{index}]", value) for index, value in enumerate(sorted(expands)))
    return tuple(numbered)


def _number_blanks(segments: tuple[str, ...], seen: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """Each blank segment numbered: a new list member starts where the same full key comes again."""
    if "" not in segments[1:]:
        return segments
    position = seen.get(segments, 0)
    seen[segments] = position + 1
    return tuple(str(position) if segment == "" else segment for segment in segments)


def join_key(segments: tuple[str, ...]) -> str:
    """The inverse of `split_key`."""
    return segments[0] + "".join(f"[{segment}]" for segment in segments[1:])
