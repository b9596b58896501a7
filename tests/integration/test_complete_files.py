"""A complete file removes what it lacks of its schools and dates, unless a newer file said it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import LayoutError, load_layouts
from assets.exports.readers.layouts import Layout
from assets.lake.connection import Lake
from tests.integration.complete_files import BY_COLUMN, WITH_COLUMN, counted
from tests.integration.ingest_files import BAD, lesson, put, text_of
from tests.oracle.identities import civic_no, with_hyphen


def on(day: int, start: str = "08:20", **cells: object) -> dict[str, object]:
    return lesson(0) | {"date": f"2026-10-{day:02d}", "start": start} | cells


def offer(lake: Lake, *paths: Path) -> list[FileReport]:
    return ingest_paths(lake, paths, layouts=WITH_COLUMN)


def complete(folder: Path, time: str, *rows: Mapping[str, object]) -> Path:
    return put(folder, f"hel_2026{time}.csv", counted(rows))


def ordinary(folder: Path, time: str, *rows: Mapping[str, object]) -> Path:
    columns = [*BASIC_WITH_ID]
    return put(folder, f"vanlig_2026{time}.csv", text_of(rows, columns))


BASIC_WITH_ID = (
    "school", "class", "grade", "civic", "date", "start", "subject", "length", "valid", "invalid",
    "lesson_id", "reported",
)  # fmt: skip


def lessons(lake: Lake) -> list[str]:
    """Return school, day, start and invalid minutes of what is stored."""
    rows = lake.rows(
        "SELECT school_unit_code[8:], strftime(starts_at, '%d %H:%M'), invalid_minutes "
        "FROM lessons ORDER BY ALL"
    )
    return [f"{school} {start} {minutes}" for school, start, minutes in rows]


def test_what_a_complete_file_lacks_of_its_dates_is_removed_and_nothing_else(
    lake: Lake, tmp_path: Path
) -> None:
    offer(
        lake,
        ordinary(
            tmp_path, "1101T0500", *(on(day, invalid="5") for day in (1, 5, 6, 7, 9)),
            on(6, school="99999902", invalid="5"),
        ),
    )  # fmt: skip
    (report,) = offer(
        lake, complete(tmp_path, "1102T0500", on(5, invalid="10"), on(7, invalid="10"))
    )
    assert (report.outcome, report.layout) == (FileOutcome.ACCEPTED, "hel_period")
    assert lessons(lake) == [
        "1 01 08:20 5", "1 05 08:20 10", "1 07 08:20 10", "1 09 08:20 5", "2 06 08:20 5"
    ]  # fmt: skip
    stale = lake.rows("SELECT DISTINCT day(lesson_date) FROM stale_days ORDER BY ALL")
    assert (6,) in stale, "the sums of the day of the removed lesson are made again"


def test_a_newer_word_survives_an_older_complete_file_that_comes_later(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, ordinary(tmp_path, "1103T0500", on(6, invalid="5")))
    offer(lake, complete(tmp_path, "1102T0500", on(5), on(7)))
    assert len(lessons(lake)) == 3


def test_an_older_word_does_not_come_back_after_a_complete_file(lake: Lake, tmp_path: Path) -> None:
    offer(lake, complete(tmp_path, "1102T0500", on(5), on(7)))
    (report,) = offer(lake, ordinary(tmp_path, "1101T0500", on(6), on(8)))
    assert (report.outcome, report.rows_superseded) == (FileOutcome.ACCEPTED, 1)
    assert [line[2:4] for line in lessons(lake)] == ["05", "07", "08"]
    (again,) = offer(lake, ordinary(tmp_path, "1101T0600", on(6)))
    assert again.outcome == FileOutcome.SUPERSEDED


def test_a_complete_file_with_a_refused_row_removes_nothing_and_says_so(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, ordinary(tmp_path, "1101T0500", on(6)))
    (report,) = offer(lake, complete(tmp_path, "1102T0500", on(5), on(7), on(6) | BAD))
    assert report.outcome == FileOutcome.ACCEPTED_IN_PART
    assert "with refused rows it is not complete, so no lesson was removed" in str(report.reason)
    assert len(lessons(lake)) == 3


def test_a_complete_file_with_a_date_of_another_year_removes_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, ordinary(tmp_path, "1101T0500", on(6)))
    offer(lake, complete(tmp_path, "1102T0500", on(5), on(7) | {"date": "2024-10-07"}))
    assert len(lessons(lake)) == 3


def test_a_lesson_with_an_id_that_moved_and_was_removed_stays_away_in_every_order(
    lake: Lake, tmp_path: Path
) -> None:
    """Said on the 20th, moved to the 6th, then missing from the complete file of the 5th to 7th.

    The orders are played side by side, each at a school with a pupil of its own.
    """
    orders = list(permutations(range(3)))
    offered: list[list[Path]] = []
    for place, order in enumerate(orders):
        own = {"school": f"9999990{place + 1}", "civic": with_hyphen(civic_no(place))}
        folder = tmp_path / str(place)
        paths = [
            ordinary(folder, "1101T0500", on(20, lesson_id="L1", **own)),
            ordinary(folder, "1102T0500", on(6, lesson_id="L1", **own)),
            complete(
                folder, "1103T0500", on(5, lesson_id="L2", **own), on(7, lesson_id="L3", **own)
            ),
        ]
        offered.append([paths[number] for number in order])
    for step in zip(*offered, strict=True):
        offer(lake, *step)
    for place, order in enumerate(orders):
        school = f"9999990{place + 1}"
        found = lake.rows(
            f"SELECT lesson_id FROM lessons WHERE school_unit_code = '{school}' ORDER BY ALL"
        )
        assert found == [("L2",), ("L3",)], order


SCHOOL_PERIOD = {
    "name": "hel",
    "kind": "lessons",
    "description": "x",
    "restates": "school_period",
    "columns": {"civic_no": {"headers": ["P"]}},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "needs 'row_count'"),
        ({"kind": "enrolments", "row_count": {"column": "n"}}, "kind lessons only"),
        ({"row_count": {}}, "expected either 'trailer' or 'column'"),
        ({"row_count": {"trailer": "x", "column": "y"}}, "expected either"),
        ({"row_count": {"trailer": "Antal: [0-9"}}, "is no pattern"),
        ({"row_count": {"trailer": "Antal"}}, "needs one group"),
    ],
)
def test_a_layout_that_could_remove_absence_by_accident_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    import yaml

    put(tmp_path, "hel.yaml", yaml.safe_dump(SCHOOL_PERIOD | change))
    with pytest.raises(LayoutError, match=r"hel\.yaml, line \d+: ") as error:
        load_layouts([tmp_path])
    assert words in str(error.value)


def test_the_layout_in_the_documentation_is_one(tmp_path: Path) -> None:
    import re

    document = Path(__file__).resolve().parents[2] / "docs" / "inputs.md"
    (example,) = re.findall(
        r"```yaml\n(name: hel_period\n.*?)```", document.read_text("utf-8"), re.S
    )
    put(tmp_path, "hel_period.yaml", example)
    found: Sequence[Layout] = load_layouts([tmp_path])
    layout = next(layout for layout in found if layout.name == "hel_period")
    assert layout.restates == BY_COLUMN.restates
    assert layout.row_count == BY_COLUMN.row_count
    assert set(layout.columns) <= set(BY_COLUMN.columns)
