"""One recording under way: the scenario's steps made one after the other, and everything captured on the way."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Literal, Protocol, TypeVar

from replaydisputes.errors import (
    LeakFoundError,
    LivemodeError,
    ReplayDisputesError,
    UnexpectedAnswerError,
    UnreachableError,
)
from replaydisputes.model import Interaction
from replaydisputes.recording.leftovers import leftovers
from replaydisputes.recording.own_replay import NotReplayableError
from replaydisputes.recording.patience import Patience
from replaydisputes.recording.quarantine import Journal
from replaydisputes.recording.refusals import (
    NeedMissingError,
    RecordingDeclinedError,
    UnusableAnswerError,
    WriteRefusedError,
)
from replaydisputes.recording.scenarios.recipe import Scenario
from replaydisputes.recording.scenarios.steps import (
    Call,
    FindAccount,
    Pay,
    Step,
    WaitForDisputes,
    WaitForEvent,
    WaitForField,
    field_at,
    json_object,
    told,
)
from replaydisputes.recording.scenarios.templates import TemplateError, filled
from replaydisputes.recording.surroundings import Surroundings, Target
from replaydisputes.stripe_api.forms import Params, encode_form
from replaydisputes.stripe_api.json_values import says_livemode
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

__all__ = ["NeedMissingError", "RecordingDeclinedError", "Run", "WriteRefusedError"]

Found = TypeVar("Found")

AMOUNT_MINOR = 1000
POLL_LIMIT_S = 10.0
POLL_EVERY_S = 0.5


class Caller(Protocol):
    """Makes calls and gives the raw interaction of each: a Capture, or one in a process of its own."""

    def call(self, method: str, path: str, form: bytes, headers: Mapping[str, str], key: str) -> Interaction: ...


def _ids(told: Mapping[str, object]) -> dict[str, str]:
    """The ids that an answer gave; one that is null gives none."""
    return {name: value for name, value in told.items() if isinstance(value, str)}


class Run:
    """Follows one scenario. `raw`: all that was captured, setup included.

    journal: None for a run that writes nothing. earlier: what an earlier run was answered, taken as the answers to
    the first calls of this one.
    """

    def __init__(
        self,
        scenario: Scenario,
        target: Target,
        journal: Journal | None,
        around: Surroundings,
        earlier: Sequence[Interaction] = (),
    ) -> None:
        self.scenario, self.target, self.journal, self.around = scenario, target, journal, around
        self.raw: list[Interaction] = []
        self._earlier = deque(earlier)
        self._unanswered = ""
        self._values: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._recorded: list[Interaction] = []
        self._changed: list[str] = []
        self._closed: list[str] = []

    def calls(self, dispute: str | None) -> list[Interaction]:
        """Make every call; the raw interactions that belong into the cassette. dispute: an existing one to use."""
        from replaydisputes.recording.capture import capturing  # noqa: PLC0415 - vcrpy only where it makes the calls

        with capturing(self.target.api_base, Patience(self.around.sleep), self.around.pace) as capture:
            if dispute is not None:
                self._adopt(capture, dispute)
            for step in self.scenario.steps:
                if dispute is None or not isinstance(step, Pay | WaitForDisputes):
                    self._values |= self._follow(capture, step)
        return self._recorded

    def prepare(self, capture: Caller) -> Mapping[str, str]:
        """Follow the steps before the first recorded call; the values that they give, such as `dispute`."""
        for step in takewhile(lambda step: not (isinstance(step, Call) and step.recorded), self.scenario.steps):
            self._values |= self._follow(capture, step)
        return self._values

    def end(self, error: BaseException) -> None:
        """Keep the journal where the gate stopped it, or a change of a dispute is in it, which cannot be made again."""
        if self.journal is None:
            return
        is_worth_keeping = bool(self._changed) or isinstance(error, LeakFoundError | NotReplayableError)
        if not self.journal.is_kept or not is_worth_keeping:
            self.journal.discard()
            return
        self.journal.found(
            f"{type(error).__name__}: {error}" if isinstance(error, ReplayDisputesError) else "interrupted"
        )
        self.journal.close()

    def kept(self) -> str:
        """Where the capture is and what it may hold, and which disputes stay open, in words; empty for nothing."""
        if self.journal is not None and not self.journal.is_kept:
            return ""
        left = leftovers(self.raw, self._unanswered)
        if not self._changed or self.journal is None:
            return left
        disputes = ", ".join(dict.fromkeys(self._closed or self._changed))
        sent = f"A {'close' if self._closed else 'change'} of {disputes} was sent."
        return f"{sent} {self._where_kept(self.journal)} {left}".strip()

    def _where_kept(self, journal: Journal) -> str:
        where = f"The capture is kept in {journal.path}; `replaydisputes recover` shows it."
        if not journal.problem:
            return where
        answers = ", ".join(
            f"{each.request.method} {split_url(each.request.url).path} {told(each.response)}" for each in self.raw
        )
        return f"{where} The disk took no more of it ({journal.problem}). All answers: {answers}."

    def _follow(self, capture: Caller, step: Step) -> dict[str, str]:
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

    def _say(self, step: str) -> None:
        """Tell a step, unless its answer comes from the earlier run: nothing is sent for that."""
        if not self._earlier:
            self.around.on_step(step)

    def _adopt(self, capture: Caller, dispute: str) -> None:
        """Read an existing dispute and ask for leave to change it."""
        found = self._setup(capture, "GET", f"/v1/disputes/{dispute}", wanted="id")
        self._values = {"dispute": dispute} | _ids({name: found.get(name) for name in ("charge", "payment_intent")})
        if not self.around.confirm(found):
            raise RecordingDeclinedError(dispute)

    def _make(self, capture: Caller, call: Call) -> None:
        self._say(call.what)
        try:
            path = filled(call.path, self._values, in_path=True)
            form = tuple((name, filled(value, self._values)) for name, value in call.form)
        except TemplateError as error:
            raise self._unexpected(call.what, "an id in each earlier answer", f"null: {error}") from None
        interaction = self._send(capture, call, path, form)
        if call.recorded:
            self._recorded.append(interaction)
        broken = call.broken_by(interaction.response)
        if broken:
            raise self._unexpected(call.what, *broken)

    def _pay(self, capture: Caller, pay: Pay) -> dict[str, str]:
        self._say(f"making a payment with {pay.payment_method}")
        form: Params = (
            ("amount", str(AMOUNT_MINOR)),
            ("currency", "usd"),
            ("payment_method_types[]", "card"),
            ("payment_method", pay.payment_method),
            ("confirm", "true"),
            *pay.form,
        )
        payment = self._setup(capture, "POST", "/v1/payment_intents", form, wanted="id")
        return {"payment_intent": str(payment["id"])} | _ids({"charge": payment.get("latest_charge")})

    def _wait_for_disputes(self, capture: Caller, wait: WaitForDisputes) -> dict[str, str]:
        path = f"/v1/disputes?payment_intent={self._values['payment_intent']}"

        def found() -> list[dict[str, Any]] | None:
            disputes = self._listed(capture, path)
            return disputes if len(disputes) >= wait.count else None

        disputes = self._polled(found, "waiting for the dispute", "one" if wait.count == 1 else str(wait.count))
        return {name: str(dispute["id"]) for name, dispute in zip(wait.gives, disputes, strict=False)}

    def _wait_for_field(self, capture: Caller, wait: WaitForField) -> None:
        def found() -> str | None:
            dispute = self._setup(capture, "GET", f"/v1/disputes/{self._values['dispute']}", wanted="id")
            value = field_at(dispute, wait.path)
            return value if value and (not wait.values or value in wait.values) else None

        wanted = f"{wait.path} {' or '.join(wait.values)}" if wait.values else f"a value of {wait.path}"
        self._polled(found, f"waiting for the dispute's {wait.path}", wanted)

    def _wait_for_event(self, capture: Caller, wait: WaitForEvent) -> dict[str, str]:
        about = self._values[wait.about]

        def found() -> str | None:
            events = self._listed(capture, f"/v1/events?type={wait.event_type}&limit=100")
            return next((str(event["id"]) for event in events if field_at(event, "data.object.id") == about), None)

        return {wait.gives[0]: self._polled(found, f"waiting for the event {wait.event_type}", "it")}

    def _find_account(self, capture: Caller) -> dict[str, str]:
        self._say("looking for a connected account")
        accounts = self._listed(capture, "/v1/accounts?limit=100")
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
            self._say(f"{what} ({waited_s:.1f} s)")
            found = look()
            if found is not None:
                return found
            if waited_s >= POLL_LIMIT_S:
                raise self._unexpected(what, f"{wanted} within {POLL_LIMIT_S:g} s", "none")
            self.around.sleep(POLL_EVERY_S)
            waited_s += POLL_EVERY_S

    def _listed(self, capture: Caller, path: str) -> list[dict[str, Any]]:
        """The objects of a list, each with its id."""
        objects = self._setup(capture, "GET", path, wanted="data")["data"]
        if not isinstance(objects, list) or not all(_has_id(each) for each in objects):
            what = f"GET {path.partition('?')[0]}"
            raise self._unexpected(what, "a list of Stripe objects", "a list of another shape")
        return objects

    def _setup(
        self, capture: Caller, method: Literal["GET", "POST"], path: str, form: Params = (), *, wanted: str
    ) -> dict[str, Any]:
        what = f"{method} {path.partition('?')[0]}"
        interaction = self._send(capture, Call(what, method, path, recorded=False), path, form)
        value = json_object(interaction.response)
        if interaction.response.status != 200 or not (_has_id(value) if wanted == "id" else wanted in value):
            raise self._unexpected(what, "HTTP 200 and a Stripe object", told(interaction.response))
        return value

    def _send(self, capture: Caller, call: Call, path: str, form: Params) -> Interaction:
        """One request and its answer, from the earlier run as far as that got; `raw` keeps whatever is answered."""
        interaction = self._again(call, path) if self._earlier else self._live(capture, call, path, form)
        self.raw.append(interaction)
        if says_livemode(interaction.response.body):
            raise LivemodeError(f"the answer to {call.method} {path.partition('?')[0]}")
        return interaction

    def _again(self, call: Call, path: str) -> Interaction:
        """The answer that the earlier run was given to this call."""
        interaction = self._earlier.popleft()
        asked = interaction.request
        if (asked.method, split_url(asked.url).path) != (call.method, path.partition("?")[0]):
            raise self._unexpected(call.what, "it as the next call of the earlier run", "another call")
        return interaction

    def _live(self, capture: Caller, call: Call, path: str, form: Params) -> Interaction:
        """One request, noted in the journal before it is sent where it changes something."""
        if call.method == "POST":
            self._note_write(call, path)
        try:
            interaction = capture.call(
                call.method, path, encode_form(form), self._headers(call), self.target.key_of(call.key)
            )
        except UnreachableError as error:
            if not error.may_have_arrived:
                self._unanswered = ""
            if isinstance(error, UnusableAnswerError) and self.journal is not None:
                self.journal.answered(error.interaction, recorded=call.recorded)
            raise UnreachableError(error.host, error.cause, self.kept()) from error
        self._unanswered = ""
        if self.journal is not None:
            self.journal.answered(interaction, recorded=call.recorded)
        return interaction

    def _note_write(self, call: Call, path: str) -> None:
        if self.journal is None:
            raise WriteRefusedError(self.scenario.name, call.what)
        dispute = dispute_id_in_path(path) or ""
        self.journal.sending("POST", path, dispute)
        self._unanswered = path
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


def _has_id(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str)
