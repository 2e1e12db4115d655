"""Random sequences of calls of the sandbox. `python -m tests.sandbox_sequences --sequences 5000` is the long form."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from replaydisputes.model import Response
from replaydisputes.sandbox import Sandbox, SandboxLimitError
from tests.sandbox_calls import Caller, body_of, payment
from tests.sandbox_invariants import Seen, check_answer, check_disputes, check_history

CALLS = 30
CARDS = (
    "pm_card_visa",
    "pm_card_createDispute",
    "pm_card_createDisputeProductNotReceived",
    "pm_card_createDisputeInquiry",
    "pm_card_createMultipleDisputes",
    "pm_card_createIssuerFraudRecord",
)
EVIDENCE = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "a letter", "")
EXPANSIONS = ("charge", "payment_intent", "charge.balance_transaction", "charge.payment_intent.payment_method", "wat")
VERSIONS = ("2023-10-16", "2025-03-31.basil", "2026-08-26.dahlia", "2026-10-28.endive")
KEYS = ("sk_test_invalid1", "rk_test_without_dispute_write_1", "rk_test_1", "sk_test_fails_503")

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sent:
    """One call, as it can be sent again."""

    method: str
    path: str
    params: Params = ()
    headers: dict[str, str] = field(default_factory=dict)
    key: str = "sk_test_51AbcDefGhiJklMno"

    def to(self, sandbox: Sandbox) -> Response:
        return Caller(sandbox, self.key, self.headers).send(self.method, self.path, *self.params)


class Sequence:
    """One sandbox and the calls drawn for it. Same seed, same sandbox, same calls."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        draw = self.random
        self.now = 1_800_000_000
        self.sandbox = Sandbox(
            seed=seed,
            clock=lambda: self.now,
            people=draw.random() < 0.2,
            dispute_delay=draw.choice([0, 0, (0, 2)]),
            enrich_after=draw.choice([None, 2]),
            decide_after=draw.choice([0, 0, 3]),
            latency=draw.choice([0, 0, 0, 1.5]),
        )
        self.accounts = (self.sandbox.account, *self.sandbox.connected_accounts)
        self.seen = {account: Seen() for account in self.accounts}
        self.with_key: list[tuple[Sent, Response]] = []
        self.answers: list[Response] = []
        self.last = ""

    def run(self, calls: int = CALLS) -> None:
        """Make the calls, holding the invariants after each. Raises AssertionError with what was broken."""
        shown = self._disputes()
        for _ in range(calls):
            seconds = self.random.choice([0, 0, 1, 2])
            self.now += seconds
            before = self._disputes() if seconds else shown
            sent = self._drawn()
            answer = self._answer(sent)
            shown = self._disputes()
            if answer is None or answer.status >= 400:
                assert shown == before, "a refused call has changed something"
            if answer is None:
                continue
            check_answer(answer, sent.headers.get("Stripe-Account", self.sandbox.account))
            self.answers.append(answer)
            self._check_repeat(sent, answer)
            for account in self.accounts:
                check_disputes(shown[account], self.seen[account])
        for account in self.accounts:
            check_history(self._caller(account))

    def _answer(self, sent: Sent) -> Response | None:
        """None where the sandbox models no answer: evidence for a dispute that is under review."""
        try:
            return sent.to(self.sandbox)
        except SandboxLimitError as error:
            if "evidence for a dispute that is" not in str(error):
                raise
            return None

    def _caller(self, account: str) -> Caller:
        return Caller(self.sandbox, headers={"Stripe-Account": account})

    def _disputes(self) -> dict[str, list[Any]]:
        """All of each account, as they are now."""
        return {
            account: self._caller(account).get("/v1/disputes", ("limit", "100"))["data"] for account in self.accounts
        }

    def _check_repeat(self, sent: Sent, answer: Response) -> None:
        if "Idempotency-Key" not in sent.headers:
            return
        if answer.header("Idempotent-Replayed"):
            first = next((first for again, first in self.with_key if again == sent), answer)
            assert first is not answer, f"replayed for another request: {sent}"
            assert (answer.status, answer.body) == (first.status, first.body)
            assert answer.header("Original-Request") == first.header("Request-Id")
        elif answer.status == 200:
            assert all(again != sent for again, _ in self.with_key), f"executed twice: {sent}"
            self.with_key.append((sent, answer))
        elif body_of(answer)["error"].get("message") == "This dispute is already closed":
            self.with_key.append((sent, answer))

    def _drawn(self) -> Sent:
        draws: list[Callable[[], Sent]] = [
            self._pay, self._pay, self._close, self._close, self._evidence, self._evidence, self._metadata, self._read,
            self._list, self._events, self._strange,
        ]  # fmt: skip
        if self.with_key:
            draws.append(self._again)
        return self.random.choice(draws)()

    def _again(self) -> Sent:
        return self.random.choice([self.random.choice(self.with_key), self.with_key[-1]])[0]

    def _headers(self, *, write: bool = True) -> dict[str, str]:
        draw, headers = self.random, {}
        if draw.random() < 0.4:
            headers["Stripe-Account"] = draw.choice(self.accounts)
        if draw.random() < 0.3:
            headers["Stripe-Version"] = draw.choice(VERSIONS)
        if write and draw.random() < 0.6:
            headers["Idempotency-Key"] = f"key-{draw.randrange(10**9)}"
        return headers

    def _pay(self) -> Sent:
        form = payment(self.random.choice(CARDS), self.random.randrange(50, 5000))
        return Sent("POST", "/v1/payment_intents", form, self._headers())

    def _id(self, headers: dict[str, str]) -> str:
        """Often the dispute of the call before, so that what belongs together meets."""
        known = list(self.seen[headers.get("Stripe-Account", self.sandbox.account)].statuses)
        if self.last not in known or self.random.random() < 0.5:
            self.last = self.random.choice([*known, *known, "du_1Unknown", "ch_1Unknown"])
        return self.last

    def _expand(self, chance: float = 0.2) -> Params:
        return (("expand[]", self.random.choice(EXPANSIONS)),) if self.random.random() < chance else ()

    def _close(self) -> Sent:
        headers = self._headers()
        return Sent("POST", f"/v1/disputes/{self._id(headers)}/close", self._expand(), headers)

    def _evidence(self) -> Sent:
        headers, draw = self._headers(), self.random
        params: Params = (("evidence[uncategorized_text]", draw.choice(EVIDENCE)),)
        params += draw.choice([(), (("submit", "true"),), (("submit", "false"),)])
        return Sent("POST", f"/v1/disputes/{self._id(headers)}", params, headers)

    def _metadata(self) -> Sent:
        headers, draw = self._headers(), self.random
        params = ((f"metadata[{draw.choice('ab')}]", draw.choice(["1", "2", ""])),)
        return Sent("POST", f"/v1/disputes/{self._id(headers)}", params, headers)

    def _read(self) -> Sent:
        headers = self._headers(write=False)
        return Sent("GET", f"/v1/disputes/{self._id(headers)}", self._expand(0.5), headers)

    def _list(self) -> Sent:
        headers, draw = self._headers(write=False), self.random
        cursor = draw.choice(["starting_after", "ending_before"])
        params: Params = (("limit", str(draw.choice([0, 1, 2, 10, 101]))),)
        params += ((cursor, self._id(headers)),) if draw.random() < 0.5 else ()
        return Sent("GET", "/v1/disputes", params, headers)

    def _events(self) -> Sent:
        wanted = self.random.choice(["charge.dispute.closed", "charge.dispute.*", "charge.updated"])
        return Sent("GET", "/v1/events", (("type", wanted),), self._headers(write=False))

    def _strange(self) -> Sent:
        """A key that is refused, an account out of reach, a parameter nobody knows, a key used for something else."""
        path, draw = f"/v1/disputes/{self._id({})}/close", self.random
        kind = draw.randrange(4 if self.with_key else 3)
        if kind == 3:
            again = self._again()
            return replace(again, params=(*again.params, ("expand[]", "charge.review")))
        if kind == 0:
            return Sent("POST", path, key=draw.choice(KEYS))
        if kind == 1:
            return Sent("POST", path, headers={"Stripe-Account": "acct_1AbcDefGhiJklMno"})
        return Sent("POST", path, (("wat", "1"),), self._headers())


def run_sequence(seed: int) -> Sequence:
    """One sequence. Raises AssertionError that names the seed."""
    sequence = Sequence(seed)
    try:
        sequence.run()
    except (AssertionError, KeyError, json.JSONDecodeError) as error:
        raise AssertionError(f"seed {seed}: {error!r}") from error
    return sequence


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    first = random.SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
    print(f"{asked.sequences} sequences of {CALLS} calls from seed {first}")
    for seed in range(first, first + asked.sequences):
        run_sequence(seed)
    print("every invariant held")


if __name__ == "__main__":
    main()
