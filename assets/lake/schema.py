"""The shape of a table's description, and the statements that are made from it.

Here too: columns that many tables share, and what a temporary table is handed on as. Not here:
which tables there are (`tables.py`), their pages (`tests/tools/data_dictionary.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class TemporaryTable:
    """A temporary table or view of a connection. In a statement it stands for its name.

    Only what made it knows the name. A function that reads it in a statement of its own takes this
    object, so it can't be called before the table is there, and its signature says what it needs.
    A SELECT of `sql/` has the name in its From.
    """

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, meaning, and what null means ("" = never null)."""

    name: str
    type: str
    meaning: str
    null: str = ""


@dataclass(frozen=True)
class Table:
    """One table: one row per `grain`."""

    name: str
    meaning: str
    grain: str
    columns: tuple[Column, ...]
    partitioned_by: str = ""


def create_statements(table: Table) -> list[str]:
    """Return the statements that make a table in the lake."""
    columns = ", ".join(
        f"{column.name} {column.type}{'' if column.null else ' NOT NULL'}"
        for column in table.columns
    )
    statements = [f"CREATE TABLE lake.{table.name} ({columns})"]
    if table.partitioned_by:
        statements.append(f"ALTER TABLE {table.name} SET PARTITIONED BY ({table.partitioned_by})")
    return statements


def added_columns(table: Table, present: Collection[str]) -> list[str]:
    """Return the statements that give a table of an older version its newer columns.

    What an older version did not know is null, so a column that comes later must say what null
    means.

    Args:
        table: the table as it should be.
        present: the columns that it has.
    """
    return [
        f"ALTER TABLE {table.name} ADD COLUMN {column.name} {column.type}"
        for column in table.columns
        if column.name not in present
    ]


# Columns that many tables share; a quantity has one name and one meaning everywhere.

PUPIL = Column("pupil_key", "UUID", "Pupil: HMAC-SHA256 of the identity number, cut to 128 bits.")
# Where it is null nothing was joined, or the row was said of the last number itself.
NUMBER_OF_ROW = Column(
    "number_key",
    "UUID",
    "The number that it was said of, or found under: it goes back to it when the numbers are "
    "parted (`trappan unmerge`).",
    "`pupil_key` itself",
)
SCHOOL = Column("school_unit_code", "VARCHAR", "Skolenhetskod, 8 digits, a text.")
FILE = Column("file_id", "BIGINT", "The file it came from: the first 63 bits of its SHA-256.")
EXPORTED = Column(
    "exported_at", "TIMESTAMP", "When the sender made the file, local time Europe/Stockholm."
)
CLASS = Column("class_name", "VARCHAR", "Class, e.g. 8A.", "not given")
GRADE = Column("grade", "TINYINT", "Årskurs 0-9; 0 is förskoleklass.", "not given or unreadable")
MENTOR = Column("mentor_key", "UUID", "The mentor or mentors, see `staff`.", "not given")
DATE = Column("lesson_date", "DATE", "The date on which the lesson starts.")
SUMS = (
    Column("scheduled_minutes", "BIGINT", "S: minutes of the lessons that count."),
    Column("reported_minutes", "BIGINT", "R: the part of S whose lesson was reported."),
    Column("valid_minutes", "BIGINT", "V: minutes of valid absence in reported lessons."),
    Column("invalid_minutes", "BIGINT", "I: minutes of invalid absence in reported lessons."),
)
DAYS = Column("days", "BIGINT", "Dates with at least one reported lesson.")
