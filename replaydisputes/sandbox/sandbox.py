"""The sandbox as an Answerer: keys, versions, idempotency and the clock around the endpoints."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from replaydisputes.model import Request, Response
from replaydisputes.sandbox import answers, refusals
from replaydisputes.sandbox.answers import Answer, Context
from replaydisputes.sandbox.authentication import authenticated_key
from replaydisputes.sandbox.draw import Mint
from replaydisputes.sandbox.endpoints import Call
from replaydisputes.sandbox.expand import Expansion
from replaydisputes.sandbox.ledger import Behaviour, Json, Ledger
from replaydisputes.sandbox.params import read_params
from replaydisputes.sandbox.people import Cast
from replaydisputes.sandbox.refusals import Refusal, SandboxLimitError
from replaydisputes.sandbox.routes import find_route
from replaydisputes.stripe_api.facts import API_VERSION
from replaydisputes.stripe_api.forms import Params, normalise_params, parse_form
from replaydisputes.stripe_api.urls import split_url

DEFAULT_START_TIME = 1_793_610_000
"""2026-11-02T09:00:00Z, in unix seconds: shortly after the API version came out, and the same for everyone."""

_PEOPLE_ENRICH_AFTER_S = 2
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_MAX_KEY_LENGTH = 255
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The first answer to an Idempotency-Key, and what the key stood for."""

    path: str
    params: Params
    request_id: str
    answer: Answer


class Sandbox:
    """One modelled test-mode account. Same arguments and same calls, same bytes; thread-safe.

    seed: what ids and people are drawn from. account: `acct_` + 16, drawn from the seed when None.
    clock: unix seconds; None for a virtual one that starts at `start_time` and moves 1 s with each answer.
    people: fill every personal field with invented people. dispute_delay, enrich_after: seconds of that clock until
    a dispute appears, and until Stripe fills in evidence by itself (None: never, or 2 with people).
    Keys: see `authentication`. Raises LiveKeyError, and SandboxLimitError for what is not modelled.
    """

    def __init__(  # noqa: PLR0913 - the knobs of a stand-in, all by keyword, all with a default
        self,
        *,
        seed: int = 0,
        account: str | None = None,
        start_time: int = DEFAULT_START_TIME,
        clock: Callable[[], int] | None = None,
        people: bool = False,
        dispute_delay: int = 0,
        enrich_after: int | None = None,
    ) -> None:
        if enrich_after is None and people:
            enrich_after = _PEOPLE_ENRICH_AFTER_S
        self._mint = Mint(seed, account)
        self._ledger = Ledger(self._mint, Cast(seed), Behaviour(people, dispute_delay, enrich_after))
        self._answered = 0
        self._clock = clock or (lambda: start_time + self._answered)
        self._remembered: dict[str, _Remembered] = {}
        self._lock = threading.Lock()

    @property
    def account(self) -> str:
        """The id of the modelled account."""
        return self._mint.account

    def answer(self, request: Request) -> Response:
        with self._lock:
            now = self._clock()
            self._ledger.catch_up(now)
            response = self._answered_by(request, now)
            self._ledger.catch_up(now)
            self._answered += 1
            return response

    def _answered_by(self, request: Request, now: int) -> Response:
        key = request.header("Idempotency-Key") or ""
        request_id = self._mint.short_id("req")
        context = Context(
            now=now,
            csp_token=self._mint.token(76),
            request_id=request_id,
            original_request=request_id if key else "",
            idempotency_key=key,
            stripe_account=request.header("Stripe-Account") or "",
            is_post=request.method == "POST",
        )
        try:
            self._let_in(request)
            answer, context = self._once(request, context)
        except Refusal as refusal:
            answer = self._refused(refusal, request, request_id)
        return answers.response(answer, context, with_body=request.method != "HEAD")

    def _let_in(self, request: Request) -> None:
        key = authenticated_key(request)
        account = request.header("Stripe-Account")
        if account not in (None, self.account):
            raise refusals.no_access(key, account)
        if request.header("Stripe-Context"):
            raise SandboxLimitError("the header Stripe-Context")

    def _once(self, request: Request, context: Context) -> tuple[Answer, Context]:
        """The answer, or the first answer again where its Idempotency-Key was here before."""
        target, key = split_url(request.url), context.idempotency_key
        if len(key) > _MAX_KEY_LENGTH:
            raise SandboxLimitError(f"an Idempotency-Key longer than {_MAX_KEY_LENGTH} characters")
        params = _params(request, target.query)
        seen = self._remembered.get(key) if context.is_post else None
        if seen:
            if (seen.path, seen.params) != (target.path, normalise_params(params)):
                raise refusals.key_reused(key, other_path=seen.path != target.path)
            return seen.answer, replace(context, replayed=True, original_request=seen.request_id)
        answer, kept = self._run(request, target.path, params, context)
        if key and kept and context.is_post:
            remembered = _again(answer)
            self._remembered[key] = _Remembered(target.path, normalise_params(params), context.request_id, remembered)
        return answer, context

    def _run(self, request: Request, path: str, params: Params, context: Context) -> tuple[Answer, bool]:
        """The endpoint's answer, and whether an Idempotency-Key keeps it. A refused call leaves no trace."""
        version, assumed = _version(request)
        self._ledger.request = {"id": context.request_id, "idempotency_key": context.idempotency_key or None}
        try:
            route, object_id = find_route("GET" if request.method == "HEAD" else request.method, path)
            values = read_params(params, route.spec)
            with self._ledger.undone_on_error():
                found = route.run(Call(self._ledger, object_id, values, context.now))
                expansion = Expansion(self._ledger)
                shown = expansion.expand(found, values.get("expand", ()))
        except Refusal as refusal:
            return self._refused(refusal, request, context.request_id), refusal.kept
        assumed |= self._assumed(found, expansion.used)
        return Answer(200, answers.json_bytes(shown), version, assumed), True

    def _assumed(self, found: Json, expanded: set[str]) -> frozenset[str]:
        is_list = found["object"] == "list"
        shown = {item["id"] for item in found["data"]} if is_list else {found["id"]}
        about_list = {"list-count"} if is_list and found["has_more"] else set()
        return frozenset(about_list).union(*(self._ledger.assumed(object_id) for object_id in shown | expanded))

    def _refused(self, refusal: Refusal, request: Request, request_id: str) -> Answer:
        error = dict(refusal.error)
        if refusal.logged:
            log = f"https://dashboard.stripe.com/{self.account}/test/workbench/logs?object={request_id}"
            error["request_log_url"] = log
        version, assumed = ("", frozenset[str]()) if refusal.status in (401, 403) else _version(request)
        return Answer(refusal.status, answers.json_bytes({"error": error}), version, assumed | refusal.assumed)


def _again(answer: Answer) -> Answer:
    """The answer as a repeated key gets it: that a refusal is kept at all is an assumption."""
    return replace(answer, assumed=answer.assumed | {"idempotent-refusals"}) if answer.status >= 400 else answer


def _version(request: Request) -> tuple[str, frozenset[str]]:
    """The Stripe-Version to name in the answer, and the assumption where the objects are not of that version."""
    version = request.header("Stripe-Version") or API_VERSION
    if not _VERSION.fullmatch(version):
        raise SandboxLimitError(f"the Stripe-Version {version!r}")
    return version, frozenset() if version == API_VERSION else frozenset({"object-shape"})


def _params(request: Request, query: str) -> Params:
    """The parameters of query and body together. Raises SandboxLimitError for a body that is not a form."""
    if request.body and request.method in ("GET", "HEAD"):
        raise SandboxLimitError(f"a {request.method} with a body")
    kind = (request.header("Content-Type") or _FORM).partition(";")[0].strip().lower()
    if request.body and kind != _FORM:
        raise SandboxLimitError(f"a body of type {kind} (known: {_FORM})")
    params = parse_form(query) + parse_form(request.body)
    try:
        for name, value in params:
            (name + value).encode()
    except UnicodeEncodeError as error:
        raise SandboxLimitError("parameters that are not UTF-8") from error
    return params
