"""The running replay: what has been played and refused, faults on demand, webhooks, and what is left at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal, get_args

from replaydisputes.errors import NestedReplayError, NoReplayError, ReplayDisputesError, UnplayedError, UnplayedWarning
from replaydisputes.interception import Route
from replaydisputes.library import Library
from replaydisputes.model import Cassette, Interaction, Request
from replaydisputes.playback import Fault, FaultName, Faults, Injected, Played, Player
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

if TYPE_CHECKING:
    from replaydisputes.playback import Several
    from replaydisputes.playback.told_ids import Kind
    from replaydisputes.playback.webhooks import Webhook
    from replaydisputes.underway import Underway

OnUnplayed = Literal["fail", "warn", "ignore"]
ON_UNPLAYED: tuple[OnUnplayed, ...] = get_args(OnUnplayed)


class Playing:
    """A cassette that is being replayed: the dispute it is about, and what has been played of it."""

    def __init__(self, player: Player | Underway) -> None:
        self._player = player

    @property
    def name(self) -> str:
        return self._player.name

    @property
    def cassette(self) -> Cassette:
        return self._player.cassette

    @property
    def dispute_id(self) -> str:
        """The id under which the cassette's dispute is to be used in calls; empty where there is none.

        The canonical id, or, beside other cassettes, one of its own. Under `any_dispute` every other id will do.
        """
        return self._player.dispute_id

    @property
    def dispute_ids(self) -> tuple[str, ...]:
        """The ids of all disputes of the cassette, as they are to be used in calls; `dispute_id` is the first.

        Under `any_dispute`, once another dispute was asked for by id, that one and those that came with it.
        """
        told, own = self._ids("dispute"), self.dispute_id
        stands_for_own = own not in told and _last_asked(self._player.played) in told
        return told if stands_for_own or not own else tuple(dict.fromkeys([own, *told]))

    @property
    def charge_ids(self) -> tuple[str, ...]:
        """The ids of the cassette's charges. Under `any_dispute` those of the dispute that was last asked for by id.

        While a cassette is being recorded, only what an answer has told so far.
        """
        return self._ids("charge")

    @property
    def charge_id(self) -> str:
        """The first of `charge_ids`; empty if there is none."""
        return next(iter(self.charge_ids), "")

    @property
    def payment_intent_ids(self) -> tuple[str, ...]:
        """The ids of the cassette's PaymentIntents, as `charge_ids`."""
        return self._ids("payment_intent")

    @property
    def payment_intent_id(self) -> str:
        """The first of `payment_intent_ids`; empty if there is none."""
        return next(iter(self.payment_intent_ids), "")

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The ids of the cassette's events, as `charge_ids`."""
        return self._ids("event")

    @property
    def account_id(self) -> str:
        """The connected account that the cassette's calls are made for; empty if there is none."""
        return next(filter(None, self._accounts()), "")

    def _ids(self, kind: Kind) -> tuple[str, ...]:
        from replaydisputes.playback.told_ids import ids_told  # noqa: PLC0415 - few tests ask for one

        return ids_told(kind, self._player.answers_about(_last_asked(self._player.played)))

    def _accounts(self) -> list[str]:
        """The connected account of each recorded call, in the words of the suite where it has made such a call."""
        used = {_account(one.interaction.request): _account(one.request) for one in self._player.played}
        recorded = [_account(one.request) for one in self.cassette.interactions]
        return [used.get(account, account) for account in recorded]

    @property
    def played(self) -> tuple[Played, ...]:
        """Each answered request with the interaction that answered it, in order."""
        return self._player.played

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The recordings that nothing has asked for yet, in order."""
        return self._player.unplayed

    def __repr__(self) -> str:
        return repr(self._player)


class Replay(Playing):
    """A running replay. Of several cassettes it speaks of the first; `replay["close-inquiry"]` is another."""

    def __init__(
        self,
        players: Sequence[Player | Underway],
        together: Player | Several | Underway,
        faults: Faults,
        route: Route,
    ) -> None:
        super().__init__(players[0])
        self.cassettes = tuple([Playing(player) for player in players])
        self._together, self._faults, self._route = together, faults, route
        self._reported = 0

    def __getitem__(self, which: str | int) -> Playing:
        """The cassette of a name, the first where it was named twice; or the one at a position, from 0."""
        try:
            return self.cassettes[which] if isinstance(which, int) else self._named(which)
        except (IndexError, StopIteration):
            raise KeyError(f"{which!r} is not being replayed; {self!r}") from None

    def _named(self, name: str) -> Playing:
        return next(playing for playing in self.cassettes if playing.name == name)

    @property
    def played(self) -> tuple[Played, ...]:
        """Each answered request with the interaction that answered it, in order, of all cassettes."""
        return self._together.played

    @property
    def refused(self) -> tuple[ReplayDisputesError, ...]:
        """Each mismatch and each connection that was refused, whether or not the code under test swallowed it."""
        return tuple(self._route.refused)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, so that nothing is answered by it any more."""
        return self._route.ended

    @property
    def injected(self) -> tuple[Injected, ...]:
        """Each request that `fail_next` failed, in order. None of them counts as played, unless Stripe acted on it."""
        return self._faults.injected

    def fail_next(  # noqa: PLR0913 - all but the kind are keywords with a default
        self,
        kind: FaultName,
        *,
        times: int = 1,
        after: int = 0,
        on: str = "*",
        processed: bool = False,
        should_retry: bool | None = None,
    ) -> None:
        """Have the next requests fail, at once and without sleeping; faults asked for earlier come first.

        kind: `timeout`, `connection-reset` (the client's own exception), `rate-limit`, `lock-timeout` (429),
        `server-error` (500). after: how many requests are answered before it. on: only requests that fit this shell
        pattern over `METHOD /path`, such as `POST */close`. processed: Stripe acts on the request and the answer is
        lost, so a retry with the same Idempotency-Key gets it with `Idempotent-Replayed`. should_retry: what
        Stripe-Should-Retry says; by default what Stripe says, which is to retry a lock and not a rate limit.
        What has not come by the end of the replay fails it. Raises FaultOptionError, NoReplayError.
        """
        if self.is_over:
            raise NoReplayError("fail_next()")
        self._faults.plan(Fault(kind, times, after, processed, should_retry, on))

    def webhook(
        self,
        event_type: str,
        *,
        secret: str,
        dispute: str = "",
        timestamp: int | None = None,
        api_version: str | None = None,
    ) -> Webhook:
        """The event of a type that the cassette holds, as Stripe would deliver it: body and headers, signed.

        secret: the endpoint's `whsec_…`. dispute: whose event it is to be, where not the one last asked for by id;
        under any_dispute it comes in this dispute's ids. timestamp: of the signature, in unix seconds; by default now.
        api_version: what the event says of its version, for an SDK that takes no other; its shape stays as recorded.
        The event of a connected account has its `account`, as a platform gets it.
        Raises EventNotRecordedError, WebhookSecretError and WebhookVersionError.
        """
        from replaydisputes.playback import webhooks  # noqa: PLC0415 - few tests ask for one

        wanted = dispute or _last_asked(self.played)
        told = [zip(one._player.answers_about(wanted), one._accounts(), strict=True) for one in self.cassettes]
        events = webhooks.delivered(chain.from_iterable(told))
        event = webhooks.choose_event(events, event_type, wanted, only=bool(dispute))
        if event is None:
            types, shipped = webhooks.types_of(events), _shipped_with(event_type)
            raise webhooks.EventNotRecordedError(event_type, self.name, types, shipped, dispute)
        event = webhooks.at_version(event, api_version)
        return webhooks.signed(event, secret, int(time.time()) if timestamp is None else timestamp)

    def unreported(self) -> ReplayDisputesError | None:
        """The first refusal since the last time this was asked, else what `fail_next` asked for and never came."""
        refused, self._reported = self.refused[self._reported :], len(self._route.refused)
        unused = self._faults.unused()
        return refused[0] if refused else unused

    def raise_unreported(self) -> None:
        """Raise the first refusal, or the faults that never came, where nobody has been told."""
        refusal = self.unreported()
        if refusal is not None:
            raise refusal

    def shared_dispute(self, inner: Replay) -> str:
        """The id that a dispute has here and in a replay within; empty if there is none. Real ids are never shared."""
        mine, theirs = ([one._player for one in replay.cassettes] for replay in (self, inner))
        if not all(isinstance(player, Player) for player in (*mine, *theirs)):
            return ""
        shared = {player.dispute_id for player in mine} & {player.dispute_id for player in theirs}
        return min(shared, default="")

    def check_begins_within(self, outer: Replay) -> None:
        """Raises NestedReplayError if the outer replay has been asked about a dispute that has the same id here."""
        shared = outer.shared_dispute(self)
        if shared and outer.played:
            raise NestedReplayError(outer.names, self.names, shared)

    def leave_to(self, outer: Replay) -> None:
        """At the end: if a write was made here, the outer replay may not go on with a dispute of the same id."""
        shared = outer.shared_dispute(self)
        if shared and any(one.request.method not in ("GET", "HEAD") for one in self.played):
            names = outer.names, self.names
            outer._route.refuse_with(lambda _operation, _address: NestedReplayError(*names, shared))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.cassettes)

    def note_on(self, error: BaseException) -> None:
        """Add the first refusal not yet reported to an error that does not tell of it already, as its cause does."""
        refusal = self.unreported()
        told: BaseException | None = error
        while told is not None and str(told) != str(refusal):
            told = told.__cause__ or told.__context__
        if refusal is not None and told is None:
            error.add_note(str(refusal))

    def settle(self, unplayed: OnUnplayed, warn: Callable[[Warning], object]) -> None:
        """Raise the first refusal not yet reported; else UnplayedError, or warn, where recordings are left over."""
        self.raise_unreported()
        report = "" if unplayed == "ignore" else self.unplayed_report()
        if report and unplayed == "fail":
            raise UnplayedError(report)
        if report:
            warn(UnplayedWarning(report))

    def unplayed_report(self) -> str:
        """Which recordings nothing asked for, of each cassette, and what to do; empty where all were played."""
        reports = [playing._player.unplayed_report() for playing in self.cassettes]
        return "\n\n".join(report for report in reports if report)

    def __repr__(self) -> str:
        cassettes = " ".join(map(repr, self.cassettes))
        return f"<Replay of {cassettes}; {len(self.refused)} refused>"


def _account(request: Request) -> str:
    return request.header("Stripe-Account") or ""


def _last_asked(played: Sequence[Played]) -> str:
    """The dispute last asked for by id, in the ids of the suite; empty where none was."""
    asked = (dispute_id_in_path(split_url(one.request.url).path) for one in reversed(played))
    return next(filter(None, asked), "")


def _shipped_with(event_type: str) -> list[str]:
    """The shipped cassettes that hold an event of this type."""
    from replaydisputes.playback.webhooks import events_in, types_of  # noqa: PLC0415

    library = Library([])
    return [
        entry.name
        for entry in library.names()
        if event_type in types_of(events_in(one.response for one in library.load(entry.name).interactions))
    ]
