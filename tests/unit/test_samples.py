"""The samples: made the same again, what the README says, and oracle and hand agree about them."""

import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import yaml

from data_samples import make_samples
from data_samples.planted_pupils import PLANTED
from data_samples.ss12000_school import PUPILS
from tests.oracle.ladder import flags
from tests.oracle.model import LessonRow
from tests.oracle.sums import SumRow
from tests.tools import sample_expectations
from tests.tools.sample_expectations import oracle_lesson, oracle_roster

FOLDER = Path(__file__).resolve().parents[2] / "data_samples"
INBOX, EXPECTED = FOLDER / "inbox", FOLDER / "expected"
LEVELS = {"mentor_followup": 1, "ulf_one_month": 2, "ulf_two_months": 2, "sst_referral": 3}
Cells = dict[str, str]


def read_table(name: str) -> list[Cells]:
    with (EXPECTED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_csv(path: Path) -> list[Cells]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def read_xlsx(path: Path) -> list[Cells]:
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    lines = [[as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    top = next(n for n, line in enumerate(lines) if line[0] == "Skolenhetskod")
    return [dict(zip(lines[top], line, strict=True)) for line in lines[top + 1 :]]


def read_json(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_bytes())["data"])


def ss12000_lessons() -> list[LessonRow]:
    """The lessons of the JSON files, joined again in the plainest way."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    exported: dict[str, dt.datetime] = {}
    for path in sorted(INBOX.glob("ss12000_*.json"), key=lambda path: export_time(path.name)):
        name = path.name.split("_")[1]
        for one in read_json(path):
            known = found[name].get(one["id"])
            if known is None or one["meta"]["modified"] >= known["meta"]["modified"]:
                found[name][one["id"]] = one
                exported[one["id"]] = export_time(path.name)
    (unit,) = found["organisations"].values()
    (group,) = found["groups"].values()
    marked = {m["person"]["id"]: m["person"]["securityMarking"] for m in group["groupMemberships"]}
    (mentor,) = [d["person"]["id"] for d in found["duties"].values() if d["assignmentRole"]]
    rows = []
    for one in found["attendances"].values():
        event, pupil = found["calendarEvents"][one["calendarEvent"]["id"]], one["student"]["id"]
        start, end = (dt.datetime.fromisoformat(event[name]) for name in ("startTime", "endTime"))
        rows.append(
            LessonRow(
                civic_no=found["persons"][pupil]["civicNo"]["value"],
                school_unit_code=unit["schoolUnitCode"],
                school_class=group["displayName"],
                grade=found["persons"][pupil]["enrolments"][0]["schoolYear"],
                mentor=" ".join(found["persons"][mentor][n] for n in ("givenName", "familyName")),
                subject="Matematik",
                lesson_id=event["id"],
                start=start.astimezone(ZoneInfo("Europe/Stockholm")).replace(tzinfo=None),
                scheduled_minutes=int((end - start).total_seconds()) // 60,
                present_minutes=None,
                valid_minutes=one["validAbsenceMinutes"],
                invalid_minutes=one["invalidAbsenceMinutes"],
                other_minutes=None,
                is_reported=one["isReported"],
                is_cancelled=False,
                is_protected=marked[pupil] != "Ingen",
                exported_at=exported[one["id"]],
            )
        )
    return rows


def as_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)


def export_time(name: str) -> dt.datetime:
    found = re.search(r"_(\d{8}T\d{4})\.", name)
    assert found is not None
    return dt.datetime.strptime(found[1], "%Y%m%dT%H%M")  # noqa: DTZ007


def rejected_lines(name: str) -> set[int]:
    return {int(r["line"]) for r in read_table("rejected_rows.csv") if r["file"] == name}


@pytest.fixture(scope="module")
def accepted() -> dict[str, list[Cells]]:
    """Rows of every loaded file but the rejected ones, read from the inbox itself."""
    rows: dict[str, list[Cells]] = {}
    for file in read_table("files.csv"):
        if file["outcome"] != "loaded":
            continue
        path = INBOX / file["file"]
        if path.suffix == ".json":
            assert len(read_json(path)) == int(file["rows_read"]) == int(file["rows_accepted"])
            continue
        read = read_xlsx(path) if path.suffix == ".xlsx" else read_csv(path)
        refused = rejected_lines(path.name)
        rows[path.name] = [row for n, row in enumerate(read, start=2) if n not in refused]
        assert len(read) == int(file["rows_read"])
        assert len(rows[path.name]) == int(file["rows_accepted"])
    return rows


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    text = (EXPECTED / "planted.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    sample_expectations.main(*make_samples.main(folder), folder / "expected")
    return folder


def test_making_the_samples_again_gives_the_same_files(made_again: Path) -> None:
    for part in ("inbox", "inbox_week_47", "inbox_senders", "tutorial", "expected"):
        made = files_below(made_again / part)
        kept = files_below(FOLDER / part)
        assert made.keys() == kept.keys()
        for name, path in made.items():
            assert contents(path) == contents(kept[name]), name


def files_below(folder: Path) -> dict[str, Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".yaml")
    return {str(path.relative_to(folder)): path for path in found}


def contents(path: Path) -> object:
    """Bytes; of a workbook its members, because zlib versions may pack the same bytes otherwise."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return [(m.filename, m.date_time, book.read(m)) for m in book.infolist()]


def test_the_samples_are_small() -> None:
    assert sum(p.stat().st_size for p in INBOX.iterdir()) < 3_100_000


def test_oracle_and_hand_agree_on_every_planted_pupil(planted: dict[str, Any]) -> None:
    by_oracle: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for row in read_table("flags_2026-11-15.csv"):
        verdict = f"{row['verdict']} {row['certainty']}".strip()
        by_oracle[row["civic_no"]][row["rule"]][row["basis"]] = verdict
    for civic_no, by_hand in planted["pupils"].items():
        assert by_oracle[civic_no] == by_hand, civic_no
    assert not planted["absent"].keys() & by_oracle.keys()


def test_level_is_the_highest_rule_that_was_hit_by_hand(planted: dict[str, Any]) -> None:
    by_oracle = {r["civic_no"]: int(r["level"]) for r in read_table("flags_2026-11-15.csv")}
    for civic_no, rules in planted["pupils"].items():
        hit = [LEVELS[r] for r, by in rules.items() if any("hit" in v for v in by.values())]
        assert by_oracle[civic_no] == max(hit, default=0), civic_no


def test_every_planted_pupil_is_judged_by_hand_and_explained(planted: dict[str, Any]) -> None:
    numbers = {p.civic_no.replace("-", "") for p in PLANTED} | {p.civic_no for p in PUPILS}
    assert numbers == planted["pupils"].keys() | planted["absent"].keys()
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    written = [p.civic_no for p in PLANTED] + [p.civic_no for p in PUPILS]
    assert [number for number in written if number not in readme] == []


def sums() -> list[SumRow]:
    """Read the fourth school's reports; school unit and month stand in their names."""
    with (INBOX / "nummerbyten_20261005T0900.csv").open(encoding="utf-8", newline="") as file:
        last_number = {old: new for old, new, _ in list(csv.reader(file, delimiter=";"))[1:]}
    found = []
    for path in sorted(INBOX.glob("manadssummor_*.csv")):
        _, code, month, _ = path.stem.split("_")
        first = dt.date.fromisoformat(f"{month}-01")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                present, valid, invalid = (int(row[name]) for name in ("N min", "GF min", "F min"))
                found.append(
                    SumRow(
                        civic_no=last_number.get(row["Personnummer"], row["Personnummer"]),
                        school_unit_code=code,
                        school_class=row["Klass"],
                        grade=int(row["Årskurs"]),
                        mentor=row["Mentor"],
                        first=first,
                        last=(first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1),
                        scheduled=int(row["Undv. tid"]),
                        reported=present + valid + invalid,
                        valid=valid,
                        invalid=invalid,
                        is_protected=False,
                        exported_at=export_time(path.name),
                    )
                )
    return found


def test_expected_flags_follow_from_the_files_alone(accepted: dict[str, list[Cells]]) -> None:
    lessons = [
        oracle_lesson(row, export_time(name))
        for name, rows in accepted.items()
        if name.startswith("lektionsfranvaro_")
        for row in rows
    ]
    roster = [
        oracle_roster(row, export_time(name))
        for name, rows in accepted.items()
        if name.startswith("elever_")
        for row in rows
    ]
    # No roster for the JSON school: its lessons alone give the same places.
    found = flags([*lessons, *ss12000_lessons()], roster, dt.date(2026, 11, 15), sums=sums())
    as_written = [{k: str(v) for k, v in row.items()} for row in found]
    assert as_written == read_table("flags_2026-11-15.csv")


def test_files_of_the_inbox_are_those_that_something_is_expected_of() -> None:
    assert {p.name for p in INBOX.iterdir()} == {r["file"] for r in read_table("files.csv")}


def test_rejected_lines_are_the_bad_ones() -> None:
    (name,) = {r["file"] for r in read_table("rejected_rows.csv")}
    lines = (INBOX / name).read_text(encoding="utf-8-sig").splitlines()
    bad = {n: lines[n - 1] for n in rejected_lines(name)}
    assert sorted(bad) == list(range(len(lines) - 4, len(lines) + 1))
    texts = list(dict(sorted(bad.items())).values())
    assert ";60;0;84;" in texts[0]
    assert texts[1].count(";") == 8
    assert "20120314-9801" in texts[2]
    assert "2,01203E+11" in texts[3]
    assert texts[4].startswith("Summa;")


def test_the_copy_is_a_copy_and_the_wrong_file_is_wrong() -> None:
    by_outcome = {r["outcome"]: r["file"] for r in read_table("files.csv")}
    copy = INBOX / by_outcome["duplicate"]
    original = INBOX / "lektionsfranvaro_99999902_2026-08_20260901T0500.csv"
    assert copy.read_bytes() == original.read_bytes()
    assert "Personnummer" not in (INBOX / by_outcome["quarantined"]).read_text(encoding="utf-8")


def test_encodings_and_workbooks_are_as_various_as_the_readme_says() -> None:
    north = "lektionsfranvaro_99999901_2026-"
    for month, is_cp1252 in (("08", True), ("09", False), ("10", True), ("11", False)):
        content = next(INBOX.glob(f"{north}{month}_*.csv")).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") != is_cp1252
        assert ("Årskurs".encode("cp1252") in content) == is_cp1252
    october = next(INBOX.glob("lektionsfranvaro_99999902_2026-10_*.xlsx"))
    rows = list(openpyxl.load_workbook(october).worksheets[0].iter_rows(max_row=4))
    assert [row[0].value for row in rows[2:]] == ["Skolenhetskod", 99999902]
    header = [cell.value for cell in rows[2]]
    first = dict(zip(header, (cell.value for cell in rows[3]), strict=True))
    assert isinstance(first["Datum"], dt.datetime)
    assert isinstance(first["Lektionslängd (min)"], str)
    assert isinstance(first["Närvaro (min)"], int)


def test_the_name_that_looks_like_a_formula_is_text(accepted: dict[str, list[Cells]]) -> None:
    for path in INBOX.glob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            sheet = book.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet
        assert "=SUMMA(A1)" in {row["Förnamn"] for row in accepted[path.name]}


def test_there_are_no_lessons_in_week_44(accepted: dict[str, list[Cells]]) -> None:
    days = {row["Datum"] for rows in accepted.values() for row in rows if "Datum" in row}
    assert min(days) == "2026-08-17"
    assert max(days) == "2026-11-13"
    assert not [d for d in days if "2026-10-24" <= d <= "2026-11-01"]
