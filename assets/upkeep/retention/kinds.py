"""Rows of the lake whose time is over: which tables are of which kind, by which of their days.

Rows of a day go with that day; of who has no day left that counts, everything goes, by the columns
that erasure knows. A test holds that every table is of a kind here, or says why it is of none. Not
here: what was decided (`decision.py`), files of the home (`places.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from assets.exports.pupils.erased_rows import (
    MARKS,
    OF_NO_SOURCE,
    conditions_of_keys,
    load_keys,
    pairs_of_keys,
    take_out,
)
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.lasting_rows import LASTING
from assets.lake.tables import TABLES
from assets.upkeep.retention.decision import Cuts

_OF_DAY = "lesson_date < {before}"
_AS_OF = "as_of_date < {before}"
_ENDED = "end_date < {before}"
_OLD_EVENTS = "SELECT event_key FROM ss12000_events WHERE starts_at < {before}"
_WORDS_DAY = "coalesce(lesson_date, cast(exported_at AS DATE))"
_STILL_JOINED = (
    "SELECT file_id FROM planned_lessons WHERE lesson_date >= {before} UNION "
    f"SELECT file_id FROM absence_words WHERE {_WORDS_DAY} >= {{before}} UNION "
    "SELECT file_id FROM absence_coverage WHERE last_date >= {before} UNION "
    "SELECT file_id FROM lessons WHERE lesson_date >= {before}"
)

#: What goes of each table of a kind, in this order: a row that is asked for goes after who asks.
ROWS_OF: Mapping[str, Mapping[str, str]] = {
    "lessons": {
        "joined_files": (
            f"file_id NOT IN ({_STILL_JOINED}) AND file_id IN "
            "(SELECT file_id FROM files WHERE exported_at < {before})"
        ),
        "ss12000_attendances": (
            f"event_key IN ({_OLD_EVENTS}) OR (stated_at < {{before}} AND event_key NOT IN "
            "(SELECT event_key FROM ss12000_events))"
        ),
        "ss12000_exceptions": f"event_key IN ({_OLD_EVENTS})",
        "ss12000_events": "starts_at < {before}",
        # Of persons and places it says who is not there any more; of lessons nobody asks again.
        "ss12000_deletions": (
            "resource_name IN ('attendances', 'calendarEvents') "
            "AND stated_at < {before} - INTERVAL 400 DAY"
        ),
        **dict.fromkeys(
            (
                *("lessons", "contradicted_lessons", "joint_lessons", "uncounted_lessons"),
                *("moved_lessons", "missing_lessons", "planned_lessons", "class_coverage"),
                *("lesson_snapshots", "stale_days", "absence_daily", "school_contracts"),
            ),
            _OF_DAY,
        ),
        # It was said of lessons that may have been to come.
        "removed_lessons": "exported_at < {before} - INTERVAL 400 DAY",
        "absence_words": f"{_WORDS_DAY} < {{before}}",
        "absence_coverage": "last_date < {before}",
        "school_sendings": "last_lesson_date < {before}",
        "monthly_sums": "period_last_date < {before}",
        "absence_monthly": "month_start_date < {before}",
        "backfilled_months": "month_start_date < {before}",
        "lesson_removals": "month_first_date < {before}",
        **dict.fromkeys(
            (
                *("absence_rolling", "flags", "superseded_flags", "forecasts", "forecast_skill"),
                "school_silences",
            ),
            _AS_OF,
        ),
    },
    "identities": {
        **dict.fromkeys(
            (
                *("enrolments", "moving_records", "ss12000_enrolments", "ss12000_members"),
                *("ss12000_roles", "ss12000_duties", "ss12000_groups"),
            ),
            _ENDED,
        ),
        "enrolment_claims": "until_date < {before}",
        # What a school said of a name before a pupil came to the next one; else its last file would
        # stay for as long as the pupil.
        "identity_sources": (
            "exported_at < {before} AND EXISTS (SELECT 1 FROM identity_sources AS newer "
            "WHERE newer.pupil_key = identity_sources.pupil_key "
            "AND newer.exported_at > identity_sources.exported_at "
            "AND newer.is_roster >= identity_sources.is_roster)"
        ),
    },
    "lists": dict.fromkeys(
        (
            *("publications", "releases", "replaced_lists", "listed_pupils", "listed_verdicts"),
            *("superseded_listed_pupils", "superseded_listed_verdicts"),
        ),
        _AS_OF,
    ),
}
#: Tables that go with what is left of their pupil, file or school, and why no day of theirs counts.
OTHERWISE: Mapping[str, str] = {
    "files": "what came is known by its hash for as long as the home is, so that it is taken once; "
    "its name and its refused rows go with the ledger's time",
    "row_problems": "with the ledger's time of their file",
    "file_releases": "with the ledger's time of their file",
    "held_files": "a file that is taken or gone has no row",
    "protection_words": "never of who is protected, for that does not wear off; else with the last "
    "day of whom they mean",
    "protection_totals": "one row: a mark of all words",
    "pupil_references": "with the last day of their pupil, unless protected",
    "pupil_numbers": "with the last day of their pupil, unless protected",
    "number_changes": "with the last day of their pupil, unless protected",
    "pupil_merges": "with the last day of their pupil, unless protected",
    "identities": "with the last source that says so",
    "ss12000_persons": "with the last day of the person",
    "staff": "with the last row that names them",
    "lift_releases": "with the words that were released",
    "unmerged_pairs": "with the last day of their pupil",
    "follow_up_events": "made again each night of what the portal has",
    "follow_up_readings": "one row",
    "protection_columns": "as long as it is the newest of its school",
    "slot_sources": "a row a school and layout, of nobody",
    "school_units": "the register of schools",
    "school_breaks": "days without school, of nobody",
    "disputable_files": "numbers of files, of nobody",
    "parallel_values": "values of the rules",
    "ss12000_organisations": "the register of schools",
    "ss12000_activities": "subjects of a school",
}
#: Rows that an original need not bring back: they are kept beside the originals.
_NOT_OF_ORIGINALS = frozenset({"files", "row_problems", "joined_files", *LASTING})
#: Else the last lesson file of a school that was closed would stay for the school's name.
_ONLY_WHERE = {"school_units": "is_registered"}
_LATEST = "DATE '9999-12-31'"
# The days that say that somebody is or was there. Who has an open record is there, however long ago
# it was said: lists name such a pupil as one whom nobody sees, and that is no reason to forget.
_DAYS = f"""
    SELECT pupil_key AS one_key, lesson_date AS on_date FROM lessons
    UNION ALL SELECT pupil_key, lesson_date FROM contradicted_lessons
    UNION ALL SELECT pupil_key, lesson_date FROM moved_lessons
    UNION ALL SELECT pupil_key, lesson_date FROM planned_lessons
    UNION ALL SELECT pupil_key, {_WORDS_DAY} FROM absence_words WHERE pupil_key IS NOT NULL
    UNION ALL SELECT pupil_key, lesson_date FROM absence_daily
    UNION ALL SELECT pupil_key, period_last_date FROM monthly_sums
    UNION ALL SELECT pupil_key, coalesce(end_date, {_LATEST}) FROM enrolments
    UNION ALL SELECT pupil_key, coalesce(end_date, {_LATEST}) FROM moving_records
    UNION ALL SELECT pupil_key, as_of_date FROM listed_pupils
    UNION ALL SELECT pupil_key, as_of_date FROM superseded_listed_pupils
    UNION ALL SELECT pupil_key, cast(recorded_at AS DATE) FROM follow_up_events
    UNION ALL SELECT person_key, coalesce(end_date, {_LATEST}) FROM ss12000_enrolments
    UNION ALL SELECT members.person_key, coalesce(members.end_date, groups.end_date, {_LATEST})
    FROM ss12000_members AS members LEFT JOIN ss12000_groups AS groups USING (group_key)
    UNION ALL SELECT person_key, coalesce(end_date, {_LATEST}) FROM ss12000_duties
    WHERE person_key IS NOT NULL
    UNION ALL SELECT said.person_key, cast(coalesce(events.starts_at, said.stated_at) AS DATE)
    FROM ss12000_attendances AS said LEFT JOIN ss12000_events AS events USING (event_key)
"""
# Of whom nothing but a name was ever said.
_NAMED = """
    SELECT pupil_key AS one_key, cast(exported_at AS DATE) AS on_date FROM identity_sources
    UNION ALL SELECT person_key, cast(exported_at AS DATE) FROM ss12000_persons
"""
# Of whom nothing but marks is left. Of who is protected they stay: a child who comes back is on no
# list before the school has said that it may be.
_MARKED = """
    SELECT known.number_key AS one_key, cast(words.exported_at AS DATE) AS on_date
    FROM protection_words AS words JOIN pupil_references AS known USING (reference_key)
    UNION ALL SELECT old_pupil_key, cast(exported_at AS DATE) FROM pupil_merges
    UNION ALL SELECT new_pupil_key, cast(exported_at AS DATE) FROM pupil_merges
"""
_OF_STAFF = {"mentor_key", "principal_key", "staff_key"}


@dataclass(frozen=True)
class Leaving:
    """Whose time is over.

    Attributes:
        keys: every key that they have or had.
        people: how many they are, pupils and staff of a school system.
        protected: those of the keys that are of protected pupils, whose marks stay.
    """

    keys: frozenset[uuid.UUID] = frozenset()
    people: int = 0
    protected: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True)
class _Child:
    """Days of a child, of all keys together."""

    keys: set[uuid.UUID]
    there: date | None = None
    named: date | None = None
    marked: date | None = None
    is_protected: bool = False

    @property
    def last(self) -> date | None:
        return self.there or self.named or (None if self.is_protected else self.marked)


def who_leaves(lake: Lake, before: date, in_portal: Mapping[uuid.UUID, date]) -> Leaving:
    """Return who has no day left that counts: no lesson, sum, record, list or follow-up.

    Args:
        lake: the lake.
        before: the first day that counts.
        in_portal: the last day of the follow-up of each key in the portal.
    """
    newest = "SELECT one_key, max(on_date) FROM ({days}) GROUP BY one_key"
    there = dict(lake.rows(newest.format(days=_DAYS)))
    for key, day in in_portal.items():
        there[key] = max(day, there.get(key) or day)
    named = dict(lake.rows(newest.format(days=_NAMED)))
    marked = dict(lake.rows(newest.format(days=_MARKED)))
    protected = {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
    children = [
        _Child(
            keys,
            _newest(keys, there),
            _newest(keys, named),
            _newest(keys, marked),
            is_protected=not keys.isdisjoint(protected),
        )
        for keys in children_of(lake, [*there, *named, *marked])
    ]
    leaving = [child for child in children if child.last and child.last < before]
    return Leaving(
        frozenset(key for child in leaving for key in child.keys),
        len(leaving),
        frozenset(key for child in leaving if child.is_protected for key in child.keys),
    )


def _newest(keys: Iterable[uuid.UUID], days: Mapping[uuid.UUID, date]) -> date | None:
    return max((days[key] for key in keys if key in days), default=None)


def children_of(lake: Lake, alone: Iterable[uuid.UUID] = ()) -> list[set[uuid.UUID]]:
    """Return the keys of each child.

    Args:
        lake: the lake.
        alone: keys that may be of a child of whom nothing else is known.
    """
    sets: dict[uuid.UUID, set[uuid.UUID]] = {}
    for one, other in [*pairs_of_keys(lake), *((key, key) for key in alone)]:
        mine, theirs = sets.setdefault(one, {one}), sets.setdefault(other, {other})
        if mine is theirs:
            continue
        small, large = sorted((mine, theirs), key=len)
        large |= small
        for key in small:
            sets[key] = large
    return list({id(keys): keys for keys in sets.values()}.values())


def conditions_of(kind: str, before: date) -> dict[str, str]:
    """Return what goes of each table of a kind, as conditions."""
    day = f"DATE '{before.isoformat()}'"
    return {name: said.format(before=day) for name, said in ROWS_OF[kind].items()}


def rows_to_go(lake: Lake, cuts: Cuts) -> dict[str, dict[str, int]]:
    """Return how many rows of which table would go by their day, by kind; no table without."""
    found: dict[str, dict[str, int]] = {}
    for kind in ROWS_OF:
        found[kind] = {}
        for table, condition in conditions_of(kind, cuts[kind]).items():
            ((rows,),) = lake.rows(f"SELECT count(*) FROM {table} WHERE {condition}")
            if rows:
                found[kind][table] = int(rows)
    return found


def needed_files(lake: Lake, cuts: Cuts, leaving: Leaving) -> frozenset[int]:
    """Return the files of which a row stays that only an original brings back.

    Args:
        lake: the lake, before anything went.
        cuts: the first days that stay.
        leaving: who goes.
    """
    going = load_keys(lake, leaving.keys)
    by_day: dict[str, str] = {}
    for kind in ROWS_OF:
        by_day |= conditions_of(kind, cuts[kind])
    by_key = dict(conditions_of_keys(going))
    found: set[int] = set()
    for table in TABLES:
        if table.name in _NOT_OF_ORIGINALS or not any(c.name == "file_id" for c in table.columns):
            continue
        of_key = by_key.get(table.name)
        if leaving.protected and table.name in MARKS:
            # What of them goes, goes now; their original with the next round.
            of_key = None
        goes = [part for part in (by_day.get(table.name), of_key) if part]
        stays = " AND ".join(
            [_ONLY_WHERE.get(table.name, "true"), *(f"NOT coalesce({one}, false)" for one in goes)]
        )
        rows = lake.rows(f"SELECT DISTINCT file_id FROM {table.name} WHERE {stays}")
        found |= {file_id for (file_id,) in rows}
    return frozenset(found)


def let_rows_go(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    sealer: Sealer,
    cuts: Cuts,
    leaving: Leaving,
) -> dict[str, int]:
    """Delete what goes by its day, and everything of who goes.

    Args:
        connection: inside a transaction, with the key known (`know_key`).
        lake: its lake.
        sealer: of the home.
        cuts: the first days that stay.
        leaving: who goes.

    Returns:
        How many rows of which kind went.
    """
    gone: dict[str, int] = {}
    for kind in ROWS_OF:
        rows = 0
        for table, condition in conditions_of(kind, cuts[kind]).items():
            rows += _deleted(connection, lake, table, condition)
        gone[kind] = rows
    others = leaving.keys - leaving.protected
    for keys, leaves_marks in ((others, False), (leaving.protected, True)):
        if keys:
            out = take_out(connection, lake, sealer, sorted(keys), leaves_marks=leaves_marks)
            gone["identities"] += sum(out.values())
    named = " UNION ALL ".join(
        f"SELECT {column.name} FROM {table.name} WHERE {column.name} IS NOT NULL"
        for table in TABLES
        for column in table.columns
        if column.name in _OF_STAFF and table.name != "staff"
    )
    if any(gone.values()):
        gone["identities"] += _deleted(connection, lake, "identities", OF_NO_SOURCE)
        gone["identities"] += _deleted(connection, lake, "staff", f"staff_key NOT IN ({named})")
    return gone


def _deleted(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str, condition: str) -> int:
    ((rows,),) = lake.rows(f"SELECT count(*) FROM {table} WHERE {condition}")
    if rows:
        connection.execute(f"DELETE FROM {table} WHERE {condition}")
    return int(rows)
