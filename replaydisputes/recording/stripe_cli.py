"""A test-mode key from the Stripe CLI's configuration, as `stripe login` leaves it. Nothing of it is ever printed.

config.toml holds a table for each profile, since config_version 2 below `profiles`; the test-mode key stands in it in
clear, the live one only masked, the key itself being in the system's keyring. Source: stripe/stripe-cli, pkg/config.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from replaydisputes.errors import FileAccessError, ReplayDisputesError, nearest
from replaydisputes.stripe_api.keys import key_mode

_TEST_KEYS = ("secret_key", "api_key", "test_mode_api_key")
"""Where the test-mode key is, in the order in which the CLI itself looks: old names go before the new one."""

_EXPIRIES = ("test_mode_key_expires_at", "sandbox_expires_at")


class StripeCliKeyError(ReplayDisputesError):
    """The Stripe CLI's configuration has no test-mode key to use. Its values are never in the message."""

    exit_code = 4

    def __init__(self, path: Path, profile: str, problem: str, remedy: str) -> None:
        self.path, self.profile, self.problem = path, profile, problem
        super().__init__(f"{path}: profile {profile!r}: {problem}; nothing was sent. {remedy}")


def config_path() -> Path:
    """Where the CLI keeps its configuration: $XDG_CONFIG_HOME/stripe/config.toml, or ~/.config in its place."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base, "stripe", "config.toml")


def key_of_profile(profile: str, today: date, path: Path | None = None) -> str:
    """The test-mode key of a profile. Raises StripeCliKeyError for one that is missing, live, masked or expired.

    today: keys of `stripe login` are good for 90 days; one is taken until the day after the date noted.
    Raises FileAccessError where the file cannot be read.
    """
    path = path or config_path()
    if key_mode(profile) != "unknown":
        remedy = "Keys never stand on the command line: set STRIPE_API_KEY, or name a profile."
        raise StripeCliKeyError(path, "(not shown)", "that is a key, not the name of a profile", remedy)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "Run `stripe login`, or set STRIPE_API_KEY."
        raise StripeCliKeyError(path, profile, "the Stripe CLI has no configuration there", remedy) from None
    except OSError as error:
        raise FileAccessError(path, "read the Stripe CLI's configuration", error.strerror or "") from error
    except ValueError:
        # The parser's own words may quote the line, and a key with it.
        remedy = "Mend it by hand, or run `stripe login`."
        raise StripeCliKeyError(path, profile, "the file is not TOML", remedy) from None
    return _key_in(_table_of(tables, profile, path), profile, today, path)


def _table_of(tables: Mapping[str, Any], profile: str, path: Path) -> Mapping[str, Any]:
    """The profile's table; the CLI folds case in names, and writes a space for a dot."""
    nested = tables.get("profiles")
    both = {**_profiles_among(tables), **_profiles_among(nested if isinstance(nested, dict) else {})}
    found = both.get(profile.replace(".", " ").casefold())
    if found is None:
        remedy = f"{nearest(profile, list(both)).capitalize()} `stripe login --project-name {profile}` makes it."
        raise StripeCliKeyError(path, profile, "there is no such profile", remedy)
    return found


def _profiles_among(tables: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    fields = {*_TEST_KEYS, "live_mode_api_key", "display_name", "device_name"}
    return {
        name.casefold(): table for name, table in tables.items() if isinstance(table, dict) and fields & table.keys()
    }


def _key_in(table: Mapping[str, Any], profile: str, today: date, path: Path) -> str:
    key = next((str(table[name]).strip() for name in _TEST_KEYS if table.get(name)), "")
    login = f"Run `stripe login --project-name {profile}`."
    if not key:
        only_live = "only a live-mode key, and closing a dispute cannot be undone"
        problem = f"it has {only_live if table.get('live_mode_api_key') else 'no key'}"
        raise StripeCliKeyError(path, profile, problem, login)
    if key_mode(key) == "live":
        problem = "the key in the place of its test-mode key is a live-mode key"
        raise StripeCliKeyError(path, profile, problem, login)
    if "*" in key:
        raise StripeCliKeyError(path, profile, "its key is masked, so it is not the key itself", login)
    if key_mode(key) != "test":
        raise StripeCliKeyError(path, profile, "its key is not a secret or restricted test-mode key", login)
    ended = [(name, day) for name in _EXPIRIES if (day := _day(table.get(name))) is not None and day < today]
    if ended:
        name, day = ended[0]
        raise StripeCliKeyError(path, profile, f"its test-mode key expired on {day} ({name})", login)
    return key


def _day(value: object) -> date | None:
    """A date as the CLI writes it, 2026-01-02, or the start of a time; None where there is none."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
