"""`trappan whatif`: counts of other values, small ones hidden, nothing stored."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.flags.suppression import LEAST_SHOWN
from assets.flags.what_if import Steps, steps_under
from assets.flags.what_if_counts import MOVES, count_groups
from assets.lake.connection import Lake
from rules.registry import load_parameters, rule_set_of
from rules.what_if import rule_set_with
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SampleHome, trappan

HEADER = (
    "scenario,rule_set_version,by,group,pupils,level_1,level_2,level_3,on_list,not_on_list,"
    "insufficient,appear,disappear,moved_up,moved_down,unchanged"
)


def asked(sample_home: SampleHome, *arguments: object) -> list[dict[str, str]]:
    said = trappan(
        "--home", sample_home.path, "whatif", "--as-of", AS_OF, "--format", "csv", *arguments
    )
    assert said.status == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


@pytest.fixture(scope="module")
def steps(sample_home: SampleHome) -> Steps:
    """The samples by the rules in force, and by a mentor's step of 30 %."""
    parameters = load_parameters("stockholm")
    day = date.fromisoformat(AS_OF)
    rule_sets = [
        rule_set_of(parameters, day),
        rule_set_with(parameters, day, {"mentor_followup.threshold": 30}),
    ]
    with Lake.open(settings_of(sample_home.path)) as lake:
        return steps_under(lake, day, rule_sets)


def test_the_answer_has_a_row_for_each_scenario_and_group(sample_home: SampleHome) -> None:
    rows = asked(sample_home, "--set", "mentor_followup.threshold=30")
    assert ",".join(rows[0]) == HEADER
    assert {row["scenario"] for row in rows} == {"in force", "mentor_followup.threshold=30"}
    assert {row["by"] for row in rows} == {"city", "sex", "grade", "school"}
    for name in ("in force", "mentor_followup.threshold=30"):
        groups = [(row["by"], row["group"]) for row in rows if row["scenario"] == name]
        assert len(groups) == len(set(groups))
        assert ("school", "99999902") in groups
    # What is in force moves nobody.
    assert {row["appear"] for row in rows if row["scenario"] == "in force"} == {""}


def test_no_count_from_1_to_9_is_shown(sample_home: SampleHome) -> None:
    rows = asked(
        sample_home,
        *("--grid", "mentor_followup.threshold=5,10,30", "--grid", "window.days=20,30"),
    )
    assert len({row["scenario"] for row in rows}) == 7
    counts = [value for row in rows for value in list(row.values())[4:]]
    assert ".." in counts
    assert not [value for value in counts if value.isdigit() and 0 < int(value) < LEAST_SHOWN]


def test_every_count_that_is_shown_is_the_number_of_pupils(steps: Steps) -> None:
    frame = steps.frame
    for row in count_groups(steps):
        if row.grouping == "city":
            members = frame
        else:
            members = frame.filter(frame[row.grouping] == row.group)
        pairs = list(zip(members["step_0"], members[f"step_{row.scenario}"], strict=True))
        moved = Counter(name for now, then in pairs for name, is_it in MOVES.items()
                        if is_it(now, then))  # fmt: skip
        for name in set(MOVES) & row.counts.keys():
            assert row.counts[name] in (None, moved[name])
        on_list = sum(then in ("1", "2", "3") for _, then in pairs)
        assert row.counts["on_list"] in (None, on_list)


def test_the_pupils_are_those_of_the_flags(sample_home: SampleHome, steps: Steps) -> None:
    said = trappan(
        *("--home", sample_home.path, "flags", "--as-of", AS_OF, "--all", "--format", "json")
    )
    levels = {row["pupil_key"]: row["level"] for row in json.loads(said.out)}
    expected = Counter(level for level in levels.values() if level != "0")
    found = Counter(steps.frame["step_0"])
    assert {level: found[level] for level in ("1", "2", "3")} == dict(expected) | {
        level: 0 for level in ("1", "2", "3") if level not in expected
    }
    assert steps.frame.height == len(levels)
    assert "protected identity" in said.err


def test_protected_pupils_are_in_no_count_and_few_of_them_are_not_numbered(
    sample_home: SampleHome,
) -> None:
    said = trappan(
        *("--home", sample_home.path, "whatif", "--as-of", AS_OF, "--set", "coverage.floor=90")
    )
    assert "Pupils with protected identity are in no count: fewer than 10" in said.err


def test_nothing_is_stored_and_no_identity_is_shown(sample_home: SampleHome) -> None:
    def stored() -> tuple[int, list[tuple[Any, ...]]]:
        with Lake.open(settings_of(sample_home.path)) as lake:
            flags = "SELECT * FROM flags ORDER BY ALL"
            return lake.snapshot(), lake.rows(flags)

    before = stored()
    log = sample_home.path / "access.log"
    noted = log.read_text() if log.exists() else ""
    asked(sample_home, "--set", "mentor_followup.threshold=5")
    assert stored() == before
    assert (log.read_text() if log.exists() else "") == noted


def test_one_school_is_that_schools_row_of_the_citys_table(sample_home: SampleHome) -> None:
    change = ("--set", "mentor_followup.threshold=30")
    whole = asked(sample_home, *change, "--by", "school")
    one = asked(sample_home, *change, "--school", "99999902")
    assert one == [row for row in whole if row["group"] in ("all", "99999902")]


def test_a_part_of_the_answer_hides_what_the_whole_hides(sample_home: SampleHome) -> None:
    change = ("--grid", "mentor_followup.threshold=8,15")
    whole = asked(sample_home, *change)
    for by in ("city", "sex", "grade", "school"):
        part = asked(sample_home, *change, "--by", by)
        assert part == [row for row in whole if row["by"] in ("city", by)]


def test_a_picture_is_a_png_without_personal_data(sample_home: SampleHome, tmp_path: Path) -> None:
    path = tmp_path / "question.png"
    asked(sample_home, "--grid", "mentor_followup.threshold=10,30", "--picture", path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert b"What if: pupils per step in the city, as of 2026-11-15" in content


def test_a_night_that_writes_meanwhile_is_not_taken_for_a_change_of_the_rules(
    sample_home: SampleHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = iter((7, 8))
    monkeypatch.setattr(Lake, "snapshot", lambda _: next(snapshots))
    said = trappan(
        *("--home", sample_home.path, "whatif", "--as-of", AS_OF, "--set", "coverage.floor=90")
    )
    assert (said.status, said.out) == (1, "")
    assert "The lake was written to while the scenarios were evaluated" in said.err


def test_values_that_are_in_force_are_reported(sample_home: SampleHome) -> None:
    said = trappan(
        *("--home", sample_home.path, "whatif", "--as-of", AS_OF),
        *("--grid", "mentor_followup.threshold=10,15"),
    )
    assert "1 scenario has the values that are in force." in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing is changed. Expected --set or --grid"),
        (("--set", "mentor_followup.treshold=15"), "did you mean 'mentor_followup.threshold'"),
        (("--set", "mentor_followup.threshold=over"), "found the text 'over', expected a perc"),
        (("--set", "pattern.run_days=4"), "found pattern.run_days, which decides no verdict, exp"),
        (("--grid", "norm.least_rows=40,50"), "found norm.least_rows, which decides no verdict"),
        (("--set", "forecast.least_probability=20"), "Known are: coverage.floor, leaver.after"),
        (("--set", "x=1"), "unseen.class_days, window.days, window.one_month_days"),
        (("--set", "coverage.floor="), "--set coverage.floor: found nothing, expected a value"),
        (("--set", "mentor_followup.threshold=10,15"), "found 2 values, expected one"),
        (("--set", "window.one_month_days=20"), "Set window.days, which sets both windows"),
        (("--grid", "mentor_followup.threshold=10,10.0"), "found a value twice"),
        (
            ("--set", "coverage.floor=90", "--grid", "coverage.floor=70,80"),
            "coverage.floor more than once",
        ),
        (("--set", "coverage.floor=90", "--picture", "x.jpg"), "is not a PNG file"),
        (
            (
                *("--grid", "mentor_followup.min_days=1,2,3,4,5,6,7,8"),
                *("--grid", "ulf_one_month.min_days=1,2,3,4,5,6,7,8"),
            ),
            "found 64 combinations, expected at most 60",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_bad_usage(
    sample_home: SampleHome, arguments: tuple[str, ...], words: str
) -> None:
    said = trappan("--home", sample_home.path, "whatif", "--as-of", AS_OF, *arguments)
    assert said.status == 2
    assert words in " ".join(said.err.replace("│", " ").split())
    assert said.out == ""


def test_an_empty_lake_answers_with_the_header_only(tmp_path: Path) -> None:
    said = trappan(
        *("--home", tmp_path / "home", "whatif", "--as-of", AS_OF, "--format", "csv"),
        *("--set", "coverage.floor=90"),
    )
    assert (said.status, said.out) == (0, HEADER + "\n")
    assert "No pupils" in said.err
