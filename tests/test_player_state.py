"""The state of a run: exported, taken up by a new player, and gone on from as if nothing had happened."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.errors import MismatchError
from replaydisputes.model import Answerer, Request, Response
from replaydisputes.playback import Player, Run, Several, StateRefusedError, runs_of, set_apart
from replaydisputes.playback.namesakes import TooManyDisputesError
from replaydisputes.playback.standing import MOST_DISPUTES, MOST_KEYS

CASSETTES = Path(__file__).parent.parent / "cassettes"
NAMES = sorted(path.stem for path in CASSETTES.glob("*.yaml"))
API = "https://api.stripe.com/v1"
CANONICAL = "du_1AAAAAreplaydisp00000001"


def player(name: str, **options: object) -> Player:
    return Player(load(CASSETTES / f"{name}.yaml"), name, **options)  # type: ignore[arg-type]


def library() -> Several:
    names = ["close-lost", *(name for name in NAMES if name != "close-lost")]
    cast = zip(names, set_apart(names), strict=True)
    return Several([player(name, beside=beside) for name, beside in cast])


def outcome(answerer: Answerer, request: Request) -> Response | str:
    try:
        return answerer.answer(request)
    except MismatchError as error:
        return error.report


def requests_of(name: str) -> list[Request]:
    """A cassette's requests, each write under a key where it has none, and a close too many at the end."""
    requests = [one.request for one in load(CASSETTES / f"{name}.yaml").interactions]
    keyed = [
        Request(one.method, one.url, (*one.headers, ("Idempotency-Key", f"key {at}")), one.body)
        if one.method == "POST" and not one.header("idempotency-key")
        else one
        for at, one in enumerate(requests)
    ]
    return [*keyed, *keyed[-2:], Request("POST", f"{API}/disputes/{CANONICAL}/close")]


def handed_on(start: Callable[[], Run], requests: list[Request], cut: int) -> list[Response | str]:
    """What two runs answer, of which the second takes over at `cut` from nothing but the first's state."""
    first, second = start(), start()
    before = [outcome(first, request) for request in requests[:cut]]
    second.resume(first.state())
    return before + [outcome(second, request) for request in requests[cut:]]


@pytest.mark.parametrize("any_dispute", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_run_taken_over_at_any_point_answers_the_rest_of_a_cassette_alike(name: str, any_dispute: bool) -> None:
    requests = requests_of(name)
    if any_dispute:
        requests = [Request(r.method, r.url.replace(CANONICAL, "du_mine"), r.headers, r.body) for r in requests]
    start = runs_of(player(name, any_dispute=any_dispute))
    whole = [outcome(player(name, any_dispute=any_dispute), request) for request in requests[:1]]
    undisturbed = start()
    expected = [outcome(undisturbed, request) for request in requests]

    assert expected[:1] == whole
    assert [handed_on(start, requests, cut) for cut in range(len(requests) + 1)] == [expected] * (len(requests) + 1)


def test_a_run_of_the_library_changes_hands_at_every_request() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    cast = library()
    start = runs_of(cast)
    work = [
        Request(method, f"{API}/disputes/{one.dispute_id}{path}", (("Idempotency-Key", key),) if key else ())
        for one in cast._players
        for method, path, key in (("GET", "", ""), ("POST", "/close", ""), ("POST", "/close", f"k{one.name}"))
    ]
    requests = drawn.choices(work, k=150)
    undisturbed = start()
    expected = [outcome(undisturbed, request) for request in requests]

    answers, state = [], start().state()
    for request in requests:
        run = start()
        run.resume(state)
        answers.append(outcome(run, request))
        state = run.state()

    assert answers == expected


def test_what_comes_back_is_what_was_exported() -> None:
    start = runs_of(player("close-idempotent", any_dispute=True))
    run = start()
    for request in requests_of("close-idempotent"):
        outcome(run, request)
    run.fail_next({"kind": "rate-limit", "times": 3, "after": 1})
    again = start()
    again.resume(run.state())

    assert again.state() == run.state()


def test_the_state_holds_no_idempotency_key() -> None:
    cassette = load(CASSETTES / "close-metadata.yaml")
    update = next(one.request for one in cassette.interactions if b"metadata" in one.request.body)
    body = b"metadata%5Bkey_1%5D=paid"
    run = runs_of(Player(cassette, "close-metadata"))()
    headers = (("Idempotency-Key", "order-of-jane@example.com"),)
    answered = run.answer(Request("POST", update.url, headers, body))

    assert (answered.status, b"jane" in run.state(), len(run.state()) < 400) == (200, False, True)


def test_a_read_that_changed_nothing_keeps_the_revision_and_a_write_moves_it() -> None:
    run = runs_of(player("close-lost"))()
    read, close = (Request(m, f"{API}/disputes/{CANONICAL}{p}") for m, p in (("GET", ""), ("POST", "/close")))
    for _ in range(5):
        run.answer(read)
    settled = run.revision
    run.answer(read)
    after_read = run.revision
    run.answer(close)

    assert (after_read == settled, run.revision == settled) == (True, False)


def test_runs_of_one_cassette_do_not_meet() -> None:
    start = runs_of(library())
    first, second = start(), start()
    read, close = (Request(m, f"{API}/disputes/{CANONICAL}{p}") for m, p in (("GET", ""), ("POST", "/close")))
    first.answer(close)

    assert [json.loads(run.answer(read).body)["status"] for run in (first, second, start())][1:] == [
        "needs_response"
    ] * 2


def test_planned_faults_travel_with_the_run() -> None:
    start = runs_of(player("close-lost"))
    first, second = start(), start()
    read = Request("GET", f"{API}/disputes/{CANONICAL}")
    first.fail_next({"kind": "server-error", "times": 2, "after": 1, "on": "GET *"})
    statuses = [first.answer(read).status for _ in range(2)]
    second.resume(first.state())

    assert statuses + [second.answer(read).status for _ in range(2)] == [200, 500, 500, 200]


def test_times_stay_moved_where_a_run_goes_on() -> None:
    now_s = 2_000_000_000
    start = runs_of(player("close-lost"), lambda: now_s)
    first, second = start(), runs_of(player("close-lost"))()
    second.resume(first.state())
    read = Request("GET", f"{API}/disputes/{CANONICAL}")

    assert second.answer(read) == first.answer(read)
    assert json.loads(first.answer(read).body)["created"] >= now_s


@pytest.mark.parametrize("state", [b"", b"{}", b"[1,2]", b'[1,"other",{},{}]', b"\xff"])
def test_a_state_that_is_not_of_these_cassettes_is_refused(state: bytes) -> None:
    with pytest.raises(StateRefusedError):
        runs_of(player("close-lost"))().resume(state)


def test_a_run_keeps_so_many_keys_and_no_more() -> None:
    run = runs_of(player("close-lost", on_exhausted="repeat"))()
    sizes = []
    for number in range(MOST_KEYS + 200):
        run.answer(Request("POST", f"{API}/disputes/{CANONICAL}/close", (("Idempotency-Key", f"key {number}"),)))
        sizes.append(len(run.state()) if number in (MOST_KEYS - 2, MOST_KEYS - 1, MOST_KEYS, MOST_KEYS + 199) else 0)

    assert sizes[MOST_KEYS - 2] < sizes[MOST_KEYS - 1] == sizes[MOST_KEYS] == sizes[-1]


def test_a_dispute_too_many_is_refused_loudly_and_none_is_forgotten() -> None:
    run = runs_of(player("close-lost", any_dispute=True))()
    for number in range(MOST_DISPUTES):
        run.answer(Request("POST", f"{API}/disputes/du_{number}/close"))

    with pytest.raises(TooManyDisputesError):
        run.answer(Request("GET", f"{API}/disputes/du_more"))
    assert json.loads(run.answer(Request("GET", f"{API}/disputes/du_0")).body)["status"] == "lost"
