"""Invented people: realistic enough to leak, alike in structure for every seed, never equal by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from replaydisputes.sandbox.draw import Draw

_FIRST = (
    ("Zoë", "zoe"), ("Søren", "soren"), ("Łukasz", "lukasz"), ("Anaïs", "anais"), ("José", "jose"),
    ("Jürgen", "jurgen"), ("Şebnem", "sebnem"), ("Björk", "bjork"), ("Chloé", "chloe"), ("Ünal", "unal"),
    ("Đorđe", "dorde"), ("Ágnes", "agnes"), ("晴子", "haruko"), ("Наталья", "natalya"), ("Ελένη", "eleni"),
)  # fmt: skip
_LAST = (
    "Fernández", "Müller", "Kowalczyk", "O’Brien", "Østergård", "Dvořák", "Ångström", "Şahin", "Lefèvre", "Nováková",
    "Yılmaz", "Guðmundsdóttir", "Ibáñez", "Škvorecký", "Bălan", "Çelik",
)  # fmt: skip
_MAIL = ("gmail.com", "web.de", "proton.me", "outlook.com", "gmx.net", "yahoo.co.uk")
_PLACES = (
    ("München", "Bayern"), ("Düsseldorf", "Nordrhein-Westfalen"), ("Lübeck", "Schleswig-Holstein"),
    ("Göttingen", "Niedersachsen"), ("Würzburg", "Unterfranken"), ("Tübingen", "Baden-Württemberg"),
    ("Saarbrücken", "Saarland"), ("Görlitz", "Sachsen"), ("Mühlhausen", "Thüringen"), ("Gießen", "Hessen"),
)  # fmt: skip
_STREETS = ("Görresstraße", "Brückenallee", "Schloßgasse", "Händelweg", "Königsufer", "Mühlgraben")
_GOODS = ("Fahrradhelm", "Espressomaschine", "Wanderschuhe", "Stehlampe", "Gitarrenkoffer", "Rucksack")
_SHOPS = ("KAFFEEROESTEREI", "FAHRRADLADEN", "BUCHHANDLUNG", "GITARRENBAU")

_FIXED = ("0259", "2685", "1976", "0079", "5423", "4242", "2034", "1500")
"""Digits that stand in every answer whatever the seed; an invented value must not hold them."""


class Person(NamedTuple):
    name: str
    email: str
    phone: str
    address: dict[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """The people and things around one payment. `buyer` is in billing and evidence, `recipient` in shipping."""

    buyer: Person
    recipient: Person
    assistant_email: str
    purchase_ip: str
    login_ip: str
    device_id: str
    device_fingerprint: str
    account_id: str
    order_id: str
    goods: str
    earlier_goods: tuple[str, str]
    tracking_number: str
    descriptor: str


class Cast:
    """Deals invented values. No two of them are equal or hold one another, whatever the seed."""

    def __init__(self, seed: int) -> None:
        self._draw = Draw(f"people/{seed}")
        self._dealt: list[str] = list(_FIXED)
        self._places = _shuffled(self._draw, _PLACES)
        self._addresses = 0

    def digits(self, length: int) -> str:
        return self._fresh(lambda: self._draw.digits(length))

    def base62(self, length: int) -> str:
        return self._fresh(lambda: self._draw.base62(length))

    def receipt_number(self) -> str:
        return self._fresh(lambda: f"{self._draw.digits(4)}-{self._draw.digits(4)}")

    def story(self) -> Story:
        draw = self._draw
        return Story(
            buyer=self._person(),
            recipient=self._person(),
            assistant_email=self._email("dispo"),
            purchase_ip=self._ip(),
            login_ip=self._ip(),
            device_id=self._fresh(lambda: f"dev-{draw.base62(18)}"),
            device_fingerprint=self._fresh(lambda: draw.base62(32)),
            account_id=self._fresh(lambda: f"kunde-{draw.digits(8)}"),
            order_id=self._fresh(lambda: f"ORD-{draw.digits(9)}"),
            goods=self._goods(),
            earlier_goods=(self._goods(), self._goods()),
            tracking_number=self._fresh(lambda: f"JJD{draw.digits(17)}"),
            descriptor=self._fresh(lambda: f"{draw.pick(_SHOPS)} {draw.digits(5)}"),
        )

    def _fresh(self, make: Callable[[], str]) -> str:
        value = make()
        while any(value in other or other in value for other in self._dealt):
            value = make()
        self._dealt.append(value)
        return value

    def _person(self) -> Person:
        first, handle = self._draw.pick(_FIRST)
        name = self._fresh(lambda: f"{first} {self._draw.pick(_LAST)}-{self._draw.pick(_LAST)} {self._initials()}")
        phone = self._fresh(lambda: f"+49 15{self._draw.below(10)} {self._draw.digits(8)}")
        return Person(name, self._email(handle), phone, self._address())

    def _initials(self) -> str:
        return "".join(self._draw.pick("BCDFGHJKLMNPQRSTVWXZ") + "." for _ in range(2))

    def _email(self, handle: str) -> str:
        return self._fresh(lambda: f"{handle}.{self._draw.digits(7)}@{self._draw.pick(_MAIL)}")

    def _ip(self) -> str:
        below = self._draw.below
        return self._fresh(lambda: f"{81 + below(9)}.{100 + below(150)}.{100 + below(150)}.{100 + below(150)}")

    def _goods(self) -> str:
        return self._fresh(lambda: f"{self._draw.pick(_GOODS)}, Artikel {self._draw.digits(7)}")

    def _address(self) -> dict[str, str]:
        """Places come from a shuffled deck, so the n-th address repeats one at the same n for every seed."""
        city, state = self._places[self._addresses % len(self._places)]
        self._addresses += 1
        return {
            "city": city,
            "country": "DE",
            "line1": self._fresh(lambda: f"{self._draw.pick(_STREETS)} {self._draw.digits(4)}"),
            "line2": self._fresh(lambda: f"Hinterhaus, Wohnung {self._draw.digits(4)}"),
            "postal_code": self._fresh(lambda: self._draw.digits(5)),
            "state": state,
        }


def _shuffled(draw: Draw, places: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    left, dealt = list(places), []
    while left:
        dealt.append(left.pop(draw.below(len(left))))
    return dealt


def one_line(address: dict[str, Any]) -> str:
    """An address as evidence holds it: one text with line breaks."""
    rows = [address["line1"], address["line2"], f"{address['postal_code']} {address['city']}", address["state"]]
    return "\n".join([*rows, address["country"]])
