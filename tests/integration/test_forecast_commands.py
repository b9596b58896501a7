"""`trappan forecast` and `trappan backtest`: their columns, their silence, and bad usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assets.forecast.backtest import SKILL_COLUMNS
from assets.forecast.calibration_plot import draw_calibration
from assets.forecast.skill import Bin
from tests.integration.conftest import AS_OF, SampleHome, trappan

HEADER = (
    "school_unit_code,class,grade,mentor,step,comparison,horizon,target_first_date,"
    "target_last_date,absent_minutes,reported_minutes,rate_so_far,probability,is_listed"
)
_PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("option", "key"), [((), "pupil_key"), (("--identities",), "civic_no")])
def test_estimates_have_the_promised_columns_and_too_short_a_history_none(
    sample_home: SampleHome, option: tuple[str, ...], key: str
) -> None:
    said = trappan(
        "forecast", "--as-of", AS_OF, "--format", "csv", *option, "--home", sample_home.path
    )
    assert said.status == 0
    assert said.out.splitlines() == [f"{key},{HEADER}"]
    assert "pupils with protected identity are left out" in said.err
    assert "too short" in said.err


def test_asking_with_identities_is_logged(sample_home: SampleHome) -> None:
    trappan("forecast", "--as-of", AS_OF, "--identities", "--home", sample_home.path)
    log = (sample_home.path / "access.log").read_text(encoding="utf-8")
    assert "forecast" in log.splitlines()[-1]


def test_a_backtest_without_history_says_so_and_writes_nothing(
    sample_home: SampleHome, tmp_path: Path
) -> None:
    said = trappan(
        *("backtest", "--from", "2026-08-17", "--to", "2026-09-13", "--format", "csv"),
        *("--out", tmp_path / "out", "--home", sample_home.path),
    )
    assert said.status == 0
    assert said.out.splitlines() == [",".join(SKILL_COLUMNS)]
    assert "too little history" in said.err
    assert not (tmp_path / "out").exists()


def test_a_period_without_a_sunday_is_bad_usage(sample_home: SampleHome) -> None:
    said = trappan(
        *("backtest", "--from", "2026-11-09", "--to", "2026-11-14", "--home", sample_home.path)
    )
    assert said.status == 2
    assert "no Sunday" in said.err


def test_a_period_that_ends_before_it_begins_is_told_so(sample_home: SampleHome) -> None:
    said = trappan(
        *("backtest", "--from", "2026-11-14", "--to", "2026-11-09", "--home", sample_home.path)
    )
    assert said.status == 2
    assert "--from 2026-11-14 is after --to 2026-11-09." in " ".join(said.err.split())


def test_a_backtest_prints_and_writes_the_same(sample_home: SampleHome, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = trappan(
        *("backtest", "--from", "2026-11-01", "--to", AS_OF, "--format", "json"),
        *("--out", out, "--home", sample_home.path),
    )
    assert said.status == 0
    rows = json.loads(said.out)
    if rows:
        assert json.loads((out / "backtest.json").read_text(encoding="utf-8"))["skill"] == rows


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    bins = [Bin(0.1, 0.2, 40, 30, 0.15, 0.12), Bin(0.2, 0.3, 20, 15, 0.25, 0.3)]
    curves = {("month_end", "over 10 %"): bins, ("four_weeks", "over 10 %"): []}
    path = tmp_path / "plot.png"
    draw_calibration(curves, path, "Test")
    assert path.read_bytes().startswith(_PNG)
