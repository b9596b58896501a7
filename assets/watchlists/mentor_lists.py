"""Whose pupils stand on a school's list: a mentor's own list, and the overview of all mentors.

A mentor's list is the school's with everything taken away that is another's: pupils, the other
mentor of an own pupil, counts of the school, notices about it, and how many pupils are protected.
Not here: who is mentor of whom (`collect/mentors.py`), files (`release/mentor_files.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from assets.watchlists.model import (
    AtRiskRow,
    ClearedPupil,
    Mentor,
    PupilRow,
    ThinRow,
    UnreportedLessons,
    Watchlist,
)
from assets.watchlists.swedish import mentor_texts
from assets.watchlists.swedish.safe_text import one_line

Row = TypeVar("Row", PupilRow, ClearedPupil, AtRiskRow, ThinRow)
WordedRow = TypeVar("WordedRow", PupilRow, ClearedPupil)
_SWEDISH_ORDER = str.maketrans("åäö", "{|}")  # å, ä, ö come after z


def rows_of(watchlist: Watchlist) -> Iterator[PupilRow | ClearedPupil | AtRiskRow | ThinRow]:
    """Yield every row about a pupil; a pupil can have several."""
    yield from watchlist.pupils
    yield from watchlist.insufficient
    yield from watchlist.cleared
    yield from watchlist.at_risk
    yield from watchlist.thin


def mentors_on(watchlist: Watchlist) -> tuple[Mentor, ...]:
    """Return every mentor of somebody on a list, each key once, in Swedish alphabetical order."""
    spelt: dict[str, Counter[str]] = {}
    for row in rows_of(watchlist):
        for mentor in row.mentors:
            spelt.setdefault(mentor.key, Counter())[mentor.name] += 1
    # Rosters can spell one person's name in several ways: the one that most rows have.
    found = (
        Mentor(key, min(names, key=lambda name: (-names[name], name)))
        for key, names in spelt.items()
    )
    return tuple(sorted(found, key=lambda one: (_alphabetical(one.name), one.key)))


def _alphabetical(name: str) -> str:
    return one_line(name).casefold().translate(_SWEDISH_ORDER)


def watchlist_of_mentor(watchlist: Watchlist, mentor: Mentor) -> Watchlist:
    """Return a school's list as one mentor may read it.

    Own pupils only, and the lessons without a report of classes that own pupils are in. What is
    left out of the school's notices is told by one sentence without a number.

    Args:
        watchlist: the school's list.
        mentor: one of `mentors_on`.
    """

    def own(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            replace(row, mentor=mentor.name, mentors=(mentor,))
            for row in rows
            if _is_of(row, mentor)
        )

    mine = replace(
        watchlist,
        principal="",
        pupils=_without_word(own(watchlist.pupils)),
        insufficient=_without_word(own(watchlist.insufficient)),
        cleared=_without_word(own(watchlist.cleared)),
        at_risk=own(watchlist.at_risk),
        thin=own(watchlist.thin),
        pupils_evaluated=0,
        protected_pupils=0,
        lost_rows=0,
        lessons_without_attendance=0,
        told_weeks=(),
        notices=mentor_texts.notices(watchlist),
        held=(),
    )
    here = (row for row in rows_of(mine) if not isinstance(row, ClearedPupil))
    classes = {row.school_class for row in here} - {""}
    unreported = (
        # How many pupils of the class a lesson has is not the mentor's business.
        replace(lessons, pupil_lessons=0)
        for lessons in watchlist.unreported
        if lessons.school_class in classes
    )
    return replace(mine, unreported=_most_lessons_first(unreported))


def _without_word(rows: tuple[WordedRow, ...]) -> tuple[WordedRow, ...]:
    """Return the rows without the key of the word about mentors: it stands for the others, too."""
    return tuple(replace(row, mentor_key="") for row in rows)


def _is_of(row: PupilRow | ClearedPupil | AtRiskRow | ThinRow, mentor: Mentor) -> bool:
    return any(one.key == mentor.key for one in row.mentors)


def _most_lessons_first(lessons: Iterable[UnreportedLessons]) -> tuple[UnreportedLessons, ...]:
    # The school's order has the number of pupils in it.
    return tuple(
        sorted(lessons, key=lambda row: (-row.recent_lessons, row.school_class, row.subject))
    )


def listed_pupils(watchlist: Watchlist) -> tuple[PupilRow, ...]:
    """Return the pupils with a hit, then those for whom the data only say too little.

    To leave the latter out of a mentor's list would read as "no problem".
    """
    only_insufficient = tuple(pupil for pupil in watchlist.insufficient if pupil.level == 0)
    return watchlist.pupils + only_insufficient
