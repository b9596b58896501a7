"""A file whose rows wait for another school's end date is accepted, and the ledger says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import ENROLLED_ELSEWHERE, FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.sender_summary import summary_rows
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    ROSTER,
    USUAL,
    lesson,
    put,
    text_of,
    warnings_of,
)

OLD, NEW = "99999902", "99999901"
SENDERS = (
    Sender("new", frozenset({NEW}), rights=frozenset(), is_declared=True),
    Sender("old", frozenset({OLD}), rights=frozenset(), is_declared=True),
    Sender("register", rights=frozenset(Right), is_declared=True),
)
#: Two of the old school, of whom the second is protected, and one whom nobody knows.
MINE, PROTECTED, UNKNOWN = PUPILS[:3]
SUMS = "Elev,Klass,Årskurs,Personnummer,Undv. tid,Lekt.,N min,GF min,F min"
FILES = ("elever", "lektioner", "summor")


def written(kind: str, pupils: tuple[str, ...], folder: Path, hour: int = 4) -> Path:
    """Write what the new school says of pupils."""
    if kind == "elever":
        rows = [USUAL | {"civic": civic, "school": NEW} for civic in pupils]
        return put(folder, f"elever_20261020T0{hour}00.csv", text_of(rows, ROSTER))
    if kind == "lektioner":
        rows = [lesson(civic=civic, school=NEW, start="08:20") for civic in pupils]
        return put(folder, f"lektioner_20261020T0{hour}00.csv", text_of(rows, EVERY))
    lines = [f'"X, Y",1A,1,{civic},6000,90,0,0,0' for civic in pupils]
    name = f"manadssummor_{NEW}_2026-09_20261020T0{hour}00.csv"
    return put(folder, name, "\n".join([SUMS, *lines, ""]))


def take(lake: Lake, inbox: Path, run: int) -> dict[Path, FileReport]:
    clock = datetime(2026, 10, 21, 4, run, tzinfo=UTC).timestamp()
    senders = Senders(named=SENDERS, folders=(inbox,))
    reports = ingest_paths(lake, [inbox], senders=senders, intake=Intake(now=lambda: clock))
    return {report.path: report for report in reports}


def old_school(inbox: Path) -> None:
    rows = [
        USUAL | {"civic": MINE, "school": OLD},
        USUAL | {"civic": PROTECTED, "school": OLD, "protected": "Sekretessmarkering"},
    ]
    put(inbox / "old", "elever_20261001T0400.csv", text_of(rows, ROSTER))


@pytest.mark.parametrize("kind", FILES)
def test_the_ledger_says_how_many_rows_wait(lake: Lake, tmp_path: Path, kind: str) -> None:
    old_school(tmp_path)
    take(lake, tmp_path, 1)
    path = written(kind, (MINE, UNKNOWN, PROTECTED), tmp_path / "new")
    report = take(lake, tmp_path, 2)[path]
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 3)
    assert report.reason == "1 row waits, its pupil is enrolled at another school"
    assert warnings_of(report) == {ENROLLED_ELSEWHERE: 1}
    assert lake.rows(
        "SELECT rows_warned, files.reason, line_number, code, found, rows, sealed_row, "
        "school_unit_code FROM files JOIN row_problems USING (file_id)"
    ) == [(1, report.reason, 0, ENROLLED_ELSEWHERE, "", 1, None, None)]


@pytest.mark.parametrize("kind", FILES)
def test_a_protected_pupil_is_answered_for_as_one_whom_nobody_knows(
    lake: Lake, tmp_path: Path, kind: str
) -> None:
    """Else a school could ask with a row whether a hidden child goes to school in this town."""
    old_school(tmp_path)
    take(lake, tmp_path, 1)
    said = []
    for run, civic in enumerate((PROTECTED, UNKNOWN)):
        folder = tmp_path / "new"
        path = written(kind, (civic,), folder, hour=4 + run)
        report = take(lake, tmp_path, 2 + run)[path]
        said.append((report.outcome, report.reason, report.rows_warned, report.problems))
        path.unlink()
    assert said == [(FileOutcome.ACCEPTED, None, 0, ())] * 2
    assert not lake.has_rows("row_problems")


def test_the_senders_summary_says_how_many_and_not_who(lake: Lake, tmp_path: Path) -> None:
    old_school(tmp_path)
    take(lake, tmp_path, 1)
    path = written("elever", (MINE, UNKNOWN), tmp_path / "new")
    report = take(lake, tmp_path, 2)[path]
    sealer = Sealer.of_home(lake.settings.home)
    file = find_file(lake, sealer, report.sha256)
    (row,) = summary_rows(lake, sealer, file, shipped_layouts())
    assert (row["Rad"], row["Antal rader"], row["Hittades"]) == ("", "1", "")
    assert row["Fel"].startswith("eleven är inskriven på en annan skola")
    assert row["Togs raden emot"] == "ja"
    assert OLD not in str(row)


def test_what_the_register_says_waits_for_nobody(lake: Lake, tmp_path: Path) -> None:
    old_school(tmp_path)
    take(lake, tmp_path, 1)
    for kind in FILES:
        written(kind, (MINE,), tmp_path / "register")
    reports = take(lake, tmp_path, 2)
    assert {report.rows_warned for report in reports.values()} == {0}
    assert not lake.has_rows("row_problems")
