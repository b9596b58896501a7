"""Sums and rules become verdicts at an as_of; reading only, until `store_flags`.

Here: handing the rules to SQL as tables. Not here: the logic of a verdict (`sql/flags/`), the
values of the rules (`rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import polars as pl

from assets.absence.sums import sum_windows
from assets.absence.windows import WholeWindow, school_year_start, whole_windows, window_parts
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.standing import find_standing, find_summed_months
from rules.models import ParameterSet, RuleSet
from rules.registry import rule_set_of

ALL_GRADES = frozenset(range(10))
ULF_RULES = frozenset({"ulf_one_month", "ulf_two_months"})
#: A row per pupil, rule and basis, wide, and read once: writing them down costs more than they do.
_BEHIND_JUDGEMENTS = ("flags/rule_sums", "flags/comparisons")


@dataclass(frozen=True)
class Places:
    """Where pupils are at an as_of, as temporary tables.

    Attributes:
        belonging: a row per pupil: where, whose mentor, who is protected and who has left.
        pupil_schools: a row per pupil and school unit with lessons.
        summed_months: what is known of months as sums only.
    """

    belonging: TemporaryTable
    pupil_schools: TemporaryTable
    summed_months: TemporaryTable


@dataclass(frozen=True)
class Evaluation:
    """An evaluated as_of, with its temporary tables.

    Attributes:
        places: where pupils are.
        judgements: a row per pupil, rule and basis: what is compared with what.
        verdicts: a row per pupil, rule and basis: what comes of it, and the pupil's level.
    """

    as_of: date
    rule_set: RuleSet
    windows: tuple[WholeWindow, ...]
    places: Places
    judgements: TemporaryTable
    verdicts: TemporaryTable

    @property
    def calendar_month(self) -> WholeWindow | None:
        """The latest completed month; None when it lies before this school year."""
        for window in self.windows:
            if window.basis == "calendar" and window.window == "one_month":
                return window
        return None


def evaluate_flags(lake: Lake, as_of: date, rule_set: RuleSet) -> Evaluation:
    """Evaluate every rule for every pupil at an as_of, into temporary tables.

    The lake itself isn't changed. SELECTs of `sql/` that ask about an evaluated as_of read
    `unseen_pupils` and the sums of the windows too.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: the values in force.
    """
    return _evaluate(lake, as_of, rule_set, None)


def levels_at(lake: Lake, as_of: date, rule_set: RuleSet) -> pl.DataFrame:
    """Return the level of every pupil who has one at an as_of: `pupil_key` as text, `level`.

    The same evaluation, of which neither `judgements` nor `verdicts` are kept as tables: that is
    more than half of what it costs.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: the values in force.
    """
    _, _, parameters = _prepare(lake, as_of, rule_set, None)
    ctes = (*_BEHIND_JUDGEMENTS, "flags/judgements", "flags/verdicts")
    return lake.relation("flags/levels", ctes, **parameters)


def evaluate_again(lake: Lake, before: Evaluation, rule_set: RuleSet) -> Evaluation:
    """Evaluate the same as_of by other values; sums and places that stay the same are kept.

    Verdicts are made again. The lake must not have been written to since `before`.

    Args:
        lake: the lake that `before` was evaluated on, its temporary tables untouched.
        before: the latest evaluation on this lake.
        rule_set: the other values.
    """
    return _evaluate(lake, before.as_of, rule_set, before)


def _evaluate(lake: Lake, as_of: date, rule_set: RuleSet, before: Evaluation | None) -> Evaluation:
    windows, places, parameters = _prepare(lake, as_of, rule_set, before)
    judgements = lake.materialise("flags/judgements", _BEHIND_JUDGEMENTS, **parameters)
    verdicts = lake.materialise("flags/verdicts")
    return Evaluation(as_of, rule_set, windows, places, judgements, verdicts)


def _prepare(
    lake: Lake, as_of: date, rule_set: RuleSet, before: Evaluation | None
) -> tuple[tuple[WholeWindow, ...], Places, dict[str, object]]:
    """Make what judgements rest on; return windows, places and the parameters of the SELECTs."""
    parts = window_parts(as_of, rule_set.one_month_days, rule_set.two_months_days)
    windows = tuple(whole_windows(parts))
    if before is None or _window_values(before.rule_set) != _window_values(rule_set):
        months = sum_windows(lake, as_of, parts).summed_months
    else:
        months = before.places.summed_months
    if before is None or _place_values(before.rule_set) != _place_values(rule_set):
        places = _place(lake, as_of, rule_set, months)
        _find_unseen(lake, as_of, rule_set)
    else:
        places = before.places
    lake.load("rules_in_force", rules_in_force(rule_set, windows))
    return (
        windows,
        places,
        {
            "as_of": as_of,
            "school_year_start": school_year_start(as_of),
            "full_day_minutes": rule_set.full_day_minutes,
            "coverage_floor_bp": rule_set.coverage_floor_bp,
        },
    )


def _window_values(rule_set: RuleSet) -> tuple[int, int]:
    """The values that decide over which days sums are made."""
    return rule_set.one_month_days, rule_set.two_months_days


def _place_values(rule_set: RuleSet) -> tuple[int, int, int]:
    """The values that decide who has left and whom nobody sees."""
    return rule_set.leaver_after_days, rule_set.unseen_after_days, rule_set.unseen_class_days


def _find_unseen(lake: Lake, as_of: date, rule_set: RuleSet) -> None:
    lake.materialise(
        "flags/unseen_pupils",
        first_date=first_seen_day(as_of, rule_set),
        as_of=as_of,
        class_days=rule_set.unseen_class_days,
    )


def first_seen_day(as_of: date, rule_set: RuleSet) -> date:
    """The first of the days that must hold a lesson of a pupil; none lies before 1 July."""
    first = as_of - timedelta(days=rule_set.unseen_after_days - 1)
    return max(first, school_year_start(as_of))


def place_pupils(lake: Lake, as_of: date, rule_set: RuleSet) -> Places:
    """Find out where each pupil belongs at as_of, and who has left."""
    return _place(lake, as_of, rule_set, find_summed_months(lake))


def _place(lake: Lake, as_of: date, rule_set: RuleSet, months: TemporaryTable) -> Places:
    schools = lake.materialise("flags/pupil_schools", as_of=as_of)
    find_standing(lake)
    belonging = lake.materialise(
        "flags/belonging", as_of=as_of, leaver_after_days=rule_set.leaver_after_days
    )
    return Places(belonging, schools, months)


def rules_in_force(rule_set: RuleSet, windows: tuple[WholeWindow, ...]) -> pl.DataFrame:
    """Return a row per rule and basis that has a window, as SQL reads it."""
    rows = [
        {
            "rule": rule.name,
            "rule_level": rule.level,
            "basis": window.basis,
            "window_name": window.window,
            "window_start": window.window_start,
            "window_end": window.window_end,
            "threshold_bp": rule.threshold_bp,
            "is_strict": rule.threshold.is_strict,
            "method": rule.method,
            "min_days": rule.min_days,
            "min_days_each_half": rule.min_days_each_half,
            "grades": list(rule.grades),
            "is_for_all_grades": frozenset(rule.grades) >= ALL_GRADES,
            "is_ulf": rule.name in ULF_RULES,
            "requires_ulf": rule.requires_ulf,
        }
        for rule in rule_set.rules
        for window in windows
        if window.window == rule.window
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "rule": pl.String,
        "rule_level": pl.Int8,
        "basis": pl.String,
        "window_name": pl.String,
        "window_start": pl.Date,
        "window_end": pl.Date,
        "threshold_bp": pl.Int64,
        "is_strict": pl.Boolean,
        "method": pl.String,
        "min_days": pl.Int64,
        "min_days_each_half": pl.Int64,
        "grades": pl.List(pl.Int8),
        "is_for_all_grades": pl.Boolean,
        "is_ulf": pl.Boolean,
        "requires_ulf": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema)


def store_flags(lake: Lake, evaluation: Evaluation) -> int:
    """Keep the verdicts other than clear as the flags of this as_of, and return their number."""

    def change(connection: duckdb.DuckDBPyConnection) -> int:
        for table in ("flags", "superseded_flags"):
            connection.execute(
                f"DELETE FROM {table} WHERE as_of_date = $as_of", {"as_of": evaluation.as_of}
            )
        inserted = connection.execute(
            "INSERT INTO flags BY NAME SELECT $as_of::DATE AS as_of_date, "
            "* EXCLUDE (rule_level, absent_minutes), $rule_set AS rule_set, "
            f"$version AS rule_set_version FROM {evaluation.verdicts} WHERE verdict <> 'clear'",
            {
                "as_of": evaluation.as_of,
                "rule_set": evaluation.rule_set.name,
                "version": evaluation.rule_set.version,
            },
        ).fetchone()
        return int(inserted[0]) if inserted else 0

    return lake.write(change)


# Which values the stored flags were made by, and which the files give for those days now. A change
# of a parameter changes no stored flag until somebody asks for it. Here: telling the two apart.


@dataclass(frozen=True)
class StoredDay:
    """The flags of one as_of in the lake.

    Attributes:
        as_of: the last day that counted.
        rule_set: name of the rule set that they were made by.
        version: its version then.
        flags: how many there are, of pupils with protected identity too.
    """

    as_of: date
    rule_set: str
    version: str
    flags: int


def stored_days(lake: Lake) -> list[StoredDay]:
    """Return every as_of that has flags, oldest first."""
    rows = lake.rows(
        "SELECT as_of_date, any_value(rule_set), any_value(rule_set_version), count(*) "
        "FROM flags GROUP BY as_of_date ORDER BY as_of_date"
    )
    return [StoredDay(*row) for row in rows]


def made_by_other_values(days: list[StoredDay], parameters: ParameterSet) -> list[StoredDay]:
    """Return the days whose flags were made by other values than the files give for them now.

    A day that the set has no values for is one of them: nobody could make its flags today.
    """
    return [
        day
        for day in days
        if day.as_of < parameters.first_day
        or (parameters.name, rule_set_of(parameters, day.as_of).version)
        != (day.rule_set, day.version)
    ]
