"""One value at a time: what a leaf, a header or a parameter becomes under a kind."""

from __future__ import annotations

import re

from replaydisputes.redaction.kinds import Kind, fits
from replaydisputes.redaction.policy import Policy
from replaydisputes.redaction.stand_ins import StandIns, http_date_to_unix, unix_to_http_date
from replaydisputes.redaction.text import canonical_client_secret, canonical_id, scrub

_SCHEME = re.compile(r"(Bearer|Basic)\b", re.IGNORECASE)
_PLAIN_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_LONG_NUMBER = re.compile(r"[0-9]{5}")
_MAX_TIME_S = 253_402_300_799
"""The last second that an HTTP date can name (year 9999)."""

Scalar = str | int | float | bool | None


class Leaves:
    """Redacts single values under a policy, with the memory of one run."""

    def __init__(self, stand_ins: StandIns, policy: Policy) -> None:
        self._stand_ins, self.policy = stand_ins, policy

    def json(self, value: Scalar, kind: Kind | None) -> Scalar:
        """What a JSON leaf becomes: itself where its kind allows, else canonical, else a placeholder; numbers 0."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value, kind)
        if isinstance(value, int):
            return self._integer(value, kind)
        return 0.0

    def text(self, value: str, kind: Kind | None) -> str:
        """What a string becomes. An id is canonical whatever field it stands in; blank stays blank."""
        if not value:
            return value
        if kind is not None and fits(kind, value):
            return value
        if kind is Kind.MEDIA_TYPE and fits(kind, value.partition(";")[0]):
            return value.partition(";")[0]
        canonical = canonical_client_secret(value, self._stand_ins) or canonical_id(value, self._stand_ins)
        if canonical is not None:
            return canonical
        return self._rewritten(value, kind) or self._stand_ins.for_value(value)

    def _rewritten(self, value: str, kind: Kind | None) -> str | None:
        if kind in (Kind.TEXT, Kind.KEPT):
            return scrub(value, self._stand_ins)
        if kind is Kind.IDEMPOTENCY_KEY:
            return self._stand_ins.for_value(value, "idempotency key")
        if kind in (Kind.TIME, Kind.DAY) and value.isascii() and value.isdigit():
            return str(self._integer(int(value[:20]), kind))
        return None

    def header(self, value: str, kind: Kind) -> str:
        """What a header value becomes."""
        if kind is Kind.HTTP_DATE:
            unix_s = http_date_to_unix(value)
            return unix_to_http_date(self._stand_ins.for_time(unix_s)) if unix_s is not None else self.text(value, None)
        if kind is Kind.AUTHORIZATION:
            scheme = _SCHEME.match(value)
            return f"{scheme[1].title()} [redacted]" if scheme else "[redacted]"
        return value if kind is Kind.LENGTH and value.isdigit() else self.text(value, kind)

    def identifier(self, value: str) -> str:
        return canonical_id(value, self._stand_ins) or self.segment(value)

    def segment(self, value: str) -> str:
        return self._stand_ins.for_value(value, "path segment")

    def field_name(self, name: str, user_keyed: bool) -> str:
        """A key of a JSON object or form: kept where it can be one of Stripe's field names."""
        if not user_keyed and _PLAIN_KEY.match(name) and not _LONG_NUMBER.search(name):
            return name
        return self._stand_ins.for_value(name, "field name")

    def _integer(self, value: int, kind: Kind | None) -> int:
        if kind in (Kind.COUNT, Kind.KEPT) and fits(Kind.COUNT, str(value)):
            return value
        if kind in (Kind.TIME, Kind.DAY) and 0 < value <= _MAX_TIME_S:
            return self._stand_ins.for_time(value) if kind is Kind.TIME else self._stand_ins.for_day(value)
        return 0
