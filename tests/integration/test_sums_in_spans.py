"""Sums of many days are made span by span, so that memory has room; the sums are the same."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.absence import which_count
from assets.absence.sums import refresh_sums
from assets.lake.connection import Lake
from tests.integration.ingest_files import lesson, offer, put, text_of

TABLES = ("absence_daily", "absence_monthly", "uncounted_lessons")


def rows() -> list[dict[str, object]]:
    """Lessons of three months, some days with two at the same time and some cancelled."""
    dates = [f"2026-{month}-{day:02d}" for month in ("09", "10", "11") for day in range(1, 29, 3)]
    return [
        lesson(pupil, date=date, start=start, end=end, subject=subject, cancelled=cancelled)
        for number, date in enumerate(dates)
        for pupil in range(4)
        for start, end, subject, cancelled in (
            ("08:20", "09:20", "MA", "Nej"),
            ("08:20" if number % 5 == pupil else "10:00", "11:00", "EN", "Nej"),
            ("13:00", "14:00", "NO", "Ja" if number % 4 == pupil else "Nej"),
        )
    ]


def sums(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(lake.rows(f"SELECT * FROM {table}"), key=str) for table in TABLES}


def test_months_asked_for_are_each_in_one_span(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "a.csv", text_of(rows())))
    for dates in ("DATE '2026-09-30'", "DATE '2026-08-31', DATE '2027-06-01'"):
        asked = which_count.days_to_sum(lake, f"SELECT unnest([{dates}]) AS lesson_date")
        assert asked is not None
        spans = asked.whole_months
        assert spans[0]["first_date"] == asked.first.replace(day=1)
        assert spans[-1]["last_date"] >= asked.last
        for before, after in itertools.pairwise(spans):
            assert after["first_date"] == before["last_date"] + timedelta(days=1)
        assert all(span["first_date"].day == 1 for span in spans)


@pytest.mark.parametrize("at_once", [1, 17, 80])
def test_days_summed_a_few_at_a_time_are_summed_as_all_at_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    offer(lake, put(tmp_path, "a.csv", text_of(rows())))
    refresh_sums(lake)
    together = sums(lake)
    assert all(together.values())
    lake.write(
        lambda connection: connection.execute(
            "INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons"
        )
    )
    spans: list[dict[str, object]] = []
    whole = which_count._sum_into

    def noted(table: str, asked: Lake, span: Any) -> int:
        spans.append(span)
        return whole(table, asked, span)

    monkeypatch.setattr(which_count, "_sum_into", noted)
    monkeypatch.setattr(which_count, "_LESSONS_AT_ONCE", at_once)
    monkeypatch.setattr(which_count, "_MONTHS_AT_ONCE", 1)
    refresh_sums(lake)
    assert sums(lake) == together
    asked = which_count.days_to_sum(lake, "SELECT DISTINCT lesson_date FROM lessons")
    assert asked is not None
    past = lake.rows(f"SELECT * FROM {which_count.sum_days(lake, asked).sums}")
    assert sorted(past, key=str) == together["absence_daily"]
    # A day has twelve lessons.
    assert len(spans) >= len(together["absence_daily"]) // 4 // max(1, at_once // 12)
