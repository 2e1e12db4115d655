"""A key from the Stripe CLI's config.toml: which is taken, which is refused, and that none is ever told."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from replaydisputes.errors import FileAccessError
from replaydisputes.recording.stripe_cli import StripeCliKeyError, key_of_profile
from replaydisputes.sandbox import Sandbox
from tests.recording_support import KEY, Watched, sandbox_target
from tests.test_cli import run

TODAY = date(2026, 11, 23)
OTHER = "rk_test_" + "7" * 24
LIVE = "sk_live_" + "8" * 24
SECRETS = (KEY, OTHER, LIVE)


def profile(name: str, **fields: str) -> str:
    lines = "".join(f"  {field} = '{value}'\n" for field, value in fields.items())
    return f"[{name}]\n{lines}\n"


def config(home: Path, text: str) -> Path:
    path = home / "stripe" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


VALID = {"display_name": "Corner Shop", "test_mode_api_key": KEY, "test_mode_key_expires_at": "2026-11-23"}
TAKEN = {
    "of a flat file": ("installed_plugins = ['apps']\n\n" + profile("default", **VALID), "default", KEY),
    "below profiles": ("config_version = 2\n" + profile("profiles.default", **VALID), "default", KEY),
    "below profiles, though a flat one is there": (
        profile("default", test_mode_api_key=OTHER) + profile("profiles.default", **VALID),
        "default",
        KEY,
    ),
    "without a date": (profile("default", test_mode_api_key=KEY), "default", KEY),
    "restricted": (profile("default", test_mode_api_key=OTHER), "default", OTHER),
    "under its oldest name": (profile("default", secret_key=KEY), "default", KEY),
    "beside a masked live one": (profile("shop", live_mode_api_key="sk_live_****8888", **VALID), "shop", KEY),
    "in other case, with a dot": (profile("'my shop'", **VALID), "My.Shop", KEY),
}


@pytest.mark.parametrize("case", TAKEN)
def test_the_key_is_taken(case: str, tmp_path: Path) -> None:
    text, name, key = TAKEN[case]

    assert key_of_profile(name, TODAY, config(tmp_path, text)) == key


REFUSED = {
    "expired": (profile("default", **(VALID | {"test_mode_key_expires_at": "2026-11-22"})), "expired on 2026-11-22"),
    "sandbox gone": (profile("default", sandbox_expires_at="2026-01-01T00:00:00Z", **VALID), "expired on 2026-01-01"),
    "live in its place": (profile("default", test_mode_api_key=LIVE), "is a live-mode key"),
    "only live": (profile("default", live_mode_api_key="sk_live_****8888"), "only a live-mode key"),
    "none": (profile("default", display_name="Corner Shop"), "it has no key"),
    "masked": (profile("default", test_mode_api_key="sk_test_*****5555"), "its key is masked"),
    "publishable": (profile("default", test_mode_api_key="pk_test_1"), "not a secret or restricted test-mode key"),
    "no such profile": (profile("shop", **VALID), "there is no such profile; nothing was sent. Known: shop."),
    "no profiles": ("color = 'auto'\n", "there is no such profile"),
    "not toml": (f"[default]\ntest_mode_api_key = {KEY}\n", "the file is not TOML"),
    "not text": ("[default]\nx = '\x00'\n", "the file is not TOML"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_key_that_cannot_be_used_is_refused_in_words_of_its_own_and_never_told(case: str, tmp_path: Path) -> None:
    text, said = REFUSED[case]

    with pytest.raises(StripeCliKeyError) as refused:
        key_of_profile("default", TODAY, config(tmp_path, text))

    assert said in str(refused.value)
    assert "nothing was sent" in str(refused.value)
    assert not any(secret in str(refused.value) for secret in SECRETS)


def test_a_file_that_is_not_there_or_may_not_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(StripeCliKeyError, match=r"has no configuration there; nothing was sent\. Run `stripe login`"):
        key_of_profile("default", TODAY, tmp_path / "none.toml")
    with pytest.raises(FileAccessError, match="cannot read the Stripe CLI's configuration"):
        key_of_profile("default", TODAY, tmp_path)


def test_a_key_given_as_the_profile_is_not_repeated(tmp_path: Path) -> None:
    done = run("record", "close-lost", "--key-from-stripe-cli", KEY, cwd=tmp_path)

    assert (done.returncode, KEY in done.stderr) == (4, False)
    assert "that is a key, not the name of a profile" in done.stderr


@pytest.mark.parametrize("where", ["XDG_CONFIG_HOME", "HOME"])
def test_record_uses_the_profiles_key_wherever_the_cli_keeps_it(where: str, tmp_path: Path, empty_home: Path) -> None:
    base = tmp_path / "xdg" if where == "XDG_CONFIG_HOME" else empty_home / ".config"
    config(base, profile("shop", test_mode_api_key=KEY))
    watched = Watched(Sandbox())
    with sandbox_target(watched) as target:
        environment = {"XDG_CONFIG_HOME": str(base) if where == "XDG_CONFIG_HOME" else "", "STRIPE_API_KEY": LIVE}
        args = ("record", "close-lost", "--api-base", target.api_base, "--key-from-stripe-cli", "shop")
        done = run(*args, cwd=tmp_path, **environment)

    assert done.returncode == 0, done.stderr
    assert {request.header("Authorization") for request in watched.seen} == {f"Bearer {KEY}"}
    written = (tmp_path / "cassettes" / "close-lost.yaml").read_text(encoding="utf-8")
    assert not re.search(KEY[-8:], written + done.stdout + done.stderr)


def test_the_sandbox_takes_no_profile(tmp_path: Path) -> None:
    done = run("record", "close-lost", "--sandbox", "--key-from-stripe-cli", "default", cwd=tmp_path)

    assert (done.returncode, "takes no key" in done.stderr) == (2, True)
