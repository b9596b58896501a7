"""The verdicts on both sides of every boundary (`sql/flags/`).

The scenarios of docs/rules-scenarios.md are run as they stand there: what the document says and
what the lists say can't drift apart.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.absence.windows import school_year_start
from assets.lake.connection import Lake
from tests.sql.given import AS_OF, Row, given
from tests.sql.ladder import STOCKHOLM, Sums, said, verdicts, with_rule

RULES_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rules-scenarios.md"
_SCENARIO = re.compile(
    r"^\| `(?P<rule>\w+)` \| (?P<s>\d+) \| (?P<r>\d+) \| (?P<a>\d+) "
    r"\| (?P<days>\d+)(?: \((?P<first>\d+)\+(?P<second>\d+)\))? "
    r"\| (?P<verdict>[\w, ]+) \| (?P<why>.+) \|$",
    re.MULTILINE,
)
SCENARIOS = list(_SCENARIO.finditer(RULES_DOCUMENT.read_text(encoding="utf-8")))

# Two calendar months that say one thing of the ulf rules, and nothing of the rolling month.
ULF = {
    "hit": (Sums(6000, 6000, 1200, 20), Sums(6000, 6000, 1200, 20)),
    "insufficient": (Sums(2850, 2850, 570, 9), Sums(2850, 2850, 570, 10)),
    "clear": (Sums(6000, 6000, 1199, 20), Sums(6000, 6000, 1199, 20)),
}


def test_the_document_has_its_scenarios() -> None:
    assert len(SCENARIOS) >= 23
    assert {found["rule"] for found in SCENARIOS} == {
        rule.name for rule in STOCKHOLM.rules if not rule.requires_ulf
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{s['rule']}: {s['why']}" for s in SCENARIOS])
def test_a_scenario_of_the_document_is_what_the_lists_say(
    scratch: Lake, scenario: re.Match[str]
) -> None:
    s, r, a = int(scenario["s"]), int(scenario["r"]), int(scenario["a"])
    if scenario["first"] is None:
        sums = {"one_month": Sums(s, r, a, int(scenario["days"]))}
    else:
        sums = {
            "two_months_first_half": Sums(0, 0, 0, int(scenario["first"])),
            "two_months_second_half": Sums(s, r, a, int(scenario["second"])),
        }
    is_unseen = "nobody sees the pupil" in scenario["why"]
    found = verdicts(scratch, sums, is_unseen=is_unseen)[scenario["rule"], "rolling"]
    assert said(found) == scenario["verdict"]


@pytest.mark.parametrize(
    ("grade", "own", "ulf", "verdict"),
    [
        pytest.param(4, Sums(6000, 6000, 1200, 20), "hit", "hit", id="at 20 % with an ulf hit"),
        pytest.param(4, Sums(6000, 6000, 1199, 20), "hit", "clear", id="a minute under 20 %"),
        pytest.param(4, Sums(6000, 6000, 1200, 20), "clear", "clear", id="no ulf rule is hit"),
        pytest.param(
            4, Sums(6000, 6000, 1200, 20), "insufficient", "insufficient", id="ulf lacks data"
        ),
        pytest.param(4, Sums(2700, 2700, 600, 9), "hit", "insufficient", id="own days too few"),
        pytest.param(
            4, Sums(2700, 2700, 600, 9), "insufficient", "insufficient", id="both lack data"
        ),
        pytest.param(4, Sums(2700, 2700, 600, 9), "clear", "clear", id="ulf clear settles it"),
        pytest.param(9, Sums(6000, 6000, 1200, 20), "hit", "hit", id="the highest grade"),
        pytest.param(3, Sums(6000, 6000, 1200, 20), "hit", "clear", id="grade 3 is too young"),
        pytest.param(
            None, Sums(6000, 6000, 1200, 20), "hit", "insufficient", id="an unknown grade"
        ),
        pytest.param(
            None, Sums(6000, 6000, 1199, 20), "hit", "clear", id="unknown grade, own clear"
        ),
    ],
)
def test_a_referral_needs_its_own_month_an_ulf_hit_and_the_grade(
    scratch: Lake, grade: int | None, own: Sums, ulf: str, verdict: str
) -> None:
    first, second = ULF[ulf]
    two_months = {"two_months_first_half": first, "two_months_second_half": second}
    found = verdicts(scratch, {"one_month": own}, two_months, pupil={"grade": grade})
    assert found["ulf_two_months", "calendar"]["verdict"] == ulf
    assert found["sst_referral", "rolling"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("month", "reason"),
    [
        pytest.param(Sums(6000, 0, 0, 0), "unreported", id="nothing is reported"),
        pytest.param(Sums(6000, 3000, 200, 20), "unreported", id="half is not reported"),
        pytest.param(Sums(240, 240, 240, 4), "too_few_days", id="four days"),
        pytest.param(Sums(240, 1, 0, 4), "too_few_days", id="four days, and most not reported"),
    ],
)
def test_what_a_verdict_lacks_is_named_by_the_first_that_is_missing(
    scratch: Lake, month: Sums, reason: str
) -> None:
    found = verdicts(scratch, {"one_month": month})["mentor_followup", "rolling"]
    assert (found["verdict"], found["reason"]) == ("insufficient", reason)


@pytest.mark.parametrize(
    ("grade", "own", "ulf", "reason"),
    [
        pytest.param(8, Sums(2700, 2700, 600, 9), "hit", "too_few_days", id="days of its own"),
        pytest.param(None, Sums(6000, 6000, 1200, 20), "hit", "unknown_grade", id="the grade"),
        pytest.param(8, Sums(6000, 6000, 1200, 20), "insufficient", "unknown_ulf", id="the ulf"),
        pytest.param(
            None, Sums(2700, 2700, 600, 9), "hit", "too_few_days", id="days before the grade"
        ),
        pytest.param(
            None, Sums(6000, 6000, 1200, 20), "insufficient", "unknown_grade", id="grade before ulf"
        ),
    ],
)
def test_what_a_referral_lacks_is_named_in_the_order_of_its_conditions(
    scratch: Lake, grade: int | None, own: Sums, ulf: str, reason: str
) -> None:
    first, second = ULF[ulf]
    two_months = {"two_months_first_half": first, "two_months_second_half": second}
    found = verdicts(scratch, {"one_month": own}, two_months, pupil={"grade": grade})
    row = found["sst_referral", "rolling"]
    assert (row["verdict"], row["reason"]) == ("insufficient", reason)


def test_what_is_decided_lacks_nothing(scratch: Lake) -> None:
    found = verdicts(scratch, {"one_month": Sums(240, 240, 0, 4)})
    assert {(row["verdict"], row["reason"], row["certainty"]) for row in found.values()} == {
        ("clear", None, None)
    }


def test_a_referral_is_certain_only_when_some_ulf_hit_is(scratch: Lake) -> None:
    own = {"one_month": Sums(6000, 6000, 1200, 20)}
    likely = {
        "two_months_first_half": Sums(6000, 5000, 1000, 20),
        "two_months_second_half": Sums(6000, 5000, 1000, 20),
    }
    found = verdicts(scratch, own, likely)
    assert said(found["ulf_two_months", "calendar"]) == "hit, likely"
    assert said(found["sst_referral", "rolling"]) == "hit, likely"


def test_a_referral_is_certain_when_it_and_an_ulf_hit_are(scratch: Lake) -> None:
    first, second = ULF["hit"]
    two_months = {"two_months_first_half": first, "two_months_second_half": second}
    found = verdicts(scratch, {"one_month": Sums(6000, 6000, 1200, 20)}, two_months)
    assert said(found["ulf_two_months", "calendar"]) == "hit, certain"
    assert said(found["sst_referral", "rolling"]) == "hit, certain"


@pytest.mark.parametrize(
    ("month", "clause"),
    [
        pytest.param(None, "nothing_scheduled", id="no lesson in the window"),
        pytest.param(Sums(1, 0, 0, 0), "nothing_reported", id="one minute that nobody reported"),
        pytest.param(Sums(60, 1, 0, 1), "too_few_days", id="one reported minute"),
        pytest.param(Sums(6000, 6000, 1200, 20), "reached", id="20 % absence"),
        pytest.param(Sums(6000, 3000, 200, 20), "low_coverage", id="half is not reported"),
        pytest.param(Sums(6000, 5500, 400, 20), "not_reached", id="enough is reported"),
    ],
)
def test_every_clause_is_named_where_it_decides(
    scratch: Lake, month: Sums | None, clause: str
) -> None:
    verdicts(scratch, {"one_month": month} if month else {})
    named = scratch.rows(
        "SELECT own_clause FROM judgements WHERE rule = 'mentor_followup' AND basis = 'rolling'"
    )
    assert named == [(clause,)]


def test_one_reported_minute_is_enough_for_a_rate(scratch: Lake) -> None:
    found = verdicts(scratch, {"one_month": Sums(6000, 1, 1, 20)})
    assert said(found["mentor_followup", "rolling"]) == "hit, likely"


def test_only_a_pupil_with_a_hit_has_a_level_to_be_listed_by(scratch: Lake) -> None:
    for level in (0, 1, 3):
        given(scratch, "verdicts", {"level": level}, {"level": level, "basis": "calendar"})
        found = [row[1] for row in scratch.relation("flags/levels").iter_rows()]
        assert found == ([level] if level else [])


def test_the_level_is_the_highest_step_hit_on_any_basis_and_stands_on_every_row(
    scratch: Lake,
) -> None:
    found = verdicts(
        scratch,
        {"one_month": Sums(6000, 6000, 601, 20)},
        {"one_month": Sums(6000, 6000, 2400, 20)},
    )
    assert found["mentor_followup", "rolling"]["verdict"] == "hit"
    assert found["ulf_one_month", "rolling"]["verdict"] == "clear"
    assert found["ulf_one_month", "calendar"]["verdict"] == "hit"
    assert {row["level"] for row in found.values()} == {3}


def test_a_pupil_who_is_there_has_level_zero(scratch: Lake) -> None:
    found = verdicts(scratch, {"one_month": Sums(6000, 6000, 0, 20)})
    assert {(row["verdict"], row["level"]) for row in found.values()} == {("clear", 0)}


def test_a_pupil_who_has_left_gets_no_verdict(scratch: Lake) -> None:
    sums = {"one_month": Sums(6000, 6000, 6000, 20)}
    assert verdicts(scratch, sums, pupil={"has_left": True}) == {}


def test_a_protected_pupil_is_judged_like_any_other(scratch: Lake) -> None:
    sums = {"one_month": Sums(6000, 6000, 2400, 20)}
    found = verdicts(scratch, sums, pupil={"is_protected": True})["ulf_one_month", "rolling"]
    assert (found["verdict"], found["is_protected"]) == ("hit", True)


def test_a_pupil_without_lessons_in_the_windows_is_clear_everywhere(scratch: Lake) -> None:
    assert {row["verdict"] for row in verdicts(scratch, {}).values()} == {"clear"}


def test_who_has_no_lesson_has_zeros_in_every_sum(scratch: Lake) -> None:
    verdicts(scratch, {})
    sums = scratch.relation(
        "flags/rule_sums",
        as_of=AS_OF,
        school_year_start=school_year_start(AS_OF),
        full_day_minutes=STOCKHOLM.full_day_minutes,
    ).select(pl.selectors.ends_with("_minutes", "days") - pl.selectors.by_name("min_days"))
    # Of the whole window and of each half: S, R, A and days; V and I of the whole.
    assert len(sums.columns) == 14
    assert {value for row in sums.rows() for value in row} == {0}


def test_a_calendar_month_before_july_is_not_evaluated(scratch: Lake) -> None:
    found = verdicts(scratch, {}, as_of=date(2026, 7, 12))
    assert {basis for _, basis in found} == {"rolling"}


def test_a_step_for_all_grades_does_not_ask_for_the_grade(scratch: Lake) -> None:
    sums = {"one_month": Sums(6000, 6000, 2400, 20)}
    found = verdicts(scratch, sums, pupil={"grade": None})
    assert found["ulf_one_month", "rolling"]["verdict"] == "hit"


@pytest.mark.parametrize(
    ("is_strict", "absent", "verdict"),
    [
        pytest.param(False, 1499, "clear", id="at least 15 %: a minute under"),
        pytest.param(False, 1500, "hit", id="at least 15 %: exactly"),
        pytest.param(True, 1500, "clear", id="over 15 %: exactly"),
        pytest.param(True, 1501, "hit", id="over 15 %: a minute over"),
    ],
)
def test_the_rule_says_whether_the_step_itself_is_reached(
    scratch: Lake, is_strict: bool, absent: int, verdict: str
) -> None:
    comparison = "over" if is_strict else "at_least"
    rules = with_rule("mentor_followup", threshold_bp=1500, comparison=comparison)
    found = verdicts(scratch, {"one_month": Sums(10000, 10000, absent, 20)}, rule_set=rules)
    assert found["mentor_followup", "rolling"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("absent", "verdict"), [(104, "hit"), (95, "clear")], ids=["10.4 % is over", "9.5 % is under"]
)
def test_a_rate_is_never_rounded(scratch: Lake, absent: int, verdict: str) -> None:
    found = verdicts(scratch, {"one_month": Sums(1000, 1000, absent, 20)})
    assert found["mentor_followup", "rolling"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param(1200, 1200, "hit, certain", id="both halves at 20 %"),
        pytest.param(1199, 6000, "clear", id="the first half a minute under"),
        pytest.param(6000, 1199, "clear", id="the second half a minute under"),
    ],
)
def test_taken_one_by_one_each_half_must_reach_the_step(
    scratch: Lake, first: int, second: int, verdict: str
) -> None:
    sums = {
        "two_months_first_half": Sums(6000, 6000, first, 20),
        "two_months_second_half": Sums(6000, 6000, second, 20),
    }
    found = verdicts(scratch, sums, rule_set=with_rule("ulf_two_months", method="each"))
    assert said(found["ulf_two_months", "rolling"]) == verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param(
            Sums(6000, 6000, 1200, 20), Sums(6000, 5000, 1199, 20), "hit, likely", id="one likely"
        ),
        pytest.param(
            Sums(6000, 5000, 1199, 20), Sums(6000, 6000, 1200, 20), "hit, likely", id="the other"
        ),
        pytest.param(
            Sums(6000, 4000, 0, 20), Sums(6000, 4000, 0, 20), "insufficient", id="both could reach"
        ),
        pytest.param(
            Sums(6000, 4000, 600, 20), Sums(6000, 5400, 600, 20), "insufficient", id="with absence"
        ),
        pytest.param(
            Sums(6000, 6000, 0, 20), Sums(6000, 3000, 0, 20), "clear", id="the first could not"
        ),
        pytest.param(
            Sums(6000, 3000, 0, 20), Sums(6000, 6000, 0, 20), "clear", id="the second could not"
        ),
    ],
)
def test_taken_one_by_one_the_bounds_are_those_of_each_half(
    scratch: Lake, first: Sums, second: Sums, verdict: str
) -> None:
    sums = {"two_months_first_half": first, "two_months_second_half": second}
    found = verdicts(scratch, sums, rule_set=with_rule("ulf_two_months", method="each"))
    assert said(found["ulf_two_months", "rolling"]) == verdict


def test_pooled_one_heavy_half_is_enough(scratch: Lake) -> None:
    sums = {
        "two_months_first_half": Sums(6000, 6000, 0, 20),
        "two_months_second_half": Sums(6000, 6000, 2400, 20),
    }
    assert said(verdicts(scratch, sums)["ulf_two_months", "rolling"]) == "hit, certain"


def test_the_margin_is_the_minutes_over_or_under_the_step(scratch: Lake) -> None:
    over = verdicts(scratch, {"one_month": Sums(6000, 5990, 601, 20)})
    under = verdicts(scratch, {"one_month": Sums(6000, 6000, 590, 20)})
    assert str(over["mentor_followup", "rolling"]["margin_minutes"]) == "2.0000"
    assert str(under["mentor_followup", "rolling"]["margin_minutes"]) == "-10.0000"


def test_a_verdict_carries_the_sums_it_was_reached_by(scratch: Lake) -> None:
    row = verdicts(scratch, {"one_month": Sums(6000, 5400, 601, 18)})["mentor_followup", "rolling"]
    evidence = [row[name] for name in ("scheduled_minutes", "reported_minutes", "days")]
    assert evidence == [6000, 5400, 18]
    assert (row["valid_minutes"], row["invalid_minutes"], row["absent_minutes"]) == (300, 301, 601)


SUMMED = {"scheduled_minutes": 7000, "reported_minutes": 7000, "invalid_minutes": 1400}


def test_monthly_sums_feed_the_calendar_month_with_days_that_fit(scratch: Lake) -> None:
    calendar = {"one_month": Sums(3599, 3599, 1799, 0, summed=3599)}
    nine_days = verdicts(scratch, {}, calendar, summed=[SUMMED])
    # 3,599 minutes are 9 whole days of 360: one too few, and the comparison would hold.
    assert said(nine_days["ulf_one_month", "calendar"]) == "insufficient"
    assert said(nine_days["mentor_followup", "calendar"]) == "hit, certain"
    calendar = {"one_month": Sums(3600, 3600, 1799, 0, summed=3600)}
    ten_days = verdicts(scratch, {}, calendar, summed=[SUMMED])
    assert said(ten_days["ulf_one_month", "calendar"]) == "hit, certain"


@pytest.mark.parametrize("absent", [0, 600])
def test_a_rolling_window_that_only_sums_speak_of_is_insufficient(
    scratch: Lake, absent: int
) -> None:
    calendar = {"one_month": Sums(6000, 6000, absent, 0, summed=6000)}
    found = verdicts(scratch, {}, calendar, summed=[SUMMED])
    rolling = {rule: row for (rule, basis), row in found.items() if basis == "rolling"}
    assert {said(row) for rule, row in rolling.items() if rule != "sst_referral"} == {
        "insufficient"
    }
    assert {row["reason"] for row in rolling.values() if row["verdict"] == "insufficient"} == {
        "only_monthly_sums"
    }
    assert found["mentor_followup", "calendar"]["verdict"] == "clear"


def test_lessons_in_the_window_reach_a_step_whatever_the_sums_hold(scratch: Lake) -> None:
    enough = {"one_month": Sums(3000, 3000, 1200, 10)}
    found = verdicts(scratch, enough, summed=[SUMMED])["ulf_one_month", "rolling"]
    assert said(found) == "hit, likely"
    too_little = {"one_month": Sums(3000, 3000, 1199, 10)}
    found = verdicts(scratch, too_little, summed=[SUMMED])["ulf_one_month", "rolling"]
    assert said(found) == "insufficient"


def test_sums_of_before_the_window_do_not_cloud_its_lessons(scratch: Lake) -> None:
    september = {"month_start_date": date(2026, 9, 1), "period_last_date": date(2026, 9, 30)}
    lessons = {"one_month": Sums(3000, 3000, 0, 10)}
    found = verdicts(scratch, lessons, summed=[SUMMED | september])
    assert said(found["mentor_followup", "rolling"]) == "clear"
    # Two months reach back to 17 September.
    assert said(found["ulf_two_months", "rolling"]) == "insufficient"


def test_last_school_years_sums_say_nothing_of_this_one(scratch: Lake) -> None:
    may = {"month_start_date": date(2026, 5, 1), "period_last_date": date(2026, 5, 31)}
    found = verdicts(scratch, {}, summed=[SUMMED | may])
    assert {row["verdict"] for row in found.values()} == {"clear"}


def months(*first_days: date) -> list[Row]:
    """Return whole months that are known as sums only."""
    return [
        SUMMED
        | {
            "month_start_date": first,
            "period_last_date": first.replace(day=monthrange(first.year, first.month)[1]),
        }
        for first in first_days
    ]


@pytest.mark.parametrize(
    ("first_days", "as_of", "lessons", "verdict"),
    [
        pytest.param(
            [date(2026, 7, 1)], AS_OF, None, "insufficient", id="July is of this school year"
        ),
        pytest.param(
            [date(2026, 7, 1)], AS_OF, 10, "clear", id="July does not reach into the window"
        ),
        pytest.param(
            [date(2026, 9, 1), date(2026, 10, 1)], AS_OF, 10, "insufficient", id="the last decides"
        ),
        pytest.param(
            [date(2026, 10, 1)], date(2026, 11, 29), 10, "insufficient", id="the window's first day"
        ),
        pytest.param(
            [date(2026, 10, 1)], date(2026, 11, 30), 10, "clear", id="the day before the window"
        ),
        pytest.param(
            [date(2026, 10, 1)], date(2026, 10, 31), None, "insufficient", id="over today"
        ),
        pytest.param([date(2026, 10, 1)], date(2026, 10, 30), None, "clear", id="over tomorrow"),
    ],
)
def test_months_of_sums_that_end_in_the_window_are_all_that_is_known(
    scratch: Lake, first_days: list[date], as_of: date, lessons: int | None, verdict: str
) -> None:
    rolling = {"one_month": Sums(lessons * 300, lessons * 300, 0, lessons)} if lessons else {}
    found = verdicts(scratch, rolling, summed=months(*first_days), as_of=as_of)
    assert said(found["mentor_followup", "rolling"]) == verdict


def test_days_with_lessons_and_days_that_fit_in_sums_are_added(scratch: Lake) -> None:
    month = {"one_month": Sums(3600, 3600, 1800, 4, summed=2160)}
    assert verdicts(scratch, {}, month)["ulf_one_month", "calendar"]["days"] == 10
