"""The report of a mismatch names the cassette that holds the call first, and never an option that hides a refusal."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copy

import pytest
import requests

from replaydisputes import MismatchError, library, replay

DISPUTES = "https://api.stripe.com/v1/disputes"
DISPUTE = f"{DISPUTES}/du_1AAAAAreplaydisp00000001"
Call = tuple[str, str, Mapping[str, str], Mapping[str, str]]

READ: Call = ("GET", DISPUTE, {}, {})
CLOSE: Call = ("POST", f"{DISPUTE}/close", {}, {})


def update(**fields: str) -> Call:
    return "POST", DISPUTE, fields, {}


def steps(names: Sequence[str], *calls: Call, **options: object) -> list[str]:
    """The steps that the report of the last of these calls advises."""
    with pytest.raises(MismatchError) as caught, replay(*names, **options):  # type: ignore[arg-type]
        for method, url, form, headers in calls[:-1]:
            assert requests.request(method, url, data=form, headers=headers).status_code
        method, url, form, headers = calls[-1]
        requests.request(method, url, data=form, headers=headers)
    return [line.strip() for line in str(caught.value).partition("  what to do:\n")[2].splitlines()]


EVIDENCE = {"evidence[product_description]": "A shirt", "submit": "false"}
BY_CALL = {
    "a second close": ((CLOSE, CLOSE), "close-twice"),
    "a second close after a read": ((READ, CLOSE, CLOSE), "close-twice"),
    "an expanded charge": ((("POST", f"{DISPUTE}/close", {"expand[]": "charge"}, {}),), "close-expand-charge"),
    "an expanded payment": (
        (READ, ("POST", f"{DISPUTE}/close", {"expand[0]": "payment_intent"}, {})),
        "close-expand-payment-intent",
    ),
    "evidence that is saved": ((READ, update(**EVIDENCE)), "close-evidence-saved"),
    "evidence that is submitted": ((update(**{**EVIDENCE, "submit": "true"}),), "close-evidence-submitted"),
    "metadata of one's own": ((READ, update(**{"metadata[order]": "6735"})), "close-metadata"),
    "a list": (
        (("GET", f"{DISPUTES}?charge=ch_1AAAAAreplaydisp00000001&limit=1", {}, {}),),
        "close-list",
    ),
    "a connected account": (
        (("POST", f"{DISPUTE}/close", {}, {"Stripe-Account": "acct_100001replaydisp"}),),
        "close-on-account",
    ),
    "a parameter that Stripe does not know": (
        (("POST", f"{DISPUTE}/close", {"wat": "1"}, {}),),
        "close-unknown-parameter",
    ),
    "a key for another request": (
        (
            ("POST", f"{DISPUTE}/close", {}, {"Idempotency-Key": "one"}),
            ("POST", f"{DISPUTE}/close", {"expand[]": "charge"}, {"Idempotency-Key": "one"}),
        ),
        "close-idempotency-key-reused",
    ),
    "an id of another object": (
        (("POST", f"{DISPUTES}/ch_1AAAAAreplaydisp00000001/close", {}, {}),),
        "close-other-object",
    ),
    "a second dispute": ((("POST", f"{DISPUTE[:-1]}2/close", {}, {}),), "close-several"),
}


@pytest.mark.parametrize("kind", BY_CALL)
def test_the_shipped_cassette_that_holds_the_call_is_named_first(kind: str) -> None:
    calls, holder = BY_CALL[kind]

    first, *others = steps(["close-lost"], *calls)

    assert first.startswith(f"Cassette '{holder}' holds this call")
    assert f'replay("{holder}")' in others


def test_a_cassette_of_the_recorded_version_goes_first() -> None:
    first = steps(["close-lost-2025-03-31.basil"], CLOSE, CLOSE)[0]

    assert "'close-twice-2025-03-31.basil'" in first


def test_another_version_is_answered_by_the_variant_of_the_same_cassette() -> None:
    close = ("POST", f"{DISPUTE}/close", {}, {"Stripe-Version": "2025-03-31.basil"})

    first = steps(["close-inquiry"], close, stripe_version="fail")[0]

    assert first.startswith("Cassette 'close-inquiry-2025-03-31.basil' holds this call")


def test_the_suites_own_cassette_goes_before_a_shipped_one(tmp_path: Path) -> None:
    copy(library.shipped_directory() / "close-twice.yaml", tmp_path / "our-second-close.yaml")

    first = steps(["close-lost"], CLOSE, CLOSE, cassettes=tmp_path)[0]

    assert first.startswith("Cassette 'our-second-close' holds this call")


def test_beside_other_cassettes_and_for_any_dispute_the_same_one_is_named() -> None:
    other: Call = ("POST", f"{DISPUTES}/du_6735/close", {}, {})

    assert steps(["close-inquiry", "close-lost"], CLOSE, CLOSE)[0].startswith("Cassette 'close-twice' holds")
    assert 'replay("close-twice", any_dispute=True)' in steps(["close-lost"], other, other, any_dispute=True)


def test_a_repeated_answer_is_not_advised_if_stripe_refused_the_repeated_call() -> None:
    assert not any("on_exhausted" in step for step in steps(["close-lost"], CLOSE, CLOSE))
    assert not any("on_exhausted" in step for step in steps(["close-metadata"], CLOSE, CLOSE))


def test_a_repeated_answer_is_advised_if_no_recording_contradicts_it() -> None:
    save = update(**EVIDENCE)

    assert any("on_exhausted" in step for step in steps(["close-evidence-saved"], save, save))


def test_a_wrong_id_is_told_the_right_one_first_and_the_unknown_one_last() -> None:
    first, *_, unknown, _ = steps(["close-lost"], ("POST", f"{DISPUTES}/du_1MtJUT2eZvKYlo2CNaw2HvEv/close", {}, {}))

    assert first.startswith("Pass the id of the cassette's dispute")
    assert unknown == "To test an id that Stripe does not know, replay 'close-unknown'; it answers 404."


def test_a_call_that_no_cassette_holds_names_none() -> None:
    customer: Call = ("GET", "https://api.stripe.com/v1/customers/cus_1", {}, {})

    assert not any("holds this call" in step for step in steps(["close-lost"], customer))


def test_what_a_report_looks_through_counts_as_unused_and_may_be_broken_or_edited(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("interactions: 7\n")
    whole = (library.shipped_directory() / "close-twice.yaml").read_text(encoding="utf-8")
    (tmp_path / "edited.yaml").write_text(whole.replace('"lost"', '"won"'), encoding="utf-8")
    copy(library.shipped_directory() / "close-twice.yaml", tmp_path / "double.yaml")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = steps(["close-lost"], CLOSE, CLOSE, cassettes=tmp_path)[0]

    assert "'double'" in first
    assert not any(path.parent == tmp_path for path in library.loaded_files())
