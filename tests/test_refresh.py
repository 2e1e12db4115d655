"""Recording again: what is replaced, what is not touched, what is left out and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replaydisputes.cassette_file import load, serialize
from replaydisputes.errors import ReplayDisputesError
from replaydisputes.library import Library
from replaydisputes.model import Cassette, Request, Response
from replaydisputes.recording.quarantine import quarantined
from replaydisputes.recording.recorder import RecordingInterruptedError, Surroundings, Target, record
from replaydisputes.recording.scenarios import OLDER_VERSION, SCENARIOS, catalogue
from replaydisputes.refreshing import Purpose, Refreshed, candidates, exit_code_of, markdown, refresh_all, why_left_out
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN, API_VERSION
from tests.recording_support import (
    KEY,
    TALKATIVE_ACCOUNT,
    Watched,
    sandbox_target,
    surroundings,
    tell_account,
    with_json,
)
from tests.test_cli import run

NAMES = ("close-list", "close-lost", "close-twice")
Change = Callable[[Request, Response], Response]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cassettes from the sandbox of another account, on another day."""
    directory = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched, sandbox_target(Sandbox(seed=7)) as target:
        patched.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        for name in NAMES:
            record(SCENARIOS[name], target, directory / f"{name}.yaml", around())
    return directory


@pytest.fixture
def recorded(made_once: Path, tmp_path: Path) -> Path:
    for path in made_once.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def around(**changed: Any) -> Surroundings:
    return replace(surroundings(), now_utc=lambda: "2026-01-05T00:00:00Z", **changed)


def files(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.glob("*.yaml")}


def refreshed(
    directory: Path, change: Change = lambda request, response: response, steps: list[str] | None = None, **purpose: Any
) -> list[Refreshed]:
    with sandbox_target(Watched(Sandbox(account=TALKATIVE_ACCOUNT), change)) as target:
        chosen = candidates(Library([directory]), NAMES)
        return list(refresh_all(chosen, Purpose(target, surroundings(steps=steps), catalogue(), **purpose)))


def a_new_field(request: Request, response: Response) -> Response:
    """A dispute in a refused close is none, so close-twice drifts as close-lost does, and lists do not."""
    is_dispute = json.loads(response.body).get("object") == "dispute" and request.url.endswith("/close")
    return with_json(response, lambda body: body.update(brand_new=True)) if is_dispute else response


def only_twice(request: Request, response: Response) -> Response:
    """Another wording of the refusal, which only close-twice records."""

    def say(body: dict[str, Any]) -> None:
        body["error"]["message"] = "This dispute is closed"

    return with_json(response, say) if response.status == 400 else response


def test_cassettes_that_have_not_changed_are_not_touched(recorded: Path) -> None:
    before = files(recorded)

    done = refreshed(recorded)

    assert [(one.name, one.outcome, bool(one.drifts)) for one in done] == [(name, "unchanged", False) for name in NAMES]
    assert files(recorded) == before
    assert exit_code_of(done, named=True) == 0


def test_only_what_has_changed_is_replaced_and_it_is_told_where(recorded: Path) -> None:
    before = files(recorded)

    done = refreshed(recorded, only_twice)

    after = files(recorded)
    assert {name for name in before if before[name] != after[name]} == {"close-twice.yaml"}
    assert [one.outcome for one in done] == ["unchanged", "unchanged", "replaced"]
    assert done[2].drifts is not None
    assert [str(drift) for drift in done[2].drifts.drifts] == [
        '3. POST /v1/disputes/du_…/close: value changed $.error.message: "This dispute is already closed" -> '
        '"This dispute is closed"'
    ]
    assert b"This dispute is closed" in after["close-twice.yaml"][0]
    assert exit_code_of(done, named=False) == 3


def test_a_dry_run_tells_the_same_and_changes_no_file(recorded: Path) -> None:
    before = files(recorded)

    done = refreshed(recorded, only_twice, dry_run=True, redate=True)

    assert [one.outcome for one in done] == ["unchanged", "unchanged", "would be replaced"]
    assert (files(recorded), exit_code_of(done, named=False)) == (before, 3)
    assert quarantined() == []


def test_redating_gives_an_unchanged_recording_the_day_and_leaves_its_calls(recorded: Path) -> None:
    before = load(recorded / "close-lost.yaml")

    done = refreshed(recorded, redate=True)

    after = load(recorded / "close-lost.yaml")
    assert [one.outcome for one in done] == ["redated"] * 3
    assert before.provenance is not None
    assert after.provenance == replace(before.provenance, recorded_at="2026-11-23T00:00:00Z")
    assert tuple(after.interactions) == tuple(before.interactions)


def test_a_broken_promise_does_not_stop_the_others_and_keeps_its_capture(recorded: Path) -> None:
    before = files(recorded)

    def stays_open(request: Request, response: Response) -> Response:
        body = json.loads(response.body)
        stays = body.get("status") == "lost" and "disputes" in request.url
        return with_json(response, lambda value: value.update(status="needs_response")) if stays else response

    steps: list[str] = []
    done = refreshed(recorded, stays_open, steps)

    assert [one.outcome for one in done] == ["failed", "failed", "failed"]
    assert done[1].reason == "close-lost: close the dispute: expected status lost, got needs_response."
    assert [name for name in NAMES for step in steps if step.startswith(f"{name}: ") and "quarantine" in step] == [
        *NAMES
    ]
    assert (files(recorded), exit_code_of(done, named=False)) == (before, 3)
    assert sorted(capture.scenario for capture in quarantined()) == list(NAMES)


def test_one_failure_among_others_is_told_and_the_others_are_done(recorded: Path) -> None:
    def no_lists(request: Request, response: Response) -> Response:
        return replace(response, status=500) if "limit=1" in request.url and "disputes" in request.url else response

    done = refreshed(recorded, no_lists)

    assert [one.outcome for one in done] == ["failed", "unchanged", "unchanged"]
    assert exit_code_of(done, named=False) == 3


def test_what_the_gate_refuses_is_neither_written_nor_shown(recorded: Path) -> None:
    before = files(recorded)

    done = refreshed(recorded, tell_account, dry_run=True)

    assert [one.outcome for one in done] == ["failed"] * 3
    assert "leak(s), first at line" in done[1].reason
    assert [word for word in (TALKATIVE_ACCOUNT[-10:], "quarantine") if word in markdown(done)] == []
    assert files(recorded) == before


def test_ctrl_c_in_the_second_leaves_the_first_replaced_and_every_file_whole(recorded: Path) -> None:
    before, done = files(recorded), []

    def stop(step: str) -> None:
        if done and step == "close the dispute":
            stop_next.append(step)
        if len(stop_next) and step == "read the dispute":
            raise KeyboardInterrupt

    stop_next: list[str] = []
    with sandbox_target(Watched(Sandbox(), a_new_field)) as target:
        chosen = candidates(Library([recorded]), NAMES)
        purpose = Purpose(target, around(on_step=stop), catalogue())
        with pytest.raises(RecordingInterruptedError, match="The capture is kept in"):
            for one in refresh_all(chosen, purpose):
                done.append(one)

    after = files(recorded)
    assert [(one.name, one.outcome) for one in done] == [("close-list", "replaced")]
    assert {name for name in before if before[name] != after[name]} == {"close-list.yaml"}
    assert [(capture.scenario, len(capture.sent_closes)) for capture in quarantined()] == [("close-lost", 1)]


def test_where_nobody_answers_twice_the_rest_is_not_tried(recorded: Path) -> None:
    chosen = candidates(Library([recorded]), NAMES)
    target = Target("http://127.0.0.1:1", KEY)

    done = list(refresh_all(chosen, Purpose(target, around(), catalogue())))

    assert [(one.outcome, one.exit_code) for one in done] == [("failed", 4)] * 3
    assert "not tried" in done[2].reason
    assert exit_code_of(done, named=False) == 4


def test_another_stripe_version_is_drift_and_both_are_told(tmp_path: Path) -> None:
    older = replace(SCENARIOS["close-lost"], stripe_version=OLDER_VERSION)
    with sandbox_target() as target:
        record(older, target, tmp_path / "close-lost.yaml", around())
        (done,) = refresh_all(
            candidates(Library([tmp_path]), ["close-lost"]), Purpose(target, around(), catalogue(), dry_run=True)
        )

    assert done.drifts is not None
    assert (done.drifts.old_version, done.drifts.new_version) == (OLDER_VERSION, API_VERSION)
    lines = markdown([done]).splitlines()
    assert lines[0] == "**1 cassette: 1 would be replaced.**"
    assert f"Stripe-Version {OLDER_VERSION} → {API_VERSION}" in lines
    assert any("| field added | `$.intended_submission_method` |  | `null` |" in line for line in lines)


def _sealed(cassette: Cassette) -> Cassette:
    assert cassette.provenance is not None
    return Cassette(cassette.interactions, replace(cassette.provenance, edited=True))


def _from(made_against: Any) -> Callable[[Cassette], Cassette]:
    def changed(cassette: Cassette) -> Cassette:
        assert cassette.provenance is not None
        return Cassette(cassette.interactions, replace(cassette.provenance, made_against=made_against))

    return changed


def _of_a_test(cassette: Cassette) -> Cassette:
    assert cassette.provenance is not None
    return Cassette(cassette.interactions, replace(cassette.provenance, scenario="test_closing"))


@pytest.mark.parametrize(
    ("change", "against_stripe", "reason"),
    [
        (lambda cassette: Cassette(cassette.interactions), True, "nothing in it vouches"),
        (_from("imported"), False, "nothing in it vouches"),
        (_sealed, False, "edited by hand"),
        (lambda cassette: cassette, True, "`replaydisputes record close-lost` replaces it"),
        (_from("stripe-test-mode"), False, "recorded from Stripe, and nothing else"),
        (_of_a_test, False, "'test_closing' is not in the catalogue"),
        (_from("stripe-test-mode"), True, ""),
        (lambda cassette: cassette, False, ""),
    ],
)
def test_what_cannot_be_refreshed_is_left_out_with_a_reason(
    change: Callable[[Cassette], Cassette], against_stripe: bool, reason: str, recorded: Path
) -> None:
    path = recorded / "close-lost.yaml"
    path.write_bytes(serialize(change(load(path))))
    (candidate,) = candidates(Library([recorded]), ["close-lost"])

    told = why_left_out(candidate, catalogue(), against_stripe=against_stripe)

    assert (reason in told, bool(told)) == (True, bool(reason))


def test_an_edit_that_nobody_sealed_is_not_undone(recorded: Path) -> None:
    path = recorded / "close-lost.yaml"
    path.write_bytes(path.read_bytes().replace(b"fraudulent", b"general"))
    before = files(recorded)

    done = refreshed(recorded)

    assert [one.outcome for one in done] == ["unchanged", "left out", "unchanged"]
    assert (exit_code_of(done, named=True), exit_code_of(done, named=False)) == (2, 0)
    assert files(recorded) == before


def test_all_are_the_users_own_and_a_shipped_one_is_left_out_by_name(recorded: Path) -> None:
    (recorded / "broken.yaml").write_text("version: 1\ninteractions: [")
    library = Library([recorded])

    assert [one.name for one in candidates(library, [])] == ["broken", *NAMES]
    (shipped,) = candidates(library, ["close-won"])
    assert "belongs to the package" in why_left_out(shipped, catalogue(), against_stripe=False)
    broken = candidates(library, [])[0]
    assert "broken.yaml" in why_left_out(broken, catalogue(), against_stripe=False)
    with pytest.raises(ReplayDisputesError, match="did you mean close-lost"):
        candidates(library, ["close-lots"])


def test_what_lacks_a_connected_account_is_left_out_and_the_others_are_done(recorded: Path) -> None:
    with sandbox_target() as target:
        record(SCENARIOS["close-on-account"], target, recorded / "close-on-account.yaml", around())
    with sandbox_target(Sandbox(connected=[])) as target:
        chosen = candidates(Library([recorded]), ["close-on-account", "close-lost"])
        done = list(refresh_all(chosen, Purpose(target, around(), catalogue())))

    assert [one.outcome for one in done] == ["left out", "unchanged"]
    assert "it needs a connected account" in done[0].reason


def test_an_origin_of_another_kind_than_the_recordings_does_not_replace_it(recorded: Path) -> None:
    before = files(recorded)

    def unmarked(request: Request, response: Response) -> Response:
        return replace(response, headers=tuple(pair for pair in response.headers if "Replaydisputes" not in pair[0]))

    done = refreshed(recorded, unmarked)

    assert [one.outcome for one in done] == ["left out"] * 3
    assert done[0].reason.endswith("is not what it was recorded from: sandbox then, imported now")
    assert (files(recorded), exit_code_of(done, named=False)) == (before, 2)


@pytest.fixture
def target() -> Iterator[Target]:
    with sandbox_target(Watched(Sandbox(), only_twice)) as target:
        yield target


def test_the_command_replaces_and_reports_in_three_forms(recorded: Path, target: Target) -> None:
    given = ("--all", "--cassettes", str(recorded), "--api-base", target.api_base)

    in_json = run("refresh", *given, "--dry-run", "--json", cwd=recorded, STRIPE_API_KEY=KEY)
    in_markdown = run("refresh", *given, "--dry-run", "--markdown", cwd=recorded, STRIPE_API_KEY=KEY)
    for_people = run("refresh", *given, cwd=recorded, STRIPE_API_KEY=KEY)

    assert [done.returncode for done in (in_json, in_markdown, for_people)] == [3, 3, 3]
    told = json.loads(in_json.stdout)
    assert (told["version"], told["drifted"]) == (1, 1)
    assert [(one["name"], one["outcome"], len(one["drifts"])) for one in told["cassettes"]] == [
        ("close-list", "unchanged", 0),
        ("close-lost", "unchanged", 0),
        ("close-twice", "would be replaced", 1),
    ]
    assert told["cassettes"][2]["new_stripe_version"] == API_VERSION
    assert "**3 cassettes: 2 unchanged, 1 would be replaced.**" in in_markdown.stdout
    assert "| value changed | `$.error.message` |" in in_markdown.stdout
    assert "Unchanged in substance: `close-list`, `close-lost`." in in_markdown.stdout
    assert for_people.stdout.splitlines()[-1] == "3 cassettes: 2 unchanged, 1 replaced"
    assert run("refresh", *given, cwd=recorded, STRIPE_API_KEY=KEY).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name a cassette, or --all"),
        (("close-lost", "--all", "--sandbox"), 2, "leave the names out"),
        (("close-won",), 4, "there is no test-mode key"),
        (("close-lots", "--sandbox"), 2, "did you mean close-lost"),
        (("--all", "--sandbox", "--api-base", "http://127.0.0.1:1"), 2, "exclude each other"),
        (("--all", "--json", "--markdown", "--sandbox"), 2, "exclude each other"),
        (("close-won", "--sandbox"), 2, ""),
        (("--all", "--sandbox"), 2, "there is no cassette of your own in"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    done = run("refresh", *arguments, "--cassettes", str(tmp_path), cwd=tmp_path)

    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False)


def test_a_live_key_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    done = run("refresh", "close-lost", cwd=tmp_path, STRIPE_API_KEY="sk_live_" + "5" * 24)

    assert (done.returncode, "live-mode key" in done.stderr, "5555" in done.stderr) == (4, True, False)


def test_refreshing_against_stripe_is_told_by_its_own_address() -> None:
    purpose = Purpose(Target(API_ORIGIN, KEY), around(), catalogue())

    assert (purpose.against_stripe, replace(purpose, target=Target("http://x", KEY)).against_stripe) == (True, False)
