"""The conftest.py of the shop's suite: the tests in another order, and the whole run on another day, if asked for."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime

import pytest
import time_machine


def pytest_configure() -> None:
    """Before any module is imported, and for as long as the process lives."""
    day = os.environ.get("TRAVEL_TO", "")
    if day:
        time_machine.travel(datetime.fromisoformat(day).replace(tzinfo=UTC)).start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seed = os.environ.get("SHUFFLE_SEED", "")
    if seed:
        random.Random(seed).shuffle(items)
