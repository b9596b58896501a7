"""Whether the lesson ids of a source are those of lessons or of timetable slots, and what follows.

A slot has the same id every week. Taken for a lesson's, each week's file would replace the week
before. Of a source whose ids are slots, the date belongs to the key: every stored id has it.

A source is a layout and a school unit. What its ids are is said by its layout, or shown by its
files: one repeats an id over dates, or most ids that are known come back whole weeks away at the
same time of day. Once shown it stands. Ids that come back on other dates in another way may be
either, so such a file is not taken until its layout says which.

Not here: SS12000, whose ids are events; how rows replace rows (`storing/lessons.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from assets.exports.readers.layouts import OBJECT_LAYOUTS, FoundHeader
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.upsert import replace_older_by

#: Fewer lessons that come back elsewhere are lessons that moved, each for itself (our choice).
LEAST_LESSONS = 3

Source = tuple[str, str]
"""A layout's name and a school unit code."""

_APPLY = """
    UPDATE {lessons} SET
        lesson_id = slot_lesson(lesson_id, lesson_date),
        lesson_hash = lesson_of(pupil_key, slot_lesson(lesson_id, lesson_date))
    WHERE problem IS NULL AND lesson_id IS NOT NULL
        AND NOT is_slot_lesson(lesson_id, lesson_date)
        AND (file_id, school_unit_code) IN (SELECT (file_id, school_unit_code) FROM {slots})
"""
# Rows of the lake that came from files of a source.
_OF_SOURCE = (
    "school_unit_code = $school AND lesson_id IS NOT NULL "
    "AND file_id IN (SELECT file_id FROM files WHERE layout = $layout)"
)


class SlotIds:
    """What is known of the ids of one batch's sources.

    Args:
        lake: the lake, with the parsing macros loaded.
        lessons: the batch's staged lessons.
    """

    def __init__(self, lake: Lake, lessons: TemporaryTable) -> None:
        self._lake = lake
        self._lessons = lessons
        self._layouts: dict[int, str] = {}
        self._said: dict[str, str | None] = {}
        self._slots: set[Source] = set()
        #: Sources whose rows in the lake are not keyed by date yet.
        self._new: set[Source] = set()
        self._shown_by: list[int] = []
        #: Sources whose layout says that their ids are lessons' after all.
        self._undone: set[Source] = set()

    def key_repeated(self, headers: Mapping[int, FoundHeader], file_ids: Iterable[int]) -> bool:
        """Key rows by date where a file repeats an id over dates, or its layout asks for it.

        Args:
            headers: of the files that are staged.
            file_ids: the files that may repeat an id.

        Returns:
            Whether any row got another key.
        """
        lake = self._lake
        sources = self._note(headers)
        files = lake.load(
            "asked_files", pl.DataFrame({"file_id": list(file_ids)}, {"file_id": pl.Int64})
        )
        asks = lake.rows(
            f"SELECT 1 FROM {files} JOIN {sources} USING (file_id) WHERE lesson_id IS NULL LIMIT 1"
        )
        found = lake.relation("exports/repeated_slots").rows() if asks else []
        self._slots |= {(layout, school) for layout, school in found}
        return self._apply(sources)

    def judge(self, headers: Mapping[int, FoundHeader]) -> tuple[bool, dict[int, str]]:
        """Compare the batch's ids with those of other files, before anything is stored.

        Args:
            headers: of the files that are staged.

        Returns:
            Whether any row got another key, and of each file that can't be taken why.
        """
        lake = self._lake
        sources = self._note(headers)
        rows = lake.rows("SELECT * FROM slot_sources") if lake.has_rows("slot_sources") else ()
        known = {(layout, school) for layout, school in rows}
        self._undone = {source for source in known if self._said.get(source[0]) == "lesson"}
        self._slots |= known - self._undone
        changed = self._apply(sources)
        held: dict[int, str] = {}
        if self._has_open_ids(sources):
            found = lake.relation("exports/known_ids").rows(named=True)
            for row in found:
                if _is_most(row["recurring_ids"], row["recurring_starts"], row["known_ids"]):
                    self._slots |= self._sources_of(row)
            changed = self._apply(sources) or changed
            held = {
                row["file_id"]: self._why_held(row)
                for row in found
                if (self._layouts[row["file_id"]], row["school_unit_code"]) not in self._slots
                and _is_most(row["elsewhere_ids"], row["elsewhere_starts"], row["known_ids"])
            }
        self._new = self._slots - known
        self._shown_by = self._files_of_new(sources) if self._new else []
        return changed, held

    def store(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Key what is stored of the batch's sources again, and remember what their ids are."""
        for source in sorted(self._undone):
            self._key_by_lesson(connection, source)
        for source in sorted(self._new):
            self._key_by_date(connection, source)

    def remarks(self) -> dict[int, str]:
        """Return what is to be said of files by which their source's ids were found out."""
        said = (
            "its lesson ids are those of timetable slots, which come back: from now on the date "
            "belongs to the key of its source's lessons"
        )
        return dict.fromkeys(self._shown_by, said)

    def _note(self, headers: Mapping[int, FoundHeader]) -> TemporaryTable:
        """Load what each file's layout is and says of ids."""
        layouts = {file_id: header.match.layout for file_id, header in headers.items()}
        self._layouts = {file_id: layout.name for file_id, layout in layouts.items()}
        self._said |= {layout.name: layout.lesson_id for layout in layouts.values()}
        return self._lake.load(
            "batch_sources",
            pl.DataFrame(
                {
                    "file_id": list(layouts),
                    "layout": [layout.name for layout in layouts.values()],
                    "lesson_id": [layout.lesson_id for layout in layouts.values()],
                },
                {"file_id": pl.Int64, "layout": pl.String, "lesson_id": pl.String},
            ),
        )

    def _has_open_ids(self, sources: TemporaryTable) -> bool:
        return bool(
            self._lake.rows(
                f"SELECT 1 FROM {self._lessons} AS lessons "
                f"JOIN {sources} AS sources USING (file_id) "
                "WHERE lessons.problem IS NULL AND lessons.lesson_id IS NOT NULL "
                "AND sources.lesson_id IS NULL LIMIT 1"
            )
        )

    def _apply(self, sources: TemporaryTable) -> bool:
        """Key the batch's rows of slot sources by date; return whether there were any."""
        lake = self._lake
        if "slot" in self._said.values():
            self._slots |= {
                (layout, school)
                for layout, school in lake.rows(
                    f"SELECT DISTINCT layout, school_unit_code FROM {self._lessons} "
                    f"JOIN {sources} AS sources USING (file_id) "
                    "WHERE sources.lesson_id = 'slot' AND problem IS NULL"
                )
            }
        if not self._slots:
            return False
        pairs = sorted(self._slots)
        schema = {"layout": pl.String, "school_unit_code": pl.String}
        slots = lake.load("batch_slots", pl.DataFrame(pairs, schema, orient="row"))
        rows = lake.make(
            "slot_rows",
            f"SELECT file_id, school_unit_code FROM {sources} JOIN {slots} USING (layout)",
        )
        ((changed,),) = lake.rows(_APPLY.format(lessons=self._lessons, slots=rows))
        return bool(changed)

    def _files_of_new(self, sources: TemporaryTable) -> list[int]:
        shown = sorted(source for source in self._new if self._said.get(source[0]) is None)
        schema = {"layout": pl.String, "school_unit_code": pl.String}
        new = self._lake.load("shown_sources", pl.DataFrame(shown, schema, orient="row"))
        return [
            file_id
            for (file_id,) in self._lake.rows(
                f"SELECT DISTINCT file_id FROM {self._lessons} JOIN {sources} USING (file_id) "
                f"SEMI JOIN {new} USING (layout, school_unit_code)"
            )
        ]

    def _sources_of(self, row: Mapping[str, object]) -> set[Source]:
        """Return the source of a file whose ids recur, and those in which they were before."""
        school = str(row["school_unit_code"])
        before = self._lake.rows(
            "SELECT DISTINCT layout FROM files WHERE layout IS NOT NULL "
            "AND NOT starts_with(layout, $ours) "
            "AND file_id IN (SELECT unnest($ids::BIGINT[]))",
            ours=OBJECT_LAYOUTS,
            ids=row["other_files"] or [],
        )
        names = {layout for (layout,) in before if self._said.get(layout) != "lesson"}
        return {(name, school) for name in names | {self._layouts[int(str(row["file_id"]))]}}

    def _why_held(self, row: Mapping[str, object]) -> str:
        layout = self._layouts[int(str(row["file_id"]))]
        return (
            f"school unit {row['school_unit_code']}: {row['elsewhere_ids']} of the "
            f"{row['known_ids']} lesson ids that are known come back on other dates, "
            "not whole weeks away at the same time: nothing tells whether they are "
            "ids of lessons, which moved, or of timetable slots. Expected that the layout "
            f"'{layout}' says 'lesson_id: lesson' or 'lesson_id: slot' (docs/layouts.md); then "
            "the next run takes the file."
        )

    def _key_by_date(self, connection: duckdb.DuckDBPyConnection, source: Source) -> None:
        layout, school = source
        of_source = {"layout": layout, "school": school}
        connection.execute(
            "UPDATE lessons SET lesson_id = slot_lesson(lesson_id, lesson_date) "
            f"WHERE {_OF_SOURCE} AND NOT is_slot_lesson(lesson_id, lesson_date)",
            of_source,
        )
        # What a word about another date outdid counts again, unless a complete file lacks it.
        returning = self._lake.make(
            "returning_lessons",
            "SELECT moved.* REPLACE (slot_lesson(lesson_id, lesson_date) AS lesson_id) "
            "FROM moved_lessons AS moved "
            f"WHERE {_OF_SOURCE} AND NOT EXISTS (SELECT 1 FROM lesson_snapshots AS covered "
            "WHERE covered.school_unit_code = moved.school_unit_code "
            "AND covered.lesson_date = moved.lesson_date "
            "AND (covered.exported_at, covered.file_id) > (moved.exported_at, moved.file_id))",
            **of_source,
        )
        connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {returning}")
        replace_older_by(connection, "lessons", returning, ("pupil_key", "lesson_id"))
        connection.execute(f"DELETE FROM moved_lessons WHERE {_OF_SOURCE}", of_source)
        connection.execute("INSERT INTO slot_sources VALUES (?, ?)", [layout, school])

    def _key_by_lesson(self, connection: duckdb.DuckDBPyConnection, source: Source) -> None:
        layout, school = source
        of_source = {"layout": layout, "school": school}
        keyed = f"{_OF_SOURCE} AND is_slot_lesson(lesson_id, lesson_date)"
        undated = self._lake.make(
            "undated_lessons",
            "SELECT stored.* REPLACE (split_part(lesson_id, chr(31), 1) AS lesson_id) "
            f"FROM lessons AS stored WHERE {keyed}",
            **of_source,
        )
        connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {undated}")
        connection.execute(f"DELETE FROM lessons WHERE {keyed}", of_source)
        replace_older_by(connection, "lessons", undated, ("pupil_key", "lesson_id"))
        keep_moved(
            self._lake,
            f"SELECT * FROM {undated} AS undated WHERE EXISTS (SELECT 1 FROM lessons "
            "WHERE lessons.pupil_key = undated.pupil_key "
            "AND lessons.lesson_id = undated.lesson_id "
            "AND lessons.lesson_date <> undated.lesson_date)",
        )
        connection.execute(
            "DELETE FROM slot_sources WHERE layout = $layout AND school_unit_code = $school",
            of_source,
        )


def keep_moved(lake: Lake, rows: str) -> None:
    """Keep words about lessons with an id that no longer count, because one of another date does.

    Args:
        lake: the lake; the caller holds the transaction.
        rows: a SELECT of them; it may read what is about to be removed.
    """
    words = lake.make("superseded_words", rows)
    key = ("pupil_key", "lesson_id", "lesson_date")
    replace_older_by(lake.connection, "moved_lessons", words, key)


def _is_most(ids: int, lessons: int, known: int) -> bool:
    return ids * 2 > known and min(ids, lessons) >= LEAST_LESSONS
