"""The Swedish of the lists: numbers never flatter, and no sentence decides."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.watchlists import swedish
from assets.watchlists.decisions import Question
from assets.watchlists.swedish import decision_texts, headings, rule_texts, texts
from tests.unit import watchlist_factory as make

RULES = {rule.rule: rule for rule in make.RULES}


@pytest.mark.parametrize(
    ("absent", "reported", "written"),
    [
        (3996, 10_000, "39,9 %"),
        (39_999, 100_000, "39,9 %"),
        (600, 6000, "10,0 %"),
        (599, 6000, "9,9 %"),
        (601, 6000, "10,0 %"),
        (1200, 6000, "20,0 %"),
        (1404, 6000, "23,4 %"),
        (9999, 10_000, "99,9 %"),
        (6000, 6000, "100,0 %"),
        (0, 6000, "0,0 %"),
        (1, 6000, "0,0 %"),
        (-599, 6000, "-9,9 %"),
    ],
)
def test_a_share_is_cut_to_one_decimal_with_a_comma(
    absent: int, reported: int, written: str
) -> None:
    assert texts.percent(Fraction(absent, reported)) == written


def test_a_share_of_no_reported_lessons_is_a_dash_and_not_zero() -> None:
    assert texts.percent(None) == "–"


@given(st.integers(1, 40_000).flatmap(lambda r: st.tuples(st.integers(0, r), st.just(r))))
def test_a_written_share_never_shows_a_step_that_is_not_reached(minutes: tuple[int, int]) -> None:
    absent, reported = minutes
    written = texts.percent(Fraction(absent, reported)).removesuffix(" %").replace(",", ".")
    assert Decimal(written) * reported <= absent * 100 < (Decimal(written) + 1) * reported


@pytest.mark.parametrize(
    ("iso_week", "written"), [("2026-W46", "v. 46 2026"), ("2027-W01", "v. 1 2027")]
)
def test_a_week_is_written_as_schools_write_it(iso_week: str, written: str) -> None:
    assert texts.week(iso_week) == written


@pytest.mark.parametrize("iso_week", ["", "v. 46", "2026-46", "26-W46", "2026-Wxx"])
def test_something_that_is_no_week_is_refused(iso_week: str) -> None:
    with pytest.raises(ValueError, match="ISO week"):
        texts.week(iso_week)


LONG = "januari februari mars april maj juni juli augusti september oktober november december"
SHORT = "jan feb mars apr maj juni juli aug sep okt nov dec"


def test_a_month_is_written_in_full_or_short_and_without_a_full_stop() -> None:
    for number, (long, short) in enumerate(zip(LONG.split(), SHORT.split(), strict=True), start=1):
        first, last = date(2026, number, 1), date(2027, number, 28)
        assert texts.day(first) == f"1 {long} 2026"
        assert texts.month_heading(first) == f"Frånvaro {long}"
        assert texts.short_days([first, last]) == f"1 {short}, 28 {short}"
        assert texts.span(first, last) == f"1 {short} 2026–28 {short} 2027"


@pytest.mark.parametrize(
    ("value", "written"),
    [("10.00", "10"), ("12.50", "12,5"), ("33.33", "33,33"), ("100", "100"), ("12345", "12345")],
)
def test_a_number_has_a_comma_and_no_needless_zeros(value: str, written: str) -> None:
    assert texts.number(Decimal(value)) == written


def test_a_window_over_new_year_names_both_years() -> None:
    assert texts.span(date(2026, 12, 18), date(2027, 1, 16)) == "18 dec 2026–16 jan 2027"
    assert texts.span(date(2026, 10, 17), date(2026, 11, 15)) == "17 okt–15 nov 2026"


def test_the_calendar_basis_names_its_months() -> None:
    assert texts.months(date(2026, 10, 1), date(2026, 10, 31)) == "okt"
    assert texts.months(date(2026, 9, 1), date(2026, 10, 31)) == "sep–okt"


def test_the_list_is_timed_by_the_schools_clock_in_summer_and_winter() -> None:
    assert texts.clock(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "1 juli 2026 kl. 01:30"
    assert texts.clock(datetime(2026, 11, 16, 3, 12, tzinfo=UTC)) == "16 november 2026 kl. 04:12"


def test_grades_are_written_as_runs_with_f_for_the_preschool_class() -> None:
    assert texts.grades(range(10)) == "F–9"
    assert texts.grades((4, 5, 6, 7, 8, 9)) == "4–9"
    assert texts.grades((0, 4, 5, 7)) == "F, 4–5, 7"
    assert texts.grade(None) == "–"


def test_over_and_at_least_are_different_words() -> None:
    assert rule_texts.rule_name(RULES["mentor_followup"]) == "Mer än 10 % under 1 månad"
    assert rule_texts.rule_name(RULES["ulf_one_month"]) == "Minst 40 % under 1 månad"
    assert rule_texts.rule_name(RULES["ulf_two_months"]) == "Minst 20 % under 2 månader"


def test_the_rule_for_the_team_says_that_a_ulf_step_comes_first() -> None:
    assert rule_texts.rule_name(RULES["sst_referral"]).startswith("ULF-gräns och minst 20 %")


def test_a_threshold_with_decimals_is_written_with_a_comma() -> None:
    rule = replace(RULES["mentor_followup"], threshold_pct=Decimal("12.50"))
    assert rule_texts.limit(rule) == "mer än 12,5 %"


@pytest.mark.parametrize(
    ("minutes", "written"),
    [
        ("0", "precis på gränsen"),
        ("0.1", "0,1 min över"),
        ("-12.50", "12,5 min under"),
        ("60", "1 tim över"),
        ("380", "6 tim 20 min över"),
        ("-125.9", "2 tim 5 min under"),
        ("2450", "40 tim över"),
    ],
)
def test_a_margin_says_how_far_from_the_step_the_pupil_is(minutes: str, written: str) -> None:
    assert rule_texts.margin(Decimal(minutes)) == written


def test_missing_data_give_the_span_and_the_reason() -> None:
    def why(**of_sums: int) -> str:
        item = make.evidence(
            "mentor_followup", make.sums(**of_sums), verdict="insufficient", certainty=None
        )
        return rule_texts.insufficient_line(RULES["mentor_followup"], item, 7)

    half = why(absent=100, of=3000, scheduled=6000)
    assert "mellan 1,6 % och 51,6 %; 50,0 % av tiden är rapporterad" in half
    assert "ingen lektion är rapporterad" in why(absent=0, of=0, scheduled=6000, days=0)
    assert "3 av minst 5 skoldagar" in why(absent=0, of=900, scheduled=6000, days=3)


def test_a_referral_that_cannot_be_assessed_says_which_of_its_parts_is_unknown() -> None:
    def why(absent: int, grade: int | None, **of_sums: int) -> str:
        item = make.evidence(
            "sst_referral", make.sums(absent, **of_sums), verdict="insufficient", certainty=None
        )
        return rule_texts.insufficient_line(RULES["sst_referral"], item, grade).partition(": ")[2]

    reached = "frånvaron är 20,0 %; "
    assert why(1200, None) == f"{reached}elevens årskurs saknas i uppgifterna"
    assert why(1200, 7) == f"{reached}det går inte att bedöma om en ULF-gräns nås"
    assert "50,0 % av tiden är rapporterad" in why(500, 7, of=3000, scheduled=6000)
    assert "9 av minst 10 skoldagar" in why(1200, None, days=9)


def test_a_missing_grade_is_no_reason_where_every_grade_counts() -> None:
    item = make.evidence("mentor_followup", make.sums(100, of=3000, scheduled=6000))
    assert "50,0 % av tiden" in rule_texts.insufficient_line(RULES["mentor_followup"], item, None)


def test_a_source_is_named_once_for_all_it_says() -> None:
    references = (("a.threshold", "Handbok"), ("a.grades", "Beslut"), ("a.comparison", "Handbok"))
    assert rule_texts.sources(references) == (
        "Gräns, precis på gränsen – Handbok\nÅrskurser – Beslut"
    )


def test_the_source_of_the_limit_comes_first_however_the_sources_are_given() -> None:
    references = (
        ("a.comparison", "B"),
        ("a.grades", "C"),
        ("a.min_days", "D"),
        ("a.threshold", "A"),
    )
    lines = rule_texts.sources(references).splitlines()
    assert [line[-1] for line in lines] == ["A", "B", "D", "C"]


def test_a_value_without_a_swedish_name_is_still_given_with_its_source() -> None:
    references = (("a.added_later", "Beslut"), ("a.threshold", "Handbok"))
    assert rule_texts.sources(references) == "Gräns – Handbok\nA.added_later – Beslut"


def test_a_window_is_as_long_as_the_rule_set_says() -> None:
    rule = replace(RULES["mentor_followup"], window_days=28)
    item = make.evidence("mentor_followup", make.sums(900))
    assert rule_texts.basis(item, rule) == "28 dagar"
    assert rule_texts.counted(rule) == "1 månad: 28 dagar eller kalendermånad"
    watchlist = make.watchlist(two_months_days=56)
    assert texts.no_unreported(watchlist).endswith("saknar rapport de senaste 56 dagarna.")
    assert headings.over(headings.H_ABSENCE, 56) == "Frånvaro 56 dagar"
    assert "28 och 56 dagar" in dict(headings.terms(28, 56))


def test_a_parameter_without_a_swedish_name_keeps_its_own() -> None:
    assert rule_texts.parameter("coverage.floor") == "lägsta andel rapporterad tid"
    assert rule_texts.parameter("mentor_followup.min_days") == "minst skoldagar"
    assert rule_texts.parameter("something.new") == "something.new"


def test_a_school_without_a_name_is_called_by_its_code() -> None:
    assert texts.school(make.watchlist(school_name="  ")) == "Skolenhet 12345678"
    assert texts.school(make.watchlist()) == "Ekbackens skola"


def test_an_empty_list_is_good_news_only_when_the_data_suffice() -> None:
    everybody = texts.nobody_listed(make.watchlist())
    assert everybody == "Ingen av eleverna som ingår (312 elever) når någon av gränserna."
    doubtful = texts.nobody_listed(make.watchlist(insufficient=(make.unassessed(),)))
    assert "För 1 elev räcker uppgifterna inte" in doubtful
    assert "lektioner utan rapport" in texts.nobody_listed(
        make.watchlist(unreported=(make.unreported(),))
    )
    assert "säger inget om frånvaron" in texts.nobody_listed(make.watchlist(pupils_evaluated=0))


def test_the_latest_unreported_lessons_are_listed_and_the_rest_counted() -> None:
    assert texts.lesson_times(make.unreported()) == "12 nov 08:20, 10 nov 10:00 och 1 till"


# --- nothing here decides about a pupil ----------------------------------------------------------


def _every_sentence() -> list[str]:
    def strings(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return strings(tuple(value.values()))
        if isinstance(value, tuple):
            return [text for item in value for text in strings(item)]
        return []

    modules = (texts, headings, rule_texts)
    names = [(m, n) for m in modules for n in vars(m) if n.isupper()]
    return [text for module, name in names for text in strings(vars(module)[name])]


def test_no_sentence_says_that_a_system_decides() -> None:
    deciding = re.compile(
        r"automatis|system(et)? (har )?(beslut|bestäm|bedöm|avgör|flagg)|flaggad|har beslutats"
        r"|är beslutad|måste|ska (anmälas|utredas|remitteras)",
        re.IGNORECASE,
    )
    sentences = _every_sentence()
    assert len(sentences) > 100
    assert [sentence for sentence in sentences if deciding.search(sentence)] == []


def test_what_a_question_means_is_for_a_person_to_assess() -> None:
    for question in (Question.ULF, Question.SST):
        assert re.search(r"\brektor (bedömer|prövar)\b", decision_texts.MEANINGS[question])


def test_no_text_of_the_lists_has_numbered_levels() -> None:
    """Level 1 is the measures for all pupils in the guidance that readers know."""
    folder = Path(swedish.__file__).parent
    told = [
        node.value
        for module in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(told) > 500
    assert [text for text in told if re.search(r"(?i)\bnivå", text)] == []


def test_every_level_is_reported_apart_without_colour() -> None:
    assert len({label.split()[0] for label in texts.LEVELS.values()}) == len(texts.LEVELS)
    assert texts.LEVELS[3] == "▲▲▲ Utredning/ULF, SST"
