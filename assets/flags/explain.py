"""Why a pupil is, or is not, on a list: every rule on both bases with what it rests on.

All figures and verdicts are those of the temporary tables that the lists are made from
(`judgements`, `verdicts`); here they are only put together. Not here: words.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assets.absence.windows import WindowPart, window_parts
from assets.exports.files.printable import printable_name
from assets.exports.ledger.entries import UNOPENED, name_in
from assets.flags.asked_pupils import Asked, ask_about
from assets.flags.evaluate import Evaluation
from assets.flags.outlook import Outlook
from assets.flags.patterns import Pattern, patterns
from assets.flags.prognoses import Prognosis, prognoses
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from rules.models import Rule

# A pupil's lessons that don't count, and those that are owed because rows contradicted each other.
# For an explanation and for whoever names them on a list. A lesson at another school than the one
# where the pupil belongs is only that: its hour, subject and school are not given on.


@dataclass(frozen=True)
class Aside:
    """A lesson in the windows that counts nowhere, or as unreported though reports were sent.

    Attributes:
        reason: superseded, disputed, after_leaving or set_aside; contradicted: it counts, as
            unreported.
        is_contradicted: rows of one file said different things of it, whatever the reason.
        is_own_school: at the school where the pupil belongs; else start and subject are None.
        is_beside_own_school: of the lesson that stands for it; None where there is none.
    """

    reason: str
    lesson_date: date
    is_own_school: bool
    starts_at: datetime | None
    subject: str | None
    scheduled_minutes: int
    absent_minutes: int
    is_reported: bool
    is_contradicted: bool
    is_beside_own_school: bool | None
    beside_starts_at: datetime | None
    beside_subject: str | None
    beside_present_minutes: int | None
    is_beside_reported: bool | None


def asides_of(
    lake: Lake, pupil: uuid.UUID, own_school: str, first: date, as_of: date
) -> tuple[Aside, ...]:
    """Return one pupil's asides from a date up to as_of, by date and start.

    Args:
        lake: the lake.
        pupil: who is not protected.
        own_school: where the pupil belongs.
        first: first day of the longest window.
        as_of: the last day that counts.
    """
    rows = lake.relation(
        "flags/asides", pupil_key=str(pupil), own=own_school, first_date=first, as_of=as_of
    )
    return tuple(Aside(**row) for row in rows.iter_rows(named=True))


BASES = ("rolling", "calendar")


@dataclass(frozen=True)
class WindowHalf:
    """A half of a window, with its sums."""

    first_date: date | None  # None: cut away by 1 July
    last_date: date | None
    scheduled_minutes: int
    reported_minutes: int
    absent_minutes: int
    days: int


@dataclass(frozen=True)
class Judgement:
    """How one rule came out on one basis.

    Attributes:
        halves: of a window of two months.
        has_too_few_days, is_reached, is_reached_at_least, is_reached_at_most, is_coverage_low: the
            answers of `comparisons.sql`.
        own_verdict, own_clause: of the rule's comparison alone, and the clause it is by.
        grade_verdict, ulf_verdict: of the other conditions; hit where there is none.
        rests_on: what the verdict rests on: `own_clause`, `grade`, `ulf` or `no_lessons`.
        outlook: what can come of it.
    """

    basis: str
    window_start: date
    window_end: date
    scheduled_minutes: int
    reported_minutes: int
    valid_minutes: int
    invalid_minutes: int
    absent_minutes: int
    days: int
    halves: tuple[WindowHalf, ...]
    has_too_few_days: bool
    is_reached: bool
    is_reached_at_least: bool
    is_reached_at_most: bool
    is_coverage_low: bool
    own_verdict: str
    own_clause: str
    grade_verdict: str
    ulf_verdict: str
    rests_on: str
    verdict: str
    certainty: str | None
    margin_minutes: Decimal
    outlook: Outlook


@dataclass(frozen=True)
class ExplainedRule:
    """A rule with its judgement on each basis; None where the basis is not evaluated."""

    rule: Rule
    judgements: dict[str, Judgement | None]


@dataclass(frozen=True)
class InputFile:
    """A file with rows behind the windows; `sealed_name` is opened for who asks for identities."""

    sha256: str
    layout: str | None
    exported_at: datetime | None
    received_at: datetime
    lesson_rows: int
    sum_rows: int
    name: str | None


@dataclass(frozen=True)
class Place:
    """Where the pupil belongs at as_of, and how many other schools count in the sums."""

    school_unit_code: str
    class_name: str
    grade: int | None
    has_left: bool
    latest_lesson_date: date | None
    roster_end_date: date | None
    other_schools: int


@dataclass(frozen=True)
class Explanation:
    """Everything about one pupil at an as_of. One who has left has a place and files only."""

    evaluation: Evaluation
    pupil_key: uuid.UUID
    place: Place
    level: int
    rules: tuple[ExplainedRule, ...]
    prognosis: Prognosis | None
    pattern: Pattern | None
    asides: tuple[Aside, ...]
    files: tuple[InputFile, ...]


def explain(
    lake: Lake, evaluation: Evaluation, pupil: uuid.UUID, *, identities: bool = False
) -> Explanation:
    """Explain one pupil.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
        pupil: a key that `find_pupil` gave: of a pupil who belongs somewhere, and not protected.
        identities: open the names of the files too.
    """
    asked = ask_about(lake, evaluation, pupil)
    key = str(pupil)
    prognosis = prognoses(lake, asked).get(key)
    rows = lake.frame(
        "SELECT judged.* EXCLUDE (pupil_key, mentor_key), said.certainty, said.margin_minutes, "
        f"said.level FROM {evaluation.judgements} AS judged JOIN {evaluation.verdicts} AS said "
        "USING (pupil_key, rule, basis) WHERE pupil_key = cast($key AS UUID)",
        key=key,
    ).to_dicts()
    place = _place(lake, asked, key)
    return Explanation(
        evaluation,
        pupil,
        place,
        max((row["level"] for row in rows), default=0),
        () if place.has_left else tuple(_rules(evaluation, rows, prognosis)),
        prognosis,
        patterns(lake, asked).get(key),
        asides_of(lake, pupil, place.school_unit_code, _first_date(asked), evaluation.as_of),
        tuple(_files(lake, asked, key, identities=identities)),
    )


def _rules(
    evaluation: Evaluation, rows: list[dict[str, Any]], prognosis: Prognosis | None
) -> Iterator[ExplainedRule]:
    rule_set = evaluation.rule_set
    parts = window_parts(evaluation.as_of, rule_set.one_month_days, rule_set.two_months_days)
    by_name = {(row["rule"], row["basis"]): row for row in rows}
    outlooks = prognosis.outlooks if prognosis else {}
    for rule in rule_set.rules:
        yield ExplainedRule(
            rule,
            {
                basis: _judgement(by_name[rule.name, basis], parts, outlooks[rule.name, basis])
                if (rule.name, basis) in by_name
                else None
                for basis in BASES
            },
        )


def _judgement(row: dict[str, Any], parts: list[WindowPart], outlook: Outlook) -> Judgement:
    ulf_verdict = row["ulf_verdict"] if row["requires_ulf"] else "hit"
    halves = (
        tuple(_half(row, name, parts) for name in ("first", "second"))
        if row["window_name"] == "two_months"
        else ()
    )
    taken = {"halves", "ulf_verdict", "rests_on", "outlook"}
    plain = {name: row[name] for name in Judgement.__dataclass_fields__ if name not in taken}
    return Judgement(
        **plain,
        halves=halves,
        ulf_verdict=ulf_verdict,
        rests_on=_rests_on(row),
        outlook=outlook,
    )


def _half(row: dict[str, Any], name: str, parts: list[WindowPart]) -> WindowHalf:
    dates = [
        (part.window_start, part.window_end)
        for part in parts
        if (part.basis, part.window_part) == (row["basis"], f"two_months_{name}_half")
    ]
    first, last = dates[0] if dates else (None, None)
    names = ("scheduled_minutes", "reported_minutes", "absent_minutes", "days")
    return WindowHalf(first, last, *(row[f"{name}_{column}"] for column in names))


def _rests_on(row: dict[str, Any]) -> str:
    """The first of the conditions that is as weak as the verdict (docs/rules.md)."""
    if row["is_silent"]:
        return "no_lessons"
    if row["own_verdict"] == row["verdict"]:
        return str(row["own_clause"])
    return "grade" if row["grade_verdict"] == row["verdict"] else "ulf"


def _place(lake: Lake, asked: Asked, key: str) -> Place:
    places = asked.evaluation.places
    (belongs,) = lake.frame(
        "SELECT place.school_unit_code, place.class_name, place.grade, "
        "place.has_left, max(school.lesson_date) AS latest_lesson_date, "
        "(SELECT max(end_date) FROM enrolments WHERE pupil_key = cast($key AS UUID) "
        "AND coalesce(start_date <= $as_of, TRUE) "
        # One without a day ended nothing.
        "AND coalesce(start_date <= end_date, TRUE)) AS roster_end_date "
        f"FROM {places.belonging} AS place "
        f"LEFT JOIN {places.pupil_schools} AS school USING (pupil_key) "
        "WHERE place.pupil_key = cast($key AS UUID) GROUP BY ALL",
        key=key,
        as_of=asked.evaluation.as_of,
    ).to_dicts()
    ((others,),) = lake.rows(
        "SELECT count(DISTINCT school_unit_code) FROM absence_daily "
        "WHERE pupil_key = cast($key AS UUID) AND school_unit_code <> $own "
        "AND lesson_date BETWEEN $first_date AND $as_of",
        key=key,
        own=belongs["school_unit_code"],
        first_date=_first_date(asked),
        as_of=asked.evaluation.as_of,
    )
    return Place(**belongs, other_schools=others)


def _first_date(asked: Asked) -> date:
    return min(window.window_start for window in asked.evaluation.windows)


def _files(lake: Lake, asked: Asked, key: str, *, identities: bool) -> Iterator[InputFile]:
    rows = lake.relation(
        "flags/pupil_inputs",
        pupil_key=key,
        first_date=_first_date(asked),
        as_of=asked.evaluation.as_of,
    )
    sealer = Sealer.of_home(lake.settings.home)
    for row in rows.iter_rows(named=True):
        name = printable_name(name_in(sealer, row) or UNOPENED) if identities else None
        of_file = {field.name: row[field.name] for field in fields(InputFile) if field.name in row}
        yield InputFile(**(of_file | {"sha256": row["file_sha256"], "name": name}))
