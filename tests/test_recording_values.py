"""What a recording says of itself, what it makes of ids that are null, and who may enter where it keeps its state."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from replaydisputes.errors import UnexpectedAnswerError
from replaydisputes.model import Interaction, Provenance, Request, Response
from replaydisputes.recording.progress import Progress
from replaydisputes.recording.publishing import RawCapture, publish
from replaydisputes.recording.quarantine import Journal, quarantine_directory
from replaydisputes.recording.recorder import record
from replaydisputes.recording.scenarios import SCENARIOS, Call, Pay, Scenario, WaitForDisputes
from replaydisputes.sandbox import Sandbox
from replaydisputes.stripe_api.facts import API_ORIGIN, API_VERSION, SANDBOX_HEADER
from tests.recording_support import KEY, Watched, sandbox_target, surroundings, with_json


def provenance_of(tmp_path: Path, asked: str, answered: str) -> Provenance:
    """Of a capture of one call whose request and answer name these versions; empty names none."""
    headers = tuple(("Stripe-Version", version) for version in [asked] if version)
    told = tuple(("Stripe-Version", version) for version in [answered] if version)
    call = Interaction(Request("GET", f"{API_ORIGIN}/v1/disputes", headers), Response(200, told, b"{}"))
    capture = RawCapture("mine", API_ORIGIN, (call,), (call,), tmp_path / "kept", "2026-11-23T00:00:00Z")
    made = publish(capture, tmp_path / "mine.yaml").cassette.provenance
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("asked", "answered", "recorded"),
    [
        ("", "2026-10-28.endive", "2026-10-28.endive"),
        ("2025-03-31.basil", "", "2025-03-31.basil"),
        ("2025-03-31.basil", "2026-10-28.endive", "2026-10-28.endive"),
        ("", "2019-05-16", "2019-05-16"),
        ("2019-05-16", "2019-05-16.", "2019-05-16"),
        ("2019-05-16", "2026-10-28.Endive", "2019-05-16"),
        ("2019-05-16", "2026-10-28.endive2", "2019-05-16"),
        ("2019-05-16", "2026-10-28.endive; extra", "2019-05-16"),
        ("2019-05-16", "x2026-10-28.endive", "2019-05-16"),
        ("2019-05-16", "2026-1-28", "2019-05-16"),
        ("2019-05-16", "12026-10-28", "2019-05-16"),
        ("latest", "", API_VERSION),
        ("", "", API_VERSION),
    ],
)
def test_the_provenance_names_the_version_of_the_answer_before_that_of_the_request_and_no_other_word(
    tmp_path: Path, asked: str, answered: str, recorded: str
) -> None:
    assert provenance_of(tmp_path, asked, answered).stripe_version == recorded


def nulling(method: str, path: str, **fields: Any) -> Watched:
    """A sandbox whose answers to one call have null in these fields."""

    def change(request: Request, response: Response) -> Response:
        if request.method != method or not request.url.partition("?")[0].endswith(path):
            return response
        return with_json(response, lambda body: body.update(fields))

    return Watched(Sandbox(), change)


READS_CHARGE = Scenario(
    "mine",
    "reads the charge",
    (
        Pay("pm_card_createDispute"),
        WaitForDisputes(),
        Call("read its charge", "GET", "/v1/charges/{charge}"),
        Call("close it", "POST", "/v1/disputes/{dispute}/close"),
    ),
)


def test_an_id_that_is_null_is_asked_for_by_no_call(tmp_path: Path) -> None:
    sandbox = nulling("POST", "/v1/payment_intents", latest_charge=None)
    with sandbox_target(sandbox) as target, pytest.raises(UnexpectedAnswerError) as refused:
        record(READS_CHARGE, target, tmp_path / "mine.yaml", surroundings())

    assert (refused.value.call, refused.value.expected) == ("read its charge", "an id in each earlier answer")
    assert "no step before this one gives {charge}" in refused.value.got
    assert [request.url for request in sandbox.seen if "/charges/" in request.url] == []
    assert sandbox.closes == []


@pytest.mark.parametrize("name", ["charge", "payment_intent"])
def test_a_null_id_of_an_existing_dispute_is_no_obstacle_to_closing_it(tmp_path: Path, name: str) -> None:
    sandbox = nulling("GET", "", **{name: None})
    headers = (("Authorization", f"Bearer {KEY}"), ("Content-Type", "application/x-www-form-urlencoded"))
    form = b"amount=700&currency=usd&payment_method_types[]=card&payment_method=pm_card_createDispute&confirm=true"
    with sandbox_target(sandbox) as target:
        sandbox.inner.answer(Request("POST", f"{target.api_base}/v1/payment_intents", headers, form))
        listed = sandbox.inner.answer(Request("GET", f"{target.api_base}/v1/disputes", headers))
        dispute = json.loads(listed.body)["data"][0]["id"]
        record(SCENARIOS["close-twice"], target, tmp_path / "given.yaml", surroundings(), dispute)

    assert [request.url.split("/")[-2] for request in sandbox.closes] == [dispute, dispute]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_enter_where_progress_and_captures_are_kept(tmp_path: Path) -> None:
    scenario = SCENARIOS["close-lost"]
    (tmp_path / "close-lost.yaml").write_text("recorded")
    with sandbox_target() as target:
        Progress([scenario], target, tmp_path, surroundings()).add(scenario, "2026-11-23T00:00:00Z")
    journal = Journal("close-lost", API_ORIGIN)
    unfinished = quarantine_directory().parent / "unfinished"
    (note,) = unfinished.iterdir()

    assert [mode(place) for place in (unfinished, quarantine_directory())] == [0o700, 0o700]
    assert [mode(place) for place in (note, journal.path)] == [0o600, 0o600]
    journal.discard()


def test_a_sandbox_that_marks_only_a_set_up_call_is_not_taken_for_stripe(tmp_path: Path) -> None:
    marked = Response(200, ((SANDBOX_HEADER, "true"),), b"{}")
    setup = Interaction(Request("POST", f"{API_ORIGIN}/v1/payment_intents"), marked)
    kept = Interaction(Request("GET", f"{API_ORIGIN}/v1/disputes"), Response(200, (), b"{}"))
    made = []
    for everything in ((setup, kept), (kept,)):
        capture = RawCapture("mine", API_ORIGIN, everything, (kept,), tmp_path / "kept", "2026-11-23T00:00:00Z")
        provenance = publish(capture, tmp_path / "mine.yaml").cassette.provenance
        made.append(provenance and provenance.made_against)

    assert made == ["sandbox", "stripe-test-mode"]
