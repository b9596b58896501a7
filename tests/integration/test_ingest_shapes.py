"""The same rows in many shapes of file give the same lessons; one that can't be read is reported.

Files of one test have a school of their own, so that one call takes them all.
"""

from __future__ import annotations

import datetime as dt
import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers import row_reader
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.text_rows import DataRow, text_rows
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.ingest_files import (
    BAD,
    BASIC,
    EVERY,
    HEADERS,
    Formula,
    given_names,
    lesson,
    lessons_from,
    offer,
    offer_one,
    problems_of,
    put,
    table,
    text_of,
    warnings_of,
    workbook_of,
)

ROWS = [
    lesson(0, given="Åsa", family="Öberg", **{"class": "8Å"}),
    lesson(1, given='Nils "Nisse"', subject="HKK; SLÖJD"),
    lesson(2, reported="Nej", present="", valid="", invalid=""),
    lesson(3, given="=1+1", family="O'Brien-Ek", subject='"'),
    lesson(4, subject="SO, NO\tBL"),
]
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16")


def school_of(number: int) -> str:
    return f"{90000000 + number}"


def at_school(number: int, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row | {"school": school_of(number)} for row in rows]


def shown(lake: Lake, report: FileReport) -> list[tuple[object, ...]]:
    """Lessons without their school."""
    return sorted((row[:1] + row[2:] for row in lessons_from(lake, report)), key=repr)


def test_every_encoding_line_end_and_separator_gives_the_same_lessons(
    lake: Lake, tmp_path: Path
) -> None:
    paths: list[Path] = []
    shapes = itertools.product(ENCODINGS, ("\r\n", "\n", "\r"), (";", "\t", ","), (False, True))
    for number, (encoding, newline, delimiter, has_bad_row) in enumerate(shapes):
        rows = at_school(number, ROWS + [lesson(9, **BAD)] * has_bad_row)
        text = text_of(rows, delimiter=delimiter, newline=newline)
        paths.append(put(tmp_path, f"f{number}.csv", text, encoding))
    cells = table(at_school(len(paths), ROWS))
    paths.append(put(tmp_path, "book.xlsx", workbook_of(cells)))
    reports = offer(lake, *paths)

    expected = shown(lake, reports[0])
    assert len(expected) == len(ROWS)
    assert {row[2] for row in expected} >= {"HKK; SLÖJD", '"', "SO, NO\tBL"}
    for report in reports:
        assert shown(lake, report) == expected, report.path
        assert report.rows_accepted == len(ROWS)
    assert {r.outcome for r in reports} == {FileOutcome.ACCEPTED, FileOutcome.ACCEPTED_IN_PART}
    assert given_names(lake) == {"Åsa", 'Nils "Nisse"', "=1+1"}


# What surrounds good rows without being one, and what a file then ends as.
SURROUNDED: dict[str, Callable[[str], str]] = {
    "header on line 7": lambda text: 'Rapport\n\nSkola: X;;\n\n"Urval\nperiod"\n' + text,
    "header on line 7 below an open quote": lambda text: 'Rapport "x\n\n\n;;\n\n"y\n' + text,
    "a blank line in the middle": lambda text: text.replace("\n", "\n\n", 3),
    "blank lines at the end": lambda text: text + "\n\n \n",
    "rows of separators at the end": lambda text: text + ";" * 16 + "\n" + ";;;\n",
    "a trailing separator in header and rows": lambda text: text.replace("\n", ";\n"),
    "trailing separators in the rows only": lambda text: text.replace("\n", ";;\n").replace(
        "Rapporterad;;", "Rapporterad"
    ),
    "a trailing separator in the header only": lambda text: text.replace(
        "Rapporterad\n", "Rapporterad;;\n"
    ),
    "blanks around cells": lambda text: text.replace(";", " ; "),
    "hard blanks around cells": lambda text: text.replace(";", "\xa0;\xa0"),
    "tabs around cells": lambda text: text.replace(";", "\t;\t"),
    "every cell in quotes": lambda text: "".join(
        '"' + line.replace(";", '";"') + '"\n' for line in text.splitlines()
    ),
    "headers in capitals and with blanks": lambda text: text.replace(
        "Lektionslängd (min);Närvaro (min)", " LEKTIONSLÄNGD   (MIN) ;\xa0NÄRVARO (min)"
    ),
    "loose accents": lambda text: text.replace("Å", "A\u030a").replace("ö", "o\u0308"),
    "an Ångström sign": lambda text: text.replace("Å", "\u212b"),
    "a mark of byte order in the middle": lambda text: text.replace("\n9", "\n\ufeff9"),
    "line ends that differ": lambda text: text.replace("\n", "\r\n", 2),
    "no line end at the end": lambda text: text.rstrip("\n"),
    "a second header in the middle": lambda text: text + text.splitlines()[0] + "\n",
    "a totals row": lambda text: text + "Summa;" + ";" * 10 + "300;200;60;40;;\n",
    "a totals row of two cells": lambda text: text + "Totalt;300\n",
}
PLAIN = [lesson(n, **{"class": "8Å"}) for n in range(5)]


@pytest.fixture(scope="module")
def surrounded(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, bool], tuple[FileReport, list[tuple[object, ...]]]]:
    """Each shape with good rows alone, and with one bad row: the bulk path and the row path."""
    folder = tmp_path_factory.mktemp("surrounded")
    paths: list[Path] = []
    keys: list[tuple[str, bool]] = []
    for number, (shape, has_bad_row) in enumerate(itertools.product(SURROUNDED, (False, True))):
        rows = at_school(number, PLAIN[:2] + [lesson(9, **BAD)] * has_bad_row + PLAIN[2:])
        text = SURROUNDED[shape](text_of(rows, newline="\n"))
        paths.append(put(folder / "in", f"s{number}.csv", text))
        keys.append((shape, has_bad_row))
    with Lake.open(settings_of(folder / "home")) as lake:
        reports = offer(lake, *paths)
        assert given_names(lake) == {"Åsa"}
        found = [(report, shown(lake, report)) for report in reports]
    return dict(zip(keys, found, strict=True))


@pytest.mark.parametrize("has_bad_row", [False, True], ids=["good rows", "one bad row"])
@pytest.mark.parametrize("shape", SURROUNDED)
def test_good_rows_are_taken_whatever_surrounds_them(
    surrounded: dict[tuple[str, bool], tuple[FileReport, list[tuple[object, ...]]]],
    shape: str,
    has_bad_row: bool,
) -> None:
    report, lessons = surrounded[shape, has_bad_row]
    _, expected = surrounded["blank lines at the end", False]
    extra = shape.startswith(("a second header", "a totals row"))
    assert lessons == expected
    assert len(lessons) == report.rows_accepted == len(PLAIN)
    assert report.rows_rejected == has_bad_row + extra
    assert (report.outcome == FileOutcome.ACCEPTED) == (not has_bad_row and not extra)


def test_a_line_number_is_that_of_the_file_whatever_stands_before(
    surrounded: dict[tuple[str, bool], tuple[FileReport, list[tuple[object, ...]]]],
) -> None:
    lines = {shape: list(problems_of(surrounded[shape, True][0])) for shape in SURROUNDED}
    assert lines["header on line 7"] == [10]
    assert lines["a blank line in the middle"] == [7]
    assert lines["a totals row"] == [4, 8]
    assert problems_of(surrounded["a totals row", True][0])[8] == "school_unit_code.unreadable"
    assert problems_of(surrounded["a totals row of two cells", False][0])[7] == "row.too_few_cells"


def test_a_last_row_without_a_line_end_is_taken_and_warned_of(
    surrounded: dict[tuple[str, bool], tuple[FileReport, list[tuple[object, ...]]]],
) -> None:
    for has_bad_row in (False, True):
        report, _ = surrounded["no line end at the end", has_bad_row]
        assert warnings_of(report) == {"row.no_line_end": 1}
        assert report.problems[-1].line_number == 6 + has_bad_row
        assert report.rows_warned == 1


# Quotation marks, in the second of three rows: what becomes of the rows.
QUOTES = {
    "a quoted separator": ('"8;A"', None),
    "a quote in a quoted cell": ('"8 ""A"""', None),
    "a quote in mid-cell": ('8"A', None),
    "two quotes in mid-cell": ('8 "A" B', None),
    "a quoted word first": ('"8" A', None),
    "a quote that is never closed": ('"8A', None),
    "a quote that is never closed, and a separator": ('"8;A', "row.broken_quotes"),
    "quotes around a cell with unescaped quotes": ('"8 "A" B"', None),
    "only a quote": ('"', None),
    "blanks around quotes": (' "8A" ', None),
    "a line break in quotes": ('"8\nA"', None),
    "three line breaks in quotes": ('"8\n\n\nA"', None),
    "two cells too many": ("8;A;B", "row.too_many_cells"),
    "nothing in quotes": ('""', None),
}


def test_whatever_is_quoted_no_other_row_is_lost(lake: Lake, tmp_path: Path) -> None:
    paths, keys = [], []
    for number, (name, has_bad_row) in enumerate(itertools.product(QUOTES, (False, True))):
        rows = at_school(number, PLAIN[:3])
        lines = text_of(rows, newline="\n").splitlines(keepends=True)
        lines[2] = lines[2].replace(";8Å;", f";{QUOTES[name][0]};")
        if has_bad_row:
            lines.append(text_of([lesson(9, **BAD)], newline="\n").splitlines(keepends=True)[1])
        paths.append(put(tmp_path, f"q{number}.csv", "".join(lines)))
        keys.append((name, has_bad_row))
    classes = {
        "a quoted separator": "8;A",
        "a quote in a quoted cell": '8 "A"',
        "a quote in mid-cell": '8"A',
        "two quotes in mid-cell": '8 "A" B',
        "a quoted word first": '"8" A',
        "a quote that is never closed": '"8A',
        "quotes around a cell with unescaped quotes": '8 "A" B',
        "only a quote": '"',
        "blanks around quotes": "8A",
        "a line break in quotes": "8\nA",
        "three line breaks in quotes": "8\n\n\nA",
        "nothing in quotes": "",
    }
    for (name, has_bad_row), report in zip(keys, offer(lake, *paths), strict=True):
        problem = QUOTES[name][1]
        assert report.rows_read == 3 + has_bad_row, name
        assert problems_of(report).get(3) == problem, name
        found = {row[2][11:16]: row[11] for row in lessons_from(lake, report)}
        others = {"08:00": "8Å", "08:20": "8Å"}
        assert found == others | ({} if problem else {"08:10": classes[name]}), name


def test_a_half_row_at_any_byte_is_never_taken_for_a_whole_one(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(0), lesson(1, reported="Nej"), lesson(2, given="Zoë", reported="Nej")]
    for encoding in ("utf-8", "utf-16"):
        whole = text_of(rows, newline="\r\n").encode(encoding)
        header = len(text_of([], newline="\r\n").encode(encoding))
        cuts = range(0 if encoding == "utf-8" else len(whole) - 60, len(whole) + 1)
        folder = tmp_path / encoding
        paths = [put(folder, f"{n}_20261101T0500.csv", whole[:n]) for n in cuts]
        by_cut = dict(zip(cuts, offer(lake, *paths), strict=True))
        for cut, report in by_cut.items():
            if report.outcome == FileOutcome.QUARANTINED:
                assert report.rows_accepted == 0
                assert report.rows_read == 0 or cut > header
                continue
            text = whole[:cut].decode(encoding, "ignore")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            complete = max(len(lines) - 2, 0)
            assert report.rows_accepted - complete in (0, 1), cut
            if report.rows_accepted > complete:
                # A row that lacks its line end at most: cut in its last word, or not at all.
                assert warnings_of(report)["row.no_line_end"] == 1
                assert text.endswith(("J", "Ja", "N", "Nej")), cut
    # All said the same, so nothing of a half row is left behind.
    assert {row[2][11:16]: row[9] for row in lake_rows(lake)} == {
        "08:00": True, "08:10": False, "08:20": False,
    }  # fmt: skip


def lake_rows(lake: Lake) -> list[tuple[Any, ...]]:
    from tests.integration.ingest_files import lessons_of

    return lessons_of(lake)


REFUSED_WHOLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "blank lines": (b"\r\n\r\n \r\n", "the file is empty"),
    "no header": (text_of(PLAIN).split("\n", 1)[1].encode(), "no header row in the first 30 lines"),
    "another header": (b"Elev;Lektioner\nA;3\n", "no header row"),
    "a column short": (
        text_of(PLAIN).replace("Datum;", "Dag;").encode(),
        "line 1: the header looks like the layout 'lektionsfranvaro', but lacks the column 'Datum'",
    ),
    "two columns short": (
        text_of(PLAIN).replace("Datum;", "Dag;").replace("Giltig frånvaro (min)", "GF").encode(),
        "lacks the columns 'Datum', 'Giltig frånvaro (min)'",
    ),
    "a column twice": (
        text_of(PLAIN).replace("Frånvaroanledning", "Datum").encode(),
        "but has 'Datum' twice",
    ),
    "a header on line 31": (b"x;y\n" * 30 + text_of(PLAIN).encode(), "no header row"),
    "one line of ten megabytes": (b"9;" * 5_000_000, "no header row"),
    "one line of twenty megabytes": (b"9;" * 10_000_000, "longer than 16 million characters"),
    "a NUL": (
        text_of(PLAIN).replace("Öberg", "\x00berg", 1).encode(),
        "line 2: a NUL character",
    ),
    "a lost letter": (
        text_of(PLAIN).replace("Öberg", "\ufffdberg").encode(),
        "line 2: a letter was lost before the file came (U+FFFD)",
    ),
    "one letter of UTF-8 in cp1252": (
        text_of([*PLAIN, lesson(5, family="X-X")]).encode("cp1252").replace(b"X-X", b"\xc3\xb6X"),
        "line 7: UTF-8 and cp1252 are mixed",
    ),
    "one letter of cp1252 in UTF-8": (
        text_of([*PLAIN, lesson(5, family="X-X")]).encode().replace(b"X-X", b"\xf6X"),
        "line 1: UTF-8 and cp1252 are mixed",
    ),
    "a letter that was converted twice": (
        text_of([*PLAIN, lesson(5, family="Ã–berg")]).encode(),
        "line 7: letters were converted twice",
    ),
    "a byte that is neither": (
        text_of(PLAIN).encode("cp1252").replace(b"\xd6berg", b"\x81berg", 1),
        "line 2: byte 0x81 is neither UTF-8 nor cp1252",
    ),
    "UTF-16 cut in a letter": (text_of(PLAIN).encode("utf-16")[:-1], "is damaged"),
    "UTF-16 without its mark": (text_of(PLAIN).encode("utf-16-le"), "NUL character"),
    "UTF-32": (text_of(PLAIN).encode("utf-32"), "NUL character"),
    "UTF-8 cut in a letter": (text_of([lesson(family="Ek")]).encode()[:-4] + b"\xc3", "damaged"),
    "noise": (bytes(range(256)) * 40, ""),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "this is a PDF"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel file"),
    "a gzip": (b"\x1f\x8b\x08" + bytes(60), "a packed file (gzip)"),
    "an empty zip": (b"PK\x05\x06" + bytes(18), "an empty zip"),
    "half a zip": (workbook_of(table(PLAIN))[:3000], "not a workbook that can be read"),
    "an SQL script": (b"DROP TABLE lessons; --\n", "no header row"),
}


def test_a_file_that_is_no_export_is_quarantined_whole_and_says_why(
    lake: Lake, tmp_path: Path
) -> None:
    paths = [
        put(tmp_path, f"{name}_20261101T0500.csv", content)
        for name, (content, _) in REFUSED_WHOLE.items()
    ]
    good = put(tmp_path, "good.csv", text_of(PLAIN))
    *refused, taken = offer(lake, *paths, good)
    for (name, (_, reason)), report in zip(REFUSED_WHOLE.items(), refused, strict=True):
        assert report.outcome == FileOutcome.QUARANTINED, name
        assert report.reason is not None
        assert reason in report.reason, (name, report.reason)
        assert report.rows_read == 0
        note = lake.settings.home / "quarantine" / f"{report.sha256}.reason.txt"
        assert note.read_text("utf-8") == (
            f"{report.reason}\nThe original: trappan archive open {report.sha256[:12]} --out FILE\n"
        )
    assert taken.outcome == FileOutcome.ACCEPTED
    assert len(lake_rows(lake)) == len(PLAIN)


def test_a_header_without_rows_is_taken_and_said(lake: Lake, tmp_path: Path) -> None:
    paths = [
        put(tmp_path, "a.csv", text_of([])),
        put(tmp_path, "b.csv", text_of([]).strip()),
        put(tmp_path, "c.csv", text_of([], EVERY) + "\r\n\r\n"),
        put(tmp_path, "d.xlsx", workbook_of(table([]))),
    ]
    for report in offer(lake, *paths):
        assert (report.outcome, report.rows_read) == (FileOutcome.ACCEPTED, 0)
        assert report.reason == "it has a header but no rows"


def test_columns_that_the_layout_does_not_know_are_said_and_not_read(
    lake: Lake, tmp_path: Path
) -> None:
    columns = (*BASIC, "Lärare", "Sal")
    rows = [lesson(n, Lärare="Tea Teacher") for n in range(3)]
    plain = put(tmp_path, "a.csv", text_of(rows, columns))
    faulty = put(tmp_path, "b.csv", text_of([*rows, lesson(9, **BAD)], columns))
    for report in offer(lake, plain, faulty):
        assert report.rows_accepted == 3
        first = len(BASIC) + 1
        shown = f"does not know were not read: {first} (xxxxxx), {first + 1} (xxx)"
        assert shown in str(report.reason)


def test_a_header_that_is_a_childs_name_or_number_is_stored_as_a_pattern(
    lake: Lake, tmp_path: Path
) -> None:
    columns = (*BASIC, "Alva", "20120314-9800")
    (report,) = offer(lake, put(tmp_path, "a.csv", text_of([lesson(0)], columns)))
    first = len(BASIC) + 1
    assert f"not read: {first} (xxxx), {first + 1} (99999999-9999)" in str(report.reason)
    assert "Alva" not in str(lake.rows("SELECT reason FROM files"))


def test_optional_columns_may_be_missing(lake: Lake, tmp_path: Path) -> None:
    needed = ("school", "civic", "date", "start", "length", "valid", "invalid")
    rows = [lesson(n) for n in range(3)]
    plain = put(tmp_path, "a_20261101T0500.csv", text_of(rows, needed))
    faulty = put(tmp_path, "b_20261102T0500.csv", text_of([*rows, lesson(9, **BAD)], needed))
    one, other = offer(lake, plain, faulty)
    assert (one.rows_accepted, other.rows_accepted, other.rows_rejected) == (3, 3, 1)
    assert {row[3] for row in lake_rows(lake)} == {""}


def test_the_header_with_its_unit_stands_before_the_one_without(lake: Lake, tmp_path: Path) -> None:
    """A share of the lesson beside the minutes must not be taken for minutes."""
    columns = ["Giltig frånvaro", *BASIC]
    rows = [lesson(3) | {"Giltig frånvaro": "25"}]
    report = offer_one(lake, put(tmp_path, "a.csv", text_of(rows, columns)))
    assert [row[6] for row in lessons_from(lake, report)] == [15]
    assert "not read: 1 (xxxxxx xxxxxxxx)" in str(report.reason)


def test_a_cell_of_a_megabyte_and_names_of_300_letters_are_taken(
    lake: Lake, tmp_path: Path
) -> None:
    name = "Anna-Karin" * 30
    rows = [lesson(0, given=name), lesson(1, why="x" * (2 << 20)), lesson(2, given=name)]
    report = offer_one(lake, put(tmp_path, "a.csv", text_of(rows)))
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 3)
    assert name in given_names(lake)


def test_only_lines_with_a_problem_or_an_odd_shape_are_read_one_by_one(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one: dict[str, list[int]] = {}
    whole = text_rows

    def watched(
        file: ReceivedFile, header: FoundHeader, numbers: Iterable[int] | None = None
    ) -> Iterator[DataRow]:
        lines = None if numbers is None else list(numbers)
        if lines:
            one_by_one[file.name] = lines
        return whole(file, header, lines)

    monkeypatch.setattr(row_reader, "text_rows", watched)
    good = [lesson(n) for n in range(40)]
    bad = [*good, lesson(40, invalid="x"), *(lesson(n, grade="8A") for n in range(41, 50))]
    paths = [
        put(tmp_path, "good.csv", text_of(at_school(1, good))),
        put(tmp_path, "bad.csv", text_of(at_school(2, bad)) + "Summa;49\r\n"),
    ]
    reports = offer(lake, *paths)
    # A refused row, the first of nine that are warned of, and the totals.
    assert one_by_one == {"bad.csv": [42, 43, 52]}
    assert [(r.rows_read, r.rows_rejected, r.rows_warned) for r in reports] == [
        (40, 0, 0),
        (51, 2, 9),
    ]
    assert [(p.line_number, p.rows) for p in reports[1].problems] == [(42, 1), (43, 9), (52, 1)]


def test_a_line_that_ends_with_a_lone_carriage_return_is_two(lake: Lake, tmp_path: Path) -> None:
    # As many carriage returns as line feeds, so that they seem to go together.
    odd = text_of(at_school(4, PLAIN), newline="\n").replace(";8Å;", ";8\rA;")
    report = offer_one(lake, put(tmp_path, "odd.csv", odd))
    assert report.rows_read == report.rows_rejected == 10


# -- Workbooks ------------------------------------------------------------------------------------


def as_sheet(rows: list[dict[str, object]], columns: tuple[str, ...] = BASIC) -> list[list[object]]:
    return table(rows, columns)


def test_real_dates_times_and_numbers_are_what_the_text_says(lake: Lake, tmp_path: Path) -> None:
    texts = [lesson(n) for n in range(6)]
    reals = [
        row
        | {
            "school": 90000001,
            "grade": 8,
            "date": dt.datetime.fromisoformat(str(row["date"])),
            "start": dt.time.fromisoformat(str(row["start"])),
            "end": dt.time(9, 20),
        }
        | {name: int(str(row[name])) for name in ("length", "present", "valid", "invalid")}
        for row in texts
    ]
    days = [row | {"school": "90000002", "date": 46300} for row in texts]
    numbers_as_text = [row | {"school": "90000003", "length": "60,0"} for row in texts]
    floats = [
        row
        | {"school": "90000004", "length": 60.0, "civic": float(str(row["civic"]).replace("-", ""))}
        for row in texts
    ]
    plain = [row | {"school": "90000005"} for row in texts]
    sheets = [
        workbook_of(as_sheet(reals)),
        workbook_of(as_sheet(days)),
        workbook_of(as_sheet(numbers_as_text)),
        workbook_of(as_sheet(floats)),
        workbook_of([[None], ["Rapport", None, "2026"], [], *as_sheet(plain)]),
    ]
    reports = offer(lake, *(put(tmp_path, f"{n}.xlsx", sheet) for n, sheet in enumerate(sheets)))
    expected = shown(lake, reports[2])
    assert len(expected) == 6
    for report in reports:
        assert report.outcome == FileOutcome.ACCEPTED, report.reason
        assert shown(lake, report) == expected, report.path
    assert warnings_of(reports[1]) == {"lesson_date.serial_number": 6}


def test_a_cell_with_an_error_or_an_uncalculated_formula_is_not_an_empty_cell(
    lake: Lake, tmp_path: Path
) -> None:
    """Taken for empty, `#N/A` would be no absence at all."""
    rows = [
        lesson(0, valid="#N/A"),
        lesson(1, valid=Formula("=10+5")),
        lesson(2, reported=True),
        lesson(3, reported=False, present="", valid="", invalid=""),
        lesson(4, given="#N/A"),
    ]
    report = offer_one(lake, put(tmp_path, "a.xlsx", workbook_of(as_sheet(rows))))
    assert problems_of(report) == {2: "valid_minutes.unreadable", 3: "valid_minutes.unreadable"}
    assert [p.found for p in report.problems] == ["#N/A", "#FORMULA!"]
    assert {row[9] for row in lessons_from(lake, report)} == {True, False}


def test_a_calculated_formula_is_its_result(lake: Lake, tmp_path: Path) -> None:
    content = workbook_of(as_sheet([lesson(0, valid=Formula("=10+5"), why=Formula('=""'))]))
    calculated = tmp_path / "a.xlsx"
    with (
        zipfile.ZipFile(put(tmp_path, "b.xlsx", content)) as old,
        zipfile.ZipFile(calculated, "w") as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            part = part.replace(b"<f>10+5</f><v />", b"<f>10+5</f><v>15</v>")
            part = part.replace(b"<f>10+5</f><v></v>", b"<f>10+5</f><v>15</v>")
            new.writestr(name, part)
    report = offer_one(lake, calculated)
    assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 1)
    assert [row[6] for row in lessons_from(lake, report)] == [15]


def test_other_sheets_are_said_and_not_read(lake: Lake, tmp_path: Path) -> None:
    content = workbook_of(as_sheet([lesson(0)]), "8B", "8C")
    report = offer_one(lake, put(tmp_path, "a.xlsx", content))
    assert report.outcome == FileOutcome.ACCEPTED
    assert report.reason == "the workbook's 2 other sheets were not read"


def test_a_workbook_is_one_by_its_bytes_and_not_by_its_name(lake: Lake, tmp_path: Path) -> None:
    book = put(tmp_path, "book.csv", workbook_of(as_sheet([lesson(0)])))
    text = put(tmp_path, "text.xlsx", text_of([lesson(1)]))
    assert [report.outcome for report in offer(lake, book, text)] == [FileOutcome.ACCEPTED] * 2


def hollow(content: bytes, sheet: bytes) -> bytes:
    """Return a workbook with another first sheet."""
    import io

    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    return made.getvalue()


def test_bombs_and_stray_cells_are_refused_and_nothing_dies(lake: Lake, tmp_path: Path) -> None:
    content = workbook_of(as_sheet([lesson(0)]))
    start = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    end = b"</sheetData></worksheet>"
    stray = (
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
    )
    lol = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    entity = b'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">' + lol + b"]>" + start
    xxe = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + start
    cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
    other = tmp_path / "o.zip"
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr("hej.txt", "hej")
    bad = {
        "bomb": hollow(content, start + b"<row></row>" * (20 << 20) + end),
        "stray": hollow(content, start + stray + b"</row>" + end),
        "entity": hollow(content, entity + cell % b"&a11;" + end),
        "xxe": hollow(content, xxe + cell % b"&f;" + end),
        "no XML": hollow(content, b"hej"),
        "no workbook": other.read_bytes(),
        "no sheet": hollow(content, b""),
    }
    paths = [put(tmp_path, f"{name}.xlsx", book) for name, book in bad.items()]
    reports = offer(lake, *paths, put(tmp_path, "good.csv", text_of([lesson(0)])))
    for report in reports[:-1]:
        assert report.outcome == FileOutcome.QUARANTINED, report.path
        assert "root:" not in str(report.reason)
    assert "unpack to" in str(reports[0].reason)
    assert "stray cell" in str(reports[1].reason)
    assert reports[-1].outcome == FileOutcome.ACCEPTED


def test_a_lost_letter_in_a_workbook_names_its_row(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(0), lesson(1, given="Z\ufffde"), lesson(2)]
    report = offer_one(lake, put(tmp_path, "a.xlsx", workbook_of(as_sheet(rows))))
    assert report.outcome == FileOutcome.QUARANTINED
    assert str(report.reason).startswith("row 3: a letter was lost")


def test_loose_accents_and_hard_blanks_in_a_workbook_become_plain(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(0, given="A\u030asa", subject="\xa0MA\u200b ")]
    report = offer_one(lake, put(tmp_path, "a.xlsx", workbook_of(as_sheet(rows))))
    assert given_names(lake) == {"Åsa"}
    assert [row[3] for row in lessons_from(lake, report)] == ["MA"]


def test_headers_of_the_helper_are_those_of_the_layouts() -> None:
    from assets.exports.readers.layout_files import shipped_layouts

    known = {
        name for layout in shipped_layouts() for c in layout.columns.values() for name in c.headers
    }
    assert set(HEADERS.values()) - {"Frånvaroanledning"} <= known
