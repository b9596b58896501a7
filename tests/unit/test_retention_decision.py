"""What a decision on retention may say, and what it is told when it contradicts itself."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.absence.windows import school_year_start, window_parts
from assets.forecast.history import KEPT_DAYS
from assets.upkeep.retention.decision import (
    KINDS,
    LEAST_YEARS,
    Period,
    RetentionError,
    read_decision,
)
from assets.watchlists.collect.school_year import REMEMBERED
from tests.architecture.sources import ROOT
from tests.examples import examples

PROPOSAL = ROOT / "data_samples" / "retention.yaml"
DECIDED = {"by": "by: nämnden", "on": "on: 2027-03-16", "reference": 'reference: "dnr 2027/1"'}


def text_of(*changes: tuple[str, str]) -> str:
    """The proposal as a decision, with some of its text changed."""
    text = PROPOSAL.read_text(encoding="utf-8")
    for key, line in DECIDED.items():
        text = re.sub(rf"^  {key}:.*$", f"  {line}", text, flags=re.MULTILINE)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def written(folder: Path, text: str) -> Path:
    path = folder / "retention.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def of_kind(kind: str, period: str) -> tuple[str, str]:
    """The change of one kind's period, in the proposal."""
    found = re.search(rf"^{kind}:\n  (\w+: \w+)\n", text_of(), flags=re.MULTILINE)
    assert found is not None
    return found[0], f"{kind}:\n  {period}\n"


def refused(folder: Path, text: str) -> str:
    with pytest.raises(RetentionError) as caught:
        read_decision(written(folder, text))
    return str(caught.value)


def test_without_a_file_nothing_was_decided(tmp_path: Path) -> None:
    assert read_decision(tmp_path / "retention.yaml") is None


def test_the_proposal_is_no_decision_until_somebody_has_decided(tmp_path: Path) -> None:
    said = refused(tmp_path, PROPOSAL.read_text(encoding="utf-8"))
    assert "line 10: key 'decided.by': found nothing" in said
    assert "Nothing was deleted." in said


def test_the_proposal_that_somebody_decided_is_a_decision(tmp_path: Path) -> None:
    found = read_decision(written(tmp_path, text_of()))
    assert found is not None
    assert found.decided.words == "nämnden, 2027-03-16, dnr 2027/1"
    assert {kind for kind in KINDS if found.period(kind).because} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_must_stand_there_with_a_reason(tmp_path: Path, kind: str) -> None:
    missing = re.sub(rf"^{kind}:\n  .*\n  because: .*\n", "", text_of(), flags=re.MULTILINE)
    assert f"found no key '{kind}'" in refused(tmp_path, missing)
    silent = re.sub(rf"(^{kind}:\n  .*\n)  because: .*\n", r"\1", text_of(), flags=re.MULTILINE)
    assert f"key '{kind}': found no key 'because'" in refused(tmp_path, silent)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_can_stay_forever_and_never_for_two_times(tmp_path: Path, kind: str) -> None:
    # Lists that stay for longer than lessons are refused, so both stay.
    longer = [of_kind(one, "keep: forever") for one in ("lessons", "identities", "ledgers")]
    longer += [of_kind("originals", "keep: forever")]
    others = [change for change in longer if not change[1].startswith(f"{kind}:")]
    change = of_kind(kind, "keep: forever")
    assert read_decision(written(tmp_path, text_of(*others, change))) is not None
    twice = (change[0], f"{kind}:\n  days: 500\n  keep: forever\n")
    assert "expected one of school_years, days, and keep" in refused(
        tmp_path, text_of(*others, twice)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_kind("lessons", "school_years: 1"), "lessons.school_years': found the number '1'"),
        (of_kind("lessons", "school_years: 0"), "greater than or equal to 1"),
        (of_kind("lessons", "days: 900"), "expected school_years, or keep: forever"),
        (of_kind("lessons", 'keep: "for ever"'), "found the text 'for ever', expected 'forever'"),
        (of_kind("lessons", "school_years: 2.5"), "found the number '2.5'"),
        (of_kind("lessons", "years: 2"), "unknown key 'years'"),
        (of_kind("lists", "school_years: 1"), "lists.school_years"),
        (of_kind("lists", "school_years: 3"), "no longer than that of lessons"),
        (of_kind("identities", "school_years: 1"), "no shorter than that of lessons"),
        (of_kind("ledgers", "school_years: 1"), "no shorter than that of lessons"),
        (of_kind("originals", "school_years: 1"), "or even_without_rebuild: true"),
        (of_kind("portal", "school_years: 5"), "expected days, or keep: forever"),
        (of_kind("portal", "days: 399"), "400 days or more, because follow-up"),
        (of_kind("receipts", "days: 364"), "365 days or more, because a backup"),
        (of_kind("logs", "days: 89"), "90 days or more"),
        (of_kind("reports", "days: 34"), "35 days or more"),
        (of_kind("deliveries", "days: 34"), "35 days or more"),
        (of_kind("pulled", "days: 6"), "7 days or more"),
        (("lessons:", "lesson:"), "unknown key 'lesson'"),
    ],
    ids=lambda one: one[1].replace("\n", "") if isinstance(one, tuple) else "",
)
def test_a_period_that_contradicts_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    said = refused(tmp_path, text_of(change))
    assert words in said
    assert re.search(r"retention\.yaml, line \d+: ", said)
    assert said.endswith("Nothing was deleted. See docs/operators-retention.md.")


def test_originals_may_go_earlier_where_the_decision_says_so(tmp_path: Path) -> None:
    change = of_kind("originals", "school_years: 1\n  even_without_rebuild: true")
    assert read_decision(written(tmp_path, text_of(change))) is not None


def test_a_decision_that_others_may_change_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, text_of())
    path.chmod(0o620)
    with pytest.raises(RetentionError, match="mode 0620"):
        read_decision(path)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (b"\xff\xfe", "not UTF-8"), (b"a: [", "broken YAML")]
)
def test_a_file_that_is_no_decision_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "retention.yaml"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RetentionError, match=words):
        read_decision(path)


DAYS = st.dates(date(2024, 1, 1), date(2100, 1, 1))


@settings(max_examples=examples(200))
@given(day=DAYS, years=st.integers(1, 30))
def test_the_current_school_year_and_so_many_before_it_stay(day: date, years: int) -> None:
    before = Period(because="it was decided", school_years=years).before(day)
    assert (before.month, before.day) == (7, 1)
    assert school_year_start(day).year - before.year == years
    assert before < school_year_start(day) <= day


@settings(max_examples=examples(200))
@given(day=DAYS)
def test_no_list_or_forecast_looks_at_a_day_that_may_go(day: date) -> None:
    """So a row that a late file brings back is on no list before the next round."""
    before = Period(because="it was decided", school_years=LEAST_YEARS).before(day)
    assert day - timedelta(days=KEPT_DAYS) >= before
    assert day - REMEMBERED >= before
    assert min(part.window_start for part in window_parts(day, 30, 60)) >= before


@settings(max_examples=examples(200))
@given(day=DAYS, later=st.integers(0, 900), period=st.sampled_from(["school_years", "days"]))
def test_what_went_once_is_over_on_every_later_day(day: date, later: int, period: str) -> None:
    said: dict[str, Any] = {"because": "it was decided", period: 2}
    one = Period(**said)
    assert one.before(day) <= one.before(day + timedelta(days=later))
    assert Period(because="it was decided", keep="forever").before(day) == date.min
