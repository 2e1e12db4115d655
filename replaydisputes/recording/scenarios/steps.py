"""What a scenario is made of: recorded calls, and the setup around them that stays out of the cassette."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from replaydisputes.model import Response
from replaydisputes.stripe_api import json_values
from replaydisputes.stripe_api.facts import ERROR_HEADER
from replaydisputes.stripe_api.forms import Params

KeyUsed = Literal["yours", "unknown", "none", "restricted"]
"""Which key a call is made with: the user's, one that Stripe does not know, none, or the user's restricted one."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `path` (with its query) and the values of `form` are templates: `/v1/disputes/{dispute}/close`.

    statuses: HTTP statuses that keep the promise; dispute_statuses: the `status` of a dispute answered with 2xx;
    error: code of the refusal, or its type where it has no code; fields: dotted JSON path and the text expected there;
    headers: response headers expected. idempotency_key: calls of one scenario that name the same share a key.
    recorded: False for a write that only prepares.
    """

    what: str
    method: Literal["GET", "POST"]
    path: str
    form: Params = ()
    statuses: tuple[int, ...] = (200,)
    dispute_statuses: tuple[str, ...] = ()
    error: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    key: KeyUsed = "yours"
    idempotency_key: str = ""
    recorded: bool = True

    def broken_by(self, response: Response) -> tuple[str, str] | None:
        """What was expected and what came instead, where an answer breaks the promise; None where it keeps it."""
        value = json_object(response)
        if response.status not in self.statuses:
            return " or ".join(f"HTTP {wanted}" for wanted in self.statuses), told(response)
        if response.status < 300 and self.dispute_statuses and value.get("status") not in self.dispute_statuses:
            return f"status {' or '.join(self.dispute_statuses)}", str(value.get("status") or told(response))
        if self.error and said(value) != f" ({self.error})":
            return f"the error {self.error}", told(response)
        for path, wanted in self.fields:
            if response.status < 300 and field_at(value, path) != wanted:
                return f"{path} to be {wanted}", field_at(value, path) or "nothing"
        for name, wanted in self.headers:
            if response.header(name) != wanted:
                return f"the header {name}: {wanted}", response.header(name) or "none"
        return None


@dataclass(frozen=True, slots=True)
class Pay:
    """A payment of 1000 usd with one of Stripe's test cards. Gives {payment_intent} and {charge}.

    form: more parameters for the PaymentIntent, such as ("receipt_email", …).
    """

    payment_method: str
    form: Params = ()
    gives = ("payment_intent", "charge")


@dataclass(frozen=True, slots=True)
class WaitForDisputes:
    """Poll until the payment has its disputes. Gives {dispute}, the newest, and {dispute:2}, {dispute:3}, …"""

    count: int = 1

    @property
    def gives(self) -> tuple[str, ...]:
        return tuple("dispute" if place == 1 else f"dispute:{place}" for place in range(1, self.count + 1))


@dataclass(frozen=True, slots=True)
class WaitForField:
    """Poll {dispute} until a field of it, by dotted path, is one of `values`; without values, until it is not null."""

    path: str
    values: tuple[str, ...] = ()
    gives = ()


@dataclass(frozen=True, slots=True)
class WaitForEvent:
    """Poll the events for the newest of this type about {dispute} or {charge}. Gives {event:TYPE}."""

    event_type: str
    about: Literal["dispute", "charge"] = "dispute"

    @property
    def gives(self) -> tuple[str, ...]:
        return (f"event:{self.event_type}",)


@dataclass(frozen=True, slots=True)
class FindAccount:
    """The first connected account that can be charged. Gives {account}; all later calls are made on it."""

    gives = ("account",)


Step = Call | Pay | WaitForDisputes | WaitForField | WaitForEvent | FindAccount


def json_object(response: Response) -> dict[str, Any]:
    """The answer as a JSON object; empty where it is none."""
    return json_values.json_object(response.body)


def said(value: Mapping[str, Any]) -> str:
    """Type and code of an error body. Its message is left out: it may quote a key or an id."""
    error = value.get("error")
    return f" ({error.get('code') or error.get('type')})" if isinstance(error, dict) else ""


def told(response: Response) -> str:
    """`HTTP 404 (resource_missing)`; and of what no Stripe answers, what it is."""
    status = f"HTTP {response.status}{said(json_object(response))}"
    if response.header(ERROR_HEADER) == "MismatchError":
        return f"{status} from a server that replays cassettes; `replaydisputes sandbox` is one to record from"
    return status if json_values.is_json(response.body) else f"{status} with a body that is no JSON"


def field_at(value: Any, path: str) -> str:
    """The field at a dotted path as text, `data.0.status` among them; booleans as JSON; empty where there is none."""
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
