"""Sessions that several servers share, in Redis: a hash for each, changed only by compare-and-set."""

from __future__ import annotations

import importlib
import secrets
from typing import Any
from urllib.parse import urlsplit

from replaydisputes.errors import MissingExtraError, ReplayDisputesError
from replaydisputes.server.sessions import Held, StoreUnavailableError

IDLE_TTL_S = 24 * 60 * 60
"""A session that nobody asks for so long is forgotten."""

PREFIX = "replaydisputes:session:"

_SCHEMES = ("redis", "rediss", "unix")
ANSWER_S = 2
_CONNECT_S, _CONNECTIONS = 1, 32
_UNKNOWN = "?"
_FORGOTTEN_AT_ONCE = 500

_LOOK = """
local held = redis.call('HMGET', KEYS[1], 'token', 'state')
if not held[1] then held = {'', ''} end
"""
_NEWER = (
    _LOOK
    + """
if held[1] ~= ARGV[1] then return held end
local left = redis.call('PTTL', KEYS[1])
if left >= 0 and left < ARGV[2] / 2 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return false
"""
)
# The new token is as good as the old: the same save again, its first answer lost, must not fail.
_SAVE = (
    _LOOK
    + """
if held[1] ~= ARGV[1] and held[1] ~= ARGV[2] then return held end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'state', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return false
"""
)


class StateAddressError(ReplayDisputesError):
    exit_code = 2

    def __init__(self, problem: str) -> None:
        super().__init__(f"--state: {problem}; expected an address such as redis://127.0.0.1:6379/0.")


class RedisStore:
    """A StateStore. One round trip for each method; its tokens are drawn, so that none means two states ever."""

    def __init__(self, address: str, idle_ttl_s: int = IDLE_TTL_S) -> None:
        """address: redis://, rediss:// (TLS) or unix://. Nothing is sent yet.

        Raises StateAddressError (without the address, which may hold a password), MissingExtraError (no redis).
        """
        self._client = _client(address)
        self._newer = self._client.register_script(_NEWER)
        self._save = self._client.register_script(_SAVE)
        self._ttl_ms = idle_ttl_s * 1000

    async def newer(self, session: str, than: str | None) -> Held | None:
        return _held(await self._run(self._newer, session, _UNKNOWN if than is None else than, self._ttl_ms))

    async def save(self, session: str, state: bytes, after: str) -> str | Held:
        token = secrets.token_hex(8)
        return _held(await self._run(self._save, session, after, token, state, self._ttl_ms)) or token

    async def forget(self, session: str | None) -> int:
        try:
            if session is not None:
                return int(await self._client.unlink(PREFIX + session))
            count, some = 0, []
            async for name in self._client.scan_iter(PREFIX + "*", count=_FORGOTTEN_AT_ONCE):
                some.append(name)
                if len(some) == _FORGOTTEN_AT_ONCE:
                    count, some = count + int(await self._client.unlink(*some)), []
            return count + (int(await self._client.unlink(*some)) if some else 0)
        except _failures() as error:
            raise StoreUnavailableError(_problem(error)) from error

    async def close(self) -> None:
        await self._client.aclose()

    async def _run(self, script: Any, session: str, *arguments: object) -> Any:
        try:
            return await script(keys=[PREFIX + session], args=arguments)
        except _failures() as error:
            raise StoreUnavailableError(_problem(error)) from error


def _failures() -> tuple[type[Exception], ...]:
    """What the client raises. RuntimeError is uvloop's, for a write on a connection that has just ended."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    return RedisError, OSError, RuntimeError


def _client(address: str) -> Any:
    try:
        importlib.import_module("cryptography")  # what is saved here is sealed with it, see `sealing`
        import redis.asyncio as redis  # noqa: PLC0415 - an extra, needed only here
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import ConnectionError as EndedError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("--state", "redis") from error
    if urlsplit(address).scheme not in _SCHEMES:
        raise StateAddressError("the address has another scheme than redis, rediss or unix")
    try:
        pool = redis.BlockingConnectionPool.from_url(
            address,
            max_connections=_CONNECTIONS,
            timeout=ANSWER_S,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=_CONNECT_S,
            # Once more at once: a connection of the pool may have ended while nobody used it.
            retry=Retry(NoBackoff(), 1, supported_errors=(EndedError, RuntimeError)),  # type: ignore[arg-type]
        )
    except (ValueError, TypeError) as error:
        raise StateAddressError("the address cannot be read") from error
    return redis.Redis.from_pool(pool)


def _held(answer: Any) -> Held | None:
    return None if answer is None else Held(answer[1], answer[0].decode())


def _problem(error: Exception) -> str:
    """By kind, as the text of an error may name a host or hold a password."""
    from redis import exceptions  # noqa: PLC0415 - an extra

    known: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.AuthenticationError, "Redis refuses our password"),
        (exceptions.BusyLoadingError, "Redis is starting, and loads its data"),
        (exceptions.TimeoutError, "Redis does not answer in time"),
        (exceptions.ConnectionError, "Redis cannot be reached"),
        (exceptions.OutOfMemoryError, "Redis is out of memory"),
        (exceptions.ReadOnlyError, "Redis is a read-only replica"),
        (exceptions.RedisError, "Redis refuses the request"),
    )
    return next((problem for kind, problem in known if isinstance(error, kind)), "Redis cannot be reached")
