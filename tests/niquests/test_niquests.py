"""niquests, sync and async. It puts urllib3-future in urllib3's place, so it has a virtual environment of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
from datetime import timedelta
from typing import Any

import pytest

from replaydisputes.errors import MismatchError
from replaydisputes.interception import answering, uninstall
from replaydisputes.model import Request, Response, TransportFault

if importlib.util.find_spec("niquests") is None and os.environ.get("NEIGHBOURS_REQUIRED") != "1":
    pytest.skip("`make neighbours` runs this in a virtual environment of its own", allow_module_level=True)
niquests = importlib.import_module("niquests")

URL = "https://api.stripe.com/v1/disputes/du_1/close"
MOVED = Response(302, (("Location", "https://api.stripe.com/v1/next"), ("Content-Length", "0")), b"")
COOKIE = Response(200, (("Set-Cookie", "a=1; Path=/"), ("Content-Length", "4")), b"a\nb\n")
REFUSED = Response(400, (("Content-Length", "2"),), b"{}")


class Echo:
    def answer(self, request: Request) -> Response:
        body = json.dumps([request.method, request.url, request.body.decode()]).encode()
        return Response(200, (("Content-Type", "application/json"), ("Content-Length", str(len(body)))), body)


class Fixed:
    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def answer(self, request: Request) -> Response:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def by_session(method: str, url: str, **options: Any) -> Any:
    with niquests.Session() as session:
        return session.request(method, url, **options)


def by_async_session(method: str, url: str, **options: Any) -> Any:
    async def call() -> Any:
        async with niquests.AsyncSession() as session:
            return await session.request(method, url, **options)

    return asyncio.run(call())


both = pytest.mark.parametrize("call", [by_session, by_async_session])


@both
def test_the_answerer_sees_what_was_asked_and_its_answer_comes_back(call: Any) -> None:
    with answering(Echo()) as route:
        response = call("POST", URL, data={"submit": "true"})

    assert (response.json(), response.status_code) == (["POST", URL, "submit=true"], 200)
    assert (route.refused, response.elapsed > timedelta()) == ([], True)


@both
def test_a_redirect_is_not_followed_and_cookies_and_raise_for_status_are_its_own(call: Any) -> None:
    with answering(Fixed(MOVED)):
        assert call("GET", URL, allow_redirects=False).status_code == 302
    with answering(Fixed(COOKIE)):
        assert dict(call("GET", URL).cookies) == {"a": "1"}
    with answering(Fixed(REFUSED)), pytest.raises(niquests.HTTPError):
        call("GET", URL).raise_for_status()


@both
def test_a_refusal_leaves_the_client_unchanged_and_is_kept(call: Any) -> None:
    refusal = MismatchError("nothing recorded", "GET", URL)
    with answering(Fixed(refusal)) as route, pytest.raises(MismatchError) as caught:
        call("GET", URL)

    assert (caught.value, route.refused) == (refusal, [refusal])


@both
def test_a_fault_is_its_own_error(call: Any) -> None:
    with answering(Fixed(TransportFault("timeout"))) as route, pytest.raises(niquests.exceptions.ReadTimeout):
        call("GET", URL)
    with answering(Fixed(TransportFault("connection-reset"))), pytest.raises(niquests.exceptions.ConnectionError):
        call("GET", URL)

    assert route.refused == []


def test_streams_are_read_in_pieces() -> None:
    async def lines() -> list[bytes]:
        async with niquests.AsyncSession() as session:
            response = await session.get(URL, stream=True)
            return [line async for line in response.iter_lines()]

    with answering(Fixed(COOKIE)):
        assert list(niquests.get(URL, stream=True).iter_lines()) == [b"a", b"b"]
        assert asyncio.run(lines()) == [b"a", b"b"]


def test_uninstalling_leaves_no_trace_in_urllib3_future() -> None:
    from urllib3._async.connectionpool import AsyncHTTPConnectionPool  # noqa: PLC0415 - only there with niquests

    uninstall()
    before = AsyncHTTPConnectionPool._make_request
    with answering(Echo()):
        during = AsyncHTTPConnectionPool._make_request
    uninstall()

    assert (during is before, AsyncHTTPConnectionPool._make_request is before) == (False, True)
