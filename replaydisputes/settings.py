"""`[tool.replaydisputes]` in the nearest pyproject.toml: a user's own redaction rules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from replaydisputes.errors import ReplayDisputesError, nearest

if TYPE_CHECKING:
    from replaydisputes.redaction import Policy

_KNOWN = ("keep", "replace")
_OF_THE_PLUGIN = "max_age"
"""Read by the pytest plugin, from the same table."""


class SettingsError(ReplayDisputesError):
    """A pyproject.toml that cannot be read, or says what nobody understands."""

    exit_code = 2

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: [tool.replaydisputes]: {problem}")


def redaction_policy(start: Path) -> Policy:
    """The default policy with the rules of the nearest pyproject.toml at or above `start` that has any."""
    from replaydisputes.redaction import extended  # noqa: PLC0415 - `--help` stays light

    for directory in (start, *start.parents):
        path = directory / "pyproject.toml"
        if path.is_file():
            rules = _rules(path)
            if rules is not None:
                return extended(keep=rules["keep"], replaced=rules["replace"])
    return extended()


def _rules(path: Path) -> dict[str, list[str]] | None:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("replaydisputes")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(path, f"cannot be read: {error}") from error
    if table is None:
        return None
    rules: dict[str, list[str]] = {name: [] for name in _KNOWN}
    for name, value in table.items():
        if name == _OF_THE_PLUGIN:
            continue
        if name not in _KNOWN:
            raise SettingsError(path, f"{name!r} is not a setting; {nearest(name, (*_KNOWN, _OF_THE_PLUGIN))}")
        if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
            raise SettingsError(path, f"{name!r} must be a list of strings")
        rules[name] = value
    return rules
