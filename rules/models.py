"""The shapes of the rules: a parameter with its dated values, a rule, a rule set of one day.

Here: plain frozen values with no way to be half right. Not here: which rules exist
(`ladder.py`), how a file is read (`parameter_file.py`), which value is in force (`registry.py`),
and any verdict: those are computed in `sql/flags/`.

Percentages are `Decimal` as written in the file and integers (hundredths of a percent) in a
`Rule`, so that a comparison on minutes is exact (`threshold.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from rules.threshold import Threshold

Unit = Literal["percent", "days", "spells", "minutes", "grades", "choice"]
Comparison = Literal["over", "at_least"]
Window = Literal["one_month", "two_months"]
Method = Literal["pooled", "each"]
Audience = Literal["mentor", "principal"]

#: percent: Decimal; days, spells and minutes: int; grades: ascending tuple of int; choice: str.
Value = Decimal | int | str | tuple[int, ...]


@dataclass(frozen=True)
class DatedValue:
    """One value of a parameter, from the day it is valid, with its source."""

    valid_from: date
    value: Value
    reference: str  # in English, for who reads code and docs
    reference_sv: str  # in Swedish, for who reads a list


@dataclass(frozen=True)
class Parameter:
    """One parameter file: what the number means and its values, oldest first."""

    name: str
    description: str
    unit: Unit
    values: tuple[DatedValue, ...]
    path: Path

    def on(self, day: date) -> DatedValue | None:
        """The value in force on `day`, or None when the first one is valid later."""
        in_force = [dated for dated in self.values if dated.valid_from <= day]
        return in_force[-1] if in_force else None


@dataclass(frozen=True)
class ParameterSet:
    """All parameters of one set, by name. The loader guarantees that none is missing."""

    name: str
    folder: Path
    parameters: Mapping[str, Parameter]

    @property
    def first_day(self) -> date:
        """The first day on which every parameter has a value: no verdicts before it."""
        return max(parameter.values[0].valid_from for parameter in self.parameters.values())

    @property
    def change_days(self) -> tuple[date, ...]:
        """`first_day` and every later day on which some value starts to apply, ascending."""
        days = {dated.valid_from for p in self.parameters.values() for dated in p.values}
        return tuple(sorted(day for day in days if day >= self.first_day))


@dataclass(frozen=True)
class Rule:
    """One rule as it applies on one day, ready to be handed to SQL."""

    name: str
    level: int  # 1 mentor, 2 ulf, 3 sst
    threshold_bp: int  # hundredths of a percent: 10 % is 1000
    comparison: Comparison
    window: Window
    method: Method  # how the two months are taken together; one month is always "pooled"
    min_days: int
    min_days_each_half: int  # 0: the rule asks nothing of the halves
    grades: tuple[int, ...]
    audience: Audience
    requires_ulf: bool  # a hit also needs a hit of some ulf rule, on either basis

    @property
    def threshold(self) -> Threshold:
        """What absence is compared with."""
        return Threshold(self.threshold_bp, is_strict=self.comparison == "over")

    @property
    def threshold_pct(self) -> Decimal:
        """The threshold in percent, exact, for display."""
        return Decimal(self.threshold_bp) / 100


@dataclass(frozen=True)
class ValueInForce:
    """A value as it applies on one day, for display beside its reference."""

    value: Value
    unit: Unit
    valid_from: date

    @property
    def text(self) -> str:
        """The value with its unit: `12.5 %`, `30 days`, `0-9`, `at_least`."""
        if isinstance(self.value, Decimal):
            return f"{self.value.normalize():f} %"
        if isinstance(self.value, tuple):
            low, high = self.value[0], self.value[-1]
            is_run = len(self.value) > 1 and high - low + 1 == len(self.value)
            return f"{low}-{high}" if is_run else ", ".join(map(str, self.value))
        is_counted = self.unit in {"days", "spells", "minutes"}
        return f"{self.value} {self.unit}" if is_counted else str(self.value)


@dataclass(frozen=True)
class RuleSet:
    """Everything that decides a verdict on one day, with a version to stamp it with."""

    name: str
    day: date
    version: str  # 12 hex digits of the values that decide verdicts: equal values, equal version
    rules: tuple[Rule, ...]  # in order of level
    one_month_days: int
    two_months_days: int
    coverage_floor_bp: int  # hundredths of a percent
    leaver_after_days: int
    full_day_minutes: int  # so many reported minutes of a monthly sum count as one school day
    unseen_after_days: int  # without a lesson in so many days ending at as_of …
    unseen_class_days: int  # … of which the class had lessons on so many: `no_lessons`
    references: Mapping[str, str] = field(hash=False)  # parameter name: reference
    references_sv: Mapping[str, str] = field(hash=False)  # the same in Swedish, for the lists
    values: Mapping[str, ValueInForce] = field(hash=False)  # parameter name: value

    def share(self, name: str) -> Decimal:
        """A parameter in percent as a share: 0.7 for 70 %.

        Raises:
            KeyError: there is no such parameter.
            TypeError: it is not in percent.
        """
        value = self.values[name].value
        if not isinstance(value, Decimal):
            raise TypeError(f"{name} is in {self.values[name].unit}, not in percent")
        return value / 100

    def share_bp(self, name: str) -> int:
        """The same in hundredths of a percent, a whole number: 7000 for 70 %.

        Raises:
            KeyError: there is no such parameter.
            TypeError: it is not in percent.
        """
        # Exact: the loader lets at most two decimals of a percent through.
        return int(self.share(name) * 100 * 100)

    def days(self, name: str) -> int:
        """A parameter in days.

        Raises:
            KeyError: there is no such parameter.
            TypeError: it is not in days.
        """
        value = self.values[name].value
        if not isinstance(value, int):
            raise TypeError(f"{name} is in {self.values[name].unit}, not in days")
        return value

    def rule(self, name: str) -> Rule:
        """The rule called `name`.

        Raises:
            KeyError: the set has no such rule.
        """
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise KeyError(f"no rule {name!r} in {self.name}; there are {[r.name for r in self.rules]}")
