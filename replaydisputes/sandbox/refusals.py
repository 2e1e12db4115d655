"""Stripe's refusals as values to raise, and the sandbox's own: what it will not pretend to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from replaydisputes.errors import ReplayDisputesError

_DOCS = "https://stripe.com/docs"
_HELP = "https://support.stripe.com/"


class SandboxLimitError(ReplayDisputesError):
    """Stripe knows this and the sandbox does not model it: refused rather than ignored or made up."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"the sandbox does not model {what}, and answers nothing rather than something made up. "
            f"Leave it out, or record against Stripe test mode."
        )


class LiveKeyError(ReplayDisputesError):
    """A live key came in. Nothing of the key is kept or shown."""

    exit_code = 4

    def __init__(self) -> None:
        super().__init__(
            "a live-mode key was sent to the sandbox; it was not kept and nothing was answered. "
            "Use any sk_test_… or rk_test_… key here, and check which code holds the live one."
        )


class Refusal(Exception):  # noqa: N818 - Stripe's answer on its way up, not an error of ours
    """An error answer of Stripe: status and the `error` object, less what only the answering side knows.

    logged: whether the body gets a request_log_url. kept: whether an Idempotency-Key remembers it.
    """

    def __init__(
        self,
        status: int,
        error: dict[str, Any],
        *,
        logged: bool = True,
        kept: bool = False,
        assumed: Sequence[str] = (),
    ) -> None:
        self.status, self.error, self.logged, self.kept = status, error, logged, kept
        self.assumed = frozenset(assumed)
        super().__init__(error["message"])


def _coded(code: str, message: str, **rest: Any) -> dict[str, Any]:
    doc_url = f"{_DOCS}/error-codes/{code.replace('_', '-')}"
    return {"code": code, "doc_url": doc_url, "message": message, **rest, "type": "invalid_request_error"}


def no_key() -> Refusal:
    message = (
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        f"auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See {_DOCS}/api#authentication for details, or we can "
        f"help at {_HELP}."
    )
    return Refusal(401, {"message": message, "type": "invalid_request_error"}, logged=False)


def invalid_key(key: str) -> Refusal:
    message = f"Invalid API Key provided: {masked_key(key)}"
    return Refusal(401, {"message": message, "type": "invalid_request_error"}, logged=False)


def masked_key(key: str) -> str:
    """The key as Stripe echoes it: prefix and last four stay, the rest becomes asterisks."""
    kind, mode, rest = ("", "", key) if key.count("_") < 2 else key.split("_", 2)
    prefix = f"{kind}_{mode}_" if kind else ""
    shown = rest[-4:] if len(rest) > 4 else ""
    return f"{prefix}{'*' * (len(rest) - len(shown))}{shown}"


def no_access(key: str, account: str) -> Refusal:
    message = (
        f"The provided key '{masked_key(key)}' does not have access to account '{account}' (or that account does not "
        "exist). Application access may have been revoked."
    )
    return Refusal(403, _coded("account_invalid", message), logged=False)


def unrecognized_url(method: str, path: str) -> Refusal:
    message = f"Unrecognized request URL ({method}: {path}). Please see {_DOCS} or we can help at {_HELP}."
    return Refusal(404, {"message": message, "type": "invalid_request_error"}, logged=False)


def no_such(noun: str, object_id: str, param: str, *, status: int = 404, assumed: Sequence[str] = ()) -> Refusal:
    """status: 404 for an id in the path, 400 for one in a parameter."""
    error = _coded("resource_missing", f"No such {noun}: '{object_id}'", param=param)
    return Refusal(status, error, kept=True, assumed=assumed)


def already_closed(assumed: Sequence[str] = ()) -> Refusal:
    error = {"message": "This dispute is already closed", "type": "invalid_request_error"}
    return Refusal(400, error, kept=True, assumed=assumed)


def already_succeeded(payment_intent: dict[str, Any]) -> Refusal:
    message = "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
    error = _coded("payment_intent_unexpected_state", message, payment_intent=payment_intent)
    return Refusal(400, error, kept=True)


def unknown_parameters(names: Sequence[str]) -> Refusal:
    noun = "parameter" if len(names) == 1 else "parameters"
    return Refusal(400, _coded("parameter_unknown", f"Received unknown {noun}: {', '.join(names)}", param=names[0]))


def missing_parameter(name: str) -> Refusal:
    return Refusal(400, _coded("parameter_missing", f"Missing required param: {name}.", param=name))


def bad_integer(message: str, name: str) -> Refusal:
    return Refusal(400, _coded("parameter_invalid_integer", message, param=name))


def empty_value(name: str) -> Refusal:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )
    return Refusal(400, _coded("parameter_invalid_empty", message, param=name))


def bad_value(message: str, name: str) -> Refusal:
    return Refusal(400, {"message": message, "param": name, "type": "invalid_request_error"})


def bad_amount(code: str, message: str) -> Refusal:
    return Refusal(400, _coded(code, message, param="amount"))


def not_expandable(path: str) -> Refusal:
    message = f"This property cannot be expanded ({path})."
    return Refusal(400, {"message": message, "type": "invalid_request_error"})


def key_reused(key: str, *, other_path: bool) -> Refusal:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using "
        f"a key other than '{key}' if you meant to execute a different request."
    )
    assumed = ["idempotency-endpoint"] if other_path else []
    return Refusal(400, {"message": message, "type": "idempotency_error"}, assumed=assumed)
