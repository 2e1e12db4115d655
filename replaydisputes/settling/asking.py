"""What a probe asks with: calls, payments and disputes of its own, and answers as they may be shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

from replaydisputes.errors import LivemodeError
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.recording.running import AMOUNT_MINOR, POLL_EVERY_S, POLL_LIMIT_S
from replaydisputes.recording.scenarios import json_object
from replaydisputes.recording.surroundings import Target
from replaydisputes.redaction import redact
from replaydisputes.stripe_api.facts import API_ORIGIN, API_VERSION
from replaydisputes.stripe_api.forms import encode_form
from replaydisputes.stripe_api.json_values import says_livemode

Found = TypeVar("Found")
Param = tuple[str, str]

FRAUDULENT, INQUIRY, SEVERAL = (f"pm_card_create{kind}" for kind in ("Dispute", "DisputeInquiry", "MultipleDisputes"))
"""The test cards whose payments are disputed."""


class NotObservableError(Exception):
    """What an assumption is about did not come up; the text says why."""


class Wire(Protocol):
    """What carries requests to an origin and waits between them. Raises UnreachableError."""

    def send(self, request: Request) -> Response: ...

    def send_at_once(self, requests: Sequence[Request]) -> list[Response]: ...

    def wait(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Answer:
    """One answer. `raw` is for going on from; what is told of it comes from `shown`, which is redacted."""

    request: Request
    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @cached_property
    def raw(self) -> dict[str, Any]:
        return json_object(self.response)

    @cached_property
    def shown(self) -> dict[str, Any]:
        return json_object(redact([Interaction(self.request, self.response)]).interactions[0].response)

    @property
    def words(self) -> str:
        """`HTTP 200, lost` or `HTTP 400 parameter_unknown: Received unknown …`; and whether it is a repetition."""
        error = self.shown.get("error")
        if isinstance(error, dict):
            kind = " ".join(str(error[name]) for name in ("type", "code", "param") if error.get(name))
            told = f"HTTP {self.status} {kind}: {error.get('message')}"
        else:
            told = ", ".join([f"HTTP {self.status}", *filter(None, [self.shown.get("status")])])
        return f"{told} (replayed)" if self.response.header("Idempotent-Replayed") == "true" else told

    def header(self, name: str) -> str:
        return self.response.header(name) or "none"


@dataclass(frozen=True, slots=True)
class Call:
    """A call yet to be sent. key: whose, or an Authorization header as it stands. idempotency_key: None draws one."""

    method: Literal["GET", "POST"]
    path: str
    params: tuple[Param, ...] = ()
    key: str = "yours"
    idempotency_key: str | None = None
    account: str = ""
    version: str = API_VERSION


class Ask:
    """Asks at one origin, by one wire. say: told each step, and each close before it is sent."""

    def __init__(self, wire: Wire, target: Target, say: Callable[[str], None]) -> None:
        self._wire, self._target, self._say = wire, target, say
        self.payments = 0
        self.closes = 0

    def get(self, path: str, *params: Param, account: str = "", version: str = API_VERSION) -> Answer:
        return self.send(Call("GET", path, params, account=account, version=version))

    def post(self, path: str, *params: Param, key: str = "yours", once: str | None = None, account: str = "") -> Answer:
        """once: the Idempotency-Key, where it matters."""
        return self.send(Call("POST", path, params, key, once, account))

    def send(self, call: Call) -> Answer:
        request = self._request(call)
        return self._kept(request, self._wire.send(request))

    def send_at_once(self, *calls: Call) -> list[Answer]:
        """All on their way before any is answered, as far as the wire can; the answers in the order of the calls."""
        requests = [self._request(call) for call in calls]
        return list(map(self._kept, requests, self._wire.send_at_once(requests)))

    def pay(self, card: str, *more: Param, once: str | None = None, account: str = "") -> Answer:
        """A payment with a test card. more: parameters beside or in place of the usual ones."""
        self._say(f"paying with {card}")
        self.payments += 1
        form = {"amount": str(AMOUNT_MINOR), "currency": "usd", "payment_method_types[]": "card"}
        form |= {"payment_method": card, "confirm": "true"} | dict(more)
        return self.post("/v1/payment_intents", *form.items(), once=once, account=account)

    def disputes(self, card: str, *more: Param, count: int = 1, account: str = "") -> list[dict[str, Any]]:
        """The disputes of a new payment, oldest first, raw. Raises NotObservableError where they do not come."""
        paid = self.pay(card, *more, account=account)
        if paid.status != 200:
            raise NotObservableError(f"the payment with {card} was refused: {paid.words}")

        def found() -> list[dict[str, Any]] | None:
            listed = self.get("/v1/disputes", ("payment_intent", paid.raw["id"]), account=account).raw.get("data", [])
            return listed if len(listed) >= count else None

        listed = self.until(found, "the dispute" if count == 1 else f"{count} disputes")
        return listed[::-1]

    def dispute(self, card: str = FRAUDULENT, *more: Param, account: str = "") -> dict[str, Any]:
        return self.disputes(card, *more, account=account)[0]

    def close(self, dispute: dict[str, Any], *, once: str | None = None, account: str = "") -> Answer:
        """Close a dispute that this run has made."""
        return self.send(self.closing(dispute, once=once, account=account))

    def closing(self, dispute: dict[str, Any], *, once: str | None = None, account: str = "") -> Call:
        """The call that closes a dispute; told now, as it is about to be sent."""
        self._say(f"closing {dispute['id']}, made for this")
        self.closes += 1
        return Call("POST", f"/v1/disputes/{dispute['id']}/close", idempotency_key=once, account=account)

    def submit(self, dispute: dict[str, Any], text: str) -> Answer:
        """Send evidence to the bank; in test mode its text steers what becomes of the dispute."""
        evidence = (("evidence[uncategorized_text]", text), ("submit", "true"))
        return self.post(f"/v1/disputes/{dispute['id']}", *evidence)

    def fresh_key(self) -> str:
        """An Idempotency-Key that nobody has used."""
        return str(uuid.uuid4())

    def account(self) -> dict[str, Any]:
        """The first connected account that can be charged, raw. Raises NotObservableError where there is none."""
        listed = self.get("/v1/accounts", ("limit", "100"))
        chargeable = [one for one in listed.raw.get("data", []) if one.get("charges_enabled") is True]
        if not chargeable:
            raise NotObservableError(f"it takes a connected account that can be charged ({listed.words})")
        first: dict[str, Any] = chargeable[0]
        return first

    def until(self, look: Callable[[], Found | None], what: str, limit_s: float = POLL_LIMIT_S) -> Found:
        """Look again and again until there is something. Raises NotObservableError after `limit_s`."""
        waited_s = 0.0
        while (found := look()) is None:
            if waited_s >= limit_s:
                raise NotObservableError(f"{what} did not come within {limit_s:g} s")
            self._wire.wait(POLL_EVERY_S)
            waited_s += POLL_EVERY_S
        return found

    def _request(self, call: Call) -> Request:
        authorization = self._authorization(call.key)
        drawn = call.idempotency_key or self.fresh_key()
        headers = [("Stripe-Version", call.version)]
        headers += [("Authorization", authorization)] if authorization else []
        headers += [("Stripe-Account", call.account)] if call.account else []
        form = encode_form(call.params)
        if call.method == "GET":
            query = f"?{form.decode()}" if form else ""
            return Request("GET", f"{API_ORIGIN}{call.path}{query}", tuple(headers))
        headers += [("Idempotency-Key", drawn), ("Content-Type", "application/x-www-form-urlencoded")]
        return Request("POST", API_ORIGIN + call.path, tuple(headers), form)

    def _authorization(self, key: str) -> str:
        if key not in ("yours", "unknown", "none", "restricted"):
            return key
        known = self._target.key_of(key)  # type: ignore[arg-type] # one of the four
        if key == "restricted" and not known:
            raise NotObservableError(
                "it takes a restricted test-mode key that may not write disputes, in STRIPE_RESTRICTED_KEY"
            )
        return f"Bearer {known}" if known else ""

    def _kept(self, request: Request, response: Response) -> Answer:
        answer = Answer(request, response)
        if says_livemode(response.body):
            raise LivemodeError(f"an answer to {request.method} {request.url.partition('?')[0]}")
        return answer
