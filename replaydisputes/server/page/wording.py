"""Amounts, dates and Stripe's words as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_WITH_THREE = "bhd jod kwd omr tnd"
_PLACES = dict.fromkeys(_WITHOUT_DECIMALS.split(), 0) | dict.fromkeys(_WITH_THREE.split(), 3)
"""docs.stripe.com/currencies: every other currency is in hundredths, UGX and ISK too."""

_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
_DAY_S = 86_400

_TONES = {
    "warning_needs_response": "waiting",
    "needs_response": "waiting",
    "appeal_needs_response": "waiting",
    "warning_under_review": "pending",
    "under_review": "pending",
    "appeal_under_review": "pending",
    "won": "good",
    "prevented": "good",
    "lost": "bad",
}
CLOSED = frozenset({"won", "lost", "warning_closed", "prevented"})

_SOURCES = {
    "stripe-test-mode": ("recorded", "Recorded from Stripe test mode."),
    "sandbox": ("modelled", "Made by this project's sandbox, a model of Stripe test mode. Not a recording of Stripe."),
    "imported": ("unverified", "Imported from another tool's recording. Nobody verified where it came from."),
}


def amount_in_words(amount_minor: int, currency: str) -> str:
    """`$10.00`, `¥1,000`, `10.00 CHF`, from an amount in the currency's smallest unit."""
    places = _PLACES.get(currency, 2)
    figure = f"{abs(amount_minor) / 10**places:,.{places}f}"
    sign = "−" if amount_minor < 0 else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {currency.upper()}"


def words_of(name: str) -> str:
    """`Product not received` for `product_not_received`."""
    return name.replace("_", " ").capitalize()


def tone_of(status: str) -> str:
    """How a status is coloured; one that Stripe adds tomorrow is neutral."""
    return _TONES.get(status, "neutral")


def source_in_words(made_against: str) -> tuple[str, str]:
    """A label of one word and a sentence, for a provenance's made_against; empty is a file without provenance."""
    return _SOURCES.get(made_against, ("unknown", "The file does not say where it came from."))


def day_of(unix_s: int) -> str:
    """`3 Dec 2026`, in UTC."""
    moment = datetime.fromtimestamp(unix_s, UTC)
    return f"{moment.day} {moment:%b %Y}"


def iso_of(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def distance_in_words(unix_s: int, now_s: int) -> str:
    """`in 9 days`, `today`, `3 days ago`: whole days by the calendar, in UTC."""
    days = unix_s // _DAY_S - now_s // _DAY_S
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"in {count}" if days > 0 else f"{count} ago"
