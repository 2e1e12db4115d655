"""The commands as a user runs them: a process of its own, its exit code, its output."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import stripe

from replaydisputes.recording.scenarios import SCENARIOS
from replaydisputes.sandbox import Sandbox
from tests.at_length import all_at_length
from tests.recording_support import KEY, Watched, sandbox_target

CASSETTES = Path(__file__).parent.parent / "cassettes"


def run(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "replaydisputes", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error", "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


FEW = ("close-lost", "close-twice")


@pytest.mark.parametrize(
    ("asked", "names"), all_at_length([(("--all",), tuple(SCENARIOS)), (FEW, FEW)], [(FEW, FEW)]), ids=["all", "few"]
)
def test_recording_from_the_sandbox_gives_the_shipped_bytes_to_list_and_show(
    asked: tuple[str, ...], names: tuple[str, ...], tmp_path: Path
) -> None:
    epoch = re.search(r"^SOURCE_DATE_EPOCH := (\d+)$", (CASSETTES.parent / "Makefile").read_text(), re.M)
    assert epoch is not None

    recorded = run("record", *asked, "--sandbox", cwd=tmp_path, SOURCE_DATE_EPOCH=epoch[1])
    listed = run("list", "--json", cwd=tmp_path)
    shown = run("show", "close-twice", cwd=tmp_path)

    made = {path.name: path.read_bytes() for path in (tmp_path / "cassettes").iterdir()}
    assert made == {path.name: path.read_bytes() for path in CASSETTES.iterdir() if path.stem in names}
    assert (recorded.returncode, recorded.stdout.count(": written; ")) == (0, len(names))
    assert [(row["name"], row["made_against"], row["proves"], row["shipped"]) for row in json.loads(listed.stdout)] == [
        (name, "sandbox", SCENARIOS[name].proves, name not in names) for name in sorted(SCENARIOS)
    ]
    assert f"proves          {SCENARIOS['close-twice'].proves}\n" in shown.stdout
    assert "the sandbox, not Stripe" in shown.stdout
    calls = re.findall(r"\d\. (GET|POST) /v1/disputes/\S+  (\d+)  (.*)", shown.stdout)
    assert calls == [
        ("GET", "200", "dispute  needs_response"),
        ("POST", "200", "dispute  lost"),
        ("POST", "400", "invalid_request_error  This dispute is already closed"),
        ("GET", "200", "dispute  lost"),
    ]


def test_source_date_epoch_never_dates_what_was_not_made_by_the_embedded_sandbox(tmp_path: Path) -> None:
    with sandbox_target() as target:
        environment = {"STRIPE_API_KEY": KEY, "SOURCE_DATE_EPOCH": "86400"}
        run("record", "close-lost", "--api-base", target.api_base, cwd=tmp_path, **environment)

    shown = json.loads(run("show", "close-lost", "--json", cwd=tmp_path).stdout)
    assert shown["provenance"]["made_against"] == "sandbox"
    assert not shown["provenance"]["recorded_at"].startswith("1970")


def test_show_json_gives_each_interaction(tmp_path: Path) -> None:
    shown = json.loads(run("show", str(CASSETTES / "close-unknown.yaml"), "--json", cwd=tmp_path).stdout)

    assert shown["provenance"]["scenario"] == "close-unknown"
    assert [(item["method"], item["http_status"], item["code"]) for item in shown["interactions"]] == [
        ("GET", 404, "resource_missing"),
        ("POST", 404, "resource_missing"),
    ]


@pytest.mark.parametrize(
    ("args", "env", "code", "said"),
    [
        (["record", "close-lots"], {}, 2, "no scenario is called 'close-lots'; did you mean close-lost"),
        (["record"], {}, 2, "name a scenario, or --all. Known: close-lost"),
        (["record", "close-lost"], {}, 4, "there is no test-mode key; nothing was sent"),
        (["record", "close-lost"], {"STRIPE_API_KEY": "sk_live_" + "a" * 24}, 4, "the key is a live-mode key"),
        (["record", "--all"], {}, 4, "there is no test-mode key; nothing was sent"),
        (["record", "close-lost", "--sandbox", "--api-base", "http://127.0.0.1:1"], {}, 2, "exclude each other"),
        (["record", "--all", "--sandbox", "--dispute", "du_1"], {}, 2, "--dispute goes with one scenario"),
        (["record", "close-lost", "--api-base", "http://10.0.0.1"], {"STRIPE_API_KEY": KEY}, 2, "in the clear"),
        (["record", "close-lost", "--api-base", "http://127.0.0.1:1"], {"STRIPE_API_KEY": KEY}, 4, "did not answer"),
        (["show", "close-lots"], {}, 2, "did you mean close-lost"),
        (["nonsense"], {}, 2, "No such command"),
        (["sandbox", "--port", "99999"], {}, 2, "99999"),
    ],
)
def test_bad_input_gets_one_clear_line_and_its_exit_code(
    args: list[str], env: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    done = run(*args, cwd=tmp_path, **env)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk_live_" + "a" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((CASSETTES / "close-lost.yaml").read_bytes()[:3000], "status"),
        ((CASSETTES / "close-lost.yaml").read_bytes().rpartition(b"\n- request:")[0] + b"\n", "truncated"),
        (b"\xff\xfe\x00garbage", "UTF-8"),
        (b"{[not: yaml", "YAML"),
        (b"version: 2\ninteractions: []\n", "version"),
        (b"a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" + b"version: 1\ninteractions: [*b,*b,*b]\n", ""),
        (b"- " * 100_000 + b"x", "nest"),
        (b"", "empty"),
    ],
    ids=["cut-in-an-answer", "cut-between-interactions", "not-utf-8", "not-yaml", "version", "bomb", "deep", "empty"],
)
def test_a_file_that_is_no_cassette_gets_one_clear_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)

    done = run("show", str(path), cwd=tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "broken.yaml" in done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert path.read_bytes() == content


def test_list_still_lists_the_others_where_one_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "broken.yaml").write_text("version: 2\n")

    done = run("list", cwd=tmp_path)

    assert done.returncode == 3
    assert "close-lost" in done.stdout
    assert "broken.yaml" in done.stderr


def test_closing_an_existing_dispute_needs_a_yes(tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target:
        client = stripe.StripeClient(KEY, base_addresses={"api": target.api_base})
        client.v1.payment_intents.create(
            {
                "amount": 900,
                "currency": "usd",
                "payment_method_types": ["card"],
                "payment_method": "pm_card_createDispute",
                "confirm": True,
            }
        )
        dispute = client.v1.disputes.list().data[0].id
        args = ("record", "close-lost", "--api-base", target.api_base, "--dispute", dispute)
        asked = run(*args, cwd=tmp_path, STRIPE_API_KEY=KEY)
        assert (asked.returncode, watched.closes) == (2, [])
        assert f"{dispute}: 900 usd" in asked.stderr
        assert "cannot be undone" in asked.stderr
        done = run(*args, "--yes", cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, len(watched.closes)) == (0, 1)


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "1. Record",
        "2. Redact",
        "3. Check",
        "4. Write",
        "5. Replay",
        "4 of 4 interactions played, 0 sockets asked for",
    ):
        assert part in done.stdout
    assert "not Stripe" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_sandbox_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "replaydisputes", "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert url is not None
    listed = stripe.StripeClient(KEY, base_addresses={"api": url[0]}).v1.disputes.list()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert (listed.data, process.returncode, said) == ([], 0, "")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("sandbox", "--port", str(taken.getsockname()[1]), cwd=tmp_path)

    assert done.returncode == 4
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [[], ["record"], ["list"], ["show"], ["sandbox"], ["demo"]])
def test_help_gives_an_example(command: list[str], tmp_path: Path) -> None:
    done = run(*command, "--help", cwd=tmp_path)

    assert done.returncode == 0
    assert "Example:" in done.stdout or not command


@pytest.mark.parametrize("command", [("record",), ("show",), ("recover",), ("settle", "--sandbox", "--only"), ()])
def test_a_key_in_the_place_of_a_name_is_told_by_its_prefix_alone(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*command, "sk_live_" + "5" * 24, cwd=tmp_path)

    assert (done.returncode, done.stdout, "'sk_live_…'" in done.stderr) == (2, "", True)
    assert "5" * 4 not in done.stderr


@pytest.mark.parametrize("given", ["sk_live_" + "5" * 24, "ch_1AbcDef", "du_1/close", "du_", "du_1\n"])
def test_what_is_no_id_of_a_dispute_is_never_asked_for(given: str, tmp_path: Path) -> None:
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target:
        told = ("--api-base", target.api_base, "--dispute", given, "--yes")
        done = run("record", "close-lost", *told, cwd=tmp_path, STRIPE_API_KEY=KEY)

    assert (done.returncode, watched.seen) == (2, [])
    assert "Error: --dispute takes the id of a dispute, such as du_…, not '" in done.stderr
    assert "5" * 4 not in done.stderr
