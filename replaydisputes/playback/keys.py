"""The Idempotency-Keys of a run, and what each was first used for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import NamedTuple

from replaydisputes.model import Response
from replaydisputes.playback.index import Index, Recording
from replaydisputes.playback.matching import Asked, Sent

KeyedState = dict[str, list[str | int]]
"""By the hash of a key: the hash of what it was used for, and the recording that answered."""


class Keyed(NamedTuple):
    """What a key was first used for. `asked`: a hash of the request, which may hold what nobody is to keep."""

    asked: str
    recording: Recording

    def is_for(self, asked: Asked) -> bool:
        return self.asked == _hash_of_asked(asked)


class Keys:
    """Keys are kept as hashes, each under its connected account."""

    def __init__(self, index: Index, most: int | None = None) -> None:
        """most: how many are kept, the oldest going first; None keeps all."""
        self._index, self._most = index, most
        self._uses: dict[str, Keyed] = {}

    def first_use(self, sent: Sent) -> Keyed | None:
        """None where a write brings no key, or a new one; always for a read, for which a key means nothing."""
        if not sent.key or sent.asked.is_read:
            return None
        return self._uses.get(_hash(sent.key, sent.asked.account))

    def used(self, sent: Sent, recording: Recording) -> bool:
        """Keep what a write used its key for; whether that is news."""
        if not sent.key or sent.asked.is_read:
            return False
        name, use = _hash(sent.key, sent.asked.account), Keyed(_hash_of_asked(sent.asked), recording)
        if self._uses.get(name) == use:
            return False
        self._uses[name] = use
        if self._most is not None and len(self._uses) > self._most:
            del self._uses[next(iter(self._uses))]
        return True

    def state(self) -> KeyedState:
        return {name: [use.asked, use.recording.index] for name, use in self._uses.items()}

    def resume(self, state: KeyedState) -> None:
        self._uses = {name: Keyed(str(asked), self._index.recording(int(at))) for name, (asked, at) in state.items()}


def _hash_of_asked(asked: Asked) -> str:
    return _hash(asked.method, asked.origin, asked.path, repr(asked.params), asked.account)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def with_key(response: Response, key: str, recorded_key: str) -> Response:
    """The answer with the Idempotency-Key of the request where Stripe said the recorded one back.

    That is in a header, and in the message of a refusal.
    """
    if response.status >= 400 and recorded_key and recorded_key.encode() in response.body:
        response = _with_key_in_body(response, key, recorded_key)
    for at, (name, value) in enumerate(response.headers):
        if name.lower() == "idempotency-key":
            if value == key:
                return response
            return replace(response, headers=(*response.headers[:at], (name, key), *response.headers[at + 1 :]))
    return response


def _with_key_in_body(response: Response, key: str, recorded_key: str) -> Response:
    from replaydisputes.playback.slots import BODY, Change, changed, in_json, text_of  # noqa: PLC0415 - seldom said

    whole = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(recorded_key)}(?![A-Za-z0-9_-])")
    found = whole.finditer(text_of(response.body))
    return changed(response, [Change(BODY, *one.span(), in_json(key)) for one in found])


def as_replayed(response: Response) -> Response:
    """The first answer again, marked as Stripe marks it."""
    if response.header("idempotent-replayed"):
        return response
    return replace(response, headers=(*response.headers, ("Idempotent-Replayed", "true")))
