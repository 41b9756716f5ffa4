from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dagster_project.errors import DamagedDataError
from dagster_project.snapshots import ledger

NOW = datetime(2026, 10, 26, 2, tzinfo=UTC)


def test_events_are_read_back_in_order_with_their_time_in_utc(tmp_path):
    ledger.write(tmp_path, "captured", NOW, source="huggingface", day="2026-10-26", pages=3)
    ledger.write(tmp_path, "reported", NOW.astimezone(timezone(timedelta(hours=9))), week="2026-W44")
    assert ledger.read(tmp_path) == [
        {
            "at": "2026-10-26T02:00:00.000Z",
            "event": "captured",
            "source": "huggingface",
            "day": "2026-10-26",
            "pages": 3,
        },
        {"at": "2026-10-26T02:00:00.000Z", "event": "reported", "week": "2026-W44"},
    ]
    assert ledger.read(tmp_path / "nowhere") == []


def test_a_torn_last_line_does_not_count(tmp_path):
    ledger.write(tmp_path, "built", NOW)
    with (tmp_path / ledger.LEDGER).open("ab") as log:
        log.write(b'{"at":"2026-10-26","event":"published"}')
    assert [entry["event"] for entry in ledger.read(tmp_path)] == ["built"]


def test_a_broken_line_is_damage_not_a_traceback(tmp_path):
    ledger.write(tmp_path, "built", NOW)
    (tmp_path / ledger.LEDGER).write_bytes(b'{"at:\n' + (tmp_path / ledger.LEDGER).read_bytes())
    with pytest.raises(DamagedDataError, match=r"ledger.jsonl has a line"):
        ledger.read(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        b'{"at":"2026-10-26T02:00:00.000Z","event":"sealed","source":"huggingface","week":"2026-W44","seal":"x"}',
        b'{"at":"2026-10-26T02:00:00.000Z","event":"dropped"}',
        b'{"at":"2026-10-26T02:00:00.000Z","event":"captured","source":"huggingface","dax":"2026-10-26"}',
        b'{"event":"built"}',
    ],
)
def test_a_line_without_what_others_read_of_it_is_damage_though_it_is_json(tmp_path, line):
    (tmp_path / ledger.LEDGER).write_bytes(line + b"\n")
    with pytest.raises(DamagedDataError, match=r"ledger.jsonl has a line"):
        ledger.read(tmp_path)
    assert ledger.readable_lines(tmp_path) == {}


def test_an_event_of_a_newer_version_is_no_damage(tmp_path):
    (tmp_path / ledger.LEDGER).write_bytes(b'{"at":"2026-10-26T02:00:00.000Z","event":"unheard of"}\n')
    assert len(ledger.read(tmp_path)) == 1
