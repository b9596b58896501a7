"""Lessons that a newer file of their source lacks: those that count do so as before, and are named.

A lesson that was moved or taken away at the sender stays in the lake unless its layout restates
whole periods. When a newer file has the lesson's class and date, with nearly all of the class's
pupils, and not the lesson, then it is missing at the source. How many pupils each file had is kept,
so that the answer does not depend on the order in which files came.

Not here: removing lessons (`snapshots.py`), the list's sentence (`watchlists/collect/notices.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from assets.exports.readers.layouts import FoundHeader
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.lesson_fates import decide_fates
from assets.lake.schema import TemporaryTable

#: So many tenths of a class's pupils a file has to have to cover it (our choice): a few may be gone
#: from the newer file, as pupils who left are, but half a class is another kind of file.
LEAST_TENTHS = 9

_SAID = (
    ("newer_file", "missing from it, though it has their class and date: {rows} of older files"),
    ("file_id", "missing from a newer file, though that has their class and date: {rows}"),
)
_ANSWER = (
    "counted as before. Were they taken away at the sender, files that say whole periods would "
    "remove them ('restates: school_period' in the layout)"
)
_KEY = "layout, school_unit_code, class_key, lesson_date"
_SPAN = (
    "SELECT min(lesson_date) AS first_date, max(lesson_date) AS last_date, "
    "min(school_unit_code) AS first_school, max(school_unit_code) AS last_school FROM {table}"
)


def find_coverage(lake: Lake) -> TemporaryTable:
    """Find how many pupils the staged files have, by file, class and date."""
    return lake.materialise("exports/arriving_coverage")


def note_missing(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    sealer: Sealer,
    headers: Mapping[int, FoundHeader],
    *,
    coverage: TemporaryTable,
    are_read_again: bool,
) -> dict[int, str]:
    """Keep what the stored batch's files cover, and which lessons are missing at their source.

    Args:
        connection: inside the transaction that stores the batch, after its lessons and identities.
        lake: its lake.
        sealer: keys classes.
        headers: of the files that are stored.
        coverage: what `find_coverage` gave.
        are_read_again: some of the files were read before.

    Returns:
        What is to be said of files, by file id: numbers and dates, nobody's class or name.
    """
    keyed = _key_coverage(lake, sealer, headers, coverage)
    span = lake.frame(_SPAN.format(table=keyed)).row(0, named=True)
    if span["first_date"] is None:
        return {}
    dates = {name: span[name] for name in ("first_date", "last_date")}
    covering = lake.materialise("exports/covering_files", **dates)
    connection.execute(
        f"DELETE FROM class_coverage WHERE file_id IN (SELECT file_id FROM {keyed}) "
        f"OR rowid IN (SELECT stored_row FROM {covering} WHERE is_superseded)"
    )
    connection.execute(
        f"INSERT INTO class_coverage BY NAME SELECT {_KEY}, pupils, exported_at, file_id "
        f"FROM {covering} WHERE stored_row IS NULL AND NOT is_superseded"
    )
    asked = _find_asked(lake, keyed, covering, are_read_again=are_read_again)
    connection.execute(f"DELETE FROM {covering} WHERE is_superseded")
    span = lake.frame(_SPAN.format(table=asked)).row(0, named=True)
    if span["first_date"] is None:
        return {}
    missing = lake.materialise("exports/lessons_missing", least_tenths=LEAST_TENTHS, **span)
    if lake.has_rows("missing_lessons"):
        connection.execute(
            f"DELETE FROM missing_lessons WHERE ({_KEY}) IN (SELECT ({_KEY}) FROM {asked})"
        )
    connection.execute(
        f"INSERT INTO missing_lessons BY NAME SELECT * EXCLUDE (newer_file) FROM {missing}"
    )
    return _remarks(lake, missing, headers)


def _key_coverage(
    lake: Lake, sealer: Sealer, headers: Mapping[int, FoundHeader], coverage: TemporaryTable
) -> TemporaryTable:
    """Return the stored files' coverage with layouts and keys of classes."""
    classes = lake.rows(f"SELECT DISTINCT school_unit_code, class_name FROM {coverage}")
    keys = lake.load(
        "class_keys",
        pl.DataFrame(
            {
                "school_unit_code": [school for school, _ in classes],
                "class_name": [name for _, name in classes],
                "key": [
                    str(sealer.key("class", f"{school} {name or ''}")) for school, name in classes
                ],
            },
            {"school_unit_code": pl.String, "class_name": pl.String, "key": pl.String},
        ),
    )
    layouts = lake.load(
        "covering_layouts",
        pl.DataFrame(
            {
                "file_id": list(headers),
                "layout": [header.match.layout.name for header in headers.values()],
            },
            {"file_id": pl.Int64, "layout": pl.String},
        ),
    )
    return lake.make(
        "keyed_coverage",
        "SELECT layouts.layout, arriving.*, cast(classes.key AS UUID) AS class_key "
        f"FROM {coverage} AS arriving JOIN {layouts} AS layouts USING (file_id) "
        f"JOIN {keys} AS classes ON arriving.school_unit_code = classes.school_unit_code "
        "AND arriving.class_name IS NOT DISTINCT FROM classes.class_name",
    )


def _find_asked(
    lake: Lake, keyed: TemporaryTable, covering: TemporaryTable, *, are_read_again: bool
) -> TemporaryTable:
    """Find the classes and dates of the batch of which a stored lesson may be missing.

    Of a class and date that one file speaks of, none is: all that is stored is that file's. To read
    the stored lessons of all others too would take longer with each file that the lake has. Of a
    file that is read again, an older one that it had superseded may be nowhere in `covering`.
    """
    if are_read_again:
        return lake.make("asked_coverage", f"SELECT * FROM {keyed}")
    return lake.make(
        "asked_coverage",
        f"SELECT * FROM {keyed} WHERE ({_KEY}) IN "
        f"(SELECT ({_KEY}) FROM {covering} GROUP BY {_KEY} HAVING count(*) > 1)",
    )


def _remarks(lake: Lake, missing: TemporaryTable, file_ids: Iterable[int]) -> dict[int, str]:
    batch = set(file_ids)
    remarks: dict[int, str] = {}
    counting = _find_counting(lake, missing)
    if counting is None:
        return remarks
    for column, said in _SAID:
        for file_id, lessons, first, last in lake.rows(
            f"SELECT {column}, count(*), min(lesson_date), max(lesson_date) "
            f"FROM {counting} GROUP BY {column}"
        ):
            if file_id not in batch:
                continue
            days = f"{first}" if first == last else f"{first} to {last}"
            rows = f"{lessons} {'row' if lessons == 1 else 'rows'} for {days}"
            text = f"{said.format(rows=rows)}; {_ANSWER}"
            remarks[file_id] = f"{remarks[file_id]}; {text}" if file_id in remarks else text
    return remarks


def _find_counting(lake: Lake, missing: TemporaryTable) -> TemporaryTable | None:
    """Return the missing lessons that count; None when there is none to ask about.

    What counts is decided with the sums, which are made later. Here it is asked of the few days
    that a lesson is missing from, by the same SELECTs, so that the reason says what the list will.
    """
    days = lake.make("crowded_days", f"SELECT DISTINCT pupil_key, lesson_date FROM {missing}")
    if decide_fates(lake, days) is None:
        return None
    return lake.materialise("exports/missing_and_counting")


# What each lesson file brought of each school unit, so that a school's silence can be reported. A
# lesson's own export time is that of the newest file that said it, so a sender who says the whole
# month again every night would seem to send once.


def store_sendings(
    connection: duckdb.DuckDBPyConnection, lessons: TemporaryTable, coverage: TemporaryTable
) -> None:
    """Note what the staged lesson files say of which days; the caller holds the transaction.

    Lessons that are planned for days after the export are no word about these days.

    Args:
        connection: inside a transaction.
        lessons: the staged lessons.
        coverage: what `find_coverage` gave.
    """
    connection.execute(
        f"DELETE FROM school_sendings WHERE file_id IN (SELECT DISTINCT file_id FROM {lessons})"
    )
    connection.execute(
        "INSERT INTO school_sendings BY NAME SELECT school_unit_code, exported_at, file_id, "
        "min(lesson_date) AS first_lesson_date, max(lesson_date) AS last_lesson_date "
        f"FROM {coverage} WHERE lesson_date <= exported_at::DATE "
        "GROUP BY school_unit_code, exported_at, file_id"
    )
