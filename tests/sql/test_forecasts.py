"""Estimates from the lake and back: who is in them, who is not, and what a list takes of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from assets.forecast.backtest import backtest, sundays
from assets.forecast.forecasting import forecast, store_forecasts
from assets.lake import Lake
from rules.registry import rule_set_on
from tests.sql.given import ANNA, BO, NORTH, SOUTH, Row, day, given, key, rows_of

AS_OF = date(2026, 11, 15)
RULES = rule_set_on("stockholm", AS_OF)
#: A day with enough of a term behind it for the estimates to be judged.
LATE = date(2026, 12, 6)


def estimate(pupil: str, horizon: str, probability: float, **other: object) -> Row:
    return {
        "as_of_date": AS_OF,
        "pupil_key": key(pupil),
        "step": 20_00,
        "is_strict": False,
        "horizon": horizon,
        "target_first_date": day("11-01"),
        "target_last_date": day("11-30") if horizon == "month_end" else day("12-13"),
        "probability": probability,
        **other,
    }


def test_a_protected_pupil_is_neither_forecast_nor_learned_from(scratch: Lake) -> None:
    given(scratch, "belonging", {}, {"pupil_key": BO, "is_protected": True})
    assert rows_of(scratch, "forecast/forecast_pupils", "pupil_key", "pupil_row") == [
        (str(ANNA), 0)
    ]


def test_a_pupil_who_has_left_is_learned_from(scratch: Lake) -> None:
    given(scratch, "belonging", {"has_left": True})
    assert rows_of(scratch, "forecast/forecast_pupils", "has_left") == [(True,)]


def test_a_day_at_two_schools_is_one_day_and_nothing_after_the_last_day_is_read(
    scratch: Lake,
) -> None:
    given(scratch, "belonging", {})
    scratch.materialise("forecast/forecast_pupils")
    given(
        scratch,
        "absence_daily",
        {"valid_minutes": 10, "invalid_minutes": 5},
        {"school_unit_code": SOUTH, "scheduled_minutes": 40, "reported_minutes": 0},
        {"lesson_date": day("10-06")},
        {"pupil_key": BO},
    )
    found = rows_of(
        scratch,
        "forecast/forecast_days",
        "pupil_row",
        "lesson_date",
        "scheduled_minutes",
        "reported_minutes",
        "absent_minutes",
        first_date=day("10-01"),
        last_date=day("10-05"),
    )
    assert found == [(0, day("10-05"), 100, 60, 15)]


def at_risk(lake: Lake, *estimates: Row, pupil: Row | None = None) -> list[tuple[object, ...]]:
    given(lake, "belonging", {**(pupil or {})})
    given(lake, "absence_rolling", {"invalid_minutes": 9})
    given(lake, "forecasts", *estimates)
    return rows_of(
        lake,
        "watchlists/pupils_at_risk",
        "step",
        "month_end_probability",
        "four_weeks_probability",
        "invalid_minutes",
        as_of=AS_OF,
    )


def test_a_list_shows_both_horizons_of_the_highest_step(scratch: Lake) -> None:
    found = at_risk(
        scratch,
        estimate("Anna", "month_end", 0.4),
        estimate("Anna", "four_weeks", 0.2),
        estimate("Anna", "month_end", 0.9, step=10_00, is_strict=True),
    )
    assert found == [(20_00, 0.4, 0.2, 9)]


def test_estimates_of_another_day_are_not_this_list(scratch: Lake) -> None:
    assert at_risk(scratch, estimate("Anna", "month_end", 0.4, as_of_date=day("11-08"))) == []


@pytest.mark.parametrize("pupil", [{"is_protected": True}, {"has_left": True}])
def test_who_is_protected_or_has_left_since_is_on_no_list(scratch: Lake, pupil: Row) -> None:
    assert at_risk(scratch, estimate("Anna", "month_end", 0.4), pupil=pupil) == []


def fill(lake: Lake, pupils: int = 900, *, protected: int = 0) -> None:
    """Give the lake's daily sums a made-up autumn term: inclinations Beta(1, 9), days alone."""
    draw = np.random.default_rng(2)
    keys = [key(f"pupil {number}") for number in range(pupils)]
    inclination = draw.beta(1, 9, pupils)
    dates = [date(2026, 8, 17) + timedelta(days=n) for n in range(124)]
    rows = [
        (str(pupil), one, 300 if away else 0)
        for one in dates
        if one.weekday() < 5
        for pupil, away in zip(keys, draw.random(pupils) < inclination, strict=True)
    ]
    frame = pl.DataFrame(rows, schema=["pupil_key", "lesson_date", "invalid_minutes"], orient="row")
    lake.load("made_up", frame)
    given(lake, "absence_daily")
    lake.connection.execute(
        "INSERT INTO absence_daily BY NAME SELECT cast(pupil_key AS UUID) AS pupil_key, "
        "lesson_date, invalid_minutes, 300 AS scheduled_minutes, 300 AS reported_minutes, "
        f"0 AS valid_minutes, 5 AS lessons, 5 AS reported_lessons, '{NORTH}' AS school_unit_code, "
        "lesson_date + INTERVAL 8 HOUR AS last_starts_at, lesson_date + INTERVAL 20 HOUR "
        "AS last_exported_at, 'MA' AS last_subject, '8A' AS class_name, 8 AS grade FROM made_up"
    )
    sources = [{"pupil_key": one, "is_protected": True} for one in keys[:protected]]
    given(lake, "identity_sources", *sources)
    given(lake, "enrolments")


@pytest.fixture(scope="module")
def filled(scratch: Lake) -> Lake:
    fill(scratch, protected=30)
    return scratch


def test_estimates_are_of_pupils_under_a_step_who_are_not_protected(filled: Lake) -> None:
    found = forecast(filled, AS_OF, RULES)
    rows = found.rows
    assert {"month_end", "four_weeks"} == set(rows["horizon"])
    assert rows["probability"].is_between(0, 1).all()
    protected = {str(key(f"pupil {number}")) for number in range(30)}
    assert not protected & set(rows["pupil_key"])
    ten = rows.filter(pl.col("step") == 10_00)["pupil_key"].unique()
    over = filled.frame(
        "SELECT cast(pupil_key AS VARCHAR) AS pupil_key FROM absence_daily "
        "WHERE lesson_date BETWEEN DATE '2026-10-17' AND DATE '2026-11-15' GROUP BY 1 "
        "HAVING sum(invalid_minutes) * 10 > sum(reported_minutes)"
    )["pupil_key"]
    assert not set(ten) & set(over)


def test_what_is_listed_is_likely_enough_and_of_a_question_that_beats_simple_rules(
    filled: Lake,
) -> None:
    found = forecast(filled, LATE, RULES)
    shown = set(found.skill.filter("is_shown").select("step", "horizon").rows())
    listed = found.rows.filter("is_listed")
    assert len(listed)
    assert set(listed.select("step", "horizon").unique().rows()) <= shown
    assert (listed["probability"] >= 0.3).all()
    for row in found.skill.iter_rows(named=True):
        assert row["is_shown"] == (row["origins"] >= 4 and row["skill_low"] > 0)


def test_later_lessons_do_not_change_an_estimate(filled: Lake) -> None:
    before = forecast(filled, AS_OF, RULES)
    filled.connection.execute("CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM absence_daily")
    try:
        filled.connection.execute(
            "UPDATE absence_daily SET invalid_minutes = 300 - invalid_minutes "
            "WHERE lesson_date > DATE '2026-11-15'"
        )
        after = forecast(filled, AS_OF, RULES)
    finally:
        filled.connection.execute(
            "CREATE OR REPLACE TEMP TABLE absence_daily AS SELECT * FROM kept"
        )
    assert before.rows.equals(after.rows)
    assert before.skill.equals(after.skill)


def test_a_second_night_replaces_the_estimates_of_its_day(lake: Lake) -> None:
    fill(lake)
    found = forecast(lake, LATE, RULES)
    pupils = store_forecasts(lake, found)
    assert store_forecasts(lake, found) == pupils > 0
    ((stored,),) = lake.rows("SELECT count(DISTINCT pupil_key) FROM forecasts")
    assert stored == pupils
    ((questions,),) = lake.rows("SELECT count(*) FROM forecast_skill")
    assert questions == len(found.skill)


def test_a_short_history_gives_no_estimate(filled: Lake) -> None:
    found = forecast(filled, date(2026, 9, 20), RULES)
    assert not len(found.rows)
    assert not len(found.skill)


def test_a_backtest_tells_the_groups_apart_and_hides_none_that_is_large(filled: Lake) -> None:
    found = backtest(filled, date(2026, 10, 26), AS_OF, RULES)
    assert found.origins == sundays(date(2026, 10, 26), AS_OF)
    assert found.protected_left_out == 30
    whole = [row for row in found.skill if row["group_by"] == "all" and row["step"] == "over 10 %"]
    assert {row["horizon"] for row in whole} == {"month_end", "four_weeks"}
    for row in whole:
        assert float(row["brier"]) < float(row["brier_rate_so_far"])
        grade = next(
            other
            for other in found.skill
            if (other["group_by"], other["horizon"], other["step"])
            == ("grade", row["horizon"], row["step"])
        )
        # All are in grade 8: the grade's figures are those of all.
        assert {**grade, "group_by": "all", "group": "all"} == row
    assert all(row["horizon"] and row["step"] != ".." for row in found.calibration)


def test_sundays_are_the_days_of_weekly_lists() -> None:
    assert sundays(date(2026, 11, 9), date(2026, 11, 22)) == (AS_OF, date(2026, 11, 22))
    assert sundays(date(2026, 11, 16), date(2026, 11, 21)) == ()
