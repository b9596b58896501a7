"""The product as the oracle's tests see it: files in, the two answers out.

The only file under tests/oracle/ that knows the product, so the only one to change with it.
Rows come back as text under the columns of the CSV contract, like `as_text` makes the oracle's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layout_keys import LayoutColumn
from assets.exports.readers.layouts import Layout
from assets.flags.answers import flags_answer, identity_numbers, rates_answer
from assets.flags.as_known_at import show_as_known
from assets.flags.what_if import Steps, steps_under
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.week_states import iso_week
from rules.models import ParameterSet, RuleSet
from rules.registry import load_parameters
from rules.registry import rule_set_of as product_rule_set_of
from rules.what_if import read_change, rule_set_with
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.parameters import STOCKHOLM
from tests.oracle.writers import (
    EXCLUSIVE_END,
    lesson_file_name,
    roster_file_name,
    write_lesson_csv,
    write_roster_csv,
)

TextRow = dict[str, str]
COMPARISONS: dict[str, Literal["over", "at_least"]] = {">": "over", ">=": "at_least"}
EVERY_GRADE = tuple(range(10))
GOOD_OUTCOMES = {FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED, FileOutcome.DUPLICATE}


class Product:
    """A lake of its own in `home`; a context manager."""

    def __init__(self, home: Path) -> None:
        # A town is so small that a second thread costs more than it gives.
        self._lake = Lake.open(LakeSettings(home=home, threads=1))
        self._home = home

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lake.close()

    def receive(self, paths: Sequence[Path]) -> list[str]:
        """Ingest one batch, and say what was not taken whole: generated files have no faults."""
        return [
            f"{report.path.name}: {report.outcome} {report.reason} {report.problems[:3]}"
            for report in ingest_paths(self._lake, paths, layouts=_layouts())
            if report.outcome not in GOOD_OUTCOMES or report.rows_rejected
        ]

    def refresh(self) -> None:
        """Bring the sums up to date with what was received."""
        refresh_sums(self._lake)

    def rates(self, month: str, params: Mapping[str, Any] = STOCKHOLM) -> list[TextRow]:
        """The rates of the month `YYYY-MM`."""
        first = date.fromisoformat(f"{month}-01")
        rules = rule_set_of(params, first + timedelta(days=27))
        return as_text(rates_answer(self._lake, first, rules, identities=True).rows)

    def flags(self, as_of: date, params: Mapping[str, Any] = STOCKHOLM) -> list[TextRow]:
        """Every verdict at as_of, clear ones too."""
        rules = rule_set_of(params, as_of)
        answer = flags_answer(self._lake, as_of, rules, identities=True, include_clear=True)
        return as_text(answer.rows)

    def publish(
        self, as_of: date, school: str | None = None, params: Mapping[str, Any] = STOCKHOLM
    ) -> None:
        """Freeze the week's lists of every school, or of one."""
        release_lists(
            self._lake,
            as_of,
            lambda day: rule_set_of(params, day),
            period=iso_week(as_of),
            school=school,
        )

    def listed(self, as_of: date) -> list[TextRow]:
        """What the lake keeps of the frozen lists of a day: who was on them, and who was gone."""
        numbers = identity_numbers(self._lake)
        rows = self._lake.frame(
            "SELECT cast(pupil_key AS VARCHAR) AS pupil_key, school_unit_code, level, state, "
            "coalesce(reason, '') AS reason, coalesce(previous_level, 0) AS previous_level, "
            "first_week_date, weeks_on_list, highest_level FROM listed_pupils "
            "WHERE as_of_date = $as_of AND state <> 'unassessed'",
            as_of=as_of,
        )
        return as_text(
            {"civic_no": numbers[row.pop("pupil_key")]} | row for row in rows.iter_rows(named=True)
        )

    def known_at(self, moment: datetime) -> Product:
        """The same lake as it was at a moment; a context manager too."""
        past = Product(self._home)
        show_as_known(past._lake, moment)
        return past

    def what_if(self, as_of: date, scenarios: Sequence[Sequence[str]]) -> Steps:
        """Every pupil's step by the rules in force, and by each scenario's `NAME=VALUE`s."""
        parameters = _stockholm()
        rule_sets = [product_rule_set_of(parameters, as_of)]
        for texts in scenarios:
            read = [read_change(text, "--set") for text in texts]
            changes = {name: values[0] for name, values in read}
            rule_sets.append(rule_set_with(parameters, as_of, changes))
        return steps_under(self._lake, as_of, rule_sets)


def as_text(rows: Iterable[Mapping[str, Any]]) -> list[TextRow]:
    """Rows as they stand in a CSV, identities without hyphen, in an order of their own."""
    texts = [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
    ]
    for row in texts:
        row["civic_no"] = row["civic_no"].replace("-", "")
    order = ("civic_no", "school_unit_code", "rule", "basis")
    return sorted(texts, key=lambda row: [row.get(name, "") for name in order])


def rule_set_of(params: Mapping[str, Any], day: date) -> RuleSet:
    """The product's rule set with the oracle's numbers put in.

    With Stockholm's numbers nothing is put in, so that the parameter files are tested too.
    """
    stockholm = product_rule_set_of(_stockholm(), day)
    if params == STOCKHOLM:
        return stockholm
    rules = tuple(
        replace(
            rule,
            threshold_bp=_hundredths(wanted["threshold_pct"]),
            comparison=COMPARISONS[wanted["comparison"]],
            method=wanted["method"],
            min_days=wanted["minimum_days"],
            min_days_each_half=wanted["minimum_days_each_half"],
            grades=wanted["grades"] or EVERY_GRADE,
        )
        for rule in stockholm.rules
        for wanted in [params["rules"][rule.name]]
    )
    return replace(
        stockholm,
        # A version names the values in force; other values need another name.
        version=hashlib.sha256(repr(params).encode()).hexdigest()[:12],
        rules=rules,
        one_month_days=params["rolling_days"][1],
        two_months_days=params["rolling_days"][2],
        coverage_floor_bp=_hundredths(params["minimum_coverage_pct"]),
        leaver_after_days=params["left_after_days"],
        full_day_minutes=params["full_day_minutes"],
        unseen_after_days=params["unseen_days"],
        unseen_class_days=params["unseen_class_days"],
    )


def write_rows(
    lessons: Iterable[LessonRow], roster: Iterable[RosterRow], folder: Path
) -> list[Path]:
    """One file per school and export time: how the YAML cases reach the product."""
    by_file: dict[Path, list[Any]] = {}
    for row in lessons:
        path = folder / lesson_file_name(row.school_unit_code, row.exported_at)
        by_file.setdefault(path, []).append(row)
    for spell in roster:
        path = folder / roster_file_name(spell.school_unit_code, spell.exported_at)
        by_file.setdefault(path, []).append(spell)
    for path, rows in by_file.items():
        write = write_roster_csv if isinstance(rows[0], RosterRow) else write_lesson_csv
        write(rows, path)
    return sorted(by_file)


def first_differences(
    expected: Sequence[TextRow], actual: Sequence[TextRow], limit: int = 5
) -> list[str]:
    """The first rows that only one side has, or that differ, and in which columns."""

    def by_key(rows: Sequence[TextRow]) -> dict[tuple[str | None, ...], TextRow]:
        # A pupil who changed school stands on two schools' lists of one week.
        columns = ("school_unit_code",) if rows and "state" in rows[0] else ("rule", "basis")
        return {(r["civic_no"], *(r.get(c) for c in columns)): r for r in rows}

    oracle, product = by_key(expected), by_key(actual)
    found: list[str] = []
    if len(product) != len(actual):
        found.append(f"the product has {len(actual) - len(product)} rows twice")
    for key in sorted(oracle.keys() | product.keys(), key=str):
        one, other = oracle.get(key), product.get(key)
        if one is None or other is None:
            found.append(f"only the {'product' if one is None else 'oracle'} has {one or other}")
        elif list(one) != list(other):
            found.append(f"columns: oracle {list(one)}, product {list(other)}")
        elif one != other:
            columns = {
                c: f"oracle {one[c]!r}, product {other[c]!r}" for c in one if one[c] != other[c]
            }
            found.append(f"{columns} in {one}")
    return found[:limit]


@cache
def _layouts() -> tuple[Layout, ...]:
    """The shipped layouts, and the one of rosters whose end dates are exclusive."""
    shipped = shipped_layouts()
    (roster,) = (layout for layout in shipped if layout.kind == "enrolments")
    end = LayoutColumn(headers=(EXCLUSIVE_END,), required=True)
    exclusive = roster.model_dump() | {
        "name": "elever_utskrivna",
        "columns": roster.columns | {"end_date": end},
        "end_dates": "exclusive",
    }
    return (*shipped, Layout.model_validate(exclusive))


@cache
def _stockholm() -> ParameterSet:
    """Read once: two dozen files for each question take longer than the answers."""
    return load_parameters("stockholm")


def _hundredths(percent: Any) -> int:
    return int(Fraction(percent) * 100)
