"""Files that would remove or blank many lessons of a school wait until somebody releases them.

What a sender's files remove of a school's month is counted together: those of this batch, and those
stored since somebody last released a file of the sender. Lesson files are asked before they are
stored. Of objects of SS12000 nobody knows before what follows from them, so the lessons that they
affect are looked at before and after, and what removes too many is taken back with its transaction.
Not here: what blanks a lesson (`sql/exports/blanked_lessons.sql`, `vanished_lessons.sql`), who
releases (`senders/releases.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

import duckdb
import polars as pl

from assets.exports.files.received import ReceivedFile
from assets.exports.senders.senders import Right
from assets.lake.connection import Lake
from assets.lake.protection_marks import FILE_MAC
from assets.lake.schema import TemporaryTable
from rules.errors import TrappanError

#: More of a school's lessons of a month than so many hundredths no file removes or blanks before
#: somebody has looked (our choice): no correction that we know of is so large.
MOST_PERCENT = 5
#: Fewer lessons than these are never held (our choice): 1 of 10 is more than 5 %, and no attack.
LEAST_LESSONS = 10

#: A sender, school unit and first day of a month.
_Month = tuple[str, str, date]
# Lessons of which a part is counted: those that have been, or are reported.
_COUNTED = "NOT is_cancelled AND (is_reported OR lesson_date <= $today)"


class MassRemovalError(TrappanError):
    """Files would remove too many lessons, so nothing of their transaction may stay.

    Attributes:
        waiting: by number, why they have to wait for a release.
    """

    def __init__(self, waiting: Mapping[int, str]) -> None:
        super().__init__("Files would remove too many lessons: nothing of them was stored.")
        self.waiting = waiting


def watched(files: Iterable[ReceivedFile]) -> list[ReceivedFile]:
    """Return the files whose sender may not remove many lessons, and that nobody released."""
    return [
        file
        for file in files
        if file.sender.is_declared
        and not file.sender.may(Right.REMOVE_LESSONS)
        and not file.is_released
    ]


class Removals:
    """What a batch of files would remove or blank.

    Args:
        lake: the lake that they are staged in.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        # Here and not when it asks: a transaction that ends badly would take macros with it.
        lake.prepare("exports/blanking_macros")
        self._found: dict[tuple[str, int, str, date], int] = {}

    def judge(
        self,
        files: Sequence[ReceivedFile],
        *,
        arriving: TemporaryTable,
        coverage: TemporaryTable,
        snapshots: TemporaryTable,
    ) -> dict[int, str]:
        """Return the files that have to wait, each with the reason.

        Once every batch before is stored; again when files were taken out, because rows that they
        superseded speak now.

        Args:
            files: that are to be stored.
            arriving: their lessons.
            coverage: what `find_coverage` gave.
            snapshots: what the batch's complete files cover.
        """
        self._found = {}
        span = self._span(arriving, coverage, snapshots)
        if span is None:
            return {}
        self._load_watched(files)
        rows = self._lake.relation("exports/blanked_lessons", **span)
        self._found = {tuple(key): lessons for *key, lessons in rows.iter_rows()}
        return self._too_many(self._lessons_of)

    @contextmanager
    def watching(self, files: Sequence[ReceivedFile]) -> Iterator[None]:
        """Look what becomes of the lessons that files of SS12000 affect (`affected_lessons`).

        Args:
            files: that are being stored.

        Raises:
            MassRemovalError: too many of them are gone or blank at the end.
        """
        self._found = {}
        today = datetime.now(UTC).date()
        before = self._lake.materialise("exports/lessons_before", as_of=today)
        span = self._lake.frame(
            "SELECT min(lesson_date) AS first_date, max(lesson_date) AS last_date, "
            "min(school_unit_code) AS first_school, max(school_unit_code) AS last_school "
            f"FROM {before}"
        ).row(0, named=True)
        if span["first_date"] is None:
            yield
            return
        sizes = self._month_sizes(span)
        yield
        self._load_watched(files)
        rows = self._lake.relation("exports/vanished_lessons", **span)
        self._found = {tuple(key): lessons for *key, lessons in rows.iter_rows()}
        if waiting := self._too_many(lambda place: sizes[place[1:]]):
            raise MassRemovalError(waiting)

    def _load_watched(self, files: Sequence[ReceivedFile]) -> None:
        asked = watched(files)
        self._lake.load(
            "watched_files",
            pl.DataFrame(
                {
                    "file_id": [file.file_id for file in asked],
                    "sender": [file.sender.name for file in asked],
                },
                schema={"file_id": pl.Int64, "sender": pl.String},
            ),
        )

    def store(self, connection: duckdb.DuckDBPyConnection, file_ids: Sequence[int]) -> None:
        """Keep what the files removed; the caller holds the transaction.

        Args:
            connection: inside the transaction that stores the batch.
            file_ids: those that are stored.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        rows = [
            (sender, school, month, lessons, now, file_id)
            for (sender, file_id, school, month), lessons in self._found.items()
            # A file that took part in what another is named for has none.
            if lessons and file_id in file_ids
        ]
        for file_id in {row[-1] for row in rows}:
            connection.execute("DELETE FROM lesson_removals WHERE file_id = ?", [file_id])
        for row in rows:
            connection.execute("INSERT INTO lesson_removals VALUES (?, ?, ?, ?, ?, ?)", list(row))

    def _span(
        self, arriving: TemporaryTable, coverage: TemporaryTable, snapshots: TemporaryTable
    ) -> dict[str, object] | None:
        """Return the dates and schools that are spoken of; None when nothing can be removed."""
        lake = self._lake
        span = lake.frame(
            "SELECT min(lesson_date) AS first_date, max(lesson_date) AS last_date, "
            "min(school_unit_code) AS first_school, max(school_unit_code) AS last_school FROM "
            f"(SELECT lesson_date, school_unit_code FROM {coverage} "
            f"UNION ALL SELECT lesson_date, school_unit_code FROM {snapshots})"
        ).row(0, named=True)
        if span["first_date"] is None or not lake.rows("SELECT 1 FROM lessons LIMIT 1"):
            return None
        has_ids = lake.rows(f"SELECT 1 FROM {arriving} WHERE lesson_id IS NOT NULL LIMIT 1")
        return {**span, "has_ids": bool(has_ids)}

    def _too_many(self, lessons_of: Callable[[_Month], int]) -> dict[int, str]:
        together: Counter[_Month] = Counter()
        for (sender, _, school, month), lessons in self._found.items():
            together[sender, school, month] += lessons
        before = self._removed_before() if together else {}
        reasons: dict[_Month, str] = {}
        for place, lessons in together.items():
            earlier = before.get(place, 0)
            if lessons + earlier < LEAST_LESSONS:
                continue
            of_all = earlier + lessons_of(place)
            if (lessons + earlier) * 100 > MOST_PERCENT * of_all:
                reasons[place] = _reason(place, lessons, earlier, of_all)
        waiting: dict[int, list[str]] = {}
        for sender, file_id, school, first in sorted(self._found):
            if reason := reasons.get((sender, school, first)):
                waiting.setdefault(file_id, []).append(reason)
        return {file_id: "; ".join(said) for file_id, said in waiting.items()}

    def _removed_before(self) -> dict[_Month, int]:
        """Return what was removed since somebody last looked: at a release all is seen."""
        return {
            (sender, school, month): int(lessons)
            for sender, school, month, lessons in self._lake.rows(
                "SELECT removals.sender, removals.school_unit_code, removals.month_first_date, "
                "sum(removals.lessons) FROM lesson_removals AS removals "
                "LEFT JOIN (SELECT files.sender, max(releases.released_at) AS released_at "
                "FROM (SELECT file_id, released_at FROM file_releases "
                f"WHERE mark_key = {FILE_MAC}) AS releases "
                "JOIN files USING (file_id) GROUP BY files.sender) "
                "AS looked ON removals.sender = looked.sender "
                "WHERE looked.released_at IS NULL OR removals.removed_at > looked.released_at "
                "GROUP BY ALL"
            )
        }

    def _lessons_of(self, place: _Month) -> int:
        """Return a school's lessons of a month that have been, or are reported."""
        _, school, first = place
        return int(
            self._lake.rows(
                "SELECT count(*) FROM lessons WHERE school_unit_code = $school "
                f"AND lesson_date BETWEEN $first AND last_day($first) AND {_COUNTED}",
                school=school,
                first=first,
                today=datetime.now(UTC).date(),
            )[0][0]
        )

    def _month_sizes(self, span: Mapping[str, object]) -> dict[tuple[str, date], int]:
        """Return the same by school unit and first day of the month, of a span of both."""
        return {
            (school, month): lessons
            for school, month, lessons in self._lake.rows(
                "SELECT school_unit_code, cast(date_trunc('month', lesson_date) AS DATE), count(*) "
                "FROM lessons WHERE lesson_date BETWEEN cast(date_trunc('month', $first_date) AS "
                "DATE) AND last_day($last_date) AND school_unit_code BETWEEN $first_school "
                f"AND $last_school AND {_COUNTED} GROUP BY ALL",
                today=datetime.now(UTC).date(),
                **span,
            )
        }


def _reason(place: _Month, lessons: int, before: int, of_all: int) -> str:
    _, school, first = place
    earlier = f", after {before} that its sender's earlier files removed" if before else ""
    return (
        f"with the files that came with it, it would remove or blank {lessons} of {of_all} lessons "
        f"of school unit {school} in {first:%Y-%m}{earlier}: more than {MOST_PERCENT} %"
    )
