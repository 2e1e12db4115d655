"""What each endpoint does, once its parameters are read. Every one answers an unexpanded object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from replaydisputes.sandbox import disputes, lists, refusals
from replaydisputes.sandbox.cards import CARDS
from replaydisputes.sandbox.evidence import FILE_FIELDS, TEXT_FIELDS
from replaydisputes.sandbox.ledger import Json, Ledger
from replaydisputes.sandbox.params import Kind, Spec, required, unmodelled
from replaydisputes.sandbox.payment_methods import create_payment_method
from replaydisputes.sandbox.payments import confirm_intent, create_intent
from replaydisputes.sandbox.refusals import SandboxLimitError


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an endpoint. `object_id` is the id in the path, empty where it has none; `now` unix seconds."""

    ledger: Ledger
    object_id: str
    values: dict[str, Any]
    now: int


EXPAND_ONLY: Spec = {"expand": Kind.LIST}

_ADDRESS: Spec = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), Kind.TEXT)
_SHIPPING: Spec = {"address": _ADDRESS} | dict.fromkeys(("carrier", "name", "phone", "tracking_number"), Kind.TEXT)

CONFIRM_INTENT: Spec = {
    "expand": Kind.LIST,
    "payment_method": Kind.TEXT,
    "receipt_email": Kind.TEXT,
    "return_url": Kind.TEXT,
    "shipping": _SHIPPING,
    **unmodelled(
        "allowed_payment_method_types", "amount_details", "amount_to_confirm", "capture_method", "confirmation_token",
        "error_on_requires_action", "excluded_payment_method_types", "hooks", "mandate", "mandate_data", "off_session",
        "payment_details", "payment_method_data", "payment_method_options", "radar_options", "setup_future_usage",
        "use_stripe_sdk",
    ),
}  # fmt: skip
CREATE_INTENT: Spec = {
    **CONFIRM_INTENT,
    "amount": Kind.INTEGER,
    "automatic_payment_methods": {"allow_redirects": Kind.TEXT, "enabled": Kind.BOOLEAN},
    "confirm": Kind.BOOLEAN,
    "currency": Kind.TEXT,
    "description": Kind.TEXT,
    "metadata": Kind.MAP,
    "payment_method_types": Kind.LIST,
    "statement_descriptor": Kind.TEXT,
    "statement_descriptor_suffix": Kind.TEXT,
    **unmodelled(
        "application_fee_amount", "confirmation_method", "customer", "customer_account", "on_behalf_of",
        "payment_method_configuration", "transfer_data", "transfer_group",
    ),
}  # fmt: skip
LIST_DISPUTES: Spec = {**lists.PAGING, "charge": Kind.TEXT, "payment_intent": Kind.TEXT}
LIST_EVENTS: Spec = {**lists.PAGING, "type": Kind.TEXT, "types": Kind.LIST, **unmodelled("delivery_success")}
UPDATE_DISPUTE: Spec = {
    "evidence": {
        **dict.fromkeys(TEXT_FIELDS, Kind.TEXT),
        **unmodelled(*FILE_FIELDS, "appeal", "enhanced_evidence"),
    },
    "expand": Kind.LIST,
    "metadata": Kind.MAP,
    "submit": Kind.BOOLEAN,
    **unmodelled("intended_submission_method"),
}

_TWO_DECIMAL_CURRENCIES = (
    "aud", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "mxn", "nok", "nzd", "pln", "sek", "sgd", "usd",
)  # fmt: skip
_LEAST_USD, _MOST = 50, 99_999_999


def make_intent(call: Call) -> Json:
    values = dict(call.values)
    required(values, "amount", "currency")
    values["currency"] = _checked_money(values["amount"], values["currency"])
    values["payment_method_types"] = _method_types(values)
    values["metadata"] = _said(values.get("metadata"))
    values["shipping"] = _shipping(values.get("shipping"))
    if values.get("payment_method"):
        values["payment_method"] = _payment_method(call, values["payment_method"])
    intent = create_intent(call.ledger, values, call.now)
    if not values.get("confirm"):
        return intent
    return _confirmed(call, intent)


def confirm(call: Call) -> Json:
    intent = _found(call, "payment_intent", "payment_intent", "intent")
    if intent["status"] == "succeeded":
        raise refusals.already_succeeded(intent)
    told: Json = {"receipt_email": call.values.get("receipt_email", intent["receipt_email"])}
    if call.values.get("shipping"):
        told["shipping"] = _shipping(call.values["shipping"])
    if call.values.get("payment_method"):
        told["payment_method"] = _payment_method(call, call.values["payment_method"])
    return _confirmed(call, intent | told)


def _confirmed(call: Call, intent: Json) -> Json:
    if intent["payment_method"] is None:
        raise SandboxLimitError("confirming without a payment_method")
    return confirm_intent(call.ledger, intent, call.now)


def read_intent(call: Call) -> Json:
    return _found(call, "payment_intent", "payment_intent", "intent")


def read_charge(call: Call) -> Json:
    return _found(call, "charge", "charge", "id")


def read_balance_transaction(call: Call) -> Json:
    return _found(call, "balance_transaction", "balance transaction", "id")


def read_account(call: Call) -> Json:
    return _found(call, "account", "account", "account") if call.object_id else call.ledger.own_account


def list_accounts(call: Call) -> Json:
    return lists.page(call.ledger.newest_first("account"), lambda _: True, call.values, "/v1/accounts", "account")


def read_event(call: Call) -> Json:
    return _found(call, "event", "event", "id")


def read_dispute(call: Call) -> Json:
    return _dispute(call)


def close_dispute(call: Call) -> Json:
    return disputes.close(call.ledger, _dispute(call, "unknown-id-write"), call.now)


def update_dispute(call: Call) -> Json:
    dispute, values = _dispute(call, "unknown-id-write"), call.values
    evidence: Json = values.get("evidence", {})
    metadata: Json = values.get("metadata", {})
    if metadata is None:
        metadata = dict.fromkeys(dispute["metadata"])
    metadata = {key: text or None for key, text in metadata.items()}
    submit = values.get("submit", bool(evidence))
    return disputes.update(call.ledger, dispute, disputes.Change(evidence, metadata, submit), call.now)


def list_disputes(call: Call) -> Json:
    wanted = {name: call.values[name] for name in ("charge", "payment_intent") if call.values.get(name)}
    for kind, object_id in wanted.items():
        if call.ledger.get(kind, object_id) is None:
            raise refusals.no_such(kind, object_id, kind, status=400, assumed=["unknown-filter"])

    def keep(dispute: Json) -> bool:
        return all(dispute[name] == object_id for name, object_id in wanted.items())

    return lists.page(call.ledger.newest_first("dispute"), keep, call.values, "/v1/disputes", "dispute")


def list_events(call: Call) -> Json:
    types = set(call.values.get("types", ()))
    if call.values.get("type"):
        types.add(call.values["type"])
    if call.values.get("type") and call.values.get("types"):
        raise SandboxLimitError("type together with types")
    if any("*" in wanted.removesuffix(".*") for wanted in types):
        raise SandboxLimitError("event types with a * that is not the last part")

    def keep(event: Json) -> bool:
        groups = (wanted[:-1] for wanted in types if wanted.endswith(".*"))
        return not types or event["type"] in types or event["type"].startswith(tuple(groups))

    return lists.page(call.ledger.newest_first("event"), keep, call.values, "/v1/events", "event")


def _dispute(call: Call, *assumed_of_refusal: str) -> Json:
    found = call.ledger.get("dispute", call.object_id)
    if found is None:
        raise refusals.no_such("dispute", call.object_id, "dispute", assumed=assumed_of_refusal)
    return found


def _found(call: Call, kind: str, noun: str, param: str) -> Json:
    found = call.ledger.get(kind, call.object_id)
    if found is None:
        raise refusals.no_such(noun, call.object_id, param, assumed=refusals.FROM_MEMORY)
    return found


def _checked_money(amount: int, currency: str) -> str:
    """The currency in lower case. Raises Refusal for an amount Stripe does not charge."""
    code = currency.lower()
    if code not in _TWO_DECIMAL_CURRENCIES:
        raise SandboxLimitError(f"the currency {currency!r} (known: {', '.join(_TWO_DECIMAL_CURRENCIES)})")
    if amount < 1:
        raise refusals.bad_integer("This value must be greater than or equal to 1.", "amount")
    if code == "usd" and amount < _LEAST_USD:
        raise refusals.bad_amount("amount_too_small", "Amount must be at least $0.50 usd")
    if amount > _MOST:
        raise refusals.bad_amount("amount_too_large", "Amount must be no more than $999,999.99")
    return code


def _method_types(values: Json) -> list[str]:
    types: list[str] | None = values.get("payment_method_types")
    automatic = values.get("automatic_payment_methods") or {}
    if types is None and automatic.get("enabled") and automatic.get("allow_redirects") == "never":
        return ["card"]
    if types != ["card"] or automatic:
        raise SandboxLimitError(
            "payment methods other than payment_method_types[]=card "
            "or automatic_payment_methods[enabled]=true with [allow_redirects]=never"
        )
    return types


def _payment_method(call: Call, token: str) -> str:
    """The id of a new PaymentMethod for a test token, or of one that is there already."""
    if token in CARDS:
        method_id: str = create_payment_method(call.ledger, CARDS[token], call.now)["id"]
        return method_id
    if token.startswith("pm_card_"):
        raise SandboxLimitError(f"the test payment method {token} (known: {', '.join(CARDS)})")
    if call.ledger.get("payment_method", token) is None:
        raise refusals.no_such("PaymentMethod", token, "payment_method", status=400, assumed=refusals.FROM_MEMORY)
    return token


def _shipping(said: Json | None) -> Json | None:
    """Shipping as the API shows it: whole, with null for what was not said."""
    if not said:
        return None
    address = dict.fromkeys(_ADDRESS) | said.get("address", {})
    return dict.fromkeys(_SHIPPING) | said | {"address": address}


def _said(metadata: Json | None) -> Json:
    return {key: text for key, text in (metadata or {}).items() if text}
