"""The calls of Stripe's reference page on closing a dispute, as printed, with the address replaced."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import stripe

from tests.sdk_requests import CLIENTS, Client
from tests.served import served
from tests.test_sdk_wire import line

ROOT = Path(__file__).parent.parent
DISPUTE = "du_1MtJUT2eZvKYlo2CNaw2HvEv"
NODE = ROOT / ".languages" / "node" / "node_modules"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served("close-lost", "--any-dispute") as base:
        yield base


def test_the_call_in_curl(url: str) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    documented = re.findall(r"^\$ (curl .*)$", (ROOT / "docs/languages.md").read_text("utf-8"), re.M)
    assert [command.count(DISPUTE) for command in documented] == [1]

    command = documented[0].replace("http://127.0.0.1:12111", url)
    done = subprocess.run(["bash", "-c", f"{command} --silent"], capture_output=True, check=True, timeout=20)

    closed = json.loads(done.stdout)
    assert (closed["id"], closed["object"], closed["status"]) == (DISPUTE, "dispute", "lost")


def test_the_call_in_python(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "api_base", url)
    monkeypatch.setattr(stripe, "api_key", "sk_test_reference_python")

    dispute = stripe.Dispute.close(DISPUTE)

    assert (dispute.id, dispute.status) == (DISPUTE, "lost")


def test_the_call_in_python_tries_again_of_itself(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk_test_reference_python_again"
    monkeypatch.setattr(stripe, "api_base", url)
    asked = f"{url}/_replaydisputes/fail-next"
    requests.post(asked, json={"kind": "server-error"}, auth=(key, ""), timeout=10).raise_for_status()

    assert stripe.Dispute.close(DISPUTE, api_key=key).status == "lost"


def test_the_call_in_node(url: str) -> None:
    if not NODE.is_dir():
        pytest.skip("Stripe's Node SDK is not installed: run `make languages` (needs npm)")
    port = url.rpartition(":")[2]
    script = f"""
    const address = {{host: '127.0.0.1', port: {port}, protocol: 'http'}};
    const stripe = require({str(NODE / "stripe")!r})('sk_test_reference_node', address);
    (async () => {{
        const dispute = await stripe.disputes.close('{DISPUTE}');
        console.log(dispute.id, dispute.status);
    }})();
    """
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=20)

    assert done.stdout == f"{DISPUTE} lost\n"


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_what_each_client_sends_for_the_call_closes_the_dispute(client: Client, url: str) -> None:
    with line(client, url) as calling:
        # The page's Java reads the dispute first, because its close is a method of what was read.
        before = calling.get(f"/v1/disputes/{DISPUTE}")
        status, closed = calling.close(DISPUTE)

    assert (before["status"], status, closed["id"], closed["status"]) == ("needs_response", 200, DISPUTE, "lost")
