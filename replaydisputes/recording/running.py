"""One recording under way: the scenario's steps made one after the other, and everything captured on the way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from replaydisputes.errors import LivemodeError, ReplayDisputesError, UnexpectedAnswerError, UnreachableError
from replaydisputes.model import Interaction
from replaydisputes.recording.capture import Capture, capturing
from replaydisputes.recording.patience import Patience
from replaydisputes.recording.quarantine import Journal
from replaydisputes.recording.scenarios.recipe import Scenario
from replaydisputes.recording.scenarios.steps import (
    Call,
    FindAccount,
    KeyUsed,
    Pay,
    Step,
    WaitForDisputes,
    WaitForEvent,
    WaitForField,
    field_at,
    json_object,
    said,
)
from replaydisputes.recording.scenarios.templates import filled
from replaydisputes.redaction import DEFAULT_POLICY, Policy
from replaydisputes.stripe_api.forms import Params, encode_form
from replaydisputes.stripe_api.urls import dispute_id_in_path

Found = TypeVar("Found")

AMOUNT_MINOR = 1000
POLL_LIMIT_S = 10.0
POLL_EVERY_S = 0.5
UNKNOWN_KEY = "sk_test_" + "invalid" * 3 + "000"
"""Shaped like a test key, belongs to nobody: what `close-bad-key` sends instead of yours."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where recordings are made: an origin such as https://api.stripe.com, and the keys to use there."""

    api_base: str
    key: str
    restricted_key: str = ""

    def key_of(self, used: KeyUsed) -> str:
        return {"yours": self.key, "unknown": UNKNOWN_KEY, "none": "", "restricted": self.restricted_key}[used]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the recorder needs of the world: time, patience, somewhere to say how far it is, and leave to close."""

    now_utc: Callable[[], str]
    sleep: Callable[[float], None]
    on_step: Callable[[str], None]
    confirm: Callable[[Mapping[str, Any]], bool]
    """Asked before an existing dispute is changed, with the dispute as read; False ends the recording."""
    policy: Policy = DEFAULT_POLICY


class RecordingDeclinedError(ReplayDisputesError):
    """The person asked said no, so nothing was closed."""

    exit_code = 2

    def __init__(self, dispute: str) -> None:
        self.dispute = dispute
        super().__init__(f"{dispute} was not closed: not confirmed. Use --yes where nobody can be asked.")


class NeedMissingError(ReplayDisputesError):
    """The scenario takes something that is not there: a connected account, a restricted key."""

    exit_code = 4

    def __init__(self, scenario: str, problem: str, remedy: str) -> None:
        self.scenario, self.problem, self.remedy = scenario, problem, remedy
        super().__init__(f"{scenario}: {problem}. {remedy}, or record it from the sandbox with --sandbox.")


class Run:
    """Follows one scenario. `raw`: all that was captured, setup included."""

    def __init__(self, scenario: Scenario, target: Target, journal: Journal, around: Surroundings) -> None:
        self.scenario, self.target, self.journal, self.around = scenario, target, journal, around
        self.raw: list[Interaction] = []
        self._values: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._recorded: list[Interaction] = []
        self._changed: list[str] = []
        self._closed: list[str] = []

    def calls(self, dispute: str | None) -> list[Interaction]:
        """Make every call; the raw interactions that belong into the cassette. dispute: an existing one to use."""
        with capturing(self.target.api_base, Patience(self.around.sleep)) as capture:
            if dispute is not None:
                self._adopt(capture, dispute)
            for step in self.scenario.steps:
                if dispute is None or not isinstance(step, Pay | WaitForDisputes):
                    self._values |= self._follow(capture, step)
        return self._recorded

    def end(self, error: BaseException) -> None:
        """Keep the journal where a change of a dispute is in it, which cannot be made again; else erase it."""
        if not self._changed:
            self.journal.discard()
            return
        self.journal.found(
            f"{type(error).__name__}: {error}" if isinstance(error, ReplayDisputesError) else "interrupted"
        )
        self.journal.close()

    def kept(self) -> str:
        """Where the capture is and what it may hold, in words; empty where there is none."""
        if not self._changed:
            return ""
        disputes = ", ".join(dict.fromkeys(self._closed or self._changed))
        sent = f"A {'close' if self._closed else 'change'} of {disputes} was sent."
        return f"{sent} The capture is kept in {self.journal.path}; `replaydisputes recover` shows it."

    def _follow(self, capture: Capture, step: Step) -> dict[str, str]:
        """Make one step; the values it gives to those after it."""
        match step:
            case Call():
                self._make(capture, step)
                return {}
            case Pay():
                return self._pay(capture, step)
            case WaitForDisputes():
                return self._wait_for_disputes(capture, step)
            case WaitForField():
                self._wait_for_field(capture, step)
                return {}
            case WaitForEvent():
                return self._wait_for_event(capture, step)
            case FindAccount():
                return self._find_account(capture)

    def _adopt(self, capture: Capture, dispute: str) -> None:
        """Read an existing dispute and ask for leave to change it."""
        found = self._setup(capture, "GET", f"/v1/disputes/{dispute}")
        self._values = {"dispute": dispute} | {
            name: found[name] for name in ("charge", "payment_intent") if isinstance(found.get(name), str)
        }
        if not self.around.confirm(found):
            raise RecordingDeclinedError(dispute)

    def _make(self, capture: Capture, call: Call) -> None:
        self.around.on_step(call.what)
        path = filled(call.path, self._values, in_path=True)
        form = tuple((name, filled(value, self._values)) for name, value in call.form)
        interaction = self._send(capture, call, path, form)
        if call.recorded:
            self._recorded.append(interaction)
        broken = call.broken_by(interaction.response)
        if broken:
            raise self._unexpected(call.what, *broken)

    def _pay(self, capture: Capture, pay: Pay) -> dict[str, str]:
        self.around.on_step(f"making a payment with {pay.payment_method}")
        form: Params = (
            ("amount", str(AMOUNT_MINOR)),
            ("currency", "usd"),
            ("payment_method_types[]", "card"),
            ("payment_method", pay.payment_method),
            ("confirm", "true"),
            *pay.form,
        )
        payment = self._setup(capture, "POST", "/v1/payment_intents", form)
        return {"payment_intent": str(payment["id"]), "charge": str(payment.get("latest_charge"))}

    def _wait_for_disputes(self, capture: Capture, wait: WaitForDisputes) -> dict[str, str]:
        path = f"/v1/disputes?payment_intent={self._values['payment_intent']}"

        def found() -> list[Any] | None:
            disputes = self._setup(capture, "GET", path)["data"]
            return disputes if len(disputes) >= wait.count else None

        disputes = self._polled(found, "waiting for the dispute", "one" if wait.count == 1 else str(wait.count))
        return {name: str(dispute["id"]) for name, dispute in zip(wait.gives, disputes, strict=False)}

    def _wait_for_field(self, capture: Capture, wait: WaitForField) -> None:
        def found() -> str | None:
            value = field_at(self._setup(capture, "GET", f"/v1/disputes/{self._values['dispute']}"), wait.path)
            return value if value and (not wait.values or value in wait.values) else None

        wanted = f"{wait.path} {' or '.join(wait.values)}" if wait.values else f"a value of {wait.path}"
        self._polled(found, f"waiting for the dispute's {wait.path}", wanted)

    def _wait_for_event(self, capture: Capture, wait: WaitForEvent) -> dict[str, str]:
        about = self._values[wait.about]

        def found() -> str | None:
            events = self._setup(capture, "GET", f"/v1/events?type={wait.event_type}&limit=100")["data"]
            return next((str(event["id"]) for event in events if field_at(event, "data.object.id") == about), None)

        return {wait.gives[0]: self._polled(found, f"waiting for the event {wait.event_type}", "it")}

    def _find_account(self, capture: Capture) -> dict[str, str]:
        self.around.on_step("looking for a connected account")
        accounts = self._setup(capture, "GET", "/v1/accounts?limit=100")["data"]
        chargeable = next((account for account in accounts if account.get("charges_enabled") is True), None)
        if chargeable is None:
            raise NeedMissingError(
                self.scenario.name,
                "it needs a connected account that can be charged, and GET /v1/accounts lists none",
                "Connect one in test mode (docs.stripe.com/connect)",
            )
        return {"account": str(chargeable["id"])}

    def _polled(self, look: Callable[[], Found | None], what: str, wanted: str) -> Found:
        """Look again every POLL_EVERY_S until there is something, for at most POLL_LIMIT_S."""
        waited_s = 0.0
        while True:
            self.around.on_step(f"{what} ({waited_s:.1f} s)")
            found = look()
            if found is not None:
                return found
            if waited_s >= POLL_LIMIT_S:
                raise self._unexpected(what, f"{wanted} within {POLL_LIMIT_S:g} s", "none")
            self.around.sleep(POLL_EVERY_S)
            waited_s += POLL_EVERY_S

    def _setup(self, capture: Capture, method: Any, path: str, form: Params = ()) -> dict[str, Any]:
        what = f"{method} {path.partition('?')[0]}"
        interaction = self._send(capture, Call(what, method, path, recorded=False), path, form)
        value = json_object(interaction.response)
        status = interaction.response.status
        if status != 200 or not {"id", "data"} & value.keys():
            raise self._unexpected(what, "HTTP 200", f"HTTP {status}{said(value)}")
        return value

    def _send(self, capture: Capture, call: Call, path: str, form: Params) -> Interaction:
        """One request, noted in the journal before it is sent where it changes something."""
        if call.method == "POST":
            self._note_write(path)
        try:
            interaction = capture.call(
                call.method, path, encode_form(form), self._headers(call), self.target.key_of(call.key)
            )
        except UnreachableError as error:
            raise UnreachableError(error.host, error.cause, self.kept()) from error
        self.raw.append(interaction)
        self.journal.answered(interaction, recorded=call.recorded)
        if json_object(interaction.response).get("livemode") is True:
            raise LivemodeError(f"the answer to {call.method} {path.partition('?')[0]}")
        return interaction

    def _note_write(self, path: str) -> None:
        dispute = dispute_id_in_path(path) or ""
        self.journal.sending("POST", path, dispute)
        if dispute:
            self._changed.append(dispute)
        if dispute and path.endswith("/close"):
            self._closed.append(dispute)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"Stripe-Version": self.scenario.stripe_version}
        if "account" in self._values:
            headers["Stripe-Account"] = self._values["account"]
        if call.method == "POST":
            drawn = str(uuid.uuid4())
            named = call.idempotency_key
            headers["Idempotency-Key"] = self._keys.setdefault(named, drawn) if named else drawn
        return headers

    def _unexpected(self, call: str, expected: str, got: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(self.scenario.name, call, expected, got, self.kept())
