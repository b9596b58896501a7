"""A time of export in the future counts from its receipt, whenever and however often it is read."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from assets.exports.files.arrivals import Intake
from assets.exports.files.received import STOCKHOLM
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from pipelines.cli.printing import say_refused
from tests.integration.ingest_files import (
    BASIC,
    ROSTER,
    USUAL,
    is_protected,
    lesson,
    lessons_of,
    put,
    text_of,
)


def seconds(when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=STOCKHOLM).timestamp()


def take(lake: Lake, folder: Path, when: str) -> dict[str, FileReport]:
    """Take a folder in on a day."""
    intake = Intake(now=lambda: seconds(when))
    return {report.name: report for report in ingest_paths(lake, [folder], intake=intake)}


ABSENT = {"present": "0", "valid": "0", "invalid": "60"}
THERE = {"present": "60", "valid": "0", "invalid": "0"}


def test_a_correction_counts_after_a_file_that_says_2062(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "f_20621101T0500.csv", text_of([lesson(0, **ABSENT)]))
    report = take(lake, inbox, "2026-11-02T06:00")["f_20621101T0500.csv"]
    assert (report.outcome, str(report.exported_at)) == (
        FileOutcome.ACCEPTED,
        "2026-11-02 06:00:00",
    )
    assert "2062-11-01 05:00, is more than 24 hours after its receipt" in str(report.reason)
    say_refused([report])
    assert "f_20621101T0500.csv: its time of export" in capsys.readouterr().err

    put(inbox, "f_20261110T0500.csv", text_of([lesson(0, **THERE)]))
    reports = take(lake, inbox, "2026-11-10T06:00")
    assert reports["f_20261110T0500.csv"].outcome == FileOutcome.ACCEPTED
    # The old one still lies there, and its receipt does not move with the days.
    assert reports["f_20621101T0500.csv"].outcome == FileOutcome.DUPLICATE
    assert [row[5:8] for row in lessons_of(lake)] == [(60, 0, 0)]


def test_a_lake_made_again_on_a_later_day_uses_the_receipt_that_was_kept(
    lake: Lake, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "f_20261120T0500.csv", text_of([lesson(0, **ABSENT)]))
    take(lake, inbox, "2026-11-02T06:00")
    put(inbox, "f_20261110T0500.csv", text_of([lesson(0, **THERE)]))
    take(lake, inbox, "2026-11-10T06:00")
    before = lessons_of(lake)
    # By now the day that the name says has come, and the archive is all that is left.
    home = tmp_path / "again"
    home.mkdir(mode=0o700)
    for name in ("archive", "pupil.key"):
        old = lake.settings.home / name
        (shutil.copytree if old.is_dir() else shutil.copy2)(old, home / name)
    with Lake.open(LakeSettings(home=home, begins_anew=True)) as again:
        reports = take(again, inbox, "2026-12-24T06:00")
        assert str(reports["f_20261120T0500.csv"].exported_at) == "2026-11-02 06:00:00"
        assert lessons_of(again) == before
    assert [row[5:8] for row in before] == [(60, 0, 0)]


@pytest.mark.parametrize("in_one_call", [False, True])
@pytest.mark.parametrize("kind", ["lessons", "rosters"])
def test_a_file_that_says_2062_lifts_no_protection(
    lake: Lake, tmp_path: Path, kind: str, in_one_call: bool
) -> None:
    def text(word: str, given: str = "Åsa") -> str:
        if kind == "lessons":
            return text_of([lesson(0, protected=word, given=given)], (*BASIC, "protected"))
        return text_of([USUAL | {"starts": "", "protected": word, "given": given}], ROSTER)

    inbox = tmp_path / "inbox"
    put(inbox, "f_20621101T0500.csv", text("Ingen"))
    if not in_one_call:
        take(lake, inbox, "2026-11-02T06:00")
    put(inbox, "f_20261101T0500.csv", text("Sekretessmarkering"))
    take(lake, inbox, "2026-11-20T06:00")
    assert is_protected(lake)
    put(inbox, "f_20261115T0500.csv", text("Ingen", given="Asa"))
    take(lake, inbox, "2026-11-20T07:00")
    assert not is_protected(lake)


def test_a_file_that_is_written_over_in_place_with_its_old_time_is_read_and_told(
    lake: Lake, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    path = put(inbox, "daily.csv", text_of([lesson(0, **ABSENT)]))
    os.utime(path, (seconds("2026-11-01T05:00"),) * 2)
    first = take(lake, inbox, "2026-11-02T06:00")["daily.csv"]
    before = path.stat()
    with path.open("r+b") as file:
        file.write(text_of([lesson(0, **ABSENT | {"invalid": "30"})]).encode())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = take(lake, inbox, "2026-11-03T06:00")["daily.csv"]
    assert second.outcome in (FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED)
    assert "other content came under this name and time before" in str(second.reason)
    # Whichever counts, it is the same in a lake that meets them the other way round.
    newest = max(first, second, key=lambda report: report.file_id)
    assert [row[7] for row in lessons_of(lake)] == [60 if newest is first else 30]


def test_a_time_within_a_day_of_the_receipt_is_believed(lake: Lake, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "a_20261103T0600.csv", text_of([lesson(0)]))
    put(inbox, "b_20261103T0601.csv", text_of([lesson(1)]))
    late = put(inbox, "late.csv", text_of([lesson(2)]))
    os.utime(late, (seconds("2030-01-01T00:00"),) * 2)
    reports = take(lake, inbox, "2026-11-02T06:00")
    assert {name: str(report.exported_at) for name, report in reports.items()} == {
        "a_20261103T0600.csv": "2026-11-03 06:00:00",
        "b_20261103T0601.csv": "2026-11-02 06:00:00",
        "late.csv": "2026-11-02 06:00:00",
    }
    assert {name for name, report in reports.items() if report.notice} == {
        "b_20261103T0601.csv", "late.csv"
    }  # fmt: skip
