"""A file that is cut short anywhere is complete, refused or quarantined; never taken in silence."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.readers.xlsx.parts import Package, RefusedWorkbook
from assets.lake.connection import Lake
from tests.integration.complete_files import WITH_COLUMN, WITH_TRAILER, counted, with_trailer
from tests.integration.ingest_files import (
    lesson,
    lessons_of,
    put,
    text_of,
    warnings_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of


def cut_everywhere(
    lake: Lake, folder: Path, content: bytes, layouts: Sequence[Layout], step: int = 1
) -> list[FileReport]:
    """Take a file cut at every byte, all in one call; each cut has a name that says where."""
    paths = [
        put(folder, f"{end:06d}_20261101T{end // 60 % 24:02d}{end % 60:02d}.csv", content[:end])
        for end in range(1, len(content), step)
    ]
    return ingest_paths(lake, paths, layouts=layouts)


ROWS = [lesson(n) for n in range(3)]
OPEN_END = {"row.no_line_end"}


def test_a_text_file_cut_at_any_byte_gives_whole_rows_or_says_that_it_may_be_cut(
    lake: Lake, tmp_path: Path
) -> None:
    """At a row's boundary it can't be told from a shorter file; nothing is removed by that."""
    text = text_of(ROWS).encode()
    starts = [place + 2 for place in range(len(text)) if text[place : place + 2] == b"\r\n"]
    for report in cut_everywhere(lake, tmp_path, text, shipped_layouts()):
        end = int(report.name[:6])
        boundary = end in starts or end + 1 in starts
        if report.outcome in {FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED, FileOutcome.DUPLICATE}:
            is_header_only = report.rows_read == 0 and "no rows" in str(report.reason)
            assert boundary or is_header_only or set(warnings_of(report)) == OPEN_END, end
        else:
            assert report.outcome in {FileOutcome.QUARANTINED, FileOutcome.ACCEPTED_IN_PART}, end
            assert report.reason, end


def test_a_file_with_a_trailer_cut_at_any_byte_is_quarantined_until_it_is_whole(
    lake: Lake, tmp_path: Path
) -> None:
    content = with_trailer(ROWS).encode()
    number = content.rindex(b"3")
    for report in cut_everywhere(lake, tmp_path, content, WITH_TRAILER):
        end = int(report.name[:6])
        whole = {FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED}
        assert report.outcome in ({FileOutcome.QUARANTINED} if end <= number else whole), end
    assert len(lessons_of(lake)) == 3


def test_a_trailer_of_two_digits_cut_in_the_number_is_not_believed(
    lake: Lake, tmp_path: Path
) -> None:
    content = with_trailer([lesson(n) for n in range(12)])
    path = put(tmp_path, "a.csv", content.removesuffix("2\r\n"))
    (report,) = ingest_paths(lake, [path], layouts=WITH_TRAILER)
    assert report.outcome == FileOutcome.QUARANTINED
    assert report.reason == (
        "it says that it has 1 rows, but 12 were found. It was cut short or changed on its way. "
        "Export the file again."
    )


def test_a_file_with_a_row_count_in_a_column_cut_at_any_byte_is_never_taken_in_part(
    lake: Lake, tmp_path: Path
) -> None:
    content = counted(ROWS).encode()
    last_row = content.rindex(b"\r\n", 0, len(content) - 2) + 2
    for report in cut_everywhere(lake, tmp_path, content, WITH_COLUMN):
        end = int(report.name[:6])
        if report.outcome not in {FileOutcome.QUARANTINED, FileOutcome.ACCEPTED_IN_PART}:
            # It has a part of the header and no row, or all rows but a part of the last cell.
            assert report.rows_read == report.rows_accepted == (3 if end > last_row else 0), end
            assert set(warnings_of(report)) <= OPEN_END, end
    assert len(lessons_of(lake)) == 3


def test_a_workbook_cut_at_any_byte_is_refused_by_its_reader() -> None:
    """In this process, where a cut costs a tenth of a millisecond."""
    content = workbook_of(cells_of(ROWS))
    for end in range(len(content)):
        with pytest.raises(RefusedWorkbook):
            Package(io.BytesIO(content[:end]), end)


def test_a_workbook_cut_anywhere_is_quarantined(lake: Lake, tmp_path: Path) -> None:
    """The whole way, with a process for each cut: so not at every byte."""
    content = workbook_of(cells_of(ROWS))
    reports = cut_everywhere(lake, tmp_path, content, shipped_layouts(), step=97)
    reports += ingest_paths(
        lake, [put(tmp_path, f"x{n}.xlsx", content[:-n]) for n in (1, 2, 10, 21, 22, 23, 60)]
    )
    assert {report.outcome for report in reports} == {FileOutcome.QUARANTINED}
    assert lessons_of(lake) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (text_of(ROWS), "its last row does not say how many rows it has (3 were found)"),
        (with_trailer(ROWS) + text_of(ROWS), "line 6: a row after the one that says how many"),
        (with_trailer(ROWS).replace("rader: 3", "rader: 4"), "it says that it has 4 rows, but 3"),
    ],
)
def test_a_trailer_that_is_missing_wrong_or_not_last_is_reported(
    lake: Lake, tmp_path: Path, content: str, words: str
) -> None:
    (report,) = ingest_paths(lake, [put(tmp_path, "a.csv", content)], layouts=WITH_TRAILER)
    assert report.outcome == FileOutcome.QUARANTINED
    assert words in str(report.reason)


def test_rows_that_disagree_about_their_number_are_reported(lake: Lake, tmp_path: Path) -> None:
    content = counted(ROWS).replace(";3;", ";4;", 1)
    (report,) = ingest_paths(lake, [put(tmp_path, "a.csv", content)], layouts=WITH_COLUMN)
    assert report.outcome == FileOutcome.QUARANTINED
    assert "line 3, 'Antal rader': not the same number of rows as above" in str(report.reason)


def test_a_workbook_may_say_its_row_count_too(lake: Lake, tmp_path: Path) -> None:
    sheet: list[list[object]] = [*cells_of(ROWS), ["Antal rader: 3"]]
    path = put(tmp_path, "a.xlsx", workbook_of(sheet))
    (report,) = ingest_paths(lake, [path], layouts=WITH_TRAILER)
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 3)
