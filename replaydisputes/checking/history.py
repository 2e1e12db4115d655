"""The order in which the statuses of a dispute may follow one another across the answers of a cassette."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from replaydisputes.checking.bodies import Body, objects_in
from replaydisputes.checking.finding import Fault
from replaydisputes.model import Interaction, Request, Response
from replaydisputes.stripe_api.forms import parse_form, split_key
from replaydisputes.stripe_api.urls import dispute_id_in_path, split_url

_UNANSWERED = frozenset(("needs_response", "warning_needs_response"))
_INQUIRY = frozenset(("warning_needs_response", "warning_under_review"))
_CHARGEBACK = frozenset(("needs_response", "under_review"))
_APPEAL = frozenset(("appeal_needs_response", "appeal_under_review"))
_ENDED = frozenset(("won", "lost", "warning_closed", "prevented"))

Verdict = Literal["legal", "illegal", "only when asked"]


class Step(NamedTuple):
    """From one of these statuses to another one of those; `rule` names what is wrong with it."""

    before: frozenset[str]
    after: frozenset[str]
    verdict: Verdict
    rule: str
    why: str


STEPS = (
    Step(frozenset(("lost",)), _APPEAL, "legal", "", "some networks let a lost dispute be appealed"),
    Step(_ENDED, _INQUIRY | _CHARGEBACK | _APPEAL, "illegal", "status/reopened", "a dispute that has ended stays so"),
    Step(_ENDED, _ENDED, "illegal", "status/verdict-changed", "networks can overturn a verdict, though rarely"),
    Step(
        _CHARGEBACK | _APPEAL,
        _INQUIRY | {"warning_closed"},
        "illegal",
        "status/back-to-inquiry",
        "an inquiry comes before the chargeback it escalates to, never after",
    ),
    Step(
        _UNANSWERED,
        frozenset(("lost", "warning_closed")),
        "only when asked",
        "status/closed-unasked",
        "test mode closes what it is asked to close, or what evidence or a refund settles",
    ),
)
"""The first row that fits decides; what no row names is legal, as the other side decides in its own time."""


class _Sighting(NamedTuple):
    status: str
    where: int


class _History:
    """What is known of each dispute so far."""

    def __init__(self) -> None:
        self.seen: dict[str, _Sighting] = {}
        self.asked: set[str] = set()
        self.is_refunded = False
        self.closes: set[tuple[str, str]] = set()


def status_faults(interactions: Sequence[Interaction], bodies: Sequence[Body]) -> Iterator[Fault]:
    """Every status that cannot follow the one before it. Events and repeated answers tell of the past: left out."""
    history = _History()
    for number, (interaction, body) in enumerate(zip(interactions, bodies, strict=True)):
        request, response = interaction.request, interaction.response
        if _is_repeated(history, request, response):
            continue
        if response.status < 400 or response.status >= 500:
            _note_write(history, request)
        closed_id = _closed_id(request) if response.status < 300 else None
        for found in objects_in(body.value):
            dispute_id, status = found.members.get("id"), found.members.get("status")
            is_dispute = found.members.get("object") == "dispute" and not found.is_snapshot
            if not is_dispute or not isinstance(dispute_id, str) or not isinstance(status, str):
                continue
            closes = not found.path and closed_id == dispute_id
            for rule, message in _wrong(history, dispute_id, status, closes):
                yield Fault(rule, message, f"interactions[{number}].response.body", (*found.path, "status"))
            history.seen[dispute_id] = _Sighting(status, number)


def _wrong(history: _History, dispute_id: str, status: str, closes: bool) -> Iterator[tuple[str, str]]:
    before = history.seen.get(dispute_id)
    if closes and status in _UNANSWERED:
        yield "status/close-left-open", f"the close succeeded, but its answer says {status}: it ends a dispute at once"
    if closes and before and before.status in ("lost", "won"):
        was = f"interactions[{before.where}] says {before.status} already"
        yield "status/closed-twice", f"{was}, yet this close succeeded: Stripe refuses it with HTTP 400"
    step = before and _step(before.status, status)
    if not before or not step or step.verdict == "legal":
        return
    if step.verdict == "only when asked" and (history.is_refunded or dispute_id in history.asked):
        return
    unasked = ", and nothing between them asked for it" if step.verdict == "only when asked" else ""
    yield step.rule, f"{before.status} in interactions[{before.where}], {status} here{unasked}: {step.why}"


def _step(before: str, after: str) -> Step | None:
    if before == after:
        return None
    return next((step for step in STEPS if before in step.before and after in step.after), None)


def _is_repeated(history: _History, request: Request, response: Response) -> bool:
    """Whether the answer is an earlier one again: Stripe says so, or the same key was used for a close before."""
    if response.header("Idempotent-Replayed"):
        return True
    key, closed_id = request.header("Idempotency-Key"), _closed_id(request)
    if key is None or closed_id is None:
        return False
    if (key, closed_id) in history.closes:
        return True
    history.closes.add((key, closed_id))
    return False


def _note_write(history: _History, request: Request) -> None:
    """A close, or evidence: even one that failed with a 5xx may have taken effect. A refund settles an inquiry."""
    path = _path(request)
    if request.method != "POST" or path is None:
        return
    dispute_id = dispute_id_in_path(path)
    if path.startswith("/v1/refunds") or path.endswith(("/refund", "/refunds")):
        history.is_refunded = True
    if dispute_id and (path.endswith("/close") or _gives_evidence(request)):
        history.asked.add(dispute_id)


def _gives_evidence(request: Request) -> bool:
    return any(split_key(key)[0] in ("evidence", "submit") for key, _ in parse_form(request.body))


def _closed_id(request: Request) -> str | None:
    path: Any = _path(request)
    is_close = request.method == "POST" and path is not None and path.endswith("/close")
    return dispute_id_in_path(path) if is_close else None


def _path(request: Request) -> str | None:
    try:
        return split_url(request.url).path
    except ValueError:
        return None
