"""The sandbox's life of a dispute, without HTTP."""

from __future__ import annotations

import json
import threading
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.model import Request
from replaydisputes.sandbox import ASSUMPTIONS, LiveKeyError, Sandbox, SandboxLimitError
from replaydisputes.stripe_api.facts import DISPUTE_STATUSES
from tests.sandbox_calls import FRAUDULENT, KEY, Caller, body_of, payment

INQUIRY = "pm_card_createDisputeInquiry"
SCHEMA = json.loads(files("replaydisputes.stripe_api").joinpath("dispute.schema.json").read_text("utf-8"))


@pytest.fixture
def caller() -> Caller:
    return Caller(Sandbox())


def submit(text: str) -> tuple[tuple[str, str], ...]:
    return ("evidence[uncategorized_text]", text), ("submit", "true")


def test_fraudulent_card_makes_the_recorded_kind_of_dispute(caller: Caller) -> None:
    intent = caller.pay()
    dispute = caller.get("/v1/disputes", ("payment_intent", intent["id"]))["data"][0]

    booked = [(row["amount"], row["fee"], row["net"], row["type"]) for row in dispute["balance_transactions"]]
    assert {name: dispute[name] for name in ("status", "reason", "amount", "is_charge_refundable")} == {
        "status": "needs_response",
        "reason": "fraudulent",
        "amount": 2000,
        "is_charge_refundable": False,
    }
    assert booked == [(-2000, 1500, -3500, "adjustment")]
    assert dispute["balance_transaction"] == dispute["balance_transactions"][0]["id"]
    assert (dispute["payment_intent"], dispute["charge"]) == (intent["id"], intent["latest_charge"])
    assert dispute["payment_method_details"]["card"]["network_reason_code"] == "10.4"


@pytest.mark.parametrize(
    ("payment_method", "made"),
    [
        (
            "pm_card_createDisputeProductNotReceived",
            [("needs_response", "product_not_received", 2001, 1, "chargeback")],
        ),
        (INQUIRY, [("warning_needs_response", "fraudulent", 2001, 0, "inquiry")]),
        (
            "pm_card_createMultipleDisputes",
            [
                ("needs_response", "fraudulent", 1000, 1, "chargeback"),
                ("needs_response", "fraudulent", 1001, 1, "chargeback"),
            ],
        ),
        ("pm_card_createIssuerFraudRecord", []),
        ("pm_card_visa", []),
    ],
)
def test_each_test_card_leads_to_its_disputes(caller: Caller, payment_method: str, made: list[Any]) -> None:
    intent = caller.pay(payment_method, 2001)

    found = caller.get("/v1/disputes", ("charge", intent["latest_charge"]))["data"]
    assert [
        (
            dispute["status"],
            dispute["reason"],
            dispute["amount"],
            len(dispute["balance_transactions"]),
            dispute["payment_method_details"]["card"]["case_type"],
        )
        for dispute in found
    ] == made


def test_close_changes_nothing_but_the_status(caller: Caller) -> None:
    dispute = caller.dispute()

    closed = caller.post(f"/v1/disputes/{dispute['id']}/close")

    assert closed == dispute | {"status": "lost"}
    assert caller.get(f"/v1/disputes/{dispute['id']}") == closed


def test_second_close_is_refused_in_stripes_words(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}/close"
    caller.post(path)

    response = caller.send("POST", path)

    error = body_of(response)["error"]
    log = f"https://dashboard.stripe.com/{caller.answerer.account}/test/workbench/logs?object="  # type: ignore[attr-defined]
    assert (response.status, error) == (
        400,
        {
            "message": "This dispute is already closed",
            "request_log_url": log + str(response.header("Request-Id")),
            "type": "invalid_request_error",
        },
    )


def test_closing_an_inquiry_names_the_assumption_it_rests_on(caller: Caller) -> None:
    dispute = caller.dispute(INQUIRY)

    response = caller.send("POST", f"/v1/disputes/{dispute['id']}/close")

    assert body_of(response)["status"] == "warning_closed"
    assert response.header("Replaydisputes-Assumption") == "inquiry-close, inquiry-reason"


def test_a_close_that_was_recorded_rests_on_no_assumption(caller: Caller) -> None:
    response = caller.send("POST", f"/v1/disputes/{caller.dispute()['id']}/close")

    assert response.header("Replaydisputes-Assumption") is None
    assert response.header("Replaydisputes-Sandbox") == "true"


@pytest.mark.parametrize(
    ("payment_method", "text", "status", "bookings"),
    [
        (FRAUDULENT, "winning_evidence", "won", [(-2000, 1500), (2000, -1500)]),
        (FRAUDULENT, "losing_evidence", "lost", [(-2000, 1500)]),
        (FRAUDULENT, "a letter", "under_review", [(-2000, 1500)]),
        (FRAUDULENT, "escalate_inquiry_evidence", "under_review", [(-2000, 1500)]),
        (INQUIRY, "winning_evidence", "warning_closed", []),
        (INQUIRY, "losing_evidence", "warning_closed", []),
        (INQUIRY, "escalate_inquiry_evidence", "needs_response", [(-2000, 1500)]),
    ],
)
def test_evidence_steers_a_test_dispute(
    caller: Caller, payment_method: str, text: str, status: str, bookings: list[Any]
) -> None:
    path = f"/v1/disputes/{caller.dispute(payment_method)['id']}"

    submitted = caller.post(path, *submit(text))
    later = caller.get(path)

    assert submitted["status"] == ("under_review" if payment_method == FRAUDULENT else "warning_under_review")
    assert (later["status"], [(row["amount"], row["fee"]) for row in later["balance_transactions"]]) == (
        status,
        bookings,
    )


def test_evidence_can_be_staged_and_unset_without_submitting(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    staged = caller.post(path, ("evidence[customer_name]", "Ada"), ("submit", "false"))
    unset = caller.post(path, ("evidence[customer_name]", ""), ("submit", "false"))

    seen = [
        (row["evidence"]["customer_name"], row["evidence_details"]["has_evidence"], row["status"])
        for row in (staged, unset)
    ]
    assert seen == [("Ada", True, "needs_response"), (None, False, "needs_response")]


def test_metadata_merges_and_clears_and_submits_nothing(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    seen = [
        caller.post(path, *params)["metadata"]
        for params in (
            [("metadata[a]", "1"), ("metadata[b]", "2")],
            [("metadata[a]", ""), ("metadata[c]", "3")],
            [("metadata", "")],
        )
    ]

    assert seen == [{"a": "1", "b": "2"}, {"b": "2", "c": "3"}, {}]
    assert caller.get(path)["status"] == "needs_response"


def test_won_dispute_refuses_to_close(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    caller.post(path, *submit("winning_evidence"))

    response = caller.send("POST", f"{path}/close")

    assert (response.status, body_of(response)["error"]["message"]) == (400, "This dispute is already closed")


def test_every_status_the_sandbox_reaches_fits_the_schema() -> None:
    reached = set()
    for people in (False, True):
        caller = Caller(Sandbox(people=people))
        for payment_method in (FRAUDULENT, INQUIRY):
            for steps in ([], [("close",)], [submit("x")], [submit("winning_evidence")], [submit("losing_evidence")]):
                path = f"/v1/disputes/{caller.dispute(payment_method)['id']}"
                for step in steps:
                    caller.post(f"{path}/close") if step == ("close",) else caller.post(path, *step)
                dispute = caller.get(path)
                jsonschema.validate(dispute, SCHEMA)
                reached.add(dispute["status"])

    assert reached == set(DISPUTE_STATUSES) - {"appeal_needs_response", "appeal_under_review", "prevented"}


def test_a_close_and_its_payment_can_be_read_back_as_events(caller: Caller) -> None:
    dispute = caller.dispute()
    caller.post(f"/v1/disputes/{dispute['id']}/close")

    events = caller.get("/v1/events")["data"]
    assert [event["type"] for event in reversed(events)] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "charge.updated",
    ]
    closed = caller.get("/v1/events", ("type", "charge.dispute.closed"))["data"]
    assert [event["data"]["object"] for event in closed] == [dispute | {"status": "lost"}]
    assert caller.get(f"/v1/events/{closed[0]['id']}") == closed[0]
    assert closed[0]["request"]["id"].startswith("req_")


def test_the_charges_update_after_a_close_tells_that_nothing_known_changed(caller: Caller) -> None:
    dispute = caller.dispute()
    caller.post(f"/v1/disputes/{dispute['id']}/close")

    found = caller.send("GET", "/v1/events", ("types[]", "charge.updated"))

    event = body_of(found)["data"][0]
    assert event["data"] == {"object": caller.get(f"/v1/charges/{dispute['charge']}"), "previous_attributes": {}}
    assert found.header("Replaydisputes-Assumption") == "charge-updated-event"


def test_a_removed_metadata_key_is_told_with_its_old_value_and_a_change_of_nothing_is_not(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    for text in ("1", "", ""):
        caller.post(path, ("metadata[a]", text))

    events = caller.get("/v1/events", ("type", "charge.dispute.updated"))["data"]

    assert [event["data"]["previous_attributes"] for event in events] == [
        {"metadata": {"a": "1"}},
        {"metadata": {"a": None}},
    ]


@pytest.mark.parametrize(
    ("params", "types"),
    [
        ([("type", "charge.dispute.*")], ["closed", "funds_withdrawn", "created"]),
        ([("types[]", "charge.dispute.closed"), ("types[]", "charge.dispute.created")], ["closed", "created"]),
        ([("type", "charge.dispute.closed"), ("created[gt]", "1900000000")], []),
        ([("type", "charge.dispute.*"), ("limit", "1")], ["closed"]),
    ],
)
def test_events_are_filtered_by_type_group_and_time(
    caller: Caller, params: list[tuple[str, str]], types: list[str]
) -> None:
    caller.post(f"/v1/disputes/{caller.dispute()['id']}/close")

    found = caller.get("/v1/events", *params)["data"]

    assert [event["type"].removeprefix("charge.dispute.") for event in found] == types


def test_an_update_event_tells_the_old_values(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    caller.post(path, ("evidence[customer_name]", "Ada"))

    event = caller.get("/v1/events", ("types[]", "charge.dispute.updated"))["data"][0]
    assert event["data"]["previous_attributes"] == {
        "evidence": {"customer_name": None},
        "evidence_details": {"has_evidence": False, "submission_count": 0, "submission_method": "not_submitted"},
        "status": "needs_response",
    }


def test_pages_go_through_all_disputes_in_both_directions(caller: Caller) -> None:
    made = [caller.dispute()["id"] for _ in range(5)][::-1]

    def page(*params: tuple[str, str]) -> tuple[list[str], bool]:
        found = caller.get("/v1/disputes", ("limit", "2"), *params)
        assert (found["object"], found["url"], found["count"]) == ("list", "/v1/disputes", len(found["data"]))
        return [row["id"] for row in found["data"]], found["has_more"]

    assert page() == (made[:2], True)
    assert page(("starting_after", made[1])) == (made[2:4], True)
    assert page(("starting_after", made[3])) == (made[4:], False)
    assert page(("ending_before", made[4])) == (made[2:4], True)
    assert page(("ending_before", made[2])) == (made[:2], False)


def test_created_bounds_narrow_a_list() -> None:
    times = iter(range(1_793_610_000, 1_793_620_000, 100))
    caller = Caller(Sandbox(clock=lambda: next(times)))
    made = [caller.dispute() for _ in range(3)]

    found = caller.get(
        "/v1/disputes", ("created[gt]", str(made[0]["created"])), ("created[lt]", str(made[2]["created"]))
    )

    assert [row["id"] for row in found["data"]] == [made[1]["id"]]
    found = caller.get("/v1/disputes", ("created", str(made[2]["created"])))
    assert [row["id"] for row in found["data"]] == [made[2]["id"]]


def test_expansion_reaches_four_levels(caller: Caller) -> None:
    dispute = caller.dispute()

    path = "data.charge.payment_intent.latest_charge"
    found = caller.get("/v1/disputes", ("expand[]", path), ("expand[]", "data.payment_intent"))["data"][0]

    charge = found["charge"]
    assert charge["id"] == dispute["charge"]
    assert charge["payment_intent"]["id"] == found["payment_intent"]["id"] == dispute["payment_intent"]
    assert charge["payment_intent"]["latest_charge"]["id"] == dispute["charge"]
    assert charge["payment_intent"]["latest_charge"]["disputed"] is True


def test_a_close_expands_as_well(caller: Caller) -> None:
    dispute = caller.dispute()

    closed = caller.post(f"/v1/disputes/{dispute['id']}/close", ("expand[0]", "charge"))

    assert (closed["charge"]["id"], closed["charge"]["object"], closed["status"]) == (
        dispute["charge"],
        "charge",
        "lost",
    )


def test_a_payment_can_be_confirmed_in_a_second_call(caller: Caller) -> None:
    made = caller.post(
        "/v1/payment_intents", ("amount", "500"), ("currency", "USD"), ("payment_method_types[0]", "card")
    )
    confirmed = caller.post(f"/v1/payment_intents/{made['id']}/confirm", ("payment_method", FRAUDULENT))
    again = caller.send("POST", f"/v1/payment_intents/{made['id']}/confirm")

    assert [made["status"], confirmed["status"], made["currency"]] == ["requires_payment_method", "succeeded", "usd"]
    assert caller.get(f"/v1/payment_intents/{made['id']}") == confirmed
    assert caller.get(f"/v1/charges/{confirmed['latest_charge']}")["disputed"] is True
    assert body_of(again)["error"]["code"] == "payment_intent_unexpected_state"


def test_money_of_a_charge_and_a_dispute_can_be_read(caller: Caller) -> None:
    dispute = caller.dispute()
    charge = caller.get(f"/v1/charges/{dispute['charge']}")

    paid = caller.get(f"/v1/balance_transactions/{charge['balance_transaction']}")
    withdrawn = caller.get(f"/v1/balance_transactions/{dispute['balance_transaction']}", ("expand[]", "source"))

    assert (paid["amount"], paid["fee"], paid["net"], paid["source"]) == (2000, 88, 1912, charge["id"])
    assert (withdrawn["net"], withdrawn["source"]["id"]) == (-3500, dispute["id"])


def test_a_dispute_comes_late_where_it_is_told_to() -> None:
    caller = Caller(Sandbox(dispute_delay=3))
    intent = caller.pay()

    counts = [len(caller.get("/v1/disputes", ("payment_intent", intent["id"]))["data"]) for _ in range(4)]

    assert counts == [0, 0, 1, 1]


def test_stripe_fills_in_evidence_some_moments_later() -> None:
    caller = Caller(Sandbox(enrich_after=3))
    params = (("receipt_email", "ada@example.com"), ("description", "One hat"), ("shipping[name]", "Ada"))
    intent = caller.pay(FRAUDULENT, 2000, *params)
    path = "/v1/disputes/" + caller.get("/v1/disputes", ("payment_intent", intent["id"]))["data"][0]["id"]

    fields = ("customer_email_address", "customer_name", "product_description")
    evidence = [caller.get(path)["evidence"] for _ in range(2)]

    assert [[found[name] for name in fields] for found in evidence] == [
        [None] * 3,
        ["ada@example.com", "Ada", "One hat"],
    ]


def test_a_live_key_is_refused_and_never_shown() -> None:
    sandbox = Sandbox()
    for key in ("sk_live_51AbcSecretSecretSecret", "rk_live_51AbcSecretSecretSecret", "sk_org_51AbcSecretSecret"):
        with pytest.raises(LiveKeyError) as caught:
            Caller(sandbox, key).get("/v1/disputes")
        assert "51Abc" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "/v1/refunds", ()),
        ("GET", "/v1/charges", ()),
        ("GET", "/v1/charges/search", ()),
        ("GET", "/v1/payment_intents", ()),
        ("POST", "/v1/payment_intents", (*payment(), ("customer", "cus_1"))),
        ("POST", "/v1/payment_intents", payment("pm_card_chargeDeclined")),
        ("POST", "/v1/payment_intents", (("amount", "5000"), ("currency", "jpy"), ("payment_method_types[]", "card"))),
        ("POST", "/v1/payment_intents", (("amount", "5000"), ("currency", "usd"))),
        ("GET", "/v1/events", (("type", "*.closed"),)),
        ("GET", "/v1/disputes", (("starting_after", "a"), ("ending_before", "b"))),
        ("POST", "/v1/payment_intents", (("amount", "50"), ("currency", "usd"), ("payment_method_types", "card"))),
        ("POST", "/v1/payment_intents", payment("")),
    ],
)
def test_what_stripe_knows_and_the_sandbox_does_not_is_refused_as_such(
    caller: Caller, method: str, path: str, params: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(SandboxLimitError):
        caller.send(method, path, *params)


@pytest.mark.parametrize(
    "call",
    [
        *("GET /v1/balance", "GET /v1/customers/cus_1/sources", "POST /v1/files", "GET /v1/radar/reviews/x"),
        *("POST /v1/charges", "POST /v1/charges/ch_1/capture", "POST /v1/charges/ch_1/refund"),
        *("POST /v1/charges/ch_1/refunds", "POST /v1/charges/ch_1/dispute", "POST /v1/charges/ch_1/dispute/close"),
        *("POST /v1/charges/ch_1", "POST /v1/account", "POST /v1/accounts/acct_1/persons"),
        *("GET /v1/accounts/acct_1/persons", "GET /v1/payment_intents/search", "POST /v1/payment_intents/pi_1"),
        *("POST /v1/payment_intents/pi_1/cancel", "POST /v1/payment_intents/pi_1/capture"),
        "POST /v1/payment_intents/pi_1/increment_authorization",
        "GET /v1/balance_transactions",
        *(f"DELETE /v1/{kind}/x" for kind in ("accounts", "customers", "coupons", "plans", "products")),
        "DELETE /v1/webhook_endpoints/x",
    ],
)
def test_each_endpoint_that_is_left_out_is_told_from_one_that_stripe_does_not_know(caller: Caller, call: str) -> None:
    method, path = call.split()
    with pytest.raises(SandboxLimitError):
        caller.send(method, path)

    assert caller.send(method, f"/v1/un{path[4:]}").status == 404


@pytest.mark.parametrize("expand", ["wat", "status", "evidence", "charge.wat"])
def test_a_refused_call_has_changed_nothing(caller: Caller, expand: str) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"

    refused = caller.send("POST", f"{path}/close", ("expand[]", expand))

    assert (refused.status, body_of(refused)["error"]["message"]) == (
        400,
        f"This property cannot be expanded ({expand}).",
    )
    assert caller.get(path)["status"] == "needs_response"
    assert caller.get("/v1/events", ("type", "charge.dispute.closed"))["data"] == []


def test_a_raised_error_has_changed_nothing(caller: Caller) -> None:
    path = f"/v1/disputes/{caller.dispute()['id']}"
    caller.post(path, ("evidence[customer_name]", "Ada"))
    before = caller.get(path)

    with pytest.raises(SandboxLimitError):
        caller.post(path, ("evidence[customer_name]", "Eve"))

    assert caller.get(path) == before


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", "https://api.stripe.com/v1/disputes/du_1", (("Content-Type", "application/json"),), b"{}"),
        Request("POST", "https://api.stripe.com/v1/disputes/du_1", (), b"metadata[a]=%ff"),
        Request("POST", "https://api.stripe.com/v1/disputes/du_1", (), "metadata[a]=ü".encode("latin-1")),
        Request("GET", "https://api.stripe.com/v1/disputes", (), b"limit=1"),
        Request("GET", "https://api.stripe.com/v1/disputes", (("Stripe-Version", "latest"),)),
        Request("GET", "https://api.stripe.com/v1/disputes", (("Stripe-Context", "acct_1"),)),
        Request("POST", "https://api.stripe.com/v1/disputes/du_1", (), b"metadata[a][b]=1"),
        Request("POST", "https://api.stripe.com/v1/disputes/du_1", (), b"evidence=x"),
        Request("GET", "https://api.stripe.com/v1/events?types[a]=charge.updated"),
    ],
)
def test_a_request_no_sdk_sends_gets_one_clear_error(request_: Request) -> None:
    authorized = Request(
        request_.method, request_.url, (("Authorization", f"Bearer {KEY}"), *request_.headers), request_.body
    )

    with pytest.raises(ReplayDisputesError) as caught:
        Sandbox().answer(authorized)

    assert "the sandbox does not model" in str(caught.value)


def test_threads_share_one_account_without_losing_a_payment() -> None:
    caller = Caller(Sandbox())
    threads = [threading.Thread(target=lambda: [caller.pay() for _ in range(10)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({row["id"] for row in caller.get("/v1/disputes", ("limit", "100"))["data"]}) == 80


def test_every_assumption_says_why_and_what_would_settle_it() -> None:
    assert all(all((row.assumed, row.why, row.settled_by)) for row in ASSUMPTIONS.values())
    assert [name for name, row in ASSUMPTIONS.items() if name != row.name] == []


def test_an_empty_file_field_expands_to_nothing_and_a_filled_one_is_not_modelled() -> None:
    empty, filled = Caller(Sandbox()), Caller(Sandbox(people=True))
    expand = ("expand[]", "evidence.receipt")

    assert empty.get(f"/v1/disputes/{empty.dispute()['id']}", expand)["evidence"]["receipt"] is None
    path = f"/v1/disputes/{filled.dispute()['id']}"
    with pytest.raises(SandboxLimitError, match=r"the object behind evidence\.receipt"):
        filled.get(path, expand)


def test_another_currency_is_kept_and_called_an_assumption(caller: Caller) -> None:
    params = [(name, "eur" if name == "currency" else value) for name, value in payment()]
    paid = caller.send("POST", "/v1/payment_intents", *params)
    dispute = caller.send("GET", "/v1/disputes")

    booked = body_of(dispute)["data"][0]["balance_transactions"][0]
    assert (booked["currency"], booked["fee_details"][0]["currency"]) == ("eur", "eur")
    assert [answer.header("Replaydisputes-Assumption") for answer in (paid, dispute)] == ["settlement-currency"] * 2


def test_a_payment_method_can_pay_again_and_expands(caller: Caller) -> None:
    first = caller.pay(FRAUDULENT, 2000, ("expand[]", "payment_method"))
    second = caller.pay(first["payment_method"]["id"], 3000)

    assert (first["payment_method"]["card"]["last4"], second["payment_method"]) == (
        "0259",
        first["payment_method"]["id"],
    )
    assert [row["amount"] for row in caller.get("/v1/disputes")["data"]] == [3000, 2000]


def test_automatic_payment_methods_without_redirects_are_taken(caller: Caller) -> None:
    automatic = (
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    )
    params = [row for row in payment() if row[0] != "payment_method_types[]"]

    intent = caller.post("/v1/payment_intents", *params, *automatic)

    assert (intent["status"], intent["automatic_payment_methods"]) == (
        "succeeded",
        {"allow_redirects": "never", "enabled": True},
    )


def test_a_page_with_more_behind_it_names_its_assumption(caller: Caller) -> None:
    caller.dispute(), caller.dispute()

    pages = [caller.send("GET", "/v1/disputes", ("limit", str(limit))) for limit in (1, 2)]

    assert [page.header("Replaydisputes-Assumption") for page in pages] == ["list-count", None]


def test_what_is_said_at_the_confirmation_reaches_the_charge(caller: Caller) -> None:
    made = caller.post("/v1/payment_intents", *payment()[:-1])
    said = (("receipt_email", "ada@example.com"), ("shipping[name]", "Ada"), ("shipping[address][city]", "Köln"))

    confirmed = caller.post(f"/v1/payment_intents/{made['id']}/confirm", *said)

    charge = caller.get(f"/v1/charges/{confirmed['latest_charge']}")
    assert (charge["receipt_email"], charge["shipping"]) == (
        "ada@example.com",
        {
            "address": {
                "city": "Köln",
                "country": None,
                "line1": None,
                "line2": None,
                "postal_code": None,
                "state": None,
            },
            "carrier": None,
            "name": "Ada",
            "phone": None,
            "tracking_number": None,
        },
    )
