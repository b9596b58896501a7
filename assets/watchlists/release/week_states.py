"""Week to week: how the pupils of a list stand against the lists before, and who is gone.

Here: which list is compared with, and what today's data says of its day. Not here: the states
themselves (`sql/watchlists/week_states.sql`), their words (`texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from assets.absence.windows import school_year_start
from assets.flags.evaluate import Evaluation, levels_at
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.watchlists.model import ListHistory
from rules.models import RuleSet
from rules.parameter_file import RuleFileError

#: A list that is older is not compared with: what it said is no news any more.
COMPARED = timedelta(weeks=8)

# What is shown as it was, to see who was protected then.
_OF_PROTECTION = ("protection_words", "lift_releases")

RulesOn = Callable[[date], RuleSet]


@dataclass(frozen=True)
class Baseline:
    """The frozen list that a school's list is compared with."""

    period: str
    as_of: date
    rule_set_version: str


@dataclass(frozen=True)
class WeekStates:
    """How everybody stands.

    Attributes:
        baselines: by school unit; no entry for a school's first list of a school year.
        listed: the history of who is on a list, by pupil key as text.
        cleared: who is gone from a school's list, as rows of `week_states`, in no order.
    """

    baselines: Mapping[str, Baseline]
    listed: Mapping[str, ListHistory]
    cleared: Sequence[tuple[dict[str, Any], ListHistory]]

    def compared_with(self, code: str) -> str:
        """The ISO week that a school's list is compared with; "" for none."""
        found = self.baselines.get(code)
        return found.period if found else ""


def iso_week(day: date) -> str:
    """Return the ISO week of a day, e.g. `2026-W46`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def sunday_of(week: str) -> date:
    """Return the Sunday of an ISO week such as `2026-W46`."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 7)


@dataclass(frozen=True)
class ListsBefore:
    """The lists before, as temporary tables.

    Attributes:
        baselines: by school unit the list that is compared with.
        previous_rows: who was on those lists.
    """

    baselines: TemporaryTable
    previous_rows: TemporaryTable


def look_back(lake: Lake, as_of: date, rules_on: RulesOn) -> ListsBefore:
    """Evaluate the days of the lists before with today's data, by that day's and tonight's values.

    Leaves the temporary tables of `levels_at` behind: it is called before as_of itself is
    evaluated.
    """
    first = max(school_year_start(as_of), as_of - COMPARED)
    span = {"as_of": as_of, "first_date": first}
    before = ListsBefore(
        lake.materialise("watchlists/baseline_lists", **span),
        lake.materialise("watchlists/previous_rows", **span),
    )
    earlier_levels = lake.make_empty(
        "earlier_levels",
        "as_of_date DATE, pupil_key UUID, level TINYINT, level_by_tonights_values TINYINT",
    )
    earlier_days = lake.make_empty("earlier_days", "as_of_date DATE, rule_set_version VARCHAR")
    tonight = rules_on(as_of)
    for (day,) in lake.rows(
        f"SELECT as_of_date FROM {before.baselines} "
        f"UNION SELECT as_of_date FROM {before.previous_rows} ORDER BY 1"
    ):
        then = _values_on(day, rules_on) or tonight
        with lake.reading():
            levels = levels_at(lake, day, then)
        by_tonight = levels
        if then.version != tonight.version:
            with lake.reading():
                by_tonight = levels_at(lake, day, tonight)
        one, other = lake.load("levels_then", levels), lake.load("levels_by_tonight", by_tonight)
        lake.connection.execute(
            f"INSERT INTO {earlier_levels} SELECT $day, cast(pupil_key AS UUID), "
            f"coalesce(one.level, 0), coalesce(other.level, 0) FROM {one} AS one "
            f"FULL JOIN {other} AS other USING (pupil_key)",
            {"day": day},
        )
        lake.connection.execute(f"INSERT INTO {earlier_days} VALUES (?, ?)", [day, then.version])
    _who_was_protected(lake, before)
    return before


def _values_on(day: date, rules_on: RulesOn) -> RuleSet | None:
    """A set that a municipality took into use later has no value on the days before."""
    try:
        return rules_on(day)
    except RuleFileError:
        return None


def _who_was_protected(lake: Lake, before: ListsBefore) -> None:
    """Make `protected_then`: who was protected when the lists before were made."""
    protected = lake.make_empty("protected_then", "pupil_key UUID")
    for (snapshot,) in lake.rows(
        f"SELECT DISTINCT lake_snapshot FROM publications JOIN {before.baselines} "
        "USING (school_unit_code, period) WHERE lake_snapshot IN "
        "(SELECT snapshot_id FROM ducklake_snapshots('lake'))"
    ):
        # A lake of before had no words, and whom it hid is hidden today; nor had it releases.
        then = {name: _as_at(lake, name, snapshot) for name in _OF_PROTECTION}
        with_then = ", ".join(f"{name} AS (FROM {table})" for name, table in then.items())
        released = ("protection/released_words",)
        lake.connection.execute(
            f"INSERT INTO {protected} WITH {with_then} "
            f"SELECT * FROM ({lake.select('protection/protected_pupils', released)})"
        )
    lake.make(protected.name, f"SELECT DISTINCT * FROM {protected}")


def _as_at(lake: Lake, name: str, snapshot: int) -> TemporaryTable:
    """Return a table as it was, with the columns of today; empty when it was not there."""
    then = lake.make(f"{name}_then", f"SELECT * FROM {name} LIMIT 0")
    with suppress(duckdb.CatalogException):
        lake.connection.execute(
            f"INSERT INTO {then} BY NAME FROM lake.{name} AT (VERSION => {int(snapshot)})"
        )
    return then


def week_states(lake: Lake, evaluation: Evaluation, before: ListsBefore) -> WeekStates:
    """Return how everybody stands at as_of.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
        before: what `look_back` gave, which was called before that.
    """
    as_of = evaluation.as_of
    rows = lake.relation(
        "watchlists/week_states", as_of=as_of, school_year_start=school_year_start(as_of)
    )
    listed: dict[str, ListHistory] = {}
    cleared: list[tuple[dict[str, Any], ListHistory]] = []
    for row in rows.iter_rows(named=True):
        history = _history(row)
        if row["state"] == "cleared":
            cleared.append((row, history))
        else:
            listed[row["pupil_key"]] = history
    baselines = {
        code: Baseline(*of_list)
        for code, *of_list in lake.rows(f"SELECT * FROM {before.baselines}")
    }
    return WeekStates(baselines, listed, cleared)


def _history(row: dict[str, Any]) -> ListHistory:
    return ListHistory(
        state=row["state"],
        reason=row["reason"] or "",
        previous_level=row["previous_level"] or 0,
        first_week=iso_week(row["first_week_date"]),
        weeks_on_list=row["weeks_on_list"],
        highest_level=row["highest_level"],
    )
