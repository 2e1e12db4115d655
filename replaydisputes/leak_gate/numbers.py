"""Card and telephone numbers, which may be grouped by blanks and so broken over lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from replaydisputes.leak_gate import canonical
from replaydisputes.leak_gate.finding import Match

_FOLD = rb"(?: |\r?\n[ \t]+)"
_SOLID = re.compile(rb"\d(?<![A-Za-z0-9.]\d)\d{12,18}(?![A-Za-z0-9])")
_BLANKED = re.compile(rb"\d(?<![A-Za-z0-9.-]\d)\d{0,5}(?:" + _FOLD + rb"\d{1,6}){2,18}(?![A-Za-z0-9-])")
_DASHED = re.compile(rb"\d(?<![A-Za-z0-9.-]\d)\d{1,5}(?:-\d{2,6}){2,8}(?![A-Za-z0-9-])")
_ISSUERS = re.compile(
    rb"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d{4}|2(?:2[2-9]\d{3}|[3-6]\d{4}|7[01]\d{3}|720\d\d))\d{10}"
    rb"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}"
    rb"|62\d{14,17}|(?:50|5[6-8]|6[37])\d{14,17}"
)
_TEST_CARD = re.compile(
    rb"400000\d{3}000\d{4}|4242424242424242|4000056655665556|5555555555554444|2223003122003222|5200828282828210"
    rb"|5105105105105100|378282246310005|371449635398431|6011111111111117|6011000990139424|6011981111111113"
    rb"|3056930009020004|36227206271667|6555900000604105|3566002020360505|62000000000000(?:05|47)|6205500000000000004"
)
"""What Stripe publishes for tests (docs.stripe.com/testing): nobody has such a card."""
_ORDER_FIELD = re.compile(
    rb"(?i)[\"'\[](?:[a-z]+_)*(?:order|invoice|sku|po|article|item)(?:_(?:number|no|id|nr|ref|reference))?"
    rb"(?:\\?[\"']\s*:\s*\\?[\"']|\]?=)\Z"
)
"""What stands before a number in a field that says that it is the number of an order, not of a telephone."""
_INTERNATIONAL = re.compile(rb"\+(?<![A-Za-z0-9+]\+)[1-9](?:(?:[.()/-]| |\r?\n[ \t]+){0,2}\d){7,14}(?![A-Za-z0-9])")
_SEPARATOR = rb"(?:[.-]|" + _FOLD + rb")"
_AMERICAN = re.compile(
    rb"[(2-9](?<![\w.+-].)(?:(?<=\()[2-9]\d{2}\)"
    + _FOLD
    + rb"?|(?<=\d)\d{2}"
    + _SEPARATOR
    + rb")[2-9]\d{2}"
    + _SEPARATOR
    + rb"\d{4}(?![\w-]|\.\d)"
)
_NATIONAL = re.compile(
    rb"0(?<![\w.+-]0)[1-9](?:\d{0,3}\)?(?:[/-]|"
    + _FOLD
    + rb")\d{3,4}(?:[-]|"
    + _FOLD
    + rb")?\d{3,4}|(?:[ .]\d{2}){4})(?![\w-]|\.\d)"
)
_NUMBER_FOLD = re.compile(rb"\n[ \t]+[\d(]")


def number_shapes(text: bytes) -> Iterator[Match]:
    for pattern in (_SOLID, _BLANKED, _DASHED):
        for found in pattern.finditer(text):
            yield from _cards(found)
    for pattern in (_INTERNATIONAL, _AMERICAN, _NATIONAL):
        for found in pattern.finditer(text):
            if pattern is _INTERNATIONAL or not _ORDER_FIELD.search(text, max(found.start() - 60, 0), found.start()):
                yield from _telephone(found)


def has_folded_numbers(text: bytes, once: bytes) -> bool:
    """Whether a line ends and the next begins with a digit, so that a number may run on from line to line.

    once: a text that holds each line of the text at least once.
    """
    return _NUMBER_FOLD.search(b"\n" + once) is not None and any(
        text[max(found.start() - 3, 0) : found.start()].rstrip(b"\r)")[-1:].isdigit()
        for found in _NUMBER_FOLD.finditer(text)
    )


def passes_luhn(digits: bytes) -> bool:
    """ISO/IEC 7812-1, annex B: the check that all card numbers pass, and one in ten of all others."""
    doubled = sum(sum(divmod(2 * (digit - 48), 10)) for digit in digits[-2::-2])
    return (doubled + sum(digit - 48 for digit in digits[::-2])) % 10 == 0


def _cards(found: re.Match[bytes]) -> Iterator[Match]:
    digits = re.sub(rb"\D", b"", found[0])
    if _TEST_CARD.fullmatch(digits):
        return
    if 13 <= len(digits) <= 19 and _ISSUERS.fullmatch(digits) and passes_luhn(digits) and len(set(digits)) > 1:
        yield Match(*found.span(), "card number")


def _telephone(found: re.Match[bytes]) -> Iterator[Match]:
    if not canonical.is_reserved_telephone(found[0]):
        yield Match(*found.span(), "telephone number")
