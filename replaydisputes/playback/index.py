"""A cassette made ready for playing: its recordings, cut into epochs and found by what they answer."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from replaydisputes.model import Cassette, Interaction, Outlined, Request, Response, outlines_of
from replaydisputes.playback.matching import READS, Asked, Sent, is_placeholder, path_of, reduced
from replaydisputes.playback.places import places_of
from replaydisputes.stripe_api.urls import dispute_id_in_path

if TYPE_CHECKING:
    from replaydisputes.playback.variables import Variables

_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Recording:
    """One interaction in its place, found in the `whole` when somebody wants to see it.

    `cuts`: it ended its epoch. `settled`: its key answers the same ever after.
    """

    index: int
    epoch: int
    stage: int
    cuts: bool
    settled: bool
    asked: Asked
    version: str
    status: int
    whole: Sequence[Interaction]

    @property
    def interaction(self) -> Interaction:
        return self.whole[self.index]


Group = tuple[Recording, ...]
"""Recordings, in order, that answer the same requests."""


class Index:
    """Finds, in a time that does not grow with the cassette, the recordings that answer a request.

    Made from outlines alone. Requests are read path by path, as paths are asked for: a suite that plays two calls of
    ten thousand reads two. Threads may share it; what two of them find out at once is equal.
    """

    def __init__(self, cassette: Cassette) -> None:
        self._whole = cassette.interactions
        self._provenance = cassette.provenance
        self._digest = cassette.provenance.digest if cassette.provenance else ""
        self.is_own = cassette.provenance is not None
        self._outlines = outlines_of(cassette.interactions)
        self._sent: dict[int, Sent] = {}
        self._places = places_of(self._outlines, self._asked, self._response)
        self._paths = [path_of(outline.url) for outline in self._outlines]
        self._on_path: defaultdict[str, list[int]] = defaultdict(list)
        for index, path in enumerate(self._paths):
            self._on_path[path].append(index)
        self._shelves: dict[str, Shelf] = {}
        self.cuts = tuple(index for index, place in enumerate(self._places) if place.cuts)

    @cached_property
    def recordings(self) -> Group:
        """All of them: for reports, as every request is read for it."""
        return tuple(map(self.recording, range(len(self._places))))

    @cached_property
    def dispute_id(self) -> str:
        """The first dispute asked for by id; empty where none is."""
        return next((found for path in self._paths if (found := dispute_id_in_path(path))), "")

    @cached_property
    def disputes(self) -> frozenset[str]:
        """Every dispute asked for by id."""
        return frozenset(found for path in self._on_path if (found := dispute_id_in_path(path)))

    @cached_property
    def first_about_dispute(self) -> int:
        """The first recording that asks for `dispute_id`; what came before made the dispute."""
        return next(at for at, path in enumerate(self._paths) if dispute_id_in_path(path) == self.dispute_id)

    @cached_property
    def has_unknown_ids(self) -> bool:
        """Whether a recording may be about an id that Stripe never knew."""
        return self.is_own and any(outline.status == 404 for outline in self._outlines)

    @cached_property
    def accounts(self) -> frozenset[str]:
        return frozenset(outline.account for outline in self._outlines)

    def epoch_of(self, index: int) -> int:
        return self._places[index].epoch

    def epoch_after(self, index: int) -> int:
        """The epoch that a recording leads to."""
        return self._places[index].epoch + self._places[index].cuts

    def key_of(self, index: int) -> str:
        """The Idempotency-Key of a recorded request; empty where there is none."""
        return self._outlines[index].key

    def is_read(self, index: int) -> bool:
        return self._outlines[index].method in READS

    @property
    def count(self) -> int:
        return len(self._places)

    def count_on(self, path: str) -> int:
        """How many recordings a path has."""
        return len(self._on_path.get(path, ()))

    def recording(self, index: int) -> Recording:
        sent = self._request(index)
        return Recording(
            index, *self._places[index], sent.asked, sent.version, self._outlines[index].status, self._whole
        )

    @cached_property
    def fingerprint(self) -> str:
        """What another process knows the same history by: the digest of the file, or what it asks and is answered."""
        return hashlib.sha256((self._digest or repr(self._outlines)).encode()).hexdigest()[:16]

    def plain(self, wanted: Asked, stage: int) -> Group:
        """The recordings at a stage of just this request, of those that hold nothing the client chose."""
        shelf = self._shelf(wanted.path)
        return shelf.groups.get((stage, wanted), ()) if shelf else ()

    def may_be_bound(self, path: str, *, is_plain: bool) -> bool:
        """Whether a request of this path may be answered by a recording that holds what the client chose.

        is_plain: whether one that holds nothing such answers it. Where none does, and recordings are ours, an id in the
        path may be the client's choice.
        """
        shelf = self._shelf(path)
        if shelf is not None and shelf.is_varied:
            return True
        return self.is_own and not is_plain and bool(self.variables.templates)

    @cached_property
    def variables(self) -> Variables:
        """What the client chose in the recorded requests. Made by reading all of them."""
        from replaydisputes.playback.variables import Variables  # noqa: PLC0415 - most replays need none

        return Variables(self, self._provenance)

    def _shelf(self, path: str) -> Shelf | None:
        shelf = self._shelves.get(path)
        if shelf is None and path in self._on_path:
            shelf = self._shelves.setdefault(path, self._made_shelf(path))
        return shelf

    def _made_shelf(self, path: str) -> Shelf:
        found = [self.recording(at) for at in self._on_path[path]]
        is_varied = any(self._may_vary(item) for item in found)
        varied = self.variables.templates if is_varied else {}
        groups: defaultdict[tuple[int, Asked], list[Recording]] = defaultdict(list)
        for item in found:
            if item.index not in varied:
                groups[item.stage, item.asked].append(item)
        return Shelf({key: tuple(group) for key, group in groups.items()}, is_varied)

    def _may_vary(self, item: Recording) -> bool:
        """Whether a recorded request may hold what the client chose, told cheaply and by itself.

        An id in a parameter is not looked at: that Stripe never knew it would take all answers to tell.
        """
        asked = item.asked
        if any(is_placeholder(value) for _, value in asked.params):
            return True
        if not self.is_own:
            return False
        if asked.account or item.status == 404:
            return True
        return any(key.startswith("created") or "key_" in key or "redacted-" in value for key, value in asked.params)

    def _asked(self, index: int) -> Asked:
        return self._request(index).asked

    def _request(self, index: int) -> Sent:
        sent = self._sent.get(index)
        if sent is None:
            whole = self._whole
            request = whole.request(index) if isinstance(whole, Outlined) else whole[index].request
            sent = self._sent[index] = _recorded(request)
        return sent

    def _response(self, index: int) -> Response:
        return self._whole[index].response


class Shelf(NamedTuple):
    """The recordings of one path that hold nothing the client chose, by stage and request; `is_varied`: others may."""

    groups: dict[tuple[int, Asked], Group]
    is_varied: bool


_indexes: OrderedDict[int, tuple[Cassette, Index]] = OrderedDict()
"""By the id of a cassette, which is its own for as long as it stands here."""


def index_of(cassette: Cassette) -> Index:
    """The index of a cassette, made once for as long as the cassette stays among the last 256 played.

    Found by identity: to compare interactions would cost what is saved.
    """
    known = _indexes.get(id(cassette))
    if known is not None:
        return known[1]
    index = Index(cassette)
    _indexes[id(cassette)] = cassette, index
    if len(_indexes) > _MOST_KEPT:
        _indexes.popitem(last=False)
    return index


def _recorded(request: Request) -> Sent:
    """A recorded HEAD has no body to give, so it stays one and answers no GET."""
    sent = reduced(request)
    return sent._replace(asked=sent.asked._replace(method="HEAD")) if request.method == "HEAD" else sent
