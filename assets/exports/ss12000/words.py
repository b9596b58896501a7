"""The newest word about each object takes the place of older ones.

Newest by meta.modified, then by the file's time of export, then by its hash, so that the order of
arrival never decides. Not here: what is derived from the objects (`derive.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import duckdb

from assets.exports.ledger.outcomes import RowProblem
from assets.exports.ledger.problems import ProblemLog
from assets.exports.ss12000.resources import DELETIONS, RESOURCES, Resource
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

_STAMP = "(stated_at, exported_at, file_id)"


def refuse_repeated(lake: Lake, resource: Resource, problems: ProblemLog) -> None:
    """Refuse objects of one file that have the same id, but the newest; of competing both.

    Two that say the same are one written twice: the first counts. Two of one time that differ
    can't both be right, and nothing tells which is.
    """
    staged, key = resource.staged, resource.key
    content = ", ".join(name for name in resource.content if name != key)
    parts = _part_hashes(resource)
    found = lake.rows(
        f"WITH competing AS (SELECT file_id, line_number, {key}, stated_at, warning, "
        f"hash({content}, coalesce(part_hash, 0)) AS content FROM {staged} "
        f"LEFT JOIN ({parts}) USING (file_id, line_number) WHERE problem IS NULL "
        f"QUALIFY count(*) OVER (PARTITION BY file_id, {key}) > 1), "
        "counted AS (SELECT *, max(stated_at) OVER same_object AS newest, "
        "max(content) OVER same_word <> min(content) OVER same_word AS is_contradicted, "
        "min(line_number) OVER same_word AS first_line FROM competing "
        f"WINDOW same_object AS (PARTITION BY file_id, {key}), "
        f"same_word AS (PARTITION BY file_id, {key}, stated_at)) "
        "SELECT file_id, line_number, warning, CASE WHEN stated_at < newest THEN "
        "'object.outdated' WHEN is_contradicted THEN 'object.contradicts' "
        "ELSE 'object.repeated' END FROM counted WHERE stated_at < newest OR is_contradicted "
        "OR line_number > first_line ORDER BY file_id, line_number"
    )
    for file_id, line, warning, code in found:
        problems.add(file_id, RowProblem(code, line, "", row="", unit="object"))
        if warning:
            problems.take_back(file_id, warning)
        lake.connection.execute(
            f"UPDATE {staged} SET problem = $code WHERE file_id = $file_id AND line_number = $line",
            {"code": code, "file_id": file_id, "line": line},
        )


@dataclass(frozen=True)
class Changes:
    """What arriving words change, as temporary tables.

    Attributes:
        winning: arriving words that are not older than the stored one.
        changed: keys of those that say something else than the stored one, and their files.
        lost: by file, the accepted words that a newer one supersedes.
    """

    winning: TemporaryTable
    changed: TemporaryTable
    lost: dict[int, int] = field(default_factory=dict)


def prepare_words(lake: Lake, resource: Resource) -> TemporaryTable:
    """Return the newest sound word of the batch about each object."""
    staged, key = resource.staged, resource.key
    superseded = lake.make(
        f"superseded_{resource.staged}",
        f"SELECT rowid AS word FROM {staged} WHERE problem IS NULL "
        f"AND {key} IN (SELECT {key} FROM {staged} WHERE problem IS NULL "
        f"GROUP BY {key} HAVING count(*) > 1) QUALIFY row_number() OVER (PARTITION BY {key} "
        f"ORDER BY stated_at DESC, exported_at DESC, file_id DESC) > 1",
    )
    columns = ", ".join(name for name in resource.columns if name != "content_hash")
    extra = join = ""
    if resource.has_hash:
        content = ", ".join(resource.content)
        extra = f", hash({content}, coalesce(part_hash, 0)) AS content_hash"
        join = f"LEFT JOIN ({_part_hashes(resource)}) USING (file_id, line_number)"
    return lake.make_view(
        f"arriving_{resource.staged}",
        f"SELECT {columns}, line_number{extra} FROM {staged} {join} WHERE problem IS NULL "
        f"AND {staged}.rowid NOT IN (SELECT word FROM {superseded})",
    )


def _part_hashes(resource: Resource) -> str:
    """Return a SELECT of the hash of each object's parts, in whatever order they stand."""
    part = resource.part
    if part is None:
        return "SELECT 0::BIGINT AS file_id, 0::BIGINT AS line_number, 0::UBIGINT AS part_hash"
    return (
        f"SELECT file_id, line_number, bit_xor(hash({', '.join(part.columns)})) "
        f"+ count(*)::HUGEINT AS part_hash FROM {part.staged} GROUP BY file_id, line_number"
    )


def find_changes(lake: Lake, resource: Resource, arriving: TemporaryTable) -> Changes:
    """Compare arriving words with the stored ones.

    Args:
        lake: the lake; the caller holds the transaction.
        resource: what the words are about.
        arriving: what `prepare_words` gave.
    """
    key, table = resource.key, resource.table
    stored_stamp = "(stored.stated_at, stored.exported_at, stored.file_id)"
    winning = lake.make(
        "winning_words",
        f"SELECT arriving.* FROM {arriving} AS arriving LEFT JOIN {table} AS stored "
        f"USING ({key}) WHERE stored.file_id IS NULL OR {stored_stamp} "
        "<= (arriving.stated_at, arriving.exported_at, arriving.file_id)",
    )
    differs = "true"
    if resource.has_hash:
        # A word that is newer than a deletion brings the object back as it was.
        differs = f"""(NOT EXISTS (SELECT 1 FROM {table} AS stored WHERE
            stored.{key} = winning.{key} AND stored.content_hash = winning.content_hash)
            OR {key} IN (SELECT object_key FROM ss12000_deletions
            WHERE resource_name = '{resource.name}'))"""
    changed = lake.make(
        "changed_words", f"SELECT {key}, file_id FROM {winning} AS winning WHERE {differs}"
    )
    accepted = dict(
        lake.rows(
            f"SELECT file_id, count(*) FROM {resource.staged} WHERE problem IS NULL GROUP BY 1"
        )
    )
    won = Counter(dict(lake.rows(f"SELECT file_id, count(*) FROM {winning} GROUP BY 1")))
    lost = {file_id: rows - won[file_id] for file_id, rows in accepted.items()}
    return Changes(winning, changed, {file_id: rows for file_id, rows in lost.items() if rows})


def store_words(
    connection: duckdb.DuckDBPyConnection, resource: Resource, winning: TemporaryTable
) -> None:
    """Put the winning words and their parts in place of the stored ones."""
    key, table, part = resource.key, resource.table, resource.part
    columns = ", ".join(resource.columns)
    won = f"{key} IN (SELECT {key} FROM {winning})"
    connection.execute(f"DELETE FROM {table} WHERE {won}")
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM {winning}")
    if part:
        connection.execute(f"DELETE FROM {part.table} WHERE {won}")
        names = ", ".join(f"parts.{name}" for name in part.columns)
        connection.execute(
            f"INSERT INTO {part.table} BY NAME SELECT DISTINCT {names} FROM {part.staged} AS parts "
            f"SEMI JOIN {winning} USING (file_id, line_number)"
        )


def withdraw_words(connection: duckdb.DuckDBPyConnection, file_id: int) -> None:
    """Take away words and deletions of a file that is revoked; the caller holds the transaction.

    What they had superseded, and what follows without them, is there once all other files are read
    again: every lesson and record is derived from a word of one of them.
    """
    mine = f"file_id = {file_id}"
    for resource in RESOURCES:
        if resource.part:
            connection.execute(
                f"DELETE FROM {resource.part.table} WHERE {resource.key} IN "
                f"(SELECT {resource.key} FROM {resource.table} WHERE {mine})"
            )
        connection.execute(f"DELETE FROM {resource.table} WHERE {mine}")
    connection.execute(f"DELETE FROM {DELETIONS.table} WHERE {mine}")
