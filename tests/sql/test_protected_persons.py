"""Which persons of SS12000 are protected, against a few lines of plain Python.

Two thousand persons at once, each with a handful of words of two sources at five moments: every
order of a mark, a lift and a mark again is among them, with releases by one or two people, and with
marks that somebody made up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from uuid import UUID

import polars as pl

from assets.lake.connection import Lake
from assets.lake.protection_marks import LIFT_MAC, WORD_MAC
from tests.sql.given import ANNA, given, key, moment

PERSONS = 2000
SOURCES = (key("register"), key("school system"))
TIMES = tuple(moment(f"10-0{day} 04:00") for day in range(1, 6))


@dataclass(frozen=True)
class Word:
    """What a source said of a person, at a place in TIMES."""

    source: object
    at: int
    is_protected: bool
    needed: int | None
    is_made_up: bool


@dataclass(frozen=True)
class Release:
    """Somebody released what a source had said up to a place in TIMES."""

    source: object
    until: int
    uid: int
    is_made_up: bool


def made(random: Random) -> tuple[list[Word], list[Release]]:
    """Return words and releases of one person."""
    words = [
        Word(
            random.choice(SOURCES),
            random.randrange(len(TIMES)),
            random.random() < 0.5,
            random.choice((None, None, 1, 2)),
            random.random() < 0.15,
        )
        for _ in range(random.randrange(1, 6))
    ]
    releases = [
        Release(
            random.choice(SOURCES),
            random.randrange(len(TIMES)),
            random.choice((1, 2)),
            random.random() < 0.15,
        )
        for _ in range(random.randrange(4))
    ]
    return words, releases


def is_protected(words: Iterable[Word], releases: Iterable[Release]) -> bool:
    """Whether any source's newest mark is not lifted by a newer word that counts."""
    until: dict[object, dict[int, int]] = defaultdict(dict)
    for one in releases:
        if not one.is_made_up:
            people = until[one.source]
            people[one.uid] = max(one.until, people.get(one.uid, -1))
    for source in SOURCES:
        said = [word for word in words if word.source == source]
        marks = [word.at for word in said if word.is_protected]
        if not marks:
            continue
        latest = sorted(until[source].values(), reverse=True)

        def lifts(word: Word, mark: int, latest: list[int] = latest) -> bool:
            if word.is_protected or word.is_made_up or word.at <= mark:
                return False
            if word.needed is None:
                return True
            return len(latest) >= word.needed and latest[word.needed - 1] > mark

        if not any(lifts(word, max(marks)) for word in said):
            return True
    return False


def put(lake: Lake, table: str, mac: str, rows: list[dict[str, object]]) -> None:
    """Put rows into a table that stands before the lake's, marked but for those made up."""
    given(lake, table)
    frame = pl.DataFrame(
        [
            {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
            for row in rows
        ],
        infer_schema_length=None,
    )
    lake.connection.register("rows_to_put", frame)
    lake.connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (is_made_up) FROM rows_to_put"
    )
    lake.connection.unregister("rows_to_put")
    made_up = lake.load("made_up_rows", frame.select("mark_key").filter(frame["is_made_up"]))
    lake.connection.execute(
        f"UPDATE {table} SET mark_key = {mac} WHERE mark_key NOT IN "
        f"(SELECT cast(mark_key AS UUID) FROM {made_up})"
    )


def test_a_person_is_protected_as_plain_python_says(scratch: Lake) -> None:
    random = Random(0)  # noqa: S311 - no secret
    town = {key(f"person {number}"): made(random) for number in range(PERSONS)}
    wanted = {str(person) for person, said in town.items() if is_protected(*said)}
    assert PERSONS / 5 < len(wanted) < PERSONS * 4 / 5
    put(
        scratch,
        "protection_words",
        WORD_MAC,
        [
            {
                "reference_key": person,
                "source_key": word.source,
                "is_protected": word.is_protected,
                "releases_needed": word.needed,
                "exported_at": TIMES[word.at],
                "file_id": 1,
                "mark_key": key(f"{person} {number}"),
                "is_made_up": word.is_made_up,
            }
            for person, (words, _) in town.items()
            for number, word in enumerate(words)
        ],
    )
    put(
        scratch,
        "lift_releases",
        LIFT_MAC,
        [
            {
                "reference_key": person,
                "source_key": one.source,
                "until_at": TIMES[one.until],
                "uid": one.uid,
                "login": "anna",
                "released_at": TIMES[-1],
                "mark_key": key(f"{person} {number} released"),
                "is_made_up": one.is_made_up,
            }
            for person, (_, releases) in town.items()
            for number, one in enumerate(releases)
        ],
    )
    assert ANNA not in town
    found = scratch.relation("protection/protected_persons")
    assert set(found["person_key"].cast(str)) == wanted
    assert found["person_key"].n_unique() == found.height
