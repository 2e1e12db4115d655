"""Stripe's refusals as values to raise, and the sandbox's own: what it will not pretend to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.stripe_api.keys import key_mode

_DOCS = "https://stripe.com/docs"
_HELP = "https://support.stripe.com/"

FROM_MEMORY = ("refusal-wording",)


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
    assumed: what it rests on; FROM_MEMORY where no source has the wording.
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

    @property
    def should_retry(self) -> bool:
        """Whether a client is told to send the same again, since nothing was wrong with what it asked."""
        return self.status in (409, 429) or self.status >= 500


def _coded(code: str, message: str, **rest: Any) -> dict[str, Any]:
    doc_url = f"{_DOCS}/error-codes/{code.replace('_', '-')}"
    return {"code": code, "doc_url": doc_url, "message": message, **rest, "type": "invalid_request_error"}


def no_key() -> Refusal:
    message = (
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
        f"auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See {_DOCS}/api#authentication for details, or we can "
        f"help at {_HELP}."
    )
    error = {"message": message, "type": "invalid_request_error"}
    return Refusal(401, error, logged=False, assumed=FROM_MEMORY)


def invalid_key(key: str) -> Refusal:
    message = f"Invalid API Key provided: {masked_key(key)}"
    assumed = () if key_mode(key) == "test" else FROM_MEMORY
    return Refusal(401, {"message": message, "type": "invalid_request_error"}, logged=False, assumed=assumed)


def masked_key(key: str) -> str:
    """The key as Stripe echoes it: prefix and last four stay, the rest becomes asterisks.

    A made-up key can be shorter than any of Stripe's: then nothing is shown beside the prefix.
    """
    kind, mode, rest = ("", "", key) if key.count("_") < 2 else key.split("_", 2)
    prefix = f"{kind}_{mode}_" if kind else ""
    shown = rest[-4:] if len(rest) > 6 and rest[-4:].isalnum() else ""
    return f"{prefix}{'*' * max(2, len(rest) - len(shown))}{shown}"


def no_access(key: str, account: str) -> Refusal:
    message = (
        f"The provided key '{masked_key(key)}' does not have access to account '{account}' (or that account does not "
        "exist). Application access may have been revoked."
    )
    return Refusal(403, _coded("account_invalid", message), logged=False, assumed=FROM_MEMORY)


def not_permitted(key: str, permission: str, account: str) -> Refusal:
    message = (
        f"The provided key '{masked_key(key)}' does not have the required permissions for this endpoint on account "
        f"'{account}'. Having the '{permission}' permission would allow this request to continue."
    )
    error = {"message": message, "type": "invalid_request_error"}
    return Refusal(403, error, logged=False, assumed=["restricted-key"])


def api_error(status: int) -> Refusal:
    """status: 500 or 503."""
    message = f"An unknown error occurred. You can check {_DOCS} or we can help at {_HELP}."
    return Refusal(status, {"message": message, "type": "api_error"}, assumed=["api-error"])


def rate_limited() -> Refusal:
    message = f"Request rate limit exceeded. Learn more about rate limits here {_DOCS}/rate-limits."
    error = _coded("rate_limit", message)
    return Refusal(429, error, assumed=["rate-limit"])


def lock_timeout() -> Refusal:
    message = (
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request."
    )
    return Refusal(429, _coded("lock_timeout", message), assumed=["lock-timeout"])


def unrecognized_url(method: str, path: str) -> Refusal:
    message = f"Unrecognized request URL ({method}: {path}). Please see {_DOCS} or we can help at {_HELP}."
    error = {"message": message, "type": "invalid_request_error"}
    return Refusal(404, error, logged=False, assumed=FROM_MEMORY)


def no_such(noun: str, object_id: str, param: str, *, status: int = 404, assumed: Sequence[str] = ()) -> Refusal:
    """status: 404 for an id in the path, 400 for one in a parameter. An id that says LiveMode names a live object."""
    message = f"No such {noun}: '{object_id}'"
    if "LiveMode" in object_id:
        message += "; a similar object exists in live mode, but a test mode key was used to make this request."
        assumed = [*assumed, "live-mode-id"]
    error = _coded("resource_missing", message, param=param)
    return Refusal(status, error, kept=True, assumed=assumed)


def already_closed(assumed: Sequence[str] = ()) -> Refusal:
    error = {"message": "This dispute is already closed", "type": "invalid_request_error"}
    return Refusal(400, error, kept=True, assumed=assumed)


def already_succeeded(payment_intent: dict[str, Any]) -> Refusal:
    message = "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
    error = _coded("payment_intent_unexpected_state", message, payment_intent=payment_intent)
    return Refusal(400, error, kept=True, assumed=FROM_MEMORY)


def unknown_parameters(names: Sequence[str]) -> Refusal:
    noun, assumed = ("parameter", ()) if len(names) == 1 else ("parameters", FROM_MEMORY)
    error = _coded("parameter_unknown", f"Received unknown {noun}: {', '.join(names)}", param=names[0])
    return Refusal(400, error, assumed=assumed)


def missing_parameter(name: str) -> Refusal:
    return _from_memory(_coded("parameter_missing", f"Missing required param: {name}.", param=name))


def bad_integer(message: str, name: str) -> Refusal:
    return _from_memory(_coded("parameter_invalid_integer", message, param=name))


def empty_value(name: str) -> Refusal:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )
    return _from_memory(_coded("parameter_invalid_empty", message, param=name))


def bad_value(message: str, name: str) -> Refusal:
    return _from_memory({"message": message, "param": name, "type": "invalid_request_error"})


def bad_amount(code: str, message: str) -> Refusal:
    return _from_memory(_coded(code, message, param="amount"))


def not_expandable(path: str) -> Refusal:
    message = f"This property cannot be expanded ({path})."
    return _from_memory({"message": message, "type": "invalid_request_error"})


def expanded_too_deep(path: str, levels: int) -> Refusal:
    message = f"You cannot expand more than {levels} levels of a property. Property: {path}"
    return _from_memory({"message": message, "type": "invalid_request_error"})


def key_reused(key: str, *, other_path: bool) -> Refusal:
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using "
        f"a key other than '{key}' if you meant to execute a different request."
    )
    assumed = ["idempotency-endpoint"] if other_path else []
    return Refusal(400, {"message": message, "type": "idempotency_error"}, assumed=assumed)


def key_in_use(key: str) -> Refusal:
    message = (
        f"There is currently another in-progress request using this Idempotency-Key ({key}); it must finish before "
        "the key can be used again. Try again later."
    )
    error = _coded("idempotency_key_in_use", message) | {"type": "idempotency_error"}
    return Refusal(409, error, assumed=["idempotency-in-use"])


def _from_memory(error: dict[str, Any]) -> Refusal:
    """A refusal of a parameter whose wording no source has."""
    return Refusal(400, error, assumed=FROM_MEMORY)
