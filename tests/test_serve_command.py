"""`replaydisputes serve` as it is typed: what it serves, what it says, and one clear line where it cannot."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
import stripe

from replaydisputes.errors import FileAccessError, MissingExtraError
from replaydisputes.server import serving_sessions, tls
from tests.redis_support import free_port
from tests.serve_support import CASSETTES, DISPUTE, app_of, call

COMMAND = [sys.executable, "-W", "error", "-m", "replaydisputes", "serve"]


class Running(NamedTuple):
    url: str
    said: list[str]
    process: subprocess.Popen[bytes]


@contextmanager
def command(*arguments: str, last: str = "Each key", **options: Path) -> Iterator[Running]:
    """The command on a free port, once it is ready."""
    with subprocess.Popen(
        [*COMMAND, *arguments, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.decode().rstrip())
            if said[-1].startswith(last):
                break
        try:
            url = next(line.split()[3].rstrip(":,") for line in said if line.startswith("replaydisputes answers"))
            yield Running(url, said, process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            finally:
                process.kill()


def refused(*arguments: str) -> tuple[int, list[str]]:
    """The exit code and what stderr says."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=20)
    return done.returncode, done.stderr.splitlines()


def test_without_a_name_the_whole_library_is_served_and_close_lost_leads(tmp_path: Path) -> None:
    with command(cwd=tmp_path) as running:
        told = call(running.url, "GET", "/_replaydisputes/cassettes").json["cassettes"]
        client = stripe.StripeClient("sk_test_any", base_addresses={"api": running.url})
        closed = client.v1.disputes.close(DISPUTE.rpartition("/")[2])

    names = sorted(path.stem for path in CASSETTES.glob("*.yaml"))
    assert [one["name"] for one in told] == ["close-lost", *(name for name in names if name != "close-lost")]
    assert [line.split() for line in running.said[1 : 1 + len(told)]] == [
        [one["name"], *(one["dispute_id"] or "(no dispute)").split()] for one in told
    ]
    assert closed.status == "lost"


def test_names_files_and_directories_are_served_in_the_order_given(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(CASSETTES / "close-inquiry.yaml", own / "mine.yaml")
    shutil.copy(CASSETTES / "close-won.yaml", tmp_path / "alone.yaml")
    with command("close-twice", str(own), str(tmp_path / "alone.yaml"), cwd=tmp_path) as running:
        told = call(running.url, "GET", "/_replaydisputes/cassettes").json["cassettes"]

    assert [one["name"] for one in told] == ["close-twice", "mine", str(tmp_path / "alone.yaml")]


def test_the_options_of_a_replay_are_the_servers() -> None:
    arguments = (
        "close-lost",
        "--any-dispute",
        "--on-exhausted",
        "repeat",
        "--clock",
        "now",
        "--stripe-version",
        "fail",
    )
    with command(*arguments) as running:
        closed = [call(running.url, "POST", "/v1/disputes/du_mine/close").json for _ in range(2)]
        other = call(running.url, "GET", "/v1/disputes/du_mine", "Stripe-Version: 2020-08-27")

    assert [(one["id"], one["status"]) for one in closed] == [("du_mine", "lost")] * 2
    assert closed[0]["created"] > 1_790_000_000
    assert (other.status, other.header("replaydisputes-error")) == (501, "MismatchError")


def test_a_refusal_advises_in_the_words_of_the_command() -> None:
    other = f"{DISPUTE[:-1]}9"
    with command("close-lost", "--stripe-version", "fail") as running:
        closed = call(running.url, "POST", f"{DISPUTE}/close").status
        told = [
            call(running.url, *asked).json["error"]["message"].partition("what to do:\n")[2].splitlines()[:-1]
            for asked in (
                ("GET", other),
                ("POST", f"{DISPUTE}/close"),
                ("GET", DISPUTE, "Stripe-Version: 2020-08-27"),
            )
        ]

    assert (closed, [[line.strip() for line in lines] for lines in told]) == (
        200,
        [
            [
                "Pass the id of the cassette's dispute, which `serve` prints as it starts,",
                "or let the cassette answer for any dispute id:",
                "replaydisputes serve close-lost --any-dispute",
            ],
            [
                "Make the call no more often than it was recorded, or record a cassette in which it is made once more.",
                "Where the number of calls does not matter, let the last answer be given again:",
                "replaydisputes serve close-lost --on-exhausted repeat",
            ],
            [
                "An answer has the shape of its version. Set the client's version to 2026-10-28.endive, or record the "
                "cassette",
                "anew at the version the code uses. Where the difference does not matter, be warned of it only:",
                "replaydisputes serve close-lost --stripe-version warn",
            ],
        ],
    )


def test_another_version_is_told_once_on_stderr() -> None:
    with command("close-lost") as running:
        for key in ("sk_test_one", "sk_test_two"):
            call(running.url, "GET", DISPUTE, "Stripe-Version: 2020-08-27", key=key)
        running.process.terminate()
        assert running.process.stderr is not None
        said = running.process.stderr.read().decode().splitlines()

    assert said == ["Warning: Stripe-Version 2020-08-27 is asked for, 2026-10-28.endive was recorded."]


def test_a_sandbox_for_each_key() -> None:
    with command("--sandbox") as running:
        found = call(running.url, "GET", "/v1/disputes").json

    assert (found["object"], found["data"]) == ("list", [])


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - allowed here, and told
def test_a_host_that_others_can_reach_is_told(host: str) -> None:
    with command("close-lost", "--host", host) as running:
        port = running.url.rpartition(":")[2]
        status = call(f"http://127.0.0.1:{port}", "GET", DISPUTE).status
        running.process.terminate()
        assert running.process.stderr is not None
        said = running.process.stderr.read().decode()

    assert (status, said) == (
        200,
        f"Warning: {host} is no loopback address, so other machines can reach this server.\n",
    )


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused("close-lost", "--port", str(port))

    assert (code, said) == (
        4,
        [f"Error: cannot listen on 127.0.0.1:{port}: Address already in use. Choose another with --port."],
    )


def test_a_name_that_no_cassette_has_is_one_line() -> None:
    code, said = refused("close-lots")

    assert (code, len(said), said[0][:62]) == (
        2,
        1,
        "Error: no cassette is called 'close-lots'; did you mean close-",
    )


def test_a_broken_cassette_is_one_line_with_file_and_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\ninteractions: 3\n")
    code, said = refused(str(broken))

    assert (code, len(said)) == (3, 1)
    assert said[0].startswith(f"Error: {broken}:2: expected ")


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    code, said = refused(str(tmp_path))

    assert (code, said[-1]) == (2, f"Error: {tmp_path} holds no cassette (.yaml or .yml)")


@pytest.mark.parametrize("again", ["close-lost", str(CASSETTES / "close-lost.yaml")])
def test_a_cassette_named_twice_is_refused(again: str) -> None:
    code, said = refused("close-lost", again, "--cassettes", str(CASSETTES))

    assert (code, said[-1]) == (2, "Error: close-lost is named twice: a cassette is served once.")


def test_the_sandbox_takes_no_cassette() -> None:
    code, said = refused("--sandbox", "close-lost")

    assert (code, said[-1]) == (2, "Error: --sandbox goes without cassettes, --any-dispute and --clock now")


@pytest.mark.parametrize(("module", "arguments"), [("httptools", ()), ("uvicorn", ()), ("trustme", ("--tls",))])
def test_a_missing_extra_is_one_line(module: str, arguments: tuple[str, ...]) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; from replaydisputes.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "close-lost", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    extra = "tls" if arguments else "server"

    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert done.stderr.endswith(f"needs the {extra!r} extra: pip install 'replaydisputes[{extra}]'\n")


def test_without_any_extra_the_server_is_missed_before_the_page() -> None:
    gone = "sys.modules.update(dict.fromkeys(['uvicorn', 'httptools', 'jinja2']))"
    code = f"import sys; {gone}; from replaydisputes.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "serve"], capture_output=True, text=True, check=False)

    said = "Error: the server needs the 'server' extra: pip install 'replaydisputes[server]'\n"
    assert (done.returncode, done.stderr) == (4, said)


def test_a_store_of_sessions_that_is_away_is_told_at_the_start() -> None:
    with command("close-lost", "--state", f"redis://127.0.0.1:{free_port()}/0") as running:
        health = call(running.url, "GET", "/_replaydisputes/health")
        running.process.terminate()
        _, said = running.process.communicate(timeout=20)

    assert (health.status, said.decode().splitlines()) == (
        200,
        ["Warning: --state: Redis cannot be reached; as long as that is so, calls are answered with 503."],
    )


def test_tls_is_trusted_by_whoever_trusts_the_authority_and_by_nobody_else(empty_home: Path) -> None:
    with command("close-lost", "--tls") as running:
        authority = empty_home / ".cache" / "replaydisputes" / "tls" / "ca.pem"
        key = {"Authorization": "Bearer sk_test_any"}
        trusted = requests.get(f"{running.url}{DISPUTE}", headers=key, verify=str(authority))
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{running.url}{DISPUTE}", headers=key)
        other_name = running.url.replace("127.0.0.1", "localhost")
        named = requests.get(f"{other_name}{DISPUTE}", headers=key, verify=str(authority))

    assert (running.url[:5], trusted.status_code, named.status_code) == ("https", 200, 200)
    assert f"  Node      NODE_EXTRA_CA_CERTS={authority}" in running.said


def test_the_authority_is_kept_and_only_its_user_can_read_its_key(tmp_path: Path) -> None:
    place = tmp_path / "made" / "tls"
    first = tls.local_authority(place)
    again = tls.local_authority(place)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (place, *place.iterdir())}

    assert first.path.read_bytes() == again.path.read_bytes()
    assert modes == {"tls": 0o700, "ca.pem": 0o600, "ca.key": 0o600}


def test_an_authority_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name in ("ca.pem", "ca.key"):
        (tmp_path / name).write_text("nothing")

    with pytest.raises(FileAccessError, match="it is no certificate authority"):
        tls.local_authority(tmp_path)


def test_a_reset_on_demand_ends_a_tls_connection_too(tmp_path: Path) -> None:
    authority = tls.local_authority(tmp_path)
    context = tls.server_context(authority, "127.0.0.1")
    with serving_sessions(app_of("close-lost"), context) as url, pytest.raises(requests.exceptions.ConnectionError):
        fault = {"Replaydisputes-Fault": "connection-reset"}
        requests.get(f"{url}{DISPUTE}", headers=fault, verify=str(authority.path))


def test_the_official_sdk_gets_typed_errors_and_its_retries_end_well() -> None:
    with command("close-twice", "close-unknown") as running:
        dispute = DISPUTE.rpartition("/")[2]
        client = stripe.StripeClient("sk_test_sdk", base_addresses={"api": running.url}, max_network_retries=2)
        requests.post(
            f"{running.url}/_replaydisputes/fail-next",
            json={"kind": "connection-reset", "processed": True, "on": "POST */close"},
            headers={"Authorization": f"Basic {base64.b64encode(b'sk_test_sdk:').decode()}"},
        )
        statuses = [client.v1.disputes.retrieve(dispute).status, client.v1.disputes.close(dispute).status]
        with pytest.raises(stripe.InvalidRequestError, match="already closed"):
            client.v1.disputes.close(dispute)

    assert statuses == ["needs_response", "lost"]


def test_a_missing_trustme_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(MissingExtraError) as caught:
        tls.local_authority(tmp_path / "none")
    assert (caught.value.extra, os.listdir(tmp_path)) == ("tls", [])
