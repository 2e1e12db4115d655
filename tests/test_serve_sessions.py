"""Sessions: each key its own history, and what the server says of itself under /_replaydisputes/."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from replaydisputes.model import Request
from replaydisputes.playback import Run
from replaydisputes.sandbox import Sandbox
from replaydisputes.server import SessionApp, Sessions, serving_sessions, sessions
from replaydisputes.server.asgi import Receive, Scope, Send, json_response, send_response
from replaydisputes.server.journal import KEPT
from replaydisputes.server.sessions import Held, StoreUnavailableError, session_name
from tests.serve_support import CASSETTES, CLOSE, DISPUTE, KEY, app_of, call, connected, raw, read_answers, served

NAMES = sorted(path.stem for path in CASSETTES.glob("*.yaml"))


@pytest.fixture(scope="module")
def app() -> SessionApp:
    return app_of("close-lost")


@pytest.fixture(scope="module")
def url(app: SessionApp) -> Iterator[str]:
    """One server for those tests that change nothing of it."""
    with serving_sessions(app) as running:
        yield running


def status_of(url: str, key: str) -> str:
    return str(call(url, "GET", DISPUTE, key=key).json["status"])


def test_two_keys_have_two_histories() -> None:
    with served() as url:
        closed = call(url, "POST", CLOSE, key="sk_test_one")
        seen = [status_of(url, key) for key in ("sk_test_one", "sk_test_two", "")]

    assert (closed.json["status"], seen) == ("lost", ["lost", "needs_response", "needs_response"])


def test_bearer_and_basic_lead_to_the_same_session() -> None:
    with served() as url:
        call(url, "POST", CLOSE, key="sk_test_one")
        basic = base64.b64encode(b"sk_test_one:").decode()
        seen = call(url, "GET", DISPUTE, f"Authorization: Basic {basic}", key="")

    assert seen.json["status"] == "lost"


def test_a_reset_begins_the_callers_session_anew_and_no_other() -> None:
    with served() as url:
        for key in ("sk_test_one", "sk_test_two"):
            call(url, "POST", CLOSE, key=key)
        answered = call(url, "POST", "/_replaydisputes/reset", key="sk_test_one")
        seen = [status_of(url, key) for key in ("sk_test_one", "sk_test_two")]
        everything = call(url, "POST", "/_replaydisputes/reset?all=1", key="")
        after = [status_of(url, key) for key in ("sk_test_one", "sk_test_two")]

    assert (answered.json, seen) == ({"reset": 1}, ["needs_response", "lost"])
    assert (everything.json, after) == ({"reset": 2}, ["needs_response", "needs_response"])


def test_the_journal_tells_what_was_answered_what_was_not_and_no_secret() -> None:
    with served() as url:
        call(url, "GET", f"{DISPUTE}?email=jane%40example.com", key="sk_test_secretsecret")
        call(url, "POST", CLOSE, key="sk_test_secretsecret")
        call(url, "GET", DISPUTE, "Replaydisputes-Fault: server-error", key="sk_test_secretsecret")
        call(url, "GET", DISPUTE, key="sk_test_other")
        told = call(url, "GET", "/_replaydisputes/journal", key="sk_test_secretsecret")

    journal = told.json
    rows = [(row["request"], row["status"], row["outcome"]) for row in journal["requests"]]
    assert {name: journal[name] for name in ("seen", "answered", "unmatched", "fault")} == {
        "seen": 3,
        "answered": 1,
        "unmatched": 1,
        "fault": 1,
    }
    assert rows == [
        (f"GET {DISPUTE} ? email=(16 characters)", 501, "unmatched"),
        (f"POST {CLOSE}", 200, "answered"),
        (f"GET {DISPUTE}", 500, "fault"),
    ]
    assert "has no answer to this request" in journal["requests"][0]["problem"]
    assert (b"jane" in told.body, b"secretsecret" in told.body) == (False, False)


def test_the_journal_is_a_ring_and_its_counts_are_whole() -> None:
    with served() as url:
        for _ in range(KEPT + 5):
            call(url, "GET", DISPUTE)
        journal = call(url, "GET", "/_replaydisputes/journal").json

    assert (journal["seen"], len(journal["requests"])) == (KEPT + 5, KEPT)


def test_the_cassettes_and_their_disputes_are_told_and_health_is_ok() -> None:
    with served("close-lost", "close-inquiry") as url:
        told = call(url, "GET", "/_replaydisputes/cassettes", key="").json["cassettes"]
        closed = [call(url, "POST", f"/v1/disputes/{one['dispute_id']}/close").json["status"] for one in told]
        health = call(url, "GET", "/_replaydisputes/health", key="").json

    assert ([one["name"] for one in told], closed) == (["close-lost", "close-inquiry"], ["lost", "warning_closed"])
    assert health == {"status": "ok", "version": "0", "cassettes": 2, "sessions": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "reset", b"", 405),
        ("POST", "health", b"", 405),
        ("GET", "other", b"", 404),
        ("GET", "", b"", 404),
        ("POST", "fail-next", b"", 400),
        ("POST", "fail-next", b"[]", 400),
        ("POST", "fail-next", b"\xff", 400),
        ("POST", "fail-next", b'{"kind": "nothing"}', 400),
        ("POST", "fail-next", b'{"times": 1}', 400),
        ("POST", "fail-next", b'{"kind": "timeout", "more": 1}', 400),
        ("POST", "fail-next", b'{"kind": "timeout", "times": "x"}', 400),
        ("POST", "fail-next", b'{"kind": ["timeout"]}', 400),
    ],
)
def test_a_wrong_call_of_our_own_endpoints_is_told_in_our_own_shape(
    method: str, path: str, body: bytes, status: int, url: str
) -> None:
    got = call(url, method, f"/_replaydisputes/{path}", body=body)

    assert (got.status, got.json["error"]["type"]) == (status, "replaydisputes_request")


@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc", "sk_org_abc"])
@pytest.mark.parametrize("path", [DISPUTE, "/_replaydisputes/reset", "/"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic", "Basic with the key as password", "none"])
def test_a_live_key_is_refused_before_anything_else(
    key: str, path: str, scheme: str, app: SessionApp, url: str
) -> None:
    told = {
        "Basic": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}",
        "Basic with the key as password": f"Basic {base64.b64encode(f':{key}'.encode()).decode()}",
        "none": key,
    }.get(scheme, f"{scheme} {key}")
    before = len(app.sessions)

    got = call(url, "POST", path, f"Authorization: {told}", key="")

    assert (got.status, got.json["error"]["type"]) == (403, "replaydisputes_live_key")
    assert (key.encode() in got.body, len(app.sessions)) == (False, before)


def test_no_key_is_kept_anywhere_in_a_session() -> None:
    app = app_of("close-lost")
    with serving_sessions(app) as url:
        call(url, "POST", CLOSE, key="sk_test_veryownkey")

    held = app.sessions.named(session_name(b"Bearer sk_test_veryownkey"))
    assert not any(isinstance(one, str | bytes) and "veryownkey" in str(one) for one in reachable(held))


def reachable(start: object) -> list[object]:
    """Everything a value refers to, but code and modules."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type) or type(one).__name__ in ("module", "function"):
            continue
        seen[id(one)] = one
        waiting += gc.get_referents(one)
    return list(seen.values())


def test_the_session_longest_unused_is_the_one_that_goes() -> None:
    with served(most=2) as url:
        call(url, "POST", CLOSE, key="sk_test_one")
        call(url, "POST", CLOSE, key="sk_test_two")
        call(url, "GET", DISPUTE, key="sk_test_one")
        call(url, "GET", DISPUTE, key="sk_test_three")
        seen = [status_of(url, key) for key in ("sk_test_one", "sk_test_two")]

    assert seen == ["lost", "needs_response"]


def test_a_thousand_sessions_of_the_library_take_less_than_ten_megabytes() -> None:
    app = app_of(*NAMES)
    one = app.sessions.named("warm").run

    def use(run: sessions.Run) -> None:
        for method, path in (("GET", ""), ("POST", "/close"), ("GET", "")):
            run.answer(request(method, path))

    use(one)
    tracemalloc.start()
    for number in range(1000):
        use(app.sessions.named(str(number)).run)
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held_bytes < 10_000_000


def request(method: str, path: str) -> Request:
    return Request(method, f"https://api.stripe.com/v1/disputes/{NAMED}{path}")


NAMED = "du_1AAAAAreplaydisp1MxbtBkz"


def test_a_sandbox_for_each_key() -> None:
    with serving_sessions(SessionApp(Sessions(lambda: Run(Sandbox())))) as url:
        body = b"amount=1000&currency=usd&payment_method_types[]=card&payment_method=pm_card_createDispute&confirm=true"
        form = "Content-Type: application/x-www-form-urlencoded"
        call(url, "POST", "/v1/payment_intents", form, body=body, key="sk_test_one")
        found = [len(call(url, "GET", "/v1/disputes", key=key).json["data"]) for key in ("sk_test_one", "sk_test_two")]

    assert found == [1, 0]


@pytest.mark.parametrize(("path", "has_page"), [("/", True), ("/_demo/x", True), ("/_demos", False), ("//", False)])
def test_a_page_answers_its_own_paths_and_no_other(path: str, has_page: bool) -> None:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await send_response(json_response(200, scope["path"]), scope["method"], send)

    app = app_of("close-lost")
    with serving_sessions(SessionApp(app.sessions, page=page)) as url:
        got = [call(url, method, path).status for method in ("GET", "POST")]
        live = call(url, "GET", path, key="sk_live_abc").status

    assert (got, live) == ([200 if has_page else 501] * 2, 403)


class Shared:
    """A store in memory, as a shared one behaves: it compares tokens, and can be away."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.saves = 0
        self.away = False

    async def newer(self, session: str, than: str | None) -> Held | None:
        self._reach()
        held = self.held.get(session, Held(b"", ""))
        return None if held.token == than else held

    async def save(self, session: str, state: bytes, after: str) -> str | Held:
        self._reach()
        await asyncio.sleep(0)
        held = self.held.get(session, Held(b"", ""))
        if held.token != after:
            return held
        self.saves += 1
        self.held[session] = Held(state, str(self.saves))
        return str(self.saves)

    async def forget(self, session: str | None) -> int:
        self._reach()
        before = len(self.held)
        self.held = {name: held for name, held in self.held.items() if session not in (None, name)}
        return before - len(self.held)

    async def close(self) -> None: ...

    def _reach(self) -> None:
        if self.away:
            raise StoreUnavailableError("it is away")


def test_two_servers_on_one_store_have_one_history() -> None:
    store = Shared()
    with served(store=store) as first, served(store=store) as second:
        told = [call(first, "POST", CLOSE).json["status"], status_of(second, "sk_test_mine")]
        refused = call(second, "POST", CLOSE).status
        call(second, "POST", "/_replaydisputes/reset")
        told.append(status_of(first, "sk_test_mine"))

    assert (told, refused) == (["lost", "lost", "needs_response"], 501)


def test_a_key_used_for_a_repeated_answer_is_known_to_the_other_server() -> None:
    """The repeated answer moves no history: the key is all that there is to save."""
    store, keyed = Shared(), "Idempotency-Key: key-2"
    with served(store=store, on_exhausted="repeat") as first, served(store=store, on_exhausted="repeat") as second:
        statuses = [call(first, "POST", CLOSE).status, call(first, "POST", CLOSE, keyed).status]
        again = call(second, "POST", CLOSE, keyed)
        reused = call(second, "POST", DISPUTE, keyed, body=b"metadata[order]=7")

    assert (statuses, again.status, again.header("Idempotent-Replayed")) == ([200, 200], 200, "true")
    assert "Its Idempotency-Key was used before in this run" in reused.json["error"]["message"]


def test_of_many_closes_on_two_servers_at_once_just_one_is_answered() -> None:
    store = Shared()
    statuses: list[int] = []
    with served(store=store) as first, served(store=store) as second:
        threads = [
            threading.Thread(target=lambda url=url: statuses.append(call(url, "POST", CLOSE).status))
            for url in (first, second) * 8
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(statuses) == [200] + [501] * 15


def test_a_store_that_is_away_is_503_and_nothing_moves_on() -> None:
    store = Shared()
    with served(store=store) as url:
        call(url, "GET", DISPUTE)
        store.away = True
        away = call(url, "POST", CLOSE)
        store.away = False
        seen = status_of(url, "sk_test_mine")

    assert (away.status, away.json["error"]["type"], seen) == (503, "replaydisputes_unavailable", "needs_response")


def test_a_fault_planned_on_one_server_comes_on_the_other() -> None:
    store = Shared()
    with served(store=store) as first, served(store=store) as second:
        call(first, "POST", "/_replaydisputes/fail-next", body=b'{"kind": "rate-limit"}')
        statuses = [call(url, "GET", DISPUTE).status for url in (second, first)]

    assert statuses == [429, 200]


FOREIGN = {
    "another site": ("Origin: http://evil.example",),
    "another port of this machine": ("Origin: http://127.0.0.1:1",),
    "an opaque origin": ("Origin: null",),
    "no Origin": ("Sec-Fetch-Site: cross-site",),
    "a name that points here": ("Origin: http://evil.example", "Sec-Fetch-Site: same-origin"),
}
CONTROLS = {"reset": b"", "reset?all=1": b"", "fail-next": b'{"kind": "server-error"}'}


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("page", FOREIGN)
def test_a_page_of_another_origin_changes_nothing(page: str, control: str) -> None:
    host = ("Host: evil.example",) if page == "a name that points here" else ()
    head = [f"POST /_replaydisputes/{control} HTTP/1.1", *(host or ("Host: 127.0.0.1:12111",)), *FOREIGN[page]]
    body = CONTROLS[control]
    head += [f"Authorization: Bearer {KEY}", f"Content-Length: {len(body)}", "", ""]
    with served() as url, connected(url) as connection:
        call(url, "POST", CLOSE)
        connection.sendall("\r\n".join(head).encode() + body)
        (refused,) = read_answers(connection, ["POST"])
        after = call(url, "GET", DISPUTE)

    assert (refused.status, refused.header("access-control-allow-origin")) == (403, None)
    assert (after.status, after.json["status"]) == (200, "lost")


def test_a_page_of_this_server_and_a_program_may_use_the_controls() -> None:
    own = ("Origin: http://127.0.0.1:12111", "Sec-Fetch-Site: same-origin")
    with served() as url:
        statuses = [call(url, "POST", "/_replaydisputes/reset", *fields).status for fields in (own, ())]

    assert statuses == [200, 200]


@pytest.mark.parametrize(
    "deep", [b"[" * 100_000, b'{"kind":' * 50_000, b'{"kind": "server-error", "on": ' + b"[" * 9_000]
)
def test_a_plan_of_any_depth_is_refused_with_400(deep: bytes) -> None:
    with served() as url:
        refused = call(url, "POST", "/_replaydisputes/fail-next", body=deep)
        after = call(url, "GET", DISPUTE)

    assert (refused.status, after.status) == (400, 200)


def spoiled(value: object) -> Iterator[object]:
    """A JSON value with each of its parts in turn taken out, or of another type, sign or size."""
    yield from (None, [], {}, "x", -1, 10**30, [[]], {"x": None})
    if isinstance(value, list | dict):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            for other in spoiled(value[key]):  # type: ignore[index] # a key of this very value
                changed = value.copy()
                changed[key] = other  # type: ignore[index]
                yield changed


NOT_OURS = [b"null", b"{", b"[" * 100_000, b"\xff\xfe\x00", b"[1, 2, 3, 4]", b'"state"', b"1e999", b"[]" * 1000]


def test_a_stored_state_that_is_not_ours_is_503_and_never_500() -> None:
    store = Shared()
    with served(store=store) as url:
        call(url, "POST", CLOSE, "Idempotency-Key: one", key="")
        call(url, "POST", "/_replaydisputes/fail-next", body=b'{"kind": "timeout", "on": "*/never"}', key="")
    ((name, ours),) = store.held.items()
    digest, told = ours.state[:32], json.loads(ours.state[32:])
    odd = [*NOT_OURS, ours.state[:-1], ours.state[32:], *(digest + json.dumps(one).encode() for one in spoiled(told))]
    with served(store=store) as url:
        seen = []
        for number, state in enumerate(odd):
            store.held[name] = Held(state, f"odd {number}")
            seen.append(call(url, "GET", DISPUTE, key="").status)
        store.held[name] = ours
        after = call(url, "GET", DISPUTE, key="")

    assert set(seen) == {503}
    assert (after.status, after.json["status"]) == (200, "lost")


def test_a_sealed_state_that_is_not_ours_is_503_and_never_500() -> None:
    store = Shared()
    with served(store=store) as url:
        call(url, "POST", CLOSE)
        ((name, ours),) = store.held.items()
        call(url, "POST", CLOSE, key="")
    odd = [*NOT_OURS, ours.state[:-1], ours.state[:20], b"x" + ours.state, store.held[""].state]
    with served(store=store) as url:
        seen = []
        for number, state in enumerate(odd):
            store.held[name] = Held(state, f"odd {number}")
            seen.append(call(url, "GET", DISPUTE).status)
        store.held[name] = ours
        after = call(url, "GET", DISPUTE)

    assert set(seen) == {503}
    assert (after.status, after.json["status"]) == (200, "lost")


def test_the_journals_of_all_sessions_together_stay_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_JOURNAL_BYTES", 1_000_000)
    app = app_of("close-lost", any_dispute=True)
    with serving_sessions(app) as url, connected(url) as connection:
        for number in range(60):
            connection.sendall(raw("GET", f"/v1/disputes/du_{'y' * 400}", key=f"sk_test_{number}") * KEPT)
            read_answers(connection, ["GET"] * KEPT)
    told = [app.sessions.named(session_name(f"Bearer sk_test_{number}".encode())).journal for number in range(60)]
    kept = [len(one.told(lambda method, target: target)["requests"]) for one in told]  # type: ignore[arg-type]

    assert kept[-1] == KEPT
    assert 0 < sum(kept) * 2_000 <= 1_000_000
    assert {one.told(lambda method, target: target)["seen"] for one in told} == {KEPT}
