"""The wire to a real origin, with requests: certificates verified, no redirects, no other credentials."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from replaydisputes.errors import UnreachableError
from replaydisputes.model import Request, Response
from replaydisputes.recording.capture import TIMEOUT_S, unreachable
from replaydisputes.recording.patience import Pace, Patience, is_to_be_tried_again, retry_after_s
from replaydisputes.recording.trust import ca_bundle
from replaydisputes.stripe_api.facts import API_ORIGIN


class _AsWritten(AuthBase):
    """Leaves the Authorization header as it is. Without an auth object, requests would read ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Online:
    """Sends to one origin, such as https://api.stripe.com, one call after the other or several at once."""

    def __init__(self, api_base: str, patience: Patience) -> None:
        """Raises CaBundleError where the environment names certificates that cannot be used."""
        self._api_base, self._patience, self._pace = api_base, patience, Pace()
        self._verify = (ca_bundle() if api_base.startswith("https:") else None) or True
        self._session = requests.Session()

    def send(self, request: Request) -> Response:
        """One call; made again where Stripe asks for that, and a read also where no answer came."""
        asked_s = 0.0
        for attempt in range(1, self._patience.attempts + 1):
            self._patience.wait_before(attempt, asked_s)
            asked_s = 0.0
            if self._api_base == API_ORIGIN:
                self._pace.keep(self._patience.sleep)
            is_last = attempt == self._patience.attempts
            try:
                response = self._once(self._session, request)
            except UnreachableError as error:
                if is_last or request.method != "GET" or not error.may_pass:
                    raise
                continue
            if not is_to_be_tried_again(response):
                break
            asked_s = retry_after_s(response)
        return response

    def send_at_once(self, calls: Sequence[Request]) -> list[Response]:
        """Each on a connection of its own, all let go together, and none made again."""
        together = threading.Barrier(len(calls))

        def send(request: Request) -> Response:
            with requests.Session() as session:
                together.wait()
                return self._once(session, request)

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(send, calls))

    def wait(self, seconds: float) -> None:
        self._patience.sleep(seconds)

    def _once(self, session: requests.Session, request: Request) -> Response:
        try:
            answer = session.request(
                request.method,
                self._api_base + request.url.removeprefix(API_ORIGIN),
                data=request.body or None,
                headers=dict(request.headers),
                auth=_AsWritten(),
                verify=self._verify,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise unreachable(urlsplit(self._api_base).netloc, error) from error
        return Response(answer.status_code, tuple(answer.headers.items()), answer.content, answer.reason or "")
