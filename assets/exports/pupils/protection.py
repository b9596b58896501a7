"""What files say of protection, kept as words: who said what, about whom, and when.

A word that says protected is kept from every row, refused ones too, about every number that the row
can mean. `Ingen` is kept only of a row that was taken. Nothing is decided here: who is protected
says `sql/protection/protected_pupils.sql`. Not here: SS12000 (`ss12000/derive.py`).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from assets.exports.files.received import ReceivedFile
from assets.exports.pupils.identity_numbers import possible_numbers
from assets.exports.pupils.people import People
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import WORD_MAC, mark_all
from assets.lake.schema import TemporaryTable
from assets.lake.upsert import replace_older_by

#: The only words that say "not protected"; whatever else stands there protects.
NOT_PROTECTED = ("Ingen", "Nej")
#: What names a word. One that somebody has to release takes no place of one that stands by itself.
WORD_KEY = ("reference_key", "source_key", "place_key", "is_protected", "releases_needed")
#: The columns of a frame of words.
WORDS: dict[str, type[pl.DataType] | pl.DataType] = {
    "reference_key": pl.String,
    "source_key": pl.String,
    "place_key": pl.String,
    "is_protected": pl.Boolean,
    "releases_needed": pl.Int8,
    "exported_at": pl.Datetime("us"),
    "file_id": pl.Int64,
}
_SAID: dict[str, type[pl.DataType] | pl.DataType] = {
    "school_unit_code": pl.String,
    "civic_text": pl.String,
    "is_protected": pl.Boolean,
    "source_tag": pl.String,
}
_STAGED = _SAID | {
    "releases_needed": pl.Int8(),
    "exported_at": pl.Datetime("us"),
    "file_id": pl.Int64(),
}
# In a row that lost its cells nobody knows which one speaks of protection.
_MARK = re.compile("sekr|skyd|folkb|protect")
_UNIT = re.compile(r"\d{8}", re.ASCII)


@dataclass(frozen=True)
class LooseWord:
    """A refused row without a row's shape that speaks of protection.

    Attributes:
        file_id: its file.
        exported_at: when that was made.
        numbers: cells with a number, or more than one, in them.
        units: cells that can be a school unit's code.
        source_tag: of its sender.
    """

    file_id: int
    exported_at: datetime
    numbers: tuple[str, ...]
    units: frozenset[str]
    source_tag: str = ""


def loose_word(file: ReceivedFile, cells: Sequence[str]) -> LooseWord | None:
    """Return what a row without shape says of protection; None when it says nothing."""
    if not any(map(speaks_of_a_mark, cells)):
        return None
    numbers = tuple(cell for cell in cells if possible_numbers(cell))
    units = frozenset(cell.strip() for cell in cells if _UNIT.fullmatch(cell.strip()))
    if not numbers:
        return None
    return LooseWord(file.file_id, file.exported_at, numbers, units, file.sender.source_tag)


def speaks_of_a_mark(cell: str) -> bool:
    """Whether a cell has a word of protection in it, whatever else it says."""
    return _MARK.search(cell.casefold()) is not None


def is_protecting(cell: str) -> bool:
    """Whether a cell of a column of protection protects: anything but `Ingen` and `Nej`."""
    return bool(cell) and cell not in NOT_PROTECTED


def strictest_marking(cells: Sequence[str], positions: Sequence[int]) -> str:
    """Return what the cells of two columns or more say of protection: the strictest word."""
    said = [cells[position].strip(" \t") for position in positions]
    return next(filter(is_protecting, said), "") or max(said)


def source_key(sealer: Sealer, layout: str, part: str, tag: str = "") -> str:
    """Return the key of a source: a sender's layout and school unit.

    Args:
        sealer: of the home.
        layout: the layout's name.
        part: the school unit; '' for a file that names none.
        tag: the sender's `source_tag`; '' in a home without senders.
    """
    return sealer.key_text("protection source", f"{tag}{layout}\x1f{part}")


def server_source(person_key: str, tag: str) -> str:
    """Return the key of a sender of SS12000 that speaks of a person.

    `server_source` in `sql/exports/parsing_macros.sql` says the same of whole tables.
    """
    if not tag:
        return person_key
    digest = hashlib.md5(f"{tag}{person_key}".encode(), usedforsecurity=False).hexdigest()
    return str(uuid.UUID(digest))


def store_words(
    connection: duckdb.DuckDBPyConnection,
    people: People,
    arriving: pl.DataFrame,
    layout: str,
    loose: Iterable[LooseWord] = (),
) -> None:
    """Keep what rows of one layout say of protection, and the numbers that they are about.

    Args:
        connection: inside a transaction.
        people: who has met everybody in the rows.
        arriving: as `sql/exports/arriving_identities.sql` gives it.
        layout: the layout's name, part of the source's key.
        loose: what rows without shape say, of the same files.
    """
    store_numbers(connection, people)
    said = pl.concat([_said_by_rows(arriving), _said_loosely(arriving, loose)])
    newest = said.sort("exported_at", "file_id").unique(
        list(_SAID), keep="last", maintain_order=True
    )
    keep_words(connection, _keyed(people, _with_older_source(connection, people, newest, layout)))


def keep_words(connection: duckdb.DuckDBPyConnection, words: pl.DataFrame) -> None:
    """Put words in place of older ones of the same source, reference, place and meaning."""
    if words.height:
        connection.register("words_to_keep", words)
        keep_words_of(connection, "words_to_keep")
        connection.unregister("words_to_keep")


def keep_words_of(connection: duckdb.DuckDBPyConnection, words: TemporaryTable | str) -> None:
    """Do the same with the rows of a temporary table, each marked as ours (`protection_marks`)."""
    marked = f"(SELECT *, {WORD_MAC} AS mark_key FROM {words})"
    replace_older_by(connection, "protection_words", marked, WORD_KEY)
    mark_all(connection)


def words_of_persons(said: Iterable[tuple[ReceivedFile, Iterable[str]]]) -> pl.DataFrame:
    """Return words that call persons of SS12000 protected; `keep_words` keeps them.

    Args:
        said: a file, and the keys of the persons whom it calls so.
    """
    rows = [
        {
            "reference_key": person,
            "source_key": server_source(person, file.sender.source_tag),
            "place_key": None,
            "is_protected": True,
            "releases_needed": None,
            "exported_at": file.exported_at,
            "file_id": file.file_id,
        }
        for file, persons in said
        for person in persons
    ]
    return pl.DataFrame(rows, schema=WORDS)


def store_numbers(connection: duckdb.DuckDBPyConnection, people: People) -> None:
    """Keep every number that was met, so that a word about it finds its pupil, now or later."""
    keep_numbers(connection, people.numbers())


def keep_numbers(connection: duckdb.DuckDBPyConnection, numbers: pl.DataFrame) -> None:
    """Keep numbers with the pupils who have them, and what can mean them.

    Args:
        connection: inside a transaction.
        numbers: number_key, short_key (or null) and pupil_key, as text.
    """
    if numbers.is_empty():
        return
    connection.register("met_numbers", numbers)
    connection.execute(
        "INSERT INTO pupil_numbers BY NAME SELECT DISTINCT cast(number_key AS UUID) AS number_key, "
        "cast(pupil_key AS UUID) AS pupil_key FROM met_numbers "
        "WHERE cast(number_key AS UUID) NOT IN (SELECT number_key FROM pupil_numbers)"
    )
    connection.unregister("met_numbers")
    own = numbers.select(pl.col("number_key").alias("reference_key"), "number_key")
    short = numbers.select(pl.col("short_key").alias("reference_key"), "number_key").drop_nulls()
    keep_references(connection, pl.concat([own, short]))
    mark_all(connection)


def keep_references(connection: duckdb.DuckDBPyConnection, references: pl.DataFrame) -> None:
    """Keep which numbers a reference can mean.

    Args:
        connection: inside a transaction.
        references: reference_key and number_key, as text.
    """
    connection.register("met_references", references)
    connection.execute(
        "INSERT INTO pupil_references BY NAME SELECT DISTINCT "
        "cast(met.reference_key AS UUID) AS reference_key, "
        "cast(met.number_key AS UUID) AS number_key FROM met_references AS met "
        "ANTI JOIN pupil_references AS known "
        "ON cast(met.reference_key AS UUID) = known.reference_key "
        "AND cast(met.number_key AS UUID) = known.number_key"
    )
    connection.unregister("met_references")


def _said_by_rows(arriving: pl.DataFrame) -> pl.DataFrame:
    """Return a row a word: school unit, text, what it says, who says it, and when.

    A refused row whose school unit can't be read was said by the only one of its file.
    """
    placed = arriving.filter(pl.col("school_unit_code") != "")
    only = (
        placed.group_by("file_id")
        .agg(pl.col("school_unit_code").unique())
        .filter(pl.col("school_unit_code").list.len() == 1)
        .select("file_id", pl.col("school_unit_code").list.first().alias("only_unit"))
    )
    rows = arriving.join(only, on="file_id", how="left").with_columns(
        pl.when(pl.col("school_unit_code") == "")
        .then(pl.col("only_unit").fill_null(""))
        .otherwise("school_unit_code")
        .alias("school_unit_code")
    )
    protects = rows.filter("says_protected").with_columns(
        is_protected=pl.lit(True), releases_needed=pl.lit(None, pl.Int8)
    )
    lifts = rows.filter("says_not_protected").with_columns(is_protected=pl.lit(False))
    return pl.concat([words.select(list(_STAGED)) for words in (protects, lifts)])


def _said_loosely(arriving: pl.DataFrame, loose: Iterable[LooseWord]) -> pl.DataFrame:
    """Return the same of rows without shape: by the school unit that they name, or the file's."""
    units = {
        file_id: set(codes) - {""}
        for file_id, codes in arriving.group_by("file_id")
        .agg(pl.col("school_unit_code").unique())
        .iter_rows()
    }
    rows: list[dict[str, object]] = []
    for word in loose:
        known = units.get(word.file_id, set())
        named = known & word.units or known
        rows += [
            {
                "school_unit_code": next(iter(named)) if len(named) == 1 else "",
                "civic_text": number,
                "is_protected": True,
                "source_tag": word.source_tag,
                "releases_needed": None,
                "exported_at": word.exported_at,
                "file_id": word.file_id,
            }
            for number in word.numbers
        ]
    return pl.DataFrame(rows, schema=_STAGED)


def _with_older_source(
    connection: duckdb.DuckDBPyConnection, people: People, said: pl.DataFrame, layout: str
) -> pl.DataFrame:
    """Return words with the keys of their sources.

    What the whole inbox said before there were senders nobody could lift: no sender is it. So what
    a sender says against protection is said for the inbox's source too, and needs its release.
    """
    pairs = said.select("source_tag", "school_unit_code").unique()
    keys = [source_key(people.sealer, layout, code, tag) for tag, code in pairs.iter_rows()]
    older = [source_key(people.sealer, layout, code) for code in pairs["school_unit_code"]]
    sources = pairs.with_columns(
        pl.Series("source_key", keys, pl.String), pl.Series("older_key", older, pl.String)
    )
    keyed = said.join(sources, on=["source_tag", "school_unit_code"])
    lifts = keyed.filter(~pl.col("is_protected") & (pl.col("source_tag") != ""))
    if lifts.is_empty():
        return keyed
    marked = connection.execute(
        "SELECT DISTINCT cast(source_key AS VARCHAR) FROM protection_words WHERE is_protected "
        "AND source_key IN (SELECT cast(unnest($keys) AS UUID))",
        {"keys": older},
    ).fetchall()
    again = lifts.filter(pl.col("older_key").is_in([key for (key,) in marked]))
    return pl.concat([keyed, again.with_columns(source_key=pl.col("older_key"))])


def _keyed(people: People, said: pl.DataFrame) -> pl.DataFrame:
    """Return words as they are stored: a row for each number that a text can mean."""
    texts: list[str] = []
    keys: list[str] = []
    for text in said["civic_text"].unique().to_list():
        meant = people.references(text)
        texts += [text] * len(meant)
        keys += meant
    references = pl.DataFrame(
        {"civic_text": texts, "reference_key": keys},
        schema={"civic_text": pl.String, "reference_key": pl.String},
    )
    return (
        said.join(references, on="civic_text")
        .with_columns(pl.lit(None, pl.String).alias("place_key"))
        .select(list(WORDS))
    )
