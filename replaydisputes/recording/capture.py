"""Real HTTP calls with requests, captured through vcrpy in memory: no filter, no persister, nothing on disk."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
import vcr
from requests.auth import AuthBase
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.record_mode import RecordMode

from replaydisputes.errors import UnreachableError
from replaydisputes.model import Headers, Interaction, Request, Response, reason_phrase
from replaydisputes.recording.patience import Patience, as_first_answered, is_to_be_tried_again, is_whole
from replaydisputes.stripe_api.facts import API_ORIGIN, RESPONSE_HEADER_ORDER

TIMEOUT_S = (10, 60)
"""To connect, and between two bytes of an answer."""


class _Nowhere:
    """A vcrpy persister that has nothing and keeps nothing: what was captured stays in memory."""

    @staticmethod
    def load_cassette(cassette_path: str, serializer: object) -> object:
        raise CassetteNotFoundError

    @staticmethod
    def save_cassette(cassette_path: str, cassette_dict: object, serializer: object) -> None:
        return None


class _BearerKey(AuthBase):
    """The key as Stripe's SDKs send it, or none. An auth object of our own keeps requests from reading ~/.netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Capture:
    """Makes calls and keeps each as a raw Interaction, secrets and all. Use it inside `capturing`."""

    def __init__(self, cassette: Any, session: requests.Session, api_base: str, patience: Patience) -> None:
        self._cassette, self._session, self._api_base = cassette, session, api_base
        self._patience = patience
        self._answered_keys: set[str] = set()
        self._next_call_at_s = 0.0

    def call(self, method: str, path: str, form: bytes, headers: Mapping[str, str], key: str) -> Interaction:
        """One call and its raw interaction. Raises UnreachableError where no whole answer came back.

        Made again, with the same Idempotency-Key, where the answer got lost or Stripe asks for it; a POST without
        such a key is made once. Redirects are not followed: the key is for one host only.
        """
        idempotency_key = headers.get("Idempotency-Key", "")
        attempts = self._patience.attempts if idempotency_key or method == "GET" else 1
        interaction = self._last_of(attempts, partial(self._attempt, method, path, form, headers, key))
        replayed = interaction.response.header("idempotent-replayed") is not None
        if replayed and idempotency_key not in self._answered_keys:
            interaction = as_first_answered(interaction)
        self._answered_keys.add(idempotency_key)
        return interaction

    def _last_of(self, attempts: int, make: Callable[[], Interaction]) -> Interaction:
        """The first attempt that brings an answer to keep, or the last one."""
        for attempt in range(1, attempts + 1):
            self._patience.wait_before(attempt)
            try:
                interaction = make()
            except UnreachableError as error:
                if attempt == attempts or not error.may_pass:
                    raise
                continue
            if attempt == attempts or not is_to_be_tried_again(interaction.response):
                break
        return interaction

    def _attempt(self, method: str, path: str, form: bytes, headers: Mapping[str, str], key: str) -> Interaction:
        self._keep_pace()
        host = urlsplit(self._api_base).netloc
        try:
            self._session.request(
                method,
                self._api_base + path,
                data=form or None,
                headers=dict(headers),
                auth=_BearerKey(key),
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UnreachableError(host, cause_of(error), may_pass=not _is_untrusted(error)) from error
        interaction = _interaction(self._cassette.requests[-1], self._cassette.responses[-1])
        if not is_whole(interaction.response):
            raise UnreachableError(host, "the answer broke off in the middle")
        return interaction

    def _keep_pace(self) -> None:
        """Leave the least time between two calls to Stripe; a sandbox counts none."""
        now_s = time.monotonic()
        if self._next_call_at_s > now_s and self._api_base == API_ORIGIN:
            self._patience.sleep(self._next_call_at_s - now_s)
        self._next_call_at_s = max(now_s, self._next_call_at_s) + self._patience.between_s


@contextmanager
def capturing(api_base: str, patience: Patience | None = None) -> Iterator[Capture]:
    """Capture the calls made inside. vcrpy is entered for just as long; its log, which holds raw answers, is off.

    Proxies and CA bundles come from the environment, as requests reads it; certificates are always verified.
    """
    recorder = vcr.VCR(record_mode=RecordMode.ALL)
    recorder.register_persister(_Nowhere)
    with (
        _silenced(logging.getLogger("vcr")),
        recorder.use_cassette("capture") as cassette,
        requests.Session() as session,
    ):
        yield Capture(cassette, session, api_base, patience or Patience())


@contextmanager
def _silenced(parent: logging.Logger) -> Iterator[None]:
    """Everything below a logger dropped at its source, whatever handlers a user has set up above or below it."""

    def drop(record: logging.LogRecord) -> bool:
        return False

    children = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger) and (name == parent.name or name.startswith(parent.name + "."))
    ]
    for logger in children:
        logger.addFilter(drop)
    try:
        yield
    finally:
        for logger in children:
            logger.removeFilter(drop)


def _interaction(request: Any, response: Mapping[str, Any]) -> Interaction:
    """vcrpy's pair as a raw Interaction."""
    body = request.body or b""
    status = response["status"]
    return Interaction(
        Request(
            request.method.upper(),
            request.uri,
            _headers(request.headers.items()),
            body.encode() if isinstance(body, str) else bytes(body),
        ),
        Response(
            status["code"],
            _in_stripes_order(
                _headers((name, value) for name, values in response["headers"].items() for value in values)
            ),
            response["body"]["string"],
            status["message"] or reason_phrase(status["code"]),
        ),
    )


def _headers(pairs: Any) -> Headers:
    return tuple(
        (str(name), value.decode("latin-1") if isinstance(value, bytes) else str(value)) for name, value in pairs
    )


def _in_stripes_order(headers: Headers) -> Headers:
    """vcrpy hands response headers over as a set, so their order on the wire is lost: put back Stripe's own."""
    places = {name: place for place, name in enumerate(RESPONSE_HEADER_ORDER)}
    return tuple(sorted(headers, key=lambda pair: (places.get(pair[0].lower(), len(places)), pair[0].lower())))


_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.ProxyError, "the proxy refused the connection"),
    (requests.exceptions.ConnectTimeout, f"no connection within {TIMEOUT_S[0]} s"),
    (requests.exceptions.ReadTimeout, f"no answer within {TIMEOUT_S[1]} s"),
    (requests.exceptions.ChunkedEncodingError, "the connection broke in the middle of the answer"),
    (requests.exceptions.ConnectionError, "no connection, or it broke off"),
)


def cause_of(error: requests.RequestException) -> str:
    """What went wrong, in words of our own: the library's text may quote the request."""
    if _is_untrusted(error):
        return (
            "its TLS certificate was not accepted. Behind a proxy that opens TLS, name the proxy's certificates in "
            "REQUESTS_CA_BUNDLE"
        )
    return next((words for kind, words in _CAUSES if isinstance(error, kind)), type(error).__name__)


def _is_untrusted(error: BaseException) -> bool:
    """Whether TLS refused the certificate: no other attempt will fare better. urllib3 hands it on as an argument."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return True
        wrapped = next((inner for inner in below.args if isinstance(inner, BaseException)), None)
        below = below.__cause__ or wrapped or below.__context__
    return False
