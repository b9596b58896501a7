"""`trappan forecast` and `trappan backtest`: their columns, their silence, and bad usage."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from assets.forecast.backtest import CALIBRATION_COLUMNS, SKILL_COLUMNS
from assets.forecast.skill import Bin
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from pipelines.cli.forecast import draw_calibration
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SampleHome, trappan
from tests.sql.made_up_term import LATE, fill

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


@pytest.fixture(scope="module")
def term_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake holds half a made-up school year, for tests that change nothing."""
    home = tmp_path_factory.mktemp("term") / "home"
    with Lake.open(settings_of(home)) as lake:
        Sealer.of_home(home)
        fill(lake, grades=(2, 8))
    return home


def test_estimates_are_printed_for_the_steps_of_a_grade_only(term_home: Path) -> None:
    asked = ("forecast", "--as-of", LATE, "--format", "json", "--home", term_home)
    listed, everything = trappan(*asked), trappan(*asked, "--all")
    assert (listed.status, everything.status) == (0, 0)
    rows = json.loads(listed.out)
    assert rows
    assert all(row["is_listed"] == "yes" for row in rows)
    assert "too short" not in listed.err
    steps = {(row["grade"], row["step"]) for row in json.loads(everything.out)}
    assert steps >= {("2", "10.00"), ("8", "10.00"), ("8", "20.00")}
    assert ("2", "20.00") not in steps


def test_a_period_that_ends_before_it_begins_is_reported_so(sample_home: SampleHome) -> None:
    said = trappan(
        *("backtest", "--from", "2026-11-14", "--to", "2026-11-09", "--home", sample_home.path)
    )
    assert said.status == 2
    assert "--from 2026-11-14 is after --to 2026-11-09." in " ".join(said.err.split())


def test_a_backtest_prints_and_writes_the_same(term_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = trappan(
        *("backtest", "--from", "2026-11-23", "--to", "2026-12-13", "--format", "json"),
        *("--out", out, "--home", term_home),
    )
    assert said.status == 0, said.err
    rows = json.loads(said.out)
    whole = json.loads((out / "backtest.json").read_text(encoding="utf-8"))
    assert whole["skill"] == rows
    assert whole["origins"] == ["2026-11-29", "2026-12-06", "2026-12-13"]
    assert {(row["group_by"], row["group"]) for row in rows} == {
        *(("all", "all"), ("grade", "2"), ("grade", "8"), ("sex", "unknown"))
    }
    assert {row["horizon"] for row in rows} == {"month_end", "four_weeks"}
    for name, columns, kept in (
        ("skill.csv", SKILL_COLUMNS, rows),
        ("calibration.csv", CALIBRATION_COLUMNS, whole["calibration"]),
    ):
        with (out / name).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            assert list(reader) == kept
            assert tuple(reader.fieldnames or ()) == columns
    assert (out / "calibration.png").read_bytes().startswith(_PNG)
    assert {path.name for path in out.iterdir()} == {
        *("skill.csv", "calibration.csv", "backtest.json", "calibration.png")
    }


@pytest.mark.parametrize(("pupils", "last"), [(0, None), (1, "2027-01-10"), (60, "2026-12-18")])
def test_a_lake_with_nothing_to_learn_from_ends_in_words(
    pupils: int, last: str | None, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        Sealer.of_home(home)
        if last is not None:
            fill(lake, pupils, last=date.fromisoformat(last))
            # A first export in the middle of the term.
            lake.connection.execute(
                "DELETE FROM absence_daily WHERE lesson_date < DATE '2026-11-17'"
            )
    said = trappan("forecast", "--as-of", "2027-01-10", "--all", "--home", home)
    assert said.status == 0, said.err
    assert "too short" in said.err
    said = trappan("backtest", "--from", "2026-12-07", "--to", "2027-01-10", "--home", home)
    assert said.status == 0, said.err
    assert "too little history" in said.err


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    bins = [Bin(0.1, 0.2, 40, 30, 0.15, 0.12), Bin(0.2, 0.3, 20, 15, 0.25, 0.3)]
    curves = {("month_end", "over 10 %"): bins, ("four_weeks", "over 10 %"): []}
    path = tmp_path / "plot.png"
    draw_calibration(curves, path, "Test")
    assert path.read_bytes().startswith(_PNG)
