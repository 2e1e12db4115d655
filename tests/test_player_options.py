"""What a player is asked for by name: exhausted writes, versions; and what Stripe's own repeats and refusals do."""

from __future__ import annotations

import json

import pytest

from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import PlaybackOptionError, Player

DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"
CLOSE = f"{DISPUTE}/close"
KEY_REFUSAL = json.dumps({"error": {"type": "idempotency_error", "message": "Keys for idempotent requests …"}})
REPLAYED = ("Idempotent-Replayed", "true")
OTHER_VERSION = (("Stripe-Version", "2025-03-31.basil"),)


def recorded(method: str, url: str, status: int, said: str, key: str = "") -> Interaction:
    sent = [("Stripe-Version", "2026-10-28.endive"), *([("Idempotency-Key", key)] if key else [])]
    return Interaction(Request(method, url, tuple(sent)), Response(status, (), said.encode()))


def repeat_of(first: Interaction, said: str) -> Interaction:
    """The same request with the same key once more, answered as a repeat."""
    return Interaction(first.request, Response(200, (REPLAYED,), said.encode()))


READ_OPEN, READ_LOST = recorded("GET", DISPUTE, 200, "open"), recorded("GET", DISPUTE, 200, "lost")
CLOSED, REFUSED = recorded("POST", CLOSE, 200, "closed"), recorded("POST", CLOSE, 400, "refused")


def heard(player: Player, *calls: tuple[str, str, str]) -> list[str]:
    """What each call (method, url, key) is answered; `mismatch` where nothing is."""
    answers = []
    for method, url, key in calls:
        try:
            response = player.answer(Request(method, url, (("Idempotency-Key", key),) if key else ()))
            again = " again" if response.header("idempotent-replayed") else ""
            answers.append(response.body.decode() + again)
        except MismatchError:
            answers.append("mismatch")
    return answers


def test_an_exhausted_write_gives_its_last_answer_again_where_asked_to() -> None:
    player = Player(Cassette((READ_OPEN, CLOSED, REFUSED, READ_LOST)), "x", on_exhausted="repeat")

    assert heard(player, *[("POST", CLOSE, "")] * 4, ("GET", DISPUTE, "")) == [
        *("closed", "refused", "refused", "refused"),
        "lost",
    ]


def test_repeat_does_not_pass_over_a_write_that_comes_first() -> None:
    update = recorded("POST", DISPUTE, 200, "updated")
    player = Player(Cassette((CLOSED, update, REFUSED)), "x", on_exhausted="repeat")

    assert heard(player, ("POST", CLOSE, ""), ("POST", CLOSE, ""), ("POST", DISPUTE, ""), ("POST", CLOSE, "")) == [
        "closed",
        "mismatch",
        "updated",
        "refused",
    ]


def test_a_recorded_repeat_answers_the_second_use_of_a_key_and_nothing_else() -> None:
    first = recorded("POST", CLOSE, 200, "closed", key="idempotency-key-1")
    repeat = repeat_of(first, "closed, as recorded")
    player = Player(Cassette((first, repeat, REFUSED)), "x")

    assert heard(player, ("POST", CLOSE, "k"), ("POST", CLOSE, "other"), ("POST", CLOSE, "k")) == [
        "closed",
        "refused",
        "closed, as recorded again",
    ]
    assert heard(player, ("POST", CLOSE, "k")) == ["closed again"]


def test_a_recorded_repeat_changes_nothing_so_a_read_around_it_repeats() -> None:
    first = recorded("POST", CLOSE, 200, "closed", key="idempotency-key-1")
    repeat = repeat_of(first, "closed")
    player = Player(Cassette((first, READ_LOST, repeat)), "x")

    assert heard(player, ("POST", CLOSE, "k"), ("POST", CLOSE, "k"), ("GET", DISPUTE, "")) == [
        "closed",
        "closed again",
        "lost",
    ]


def test_a_reused_key_gets_the_refusal_that_was_recorded_for_it_and_a_new_key_does_not() -> None:
    first = recorded("POST", CLOSE, 200, "closed", key="idempotency-key-1")
    refusal = recorded("POST", DISPUTE, 400, KEY_REFUSAL, key="idempotency-key-1")
    update = recorded("POST", DISPUTE, 200, "updated", key="idempotency-key-2")
    player = Player(Cassette((first, refusal, update)), "x")

    assert heard(player, ("POST", CLOSE, "k"), ("POST", DISPUTE, "k"), ("POST", DISPUTE, "new")) == [
        "closed",
        KEY_REFUSAL,
        "updated",
    ]


def test_after_its_refusal_a_reused_key_still_belongs_to_its_first_request() -> None:
    first = recorded("POST", CLOSE, 200, "closed", key="idempotency-key-1")
    refusal = recorded("POST", DISPUTE, 400, KEY_REFUSAL, key="idempotency-key-1")
    player = Player(Cassette((first, refusal)), "x")

    calls = [("POST", CLOSE, "k"), ("POST", DISPUTE, "k"), ("POST", CLOSE, "k"), ("POST", DISPUTE, "k")]
    assert heard(player, *calls) == ["closed", KEY_REFUSAL, "closed again", "mismatch"]


def test_a_refusal_recorded_without_the_first_use_of_its_key_is_an_answer_like_any_other() -> None:
    refusal = recorded("POST", DISPUTE, 400, KEY_REFUSAL, key="idempotency-key-1")

    assert heard(Player(Cassette((refusal,)), "x"), ("POST", DISPUTE, "k")) == [KEY_REFUSAL]


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_a_retry_with_the_same_key_gets_the_answer_that_was_recorded_after_the_failure(status: int) -> None:
    failed = recorded("POST", CLOSE, status, "failed")
    player = Player(Cassette((READ_OPEN, failed, CLOSED, READ_LOST)), "x")

    calls = [("POST", CLOSE, "k"), ("GET", DISPUTE, ""), ("POST", CLOSE, "k"), ("GET", DISPUTE, "")]
    assert heard(player, *calls, ("POST", CLOSE, "k")) == ["failed", "open", "closed", "lost", "closed again"]


@pytest.mark.parametrize(("status", "second"), [(409, "failed"), (429, "failed"), (500, "failed again")])
def test_a_retry_where_only_the_failure_was_recorded_fails_again(status: int, second: str) -> None:
    player = Player(Cassette((recorded("POST", CLOSE, status, "failed"),)), "x")

    assert heard(player, ("POST", CLOSE, "k"), ("POST", CLOSE, "k")) == ["failed", second]


def test_a_failed_write_that_nobody_retried_may_have_taken_effect() -> None:
    failed = recorded("POST", CLOSE, 500, "failed")
    player = Player(Cassette((READ_OPEN, failed, READ_LOST)), "x")

    calls = [("GET", DISPUTE, ""), ("POST", CLOSE, ""), ("GET", DISPUTE, "")]
    assert heard(player, *calls) == ["open", "failed", "lost"]


def test_a_failure_that_stripe_kept_for_its_key_was_not_retried() -> None:
    failed = recorded("POST", CLOSE, 500, "failed", "idempotency-key-1")
    player = Player(Cassette((READ_OPEN, failed, READ_LOST, repeat_of(failed, "failed"))), "x")

    calls = [("POST", CLOSE, "k"), ("GET", DISPUTE, ""), ("POST", CLOSE, "k"), ("GET", DISPUTE, "")]
    assert heard(player, *calls) == ["failed", "lost", "failed again", "lost"]


def test_of_a_header_sent_twice_the_first_counts() -> None:
    keys = (("Idempotency-Key", "a"), ("idempotency-key", "b"))
    player = Player(Cassette((CLOSED, REFUSED)), "x")
    player.answer(Request("POST", CLOSE, keys))

    assert heard(player, ("POST", CLOSE, "a"), ("POST", CLOSE, "b")) == ["closed again", "refused"]


def test_a_head_is_answered_without_a_body_and_answers_no_get() -> None:
    head = recorded("HEAD", CLOSE, 200, "")
    player = Player(Cassette((READ_OPEN, head)), "x")

    assert [player.answer(Request("HEAD", url)).status for url in (DISPUTE, CLOSE)] == [200, 200]
    assert heard(player, ("HEAD", DISPUTE, ""), ("GET", CLOSE, ""), ("GET", DISPUTE, "")) == ["", "mismatch", "open"]


def test_another_version_is_told_once_for_each_pair() -> None:
    told: list[tuple[str, str]] = []
    player = Player(Cassette((READ_OPEN,)), "x", on_version=lambda asked, recorded: told.append((asked, recorded)))

    for version in ("2025-03-31.basil", "2024-06-20", "2025-03-31.basil", "2026-10-28.endive"):
        player.answer(Request("GET", DISPUTE, (("Stripe-Version", version),)))

    assert told == [("2025-03-31.basil", "2026-10-28.endive"), ("2024-06-20", "2026-10-28.endive")]


def test_another_version_can_be_refused_and_then_nothing_is_played() -> None:
    player = Player(Cassette((CLOSED,)), "x", stripe_version="fail")

    with pytest.raises(MismatchError, match=r"asked 2025-03-31\.basil, recorded 2026-10-28\.endive"):
        player.answer(Request("POST", CLOSE, OTHER_VERSION))

    assert player.played == ()
    assert heard(player, ("POST", CLOSE, "")) == ["closed"]


def test_another_version_can_be_ignored() -> None:
    told: list[tuple[str, str]] = []
    player = Player(
        Cassette((CLOSED,)), "x", stripe_version="ignore", on_version=lambda *versions: told.append(versions)
    )

    assert (player.answer(Request("POST", CLOSE, OTHER_VERSION)).body, told) == (b"closed", [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on_exhausted": "loop"}, "on_exhausted='loop' is none of 'fail', 'repeat'"),
        ({"stripe_version": None}, "stripe_version=None is none of 'warn', 'fail', 'ignore'"),
        ({"any_dispute": "yes"}, "any_dispute='yes' is none of True, False"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(PlaybackOptionError) as caught:
        Player(Cassette(()), "x", **options)  # type: ignore[arg-type]

    assert str(caught.value) == said
