"""A user's own rules on top of the policy. They may replace more; what they keep still loses keys, ids and people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from replaydisputes.errors import ReplayDisputesError
from replaydisputes.redaction.policy import ANY, DEFAULT_POLICY, Policy
from replaydisputes.stripe_api.kinds import Kind

Key = TypeVar("Key")

_JSON_RULE = re.compile(r"(?P<within>[a-z_.]+|\*|\(none\)):(?P<path>[a-z0-9_]+(?:\.[a-z0-9_]+)*)\Z")
_FORM_RULE = re.compile(r"form:(?P<path>[a-z0-9_]+(?:\.[a-z0-9_]+)*)\Z")
_HEADER_RULE = re.compile(r"header:(?P<name>[A-Za-z0-9-]+)\Z")

_PERSONAL = re.compile(
    r"(?:^|\.)(?:evidence|metadata|billing_details|shipping|customer_details|fraud_details|receipt_\w+|client_secret"
    r"|customer_\w+|name|email|phone|address|line[12]|postal_code|city|ip|ip_address|last4|fingerprint|number|cvc"
    r"|exp_month|exp_year|statement_descriptor\w*|description|signature|network_transaction_id|authorization_code"
    r"|request_log_url|id)(?:\.|$)"
)
_PERSONAL_HEADER = re.compile(
    r"auth|cookie|key|token|secret|session|signature|user-agent|telemetry|forwarded|ip\b|request|account"
)


class RuleError(ReplayDisputesError):
    """A rule of the user's that says nothing, or that would let through what never may be."""

    exit_code = 2

    def __init__(self, setting: str, rule: str, problem: str) -> None:
        self.setting, self.rule = setting, rule
        super().__init__(
            f"[tool.replaydisputes] {setting}: {rule!r}: {problem}. "
            f"A rule is OBJECT:PATH (charge:outcome.seller_message), form:PATH (form:reason) "
            f"or header:NAME (header:X-Region)."
        )


def extended(keep: Iterable[str] = (), replaced: Iterable[str] = ()) -> Policy:
    """The default policy with a user's rules. Raises RuleError for one that is malformed or would keep people.

    keep: fields that may survive, as text that is still scrubbed of keys, ids, addresses and numbers.
    replaced: fields that must not survive although the default policy names them.
    """
    policy = DEFAULT_POLICY
    for rule in keep:
        policy = _with_rule(policy, "keep", rule, Kind.KEPT)
    for rule in replaced:
        policy = _with_rule(policy, "replace", rule, None)
    return policy


def _with_rule(policy: Policy, setting: str, rule: str, kind: Kind | None) -> Policy:
    if found := _HEADER_RULE.match(rule):
        name = found["name"].lower()
        if kind and _PERSONAL_HEADER.search(name):
            raise RuleError(setting, rule, "such a header carries keys, ids or people and is never kept")
        return replace(
            policy,
            request_headers=_changed(policy.request_headers, name, kind),
            response_headers=_changed(policy.response_headers, name, kind),
        )
    found = _FORM_RULE.match(rule) or _JSON_RULE.match(rule)
    if found is None:
        raise RuleError(setting, rule, "this is not a rule")
    if kind and _PERSONAL.search(found["path"]):
        raise RuleError(setting, rule, "such a field carries keys, ids or people and is never kept")
    if "within" not in found.re.groupindex:
        return replace(policy, form=_changed(policy.form, found["path"], kind))
    return replace(policy, json=_changed_json(policy, found["within"], found["path"], kind))


def _changed(table: Mapping[Key, Kind], key: Key, kind: Kind | None) -> dict[Key, Kind]:
    others = {place: known for place, known in table.items() if place != key}
    return {**others, key: table.get(key, kind)} if kind else others


def _changed_json(policy: Policy, within: str, path: str, kind: Kind | None) -> dict[tuple[str, str], Kind]:
    """Replacing under one object type must win over a rule for all of them, so that rule is spelled out as refused."""
    table = _changed(policy.json, (within, path), kind)
    if kind is None and (ANY, path) in table and within != ANY:
        table[within, path] = Kind.REFUSED
    return table
