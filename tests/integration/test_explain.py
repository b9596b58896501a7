"""`trappan explain` answers for every planted pupil, with the verdict that `flags` gives."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import explain as explain_pupil
from assets.flags.pupil_question import find_pupil, read_question
from assets.lake.connection import Lake
from pipelines.cli.pupil.explain import document_of
from pipelines.cli.pupil.explain_text import text_of
from pipelines.cli.pupil.explain_why import brief_of, three_sentences
from rules.registry import load_parameters, rule_set_on
from rules.what_if import rule_set_with
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SAMPLES, Said, SampleHome, trappan

PLANTED = yaml.safe_load((SAMPLES / "expected" / "planted.yaml").read_text(encoding="utf-8"))
LEFT = [number for number, why in PLANTED["absent"].items() if why.startswith("left")]
PROTECTED = [number for number, why in PLANTED["absent"].items() if "protected" in why]
UNKNOWN = "201203141005"  # a valid number of nobody here


@pytest.fixture(scope="module")
def verdicts(sample_home: SampleHome) -> dict[tuple[str, str, str], dict[str, str]]:
    """What `trappan flags --all` says, by number, rule and basis."""
    said = trappan(
        "flags", "--as-of", AS_OF, "--all", "--identities", "--format", "csv", "--home",
        sample_home.path,
    )  # fmt: skip
    rows = csv.DictReader(io.StringIO(said.out))
    return {(row["civic_no"], row["rule"], row["basis"]): row for row in rows}


def explain(home: SampleHome, who: str, *more: object, as_of: str = AS_OF) -> Said:
    return trappan("explain", "-", "--as-of", as_of, *more, "--home", home.path, typed=who)


@dataclass(frozen=True)
class Explanation:
    """A pupil explained in both forms."""

    document: dict[str, Any]
    why: tuple[str, ...]
    brief: str
    text: str


@pytest.fixture(scope="module")
def explanations(sample_home: SampleHome) -> dict[str, Explanation]:
    """Every planted pupil, by number: what the command prints, from one lake opened once."""
    day = date.fromisoformat(AS_OF)
    found: dict[str, Explanation] = {}
    with Lake.open(settings_of(sample_home.path)) as lake:
        evaluation = evaluate_flags(lake, day, rule_set_on("stockholm", day))
        for number in [*PLANTED["pupils"], *LEFT]:
            key = find_pupil(lake, read_question(number, day), evaluation)
            explanation = explain_pupil(lake, evaluation, key)
            document = json.loads(json.dumps(document_of(explanation, None)))
            found[number] = Explanation(
                document,
                three_sentences(explanation),
                "\n".join(brief_of(explanation, None)),
                "\n".join(text_of(explanation, None)),
            )
    return found


def bases(found: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (rule["rule"], basis["basis"]): basis for rule in found["rules"] for basis in rule["bases"]
    }


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_every_planted_pupil_is_explained_as_worked_out_by_hand(
    explanations: dict[str, Explanation], number: str
) -> None:
    explained = bases(explanations[number].document)
    expected = {
        (rule, basis): verdict
        for rule, of_bases in PLANTED["pupils"][number].items()
        for basis, verdict in of_bases.items()
    }
    said = {
        key: f"{basis['verdict']} {basis['certainty'] or ''}".strip()
        for key, basis in explained.items()
    }
    assert said == expected


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_the_evidence_is_that_of_flags_and_every_comparison_is_true(
    explanations: dict[str, Explanation],
    verdicts: dict[tuple[str, str, str], dict[str, str]],
    number: str,
) -> None:
    found = explanations[number].document
    names = ("scheduled", "reported", "valid", "invalid", "absent")
    answers = {
        "rate": "is_reached", "lower": "is_reached_at_least", "upper": "is_reached_at_most",
    }  # fmt: skip
    for (rule, basis), shown in bases(found).items():
        row = verdicts[number, rule, basis]
        assert str(found["level"]) == row["level"]
        assert [str(shown[f"{n}_minutes"]) for n in names] == [row[f"{n}_minutes"] for n in names]
        assert str(shown["days"]) == row["days"]
        assert (shown["rate"] or "") == row["rate"]
        assert (shown["window_start"], shown["window_end"]) == (
            row["window_start"],
            row["window_end"],
        )
        for compared in shown["comparisons"]:
            assert compared["holds"] == shown[answers[compared["bound"]]]


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_every_planted_pupil_is_reported_in_text_without_who_it_is(
    explanations: dict[str, Explanation], number: str
) -> None:
    text = explanations[number].text
    assert text.count("  because ") == 8
    assert number not in text
    assert f"{number[:8]}-{number[8:]}" not in text
    assert "A person assesses and decides." in text


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_three_sentences_come_first_with_the_figures_of_one_verdict(
    explanations: dict[str, Explanation], number: str
) -> None:
    """Whom a list has is told so, by a share of the very window that was hit."""
    found = explanations[number]
    judged = bases(found.document)
    assert len(found.why) == 3
    assert all(sentence.endswith(".") for sentence in found.why)
    assert found.why[0].startswith("On the list of") == bool(found.document["level"])
    verdict = "hit" if found.document["level"] else "insufficient"
    told = [one for one in judged.values() if one["verdict"] == verdict] or list(judged.values())
    figures = found.why[1].replace("\u00a0", " ")
    if verdict == "insufficient" and "can't be given" in found.why[0]:
        assert any(one["because"] in found.why[1] for one in told)
    elif "No reported lesson" not in found.why[1]:
        assert any(
            f"{cut(one)} of {one['reported_minutes']:,} reported minutes".replace(",", " ")
            in figures
            and f"from {one['window_start']} to {one['window_end']}" in figures
            for one in told
            if one["reported_minutes"]
        ), figures


def cut(judged: Mapping[str, Any]) -> str:
    """A share to one decimal, never rounded up."""
    tenths = judged["absent_minutes"] * 1000 // judged["reported_minutes"]
    return f"{tenths // 10}.{tenths % 10} %"


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_a_line_for_each_verdict_fits_a_terminal_of_eighty(
    explanations: dict[str, Explanation], number: str
) -> None:
    found = explanations[number]
    lines = [line for line in found.brief.splitlines() if line.startswith("  ")]
    judged = bases(found.document)
    assert [line.split(maxsplit=1)[0] for line in lines] == [rule for rule, _ in judged]
    assert max(map(len, lines)) <= 80
    for line, one in zip(lines, judged.values(), strict=True):
        share = cut(one) if one["reported_minutes"] else "no rate"
        verdict = f"{one['verdict']}, {one['certainty']}" if one["certainty"] else one["verdict"]
        assert line.endswith(f"{share}  {verdict}")


def test_the_arithmetic_is_there_for_who_asks_for_all_of_it(sample_home: SampleHome) -> None:
    brief = explain(sample_home, "201205059858").out
    full = explain(sample_home, "201205059858", "--full").out
    assert full.splitlines()[:5] == brief.splitlines()[:5]
    assert "10000" not in brief
    assert "A·10000" in full


def test_the_clause_that_decides_is_reported(explanations: dict[str, Explanation]) -> None:
    decided = {
        ("201304129834", "mentor_followup", "rolling"): "too_few_days",
        ("201304129834", "mentor_followup", "calendar"): "nothing_scheduled",
        ("201105179897", "mentor_followup", "calendar"): "nothing_reported",
        ("201402029803", "mentor_followup", "calendar"): "low_coverage",
        ("201408189833", "mentor_followup", "rolling"): "not_reached",
        ("201205059858", "sst_referral", "rolling"): "reached",
        ("201704019817", "sst_referral", "rolling"): "grade",
        ("201303309924", "sst_referral", "rolling"): "grade",
        ("201305209841", "sst_referral", "rolling"): "ulf",
    }
    found = {
        (number, rule, basis): bases(explanations[number].document)[rule, basis]["rests_on"]
        for number, rule, basis in decided
    }
    assert found == decided


def test_the_halves_of_two_months_add_up_to_the_window(
    explanations: dict[str, Explanation],
) -> None:
    shown = bases(explanations["201105179897"].document)["ulf_two_months", "calendar"]
    assert [half["days"] for half in shown["halves"]] == [22, 0]
    assert sum(half["reported_minutes"] for half in shown["halves"]) == shown["reported_minutes"]


def test_a_pupil_at_twenty_percent_is_reported_when_that_can_end(
    explanations: dict[str, Explanation],
) -> None:
    shown = bases(explanations["201205059858"].document)["sst_referral", "calendar"]
    assert shown["margin_minutes"] == "0.0000"
    # November: 600 of 6300 minutes when every coming lesson is attended.
    assert shown["outlook"]["turn_date"] == "2026-11-30"
    assert "cannot fall below 20 % before 2026-11-30" in shown["outlook"]["sentence"]


def test_a_month_before_the_school_year_is_not_evaluated_and_said_so(
    sample_home: SampleHome,
) -> None:
    said = explain(sample_home, "201203149800", "--full", as_of="2027-07-04")
    assert said.status == 0, said.err
    assert said.out.count("calendar: not evaluated") == 4


@pytest.mark.parametrize("number", LEFT)
def test_a_pupil_who_left_is_reported_to_have_left(
    explanations: dict[str, Explanation], number: str
) -> None:
    found = explanations[number]
    assert "has left school unit" in found.why[0]
    assert "No rule is evaluated" in found.why[2]
    assert found.document["rules"] == []
    assert "because" not in found.text
    assert "Level" not in found.text


@pytest.mark.parametrize("number", PROTECTED)
def test_a_protected_pupil_gets_the_very_words_of_an_unknown_one(
    sample_home: SampleHome, number: str
) -> None:
    said = explain(sample_home, number, "--identities")
    assert said == explain(sample_home, UNKNOWN, "--identities")
    assert said.status == 1
    assert said.out == ""
    assert said.err.startswith("trappan: There is nobody to explain")
    assert number not in said.err


def test_a_key_asks_for_the_same_pupil_and_leaves_no_line(
    sample_home: SampleHome, explanations: dict[str, Explanation]
) -> None:
    by_number = explain(sample_home, "201205059858")
    key = explanations["201205059858"].document["pupil"]["pupil_key"]
    log = sample_home.path / "access.log"
    before = log.read_text(encoding="utf-8")
    assert explain(sample_home, key) == by_number
    assert log.read_text(encoding="utf-8") == before
    assert explain(sample_home, "120505-9858") == by_number
    on_the_line = trappan("explain", key, "--as-of", AS_OF, "--home", sample_home.path)
    assert on_the_line == by_number


@pytest.mark.parametrize("command", ["explain", "consult"])
@pytest.mark.parametrize("text", ["201205059858", "20120505-9858", "120505-9858", "Omar", "1234"])
def test_a_number_on_the_command_line_is_refused_and_not_repeated(
    sample_home: SampleHome, command: str, text: str
) -> None:
    said = trappan(command, text, "--as-of", AS_OF, "--home", sample_home.path)
    assert said.status == 2
    assert "or - and an identity number on standard input" in " ".join(said.err.split())
    assert text not in said.err + said.out


def test_a_question_about_a_number_is_logged_without_the_number(sample_home: SampleHome) -> None:
    explain(sample_home, "201205059858")
    *_, line = (sample_home.path / "access.log").read_text(encoding="utf-8").splitlines()
    logged = json.loads(line)
    assert logged["command"] == "explain"
    assert logged["asked"] == {
        "as_of": AS_OF, "asked_by": "identity number", "identities": "False",
    }  # fmt: skip
    assert "201205059858" not in line


def test_names_and_file_names_are_reported_only_to_who_asks_for_identities(
    sample_home: SampleHome,
) -> None:
    plain = explain(sample_home, "201205059858", "--full").out
    named = explain(sample_home, "201205059858", "--full", "--identities").out
    assert "Haddad" in named
    assert "lektionsfranvaro_99999901_2026-10_20261101T0500.csv" in named
    assert "Haddad" not in plain
    assert "20261101T0500" not in plain


def test_a_number_that_was_changed_finds_the_pupil(sample_home: SampleHome) -> None:
    (merges,) = (SAMPLES / "inbox").glob("nummerbyten_*.csv")
    (row, *_) = csv.DictReader(io.StringIO(merges.read_text(encoding="utf-8-sig")), delimiter=";")
    old, new = list(row.values())[:2]
    found = explain(sample_home, old)
    assert found.status == 0, found.err
    assert found == explain(sample_home, new)


@pytest.mark.parametrize("text", ["", "Omar", "20120505-9859", "201205059858x", "1234"])
def test_what_is_no_pupil_is_bad_usage_and_is_not_repeated(
    sample_home: SampleHome, text: str
) -> None:
    said = explain(sample_home, text)
    assert said.status == 2
    assert "neither a pupil key nor an identity number" in " ".join(said.err.split())
    assert not text or text not in said.err


def test_a_lake_that_holds_nothing_is_reported_as_such(tmp_path: Path) -> None:
    home = tmp_path / "other"
    said = trappan("explain", "-", "--as-of", AS_OF, "--home", home, typed="201205059858")
    assert said.status == 1
    assert f"the lake in {tmp_path / 'other'} holds no pupils at all" in said.err


def test_grades_of_a_set_with_gaps_are_reported_one_by_one(sample_home: SampleHome) -> None:
    day = date.fromisoformat(AS_OF)
    grades = {"sst_referral.grades": (4, 7, 9)}
    rule_set = rule_set_with(load_parameters("stockholm"), day, grades)
    with Lake.open(settings_of(sample_home.path)) as lake:
        evaluation = evaluate_flags(lake, day, rule_set)
        key = find_pupil(lake, read_question("201205059858", day), evaluation)  # in grade 8
        explanation = explain_pupil(lake, evaluation, key)
    text = "\n".join(text_of(explanation, None))
    assert "because the rule is for grades 4, 7, 9 only" in text
    assert "grades 4-9" not in text


def test_the_earlier_school_is_counted_and_not_named(explanations: dict[str, Explanation]) -> None:
    moved = "201301089809"  # from 99999901 to 99999902
    found = explanations[moved].document
    assert found["place"]["school_unit_code"] == "99999902"
    assert found["place"]["other_schools"] == 1
    assert "99999901" not in explanations[moved].text
    # No day of the earlier school stands in the pattern: the pupil came on 12 October.
    assert all(
        week["days"] == 0 for week in found["pattern"]["weeks"] if week["last_date"] < "2026-10-12"
    )


def test_the_files_behind_the_windows_are_reported_with_their_rows(
    explanations: dict[str, Explanation],
) -> None:
    files = explanations["201205059858"].document["files"]
    assert [file["lesson_rows"] for file in files] == [110, 85, 50]
    assert {len(file["sha256"]) for file in files} == {12}
    assert {file["name"] for file in files} == {None}


def test_a_pupil_of_a_school_with_sums_has_no_outlook_and_is_reported_why(
    sample_home: SampleHome,
) -> None:
    said = trappan(
        "flags", "--as-of", AS_OF, "--school", "99999904", "--format", "json", "--home",
        sample_home.path,
    )  # fmt: skip
    key = json.loads(said.out)[0]["pupil_key"]
    found = json.loads(explain(sample_home, key, "--format", "json").out)
    outlooks = [basis["outlook"]["unknown"] for basis in bases(found).values()]
    assert set(outlooks) == {"monthly_sums"}
    assert sum(file["sum_rows"] for file in found["files"]) > 0
