"""What a question says when its day is after the lake's lessons, or has not ended."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SAMPLES, SampleHome, trappan

SET = ("--set", "mentor_followup.threshold=15")
KEY = "201205059858"
# The newest lesson of the samples is of Friday 13 November 2026.
QUESTIONS = (
    ("explain", "-", "--as-of"),
    ("whatif", *SET, "--by", "city", "--as-of"),
    ("flags", "--as-of"),
    ("forecast", "--as-of"),
    ("coverage", "--as-of"),
)


@pytest.fixture(autouse=True)
def _far_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.cli.data_notes.yesterday", lambda: date(2027, 2, 28))


def shown(home: SampleHome, *question: str) -> str:
    said = trappan(*question, "--home", home.path, typed=KEY)
    assert said.status == 0, said.err
    return " ".join(said.err.split())


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_a_day_after_the_lakes_lessons_is_reported_with_the_newest(
    sample_home: SampleHome, question: tuple[str, ...]
) -> None:
    note = "Note: the lake's newest lesson up to then is of 2026-11-13, 37 days before 2026-12-20."
    assert note in shown(sample_home, *question, "2026-12-20")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_a_day_that_has_not_ended_is_reported(
    sample_home: SampleHome, question: tuple[str, ...]
) -> None:
    note = (
        "Note: 2027-03-01 has not ended, so the answer rests on a part of the time: the lake's "
        "newest lesson up to then is of 2026-11-13."
    )
    assert note in shown(sample_home, *question, "2027-03-01")


def test_a_weekend_and_a_few_days_more_are_no_news(sample_home: SampleHome) -> None:
    for day in ("2026-11-13", AS_OF, "2026-11-20"):
        assert "Note" not in shown(sample_home, "flags", "--as-of", day)
    assert "8 days before 2026-11-21" in shown(sample_home, "flags", "--as-of", "2026-11-21")


def test_rates_of_a_month_that_the_data_does_not_fill_say_so(sample_home: SampleHome) -> None:
    assert "Note" not in shown(sample_home, "rates", "--month", "2026-10")
    note = "of 2026-11-13, 17 days before 2026-11-30"
    assert note in shown(sample_home, "rates", "--month", "2026-11")
    assert "2027-03-31 has not ended" in shown(sample_home, "rates", "--month", "2027-03")


def test_before_sums_are_made_the_answers_are_those_after(tmp_path: Path) -> None:
    # As when a night was stopped between its rows and its sums.
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        ingest_paths(lake, [SAMPLES / "inbox"])
    asked = (("rates", "--month", "2026-10"), ("flags", "--as-of", AS_OF, "--all"))
    early, late = [], []
    for question in asked:
        early.append(trappan(*question, "--format", "csv", "--home", tmp_path / "home"))
        assert "dates are behind their lessons" in " ".join(early[-1].err.split())
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        refresh_sums(lake)
    for question in asked:
        late.append(trappan(*question, "--format", "csv", "--home", tmp_path / "home"))
        assert "behind" not in late[-1].err
    assert [said.out for said in early] == [said.out for said in late]
    assert all(len(said.out.splitlines()) > 50 for said in late)


def test_a_home_that_was_not_there_is_reported(tmp_path: Path) -> None:
    asked = ("rates", "--month", "2026-10", "--home", tmp_path / "mistyped")
    note = "mistyped was not there and was made now"
    assert note in " ".join(trappan(*asked).err.split())
    assert note not in " ".join(trappan(*asked).err.split())
