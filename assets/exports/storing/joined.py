"""Timetables and files of absences only: the lessons that follow from both.

Neither says what became of a lesson: a timetable knows of no absence, absences of no presence. Both
are kept as they were said, and lessons are made of what is kept, so that the order in which files
come leaves no trace. Files of absences only that do not say so are told here too. Not here: the
rule (`sql/exports/joined_lessons.sql`), reading the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb
import polars as pl

from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.row_reader import RowReader
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.tables import columns_of

_LESSON = ", ".join(columns_of("lessons"))
_JOINED = "file_id IN (SELECT file_id FROM joined_files)"
_COVERAGE = {
    "file_id": pl.Int64,
    "is_of_classes": pl.Boolean,
    "first_date": pl.Date,
    "last_date": pl.Date,
    "is_complete": pl.Boolean,
}
_NO_PERIOD = "it does not say of which days it speaks (docs/layout-keys.md, covers)"
_CUT = "its last row has no line end, so that rows may be missing"
_FULL = "it ends where a spreadsheet ends, so that rows may be missing"
_LOST = "a row that can be about a pupil has not the shape of a row"
_EMPTY = "each of its rows was refused"
#: What of a file's rows nobody is taken as present by.
_NOBODY = "so nobody is taken as present by it"


class JoinedRows:
    """The rows of a batch that lessons do not follow from alone.

    Args:
        lake: the lake that the batch is staged in.
        lessons: the staged rows; those of timetables and absences are taken out of them.
        readers: of the batch's files, by file id.
    """

    def __init__(
        self, lake: Lake, lessons: TemporaryTable, readers: Mapping[int, RowReader]
    ) -> None:
        self._lake = lake
        self._readers = {
            file_id: reader
            for file_id, reader in readers.items()
            if reader.header.match.layout.is_joined
        }
        #: The rows that were taken out, as staged.
        self.rows: TemporaryTable | None = None
        if self._readers:
            mine = f"file_id IN ({', '.join(map(str, self._readers))})"
            self.rows = lake.make("batch_joined", f"SELECT * FROM {lessons} WHERE {mine}")
            lake.connection.execute(f"DELETE FROM {lessons} WHERE {mine}")

    def ids(self, holds: str) -> list[int]:
        """Return the files that hold a timetable, or absences."""
        return [
            file_id
            for file_id, reader in self._readers.items()
            if reader.header.match.layout.holds == holds
        ]

    def doubt(self, file_id: int, refused: int) -> str:
        """Say why a file of absences can't tell presence; empty when it can, or is none.

        Args:
            file_id: of the file.
            refused: how many of its rows were refused.
        """
        reader = self._readers.get(file_id)
        if reader is None or reader.header.match.layout.holds != "absences":
            return ""
        why = ""
        if reader.period is None:
            why = _NO_PERIOD
        elif reader.rows_read and refused >= reader.rows_read:
            why = _EMPTY
        elif reader.lost_rows:
            why = _LOST
        elif reader.full_sheet():
            why = _FULL
        elif reader.last_row is not None and reader.header.match.layout.row_count is None:
            why = _CUT
        return f"{why}, {_NOBODY}" if why else ""

    def store(
        self,
        connection: duckdb.DuckDBPyConnection,
        headers: Mapping[int, FoundHeader],
        refused: Mapping[int, int],
    ) -> None:
        """Keep what the rows say; the caller holds the transaction.

        Args:
            connection: inside the transaction that stores the batch.
            headers: of the files that are stored.
            refused: by file, how many of its rows were refused.
        """
        if self.rows is None:
            return
        timetables = [file_id for file_id in self.ids("timetable") if file_id in headers]
        absences = [file_id for file_id in self.ids("absences") if file_id in headers]
        ids = {"ids": [*timetables, *absences]}
        for table in ("planned_lessons", "absence_words", "absence_coverage", "joined_files"):
            connection.execute(
                f"DELETE FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))", ids
            )
        connection.execute("INSERT INTO joined_files SELECT unnest($ids::BIGINT[])", ids)
        if timetables:
            self._store_planned(connection, timetables)
        if absences:
            words = self._store_words(connection, absences)
            covered = self._store_coverage(connection, absences, refused)
            _store_sendings(connection, words, covered)

    def _store_planned(self, connection: duckdb.DuckDBPyConnection, ids: list[int]) -> None:
        lake = self._lake
        days = "pupil_key, school_unit_code, lesson_date"
        arriving = lake.make("arriving_planned", lake.select("exports/arriving_planned"), ids=ids)
        connection.execute(f"INSERT INTO planned_lessons BY NAME SELECT * FROM {arriving}")
        connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {arriving}")
        # A lesson that is gone from a pupil's newest day would pass for attended.
        connection.execute(
            "DELETE FROM planned_lessons WHERE rowid IN (SELECT rowid FROM planned_lessons "
            f"WHERE lesson_date IN (SELECT lesson_date FROM {arriving}) "
            f"QUALIFY rank() OVER (PARTITION BY {days} "
            "ORDER BY exported_at DESC, file_id DESC) > 1)"
        )

    def _store_words(self, connection: duckdb.DuckDBPyConnection, ids: list[int]) -> TemporaryTable:
        lake = self._lake
        arriving = lake.make("arriving_words", lake.select("exports/arriving_absences"), ids=ids)
        connection.execute(f"INSERT INTO absence_words BY NAME SELECT * FROM {arriving}")
        connection.execute(
            f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {arriving} "
            "WHERE lesson_date IS NOT NULL"
        )
        drop_older_words(connection)
        return arriving

    def _store_coverage(
        self,
        connection: duckdb.DuckDBPyConnection,
        ids: list[int],
        refused: Mapping[int, int],
    ) -> TemporaryTable:
        spans: list[tuple[int, bool, date, date, bool]] = []
        named: list[tuple[int, str]] = []
        for file_id in ids:
            reader = self._readers[file_id]
            layout, rows = reader.header.match.layout, refused.get(file_id, 0)
            if reader.period is None or layout.covers is None or self.doubt(file_id, rows):
                continue
            is_complete = layout.restates == "school_period" and not rows
            of_classes = layout.covers.each == "class"
            spans.append((file_id, of_classes, *reader.period, is_complete))
            unit = layout.always.get("school_unit_code") or layout.said_by_name(
                "school_unit_code", reader.file.name
            )
            if unit:
                named.append((file_id, unit))
        lake = self._lake
        lake.load("covered_spans", pl.DataFrame(spans, schema=_COVERAGE, orient="row"))
        lake.load(
            "covered_units",
            pl.DataFrame(
                named, schema={"file_id": pl.Int64, "school_unit_code": pl.String}, orient="row"
            ),
        )
        covered = lake.materialise("exports/arriving_absence_coverage")
        connection.execute(f"INSERT INTO absence_coverage BY NAME SELECT * FROM {covered}")
        connection.execute(
            "INSERT INTO stale_days SELECT DISTINCT planned.lesson_date "
            f"FROM planned_lessons AS planned JOIN {covered} AS covered "
            "ON planned.school_unit_code = covered.school_unit_code "
            "AND planned.lesson_date BETWEEN covered.first_date AND covered.last_date "
            "UNION SELECT DISTINCT words.lesson_date FROM absence_words AS words "
            f"JOIN {covered} AS covered "
            "ON words.school_unit_code = covered.school_unit_code "
            "AND words.lesson_date BETWEEN covered.first_date AND covered.last_date"
        )
        return covered


def _store_sendings(
    connection: duckdb.DuckDBPyConnection, words: TemporaryTable, covered: TemporaryTable
) -> None:
    """Note what files of absences speak of: a school that sends them is not silent."""
    for table in (words, covered):
        connection.execute(
            f"DELETE FROM school_sendings WHERE file_id IN (SELECT file_id FROM {table})"
        )
    connection.execute(
        "INSERT INTO school_sendings BY NAME SELECT school_unit_code, exported_at, file_id, "
        "min(first_date) AS first_lesson_date, "
        "max(least(last_date, exported_at::DATE)) AS last_lesson_date "
        "FROM (SELECT school_unit_code, exported_at, file_id, first_date, last_date "
        f"FROM {covered} UNION ALL SELECT school_unit_code, exported_at, file_id, lesson_date, "
        f"lesson_date FROM {words} WHERE NOT is_refused) WHERE first_date <= exported_at::DATE "
        "GROUP BY school_unit_code, exported_at, file_id"
    )


def drop_older_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop words of absence about a time of which there is a newer one; of two numbers too."""
    connection.execute(
        "DELETE FROM absence_words WHERE rowid IN (SELECT rowid FROM absence_words "
        "WHERE NOT is_refused QUALIFY row_number() OVER (PARTITION BY pupil_key, "
        "school_unit_code, starts_at, lower(subject) ORDER BY exported_at DESC, file_id DESC) > 1)"
    )


def withdraw_joined(connection: duckdb.DuckDBPyConnection, days: str) -> None:
    """Take joined lessons away, so that no lesson of a file is older than what was made of two.

    Args:
        connection: inside a transaction, which joins them again afterwards.
        days: a SELECT of dates.
    """
    if not _has_joined(connection):
        return
    connection.execute(
        f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM lessons WHERE {_JOINED} "
        f"AND lesson_date IN ({days})"
    )
    connection.execute(f"DELETE FROM lessons WHERE {_JOINED} AND lesson_date IN ({days})")


def join_lessons(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the joined lessons of stale days again; the caller holds the transaction.

    What is stored as it would be stored again stays.
    """
    if not _has_joined(connection):
        return
    days = lake.make("joined_days", "SELECT DISTINCT lesson_date FROM stale_days")
    joined = lake.materialise("exports/joined_lessons")
    mine = f"lessons WHERE {_JOINED} AND lesson_date IN (SELECT lesson_date FROM {days})"
    stored = f"SELECT {_LESSON} FROM {mine}"
    made = f"SELECT {_LESSON} FROM {joined}"
    differs = connection.execute(
        f"SELECT 1 FROM ((({made}) EXCEPT ({stored})) UNION ALL (({stored}) EXCEPT ({made}))) "
        "LIMIT 1"
    ).fetchone()
    if differs is None:
        return
    connection.execute(f"DELETE FROM {mine}")
    connection.execute(f"INSERT INTO lessons BY NAME {made}")


def _has_joined(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("SELECT 1 FROM joined_files LIMIT 1").fetchone() is not None


def unmet_remarks(lake: Lake, file_ids: list[int]) -> dict[int, str]:
    """Say of files of absences how many of their rows meet no lesson of a timetable.

    Protected pupils' are not counted: a number would say that the child goes to school here.
    """
    if not file_ids:
        return {}
    listed = ", ".join(map(str, file_ids))
    said: dict[int, str] = {}
    for file_id, rows, counted in lake.rows(
        "SELECT file_id, count(*), count(*) FILTER (WHERE is_reported) FROM lessons "
        f"WHERE file_id IN ({listed}) "
        "AND pupil_key NOT IN (SELECT pupil_key FROM protected_pupils) GROUP BY file_id"
    ):
        waiting = rows - counted
        words = [f"{counted} count as lessons of their own"] if counted else []
        words += (
            [f"{waiting} as not reported: their pupils have no timetable of the day"]
            if waiting
            else []
        )
        said[file_id] = f"rows that meet no lesson of a timetable: {' and '.join(words)}"
    return said


# By files of whole lessons in which nobody is present every rate is 100 %. A correction, or a file
# of one pupil who is ill, has only absence too: there somebody else of the school was present that
# month, or they are few.

#: So many lessons of so many pupils of a school's month, and nobody present, are not believed (our
#: choice): a whole file of them would be of a school where nobody was on any day.
LEAST_LESSONS = 30
LEAST_PUPILS = 5


def without_presence(
    lake: Lake, lessons: TemporaryTable, file_ids: Sequence[int]
) -> dict[int, str]:
    """Return the files that are not taken, each with the reason.

    Args:
        lake: the lake that they are staged in, once every batch before is stored.
        lessons: the staged lessons.
        file_ids: those whose every reported lesson has absence, and of which nobody said what they
            hold.
    """
    if not file_ids:
        return {}
    files = lake.load(
        "files_of_absence", pl.DataFrame({"file_id": list(file_ids)}, {"file_id": pl.Int64})
    )
    ((first, last),) = lake.rows(
        "SELECT cast(date_trunc('month', min(lesson_date)) AS DATE), last_day(max(lesson_date)) "
        f"FROM {lessons} WHERE problem IS NULL AND file_id IN (SELECT file_id FROM {files})"
    )
    if first is None:
        return {}
    reasons: dict[int, str] = {}
    found = lake.relation("exports/lessons_without_presence", first_date=first, last_date=last)
    for file_id, school, month, rows, pupils in found.iter_rows():
        if rows >= LEAST_LESSONS and pupils >= LEAST_PUPILS:
            reasons.setdefault(
                file_id,
                f"school unit {school} in {month:%Y-%m}: each of {rows} reported lessons has "
                "absence, and no file says that anybody was present, so every rate would be "
                "100 %. Say what the files hold in their layout: 'holds: absences' beside a "
                "timetable, or 'holds: lessons' when no lesson is missing "
                "(docs/layout-keys.md)",
            )
    return reasons
