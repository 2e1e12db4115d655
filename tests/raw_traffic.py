"""Raw interactions as a capture holds them, for a made-up account and made-up people."""

from __future__ import annotations

import json
import random
import string
from typing import Any

from replaydisputes.model import Interaction, Request, Response

ALPHABET = string.ascii_letters + string.digits


class Account:
    """One Stripe account at one time: draws ids that carry its fragment, as Stripe's do."""

    def __init__(self, seed: int, start_s: int = 1790000000) -> None:
        self._random = random.Random(seed)
        self.start_s = start_s
        self.fragment = self.draw(10)
        self.key = "sk_test_51" + self.draw(97)
        self.dispute, self.charge, self.payment = self.id("du"), self.id("ch"), self.id("pi")
        self.email = f"maria.{self.draw(6).lower()}@gmail.com"
        self.name = f"Maria {self.draw(6).title()}"

    def draw(self, length: int) -> str:
        return "".join(self._random.choice(ALPHABET) for _ in range(length - 1)) + self._random.choice(string.digits)

    def id(self, prefix: str) -> str:
        return f"{prefix}_1{self.draw(5)}{self.fragment}{self.draw(8)}"

    def headers(self, **extra: str) -> tuple[tuple[str, str], ...]:
        return (
            ("Server", "nginx"),
            ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"),
            ("Content-Type", "application/json"),
            ("Content-Length", "0"),
            ("Content-Security-Policy", f"base-uri 'none'; report-uri /csp?t={self.draw(40)}"),
            ("Request-Id", f"req_{self.draw(14)}"),
            ("Stripe-Version", "2026-10-28.endive"),
            ("X-Wc", "ABGHIJ"),
            *((name.replace("_", "-"), value) for name, value in extra.items()),
        )

    def dispute_object(self, status: str) -> dict[str, Any]:
        return {
            "id": self.dispute,
            "object": "dispute",
            "amount": 1000,
            "balance_transactions": [
                {
                    "id": self.id("txn"),
                    "object": "balance_transaction",
                    "amount": -1000,
                    "available_on": self.start_s // 86400 * 86400 + 2 * 86400,
                    "fee": 1500,
                    "net": -2500,
                    "currency": "usd",
                    "type": "adjustment",
                    "status": "pending",
                    "description": f"Chargeback withdrawal for {self.charge}",
                }
            ],
            "charge": self.charge,
            "created": self.start_s + 1,
            "currency": "usd",
            "evidence": {
                "customer_name": self.name,
                "customer_email_address": self.email,
                "customer_purchase_ip": "81.2.69.142",
                "uncategorized_text": f"{self.name} wrote from {self.email} about {self.charge}",
                "product_description": None,
            },
            "evidence_details": {"due_by": self.start_s // 86400 * 86400 + 9 * 86400 - 1, "has_evidence": False},
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {f"customer_{self.draw(5)}": self.name},
            "payment_intent": self.payment,
            "reason": "fraudulent",
            "status": status,
        }

    def interaction(self, method: str, path: str, status: int, body: Any, form: bytes = b"") -> Interaction:
        key = str(self.draw(36))
        request_headers = [("User-Agent", "Stripe/v1"), ("Authorization", f"Bearer {self.key}")]
        if method == "POST":
            request_headers += [("Idempotency-Key", key), ("Content-Type", "application/x-www-form-urlencoded")]
        return Interaction(
            Request(method, f"https://api.stripe.com{path}", tuple(request_headers), form),
            Response(status, self.headers(), json.dumps(body, indent=2).encode(), "OK"),
        )

    def close_twice(self) -> list[Interaction]:
        object_path = f"/v1/disputes/{self.dispute}"
        log_url = f"https://dashboard.stripe.com/acct_1{self.draw(5)}{self.fragment}/test/logs/req_{self.draw(14)}"
        refusal = {
            "error": {
                "message": "This dispute is already closed",
                "request_log_url": log_url,
                "type": "invalid_request_error",
            }
        }
        return [
            self.interaction("GET", object_path, 200, self.dispute_object("needs_response")),
            self.interaction("POST", f"{object_path}/close", 200, self.dispute_object("lost")),
            self.interaction("POST", f"{object_path}/close", 400, refusal),
            self.interaction("GET", object_path, 200, self.dispute_object("lost")),
        ]

    def secrets(self) -> list[str]:
        """Every value that must not survive redaction."""
        ids = [self.dispute, self.charge, self.payment]
        return [self.fragment, self.key, self.email, self.name, "81.2.69.142", *(value[-8:] for value in ids)]
