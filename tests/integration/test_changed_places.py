"""A class that is renamed and a school unit that is split: the newest word, and nobody twice."""

from __future__ import annotations

from pathlib import Path

from assets.absence.sums import refresh_sums
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.integration.ingest_files import PUPILS, ROSTER, USUAL, lesson, offer, put, text_of


def test_a_class_renamed_in_mid_term_is_the_newest_records_class(
    lake: Lake, tmp_path: Path
) -> None:
    before = [lesson(n, **{"class": "7A"}) for n in range(3)]
    after = [row | {"class": "8A"} for row in before[1:]]
    roster = USUAL | {"starts": "2026-08-17"}
    reports = offer(
        lake,
        put(tmp_path, "a_20261001T0500.csv", text_of(before)),
        put(tmp_path, "b_20261101T0500.csv", text_of(after)),
        put(tmp_path, "elever_20261001T0500.csv", text_of([roster | {"class": "7A"}], ROSTER)),
        put(tmp_path, "elever_20261101T0500.csv", text_of([roster | {"class": "8A"}], ROSTER)),
    )
    assert {report.outcome for report in reports} <= {FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED}
    found = lake.rows("SELECT class_name, count(*) FROM lessons GROUP BY 1 ORDER BY 1")
    assert found == [("7A", 1), ("8A", 2)]
    assert lake.rows("SELECT class_name FROM enrolments") == [("8A",)]


def test_a_school_unit_split_in_two_keeps_both_lessons_and_counts_minutes_once(
    lake: Lake, tmp_path: Path
) -> None:
    """Lessons until the split are the old unit's, those after it the new unit's."""
    pupil = {"civic": PUPILS[0], "start": "08:20", "subject": "MA"}
    old = [lesson(n) | pupil | {"date": f"2026-10-{day:02d}"} for n, day in enumerate((5, 6))]
    new = [
        lesson(n) | pupil | {"date": f"2026-10-{day:02d}", "school": "99999902"}
        for n, day in enumerate((19, 20))
    ]
    offer(lake, put(tmp_path, "old_20261010T0500.csv", text_of(old)))
    offer(lake, put(tmp_path, "new_20261101T0500.csv", text_of(new)))
    refresh_sums(lake)
    assert lake.rows("SELECT school_unit_code, count(*) FROM lessons GROUP BY 1 ORDER BY 1") == [
        ("99999901", 2),
        ("99999902", 2),
    ]
    assert lake.rows("SELECT scheduled_minutes, days FROM absence_monthly") == [(240, 4)]
