"""What deltagaruppföljningen has of a case: who by sex, grade and age, and absence in and out.

Absence is filled in from the lake: over the school's last days with lessons before the day. Of an
undefined share nothing is said, and how much was reported stands beside every one. Not here: which
cases there are (`cases.py`), the sheet (`case_sheet.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

import polars as pl

from assets.absence.windows import school_year_start
from assets.exports.pupils.identity_numbers import birth_date
from assets.flags.answers import identities_of
from assets.flags.what_if import UNKNOWN, sex_in
from assets.lake.connection import Lake
from portal.follow_up.cases import PupilCase
from portal.today import Today

#: SchoolToday days before enrolment and before the end over which absence is summed.
SCHOOL_DAYS = 60
#: So far back they are looked for: a summer and two breaks fit in.
_LOOKED_BACK = timedelta(days=400)
_SCHEMA = {
    "case_reference": pl.String,
    "moment": pl.String,
    "pupil_key": pl.String,
    "school_unit_code": pl.String,
    "before_date": pl.Date,
    "school_year_start": pl.Date,
}

MomentName = Literal["in", "out"]


@dataclass(frozen=True)
class Amount:
    """Absence over some school days, in minutes of lessons."""

    school_days: int
    scheduled: int
    reported: int
    absent: int

    @property
    def rate(self) -> Fraction | None:
        """Of what was reported; None where nothing was."""
        return Fraction(self.absent, self.reported) if self.reported else None

    @property
    def coverage(self) -> Fraction | None:
        """How much of the lessons was reported; None without a lesson."""
        return Fraction(self.reported, self.scheduled) if self.scheduled else None


NOTHING = Amount(0, 0, 0, 0)


@dataclass(frozen=True)
class Moment:
    """A pupil when a case began or ended.

    Attributes:
        day: the day.
        grade: 0 to 9; None where nobody said it.
        age: whole years; None without a birth date.
        absence: over the school days before.
    """

    day: date
    grade: int | None
    age: int | None
    absence: Amount


@dataclass(frozen=True)
class CaseRow:
    """A case as it is followed up.

    Attributes:
        case: what was said.
        school_unit_code: where the pupil was when the case began.
        school_name: what it is called; its code where no register says it.
        district: where it lies.
        sex: girl, boy, unknown.
        began: when it began.
        ended: when it ended; None while it goes on.
        has_left: the pupil belongs to no school any more.
    """

    case: PupilCase
    school_unit_code: str
    school_name: str
    district: str
    sex: str
    began: Moment
    ended: Moment | None
    has_left: bool = False


def case_rows(lake: Lake, today: Today, cases: Sequence[PupilCase]) -> list[CaseRow]:
    """Return a row for each case, in the order given.

    Args:
        lake: the lake.
        today: what schools are called.
        cases: of pupils whom the reader may count; protected ones are nobody's to count.
    """
    if not cases:
        return []
    _ask(lake, cases)
    first = min(case.enrolled_on for case in cases) - _LOOKED_BACK
    amounts = {
        (reference, moment): Amount(*minutes)
        for reference, moment, *minutes in lake.relation(
            "portal/portal_case_absence", first_date=first, most_days=SCHOOL_DAYS
        ).iter_rows()
    }
    grades = {
        (reference, moment): grade
        for reference, moment, grade in lake.relation("portal/portal_case_grades").iter_rows()
    }
    identities = identities_of(lake, sorted({case.pupil_key for case in cases}))
    return [_row(today, case, amounts, grades, identities.get(case.pupil_key)) for case in cases]


def _ask(lake: Lake, cases: Sequence[PupilCase]) -> None:
    asked = [
        {
            "case_reference": case.reference,
            "moment": moment,
            "pupil_key": case.pupil_key,
            "school_unit_code": school,
            "before_date": day,
            "school_year_start": school_year_start(day),
        }
        for case in cases
        for moment, day, school in _moments(case)
    ]
    lake.load("portal_asked_case_texts", pl.DataFrame(asked, schema=_SCHEMA))
    lake.make(
        "portal_asked_cases",
        "SELECT * REPLACE (cast(pupil_key AS UUID) AS pupil_key) FROM portal_asked_case_texts",
    )


def _moments(case: PupilCase) -> list[tuple[MomentName, date, str]]:
    found: list[tuple[MomentName, date, str]] = [
        ("in", case.enrolled_on, case.enrolled_by.school_unit_code)
    ]
    if case.ended_by is not None and case.ended_on is not None:
        found.append(("out", case.ended_on, case.ended_by.school_unit_code))
    return found


def _row(
    today: Today,
    case: PupilCase,
    amounts: Mapping[tuple[str, str], Amount],
    grades: Mapping[tuple[str, str], int | None],
    identity: Mapping[str, Any] | None,
) -> CaseRow:
    code = case.enrolled_by.school_unit_code
    school = today.schools.get(code)
    born = birth_date(identity.get("civic_no", "")) if identity else None

    def moment(name: MomentName, day: date) -> Moment:
        of_moment = (case.reference, name)
        age = _age(born, day) if born else None
        return Moment(day, grades.get(of_moment), age, amounts.get(of_moment, NOTHING))

    return CaseRow(
        case=case,
        school_unit_code=code,
        school_name=(school.name if school else "") or code,
        district=school.district if school else "",
        sex=sex_in(identity) if identity else UNKNOWN,
        began=moment("in", case.enrolled_on),
        ended=moment("out", case.ended_on) if case.ended_on else None,
        has_left=case.pupil_key not in today.pupils,
    )


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
