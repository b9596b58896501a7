"""Where a pupil goes during the span: stays, moves, leaves, arrives, is in two schools.

A fate decides the school of each lesson, drops lessons, and writes the pupil's time in each
school (the spells that the rosters show). It comes before the shape: a shape that aims at an
exact share must see the lessons that there will be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.oracle.setting import Setting
from tests.oracle.timetable import Lesson

LONG_AGO = date(2021, 8, 16)
AROUND = (-1, 0, 1)


@dataclass(frozen=True)
class Spell:
    """A pupil's time in one school, as its roster has it."""

    school: str
    start: date | None
    end: date | None = None


Path = tuple[list[Lesson], list[Spell]]
Fate = Callable[[list[Lesson], Setting, Random], Path]


def stays(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """One school all the time; the roster may say when it will end."""
    end = rng.choice((None, None, setting.last_day + timedelta(days=200)))
    return lessons, [Spell(_home(lessons, setting), rng.choice((None, LONG_AGO)), end)]


def moves(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """To another school in mid-span; the two rosters agree, or not quite."""
    old, new = _two_schools(lessons, setting, rng)
    day = rng.choice(setting.school_days)
    for lesson in lessons:
        if lesson.day >= day:
            lesson.school = new
    before = Spell(old, LONG_AGO, day - timedelta(days=1))
    after = Spell(new, day)
    rosters = [
        [before, after],
        [before],
        [after],
        [Spell(old, LONG_AGO), after],
        [before, Spell(new, setting.last_day)],
        [Spell(old, None), Spell(new, None)],
        [Spell(old, LONG_AGO, day), Spell(new, LONG_AGO)],
    ]
    return lessons, rng.choice(rosters)


def leaves(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """Lessons stop some three weeks before an as_of, or the roster ends around one."""
    as_of = rng.choice(setting.as_ofs)
    last = as_of - timedelta(days=rng.choice((19, 20, 21, 22, 35)))
    roster_end = rng.choice((None, last, *(as_of + timedelta(days=n) for n in AROUND)))
    if rng.random() < 0.7:
        lessons = [x for x in lessons if x.day <= last]
    return lessons, [Spell(_home(lessons, setting), LONG_AGO, roster_end)]


def arrives(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """New in the town: nothing before some day; the roster may start later still."""
    first = rng.choice(setting.school_days)
    as_of = rng.choice(setting.as_ofs)
    start = rng.choice((first, *(as_of + timedelta(days=n) for n in AROUND)))
    return [x for x in lessons if x.day >= first], [Spell(_home(lessons, setting), start)]


def attends_two(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """Lessons at two schools at a time; both rosters claim the pupil, or one, or none."""
    one, other = _two_schools(lessons, setting, rng)
    for lesson in lessons:
        lesson.school = rng.choice((one, one, other))
    later = setting.first_day + timedelta(days=30)
    rosters = [
        [Spell(one, LONG_AGO), Spell(other, LONG_AGO)],
        [Spell(one, LONG_AGO), Spell(other, later)],
        [Spell(one, None), Spell(other, LONG_AGO, setting.anchor)],
        [Spell(other, LONG_AGO)],
        [Spell(one, LONG_AGO), Spell(one, later)],
        [],
    ]
    return lessons, rng.choice(rosters)


def waits(lessons: list[Lesson], setting: Setting, rng: Random) -> Path:
    """On a roster, without one lesson in any export."""
    return [], [Spell(_home(lessons, setting), rng.choice((None, LONG_AGO)))]


FATES: dict[str, Fate] = {
    "stays": stays,
    "moves": moves,
    "leaves": leaves,
    "arrives": arrives,
    "attends two": attends_two,
    "waits": waits,
}


def _home(lessons: list[Lesson], setting: Setting) -> str:
    return lessons[0].school if lessons else setting.schools[0].code


def _two_schools(lessons: list[Lesson], setting: Setting, rng: Random) -> tuple[str, str]:
    home = _home(lessons, setting)
    others = [s.code for s in setting.schools if s.code != home]
    return home, rng.choice(others) if others else home
