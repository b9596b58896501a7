"""Bring a lake of an older form to this program's, and refuse one of a newer form.

A step that only adds goes by itself when the lake is opened; one that rewrites what is stored is
asked for, because there is no way back but a backup. Each step is one transaction together with its
version, so a killed upgrade goes on where it was.

Not here: which steps there are, and which version a lake says (`versions.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from assets.lake.schema import Table, added_columns, create_statements
from assets.lake.server_errors import words_of_server
from assets.lake.settings import LakeError
from assets.lake.upgrading.versions import (
    PAGE,
    LakeVersion,
    UpgradeStep,
    own_version,
    program_version,
    refuse_newer,
    say_version,
    steps_from,
)

_LOGGER = logging.getLogger(__name__)


def missing_statements(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]
) -> tuple[bool, list[str]]:
    """Return whether the lake has any table, and what makes the tables and columns it lacks."""
    present: dict[str, set[str]] = {}
    for table_name, column_name in connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'lake'"
    ).fetchall():
        present.setdefault(table_name, set()).add(column_name)
    statements = [
        statement
        for table in tables
        for statement in (
            added_columns(table, present[table.name])
            if table.name in present
            else create_statements(table)
        )
    ]
    return bool(present), statements


@dataclass(frozen=True)
class Upgrade:
    """What a lake has before it.

    Attributes:
        found: its version; None: a lake without any table, which is made as it should be.
        steps: to take, in order.
        missing: whether tables or columns are not there, also without a step.
    """

    found: LakeVersion | None
    steps: tuple[UpgradeStep, ...]
    missing: bool

    @property
    def is_nothing(self) -> bool:
        """Whether the lake is as it should be."""
        return not self.steps and not self.missing

    def refuse_unasked(self) -> None:
        """Stop before a step that rewrites what is stored, when nobody asked for it.

        Raises:
            LakeError: there is such a step.
        """
        if self.found is None or not any(step.change for step in self.steps):
            return
        raise LakeError(
            f"The lake has schema version {self.found.number}; trappan {program_version()} works "
            f"with version {own_version()}. Nothing was changed. Make a backup first: older "
            "programs can't open the lake after it. Then run `trappan upgrade`. It does: "
            f"{' '.join(f'({step.version}) {step.what}' for step in self.steps)} See {PAGE}."
        )


def upgrade_of(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Upgrade:
    """Look at what a lake has before it.

    Raises:
        LakeError: it is of a newer version.
    """
    has_tables, missing = missing_statements(connection, tables)
    if not has_tables:
        return Upgrade(None, (), missing=True)
    found = refuse_newer(connection)
    return Upgrade(found, steps_from(found.number), bool(missing))


def take_next(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> bool:
    """Take the next step, within a transaction; with the last one come new tables and columns.

    Args:
        connection: attached to the lake; whoever calls holds the turn to write.
        tables: that the lake should have.

    Returns:
        Whether there are more.
    """
    # Looked again: another process may have done it while this one waited.
    upgrade = upgrade_of(connection, tables)
    first, *later = upgrade.steps or (None,)
    if first is not None and first.change is not None:
        first.change(connection)
    if not later:
        for statement in missing_statements(connection, tables)[1]:
            connection.execute(statement)
    if first is not None:
        say_version(connection, first.version)
    elif upgrade.found is None:
        say_version(connection, own_version())
    return bool(later)


def stopped(upgrade: Upgrade, error: duckdb.Error) -> LakeError | None:
    """Return what is said when an older lake can't be upgraded; None: it was no upgrade.

    Mostly whoever asks may only read: a question is not answered from a form that is not known.
    """
    words = words_of_server(error)
    if upgrade.found is None or not upgrade.steps or words is None:
        return None
    return LakeError(
        f"The lake has schema version {upgrade.found.number}; trappan {program_version()} works "
        f"with version {own_version()}, and could not bring it there. {words} Have the account "
        f"that owns the lake run `trappan upgrade` first ({PAGE})."
    )


def note(upgrade: Upgrade, home: object) -> None:
    """Say in the log that a lake was upgraded."""
    if upgrade.found is not None and upgrade.steps:
        _LOGGER.warning(
            "The lake of %s was brought from schema version %d to %d, by trappan %s. Older "
            "programs can't open it any more.",
            home,
            upgrade.found.number,
            upgrade.steps[-1].version,
            program_version(),
        )
