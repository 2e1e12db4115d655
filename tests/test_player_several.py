"""Several cassettes in one run: whose a request is, and that no cassette answers for another."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Player, Several, set_apart

CASSETTES = Path(__file__).parent.parent / "cassettes"
API = "https://api.stripe.com/v1"
CANONICAL = "du_1AAAAAreplaydisp00000001"


def players(*names: str, any_dispute: bool = False) -> list[Player]:
    return [
        Player(load(CASSETTES / f"{name}.yaml"), name, beside=beside, any_dispute=any_dispute and not beside)
        for name, beside in zip(names, set_apart(names), strict=True)
    ]


def made(*pairs: tuple[str, str, str]) -> Cassette:
    """A cassette from (method, path, body of the answer)."""
    return Cassette(
        tuple(
            Interaction(Request(method, API + path), Response(200, (), body.encode())) for method, path, body in pairs
        )
    )


def said(answerer: Several, method: str, path: str, **headers: str) -> tuple[int, str]:
    """The HTTP status, and the dispute's status or the error's message."""
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    response = answerer.answer(Request(method, API + path, fields))
    body = json.loads(response.body)
    return response.status, body.get("status") or body["error"]["message"]


def test_a_cassette_keeps_its_ids_when_others_join_and_the_same_one_twice_differs() -> None:
    apart = [set_apart(names) for names in (("a", "b"), ("a", "c", "b"), ("a", "a", "dir/a.yaml"), ("b", "x/b.yaml"))]

    assert apart == [["", "b 1"], ["", "c 1", "b 1"], ["", "a 2", "a 3"], ["", "b 2"]]


def test_every_id_of_a_later_cassette_is_its_own_and_the_same_throughout() -> None:
    first, second = players("close-lost", "close-product-not-received")
    several = Several([first, second])

    bodies = [
        [
            json.loads(several.answer(Request(method, f"{API}/disputes/{one.dispute_id}{path}")).body)
            for method, path in CALLS
        ]
        for one in (first, second)
    ]

    own, other = ([{body[key] for body in told} for key in ("id", "charge", "payment_intent")] for told in bodies)
    assert own == [{CANONICAL}, {"ch_1AAAAAreplaydisp00000001"}, {"pi_1AAAAAreplaydisp00000001"}]
    assert [len(ids) for ids in other] == [1, 1, 1]
    assert not set.union(*own) & set.union(*other)
    assert second.dispute_id in other[0]


CALLS = (("GET", ""), ("POST", "/close"), ("GET", ""))


def test_the_ids_in_parameters_lead_to_their_cassette_too() -> None:
    charge = '{"id": "du_1AAAAAreplaydisp00000001", "charge": "ch_1AAAAAreplaydisp00000001", "status": "%s"}'
    cassette = made(
        ("GET", f"/disputes/{CANONICAL}", charge % "one"),
        ("GET", "/disputes?charge=ch_1AAAAAreplaydisp00000001", charge % "two"),
    )
    several = Several([Player(cassette, "a"), Player(cassette, "b", beside="b 1")])
    dispute = several._players[1].dispute_id
    other = json.loads(several.answer(Request("GET", f"{API}/disputes/{dispute}")).body)["charge"]

    found = json.loads(several.answer(Request("GET", f"{API}/disputes?charge={other}")).body)
    own = json.loads(several.answer(Request("GET", f"{API}/disputes?charge=ch_1AAAAAreplaydisp00000001")).body)

    assert (found["id"], found["charge"]) == (dispute, other)
    assert own["id"] == CANONICAL
    assert [len(one.played) for one in several._players] == [1, 2]


def test_a_request_without_a_known_id_is_the_first_cassettes_that_has_an_answer() -> None:
    listed = made(("GET", "/events", '{"status": "listed"}'))
    several = Several([*players("close-lost"), Player(listed, "events", beside="events 1"), Player(listed, "again")])

    assert said(several, "GET", "/events") == (200, "listed")
    assert [len(player.played) for player in several._players] == [0, 1, 0]


def test_a_later_cassette_never_answers_for_the_firsts_dispute() -> None:
    several = Several(players("close-lost", "close-twice"))

    assert said(several, "POST", f"/disputes/{CANONICAL}/close") == (200, "lost")
    with pytest.raises(MismatchError, match=r"(?s)'close-lost' has no answer.*only once"):
        said(several, "POST", f"/disputes/{CANONICAL}/close")
    assert [len(player.played) for player in several._players] == [1, 0]


def test_any_dispute_is_the_first_cassettes() -> None:
    several = Several(players("close-lost", "close-inquiry", any_dispute=True))
    inquiry = several._players[1].dispute_id

    statuses = [said(several, "POST", f"/disputes/{one}/close")[1] for one in ("du_mine", inquiry, "du_other")]

    assert statuses == ["lost", "warning_closed", "lost"]


def test_a_key_used_for_one_dispute_is_refused_for_another_of_another_cassette() -> None:
    several = Several(players("close-lost", "close-inquiry"))
    inquiry = several._players[1].dispute_id

    assert said(several, "POST", f"/disputes/{CANONICAL}/close", Idempotency_Key="k")[0] == 200
    assert said(several, "POST", f"/disputes/{CANONICAL}/close", Idempotency_Key="k")[0] == 200
    with pytest.raises(MismatchError, match="Its Idempotency-Key was used before in this run, for another request"):
        said(several, "POST", f"/disputes/{inquiry}/close", Idempotency_Key="k")
    assert said(several, "POST", f"/disputes/{inquiry}/close", Idempotency_Key="other")[0] == 200


def test_a_cassette_without_a_dispute_or_with_an_odd_id_plays_beside_others() -> None:
    odd = made(("GET", "/disputes/du_odd", '{"id": "du_odd", "status": "odd"}'))
    several = Several(
        [*players("close-lost"), Player(made(), "empty", beside="empty 1"), Player(odd, "odd", beside="odd 1")]
    )
    own = several._players[2].dispute_id

    assert (several._players[1].dispute_id, len(own), own[:3]) == ("", 27, "du_")
    assert json.loads(several.answer(Request("GET", f"{API}/disputes/{own}")).body) == {"id": own, "status": "odd"}
    with pytest.raises(MismatchError, match=r"(?s)'empty'       \(no dispute\)\n    'odd'         du_"):
        said(several, "GET", "/disputes/du_odd")


def test_threads_share_them_without_mixing_histories() -> None:
    seed = random.randrange(2**32)
    names = ["close-lost", "close-inquiry", "close-lost", "close-twice"] * 4
    several = Several(players(*names))
    work = [(player.dispute_id, path) for player in several._players for path in ("", "/close")]
    random.Random(seed).shuffle(work)
    told: list[tuple[str, str]] = []

    def call(dispute: str, path: str) -> None:
        status = said(several, "POST" if path else "GET", f"/disputes/{dispute}{path}")[1]
        told.extend([(dispute, status)] if path else [])

    threads = [threading.Thread(target=call, args=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = {p.dispute_id: "warning_closed" if p.name == "close-inquiry" else "lost" for p in several._players}
    assert (len(told), dict(told)) == (16, expected), f"seed {seed}"
    assert len(several.played) == 32
