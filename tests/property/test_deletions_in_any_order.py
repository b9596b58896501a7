"""Whatever words and deletions come, in whatever files and order, every order gives one lake.

An object is there when its newest word is newer than its newest deletion.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.lake.connection import Lake
from tests.conftest import emptied
from tests.examples import examples
from tests.integration.ingest_files import offer, put
from tests.integration.ss12000_files import ANNA, BO, attendance, event, person, put_page, school
from tests.integration.test_ss12000 import key_of, said, state_of

#: Those that a lesson can't do without: each file is a transaction.
RESOURCES = ("organisations", "persons", "calendarEvents", "attendances")
CIVIC = {ANNA: "201203149800", BO: "201203149818"}
NAMES = {ANNA: "Anna", BO: "Bo"}


class Word(NamedTuple):
    """A word about an object, or that it was taken away, in a file of that day of October."""

    resource: str
    number: int
    day: int
    is_deletion: bool


words = st.lists(
    st.builds(
        Word,
        st.sampled_from(["persons", "calendarEvents", "attendances"]),
        st.integers(0, 1),
        st.integers(10, 16),
        st.booleans(),
    ),
    min_size=3,
    max_size=9,
    unique=True,
)


def id_of(resource: str, number: int) -> str:
    pupil = (ANNA, BO)[number]
    return {
        "persons": pupil,
        "calendarEvents": f"event-{number + 1}",
        "attendances": f"attendance-event-1-{pupil}",
    }[resource]


def object_of(word: Word) -> dict[str, Any]:
    modified = f"2026-10-{word.day:02d}T01:00:00Z"
    if word.resource == "persons":
        # Who was ever protected: the newest file says so again, of Anna only.
        marking = "Sekretessmarkering" if word.number == 0 else "Ingen"
        return person((ANNA, BO)[word.number], modified=modified, securityMarking=marking)
    if word.resource == "calendarEvents":
        return event(f"event-{word.number + 1}", modified=modified)
    return attendance(
        "event-1",
        (ANNA, BO)[word.number],
        modified=modified,
        attendanceMinutes=60 - word.day,
        invalidAbsenceMinutes=word.day,
    )


def file_of(folder: Path, word: Word) -> Path:
    exported = f"202610{word.day:02d}T{'0500' if word.is_deletion else '0400'}"
    name = f"{word.resource}{word.number}"
    if not word.is_deletion:
        return put_page(folder, name, [object_of(word)], exported)
    gone = {"data": {word.resource: [id_of(word.resource, word.number)]}, "pageToken": None}
    return put(folder, f"{name}_gone_{exported}.json", json.dumps(gone))


def stays(resource: str, number: int, happened: list[Word]) -> int | None:
    """Return the day of an object's newest word when it is there, 0 for the first; else None."""
    mine = [word for word in happened if (word.resource, word.number) == (resource, number)]
    said_on = max((word.day for word in mine if not word.is_deletion), default=0)
    gone_on = max((word.day for word in mine if word.is_deletion), default=-1)
    # A day's deletions are made after its words.
    return None if gone_on >= said_on else said_on


def expected(happened: list[Word]) -> list[tuple[str, str, int]]:
    """Return pupil, event and invalid minutes of each lesson that is left."""
    found = []
    for number, pupil in enumerate((ANNA, BO)):
        if stays("persons", number, happened) is None:
            continue
        day = stays("attendances", number, happened)
        if day is not None and stays("calendarEvents", 0, happened) is not None:
            found.append((NAMES[pupil], "event-1", day or 15))
        if stays("calendarEvents", 1, happened) is not None:
            found.append((NAMES[pupil], "event-2", 15))
    return found


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words, st.randoms(use_true_random=False))
def test_words_and_deletions_in_any_order_give_one_lake(
    lake_of_module: Lake, happened: list[Word], chance: Any
) -> None:
    states = []
    with tempfile.TemporaryDirectory() as folder:
        files = [file_of(Path(folder), word) for word in happened]
        usual = Path(folder) / "usual.d"
        first = [put_page(usual, name, school()[name]) for name in RESOURCES]
        for order in (True, False):
            lake = emptied(lake_of_module)
            shuffled = chance.sample(files, len(files))
            if order:
                offer(lake, *first, *files)
            else:
                # Two that come first, alone; the others with the school, a kind at a time.
                for file in shuffled[:2]:
                    offer(lake, file)
                offer(lake, *first, *shuffled[2:])
            found = [(row[0], row[1], row[5]) for row in said(lake)]
            assert found == expected(happened)
            protected = {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
            was_marked = any(w[:2] == ("persons", 0) and not w.is_deletion for w in happened)
            assert (key_of(lake, CIVIC[ANNA]) in protected) is was_marked
            states.append(state_of(lake))
    assert states[0] == states[1]
