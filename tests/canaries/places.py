"""Where a secret is planted: one function for each kind of place, one entry for each place of the policy's tables."""

from __future__ import annotations

from collections.abc import Iterator

from replaydisputes.redaction.policy import FORM_RULES, JSON_RULES, REQUEST_HEADERS, RESPONSE_HEADERS
from replaydisputes.stripe_api.kinds import Kind
from tests.canaries.drafts import FORM, Bed, Draft, Plant, in_form, in_url, with_header
from tests.canaries.encodings import Spelled
from tests.canaries.places_in_bodies import (
    json_request,
    json_text_alone,
    multipart,
    not_utf8,
    packed_and_torn,
    utf16,
)
from tests.canaries.places_in_json import (
    error_link,
    error_message,
    evidence_value,
    expanded_object,
    json_in_a_message,
    json_in_a_string,
    json_key,
    json_place,
    list_where_object_expected,
    metadata_key,
    metadata_value,
    object_where_text_expected,
    previous_attributes,
    unknown_object,
    unnamed_deep,
    unnamed_field,
)

NUMBER_PLACES: set[str] = set()
"""Places that keep whatever is a number: what is nothing but digits passes there by design."""


def path_segment(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().url = (
        f"https://api.stripe.com/v1/{bed.rng.choice(('disputes', 'customers', 'x'))}/{in_url(spelled)}"
    )


def path_before_close(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().url = f"https://api.stripe.com/v1/disputes/{in_url(spelled)}/close"


def query_value(bed: Bed, spelled: Spelled) -> None:
    name = bed.rng.choice(("q", "email", "expand[]", "created[gte]", "payment_intent", "type", "metadata[a]"))
    _add_query(bed.any_draft(), f"{name}={in_url(spelled)}")


def query_key(bed: Bed, spelled: Spelled) -> None:
    _add_query(bed.any_draft(), f"{in_url(spelled)}{bed.rng.choice(('=', '=1', '[]=2', '[a]=b'))}")


def query_inner_key(bed: Bed, spelled: Spelled) -> None:
    outer = bed.rng.choice(("metadata", "evidence", "payment_intent_data[metadata]", "x"))
    _add_query(bed.any_draft(), f"{outer}[{in_url(spelled)}]=1")


def user_info(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().url = f"https://{in_url(spelled)}:@api.stripe.com/v1/disputes"


def url_fragment(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().url = f"https://api.stripe.com/v1/disputes#{in_url(spelled)}"


def method(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().method = spelled.literal


def reason_phrase(bed: Bed, spelled: Spelled) -> None:
    bed.own_draft().reason = spelled.literal


def _add_query(draft: Draft, pair: str) -> None:
    draft.url += ("&" if "?" in draft.url else "?") + pair


def _in_header(bed: Bed, spelled: Spelled, name: str, frame: str) -> None:
    """frame: `%` stands for the planted text."""
    draft = bed.own_draft()
    value = frame.replace("%", spelled.literal)
    if bed.rng.random() < 0.5:
        draft.request_headers = with_header(tuple(draft.request_headers), name, value)
    else:
        draft.response_headers = with_header(tuple(draft.response_headers), name, value)


FRAMES = {
    "authorization": ("Bearer %", "Basic %", "%", "Digest username=%"),
    "content-type": ("%", "application/json; charset=%", "multipart/form-data; boundary=%", "text/plain %"),
    "idempotency-key": ("%", "retry-%"),
    "server": ("%", "nginx; %", "nginx (%)"),
    "www-authenticate": ('Bearer realm="%"', "%"),
    "strict-transport-security": ("max-age=63072000; %", "%"),
    "access-control-expose-headers": ("Request-Id, %", "%"),
    "content-encoding": ("%", "identity, %"),
}
_OTHER_HEADERS = """
    user-agent x-stripe-client-user-agent x-stripe-client-telemetry cookie set-cookie x-forwarded-for forwarded
    content-security-policy content-encoding transfer-encoding etag location x-wc x-anything stripe-context referer
"""


def _header_place(name: str) -> Plant:
    frames = FRAMES.get(name, ("%", "%", "a=%; b"))

    def plant(bed: Bed, spelled: Spelled) -> None:
        spelling = bed.rng.choice((name, name.title(), name.upper()))
        _in_header(bed, spelled, spelling, bed.rng.choice(frames))

    return plant


def header_name(bed: Bed, spelled: Spelled) -> None:
    bed.any_draft().response_headers.append((spelled.literal, "1"))


def repeated_header(bed: Bed, spelled: Spelled) -> None:
    bed.any_draft().response_headers.append((bed.rng.choice(("Vary", "Connection", "X-Other")), spelled.literal))


def _form_place(key: str) -> Plant:
    def plant(bed: Bed, spelled: Spelled) -> None:
        _add_form(bed.any_draft(), key.encode() + b"=" + in_form(spelled))

    return plant


def form_key(bed: Bed, spelled: Spelled) -> None:
    _add_form(bed.any_draft(), in_form(spelled) + b"=1")


def form_inner_key(bed: Bed, spelled: Spelled) -> None:
    outer = bed.rng.choice((b"metadata", b"evidence", b"payment_intent_data[metadata]", b"metadata[a]"))
    _add_form(bed.any_draft(), outer + b"[" + in_form(spelled) + b"]=1")


def form_sent_as_something_else(bed: Bed, spelled: Spelled) -> None:
    draft = bed.own_draft()
    draft.form = b"evidence[customer_name]=" + in_form(spelled)
    draft.request_headers = with_header(tuple(draft.request_headers), "Content-Type", "text/plain")


def _add_form(draft: Draft, pair: bytes) -> None:
    draft.method = "POST"
    draft.request_headers = with_header(tuple(draft.request_headers), "Content-Type", FORM)
    draft.form += (b"&" if draft.form else b"") + pair


_NESTED_FORM_KEYS = """
    evidence[customer_email_address] evidence[customer_name] evidence[enhanced_evidence][visa][merchandise][0][note]
    payment_method_data[card][number] payment_method_data[billing_details][name] shipping[address][line1]
    metadata[order] description receipt_email payment_method customer expand[] expand[0] created[gte] items[0][id]
    statement_descriptor return_url evidence[uncategorized_text] client_secret unknown[a][b][c]
"""


def _table() -> Iterator[tuple[str, Plant]]:
    for plant in (
        path_segment, path_before_close, query_value, query_key, query_inner_key, user_info, url_fragment, method,
        reason_phrase, header_name, repeated_header, form_key, form_inner_key, form_sent_as_something_else,
        unnamed_field, unnamed_deep, list_where_object_expected, object_where_text_expected, unknown_object,
        expanded_object, json_key, metadata_key, metadata_value, evidence_value, json_in_a_string, json_in_a_message,
        error_message, error_link, previous_attributes, json_text_alone, not_utf8, utf16, multipart, json_request,
    ):  # fmt: skip
        yield plant.__name__.replace("_", " "), plant
    for name in dict.fromkeys((*REQUEST_HEADERS, *RESPONSE_HEADERS, *_OTHER_HEADERS.split())):
        yield f"header {name}", _header_place(name)
    for key in dict.fromkeys((*FORM_RULES, *_NESTED_FORM_KEYS.split())):
        yield f"form {key}", _form_place(key if "." not in key else key.replace(".", "[", 1) + "]")
    for rule in JSON_RULES:
        for path in rule.fields:
            yield f"JSON {rule.within} {path}", json_place(rule.within, path)
    yield from packed_and_torn()


PLACES: dict[str, Plant] = dict(_table())

NUMBER_PLACES.update(f"form {name}" for name, (kind, _) in FORM_RULES.items() if kind is Kind.COUNT)
NUMBER_PLACES.update(f"header {name}" for name, (kind, _) in RESPONSE_HEADERS.items() if kind is Kind.COUNT)
