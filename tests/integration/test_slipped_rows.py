"""Rows whose cells have slipped, swallowed rows, second headers, cut rows: told, never minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.exports.files.received import UnreadableFileError, look_at
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.row_reader import Openings
from assets.lake.connection import Lake
from tests.conftest import emptied
from tests.integration.ingest_files import (
    BAD,
    BASIC,
    lesson,
    lessons_from,
    minutes_at,
    offer,
    problems_of,
    put,
    text_of,
    warnings_of,
)


def lines_of(number: int, *rows: dict[str, object], delimiter: str = ";") -> list[str]:
    """The lines of a file of a school of its own, the header first."""
    school = {"school": f"{99999900 + number}"}
    return text_of([{**row, **school} for row in rows], delimiter=delimiter).split("\r\n")[:-1]


def read(
    lake: Lake, folder: Path, files: dict[str, list[str]], *, ends: bool = True
) -> dict[str, FileReport]:
    paths = [
        put(folder, f"{name}.csv", "\r\n".join(lines) + "\r\n" * ends)
        for name, lines in files.items()
    ]
    return {report.path.stem: report for report in offer(lake, *paths)}


def test_a_decimal_comma_between_commas_never_moves_a_minute(lake: Lake, tmp_path: Path) -> None:
    """60,0 is two cells there. With nothing in the last cell, the number of cells looks right."""
    row = "{},Ö,8A,8,20120314-9800,Åsa,Öberg,2026-10-05,{},09:20,MA,60,{},,"
    header = lines_of(0, delimiter=",")[0]
    files = {
        f"shift {number}": [header, row.format(99999901 + number, "08:20", minutes)]
        for number, minutes in enumerate(["0,0,60,0", "45,0,0,15", "0,0,60,0,0", "60,0,0,0"])
    }
    # Beside a sound row, in bulk and row by row.
    sound = row.format(99999911, "10:20", "60,0,0")
    files["some"] = [header, row.format(99999911, "08:20", "0,0,60,0"), sound]
    files["quoted"] = [header, row.format(99999912, "08:20", '"0,0","60,0","0,0"')]
    reports = read(lake, tmp_path, files)
    for name, report in reports.items():
        if name.startswith("shift"):
            assert report.outcome == FileOutcome.QUARANTINED, name
            assert problems_of(report) == {2: "row.too_many_cells"}
    assert problems_of(reports["some"]) == {2: "row.too_many_cells"}
    assert minutes_at(lake, reports["some"]) == {"10:20": (60, 0, 0, True)}
    assert minutes_at(lake, reports["quoted"]) == {"08:20": (60, 60, 0, True)}


def test_a_cell_too_many_is_refused_where_only_some_rows_have_it(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(k, reported="", why="") for k in range(3)]
    header, *plain = lines_of(1, *rows)
    slipped = plain[1].replace(";MA;", ";MA;1;")
    reports = read(
        lake,
        tmp_path,
        {
            "empty": [header, plain[0], plain[1] + ";", plain[2]],
            "slipped": [header.replace("Skola", "Skolnamn"), plain[0], slipped, plain[2]],
            "first": [header, *lines_of(2, *rows)[1:2], *lines_of(2, *rows)[2:]],
            "all": [header, *(line + ";" for line in lines_of(3, *rows)[1:])],
            "with header": [header + ";", *(line + ";" for line in lines_of(4, *rows)[1:])],
            "beyond": [header + ";", *(line + ";" for line in lines_of(5, *rows)[1:]), ""],
        },
    )
    assert problems_of(reports["empty"]) == {3: "row.too_many_cells"}
    assert problems_of(reports["slipped"]) == {3: "row.too_many_cells"}
    for name in ("first", "all", "with header", "beyond"):
        assert (reports[name].rows_accepted, reports[name].rows_rejected) == (3, 0), name


def test_a_cell_under_no_heading_is_refused_in_bulk_too(lake: Lake, tmp_path: Path) -> None:
    header, first, second = lines_of(1, lesson(0), lesson(1))
    reports = read(lake, tmp_path, {"a": [header + ";", first + ";", second + ";rest"]})
    assert problems_of(reports["a"]) == {3: "row.too_many_cells"}


def test_a_second_header_is_refused_and_one_in_another_order_ends_the_file(
    lake: Lake, tmp_path: Path
) -> None:
    header, first, second = lines_of(1, lesson(0), lesson(1))
    names = header.split(";")
    names[13], names[14] = names[14], names[13]
    swapped = ";".join(names)
    roster = "Personnummer;Förnamn;Efternamn;Skolenhetskod;Klass;Startdatum;Slutdatum"
    reports = read(
        lake,
        tmp_path,
        {
            "again": [header, first, header, second],
            "in capitals": [header, first, header.upper(), *lines_of(1, lesson(2))[1:]],
            "swapped": [header, first, swapped, *lines_of(1, lesson(3))[1:]],
            "another": [header, first, roster, "20120314-9800;Å;Ö;99999901;8A;;"],
        },
    )
    assert problems_of(reports["again"]) == {3: "row.repeated_header"}
    assert problems_of(reports["in capitals"]) == {3: "row.repeated_header"}
    for name in ("swapped", "another"):
        assert reports[name].outcome == FileOutcome.QUARANTINED
        assert "line 3: a second header row" in str(reports[name].reason)
        assert lessons_from(lake, reports[name]) == []


def test_a_quote_that_swallows_rows_is_refused_and_all_rows_are_counted(
    lake: Lake, tmp_path: Path
) -> None:
    header, *rows = lines_of(1, *(lesson(k) for k in range(4)))
    opened = rows[0].replace(";Åsa;", ';"Åsa;')
    closed = rows[2].replace(";Åsa;", ';Åsa";')
    reason = rows[3].removesuffix(";;Ja") + ';"Sjuk;\r\nringde hem";Nej'
    address = lines_of(2, lesson(0, family="Öberg\nc/o Ek"))
    reports = read(
        lake,
        tmp_path,
        {
            "swallows": [header, opened, rows[1], closed, rows[3]],
            "separator in a remark": [header, reason],
            "line break in a name": address,
        },
    )
    swallowing = reports["swallows"]
    assert (swallowing.rows_read, swallowing.rows_accepted) == (4, 3)
    assert problems_of(swallowing) == {2: "row.swallows_rows"}
    assert reports["separator in a remark"].rows_accepted == 0
    assert problems_of(reports["separator in a remark"])[2] == "row.swallows_rows"
    assert reports["line break in a name"].rows_accepted == 1


@pytest.mark.parametrize("by_row", [False, True])
def test_a_last_row_without_line_end_whose_minutes_differ_is_refused(
    lake: Lake, tmp_path: Path, by_row: bool
) -> None:
    columns = BASIC[:15]
    rows = [lesson(0, **BAD)] * by_row + [lesson(1), lesson(2, present="0", valid="0")]

    def last(invalid: str, school: str) -> str:
        made = [{**row, "school": school} for row in rows]
        made[-1]["invalid"] = invalid
        return text_of(made, columns).removesuffix("\r\n")

    paths = [
        put(tmp_path, "cut.csv", last("6", "99999901")),
        put(tmp_path, "whole.csv", last("60", "99999902")),
    ]
    cut, whole = offer(lake, *paths)
    line = 3 + by_row
    assert problems_of(cut)[line] == "row.cut_short"
    assert "row.no_line_end" not in warnings_of(cut)
    assert warnings_of(whole) == {"row.no_line_end": 1}
    assert (cut.rows_accepted, whole.rows_accepted) == (1, 2)


@pytest.mark.parametrize("end", ["\x85", "\x1e", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"])
def test_rows_that_end_in_another_way_quarantine_the_file_and_show_nobody(
    lake: Lake, tmp_path: Path, end: str
) -> None:
    columns = (*BASIC, "protected")
    marked = lesson(0, given="Zzyx", family="Qwert", protected="Sekretessmarkering")
    text = text_of([marked, lesson(1)], columns, newline=end)
    whole = text_of([lesson(2)], columns)
    reports = offer(
        lake,
        put(tmp_path, "all.csv", text),
        put(tmp_path, "rest.csv", whole + text.split(end, 1)[1]),
    )
    for line, report in zip((1, 3), reports, strict=True):
        assert report.outcome == FileOutcome.QUARANTINED
        assert f"line {line}: U+{ord(end):04X} stands where a row ends" in str(report.reason)
        assert not any(word in str(report.reason) for word in ("Zzyx", "Qwert", "Sekretess", "8A"))


_ROWS = [lesson(number, school=f"{99999900 + number}") for number in range(1, 5)]
_HEADER, *_LINES = text_of(_ROWS).split("\r\n")[:-1]
_PIECES = st.sampled_from([";", '"', "\r\n", "\n", "\r", ",", " ", "\x1e", "\x85", '";"', ";;"])


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """A file into which something was put at a few places, or a header in another order."""
    lines = [_HEADER, *draw(st.permutations(_LINES))]
    if draw(st.booleans()):
        names = draw(st.permutations(_HEADER.split(";"))) if draw(st.booleans()) else None
        again = ";".join(names) if names else _HEADER
        lines.insert(draw(st.integers(1, len(lines))), again)
    text = "\r\n".join(lines) + draw(st.sampled_from(["\r\n", ""]))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(len(_HEADER), len(text)))
        text = text[:place] + draw(_PIECES) + text[place:]
    return text


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_mutated())
def test_the_reader_counts_every_row_once_whatever_is_put_into_a_file(
    tmp_path: Path, text: str
) -> None:
    file = look_at(put(tmp_path, "a.csv", text))
    try:
        reader = Openings(shipped_layouts()).rows(file)
        staged = sum(frame.height for frame in reader.frames())
    except UnreadableFileError:
        return
    refused = [problem for problem in reader.take_problems() if problem.is_rejection]
    assert reader.rows_read == staged + len(refused)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_mutated(), min_size=12, max_size=12))
def test_no_lesson_has_minutes_that_nobody_wrote_whatever_is_put_into_a_file(
    lake_of_module: Lake, tmp_path: Path, texts: list[str]
) -> None:
    """Nothing that is put in is a digit, so whatever is taken says what it said before."""
    lake = emptied(lake_of_module)
    offer(lake, *(put(tmp_path, f"{n}.csv", text) for n, text in enumerate(texts)))
    written = {
        # A line break in its first digits leaves a shorter code, which is filled up and told.
        (str(row["school"])[lost:].zfill(8), row["start"], 60, valid, int(str(row["invalid"])))
        for row in _ROWS
        for valid in [int(str(row["valid"]))]
        for lost in range(4)
    }
    found = lake.rows(
        "SELECT school_unit_code, strftime(starts_at, '%H:%M'), scheduled_minutes, valid_minutes, "
        "invalid_minutes FROM lessons"
    )
    assert set(found) <= written
