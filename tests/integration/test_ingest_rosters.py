"""Rosters and registers: who is where, who may be shown, and whose list it is."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.sealed_places import STAFF
from tests.integration.ingest_files import (
    BASIC,
    EVERY,
    PUPILS,
    REGISTER,
    ROSTER,
    USUAL,
    identities,
    is_protected,
    lesson,
    lessons_of,
    offer,
    offer_in_step,
    offer_one,
    problems_of,
    protects,
    put,
    text_of,
    warnings_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of
from tests.sealed import opened


def record(number: int = 0, **cells: object) -> dict[str, object]:
    """Return a usual row of a roster."""
    usual = {"civic": PUPILS[number], "sex": "Kvinna", "starts": "2026-08-17", "ends": ""}
    return USUAL | usual | cells


def roster(folder: Path, when: str, *rows: dict[str, object], name: str = "elever") -> Path:
    return put(folder, f"{name}_2026{when}.csv", text_of(rows, ROSTER))


def export(
    folder: Path, when: str, *rows: dict[str, object], columns: tuple[str, ...] = EVERY
) -> Path:
    return put(folder, f"lektionsfranvaro_2026{when}.csv", text_of(rows, columns))


def enrolments(lake: Lake) -> list[tuple[object, ...]]:
    return lake.rows(
        "SELECT class_name, grade, start_date, end_date FROM enrolments ORDER BY ALL NULLS FIRST"
    )


def test_a_roster_is_taken_as_text_and_as_a_workbook(lake: Lake, tmp_path: Path) -> None:
    rows = [record(0), record(1, ends="2026-12-18", grade="F"), record(2, starts="", grade="")]
    text = roster(tmp_path, "1101T0500", *rows)
    book = put(tmp_path, "elever_20261102T0500.xlsx", workbook_of(cells_of(rows, ROSTER)))
    assert [report.rows_accepted for report in offer(lake, text, book)] == [3, 3]
    assert enrolments(lake) == [
        ("8A", None, None, None),
        ("8A", 0, date(2026, 8, 17), date(2026, 12, 18)),
        ("8A", 8, date(2026, 8, 17), None),
    ]
    assert {fields["sex"] for fields in identities(lake)} == {"Kvinna"}


def test_dates_that_cannot_be_are_refused(lake: Lake, tmp_path: Path) -> None:
    rows = [
        record(0, starts="2026-10-05", ends="2026-10-04"),
        record(1, starts="hösten"),
        record(2, ends="31/12"),
        record(3, starts="2026-10-05", ends="2026-10-05"),
        record(4, school=""),
        record(4, civic="2,01203E+11"),
    ]
    report = offer_one(lake, roster(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {
        2: "end_date.before_start",
        3: "start_date.unreadable",
        4: "end_date.unreadable",
        6: "school_unit_code.missing",
        7: "civic_no.spreadsheet_damage",
    }
    assert enrolments(lake) == [("8A", 8, date(2026, 10, 5), date(2026, 10, 5))]


def test_the_same_pupil_twice_counts_once_and_in_two_classes_not_at_all(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        record(0),
        record(0),
        record(1, **{"class": "8A"}),
        record(1, **{"class": "8B"}),
        record(2, starts="2026-08-17", ends="2026-09-30", **{"class": "8A"}),
        record(2, starts="2026-10-01", **{"class": "8B"}),
    ]
    report = offer_one(lake, roster(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {3: "row.repeated", 4: "row.contradicts", 5: "row.contradicts"}
    assert [row[0] for row in enrolments(lake)] == ["8A", "8A", "8B"]


def test_the_newest_roster_wins_in_any_order_and_call(lake: Lake, tmp_path: Path) -> None:
    scenarios: dict[str, list[list[Path]]] = {}
    for number, (order, calls) in enumerate(itertools.product(("12", "21"), (1, 2))):
        code = f"{90000000 + number}"
        paths = {
            "1": roster(tmp_path / order, "1101T0500", record(0, school=code, **{"class": "8A"}),
                        name=f"e{number}"),
            "2": roster(tmp_path / order, "1102T0500", record(0, school=code, **{"class": "8B"}),
                        name=f"e{number}"),
        }  # fmt: skip
        chosen = [paths[mark] for mark in order]
        scenarios[f"{order} {calls}"] = [chosen] if calls == 1 else [[path] for path in chosen]
    offer_in_step(lake, scenarios)
    assert lake.rows("SELECT class_name, count(*) FROM enrolments GROUP BY 1") == [("8B", 4)]


@pytest.mark.parametrize("order", ["roster first", "lessons first", "together"])
def test_lessons_and_rosters_may_come_in_any_order(lake: Lake, tmp_path: Path, order: str) -> None:
    paths = [roster(tmp_path, "1101T0500", record(0)), export(tmp_path, "1101T0500", lesson(0))]
    if order == "together":
        offer(lake, *reversed(paths))
    else:
        for path in paths if order == "roster first" else reversed(paths):
            offer(lake, path)
    ((pupils,),) = lake.rows(
        "SELECT count(*) FROM enrolments JOIN lessons USING (pupil_key, mentor_key)"
    )
    assert pupils == 1


def test_names_and_addresses_of_staff_are_sealed_and_one_person_is_one(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        lesson(0),
        lesson(1, mentor=" Mo   Mentor ", email="MO.MENTOR@example.org "),
        lesson(2, mentor="", email=""),
    ]
    offer(lake, export(tmp_path, "1101T0500", *rows), roster(tmp_path, "1101T0500", record(3)))
    staff = opened(lake, STAFF)
    assert [fields["name"] for fields in staff] == ["Mo Mentor"]
    assert [row[-1] for row in lessons_of(lake)].count(None) == 1


# -- The register ---------------------------------------------------------------------------------


def test_a_register_is_taken_and_a_school_in_it_twice_counts_once_or_not_at_all(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        USUAL | {"school": "1234567"},
        USUAL | {"school": "90000002"},
        USUAL | {"school": "90000002"},
        USUAL | {"school": "90000003", "principal": "En Rektor"},
        USUAL | {"school": "90000003", "principal": "En Annan"},
        USUAL | {"school": "90000004", "school_name": ""},
        USUAL | {"school": "fel"},
    ]
    path = put(tmp_path, "skolor_20261101T0500.csv", text_of(rows, REGISTER))
    report = offer_one(lake, path)
    assert problems_of(report) == {
        4: "row.repeated",
        5: "row.contradicts",
        6: "row.contradicts",
        7: "school_name.missing",
        8: "school_unit_code.unreadable",
    }
    assert warnings_of(report) == {"school_unit_code.zeros_restored": 1}
    assert lake.rows("SELECT school_unit_code FROM school_units ORDER BY 1") == [
        ("01234567",), ("90000002",),
    ]  # fmt: skip


def test_a_contradicting_register_leaves_what_was_said_before(lake: Lake, tmp_path: Path) -> None:
    before = put(tmp_path, "skolor_20261101T0500.csv", text_of([USUAL], REGISTER))
    rows = [USUAL | {"principal": name} for name in ("En Rektor", "En Annan")]
    after = put(tmp_path, "skolor_20261102T0500.csv", text_of(rows, REGISTER))
    offer(lake, before)
    assert offer_one(lake, after).outcome == FileOutcome.QUARANTINED
    assert lake.rows("SELECT count(*), max(exported_at)::VARCHAR FROM school_units") == [
        (1, "2026-11-01 05:00:00")
    ]


# -- Protection -----------------------------------------------------------------------------------

MARKINGS = {
    "Ingen": False,
    "Nej": False,
    "": False,
    "ingen": True,
    "INGEN": True,
    "Ja": True,
    "Sekretessmarkering": True,
    "Skyddad folkbokföring": True,
    "Sekretesmarkering": True,
    "?": True,
    "0": True,
}


def test_whatever_is_not_a_plain_no_protects_in_every_kind_of_file(
    lake: Lake, tmp_path: Path
) -> None:
    paths = []
    for number, marking in enumerate(MARKINGS):
        code = {"school": f"{90000000 + number}", "protected": marking}
        paths.append(put(tmp_path, f"a{number}.csv", text_of([lesson(0) | code], EVERY)))
        faulty = [lesson(0) | code, lesson(1, date="fel") | code]
        paths.append(put(tmp_path, f"b{number}.csv", text_of(faulty, EVERY)))
        paths.append(put(tmp_path, f"c{number}.csv", text_of([record(0) | code], ROSTER)))
    rows = [
        record(1, school=f"{90000000 + number}", protected=marking)
        for number, marking in enumerate(MARKINGS)
    ]
    paths.append(put(tmp_path, "d.xlsx", workbook_of(cells_of(rows, ROSTER))))
    offer(lake, *paths)
    for number, (marking, expected) in enumerate(MARKINGS.items()):
        assert protects(lake, "elever", f"{90000000 + number}") is expected, marking


def test_the_strictest_of_all_sources_protects_until_that_source_takes_it_back(
    lake: Lake, tmp_path: Path
) -> None:
    marked = "Sekretessmarkering"
    offer(lake, roster(tmp_path, "1101T0500", record(0, protected=marked)))
    offer(lake, export(tmp_path, "1102T0500", lesson(0, protected="Ingen")))
    assert is_protected(lake), "a newer word of another source"
    offer(lake, roster(tmp_path, "1030T0500", record(0, protected="Ingen")))
    assert is_protected(lake), "an older word of the same source"
    offer(lake, roster(tmp_path, "1103T0500", record(0, protected="Ingen")))
    assert not is_protected(lake)
    offer(lake, export(tmp_path, "1104T0500", lesson(1, civic=PUPILS[0], protected=marked)))
    assert is_protected(lake), "now the lessons say so"


def test_one_marked_row_protects_whatever_the_other_rows_of_the_file_say(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(n, civic=PUPILS[0], protected="Ingen") for n in range(5)]
    rows[3]["protected"] = "Sekretessmarkering"
    offer(lake, export(tmp_path, "1101T0500", *rows))
    assert is_protected(lake)


def test_a_file_without_the_column_does_not_take_the_protection_back(
    lake: Lake, tmp_path: Path
) -> None:
    """August's export has the column, September's has not: that says nothing of the pupil."""
    scenarios: dict[str, list[list[Path]]] = {}
    for number, order in enumerate(itertools.permutations(range(2))):
        code = f"{90000000 + number}"
        marked = lesson(0, school=code, protected="Sekretessmarkering")
        silent = lesson(1, civic=marked["civic"], school=code)
        folder = tmp_path / str(number)
        paths = [
            export(folder, "0901T0500", marked),
            export(folder, "1001T0500", silent, columns=BASIC),
        ]
        scenarios[code] = [[paths[n]] for n in order]
    offer_in_step(lake, scenarios)
    for code in scenarios:
        assert protects(lake, "lektionsfranvaro", code)
    for code in scenarios:
        offer(lake, export(tmp_path / "later" / code, "1101T0500",
                           lesson(2, school=code, civic=PUPILS[0], protected="Ingen")))  # fmt: skip
        assert not protects(lake, "lektionsfranvaro", code)


@pytest.mark.parametrize("kind", ["lessons", "roster"])
def test_a_refused_row_protects_its_pupil_all_the_same(
    lake: Lake, tmp_path: Path, kind: str
) -> None:
    marked = {"protected": "Sekretessmarkering", "school": "90000001"}
    if kind == "lessons":
        path = export(tmp_path, "1101T0500", lesson(0, date="fel", **marked), lesson(1))
    else:
        path = roster(tmp_path, "1101T0500", record(0, ends="fel", **marked), record(1))
    report = offer_one(lake, path)
    assert report.rows_rejected == 1
    layout = "lektionsfranvaro" if kind == "lessons" else "elever"
    assert protects(lake, layout, "90000001")
    assert is_protected(lake)


def test_a_refused_row_without_a_school_protects_too(lake: Lake, tmp_path: Path) -> None:
    rows = [record(0, school="fel", protected="Ja"), record(1, civic="fel", protected="Ja")]
    assert offer_one(lake, roster(tmp_path, "1101T0500", *rows)).outcome == FileOutcome.QUARANTINED
    # The only school unit of the file.
    assert protects(lake, "elever", "99999901")
    assert is_protected(lake)


def test_an_unprotected_refused_row_says_nothing_of_its_pupil(lake: Lake, tmp_path: Path) -> None:
    offer(lake, roster(tmp_path, "1101T0500", record(0, ends="fel"), record(1)))
    assert lake.rows("SELECT count(*) FROM identity_sources") == [(1,)]


def test_two_records_that_contradict_protect_when_one_is_marked(lake: Lake, tmp_path: Path) -> None:
    rows = [record(0, **{"class": "8A"}), record(0, protected="Ja", **{"class": "8B"}), record(1)]
    offer(lake, roster(tmp_path, "1101T0500", *rows))
    assert is_protected(lake)
