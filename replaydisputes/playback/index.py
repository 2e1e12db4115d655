"""A cassette made ready for playing: its recordings, cut into epochs and found by what they answer."""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from replaydisputes.model import Cassette, Interaction, Outlined, Request, Response, outlines_of
from replaydisputes.playback.matching import READS, Asked, Sent, is_placeholder, path_of, reduced
from replaydisputes.playback.places import places_of
from replaydisputes.stripe_api.urls import dispute_id_in_path

_MOST_KEPT = 256

Mask = tuple[int, ...]
"""The positions of the parameters whose recorded values are placeholders."""


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
        self._digest = cassette.provenance.digest if cassette.provenance else ""
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
    def accounts(self) -> frozenset[str]:
        return frozenset(outline.account for outline in self._outlines)

    def epoch_of(self, index: int) -> int:
        return self._places[index].epoch

    def epoch_after(self, index: int) -> int:
        """The epoch that a recording leads to."""
        return self._places[index].epoch + self._places[index].cuts

    def is_read(self, index: int) -> bool:
        return self._outlines[index].method in READS

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

    def groups(self, wanted: Asked, stage: int) -> Sequence[Group]:
        """The groups that answer a request at a stage; more than one only where some hold placeholders."""
        shelf = self._shelves.get(wanted.path)
        if shelf is None:
            if wanted.path not in self._on_path:
                return ()
            made = Shelf(map(self.recording, self._on_path[wanted.path]))
            shelf = self._shelves.setdefault(wanted.path, made)
        return shelf.groups(wanted, stage)

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


class Shelf:
    """The recordings of one path, in groups."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        groups: defaultdict[tuple[int, Mask, Asked], list[Recording]] = defaultdict(list)
        masks: defaultdict[Asked, dict[Mask, None]] = defaultdict(dict)
        for item in recordings:
            mask = tuple(at for at, (_, value) in enumerate(item.asked.params) if is_placeholder(value))
            groups[item.stage, mask, _blanked(item.asked, mask)].append(item)
            masks[_blanked(item.asked)][mask] = None
        self._groups = {key: tuple(group) for key, group in groups.items()}
        self._masks = {shape: tuple(found) for shape, found in masks.items() if any(found)}

    def groups(self, wanted: Asked, stage: int) -> Sequence[Group]:
        masks = self._masks.get(_blanked(wanted)) if self._masks else None
        if masks is None:
            group = self._groups.get((stage, (), wanted))
            return (group,) if group else ()
        fitting = (mask for mask in masks if all(wanted.params[at][1] for at in mask))
        found = (self._groups.get((stage, mask, _blanked(wanted, mask))) for mask in fitting)
        return [group for group in found if group]


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


def _blanked(asked: Asked, mask: Mask | None = None) -> Asked:
    """The request with the values at some positions blank; None stands for all of them."""
    if not asked.params or mask == ():
        return asked
    params = ((key, "" if mask is None or at in mask else value) for at, (key, value) in enumerate(asked.params))
    return asked._replace(params=tuple(params))
