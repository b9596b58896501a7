"""Marks of words of protection, and of releases: what somebody changed in the lake lifts nothing.

Each row of `protection_words` carries an HMAC of all that it says (`mark_key`). A word for
protection counts whatever its mark; one against it counts only where its mark fits
(`sql/protection/`). A row that is gone can't carry a mark, so `protection_totals` holds one of all
words for protection together: when one of them was removed or changed, nobody can know any more who
is protected, and the lake does not open for anything but looking it over.

A release carries a mark of its own: a row that was put there by others releases nothing.

DuckDB makes and looks at the marks itself, with the two halves of the key in variables of the
connection: ninety thousand rows are not carried out and in again. Not here: what a word means.
"""

from __future__ import annotations

import os

import duckdb

from assets.lake.encryption import KeyFileError, Sealer
from assets.lake.tables import columns_of
from rules.errors import TrappanError

_USE = "word of protection"
_MARKED = tuple(name for name in columns_of("protection_words") if name != "mark_key")
_TEXT = "coalesce(cast({0} AS VARCHAR), '')"
_HMAC = (
    "cast(left(sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || "
    "encode({text})))), 32) AS UUID)"
)
#: What a row's mark is, in SQL: of the columns of `protection_words`, wherever they stand.
WORD_MAC = f"word_mac_of({', '.join(_MARKED)})"
_OF_LIFT, _OF_FILE = (
    tuple(name for name in columns_of(table) if name != "mark_key")
    for table in ("lift_releases", "file_releases")
)
#: The same of the columns of `lift_releases` and `file_releases`.
LIFT_MAC = f"lift_mac_of({', '.join(_OF_LIFT)})"
FILE_MAC = f"file_mac_of({', '.join(_OF_FILE)})"
#: The mark of all words for protection together.
_TOTAL = (
    "SELECT count(*) AS marks, total_mac_of(count(*), "
    "coalesce(string_agg(cast({mac} AS VARCHAR), ' ' ORDER BY {mac}), '')) AS total_key "
    "FROM protection_words WHERE is_protected"
)


class ProtectionError(TrappanError):
    """Words of protection were changed or removed outside of trappan; says what to do."""


def define_marks(connection: duckdb.DuckDBPyConnection, sealer: Sealer | None) -> None:
    """Make the macros.

    Args:
        connection: that has them from now on.
        sealer: of the home; without one no mark fits until `know_key`.
    """
    for what, mac, columns in (
        ("word", WORD_MAC, _MARKED),
        ("lift release", LIFT_MAC, _OF_LIFT),
        ("file release", FILE_MAC, _OF_FILE),
    ):
        text = " || chr(31) || ".join((f"'{what}'", *map(_TEXT.format, columns)))
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {mac} AS {_HMAC.format(text=text)}")
    total = "'total' || chr(31) || marks || chr(31) || macs"
    connection.execute(
        f"CREATE OR REPLACE TEMP MACRO total_mac_of(marks, macs) AS {_HMAC.format(text=total)}"
    )
    pads = (os.urandom(64), os.urandom(64)) if sealer is None else sealer.pads(_USE)
    _set_pads(connection, *pads)


def know_key(connection: duckdb.DuckDBPyConnection, sealer: Sealer) -> None:
    """Let a connection make and look at marks with a home's key."""
    _set_pads(connection, *sealer.pads(_USE))


def _set_pads(connection: duckdb.DuckDBPyConnection, inner: bytes, outer: bytes) -> None:
    for name, pad in (("inner_pad", inner), ("outer_pad", outer)):
        connection.execute(f"SET VARIABLE {name} = unhex($pad)", {"pad": pad.hex()})


def mark_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Mark all words for protection together, after words were stored; inside a transaction."""
    total = connection.execute(_TOTAL.format(mac="mark_key")).fetchall()
    # Most files say nothing new of protection, and a row that is written again is two files.
    if connection.execute("FROM protection_totals").fetchall() != total:
        connection.execute("DELETE FROM protection_totals")
        connection.execute("INSERT INTO protection_totals VALUES (?, ?)", list(total[0]))


def refuse_changed_words(connection: duckdb.DuckDBPyConnection) -> None:
    """Look that no word for protection was changed or removed.

    Raises:
        ProtectionError: one was, or all of them with their total.
        KeyFileError: no word at all fits, as with another key.
    """
    if are_words_whole(connection):
        return
    ((words,),) = connection.execute("SELECT count(*) FROM protection_words").fetchall()
    if words and changed_words(connection) == words:
        raise KeyFileError(
            "What the lake knows of protection can't be opened with this home's pupil.key. The key "
            "file is not the one that the lake was written with; restore it from the backup."
        )
    raise ProtectionError(
        "Words of protection (the tables protection_words, protection_totals) were changed or "
        "removed outside of trappan, so nobody can know who is protected. Nothing was done, "
        "and the lists that are out still stand. `trappan verify` counts what does not fit; "
        "restore the lake from the backup, catalog and data files of the same time."
    )


def are_words_whole(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether all words for protection are those that were stored."""
    # The marks are made again here, not read: a changed row has its old mark.
    ((is_whole,),) = connection.execute(
        f"WITH now AS ({_TOTAL.format(mac=WORD_MAC)}), kept AS (FROM protection_totals) "
        "SELECT CASE WHEN (SELECT count(*) FROM kept) = 1 "
        "THEN (SELECT bool_and(now.marks = kept.marks AND now.total_key = kept.total_key) "
        "FROM now, kept) "
        # A lake that has met nobody has no word yet.
        "ELSE (SELECT count(*) FROM kept) = 0 AND NOT EXISTS (FROM pupil_numbers) "
        "AND NOT EXISTS (FROM protection_words) END"
    ).fetchall()
    return bool(is_whole)


def changed_words(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many words have a mark that does not fit."""
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM protection_words WHERE mark_key IS DISTINCT FROM {WORD_MAC}"
    ).fetchall()
    return int(count)


def made_up_releases(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return by table how many releases have a mark that does not fit; only tables with any."""
    found = {}
    for table, mac in (("lift_releases", LIFT_MAC), ("file_releases", FILE_MAC)):
        ((count,),) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE mark_key IS DISTINCT FROM {mac}"
        ).fetchall()
        if count:
            found[table] = int(count)
    return found
