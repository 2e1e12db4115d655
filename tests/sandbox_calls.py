"""Calls of the sandbox without HTTP, as the tests speak them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from replaydisputes.model import Answerer, Request, Response
from replaydisputes.stripe_api.forms import encode_form

KEY = "sk_test_51AbcDefGhiJklMnoPqrStuVwx"
FRAUDULENT = "pm_card_createDispute"


@dataclass(frozen=True)
class Caller:
    """Sends requests with one key to one Answerer. Parameters are pairs of form keys and texts."""

    answerer: Answerer
    key: str | None = KEY
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, *params: tuple[str, str], **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key is not None else {}
        sent |= self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        form = encode_form(params)
        url = f"https://api.stripe.com{path}"
        if method == "POST":
            return self.answerer.answer(Request(method, url, tuple(sent.items()), form))
        return self.answerer.answer(Request(method, f"{url}?{form.decode()}" if form else url, tuple(sent.items())))

    def get(self, path: str, *params: tuple[str, str]) -> Any:
        return body_of(self.send("GET", path, *params))

    def post(self, path: str, *params: tuple[str, str]) -> Any:
        return body_of(self.send("POST", path, *params))

    def pay(self, payment_method: str = FRAUDULENT, amount: int = 2000, *more: tuple[str, str]) -> Any:
        """A confirmed PaymentIntent."""
        return self.post("/v1/payment_intents", *payment(payment_method, amount), *more)

    def dispute(self, payment_method: str = FRAUDULENT) -> Any:
        """The dispute of a new payment."""
        intent = self.pay(payment_method)
        return self.get("/v1/disputes", ("payment_intent", intent["id"]))["data"][0]


def payment(payment_method: str = FRAUDULENT, amount: int = 2000) -> tuple[tuple[str, str], ...]:
    return (
        ("amount", str(amount)),
        ("currency", "usd"),
        ("payment_method_types[]", "card"),
        ("payment_method", payment_method),
        ("confirm", "true"),
    )


def body_of(response: Response) -> Any:
    return json.loads(response.body)


def error_of(response: Response) -> tuple[int, dict[str, Any]]:
    """Status and error object, less the log address, which names the request."""
    error = dict(body_of(response)["error"])
    error.pop("request_log_url", None)
    return response.status, error
