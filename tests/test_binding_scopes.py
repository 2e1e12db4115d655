"""Times, accounts and keys of a suite's own; bindings under any_dispute and beside other cassettes."""

from __future__ import annotations

from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.playback import Player, Several, set_apart
from tests.binding_support import (
    ACCOUNT,
    CHARGE,
    DAY_S,
    NOT_FOUND,
    OTHER_ACCOUNT,
    R1,
    START_S,
    UNKNOWN,
    D,
    Suite,
    cassette_of,
    dispute,
    error,
    event,
    listed,
    recorded,
    suite,
)

SHIPPED = Path(__file__).parent.parent / "cassettes"
NOW_S = 1_790_000_000
"""When the suite runs: some other day than the recording's."""


def since(*days: int, op: str = "gte") -> dict[str, str]:
    return {f"created[{op}]": str(START_S + day * DAY_S) for day in days}


# Times

A_WEEK = (
    recorded("GET", "disputes", since(-7), listed(dispute())),
    recorded("GET", "disputes", since(7), listed()),
)


def counts(code: Suite, *seconds: int) -> list[int]:
    return [len(code.get("disputes", {"created[gte]": str(at)})["data"]) for at in seconds]


def test_times_of_one_request_may_be_any_others_of_another_day(tmp_path: Path) -> None:
    form = {**since(0), **since(0, op="lte")}
    code = suite(tmp_path, recorded("GET", "disputes", form, listed(dispute())), now_s=NOW_S)

    found = code.get("disputes", {"created[gte]": str(NOW_S - 3600), "created[lte]": str(NOW_S)})
    assert found["data"][0]["created"] == START_S
    assert len(code.get("disputes", {"created[gte]": "1700000000", "created[lte]": "1700000000"})["data"]) == 1


@pytest.mark.parametrize("options", [{"now_s": NOW_S}, {"now_s": NOW_S, "begins_at_s": NOW_S}])
def test_exact_days_from_the_begin_of_the_run_go_first(tmp_path: Path, options: dict[str, int]) -> None:
    code = suite(tmp_path, *A_WEEK, **options)

    week_s = 7 * DAY_S
    assert counts(code, NOW_S + week_s + 5, NOW_S - week_s + 9, NOW_S + week_s - 50) == [0, 1, 0]


def test_times_that_are_no_exact_days_go_in_the_order_first_asked(tmp_path: Path) -> None:
    code = suite(tmp_path, *A_WEEK, now_s=NOW_S)

    assert counts(code, 1_700_000_000, 1_600_000_000, 1_700_000_000, 1_600_000_000) == [1, 0, 1, 0]


def test_times_stand_in_the_recorded_order(tmp_path: Path) -> None:
    form = {**since(-7), **since(0, op="lte")}
    code = suite(tmp_path, recorded("GET", "disputes", form, listed(dispute())), now_s=NOW_S)
    week_ago, now = str(NOW_S - 7 * DAY_S - 4000), str(NOW_S - 50_000)

    code.refused("GET", "disputes", {"created[gte]": now, "created[lte]": week_ago})
    code.refused("GET", "disputes", {"created[gte]": now, "created[lte]": now})
    assert len(code.get("disputes", {"created[gte]": week_ago, "created[lte]": now})["data"]) == 1


@pytest.mark.parametrize(
    "form", [{"limit": "3", **since(0)}, since(0), {"limit": "4"}, {"limit": ""}, {"limit": "3", "created[gte]": ""}]
)
def test_a_filter_that_was_not_recorded_is_refused(tmp_path: Path, form: dict[str, str]) -> None:
    code = suite(tmp_path, recorded("GET", "disputes", {"limit": "3"}, listed(dispute())), now_s=NOW_S)

    code.refused("GET", "disputes", form)


@pytest.mark.parametrize("value", ["", "yesterday", "12", "2026-01-01"])
def test_a_time_is_a_unix_second(tmp_path: Path, value: str) -> None:
    code = suite(tmp_path, recorded("GET", "disputes", since(0), listed(dispute())), now_s=NOW_S)

    code.refused("GET", "disputes", {"created[gte]": value})


# Accounts and keys

ON_ACCOUNT = (
    recorded("GET", f"disputes/{D}", account=ACCOUNT),
    recorded("GET", "events/evt_1", answer=event(dispute(), account=ACCOUNT), account=ACCOUNT),
)


def test_an_account_of_the_suites_comes_back(tmp_path: Path) -> None:
    code = suite(tmp_path, *ON_ACCOUNT)
    answer = code.send("GET", f"disputes/{D}", account="acct_mine")

    assert answer.header("stripe-account") == "acct_mine"
    assert code.get("events/evt_1", account="acct_mine")["account"] == "acct_mine"


@pytest.mark.parametrize("other", ["acct_other", ""])
def test_one_recorded_account_is_one_account(tmp_path: Path, other: str) -> None:
    code = suite(tmp_path, *ON_ACCOUNT)
    code.get(account="acct_mine")

    code.refused("GET", "events/evt_1", account=other)


def test_two_recorded_accounts_are_two(tmp_path: Path) -> None:
    calls = [recorded("GET", f"disputes/{D}", account=ACCOUNT), recorded("POST", "refunds", account=OTHER_ACCOUNT)]
    code = suite(tmp_path, *calls)
    code.get(account="acct_mine")

    code.refused("POST", "refunds", account="acct_mine")
    assert code.send("POST", "refunds", account="acct_yours").status == 200


def test_an_account_that_an_answer_told_is_literal(tmp_path: Path) -> None:
    made = recorded("POST", "accounts", answer={"id": ACCOUNT, "object": "account"})
    code = suite(tmp_path, made, *ON_ACCOUNT)
    account = code.post("accounts")["id"]

    code.refused("GET", f"disputes/{D}", account="acct_mine")
    assert code.get(account=account)["id"] == D


def test_the_account_of_a_scenarios_cassette_is_literal() -> None:
    code = Suite(Player(load(SHIPPED / "close-on-account.yaml"), "close-on-account"))

    code.refused("GET", f"disputes/{D}", account="acct_mine")


def test_each_answer_has_the_key_of_its_request(tmp_path: Path) -> None:
    failed = error("An unknown error occurred")
    calls = [
        recorded("POST", f"disputes/{D}/close", answer=failed, status=500, key="idempotency-key-1"),
        recorded("POST", f"disputes/{D}/close", key="idempotency-key-1"),
    ]
    code = suite(tmp_path, *calls)

    answers = [code.send("POST", f"disputes/{D}/close", key=key) for key in ("mine", "other")]
    assert [(one.status, one.header("idempotency-key")) for one in answers] == [(500, "mine"), (200, "other")]


def test_a_refusal_quotes_the_key_of_its_request(tmp_path: Path) -> None:
    reused = error("Try using a key other than 'idempotency-key-1' to go on.", type="idempotency_error")
    calls = [
        recorded("POST", f"disputes/{D}", {"submit": "false"}, key="idempotency-key-1"),
        recorded("POST", f"disputes/{D}/close", answer=reused, status=400, key="idempotency-key-1"),
    ]
    code = suite(tmp_path, *calls)
    code.post(form={"submit": "false"}, key='my "key"')

    answer = code.send("POST", f"disputes/{D}/close", key='my "key"')
    assert "other than 'my \\\"key\\\"' to go on" in answer.body.decode()
    assert answer.header("content-length") == str(len(answer.body))


# Any dispute

ONE_NAME = (
    recorded("POST", f"disputes/{D}", {"metadata[key_1]": R1}, dispute(metadata={"key_1": R1})),
    recorded("GET", f"disputes/{D}", answer=dispute(metadata={"key_1": R1})),
)


def test_each_dispute_has_bindings_of_its_own(tmp_path: Path) -> None:
    code = suite(tmp_path, *ONE_NAME, any_dispute=True)
    code.post("disputes/dp_1", {"metadata[a]": "1"})
    code.post("disputes/dp_2", {"metadata[b]": "2"})
    code.post(form={"metadata[c]": "3"})

    told = [code.get(f"disputes/{one}") for one in ("dp_1", "dp_2", D)]
    assert [(one["id"], one["metadata"]) for one in told] == [
        ("dp_1", {"a": "1"}),
        ("dp_2", {"b": "2"}),
        (D, {"c": "3"}),
    ]


def test_what_names_no_dispute_is_bound_for_all_of_them(tmp_path: Path) -> None:
    made = recorded("POST", "payment_intents", {"metadata[key_1]": R1}, {"metadata": {"key_1": R1}})
    code = suite(
        tmp_path, made, recorded("GET", f"disputes/{D}", answer=dispute(metadata={"key_1": R1})), any_dispute=True
    )
    code.post("payment_intents", {"metadata[order]": "7"})

    assert code.get("disputes/dp_1")["metadata"] == {"order": "7"}


BOTH = (
    recorded("GET", f"disputes/{D}"),
    recorded("GET", f"disputes/{UNKNOWN}", answer=NOT_FOUND, status=404),
)


def test_an_id_with_two_readings_is_refused(tmp_path: Path) -> None:
    code = suite(tmp_path, *BOTH, any_dispute=True)

    report = code.refused("GET", "disputes/du_nope")
    assert "recording 1, answered 200" in report
    assert "recording 2, answered 404" in report


def test_an_unknown_id_that_only_one_recording_answers_is_one_under_any_dispute(tmp_path: Path) -> None:
    refusal = recorded("POST", f"disputes/{UNKNOWN}/close", answer=NOT_FOUND, status=404)
    code = suite(tmp_path, BOTH[0], refusal, any_dispute=True)

    assert "'du_nope'" in code.post("disputes/du_nope/close")["error"]["message"]
    assert code.get("disputes/dp_1")["id"] == "dp_1"
    code.refused("GET", "disputes/du_nope")


def test_bindings_of_disputes_move_to_another_player(tmp_path: Path) -> None:
    cassette = cassette_of(tmp_path, *ONE_NAME)
    code = Suite(Player(cassette, "own", any_dispute=True))
    code.post("disputes/dp_1", {"metadata[a]": "1"})
    other = Suite(Player(cassette, "own", any_dispute=True))
    other.player.resume(code.player.state())

    assert other.get("disputes/dp_1")["metadata"] == {"a": "1"}


# Beside others


def beside(*cassettes: object) -> Suite:
    names = [f"c{number}" for number in range(len(cassettes))]
    apart = zip(cassettes, names, set_apart(names), strict=True)
    return Suite(Several([Player(cassette, name, beside=seed) for cassette, name, seed in apart]))  # type: ignore[arg-type]


def test_a_mistyped_id_is_no_unknown_one_of_a_cassette_with_a_bad_key() -> None:
    code = beside(load(SHIPPED / "close-lost.yaml"), load(SHIPPED / "close-bad-key.yaml"))

    assert "no answer to this request" in code.refused("GET", "disputes/du_typo")


def test_a_known_request_of_a_later_cassette_goes_before_a_fresh_one_of_an_earlier(tmp_path: Path) -> None:
    first = cassette_of(tmp_path, recorded("GET", "disputes", {"charge": R1}, listed()), name="first")
    second = cassette_of(tmp_path, recorded("GET", "disputes", {"limit": "3"}, listed(dispute())), name="second")
    code = beside(first, second)

    assert len(code.get("disputes", {"limit": "3"})["data"]) == 1
    assert len(code.get("disputes", {"charge": "none"})["data"]) == 0


def test_an_id_of_another_cassette_is_no_unknown_one(tmp_path: Path) -> None:
    lost = cassette_of(tmp_path, recorded("GET", f"disputes/{D}"), name="lost")
    unknown = cassette_of(
        tmp_path,
        recorded("GET", "charges/ch_1AAAAAreplaydisp00000044", answer=error("No such charge"), status=404),
        name="unknown",
    )
    code = beside(lost, unknown)

    code.refused("GET", f"charges/{CHARGE}")
    assert code.get("charges/ch_nope")["error"]["message"] == "No such charge"


def test_cassettes_have_bindings_of_their_own(tmp_path: Path) -> None:
    cassettes = [cassette_of(tmp_path, *ONE_NAME, name=name) for name in ("one", "two")]
    code = beside(*cassettes)
    assert isinstance(code.player, Several)
    ids = [player.dispute_id for player in code.player._players]
    for dispute_id, name in zip(ids, "ab", strict=True):
        code.post(f"disputes/{dispute_id}", {f"metadata[{name}]": "1"})

    assert [code.get(f"disputes/{one}")["metadata"] for one in ids] == [{"a": "1"}, {"b": "1"}]


# Times move in bound answers too


def test_a_bound_answer_has_the_times_of_its_run(tmp_path: Path) -> None:
    code = suite(tmp_path, *ONE_NAME, begins_at_s=NOW_S, now_s=NOW_S)

    said = code.post(form={"metadata[order_id]": "6735"})
    assert (said["metadata"], said["created"]) == ({"order_id": "6735"}, NOW_S)
