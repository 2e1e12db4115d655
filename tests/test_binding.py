"""What a suite sends comes back in the answers of its own recording, and a call that differs is refused."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from threading import Thread

import pytest

from replaydisputes.model import Cassette
from replaydisputes.playback import Player
from tests.binding_support import (
    CHARGE,
    NOT_FOUND,
    OTHER_UNKNOWN,
    R1,
    R2,
    UNKNOWN,
    D,
    Suite,
    asked,
    cassette_of,
    dispute,
    error,
    event,
    listed,
    recorded,
    suite,
)

ONE_NAME = (
    recorded("POST", f"disputes/{D}", {"metadata[key_1]": R1}, dispute(metadata={"key_1": R1})),
    recorded("GET", f"disputes/{D}", answer=dispute(metadata={"key_1": R1})),
)
TWO_NAMES = recorded(
    "POST",
    f"disputes/{D}",
    {"metadata[key_1]": R1, "metadata[key_2]": R2},
    dispute(metadata={"key_2": R2, "key_1": R1}),
)


# Names


@pytest.mark.parametrize("name", ["order_id", "zürich", 'say "hi"', "key_2", "a[b", "\\", "x y", "-"])
def test_a_name_and_its_value_come_back(tmp_path: Path, name: str) -> None:
    code = suite(tmp_path, *ONE_NAME)
    sent = {name: "6735"}

    assert code.post(form={f"metadata[{name}]": "6735"})["metadata"] == sent
    assert code.get()["metadata"] == sent


@pytest.mark.parametrize("form", [{"metadata[order_id]": ""}, {"metadata": ""}, {}, {"metadata[a]": "1", "x": "2"}])
def test_blank_absent_and_more_than_recorded_are_refused(tmp_path: Path, form: dict[str, str]) -> None:
    code = suite(tmp_path, *ONE_NAME)

    assert "order_id" not in code.refused("POST", f"disputes/{D}", form)


def test_names_pair_up_in_the_order_sent(tmp_path: Path) -> None:
    code = suite(tmp_path, TWO_NAMES)

    assert code.post(form=[("metadata[zeta]", "1"), ("metadata[alpha]", "2")])["metadata"] == {
        "alpha": "2",
        "zeta": "1",
    }


@pytest.mark.parametrize(("name", "is_right"), [("alpha", True), ("zeta", False)])
def test_a_name_that_is_unset_is_the_one_that_was(tmp_path: Path, name: str, is_right: bool) -> None:
    unset = recorded("POST", f"disputes/{D}", {"metadata[key_2]": ""}, dispute(metadata={"key_1": R1}))
    code = suite(tmp_path, TWO_NAMES, unset)
    code.post(form=[("metadata[zeta]", "1"), ("metadata[alpha]", "2")])

    if is_right:
        assert code.post(form={f"metadata[{name}]": ""})["metadata"] == {"zeta": "1"}
    else:
        code.refused("POST", f"disputes/{D}", {f"metadata[{name}]": ""})


TWO_VALUES = (
    recorded("POST", f"disputes/{D}", {"metadata[key_1]": R1}, dispute(metadata={"key_1": R1})),
    recorded("POST", f"disputes/{D}", {"metadata[key_1]": R2}, dispute(metadata={"key_1": R2})),
)


@pytest.mark.parametrize("values", ["ab", "ba", "aa"])
def test_each_write_reads_back_what_it_sent(tmp_path: Path, values: str) -> None:
    code = suite(tmp_path, *TWO_VALUES)

    assert [code.post(form={"metadata[note]": value})["metadata"]["note"] for value in values] == list(values)


def test_one_recorded_value_is_one_value_of_the_suite(tmp_path: Path) -> None:
    call = recorded("POST", f"disputes/{D}", {"evidence[customer_name]": R1})
    code = suite(tmp_path, call, call)
    code.post(form={"evidence[customer_name]": "x"})

    report = code.refused("POST", f"disputes/{D}", {"evidence[customer_name]": "y"})
    assert "(recording 1, answered 200)" in report


def test_two_recorded_names_are_no_one_name(tmp_path: Path) -> None:
    both = dispute(metadata={"key_1": R1, "key_2": R2})
    code = suite(
        tmp_path,
        recorded("POST", f"disputes/{D}", {"metadata[key_1]": R1}, dispute(metadata={"key_1": R1})),
        recorded("POST", f"disputes/{D}", {"metadata[key_2]": R2}, both),
    )
    code.post(form={"metadata[a]": "1"})

    code.refused("POST", f"disputes/{D}", {"metadata[a]": "2"})
    assert code.post(form={"metadata[b]": "2"})["metadata"] == {"a": "1", "b": "2"}


def test_one_recorded_name_is_no_two_names(tmp_path: Path) -> None:
    code = suite(tmp_path, *TWO_VALUES)
    code.post(form={"metadata[a]": "1"})

    code.refused("POST", f"disputes/{D}", {"metadata[b]": "2"})


def test_equal_values_of_two_parameters_may_differ_in_another_run(tmp_path: Path) -> None:
    answer = {"id": "pi_1AAAAAreplaydisp00000001", "object": "payment_intent", "metadata": {"key_1": R1}}
    code = suite(tmp_path, recorded("POST", "payment_intents", {"capture": R1, "metadata[key_1]": R1}, answer))

    made = code.post("payment_intents", {"capture": "false", "metadata[gift]": "true"})
    assert made["metadata"] == {"gift": "true"}


def test_an_equal_value_elsewhere_in_an_answer_stays(tmp_path: Path) -> None:
    answer = {"object": "payment_intent", "metadata": {"key_1": R1}, "card": {"country": R1}}
    code = suite(tmp_path, recorded("POST", "payment_intents", {"metadata[key_1]": R1}, answer))

    made = code.post("payment_intents", {"metadata[country]": "DE"})
    assert (made["metadata"], made["card"]) == ({"country": "DE"}, {"country": R1})


def test_a_write_in_the_wrong_order_is_refused(tmp_path: Path) -> None:
    code = suite(tmp_path, ONE_NAME[0], recorded("POST", f"disputes/{D}/close"))

    code.refused("POST", f"disputes/{D}/close")


def test_a_refused_request_binds_nothing(tmp_path: Path) -> None:
    code = suite(tmp_path, *ONE_NAME)
    code.refused("POST", f"disputes/{D}", {"metadata[order_id]": "1", "x": "2"})

    assert code.post(form={"metadata[ref]": "1"})["metadata"] == {"ref": "1"}


def test_threads_may_send_in_another_order(tmp_path: Path) -> None:
    names = [
        recorded("POST", f"disputes/{D}", {f"metadata[key_{n}]": f"[redacted {n}]"}, dispute(metadata={}))
        for n in (1, 2)
    ]
    names.append(recorded("GET", f"disputes/{D}", answer=dispute(metadata={"key_1": R1, "key_2": R2})))
    for order in permutations("ab"):
        code = suite(tmp_path, *names)
        for name in order:
            sending = Thread(target=code.post, kwargs={"form": {f"metadata[{name}]": f"of {name}"}})
            sending.start()
            sending.join()

        assert code.get()["metadata"] == {"a": "of a", "b": "of b"}


@pytest.mark.parametrize("name", ["fooBar", "Größe", "x-y"])
def test_a_name_that_stripe_does_not_know_is_named_in_the_refusal(tmp_path: Path, name: str) -> None:
    answer = error("Received unknown parameter: key_1", param="key_1", code="parameter_unknown")
    code = suite(tmp_path, recorded("POST", f"disputes/{D}/close", {"key_1": R1}, answer, status=400))

    told = code.post(f"disputes/{D}/close", {name: "1"})["error"]
    assert (told["param"], told["message"]) == (name, f"Received unknown parameter: {name}")


def test_a_parameter_of_stripes_is_no_unknown_one(tmp_path: Path) -> None:
    answer = error("Received unknown parameter: key_1")
    code = suite(tmp_path, recorded("POST", f"disputes/{D}/close", {"key_1": R1}, answer, status=400))

    code.refused("POST", f"disputes/{D}/close", {"submit": "true"})


def test_names_within_lists_come_back(tmp_path: Path) -> None:
    form = {"items[0][metadata][key_1]": R1, "items[0][note]": R2}
    answer = {"object": "quote", "items": [{"metadata": {"key_1": R1}, "note": R2}]}
    code = suite(tmp_path, recorded("POST", "quotes", form, answer))

    made = code.post("quotes", {"items[0][metadata][color]": "blue", "items[0][note]": "soft"})
    assert made["items"] == [{"metadata": {"color": "blue"}, "note": "soft"}]


# Values


def test_evidence_comes_back_in_each_answer_and_event(tmp_path: Path) -> None:
    kept = dispute(evidence={"customer_name": R1})
    code = suite(
        tmp_path,
        recorded("POST", f"disputes/{D}", {"evidence[customer_name]": R1}, kept),
        recorded("GET", f"disputes/{D}", answer=kept),
        recorded("POST", f"disputes/{D}/close", answer=kept),
        recorded("GET", "events/evt_1AAAAAreplaydisp00000001", answer=event(kept)),
    )
    assert isinstance(code.player, Player)
    before = code.player.answers_about(D)
    said = [
        code.post(form={"evidence[customer_name]": "Ada Example"}),
        code.get(),
        code.post(f"disputes/{D}/close"),
        code.get("events/evt_1AAAAAreplaydisp00000001")["data"]["object"],
    ]
    after = json.loads(code.player.answers_about(D)[-1].body)

    assert [one["evidence"]["customer_name"] for one in said] == ["Ada Example"] * 4
    assert after["data"]["object"]["evidence"]["customer_name"] == "Ada Example"
    assert R1.encode() in before[-1].body


def test_what_is_put_in_is_not_looked_at_again(tmp_path: Path) -> None:
    form = {"evidence[customer_name]": R1, "evidence[product_description]": R2}
    kept = dispute(evidence={"customer_name": R1, "product_description": R2})
    player = Player(cassette_of(tmp_path, recorded("POST", f"disputes/{D}", form, kept)), "own")
    name = 'Ann "é" \n[redacted 2]'
    sent = {"evidence[customer_name]": name, "evidence[product_description]": "Bob"}

    answer = player.answer(asked("POST", f"disputes/{D}", sent))

    assert json.loads(answer.body)["evidence"] == {"customer_name": name, "product_description": "Bob"}
    assert answer.header("content-length") == str(len(answer.body))


def test_a_value_that_is_no_utf_8_gives_valid_json(tmp_path: Path) -> None:
    request = asked("POST", f"disputes/{D}", {"evidence[customer_name]": "x"})
    kept = dispute(evidence={"customer_name": R1})
    player = Player(
        cassette_of(tmp_path, recorded("POST", f"disputes/{D}", {"evidence[customer_name]": R1}, kept)), "own"
    )

    answer = player.answer(type(request)("POST", request.url, request.headers, b"evidence[customer_name]=%FF%C3%A9"))

    assert json.loads(answer.body.decode())["evidence"]["customer_name"] == "\udcffé"


def test_an_address_comes_back_wherever_it_stands(tmp_path: Path) -> None:
    form = {"evidence[customer_email_address]": "customer-1@example.invalid"}
    kept = {**dispute(evidence={"customer_email_address": "customer-1@example.invalid"}), "receipt_email": None}
    kept["billing_details"] = {"email": "customer-1@example.invalid"}
    code = suite(tmp_path, recorded("POST", f"disputes/{D}", form, kept))

    said = code.post(form={"evidence[customer_email_address]": "ada@example.org"})
    assert said["billing_details"]["email"] == said["evidence"]["customer_email_address"] == "ada@example.org"


@pytest.mark.parametrize(
    ("parameter", "kept"),
    [
        ("evidence[uncategorized_text]", "losing_evidence"),
        ("evidence[uncategorized_text]", "winning_evidence"),
        ("submit", "true"),
        ("currency", "usd"),
        ("amount", "1000"),
        ("evidence[customer_name]", "file_1MtJUT2eZvKYlo2CNaw2HvEv"),
        ("charge", "ch_1MtJUT2eZvKYlo2CNaw2HvEv"),
    ],
)
def test_a_word_that_redaction_keeps_is_not_free(tmp_path: Path, parameter: str, kept: str) -> None:
    code = suite(tmp_path, recorded("POST", f"disputes/{D}", {parameter: R1}))

    code.refused("POST", f"disputes/{D}", {parameter: kept})
    assert code.send("POST", f"disputes/{D}", {parameter: "Something else"}).status == 200


SEARCHES = (
    recorded("GET", "payment_intents/search", {"query": R1}, listed(dispute(), dispute(), dispute())),
    recorded("GET", "payment_intents/search", {"query": R2}, listed()),
)


def test_a_known_read_gets_its_answer_again(tmp_path: Path) -> None:
    code = suite(tmp_path, *SEARCHES)

    found = [len(code.get("payment_intents/search", {"query": query})["data"]) for query in ("A", "B", "A", "B")]
    assert found == [3, 0, 3, 0]


def test_a_third_value_of_two_is_refused(tmp_path: Path) -> None:
    code = suite(tmp_path, *SEARCHES)
    code.get("payment_intents/search", {"query": "A"})
    code.get("payment_intents/search", {"query": "B"})

    code.refused("GET", "payment_intents/search", {"query": "C"})


def test_a_single_read_takes_another_value_as_before(tmp_path: Path) -> None:
    code = suite(tmp_path, SEARCHES[0])

    assert [len(code.get("payment_intents/search", {"query": query})["data"]) for query in "AB"] == [3, 3]


def test_a_repeated_write_reads_its_own_back(tmp_path: Path) -> None:
    kept = dispute(evidence={"customer_name": R1})
    write = recorded("POST", f"disputes/{D}", {"evidence[customer_name]": R1}, kept)
    code = suite(tmp_path, write, recorded("GET", f"disputes/{D}", answer=kept), on_exhausted="repeat")

    for name in ("x", "y", "z"):
        assert code.post(form={"evidence[customer_name]": name})["evidence"]["customer_name"] == name
        assert code.get()["evidence"]["customer_name"] == name


def test_a_file_is_no_variable_and_none_of_it_is_kept(tmp_path: Path) -> None:
    call = recorded("POST", "files", answer={"id": "file_1AAAAAreplaydisp00000001", "object": "file"})
    boundary = (("Content-Type", "multipart/form-data; boundary=x"),)
    request = type(call.request)("POST", call.request.url, boundary, R1.encode())
    player = Player(cassette_of(tmp_path, type(call)(request, call.response)), "own")

    assert player.answer(type(request)("POST", request.url, boundary, b"--x secret")).status == 200
    assert "secret" not in json.dumps(player.state())


# Ids


@pytest.mark.parametrize("dispute_id", ["du_unknown", "du_other", "nonsense"])
def test_an_unknown_id_is_named_as_it_was_asked(tmp_path: Path, dispute_id: str) -> None:
    answer = error("No such dispute: 'redacted-1'", param="id")
    code = suite(tmp_path, recorded("POST", "disputes/redacted-1/close", answer=answer, status=404))

    told = code.post(f"disputes/{dispute_id}/close")["error"]["message"]
    assert told == f"No such dispute: '{dispute_id}'"


def test_a_drawn_id_is_no_word(tmp_path: Path) -> None:
    code = suite(tmp_path, recorded("POST", "disputes/redacted-1/close", answer=NOT_FOUND, status=404))

    code.refused("POST", "disputes/du_1MtJUT2eZvKYlo2CNaw2HvEv/close")


@pytest.mark.parametrize("asked_id", ["du_1MtJUT2eZvKYlo2CNaw2HvEv", "du_short", UNKNOWN])
def test_an_unknown_drawn_id_is_any_id_of_its_kind(tmp_path: Path, asked_id: str) -> None:
    code = suite(tmp_path, recorded("GET", f"disputes/{UNKNOWN}", answer=NOT_FOUND, status=404))

    assert code.get(f"disputes/{asked_id}")["error"]["message"] == f"No such dispute: '{asked_id}'"
    code.refused("GET", "disputes/du_another")


def test_an_unknown_id_has_the_prefix_of_the_recorded_one(tmp_path: Path) -> None:
    code = suite(tmp_path, recorded("GET", f"disputes/{UNKNOWN}", answer=NOT_FOUND, status=404))

    code.refused("GET", "disputes/ch_1MtJUT2eZvKYlo2CNaw2HvEv")


BOTH = (
    recorded("GET", f"disputes/{D}"),
    recorded("GET", f"disputes/{UNKNOWN}", answer=NOT_FOUND, status=404),
)


def test_the_disputes_own_id_is_never_an_unknown_one(tmp_path: Path) -> None:
    code = suite(tmp_path, *BOTH)

    assert [code.get()["id"], code.get()["id"]] == [D, D]
    assert "error" in code.get("disputes/du_nope")
    assert code.get()["id"] == D


def test_two_unknown_ids_are_two(tmp_path: Path) -> None:
    calls = [
        recorded("POST", f"disputes/{unknown}/close", answer=NOT_FOUND, status=404)
        for unknown in (UNKNOWN, OTHER_UNKNOWN)
    ]
    code = suite(tmp_path, *calls)
    code.post("disputes/du_x/close")

    code.refused("POST", "disputes/du_x/close")
    assert code.send("POST", "disputes/du_y/close").status == 404


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_an_id_that_was_not_answered_404_is_literal(tmp_path: Path, status: int) -> None:
    answer = dispute(UNKNOWN) if status == 200 else error("No")
    code = suite(tmp_path, recorded("GET", f"disputes/{UNKNOWN}", answer=answer, status=status))

    code.refused("GET", "disputes/du_nope")


def test_a_reference_is_stripes_word(tmp_path: Path) -> None:
    code = suite(
        tmp_path, recorded("GET", f"disputes/{D}"), recorded("GET", "disputes", {"charge": CHARGE}, listed(dispute()))
    )

    code.refused("GET", "disputes", {"charge": "ch_1AAAAAreplaydisp00000002"})


def test_an_id_that_no_answer_holds_is_any_id_of_its_kind(tmp_path: Path) -> None:
    code = suite(tmp_path, recorded("GET", "disputes", {"charge": "ch_1AAAAAreplaydisp00000007"}, listed()))

    assert code.get("disputes", {"charge": "ch_1MtJUT2eZvKYlo2CNaw2HvEv"})["data"] == []


def test_a_known_id_goes_before_a_free_value(tmp_path: Path) -> None:
    code = suite(
        tmp_path,
        recorded("GET", "disputes", {"charge": R1}, listed()),
        recorded("GET", "disputes", {"charge": CHARGE}, listed(dispute())),
    )

    assert len(code.get("disputes", {"charge": CHARGE})["data"]) == 1
    assert len(code.get("disputes", {"charge": "ch_nope"})["data"]) == 0


def test_pages_follow_what_was_told(tmp_path: Path) -> None:
    second = "du_1AAAAAreplaydisp00000009"
    pages = (
        recorded("GET", "disputes", {"limit": "1"}, listed(dispute())),
        recorded("GET", "disputes", {"limit": "1", "starting_after": D}, listed(dispute(second))),
    )
    code = suite(tmp_path, *pages)

    first = code.get("disputes", {"limit": "1"})["data"][0]["id"]
    assert code.get("disputes", {"limit": "1", "starting_after": first})["data"][0]["id"] == second
    code.refused("GET", "disputes", {"limit": "1", "starting_after": second})


def test_a_word_that_is_no_id_is_literal(tmp_path: Path) -> None:
    code = suite(tmp_path, recorded("GET", "redacted-1", answer=error("Unrecognized request URL"), status=404))

    code.refused("GET", "products")


# Whose recording it is, and what is told


def test_names_of_a_cassette_that_is_not_ours_are_literal(tmp_path: Path) -> None:
    calls = (
        recorded("POST", f"disputes/{D}", {"metadata[key_1]": "1"}, dispute(metadata={"key_1": "1"})),
        recorded("POST", f"disputes/{D}", {"metadata[note]": R1}, dispute(metadata={"note": R1})),
    )
    code = Suite(Player(Cassette(calls), "foreign"))

    code.refused("POST", f"disputes/{D}", {"metadata[order_id]": "1"})
    assert code.send("POST", f"disputes/{D}", {"metadata[key_1]": "1"}).body == calls[0].response.body
    assert code.send("POST", f"disputes/{D}", {"metadata[note]": "Ada"}).body == calls[1].response.body


def test_an_answer_with_nothing_bound_is_the_recorded_bytes(tmp_path: Path) -> None:
    cassette = cassette_of(tmp_path, ONE_NAME[1], ONE_NAME[0])
    player = Player(cassette, "own")

    answer = player.answer(asked("GET", f"disputes/{D}"))
    assert answer is cassette.interactions[0].response


def test_a_report_names_what_differs_and_nothing_that_was_sent(tmp_path: Path) -> None:
    form = {"evidence[customer_name]": R1, "metadata[key_1]": R2, "submit": "true"}
    code = suite(tmp_path, recorded("POST", f"disputes/{D}", form))
    sent = {"evidence[customer_name]": "Ada Example", "metadata[secret_name]": "secret", "submit": "false"}

    report = code.refused("POST", f"disputes/{D}", sent)

    assert "submit: asked false, recorded true" in report
    assert not any(word in report for word in ("Ada", "secret", "customer_name]: asked", "metadata[key_1]: asked"))


def test_what_is_bound_is_in_no_later_report(tmp_path: Path) -> None:
    code = suite(tmp_path, *ONE_NAME)
    code.post(form={"metadata[order_id]": "6735"})

    report = code.refused("POST", f"disputes/{D}", {"metadata[order_id]": "6735"})
    assert "order_id" not in report
    assert "6735" not in report
    assert "metadata[key_1]=[redacted 1]" in report


def test_a_bound_id_is_told_in_the_suites_words(tmp_path: Path) -> None:
    call = recorded("POST", "disputes/redacted-1/close", answer=error("No such dispute: 'redacted-1'"), status=404)
    code = suite(tmp_path, call)
    code.post("disputes/du_unknown/close")

    assert "POST /v1/disputes/du_unknown/close -> 404" in code.refused("POST", "disputes/du_other/close")


# State


def test_bindings_move_to_another_player(tmp_path: Path) -> None:
    cassette = cassette_of(tmp_path, *ONE_NAME)
    code = Suite(Player(cassette, "own"))
    code.post(form={"metadata[order_id]": "6735"})
    other = Suite(Player(cassette, "own"))
    other.player.resume(json.loads(json.dumps(code.player.state())))

    assert other.get()["metadata"] == {"order_id": "6735"}


def test_a_read_that_binds_is_a_change(tmp_path: Path) -> None:
    code = suite(tmp_path, *SEARCHES)
    revisions = []
    for _ in range(4):
        code.get("payment_intents/search", {"query": "A"})
        revisions.append(code.player.revision)
    code.get("payment_intents/search", {"query": "B"})

    assert code.player.revision > revisions[-1] >= revisions[0] > 0


# What is spelled like a stand-in


def test_a_name_spelled_like_a_stand_in_is_the_suites_own(tmp_path: Path) -> None:
    unset = recorded("POST", f"disputes/{D}", {"metadata[key_2]": ""}, dispute(metadata={"key_1": R1}))
    code = suite(tmp_path, TWO_NAMES, unset)
    code.post(form=[("metadata[key_2]", "1"), ("metadata[key_1]", "2")])

    code.refused("POST", f"disputes/{D}", {"metadata[key_2]": ""})
    assert code.post(form={"metadata[key_1]": ""})["metadata"] == {"key_2": "1"}


def test_a_value_spelled_like_a_stand_in_is_the_suites_own(tmp_path: Path) -> None:
    call = recorded("POST", f"disputes/{D}", {"evidence[customer_name]": R1})
    code = suite(tmp_path, call, call)
    code.post(form={"evidence[customer_name]": "x"})

    code.refused("POST", f"disputes/{D}", {"evidence[customer_name]": R1})


def test_an_id_spelled_like_a_stand_in_is_the_suites_own(tmp_path: Path) -> None:
    call = recorded("POST", f"disputes/{UNKNOWN}/close", answer=NOT_FOUND, status=404)
    code = suite(tmp_path, call, call)
    code.post("disputes/du_x/close")

    code.refused("POST", f"disputes/{UNKNOWN}/close")
    assert code.send("POST", "disputes/du_x/close").status == 404
