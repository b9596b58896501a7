"""What was found and published of a pupil goes with the pupil's numbers, together and apart.

Each row is of the number that it was found under. Where several numbers of one pupil have rows of
the same day or list, one of them speaks and the others wait beside (`superseded_…`), so that
numbers that are parted have what was theirs. Not here: rows that files say (`rekeying.py`), which
are read again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import duckdb
import polars as pl

from assets.lake.computed_tables import FOLLOWING
from assets.lake.connection import Lake
from assets.lake.tables import columns_of

# What a pupil's rows of one day or list have in common, and which of two numbers' rows weigh more
# there: those of both never stand beside each other.
_DAY, _LIST = ("as_of_date",), ("school_unit_code", "period")
_SPEAKING: dict[str, tuple[tuple[str, ...], str]] = {
    "flags": (_DAY, "max(level)"),
    "listed_pupils": (_LIST, "max(level)"),
    "listed_verdicts": (_LIST, "count_if(verdict = 'hit')"),
}


def let_follow(
    connection: duckdb.DuckDBPyConnection, lake: Lake, standing: Mapping[uuid.UUID, uuid.UUID]
) -> None:
    """Let what was found and published before follow the numbers: the clock of the lists goes on.

    Where numbers of one pupil have rows of the same day or list, those with the higher level speak;
    the last number's, when they say the same.

    Args:
        connection: inside a transaction.
        lake: its lake.
        standing: for every number that is, or was, one of several the key of its pupil; a last
            number's own too.
    """
    numbers = lake.load(
        "standing_of_numbers",
        pl.DataFrame(
            {
                "own_key": [str(number) for number in standing],
                "standing_key": [str(pupil) for pupil in standing.values()],
            },
            {"own_key": pl.String, "standing_key": pl.String},
        ),
    )
    for table in FOLLOWING:
        of_row, weight = _SPEAKING[table]
        superseded = f"superseded_{table}"
        said = ", ".join(name for name in columns_of(superseded) if name != "pupil_key")
        columns = ", ".join(of_row)
        rows = lake.make(
            "following_rows",
            "SELECT *, dense_rank() OVER (PARTITION BY "
            f"{columns}, standing_key ORDER BY weight DESC, own_key <> standing_key, own_key) = 1 "
            f"AS is_speaking FROM (SELECT *, {weight} OVER (PARTITION BY {columns}, own_key) "
            "AS weight FROM (SELECT cast(numbers.own_key AS UUID) AS own_key, "
            "cast(numbers.standing_key AS UUID) AS standing_key, found.* EXCLUDE (own_key) "
            f"FROM (SELECT coalesce(number_key, pupil_key) AS own_key, {said} FROM {table} "
            f"UNION ALL SELECT pupil_key AS own_key, {said} FROM {superseded}) AS found "
            f"JOIN {numbers} AS numbers ON found.own_key = cast(numbers.own_key AS UUID)))",
        )
        mine = f"(SELECT cast(own_key AS UUID) FROM {numbers})"
        connection.execute(f"DELETE FROM {table} WHERE coalesce(number_key, pupil_key) IN {mine}")
        connection.execute(f"DELETE FROM {superseded} WHERE pupil_key IN {mine}")
        connection.execute(
            f"INSERT INTO {table} BY NAME SELECT {said}, standing_key AS pupil_key, "
            f"nullif(own_key, standing_key) AS number_key FROM {rows} WHERE is_speaking"
        )
        connection.execute(
            f"INSERT INTO {superseded} BY NAME SELECT {said}, own_key AS pupil_key "
            f"FROM {rows} WHERE NOT is_speaking"
        )
