from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from replaydisputes.errors import UnexpectedAnswerError, UnknownScenarioError
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.recording.quarantine import quarantine_directory, quarantined, read_journal
from replaydisputes.recording.recorder import NeedMissingError, RecordingDeclinedError, record
from replaydisputes.recording.scenarios import (
    OLDER_VERSION,
    SCENARIOS,
    Call,
    Pay,
    Scenario,
    ScenarioError,
    ScenarioFileError,
    WaitForDisputes,
    WaitForEvent,
    WaitForField,
    catalogue,
)
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_VERSION
from tests.recording_support import KEY, OWN_SCENARIO, Watched, sandbox_target, surroundings, with_json
from tests.test_cli import run

CLOSE = Call("close it", "POST", "/v1/disputes/{dispute}/close")
ASKED_FOR = """
close-lost close-twice close-product-not-received close-inquiry close-inquiry-escalated close-evidence-saved
close-evidence-submitted close-won close-expand-charge close-expand-payment-intent close-idempotent
close-idempotency-key-reused close-unknown-parameter close-restricted-key close-on-account close-several close-list
close-metadata close-events close-unknown close-other-object close-bad-key close-no-key
"""
ENDING_IN_AN_EVENT = """
close-lost close-product-not-received close-inquiry close-inquiry-escalated close-evidence-saved close-on-account
"""


def made(*steps: object) -> Scenario:
    return Scenario("mine", "something", steps)  # type: ignore[arg-type]


def test_every_scenario_that_shows_an_object_is_there_at_two_versions() -> None:
    base = {name: scenario for name, scenario in SCENARIOS.items() if scenario.stripe_version == API_VERSION}
    refusals = {"close-unknown", "close-other-object", "close-bad-key", "close-no-key"}

    assert list(base) == ASKED_FOR.split()
    assert {name for name in SCENARIOS if name not in base} == {
        f"{name}-{OLDER_VERSION}" for name in {*base} - refusals
    }
    assert {scenario.stripe_version for scenario in SCENARIOS.values()} == {API_VERSION, OLDER_VERSION}


@pytest.mark.parametrize("name", ENDING_IN_AN_EVENT.split())
def test_a_scenario_that_ends_in_a_close_records_its_event_last(name: str, tmp_path: Path) -> None:
    with sandbox_target() as target:
        recorded = record(SCENARIOS[name], target, tmp_path / "x.yaml", surroundings())
    first, last = (json.loads(recorded.cassette.interactions[place].response.body) for place in (0, -1))

    assert (last["type"], last["data"]["object"]["id"]) == ("charge.dispute.closed", first["id"])
    assert recorded.cassette.interactions[-1].request.url.endswith(f"/v1/events/{last['id']}")


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((CLOSE,), "no step before this one gives {dispute} (given so far: nothing)"),
        (
            (Pay("pm_card_createDispute"), WaitForDisputes(), replace(CLOSE, path="/v1/disputes/{dispute:2}/close")),
            "no step before this one gives {dispute:2} (given so far: {payment_intent}, {charge}, {dispute})",
        ),
        ((replace(CLOSE, path="/v1/disputes/{dispute/close"),), "a brace that belongs to no name"),
        ((replace(CLOSE, path="/v1/disputes/{0.__class__}/close"),), "a brace that belongs to no name"),
        ((replace(CLOSE, path="https://example.com/v1/disputes"),), "is no path such as /v1/disputes/{dispute}"),
        ((WaitForDisputes(), CLOSE), "no step before this one gives {payment_intent}"),
        ((WaitForField("status"), CLOSE), "no step before this one gives {dispute}"),
        ((WaitForEvent("charge.updated", "charge"), CLOSE), "no step before this one gives {charge}"),
        (
            (Pay("pm_card_visa"), Call("set", "POST", "/v1/charges/{charge}", (("x", "{event:charge.updated}"),))),
            "no step before this one gives {event:charge.updated}",
        ),
        ((Pay("pm_card_visa"),), "no step is a recorded Call, so there is nothing to replay"),
        (("close",), "str is no step"),
    ],
)
def test_a_recipe_that_nobody_could_follow_is_refused_when_it_is_written(
    steps: tuple[object, ...], problem: str
) -> None:
    with pytest.raises(ScenarioError, match=re.escape(problem)) as refused:
        made(*steps)

    assert str(refused.value).startswith("scenario 'mine': ")


@pytest.mark.parametrize("name", ["", "Close", "a/b", "../x", "close lost", "a" * 99, "clo\nse", "close@x"])
def test_a_name_that_makes_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ScenarioError, match="a name is lower-case letters, digits and dashes"):
        Scenario(name, "something", (Call("read", "GET", "/v1/disputes"),))


@pytest.mark.parametrize(
    ("call", "status", "body", "problem"),
    [
        (CLOSE, 400, {"error": {"type": "x"}}, ("HTTP 200", "HTTP 400 (x)")),
        (replace(CLOSE, dispute_statuses=("lost",)), 200, {"status": "won"}, ("status lost", "won")),
        (replace(CLOSE, dispute_statuses=("lost",)), 200, {"status": "lost"}, None),
        (replace(CLOSE, statuses=(400,), error="a"), 400, {"error": {"code": "b"}}, ("the error a", "HTTP 400 (b)")),
        (replace(CLOSE, statuses=(400,), error="a"), 400, {"error": {"type": "a"}}, None),
        (replace(CLOSE, fields=(("a.0.b", "true"),)), 200, {"a": [{"b": True}]}, None),
        (replace(CLOSE, fields=(("a.0.b", "true"),)), 200, {"a": []}, ("a.0.b to be true", "nothing")),
        (replace(CLOSE, headers=(("X-Y", "1"),)), 200, {}, ("the header X-Y: 1", "none")),
        (replace(CLOSE, statuses=(200, 400), dispute_statuses=("lost",)), 400, {}, None),
    ],
)
def test_a_promise_is_held_against_the_answer(
    call: Call, status: int, body: dict[str, object], problem: tuple[str, str] | None
) -> None:
    assert call.broken_by(Response(status, (), json.dumps(body).encode())) == problem


def test_evidence_that_stripe_fills_in_can_be_waited_for(tmp_path: Path) -> None:
    wait = WaitForField("evidence.customer_email_address")
    scenario = made(Pay("pm_card_createDispute"), WaitForDisputes(), wait, CLOSE)
    with sandbox_target(Sandbox(people=True, enrich_after=5)) as target:
        recorded = record(scenario, target, tmp_path / "x.yaml", surroundings())

    assert '"customer_email_address": "customer-1@example.invalid"' in (tmp_path / "x.yaml").read_text()
    assert len(recorded.cassette.interactions) == 1


def test_a_field_that_never_comes_is_waited_for_ten_seconds_and_then_said_so(tmp_path: Path) -> None:
    slept: list[float] = []
    scenario = made(Pay("pm_card_createDispute"), WaitForDisputes(), WaitForField("status", ("won",)), CLOSE)
    with sandbox_target() as target, pytest.raises(UnexpectedAnswerError) as failed:
        record(scenario, target, tmp_path / "x.yaml", replace(surroundings(), sleep=slept.append))

    assert sum(slept) == 10
    said = r"mine: waiting for the dispute's status: expected status won within 10 s, got none\. Left open: du_\w{24}\."
    assert re.fullmatch(said, str(failed.value))


def test_a_payment_can_say_more(tmp_path: Path) -> None:
    scenario = made(
        Pay("pm_card_createDispute", (("description", "a lamp"),)),
        WaitForDisputes(),
        Call("read", "GET", "/v1/charges/{charge}", fields=(("description", "a lamp"),)),
    )
    with sandbox_target() as target:
        assert record(scenario, target, tmp_path / "x.yaml", surroundings()).outcome == "written"


def test_calls_that_name_one_idempotency_key_share_it_and_all_others_have_their_own(tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target:
        record(SCENARIOS["close-idempotent"], target, tmp_path / "x.yaml", surroundings())
    keys = [request.header("Idempotency-Key") for request in watched.seen if request.method == "POST"]

    assert (keys[1] == keys[2], len(set(keys)), None in keys) == (True, 2, False)


def test_each_call_is_made_with_the_key_it_names(tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    names = ("close-no-key", "close-bad-key", "close-restricted-key")
    with sandbox_target(watched) as target:
        for name in names:
            record(SCENARIOS[name], target, tmp_path / f"{name}.yaml", surroundings())
        used = [(request.header("Authorization") or "none").replace("Bearer ", "")[:9] for request in watched.seen]

    assert used == ["none"] * 2 + ["sk_test_i"] * 2 + ["sk_test_5"] * 3 + ["rk_test_w"] + ["sk_test_5"] * 2


def test_every_call_on_a_connected_account_names_it_once_it_is_found(tmp_path: Path) -> None:
    sandbox = Sandbox()
    watched = Watched(sandbox)
    with sandbox_target(watched) as target:
        record(SCENARIOS["close-on-account"], target, tmp_path / "x.yaml", surroundings())
    named = [request.header("Stripe-Account") for request in watched.seen]

    assert named == [None] + [sandbox.connected_accounts[0]] * (len(named) - 1)


def test_a_platform_without_connected_accounts_is_told_what_is_missing(tmp_path: Path) -> None:
    watched = Watched(Sandbox(connected=()))
    with sandbox_target(watched) as target, pytest.raises(NeedMissingError, match="lists none") as missing:
        record(SCENARIOS["close-on-account"], target, tmp_path / "x.yaml", surroundings())

    assert (len(watched.seen), missing.value.exit_code, quarantined()) == (1, 4, [])


def test_scenarios_whose_needs_are_missing_do_not_keep_the_others_from_being_recorded(tmp_path: Path) -> None:
    names = ("close-on-account", "close-restricted-key", "close-unknown")
    with sandbox_target(Sandbox(connected=())) as target:
        done = run("record", *names, "--api-base", target.api_base, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert re.findall(r"^Skipped: ([\w.-]+): it needs a", done.stderr, re.M) == list(names[:2])
    assert (done.returncode, [path.name for path in (tmp_path / "cassettes").iterdir()]) == (0, ["close-unknown.yaml"])


def test_one_scenario_whose_need_is_missing_is_an_error(tmp_path: Path) -> None:
    with sandbox_target() as target:
        done = run("record", "close-restricted-key", "--api-base", target.api_base, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, done.stderr.splitlines()) == (
        4,
        [
            "Error: close-restricted-key: it needs a restricted test-mode key that may read disputes and not write "
            "them. Set STRIPE_RESTRICTED_KEY to one of test mode (rk_test_…), or record it from the sandbox with "
            "--sandbox."
        ],
    )


def test_an_existing_dispute_is_asked_about_before_anything_is_written_to_it(tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target:
        record(SCENARIOS["close-bad-key"], target, tmp_path / "x.yaml", surroundings())
        scenario = made(Pay("pm_card_createDispute"), WaitForDisputes(), Call("r", "GET", "/v1/disputes/{dispute}"))
        record(scenario, target, tmp_path / "y.yaml", surroundings())
        dispute = watched.seen[-1].url.rpartition("/")[2]
        watched.seen.clear()

        with pytest.raises(RecordingDeclinedError):
            record(SCENARIOS["close-evidence-saved"], target, tmp_path / "z.yaml", surroundings(confirm=False), dispute)

    assert [request.method for request in watched.seen] == ["GET"]


@pytest.mark.parametrize("name", [name for name in SCENARIOS if OLDER_VERSION not in name])
def test_every_change_of_a_dispute_is_in_the_journal_when_the_answer_to_the_last_call_fails(
    name: str, tmp_path: Path
) -> None:
    """Whatever the scenario, once a dispute was written to, a broken promise leaves every answer so far."""
    scenario = SCENARIOS[name]
    last = replace(scenario.calls[-1], statuses=(299,))
    broken = replace(scenario, steps=(*scenario.steps[:-1], last))
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target, pytest.raises(UnexpectedAnswerError, match="expected HTTP 299") as failed:
        record(broken, target, tmp_path / "x.yaml", surroundings())
    kept = [read_journal(path) for path in quarantine_directory().glob("*.jsonl")]
    closes = [request.url.split("/")[-2] for request in watched.closes]
    answered = [interaction.request.url for journal in kept for interaction in journal.interactions]

    assert [journal.sent_closes for journal in kept] == [tuple(dict.fromkeys(closes))]
    assert answered == [request.url for request in watched.seen]
    assert str(kept[0].path) in str(failed.value)
    assert not (tmp_path / "x.yaml").exists()


def test_evidence_alone_keeps_the_capture_as_well(tmp_path: Path) -> None:
    def fail(request: Request, response: Response) -> Response:
        if "/v1/disputes/" in request.url and request.method == "POST":
            return with_json(response, lambda body: body.update(status="won"))
        return response

    with sandbox_target(Watched(Sandbox(), fail)) as target, pytest.raises(UnexpectedAnswerError) as failed:
        record(SCENARIOS["close-evidence-submitted"], target, tmp_path / "x.yaml", surroundings())
    (kept,) = quarantined()

    assert (kept.sent_closes, len(kept.for_cassette)) == ((), 2)
    assert re.search(r"A change of du_\w+ was sent\. The capture is kept in ", str(failed.value))


# --- the user's own ------------------------------------------------------------------------------------------


def test_a_users_file_is_recorded_listed_and_replayed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN_SCENARIO)

    recorded = run("record", "mine", "--scenarios", "own.py", "--sandbox", cwd=tmp_path)
    listed = run("list", "--scenarios", "own.py", "--json", cwd=tmp_path)
    row = json.loads(listed.stdout)[-1]

    assert (recorded.returncode, (tmp_path / "cassettes" / "mine.yaml").exists()) == (0, True)
    assert (row["name"], row["source"], row["steps"][2]) == (
        "mine",
        "own.py",
        {
            "step": "Call",
            "what": "close it",
            "method": "POST",
            "path": "/v1/disputes/{dispute}/close",
            "statuses": [200],
            "dispute_statuses": ["lost"],
            "key": "yours",
            "recorded": True,
        },
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "own.py: cannot be read: No such file or directory."),
        ("x = 1", "own.py: no name SCENARIOS in it; expected SCENARIOS = [Scenario(…), …]."),
        ("SCENARIOS = []", "own.py: SCENARIOS must be a list of Scenario, got nothing in it."),
        ("SCENARIOS = ['close-lost']", "own.py: SCENARIOS must be a list of Scenario, got str in it."),
        ("\nSCENARIOS = [", "own.py: line 2: SyntaxError: '[' was never closed."),
        ("\nimport nowhere_at_all", "own.py: line 2: ModuleNotFoundError: No module named 'nowhere_at_all'."),
        (
            OWN_SCENARIO.replace('"mine"', '"close-lost"'),
            "own.py: the scenario 'close-lost' is there already (shipped)",
        ),
        (OWN_SCENARIO.replace("{charge}", "{order}"), "own.py: scenario 'mine': '/v1/charges/{order}': no step before"),
        (OWN_SCENARIO.replace('"mine"', '"My own"'), "own.py: scenario 'My own': a name is lower-case letters"),
        (OWN_SCENARIO.replace("Pay(", "Paid("), "own.py: line 2: "),
        ("raise SystemExit(0)", "own.py: line 1: SystemExit: 0."),
    ],
)
def test_a_bad_file_gets_one_clear_line(text: str | None, problem: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "own.py").write_text(
            text.replace("Pay, Scenario", "Pay, Scenario, Paid") if "Paid" in text else text
        )

    done = run("record", "mine", "--scenarios", "own.py", "--sandbox", cwd=tmp_path)

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith(f"Error: {problem}")


def test_packages_add_scenarios_through_an_entry_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shop_recipes.py").write_text(OWN_SCENARIO)
    installed = tmp_path / "shop-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[replaydisputes.scenarios]\nshop = shop_recipes:SCENARIOS\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert catalogue().entries[-1].source == "entry point shop (shop_recipes:SCENARIOS)"
    assert catalogue().named("mine").proves == "a scenario of the user's own"
    with pytest.raises(ScenarioFileError, match=r"own\.py: the scenario 'mine' is there already \(entry point shop"):
        (tmp_path / "own.py").write_text(OWN_SCENARIO)
        catalogue([tmp_path / "own.py"])


def test_an_unknown_name_offers_the_nearest_of_the_users_own() -> None:
    with pytest.raises(UnknownScenarioError, match="did you mean close-expand-charge"):
        catalogue().named("close-expanded-charge")


def test_the_list_for_people_says_what_each_proves_and_needs(tmp_path: Path) -> None:
    done = run("list", "--scenarios", cwd=tmp_path)
    text = " ".join(done.stdout.split())

    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in SCENARIOS if name not in text] == []
    assert "GET 200 needs_response, POST 200 lost, POST 400" in text
    assert "a key, a restricted key" in text


def test_interactions_beyond_the_answered_ones_break_no_promise() -> None:
    answer = Interaction(Request("GET", "https://x/"), Response(200, (), b'{"status": "needs_response"}'))

    assert SCENARIOS["close-lost"].broken_promise([answer]) is None
