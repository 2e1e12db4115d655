"""The only reader and writer of cassette files: plain vcrpy version-1 YAML, with provenance beside it.

What parses YAML and what writes is imported when it is first asked for: replaying needs neither a YAML reader nor
locks, and both are slow to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .digest import digest_of as digest_of
from .layout import serialize as serialize
from .loading import load as load

if TYPE_CHECKING:
    from .reading import parse as parse
    from .writing import WriteOutcome as WriteOutcome
    from .writing import refuse_livemode as refuse_livemode
    from .writing import write as write

_LATER = {"WriteOutcome": "writing", "parse": "reading", "refuse_livemode": "writing", "write": "writing"}


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is not None:
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
