"""Raw interactions to publishable ones: default-deny, canonical, idempotent."""

from replaydisputes.redaction.redactor import Redacted, redact

__all__ = ["Redacted", "redact"]
