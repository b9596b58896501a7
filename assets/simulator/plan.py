"""What to simulate: the plan with its knobs, and the summary of what was written."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Literal

Split = Literal["month", "week", "day"]
Columns = Literal["basic", "full"]
Encoding = Literal["utf-8-sig", "utf-8", "cp1252"]
Newline = Literal["\r\n", "\n"]


def school_year_start(day: dt.date) -> dt.date:
    """The 1 July at or before `day`: a school year (läsår) is 1 July to 30 June."""
    return dt.date(day.year if day.month >= 7 else day.year - 1, 7, 1)


@dataclasses.dataclass(frozen=True)
class SimulationPlan:
    """One simulated city within one school year. The knobs are described in docs/simulator.md.

    Attributes:
        pupils: Persons in the city at the start; newcomers are among them.
        schools: School units.
        first_day: First date of the exports.
        last_day: Last date of the exports, inclusive; in the same school year as `first_day`.
        seed: Same plan and seed, byte-identical files.
        out: Folder that receives the files; made when missing.
        split: One lesson file per school and calendar month, ISO week or date.
        columns: `basic` is the 17 columns of the format, `full` adds the optional ones.
        encoding: Of every file.
        newline: Of every file.
        first_school_unit_code: The schools are numbered from here.
        class_size: Pupils per class, aimed at.
        lessons_per_day: 1 to 8.
        lesson_minutes: Lengths that lessons are drawn from, in minutes, 20 to 120.
        absence_level: Factor on every kind of absence; 1.0 gives about 6 % over a school year.
        chronic_share: Share of pupils in grade 9 with a long absence; lower grades have fewer.
        unreported_share: Share of lessons that nobody reports.
        cancelled_share: Share of lessons that are cancelled, for the whole class.
        activity_share: Share of lessons spent on another school activity.
        transfer_share: Share of pupils who move to another school of the city in the school year.
        leaver_share: Share of pupils who leave the city in the school year.
        newcomer_share: Share of pupils who arrive in the city in the school year.
        protected_share: Share of pupils with a protected identity.
        coordination_share: Least share of pupils with a coordination number.
        temporary_share: Share of pupils with a temporary (TF) number.
        closed_weeks: ISO weeks without school.
        staff_days: Further dates without school; None picks them so that a year has 178 days.
    """

    pupils: int
    schools: int
    first_day: dt.date
    last_day: dt.date
    seed: int
    out: Path
    split: Split = "month"
    columns: Columns = "full"
    encoding: Encoding = "utf-8-sig"
    newline: Newline = "\r\n"
    first_school_unit_code: int = 99990001
    class_size: int = 25
    lessons_per_day: int = 6
    lesson_minutes: tuple[int, ...] = (40, 45, 50, 55, 60, 70, 80)
    absence_level: float = 1.0
    chronic_share: float = 0.05
    unreported_share: float = 0.03
    cancelled_share: float = 0.01
    activity_share: float = 0.01
    transfer_share: float = 0.015
    leaver_share: float = 0.01
    newcomer_share: float = 0.01
    protected_share: float = 0.002
    coordination_share: float = 0.01
    temporary_share: float = 0.002
    closed_weeks: tuple[int, ...] = (44, 9)
    staff_days: tuple[dt.date, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a plan that cannot be carried out.

        Raises:
            ValueError: With what is wrong and what would be right.
        """
        if not 1 <= self.schools <= self.pupils:
            raise ValueError(
                f"a city needs 1 ≤ schools ≤ pupils, not {self.schools}, {self.pupils}"
            )
        if self.first_day > self.last_day:
            raise ValueError(f"first_day {self.first_day} is after last_day {self.last_day}")
        if school_year_start(self.first_day) != school_year_start(self.last_day):
            # Pupils would have to change grade on 1 July: that is a second plan.
            raise ValueError("a plan lies within one school year, 1 July to 30 June")
        last_code = self.first_school_unit_code + self.schools - 1
        if not 10_000_000 <= self.first_school_unit_code <= last_code <= 99_999_999:
            raise ValueError("school unit codes have 8 digits: lower first_school_unit_code")
        if not 1 <= self.lessons_per_day <= 8 or self.class_size < 1:
            raise ValueError("lessons_per_day is 1 to 8 and class_size at least 1")
        if not self.lesson_minutes or not all(20 <= m <= 120 for m in self.lesson_minutes):
            raise ValueError("lesson_minutes are 20 to 120")
        self._check_knobs()

    def _check_knobs(self) -> None:
        """Shares are shares, and the moves of pupils leave most of them where they are."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_share") and not 0.0 <= value <= 0.5:
                raise ValueError(f"{field.name} is a share, 0.0 to 0.5, not {value}")
        if not 0.0 <= self.absence_level <= 3.0:
            raise ValueError("absence_level is 0.0 to 3.0")


@dataclasses.dataclass(frozen=True)
class SimulationSummary:
    """What was written: number of files of every kind, lesson rows, and bytes of all files."""

    files: int
    rows: int
    bytes: int
