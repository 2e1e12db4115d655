"""The whole policy as data: what may survive redaction, and why. Whatever no row names becomes a placeholder.

Booleans and nulls survive everywhere. A value survives only if it also fits the shape of its kind (see `kinds`),
so an email address in `status` is replaced like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from replaydisputes.stripe_api.kinds import Kind
from replaydisputes.stripe_api.parameters import FORM_RULES


@dataclass(frozen=True, slots=True)
class Rule:
    """`fields` may survive as `kind`. `within` is a Stripe object type, `(none)` for JSON outside any object."""

    within: str
    kind: Kind
    reason: str
    fields: tuple[str, ...]


def _keep(within: str, kind: Kind, reason: str, fields: str) -> Rule:
    return Rule(within, kind, reason, tuple(fields.split()))


ANY = "*"
NO_OBJECT = "(none)"

_ASSERTED = "what suites assert on"
_DOCUMENTED = "documented enumeration"
_LINKS = "canonical ids keep the links between objects"
_WHEN = "canonical times keep order and distance in days"

JSON_RULES: tuple[Rule, ...] = (
    _keep(ANY, Kind.ENUM, "the type of a Stripe object", "object"),
    _keep(ANY, Kind.ID, _LINKS, "id"),
    _keep(ANY, Kind.TIME, _WHEN, "created"),
    _keep(ANY, Kind.CURRENCY, _ASSERTED, "currency"),
    _keep(ANY, Kind.COUNT, _ASSERTED, "amount"),
    _keep("list", Kind.API_PATH, "where the list came from", "url"),
    _keep("list", Kind.COUNT, _ASSERTED, "count total_count"),
    _keep("dispute", Kind.ID, _LINKS, "charge payment_intent balance_transaction customer"),
    _keep("dispute", Kind.ENUM, _DOCUMENTED, "status reason intended_submission_method enhanced_eligibility_types"),
    _keep("dispute", Kind.CODE, "published by the card networks", "network_reason_code"),
    _keep("dispute", Kind.STEERING, "Stripe's magic words for test disputes", "evidence.uncategorized_text"),
    _keep("dispute", Kind.DAY, _WHEN, "evidence_details.due_by"),
    _keep("dispute", Kind.COUNT, _ASSERTED, "evidence_details.submission_count"),
    _keep(
        "dispute",
        Kind.ENUM,
        _DOCUMENTED,
        "evidence_details.submission_method evidence_details.enhanced_eligibility.mastercard_compliance.status "
        "evidence_details.enhanced_eligibility.visa_compliance.status "
        "evidence_details.enhanced_eligibility.visa_compelling_evidence_3.status "
        "evidence_details.enhanced_eligibility.visa_compelling_evidence_3.required_actions "
        "payment_method_details.type payment_method_details.amazon_pay.dispute_type "
        "payment_method_details.card.brand payment_method_details.card.case_type payment_method_details.card.network",
    ),
    _keep(
        "dispute",
        Kind.CODE,
        "published by the networks",
        "payment_method_details.card.network_reason_code payment_method_details.klarna.reason_code "
        "payment_method_details.klarna.chargeback_loss_reason_code payment_method_details.paypal.reason_code",
    ),
    _keep("balance_transaction", Kind.COUNT, _ASSERTED, "fee net fee_details.amount"),
    _keep(
        "balance_transaction", Kind.ENUM, _DOCUMENTED, "type status reporting_category fee_details.type balance_type"
    ),
    _keep("balance_transaction", Kind.CURRENCY, _ASSERTED, "fee_details.currency"),
    _keep("balance_transaction", Kind.ID, _LINKS, "source"),
    _keep("balance_transaction", Kind.DAY, _WHEN, "available_on"),
    _keep("charge", Kind.COUNT, _ASSERTED, "amount_captured amount_refunded"),
    _keep("charge", Kind.ID, _LINKS, "balance_transaction customer dispute failure_balance_transaction payment_intent"),
    _keep("charge", Kind.ENUM, _DOCUMENTED, "status failure_code payment_method_details.type outcome.type"),
    _keep("charge", Kind.ENUM, _DOCUMENTED, "outcome.network_status outcome.reason outcome.risk_level"),
    _keep("charge", Kind.ENUM, _DOCUMENTED, "payment_method_details.card.brand payment_method_details.card.funding"),
    _keep("charge", Kind.ENUM, _DOCUMENTED, "payment_method_details.card.network"),
    _keep(
        "charge",
        Kind.ENUM,
        _DOCUMENTED,
        "payment_method_details.card.extended_authorization.status payment_method_details.card.overcapture.status "
        "payment_method_details.card.incremental_authorization.status payment_method_details.card.multicapture.status "
        "payment_method_details.card.regulated_status payment_method_details.card.checks.address_line1_check "
        "payment_method_details.card.checks.address_postal_code_check payment_method_details.card.checks.cvc_check",
    ),
    _keep(
        "charge",
        Kind.COUNT,
        _ASSERTED,
        "payment_method_details.card.amount_authorized "
        "payment_method_details.card.overcapture.maximum_amount_capturable",
    ),
    _keep("payment_intent", Kind.ENUM, _DOCUMENTED, "payment_method_options.card.request_three_d_secure"),
    _keep("payment_intent", Kind.COUNT, _ASSERTED, "amount_capturable amount_received"),
    _keep("payment_intent", Kind.ENUM, _DOCUMENTED, "status capture_method confirmation_method payment_method_types"),
    _keep("payment_intent", Kind.ID, _LINKS, "latest_charge customer payment_method"),
    _keep("payment_intent", Kind.CLIENT_SECRET, "canonical, its form kept", "client_secret"),
    _keep("payment_intent", Kind.COUNT, _ASSERTED, "amount_details.tip.amount"),
    _keep("event", Kind.EVENT_TYPE, _DOCUMENTED, "type"),
    _keep("event", Kind.API_VERSION, "which shape the payload has", "api_version"),
    _keep("event", Kind.ID, _LINKS, "account request.id"),
    _keep("event", Kind.IDEMPOTENCY_KEY, "canonical, links an event to its call", "request.idempotency_key"),
    _keep(NO_OBJECT, Kind.ENUM, "the error's identity", "error.type error.code error.decline_code"),
    _keep(NO_OBJECT, Kind.PARAMETER, "which parameter was at fault", "error.param"),
    _keep(
        NO_OBJECT, Kind.TEXT, "suites assert on messages; ids, keys and people in them are replaced", "error.message"
    ),
    _keep(NO_OBJECT, Kind.TEXT, "links with canonical ids", "error.doc_url error.request_log_url"),
)

REQUEST_HEADERS: Mapping[str, tuple[Kind, str]] = {
    "authorization": (Kind.AUTHORIZATION, "that a key was sent, never which"),
    "content-type": (Kind.MEDIA_TYPE, "how the body is read"),
    "idempotency-key": (Kind.IDEMPOTENCY_KEY, "canonical, tells a retry from a second call"),
    "stripe-account": (Kind.ID, "which connected account, canonical"),
    "stripe-version": (Kind.API_VERSION, "the contract the answer was made under"),
}

_CONSTANT = "the same on every answer of Stripe's"

RESPONSE_HEADERS: Mapping[str, tuple[Kind, str]] = {
    "server": (Kind.HEADER_WORDS, _CONSTANT),
    "date": (Kind.HTTP_DATE, "canonical time"),
    "content-type": (Kind.MEDIA_TYPE, "how the body is read"),
    "content-length": (Kind.LENGTH, "counted again"),
    "connection": (Kind.HEADER_WORDS, _CONSTANT),
    "access-control-allow-credentials": (Kind.HEADER_WORDS, _CONSTANT),
    "access-control-allow-methods": (Kind.HEADER_WORDS, _CONSTANT),
    "access-control-allow-origin": (Kind.HEADER_WORDS, _CONSTANT),
    "access-control-expose-headers": (Kind.HEADER_WORDS, _CONSTANT),
    "access-control-max-age": (Kind.COUNT, _CONSTANT),
    "cache-control": (Kind.HEADER_WORDS, _CONSTANT),
    "idempotency-key": (Kind.IDEMPOTENCY_KEY, "the request's, echoed"),
    "idempotent-replayed": (Kind.FLAG, "marks a repeated answer"),
    "original-request": (Kind.ID, "canonical, equals Request-Id the first time"),
    "request-id": (Kind.ID, "canonical, SDKs expose it"),
    "retry-after": (Kind.COUNT, "SDKs act on it"),
    "stripe-account": (Kind.ID, "which connected account, canonical"),
    "stripe-rate-limited-reason": (Kind.DASHED, _DOCUMENTED),
    "stripe-should-retry": (Kind.FLAG, "SDKs act on it"),
    "stripe-version": (Kind.API_VERSION, "the contract the answer was made under"),
    "vary": (Kind.HEADER_WORDS, _CONSTANT),
    "www-authenticate": (Kind.CHALLENGE, "tells how to authenticate"),
    "x-stripe-priority-routing-enabled": (Kind.FLAG, _CONSTANT),
    "x-stripe-routing-context-priority-tier": (Kind.TIER, "test mode or live"),
    "strict-transport-security": (Kind.HEADER_WORDS, _CONSTANT),
    "replaydisputes-sandbox": (Kind.FLAG, "the sandbox made it, not Stripe"),
    "replaydisputes-assumption": (Kind.DASHED, "what the sandbox assumed"),
    "replaydisputes-fault": (Kind.DASHED, "a test asked for this answer, nobody recorded it"),
}

_JSON: dict[tuple[str, str], Kind] = {(rule.within, field): rule.kind for rule in JSON_RULES for field in rule.fields}


@dataclass(frozen=True)
class Policy:
    """What may survive, looked up by place. The default is the tables above; `extended` adds a user's own rules."""

    json: Mapping[tuple[str, str], Kind]
    form: Mapping[str, Kind]
    request_headers: Mapping[str, Kind]
    response_headers: Mapping[str, Kind]

    def kind_of(self, within: str, path: str) -> Kind | None:
        """The kind under which a JSON leaf may survive, by object type and dotted path; None is: replace it."""
        return self.json.get((within, path)) or self.json.get((ANY, path))


def _kinds(table: Mapping[str, tuple[Kind, str]]) -> dict[str, Kind]:
    return {name: kind for name, (kind, _) in table.items()}


DEFAULT_POLICY = Policy(_JSON, _kinds(FORM_RULES), _kinds(REQUEST_HEADERS), _kinds(RESPONSE_HEADERS))
