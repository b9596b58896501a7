"""The report of a backtest: figures by step, horizon, grade and sex, and the calibration.

Grade and sex are used here alone, to see whether estimates are as good for everybody; no model
sees them. Not here: the scores (`skill.py`), the plot (`pipelines/cli/forecast.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assets.absence.windows import school_year_start
from assets.flags.answers import identities_of
from assets.flags.evaluate import place_pupils
from assets.flags.suppression import HIDDEN, LEAST_SHOWN, Count, suppressed
from assets.forecast.forecasting import situation_rules
from assets.forecast.history import KEPT_DAYS, MinutesHistory, load_history
from assets.forecast.learning import BASELINES, Learner
from assets.forecast.questions import Bools, ForecastStep, Ints, Span
from assets.forecast.skill import Bin, Trial, calibration, precision, same_length, skill_of
from assets.forecast.trials import trials_of
from assets.lake.connection import Lake
from rules.models import RuleSet

# How long before a pupil passed a step the pupil was first listed. Pure arrays.

#: A listing longer ago than this did not foresee the crossing.
LOOK_BACK_DAYS = 28


@dataclass(frozen=True)
class Crossings:
    """First crossing of each pupil in a period (N,): pupil rows, and days since 1970."""

    pupil: Ints
    day: Ints


def crossings_of(
    history: MinutesHistory, step: ForecastStep, period: Span, one_month_days: int
) -> Crossings:
    """Return on which day the rolling month of a pupil first came to reach the step.

    Somebody who is over it when the period begins has to be under it first.
    """
    before = period.first - timedelta(days=1)
    was_over = _is_over(history, step, before, one_month_days)
    found = np.full(len(was_over), -1, dtype=np.int64)
    for place in range(history.columns(period).start, history.columns(period).stop):
        day = history.dates[place].astype(object)
        is_over = _is_over(history, step, day, one_month_days)
        found[is_over & ~was_over & (found < 0)] = int(history.dates[place].astype(np.int64))
        was_over = is_over
    pupils = np.flatnonzero(found >= 0)
    return Crossings(pupils, found[pupils])


def _is_over(history: MinutesHistory, step: ForecastStep, day: date, one_month_days: int) -> Bools:
    window = Span(max(day - timedelta(days=one_month_days - 1), school_year_start(day)), day)
    enough = history.days(window) >= step.min_days
    over = step.threshold.reached(
        history.total(history.absent, window), history.total(history.reported, window)
    )
    return over & enough


def lead_days(trial: Trial, listed: Bools, crossings: Crossings) -> Ints:
    """Return days from a pupil's first listing to the crossing, 0 where nobody foresaw it (N,)."""
    origins = np.array(trial.origins, dtype="datetime64[D]").astype(np.int64)
    days, pupils = origins[trial.origin[listed]], trial.pupil[listed]
    lead = np.zeros(len(crossings.pupil), dtype=np.int64)
    place = {int(pupil): number for number, pupil in enumerate(crossings.pupil)}
    for pupil, day in zip(pupils.tolist(), days.tolist(), strict=True):
        number = place.get(pupil)
        if number is None:
            continue
        ahead = int(crossings.day[number]) - day
        if 0 < ahead <= LOOK_BACK_DAYS:
            lead[number] = max(lead[number], ahead)
    return lead


_QUESTION = ("horizon", "step", "group_by", "group")
_SCORES = (
    "pupils",
    "forecasts",
    "passed",
    "brier",
    *(f"brier_{name}" for name in BASELINES),
    "skill",
    "skill_low",
    "skill_high",
)
_LIST = ("listed", "precision", "precision_rate_so_far")
_LEAD = ("crossings", "foreseen", "lead_days", "foreseen_rate_so_far", "lead_days_rate_so_far")
SKILL_COLUMNS = (*_QUESTION, *_SCORES, *_LIST, *_LEAD)
CALIBRATION_COLUMNS = ("horizon", "step", "from", "to", "pupils", "forecasts", "said", "seen")
#: A target ends this long after its origin at most.
_LONGEST_TARGET = timedelta(days=31)
_UNKNOWN = "unknown"
#: The words of registers and of SS12000, by what they say.
_SEXES = {"kvinna": "girls", "flicka": "girls", "man": "boys", "pojke": "boys"}


@dataclass(frozen=True)
class Backtest:
    """What a backtest found.

    Attributes:
        origins: the Sundays from which was forecast.
        skill: rows under `SKILL_COLUMNS`, as texts.
        calibration: rows under `CALIBRATION_COLUMNS`, as texts.
        curves: the bins that may be shown, by horizon and step in words, for a plot.
        protected_left_out: pupils who are in no figure.
    """

    origins: tuple[date, ...]
    skill: list[dict[str, str]]
    calibration: list[dict[str, str]]
    curves: dict[tuple[str, str], list[Bin]]
    protected_left_out: int


@dataclass(frozen=True)
class _Lists:
    """A trial with the two lists of the same length, and who crossed when."""

    trial: Trial
    model: Bools
    rate: Bools
    crossings: Crossings
    model_lead: np.ndarray
    rate_lead: np.ndarray


def sundays(first: date, last: date) -> tuple[date, ...]:
    """Return the Sundays from `first` to `last`: the days of weekly lists."""
    start = first + timedelta(days=6 - first.weekday())
    return tuple(
        start + timedelta(days=days) for days in range(0, max(0, (last - start).days + 1), 7)
    )


def backtest(lake: Lake, first: date, last: date, rule_set: RuleSet) -> Backtest:
    """Forecast from every Sunday of a period as it would have been done then, and score it.

    Args:
        lake: the lake, with its sums up to date.
        first: first day of the period.
        last: last day; targets may end after it.
        rule_set: steps and least probability, the same for all origins.
    """
    places = place_pupils(lake, last, rule_set)
    ((newest,),) = lake.rows("SELECT max(lesson_date) FROM absence_daily")
    known = min(newest or last, last + _LONGEST_TARGET)
    history = load_history(lake, known, first - timedelta(days=KEPT_DAYS))
    origins = sundays(first, last)
    rules = situation_rules(rule_set)
    trials = trials_of(history, rules, Learner(history, rules, known), origins, known)
    groups = _groups(lake, history)
    skill: list[dict[str, str]] = []
    bins: list[dict[str, str]] = []
    curves: dict[tuple[str, str], list[Bin]] = {}
    for trial in trials.values():
        lists = _lists(history, trial, rule_set, known)
        skill += _rows_of(lists, groups)
        question = {"horizon": trial.horizon, "step": step_text(trial.step)}
        rows, shown = _calibration_rows(trial)
        bins += [row | question for row in rows]
        curves[trial.horizon, question["step"]] = shown
    ((left_out,),) = lake.rows(f"SELECT count(*) FROM {places.belonging} WHERE is_protected")
    return Backtest(origins, skill, bins, curves, left_out)


def step_text(step: ForecastStep) -> str:
    """Return `over 10 %` or `20 % or more`."""
    percent = f"{step.threshold.bp / 100:g} %"
    return f"over {percent}" if step.threshold.is_strict else f"{percent} or more"


def _groups(lake: Lake, history: MinutesHistory) -> dict[str, np.ndarray]:
    """The group of each pupil, by division (P,)."""
    people = identities_of(lake)
    keys = history.pupils["pupil_key"].to_list()
    sexes = [_SEXES.get(people.get(key, {}).get("sex", "").casefold(), _UNKNOWN) for key in keys]
    grades = [_UNKNOWN if grade is None else str(grade) for grade in history.pupils["grade"]]
    return {
        "all": np.full(len(keys), "all", dtype=object),
        "grade": np.array(grades, dtype=object),
        "sex": np.array(sexes, dtype=object),
    }


def _lists(history: MinutesHistory, trial: Trial, rule_set: RuleSet, known: date) -> _Lists:
    schools = history.pupils["school_unit_code"].rank("dense").to_numpy().astype(np.int64)
    model = trial.says["model"] >= float(rule_set.share("forecast.least_probability"))
    rate = same_length(trial, model, schools[trial.pupil])
    period = Span(
        trial.origins[0] + timedelta(days=1), min(known, trial.origins[-1] + timedelta(days=28))
    )
    crossings = crossings_of(history, trial.step, period, rule_set.one_month_days)
    return _Lists(
        trial,
        model,
        rate,
        crossings,
        lead_days(trial, model, crossings),
        lead_days(trial, rate, crossings),
    )


def _rows_of(lists: _Lists, groups: Mapping[str, np.ndarray]) -> Iterator[dict[str, str]]:
    """A row per group; small ones hidden, by pupils, by listed pupils and by crossings apart."""
    trial = lists.trial
    for division, group_of in groups.items():
        group = group_of[trial.pupil]
        names = sorted(set(group), key=lambda name: (len(name), name))

        def pupils(rows: Bools, group: np.ndarray = group) -> dict[str, int]:
            return {
                name: len(np.unique(trial.pupil[rows & (group == name)])) for name in set(group)
            }

        everybody = np.ones(len(group), dtype=np.bool_)
        crossing = group_of[lists.crossings.pupil]
        few = hidden_groups(pupils(everybody))
        few_listed = few | hidden_groups(pupils(lists.model))
        few_crossed = few | hidden_groups({name: int((crossing == name).sum()) for name in names})
        for name in names:
            figures = dict.fromkeys(SKILL_COLUMNS, HIDDEN)
            if name not in few:
                figures |= _scores(trial.only(group == name))
            if name not in few_listed:
                figures |= _list_figures(lists, group == name)
            if name not in few_crossed:
                figures |= _lead_figures(lists, crossing == name, name not in few_listed)
            yield figures | {
                "horizon": trial.horizon,
                "step": step_text(trial.step),
                "group_by": division,
                "group": name,
            }


def hidden_groups(pupils: Mapping[str, int]) -> frozenset[str]:
    """Return the groups whose figures are hidden, where the whole of them is shown too."""
    counts = {name: Count((name,)) for name in pupils}
    # The small ones together are no group that is shown, but the others would tell their sum.
    together = Count([name for name, count in pupils.items() if count < LEAST_SHOWN])
    everybody = {None: Count(tuple(pupils), rank=-1)}
    shown = suppressed(pupils, counts | everybody, watched=[together])
    return frozenset(name for name in pupils if shown[name] is None)


def _scores(trial: Trial) -> dict[str, str]:
    found = skill_of(trial)
    if found is None:
        return {}
    return {
        "pupils": str(len(np.unique(trial.pupil))),
        "forecasts": str(len(trial.crossed)),
        "passed": _number(float(trial.crossed.mean())),
        "brier": _number(found.brier["model"]),
        **{f"brier_{name}": _number(found.brier[name]) for name in BASELINES},
        "skill": _number(found.skill),
        "skill_low": _number(found.low),
        "skill_high": _number(found.high),
    }


def _list_figures(lists: _Lists, rows: Bools) -> dict[str, str]:
    crossed = lists.trial.crossed
    return {
        "listed": str(int((lists.model & rows).sum())),
        "precision": _number(precision(lists.model & rows, crossed)),
        "precision_rate_so_far": _number(precision(lists.rate & rows, crossed)),
    }


def _lead_figures(lists: _Lists, rows: Bools, has_lists: bool) -> dict[str, str]:
    figures = {"crossings": str(int(rows.sum()))}
    if not has_lists:
        return figures
    for suffix, lead in (("", lists.model_lead), ("_rate_so_far", lists.rate_lead)):
        seen = lead[rows] > 0
        figures[f"foreseen{suffix}"] = _number(float(seen.mean()) if len(seen) else None)
        median = float(np.median(lead[rows][seen])) if seen.any() else None
        figures[f"lead_days{suffix}"] = "" if median is None else f"{median:g}"
    return figures


def _calibration_rows(trial: Trial) -> tuple[list[dict[str, str]], list[Bin]]:
    bins = calibration(trial)
    few = hidden_groups({f"{one.low:.1f}": one.pupils for one in bins})
    rows = []
    for one in bins:
        row = dict.fromkeys(CALIBRATION_COLUMNS, HIDDEN)
        row |= {"from": f"{one.low:.1f}", "to": f"{one.high:.1f}"}
        if row["from"] not in few:
            row |= {
                "pupils": str(one.pupils),
                "forecasts": str(one.forecasts),
                "said": _number(one.said),
                "seen": _number(one.seen),
            }
        rows.append(row)
    return rows, [one for one in bins if f"{one.low:.1f}" not in few]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
