"""The report of each kind of mismatch, whole, as a developer reads it.

The texts are in mismatch_reports/, one file each. To take over a wording that was changed on purpose, print the report
and write it there by hand, after reading it as a stranger would.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

from replaydisputes.errors import MismatchError, ReplayDisputesError, UnknownCassetteError
from replaydisputes.library import Library, shipped_directory
from replaydisputes.model import Cassette, Interaction, Request, Response
from replaydisputes.playback import Player

REPORTS = Path(__file__).parent / "mismatch_reports"
DISPUTE = "https://api.stripe.com/v1/disputes/du_1AAAAAreplaydisp00000001"
CLOSE = f"{DISPUTE}/close"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
VERSION = ("Stripe-Version", "2026-10-28.endive")
OTHER_VERSION = ("Stripe-Version", "2025-03-31.basil")


def recorded(method: str, url: str, status: int = 200, form: bytes = b"", account: str = "") -> Interaction:
    headers = (FORM, VERSION, *([("Stripe-Account", account)] if account else []))
    return Interaction(Request(method, url, headers, form), Response(status))


READ, CLOSED, REFUSED = recorded("GET", DISPUTE), recorded("POST", CLOSE), recorded("POST", CLOSE, 400)
CLEARED = recorded("POST", DISPUTE, form=b"evidence[product_description]=&submit=false")


def closing(url: str = CLOSE, form: bytes = b"", *headers: tuple[str, str]) -> Request:
    return Request("POST", url, (FORM, ("Authorization", "Bearer sk_test_51abcdef"), *headers), form)


def report(*interactions: Interaction, asks: Request, after: tuple[Request, ...] = (), **options: object) -> str:
    player = Player(Cassette(interactions), "close-lost", **options)  # type: ignore[arg-type]
    for request in after:
        player.answer(request)
    with pytest.raises(MismatchError) as caught:
        player.answer(asks)
    return str(caught.value)


def unknown_cassette() -> str:
    with pytest.raises(UnknownCassetteError) as caught:
        Library([Path("cassettes"), Path("tests/cassettes")]).find("close-lots")
    return str(caught.value).replace(str(shipped_directory()), "SHIPPED")


WRONG_ID = closing(CLOSE.replace("du_1AAAAAreplaydisp00000001", "du_1MtJUT2eZvKYlo2CNaw2HvEv"))
PERSONAL = b"evidence[customer_name]=Jane+Roe&metadata[jane@corp.io]=1&name=Jane&postal_code=12345&key=sk_test_51abc"
KEY = ("Idempotency-Key", "order-17-jane")
MANY = [recorded("GET", f"https://api.stripe.com/v1/charges/ch_{number}") for number in range(1, 31)]

CASES: dict[str, Callable[[], str]] = {
    "wrong_id": lambda: report(READ, CLOSED, asks=WRONG_ID, after=(Request("GET", DISPUTE),)),
    "wrong_id_of_a_charge": lambda: report(READ, CLOSED, asks=closing(CLOSE.replace("du_", "ch_")), any_dispute=True),
    "wrong_method": lambda: report(READ, CLOSED, asks=Request("DELETE", CLOSE)),
    "wrong_path": lambda: report(READ, CLOSED, asks=Request("GET", f"{DISPUTE}/evidence")),
    "wrong_parameter": lambda: report(READ, CLOSED, asks=closing(CLOSE, b"expand[0]=charge")),
    "wrong_parameters_of_a_person": lambda: report(READ, CLOSED, asks=closing(CLOSE, PERSONAL)),
    "wrong_parameters_in_numbers": lambda: report(
        READ,
        CLOSED,
        asks=closing(
            DISPUTE, b"&".join(b"evidence[field_%c]=Jane" % letter for letter in b"abcdefghijklmnopqrstuvwxyz")
        ),
    ),
    "another_value_as_long": lambda: report(
        recorded("POST", DISPUTE, form=b"evidence[product_description]=Tea"),
        asks=closing(DISPUTE, b"evidence[product_description]=Ice"),
    ),
    "blank_against_absent": lambda: report(
        READ, CLEARED, asks=closing(DISPUTE, b"submit=false"), after=(Request("GET", DISPUTE),)
    ),
    "absent_against_blank": lambda: report(READ, CLOSED, asks=closing(CLOSE, b"expand=")),
    "wrong_account": lambda: report(
        READ, CLOSED, asks=closing(CLOSE, b"", ("Stripe-Account", "acct_1032D82eZvKYlo2C"))
    ),
    "missing_account": lambda: report(recorded("POST", CLOSE, account="acct_100001replaydisp"), asks=closing()),
    "wrong_version": lambda: report(READ, CLOSED, asks=closing(CLOSE, b"", OTHER_VERSION), stripe_version="fail"),
    "wrong_order": lambda: report(CLEARED, CLOSED, asks=closing()),
    "read_too_late": lambda: report(READ, CLOSED, asks=Request("GET", DISPUTE), after=(closing(),)),
    "exhausted": lambda: report(READ, CLOSED, REFUSED, asks=closing(), after=(closing(), closing())),
    "exhausted_for_another_id": lambda: report(READ, CLOSED, asks=WRONG_ID, after=(WRONG_ID,), any_dispute=True),
    "another_host": lambda: report(READ, CLOSED, asks=closing("https://hooks.example.com/v1/close?user=jane")),
    "not_https": lambda: report(READ, CLOSED, asks=closing(CLOSE.replace("https", "http"))),
    "key_reused": lambda: report(
        READ, CLOSED, asks=closing(DISPUTE, b"submit=true", KEY), after=(closing(CLOSE, b"", KEY),)
    ),
    "empty_cassette": lambda: report(asks=closing()),
    "long_cassette": lambda: report(*MANY, asks=Request("GET", "https://api.stripe.com/v1/charges/ch_20/refunds")),
    "no_such_cassette": unknown_cassette,
}


@pytest.mark.parametrize("name", CASES)
def test_a_report_reads_as_it_was_approved(name: str) -> None:
    path = REPORTS / f"{name}.txt"
    said = CASES[name]() + "\n"
    approved = path.read_text(encoding="utf-8") if path.exists() else ""

    difference = difflib.unified_diff(
        approved.splitlines(), said.splitlines(), path.name, "said now", lineterm="", n=99
    )
    assert said == approved, "\n" + "\n".join(difference)


def test_every_approved_text_is_compared() -> None:
    assert {path.stem for path in REPORTS.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_report_fits_on_a_screen_and_tells_of_no_person_and_no_key(name: str) -> None:
    said = CASES[name]()

    assert len(said.splitlines()) <= 30
    assert max(len(line) for line in said.splitlines()) <= 260
    secrets = ("jane", "roe", "sk_test", "12345", "order-17", "corp.io")
    assert [secret for secret in secrets if secret in said.lower()] == []


@pytest.mark.parametrize(
    "path",
    ["/v1/customers/jane@corp.io", "/v1/customers/Jane Roe", "/v1/x/sk_test_51abcdefghij", "/v1/x/rk_live_51abcdef"],
)
def test_a_path_is_shown_without_what_may_be_a_person_or_a_key(path: str) -> None:
    said = report(READ, asks=Request("GET", f"https://api.stripe.com{path}"))

    assert path.rpartition("/")[2] not in said
    assert f"{path.rpartition('/')[0]}/({len(path.rpartition('/')[2])} characters)" in said


def test_a_refusal_is_one_of_ours_and_keeps_its_facts() -> None:
    player = Player(Cassette((READ,)), "close-lost")

    with pytest.raises(ReplayDisputesError) as caught:
        player.answer(closing())

    assert isinstance(caught.value, MismatchError)
    assert (caught.value.method, caught.value.url, caught.value.report) == ("POST", CLOSE, str(caught.value))
