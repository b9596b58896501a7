"""One generated pupil: identity, lessons, spells, and what each source says about protection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from tests.oracle.fates import FATES, Spell
from tests.oracle.identities import KINDS, civic_no
from tests.oracle.setting import Setting
from tests.oracle.shapes import EMPTY_DESK, SHAPES
from tests.oracle.timetable import DOUBLE_BOOKED, Lesson, weekly_lessons

# (is it a roster?, school, export time) → whether that file marks the pupil as protected.
Marking = Callable[[bool, str, datetime], bool]
PROTECTED_SHARE = 0.08
IDENTITIES_PER_TOWN = 100


@dataclass(frozen=True)
class Story:
    """What happens to one pupil; the first of each is the simplest, for shrinking."""

    shape: str = EMPTY_DESK
    fate: str = "stays"


@dataclass
class Pupil:
    """A pupil as the town knows them, before any export is made."""

    civic_no: str
    grade: int | None
    roster_grade: int | None
    mentor: str
    # The class changes name on this day; None when it never does.
    renamed_on: date | None
    lessons: list[Lesson] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    marking: Marking = field(default=lambda _roster, _school, _at: False)

    def class_on(self, day: date, subject: str) -> str:
        """8A until the renaming, 8B from then on; 8S in the lessons that are double booked."""
        letter = "B" if self.renamed_on is not None and day >= self.renamed_on else "A"
        letter = "S" if subject == DOUBLE_BOOKED else letter
        return f"{'X' if self.grade is None else self.grade}{letter}"


def pupil_of(story: Story, desk: int, setting: Setting) -> Pupil:
    """The pupil at desk number `desk`. Depends on nobody else, so that others can be taken away."""
    rng = Random(f"{setting.seed}-{desk}")  # noqa: S311 - a town is no secret
    kind = rng.choices(KINDS, (85, 10, 5))[0]
    number = setting.seed * IDENTITIES_PER_TOWN % 70_000 + desk
    grade = rng.choice((None, 0, 3, 3, 4, 4, 5, 6, 7, 8, 9, 9))
    pupil = Pupil(
        civic_no=civic_no(number, kind),
        grade=grade,
        roster_grade=rng.choice((grade, grade, grade, None, 7)),
        mentor=rng.choice(("", "Mo Mentor", "Mia Mentor")),
        renamed_on=rng.choice((None, None, rng.choice(setting.school_days))),
    )
    home = rng.choice(setting.schools).code
    lessons = weekly_lessons(setting, home, rng)
    lessons, pupil.spells = FATES[story.fate](lessons, setting, rng)
    pupil.lessons = SHAPES[story.shape](lessons, setting, rng)
    pupil.marking = _marking(setting, rng)
    return pupil


def _marking(setting: Setting, rng: Random) -> Marking:
    if rng.random() > PROTECTED_SHARE:
        return lambda _roster, _school, _at: False
    pivot = datetime.combine(rng.choice(setting.school_days), datetime.min.time())
    one_school = rng.choice(setting.schools).code
    return rng.choice(
        (
            lambda _roster, _school, _at: True,
            lambda roster, _school, _at: roster,
            lambda roster, _school, _at: not roster,
            lambda _roster, school, _at: school == one_school,
            # Newly protected, and no longer protected: the newest word of each source counts.
            lambda _roster, _school, at: at >= pivot,
            lambda _roster, _school, at: at < pivot,
        )
    )
