"""cassetter's limits, each shown on cassetter and held here."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import cassetter
import pytest
import requests

from replaydisputes import replay
from replaydisputes.cassette_file import parse
from replaydisputes.errors import MismatchError
from tests.peers_support import (
    DISPUTE,
    FORM,
    JSON,
    answered,
    interaction,
    no_longer,
    published,
    write_cassette,
)

CLOSE = f"{DISPUTE}/close"
LOST = {"status": "lost"}
EMAIL = "maria.lopez@web.de"


def test_urllib_request_does_not_go_live(tmp_path: Path) -> None:
    with answered(b"live") as base:
        path = write_cassette(tmp_path / "a.yaml", interaction("GET", f"{base}/", LOST))
        with cassetter.use_cassette(str(path), record_mode="none"), urllib.request.urlopen(f"{base}/") as response:  # noqa: S310
            theirs = response.read()
    path = write_cassette(tmp_path / "b.yaml", interaction("GET", DISPUTE, LOST))
    with replay(str(path)), urllib.request.urlopen(DISPUTE) as response:  # noqa: S310
        ours = json.load(response)

    assert theirs == b"live", no_longer("cassetter", "lets urllib.request go live")
    assert ours == LOST


def test_one_recorded_close_is_no_two(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", interaction("POST", CLOSE, LOST))
    with cassetter.use_cassette(str(path), record_mode="none"):
        theirs = [requests.post(CLOSE).status_code for _ in range(2)]
    with pytest.raises(MismatchError, match="only once, and that is played"), replay(str(path)):
        ours = requests.post(CLOSE).status_code
        requests.post(CLOSE)

    assert theirs == [200, 200], no_longer("cassetter", "plays one recording of a write twice")
    assert ours == 200


def test_the_order_of_form_parameters_is_nothing(tmp_path: Path) -> None:
    recorded = interaction("POST", DISPUTE, LOST, sent=b"submit=true&expand[]=charge")
    path = write_cassette(tmp_path / "a.yaml", recorded)
    asked = {"expand[0]": "charge", "submit": "true"}
    try:
        with cassetter.use_cassette(str(path), record_mode="none", match_on=["method", "uri", "body"]):
            theirs = str(requests.post(DISPUTE, data=asked).status_code)
    except Exception as error:
        theirs = str(error)
    with replay(str(path)):
        ours = requests.post(DISPUTE, data=asked).status_code

    assert theirs != "200", no_longer("cassetter", "compares form bodies as bytes")
    assert ours == 200


def test_a_mismatch_says_what_differs_and_shows_no_secret(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "a.yaml", interaction("POST", CLOSE, LOST))
    asked = f"{CLOSE}?evidence[customer_email_address]={EMAIL}"
    with (
        pytest.raises(Exception, match="evidence") as theirs,
        cassetter.use_cassette(str(path), record_mode="none"),
    ):
        requests.post(asked)
    with pytest.raises(MismatchError) as ours, replay(str(path)):
        requests.post(asked)

    said = str(theirs.value)
    assert "maria" in said, no_longer("cassetter", "prints the address as it is")
    assert "\n" not in said.strip(), no_longer("cassetter", "says a mismatch in one line")
    assert "maria" not in str(ours.value)
    assert "evidence[customer_email_address]: asked (18 characters), recorded (absent)" in str(ours.value)


TELLTALE = {
    "Idempotency-Key": "1f0c7a52-4b5e-4d18-9c3f-5a1f6f4f3f11",
    "X-Stripe-Client-Telemetry": '{"last_request_metrics": {"request_id": "req_9KlMnOpQrStUvW"}}',
}


def test_what_is_not_on_a_list_of_names(tmp_path: Path) -> None:
    path, body = tmp_path / "a.yaml", json.dumps({"email": EMAIL}).encode()
    carrier = ("Request-Id", "req_1AbCdEfGhIjKlM")
    with answered(body, JSON, carrier) as base, cassetter.use_cassette(str(path)):
        requests.post(base, headers=TELLTALE)
    ours = published(sent_headers=(FORM, *TELLTALE.items()), body=body, headers=(JSON, carrier))

    secrets = ["1f0c7a52-4b5e", "req_9KlMnOpQrStUvW", "req_1AbCdEfGhIjKlM", EMAIL]
    theirs = path.read_text(encoding="utf-8")
    assert [part for part in secrets if part in theirs] == secrets, no_longer("cassetter", "scrubs by names alone")
    assert [part for part in secrets if part.encode() in ours] == []


def test_json_bodies_come_back_byte_for_byte(tmp_path: Path) -> None:
    body = json.dumps(
        {"object": "dispute", "status": "lost", "amount": 1000, "reason": "fraudulent"}, indent=2
    ).encode()
    path = tmp_path / "a.yaml"
    with answered(body, JSON) as base:
        with cassetter.use_cassette(str(path)):
            requests.get(base)
        with cassetter.use_cassette(str(path), record_mode="none"):
            theirs = requests.get(base).content
    [ours] = parse(published(body=body), tmp_path / "ours.yaml").interactions

    assert theirs != body, no_longer("cassetter", "makes JSON bodies anew")
    assert ours.response.body == body
