"""What single values become under their kind, at the edges of each kind."""

from __future__ import annotations

from typing import Any

import pytest

from replaydisputes.redaction.leaves import Leaves
from replaydisputes.redaction.policy import DEFAULT_POLICY
from replaydisputes.redaction.stand_ins import StandIns
from replaydisputes.stripe_api.kinds import Kind

START = 1_782_000_000
"""A recording that begins on 2026-06-21; its canonical begin is 2026-01-01, 1767225600."""


@pytest.fixture
def leaves() -> Leaves:
    stand_ins = StandIns()
    stand_ins.begin(START)
    return Leaves(stand_ins, DEFAULT_POLICY)


@pytest.mark.parametrize(
    ("value", "kind", "redacted"),
    [
        (1500, Kind.COUNT, 1500),
        (1500, Kind.KEPT, 1500),
        (10**12, Kind.COUNT, 0),
        (10**12, Kind.KEPT, 0),
        (1500, None, 0),
        (15.5, Kind.COUNT, 0.0),
        (15.5, Kind.KEPT, 0.0),
        (True, None, True),
        (None, None, None),
        ("1500", Kind.COUNT, "[redacted 1]"),
        (START, Kind.TIME, 1_767_225_600),
        (START + 86_400, Kind.TIME, 1_767_312_000),
        (0, Kind.TIME, 0),
        (4_102_444_800, Kind.TIME, 4_087_670_400),
        (1_262_304_000, Kind.TIME, 0),
        (str(START), Kind.TIME, "1767225600"),
        ("", Kind.TIME, ""),
        ("\u0661\u0662", Kind.TIME, "[redacted 1]"),
        ("9" * 5000, Kind.TIME, "0"),
    ],
)
def test_a_json_value_keeps_what_its_kind_allows(leaves: Leaves, value: Any, kind: Kind | None, redacted: Any) -> None:
    assert (leaves.json(value, kind), type(leaves.json(value, kind))) == (redacted, type(redacted))


@pytest.mark.parametrize(
    ("value", "kind", "redacted"),
    [
        ("bearer sk_test_1", Kind.AUTHORIZATION, "Bearer [redacted]"),
        ("BASIC c2s6", Kind.AUTHORIZATION, "Basic [redacted]"),
        ("Bearers sk_test_1", Kind.AUTHORIZATION, "[redacted]"),
        ("sk_test_1", Kind.AUTHORIZATION, "[redacted]"),
        ("120", Kind.LENGTH, "120"),
        ("1e3", Kind.LENGTH, "[redacted 1]"),
        ("jane@example.com", Kind.LENGTH, "customer-1@example.invalid"),
        ("Sun, 21 Jun 2026 00:00:00 GMT", Kind.HTTP_DATE, "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("Fri, 01 Jan 2010 00:00:00 GMT", Kind.HTTP_DATE, "[redacted 1]"),
        ("Sat, 01 Jan 1994 00:00:00 GMT", Kind.HTTP_DATE, "[redacted 1]"),
        ("yesterday", Kind.HTTP_DATE, "[redacted 1]"),
        ("application/json", Kind.MEDIA_TYPE, "application/json"),
        ("application/json; charset=utf-8", Kind.MEDIA_TYPE, "application/json; charset=utf-8"),
        ("multipart/form-data; boundary=jane", Kind.MEDIA_TYPE, "multipart/form-data"),
        ("application/jane; charset=utf-8", Kind.MEDIA_TYPE, "[redacted 1]"),
    ],
)
def test_a_header_keeps_what_its_kind_allows(leaves: Leaves, value: str, kind: Kind, redacted: str) -> None:
    assert leaves.header(value, kind) == redacted
