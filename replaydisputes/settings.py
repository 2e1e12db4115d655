"""What a project's configuration says: its own redaction rules, and where pytest looks for its cassettes."""

from __future__ import annotations

import re
import shlex
import tomllib
import warnings
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replaydisputes.errors import ReplayDisputesError, nearest

if TYPE_CHECKING:
    from replaydisputes.redaction import Policy

_KNOWN = ("keep", "replace")
_OF_THE_PLUGIN = "max_age"
"""Read by the pytest plugin, from the same table."""
AGE = re.compile(r"([1-9][0-9]{0,3})([dw])")
"""`90d`, `12w`: a number of days or weeks."""
_CASSETTES = "replaydisputes_cassettes"
_INI_FILES = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_PYTEST_FILES = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


class SettingsError(ReplayDisputesError):
    """A configuration file that cannot be read, or says what nobody understands."""

    exit_code = 2

    def __init__(self, path: Path, problem: str, table: str = "[tool.replaydisputes]") -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {table}: {problem}")


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
            if value and not (isinstance(value, str) and AGE.fullmatch(value)):
                raise SettingsError(path, f"max_age must be days or weeks, such as '90d' or '12w'; got {value!r}")
            continue
        if name not in _KNOWN:
            raise SettingsError(path, f"{name!r} is not a setting; {nearest(name, (*_KNOWN, _OF_THE_PLUGIN))}")
        if not isinstance(value, list) or not all(isinstance(rule, str) for rule in value):
            raise SettingsError(path, f"{name!r} must be a list of strings")
        rules[name] = value
        _warn_of_typos(path, name, value)
    return rules


def _warn_of_typos(path: Path, setting: str, rules: list[str]) -> None:
    """Stripe has more objects than the policy knows, so a name that is just close to a known one is no error."""
    from difflib import get_close_matches  # noqa: PLC0415

    from replaydisputes.redaction import DEFAULT_POLICY  # noqa: PLC0415

    known = {within for within, _ in DEFAULT_POLICY.json} | {"form", "header"}
    for rule in rules:
        within = rule.partition(":")[0]
        close = get_close_matches(within, known, n=1, cutoff=0.8) if within not in known else []
        if close:
            problem = f"no known object is called {within!r}; did you mean {close[0]}?"
            warnings.warn(f"{path}: [tool.replaydisputes] {setting}: {rule!r}: {problem}", stacklevel=2)


def pytest_root(start: Path) -> Path:
    """The nearest directory at or above `start` with a file that pytest takes as its configuration; else `start`.

    Raises SettingsError for such a file that cannot be read.
    """
    for directory in (start, *start.resolve().parents):
        if any(_configures_pytest(directory / name) for name in _PYTEST_FILES):
            return directory
    return start


def _configures_pytest(path: Path) -> bool:
    if path.name in ("pytest.ini", ".pytest.ini"):
        return path.is_file()
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise SettingsError(path, f"cannot be read: {str(error).splitlines()[0]}", _CASSETTES) from error
    table = r"tool\.pytest" if path.suffix == ".toml" else re.escape(_INI_FILES[path.name])
    return re.search(rf"^\[{table}(\.ini_options)?\]", text, re.MULTILINE) is not None


def pytest_directories(start: Path) -> list[Path]:
    """The directories that `replaydisputes_cassettes` names in every file of `start` that pytest may take it from.

    Of several such files pytest reads one alone; here a place too many is looked through rather than one too few.
    Raises SettingsError for a file that names the option and cannot be read.
    """
    found: list[Path] = []
    for name in _PYTEST_FILES:
        path = start / name
        try:
            text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
            if _CASSETTES in text:
                said = _said_in_toml(text) if path.suffix == ".toml" else _said_in_ini(text, _INI_FILES[name])
                found += [start / place for place in (shlex.split(said) if isinstance(said, str) else said)]
        except (OSError, ValueError, TypeError, AttributeError, IniError) as error:
            raise SettingsError(path, f"cannot be read: {str(error).splitlines()[0]}", _CASSETTES) from error
    return list(dict.fromkeys(found))


def _said_in_ini(text: str, section: str) -> str:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    return parser.get(section, _CASSETTES, fallback="")


def _said_in_toml(text: str) -> str | list[str]:
    table: dict[str, Any] = tomllib.loads(text).get("tool", {}).get("pytest", {})
    said: str | list[str] = {**table, **table.get("ini_options", {})}.get(_CASSETTES, [])
    return said
