"""Connected accounts and restricted keys: who may see and do what."""

from __future__ import annotations

from typing import Any

import pytest

from replaydisputes.sandbox import Sandbox
from tests.sandbox_calls import FRAUDULENT, Caller, body_of, error_of, payment

RESTRICTED = "rk_test_without_dispute_write_51Abcd"


def connected(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, headers={"Stripe-Account": sandbox.connected_accounts[0]})


def test_objects_of_a_connected_account_live_in_it_alone() -> None:
    sandbox = Sandbox()
    platform, merchant = Caller(sandbox), connected(sandbox)

    dispute = merchant.dispute()

    assert sandbox.connected_accounts[0][-10:] in dispute["id"]
    assert (platform.get("/v1/disputes")["data"], merchant.get("/v1/disputes")["data"]) == ([], [dispute])
    assert error_of(platform.send("POST", f"/v1/disputes/{dispute['id']}/close"))[1]["code"] == "resource_missing"
    assert merchant.post(f"/v1/disputes/{dispute['id']}/close")["status"] == "lost"
    assert platform.get("/v1/events")["data"] == []


def test_a_connect_call_echoes_its_account_and_logs_there() -> None:
    sandbox = Sandbox(connected=["acct_1AbcDefGhiJklMno"])

    response = connected(sandbox).send("GET", "/v1/disputes/du_x")

    assert response.header("Stripe-Account") == "acct_1AbcDefGhiJklMno"
    assert "/acct_1AbcDefGhiJklMno/test/" in body_of(response)["error"]["request_log_url"]


def test_a_platform_can_list_and_read_its_connected_accounts() -> None:
    sandbox = Sandbox(connected=["acct_1AbcDefGhiJklMno", "acct_1BbcDefGhiJklMno"])
    platform = Caller(sandbox)

    listed = platform.get("/v1/accounts")["data"]

    assert [row["id"] for row in listed] == ["acct_1BbcDefGhiJklMno", "acct_1AbcDefGhiJklMno"]
    assert platform.get("/v1/accounts/acct_1AbcDefGhiJklMno") == listed[1]
    assert connected(sandbox).get("/v1/account") == listed[1]
    assert platform.get("/v1/account")["id"] == sandbox.account
    assert connected(sandbox).get("/v1/accounts")["data"] == []


def test_one_idempotency_key_in_two_accounts_is_two_requests() -> None:
    sandbox = Sandbox()

    answers = [
        caller.send("POST", "/v1/payment_intents", *payment(), Idempotency_Key="k")
        for caller in (Caller(sandbox), connected(sandbox), connected(sandbox))
    ]

    assert [answer.header("Idempotent-Replayed") for answer in answers] == [None, None, "true"]
    assert body_of(answers[0])["id"] != body_of(answers[1])["id"] == body_of(answers[2])["id"]
    assert answers[1].header("Replaydisputes-Assumption") == "idempotency-account"


@pytest.mark.parametrize("accounts", [["acct_1"], ["acct_1AbcDefGhiJklMno"] * 2])
def test_odd_or_repeated_accounts_are_refused(accounts: list[str]) -> None:
    with pytest.raises(ValueError, match=r"acct_|every account"):
        Sandbox(connected=accounts)


def test_no_id_of_two_accounts_is_equal() -> None:
    sandbox = Sandbox(connected=None, people=True)

    found = [caller.dispute()["id"] for caller in (Caller(sandbox), connected(sandbox)) for _ in range(3)]

    assert len(set(found)) == 6
    assert len({dispute[-8:] for dispute in found}) == 6


def test_a_restricted_key_without_the_permission_is_told_which_one() -> None:
    sandbox = Sandbox()
    dispute = Caller(sandbox).dispute()["id"]
    restricted = Caller(sandbox, RESTRICTED)

    response = restricted.send("POST", f"/v1/disputes/{dispute}/close")

    assert (response.status, body_of(response)) == (
        403,
        {
            "error": {
                "message": "The provided key 'rk_test_************************Abcd' does not have the required "
                f"permissions for this endpoint on account '{sandbox.account}'. Having the 'rak_dispute_write' "
                "permission would allow this request to continue.",
                "type": "invalid_request_error",
            }
        },
    )
    assert response.header("Replaydisputes-Assumption") == "restricted-key"
    assert restricted.get(f"/v1/disputes/{dispute}")["status"] == "needs_response"


@pytest.mark.parametrize(
    ("key", "method", "path", "status"),
    [
        ("rk_test_51Abcd", "POST", "/v1/disputes/{}/close", 200),
        ("rk_test_without_dispute_read", "GET", "/v1/disputes/{}", 403),
        ("rk_test_without_dispute_read", "POST", "/v1/disputes/{}/close", 403),
        ("rk_test_without_charge_read", "GET", "/v1/disputes", 200),
        ("rk_test_without_event_read_without_dispute_write", "GET", "/v1/events", 403),
        ("rk_test_without_event_read_without_dispute_write", "HEAD", "/v1/disputes", 200),
        ("rk_test_without_account_read", "GET", "/v1/account", 403),
        ("sk_test_without_dispute_write", "POST", "/v1/disputes/{}/close", 200),
    ],
)
def test_a_restricted_key_lacks_what_it_says(key: str, method: str, path: str, status: int) -> None:
    sandbox = Sandbox()
    dispute = Caller(sandbox).dispute()["id"]

    assert Caller(sandbox, key).send(method, path.format(dispute)).status == status


def test_a_refused_restricted_key_leaves_its_idempotency_key_unused() -> None:
    sandbox = Sandbox()
    path = f"/v1/disputes/{Caller(sandbox).dispute(FRAUDULENT)['id']}/close"

    seen: list[Any] = [
        Caller(sandbox, key).send("POST", path, Idempotency_Key="k").status
        for key in (RESTRICTED, "sk_test_51Abcd", RESTRICTED)
    ]

    assert seen == [403, 200, 403]
