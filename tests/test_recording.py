from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from replaydisputes.cassette_file import load
from replaydisputes.errors import (
    ApiBaseRefusedError,
    CassetteFormatError,
    FileAccessError,
    KeyRefusedError,
    LeakFoundError,
    LivemodeError,
    ReplayDisputesError,
    UnexpectedAnswerError,
    UnknownScenarioError,
    UnreachableError,
)
from replaydisputes.model import Request, Response
from replaydisputes.playback import Player
from replaydisputes.recording.quarantine import quarantine_directory, read_journal
from replaydisputes.recording.recorder import RecordingDeclinedError, Target, record
from replaydisputes.recording.scenarios import (
    OLDER_VERSION,
    SCENARIOS,
    Call,
    Pay,
    Scenario,
    WaitForDisputes,
    scenario_named,
)
from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length, at_length
from tests.recording_support import (
    KEY,
    RESTRICTED_KEY,
    TALKATIVE_ACCOUNT,
    Watched,
    sandbox_target,
    surroundings,
    tell_account,
    with_json,
)

CLOSE_LOST = SCENARIOS["close-lost"]
SHIPPED_CLOSE_LOST = Path(__file__).parent.parent / "cassettes" / "close-lost.yaml"


def quarantined() -> list[Path]:
    return sorted(quarantine_directory().glob("*.jsonl"))


def interactions_text(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\ninteractions:\n")[2]


@dataclass(frozen=True)
class Made:
    """What recording every scenario of a list from one sandbox left: its files by scenario, and all it was answered."""

    files: dict[str, Path]
    said: str
    left_in_quarantine: list[Path]

    def texts(self) -> dict[str, str]:
        return {name: interactions_text(path) for name, path in self.files.items()}


def made(directory: Path, names: list[str], sandbox: Sandbox) -> Made:
    watched = Watched(sandbox)
    answers: list[str] = []
    watched.change = lambda request, response: answers.append(response.body.decode()) or response
    files = {name: directory / f"{name}.yaml" for name in names}
    with sandbox_target(watched) as target:
        for name, path in files.items():
            record(scenario_named(name), target, path, surroundings())
    return Made(files, "\n".join(answers), quarantined())


@pytest.fixture(scope="module", params=all_at_length([1, 3], [3]), ids="one in {}".format)
def of_two_accounts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """Every n-th scenario from two accounts full of people; the second at another time, and in the opposite order."""
    names = list(SCENARIOS)[:: request.param]
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_STATE_HOME", raising=False)
        patch.delenv("XDG_CACHE_HOME", raising=False)
        return [
            made(home / "1", names, Sandbox(seed=1, start_time=1_760_000_000, people=True)),
            made(home / "99", names[::-1], Sandbox(seed=99, start_time=1_799_999_999, people=True)),
        ]


def test_two_accounts_give_byte_identical_interactions_of_every_scenario(of_two_accounts: list[Made]) -> None:
    one, other = (each.texts() for each in of_two_accounts)

    assert len(one) >= len(SCENARIOS) // 3
    assert all(one.values())
    assert one == other


@at_length("long")
def test_two_accounts_without_people_give_byte_identical_interactions(tmp_path: Path) -> None:
    names = [name for name in SCENARIOS if not name.endswith(OLDER_VERSION)]
    one = made(tmp_path / "7", names, Sandbox(seed=7, start_time=1_780_012_345))
    other = made(tmp_path / "8", names[::-1], Sandbox(seed=8))

    assert one.texts() == other.texts()
    assert other.left_in_quarantine == []


def test_recording_the_same_again_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    outcomes = []
    stamps = []
    for seed in (1, 2):
        with sandbox_target(Sandbox(seed=seed)) as target:
            outcomes.append(record(CLOSE_LOST, target, path, surroundings()).outcome)
        stamps.append(path.stat().st_mtime_ns)

    assert outcomes == ["written", "unchanged"]
    assert stamps[0] == stamps[1]


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_of_the_account_or_its_people_is_in_any_file(number: int, of_two_accounts: list[Made]) -> None:
    said, count = of_two_accounts[number].said, len(of_two_accounts[number].files)
    text = "\n".join(path.read_text(encoding="utf-8") for path in of_two_accounts[number].files.values())
    ids = set(re.findall(r"\b[a-z]{2,5}_([A-Za-z0-9]{24})\b", said)) - {"1AAAAAreplaydisp99999999"}
    emails = set(re.findall(r"[\w.+-]+@[\w.-]+\.\w+", said))
    assert len(ids) > 2 * count
    assert len(emails) > count // 3
    assert [value for value in ids if value in text or value[6:16] in text] == []
    assert [email for email in emails if email in text] == []
    assert set(re.findall(r"[\w.+-]+@[\w.-]+\.\w+", text)) <= {f"customer-{n}@example.invalid" for n in range(1, 99)}
    assert [key for key in (KEY, RESTRICTED_KEY) if key in text] == []
    assert re.findall(r"(?:sk|rk)_(?:test|live)_[A-Za-z0-9]+", text) == []


def test_provenance_says_sandbox_whatever_address_the_sandbox_answered_at(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    with sandbox_target() as target:
        record(CLOSE_LOST, target, path, surroundings())
    provenance = load(path).provenance

    assert provenance is not None
    assert (provenance.made_against, provenance.scenario) == ("sandbox", "close-lost")
    assert path.read_text(encoding="utf-8").startswith(
        "# Made by the replaydisputes sandbox. NOT a recording of Stripe."
    )


def test_what_neither_is_stripe_nor_says_it_is_the_sandbox_is_called_imported(tmp_path: Path) -> None:
    def unmarked(request: Request, response: Response) -> Response:
        headers = tuple(pair for pair in response.headers if pair[0] != "Replaydisputes-Sandbox")
        return Response(response.status, headers, response.body, response.reason)

    path = tmp_path / "close-lost.yaml"
    with sandbox_target(Watched(Sandbox(), unmarked)) as target:
        record(CLOSE_LOST, target, path, surroundings())
    provenance = load(path).provenance

    assert provenance is not None
    assert provenance.made_against == "imported"


@pytest.mark.parametrize(
    "key",
    [
        *(f"{prefix}_live_{'a' * 24}" for prefix in ("sk", "rk", "rkcs", "pk", "sk_org")),
        "sk_org_x",
        "",
        "pk_test_" + "a" * 24,
        "whsec_" + "a" * 32,
        "nonsense",
    ],
)
def test_a_key_that_is_not_a_test_mode_key_is_refused_before_any_connection(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: opened.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: opened.append(args))

    with pytest.raises(KeyRefusedError) as refused:
        record(CLOSE_LOST, Target("https://api.stripe.com", key), tmp_path / "x.yaml", surroundings())

    assert (opened, quarantined(), list(tmp_path.iterdir())) == ([], [], [])
    assert not key or key not in str(refused.value)


def test_a_live_restricted_key_names_its_own_variable(tmp_path: Path) -> None:
    target = Target("https://api.stripe.com", KEY, "rk_live_" + "6" * 24)
    with pytest.raises(KeyRefusedError) as refused:
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert str(refused.value) == (
        "the restricted key is a live-mode key; nothing was sent. Set STRIPE_RESTRICTED_KEY to one of test mode "
        "(rk_test_…), or record against the embedded sandbox with --sandbox."
    )


@pytest.mark.parametrize(
    "api_base", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1:1", "https://user:secret@example.com", ""]
)
def test_an_origin_that_would_endanger_the_key_is_refused(api_base: str, tmp_path: Path) -> None:
    with pytest.raises(ApiBaseRefusedError) as refused:
        record(CLOSE_LOST, Target(api_base, KEY), tmp_path / "x.yaml", surroundings())

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("rest", ["/v1", "?a=b", "?", "#there"])
def test_an_address_that_is_more_than_an_origin_is_refused(rest: str, tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target, pytest.raises(ApiBaseRefusedError) as refused:
        record(CLOSE_LOST, Target(target.api_base + rest, KEY), tmp_path / "x.yaml", surroundings())

    said = f"--api-base {target.api_base}{rest}: expected an origin such as http://127.0.0.1:12111; nothing was sent."
    assert (str(refused.value), watched.seen) == (said, [])


def test_a_live_answer_ends_the_recording_before_anything_is_closed(tmp_path: Path) -> None:
    live = Watched(Sandbox(), lambda request, response: with_json(response, lambda body: body.update(livemode=True)))

    with sandbox_target(live) as target, pytest.raises(LivemodeError):
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert (live.closes, list(tmp_path.iterdir())) == ([], [])


def test_a_dispute_that_never_appears_is_waited_for_ten_seconds_and_then_said_so(tmp_path: Path) -> None:
    def hide(request: Request, response: Response) -> Response:
        if request.method == "GET":
            return with_json(response, lambda body: body.update(data=[]))
        return response

    slept: list[float] = []
    around = surroundings()
    around = type(around)(around.now_utc, slept.append, around.on_step, around.confirm)
    with sandbox_target(Watched(Sandbox(), hide)) as target, pytest.raises(UnexpectedAnswerError) as failed:
        record(CLOSE_LOST, target, tmp_path / "x.yaml", around)

    assert sum(slept) == 10
    assert "expected one within 10 s, got none" in str(failed.value)


def test_an_answer_that_is_a_web_page_is_told_to_be_no_json(tmp_path: Path) -> None:
    page = Response(200, (("Content-Type", "text/html"), ("Content-Length", "15")), b"<html>a</html>\n", "OK")

    watched = Watched(Sandbox(), lambda request, response: page)
    with sandbox_target(watched) as target, pytest.raises(UnexpectedAnswerError) as failed:
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert str(failed.value) == (
        "close-lost: POST /v1/payment_intents: expected HTTP 200 and a Stripe object, "
        "got HTTP 200 with a body that is no JSON."
    )


def test_a_server_that_replays_is_told_from_one_that_can_be_recorded(tmp_path: Path) -> None:
    with (
        sandbox_target(Player(load(SHIPPED_CLOSE_LOST), "close-lost")) as target,
        pytest.raises(UnexpectedAnswerError) as failed,
    ):
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert str(failed.value) == (
        "close-lost: POST /v1/payment_intents: expected HTTP 200 and a Stripe object, got HTTP 501 "
        "(replaydisputes_mismatch) from a server that replays cassettes; `replaydisputes sandbox` is one to record "
        "from."
    )


def test_an_existing_dispute_is_closed_only_with_leave(tmp_path: Path) -> None:
    sandbox = Watched(Sandbox())
    with sandbox_target(sandbox) as target:
        record(CLOSE_LOST, target, tmp_path / "made.yaml", surroundings())
        form = b"amount=700&currency=eur&payment_method_types[]=card&payment_method=pm_card_createDispute&confirm=true"
        headers = (("Authorization", f"Bearer {KEY}"), ("Content-Type", "application/x-www-form-urlencoded"))
        sandbox.answer(Request("POST", f"{target.api_base}/v1/payment_intents", headers, form))
        listed = sandbox.answer(Request("GET", f"{target.api_base}/v1/disputes", headers))
        dispute = json.loads(listed.body)["data"][0]["id"]
        closes = len(sandbox.closes)

        with pytest.raises(RecordingDeclinedError):
            record(CLOSE_LOST, target, tmp_path / "no.yaml", surroundings(confirm=False), dispute)
        assert (len(sandbox.closes), (tmp_path / "no.yaml").exists(), quarantined()) == (closes, False, [])

        made = record(CLOSE_LOST, target, tmp_path / "yes.yaml", surroundings(), dispute)

    assert [request.url.split("/")[-2] for request in sandbox.closes[closes:]] == [dispute]
    assert json.loads(made.cassette.interactions[1].response.body)["amount"] == 700


def test_an_answer_that_breaks_the_scenarios_promise_keeps_the_capture_and_the_old_cassette(tmp_path: Path) -> None:
    def stay_open(request: Request, response: Response) -> Response:
        if request.url.endswith("/close"):
            return with_json(response, lambda body: body.update(status="needs_response"))
        return response

    path = tmp_path / "close-lost.yaml"
    with sandbox_target() as target:
        record(CLOSE_LOST, target, path, surroundings())
    before = path.read_bytes()
    with sandbox_target(Watched(Sandbox(), stay_open)) as target, pytest.raises(UnexpectedAnswerError) as failed:
        record(CLOSE_LOST, target, path, surroundings())

    assert path.read_bytes() == before
    assert "expected status lost, got needs_response" in str(failed.value)
    assert str(quarantined()[0]) in str(failed.value)
    journal = read_journal(quarantined()[0])
    assert journal.interactions[-1].request.url.endswith("/close")
    assert journal.kept == (False, False, True, True)
    assert journal.problem.startswith("UnexpectedAnswerError: close-lost: close the dispute: expected status lost")


def test_a_leak_that_redaction_lets_pass_is_stopped_by_the_gate(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    talkative = Watched(Sandbox(account=TALKATIVE_ACCOUNT), tell_account)
    with sandbox_target(talkative) as target, pytest.raises(LeakFoundError) as found:
        record(CLOSE_LOST, target, path, surroundings())

    assert list(tmp_path.iterdir()) == []
    assert "abcdefghij" not in str(found.value)
    assert found.value.quarantined == quarantined()[0]
    assert quarantined()[0].stat().st_mode & 0o777 == 0o600
    assert quarantined()[0].parent.stat().st_mode & 0o777 == 0o700
    assert KEY not in quarantined()[0].read_text()


def test_what_the_gate_stops_is_kept_where_nothing_was_changed_too(tmp_path: Path) -> None:
    reading = Scenario(
        "reading",
        "a dispute that is only read",
        (Pay("pm_card_createDispute"), WaitForDisputes(), Call("read it", "GET", "/v1/disputes/{dispute}")),
    )
    talkative = Watched(Sandbox(account=TALKATIVE_ACCOUNT), tell_account)
    with sandbox_target(talkative) as target, pytest.raises(LeakFoundError) as found:
        record(reading, target, tmp_path / "reading.yaml", surroundings())

    assert [found.value.quarantined] == quarantined()
    assert len(read_journal(quarantined()[0]).interactions) == 3


def test_nobody_there_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(UnreachableError) as failed:
            record(CLOSE_LOST, Target(f"http://127.0.0.1:{port}", KEY), tmp_path / "x.yaml", surroundings())

    assert str(failed.value) == f"127.0.0.1:{port} did not answer: no connection, or it broke off."
    assert failed.value.exit_code == 4


def test_a_file_in_place_that_is_no_cassette_stops_the_recording_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "close-lost.yaml"
    path.write_text("my notes")
    watched = Watched(Sandbox())

    with sandbox_target(watched) as target, pytest.raises(CassetteFormatError):
        record(CLOSE_LOST, target, path, surroundings())

    assert (watched.seen, path.read_text(), quarantined()) == ([], "my notes", [])


def test_a_place_that_takes_no_file_stops_the_recording_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    path = tmp_path / "notes" / "cassettes" / "close-lost.yaml"
    watched = Watched(Sandbox())

    with sandbox_target(watched) as target, pytest.raises(FileAccessError) as refused:
        record(CLOSE_LOST, target, path, surroundings())

    said = f"{path}: cannot write: {tmp_path / 'notes'} is no directory. Nothing was sent."
    assert (str(refused.value), watched.seen, quarantined()) == (said, [], [])


def test_a_directory_without_permission_is_found_out_beforehand() -> None:
    code = (
        "import os, pathlib, sys\n"
        "from replaydisputes.recording.recorder import check_replaceable\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "check_replaceable(place.parent / 'other.yaml')  # imports what it needs, as long as it may\n"
        "place.mkdir(mode=0o555)\n"
        "if os.getuid() == 0: os.setuid(65534)  # root may write anywhere\n"
        "try: check_replaceable(place / 'close-lost.yaml')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    with tempfile.TemporaryDirectory() as home:  # pytest's own are closed to other users
        Path(home).chmod(0o755)
        folder = Path(home, "cassettes")
        ran = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)

    said = (
        f"FileAccessError {folder / 'close-lost.yaml'}: cannot write: {folder} takes no new file. Nothing was sent.\n"
    )
    assert (ran.stdout, ran.stderr) == (said, "")


def test_a_write_that_fails_after_the_close_says_where_the_capture_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"

    def close_it_off(request: Request, response: Response) -> Response:
        if request.url.endswith("/close"):
            folder.write_text("in the way")
        return response

    watched = Watched(Sandbox(), close_it_off)
    with sandbox_target(watched) as target, pytest.raises(FileAccessError) as failed:
        record(CLOSE_LOST, target, folder / "close-lost.yaml", surroundings())

    (kept,), dispute = quarantined(), watched.closes[0].url.split("/")[-2]
    assert str(failed.value) == (
        f"{folder / 'close-lost.yaml'}: cannot write: File exists. A close of {dispute} was sent. "
        f"The capture is kept in {kept}; `replaydisputes recover` shows it."
    )


def test_an_unknown_scenario_offers_the_nearest() -> None:
    with pytest.raises(UnknownScenarioError, match="did you mean close-lost"):
        scenario_named("close-lots")


@pytest.mark.parametrize("prefix", ["sk_live_", "rk_test_", "pk_live_", "rkcs_test_", "sk_org_", "whsec_"])
def test_a_key_of_any_kind_in_the_place_of_a_name_is_masked(prefix: str) -> None:
    with pytest.raises(UnknownScenarioError) as unknown:
        scenario_named(prefix + "5" * 24)

    assert str(unknown.value).startswith(f"no scenario is called '{prefix}…'; ")
    assert "5" * 4 not in str(unknown.value)


def test_netrc_and_redirects_cannot_move_the_key(tmp_path: Path, empty_home: Path) -> None:
    (empty_home / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")

    def redirect(request: Request, response: Response) -> Response:
        return Response(302, (("Location", "http://127.0.0.1:9/elsewhere"), ("Content-Length", "0")), b"", "Found")

    watched = Watched(Sandbox(), redirect)
    with sandbox_target(watched) as target, pytest.raises(ReplayDisputesError, match="HTTP 302"):
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert [request.header("authorization") for request in watched.seen] == [f"Bearer {KEY}"]


def test_vcrpys_log_says_nothing_while_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="vcr")
    caplog.set_level("DEBUG")
    with sandbox_target() as target:
        record(CLOSE_LOST, target, tmp_path / "x.yaml", surroundings())

    assert [item.getMessage() for item in caplog.records if item.name.startswith("vcr")] == []
    assert KEY not in caplog.text
