"""What the suite sent comes back from every server of a session, and Redis holds none of it in clear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.server.sealing import Seal
from replaydisputes.server.sessions import session_name
from replaydisputes.server.state_redis import PREFIX, RedisStore
from tests.redis_support import OwnRedis, needs_redis
from tests.serve_support import call, served

DISPUTE = "/v1/disputes/du_1AAAAAreplaydisp00000001"
FORM = ("Content-Type: application/x-www-form-urlencoded", b"metadata[order_id]=the-6735th")


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    with OwnRedis(tmp_path_factory.mktemp("redis")) as running:
        yield running


def set_on_one_and_read_on_the_other(redis: OwnRedis, key: str, *more: str) -> object:
    with served("close-metadata", *more, store=RedisStore(redis.url)) as first:
        call(first, "GET", DISPUTE, key=key)
        assert call(first, "POST", DISPUTE, FORM[0], body=FORM[1], key=key).json["metadata"]["order_id"] == "the-6735th"
        with served("close-metadata", *more, store=RedisStore(redis.url)) as second:
            call(second, "POST", f"{DISPUTE}/close", key=key)
            return call(second, "GET", DISPUTE, key=key).json["metadata"]


@needs_redis
@pytest.mark.parametrize("more", [(), ("close-lost",)])
def test_what_one_server_was_sent_another_says_back(redis: OwnRedis, more: tuple[str, ...]) -> None:
    told = set_on_one_and_read_on_the_other(redis, "sk_test_mine", *more)
    dump = redis.ask("HGETALL", PREFIX + session_name(b"Bearer sk_test_mine"))

    assert told == {"order_id": "the-6735th"}
    assert b"state" in dump
    assert not any(word in dump for word in (b"order_id", b"6735", b"sk_test_mine"))


@needs_redis
def test_a_session_without_a_key_keeps_nothing_it_was_sent(redis: OwnRedis) -> None:
    told = set_on_one_and_read_on_the_other(redis, "")
    dump = redis.ask("HGETALL", PREFIX)

    assert told == {"key_1": "[redacted 3]"}
    assert b"state" in dump
    assert not any(word in dump for word in (b"order_id", b"6735"))


@pytest.mark.parametrize(("key", "session"), [(b"sk_test_b", "s"), (b"sk_test_a", "t")])
def test_a_seal_is_opened_with_its_own_key_and_session_alone(key: bytes, session: str) -> None:
    sealed = Seal(b"sk_test_a", "s").sealed(b"order_id")

    assert Seal(b"sk_test_a", "s").opened(sealed) == b"order_id"
    for changed in (sealed, sealed[:-1], b"order_id", b""):
        with pytest.raises(ReplayDisputesError, match="sealed under another API key"):
            Seal(key, session).opened(changed)


def test_the_same_state_is_sealed_differently_each_time() -> None:
    seal = Seal(b"sk_test_a", "s")

    assert seal.sealed(b"state") != seal.sealed(b"state")
