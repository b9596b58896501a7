"""Sealed values of a lake opened for a test, and words of protection marked as if stored."""

from __future__ import annotations

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import WORD_MAC, know_key, mark_all
from assets.lake.sealed_places import SealedPlace


def opened(lake: Lake, place: SealedPlace, where: str = "true") -> list[dict[str, str]]:
    """Return what is sealed in the rows of a place, each opened where it stands."""
    sealer = Sealer.of_home(lake.settings.home)
    columns = ", ".join((*place.bound_to, place.column))
    rows = lake.rows(
        f"SELECT {columns} FROM {place.table} WHERE {place.column} IS NOT NULL AND {where}"
    )
    return [sealer.unseal(place, row[:-1], row[-1]) for row in rows]


def mark_words(lake: Lake) -> None:
    """Mark words of protection that a test wrote itself, so that the lake takes them for its own.

    Of a temporary table that stands before the lake's no total is kept.
    """
    know_key(lake.connection, Sealer.of_home(lake.settings.home))
    lake.connection.execute(f"UPDATE protection_words SET mark_key = {WORD_MAC}")
    mark_all(lake.connection)
