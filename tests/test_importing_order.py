"""In which order an import writes the calls of a recording, and when it says that the order may be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from replaydisputes import cassette_file
from replaydisputes.importing import FileReport, Importer, plan
from replaydisputes.importing.ordering import BY_CLOCK_ONLY, BY_DATE, UNKNOWN

AMOUNTS = (1, 2, 3, 4)
"""The answers have these amounts, in the order in which they were made."""

Spell = Callable[[list[dict[str, Any]]], bytes]
HOUR = ("13:00:00", "13:00:01", "13:00:02", "13:00:03")


def call(amount: int, clock: str | None, date: str | None) -> dict[str, Any]:
    return {"amount": amount, "clock": clock, "date": date}


def _parts(one: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    headers = {"Content-Type": "application/json"}
    if one["date"]:
        headers["Date"] = f"Mon, 03 Mar 2025 {one['date']} GMT"
    body = json.dumps({"object": "charge", "amount": one["amount"]})
    return f"https://api.stripe.com/v1/charges?limit={one['amount']}", body, headers


def ruby(calls: list[dict[str, Any]]) -> bytes:
    made = []
    for one in calls:
        url, body, headers = _parts(one)
        response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {name: [value] for name, value in headers.items()},
            "body": {"encoding": "UTF-8", "string": body},
        }
        at = f"Mon, 03 Mar 2025 {one['clock']} GMT" if one["clock"] else None
        made.append({"request": {"method": "get", "uri": url}, "response": response, "recorded_at": at})
    return yaml.safe_dump({"http_interactions": made, "recorded_with": "VCR 6.2.0"}).encode()


def har(calls: list[dict[str, Any]]) -> bytes:
    entries = []
    for one in calls:
        url, body, headers = _parts(one)
        listed = [{"name": name, "value": value} for name, value in headers.items()]
        entries.append(
            {
                "startedDateTime": f"2025-03-03T{one['clock']}.000Z" if one["clock"] else "",
                "request": {"method": "GET", "url": url, "headers": []},
                "response": {"status": 200, "headers": listed, "content": {"text": body}},
            }
        )
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def cassetter(calls: list[dict[str, Any]]) -> bytes:
    made = []
    for one in calls:
        url, body, headers = _parts(one)
        response = {
            "status": 200,
            "headers": {name: [value] for name, value in headers.items()},
            "body": {"type": "text", "content": body},
        }
        at = f"2025-03-03T{one['clock']}+00:00" if one["clock"] else None
        made.append({"request": {"method": "GET", "uri": url}, "response": response, "recorded_at": at})
    return yaml.safe_dump({"version": 1, "interactions": made}).encode()


def imported(content: bytes, tmp_path: Path) -> tuple[list[int], FileReport]:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "calls.yaml").write_bytes(content)
    (report,) = Importer().run(plan([tmp_path / "in"], tmp_path / "out"))
    done = cassette_file.load(tmp_path / "out" / "calls.yaml").interactions
    return [json.loads(one.response.body)["amount"] for one in done], report


@pytest.mark.parametrize("moved", [("09:00:00",) * 4, ("23:00:00", "01:00:00", "13:00:02", "00:00:00"), (None,) * 4])
def test_a_ruby_cassette_keeps_the_order_of_its_file_whatever_the_suites_clock_said(
    moved: tuple[str | None, ...], tmp_path: Path
) -> None:
    calls = [call(*each) for each in zip(AMOUNTS, moved, HOUR, strict=True)]

    amounts, report = imported(ruby(calls), tmp_path)

    assert (amounts, report.doubt) == ([1, 2, 3, 4], "")


@pytest.mark.parametrize("spell", [har, cassetter])
def test_an_unordered_file_is_put_in_the_order_of_the_servers_dates(spell: Spell, tmp_path: Path) -> None:
    calls = [call(*each) for each in zip(AMOUNTS, HOUR, HOUR, strict=True)]

    amounts, report = imported(spell([calls[2], calls[0], calls[3], calls[1]]), tmp_path)

    assert (amounts, report.doubt) == ([1, 2, 3, 4], "")


@pytest.mark.parametrize("spell", [har, cassetter])
def test_within_one_second_the_recorders_clock_decides(spell: Spell, tmp_path: Path) -> None:
    calls = [call(*each) for each in zip(AMOUNTS, HOUR, ("13:00:09",) * 4, strict=True)]

    amounts, report = imported(spell(calls[::-1]), tmp_path)

    assert (amounts, report.doubt) == ([1, 2, 3, 4], "")


@pytest.mark.parametrize("spell", [har, cassetter])
def test_a_moved_clock_loses_against_the_servers_dates_and_is_reported(spell: Spell, tmp_path: Path) -> None:
    clock = ("23:30:00", "08:00:00", "07:00:00", "22:00:00")
    calls = [call(*each) for each in zip(AMOUNTS, clock, HOUR, strict=True)]

    amounts, report = imported(spell([calls[3], calls[1], calls[0], calls[2]]), tmp_path)

    assert (amounts, report.doubt) == ([1, 2, 3, 4], BY_DATE)


@pytest.mark.parametrize("spell", [har, cassetter])
def test_an_order_by_the_recorders_clock_alone_is_reported_if_it_changes_the_files(
    spell: Spell, tmp_path: Path
) -> None:
    calls = [call(*each) for each in zip(AMOUNTS, HOUR, (None,) * 4, strict=True)]

    amounts, report = imported(spell([calls[1], calls[0], calls[2], calls[3]]), tmp_path)

    assert (amounts, report.doubt) == ([1, 2, 3, 4], BY_CLOCK_ONLY)


def test_an_unordered_file_without_any_time_stays_as_it_is_and_is_reported(tmp_path: Path) -> None:
    calls = [call(amount, None, None) for amount in (3, 1, 2)]

    amounts, report = imported(har(calls), tmp_path)

    assert (amounts, report.doubt) == ([3, 1, 2], UNKNOWN)
