"""Which endpoint a method and path mean, and which of Stripe's endpoints the sandbox leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from replaydisputes.sandbox import endpoints, lists, refusals
from replaydisputes.sandbox.endpoints import EXPAND_ONLY, Call
from replaydisputes.sandbox.ledger import Json
from replaydisputes.sandbox.params import Spec
from replaydisputes.sandbox.refusals import SandboxLimitError


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    spec: Spec
    run: Callable[[Call], Json]


_ROUTES = (
    Route("POST", "/v1/payment_intents", endpoints.CREATE_INTENT, endpoints.make_intent),
    Route("GET", "/v1/payment_intents/{id}", EXPAND_ONLY, endpoints.read_intent),
    Route("POST", "/v1/payment_intents/{id}/confirm", endpoints.CONFIRM_INTENT, endpoints.confirm),
    Route("GET", "/v1/charges/{id}", EXPAND_ONLY, endpoints.read_charge),
    Route("GET", "/v1/balance_transactions/{id}", EXPAND_ONLY, endpoints.read_balance_transaction),
    Route("GET", "/v1/disputes", endpoints.LIST_DISPUTES, endpoints.list_disputes),
    Route("GET", "/v1/disputes/{id}", EXPAND_ONLY, endpoints.read_dispute),
    Route("POST", "/v1/disputes/{id}", endpoints.UPDATE_DISPUTE, endpoints.update_dispute),
    Route("POST", "/v1/disputes/{id}/close", EXPAND_ONLY, endpoints.close_dispute),
    Route("GET", "/v1/account", EXPAND_ONLY, endpoints.read_account),
    Route("GET", "/v1/accounts", lists.PAGING, endpoints.list_accounts),
    Route("GET", "/v1/accounts/{id}", EXPAND_ONLY, endpoints.read_account),
    Route("GET", "/v1/events", endpoints.LIST_EVENTS, endpoints.list_events),
    Route("GET", "/v1/events/{id}", EXPAND_ONLY, endpoints.read_event),
)
_PATTERNS = tuple(re.compile(re.escape(route.path).replace(r"\{id\}", "([^/]+)")) for route in _ROUTES)

_LEFT_OUT = re.compile(
    r"(GET|POST) /v1/(balance|checkout|coupons|customers|files|invoices|invoiceitems|issuing|"
    r"payment_methods|payouts|plans|prices|products|radar|refunds|reviews|setup_intents|sources|subscriptions|tokens|"
    r"topups|transfers|webhook_endpoints)(/.*)?"
    r"|(GET|POST) /v1/charges|GET /v1/charges/search|POST /v1/charges/[^/]+(/(capture|refunds?|dispute(/close)?))?"
    r"|POST /v1/accounts?(/.*)?|GET /v1/accounts/[^/]+/.*"
    r"|GET /v1/payment_intents(/search)?|POST /v1/payment_intents/[^/]+(/(cancel|capture|increment_authorization))?"
    r"|GET /v1/balance_transactions|DELETE /v1/(accounts|customers|coupons|plans|products|webhook_endpoints)/.*"
)
"""Endpoints that Stripe has and the sandbox has not: a 404 there would be a lie."""


def find_route(method: str, path: str) -> tuple[Route, str]:
    """The route and the id in the path (empty where it has none).

    Raises Refusal (404) for what Stripe does not know, SandboxLimitError for what only the sandbox does not.
    """
    if _LEFT_OUT.fullmatch(f"{method} {path}"):
        raise SandboxLimitError(f"{method} {path}")
    for route, pattern in zip(_ROUTES, _PATTERNS, strict=True):
        found = pattern.fullmatch(path)
        if found and route.method == method:
            return route, found[1] if found.groups() else ""
    raise refusals.unrecognized_url(method, path)
