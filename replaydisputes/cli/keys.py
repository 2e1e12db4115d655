"""The API keys of a command, and the one option that says where from; a key is never an argument."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

key_option = click.option(
    "--key-from-stripe-cli",
    "profile",
    metavar="PROFILE",
    help="Take the test-mode key from this profile of the Stripe CLI's config.toml, such as default.",
)


def api_keys(profile: str | None) -> tuple[str, str]:
    """The key and the restricted key: from STRIPE_API_KEY, or the Stripe CLI's profile, and STRIPE_RESTRICTED_KEY.

    Raises StripeCliKeyError and FileAccessError. What kind of key an environment variable holds is not looked at here.
    """
    restricted = os.environ.get("STRIPE_RESTRICTED_KEY", "").strip()
    if profile is None:
        return os.environ.get("STRIPE_API_KEY", "").strip(), restricted
    from replaydisputes.recording.stripe_cli import key_of_profile  # noqa: PLC0415 - `--help` stays light

    return key_of_profile(profile, datetime.now(UTC).date()), restricted
