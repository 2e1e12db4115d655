"""The only reader and writer of cassette files: plain vcrpy version-1 YAML, with provenance beside it.

What writes is imported when it is first asked for: replaying needs no locks, and they are slow to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .digest import digest_of as digest_of
from .layout import serialize as serialize
from .reading import load as load
from .reading import parse as parse

if TYPE_CHECKING:
    from .writing import WriteOutcome as WriteOutcome
    from .writing import refuse_livemode as refuse_livemode
    from .writing import write as write


def __getattr__(name: str) -> Any:
    if name in ("WriteOutcome", "refuse_livemode", "write"):
        return getattr(importlib.import_module(f"{__name__}.writing"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
