"""The values of Stockholm, their sources, and what happens on the day a value changes."""

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rules.ladder import PARAMETERS
from rules.models import ParameterSet, Rule, ValueInForce
from rules.registry import (
    EVERY_SET,
    available_sets,
    load_parameters,
    rule_set_of,
    rule_set_on,
    value_on,
)

DAY = date(2026, 11, 15)
ROOT = Path(__file__).parents[2]
ALL_GRADES = tuple(range(10))

# The table of the specification, written out a second time so that an edit of a file is seen.
SPECIFIED = (
    Rule(
        "mentor_followup", 1, 10_00, "over", "one_month", "pooled", 5, 0,
        ALL_GRADES, "mentor", requires_ulf=False,
    ),
    Rule(
        "ulf_one_month", 2, 40_00, "at_least", "one_month", "pooled", 10, 0,
        ALL_GRADES, "principal", requires_ulf=False,
    ),
    Rule(
        "ulf_two_months", 2, 20_00, "at_least", "two_months", "pooled", 20, 5,
        ALL_GRADES, "principal", requires_ulf=False,
    ),
    Rule(
        "sst_referral", 3, 20_00, "at_least", "one_month", "pooled", 10, 0,
        (4, 5, 6, 7, 8, 9), "principal", requires_ulf=True,
    ),
)  # fmt: skip
SPECIFIED_AS_OUR_CHOICE = {
    "coverage.floor",
    "leaver.after_days",
    "sums.full_day_minutes",
    "unseen.after_days",
    "unseen.class_days",
    "thin.share",
    "norm.least_rows",
    "norm.most_unreported",
    "norm.most_doubled",
    "norm.most_refused",
    "silence.rhythm_days",
    "silence.most_school_days",
    "silence.most_late_days",
    "silence.alone_days",
    "silence.sums_days",
    "forecast.least_probability",
    "window.one_month_days",
    "window.two_months_days",
    "ulf_two_months.method",
    "ulf_two_months.min_days_each_half",
    "mentor_followup.min_days",
    "ulf_one_month.min_days",
    "ulf_two_months.min_days",
    "sst_referral.min_days",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of rule sets with a copy of `stockholm` to change."""
    shutil.copytree(ROOT / "rules" / "parameters" / "stockholm", tmp_path / "sets" / "stockholm")
    return tmp_path / "sets"


def add_value(root: Path, name: str, valid_from: str, value: str) -> None:
    """Write a further dated value at the end of a parameter file."""
    path = root / "stockholm" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8").rstrip("\n")
    added = f"\n  - valid_from: {valid_from}\n    value: {value}\n    reference: a test\n"
    added += "    reference_sv: ett prov\n"
    path.write_text(text + added, encoding="utf-8")


def test_the_stockholm_rules_are_the_specified_ones() -> None:
    assert rule_set_on("stockholm", DAY).rules == SPECIFIED


def test_the_stockholm_shared_values_are_the_specified_ones() -> None:
    rules = rule_set_on("stockholm", DAY)
    assert (rules.one_month_days, rules.two_months_days) == (30, 60)
    assert (rules.coverage_floor_bp, rules.leaver_after_days) == (80_00, 21)
    assert (rules.unseen_after_days, rules.unseen_class_days) == (30, 5)
    assert rules.share("thin.share") == Decimal("0.5")


def test_the_rules_come_in_order_of_level_and_can_be_asked_for_by_name() -> None:
    rules = rule_set_on("stockholm", DAY)
    assert [rule.level for rule in rules.rules] == [1, 2, 2, 3]
    assert rules.rule("sst_referral") == SPECIFIED[3]
    with pytest.raises(KeyError, match="no rule 'sst' in stockholm"):
        rules.rule("sst")


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_value_says_which_document_and_page_or_why_it_is_our_choice(
    name: str, stockholm: ParameterSet
) -> None:
    for dated in stockholm.parameters[name].values:
        is_cited = re.match(r".+, (sidan|rubriken) '.+'", dated.reference)
        is_reasoned = re.match(r"our choice: .{20,}", dated.reference)
        assert is_cited or is_reasoned, dated.reference
        # A seed is cited as the document it is: our own file names mean nothing to a reader.
        assert not re.search(r"[0-9a-f]{12,}|\.txt|/", dated.reference)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_value_says_the_same_in_swedish_to_whoever_reads_a_list(
    name: str, stockholm: ParameterSet
) -> None:
    for dated in stockholm.parameters[name].values:
        swedish = dated.reference_sv
        is_cited = re.match(r".+, (sidan|rubriken) ”.+”", swedish)
        is_reasoned = re.match(r"Eget val: .{20,}", swedish)
        assert is_cited or is_reasoned, swedish
        assert swedish.endswith("."), swedish
        # Neither our names for things nor the English text: a rektor reads this.
        assert not re.search(r"[a-z]_[a-z]|[a-z]\.[a-z]|\b(the|our|and|of)\b", swedish), swedish
        assert len(swedish) < 280, swedish


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_what_is_quoted_in_swedish_is_quoted_in_english_too(
    name: str, stockholm: ParameterSet
) -> None:
    for dated in stockholm.parameters[name].values:
        source = dated.reference.replace("[...]", "[…]")
        for quotation in re.findall(r"”(.+?)”", dated.reference_sv):
            assert quotation in source, quotation


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_swedish_quotation_in_an_english_reference_is_translated(name: str) -> None:
    """Titles of documents, pages and headings stay as they are."""
    for rule_set in available_sets():
        for dated in load_parameters(rule_set).parameters[name].values:
            untitled = re.sub(r"(sidan|rubriken) '[^']+'", r"\1", dated.reference)
            plain = re.findall(r"'[^']+'", re.sub(r"'[^']+' \([^)]+\)", "", untitled))
            assert plain == [], (rule_set, dated.reference)


def test_what_the_specification_calls_our_choice_is_called_so(stockholm: ParameterSet) -> None:
    for name in SPECIFIED_AS_OUR_CHOICE:
        assert stockholm.parameters[name].values[-1].reference.startswith("our choice: "), name


@pytest.mark.parametrize(
    ("name", "quotation"),
    [
        ("mentor_followup.threshold", "mer än 10 % frånvaro"),
        ("ulf_one_month.threshold", "40 % frånvaro under 1 månad"),
        ("ulf_two_months.threshold", "20 % frånvaro under 2 månader"),
        ("sst_referral.threshold", "runt 20 procent"),
        ("sst_referral.grades", "årskurserna 4–9"),
    ],
)
def test_a_value_from_a_document_quotes_it(
    name: str, quotation: str, stockholm: ParameterSet
) -> None:
    assert quotation in stockholm.parameters[name].values[-1].reference


@pytest.mark.parametrize("name", ["ulf_one_month.threshold", "ulf_two_months.threshold"])
def test_the_thresholds_of_the_principal_say_that_the_law_has_no_number(
    name: str, stockholm: ParameterSet
) -> None:
    dated = stockholm.parameters[name].values[-1]
    assert "7 kap. 19 a § skollagen has no number" in dated.reference
    assert "Skollagen (7 kap. 19 a §) anger ingen siffra" in dated.reference_sv


def test_a_rule_set_carries_the_reference_and_the_value_of_every_parameter() -> None:
    rules = rule_set_on("stockholm", DAY)
    assert rules.references.keys() == rules.values.keys() == PARAMETERS.keys()
    assert rules.references_sv.keys() == PARAMETERS.keys()
    assert rules.values["coverage.floor"].valid_from == date(2023, 7, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ValueInForce(Decimal("10"), "percent", DAY), "10 %"),
        (ValueInForce(Decimal("12.50"), "percent", DAY), "12.5 %"),
        (ValueInForce(Decimal("100"), "percent", DAY), "100 %"),
        (ValueInForce(30, "days", DAY), "30 days"),
        (ValueInForce((4, 5, 6, 7, 8, 9), "grades", DAY), "4-9"),
        (ValueInForce((9,), "grades", DAY), "9"),
        (ValueInForce((7, 9), "grades", DAY), "7, 9"),
        (ValueInForce("at_least", "choice", DAY), "at_least"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: ValueInForce, text: str) -> None:
    assert value.text == text


def test_the_old_value_holds_to_the_day_before_a_change_and_the_new_one_from_it(
    root: Path,
) -> None:
    add_value(root, "mentor_followup.threshold", "2026-07-01", "12.5")
    parameters = load_parameters("stockholm", root)
    name = "mentor_followup.threshold"
    assert value_on(parameters, name, date(2023, 7, 1)) == Decimal(10)
    assert value_on(parameters, name, date(2026, 6, 30)) == Decimal(10)
    assert value_on(parameters, name, date(2026, 7, 1)) == Decimal("12.5")
    assert value_on(parameters, name, date(2036, 7, 1)) == Decimal("12.5")


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [("12.5", 1250), ("10.1", 1010), ("0.01", 1), ("14.49", 1449), ("10.0", 1000), ("33.3", 3330)],
)
def test_a_decimal_percentage_is_exact(written: str, hundredths: int, root: Path) -> None:
    add_value(root, "mentor_followup.threshold", "2026-07-01", written)
    rule = rule_set_on("stockholm", DAY, root).rule("mentor_followup")
    assert rule.threshold_bp == hundredths
    assert rule.threshold_pct == Decimal(written)


def test_one_hundred_percent_is_a_threshold_where_the_number_itself_counts(root: Path) -> None:
    add_value(root, "ulf_one_month.threshold", "2026-07-01", "100")
    assert rule_set_on("stockholm", DAY, root).rule("ulf_one_month").threshold_bp == 100_00


def test_the_two_months_can_be_taken_each_for_itself(root: Path) -> None:
    add_value(root, "ulf_two_months.method", "2026-07-01", "each")
    rules = rule_set_on("stockholm", DAY, root)
    assert rules.rule("ulf_two_months").method == "each"
    assert {rule.method for rule in rules.rules if rule.window == "one_month"} == {"pooled"}


def test_the_version_is_the_same_on_every_day_on_which_no_value_changes() -> None:
    parameters = load_parameters("stockholm")
    days = [parameters.first_day + timedelta(days=7 * week) for week in range(200)]
    versions = {rule_set_of(parameters, day).version for day in days}
    assert len(versions) == 1
    assert re.fullmatch(r"[0-9a-f]{12}", versions.pop())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mentor_followup.threshold", "10.01"),
        ("mentor_followup.comparison", "at_least"),
        ("sst_referral.min_days", "11"),
        ("sst_referral.grades", "[4, 5, 6, 7, 8]"),
        ("ulf_two_months.method", "each"),
        ("ulf_two_months.min_days_each_half", "6"),
        ("coverage.floor", "75"),
        ("leaver.after_days", "28"),
        ("unseen.after_days", "28"),
        ("unseen.class_days", "6"),
    ],
)
def test_the_version_changes_on_the_day_a_value_changes(name: str, value: str, root: Path) -> None:
    before = rule_set_on("stockholm", DAY, root).version
    add_value(root, name, "2026-11-15", value)
    parameters = load_parameters("stockholm", root)
    assert rule_set_of(parameters, date(2026, 11, 14)).version == before
    assert rule_set_of(parameters, DAY).version != before


def test_a_limit_that_decides_no_verdict_is_no_part_of_the_version(root: Path) -> None:
    before = rule_set_on("stockholm", DAY, root)
    # A set of its own opinion has a file of its own.
    shutil.copy(EVERY_SET / "norm.least_rows.yaml", root / "stockholm")
    add_value(root, "norm.least_rows", "2026-11-15", "55")
    after = rule_set_on("stockholm", DAY, root)
    assert (before.share("norm.least_rows"), after.share("norm.least_rows")) == (
        Decimal("0.7"),
        Decimal("0.55"),
    )
    assert after.version == before.version


def test_a_value_of_the_future_changes_no_version_today(root: Path) -> None:
    before = rule_set_on("stockholm", DAY, root).version
    add_value(root, "coverage.floor", "2027-07-01", "90")
    assert rule_set_on("stockholm", DAY, root).version == before


def test_a_better_reference_or_the_same_value_again_is_not_another_version(root: Path) -> None:
    before = rule_set_on("stockholm", DAY, root)
    add_value(root, "mentor_followup.threshold", "2026-07-01", "10.0")
    after = rule_set_on("stockholm", DAY, root)
    name = "mentor_followup.threshold"
    assert after.references[name] != before.references[name]
    assert after.references_sv[name] == "ett prov" != before.references_sv[name]
    assert after.version == before.version


def test_a_value_that_goes_back_brings_the_old_version_back(root: Path) -> None:
    before = rule_set_on("stockholm", DAY, root).version
    add_value(root, "coverage.floor", "2026-11-15", "90")
    add_value(root, "coverage.floor", "2026-11-22", "80")
    assert rule_set_on("stockholm", date(2026, 11, 22), root).version == before


def test_a_rule_set_cannot_be_changed_in_place_and_can_be_kept_in_a_set() -> None:
    rules = rule_set_on("stockholm", DAY)
    with pytest.raises(AttributeError):
        rules.leaver_after_days = 1  # type: ignore[misc]
    assert len({rules, replace(rules)}) == 1


def test_the_page_of_business_rules_shows_the_values_in_force() -> None:
    page = (ROOT / "docs" / "rules-values.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_.]+\.[a-z_]+)` \| ([^|]+?) \|", page, re.MULTILINE)
    values = rule_set_on("stockholm", DAY).values
    assert dict(rows) == {name: value.text for name, value in values.items()}
    assert len(rows) == len(values)


def test_a_pattern_is_no_part_of_the_version_because_it_decides_no_verdict(
    stockholm: ParameterSet,
) -> None:
    run = stockholm.parameters["pattern.run_days"]
    longer = replace(run, values=(replace(run.values[0], value=6),))
    other = replace(stockholm, parameters={**stockholm.parameters, run.name: longer})
    day = date(2026, 11, 15)
    assert rule_set_of(other, day).values[run.name].value == 6
    assert rule_set_of(other, day).version == rule_set_of(stockholm, day).version
