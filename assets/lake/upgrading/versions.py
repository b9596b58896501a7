"""The versions of the lake's form: what leads from each to the next, and which one a lake says.

A version is raised when a released program would misread what a newer one writes. A step changes
what is there: renames, fills, makes again. What is only new, a table or a column that may be null,
needs no words here: after the last step it is made from `assets/lake/tables.py`, as it is whenever
a lake is opened. So a step may not count on tables that came after its version, and does nothing
where what it changes is not there.

The version stands in the catalog, as the comment of the ledger's table: so it is written in the
transaction of its step, and read without a data file, which may be damaged.

Not here: how steps are taken (`upgrade.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version as version_of_package

import duckdb

from assets.lake.settings import LakeError

PAGE = "docs/operators-upgrade.md"
_WORDS = "trappan schema"
_TAG = re.compile(rf"{_WORDS} ([0-9]{{1,6}}), trappan ([0-9A-Za-z.+-]{{1,40}})")
#: Of the catalog itself: asking DuckDB for the comment reads the description of every table.
_VERSION = (
    "SELECT value FROM __ducklake_metadata_lake.ducklake_tag "
    f"WHERE key = 'comment' AND end_snapshot IS NULL AND value LIKE '{_WORDS}%'"
)


@dataclass(frozen=True)
class UpgradeStep:
    """One step, from the version before.

    Attributes:
        version: that it leads to.
        what: it does, for an operator; a whole sentence.
        change: what is changed of what is there, within a transaction that it neither begins nor
            ends; it may run more than once. None: nothing, there are only new tables and columns.
    """

    version: int
    what: str
    change: Callable[[duckdb.DuckDBPyConnection], None] | None = None


#: A lake that says no version: every one that was made before versions were kept.
FIRST_VERSION = 1
#: In order, without a gap; the last is this program's version.
STEPS: tuple[UpgradeStep, ...] = (
    UpgradeStep(2, "The lake says its version; tables that came with it are made."),
)


def steps_from(version: int) -> tuple[UpgradeStep, ...]:
    """Return the steps that a lake of a version has before it."""
    return tuple(step for step in STEPS if step.version > version)


@dataclass(frozen=True)
class LakeVersion:
    """The form of a lake, and the program that brought it there; "" where nothing says it."""

    number: int
    program: str = ""


def program_version() -> str:
    """Return the version of this program."""
    return version_of_package("franvarotrappan")


def own_version() -> int:
    """Return the version of the lakes that this program makes."""
    return STEPS[-1].version


def version_of(connection: duckdb.DuckDBPyConnection) -> LakeVersion:
    """Return the version that a lake says of itself; one that says none is of the first.

    Raises:
        LakeError: it says one that can't be read.
    """
    rows = connection.execute(_VERSION).fetchall()
    if not rows:
        return LakeVersion(FIRST_VERSION)
    found = _TAG.fullmatch(str(rows[0][0]))
    if len(rows) > 1 or found is None:
        raise LakeError(
            "The lake's version can't be read: the comment of its table `files` is not one that "
            f"trappan wrote. Expected '{_WORDS} {own_version()}, trappan {program_version()}' or "
            "an older one. Nothing was changed. Restore lake/ from the backup."
        )
    return LakeVersion(int(found[1]), found[2])


def refuse_newer(connection: duckdb.DuckDBPyConnection, *, meanwhile: bool = False) -> LakeVersion:
    """Return a lake's version, if this program knows it.

    Args:
        connection: attached to the lake.
        meanwhile: the lake was open already, and of this program's version then.

    Raises:
        LakeError: a newer program brought it to a version that this one does not know.
    """
    found = version_of(connection)
    if found.number <= own_version():
        return found
    when = " while this command ran" if meanwhile else ""
    raise LakeError(
        f"The lake has schema version {found.number}: trappan {found.program} brought it there"
        f"{when}. This is trappan {program_version()}, which knows versions up to {own_version()}. "
        f"Nothing was changed. Install trappan {found.program} or a newer one; or go back to the "
        f"backup from before the upgrade ({PAGE})."
    )


def say_version(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """Let a lake say its version from now on, within a transaction."""
    words = f"{_WORDS} {number}, trappan {program_version()}"
    connection.execute(f"COMMENT ON TABLE lake.files IS '{words}'")
    # The snapshot says it too, for who looks through the lake's history.
    author = f"trappan {program_version()}"
    connection.execute(f"CALL lake.set_commit_message('{author}', 'schema version {number}')")
