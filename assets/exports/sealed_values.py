"""Looks over what is sealed in a lake: each value opens where it stands, and is whose it is.

Says tables and counts, and never a value, a key or a name. Not here: lists as data
(`watchlists/release/remembered.py`), the data files (`lake/data_files.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from assets.exports.pupils.merges import Belonging
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import are_words_whole, changed_words, made_up_releases
from assets.lake.sealed_places import (
    HELD_NAME,
    IDENTITY,
    PERSON,
    SEALED_COLUMNS,
    SealedPlace,
)

_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Unfit:
    """What does not fit in one place.

    Attributes:
        table: of the lake.
        rows: how many of its rows; 0 where nobody can count them.
        what: in words, what does not fit.
    """

    table: str
    rows: int
    what: str

    def __str__(self) -> str:
        """In words."""
        return f"{self.table}: {f'{self.rows} rows: ' if self.rows else ''}{self.what}"


def look_over(lake: Lake) -> list[Unfit]:
    """Return what does not fit; nothing of a lake that is as it was written."""
    sealer = Sealer.of_home(lake.settings.home)
    belongs = Belonging.of_lake(lake)
    found = [*_protection(lake)]
    for place in SEALED_COLUMNS:
        wrong = sum(not fits for fits in _fits(lake, sealer, belongs, place))
        if wrong:
            found.append(
                Unfit(place.table, wrong, f"{place.column} does not open, or is another row's")
            )
    strangers = _strangers(lake, sealer, belongs)
    if strangers:
        found.append(Unfit("identity_sources", strangers, "the identity is not that pupil's"))
    return found


def _protection(lake: Lake) -> Iterator[Unfit]:
    changed = changed_words(lake.connection)
    if changed:
        yield Unfit("protection_words", changed, "the mark does not fit the word")
    for table, rows in made_up_releases(lake.connection).items():
        yield Unfit(table, rows, "the mark does not fit: it releases nothing")
    if not are_words_whole(lake.connection):
        what = "words for protection were changed or removed, so nobody knows who is protected"
        yield Unfit("protection_totals", 0, what)
    ((lost,),) = lake.rows(
        "SELECT count(*) FROM pupil_numbers "
        "WHERE number_key NOT IN (SELECT number_key FROM pupil_references)"
    )
    ((unknown,),) = lake.rows(
        "SELECT count(DISTINCT pupil_key) FROM identity_sources "
        "WHERE pupil_key NOT IN (SELECT pupil_key FROM pupil_numbers)"
    )
    if lost:
        yield Unfit("pupil_references", lost, "a number that no word of protection can mean")
    if unknown:
        yield Unfit("pupil_numbers", unknown, "a pupil whom no word of protection can mean")


def _fits(lake: Lake, sealer: Sealer, belongs: Belonging, place: SealedPlace) -> Iterator[bool]:
    """Yield whether each value of a place opens there and is the row's."""
    more = ", cast(pupil_key AS VARCHAR)" if place == PERSON else ""
    cursor = lake.connection.execute(
        f"SELECT {', '.join((*place.bound_to, place.column))}{more} FROM {place.table} "
        f"WHERE {place.column} IS NOT NULL"
    )
    bound = len(place.bound_to)
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        for row in rows:
            said = sealer.opened(place, row[:bound], row[bound])
            if said is not None and place == PERSON:
                yield belongs.to(row[bound + 1], said)
            elif said is not None and place == HELD_NAME:
                yield sealer.key("held file", os.fsencode(said["path"]).hex()) == row[0]
            else:
                yield said is not None


def _strangers(lake: Lake, sealer: Sealer, belongs: Belonging) -> int:
    """Return how many sources name a pupil by an identity that is there and is another pupil's."""
    said: dict[str, dict[str, str] | None] = {}
    for content_key, sealed in lake.rows(
        "SELECT cast(content_key AS VARCHAR), sealed FROM identities"
    ):
        said[content_key] = sealer.opened(IDENTITY, (content_key,), sealed)
    count = 0
    for pupil_key, content_key in lake.rows(
        "SELECT cast(pupil_key AS VARCHAR), cast(content_key AS VARCHAR) FROM identity_sources"
    ):
        identity = said.get(content_key)
        # One that does not open is counted where it stands.
        is_unopened = content_key in said and identity is None
        count += not is_unopened and (identity is None or not belongs.to(pupil_key, identity))
    return count
