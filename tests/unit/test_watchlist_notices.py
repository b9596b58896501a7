"""When a list says something at its top about the data behind it, and in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from assets.watchlists.collect.notices import (
    MissingLessons,
    RefusedRows,
    Reporting,
    cut_sheets,
    low_coverage,
    missing_at_source,
    notices_of,
    old_lessons,
    refused_rows,
)
from rules.registry import rule_set_on

AS_OF = date(2026, 11, 15)
RULES = rule_set_on("stockholm", AS_OF)


@pytest.mark.parametrize("days", [0, 1, 7])
def test_a_lesson_of_the_last_week_is_new_enough(days: int) -> None:
    assert old_lessons(AS_OF, AS_OF - timedelta(days=days)) == ""


def test_a_newest_lesson_older_than_a_week_is_named_with_its_date() -> None:
    assert old_lessons(AS_OF, AS_OF - timedelta(days=8)) == (
        "Den senaste lektionen i uppgifterna är från 7 november 2026. Om det inte är lov saknas"
        " nyare närvarouppgifter."
    )


def test_a_school_without_any_lesson_is_not_a_school_without_absence() -> None:
    assert old_lessons(AS_OF, None) == (
        "Uppgifterna har ingen lektion för skolan till och med 15 november 2026, så listan säger"
        " inget om frånvaron."
    )


@pytest.mark.parametrize(("reported", "scheduled"), [(8000, 10_000), (1, 1), (0, 0)])
def test_coverage_at_the_floor_or_of_nothing_scheduled_is_no_news(
    reported: int, scheduled: int
) -> None:
    assert low_coverage(RULES, Reporting(AS_OF, scheduled, reported)) == ""


@pytest.mark.parametrize(("reported", "share"), [(7999, "79,9 %"), (6234, "62,3 %"), (0, "0,0 %")])
def test_coverage_under_the_floor_says_the_share(reported: int, share: str) -> None:
    assert low_coverage(RULES, Reporting(AS_OF, 10_000, reported)) == (
        f"Bara {share} av skolans lektionstid de senaste 30 dagarna är rapporterad. Under 80 %"
        " går det inte alltid att bedöma en gräns: se Data saknas."
    )


def test_the_floor_and_the_days_are_those_of_the_rule_set() -> None:
    rules = replace(RULES, coverage_floor_bp=90_50, one_month_days=28)
    notice = low_coverage(rules, Reporting(AS_OF, 10_000, 9049))
    assert "de senaste 28 dagarna" in notice
    assert "Under 90,5 %" in notice
    assert low_coverage(rules, Reporting(AS_OF, 10_000, 9050)) == ""


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (RefusedRows(1, 1), "1 rad i 1 fil som listan"),
        (RefusedRows(5, 1), "5 rader i 1 fil som listan"),
        (RefusedRows(12, 2), "12 rader i 2 filer som listan"),
    ],
)
def test_refused_rows_are_counted_in_rows_and_files(refused: RefusedRows, words: str) -> None:
    notice = refused_rows(refused)
    assert notice.startswith(words)
    assert "Den som sköter inläsningen har detaljerna." in notice


def test_files_that_end_where_a_sheet_ends_are_reported() -> None:
    assert cut_sheets(0) == ""
    assert cut_sheets(1).startswith("1 fil som listan bygger på slutar på den sista rad som får")
    assert cut_sheets(2).startswith("2 filer som listan")


def test_lessons_that_a_newer_file_lacks_are_named_by_class_day_and_number() -> None:
    notice = missing_at_source(
        [
            MissingLessons("7A", date(2026, 11, 23), 12),
            MissingLessons("", date(2026, 11, 24), 1),
        ]
    )
    assert notice.startswith("13 elevlektioner finns inte i den nyare filen från skolsystemet,")
    assert "7A 23 nov (12), utan klass 24 nov (1)." in notice
    assert "restates: school_period" in notice


def test_of_many_classes_the_first_are_named_and_the_others_counted() -> None:
    missing = [MissingLessons(f"7{letter}", AS_OF, 1) for letter in "ABCDEFGHIJ"]
    notice = missing_at_source(missing)
    assert notice.startswith("10 elevlektioner")
    assert "7H 15 nov (1), och 2 till." in notice
    assert missing_at_source(missing[:1]).startswith("1 elevlektion finns")
    assert missing_at_source([]) == ""


def test_good_data_need_no_notice() -> None:
    assert notices_of(AS_OF, RULES, Reporting(AS_OF, 100, 100), RefusedRows()) == ()


def test_all_notices_are_sentences_and_the_oldest_data_come_first() -> None:
    notices = notices_of(
        AS_OF, RULES, Reporting(date(2026, 11, 1), 100, 50), RefusedRows(2, 1), full_sheets=3
    )
    assert [notice.split()[0] for notice in notices] == ["Den", "Bara", "2", "3"]
    assert all(re.fullmatch(r"[^{}]+\.", notice) for notice in notices)
