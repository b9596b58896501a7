"""Planted pupils → rows of cells, as a school would have exported them."""

import datetime as dt
from collections.abc import Iterator

from assets.simulator.run import LESSON_COLUMNS
from data_samples.planted_pupils import (
    BLOCKS,
    CANCELLED,
    EMPTY_MINUTES,
    MENTORS,
    PLANTED,
    UNREPORTED,
    Planted,
)

Cells = dict[str, str]

COLUMNS = LESSON_COLUMNS["full"]
STARTS = ("08:20", "09:30", "10:40", "12:20", "13:30")
ENDS = ("09:20", "10:30", "11:40", "13:20", "14:30")
LESSON_MINUTES = 60
_SUBJECTS = ("MA", "SV", "EN", "NO", "SO", "IDH", "BL", "MU")


def mentor_email(name: str, school: str) -> str:
    """The planted mentors' addresses; `.example` is never a real domain."""
    plain = name.lower().translate(str.maketrans("åäöéë ", "aaoee."))
    return f"{plain}@{school}.skola.example"


def lesson_cells(
    pupil: Planted, school: str, group: str, day: dt.date, slot: int, *, names: dict[str, str]
) -> Cells:
    """A reported lesson with the pupil present. `names` gives the names of the schools."""
    mentor = MENTORS[school, group]
    subject = _SUBJECTS[(day.weekday() + slot) % len(_SUBJECTS)]
    minutes = str(LESSON_MINUTES)
    values = (
        school, names[school], group, pupil.grade, pupil.civic_no, pupil.first_name,
        pupil.family_name, day.isoformat(), STARTS[slot], ENDS[slot], subject, minutes, minutes,
        "0", "0", "", "Ja", "0", "Nej", mentor, mentor_email(mentor, school), pupil.marking,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def with_minutes(cells: Cells, *, valid: int = 0, invalid: int = 0, other: int = 0) -> Cells:
    """The same lesson with other minutes; the rest of it the pupil is present."""
    present = LESSON_MINUTES - valid - invalid - other
    reason = "Sjuk" if valid else "Sen ankomst" if 0 < invalid < LESSON_MINUTES else ""
    return cells | {
        "Närvaro (min)": str(present),
        "Giltig frånvaro (min)": str(valid),
        "Ogiltig frånvaro (min)": str(invalid),
        "Annat skoluppdrag (min)": str(other),
        "Frånvaroanledning": reason,
    }


def _without_minutes(cells: Cells, *, reported: str) -> Cells:
    minutes = ("Närvaro (min)", "Giltig frånvaro (min)", "Ogiltig frånvaro (min)")
    blank = dict.fromkeys((*minutes, "Annat skoluppdrag (min)", "Frånvaroanledning"), "")
    return cells | blank | {"Rapporterad": reported}


def _cancelled(cells: Cells, absent_minutes: int) -> Cells:
    """A cancelled lesson; some systems still write the absence that the guardians reported."""
    if absent_minutes:
        return with_minutes(cells, valid=absent_minutes) | {"Inställd": "Ja"}
    return _without_minutes(cells, reported="Nej") | {"Inställd": "Ja"}


def place_of(pupil: Planted, day: dt.date) -> tuple[str, str]:
    """School unit code and class of a planted pupil on a date."""
    if pupil.moves_to is not None and day >= pupil.moves_to[0]:
        return pupil.moves_to[1:]
    return pupil.school, pupil.school_class


def lesson_rows(pupil: Planted, days: list[dt.date], names: dict[str, str]) -> Iterator[Cells]:
    """All lessons of a planted pupil, in time order, with the planted minutes in place."""
    left = dict(pupil.absent)
    activity_left = dict(pupil.activity)
    for day in days:
        if not pupil.first_day <= day <= pupil.last_day:
            continue
        here = place_of(pupil, day)
        for slot in range(len(STARTS)):
            cells = lesson_cells(pupil, *here, day, slot, names=names)
            if day in CANCELLED.get(here, ()):
                yield _cancelled(cells, pupil.absent_when_cancelled)
            elif slot in UNREPORTED.get(here, {}).get(day, ()):
                yield _without_minutes(cells, reported="Nej")
            elif slot in EMPTY_MINUTES.get(here, {}).get(day, ()):
                yield _without_minutes(cells, reported="Ja")
            else:
                absent = _take(left, day)
                other = 0 if absent else _take(activity_left, day)
                valid = absent if pupil.is_valid else 0
                taught = with_minutes(cells, valid=valid, invalid=absent - valid, other=other)
                yield from with_parallel(pupil, taught)
    if any(left.values()) or any(activity_left.values()):
        raise ValueError(f"case {pupil.civic_no}: no lessons left for {left} {activity_left}")


def with_parallel(pupil: Planted, cells: Cells) -> Iterator[Cells]:
    """The lesson; or, where the pupil attends another one at that hour, absence and that one."""
    other = pupil.parallel.get(cells["Ämne"])
    if other is None:
        yield cells
    else:
        yield with_minutes(cells, invalid=LESSON_MINUTES)
        yield cells | {"Ämne": other}


def _take(left: dict[str, int], day: dt.date) -> int:
    """Up to a lesson's minutes from the block that the day is in."""
    for block, minutes in left.items():
        if minutes and BLOCKS[block][0] <= day <= BLOCKS[block][1]:
            taken = min(minutes, LESSON_MINUTES)
            left[block] -= taken
            return taken
    return 0


def roster_rows() -> Iterator[tuple[str, ...]]:
    """The planted pupils' rows of the rosters, in the order of `ROSTER_COLUMNS`."""
    for pupil in PLANTED:
        start, end = pupil.first_day, pupil.roster_end
        places = [(start, end, pupil.school, pupil.school_class)]
        if pupil.moves_to is not None:
            day, school, group = pupil.moves_to
            friday_before = day - dt.timedelta(days=3)
            places = [(start, friday_before, *places[0][2:]), (day, end, school, group)]
        for first, last, school, group in places:
            mentor = MENTORS[school, group]
            ended = "" if last is None else last.isoformat()
            yield (
                pupil.civic_no, pupil.first_name, pupil.family_name, pupil.sex, school, group,
                pupil.grade, mentor, mentor_email(mentor, school), first.isoformat(), ended,
                pupil.roster_marking,
            )  # fmt: skip
