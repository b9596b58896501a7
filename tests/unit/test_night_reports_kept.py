"""Reports in a home: begun, ended, killed, written whole, and read without a right to write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from assets.upkeep.reporting.kept import NightReports, ReportError
from assets.upkeep.reporting.report import SCHEMA_VERSION, NightReport, NightResult
from assets.upkeep.reporting.words import as_markdown
from tests.architecture.sources import ROOT
from tests.integration.night_facts import BEGUN, DAY, begun_night, broken_report, well_report

KILLED = """
import os, signal, sys
from pathlib import Path
from assets.upkeep.reporting.kept import NightReports
from tests.integration.night_facts import begun_night
with NightReports(Path(sys.argv[1])).begun(begun_night()):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def reports(tmp_path: Path) -> NightReports:
    return NightReports(tmp_path / "home")


def kill_a_night(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(home)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


def test_a_night_is_under_way_until_it_has_ended_and_leaves_nothing(reports: NightReports) -> None:
    assert reports.under_way() == reports.never_ended() == []
    with reports.begun(begun_night()):
        assert reports.under_way() == [begun_night()]
        assert reports.never_ended() == []
    assert list(reports.folder.iterdir()) == []


def test_a_night_whose_process_was_killed_never_ended_and_is_noted_once(tmp_path: Path) -> None:
    reports = NightReports(tmp_path)
    kill_a_night(tmp_path)
    assert reports.under_way() == []
    assert reports.never_ended() == [begun_night()]
    (noted,) = reports.note_killed(as_markdown)
    assert noted.result == NightResult.KILLED
    assert reports.note_killed(as_markdown) == []
    assert reports.never_ended() == []
    assert reports.newest() == [noted]
    assert "was begun and never ended" in (reports.folder / f"{DAY}.md").read_text("utf-8")


def test_two_nights_at_once_are_both_seen(reports: NightReports) -> None:
    with reports.begun(begun_night(1)), reports.begun(begun_night(2)):
        assert [night.run[-1] for night in reports.under_way()] == ["1", "2"]


def test_a_report_is_the_owners_only_and_stands_beside_its_page(reports: NightReports) -> None:
    reports.keep(well_report(), as_markdown)
    files = sorted(reports.folder.iterdir())
    assert [path.name for path in files] == [f"{DAY}.json", f"{DAY}.md"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert reports.of_date(DAY) == well_report()


def test_a_disk_that_is_full_leaves_the_report_that_stood(
    reports: NightReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports.keep(well_report(), as_markdown)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        reports.keep(broken_report(number=2), as_markdown)
    assert reports.of_date(DAY) == well_report()
    assert len(list(reports.folder.iterdir())) == 2


def test_the_newest_night_is_the_one_that_was_begun_last_whatever_its_day(
    reports: NightReports,
) -> None:
    for number in range(30):
        day = DAY + timedelta(days=number)
        begun_at = BEGUN + timedelta(days=number)
        reports.keep(well_report(number=number, as_of=day, begun_at=begun_at), as_markdown)
    forced = well_report(number=99, as_of=DAY, begun_at=BEGUN + timedelta(days=40))
    reports.keep(forced, as_markdown)
    assert reports.newest()[-1].run == forced.run


def test_a_report_that_was_cut_is_named_and_kept_beside_the_next(reports: NightReports) -> None:
    reports.keep(well_report(), as_markdown)
    place = reports.folder / f"{DAY}.json"
    whole = place.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 2):
        place.write_bytes(whole[:length])
        with pytest.raises(ReportError, match=r"is no report of a night"):
            reports.newest()
    reports.keep(well_report(number=2), as_markdown)
    assert reports.newest()[-1].other_runs == ()
    assert (reports.folder / f"{DAY}.unreadable").exists()


def test_a_report_of_a_newer_form_is_not_misread(reports: NightReports) -> None:
    newer = well_report().model_copy(update={"schema_version": SCHEMA_VERSION + 1})
    reports.folder.mkdir(parents=True)
    (reports.folder / f"{DAY}.json").write_bytes(newer.as_json())
    with pytest.raises(ReportError, match="written by a newer program"):
        reports.newest()


def test_a_field_more_is_read_over(reports: NightReports) -> None:
    reports.folder.mkdir(parents=True)
    text = well_report().as_json().decode().replace("{", '{"later": 1,', 1)
    (reports.folder / f"{DAY}.json").write_text(text, encoding="utf-8")
    assert reports.newest() == [well_report()]
    assert isinstance(reports.newest()[0], NightReport)
