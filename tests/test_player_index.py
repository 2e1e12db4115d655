"""The indexed player against a plain scan of the cassette: what it answers must not depend on how it finds it."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load, serialize
from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Provenance, Request, Response
from replaydisputes.playback import Player
from replaydisputes.playback.index import index_of
from replaydisputes.playback.matching import Asked, is_placeholder, path_of, reduced
from tests.at_length import all_at_length

HOST = "https://api.stripe.com"
PATHS = ("/v1/disputes/du_1", "/v1/disputes/du_1/close", "/v1/charges/ch_1")
LITERAL_FORMS = (b"", b"a=1", b"a=2", b"a=", b"a=1&b=2")
FORMS = (
    *LITERAL_FORMS,
    *(b"a=%5Bredacted+1%5D", b"a=%5Bredacted+1%5D&b=2", b"a=%5Bredacted+1%5D&b=%5Bredacted+2%5D"),
)
STATUSES = (200, 200, 200, 400, 404, 409, 429, 500)
KEYS = ("", "", "k1", "k2", "k3")
KEY_REFUSED = b'{"error": {"type": "idempotency_error"}}'


def same(one: Asked, recorded: Asked) -> bool:
    """Whether a recording of nobody's answers a request: a placeholder stands for any value but absence."""
    if (one[:3], one.account, len(one.params)) != (recorded[:3], recorded.account, len(recorded.params)):
        return False
    return all(
        key == recorded_key and (value == said or (bool(value) and is_placeholder(said)))
        for (key, value), (recorded_key, said) in zip(one.params, recorded.params, strict=True)
    )


class Scan:
    """The rules of the player, said as plainly as possible; every call looks at every recording."""

    def __init__(self, cassette: Cassette, *, repeat: bool) -> None:
        self.items = [(reduced(item.request), item) for item in cassette.interactions]
        self.repeat, self.epoch = repeat, 0
        self.reads: dict[int, int] = {}
        self.made: set[int] = set()
        self.keys: dict[tuple[str, str], tuple[Asked, int]] = {}

    def kind(self, at: int) -> str:
        """`repeat` and `refusal` only where the cassette itself shows the first use of their key."""
        (asked, key, _), response = self.items[at][0], self.items[at][1].response
        before = [sent.asked for sent, _ in self.items[:at] if key and not sent.asked.is_read and sent.key == key]
        first = next((one for one in before if one.account == asked.account), None)
        if first == asked and response.header("idempotent-replayed"):
            return "repeat"
        return "refusal" if first not in (None, asked) and response.body == KEY_REFUSED else "write"

    def retried(self, at: int) -> bool:
        asked, status = self.items[at][0].asked, self.items[at][1].response.status
        later = (n for n in range(at + 1, len(self.items)) if not self.items[n][0].asked.is_read)
        following = next(later, None)
        tried_again = following is not None and self.items[following][0].asked == asked
        return status >= 500 and tried_again and following is not None and self.kind(following) == "write"

    def cuts(self, at: int) -> bool:
        asked, status = self.items[at][0].asked, self.items[at][1].response.status
        refused = 400 <= status < 500
        return not (asked.is_read or refused or self.kind(at) != "write" or self.retried(at))

    def next_write(self, wanted: Asked, kind: str = "write") -> int | None:
        for at, (sent, _) in enumerate(self.items):
            if at in self.made or sent.asked.is_read:
                continue
            if self.kind(at) == kind and same(wanted, sent.asked):
                return at
            if self.cuts(at):
                return None
        return None

    def take(self, at: int) -> int:
        self.made.add(at)
        self.epoch = max(self.epoch, sum(self.cuts(n) for n in range(at + 1)))
        return at

    def read(self, wanted: Asked) -> int | None:
        epochs = [sum(self.cuts(n) for n in range(at)) for at in range(len(self.items))]
        fitting = (at for at, (sent, _) in enumerate(self.items) if sent.asked.is_read and same(wanted, sent.asked))
        here = [at for at in fitting if epochs[at] == self.epoch]
        if not here:
            return None
        times = self.reads[here[0]] = self.reads.get(here[0], 0) + 1
        return here[min(times, len(here)) - 1]

    def write(self, wanted: Asked, key: str) -> int | None:
        first = self.keys.get((key, wanted.account)) if key else None
        if first is None:
            found = self.next_write(wanted)
            fitting = [at for at, (sent, _) in enumerate(self.items) if same(wanted, sent.asked)]
            fitting = [at for at in fitting if not wanted.is_read and self.kind(at) == "write"]
            if found is None and self.repeat and fitting and set(fitting) <= self.made:
                found = fitting[-1]
        elif first[0] != wanted:
            found = self.next_write(wanted, "refusal")
            found = self.next_write(wanted) if found is None else found
            return self.take(found) if found is not None and self.said(found) == KEY_REFUSED else None
        else:
            found = self.next_write(wanted, "repeat")
            unsettled = self.items[first[1]][1].response.status in (409, 429) or self.retried(first[1])
            if found is None and unsettled:
                found = self.next_write(wanted)
            if found is None or not unsettled:
                return first[1] if found is None else self.take(found)
        if key and found is not None:
            self.keys[key, wanted.account] = (wanted, found)
        return None if found is None else self.take(found)

    def said(self, at: int) -> bytes:
        return self.items[at][1].response.body

    def answer(self, request: Request) -> int | None:
        asked, key, _ = reduced(request)
        return self.read(asked) if asked.is_read else self.write(asked, key)


def drawn_request(chance: random.Random, forms: tuple[bytes, ...] = FORMS) -> Request:
    method = chance.choice(("GET", "POST", "POST"))
    form = chance.choice(forms)
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    headers += [("Stripe-Account", "acct_1")] if chance.random() < 0.15 else []
    headers += [("Idempotency-Key", key)] if (key := chance.choice(KEYS)) else []
    url = HOST + chance.choice(PATHS)
    if method == "GET":
        return Request(method, f"{url}?{form.decode()}" if form else url, tuple(headers))
    return Request(method, url, tuple(headers), form)


def drawn_interaction(chance: random.Random, number: int, forms: tuple[bytes, ...]) -> Interaction:
    status = chance.choice(STATUSES)
    body = KEY_REFUSED if status == 400 and chance.random() < 0.5 else b"%d" % number
    headers = (("Idempotent-Replayed", "true"),) if chance.random() < 0.2 else ()
    return Interaction(drawn_request(chance, forms), Response(status, headers, body))


def from_file(cassette: Cassette, directory: Path) -> Cassette:
    """The same cassette as a file gives it, read as far as it is asked for."""
    path = directory / "cassette.yaml"
    provenance = Provenance("sandbox", "drawn", "2026-10-28.endive", "0.1.0", "2030-01-01T00:00:00Z")
    path.write_bytes(serialize(replace(cassette, provenance=provenance)))
    return load(path)


@pytest.mark.parametrize("cassettes", all_at_length([200, 600], [200]))
def test_an_indexed_player_plays_what_a_plain_scan_plays(cassettes: int, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    answered = 0
    for _ in range(cassettes):
        is_ours = chance.random() < 0.5
        forms = LITERAL_FORMS if is_ours else FORMS
        cassette = Cassette(tuple(drawn_interaction(chance, number, forms) for number in range(chance.randrange(14))))
        repeat = chance.random() < 0.3
        played_from = from_file(cassette, tmp_path) if is_ours else cassette
        player = Player(played_from, "x", on_exhausted="repeat" if repeat else "fail")
        scan = Scan(cassette, repeat=repeat)
        recorded = [item.request for item in cassette.interactions]
        for _ in range(25):
            request = chance.choice(recorded) if recorded and chance.random() < 0.7 else drawn_request(chance)
            if chance.random() < 0.3:
                request = replace(request, headers=(*request.headers[:1], ("Idempotency-Key", chance.choice("abc"))))
            expected = scan.answer(request)
            try:
                player.answer(request)
                played: int | None = player.played[-1].index
            except MismatchError:
                played = None
            assert played == expected
            answered += played is not None

    assert answered > 2 * cassettes


def read(number: int) -> Interaction:
    url = f"{HOST}/v1/disputes/du_1AAAAAreplaydisp{number:08d}"
    return Interaction(Request("GET", url), Response(200, (), b"%d" % number))


def closing(number: int) -> Interaction:
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    request = Request("POST", f"{HOST}/v1/disputes/du_1", form, b"evidence[product_description]=%5Bredacted+1%5D")
    return Interaction(request, Response(200, (), b"%d" % number))


def spent_s(player: Player, requests: list[Request]) -> float:
    began = time.process_time()
    for request in requests:
        player.answer(request)
    return time.process_time() - began


@pytest.mark.parametrize("recording", [read, closing])
def test_a_hundred_times_the_cassette_costs_no_more_by_the_call(recording: object) -> None:
    assert callable(recording)
    small, large = (Cassette(tuple(recording(number) for number in range(size))) for size in (100, 10_000))
    asked = [recording(number).request for number in range(100)]
    written = [
        replace(request, body=b"evidence[product_description]=%d" % number) if request.body else request
        for number, request in enumerate(asked)
    ]

    few = min(spent_s(Player(small, "small"), written) for _ in range(7))
    many = min(spent_s(Player(large, "large"), written) for _ in range(7))

    assert many < 5 * few


def own_write(number: int) -> tuple[Interaction, Request]:
    """A write of a recording of ours, and the same in the words of another run."""
    url, form = f"{HOST}/v1/disputes/du_1", (("Content-Type", "application/x-www-form-urlencoded"),)
    recorded = Request("POST", url, form, b"metadata[key_%d]=%%5Bredacted+%d%%5D" % (number + 1, number + 1))
    answer = b'{"metadata": {"key_%d": "[redacted %d]"}}' % (number + 1, number + 1)
    return Interaction(recorded, Response(200, (), answer)), replace(recorded, body=b"metadata[n%d]=v" % number)


def own_read(number: int) -> tuple[Interaction, Request]:
    recorded = Request("GET", f"{HOST}/v1/disputes/search?query=%5Bredacted+{number + 1}%5D")
    url = f"{HOST}/v1/disputes/search?query={number}"
    return Interaction(recorded, Response(200, (), b"{}")), replace(recorded, url=url)


@pytest.mark.parametrize("call", [own_write, own_read])
def test_a_call_that_binds_costs_no_more_in_fifty_times_the_cassette(call: object) -> None:
    assert callable(call)
    provenance = Provenance("sandbox", "test:own", "2026-10-28.endive", "0.1.0", "2030-01-01T00:00:00Z")
    small, large = (Cassette(tuple(call(number)[0] for number in range(size)), provenance) for size in (100, 5_000))
    sent = [call(number)[1] for number in range(100)]
    for cassette in (small, large):
        spent_s(Player(cassette, "first, which finds what the client chose"), sent)

    few = min(spent_s(Player(small, "small"), sent) for _ in range(5))
    many = min(spent_s(Player(large, "large"), sent) for _ in range(5))

    assert many < 5 * few


def test_the_players_of_one_cassette_share_its_index_and_those_of_an_equal_one_do_not() -> None:
    one, other = Cassette((read(1),)), Cassette((read(1),))

    assert index_of(one) is index_of(one)
    assert index_of(one) is not index_of(other)


def test_a_mismatch_among_ten_thousand_recordings_is_told_in_less_than_a_second(tmp_path: Path) -> None:
    cassette = from_file(Cassette(tuple(read(number) for number in range(10_000))), tmp_path)
    player = Player(cassette, "large")
    began = time.process_time()

    with pytest.raises(MismatchError, match=r"\(recording 5001, answered 200\)"):
        player.answer(Request("POST", f"{HOST}/v1/disputes/du_1AAAAAreplaydisp00005000"))

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "url",
    [
        *(
            f"{HOST}{path}"
            for path in ("/v1/a", "/v1/a?b=/c", "//v1//a", "/v1/%61", "/v1/a;b", "/v1/a#b", "/", "", "?a")
        ),
        *("http://h/v1/a?\t", "https://H.example:443/a", "https://u@h/a", "https://h/a\tb", " https://h/a", "a/b", ""),
    ],
)
def test_a_path_is_the_one_that_the_reduced_request_has(url: str) -> None:
    assert path_of(url) == reduced(Request("GET", url)).asked.path
