"""Hypothesis strategies: whole small towns of 1-3 schools and some forty pupils.

Hypothesis chooses the structure (dates, dialects, one story per desk, the order in which files
arrive); a seeded generator fills in the lessons. So a town is made fast, and shrinking takes
pupils away one by one: an empty desk is the simplest story.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.oracle.exports import ExportFile, files_of
from tests.oracle.fates import FATES
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.monthly_reports import BESIDE, INSTEAD, LESSONS, with_habits
from tests.oracle.pupils import Story, pupil_of
from tests.oracle.setting import School, Setting
from tests.oracle.shapes import EMPTY_DESK, SHAPES
from tests.oracle.sums import SumRow
from tests.oracle.windows import latest_completed_month
from tests.oracle.writers import Dialect

T = TypeVar("T")
ONE_DAY = timedelta(days=1)
DESKS = 54
# Bytes that a setting and an order of arrival may spend, at most.
CHOICES_OF_SETTING = 40
MOST_FILES_PER_SCHOOL = 9
CHOICES_OF_HABITS = 3
CHOICES_OF_ARRIVAL = 2 + MOST_FILES_PER_SCHOOL * 3
SCHOOL_CODES = ("99999901", "99999902", "99999903")
# Month ends, mid-month, a leap day, both sides of 1 July, the clocks' two change nights.
ANCHORS = (
    date(2026, 10, 31),
    date(2025, 11, 16),
    date(2026, 10, 25),
    date(2026, 9, 30),
    date(2025, 8, 31),
    date(2026, 8, 30),
    date(2026, 7, 31),
    date(2025, 7, 12),
    date(2025, 6, 30),
    date(2026, 3, 29),
    date(2024, 2, 29),
    date(2026, 1, 11),
)
# Half of the desks seek an edge; a quarter stand empty, so that towns differ in size.
SHAPE_ODDS = (
    *[EMPTY_DESK] * 4,
    "by chance",
    "by chance",
    *["at threshold"] * 5,
    "at threshold in each half",
    *["at minimum days"] * 3,
    *["at coverage"] * 2,
    "patchy",
    "often cancelled",
)
FATE_ODDS = (
    *["stays"] * 8,
    "moves",
    "moves",
    "leaves",
    "leaves",
    "arrives",
    "attends two",
    "waits",
)


@dataclass(frozen=True, repr=False)
class Town:
    """Schools with their pupils, the files that they sent, and the order these arrive in."""

    setting: Setting
    stories: tuple[Story, ...]
    files: tuple[ExportFile, ...]
    # Indexes into `files`, batch by batch; a file may come twice.
    arrivals: tuple[tuple[int, ...], ...] = ()

    @property
    def lessons(self) -> list[LessonRow]:
        """Every lesson row that was ever exported, newest or not."""
        return [row for file in self.files for row in file.lessons]

    @property
    def roster(self) -> list[RosterRow]:
        return [row for file in self.files for row in file.roster]

    @property
    def sums(self) -> list[SumRow]:
        """Every sum of a month that was ever reported."""
        return [row for file in self.files for row in file.sums]

    @property
    def months(self) -> list[str]:
        """The months with a lesson or a sum in some file, `YYYY-MM`."""
        days = [row.start for row in self.lessons] + [row.first for row in self.sums]
        return sorted({f"{day:%Y-%m}" for day in days})

    def __repr__(self) -> str:
        """The choices that made it."""
        seated = {n: s for n, s in enumerate(self.stories) if s.shape != EMPTY_DESK}
        return f"Town({self.setting}, stories={seated}, arrivals={self.arrivals})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Hypothesis prints a dataclass field by field, here thousands of rows, if it may."""
        printer.text(repr(self))


def town_of(setting: Setting, stories: tuple[Story, ...]) -> Town:
    """The town that these choices make, without the order of arrival."""
    pupils = [
        pupil_of(story, desk, setting)
        for desk, story in enumerate(stories)
        if story.shape != EMPTY_DESK
    ]
    return Town(setting, stories, tuple(files_of(pupils, setting)))


def towns(desks: int = DESKS) -> st.SearchStrategy[Town]:
    """A town, its files and the order in which they arrive.

    All the choices are one string of bytes. Drawn one by one, hypothesis would spend four
    examples in five on near copies of the one before, which cost seconds each here.
    """
    size = _bytes_for(desks)
    return st.binary(min_size=size, max_size=size).map(lambda b: _town(_Choices(b), desks))


def town_of_bytes(random_bytes: Callable[[int], bytes], desks: int = DESKS) -> Town:
    """A town without hypothesis: `town_of_bytes(Random(7).randbytes)`."""
    return _town(_Choices(random_bytes(_bytes_for(desks))), desks)


def _bytes_for(desks: int) -> int:
    return CHOICES_OF_SETTING + 2 * desks + CHOICES_OF_HABITS + CHOICES_OF_ARRIVAL


class _Choices:
    """Bytes spent one at a time; a zero picks the first option, so that is the simplest."""

    def __init__(self, source: bytes) -> None:
        self._bytes = iter(source)

    def number(self, below: int) -> int:
        return next(self._bytes) % below

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(len(options))]

    def mostly(self) -> bool:
        return self.number(4) < 3


def _town(choices: _Choices, desks: int) -> Town:
    setting = _setting(choices)
    stories = tuple(Story(choices.pick(SHAPE_ODDS), choices.pick(FATE_ODDS)) for _ in range(desks))
    town = town_of(setting, stories)
    habits = [choices.pick((*[LESSONS] * 6, INSTEAD, BESIDE)) for _ in SCHOOL_CODES]
    town = replace(town, files=tuple(with_habits(town.files, setting, habits)))
    return replace(town, arrivals=_arrivals(choices, len(town.files)))


def _setting(choices: _Choices) -> Setting:
    """Dates and schools. The anchor and one or two as_of dates before it."""
    anchor = choices.pick(ANCHORS)
    month_end = latest_completed_month(anchor)[1]
    nearby = (
        anchor - ONE_DAY,
        month_end,
        month_end - ONE_DAY,
        anchor - 7 * ONE_DAY,
    )
    as_ofs = {anchor, choices.pick(nearby), choices.pick(nearby)}
    count = 1 + choices.number(len(SCHOOL_CODES))
    schools = [School(code, _dialect(choices), choices.mostly()) for code in SCHOOL_CODES]
    return Setting(
        seed=choices.number(256) * 256 + choices.number(256),
        as_ofs=tuple(sorted(as_ofs)),
        schools=tuple(schools[:count]),
        opens_weekends=choices.pick((False, False, True)),
        days_after=choices.number(6),
        closed_days=choices.pick((0, 0, 0, 0, 0, 23)),
    )


def _dialect(choices: _Choices) -> Dialect:
    """What one school's system can say. Mostly everything: the optional columns matter."""
    ids = choices.pick(("none", "lesson", "slot", "lesson"))
    mentor, protection, other, cancelled, hyphen = (choices.mostly() for _ in range(5))
    excludes_ends, says_yes = choices.pick(
        ((False, False), (False, True), (True, False), (True, True))
    )
    return Dialect(
        has_lesson_ids=ids != "none",
        has_slot_ids=ids == "slot",
        has_mentor=mentor,
        has_protection=protection,
        has_other=other,
        has_cancelled=cancelled,
        writes_hyphen=hyphen,
        says_yes_when_empty=says_yes,
        has_exclusive_ends=excludes_ends,
    )


def _arrivals(choices: _Choices, count: int) -> tuple[tuple[int, ...], ...]:
    """Any order, in one batch or several; one file in two towns comes twice."""
    size = choices.pick((count, count, count // 2, 5, 3, 1)) or 1
    comes_again = choices.number(2 * max(count, 1))
    order = sorted(range(count), key=lambda _: choices.number(256))
    order += [n for n in range(count) if n == comes_again]
    return tuple(tuple(order[i : i + size]) for i in range(0, len(order), size))


assert set(SHAPE_ODDS) == {EMPTY_DESK, *SHAPES}
assert set(FATE_ODDS) == set(FATES)
