"""What is done to a catalog's file of SQLite in a process of its own.

Triggers that keep the extremes of texts out of it, and wiping what it held. Only Python's own
library is needed, so that it starts fast. Why: `catalog/statistics.py`.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

TABLES = ("ducklake_file_column_stats", "ducklake_table_column_stats")
#: Part of a trigger's name, so that another wording makes new ones.
VERSION = "no_extremes_1"
_TEXTS = "('varchar', 'blob', 'json', 'variant')"
_WAIT_SECONDS = 60


def is_text(row: str) -> str:
    """Return the condition that a row of statistics is about a text that is not a school's code."""
    return (
        "EXISTS (SELECT 1 FROM ducklake_column AS described "
        f"WHERE described.table_id = {row}.table_id AND described.column_id = {row}.column_id "
        f"AND lower(described.column_type) IN {_TEXTS} "
        "AND described.column_name <> 'school_unit_code')"
    )


def make_in_file(path: Path) -> None:
    """Make the triggers in a file of SQLite; run in a process that has no other hold of it."""
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as catalog:
        catalog.execute("BEGIN IMMEDIATE")
        changed = 0
        for table in TABLES:
            columns = [row[1] for row in catalog.execute(f"PRAGMA table_info({table})")]
            for statement in _sqlite_triggers(table, columns):
                catalog.execute(statement)
            changed += catalog.execute(
                f"UPDATE {table} SET min_value = NULL, max_value = NULL WHERE "
                f"(min_value IS NOT NULL OR max_value IS NOT NULL) AND {is_text(table)}"
            ).rowcount
        catalog.execute("COMMIT")
        if changed:
            # What was there before lies in freed pages else, and in the log.
            catalog.execute("VACUUM")
            catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _sqlite_triggers(table: str, columns: list[str]) -> list[str]:
    """Return triggers that write the row without its extremes, and let the other be."""
    values = ["NULL" if name in ("min_value", "max_value") else f"NEW.{name}" for name in columns]
    sets = ", ".join(f"{name} = {value}" for name, value in zip(columns, values, strict=True))
    of_text = f"WHEN (NEW.min_value IS NOT NULL OR NEW.max_value IS NOT NULL) AND {is_text('NEW')}"
    insert = (
        f"CREATE TRIGGER IF NOT EXISTS {table}_insert_{VERSION} BEFORE INSERT ON {table} "
        f"{of_text} BEGIN INSERT INTO {table} ({', '.join(columns)}) "
        f"VALUES ({', '.join(values)}); SELECT RAISE(IGNORE); END"
    )
    update = (
        f"CREATE TRIGGER IF NOT EXISTS {table}_update_{VERSION} BEFORE UPDATE ON {table} "
        f"{of_text} BEGIN UPDATE {table} SET {sets} WHERE rowid = OLD.rowid; "
        "SELECT RAISE(IGNORE); END"
    )
    return [insert, update]


def wipe_in_file(path: Path) -> None:
    """Write a file of SQLite again, without what was deleted from it: that lies in freed pages.

    Raises:
        sqlite3.OperationalError: others read or wrote it for longer than a minute.
    """
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as catalog:
        catalog.execute("VACUUM")
        ((is_busy, *_),) = catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise sqlite3.OperationalError("database is locked")


if __name__ == "__main__":
    what, file = sys.argv[1:]
    {"triggers": make_in_file, "wipe": wipe_in_file}[what](Path(file))
