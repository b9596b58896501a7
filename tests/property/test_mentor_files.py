"""Whatever people are called, a mentor's file has the own pupils and nothing of anybody else's."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.lake.encryption import Sealer
from assets.watchlists.collect.mentors import key_of_mentor, people_in
from assets.watchlists.mentor_lists import rows_of
from assets.watchlists.model import (
    AtRiskRow,
    Chance,
    ClearedPupil,
    Mentor,
    PupilRow,
    ThinRow,
    Watchlist,
)
from assets.watchlists.release.publish import ListToPublish, Provenance, publish_watchlist
from tests.examples import examples
from tests.oracle.mentors import mentors_in as named_by_oracle
from tests.unit import watchlist_factory as make
from tests.unit.mentor_reader import mentors_in

SEALER = Sealer.unkept()
# Equal, equal but for case, ending in a quote, a word that workbooks reserve, long, and worse.
HOSTILE = (
    "Anna Ek", "Anna Ek", "ANNA EK", "Anna Ek'", "History", "x" * 60, "../../x", "CON", "a/b\\c",
    "=cmd|' /C calc'!A0", "<script>", "Zoë 🙂", "nul.xlsx", " ", "\x00",
)  # fmt: skip
KINDS = ("pupils", "insufficient", "cleared", "at_risk", "thin")
NOBODYS = ("Q7principalQ", "Q7noticeQ", "987654", "Q7otherclassQ")


@dataclass(frozen=True)
class School:
    """A list, and the mentors of each pupil by the mark that stands in the pupil's name."""

    watchlist: Watchlist
    mentors: tuple[Mentor, ...]
    of_pupil: dict[str, frozenset[str]]


def mark(number: int) -> str:
    return f"Q{number:03d}pupilQ"


def row(
    kind: str, number: int, name: str, mentors: tuple[Mentor, ...]
) -> PupilRow | ClearedPupil | AtRiskRow | ThinRow:
    given_name, family_name = f"{name}{mark(number)}", name
    who: dict[str, Any] = {
        "mentor": ", ".join(mentor.name for mentor in mentors),
        "mentors": mentors,
        "school_class": f"Q{number % 4}classQ",
        "pupil_key": f"Q{number:03d}keyQ",
    }
    if kind == "insufficient":
        return make.unassessed(given_name, family_name, **who)
    if kind == "cleared":
        return make.cleared(given_name, family_name, **who)
    if kind == "pupils":
        return make.pupil(given_name, family_name, level=1 + number % 3, **who)
    who |= {"given_name": given_name, "family_name": family_name, "birth_date": None, "grade": 7}
    if kind == "thin":
        return ThinRow(**who, percent=20, first_date=date(2026, 11, 1))
    chance = Chance(date(2026, 11, 30), 0.4)
    return AtRiskRow(
        **who,
        threshold_bp=2000,
        is_strict=False,
        one_month=make.sums(500),
        month_end=chance,
        four_weeks=None,
    )


@st.composite
def schools(draw: st.DrawFn) -> School:
    """A school whose pupils have none, one or several mentors."""
    called = draw(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=6))
    mentors = tuple(
        Mentor(
            key_of_mentor(SEALER, name, f"q7{n}@skola.example"),
            # Some are called alike; the mark of others tells that a name is another's.
            name if draw(st.booleans()) else f"{name}Q{n}mentorQ",
        )
        for n, name in enumerate(called)
    )
    mine = st.lists(st.sampled_from(mentors), max_size=3, unique=True)
    pupils = draw(
        st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(HOSTILE), mine), max_size=12)
    )
    rows: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    of_pupil: dict[str, frozenset[str]] = {}
    for number, (kind, name, own) in enumerate(pupils):
        rows[kind].append(row(kind, number, name, tuple(own)))
        of_pupil[mark(number)] = frozenset(mentor.key for mentor in own)
    unreported = (
        *(make.unreported(f"Q{n}classQ", f"Q{n}subjectQ") for n in range(4)),
        make.unreported("Q7otherclassQ"),
    )
    watchlist = make.watchlist(
        principal="Q7principalQ",
        notices=("Q7noticeQ", "Q7noticeQ"),
        protected_pupils=987654,
        pupils_evaluated=987654,
        lost_rows=987654,
        unreported=unreported,
        compared_with="2026-W45" if rows["cleared"] else draw(st.sampled_from(("", "2026-W45"))),
        is_frozen=False,
    )
    parts: dict[str, Any] = {kind: tuple(found) for kind, found in rows.items()}
    whole = replace(watchlist, **parts)
    return School(whole, mentors, of_pupil)


def holding(files: dict[str, dict[str, str]], text: str) -> set[str]:
    return {key for key, own in files.items() if any(text in found for found in own.values())}


def marks_of_others(school: School, key: str) -> Iterable[str]:
    """What may stand in no file of a mentor."""
    for pupil, mentors in school.of_pupil.items():
        if key not in mentors:
            yield pupil
    for mentor in school.mentors:
        if mentor.key != key:
            yield mentor.key
            yield from re.findall(r"Q\dmentorQ", mentor.name)
    classes = {row.school_class for row in rows_of(school.watchlist) if key in keys_of(row)}
    for number in range(4):
        if f"Q{number}classQ" not in classes:
            yield f"Q{number}classQ"
            yield f"Q{number}subjectQ"
    yield from (pupil.replace("pupil", "key") for pupil in school.of_pupil)
    yield from (f"q7{n}@skola.example" for n in range(len(school.mentors)))
    yield from NOBODYS


def keys_of(row: PupilRow | ClearedPupil | AtRiskRow | ThinRow) -> set[str]:
    return {mentor.key for mentor in row.mentors}


@given(school=schools())
@settings(max_examples=examples(40))
def test_a_mentors_files_hold_the_own_pupils_and_nothing_of_others(school: School) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        entry = ListToPublish(
            school.watchlist, Provenance(1, "", ()), school.watchlist, has_mentor_files=True
        )
        place = publish_watchlist(home, "current", entry)
        files = mentors_in(place)
        paths = [str(path.relative_to(home)) for path in home.rglob("*")]
    for pupil, mentors in school.of_pupil.items():
        assert holding(files, pupil) == set(mentors)
    for key, own in files.items():
        assert sorted(own) == [".html", ".xlsx"]
        assert all(pupil in text for text in own.values() for pupil in pupils_of(school, key))
        found = {text for text in marks_of_others(school, key) if text in "".join(own.values())}
        assert found == set()
    # Folders of two mentors never meet, also where letters have no case; and no name is in a path.
    assert len({key.casefold() for key in files}) == len(files)
    assert all(re.fullmatch(r"[A-Za-z0-9./_-]+", path) for path in paths)
    assert not any("Q" in path for path in paths if "mentorer" in path)


def pupils_of(school: School, key: str) -> list[str]:
    return [pupil for pupil, mentors in school.of_pupil.items() if key in mentors]


NAMES = st.sampled_from(["Anna Ek", "Ek, Anna", "Bo Ask", "Bo O'Neil", "Åsa"])
ADDRESSES = st.sampled_from(["a@s.example", "A@S.example", "<b@s.example>", "c@s.example", "none"])


@given(
    names=st.lists(NAMES, max_size=3),
    between_names=st.sampled_from([", ", ";", " / ", " & ", " och "]),
    addresses=st.lists(ADDRESSES, max_size=4),
    between=st.sampled_from([",", ", ", ";", " ; ", " "]),
)
@settings(max_examples=examples(300))
def test_the_people_of_a_cell_are_those_that_the_oracle_reads(
    names: list[str], between_names: str, addresses: list[str], between: str
) -> None:
    cell = {"name": between_names.join(names), "email": between.join(addresses)}
    assert list(people_in(cell)) == named_by_oracle(cell["name"], cell["email"])
