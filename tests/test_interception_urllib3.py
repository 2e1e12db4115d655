"""`urlopen` answered at once gives what urllib3 makes of the same answer when it runs its whole course."""

from __future__ import annotations

import gzip
import itertools
from typing import Any

import pytest
import requests
import urllib3
from urllib3 import HTTPSConnectionPool
from urllib3.util import Retry, Timeout

from replaydisputes.interception import answering
from replaydisputes.model import FaultKind, Request, Response, TransportFault
from tests.interception_support import URL


class Whole(HTTPSConnectionPool):
    """A pool that is not urllib3's own class runs urllib3's `urlopen` to the end."""


class Script:
    def __init__(self, *outcomes: Response | FaultKind) -> None:
        self.outcomes = list(outcomes)
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, str):
            raise TransportFault(outcome)
        return outcome


PACKED = gzip.compress(b"packed")
PLAIN = Response(200, (("Content-Type", "text/plain"), ("Content-Length", "5")), b"plain")
ZIPPED = Response(200, (("Content-Encoding", "gzip"), ("Content-Length", str(len(PACKED)))), PACKED)
BUSY = Response(503, (("Retry-After", "0"), ("Content-Length", "0")), b"")
MOVED = Response(302, (("Location", "/v1/next"), ("Content-Length", "0")), b"")
NOWHERE = Response(302, (("Content-Length", "0"),), b"")
TWICE = Response(200, (("Set-Cookie", "a=1"), ("X-A", "1"), ("Set-Cookie", "b=2"), ("Content-Length", "0")), b"")
NO_CONTENT = Response(204, (), b"")

OUTCOMES: dict[str, tuple[Response | FaultKind, ...]] = {
    "plain": (PLAIN,),
    "zipped": (ZIPPED,),
    "cookies": (TWICE,),
    "204": (NO_CONTENT,),
    "busy once": (BUSY, PLAIN),
    "busy always": (BUSY,),
    "moved": (MOVED, PLAIN),
    "moved nowhere": (NOWHERE,),
    "moved for ever": (MOVED,),
    "timeout once": ("timeout", PLAIN),
    "reset once": ("connection-reset", PLAIN),
    "reset always": ("connection-reset",),
}
CALLS: dict[str, dict[str, Any]] = {
    "nothing said": {},
    "not preloaded": {"preload_content": False},
    "not decoded": {"decode_content": False},
    "kept connection": {"preload_content": False, "release_conn": False},
    "no retries": {"retries": False},
    "no redirects": {"redirect": False},
    "two retries": {"retries": 2, "timeout": 3.0},
    "a policy": {"retries": Retry(2, status_forcelist=[503], raise_on_status=False), "timeout": Timeout(3.0)},
    "a body": {"body": b"a=1", "headers": {"Content-Type": "text/plain"}},
    "own fields": {"headers": urllib3.HTTPHeaderDict([("X-A", "1"), ("X-A", "2")])},
    "chunked": {"body": b"a=1", "chunked": True},
    "pool timeout": {"pool_timeout": 1},
}
TARGETS = ["/v1/x", "/v1/x?expand%5B%5D=charge", "/v1/x?expand[]=ä b", "//v1/x%2f", "https://api.stripe.com/v1/x#top"]


def told(pool: HTTPSConnectionPool, method: str, target: str, script: Script, options: dict[str, Any]) -> Any:
    """All that a caller can see of a call: the response or the error, and what went out."""
    with answering(script) as route, pool:
        try:
            response = pool.urlopen(method, target, **options)
        except urllib3.exceptions.HTTPError as error:
            return type(error), str(error).replace("Whole", "HTTPSConnectionPool"), script.seen, route.refused
        unread = getattr(response, "_fp_bytes_read", None)
        retries = response.retries
        spelled = getattr(response, "version_string", None)  # from urllib3 2.3 on
        return (
            (response.status, response.reason, response.version, spelled, response.geturl()),
            list(response.headers.items()),
            (unread, response.data, response.read(), response.isclosed(), response.length_remaining),
            repr(vars(retries)).replace("Whole", "HTTPSConnectionPool") if retries else retries,
            script.seen,
            route.refused,
        )


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("call", CALLS)
def test_every_outcome_of_every_call_is_what_the_whole_course_gives(method: str, call: str) -> None:
    for name, outcomes in OUTCOMES.items():
        for target in TARGETS if name == "plain" else TARGETS[:1]:
            at_once = told(HTTPSConnectionPool("api.stripe.com"), method, target, Script(*outcomes), CALLS[call])
            whole = told(Whole("api.stripe.com"), method, target, Script(*outcomes), CALLS[call])
            assert at_once == whole, (name, target)


@pytest.mark.parametrize(
    "broken",
    [{"timeout": -1}, {"timeout": "soon"}, {"retries": Retry(1), "body": object()}],
    ids=["a negative timeout", "a timeout in words", "a body of no kind"],
)
def test_what_urllib3_refuses_is_refused_before_it_is_asked(broken: dict[str, Any]) -> None:
    raised = []
    for pool in (HTTPSConnectionPool("api.stripe.com"), Whole("api.stripe.com")):
        with answering(script := Script(PLAIN)), pool, pytest.raises((ValueError, TypeError)) as caught:
            pool.urlopen("GET", "/v1/x", **broken)
        raised.append((caught.type, str(caught.value), script.seen))

    assert raised[0] == raised[1]


def test_a_closed_pool_is_closed() -> None:
    pool = HTTPSConnectionPool("api.stripe.com")
    pool.close()

    with answering(script := Script(PLAIN)), pytest.raises(urllib3.exceptions.ClosedPoolError):
        pool.urlopen("GET", "/v1/x")
    assert script.seen == []


def test_a_policy_of_ones_own_is_asked() -> None:
    class Stubborn(Retry):
        def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
            return status_code == 200

    pool = HTTPSConnectionPool("api.stripe.com")
    with answering(script := Script(PLAIN)), pool, pytest.raises(urllib3.exceptions.MaxRetryError):
        pool.urlopen("GET", "/v1/x", retries=Stubborn(2))

    assert len(script.seen) == 3


def test_what_one_caller_does_to_the_fields_the_next_one_does_not_see() -> None:
    with answering(Script(PLAIN)), HTTPSConnectionPool("api.stripe.com") as pool:
        first = pool.urlopen("GET", "/v1/x")
        first.headers.add("Content-Type", "more")
        first.headers["X-New"] = "1"
        second = pool.urlopen("GET", "/v1/x")

    assert list(second.headers.items()) == [("Content-Type", "text/plain"), ("Content-Length", "5")]


@pytest.mark.parametrize("amount", [None, 1, 4, 1024])
@pytest.mark.parametrize("answer", [PLAIN, ZIPPED, Response(200, (), b""), Response(204, (), b"")])
def test_a_streamed_answer_is_read_to_its_end_in_pieces_of_any_size(answer: Response, amount: int | None) -> None:
    whole = {PLAIN: b"plain", ZIPPED: b"packed"}.get(answer, b"")
    with answering(Script(answer)), urllib3.PoolManager() as pool, requests.Session() as session:
        streamed = pool.request("GET", URL, preload_content=False)
        parts = [
            list(itertools.islice(streamed.stream(amount, decode_content=True), 100)),
            list(itertools.islice(session.get(URL, stream=True).iter_content(chunk_size=amount), 100)),
        ]

    assert [b"".join(read) for read in parts] == [whole, whole]
    assert (streamed.closed, streamed.read()) == (True, b"")


def test_a_streamed_answer_to_head_ends_at_once() -> None:
    with answering(Script(PLAIN)), urllib3.PoolManager() as pool:
        parts = list(itertools.islice(pool.request("HEAD", URL, preload_content=False).stream(None), 100))

    assert b"".join(parts) == b""
