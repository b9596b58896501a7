"""The structure of a generated town: dates, schools and what each school's system can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.oracle.writers import Dialect


@dataclass(frozen=True)
class School:
    """One school unit, its export's dialect, and whether it sends a roster."""

    code: str
    dialect: Dialect
    has_roster: bool


@dataclass(frozen=True)
class Setting:
    """What holds for every pupil of the town. `as_ofs` is sorted; the last one is the anchor."""

    seed: int
    as_ofs: tuple[date, ...]
    schools: tuple[School, ...]
    # Open on Saturdays and Sundays too: then every edge of every window falls on a lesson day.
    opens_weekends: bool
    days_before: int = 72
    days_after: int = 4
    # Every school is closed on so many days up to the anchor: nobody has left because of that.
    closed_days: int = 0

    @property
    def anchor(self) -> date:
        """The last day that flags are asked for."""
        return self.as_ofs[-1]

    @property
    def first_day(self) -> date:
        return self.anchor - timedelta(days=self.days_before)

    @property
    def last_day(self) -> date:
        """Some days after the anchor: lessons that no answer may look at."""
        return self.anchor + timedelta(days=self.days_after)

    @property
    def school_days(self) -> list[date]:
        count = (self.last_day - self.first_day).days + 1
        days = [self.first_day + timedelta(days=n) for n in range(count)]
        closes = self.anchor - timedelta(days=self.closed_days)
        open_days = (d for d in days if not closes < d <= self.anchor)
        return [d for d in open_days if self.opens_weekends or d.weekday() < 5]

    def school(self, code: str) -> School:
        return next(s for s in self.schools if s.code == code)
