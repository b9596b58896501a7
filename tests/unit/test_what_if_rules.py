"""Rules with some values replaced: read as a file's values are, and never mistaken for them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from rules.models import ParameterSet, Value
from rules.parameter_file import RuleFileError
from rules.registry import rule_set_of
from rules.what_if import in_words, read_change, rule_set_with, scenarios

DAY = date(2026, 11, 15)


def changes(*texts: str) -> dict[str, Value]:
    return {name: values[0] for name, values in (read_change(text, "--set") for text in texts)}


def test_only_the_value_that_is_set_is_another(stockholm: ParameterSet) -> None:
    real = rule_set_of(stockholm, DAY)
    other = rule_set_with(stockholm, DAY, changes("mentor_followup.threshold=15"))
    assert other.rule("mentor_followup").threshold_pct == 15
    assert other.rules[1:] == real.rules[1:]
    assert other.version != real.version


def test_a_replaced_value_says_what_if_wherever_a_source_is_shown(stockholm: ParameterSet) -> None:
    real = rule_set_of(stockholm, DAY)
    other = rule_set_with(stockholm, DAY, changes("mentor_followup.threshold=12.5"))
    name = "mentor_followup.threshold"
    assert other.name == "stockholm (what-if)"
    assert other.references[name] == "what-if: 12.5 % in place of 10 %"
    assert other.references_sv[name].startswith("Prövning: ")
    assert {n: r for n, r in other.references.items() if n != name} == {
        n: r for n, r in real.references.items() if n != name
    }


def test_the_value_in_force_set_again_is_the_version_in_force(stockholm: ParameterSet) -> None:
    same = rule_set_with(stockholm, DAY, changes("mentor_followup.threshold=10.0"))
    assert same.version == rule_set_of(stockholm, DAY).version


def test_the_set_itself_is_not_touched(stockholm: ParameterSet) -> None:
    before = rule_set_of(stockholm, DAY)
    rule_set_with(stockholm, DAY, changes("coverage.floor=90"))
    assert rule_set_of(stockholm, DAY) == before


def test_a_value_holds_also_on_the_day_on_which_the_files_change_it(
    stockholm: ParameterSet,
) -> None:
    first = stockholm.first_day
    other = rule_set_with(stockholm, first, changes("leaver.after_days=28"))
    assert other.leaver_after_days == 28
    with pytest.raises(RuleFileError, match="no value in force"):
        rule_set_with(stockholm, first - timedelta(days=1), changes("leaver.after_days=28"))


def test_window_days_sets_both_windows(stockholm: ParameterSet) -> None:
    other = rule_set_with(stockholm, DAY, changes("window.days=20"))
    assert (other.one_month_days, other.two_months_days) == (20, 40)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["window.one_month_days=20"], r"twice window.one_month_days, 40.*Set window.days"),
        (["window.days=20", "window.one_month_days=20"], "expected one of them"),
        (["window.days=200"], "found the number '400', expected whole days, 1 to 366"),
        (["window.days=4"], "at most the 4 days of the window"),
        (["mentor_followup.threshold=100"], "a threshold that a rate can be over"),
        (["ulf_two_months.min_days_each_half=31"], "at most the 30 days of a half"),
    ],
)
def test_values_that_contradict_each_other_are_refused(
    texts: list[str], message: str, stockholm: ParameterSet
) -> None:
    with pytest.raises(RuleFileError, match=message):
        rule_set_with(stockholm, DAY, changes(*texts))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mentor_followup.threshold", "expected NAME=VALUE"),
        ("mentor_followup.treshold=15", "did you mean 'mentor_followup.threshold'"),
        ("mentor_followup.threshold=fifteen", "found the text 'fifteen', expected a percentage"),
        ("mentor_followup.threshold=", "found nothing, expected a value"),
        ("mentor_followup.threshold=33.333", "at most two decimals"),
        ("mentor_followup.min_days=yes", "found the yes/no value 'yes', expected whole days"),
        ("ulf_two_months.method=both", "one of pooled, each"),
        ("sst_referral.grades=4-9", "a list of grades"),
        ("sst_referral.grades=[4, 5", "broken YAML"),
    ],
)
def test_what_no_file_could_hold_is_refused_with_the_words_of_the_file(
    text: str, message: str
) -> None:
    with pytest.raises(RuleFileError, match=message) as caught:
        read_change(text, "--set")
    # A text of the command line has no line number to look at.
    assert ":1" not in str(caught.value)


def test_values_of_a_grid_are_read_between_commas() -> None:
    assert read_change("mentor_followup.threshold=10,12.5", "--grid")[1] == (
        Decimal(10),
        Decimal("12.5"),
    )
    assert read_change("sst_referral.grades=[4,5],[7,8,9]", "--grid")[1] == ((4, 5), (7, 8, 9))


def test_a_grid_is_every_combination_with_the_set_values() -> None:
    found = scenarios([("coverage.floor", 90)], [("a", (1, 2)), ("b", (3, 4))])
    assert [in_words(one) for one in found] == [
        "coverage.floor=90, a=1, b=3",
        "coverage.floor=90, a=1, b=4",
        "coverage.floor=90, a=2, b=3",
        "coverage.floor=90, a=2, b=4",
    ]


@pytest.mark.parametrize(
    ("fixed", "grid", "message"),
    [
        ([("a", 1)], [("a", (1, 2))], "a more than once"),
        ([], [("a", (Decimal(10), Decimal("10.0")))], "a value twice"),
    ],
)
def test_a_grid_names_each_parameter_and_each_value_once(
    fixed: list[tuple[str, Value]], grid: list[tuple[str, tuple[Value, ...]]], message: str
) -> None:
    with pytest.raises(RuleFileError, match=message):
        scenarios(fixed, grid)
