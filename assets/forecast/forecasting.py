"""The probabilities at an as_of, and whether they are good enough to be shown.

A lake judges itself: the newest origins whose targets are over are forecast as they would have
been then, and only where that beats every simple rule beyond noise is anything shown. Not here:
the model (`model.py`), who is listed how (`assets/watchlists/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import polars as pl

from assets.flags.evaluate import Places, place_pupils
from assets.forecast.history import MinutesHistory, load_history
from assets.forecast.learning import BASELINES, Learner, origins_before
from assets.forecast.model import LEAST_ORIGINS
from assets.forecast.questions import ForecastStep, Horizon, Span, steps_of
from assets.forecast.situations import Situation, SituationRules, situations_of
from assets.forecast.skill import Skill, Trial, skill_of
from assets.forecast.trials import Question, trials_of
from assets.lake.connection import Lake
from assets.lake.tables import columns_of
from rules.models import RuleSet

#: Pupils and past origins that the nightly look at itself takes: the targets of fourteen weeks in a
#: row always end in three months or more, though those of the newest four may not be over.
_JUDGED_PUPILS = 20_000
_JUDGED_ORIGINS = 14
#: Months in which the targets behind a shown estimate must end (our choice). Weeks whose targets
#: are one month are one outcome counted several times.
LEAST_TARGET_MONTHS = 3
_SKILL_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "threshold_bp": pl.Int64,
    "is_strict": pl.Boolean,
    "horizon": pl.String,
    "origins": pl.Int64,
    "forecasts": pl.Int64,
    "brier": pl.Float64,
    **{f"brier_{name}": pl.Float64 for name in BASELINES},
    "skill": pl.Float64,
    "skill_low": pl.Float64,
    "skill_high": pl.Float64,
    "is_shown": pl.Boolean,
}


@dataclass(frozen=True)
class Forecasts:
    """Estimates at an as_of.

    Attributes:
        as_of: the last day that counts.
        places: where pupils are then.
        rows: a row per pupil, step and horizon that is asked: pupil_key, school_unit_code,
            class_name, grade, mentor_key, threshold_bp, is_strict, horizon, target_first_date,
            target_last_date, absent_minutes and reported_minutes so far, probability, is_listed.
        skill: a row per step and horizon, as the table `forecast_skill`.
    """

    as_of: date
    places: Places
    rows: pl.DataFrame
    skill: pl.DataFrame


def situation_rules(rule_set: RuleSet) -> SituationRules:
    """Return what a situation needs of a rule set."""
    return SituationRules(steps_of(rule_set), rule_set.one_month_days, rule_set.leaver_after_days)


def forecast(lake: Lake, as_of: date, rule_set: RuleSet) -> Forecasts:
    """Estimate for every pupil under a step of the grade who is not protected and has not left.

    Learns from, and judges itself on, pupils of all grades: the question is the same. Makes
    temporary tables; the lake itself isn't changed. Nothing after as_of is read.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: the values in force.
    """
    # No longer: a server ends a transaction that does nothing while the models are fitted.
    with lake.reading():
        places = place_pupils(lake, as_of, rule_set)
        history = load_history(lake, as_of)
    rules = situation_rules(rule_set)
    learner = Learner(history, rules, as_of)
    trials = _own_trials(history, rules, learner, as_of)
    skill = pl.DataFrame(
        [_skill_row(trial, found) for trial in trials.values() if (found := skill_of(trial))],
        schema=_SKILL_SCHEMA,
    )
    shown = {
        (row["horizon"], row["threshold_bp"], row["is_strict"])
        for row in skill.filter("is_shown").iter_rows(named=True)
    }
    rows = [
        frame.with_columns(
            is_listed=pl.lit((horizon, step.threshold.bp, step.threshold.is_strict) in shown)
            & (pl.col("probability") >= float(rule_set.share("forecast.least_probability")))
        )
        for horizon, step, frame in _estimates(history, rules, learner, as_of)
    ]
    return Forecasts(as_of, places, pl.concat(rows) if rows else _nobody(history), skill)


def _own_trials(
    history: MinutesHistory, rules: SituationRules, learner: Learner, as_of: date
) -> dict[Question, Trial]:
    """Forecasts of the newest origins in term; those whose targets aren't over have no outcome."""
    judged = history.of_every(max(1, len(history.absent) // _JUDGED_PUPILS))
    lately = timedelta(days=rules.leaver_after_days - 1)
    # After a summer they reach back to the spring: a break has nobody to forecast.
    in_term = [
        origin
        for origin in origins_before(history, as_of)
        if len(history.dates[history.columns(Span(origin - lately, origin))])
    ]
    return trials_of(judged, rules, learner, in_term[:_JUDGED_ORIGINS][::-1], as_of)


def _estimates(
    history: MinutesHistory, rules: SituationRules, learner: Learner, as_of: date
) -> Iterator[tuple[Horizon, ForecastStep, pl.DataFrame]]:
    stays = ~history.pupils["has_left"].to_numpy()
    grades = history.pupils["grade"].to_list()
    for horizon, situation in situations_of(history, as_of, rules).items():
        for step, learned in learner.at(as_of, horizon).items():
            has_rule = np.fromiter(map(step.is_for, grades), dtype=np.bool_, count=len(grades))
            rows = situation.asked(step) & stays & has_rule
            probability = learned.model.probability(situation.only(rows))
            yield (
                horizon,
                step,
                _frame(history, situation, horizon, step, rows).with_columns(
                    probability=pl.Series(probability, dtype=pl.Float64)
                ),
            )


def _frame(
    history: MinutesHistory,
    situation: Situation,
    horizon: Horizon,
    step: ForecastStep,
    rows: np.ndarray,
) -> pl.DataFrame:
    return (
        history.pupils.drop("has_left", "pupil_row")
        .with_columns(
            threshold_bp=pl.lit(step.threshold.bp, dtype=pl.Int64),
            is_strict=pl.lit(step.threshold.is_strict),
            horizon=pl.lit(horizon),
            target_first_date=pl.lit(situation.target.first),
            target_last_date=pl.lit(situation.target.last),
            absent_minutes=pl.Series(situation.absent_so_far, dtype=pl.Int64),
            reported_minutes=pl.Series(situation.reported_so_far, dtype=pl.Int64),
        )
        .filter(pl.Series(rows))
    )


def _nobody(history: MinutesHistory) -> pl.DataFrame:
    return (
        history.pupils.drop("has_left", "pupil_row")
        .clear()
        .with_columns(
            threshold_bp=pl.lit(None, dtype=pl.Int64),
            is_strict=pl.lit(None, dtype=pl.Boolean),
            horizon=pl.lit(None, dtype=pl.String),
            target_first_date=pl.lit(None, dtype=pl.Date),
            target_last_date=pl.lit(None, dtype=pl.Date),
            absent_minutes=pl.lit(None, dtype=pl.Int64),
            reported_minutes=pl.lit(None, dtype=pl.Int64),
            probability=pl.lit(None, dtype=pl.Float64),
            is_listed=pl.lit(None, dtype=pl.Boolean),
        )
    )


def _skill_row(trial: Trial, skill: Skill) -> dict[str, object]:
    return {
        "threshold_bp": trial.step.threshold.bp,
        "is_strict": trial.step.threshold.is_strict,
        "horizon": trial.horizon,
        "origins": len(trial.origins),
        "forecasts": len(trial.crossed),
        "brier": skill.brier["model"],
        **{f"brier_{name}": skill.brier[name] for name in BASELINES},
        "skill": skill.skill,
        "skill_low": skill.low,
        "skill_high": skill.high,
        "is_shown": len(trial.origins) >= LEAST_ORIGINS
        and len(trial.target_months) >= LEAST_TARGET_MONTHS
        and skill.low > 0,
    }


def store_forecasts(lake: Lake, forecasts: Forecasts) -> int:
    """Keep who is listed, with every horizon of that step, and the skill; return the pupils."""
    listed = (
        forecasts.rows.filter("is_listed").select("pupil_key", "threshold_bp", "is_strict").unique()
    )
    shown = forecasts.skill.filter("is_shown").select("threshold_bp", "is_strict", "horizon")
    kept = forecasts.rows.join(
        listed, on=["pupil_key", "threshold_bp", "is_strict"], how="semi"
    ).join(shown, on=["threshold_bp", "is_strict", "horizon"], how="semi")

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for table, frame in (("forecasts", kept), ("forecast_skill", forecasts.skill)):
            connection.execute(
                f"DELETE FROM {table} WHERE as_of_date = $as_of", {"as_of": forecasts.as_of}
            )
            of_many = [name for name in columns_of(table) if name != "as_of_date"]
            connection.register("to_keep", frame.select(of_many))
            connection.execute(
                f"INSERT INTO {table} BY NAME SELECT $as_of::DATE AS as_of_date, * FROM to_keep",
                {"as_of": forecasts.as_of},
            )
            connection.unregister("to_keep")

    lake.write(change)
    return listed["pupil_key"].n_unique()
