"""What requests are refused, and in which words."""

from __future__ import annotations

from collections.abc import Iterator

from replaydisputes.recording.scenarios import UNKNOWN_DISPUTE_ID
from replaydisputes.settling.asking import SEVERAL, Ask, Call, NotObservableError
from replaydisputes.settling.probes.seen import Probe, Seen

_UNDISPUTED = "pm_card_visa"
_SUFFIX = UNKNOWN_DISPUTE_ID.removeprefix("du_")
_FOREIGN_ACCOUNT = "acct_1AbcDefGhiJklMno"
"""Well-formed and nobody's."""


def _unknown_filter(ask: Ask) -> Iterator[Seen]:
    for name, prefix in (("charge", "ch"), ("payment_intent", "pi"), ("starting_after", "du")):
        yield Seen(f"a list by an unknown {name}", ask.get("/v1/disputes", (name, f"{prefix}_{_SUFFIX}")).words)


def _unknown_id_write(ask: Ask) -> Iterator[Seen]:
    path = f"/v1/disputes/{UNKNOWN_DISPUTE_ID}"
    yield Seen("reading an unknown dispute", ask.get(path).words)
    yield Seen("closing it", ask.post(f"{path}/close").words)
    yield Seen("updating it", ask.post(path, ("metadata[key_1]", "a note")).words)


def _idempotent_refusals(ask: Ask) -> Iterator[Seen]:
    unknown = Call("POST", f"/v1/disputes/{UNKNOWN_DISPUTE_ID}/close", idempotency_key=ask.fresh_key())
    ask.send(unknown)
    yield Seen("the same refused close of an unknown dispute, with its key", ask.send(unknown).words)
    dispute, key = ask.dispute(), ask.fresh_key()
    ask.close(dispute)
    ask.close(dispute, once=key)
    yield Seen("the same refused close of a closed one, with its key", ask.close(dispute, once=key).words)


def _idempotency_endpoint(ask: Ask) -> Iterator[Seen]:
    key, note = ask.fresh_key(), ("metadata[key_1]", "a note")
    one, other = ask.disputes(SEVERAL, count=2)[:2]
    ask.post(f"/v1/disputes/{one['id']}", note, once=key)
    elsewhere = ask.post(f"/v1/disputes/{other['id']}", note, once=key)
    yield Seen("the key of an update, on another dispute", elsewhere.words)


def _idempotency_account(ask: Ask) -> Iterator[Seen]:
    account, key = ask.account()["id"], ask.fresh_key()
    if ask.pay(_UNDISPUTED, once=key).status != 200:
        raise NotObservableError("the payment whose key was to be used again was refused")
    yield Seen("the key of a payment, on a connected account", ask.pay(_UNDISPUTED, once=key, account=account).words)


def _restricted_key(ask: Ask) -> Iterator[Seen]:
    answer = ask.post(f"/v1/disputes/{ask.dispute()['id']}", ("metadata[key_1]", "a note"), key="restricted")
    if answer.status == 200:
        raise NotObservableError("the key in STRIPE_RESTRICTED_KEY may write disputes; it takes one that may not")
    yield Seen("a dispute changed with it", answer.words)
    yield Seen("the fields of the refusal", ", ".join(sorted(answer.raw.get("error", {}))))


def _refusal_wording(ask: Ask) -> Iterator[Seen]:
    unpaid = (("currency", "usd"), ("payment_method_types[]", "card"))
    for what, call in {
        "no key": Call("GET", "/v1/disputes", key="none"),
        "something that is no key": Call("GET", "/v1/disputes", key="Bearer hunter2hunter2"),
        "a foreign account": Call("GET", "/v1/disputes", account=_FOREIGN_ACCOUNT),
        "no such endpoint": Call("GET", "/v1/wat"),
        "an unknown charge": Call("GET", f"/v1/charges/ch_{_SUFFIX}"),
        "an unknown payment_intent": Call("GET", f"/v1/payment_intents/pi_{_SUFFIX}"),
        "two unknown parameters": Call("GET", "/v1/disputes", (("a", "1"), ("b", "1"))),
        "a missing parameter": Call("POST", "/v1/payment_intents"),
        "an amount that is no number": Call("POST", "/v1/payment_intents", (("amount", "x"), *unpaid)),
        "a small amount": Call("POST", "/v1/payment_intents", (("amount", "1"), *unpaid)),
        "an empty limit": Call("GET", "/v1/disputes", (("limit", ""),)),
        "a limit out of range": Call("GET", "/v1/disputes", (("limit", "101"),)),
        "an expansion too deep": Call("GET", "/v1/disputes", (("expand[]", "data.a.b.c.d"),)),
    }.items():
        yield Seen(what, ask.send(call).words)
    yield from _refusals_of_objects(ask)


def _refusals_of_objects(ask: Ask) -> Iterator[Seen]:
    dispute = ask.dispute()
    not_boolean = ask.post(f"/v1/disputes/{dispute['id']}", ("submit", "x"))
    yield Seen("a boolean that is none", not_boolean.words)
    expanded = ask.get(f"/v1/charges/{dispute['charge']}", ("expand[]", "x"))
    yield Seen("what cannot be expanded", expanded.words)
    confirmed = ask.post(f"/v1/payment_intents/{dispute['payment_intent']}/confirm")
    yield Seen("a second confirmation", confirmed.words)


BY_REQUEST: dict[str, Probe] = {
    "unknown-filter": _unknown_filter,
    "idempotent-refusals": _idempotent_refusals,
    "idempotency-endpoint": _idempotency_endpoint,
    "idempotency-account": _idempotency_account,
    "restricted-key": _restricted_key,
    "unknown-id-write": _unknown_id_write,
    "refusal-wording": _refusal_wording,
}
