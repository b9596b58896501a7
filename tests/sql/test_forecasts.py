"""Estimates from the lake and back: who is in them, who is not, and what a list takes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl
import pytest

from assets.forecast.backtest import backtest, sundays
from assets.forecast.forecasting import forecast, store_forecasts
from assets.lake.connection import Lake
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.sql.given import ANNA, BO, SOUTH, Row, day, given, key, rows_of
from tests.sql.made_up_term import LATE, fill

AS_OF = date(2026, 11, 15)
RULES = rule_set_on("stockholm", AS_OF)


def estimate(pupil: str, horizon: str, probability: float, **other: object) -> Row:
    return {
        "as_of_date": AS_OF,
        "pupil_key": key(pupil),
        "threshold_bp": 20_00,
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
    given(lake, "rolling_sums", {"invalid_minutes": 9})
    given(lake, "forecasts", *estimates)
    return rows_of(
        lake,
        "watchlists/pupils_at_risk",
        "threshold_bp",
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
        estimate("Anna", "month_end", 0.9, threshold_bp=10_00, is_strict=True),
    )
    assert found == [(20_00, 0.4, 0.2, 9)]


def test_estimates_of_another_day_are_not_this_list(scratch: Lake) -> None:
    assert at_risk(scratch, estimate("Anna", "month_end", 0.4, as_of_date=day("11-08"))) == []


@pytest.mark.parametrize("pupil", [{"is_protected": True}, {"has_left": True}])
def test_who_is_protected_or_has_left_since_is_on_no_list(scratch: Lake, pupil: Row) -> None:
    assert at_risk(scratch, estimate("Anna", "month_end", 0.4), pupil=pupil) == []


def fill_beside(
    lake: Lake,
    pupils: int = 900,
    *,
    protected: int = 0,
    last: date = LATE,
    grades: Sequence[int | None] = (8,),
) -> None:
    """Fill temporary tables that stand before the lake's; the first pupils are protected."""
    given(lake, "absence_daily")
    hidden = [{"pupil_key": key(f"pupil {number}")} for number in range(protected)]
    given(lake, "protected_pupils", *hidden)
    given(lake, "enrolments")
    fill(lake, pupils, last=last, grades=grades)


@pytest.fixture(scope="module")
def scratch_of_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake that is filled again by each test; `filled` keeps its own."""
    with Lake.open(settings_of(tmp_path_factory.mktemp("own") / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(scratch: Lake) -> Lake:
    fill_beside(scratch, protected=30)
    return scratch


def test_estimates_are_of_pupils_under_a_step_who_are_not_protected(filled: Lake) -> None:
    found = forecast(filled, AS_OF, RULES)
    rows = found.rows
    assert {"month_end", "four_weeks"} == set(rows["horizon"])
    assert rows["probability"].is_between(0, 1).all()
    protected = {str(key(f"pupil {number}")) for number in range(30)}
    assert not protected & set(rows["pupil_key"])
    ten = rows.filter(pl.col("threshold_bp") == 10_00)["pupil_key"].unique()
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
    shown = set(found.skill.filter("is_shown").select("threshold_bp", "horizon").rows())
    listed = found.rows.filter("is_listed")
    assert len(listed)
    assert set(listed.select("threshold_bp", "horizon").unique().rows()) <= shown
    assert (listed["probability"] >= 0.3).all()
    for row in found.skill.iter_rows(named=True):
        assert row["is_shown"] == (row["origins"] >= 4 and row["skill_low"] > 0)


def test_weeks_of_one_month_are_too_few_outcomes_to_be_shown(filled: Lake) -> None:
    # Four Sundays of November: their month's ends are one, and their four weeks end in December.
    found = forecast(filled, date(2026, 12, 6), RULES)
    good = found.skill.filter((pl.col("origins") >= 4) & (pl.col("skill_low") > 0))
    assert len(good)
    assert not good["is_shown"].any()
    assert not found.rows["is_listed"].any()


def test_a_step_is_asked_of_the_grades_that_have_a_rule_with_it_only(lake: Lake) -> None:
    fill_beside(lake, grades=(2, 8, None))
    found = forecast(lake, LATE, RULES)
    asked = found.rows.group_by("threshold_bp").agg(pl.col("grade").unique())
    # In `stockholm` 20 % over one month is a question for grades 4-9 alone.
    grades = {step: set(of_step) for step, of_step in asked.iter_rows()}
    assert grades == {10_00: {2, 8, None}, 20_00: {8}, 40_00: {2, 8, None}}


def test_a_pupil_without_the_higher_step_is_shown_at_the_lower(lake: Lake) -> None:
    fill_beside(lake, grades=(2,))
    store_forecasts(lake, forecast(lake, LATE, RULES))
    given(lake, "rolling_sums")
    listed = rows_of(lake, "watchlists/pupils_at_risk", "threshold_bp", as_of=LATE)
    assert (10_00,) in listed
    assert (20_00,) not in listed


@pytest.mark.parametrize("pupils", [0, 1, 2, 60])
@pytest.mark.parametrize("as_of", ["2026-11-20", "2026-12-20", "2027-01-03", "2027-01-10"])
def test_a_lake_whose_lessons_stop_before_the_target_begins_has_no_estimate(
    scratch_of_own: Lake, pupils: int, as_of: str
) -> None:
    # From 17 November to the term's last day: January's nights look at December's origins.
    fill_beside(scratch_of_own, pupils, last=date(2026, 12, 18))
    scratch_of_own.connection.execute(
        "DELETE FROM absence_daily WHERE lesson_date < DATE '2026-11-17'"
    )
    found = forecast(scratch_of_own, date.fromisoformat(as_of), RULES)
    assert not len(found.rows)
    assert not len(found.skill)
    assert store_forecasts(scratch_of_own, found) == 0
    assert not backtest(scratch_of_own, date(2026, 12, 1), date.fromisoformat(as_of), RULES).skill


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
    fill_beside(lake)
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
