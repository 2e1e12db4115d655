"""Cassettes as a user's recording leaves them, written to disk and read back, and a suite that plays them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from replaydisputes.cassette_file import load, serialize
from replaydisputes.errors import MismatchError
from replaydisputes.model import Cassette, Interaction, Provenance, Request, Response
from replaydisputes.playback import Player, Several

HOST = "https://api.stripe.com"
D, UNKNOWN, OTHER_UNKNOWN = (f"du_1AAAAAreplaydisp0000000{number}" for number in (1, 2, 3))
CHARGE = "ch_1AAAAAreplaydisp00000001"
ACCOUNT, OTHER_ACCOUNT = "acct_100001replaydisp", "acct_100002replaydisp"
START_S = 1_767_225_600
DAY_S = 86_400
R1, R2 = "[redacted 1]", "[redacted 2]"

Form = Mapping[str, str] | Sequence[tuple[str, str]]


def dispute(id: str = D, **fields: Any) -> dict[str, Any]:
    return {"id": id, "object": "dispute", "charge": CHARGE, "created": START_S, **fields}


def listed(*members: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/disputes", "has_more": False, "data": list(members)}


def event(changed: dict[str, Any], **fields: Any) -> dict[str, Any]:
    about = {"id": "evt_1AAAAAreplaydisp00000001", "object": "event", "type": "charge.dispute.closed"}
    return {**about, "data": {"object": changed}, **fields}


def error(message: str, **fields: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


NOT_FOUND = error(f"No such dispute: '{UNKNOWN}'", param="id")


def asked(method: str, path: str, form: Form = (), *, key: str = "", account: str = "") -> Request:
    """A request as an SDK sends it: parameters of a read in the query, those of a write as a form."""
    encoded = urlencode(form, safe="[]")
    headers = [("Content-Type", "application/x-www-form-urlencoded")] if method == "POST" else []
    headers += [("Idempotency-Key", key)] if key else []
    headers += [("Stripe-Account", account)] if account else []
    url = f"{HOST}/v1/{path}"
    if method == "GET":
        return Request(method, f"{url}?{encoded}" if encoded else url, tuple(headers))
    return Request(method, url, tuple(headers), encoded.encode())


def recorded(  # noqa: PLR0913 - a call and its answer, in full
    method: str,
    path: str,
    form: Form = (),
    answer: Any = None,
    *,
    status: int = 200,
    key: str = "",
    account: str = "",
) -> Interaction:
    """One call and its answer, printed as Stripe prints it."""
    body = json.dumps(dispute() if answer is None else answer, indent=2, ensure_ascii=False).encode()
    headers = [("Date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("Content-Type", "application/json")]
    headers += [("Content-Length", str(len(body)))]
    headers += [("Idempotency-Key", key)] if key else []
    headers += [("Stripe-Account", account)] if account else []
    return Interaction(
        asked(method, path, form, key=key, account=account), Response(status, tuple(headers), body, "OK")
    )


def cassette_of(tmp_path: Path, *interactions: Interaction, scenario: str = "test:own", name: str = "own") -> Cassette:
    """A recording of the tool's, from its file."""
    provenance = Provenance("sandbox", scenario, "2026-10-28.endive", "0.1.0", "2026-01-01T00:00:00Z")
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(serialize(Cassette(interactions, provenance)))
    return load(path)


class Suite:
    """The code under test: it asks a player, and reads what comes back."""

    def __init__(self, player: Player | Several) -> None:
        self.player = player

    def send(self, method: str, path: str, form: Form = (), *, key: str = "", account: str = "") -> Response:
        return self.player.answer(asked(method, path, form, key=key, account=account))

    def get(self, path: str = f"disputes/{D}", form: Form = (), *, account: str = "") -> Any:
        return json.loads(self.send("GET", path, form, account=account).body)

    def post(self, path: str = f"disputes/{D}", form: Form = (), *, key: str = "", account: str = "") -> Any:
        return json.loads(self.send("POST", path, form, key=key, account=account).body)

    def refused(self, method: str, path: str, form: Form = (), *, account: str = "") -> str:
        """The report of a request that no recording answers; the player stands where it stood."""
        before = self.player.state()
        with pytest.raises(MismatchError) as caught:
            self.send(method, path, form, account=account)
        assert self.player.state() == before
        return str(caught.value)


def suite(tmp_path: Path, *interactions: Interaction, scenario: str = "test:own", **options: Any) -> Suite:
    return Suite(Player(cassette_of(tmp_path, *interactions, scenario=scenario), "own", **options))
