"""What recording tests share: a sandbox behind real HTTP, and surroundings that ask nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from replaydisputes.model import Answerer, Request, Response
from replaydisputes.recording.recorder import Surroundings, Target
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import serving

KEY = "sk_test_" + "5" * 24
RESTRICTED_KEY = "rk_test_without_dispute_write_" + "6" * 24


@dataclass
class Watched:
    """An Answerer that notes each request and may change each answer."""

    inner: Answerer
    change: Callable[[Request, Response], Response] = lambda request, response: response
    seen: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        return self.change(request, self.inner.answer(request))

    @property
    def closes(self) -> list[Request]:
        return [request for request in self.seen if request.url.endswith("/close")]


def with_json(response: Response, change: Callable[[dict[str, Any]], None]) -> Response:
    """The same answer with its JSON body changed."""
    value = json.loads(response.body)
    change(value)
    body = json.dumps(value, indent=2).encode()
    headers = tuple(
        (name, str(len(body)) if name.lower() == "content-length" else text) for name, text in response.headers
    )
    return replace(response, headers=headers, body=body)


def surroundings(*, confirm: bool = True, steps: list[str] | None = None) -> Surroundings:
    """Time stands still, nobody is asked, and steps go into a list."""
    return Surroundings(
        now_utc=lambda: "2026-11-23T00:00:00Z",
        sleep=lambda seconds: None,
        on_step=(steps if steps is not None else []).append,
        confirm=lambda dispute: confirm,
    )


@contextmanager
def sandbox_target(answerer: Answerer | None = None) -> Iterator[Target]:
    with serving(answerer or Sandbox()) as url:
        yield Target(url, KEY, RESTRICTED_KEY)


OWN_SCENARIO = """
from replaydisputes.recording.scenarios import Call, Pay, Scenario, WaitForDisputes

SCENARIOS = [
    Scenario(
        "mine",
        "a scenario of the user's own",
        (
            Pay("pm_card_createDispute"),
            WaitForDisputes(),
            Call("close it", "POST", "/v1/disputes/{dispute}/close", dispute_statuses=("lost",)),
            Call("read its charge", "GET", "/v1/charges/{charge}", fields=(("disputed", "true"),)),
        ),
    ),
]
"""
"""A file of scenarios, as a user writes it."""

TALKATIVE_ACCOUNT = "acct_1AbCdEabcdefghij"


def tell_account(request: Request, response: Response) -> Response:
    """The account's fragment as a dispute's reason: a new word in an open enumeration, which the policy lets pass."""

    def say(body: dict[str, Any]) -> None:
        told = body["data"]["object"] if body.get("object") == "event" else body
        if told.get("object") == "dispute":
            told["reason"] = TALKATIVE_ACCOUNT[-10:]

    return with_json(response, say)
