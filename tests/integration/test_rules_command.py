"""`trappan rules` and `trappan reevaluate`: sets of one's own, and values that change by date."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from pipelines.definitions import build_defs
from rules.ladder import DECIDING, PARAMETERS
from rules.registry import SHIPPED, available_sets, load_parameters, rule_set_of
from tests.conftest import settings_of
from tests.integration.conftest import SAMPLES, Said, trappan

BEFORE, AFTER = date(2026, 11, 8), date(2026, 11, 15)
CHANGED = "mentor_followup.threshold"
#: A home, and the rows that `trappan reevaluate` printed.
Flagged = tuple[Path, list[dict[str, str]]]
LATER = """\
  - valid_from: 2026-11-09
    value: {value}
    reference: "our choice: a test"
    reference_sv: "Eget val: ett prov."
"""


def rows_of(said: Said) -> list[dict[str, str]]:
    assert said.status == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


def own_set(root: Path, name: str = "egen", later: str | None = None) -> Path:
    """A copy of Stockholm's set; with a later value of the mentor's step when one is given."""
    folder = root / name
    shutil.copytree(SHIPPED / "stockholm", folder, dirs_exist_ok=True)
    if later is not None:
        text = (SHIPPED / "stockholm" / f"{CHANGED}.yaml").read_text(encoding="utf-8")
        (folder / f"{CHANGED}.yaml").write_text(
            text.rstrip("\n") + "\n" + LATER.format(value=later), encoding="utf-8"
        )
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home without a lake."""
    return tmp_path / "home"


def test_every_value_is_shown_with_its_source_and_its_next_change(home: Path) -> None:
    own_set(home / "rules", later="30")
    said = trappan(
        *("--home", home, "rules", "show", "--set", "egen", "--on", BEFORE, "--format", "csv")
    )
    rows = {row["parameter"]: row for row in rows_of(said)}
    assert rows.keys() == PARAMETERS.keys()
    shown = rows[CHANGED]
    assert (shown["value"], shown["valid_from"]) == ("10 %", "2023-07-01")
    assert (shown["next_change"], shown["next_value"]) == ("2026-11-09", "30 %")
    assert "mer än 10 % frånvaro" in shown["reference"]
    assert rows["coverage.floor"]["next_change"] == ""
    assert "mentor_followup (level 1, for the mentor): more than 10 % absent" in said.err


def test_the_rules_are_reported_in_words_as_the_set_has_them(home: Path) -> None:
    said = trappan("--home", home, "rules", "show", "--set", "exempel", "--on", AFTER)
    assert "at least 30 % absent in each half of two months (56 days" in said.err
    assert "8 of them in each half, in grades 1-9" in said.err
    assert "some ulf rule is hit, and at least 30 % absent in one month (28 days" in said.err


def test_the_example_is_no_municipalitys_and_says_so_on_every_value() -> None:
    example = load_parameters("exempel")
    own = [one for one in example.parameters.values() if one.path.parent == example.folder]
    assert {one.name for one in own} >= DECIDING
    for parameter in own:
        for dated in parameter.values:
            assert dated.reference.startswith("our choice: example, no municipality has this")
            assert dated.reference_sv.startswith("Eget val: exempel, ingen kommuns egen siffra")


def test_every_shipped_set_can_be_used(home: Path) -> None:
    said = trappan("--home", home, "rules", "check")
    assert said.status == 0
    lines = [line.split(":")[0].split() for line in said.out.splitlines()]
    told = {name: state for state, name in lines}
    assert told == dict.fromkeys(available_sets(), "well")
    assert {"exempel", "stockholm"} <= told.keys()


def test_everything_that_is_wrong_is_said_at_once(home: Path) -> None:
    folder = own_set(home / "rules")
    for name in ("coverage.floor", CHANGED):
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("value: ", "value: x"))
    (folder / "leaver.after_days.yaml").unlink()
    said = trappan("--home", home, "rules", "check", "--set", "egen")
    assert said.status == 1
    assert said.out.startswith("WRONG  egen: ")
    for words in (
        "coverage.floor.yaml:8: values[0].value: found the text 'x80'",
        f"{CHANGED}.yaml:7: values[0].value: found the text 'x10'",
        "no file leaver.after_days.yaml",
    ):
        assert words in said.err
    assert trappan("rules", "check", "--path", folder).status == 1


def test_values_that_contradict_each_other_from_a_later_day_on_are_all_said(tmp_path: Path) -> None:
    folder = own_set(tmp_path)
    for name, value in (("window.one_month_days", "20"), ("ulf_two_months.min_days", "200")):
        path = folder / f"{name}.yaml"
        later = LATER.format(value=value)
        path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + later)
    said = trappan("rules", "check", "--path", folder)
    assert said.status == 1
    assert "60 days in force on 2026-11-09, expected twice window.one_month_days, 40" in said.err
    assert "200 days in force on 2026-11-09, expected at most the 60 days" in said.err
    assert "2023-07-01" not in said.err


def test_a_set_of_ones_own_may_not_have_a_shipped_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_set(home / "rules", "stockholm")
    said = trappan("--home", home, "rules", "check")
    assert said.status == 1
    assert "found the name of a shipped rule set, expected another name" in said.err
    used = trappan("--home", home, "flags", "--as-of", AFTER)
    assert used.status == 1
    assert "found the name of a shipped rule set" in used.err


def test_the_doctor_says_which_set_is_used_and_where_it_lies(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_set(home / "rules")
    monkeypatch.setenv("TRAPPAN_RULE_SET", "egen")
    said = trappan("--home", home, "doctor")
    assert f"well   rules: 'egen' of {home / 'rules'}, valid from 2023-07-01" in said.out
    monkeypatch.setenv("TRAPPAN_RULE_SET", "exempel")
    assert "well   rules: 'exempel', valid from 2023-07-01" in trappan("--home", home, "doctor").out


def test_sets_of_ones_own_may_lie_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_set(tmp_path / "kommun")
    monkeypatch.setenv("TRAPPAN_RULES", str(tmp_path / "kommun"))
    said = trappan("--home", home, "rules", "check", "--set", "egen")
    assert said.out == f"well   egen: {tmp_path / 'kommun' / 'egen'}\n"


def test_a_set_that_is_nowhere_is_reported_with_those_that_are_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_set(home / "rules")
    monkeypatch.setenv("TRAPPAN_RULE_SET", "annan")
    for command in (("flags", "--as-of", AFTER), ("rules", "show")):
        said = trappan("--home", home, *command)
        assert said.status == 1
        assert "no rule set 'annan'" in said.err
        assert "one of the sets exempel, stockholm, egen" in said.err


def test_two_days_of_a_set_differ_in_what_changed_between_them(home: Path) -> None:
    command = ("--home", home, "rules", "diff", "--format", "csv")
    (row,) = rows_of(trappan(*command, "exempel@2026-07-31", "exempel@2026-08-01"))
    assert (row["parameter"], row["a"], row["b"]) == (CHANGED, "15 %", "12.5 %")
    assert "from a new school year on" in row["reference_b"]
    assert rows_of(trappan(*command, "exempel@2026-08-01", "exempel@2026-08-02")) == []


def test_two_sets_differ_in_every_value_that_is_another(home: Path) -> None:
    said = trappan("--home", home, "rules", "diff", "--format", "json", "stockholm", "exempel")
    rows = {row["parameter"]: row for row in json.loads(said.out)}
    assert (rows[CHANGED]["a"], rows["ulf_two_months.method"]["b"]) == ("10 %", "each")
    # Both count from the named number itself, in every grade.
    assert "ulf_one_month.comparison" not in rows
    assert "mentor_followup.grades" not in rows


def test_a_set_held_against_itself_is_bad_usage(home: Path) -> None:
    said = trappan("--home", home, "rules", "diff", "stockholm", "stockholm")
    assert said.status == 2


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flagged]:
    """A home with a rule set that changes on 9 November, and flags before and after that day."""
    home = tmp_path_factory.mktemp("own") / "home"
    own_set(home / "rules", later="30")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPPAN_RULE_SET", "egen")
        files = sorted((SAMPLES / "inbox").glob("*99999902*"))
        assert trappan("--home", home, "ingest", *files).status == 0
        said = trappan(
            *("--home", home, "reevaluate", "--from", "2026-11-02", "--to", AFTER, "--weeks"),
            *("--format", "csv"),
        )
        yield home, rows_of(said)


def hits_of_mentor(home: Path, as_of: date) -> list[dict[str, str]]:
    answer = trappan("--home", home, "flags", "--as-of", as_of, "--all", "--format", "json")
    return [row for row in json.loads(answer.out) if row["rule"] == "mentor_followup"]


def test_each_day_is_judged_by_its_own_values(flagged: Flagged) -> None:
    home, _ = flagged
    for as_of, percent in ((BEFORE, 10), (AFTER, 30)):
        rows = hits_of_mentor(home, as_of)
        assert {row["verdict"] for row in rows} >= {"hit", "clear"}
        for row in rows:
            absent, reported = int(row["absent_minutes"]), int(row["reported_minutes"])
            if row["verdict"] == "hit":
                assert absent * 100 > percent * reported
            elif row["verdict"] == "clear":
                assert absent * 100 <= percent * reported or int(row["days"]) < 5


def test_a_backfill_of_flags_uses_the_values_of_each_day(flagged: Flagged) -> None:
    home, rows = flagged
    parameters = load_parameters("egen", home / "rules")
    assert {row["as_of"]: row["version_after"] for row in rows} == {
        day.isoformat(): f"egen {rule_set_of(parameters, day).version}" for day in (BEFORE, AFTER)
    }
    assert len({row["version_after"] for row in rows}) == 2
    assert {row["version_before"] for row in rows} == {""}


def stored(home: Path) -> list[tuple[object, ...]]:
    with Lake.open(settings_of(home)) as lake:
        return lake.rows("SELECT * FROM flags ORDER BY ALL")


def test_a_change_of_a_value_changes_stored_flags_only_when_asked(flagged: Flagged) -> None:
    home, _ = flagged
    before = stored(home)
    own_set(home / "rules", later="25")
    trappan("--home", home, "flags", "--as-of", AFTER)
    assert stored(home) == before
    told = trappan("--home", home, "rules", "check")
    assert told.status == 0
    assert "The flags of 1 of 2 stored days, 2026-11-15 to 2026-11-15, were made by other" in (
        told.err
    )

    said = trappan(
        *("--home", home, "reevaluate", "--from", "2026-11-01", "--to", "2026-11-21"),
        *("--format", "csv"),
    )
    rows = {row["as_of"]: row for row in rows_of(said)}
    assert rows.keys() == {BEFORE.isoformat(), AFTER.isoformat()}
    unchanged, changed = rows[BEFORE.isoformat()], rows[AFTER.isoformat()]
    assert unchanged["version_before"] == unchanged["version_after"]
    assert changed["version_before"] != changed["version_after"]
    assert int(changed["flags_after"]) >= int(changed["flags_before"])
    assert "other values" not in trappan("--home", home, "rules", "check").err


def test_flags_made_again_by_the_same_values_are_the_same(flagged: Flagged) -> None:
    home, _ = flagged
    before = stored(home)
    day = ("--from", BEFORE, "--to", BEFORE)
    assert trappan("--home", home, "reevaluate", *day).status == 0
    assert stored(home) == before


def test_a_range_without_stored_flags_is_reported(flagged: Flagged) -> None:
    home, _ = flagged
    said = trappan("--home", home, "reevaluate", "--from", "2025-01-01", "--to", "2025-02-01")
    assert said.status == 1
    assert "No flags are stored" in said.err


def test_days_before_the_first_value_are_refused_before_anything_is_done(flagged: Flagged) -> None:
    home, _ = flagged
    before = stored(home)
    said = trappan(
        *("--home", home, "reevaluate", "--weeks", "--from", "2023-06-01", "--to", "2023-08-01")
    )
    assert said.status == 1
    assert "no value in force on 2023-06-04" in said.err
    assert stored(home) == before


def test_days_in_the_wrong_order_are_bad_usage(home: Path) -> None:
    said = trappan("--home", home, "reevaluate", "--from", AFTER, "--to", BEFORE)
    assert said.status == 2


def test_days_that_have_not_ended_are_not_evaluated(
    flagged: Flagged, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = flagged
    before = stored(home)
    monkeypatch.setattr("pipelines.cli.rules.yesterday", lambda: AFTER)
    later = AFTER + timedelta(days=1)
    said = trappan("--home", home, "reevaluate", "--weeks", "--from", BEFORE, "--to", later)
    assert said.status == 2
    words = " ".join(said.err.replace("│", " ").split())
    assert "--to 2026-11-16 has not ended" in words
    assert "Expected 2026-11-15 at the latest." in words
    assert stored(home) == before


def test_evaluating_again_makes_no_list() -> None:
    job = build_defs().resolve_job_def("flags_job")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {"flags"}
