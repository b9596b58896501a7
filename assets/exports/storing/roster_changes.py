"""Roster records that change make the sums stale that they touch.

A lesson at a school that the pupil had left counts nowhere, so a roster that comes later than the
lessons can change what counts. Only dates on which it does are summed again: a city's rosters come
every night, and hardly ever change the past. Not here: what "left" means for a lesson
(`sql/absence/lessons_after_leaving.sql`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from assets.exports.storing.claims import renew_claims
from assets.lake.connection import Lake
from assets.lake.standing import find_standing, may_be_disputed

_RECORDS = (
    "SELECT DISTINCT pupil_key, school_unit_code, start_date, end_date FROM enrolments "
    "WHERE pupil_key IN (SELECT pupil_key FROM watched_pupils)"
)


@contextmanager
def watching_rosters(
    connection: duckdb.DuckDBPyConnection, lake: Lake, pupils: str, *, comes_again: bool = False
) -> Iterator[None]:
    """Compare pupils' records before and after, and note the dates whose lessons count otherwise.

    Args:
        connection: inside a transaction.
        lake: its lake.
        pupils: a SELECT of the keys of everybody whose records may change.
        comes_again: what is taken away is read again in the same transaction; since when the lake
            knows it is kept.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE watched_pupils AS {pupils}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE records_before AS {_RECORDS}")
    if may_be_disputed(lake):
        yield from _watching_disputes(connection, lake, comes_again=comes_again)
        return
    yield
    connection.execute(f"CREATE OR REPLACE TEMP TABLE records_after AS {_RECORDS}")
    lake.materialise("exports/moved_pupils")
    ((first,),) = lake.rows("SELECT min(first_date) FROM moved_pupils")
    if first is not None:
        lake.materialise("exports/turned_days", first_date=first)
        connection.execute("INSERT INTO stale_days SELECT DISTINCT lesson_date FROM turned_days")


def _watching_disputes(
    connection: duckdb.DuckDBPyConnection, lake: Lake, *, comes_again: bool
) -> Iterator[None]:
    """Do the same where a record can be disputed, and keep since when the lake knows what."""
    watched = "SELECT pupil_key FROM watched_pupils"
    lake.make("words_before", f"SELECT * FROM enrolments WHERE pupil_key IN ({watched})")
    lake.make("standing_before", f"SELECT * FROM {find_standing(lake, watched).days}")
    yield
    if not comes_again:
        renew_claims(connection, lake, watched)
    find_standing(lake, watched)
    turned = lake.materialise("standing/turned_disputes")
    connection.execute(f"INSERT INTO stale_days SELECT DISTINCT lesson_date FROM {turned}")
