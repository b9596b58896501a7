"""`make benchmark` says beforehand what it needs, afterwards what it found, and what failed."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from tests.architecture.sources import ROOT
from tests.benchmarks import everything
from tests.benchmarks.everything import (
    NAMES,
    PARTS,
    BenchmarkError,
    chosen,
    enough_room,
    gigabytes_needed,
)
from tests.benchmarks.large_workbook import write_workbook
from tests.benchmarks.report import PartResult, met, report
from tests.benchmarks.running import Finding, at_most, tell, told
from tests.conftest import settings_of

RATIO = at_most("a load beside the least program", 3.4, 2.0, "times", more=" (2.9 processor)")
NIGHT = at_most("the last night", 65.0, 40, "s", is_of_size=True)
PLAIN = Finding("the year", "171.0 s")


def test_a_target_is_met_or_not_and_of_less_than_the_city_not_comparable() -> None:
    assert [met(one, 1) for one in (RATIO, NIGHT, PLAIN)] == ["**no**", "**no**", ""]
    assert [met(one, 0.1) for one in (RATIO, NIGHT, PLAIN)] == ["**no**", "not comparable", ""]
    assert met(at_most("a load", 1.2, 1.3, "times"), 0.1) == "yes"
    assert met(at_most("a load", 1.3, 1.3, "times"), 1) == "yes"


def test_the_report_has_a_table_a_part_and_counts_the_targets() -> None:
    month = PartResult("month", "90,000 pupils, 260 schools", 840, (RATIO, NIGHT, PLAIN))
    text = report("2 cores.", 0.1, [month])
    assert "1 parts in 14 min. Targets: 0 met, 1 not met, 1 not comparable" in text
    assert "| the last night | at most 40 s | 65.0 s | not comparable |" in text
    seen = "3.40 times (2.9 processor)"
    assert f"| a load beside the least program | at most 2 times | {seen} | **no** |" in text
    assert "| the year |  | 171.0 s |  |" in text
    assert "Failed" not in text


def test_a_part_that_failed_is_named_first_and_keeps_what_it_told() -> None:
    whole = PartResult("month", "all", 9, (RATIO,))
    broken = PartResult("city_year", "all", 9, (PLAIN,), "ended with status 1; see city_year.log")
    text = report("2 cores.", 1, [whole, broken])
    assert text.index("**Failed: city_year.**") < text.index("## month")
    assert "**Failed**: ended with status 1; see city_year.log" in text
    assert "171.0 s" in text


def test_a_figure_is_told_by_one_process_and_read_by_another(capsys: Any) -> None:
    print("load month {'seconds': 3.0}")
    tell(RATIO, NIGHT, PLAIN)
    assert told(capsys.readouterr().out) == [RATIO, NIGHT, PLAIN]


def test_parts_are_chosen_by_name_and_run_in_their_order() -> None:
    assert [part.name for part in chosen([])] == list(NAMES)
    assert [part.name for part in chosen(["city_year", "month"])] == ["month", "city_year"]
    with pytest.raises(BenchmarkError, match=r"no part mnoth\. Expected some of: month, real"):
        chosen(["mnoth"])


@pytest.mark.parametrize("part", PARTS, ids=NAMES)
def test_every_part_is_a_program_that_gets_all_numbers_it_asks_for(part: everything.Part) -> None:
    found = importlib.util.find_spec(f"tests.benchmarks.{part.name}")
    assert found
    assert found.origin
    source = Path(found.origin).read_text(encoding="utf-8")
    defaults = [line.partition("asked(")[2] for line in source.splitlines() if "= asked(" in line]
    numbers = [line.partition(")")[0].split(", ") for line in defaults] or [[]]
    assert len(part.numbers(1)) == len(part.numbers(0.1)) == len(part.of) == len(numbers[0])
    assert all(
        little <= whole for little, whole in zip(part.numbers(0.1), part.numbers(1), strict=True)
    )


def test_every_benchmark_is_a_part_or_measures_no_speed() -> None:
    programs = {
        path.stem
        for path in (ROOT / "tests" / "benchmarks").glob("*.py")
        if 'if __name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    # A step of others, all of it, and how the simulator behaves.
    assert programs - {"steps", "scale_out_partitions", "everything", "season_shares"} == set(NAMES)


def test_too_little_disk_is_said_before_anything_is_made() -> None:
    needed = gigabytes_needed(PARTS, 1)
    assert needed > gigabytes_needed(chosen(["commands"]), 1)
    assert needed > gigabytes_needed(PARTS, 0.1)
    enough_room(PARTS, 1, needed)
    with pytest.raises(BenchmarkError, match=r"GB of disk are needed, 0\.3 GB are free\. Expected"):
        enough_room(PARTS, 0.1, 0.3)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str]]:
    """How each part ends and what it prints, in place of the programs themselves."""
    ends: dict[str, tuple[int, str]] = {}

    def instead(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        status, output = ends[command[2].rpartition(".")[2]]
        assert Path(command[3]).is_dir()
        Path(command[3], "made.csv").touch()
        how["stdout"].write(output)
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(subprocess, "run", instead)
    return ends


def test_when_a_part_fails_the_others_go_on_and_the_status_says_so(
    ended: dict[str, tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(PLAIN)
    line = capsys.readouterr().out
    parts = chosen(["month", "city_year", "commands"])
    ended.update({"month": (1, line), "city_year": (0, line), "commands": (0, "nothing")})
    assert everything.everything(tmp_path, 0.1, parts) == 1
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "**Failed: month, commands.**" in text
    assert f"ended with status 1; see {tmp_path}/month.log" in text
    assert "told nothing" in text
    assert text in capsys.readouterr().out
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".log"] * 3 + [".md"]
    ended.update({"month": (0, line), "commands": (0, line)})
    assert everything.everything(tmp_path, 0.1, parts) == 0


def test_what_it_takes_is_said_before_it_begins(
    ended: dict[str, tuple[int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended["month"] = (0, "nothing")
    everything.everything(tmp_path, 0.5, chosen(["month"]))
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("1 parts of 0.5 of the city: about 7 minutes")
    assert "4.5 GB of disk" in first
    assert second == "month: 45,000 pupils, 130 schools, 5 rounds …"


def test_the_benchmarks_large_workbook_is_taken_at_any_size(tmp_path: Path) -> None:
    path = tmp_path / "lektionsfranvaro_20260401T0500.xlsx"
    write_workbook(path, 240)
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        (report,) = ingest_paths(lake, [path])
    assert (report.outcome, report.rows_accepted) == ("accepted", 240)
