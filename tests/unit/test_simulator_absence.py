"""The shape of the simulated absence: a long tail, spells, seasons, forgetful teachers."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from assets.simulator import SimulationPlan, simulate
from assets.simulator.plan import school_year_start
from assets.simulator.timetable import easter_sunday, school_days


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> pl.LazyFrame:
    """1,000 pupils in a school year with few lessons a day, to keep it small."""
    out = tmp_path_factory.mktemp("year")
    simulate(
        SimulationPlan(
            pupils=1000,
            schools=4,
            first_day=dt.date(2025, 8, 1),
            last_day=dt.date(2026, 6, 30),
            seed=11,
            out=out,
            lessons_per_day=4,
        )
    )
    rows = pl.scan_csv(out / "lektionsfranvaro_*.csv", separator=";", infer_schema=False)
    number = pl.col("Lektionslängd (min)", "Giltig frånvaro (min)", "Ogiltig frånvaro (min)")
    return (
        rows.with_columns(number.cast(pl.Int64), day=pl.col("Datum").str.to_date())
        .rename({"Lektionslängd (min)": "scheduled", "Personnummer": "pupil"})
        .with_columns(
            is_held=pl.col("Inställd") == "Nej",
            is_reported=pl.col("Rapporterad") == "Ja",
            absent=pl.col("Giltig frånvaro (min)") + pl.col("Ogiltig frånvaro (min)"),
            month=pl.col("day").dt.month(),
        )
        .collect()
        .lazy()
    )


def rates(rows: pl.LazyFrame, *by: str) -> pl.DataFrame:
    reported = rows.filter("is_reported")
    sums = reported.group_by(by).agg(rate=pl.col("absent").sum() / pl.col("scheduled").sum())
    return sums.sort(by).collect()


def share_of_pupil_months(year: pl.LazyFrame, limit: float) -> float:
    return float(rates(year, "pupil", "month").select((pl.col("rate") >= limit).mean()).item())


def test_the_ladder_has_pupils_on_every_step(year: pl.LazyFrame) -> None:
    assert 0.12 < share_of_pupil_months(year, 0.1001) < 0.28
    assert 0.05 < share_of_pupil_months(year, 0.20) < 0.15
    assert 0.01 < share_of_pupil_months(year, 0.40) < 0.05


def test_most_pupils_are_seldom_away_and_some_nearly_always(year: pl.LazyFrame) -> None:
    rate = rates(year, "pupil")["rate"]
    assert 0.02 < float(rate.quantile(0.5) or 0) < 0.07
    assert 0.04 < float(rate.mean() or 0) < 0.09  # type: ignore[arg-type]
    assert float(rate.max() or 0) > 0.4  # type: ignore[arg-type]
    assert float(rate.quantile(0.1) or 0) < 0.02


def test_mondays_fridays_and_winter_have_more_absence(year: pl.LazyFrame) -> None:
    weekday = year.with_columns(weekday=pl.col("day").dt.weekday())
    by_day = dict(rates(weekday, "weekday").iter_rows())
    assert min(by_day[1], by_day[5]) > max(by_day[2], by_day[3])
    by_month = dict(rates(year, "month").iter_rows())
    assert by_month[2] > 1.3 * by_month[9]


def test_illness_comes_in_whole_days_and_lateness_in_minutes(year: pl.LazyFrame) -> None:
    away = year.filter(pl.col("absent") > 0).collect()
    sick = away.filter(pl.col("Frånvaroanledning") == "Sjuk")
    assert sick.select((pl.col("absent") == pl.col("scheduled")).all()).item()
    late = away.filter(pl.col("Frånvaroanledning") == "Sen ankomst")
    assert late.select(pl.col("absent").is_between(5, 20).all()).item()
    whole = (
        year.filter("is_held", "is_reported")
        .group_by("pupil", "day")
        .agg(lessons=pl.len(), away=(pl.col("absent") == pl.col("scheduled")).sum())
    )
    days = whole.filter(pl.col("away") > 0).collect()
    assert days.select((pl.col("away") == pl.col("lessons")).mean()).item() > 0.6
    assert days.select((pl.col("away") < pl.col("lessons")).sum()).item() > 100


def test_most_absence_is_valid_and_the_invalid_grows_with_age(year: pl.LazyFrame) -> None:
    held = (
        year.filter("is_reported")
        .group_by("Årskurs")
        .agg(invalid=pl.col("Ogiltig frånvaro (min)").sum() / pl.col("absent").sum())
    )
    share = dict(held.collect().iter_rows())
    assert share["9"] > share["1"]
    assert 0.03 < sum(share.values()) / len(share) < 0.4


def test_unreported_lessons_gather_with_some_teachers(year: pl.LazyFrame) -> None:
    held = year.filter("is_held")
    silent = (~pl.col("is_reported")).mean()
    assert 0.015 < held.select(silent).collect().item() < 0.06
    teacher = held.group_by("Skolenhetskod", "Klass", "Ämne").agg(share=silent).collect()["share"]
    assert float(teacher.quantile(0.5) or 0) < 0.03
    assert float(teacher.max() or 0) > 0.15  # type: ignore[arg-type]


def test_no_lessons_in_breaks_on_holidays_or_at_weekends(year: pl.LazyFrame) -> None:
    days = set(year.select(pl.col("day").unique()).collect()["day"])
    assert len(days) == 178
    assert {d.isocalendar().week for d in days}.isdisjoint({44, 9})
    assert max(d.weekday() for d in days) == 4
    free = {"2025-12-24", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14"}
    assert free.isdisjoint({d.isoformat() for d in days})
    assert not [d for d in days if dt.date(2025, 12, 20) <= d <= dt.date(2026, 1, 7)]
    assert not [d for d in days if dt.date(2026, 6, 16) <= d or d < dt.date(2025, 8, 18)]


@pytest.mark.parametrize("start_year", range(2020, 2036))
def test_every_school_year_has_178_school_days(start_year: int) -> None:
    first = dt.date(start_year, 7, 1)
    plan = SimulationPlan(
        pupils=1, schools=1, first_day=first, last_day=dt.date(start_year + 1, 6, 30), seed=1,
        out=Path("unused"),
    )  # fmt: skip
    days = school_days(plan)
    assert len(days) == 178
    assert {school_year_start(d) for d in days} == {first}


def test_staff_days_can_be_given(tmp_path: Path) -> None:
    plan = SimulationPlan(
        pupils=1, schools=1, first_day=dt.date(2026, 10, 19), last_day=dt.date(2026, 11, 8),
        seed=1, out=tmp_path, staff_days=(dt.date(2026, 11, 2),),
    )  # fmt: skip
    assert [d.day for d in school_days(plan)] == [19, 20, 21, 22, 23, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "easter", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"]
)
def test_easter_is_where_the_almanac_has_it(easter: str) -> None:
    day = dt.date.fromisoformat(easter)
    assert easter_sunday(day.year) == day
