"""Raw interactions to publishable ones: default-deny, canonical, idempotent."""

from replaydisputes.redaction.extending import RuleError, extended
from replaydisputes.redaction.policy import DEFAULT_POLICY, Policy
from replaydisputes.redaction.redactor import Redacted, Redaction, redact

__all__ = ["DEFAULT_POLICY", "Policy", "Redacted", "Redaction", "RuleError", "extended", "redact"]
