"""What the ladder consists of: its steps, and the parameters each step needs.

Here: the structure that a municipality does not tune. Not here: any number from a document;
those are dated and cited in `parameters/<set>/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from rules.models import Audience, Comparison, Method, Unit, Window


@dataclass(frozen=True)
class LadderStep:
    """The part of a rule that is structure, not a value."""

    name: str
    level: int
    window: Window
    audience: Audience
    requires_ulf: bool


@dataclass(frozen=True)
class ParameterSpec:
    """What a parameter file of this name must hold."""

    unit: Unit
    choices: tuple[str, ...] = ()


# Structure and not a parameter, because changing any of it makes it another rule: the windows are
# part of what the handbook says ("40 % under 1 månad och 20 % under 2 månader"), the order of the
# levels is the order in which the ladder is climbed, and the work flow of the skolsociala team
# starts with the principal's investigation reported in ULF, so a referral requires a ulf hit.
# The handbook gives the mentor's 10 % no period: one month is our choice.
LADDER: tuple[LadderStep, ...] = (
    LadderStep("mentor_followup", 1, "one_month", "mentor", requires_ulf=False),
    LadderStep("ulf_one_month", 2, "one_month", "principal", requires_ulf=False),
    LadderStep("ulf_two_months", 2, "two_months", "principal", requires_ulf=False),
    LadderStep("sst_referral", 3, "one_month", "principal", requires_ulf=True),
)

_EVERY_RULE = {
    "threshold": ParameterSpec("percent"),
    "comparison": ParameterSpec("choice", get_args(Comparison)),
    "min_days": ParameterSpec("days"),
    "grades": ParameterSpec("grades"),
}
# Only a window of two months has halves to pool or to take one by one.
_TWO_MONTHS = {
    "method": ParameterSpec("choice", get_args(Method)),
    "min_days_each_half": ParameterSpec("days"),
}
_SHARED = {
    "window.one_month_days": ParameterSpec("days"),
    "window.two_months_days": ParameterSpec("days"),
    "coverage.floor": ParameterSpec("percent"),
    "leaver.after_days": ParameterSpec("days"),
    "sums.full_day_minutes": ParameterSpec("minutes"),
    "unseen.after_days": ParameterSpec("days"),
    "unseen.class_days": ParameterSpec("days"),
}
# How absence is described.
_PATTERNS = {
    "pattern.whole_day_share": ParameterSpec("percent"),
    "pattern.missed_share": ParameterSpec("percent"),
    "pattern.run_days": ParameterSpec("days"),
    "pattern.coherent_share": ParameterSpec("percent"),
    "pattern.scattered_share": ParameterSpec("percent"),
    "pattern.min_days": ParameterSpec("days"),
    "pattern.min_absent_days": ParameterSpec("days"),
    "pattern.named_days": ParameterSpec("days"),
    "pattern.named_spells": ParameterSpec("spells"),
    "pattern.most_chance": ParameterSpec("percent"),
    "pattern.subject_days": ParameterSpec("days"),
    "pattern.clear_difference": ParameterSpec("percent"),
    "pattern.trend_difference": ParameterSpec("percent"),
    "pattern.trend_days": ParameterSpec("days"),
}
# When a list waits.
_NORM = {
    "norm.least_rows": ParameterSpec("percent"),
    "norm.most_unreported": ParameterSpec("percent"),
    "norm.most_doubled": ParameterSpec("percent"),
    "norm.most_refused": ParameterSpec("percent"),
}
# When a school is silent.
_SILENCE = {
    "silence.rhythm_days": ParameterSpec("days"),
    "silence.most_school_days": ParameterSpec("days"),
    "silence.most_late_days": ParameterSpec("days"),
    "silence.alone_days": ParameterSpec("days"),
    "silence.sums_days": ParameterSpec("days"),
}
# Who stands among those at risk of passing a step.
_FORECAST = {"forecast.least_probability": ParameterSpec("percent")}
# Whose timetable is called thin beside the class's.
_THIN = {"thin.share": ParameterSpec("percent")}
# Which lessons count when a pupil has several at a time. They decide sums, by a lesson's date, and
# sums are stored: the values of a night and no part of the version of an as_of's rules.
_PARALLEL = {
    "parallel.method": ParameterSpec("choice", ("set_aside", "count_all")),
    "parallel.least_cover": ParameterSpec("percent"),
}
# What decides no verdict: what a list says beside its flags, and when it waits. Dated and cited
# like the others, but no part of a set's version; `parameters/_every_set` has them for all sets.
_BESIDE = _PATTERNS | _NORM | _SILENCE | _FORECAST | _THIN | _PARALLEL


def _specs() -> dict[str, ParameterSpec]:
    specs = dict(_SHARED)
    for step in LADDER:
        of_step = _EVERY_RULE | (_TWO_MONTHS if step.window == "two_months" else {})
        specs |= {f"{step.name}.{part}": spec for part, spec in of_step.items()}
    return specs


#: Parameters that decide a verdict: their values make a rule set's version.
DECIDING: frozenset[str] = frozenset(_specs())
#: Parameters whose work is stored with the daily sums, so that no question can change them.
STORED: frozenset[str] = frozenset(_PARALLEL)
#: Every parameter that a set must have, no more and no fewer.
PARAMETERS: dict[str, ParameterSpec] = _specs() | _BESIDE
