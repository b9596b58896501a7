"""Data rows of files as typed rows in temporary tables, each with at most one problem.

Not here: which rows of a file come when (`row_stage.py`), who has which key (`people.py`),
duplicates and storing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.exports.files.received import ReceivedFile
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layouts import Layout
from assets.exports.senders.rights import RowRights
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

RAW_TABLES = {
    "lessons": "raw_lessons",
    "enrolments": "raw_enrolments",
    "aggregates": "raw_aggregates",
    "school_units": "raw_school_units",
    "school_breaks": "raw_school_breaks",
    "pupil_merges": "raw_pupil_merges",
}
_KEY_PUPILS = """
    UPDATE {rows} SET
        pupil_key = civic_keys.pupil_key,
        problem = coalesce({rows}.problem, civic_keys.problem),
        exported_at = offered_files.exported_at,
        lesson_hash = lesson_of(civic_keys.pupil_key, lesson_id)
    FROM civic_keys, offered_files
    WHERE {rows}.exported_at IS NULL
        AND coalesce({rows}.civic_text, '') = civic_keys.civic_text
        AND {rows}.file_id = offered_files.file_id
"""
SAYS_MENTOR = "(mentor_name IS NOT NULL OR mentor_email IS NOT NULL)"
_KEY_MENTORS = """
    UPDATE {rows} SET mentor_key = staff_keys.staff_key
    FROM staff_keys
    WHERE {rows}.mentor_key IS NULL AND {says_mentor}
        AND coalesce({rows}.mentor_name, '') = staff_keys.name
        AND coalesce({rows}.mentor_email, '') = staff_keys.email
"""


@dataclass(frozen=True)
class Staging:
    """What files of one kind are staged in, as temporary tables.

    Attributes:
        kind: lessons, enrolments, aggregates, school_units, school_breaks or pupil_merges.
        offered: the files: when they were exported, how they write end dates.
        empty: the kind's columns without a row.
        rows: the typed rows.
        keyed: the typed rows with their keys; of lessons the same.
        rights: what the files' senders may say.
    """

    kind: str
    offered: TemporaryTable
    empty: TemporaryTable
    rows: TemporaryTable
    keyed: TemporaryTable
    rights: RowRights


def load_macros(lake: Lake) -> None:
    """Load how cells are read (`sql/exports/parsing_macros.sql`) into the connection."""
    lake.prepare("exports/parsing_macros")


def begin_staging(lake: Lake, kind: str, files: Sequence[ReceivedFile]) -> Staging:
    """Make the tables that a batch of files of one kind is staged in, empty."""
    offered = load_offered(lake, files)
    rights = RowRights(lake, kind)
    columns = ["file_id BIGINT", "line_number BIGINT"]
    columns += [f"{column} VARCHAR" for column in COLUMNS[kind]]
    if kind == "lessons":
        columns += ["file_exported_at TIMESTAMP", "id_tag VARCHAR"]
    empty = lake.make_empty("empty_rows", ", ".join(columns))
    point_raw_view(lake, kind, empty)
    lake.once(f"staged_{kind}", lambda: _prepare(lake, kind))
    rows = "batch_lessons" if kind == "lessons" else f"staged_{kind}"
    staged = lake.make(rows, f"SELECT * FROM {_unstaged(kind)}")
    keyed = staged if kind == "lessons" else lake.define(f"exports/keyed_{kind}")
    return Staging(kind, offered, empty, staged, keyed, rights)


def _prepare(lake: Lake, kind: str) -> None:
    """Make the typed rows of a kind, without one, for all batches of the connection.

    To find out the types of these columns takes as long as to read a small file.
    """
    if kind == "lessons":
        lake.define("exports/staged_lessons")
    lake.make(_unstaged(kind), lake.select(_typed(kind)))


def _unstaged(kind: str) -> str:
    return f"unstaged_{kind}"


def _typed(kind: str) -> str:
    return "exports/keyed_lessons" if kind == "lessons" else f"exports/staged_{kind}"


def insert_rows(lake: Lake, staging: Staging) -> None:
    """Stage the rows that the raw view of a kind has now.

    Lessons are keyed on the way, where their pupils have been met, as a night's rosters see to:
    of a city's month that saves a copy of ten million rows.
    """
    lake.connection.execute(
        f"INSERT INTO {staging.rows} BY NAME {lake.select(_typed(staging.kind))}"
    )
    staging.rights.refuse(staging.rows)


def key_lessons(lake: Lake, lessons: TemporaryTable) -> None:
    """Give staged lessons that have none yet their keys; everybody among them has been met."""
    lake.connection.execute(_KEY_PUPILS.format(rows=lessons))
    if lake.rows(f"SELECT 1 FROM {lessons} WHERE {SAYS_MENTOR} LIMIT 1"):
        lake.connection.execute(_KEY_MENTORS.format(rows=lessons, says_mentor=SAYS_MENTOR))


def find_shared(lake: Lake) -> TemporaryTable:
    """Find the lessons that more than one row of a batch speaks of."""
    lake.materialise("exports/repeating_days")
    return lake.materialise("exports/shared_lessons")


def end_staging(lake: Lake, staging: Staging) -> TemporaryTable:
    """Return the staged rows with their keys, which are looked up no more."""
    if staging.kind == "lessons":
        return staging.rows
    return lake.make(f"batch_{staging.kind}", f"SELECT * FROM {staging.keyed}")


def unstage(lake: Lake, table: TemporaryTable, file_ids: Sequence[int]) -> None:
    """Take files out of a staged table again."""
    lake.connection.execute(
        f"DELETE FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ids": list(file_ids)},
    )


def point_raw_view(lake: Lake, kind: str, source: TemporaryTable | str) -> None:
    """Make a table or frame the rows that the SELECT of a kind reads."""
    lake.make_view(RAW_TABLES[kind], f"SELECT * FROM {source}")


def load_offered(lake: Lake, files: Sequence[ReceivedFile]) -> TemporaryTable:
    """Load files, so that SELECTs know each file's export time, and who may say what by it.

    Whether a file's end dates are exclusive its header decides (`note_layout`).
    """
    return lake.load(
        "offered_files",
        pl.DataFrame(
            {
                "file_id": [file.file_id for file in files],
                "exported_at": [file.exported_at for file in files],
                "is_time_believed": [file.is_time_believed for file in files],
                "has_exclusive_ends": [False] * len(files),
                "id_tag": [file.sender.id_tag for file in files],
                "source_tag": [file.sender.source_tag for file in files],
                "may_lift": [file.sender.may_lift for file in files],
                "releases_needed": [file.sender.releases_needed for file in files],
            },
            schema={
                "file_id": pl.Int64,
                "exported_at": pl.Datetime("us"),
                "is_time_believed": pl.Boolean,
                "has_exclusive_ends": pl.Boolean,
                "id_tag": pl.String,
                "source_tag": pl.String,
                "may_lift": pl.Boolean,
                "releases_needed": pl.Int8,
            },
        ),
    )


def note_layout(lake: Lake, staging: Staging, file: ReceivedFile, layout: Layout) -> None:
    """Let it be known how a file is read, before its rows are staged.

    How it writes its end dates is for the SELECTs, what its sender may say by such a layout for
    the rights.
    """
    staging.rights.note(file, layout.name)
    if layout.has_exclusive_ends:
        lake.connection.execute(
            f"UPDATE {staging.offered} SET has_exclusive_ends = TRUE WHERE file_id = $file_id",
            {"file_id": file.file_id},
        )
