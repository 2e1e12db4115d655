"""The server's own endpoints, under /_replaydisputes/: they act on the session of the caller's key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request, Response
from replaydisputes.server.asgi import json_response, own_error
from replaydisputes.server.sessions import Run, Sessions
from replaydisputes.stripe_api.facts import API_ORIGIN

PREFIX = "/_replaydisputes/"

_METHODS = {"health": "GET", "cassettes": "GET", "journal": "GET", "reset": "POST", "fail-next": "POST"}
_KIND = "replaydisputes_request"


class AdminRequestError(ReplayDisputesError):
    """A call of the server's own endpoints that none of them takes."""

    exit_code = 2


class ForeignPageError(ReplayDisputesError):
    """A page of another origin called one of the server's own endpoints."""

    exit_code = 2

    def __init__(self) -> None:
        super().__init__(
            f"a browser sent this for a page of another origin, which may not use {PREFIX}…: call it from a program, "
            f"or from a page of this server under a loopback name."
        )


class Admin:
    """cassettes: what is served, as JSON values, for `cassettes`. version: this tool's."""

    def __init__(self, sessions: Sessions, cassettes: Sequence[dict[str, Any]], version: str) -> None:
        self._sessions, self._cassettes, self._version = sessions, cassettes, version

    async def answer(self, method: str, path: str, query: str, session: str, body: bytes) -> Response:
        """path: without PREFIX. session: the caller's. Raises StoreUnavailableError."""
        wanted = _METHODS.get(path)
        if wanted is None:
            known = ", ".join(f"{verb} {PREFIX}{name}" for name, verb in _METHODS.items())
            return own_error(404, AdminRequestError(f"no endpoint of this server's own; there are: {known}"), _KIND)
        if method not in (wanted, "HEAD" if wanted == "GET" else wanted):
            return own_error(405, AdminRequestError(f"{PREFIX}{path} takes {wanted}"), _KIND)
        if path == "fail-next":
            return await self._fail_next(session, body)
        return json_response(200, await self._told(path, query, session))

    async def _told(self, path: str, query: str, session: str) -> dict[str, object]:
        if path == "health":
            return self._health()
        if path == "cassettes":
            return {"cassettes": self._cassettes}
        if path == "reset":
            return {"reset": await self._sessions.reset(_whose(query, session))}
        return self._journal(session)

    def _health(self) -> dict[str, object]:
        counts = {"cassettes": len(self._cassettes), "sessions": len(self._sessions)}
        return {"status": "ok", "version": self._version, **counts}

    def _journal(self, name: str) -> dict[str, object]:
        session = self._sessions.named(name)
        return session.journal.told(lambda method, target: session.run.shown(Request(method, API_ORIGIN + target)))

    async def _fail_next(self, session: str, body: bytes) -> Response:
        try:
            wish = json.loads(body)
            if not isinstance(wish, dict):
                raise ValueError
        except (ValueError, RecursionError):
            example = 'a JSON object such as {"kind": "server-error", "times": 1}'
            return own_error(400, AdminRequestError(f"{PREFIX}fail-next takes {example}"), _KIND)

        def plan(run: Run) -> None:
            run.fail_next(wish)

        try:
            await self._sessions.do(session, plan)
        except ReplayDisputesError as error:
            if error.exit_code != AdminRequestError.exit_code:
                raise
            return own_error(400, error, _KIND)
        return json_response(200, {"planned": wish})


def _whose(query: str, session: str) -> str | None:
    return None if parse_qs(query).get("all") == ["1"] else session
