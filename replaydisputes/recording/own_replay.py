"""The recorder closes the loop: the captured requests are played against the redacted cassette before it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from replaydisputes.errors import MismatchError, ReplayDisputesError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Player
from replaydisputes.stripe_api.facts import API_ORIGIN
from replaydisputes.stripe_api.ids import ID, is_dispute_id, is_drawn_id
from replaydisputes.stripe_api.urls import split_url

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A captured call that its own cassette would not answer with its own answer.

    number: its place in the cassette, from 1. spelled_out: the ids of Stripe's in it that nothing had told the test.
    problem: what the replay would say.
    """

    number: int
    request: str
    spelled_out: tuple[str, ...]
    problem: str

    def __str__(self) -> str:
        if not self.spelled_out:
            return f"call {self.number}, {self.request}:\n{_indented(self.problem)}"
        named = ", ".join(self.spelled_out)
        use = "`replay.dispute_id`" if all(map(is_dispute_id, self.spelled_out)) else "the id that an answer gave"
        return (
            f"call {self.number}, {self.request}: {named} is spelled out, and Stripe knows it. A cassette holds other "
            f"ids, so a replay knows none of yours: use {use}."
        )


class NotReplayableError(ReplayDisputesError):
    """A recording whose own calls it would not answer. Nothing was written, and the capture is kept."""

    def __init__(self, path: Path, calls: Sequence[Unanswered], count: int, quarantined: Path | None) -> None:
        self.path, self.calls, self.count, self.quarantined = path, tuple(calls), count, quarantined
        named = [f"  {call}" for call in self.calls[:_MOST_NAMED]]
        if len(self.calls) > _MOST_NAMED:
            named.append(f"  … and {len(self.calls) - _MOST_NAMED} more")
        lines = "\n".join(named)
        kept = f" The capture is kept in {quarantined}; `replaydisputes recover` shows it." if quarantined else ""
        super().__init__(
            f"{path} not written: {len(self.calls)} of its {count} calls would not be answered on replay.\n{lines}\n"
            f"  Change the test and record it again.{kept}"
        )


def unanswered_calls(
    raw: Sequence[Interaction], setup: Iterable[Interaction], cassette: Cassette, stand_ins: Mapping[str, str]
) -> list[Unanswered]:
    """Play each captured request against the redacted cassette; those that get no answer, or another call's.

    Ids that an earlier answer gave go as the cassette has them, as a replay gives those; all else goes as it was sent.
    raw: the calls of the cassette. setup: the calls before them, whose answers gave `dispute_id`.
    """
    player = Player(cassette, "the recording", stripe_version="ignore")
    told = _Told(stand_ins)
    for call in setup:
        told.hear(call.response)
    found: list[Unanswered] = []
    for index, (call, published) in enumerate(zip(raw, cassette.interactions, strict=True)):
        asked = told.translated(call.request)
        problem = _problem(player, asked, index, published)
        if problem:
            spelled_out = tuple(told.spelled_out(call.request))
            found.append(Unanswered(index + 1, _shown(published.request), spelled_out, problem))
            _problem(player, published.request, index, published)
        told.listen(call)
    return found


def _problem(player: Player, asked: Request, index: int, published: Interaction) -> str:
    """What is wrong with the answer that a replay gives; empty for nothing."""
    try:
        player.answer(asked)
    except MismatchError as error:
        return "\n".join(error.report.split("\n\n")[1:3])
    got = player.latest
    if got.index == index or _alike(got.interaction, published):
        return ""
    return f"it would be answered by call {got.index + 1}, from which nothing tells it apart."


def _alike(one: Interaction, other: Interaction) -> bool:
    return (one.response.status, one.response.body) == (other.response.status, other.response.body)


class _Told:
    """What a test knows from answers: ids of Stripe's, and what each is called in the cassette."""

    def __init__(self, stand_ins: Mapping[str, str]) -> None:
        self._stand_ins = stand_ins
        self._told: dict[str, str] = {}
        self._spelled: set[str] = set()

    def listen(self, call: Interaction) -> None:
        """A call was made. An id that its answer gives is told from here on, unless the test had spelled it out."""
        self._spelled.update(self.spelled_out(call.request))
        self.hear(call.response)

    def hear(self, answer: Response) -> None:
        for found in _ids_in(answer.body):
            if found not in self._spelled:
                self._told[found] = self._stand_ins.get(found, found)

    def spelled_out(self, request: Request) -> Iterator[str]:
        """The ids in a request that no answer gave, as far as redaction replaces them."""
        for text in (request.url.encode(), request.body, (request.header("stripe-account") or "").encode()):
            yield from (one for one in _ids_in(text) if one not in self._told and one in self._stand_ins)

    def translated(self, request: Request) -> Request:
        """The request as a replay would get it: to api.stripe.com, with what was told in the cassette's words."""
        parts = urlsplit(request.url)
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        return replace(
            request,
            url=API_ORIGIN + self._in_cassette(target),
            headers=tuple((name, self._in_cassette(value)) for name, value in request.headers),
            body=self._in_cassette(request.body.decode("latin-1")).encode("latin-1"),
        )

    def _in_cassette(self, text: str) -> str:
        return ID.sub(lambda found: self._told.get(found[0], found[0]), text)


def _ids_in(text: bytes) -> Iterator[str]:
    """Each id of Stripe's in a text, once."""
    found = (one[0] for one in ID.finditer(text.decode("latin-1")) if is_drawn_id(one))
    return iter(dict.fromkeys(found))


def _shown(request: Request) -> str:
    """A redacted request in a line, without its query."""
    return f"{request.method} {split_url(request.url).path}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line.strip()}" for line in text.splitlines() if line.strip())
