"""Backfills: a plan that changes nothing, months that go on after a kill, lists on record."""

from __future__ import annotations

import csv
import io
import shutil
import signal
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.lake.connection import Lake
from assets.upkeep.maintenance.backfills import begin_backfill, note_month, plan_backfill
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.republish import Who, republish
from assets.watchlists.release.restate import differing_pupils
from rules.models import RuleSet
from rules.parallel import shipped_values
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    REGISTER,
    USUAL,
    lesson,
    offer,
    put,
    text_of,
)
from tests.ready_processes import run_ready

ROOT = Path(__file__).resolve().parents[2]
MONTHS = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
SUNDAY, WEEK, SCHOOL = date(2026, 11, 15), "2026-W46", "99999901"
ASKED = ("backfill", "--from", "2026-09", "--to", "2026-11")


def rules_on(day: date) -> RuleSet:
    return rule_set_on("stockholm", day)


def wrong_on(lake: Lake, day: date) -> None:
    lake.write(
        lambda connection: connection.execute(
            "UPDATE absence_daily SET invalid_minutes = invalid_minutes + 45 WHERE lesson_date = ?",
            [day],
        )
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with lessons of three months, a frozen list, and sums of September that are wrong."""
    home = tmp_path_factory.mktemp("backfill") / "home"
    rows = [
        lesson(n) | {"civic": civic, "date": f"{month:%Y-%m}-{day:02d}"}
        for n, civic in enumerate(PUPILS)
        for month in MONTHS
        for day in range(2, 14)
    ]
    inbox = home.parent / "inbox"
    put(inbox, "lektioner_20261114T0500.csv", text_of(rows, EVERY))
    put(inbox, "skolor_20261114T0400.csv", text_of([USUAL], REGISTER))
    with Lake.open(settings_of(home)) as lake:
        offer(lake, *sorted(inbox.iterdir()))
        refresh_sums(lake)
        release_lists(lake, SUNDAY, rules_on, period=WEEK, has_mentor_files=False)
        assert lake.rows("SELECT count(*) FROM publications") == [(1,)]
        for month in MONTHS:
            wrong_on(lake, month.replace(day=10))
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def sums(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with Lake.open(settings_of(home)) as lake:
        return {
            name: sorted(lake.rows(f"SELECT * FROM {name}"), key=repr)
            for name in ("absence_daily", "absence_monthly", "uncounted_lessons")
        }


def listed(home: Path) -> dict[str, bytes]:
    folder = home / "lists" / WEEK / SCHOOL
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_plan_names_months_weeks_and_minutes_and_changes_nothing(home: Path) -> None:
    before = sums(home), listed(home)
    with Lake.open(settings_of(home)) as lake:
        snapshot = lake.snapshot()
        found = plan_backfill(lake, MONTHS, shipped_values(), rules_on)
        assert lake.snapshot() == snapshot
    assert [(one.month, one.lessons, one.pupil_days, one.differing) for one in found.months] == [
        (month, 60, 60, 5) for month in MONTHS
    ]
    # The list says what the right sums say; today's, which are wrong, say something else.
    (week,) = found.weeks
    assert (week.week, week.lists, week.differing_then) == (WEEK, 1, 0)
    assert week.differing_now > 0
    assert 0 < found.seconds < 3600
    said = trappan("--home", home, *ASKED, "--plan", "--format", "csv")
    assert said.status == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["month"], row["sums_differing"]) for row in rows] == [
        ("2026-09", "5"), ("2026-10", "5"), ("2026-11", "5"),
    ]  # fmt: skip
    assert "15 daily sums would be others, and 1 of 1 published weeks would differ" in said.err
    assert (sums(home), listed(home)) == before


def test_a_backfill_killed_in_the_middle_goes_on_and_ends_as_a_clean_one(
    home: Path, filled: Path, tmp_path: Path
) -> None:
    shutil.copytree(filled, tmp_path / "clean", symlinks=True)
    assert trappan("--home", tmp_path / "clean", *ASKED).status == 0
    clean = sums(tmp_path / "clean")
    assert clean != sums(filled)
    driver = (
        "import os, signal, sys\n"
        "from pipelines.cli.upkeep import backfill as command\n"
        "real, calls = command.note_month, []\n"
        "def killed(*words):\n"
        "    calls.append(1)\n"
        "    if len(calls) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*words)\n"
        "command.note_month = killed\n"
        "from pipelines.cli import app\n"
        "app.main()\n"
    )
    killed = run_ready(driver, "--home", home, *ASKED)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert sums(home) not in (clean, sums(filled)), "it was killed in the middle"
    said = trappan("--home", home, *ASKED)
    assert said.status == 0, said.err
    assert "was stopped: 1 of 3 are done, and it goes on with 2026-10" in said.err
    assert sums(home) == clean
    assert listed(home) == listed(filled), "frozen lists stay as they are"
    with Lake.open(settings_of(home)) as lake:
        rows = lake.rows("SELECT lessons, seconds > 0 FROM backfilled_months")
        assert rows == [(60, True)] * 3
        # The next one of these months is a new one.
        assert begin_backfill(lake, MONTHS).left == tuple(MONTHS)


def test_a_stopped_backfill_is_gone_on_with_only_for_the_same_months(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        begun = begin_backfill(lake, MONTHS)
        note_month(lake, begun, MONTHS[0], 1.0)
        assert begin_backfill(lake, MONTHS).done == (MONTHS[0],)
        assert begin_backfill(lake, MONTHS, all_again=True).done == ()
        assert begin_backfill(lake, MONTHS[:2]).left == tuple(MONTHS[:2])
        assert begin_backfill(lake, MONTHS).done == (), "another one was begun since"


def test_lists_are_published_again_only_with_a_reason(home: Path) -> None:
    said = trappan("--home", home, *ASKED, "--republish")
    assert said.status == 2
    assert "Expected --reason with it" in said.err


def republished(lake: Lake) -> None:
    found = differing_pupils(lake, WEEK, rules_on)
    republish(lake, WEEK, {code: n for code, n in found.items() if n}, rules_on, WHO)


WHO = Who(1000, "driften", "minutes of september were wrong")


def test_a_list_that_is_published_again_keeps_the_one_before_and_is_on_record(home: Path) -> None:
    before = listed(home)
    with Lake.open(settings_of(home)) as lake:
        ((noted,),) = lake.rows("SELECT published_at FROM publications")
        differing = differing_pupils(lake, WEEK, rules_on)[SCHOOL]
        assert differing > 0
        republished(lake)
        (row,) = lake.frame("SELECT * FROM replaced_lists").rows(named=True)
        assert differing_pupils(lake, WEEK, rules_on) == {SCHOOL: 0}
        ((newer,),) = lake.rows("SELECT published_at FROM publications")
    assert (row["period"], row["published_at"], row["differing_pupils"]) == (WEEK, noted, differing)
    assert (row["uid"], row["login"], row["reason"]) == (WHO.uid, WHO.login, WHO.reason)
    assert newer > noted
    kept = {path.name: path.read_bytes() for path in (home / row["folder"]).iterdir()}
    assert kept == before
    page = next(text for name, text in listed(home).items() if name.endswith(".html"))
    assert "Listan ersätter den som publicerades" in page.decode()


@pytest.mark.parametrize("stage", ["_note", "release_lists", "keep_published"])
def test_publishing_again_that_was_stopped_ends_with_one_row_and_the_first_list(
    home: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = listed(home)
    module = "releases" if stage == "keep_published" else "republish"

    def stopped(*words: Any, **_: Any) -> None:
        # What a run begins with looks for lists that nobody noted, and finds none.
        if stage != "keep_published" or words[1]:
            raise KeyboardInterrupt

    with Lake.open(settings_of(home)) as lake:
        with monkeypatch.context() as patch:
            patch.setattr(f"assets.watchlists.release.{module}.{stage}", stopped)
            with pytest.raises(KeyboardInterrupt):
                republished(lake)
        republished(lake)
        (row,) = lake.frame("SELECT * FROM replaced_lists").rows(named=True)
        assert differing_pupils(lake, WEEK, rules_on) == {SCHOOL: 0}
    kept = {path.name: path.read_bytes() for path in (home / row["folder"]).iterdir()}
    assert kept == before
    assert len([*(home / "lists" / ".replaced").glob("*/*/*")]) == 1
