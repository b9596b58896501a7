"""A nightly run over the samples gives what was planted, and a second one changes nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import openpyxl
import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from tests.integration.conftest import AS_OF, SAMPLES, SampleHome, trappan
from tests.unit.workbook_reader import rows

SCHOOLS = ("99999901", "99999902", "99999903", "99999904")


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def expected(name: str) -> list[dict[str, str]]:
    with (SAMPLES / "expected" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_key(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(rows, key=lambda row: (row["civic_no"], row["rule"], row["basis"]))


def test_the_first_night_ends_well_and_says_where_the_lists_are(sample_home: SampleHome) -> None:
    said = sample_home.first_run
    assert said.status == 0, said.err
    printed = [Path(line) for line in said.out.splitlines()]
    mentors = [path for path in printed if path.name == "mentorer"]
    assert {path.parent.name for path in mentors} == set(SCHOOLS)
    assert all(path.is_dir() for path in mentors)
    printed = [path for path in printed if path not in mentors]
    assert {path.parent.name for path in printed} == set(SCHOOLS)
    assert {path.suffix for path in printed} == {".xlsx", ".html"}
    assert all(path.is_file() for path in printed)


def test_every_verdict_of_every_planted_pupil_is_the_expected_one(sample_home: SampleHome) -> None:
    said = trappan(
        "flags",
        "--as-of",
        AS_OF,
        "--all",
        "--identities",
        "--format",
        "csv",
        "--home",
        sample_home.path,
    )
    wanted = expected(f"flags_{AS_OF}.csv")
    assert said.out.splitlines()[0] == ",".join(wanted[0])
    assert by_key(csv_rows(said.out)) == by_key(wanted)


def test_without_all_only_hits_and_insufficient_data_are_answered(sample_home: SampleHome) -> None:
    said = trappan(
        "flags", "--as-of", AS_OF, "--identities", "--format", "csv", "--home", sample_home.path
    )
    wanted = [row for row in expected(f"flags_{AS_OF}.csv") if row["verdict"] != "clear"]
    assert by_key(csv_rows(said.out)) == by_key(wanted)


def test_every_file_ends_as_expected_and_its_rows_add_up(sample_home: SampleHome) -> None:
    said = trappan("files", "--format", "csv", "--home", sample_home.path)
    found = {
        row["file_name"]: (
            row["outcome"],
            row["rows_read"],
            row["rows_accepted"],
            row["rows_rejected"],
        )
        for row in csv_rows(said.out)
    }
    # Taken, whether or not a newer export says more of the same lessons.
    words = dict.fromkeys(("accepted", "accepted_in_part", "superseded"), "loaded")
    assert {name: (words.get(row[0], row[0]), *row[1:]) for name, row in found.items()} == {
        row["file"]: (row["outcome"], row["rows_read"], row["rows_accepted"], row["rows_rejected"])
        for row in expected("files.csv")
    }


def test_every_refused_row_is_kept_with_its_line(sample_home: SampleHome) -> None:
    said = trappan("files", "--rejected", "--format", "csv", "--home", sample_home.path)
    found = {
        (row["file_name"], row["line_number"])
        for row in csv_rows(said.out)
        if row["severity"] == "rejected"
    }
    assert found == {(row["file"], row["line"]) for row in expected("rejected_rows.csv")}


@pytest.mark.parametrize("code", SCHOOLS)
def test_the_workbook_lists_exactly_the_flagged_pupils_of_its_school(
    sample_home: SampleHome, code: str
) -> None:
    folder = sample_home.path / "lists" / "current" / code
    (path,) = folder.glob("*.xlsx")
    table = rows(openpyxl.load_workbook(path)["Elever"])
    flagged = {
        row["civic_no"]: row["level"]
        for row in expected(f"flags_{AS_OF}.csv")
        if row["school_unit_code"] == code and row["level"] != "0"
    }
    assert len([row for row in table if row["Klass"]]) == len(flagged)
    # The highest question that is asked of a pupil is the highest level that is hit.
    questions = {"3": "Pröva SST?", "2": "Rektor: utredning/ULF", "1": "Mentor: följ upp"}
    reached = {"Nås", "Nås troligt"}
    highest = [
        next((level for level, words in questions.items() if row[words] in reached), "")
        for row in table
        if row["Klass"]
    ]
    assert sorted(highest) == sorted(flagged.values())


@pytest.mark.parametrize("code", SCHOOLS)
def test_the_manifest_says_what_the_list_was_made_from(sample_home: SampleHome, code: str) -> None:
    folder = sample_home.path / "lists" / "current" / code
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == AS_OF
    assert manifest["rule_set"] == "stockholm"
    assert manifest["rule_set_version"]
    sources = {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (SAMPLES / "inbox").iterdir()
    }
    assert {source["sha256"] for source in manifest["inputs"]} <= sources
    assert manifest["inputs"]
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def contents(home: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = ("files", "lessons", "absence_daily", "absence_monthly", "flags", "stale_days")
    with Lake.open(LakeSettings(home=home)) as lake:
        found = {}
        for table in tables:
            columns = "* EXCLUDE (sealed_name)" if table == "files" else "*"
            found[table] = sorted(lake.rows(f"SELECT {columns} FROM {table}"), key=repr)
    return found


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken the samples in; whoever changes it puts nothing in another's way."""
    home = tmp_path_factory.mktemp("ingested") / "home"
    assert trappan("ingest", SAMPLES / "inbox", "--home", home).status == 0
    return home


def test_a_second_night_with_the_same_files_changes_nothing(
    ingested: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = ingested
    night = ("--home", home, "nightly", "--inbox", SAMPLES / "inbox", "--as-of", AS_OF)
    assert trappan(*night).status == 0
    before = contents(home)

    def not_asked(name: str, *_: object) -> list[object]:
        raise AssertionError(f"{name} was asked about a frame that is the same")

    # A contract gives the same answer of the same frame, so the library is not loaded.
    monkeypatch.setattr("assets.checks.validating.validated", not_asked)
    said = trappan(*night)
    assert said.status == 0, said.err
    assert contents(home) == before
    assert before["stale_days"] == []


def test_a_backfill_of_all_months_gives_the_sums_that_were_there(ingested: Path) -> None:
    before = contents(ingested)
    said = trappan("backfill", "--from", "2026-08", "--to", "2026-11", "--home", ingested)
    assert said.status == 0, said.err
    assert contents(ingested) == before


def test_a_published_week_stays_as_it_was(ingested: Path) -> None:
    home = ingested
    first = trappan("publish", "--week", "2026-W46", "--home", home)
    assert first.status == 0, first.err
    folder = home / "lists" / "2026-W46" / "99999901"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    second = trappan("publish", "--week", "2026-W46", "--home", home)
    assert second.status == 0
    assert "published before and stay as they were" in second.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_week_that_is_still_to_come_is_not_frozen(sample_home: SampleHome) -> None:
    said = trappan("publish", "--week", "2099-W10", "--home", sample_home.path)
    assert said.status == 2
    assert "ends on Sunday 2099-03-08, which is still to come" in " ".join(said.err.split())
    assert not (sample_home.path / "lists" / "2099-W10").exists()


def test_one_school_can_be_published_alone(ingested: Path) -> None:
    said = trappan("publish", "--week", "2026-W45", "--school", "99999902", "--home", ingested)
    assert said.status == 0, said.err
    assert [path.name for path in (ingested / "lists" / "2026-W45").iterdir()] == ["99999902"]


def test_an_empty_inbox_refreshes_the_lists_from_what_the_lake_has(ingested: Path) -> None:
    home = ingested
    shutil.rmtree(home / "lists", ignore_errors=True)
    (home / "inbox").mkdir()
    said = trappan("nightly", "--as-of", AS_OF, "--home", home)
    assert said.status == 0, said.err
    assert "There are no files in" in said.err
    # Of each school two files, and where its mentors' lists lie.
    assert len(said.out.splitlines()) == 12


def test_lessons_of_a_school_in_no_register_are_kept_but_not_listed(tmp_path: Path) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    for path in (SAMPLES / "inbox").glob("*9999990[12]*.csv"):
        (inbox / path.name).write_bytes(path.read_bytes())
    (inbox / "skolor_20261114T0445.csv").write_text(
        "Skolenhetskod;Skola;Stadsdelsområde;Rektor;Rektor e-post\n"
        "99999902;Exempelskolan;Farsta;Rut Rektor;rut@example.org\n",
        encoding="utf-8",
    )
    said = trappan("nightly", "--inbox", inbox, "--as-of", AS_OF, "--home", home)
    # The other school's lessons are those of August only, so its list waits.
    assert said.status == 3, said.err
    assert "School unit 99999902 has sent no lessons after 2026-08-31" in said.err
    assert "School unit 99999901 has pupils, but is in no `skolor` register" in said.err
    assert [path.name for path in (home / "lists" / "current").iterdir()] == ["99999902"]


def test_coverage_names_the_lessons_of_two_weeks_that_nobody_reported(
    sample_home: SampleHome,
) -> None:
    said = trappan("coverage", "--as-of", AS_OF, "--format", "csv", "--home", sample_home.path)
    assert said.status == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert list(rows[0]) == [
        "school_unit_code", "class", "subject", "lesson_date", "start_time", "pupil_lessons",
    ]  # fmt: skip
    assert {row["lesson_date"] for row in rows} <= {f"2026-11-{day:02d}" for day in range(2, 16)}
    with Lake.open(LakeSettings(home=sample_home.path)) as lake:
        expected = lake.rows(
            "SELECT DISTINCT school_unit_code, class_name, subject, starts_at FROM lessons "
            "WHERE NOT is_reported AND NOT is_cancelled "
            "AND lesson_date BETWEEN DATE '2026-11-02' AND DATE '2026-11-15' "
            "AND pupil_key NOT IN (SELECT pupil_key FROM protected_pupils)"
        )
    assert len(rows) == len(expected) > 0
