"""One value at a time: what a leaf, a header or a parameter becomes under a kind."""

from __future__ import annotations

import re

from replaydisputes.redaction.policy import Policy
from replaydisputes.redaction.sent import Sent
from replaydisputes.redaction.stand_ins import StandIns, http_date_to_unix, is_plausible_time, unix_to_http_date
from replaydisputes.redaction.text import canonical_client_secret, canonical_id, scrub, scrub_message
from replaydisputes.stripe_api.forms import USER_KEYED, is_position, join_key, split_key
from replaydisputes.stripe_api.kinds import Kind, fits, is_field_name

_SCHEME = re.compile(r"(Bearer|Basic)\b", re.IGNORECASE)
Scalar = str | int | float | bool | None


class Leaves:
    """Redacts single values under a policy, with the memory of one run. `sent`: what the client itself sent."""

    def __init__(self, stand_ins: StandIns, policy: Policy) -> None:
        self._stand_ins, self.policy = stand_ins, policy
        self.sent = Sent()

    def json(self, value: Scalar, kind: Kind | None) -> Scalar:
        """What a JSON leaf becomes: itself where its kind allows, else canonical, else a placeholder; numbers 0."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value, None if kind is Kind.COUNT else kind)
        if isinstance(value, int):
            return self._integer(value, kind)
        return 0.0

    def text(self, value: str, kind: Kind | None) -> str:
        """What a string becomes. An id is canonical whatever field it stands in; blank stays blank."""
        if not value:
            return value
        if kind is Kind.PARAMETER:
            return self._parameter(value) or self.text(value, None)
        kept = _kept(value, kind)
        if kept is not None:
            return kept
        if kind is Kind.IDEMPOTENCY_KEY:
            return self._stand_ins.for_value(value, "idempotency key")
        canonical = canonical_client_secret(value, self._stand_ins) or canonical_id(value, self._stand_ins)
        if canonical is not None:
            return canonical
        return self._rewritten(value, kind) or self._stand_ins.for_value(value)

    def _rewritten(self, value: str, kind: Kind | None) -> str | None:
        if kind is Kind.TEXT:
            return scrub_message(value, self._stand_ins, (self.sent.in_message, self._said_back))
        if kind is Kind.KEPT:
            return scrub(value, self._stand_ins)
        if kind is Kind.ID and value in self.sent.segments:
            return self.segment(value)
        if kind in (Kind.TIME, Kind.DAY) and value.isascii() and value.isdigit():
            return str(self._integer(int(value[:20]), kind))
        return None

    def _parameter(self, value: str) -> str | None:
        """The name of a parameter: as it became in the request, else itself with the keys of metadata replaced."""
        noted, segments = self.sent.noted(value), split_key(value)
        is_of_a_map = segments[0] in USER_KEYED and join_key(segments) == value
        if noted is not None or not (is_of_a_map or fits(Kind.PARAMETER, value)):
            return noted
        return join_key(self.key_segments(segments))

    def _said_back(self, found: re.Match[str], stand_ins: StandIns) -> str | None:
        """What a value of the client's becomes in a message, as it became in the request."""
        text = found[0]
        if text in self.sent.segments:
            return self.segment(text)
        noted = self.sent.noted(text)
        return noted if noted or text not in self.sent.keys else stand_ins.for_value(text, "idempotency key")

    def header(self, value: str, kind: Kind) -> str:
        """What a header value becomes."""
        if kind is Kind.HTTP_DATE:
            moved = self._integer(http_date_to_unix(value) or 0, Kind.TIME)
            return unix_to_http_date(moved) if moved else self.text(value, None)
        if kind is Kind.AUTHORIZATION:
            scheme = _SCHEME.match(value)
            return f"{scheme[1].title()} [redacted]" if scheme else "[redacted]"
        return value if kind is Kind.LENGTH and value.isdigit() else self.text(value, kind)

    def identifier(self, value: str) -> str:
        return canonical_id(value, self._stand_ins) or self.segment(value)

    def segment(self, value: str) -> str:
        return self._stand_ins.for_value(value, "path segment")

    def key_segments(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """The segments of a form's key: Stripe's words and positions stay, those behind `metadata` are users'."""
        user_keyed_from = next((depth for depth, name in enumerate(segments, 1) if name in USER_KEYED), len(segments))
        return tuple(self._key_segment(name, depth >= user_keyed_from) for depth, name in enumerate(segments))

    def _key_segment(self, name: str, user_keyed: bool) -> str:
        if not name or (is_position(name) and not user_keyed):
            return name
        return self.field_name(name, user_keyed)

    def field_name(self, name: str, user_keyed: bool) -> str:
        """A key of a JSON object or form: kept where it can be one of Stripe's field names."""
        if not user_keyed and is_field_name(name):
            return name
        return self._stand_ins.for_value(name, "field name")

    def _integer(self, value: int, kind: Kind | None) -> int:
        if kind in (Kind.COUNT, Kind.KEPT) and fits(Kind.COUNT, str(value)):
            return value
        if kind in (Kind.TIME, Kind.DAY) and is_plausible_time(value):
            moved = self._stand_ins.for_time(value) if kind is Kind.TIME else self._stand_ins.for_day(value)
            return moved if is_plausible_time(moved) else 0
        return 0


def _kept(value: str, kind: Kind | None) -> str | None:
    """The value if it may pass as its kind, a media type without the parameters that may not; else None."""
    if kind is not None and fits(kind, value):
        return value
    media_type = value.partition(";")[0]
    return media_type if kind is Kind.MEDIA_TYPE and fits(kind, media_type) else None
