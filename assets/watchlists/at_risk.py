"""Who a school's list shows as at risk of passing a step: estimates made into rows.

Here: reading stored estimates and putting names to them. Not here: the estimates
(`assets/forecast/`), the words (`risk_texts.py`), flags.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from assets.exports.identity_numbers import birth_date
from assets.lake import Lake
from assets.watchlists.model import AtRiskRow, Chance, Sums


def pupils_at_risk(lake: Lake, as_of: date) -> list[dict[str, Any]]:
    """Return who stands in the sections, as rows of `watchlists/pupils_at_risk`, in no order.

    Args:
        lake: the lake, with the temporary tables of an evaluation.
        as_of: the last day that counts.
    """
    return lake.relation("watchlists/pupils_at_risk", as_of=as_of).to_dicts()


def at_risk_by_school(
    found: Iterable[Mapping[str, Any]],
    people: Mapping[str, Mapping[str, str]],
    mentors: Mapping[str, str],
    namesakes: Collection[str],
) -> dict[str, tuple[AtRiskRow, ...]]:
    """Return the rows of each school, the highest step and the greatest chance first.

    Args:
        found: what `pupils_at_risk` gave.
        people: identities by pupil key.
        mentors: names of staff by key.
        namesakes: keys of pupils who are called as another one on the lists.
    """
    schools: dict[str, list[AtRiskRow]] = defaultdict(list)
    for row in found:
        person = people[row["pupil_key"]]
        has_namesake = row["pupil_key"] in namesakes
        schools[row["school_unit_code"]].append(
            AtRiskRow(
                given_name=person["given_name"],
                family_name=person["family_name"],
                birth_date=birth_date(person["civic_no"]) if has_namesake else None,
                school_class=row["class_name"],
                grade=row["grade"],
                mentor=mentors.get(row["mentor_key"], ""),
                threshold_bp=row["threshold_bp"],
                is_strict=row["is_strict"],
                one_month=_sums(row),
                month_end=_chance(row, "month_end"),
                four_weeks=_chance(row, "four_weeks"),
                pupil_key=row["pupil_key"],
            )
        )
    return {code: tuple(sorted(rows, key=_urgency)) for code, rows in schools.items()}


def _sums(row: Mapping[str, Any]) -> Sums:
    names = ("scheduled_minutes", "reported_minutes", "valid_minutes", "invalid_minutes", "days")
    return Sums(*(int(row[name]) for name in names))


def _chance(row: Mapping[str, Any], horizon: str) -> Chance | None:
    probability = row[f"{horizon}_probability"]
    return None if probability is None else Chance(row[f"{horizon}_date"], probability)


def _urgency(row: AtRiskRow) -> tuple[object, ...]:
    chances = [chance.probability for chance in (row.month_end, row.four_weeks) if chance]
    return (-row.threshold_bp, -max(chances), row.family_name, row.given_name)
