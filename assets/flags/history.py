"""Which values the stored flags were made by, and which the files give for those days now.

A change of a parameter changes no stored flag until somebody asks for it. Here: telling the two
apart. Not here: making flags anew (the asset `flags`), published lists, which never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assets.lake import Lake
from rules.models import ParameterSet
from rules.registry import rule_set_of


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
