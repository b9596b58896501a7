"""Who the mentors of a pupil are, each a person with a key of the own.

A source says in one word who is mentor: a cell of a roster can hold two addresses, and an SS12000
group can have two duties. The lake keeps that word under one key (`staff`); here it becomes people.
Not here: whose pupils stand on which list (`mentor_lists.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from assets.flags.answers import staff_words
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.model import ClearedPupil, Mentor, PupilRow, Watchlist

Row = TypeVar("Row", PupilRow, ClearedPupil)
_BETWEEN_ADDRESSES = re.compile(r"[,;\s]+")
# A name can hold a comma ("Ek, Anna"), so what parts the names is what gives as many as addresses.
_BETWEEN_NAMES = (r";", r"/", r"&", r"\boch\b", r",")


def people_in(sealed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and address of each person in an opened word about mentors.

    Args:
        sealed: `name` and `email` as the source has them, each of one or several people; or
            `mentors`, pairs of both as JSON, where the source tells them apart itself.

    A word without an address is one person, whatever the name looks like: "Ek, Anna" is not two.
    Where the names can't be told apart, the addresses stand without them.
    """
    if sealed.get("mentors"):
        for name, email in json.loads(sealed["mentors"]):
            yield from people_in({"name": name, "email": email})
        return
    name = sealed["name"].strip()
    addresses: dict[str, str] = {}  # in order, each once however its letters are written
    for part in _BETWEEN_ADDRESSES.split(sealed["email"]):
        if "@" in part:
            addresses.setdefault(part.strip("<>").casefold(), part.strip("<>"))
    if addresses:
        yield from zip(_names(name, len(addresses)), addresses.values(), strict=True)
    elif name:
        yield name, ""


def _names(text: str, count: int) -> list[str]:
    if count == 1:
        return [text]
    for between in _BETWEEN_NAMES:
        parts = [part.strip() for part in re.split(between, text)]
        if len(parts) == count and all(parts):
            return parts
    return [""] * count


def key_of_mentor(sealer: Sealer, name: str, address: str) -> str:
    """Return the key of a mentor, which names folders and files.

    Made of the address alone, however the name is spelt, and without one of the name; with the
    home's secret, so that nobody turns the name of a folder back into a person.
    """
    told_apart = f"address\x1f{address.casefold()}" if address else f"name\x1f{name}"
    return sealer.key_text("mentor", told_apart)


@dataclass(frozen=True)
class Staff:
    """Names of staff, and each mentor, by the key of the word about them as text."""

    names: Mapping[str, str]
    mentors: Mapping[str, tuple[Mentor, ...]]

    @classmethod
    def of_lake(cls, lake: Lake) -> Self:
        """Read it."""
        sealer = Sealer.of_home(lake.settings.home)
        words = staff_words(lake)
        return cls(
            {key: word["name"] for key, word in words.items()},
            {
                key: tuple(
                    Mentor(key_of_mentor(sealer, name, address), name or address)
                    for name, address in people_in(word)
                )
                for key, word in words.items()
            },
        )

    def of_row(self, key: str | None) -> dict[str, Any]:
        """Return `mentor` and `mentors` of a list's row."""
        return {"mentor": self.names.get(key or "", ""), "mentors": self.mentors.get(key or "", ())}


def with_mentors(watchlist: Watchlist, staff: Staff) -> Watchlist:
    """Return a list that was kept before lists knew each mentor of a pupil, with them.

    Args:
        watchlist: a list as it was published; rows that have mentors stay as they are.
        staff: of the lake.
    """

    def known(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            row if row.mentors else replace(row, mentors=staff.mentors.get(row.mentor_key, ()))
            for row in rows
        )

    return replace(
        watchlist,
        pupils=known(watchlist.pupils),
        insufficient=known(watchlist.insufficient),
        cleared=known(watchlist.cleared),
    )
