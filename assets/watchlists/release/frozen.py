"""What is kept of published lists: a note of each, and of a frozen one every pupil and verdict.

Here: rows of `publications`, `listed_pupils` and `listed_verdicts`. They are made from the list
itself, so that what is compared next week is what people read. Not here: files (`publish.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from assets.lake.connection import Lake
from assets.lake.tables import columns_of
from assets.watchlists.decisions import question_counts
from assets.watchlists.model import ClearedPupil, ListHistory, PupilRow, Watchlist
from assets.watchlists.release.publish import Provenance
from assets.watchlists.release.week_states import sunday_of

_UNLISTED = ListHistory("unassessed", "", 0, "", 0, 0)


@dataclass(frozen=True)
class Published:
    """A list that is in place: its content, what it was made from, and its folder."""

    watchlist: Watchlist
    period: str
    provenance: Provenance
    folder: Path  # relative to the home


def keep_published(lake: Lake, lists: Sequence[Published]) -> None:
    """Note published lists in the lake, and keep the frozen ones whole; in one transaction."""
    if not lists:
        return
    frozen = [published for published in lists if published.watchlist.is_frozen]

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        notes = _frame("publications", map(_note, lists))
        connection.register("notes", notes)
        # Of the current lists only the newest is noted; of a week's list there is one.
        connection.execute(
            "DELETE FROM publications WHERE (school_unit_code, period) IN "
            "(SELECT (school_unit_code, period) FROM notes)"
        )
        _insert(connection, "publications", notes)
        for table, rows in (("listed_pupils", _pupils), ("listed_verdicts", _verdicts)):
            for before in (table, f"superseded_{table}"):
                connection.execute(
                    f"DELETE FROM {before} WHERE (school_unit_code, period) IN "
                    "(SELECT (school_unit_code, period) FROM notes)"
                )
            found = [row for published in frozen for row in rows(published)]
            if found:
                _insert(connection, table, _frame(table, found))
        connection.unregister("notes")

    lake.write(change)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    connection.register("rows_to_keep", rows)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM rows_to_keep")
    connection.unregister("rows_to_keep")


def _frame(table: str, rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    # Whose number it is later on is not known to a list.
    return frame.select(name for name in columns_of(table) if name != "number_key")


def _note(published: Published) -> dict[str, object]:
    watchlist, provenance = published.watchlist, published.provenance
    return {
        "school_unit_code": watchlist.school_unit_code,
        "period": published.period,
        "as_of_date": watchlist.as_of,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "is_frozen": watchlist.is_frozen,
        "rule_set": watchlist.rule_set,
        "rule_set_version": watchlist.rule_set_version,
        "lake_snapshot": provenance.lake_snapshot,
        "input_hash": provenance.input_hash,
        "flagged_pupils": len(watchlist.pupils),
        "folder": str(published.folder),
        **_told(watchlist),
        **_overdue(watchlist),
    }


def overdue_counts(watchlist: Watchlist) -> tuple[int, int]:
    """Return how many of a list are overdue, and how many of those have not moved since before."""
    waiting = watchlist.overdue
    return len(waiting), sum(bool(row.follow_up and row.follow_up.is_unmoved) for row in waiting)


def _overdue(watchlist: Watchlist) -> dict[str, object]:
    counts = overdue_counts(watchlist) if watchlist.has_follow_up else (None, None)
    return dict(zip(("overdue_pupils", "unmoved_pupils"), counts, strict=True))


def _told(watchlist: Watchlist) -> dict[str, object]:
    """What a list counts, as its readers see it."""
    mentor, ulf, sst = (count.pupils for count in question_counts(watchlist))
    return {
        "pupils_evaluated": watchlist.pupils_evaluated,
        "mentor_pupils": mentor,
        "ulf_pupils": ulf,
        "sst_pupils": sst,
    }


def keep_counts(lake: Lake, lists: Sequence[tuple[str, Watchlist]]) -> None:
    """Keep what lists count that were noted by a version that did not keep it.

    Args:
        lake: the lake.
        lists: the period of each, and the list as data.
    """
    if not lists:
        return

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for period, watchlist in lists:
            connection.execute(
                "UPDATE publications SET pupils_evaluated = $pupils_evaluated, "
                "mentor_pupils = $mentor_pupils, ulf_pupils = $ulf_pupils, "
                "sst_pupils = $sst_pupils WHERE school_unit_code = $code AND period = $period",
                {**_told(watchlist), "code": watchlist.school_unit_code, "period": period},
            )

    lake.write(change)


def count_again(connection: duckdb.DuckDBPyConnection, period: str, watchlist: Watchlist) -> None:
    """Let the note of a list that stands say what the list counts now.

    Args:
        connection: inside a transaction.
        period: of the list.
        watchlist: the list, without who was erased.
    """
    said = {
        "flagged_pupils": len(watchlist.pupils),
        **_told(watchlist),
        **_overdue(watchlist),
    }
    sets = ", ".join(f"{name} = ${name}" for name in said)
    connection.execute(
        f"UPDATE publications SET {sets} WHERE school_unit_code = $code AND period = $period",
        {**said, "code": watchlist.school_unit_code, "period": period},
    )


def _pupils(published: Published) -> Iterator[dict[str, object]]:
    watchlist = published.watchlist
    for pupil in watchlist.pupils:
        yield _pupil(published, pupil, pupil.history or _UNLISTED)
    for gone in watchlist.cleared:
        yield _pupil(published, gone, gone.history)
    cleared = {gone.pupil_key for gone in watchlist.cleared}
    for pupil in watchlist.insufficient:
        if pupil.level == 0 and pupil.pupil_key not in cleared:
            yield _pupil(published, pupil, _UNLISTED)


def _pupil(
    published: Published, pupil: PupilRow | ClearedPupil, history: ListHistory
) -> dict[str, object]:
    watchlist = published.watchlist
    first = sunday_of(history.first_week) if history.first_week else watchlist.as_of
    return {
        "school_unit_code": watchlist.school_unit_code,
        "period": published.period,
        "as_of_date": watchlist.as_of,
        "pupil_key": pupil.pupil_key,
        "level": pupil.level if isinstance(pupil, PupilRow) else 0,
        "state": history.state,
        "reason": history.reason or None,
        "previous_level": history.previous_level or None,
        "first_week_date": first,
        "weeks_on_list": history.weeks_on_list,
        "highest_level": history.highest_level,
        "class_name": pupil.school_class,
        "grade": pupil.grade,
        "mentor_key": pupil.mentor_key or None,
    }


def _verdicts(published: Published) -> Iterator[dict[str, object]]:
    watchlist = published.watchlist
    rows = {pupil.pupil_key: pupil for pupil in (*watchlist.pupils, *watchlist.insufficient)}
    for key, pupil in rows.items():
        for item in pupil.evidence:
            yield {
                "school_unit_code": watchlist.school_unit_code,
                "period": published.period,
                "as_of_date": watchlist.as_of,
                "pupil_key": key,
                "rule": item.rule,
                "basis": item.basis,
                "verdict": item.verdict,
                "certainty": item.certainty,
                "reason": item.reason,
                "window_start": item.window_start,
                "window_end": item.window_end,
                "scheduled_minutes": item.sums.scheduled_minutes,
                "reported_minutes": item.sums.reported_minutes,
                "valid_minutes": item.sums.valid_minutes,
                "invalid_minutes": item.sums.invalid_minutes,
                "days": item.sums.days,
                "margin_minutes": item.margin_minutes,
            }
