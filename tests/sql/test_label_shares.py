"""How many of the listed carry a label that they have, or have not, given reason for.

Measured on made-up schools (`made_up_absence.py`); the shares stand in docs/patterns-measured.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import evaluate_flags
from assets.flags.patterns import Pattern, patterns
from assets.lake.connection import Lake
from rules.registry import rule_set_on
from tests.architecture.sources import ROOT
from tests.conftest import settings_of
from tests.sql.made_up_absence import (
    AS_OF,
    COHORTS,
    WITH_EDGES,
    WITH_SUBJECT,
    WITH_TREND,
    WITH_WEEKDAYS,
    WITHOUT,
    Cohort,
    fill,
    school_of,
)

PUPILS = 300  # of each cohort


@dataclass(frozen=True)
class Shares:
    """Of one cohort: how many are listed, and with which labels."""

    listed: int
    weekday: int
    trend: int
    subject: int
    edge: int

    def row(self, cohort: Cohort) -> str:
        """The line of the table in docs/patterns-measured.md."""
        shares = " | ".join(
            f"{count} ({count * 1000 // self.listed / 10} %)"
            for count in (self.weekday, self.trend, self.subject, self.edge)
        )
        return f"| {cohort.name} | {self.listed} | {shares} |"


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shares]]:
    """The shares of every cohort by its name, as the lists of one evening would have them."""
    with Lake.open(settings_of(tmp_path_factory.mktemp("labels") / "home")) as lake:
        fill(lake, PUPILS)
        evaluation = evaluate_flags(lake, AS_OF, rule_set_on("stockholm", AS_OF))
        found = patterns(lake, ask_about(lake, evaluation), only_named=True)
        listed = lake.rows(
            "SELECT DISTINCT pupil_key::VARCHAR, school_unit_code FROM verdicts "
            "WHERE verdict = 'hit'"
        )
        yield {
            cohort.name: _shares([found[key] for key, school in listed if school == school_of(n)])
            for n, cohort in enumerate(COHORTS)
        }


def _shares(of_cohort: list[Pattern]) -> Shares:
    return Shares(
        len(of_cohort),
        sum(any(weekday.is_named for weekday in x.weekdays) for x in of_cohort),
        sum(x.trend in {"rising", "falling"} for x in of_cohort),
        sum(any(subject.is_named for subject in x.subjects) for x in of_cohort),
        sum(any(edge.is_named for edge in x.edges) for x in of_cohort),
    )


def of(cohorts: tuple[Cohort, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cohort", cohorts, ids=lambda cohort: cohort.name)


@of((*WITHOUT, *WITH_TREND, *WITH_SUBJECT, *WITH_EDGES))
def test_at_most_two_in_a_hundred_get_a_weekday_without_the_habit(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.listed >= PUPILS // 4
    assert found.weekday * 50 <= found.listed


@of((*WITHOUT, *WITH_WEEKDAYS, *WITH_SUBJECT, *WITH_EDGES))
def test_at_most_two_in_a_hundred_get_a_trend_without_a_change(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.trend * 50 <= found.listed


@of((*WITHOUT, *WITH_WEEKDAYS, *WITH_TREND, *WITH_EDGES))
def test_at_most_two_in_a_hundred_get_a_subject_that_they_do_not_miss_more(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.subject * 50 <= found.listed


@of((*WITHOUT, *WITH_WEEKDAYS, *WITH_TREND, *WITH_SUBJECT))
def test_at_most_two_in_a_hundred_get_a_first_or_last_lesson_without_the_habit(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.edge * 50 <= found.listed


@of(WITH_WEEKDAYS)
def test_most_of_those_who_miss_a_weekday_have_it_named(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.weekday * 4 >= found.listed * 3


@of(WITH_TREND)
def test_most_of_those_whose_absence_changed_have_the_trend_named(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.trend * 4 >= found.listed * 3


@of(WITH_SUBJECT)
def test_most_of_those_who_miss_a_subject_have_it_named(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.listed >= PUPILS // 4
    assert found.subject * 4 >= found.listed * 3


@of(WITH_EDGES)
def test_most_of_those_who_miss_a_first_or_last_lesson_have_it_named(
    shares: dict[str, Shares], cohort: Cohort
) -> None:
    found = shares[cohort.name]
    assert found.listed >= PUPILS // 4
    assert found.edge * 4 >= found.listed * 3


def test_the_shares_stand_in_the_docs(shares: dict[str, Shares]) -> None:
    text = (ROOT / "docs" / "patterns-measured.md").read_text(encoding="utf-8")
    rows = [shares[cohort.name].row(cohort) for cohort in COHORTS]
    assert [row for row in rows if row not in text] == [], "\n".join(rows)
