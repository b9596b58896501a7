"""A revoked file of SS12000 whose objects meet rows of other files, and a run that is stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import RevokeError, find_file
from assets.exports.ledger.outcomes import FileReport
from assets.exports.revoke import Revoked, revoke_file
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.ingest_files import (
    EVERY,
    ROSTER,
    USUAL,
    lesson,
    lessons_of,
    offer,
    offer_one,
    put,
    text_of,
)
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    SCHOOL,
    attendance,
    enrolment,
    person,
    put_page,
    put_school,
    school,
)
from tests.integration.test_ss12000 import said, state_of
from tests.integration.test_ss12000_aggregates import SUMS

LATER = "2026-10-09T04:00:00Z"
CIVIC = {ANNA: "20120314-9800", BO: "20120314-9818"}


def revoke(lake: Lake, report: FileReport, *, with_protection: bool = False) -> Revoked:
    file = find_file(lake, Sealer.of_home(lake.settings.home), report.sha256)
    return revoke_file(lake, file, with_protection=with_protection)


def named(reports: list[FileReport], name: str) -> FileReport:
    (report,) = [report for report in reports if report.name.startswith(name)]
    return report


def lesson_file(folder: Path, exported: str, **cells: object) -> Path:
    """Write the usual school's lessons as a lesson file with the same ids."""
    rows = [
        lesson(
            school=SCHOOL, civic=CIVIC[pupil], date="2026-10-05", lesson_id=event_id,
            start=start, end=f"{int(start[:2]) + 1:02d}:{start[3:]}", subject="Matematik",
            valid="7", invalid="0", present="53",
        ) | cells
        for event_id, start in (("event-1", "08:20"), ("event-2", "09:30"))
        for pupil in (ANNA, BO)
    ]  # fmt: skip
    return put(folder, f"lektioner_{exported}.csv", text_of(rows, EVERY))


def test_a_lesson_of_a_lesson_file_is_back_that_objects_had_superseded(
    lake: Lake, tmp_path: Path
) -> None:
    offer_one(lake, lesson_file(tmp_path, "20261001T0500"))
    before = lessons_of(lake)
    reports = offer(lake, *put_school(tmp_path))
    assert {row[5] for row in said(lake)} == {15}
    revoked = revoke(lake, named(reports, "attendances"))
    assert revoked.is_whole
    assert lessons_of(lake) == before
    assert {row[4:6] for row in said(lake)} == {(7, 0)}


def test_a_lesson_of_objects_is_back_that_a_lesson_file_had_superseded(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, *put_school(tmp_path))
    before = state_of(lake)["lessons"]
    report = offer_one(lake, lesson_file(tmp_path, "20261020T0500"))
    assert {row[4:6] for row in said(lake)} == {(7, 0)}
    assert revoke(lake, report).is_whole
    assert state_of(lake)["lessons"] == before


@pytest.mark.parametrize("revoked", ["objects", "roster"])
def test_records_are_back_that_a_revoked_file_had_superseded(
    lake: Lake, tmp_path: Path, revoked: str
) -> None:
    """A record of one pupil, school unit and first day, of a roster and of objects."""
    record = USUAL | {"school": SCHOOL, "starts": "2026-08-17", "class": "8R"}
    roster = text_of([record], ROSTER)
    early, late = ("20261001T0500", "20261020T0500")
    at = early if revoked == "objects" else late
    persons = [person(ANNA, enrolments=[enrolment()])]
    objects = put_school(tmp_path, {**school(), "persons": persons, "groups": []})
    files = [put(tmp_path, f"elever_{at}.csv", roster), *objects]
    reports = offer(lake, *files)
    classes = "SELECT class_name FROM enrolments WHERE start_date = '2026-08-17'"
    stands, other = ("", "8R") if revoked == "objects" else ("8R", "")
    assert lake.rows(classes) == [(stands,)]
    revoke(lake, named(reports, "persons" if revoked == "objects" else "elever"))
    assert lake.rows(classes) == [(other,)]


def test_sums_of_objects_are_revoked_and_those_before_are_back(lake: Lake, tmp_path: Path) -> None:
    offer(lake, *put_school(tmp_path))
    older = [{**SUMS, "student": {"id": pupil}} for pupil in (ANNA, BO)]
    newer = [{**SUMS, "student": {"id": ANNA}, "invalidAbsenceSum": 400}]
    sums = "SELECT invalid_minutes FROM monthly_sums ORDER BY 1"
    offer_one(lake, put_page(tmp_path, "sums", older, "20261101T0500"))
    report = offer_one(lake, put_page(tmp_path, "sums", newer, "20261102T0500"))
    assert lake.rows(sums) == [(40,), (400,)]
    assert revoke(lake, report).is_whole
    assert lake.rows(sums) == [(40,), (40,)]


def test_sums_go_with_the_file_that_named_their_pupils(lake: Lake, tmp_path: Path) -> None:
    """They are refused, as they would have been without it, and the ledger says so."""
    reports = offer(lake, *put_school(tmp_path))
    objects = [{**SUMS, "student": {"id": pupil}} for pupil in (ANNA, BO)]
    offer_one(lake, put_page(tmp_path, "sums", objects, "20261101T0500"))
    assert revoke(lake, named(reports, "persons")).is_whole
    for table in ("monthly_sums", "lessons", "enrolments", "identity_sources", "identities"):
        assert lake.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert lake.rows(
        "SELECT outcome FROM files WHERE layout = 'ss12000_aggregated_attendance'"
    ) == [("quarantined",)]


def test_a_deletion_that_is_revoked_took_nothing_away(lake: Lake, tmp_path: Path) -> None:
    offer(lake, *put_school(tmp_path))
    before = state_of(lake)
    gone = {"data": {"persons": [ANNA], "calendarEvents": ["event-2"]}, "pageToken": None}
    report = offer_one(lake, put(tmp_path, "gone_20261008T0500.json", json.dumps(gone)))
    assert len(said(lake)) == 1
    assert revoke(lake, report).is_whole
    assert state_of(lake) == before


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_no_night_goes_on_when_revoking_objects_was_stopped(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(lake, *put_school(tmp_path))
    before = state_of(lake)
    newer: list[Any] = [attendance(modified=LATER, invalidAbsenceMinutes=30, attendanceMinutes=30)]
    report = offer_one(lake, put_page(tmp_path, "newer", newer, "20261009T0500"))
    with monkeypatch.context() as patch:
        patch.setattr("assets.exports.rereading.opened_originals", stopped)
        with pytest.raises(KeyboardInterrupt):
            revoke(lake, report)
    # What the older file said of that lesson is missing until the command has ended well.
    assert len(said(lake)) == 3
    with pytest.raises(RevokeError, match=f"trappan revoke {report.sha256[:12]}"):
        ingest_paths(lake, [tmp_path])
    assert revoke(lake, report).is_whole
    assert state_of(lake) == before
    ingest_paths(lake, [tmp_path])
    assert state_of(lake) == before


def test_whom_only_a_revoked_file_named_is_named_nowhere(lake: Lake, tmp_path: Path) -> None:
    """Nor is the file read again when it comes once more."""
    reports = offer(lake, *put_school(tmp_path))
    persons = named(reports, "persons")
    revoke(lake, persons)
    assert lake.rows("SELECT count(*) FROM identities") == [(0,)]
    assert offer_one(lake, persons.path).outcome == "duplicate"
    assert said(lake) == []


def test_the_command_revokes_a_file_of_objects(tmp_path: Path) -> None:
    home = tmp_path / "home"
    files = put_school(tmp_path / "files")
    assert trappan("--home", home, "ingest", *files).status == 0
    with Lake.open(settings_of(home)) as lake:
        ((sha256,),) = lake.rows("SELECT file_sha256 FROM files WHERE layout = 'ss12000_duties'")
    done = trappan("--home", home, "revoke", sha256[:12], "--reason", "fel fil")
    assert done.status == 0, done.err
    assert "is revoked: nothing of it counts. 6 other files were read again." in done.out + done.err
