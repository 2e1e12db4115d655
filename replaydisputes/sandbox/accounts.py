"""The platform's account and those connected to it: which of them a call reads and writes."""

from __future__ import annotations

from collections.abc import Iterable

from replaydisputes.sandbox.draw import Mint
from replaydisputes.sandbox.ledger import Behaviour, Json, Ledger
from replaydisputes.sandbox.people import Cast


class Accounts:
    """A ledger for each account. No object of one can be seen from another; the platform lists them all.

    own: the platform's account, drawn from the seed when None. connected: the others, one drawn when None.
    """

    def __init__(
        self, seed: int, own: str | None, connected: Iterable[str] | None, behaviour: Behaviour, created: int
    ) -> None:
        cast = Cast(seed)
        self.platform = Ledger(Mint(seed, own), cast, behaviour)
        wanted = [None] if connected is None else list(connected)
        mints = [Mint(seed, account, f"/connected/{number}") for number, account in enumerate(wanted)]
        self.connected = tuple(mint.account for mint in mints)
        if len({self.platform.mint.account, *self.connected}) <= len(self.connected):
            raise ValueError("every account needs an id of its own")
        assumed = frozenset({"connect-events"})
        self._ledgers = {mint.account: Ledger(mint, cast, behaviour, assumed) for mint in mints}
        self._ledgers[self.platform.mint.account] = self.platform
        for account, ledger in self._ledgers.items():
            ledger.own_account = account_object(account, created)
        for account in self.connected:
            self.platform.put(account_object(account, created), ["connected-account"])

    def ledger(self, account: str) -> Ledger | None:
        """The named account's, the platform's for an empty name; None for one out of reach."""
        return self._ledgers.get(account) if account else self.platform

    def catch_up(self, now: int) -> None:
        for ledger in self._ledgers.values():
            ledger.catch_up(now)


def account_object(account: str, created: int) -> Json:
    """The account as the API shows it, less what a dispute never touches. created: unix seconds."""
    return {
        "id": account,
        "object": "account",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
