"""Real HTTP calls with requests, captured through vcrpy in memory: no filter, no persister, nothing on disk."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
import vcr
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.record_mode import RecordMode

from replaydisputes.errors import UnreachableError, in_one_line
from replaydisputes.model import Headers, Interaction, Request, Response, reason_phrase, without_headers
from replaydisputes.recording.patience import (
    Pace,
    Patience,
    as_first_answered,
    is_to_be_tried_again,
    is_whole,
    retry_after_s,
)
from replaydisputes.recording.refusals import UnusableAnswerError
from replaydisputes.recording.trust import ca_bundle
from replaydisputes.recording.wire import AnswerBoundError, bounded_answers
from replaydisputes.redaction.encodings import decoded
from replaydisputes.stripe_api.facts import API_ORIGIN, RESPONSE_HEADER_ORDER
from replaydisputes.stripe_api.json_values import DEEPEST_JSON, nests_too_deep

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

    def __init__(self, cassette: Any, session: requests.Session, api_base: str, patience: Patience, pace: Pace) -> None:
        self._cassette, self._session, self._api_base = cassette, session, api_base
        self._patience, self._pace = patience, pace
        self._answered_keys: set[str] = set()

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
        may_have_arrived, asked_s = False, 0.0
        for attempt in range(1, attempts + 1):
            self._patience.wait_before(attempt, asked_s)
            asked_s = 0.0
            try:
                interaction = make()
            except UnreachableError as error:
                may_have_arrived = error.may_have_arrived = may_have_arrived or error.may_have_arrived
                if attempt == attempts or not error.may_pass:
                    raise
                continue
            if attempt == attempts or not is_to_be_tried_again(interaction.response):
                break
            asked_s = retry_after_s(interaction.response)
        return interaction

    def _attempt(self, method: str, path: str, form: bytes, headers: Mapping[str, str], key: str) -> Interaction:
        if self._api_base == API_ORIGIN:  # a sandbox counts none
            self._pace.keep(self._patience.sleep)
        host = urlsplit(self._api_base).netloc
        self._cassette.data.clear()  # vcrpy looks through all of it at every call
        try:
            self._session.request(
                method,
                self._api_base + path,
                data=form or None,
                headers=dict(headers),
                auth=_BearerKey(key),
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # what vcrpy captured is read here, and nothing of it by requests
            ).close()
        except AnswerBoundError as error:
            raise UnreachableError(host, str(error), may_pass=False) from error
        except _FAILURES as error:
            if not self._cassette.data:
                raise unreachable(host, error) from error
        return _usable(host, _interaction(*self._cassette.data[-1]))


def _usable(host: str, interaction: Interaction) -> Interaction:
    """The interaction with its answer's body decoded. Raises UnreachableError for a body that nobody can use."""
    response = interaction.response
    is_opened, body = decoded(response.headers, response.body)
    if not is_opened:
        encoding = in_one_line(response.header("content-encoding") or "")
        raise UnreachableError(
            host, f"the answer is {encoding} that could not be undone: damaged, cut off, or far too large"
        )
    if response.header("content-encoding"):
        headers = without_headers(response.headers, ["Content-Encoding", "Content-Length"])
        response = replace(response, headers=(*headers, ("Content-Length", str(len(body)))), body=body)
    if not is_whole(response):
        raise UnreachableError(host, "the answer broke off in the middle")
    if nests_too_deep(response.body):
        raise UnusableAnswerError(host, f"JSON nested deeper than {DEEPEST_JSON} levels", interaction)
    return replace(interaction, response=response)


@contextmanager
def capturing(api_base: str, patience: Patience | None = None, pace: Pace | None = None) -> Iterator[Capture]:
    """Capture the calls made inside. vcrpy is entered for just as long; its log, which holds raw answers, is off.

    Proxies come from the environment, as requests reads it, CA bundles as `ca_bundle` does; certificates are always
    verified. Raises CaBundleError.
    """
    bundle = ca_bundle() if api_base.startswith("https:") else None
    recorder = vcr.VCR(record_mode=RecordMode.ALL)
    recorder.register_persister(_Nowhere)
    with (
        _silenced(logging.getLogger("vcr")),
        bounded_answers(),
        recorder.use_cassette("capture") as cassette,
        requests.Session() as session,
    ):
        session.verify = bundle or True
        yield Capture(cassette, session, api_base, patience or Patience(), pace or Pace())


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
    (requests.exceptions.InvalidSchema, "its proxy's kind is not one that can be used (SOCKS needs requests[socks])"),
    (requests.exceptions.InvalidURL, "the address of its proxy, from HTTPS_PROXY or ALL_PROXY, is not one"),
    (requests.exceptions.ProxyError, "the proxy refused the connection"),
    (requests.exceptions.ConnectTimeout, f"no connection within {TIMEOUT_S[0]} s"),
    (requests.exceptions.ReadTimeout, f"no answer within {TIMEOUT_S[1]} s"),
    (requests.exceptions.ChunkedEncodingError, "the connection broke in the middle of the answer"),
    (requests.exceptions.ConnectionError, "no connection, or it broke off"),
)


_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)
"""What a call may end with: requests does not wrap all that urllib3 and http.client raise."""

_LASTING = (ssl.SSLCertVerificationError, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
"""No other attempt will fare better."""

_WITHOUT_CONNECTION = (NewConnectionError, ConnectTimeoutError, requests.exceptions.ProxyError)
"""There was nothing to send the request on."""


def unreachable(host: str, error: Exception) -> UnreachableError:
    """A failed request: why, whether another attempt may fare better, and whether it may have arrived."""
    may_pass, may_have_arrived = not _is(error, _LASTING), not _is(error, (*_LASTING, *_WITHOUT_CONNECTION))
    return UnreachableError(host, _cause(error), may_pass=may_pass, may_have_arrived=may_have_arrived)


def _cause(error: Exception) -> str:
    """What went wrong, in words of our own: the library's text may quote the request."""
    if _is(error, (ssl.SSLCertVerificationError,)):
        return (
            "its TLS certificate was not accepted. Behind a proxy that opens TLS, name the proxy's certificates in "
            "REQUESTS_CA_BUNDLE"
        )
    return next((words for kind, words in _CAUSES if isinstance(error, kind)), type(error).__name__)


def _is(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether an error, or one below it, is of these kinds."""
    return any(isinstance(each, kinds) for each in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what is below it; urllib3 hands that on as an argument."""
    below: BaseException | None = error
    while below is not None:
        yield below
        wrapped = next((inner for inner in below.args if isinstance(inner, BaseException)), None)
        below = below.__cause__ or wrapped or below.__context__
