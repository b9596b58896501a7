"""The exports of made-up municipalities give what stands beside them, by their layouts."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.readers.layout_files import load_layouts
from assets.flags.answers import identities_of
from assets.lake.connection import Lake
from data_samples import layout_samples
from tests.integration.conftest import SAMPLES, trappan
from tests.integration.test_layout_tools import stored

FOLDER = SAMPLES / "layouts"
MUNICIPALITIES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
SCHOOL_SYSTEMS = ("skola24", "vklass", "edlevo", "infomentor", "ist ")


def export_of(name: str) -> Path:
    (path,) = (path for path in (FOLDER / name).iterdir() if path.stem.endswith("T0500"))
    return path


def timetables_of(name: str) -> list[Path]:
    return sorted((FOLDER / name).glob("schema_*.csv"))


def members(workbook: bytes) -> list[tuple[str, bytes]]:
    """Return what is in a workbook; with another zlib the packed bytes may differ."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        return [(name, book.read(name)) for name in book.namelist()]


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_there_are_six_and_none_is_said_to_be_of_a_school_system() -> None:
    assert len(MUNICIPALITIES) == 6
    for path in FOLDER.rglob("*"):
        text = "" if path.is_dir() or path.suffix == ".xlsx" else path.read_bytes().decode("cp1252")
        assert not [name for name in SCHOOL_SYSTEMS if name in text.casefold()], path


def test_the_workbook_among_them_is_made_the_same_again() -> None:
    kept, made = (SAMPLES / layout_samples.PLACE).read_bytes(), layout_samples.workbook()
    assert members(kept) == members(made)


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_an_export_gives_the_lessons_that_stand_beside_it(lake: Lake, name: str) -> None:
    layouts = load_layouts([FOLDER / name])
    report, *_ = ingest_paths(lake, [export_of(name), *timetables_of(name)], layouts=layouts)
    assert report.layout == name
    assert report.rows_read == report.rows_accepted + report.rows_rejected
    numbers = {key: fields["civic_no"] for key, fields in identities_of(lake).items()}
    protected = {key for (key,) in lake.rows("SELECT pupil_key::VARCHAR FROM protected_pupils")}
    found = {
        (
            numbers[key],
            *(str(cell) for cell in rest),
            "yes" if is_reported else "no",
            "yes" if key in protected else "no",
        )
        for key, is_reported, *rest in lake.rows(
            "SELECT pupil_key::VARCHAR, is_reported, strftime(starts_at, '%Y-%m-%d %H:%M'), "
            "subject, scheduled_minutes, valid_minutes, invalid_minutes, other_minutes FROM lessons"
        )
    }
    expected = table(FOLDER / name / "expected.csv")
    assert found == {(row.pop("civic_no").replace("-", ""), *row.values()) for row in expected}
    # With a timetable, who was there has no row.
    assert report.rows_accepted == len(expected) or timetables_of(name)


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_what_is_refused_of_an_export_stands_beside_it(lake: Lake, name: str) -> None:
    paths = [export_of(name), *timetables_of(name)]
    report, *others = ingest_paths(lake, paths, layouts=load_layouts([FOLDER / name]))
    assert [other.rows_rejected for other in others] == [0] * len(timetables_of(name))
    found = [
        {
            "line": str(problem.line_number),
            "column": str(problem.column_number or ""),
            "code": problem.code,
            "found": problem.found,
        }
        for problem in report.problems
        if problem.is_rejection
    ]
    assert found == table(FOLDER / name / "refused.csv")


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_a_check_of_an_export_shows_its_first_rows_and_nobody(tmp_path: Path, name: str) -> None:
    layouts = ("--layouts", FOLDER / name)
    said = trappan("--home", tmp_path, "layout", "check", export_of(name), *layouts)
    assert said.status == 0, said.err
    first = {row["start"] for row in stored(said) if row["protected"] == "false"}
    assert first <= {row["starts_at"] for row in table(FOLDER / name / "expected.csv")}
    assert not [word for word in ("9800", "9807", "Öberg", "Ali", "Kim") if word in said.out]
