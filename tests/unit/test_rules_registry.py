"""The loader refuses every malformed set, and says file, line, key, what it found and expected.

Each folder of `rules_broken/` holds one file with one fault. It is laid over a copy of the real
set, so that nothing but that fault can be the reason of the refusal.
"""

import shutil
from datetime import date
from pathlib import Path

import pytest

from rules.parameter_file import RuleFileError
from rules.registry import available_sets, load_parameters, rule_set_of, rule_set_on, value_on

BROKEN = Path(__file__).parent / "rules_broken"
STOCKHOLM = Path(__file__).parents[2] / "rules" / "parameters" / "stockholm"

# folder: (where and what the message must say, what it must say is expected)
FAULTS = {
    "broken_yaml_syntax": (["threshold.yaml:4:", "broken YAML"], "one YAML document"),
    "not_utf8": (["threshold.yaml:", "unreadable text"], "YAML in UTF-8"),
    "empty_file": (["threshold.yaml:", "an empty file"], "the keys name, description"),
    "two_documents": (["threshold.yaml:", "broken YAML"], "one YAML document"),
    "list_at_the_top": (["threshold.yaml:1:", "found the list"], "a mapping with the keys"),
    "name_of_another_file": (
        ["threshold.yaml:1: name:", "'mentor_followup.treshold'"],
        "the name of the file, 'mentor_followup.threshold'",
    ),
    "unknown_parameter_name": (
        ["treshold.yaml:1: name:", "'mentor_followup.treshold'"],
        "a known parameter; did you mean 'mentor_followup.threshold'?",
    ),
    "missing_key": (["threshold.yaml:1:", "no key 'unit'"], "the keys name, description"),
    "missing_key_in_a_value": (
        ["threshold.yaml:5: values[0]:", "no key 'reference'"],
        "the keys valid_from, value, reference, reference_sv",
    ),
    "missing_swedish_reference": (
        ["threshold.yaml:5: values[0]:", "no key 'reference_sv'"],
        "the keys valid_from, value, reference, reference_sv",
    ),
    "unknown_key": (
        ["threshold.yaml:9:", "the unknown key 'last_value_still_valid_on'"],
        "the keys name, description, unit, values",
    ),
    "unknown_key_in_a_value": (
        ["threshold.yaml:9: values[0]:", "the unknown key 'valid_to'"],
        "the keys valid_from, value, reference, reference_sv",
    ),
    "key_twice": (["threshold.yaml:4:", "the key 'unit' twice"], "it once"),
    "key_twice_in_a_value": (
        ["threshold.yaml:9: values[0]:", "the key 'value' twice"],
        "it once",
    ),
    "month_thirteen": (["threshold.yaml:5: values[0].valid_from:", "'2026-13-01'"], "YYYY-MM-DD"),
    "date_in_quotes": ([":5: values[0].valid_from:", "the text '2023-07-01'"], "without quotes"),
    "date_with_a_time": ([":5: values[0].valid_from:", "'2023-07-01T00:00:00'"], "without time"),
    "date_without_zeros": ([":5: values[0].valid_from:", "'2023-7-1'"], "YYYY-MM-DD"),
    "date_as_a_year": ([":5: values[0].valid_from:", "the number '2023'"], "YYYY-MM-DD"),
    "no_values": (["threshold.yaml:4: values:", "the list []"], "with at least one item"),
    "values_not_a_list": (["threshold.yaml:4: values:", "the number '10'"], "a list of dated"),
    "valid_from_twice": (
        ["threshold.yaml:9: values[1].valid_from:", "'2023-07-01'"],
        "a day after 2023-07-01 (each day once",
    ),
    "values_not_sorted": (
        ["threshold.yaml:9: values[1].valid_from:", "'2023-07-01'"],
        "a day after 2025-07-01",
    ),
    "empty_reference": ([":7: values[0].reference:", "found nothing"], "a text that is not empty"),
    "reference_of_blanks": ([":7: values[0].reference:", "'   '"], "a text that is not empty"),
    "reference_left_out": ([":7: values[0].reference:", "found nothing"], "a text"),
    "our_choice_without_reason": (
        [":7: values[0].reference:", "'our choice'"],
        "'our choice: ' and the reason",
    ),
    "empty_swedish_reference": (
        [":8: values[0].reference_sv:", "found nothing"],
        "a text that is not empty",
    ),
    "swedish_choice_without_reason": (
        [":8: values[0].reference_sv:", "'Eget val'"],
        "'Eget val: ' and the reason",
    ),
    "our_choice_in_english_only": (
        [":8: values[0].reference_sv:", "'Metodhandbok, sidan ”Frånvarotrappan”'"],
        "'Eget val: ' and the reason, as `reference` has it",
    ),
    "our_choice_in_swedish_only": (
        [":8: values[0].reference_sv:", "'Eget val: ett prov'"],
        "a document, as `reference` has it",
    ),
    "empty_description": (["threshold.yaml:2: description:", "nothing"], "a text"),
    "unit_of_another_parameter": (["threshold.yaml:3: unit:", "'days'"], "'percent'"),
    "unit_unknown": (["threshold.yaml:3: unit:", "'fraction'"], "'percent'"),
    "threshold_zero": ([":6: values[0].value:", "the number '0'"], "over 0 and at most 100"),
    "threshold_over_hundred": ([":6: values[0].value:", "'100.01'"], "over 0 and at most 100"),
    "threshold_negative": ([":6: values[0].value:", "'-10'"], "over 0 and at most 100"),
    "threshold_as_text": ([":6: values[0].value:", "the text '10'"], "a percentage"),
    "threshold_with_comma": ([":6: values[0].value:", "the text '12,5'"], "with a point"),
    "threshold_with_percent_sign": ([":6: values[0].value:", "the text '10 %'"], "a percentage"),
    "threshold_with_three_decimals": ([":6: values[0].value:", "'33.333'"], "two decimals"),
    "threshold_with_exponent": ([":6: values[0].value:", "'1.0e+1'"], "a percentage"),
    "threshold_not_a_number": ([":6: values[0].value:", "'.nan'"], "a percentage"),
    "threshold_yes": ([":6: values[0].value:", "the yes/no value 'yes'"], "a percentage"),
    "threshold_as_a_list": ([":6: values[0].value:", "the list [10]"], "a percentage"),
    "days_zero": (["min_days.yaml:6: values[0].value:", "'0'"], "whole days, 1 to 366"),
    "days_yes": ([":6: values[0].value:", "the yes/no value 'yes'"], "whole days"),
    "days_with_a_fraction": ([":6: values[0].value:", "'5.0'"], "whole days"),
    "days_octal": ([":6: values[0].value:", "'010'"], "whole days"),
    "days_sexagesimal": ([":6: values[0].value:", "'1:30'"], "whole days"),
    "days_longer_than_a_year": ([":6: values[0].value:", "'367'"], "whole days, 1 to 366"),
    "grade_ten": (["grades.yaml:6: values[0].value[1]:", "'10'"], "a grade, 0 to 9"),
    "grade_as_text": ([":6: values[0].value[0]:", "the text '4'"], "a grade, 0 to 9"),
    "grade_twice": ([":6: values[0].value:", "the list [4, 4, 5]"], "ascending and each once"),
    "grades_not_ascending": ([":6: values[0].value:", "the list [5, 4]"], "ascending"),
    "grades_empty": ([":6: values[0].value:", "the list []"], "a list of grades"),
    "grades_as_a_range": ([":6: values[0].value:", "the text '4-9'"], "a list of grades"),
    "comparison_unknown": ([":6: values[0].value:", "'more_than'"], "one of over, at_least"),
    "method_unknown": ([":6: values[0].value:", "'mean'"], "one of pooled, each"),
    "scattered_not_under_coherent": (
        ["pattern.scattered_share.yaml: values:", "found 60 % in force on 2023-07-01"],
        "less than the coherent 60 %",
    ),
    "two_months_not_twice_one": (
        ["window.two_months_days.yaml: values:", "61 days in force on 2023-07-01"],
        "twice window.one_month_days, 60",
    ),
    "two_months_not_twice_one_later": (
        ["window.two_months_days.yaml: values:", "56 days in force on 2026-07-01"],
        "twice window.one_month_days, 60",
    ),
    "unseen_class_days_longer_than_the_days": (
        ["unseen.class_days.yaml: values:", "31 days in force"],
        "at most the 30 days of unseen.after_days",
    ),
    "min_days_longer_than_the_window": (
        ["mentor_followup.min_days.yaml: values:", "31 days in force"],
        "at most the 30 days of the window",
    ),
    "min_days_longer_than_a_half": (
        ["ulf_two_months.min_days_each_half.yaml: values:", "31 days in force"],
        "at most the 30 days of a half",
    ),
    "over_one_hundred_percent": (
        ["mentor_followup.threshold.yaml: values:", "over 100 % in force"],
        "a threshold that a rate can be over",
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of rule sets with a good copy of `stockholm` in it."""
    shutil.copytree(STOCKHOLM, tmp_path / "sets" / "stockholm")
    return tmp_path / "sets"


@pytest.mark.parametrize("folder", FAULTS)
def test_a_malformed_file_is_refused_with_place_finding_and_expectation(
    folder: str, root: Path
) -> None:
    shutil.copytree(BROKEN / folder, root / "stockholm", dirs_exist_ok=True)
    findings, expected = FAULTS[folder]
    with pytest.raises(RuleFileError) as refusal:
        load_parameters("stockholm", root)
    message = str(refusal.value)
    found_part, _, expected_part = message.partition(", expected ")
    for finding in findings:
        assert finding in found_part, message
    assert expected in expected_part, message


def test_every_malformed_file_has_an_expected_message() -> None:
    assert sorted(FAULTS) == sorted(folder.name for folder in BROKEN.iterdir())


def test_the_copy_under_the_malformed_files_is_itself_accepted(root: Path) -> None:
    assert load_parameters("stockholm", root).name == "stockholm"


def test_a_set_without_one_of_its_parameters_is_refused_by_name(root: Path) -> None:
    (root / "stockholm" / "coverage.floor.yaml").unlink()
    with pytest.raises(RuleFileError, match=r"stockholm: found no file coverage\.floor\.yaml, exp"):
        load_parameters("stockholm", root)


def test_a_file_ending_in_yml_is_refused_and_not_passed_over(root: Path) -> None:
    shutil.copy(root / "stockholm" / "coverage.floor.yaml", root / "stockholm/coverage.floor.yml")
    with pytest.raises(RuleFileError, match=r"expected the name coverage\.floor\.yaml"):
        load_parameters("stockholm", root)


def test_files_of_other_kinds_in_a_set_are_left_alone(root: Path) -> None:
    (root / "stockholm" / "README.md").write_text("why these values", encoding="utf-8")
    assert load_parameters("stockholm", root).name == "stockholm"


@pytest.mark.parametrize("name", ["goteborg", "../stockholm", "", ".", "Stockholm"])
def test_an_unknown_set_is_refused_with_the_sets_there_are(name: str, root: Path) -> None:
    with pytest.raises(RuleFileError, match="expected one of the sets here: stockholm"):
        load_parameters(name, root)


def test_the_sets_of_a_folder_are_its_folders_in_order(root: Path) -> None:
    (root / "nacka").mkdir()
    (root / ".git").mkdir()
    (root / "notes.txt").touch()
    assert available_sets(root) == ("nacka", "stockholm")
    assert "stockholm" in available_sets()


def test_a_refusal_is_a_value_error() -> None:
    assert issubclass(RuleFileError, ValueError)


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    with pytest.raises(RuleFileError, match=r"no parameter 'mentor_followup\.limit'.*threshold"):
        value_on(load_parameters("stockholm"), "mentor_followup.limit", date(2026, 11, 15))


def test_a_day_before_the_first_value_is_refused_with_the_file_and_the_first_day() -> None:
    parameters = load_parameters("stockholm")
    with pytest.raises(RuleFileError, match=r"mentor_followup\.threshold\.yaml: .*2023-06-30.*"):
        value_on(parameters, "mentor_followup.threshold", date(2023, 6, 30))
    with pytest.raises(RuleFileError, match="the first is valid from 2023-07-01"):
        rule_set_on("stockholm", date(2020, 3, 1))


def test_the_first_day_of_a_set_is_the_first_with_all_values(root: Path) -> None:
    path = root / "stockholm" / "coverage.floor.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("2023-07-01", "2024-07-01"), encoding="utf-8")
    parameters = load_parameters("stockholm", root)
    assert parameters.first_day == date(2024, 7, 1)
    assert rule_set_of(parameters, parameters.first_day).coverage_floor_bp == 80_00
    with pytest.raises(RuleFileError, match=r"coverage\.floor\.yaml"):
        rule_set_of(parameters, date(2024, 6, 30))
