"""The sandbox as an Answerer: keys, accounts, versions, idempotency and the clock around the endpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from replaydisputes.model import Request, Response
from replaydisputes.sandbox import answers, refusals
from replaydisputes.sandbox.accounts import Accounts
from replaydisputes.sandbox.answers import Answer, Context
from replaydisputes.sandbox.authentication import authenticated_key, check_permission
from replaydisputes.sandbox.endpoints import Call
from replaydisputes.sandbox.expand import Expansion
from replaydisputes.sandbox.idempotency import Attempt, Idempotency, InUse
from replaydisputes.sandbox.ledger import Behaviour, Json, Ledger
from replaydisputes.sandbox.limiter import Limiter
from replaydisputes.sandbox.params import read_params
from replaydisputes.sandbox.reading import idempotency_key, parameters, stripe_version
from replaydisputes.sandbox.refusals import Refusal, SandboxLimitError
from replaydisputes.sandbox.routes import Route, find_route
from replaydisputes.sandbox.versions import rendered
from replaydisputes.stripe_api.facts import API_VERSION
from replaydisputes.stripe_api.forms import Params, normalise_params
from replaydisputes.stripe_api.urls import split_url

DEFAULT_START_TIME = 1_793_610_000
"""2026-11-02T09:00:00Z, in unix seconds: shortly after the API version came out, and the same for everyone."""

_PEOPLE_ENRICH_AFTER_S = 2


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was let in, taken apart."""

    request: Request
    route: Route
    object_id: str
    path: str
    params: Params
    ledger: Ledger
    moment: float


class Sandbox:
    """One modelled test-mode account and its connected ones. Same arguments and calls, same bytes; thread-safe.

    seed: what ids, people and delays are drawn from. account, connected: `acct_` + 16, drawn from the seed when None
    (one connected account).
    clock: unix seconds; None for a virtual one that starts at `start_time` and moves 1 s with each answer.
    people: fill every personal field with invented people. In seconds of that clock: dispute_delay (or its least and
    most) until a dispute appears; enrich_after until Stripe fills in evidence by itself (None: never, or 2 with
    people); decide_after until steering evidence takes effect; latency, for which a write keeps its Idempotency-Key
    and its object in use (who carries the bytes does the waiting). rate_limit: requests a second; None for no limit.
    Keys: see `authentication`. Raises LiveKeyError, and SandboxLimitError for what is not modelled.
    """

    def __init__(  # noqa: PLR0913 - the knobs of a stand-in, all by keyword, all with a default
        self,
        *,
        seed: int = 0,
        account: str | None = None,
        connected: Iterable[str] | None = None,
        start_time: int = DEFAULT_START_TIME,
        clock: Callable[[], float] | None = None,
        people: bool = False,
        dispute_delay: int | tuple[int, int] = 0,
        enrich_after: int | None = None,
        decide_after: int = 0,
        latency: float = 0,
        rate_limit: int | None = None,
    ) -> None:
        if enrich_after is None and people:
            enrich_after = _PEOPLE_ENRICH_AFTER_S
        delays = (dispute_delay, dispute_delay) if isinstance(dispute_delay, int) else dispute_delay
        behaviour = Behaviour(people, delays, enrich_after, decide_after)
        self._accounts = Accounts(seed, account, connected, behaviour, start_time)
        self._mint = self._accounts.platform.mint
        self._answered = 0
        self._clock = clock or (lambda: start_time + self._answered)
        self._idempotency, self._in_use, self._limiter = Idempotency(), InUse(latency), Limiter(rate_limit)
        self._lock = threading.Lock()

    @property
    def account(self) -> str:
        """The id of the modelled account."""
        return self._mint.account

    @property
    def connected_accounts(self) -> tuple[str, ...]:
        """The ids that a `Stripe-Account` header may name beside the own one."""
        return self._accounts.connected

    def answer(self, request: Request) -> Response:
        with self._lock:
            moment = self._clock()
            self._accounts.catch_up(int(moment))
            response = self._answered_by(request, moment)
            self._accounts.catch_up(int(moment))
            self._answered += 1
            return response

    def _answered_by(self, request: Request, moment: float) -> Response:
        key = request.header("Idempotency-Key") or ""
        request_id = self._mint.short_id("req")
        context = Context(
            now=int(moment),
            csp_token=self._mint.token(76),
            request_id=request_id,
            original_request=request_id if key else "",
            idempotency_key=key,
            stripe_account=request.header("Stripe-Account") or "",
            is_post=request.method == "POST",
        )
        try:
            answer, context = self._once(self._let_in(request, moment), context)
        except Refusal as refusal:
            answer = self._refused(refusal, request, request_id)
        return answers.response(answer, context, with_body=request.method != "HEAD")

    def _let_in(self, request: Request, moment: float) -> _Asked:
        """Raises Refusal: 401, 403, 429, 404 for no endpoint, 500."""
        key = authenticated_key(request)
        account = request.header("Stripe-Account") or ""
        ledger = self._accounts.ledger(account)
        if ledger is None:
            raise refusals.no_access(key, account)
        if request.header("Stripe-Context"):
            raise SandboxLimitError("the header Stripe-Context")
        self._limiter.let_in(moment)
        target = split_url(request.url)
        route, object_id = find_route("GET" if request.method == "HEAD" else request.method, target.path)
        check_permission(key, request.method, target.path, ledger.mint.account)
        params = parameters(request, target.query)
        return _Asked(request, route, object_id, target.path, params, ledger, moment)

    def _once(self, asked: _Asked, context: Context) -> tuple[Answer, Context]:
        """The answer, or the first answer again where its Idempotency-Key was here before."""
        key = idempotency_key(asked.request)
        if not key or not context.is_post:
            return self._run(asked, context)[0], context
        attempt = Attempt(asked.ledger.mint.account, key, asked.path, normalise_params(asked.params), asked.moment)
        if self._in_use.taken((attempt.account, key), asked.moment):
            raise refusals.key_in_use(key)
        seen = self._idempotency.recall(attempt)
        if seen:
            answer, first_request = seen
            return answer, replace(context, replayed=True, original_request=first_request)
        answer, kept = self._run(asked, context)
        answer = replace(answer, assumed=answer.assumed | self._idempotency.assumed_of_new(attempt))
        if kept:
            self._in_use.take((attempt.account, key), asked.moment)
            self._idempotency.keep(attempt, context.request_id, answer)
        return answer, context

    def _run(self, asked: _Asked, context: Context) -> tuple[Answer, bool]:
        """The endpoint's answer, and whether an Idempotency-Key keeps it. A refused call leaves no trace."""
        version = stripe_version(asked.request)
        ledger, now = asked.ledger, context.now
        ledger.request = {"id": context.request_id, "idempotency_key": context.idempotency_key or None}
        try:
            values = read_params(asked.params, asked.route.spec)
            if context.is_post and self._in_use.taken(asked.object_id, asked.moment):
                raise refusals.lock_timeout()
            with ledger.undone_on_error():
                found = asked.route.run(Call(ledger, asked.object_id, values, now))
                expansion = Expansion(ledger)
                shown = expansion.expand(found, values.get("expand", ()))
        except Refusal as refusal:
            return self._refused(refusal, asked.request, context.request_id), refusal.kept
        if context.is_post:
            self._in_use.take(asked.object_id or found["id"], asked.moment)
        assumed = _assumed_of_version(version) | _assumed(ledger, found, expansion.used)
        return Answer(200, answers.json_bytes(rendered(shown, version)), version, assumed), True

    def _refused(self, refusal: Refusal, request: Request, request_id: str) -> Answer:
        error = dict(refusal.error)
        account = request.header("Stripe-Account") or self.account
        if refusal.logged:
            log = f"https://dashboard.stripe.com/{account}/test/workbench/logs?object={request_id}"
            error["request_log_url"] = log
        version = "" if refusal.status in (401, 403) else stripe_version(request)
        assumed = refusal.assumed | (_assumed_of_version(version) if "payment_intent" in error else frozenset())
        limit_met = "global-rate" if error.get("code") == "rate_limit" else ""
        body = answers.json_bytes({"error": rendered(error, version or API_VERSION)})
        return Answer(refusal.status, body, version, assumed, refusal.should_retry, limit_met)


def _assumed(ledger: Ledger, found: Json, expanded: set[str]) -> frozenset[str]:
    is_list = found["object"] == "list"
    shown = {item["id"] for item in found["data"]} if is_list else {found["id"]}
    about_list = {"list-count"} if is_list and found["has_more"] else set()
    return frozenset(about_list).union(*(ledger.assumed(object_id) for object_id in shown | expanded))


def _assumed_of_version(version: str) -> frozenset[str]:
    return frozenset() if version == API_VERSION else frozenset({"object-shape"})
