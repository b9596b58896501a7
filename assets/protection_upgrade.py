"""A lake of before protection had words of its own: its marks become words, its numbers are kept.

Only marks are carried over. What such a lake took for "not protected" may have been an empty cell,
so it lifts nothing; the next roster says it anew. Not here: what words mean (`sql/protection/`).
"""

from __future__ import annotations

import duckdb
import polars as pl

from assets.sealing import Sealer


def needs_protection(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the lake was made by an older version, which kept marks beside names."""
    return bool(
        connection.execute(
            "SELECT 1 FROM duckdb_columns() WHERE database_name = 'lake' "
            "AND table_name = 'identity_sources' AND column_name = 'is_protected'"
        ).fetchall()
    )


def carry_protection_over(connection: duckdb.DuckDBPyConnection, sealer: Sealer) -> None:
    """Make words of the marks; the caller holds the transaction.

    Raises:
        KeyFileError: the lake was written with another key.
    """
    if not needs_protection(connection):
        return
    _keep_numbers(connection, sealer)
    _keep_marks_of_sources(connection, sealer)
    if _has_table(connection, "ss12000_markings"):
        _keep_marks_of_persons(connection)
        connection.execute("DROP TABLE ss12000_markings")
    connection.execute("ALTER TABLE identity_sources DROP COLUMN is_protected")


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(
        connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = $name",
            {"name": name},
        ).fetchall()
    )


def _keep_numbers(connection: duckdb.DuckDBPyConnection, sealer: Sealer) -> None:
    """Keep every number that the sealed identities hold, and who has it now."""
    sealed = connection.execute(
        "SELECT DISTINCT identities.sealed, cast(sources.pupil_key AS VARCHAR) "
        "FROM identity_sources AS sources JOIN identities USING (content_key)"
    ).fetchall()
    rows: set[tuple[str, str, str]] = set()
    for content, pupil in sealed:
        number = sealer.unseal(content)["civic_no"]
        own = sealer.key_text("pupil", number) if number else pupil
        rows |= {(own, own, pupil), (pupil, pupil, pupil)}
        if number:
            rows.add((own, sealer.key_text("short number", number[-10:]), pupil))
    schema = {"number_key": pl.String, "reference_key": pl.String, "pupil_key": pl.String}
    connection.register("kept_numbers", pl.DataFrame(sorted(rows), schema=schema, orient="row"))
    connection.execute(
        "INSERT INTO pupil_numbers SELECT cast(number_key AS UUID), "
        "any_value(cast(pupil_key AS UUID)) FROM kept_numbers GROUP BY number_key"
    )
    connection.execute(
        "INSERT INTO pupil_references SELECT DISTINCT cast(reference_key AS UUID), "
        "cast(number_key AS UUID) FROM kept_numbers"
    )
    connection.unregister("kept_numbers")


def _keep_marks_of_sources(connection: duckdb.DuckDBPyConnection, sealer: Sealer) -> None:
    marks = connection.execute(
        "SELECT cast(pupil_key AS VARCHAR), layout, school_unit_code, exported_at, file_id "
        "FROM identity_sources WHERE is_protected AND layout <> 'ss12000'"
    ).fetchall()
    for pupil, layout, school, exported_at, file_id in marks:
        source = sealer.key_text("protection source", f"{layout}\x1f{school}")
        _keep_mark(connection, pupil, source, exported_at, file_id)


def _keep_marks_of_persons(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO pupil_references SELECT DISTINCT person_key, pupil_key FROM ss12000_persons "
        "WHERE (person_key, pupil_key) NOT IN "
        "(SELECT (reference_key, number_key) FROM pupil_references)"
    )
    marks = connection.execute(
        "SELECT cast(person_key AS VARCHAR), exported_at, file_id FROM ss12000_markings "
        "WHERE is_protected"
    ).fetchall()
    for person, exported_at, file_id in marks:
        _keep_mark(connection, person, person, exported_at, file_id)


def _keep_mark(
    connection: duckdb.DuckDBPyConnection,
    reference: str,
    source: str,
    exported_at: object,
    file_id: int,
) -> None:
    connection.execute(
        "INSERT INTO protection_words (reference_key, source_key, place_key, is_protected, "
        "exported_at, file_id) VALUES (?, ?, NULL, true, ?, ?)",
        [reference, source, exported_at, file_id],
    )
