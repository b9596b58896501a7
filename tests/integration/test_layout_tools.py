"""A person adds a layout: what a file is said to be, what is drafted, and the page of it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.readers.layout_files import load_layouts, parse_layout
from assets.flags.answers import identities_of
from assets.lake.connection import Lake
from tests.architecture.sources import ROOT
from tests.integration.conftest import SAMPLES, Said, trappan
from tests.integration.ingest_files import (
    BASIC,
    EVERY,
    PUPILS,
    ROSTER,
    USUAL,
    lesson,
    put,
    table,
    text_of,
    workbook_of,
)

PAGE = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")


def block(kind: str, number: int = 0) -> str:
    """Return a fenced block of the page."""
    blocks: list[str] = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return blocks[number]


def facts(said: Said) -> dict[str, str]:
    """Return what `layout check` says before its table."""
    head = said.out.partition("┏")[0]
    return {line[:10].strip(): line[11:] for line in head.splitlines()}


def cells(said: Said) -> dict[str, list[str]]:
    """Return the cells of its table by header."""
    rows = [line.split("│")[1:-1] for line in said.out.splitlines() if line.startswith("│")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}


def stored(said: Said) -> list[dict[str, str]]:
    """Return the rows of the second table, which has them as they would be stored."""
    lines = said.out.partition("as stored")[2].splitlines()
    header = next(line for line in lines if line.startswith("┃")).split("┃")[1:-1]
    rows = [line.split("│")[1:-1] for line in lines if line.startswith("│")]
    names = [name.strip() for name in header]
    return [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in rows]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var" / "layouts").mkdir(parents=True, mode=0o700)
    (tmp_path / "var").chmod(0o700)
    return tmp_path / "var"


@pytest.fixture
def shell(home: Path) -> Callable[[str], Said]:
    """A real shell in which `trappan` is what the page says it is."""
    program = home.parent / "bin" / "trappan"
    program.parent.mkdir()
    start = "from pipelines.command import main; main()"
    program.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c '{start}' --home var \"$@\"\n",
        encoding="utf-8",
    )
    program.chmod(0o700)
    path = f"{program.parent}:{os.environ['PATH']}"
    known = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}

    def run(line: str) -> Said:
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, env=known, check=False
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


def test_the_page_works_in_a_shell_as_it_is_written(
    home: Path, shell: Callable[[str], Said]
) -> None:
    shutil.rmtree(home)
    Path("export.csv").write_text(block("csv"), encoding="utf-8")
    commands = [
        line.removeprefix("$ ")
        for part in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
        for line in part.splitlines()
    ]
    look, folder, draft, again, ingest, rates = commands

    said = shell(look)
    assert said.status == 1
    assert facts(said)["header"] == "line 3, 13 columns"
    assert facts(said)["separator"] == "semicolon"
    assert facts(said)["layout"].startswith("none fits; the nearest is lektionsfranvaro")
    assert "Perhaps it is 'Elevens personnummer'." in said.out
    assert not [word for word in ("Öberg", "9800", "Sjuk", "Sen ankomst") if word in said.out]

    assert shell(folder) == Said(0, "", "")
    said = shell(draft)
    assert (said.status, said.out, said.err) == (0, "", block("text"))
    drafted = Path("var/layouts/exempelstad.yaml").read_text(encoding="utf-8")
    marked = [line for line in drafted.splitlines() if "DECIDE" in line]
    assert len(marked) == block("text").count("Decide ")
    final = parse_layout(block("yaml"), "the page")
    assert parse_layout(drafted, "the draft").columns == final.columns
    assert "Orsak till frånvaro" in parse_layout(drafted, "the draft").dropped

    Path("var/layouts/exempelstad.yaml").write_text(block("yaml"), encoding="utf-8")
    said = shell(again)
    assert said.status == 0
    assert facts(said)["layout"] == "exempelstad (lessons): 10 of its 10 columns"
    assert facts(said)["rows"] == "all 3 were looked at; 0 would be refused"
    assert cells(said)["Klockan"][0] == "start_time"
    assert cells(said)["Orsak till frånvaro"][0] == "(never read)"
    assert stored(said)[0] == {
        "school": "99999901", "class": "8A", "start": "2026-10-05 08:20", "subject": "xx",
        "length": "60", "valid": "0", "invalid": "15", "other": "0", "reported": "true",
        "cancelled": "false", "protected": "false",
    }  # fmt: skip

    said = shell(ingest)
    assert (said.status, "exempelstad" in said.out, "accepted" in said.out) == (0, True, True)
    said = shell(rates)
    rows = [line.split(",") for line in said.out.splitlines()[1:]]
    assert sorted((row[2], row[6]) for row in rows) == [("60", "0"), ("60", "15"), ("60", "60")]
    found = trappan("doctor", "--home", "var").out
    assert f"well   layouts: 6 shipped, 1 of {home / 'layouts'}" in found


def test_a_draft_sent_into_the_folder_by_the_shell_is_the_draft(
    home: Path, shell: Callable[[str], Said]
) -> None:
    """The shell makes the file before the program looks which layouts there are."""
    Path("export.csv").write_text(block("csv"), encoding="utf-8")
    said = shell("trappan layout new export.csv --name stad > var/layouts/stad.yaml")
    assert said.status == 0, said.err
    drafted = Path("var/layouts/stad.yaml").read_text(encoding="utf-8")
    assert parse_layout(drafted, "the draft").name == "stad"
    assert trappan("--home", "var", "layout", "check", "export.csv").status == 0


def test_an_empty_layout_file_stops_what_takes_files_in(home: Path) -> None:
    (home / "layouts" / "tom.yaml").write_text("\n", encoding="utf-8")
    path = put(home, "a.csv", text_of([lesson(0)], BASIC))
    assert trappan("--home", home, "layout", "check", path).status == 0
    said = trappan("--home", home, "ingest", path)
    assert said.status == 1
    assert "tom.yaml" in said.err


def test_a_draft_is_written_over_no_file(home: Path) -> None:
    path = put(home, "a.csv", text_of([lesson(0)], BASIC))
    out = put(home, "egen.yaml", "name: egen\n")
    said = trappan("layout", "new", path, "--out", out)
    assert said.status == 2
    assert "is there already" in said.err
    assert out.read_text(encoding="utf-8") == "name: egen\n"
    said = trappan("layout", "new", path, "--out", home / "ingen" / "egen.yaml")
    assert said.status == 1
    assert "can't be written" in said.err


def test_a_check_ends_with_status_1_when_all_rows_would_be_refused(home: Path) -> None:
    rows = [lesson(n, date="5/10/2026") for n in range(3)]
    said = trappan("layout", "check", put(home, "a.csv", text_of(rows, BASIC)))
    assert said.status == 1
    assert facts(said)["rows"] == "all 3 were looked at; 3 would be refused"
    said = trappan("layout", "check", put(home, "b.csv", text_of([*rows, lesson(4)], BASIC)))
    assert said.status == 0
    said = trappan("layout", "check", put(home, "c.csv", text_of([], BASIC)))
    assert said.status == 0, "no row is refused of a file without rows"


def test_the_first_rows_are_shown_as_they_would_be_stored_without_a_person(home: Path) -> None:
    rows = [
        lesson(0, date="fel"),
        lesson(1, reported="Nej", present="", valid="", invalid=""),
        lesson(2, protected="Sekretessmarkering"),
        lesson(3),
        lesson(4),
    ]
    said = trappan("layout", "check", put(home, "a.csv", text_of(rows, EVERY)))
    shown = stored(said)
    assert [(row["start"][-5:], row["reported"], row["protected"]) for row in shown] == [
        ("08:10", "false", "false"),
        ("", "", "true"),
        ("08:30", "true", "false"),
    ]
    assert not [word for word in ("9818", "Öberg", "Åsa") if word in said.out]


@pytest.mark.parametrize(
    "kind", ["elever", "skolor", "lov", "manadssummor", "nummerbyten", "lektionsfranvaro"]
)
def test_rows_of_every_kind_are_shown_as_they_would_be_stored(home: Path, kind: str) -> None:
    samples = sorted((SAMPLES / "inbox").glob(f"{kind}_*.csv"))
    path = samples[0] if samples else put(home, "lov.csv", LOV)
    said = trappan("layout", "check", path)
    assert said.status == 0, said.out
    assert stored(said)


LOV = "Skolenhetskod;Första dag;Sista dag;Namn\nalla;2026-12-21;2027-01-08;Jullov\n"


@pytest.mark.parametrize(
    ("count", "present", "is_said"), [(10, 0, True), (9, 0, False), (10, 1, False)]
)
def test_a_check_says_when_no_row_has_presence(
    home: Path, count: int, present: int, is_said: bool
) -> None:
    rows = [lesson(n, valid="60", invalid="0", present="0") for n in range(count)]
    rows += [lesson(20, valid="0", invalid="0", present="60")] * present
    said = trappan("layout", "check", put(home, "a.csv", text_of(rows, BASIC)))
    assert (f"each of its {count} reported lessons has absence" in said.out) == is_said


def test_the_other_sheets_of_a_workbook_are_named_to_who_has_it(home: Path) -> None:
    content = workbook_of(table([lesson(0)], BASIC), "Sammanställning", "Förklaring")
    said = trappan("layout", "check", put(home, "a.xlsx", content))
    assert facts(said)["not read"] == "other sheets: 'Sammanställning', 'Förklaring'"


def test_a_sample_is_reported_column_by_column_without_a_name_in_it(home: Path) -> None:
    for path in sorted((SAMPLES / "inbox").glob("elever_*.csv")):
        said = trappan("layout", "check", path)
        assert said.status == 0
        found = cells(said)
        assert found["Personnummer"][:2] == ["civic_no", "99999999-9999"]
        assert set(found["Efternamn"][1]) <= {"x", "-", " "}
        assert not (home / "lake").exists()


def test_a_workbook_is_reported_like_a_text(home: Path) -> None:
    rows = [lesson(n) for n in range(3)]
    path = put(home, "a.xlsx", workbook_of([["Rapport"], *table(rows, BASIC)]))
    said = trappan("layout", "check", path)
    assert facts(said)["kind"] == "workbook"
    assert facts(said)["header"] == "line 2, 17 columns"
    assert cells(said)["Datum"][0] == "lesson_date"
    assert "cancelled, lesson_id, mentor_name, mentor_email" in said.out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_reported(home: Path, encoding: str) -> None:
    path = put(home, "a.csv", text_of([lesson(0)], EVERY).encode(encoding))
    assert facts(trappan("layout", "check", path))["encoding"] == encoding.removesuffix("-sig")


def test_problems_are_counted_with_their_first_line_and_a_hint(home: Path) -> None:
    rows = [lesson(n, date="5/10/2026") for n in range(4)] + [lesson(4, length="0"), lesson(5)]
    path = put(home, "a.csv", text_of(rows, BASIC))
    said = trappan("layout", "check", path)
    assert said.status == 0
    assert facts(said)["rows"] == "all 6 were looked at; 5 would be refused"
    problems = [line for line in said.out.splitlines() if line.startswith("problem")]
    assert "4 rows, refused; the first: line 2, lesson_date" in problems[0]
    assert "perhaps another column is lesson_date" in problems[0]
    assert "1 rows, refused; the first: line 6, scheduled_minutes" in problems[1]
    assert "perhaps" not in problems[1]


def test_only_the_first_rows_are_looked_at(home: Path) -> None:
    rows = [lesson(n % 60, date=f"2026-{1 + n // 300:02d}-05") for n in range(1001)]
    path = put(home, "a.csv", text_of([*rows, lesson(0, date="fel")], BASIC))
    said = trappan("layout", "check", path)
    assert facts(said)["rows"].startswith("the first 1000 were looked at")
    assert "lesson_date" not in said.out.partition("└")[2]


def test_a_column_of_remarks_that_no_layout_knows_is_never_shown(home: Path) -> None:
    text = text_of([lesson(0)], EVERY).splitlines()
    text = [f"{text[0]};Kommentar", f"{text[1]};Har migrän"]
    said = trappan("layout", "check", put(home, "a.csv", "\n".join(text) + "\n"))
    assert cells(said)["Kommentar"][:2] == ["(never read)", "(never read)"]
    assert "migrän" not in said.out
    assert "put it under dropped" in said.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no line of the first 30 has two cells"),
        (b"hej\nhopp\n", "no line of the first 30 has two cells"),
        (b"%PDF-1.7", "this is a PDF"),
        (b'\xef\xbb\xbf [{"givenName": "Kim", "x": 1}]', "this is JSON. Layouts are for tables"),
        (b"20120314-9800;Kim;Prov;8A\n20120374-9807;Ali;Test;8A\n", "no line looks like a header"),
        (b"a;b\n\x00;1\n", "a NUL character"),
    ],
)
def test_a_file_that_is_no_table_is_reported(home: Path, content: bytes, words: str) -> None:
    for command in ("check", "new"):
        said = trappan("layout", command, put(home, "a.csv", content))
        assert (said.status, said.out) == (1, "")
        assert words in said.err
        assert "Traceback" not in said.err
        assert "Kim" not in said.err


def test_rows_that_contradict_each_other_are_reported(home: Path) -> None:
    rows = [lesson(0), lesson(0, valid="5", present="40"), lesson(1), lesson(1)]
    said = trappan("layout", "check", put(home, "a.csv", text_of(rows, BASIC)))
    assert facts(said)["rows"] == "all 4 were looked at; 2 would be refused"
    assert "another row of the file says something else of the same thing" in said.out


def test_a_required_column_twice_is_reported(home: Path) -> None:
    text = text_of([lesson(0)], BASIC).splitlines()
    said = trappan("layout", "check", put(home, "a.csv", f"{text[0]};Datum\n{text[1]};x\n"))
    assert said.status == 1
    assert "'Datum' stands there twice. Expected it once." in said.out


def test_a_draft_of_a_file_that_a_layout_knows_says_so(home: Path) -> None:
    path = put(home, "a.csv", text_of([USUAL | {"starts": "", "ends": ""}], ROSTER))
    said = trappan("layout", "new", path, "--name", "egna_elever")
    assert "The layout 'elever' fits this file already" in said.err
    drafted = parse_layout(said.out, "draft")
    assert drafted.kind == "enrolments"
    assert "DECIDE" not in said.out


def test_a_draft_asks_for_what_no_header_says(home: Path) -> None:
    path = put(home, "a.csv", "Personnr;Datum;Frånvaro %;Giltig frånvaro (tim)\n1;2;3;4\n")
    said = trappan("layout", "new", path, "--kind", "lessons")
    assert (
        "# start_time: {headers: [???], required: true}  # DECIDE: which header is it?" in said.out
    )
    assert 'valid_minutes: {headers: ["Giltig frånvaro (tim)"]' in said.out
    assert "unit: hours}  # DECIDE" in said.out, "hours are no minutes"
    assert "# invalid_minutes: {headers: [???]" in said.out, "valid is not nearly invalid"
    assert "The draft can't be used yet: no header was found for" in said.err
    assert said.status == 0


def test_a_draft_doubts_minutes_with_decimals(home: Path) -> None:
    text = text_of([lesson(0, valid="0,75", length="1,5")], BASIC)
    said = trappan("layout", "new", put(home, "a.csv", text))
    assert "whether 'Giltig frånvaro (min)' is in whole minutes: it has decimals" in said.err


def drafted(home: Path, text: str) -> Said:
    return trappan("layout", "new", put(home, "a.csv", text), "--kind", "lessons")


def test_a_draft_proposes_by_cells_what_headers_do_not_say(home: Path) -> None:
    """Each with a mark: what is found out by cells is a guess."""
    row = "99999901;201203149800;Öberg, Åsa;2026-10-05;08.20–09.20;OG;Feber\n"
    said = drafted(home, "A;B;C;D;E;Frånvarokod;Anmärkning\n" + row * 3)
    assert said.status == 0, said.err
    for column, header in {
        "school_unit_code": "A",
        "civic_no": "B",
        "lesson_date": "D",
    }.items():
        assert f'{column}: {{headers: ["{header}"], required: true}}  # DECIDE' in said.out
    assert 'headers: ["C"], parts: "{family_name}, {given_name}"}  # DECIDE' in said.out
    assert 'headers: ["E"], parts: "{start_time}-{end_time}", required: true}  # DECIDE' in said.out
    assert '"OG": DECIDE' in said.out
    assert 'dropped: ["Anmärkning"]' in said.out
    assert "can't be used yet" in said.err
    decided = said.out.replace("DECIDE\n", "invalid\n")
    assert parse_layout(decided, "decided").split[1].parts == "{start_time}-{end_time}"
    assert not [word for word in ("Öberg", "9800", "Feber") if word in said.out + said.err]


def test_a_draft_doubts_a_header_whose_cells_look_otherwise(home: Path) -> None:
    text = text_of([lesson(0), lesson(1)], BASIC).replace("Lektionslängd", "Längd")
    swapped = text.replace("Datum", "x").replace("Starttid", "Datum").replace("x;", "Starttid;", 1)
    said = drafted(home, swapped)
    assert "whether 'Datum' is lesson_date: its cells look otherwise" in said.err
    assert "whether 'Starttid' is start_time: its cells look otherwise" in said.err


@pytest.mark.parametrize(
    ("header", "column", "unit"),
    [
        ("Giltig frånvaro (h)", "valid_minutes", "hours"),
        ("Ogiltig frånvaro %", "invalid_minutes", "percent"),
        ("Anmäld frånvaro tim", "valid_minutes", "hours"),
        ("Oanmäld frånvaro i procent", "invalid_minutes", "percent"),
    ],
)
def test_a_draft_takes_valid_for_valid_and_a_unit_for_a_unit(
    home: Path, header: str, column: str, unit: str
) -> None:
    said = drafted(home, f"Personnummer;Datum;{header}\n20120314-9800;2026-10-05;0,5\n")
    (line,) = (line for line in said.out.splitlines() if header in line)
    assert line.strip().startswith(f"{column}: ")
    assert f"unit: {unit}}}" in line
    assert "DECIDE" in line


def test_a_draft_of_decimals_asks_for_their_unit(home: Path) -> None:
    said = drafted(home, "Personnummer;Giltig frånvaro\n20120314-9800;0,5\n20120314-9800;1,0\n")
    (line,) = (line for line in said.out.splitlines() if "Giltig" in line)
    assert "unit: hours}  # DECIDE: it has decimals" in line


def test_a_draft_of_weekdays_and_of_another_sheet_says_so(home: Path) -> None:
    said = drafted(home, "Elev;Vecka;Mån;Tis;Ons\n20120314-9800;2026-W41;0;60;0\n")
    assert '"Mån": {weekday: "Mån"}' in said.out
    assert "what the columns of weekdays hold" in said.err
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.append(["Sammanställning", "Antal"])
    sheet = book.create_sheet("Data")
    for line in table([lesson(0)], BASIC):
        sheet.append(["Egen kod" if cell == "Skolenhetskod" else str(cell) for cell in line])
    book.save(home / "a.xlsx")
    said = trappan("layout", "new", home / "a.xlsx")
    assert "sheet: 2  # DECIDE" in said.out
    said = trappan("layout", "check", home / "a.xlsx")
    assert "other sheets: 'Data'" in said.err


def test_rows_without_a_header_are_not_shown_whatever_their_cells_are(home: Path) -> None:
    said = drafted(home, "Kim;Prov;20120314-9800;8A\nAli;Test;20120374-9807;8A\n")
    assert (said.status, said.out) == (1, "")
    assert "Kim" not in said.err


def test_odd_headers_make_a_draft_that_is_yaml_all_the_same(home: Path) -> None:
    odd = ["a: b", '"citat"', "{x}", "# y", "å\\n", "20120314-9800", "= 1", "- z", "Pnr", "Klass"]
    header = ";".join('"' + cell.replace('"', '""') + '"' for cell in odd)
    said = trappan("layout", "new", put(home, "a.csv", f"{header}\n1;2;3;4;5;6;7;8;9;0\n"))
    assert said.status == 0
    assert parse_layout(said.out, "draft").columns
    assert "20120314" not in said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--name", "Exempelstad"), "is not a layout name. Expected small letters"),
        (("--kind", "lektioner"), "is not a kind. Expected one of lessons"),
        (("--layouts", "nowhere"), "there is no folder nowhere"),
    ],
)
def test_a_wrong_option_is_reported(home: Path, arguments: tuple[str, ...], words: str) -> None:
    path = put(home, "a.csv", text_of([lesson(0)], BASIC))
    said = trappan("layout", "new", path, *arguments)
    assert said.status == 2
    assert words in " ".join(said.err.replace("│", " ").split())


def test_a_name_that_is_taken_is_reported(home: Path) -> None:
    path = put(home, "a.csv", text_of([lesson(0)], BASIC))
    said = trappan("layout", "new", path, "--name", "elever")
    assert said.status == 1
    assert "the layout name 'elever' is taken" in said.err


def test_a_wrong_layout_of_ones_own_stops_with_file_and_key(home: Path) -> None:
    (home / "layouts" / "fel.yaml").write_text("name: fel\nkind: lektioner\n", encoding="utf-8")
    path = put(home, "a.csv", text_of([lesson(0)], BASIC))
    for command in (("ingest", path), ("layout", "check", path)):
        said = trappan("--home", home, *command)
        assert said.status == 1
        assert "fel.yaml, line 2: key 'kind'" in said.err
    path = home / "layouts" / "fel.yaml"
    assert f"WRONG  layouts: {path}, line 2: key 'kind'" in trappan("--home", home, "doctor").out


def test_a_folder_that_is_not_there_is_reported(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPPAN_LAYOUTS", str(home / "annan"))
    said = trappan("--home", home, "ingest", put(home, "a.csv", "x"))
    assert said.status == 2
    assert "TRAPPAN_LAYOUTS" in said.err


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["roster first", "lessons first"])
def test_names_of_a_roster_stand_before_those_of_lessons_in_any_layout(
    lake: Lake, tmp_path: Path, order: tuple[int, int]
) -> None:
    roster = text_of([USUAL | {"given": "Åsa", "starts": "", "ends": ""}], ROSTER)
    (tmp_path / "egna.yaml").write_text(
        "name: egna_elever\nkind: enrolments\ndescription: x\nrestates: lesson\ncolumns:\n"
        "  civic_no: {headers: [Elevnummer], required: true}\n"
        "  given_name: {headers: [Förnamn], required: true}\n"
        "  family_name: {headers: [Efternamn], required: true}\n"
        "  school_unit_code: {headers: [Skolenhetskod], required: true}\n"
        "  class_name: {headers: [Klass], required: true}\n",
        encoding="utf-8",
    )
    paths = [
        put(tmp_path, "a_20261101T0500.csv", roster.replace("Personnummer", "Elevnummer")),
        put(tmp_path, "b_20261102T0500.csv", text_of([lesson(0, given="Osa")], BASIC)),
    ]
    for number in order:
        (report,) = ingest_paths(lake, [paths[number]], layouts=load_layouts([tmp_path]))
        assert report.rows_accepted == 1, report.reason
    (identity,) = identities_of(lake).values()
    assert identity["given_name"] == "Åsa"
    assert PUPILS[0].replace("-", "") == identity["civic_no"]


def test_of_a_protected_pupil_a_check_shows_the_protection_only(home: Path) -> None:
    """Also of the rows of the same pupil that do not say so."""
    rows = [
        lesson(0, **{"class": "9Zq"}),
        lesson(0, start="10:00", **{"class": "9Zq"}, protected="Sekretessmarkering"),
        lesson(1, **{"class": "7B"}),
    ]
    Path("export.csv").write_text(text_of(rows, EVERY), encoding="utf-8")
    said = trappan("--home", home, "layout", "check", "export.csv")
    assert [row["protected"] for row in stored(said)] == ["false", "true", "false"]
    assert [row["class"] for row in stored(said)] == ["", "", "7B"]
    assert [row["school"] == "" for row in stored(said)] == [True, True, False]
    (classes,) = (found for name, found in cells(said).items() if name == "Klass")
    # Of what stands in the file, rows that say so are left out.
    assert classes[1:] == ["9xx", "7B"]


@pytest.mark.parametrize("present", [False, True])
def test_a_draft_asks_whether_who_was_present_has_a_row(home: Path, present: bool) -> None:
    rows = [lesson(n, valid="60", invalid="0", present="0") for n in range(6)]
    rows[3] |= {"valid": "0", "present": "60"} if present else {}
    text = text_of(rows, BASIC).replace("Klass;", "Grupp/klass;").replace("Datum", "Lektionens dag")
    path = put(home, "a.csv", text)
    said = trappan("layout", "new", path, "--name", "egen", "--kind", "lessons")
    assert ("# holds: absences  # DECIDE" in said.out) != present
    assert ("who was present has a row too" in said.err) != present
