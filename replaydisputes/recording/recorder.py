"""Runs a scenario against an API, and turns what was captured into a cassette on disk."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from replaydisputes.cassette_file import load
from replaydisputes.errors import (
    ApiBaseRefusedError,
    EditedCassetteWarning,
    KeyRefusedError,
    LivemodeError,
    ReplayDisputesError,
    UnexpectedAnswerError,
    UnreachableError,
)
from replaydisputes.model import Interaction
from replaydisputes.recording.capture import Capture, capturing
from replaydisputes.recording.patience import Patience
from replaydisputes.recording.publishing import RawCapture, Recorded, publish
from replaydisputes.recording.quarantine import Journal
from replaydisputes.recording.scenarios import UNKNOWN_DISPUTE_ID, Call, Scenario, json_object, said
from replaydisputes.redaction import DEFAULT_POLICY, Policy
from replaydisputes.stripe_api.facts import API_VERSION
from replaydisputes.stripe_api.forms import Params, encode_form
from replaydisputes.stripe_api.keys import key_mode

AMOUNT_MINOR = 1000
POLL_LIMIT_S = 10.0
POLL_EVERY_S = 0.5
UNKNOWN_KEY = "sk_test_" + "invalid" * 3 + "000"
"""Shaped like a test key, belongs to nobody: what `close-bad-key` sends instead of yours."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where recordings are made: an origin such as https://api.stripe.com, and the key to use there."""

    api_base: str
    key: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the recorder needs of the world: time, patience, somewhere to say how far it is, and leave to close."""

    now_utc: Callable[[], str]
    sleep: Callable[[float], None]
    on_step: Callable[[str], None]
    confirm: Callable[[Mapping[str, Any]], bool]
    """Asked before an existing dispute is closed, with the dispute as read; False ends the recording."""
    policy: Policy = DEFAULT_POLICY


class RecordingDeclinedError(ReplayDisputesError):
    """The person asked said no, so nothing was closed."""

    exit_code = 2

    def __init__(self, dispute: str) -> None:
        self.dispute = dispute
        super().__init__(f"{dispute} was not closed: not confirmed. Use --yes where nobody can be asked.")


class RecordingInterruptedError(ReplayDisputesError):
    """Ctrl-C in the middle of a recording."""

    exit_code = 130

    def __init__(self, scenario: str, kept: str) -> None:
        self.scenario, self.kept = scenario, kept
        super().__init__(f"{scenario}: interrupted, nothing was written.{' ' + kept if kept else ''}")


def check_target(target: Target, scenario: Scenario) -> None:
    """Refuse, before any connection, whatever could reach live money or send a key in the clear."""
    mode = key_mode(target.key)
    if mode == "live":
        raise KeyRefusedError("the key is a live-mode key, and closing a dispute cannot be undone")
    if mode != "test" and not scenario.bad_key:
        raise KeyRefusedError("there is no test-mode key" if not target.key else "the key is not a test-mode key")
    parts = urlsplit(target.api_base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ApiBaseRefusedError(target.api_base, "expected an origin such as http://127.0.0.1:12111")
    if parts.username or parts.password:
        raise ApiBaseRefusedError("(not shown)", "an address with a user or password in it is not taken")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ApiBaseRefusedError(target.api_base, "plain http would send the key in the clear; use https")


def record(
    scenario: Scenario, target: Target, path: Path, around: Surroundings, dispute: str | None = None
) -> Recorded:
    """Make the scenario's calls and write its cassette to `path`.

    dispute: an existing one to use instead of making one. A file in place that is no cassette is refused with
    CassetteFormatError before anything is sent. Whatever goes wrong once a close was sent leaves the
    capture in the quarantine and the old cassette as it was.
    """
    check_target(target, scenario)
    _check_replaceable(path)
    journal = Journal(scenario.name, target.api_base)
    run = _Run(scenario, target, journal, around)
    try:
        interactions = run.calls(dispute)
        capture = RawCapture(
            scenario.name,
            target.api_base,
            tuple(run.raw),
            tuple(interactions),
            journal.path,
            around.now_utc(),
            (target.key, run.key),
            around.policy,
        )
        made = publish(capture, path)
    except KeyboardInterrupt as interrupt:
        run.end(interrupt)
        raise RecordingInterruptedError(scenario.name, run.kept()) from None
    except BaseException as error:
        run.end(error)
        raise
    journal.discard()
    return made


def _check_replaceable(path: Path) -> None:
    """Find out before a dispute is closed, not after it, that the file in place is none that may be replaced."""
    if path.exists():
        with warnings.catch_warnings(action="ignore", category=EditedCassetteWarning):
            load(path)


class _Run:
    """One recording under way: everything captured so far, and what was sent."""

    def __init__(self, scenario: Scenario, target: Target, journal: Journal, around: Surroundings) -> None:
        self.scenario, self.target, self.journal, self.around = scenario, target, journal, around
        self.key = UNKNOWN_KEY if scenario.bad_key else target.key
        self.raw: list[Interaction] = []
        self._sent_close: str | None = None

    def calls(self, dispute: str | None) -> list[Interaction]:
        """Make every call; the raw interactions that belong into the cassette."""
        with capturing(self.target.api_base, Patience(self.around.sleep)) as capture:
            if self.scenario.makes_dispute and dispute is None:
                dispute = self._make_dispute(capture)
                asking = False
            else:
                asking = dispute is not None
                dispute = dispute or UNKNOWN_DISPUTE_ID
            return [self._recorded_call(capture, call, dispute, asking) for call in self.scenario.calls]

    def end(self, error: BaseException) -> None:
        """Keep the journal where a close is in it, which cannot be made again; else erase it."""
        if self._sent_close is None:
            self.journal.discard()
            return
        self.journal.found(
            f"{type(error).__name__}: {error}" if isinstance(error, ReplayDisputesError) else "interrupted"
        )
        self.journal.close()

    def _recorded_call(self, capture: Capture, call: Call, dispute: str, asking: bool) -> Interaction:
        if asking and call.method == "POST" and self._sent_close is None:
            self._ask(dispute)
        self.around.on_step(call.what)
        path = call.path.format(dispute=dispute)
        interaction = self._call(capture, call.method, path, (), dispute)
        self._expect(call, interaction)
        return interaction

    def _ask(self, dispute: str) -> None:
        if not self.around.confirm(json_object(self.raw[-1].response)):
            raise RecordingDeclinedError(dispute)

    def _make_dispute(self, capture: Capture) -> str:
        """A payment with a dispute test card, then its dispute, polled for at most POLL_LIMIT_S."""
        self.around.on_step("making a payment that will be disputed")
        form: Params = (
            ("amount", str(AMOUNT_MINOR)),
            ("currency", "usd"),
            ("payment_method_types[]", "card"),
            ("payment_method", self.scenario.payment_method or ""),
            ("confirm", "true"),
        )
        payment = self._setup(capture, "POST", "/v1/payment_intents", form)
        waited_s = 0.0
        while True:
            self.around.on_step(f"waiting for the dispute ({waited_s:.1f} s)")
            found = self._setup(capture, "GET", f"/v1/disputes?payment_intent={payment['id']}", ())["data"]
            if found:
                return str(found[0]["id"])
            if waited_s >= POLL_LIMIT_S:
                raise self._unexpected("waiting for the dispute", f"one within {POLL_LIMIT_S:g} s", "none")
            self.around.sleep(POLL_EVERY_S)
            waited_s += POLL_EVERY_S

    def _setup(self, capture: Capture, method: str, path: str, form: Params) -> dict[str, Any]:
        interaction = self._call(capture, method, path, form, "")
        value = json_object(interaction.response)
        status = interaction.response.status
        if status != 200 or not {"id", "data"} & value.keys():
            raise self._unexpected(f"{method} {path.partition('?')[0]}", "HTTP 200", f"HTTP {status}{said(value)}")
        return value

    def _call(self, capture: Capture, method: str, path: str, form: Params, dispute: str) -> Interaction:
        """One call of either part; `dispute` is empty during setup, whose answers stay out of the cassette."""
        headers = {"Stripe-Version": API_VERSION}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
            self.journal.sending(method, path, dispute)
            if dispute:
                self._sent_close = dispute
        try:
            interaction = capture.call(method, path, encode_form(form), headers, self.key)
        except UnreachableError as error:
            raise UnreachableError(error.host, error.cause, self.kept()) from error
        self.raw.append(interaction)
        self.journal.answered(interaction, recorded=bool(dispute))
        if json_object(interaction.response).get("livemode") is True:
            raise LivemodeError(f"the answer to {method} {path.partition('?')[0]}")
        return interaction

    def _expect(self, call: Call, interaction: Interaction) -> None:
        """Hold an answer against the scenario's promise."""
        broken = call.broken_by(interaction.response)
        if broken:
            raise self._unexpected(call.what, *broken)

    def _unexpected(self, call: str, expected: str, got: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(self.scenario.name, call, expected, got, self.kept())

    def kept(self) -> str:
        """Where the capture is and what it may hold, in words; empty where there is none."""
        if self._sent_close is None:
            return ""
        sent = f"A close of {self._sent_close} was sent."
        return f"{sent} The capture is kept in {self.journal.path}; `replaydisputes recover` shows it."


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
