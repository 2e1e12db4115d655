"""Sessions in a real Redis: one history on every server, whole or not at all, and a clear word when it is away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from replaydisputes.server.sessions import Held, session_name
from replaydisputes.server.state_redis import IDLE_TTL_S, PREFIX, RedisStore, StateAddressError
from tests.at_length import at_length
from tests.redis_support import OwnRedis, needs_redis
from tests.serve_support import CLOSE, DISPUTE, KEY, Got, call, connected, raw, read_answers, served

pytestmark = needs_redis


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    with OwnRedis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(autouse=True)
def _emptied(redis: OwnRedis) -> None:
    redis.ask("FLUSHALL")


@contextmanager
def two_servers(redis: OwnRedis) -> Iterator[tuple[str, str]]:
    with served(store=RedisStore(redis.url)) as first, served(store=RedisStore(redis.url)) as second:
        yield first, second


def status_of(url: str, key: str = KEY) -> str:
    return str(call(url, "GET", DISPUTE, key=key).json["status"])


def test_two_servers_have_one_history_and_one_reset(redis: OwnRedis) -> None:
    with two_servers(redis) as (first, second):
        told = [call(first, "POST", CLOSE).json["status"], status_of(second)]
        refused = call(second, "POST", CLOSE).status
        reset = call(second, "POST", "/_replaydisputes/reset").json
        told.append(status_of(first))

    assert (told, refused, reset) == (["lost", "lost", "needs_response"], 501, {"reset": 1})


def test_a_reset_of_all_reaches_every_session_of_every_server(redis: OwnRedis) -> None:
    keys = [f"sk_test_{number}" for number in range(1200)]
    store = RedisStore(redis.url)

    async def save_all() -> None:
        await asyncio.gather(*(store.save(key, b"{}", "") for key in keys))
        await store.close()

    asyncio.run(save_all())
    with two_servers(redis) as (first, second):
        call(first, "POST", CLOSE)
        call(second, "POST", CLOSE, key="sk_test_other")
        reset = call(first, "POST", "/_replaydisputes/reset?all=1").json
        told = [status_of(url, key) for url in (first, second) for key in (KEY, "sk_test_other")]

    assert (reset, told) == ({"reset": 1202}, ["needs_response"] * 4)


def test_a_server_begun_later_goes_on_where_another_ended(redis: OwnRedis) -> None:
    key = "Idempotency-Key: order-1"
    with served(store=RedisStore(redis.url)) as url:
        first = call(url, "POST", CLOSE, key)
    with served(store=RedisStore(redis.url)) as url:
        again = call(url, "POST", CLOSE, key)

    assert (first.body == again.body, again.header("idempotent-replayed")) == (True, "true")


def test_of_closes_sent_to_two_servers_at_the_same_moment_just_one_is_made(redis: OwnRedis) -> None:
    """Ten sessions, sixteen closes of each on connections that are open already."""
    with two_servers(redis) as both:
        answered = [sorted(_closed_at_once(both, f"sk_test_race{number}")) for number in range(10)]

    assert answered == [[200] + [501] * 15] * 10


def _closed_at_once(urls: tuple[str, str], key: str) -> list[int]:
    start, statuses = threading.Barrier(16), []

    def close(url: str) -> None:
        with connected(url) as connection:
            start.wait(10)
            connection.sendall(raw("POST", CLOSE, key=key))
            statuses.append(read_answers(connection, ["POST"])[0].status)

    threads = [threading.Thread(target=close, args=(url,)) for url in urls * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_a_redis_that_is_away_is_a_503_to_try_again_and_its_return_needs_no_restart(tmp_path: Path) -> None:
    with OwnRedis(tmp_path) as own, served(store=RedisStore(own.url)) as url:
        call(url, "POST", CLOSE, key="sk_test_before")
        own.kill()
        away = [call(url, method, path, key="sk_test_before") for method, path in (("GET", DISPUTE), ("POST", CLOSE))]
        reset = call(url, "POST", "/_replaydisputes/reset")
        health = call(url, "GET", "/_replaydisputes/health")
        own.start()
        back = [status_of(url, "sk_test_before"), status_of(url, "sk_test_new")]

    assert [told(one) for one in (*away, reset)] == [(503, "replaydisputes_unavailable", "1", "true", "close")] * 3
    assert away[0].json["error"]["message"] == (
        "the store of the sessions: Redis cannot be reached. Nothing was answered; try again."
    )
    assert (health.status, back) == (200, ["lost", "needs_response"])


def told(got: Got) -> tuple[object, ...]:
    fields = ("retry-after", "stripe-should-retry", "connection")
    return got.status, got.json["error"]["type"], *(got.header(name) for name in fields)


@at_length("redis")
def test_a_redis_that_hangs_is_a_503_within_seconds(redis: OwnRedis) -> None:
    with served(store=RedisStore(redis.url)) as url:
        status_of(url)
        redis.ask("CLIENT", "PAUSE", "6000", "ALL")
        begun_s = time.monotonic()
        hanging = call(url, "GET", DISPUTE)
        took_s = time.monotonic() - begun_s
        redis.ask("CLIENT", "UNPAUSE")

    assert (hanging.status, took_s < 3) == (503, True)
    assert "Redis does not answer in time" in hanging.json["error"]["message"]


def test_a_redis_that_hangs_up_at_once_is_a_503(redis: OwnRedis) -> None:
    """uvloop's word for a write on a connection that has just ended is RuntimeError."""

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, daemon=True).start()
        address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        with served(store=RedisStore(address)) as url:
            statuses = {call(url, "GET", DISPUTE, key=f"sk_test_{number}").status for number in range(100)}
        listener.shutdown(socket.SHUT_RDWR)

    assert statuses == {503}


def test_what_redis_lost_begins_anew_on_every_server(redis: OwnRedis) -> None:
    """Tokens that count would now mean two histories."""
    with two_servers(redis) as (first, second):
        for url in (first, second):
            call(url, "POST", CLOSE)
        redis.ask("FLUSHALL")
        seen = [status_of(second), call(first, "POST", CLOSE).json["status"], status_of(second)]

    assert seen == ["needs_response", "lost", "lost"]


def test_redis_holds_no_key_and_forgets_what_is_idle(redis: OwnRedis) -> None:
    with served(store=RedisStore(redis.url)) as url:
        call(url, "POST", CLOSE, "Idempotency-Key: order-1", key="sk_test_veryownkey")
    name = PREFIX + session_name(b"Bearer sk_test_veryownkey")
    names, held = redis.ask("KEYS", "*"), redis.ask("HGETALL", name)
    left_s = int(redis.ask("TTL", name)[1:])

    assert re.findall(rb"replaydisputes:\S+", names) == [name.encode()]
    assert (b"veryownkey" in held, b"order-1" in held) == (False, False)
    assert IDLE_TTL_S - 60 < left_s <= IDLE_TTL_S


def test_a_session_in_use_is_not_forgotten(redis: OwnRedis) -> None:
    async def kept() -> tuple[Held | None, bytes]:
        store = RedisStore(redis.url, idle_ttl_s=100)
        token = await store.save("s", b"{}", "")
        redis.ask("PEXPIRE", f"{PREFIX}s", "30000")
        held = await store.newer("s", token if isinstance(token, str) else None)
        await store.close()
        return held, redis.ask("TTL", f"{PREFIX}s")

    assert asyncio.run(kept()) == (None, b":100\r\n")


def test_a_save_whose_answer_was_lost_may_be_made_again(redis: OwnRedis) -> None:
    """What redis-py does where the connection ends before the answer: the very same script and arguments."""

    async def saved_twice() -> list[object]:
        store = RedisStore(redis.url)
        one = [PREFIX + "s"], ["", "token-1", b"{}", 1000]
        answers = [await store._save(*one), await store._save(*one)]
        other = await store.save("s", b"[]", "")
        await store.close()
        return [*answers, other]

    assert asyncio.run(saved_twice()) == [None, None, Held(b"{}", "token-1")]


@pytest.mark.parametrize("address", ["http://127.0.0.1", "127.0.0.1:6379", "redis://h:port/0", ""])
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(StateAddressError, match="expected an address such as redis://") as refused:
        RedisStore(address)

    assert not address or address not in str(refused.value).replace("redis://127.0.0.1:6379/0", "")


@contextmanager
def workers(redis: OwnRedis, count: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    command = [sys.executable, "-W", "error", "-m", "replaydisputes", "serve", "close-lost", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--state", redis.url, "--workers", str(count)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().decode().split()[3].rstrip(":,")
        finally:
            process.kill()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in listed.split()]


def until(holds: object, within_s: float = 5) -> None:
    end = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_workers_share_every_session_and_the_death_of_one_loses_none(redis: OwnRedis) -> None:
    with workers(redis, 2) as (process, url):
        call(url, "POST", CLOSE)
        for victim in children(process):
            os.kill(victim, signal.SIGKILL)
            until(lambda gone=victim: len(children(process)) == 2 and gone not in children(process))
        seen = [status_of(url) for _ in range(20)]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)

    assert (seen, process.returncode) == (["lost"] * 20, 0)
    assert re.fullmatch(rb"(Worker \d+ ended \(SIGKILL\); another begins\.\n){2}", errors)


def test_workers_end_with_the_process_that_began_them(redis: OwnRedis) -> None:
    with workers(redis, 3) as (process, url):
        status_of(url)
        pids = children(process)
        process.kill()
        process.wait()
        until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids))

    assert len(pids) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--workers", "2"], "--workers 2 needs --state redis://…"),
        (["--sandbox", "--state", "redis://127.0.0.1"], "--sandbox goes without --state"),
        (["--state", "http://u:secret@h"], "expected an address such as redis://127.0.0.1:6379/0."),
    ],
)
def test_what_cannot_be_served_is_one_line_and_exit_2(given: list[str], said: str) -> None:
    command = [sys.executable, "-m", "replaydisputes", "serve", *given]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert (run.returncode, said in run.stderr, "secret" in run.stderr) == (2, True, False)
