"""Places in JSON: each path the policy names, fields nobody named, keys, metadata, messages."""

from __future__ import annotations

from typing import Any

from replaydisputes.redaction.policy import ANY, NO_OBJECT
from tests.canaries.drafts import Bed, Plant, containers, in_url
from tests.canaries.encodings import Spelled


def json_place(within: str, path: str) -> Plant:
    def plant(bed: Bed, spelled: Spelled) -> None:
        tree: Any = bed.leaf(spelled)
        for name in reversed(path.split(".")):
            tree = {name: [tree] if bed.rng.random() < 0.1 else tree}
        if within == NO_OBJECT:
            bed.own_draft().answer = tree
            return
        kind = bed.rng.choice(("dispute", "charge", "made_up")) if within == ANY else within
        _extra(bed, tree if path == "object" else {"object": kind, **tree})

    return plant


def _extra(bed: Bed, value: Any) -> None:
    """Put a value under a new field somewhere in a body: top, nested object or list member."""
    draft = bed.any_draft()
    holders = list(containers(draft.answer))
    bed.rng.choice(holders)[f"field_{_letters(bed)}"] = value


def _letters(bed: Bed) -> str:
    """A name for a new field, from letters that spell no word the gate takes for a person's field."""
    return "".join(bed.rng.choices("aefgkl", k=8))


def unnamed_field(bed: Bed, spelled: Spelled) -> None:
    _extra(bed, bed.leaf(spelled))


def unnamed_deep(bed: Bed, spelled: Spelled) -> None:
    value: Any = bed.leaf(spelled)
    for _ in range(bed.rng.randrange(1, 12)):
        value = {_letters(bed): value} if bed.rng.random() < 0.6 else [value, None]
    _extra(bed, value)


def list_where_object_expected(bed: Bed, spelled: Spelled) -> None:
    name = bed.rng.choice(("charge", "evidence", "billing_details", "payment_method_details", "metadata"))
    _extra(bed, {"object": "dispute", name: [[bed.leaf(spelled)], {"name": None}]})


def object_where_text_expected(bed: Bed, spelled: Spelled) -> None:
    name = bed.rng.choice(("status", "id", "reason", "currency", "amount", "created"))
    _extra(bed, {"object": "dispute", name: {"value": bed.leaf(spelled), name: bed.leaf(spelled)}})


def unknown_object(bed: Bed, spelled: Spelled) -> None:
    name = bed.rng.choice(("status", "type", "name", "message", "amount"))
    _extra(bed, {"object": f"new_{_letters(bed)}", name: bed.leaf(spelled)})


def expanded_object(bed: Bed, spelled: Spelled) -> None:
    customer = {"object": "customer", "id": None, "name": bed.leaf(spelled)}
    _extra(bed, {"object": "list", "data": [{"object": "charge", "customer": customer}], "url": "/v1/charges"})


def json_key(bed: Bed, spelled: Spelled) -> None:
    key = bed.leaf(spelled)
    _extra(bed, bed.rng.choice(({key: None}, {"object": "dispute", key: 1}, {"data": [{key: {}}]})))


def metadata_key(bed: Bed, spelled: Spelled) -> None:
    key = bed.leaf(spelled)
    _extra(bed, {"metadata": bed.rng.choice(({key: "1"}, {"a": {key: "1"}}, {"object": "charge", key: "1"}))})


def metadata_value(bed: Bed, spelled: Spelled) -> None:
    key = bed.rng.choice(("order", "object", "status", "id", "amount", "currency"))
    _extra(bed, {"object": "charge", "metadata": {key: bed.leaf(spelled)}})


def evidence_value(bed: Bed, spelled: Spelled) -> None:
    keys = "customer_name customer_email_address customer_purchase_ip uncategorized_text billing_address receipt new"
    _extra(bed, {"object": "dispute", "evidence": {bed.rng.choice(keys.split()): bed.leaf(spelled)}})


def json_in_a_string(bed: Bed, spelled: Spelled) -> None:
    inner = bed.json_bytes({"person": [bed.leaf(spelled)]}).decode()
    _extra(bed, bed.rng.choice(({"payload": inner}, {"metadata": {"a": inner}}, {"object": "event", "type": inner})))


def json_in_a_message(bed: Bed, spelled: Spelled) -> None:
    inner = bed.json_bytes({"person": [bed.leaf(spelled)]}).decode()
    bed.own_draft().answer = {"error": {"message": f"Invalid object: {inner}", "type": "invalid_request_error"}}


SENTENCES = (
    "No such dispute: '%'", "No such customer: %; a similar object exists in live mode", "Invalid integer: %",
    "The email % is not valid.", "%", "Received unknown parameter: %", "Your card ending in % was declined.",
    "Try using a key other than '%' if you meant to execute a different request.", "(%)", "x=% y",
)  # fmt: skip


def error_message(bed: Bed, spelled: Spelled) -> None:
    sentence = bed.rng.choice(SENTENCES)
    before, _, after = sentence.partition("%")
    message = before + bed.leaf(spelled) + after
    bed.own_draft().answer = {"error": {"message": message, "type": "invalid_request_error"}}


def error_link(bed: Bed, spelled: Spelled) -> None:
    urls = (
        "https://dashboard.stripe.com/acct_1/test/logs/", "https://stripe.com/docs/error-codes/",
        "https://dashboard.stripe.com/test/logs?object=", "https://corp.io/?q=", "http://stripe.com/",
    )  # fmt: skip
    name = bed.rng.choice(("doc_url", "request_log_url", "message"))
    bed.own_draft().answer = {"error": {name: bed.rng.choice(urls) + in_url(spelled), "type": "api_error"}}


def previous_attributes(bed: Bed, spelled: Spelled) -> None:
    name = bed.rng.choice(("status", "evidence", "metadata", "reason", "new_field", "amount", "charge"))
    changed = {"object": {"object": "dispute", "status": "lost"}, "previous_attributes": {name: bed.leaf(spelled)}}
    _extra(bed, {"object": "event", "type": "charge.dispute.updated", "data": changed})
