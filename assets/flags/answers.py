"""Answers under fixed columns: the CSV contract, header and order fixed.

Every answer with a row per pupil is made by `answer_of`; here too are those to `trappan rates` and
`trappan flags`. Protected pupils are in no answer; how many were left out is said. Not here:
printing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from assets.absence.windows import month_end
from assets.exports.pupils.merges import Belonging
from assets.flags.evaluate import evaluate_flags, place_pupils
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import IDENTITY, STAFF
from assets.lake.standing import find_standing
from rules.models import RuleSet

RATE_COLUMNS = (
    "month",
    "scheduled_minutes",
    "reported_minutes",
    "valid_minutes",
    "invalid_minutes",
    "absent_minutes",
    "days",
    "rate",
    "rate_lower",
    "rate_upper",
)
FLAG_COLUMNS = (
    "school_unit_code",
    "class",
    "grade",
    "mentor",
    "level",
    "rule",
    "basis",
    "verdict",
    "certainty",
    "window_start",
    "window_end",
    "scheduled_minutes",
    "reported_minutes",
    "valid_minutes",
    "invalid_minutes",
    "absent_minutes",
    "days",
    "rate",
)


@dataclass(frozen=True)
class Answer:
    """Rows under fixed columns, and how many protected pupils are not among them."""

    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    protected_left_out: int


def share(part: int, whole: int) -> str:
    """Return a rate with 6 decimals, or nothing when it is undefined."""
    return f"{part / whole:.6f}" if whole else ""


def answer_of(
    lake: Lake,
    rows: pl.DataFrame,
    columns: tuple[str, ...],
    cells: Callable[[dict[str, Any]], dict[str, str]],
    *,
    identities: bool,
    protected_left_out: int,
) -> Answer:
    """Return rows about pupils in the words of an answer: who it is, then its columns.

    Args:
        lake: the lake.
        rows: with `pupil_key` as text, nobody protected among them; where the answer has them,
            `class_name` and `mentor_key` as text.
        columns: of the answer, without the pupil. What a row has under the same name stands as
            it is, null as nothing.
        cells: called with a row; returns what stands under the other columns.
        identities: identity numbers instead of pupil keys.
        protected_left_out: how many protected pupils are not among the rows.
    """
    key = "civic_no" if identities else "pupil_key"
    numbers = identity_numbers(lake) if identities else {}
    mentors = staff_names(lake) if "mentor" in columns else {}
    answer: list[dict[str, str]] = []
    for row in rows.iter_rows(named=True):
        pupil = row["pupil_key"]
        said = row | {
            "class": row.get("class_name"),
            "mentor": mentors.get(row.get("mentor_key") or ""),
            **cells(row),
        }
        own = str(uuid.UUID(pupil))
        # Whose number does not open, or is another pupil's, is named by the key.
        named = {key: numbers.get(pupil, f"key {own}") if identities else own}
        answer.append(named | {column: _text(said[column]) for column in columns})
    return Answer((key, *columns), answer, protected_left_out)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def rates_answer(
    lake: Lake,
    month: date,
    rule_set: RuleSet,
    *,
    school: str | None = None,
    identities: bool = False,
) -> Answer:
    """Return the rates of a calendar month, a row per pupil with a lesson in it.

    Args:
        lake: the lake, with its sums up to date.
        month: any day of the month.
        rule_set: for who belongs where when a school is asked for.
        school: only pupils who belong to this school at the month's end, or left from there.
        identities: identity numbers instead of pupil keys.
    """
    place_pupils(lake, month_end(month), rule_set)
    rows = lake.relation("flags/month_rates", month=month.replace(day=1), school=school)
    asked = f"{month:%Y-%m}"

    def cells(row: dict[str, Any]) -> dict[str, str]:
        scheduled, reported = row["scheduled_minutes"], row["reported_minutes"]
        absent = row["valid_minutes"] + row["invalid_minutes"]
        return {
            "month": asked,
            "absent_minutes": str(absent),
            # Sums do not say on how many days.
            "days": "" if row["summed_minutes"] else str(row["days"]),
            "rate": share(absent, reported),
            "rate_lower": share(absent, scheduled),
            "rate_upper": share(absent + scheduled - reported, scheduled),
        }

    answer = answer_of(
        lake,
        rows.filter(~rows["is_protected"]),
        RATE_COLUMNS,
        cells,
        identities=identities,
        protected_left_out=int(rows["is_protected"].sum()),
    )
    answer.rows.sort(key=lambda row: row[answer.columns[0]])
    return answer


def flags_answer(
    lake: Lake,
    as_of: date,
    rule_set: RuleSet,
    *,
    school: str | None = None,
    identities: bool = False,
    include_clear: bool = False,
) -> Answer:
    """Return the verdicts at an as_of, a row per pupil, rule and basis.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: the values in force.
        school: only pupils who belong to this school at as_of.
        identities: identity numbers instead of pupil keys.
        include_clear: verdicts `clear` too, not only `hit` and `insufficient`.
    """
    verdicts = evaluate_flags(lake, as_of, rule_set).verdicts
    where = "($school IS NULL OR school_unit_code = $school)"
    if not include_clear:
        where += " AND verdict <> 'clear'"
    rows = lake.frame(
        "SELECT * REPLACE (cast(pupil_key AS VARCHAR) AS pupil_key, "
        f"cast(mentor_key AS VARCHAR) AS mentor_key) FROM {verdicts} "
        f"WHERE NOT is_protected AND {where} ORDER BY level DESC, school_unit_code, class_name, "
        "pupil_key, rule_level DESC, rule, basis",
        school=school,
    )
    ((left_out,),) = lake.rows(
        f"SELECT count(DISTINCT pupil_key) FROM {verdicts} WHERE is_protected AND {where}",
        school=school,
    )
    return answer_of(
        lake,
        rows,
        FLAG_COLUMNS,
        lambda row: {"rate": share(row["absent_minutes"], row["reported_minutes"])},
        identities=identities,
        protected_left_out=left_out,
    )


def identities_of(
    lake: Lake, pupils: Sequence[str] | None = None, as_of: date | None = None
) -> dict[str, dict[str, str]]:
    """Return sealed identities opened, by pupil key as text; rosters before lesson files.

    A pupil whose identity does not open where it stands, or is another pupil's, has none.
    What a sender that may not move pupils says of one who is enrolled elsewhere comes last.

    Args:
        lake: the lake.
        pupils: only these keys; None for all.
        as_of: the day on which it is asked where they are enrolled; today when None.
    """
    wanted, waits, day = "", "", {}
    standing = find_standing(lake)
    if standing.is_asked:
        day = {"day": as_of or datetime.now(UTC).date()}
        waits = (
            "(file_id IN (SELECT file_id FROM disputable_files) AND (pupil_key, school_unit_code) "
            f"NOT IN (SELECT (pupil_key, school_unit_code) FROM {standing.days} "
            "WHERE $day BETWEEN first_date AND last_date)), "
        )
    if pupils is not None:
        asked = lake.load(
            "wanted_pupils", pl.DataFrame({"pupil_key": pupils}, schema=[("pupil_key", pl.String)])
        )
        wanted = f"WHERE pupil_key IN (SELECT cast(pupil_key AS UUID) FROM {asked})"
    rows = lake.rows(
        "SELECT cast(pupil_key AS VARCHAR), cast(content_key AS VARCHAR), sealed FROM ("
        f"SELECT pupil_key, content_key FROM identity_sources {wanted} "
        f"QUALIFY row_number() OVER (PARTITION BY pupil_key ORDER BY {waits}is_roster DESC, "
        "exported_at DESC, file_id DESC, school_unit_code) = 1) "
        "JOIN identities USING (content_key)",
        **day,
    )
    sealer = Sealer.of_home(lake.settings.home)
    belongs = Belonging.of_lake(lake)
    opened = ((key, sealer.opened(IDENTITY, (content,), sealed)) for key, content, sealed in rows)
    return {key: said for key, said in opened if said is not None and belongs.to(key, said)}


def identity_numbers(lake: Lake) -> dict[str, str]:
    """Return every pupil's identity number, by pupil key as text."""
    return {key: fields["civic_no"] for key, fields in identities_of(lake).items()}


def staff_names(lake: Lake) -> dict[str, str]:
    """Return names of staff by key as text."""
    return {key: word["name"] for key, word in staff_words(lake).items()}


def staff_words(lake: Lake) -> dict[str, dict[str, str]]:
    """Return what sources say of staff, opened, by key as text; what does not open is not there."""
    sealer = Sealer.of_home(lake.settings.home)
    rows = lake.rows("SELECT cast(staff_key AS VARCHAR), sealed FROM staff")
    opened = ((key, sealer.opened(STAFF, (key,), sealed)) for key, sealed in rows)
    return {key: word for key, word in opened if word is not None}
