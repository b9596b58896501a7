"""How new, whole and refused the data behind a list are: from the lake to the list."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.collect.notices import RefusedRows
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.week_states import look_back, week_states
from rules.registry import rule_set_on

AS_OF = date(2026, 11, 15)
RULES = rule_set_on("stockholm", AS_OF)
EXPORTED = datetime.combine(AS_OF, time(5))
NORTH, SOUTH = "10000001", "10000002"
ALVA, ELIAS = uuid.uuid5(uuid.NAMESPACE_OID, "Alva"), uuid.uuid5(uuid.NAMESPACE_OID, "Elias")


def insert(lake: Lake, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    # The first to ask makes the key; an empty home may have one, a filled one must.
    Sealer.of_home(lake.settings.home)

    def change(connection: Any) -> None:
        connection.register("given", pl.DataFrame(rows))
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        connection.unregister("given")

    lake.write(change)


def day_of(pupil: uuid.UUID, day: date, *, reported: int, school: str = NORTH) -> dict[str, Any]:
    """A school day of 300 minutes without absence."""
    return {
        "pupil_key": str(pupil),
        "school_unit_code": school,
        "lesson_date": day,
        "scheduled_minutes": 300,
        "reported_minutes": reported,
        "valid_minutes": 0,
        "invalid_minutes": 0,
        "lessons": 1,
        "reported_lessons": 1 if reported else 0,
        "last_starts_at": datetime.combine(day, time(8)),
        "last_exported_at": EXPORTED,
        "last_subject": "MA",
        "class_name": "8A",
        "grade": 8,
    }


def registered(code: str) -> dict[str, Any]:
    return {
        "school_unit_code": code,
        "layout": "skolor",
        "is_registered": True,
        "school_name": f"Skola {code}",
        "district": "Farsta",
        "principal_key": None,
        "exported_at": EXPORTED,
        "file_id": 1,
    }


# What tells which number a word of protection means, and whose it is.
_NUMBERS = {
    "pupil_references": ("reference_key", "number_key"),
    "pupil_numbers": ("number_key", "pupil_key"),
}


def school_days(last: date, count: int) -> list[date]:
    return [last - timedelta(days=n) for n in range(count)]


def reporting(lake: Lake) -> dict[str, tuple[object, ...]]:
    evaluate_flags(lake, AS_OF, RULES)
    rows = lake.relation(
        "watchlists/school_reporting", first_date=date(2026, 10, 17), as_of=AS_OF
    ).iter_rows()
    return {code: tuple(values) for code, *values in rows}


def test_reporting_is_summed_from_the_windows_first_day_to_as_of(lake: Lake) -> None:
    at_the_edges = [
        (date(2026, 10, 16), 300),  # the day before
        (date(2026, 10, 17), 300),
        (AS_OF, 0),
        (date(2026, 11, 16), 300),  # not yet
    ]
    insert(lake, "absence_daily", [day_of(ALVA, day, reported=r) for day, r in at_the_edges])
    assert reporting(lake) == {NORTH: (AS_OF, 600, 300)}


def test_a_school_whose_lessons_are_all_old_has_a_date_and_no_minutes(lake: Lake) -> None:
    insert(lake, "absence_daily", [day_of(ALVA, date(2026, 9, 1), reported=300)])
    assert reporting(lake) == {NORTH: (date(2026, 9, 1), 0, 0)}


def test_lessons_count_for_the_school_that_gives_them(lake: Lake) -> None:
    there, here = date(2026, 11, 2), date(2026, 11, 12)
    insert(
        lake,
        "absence_daily",
        [day_of(ALVA, there, reported=0, school=SOUTH), day_of(ALVA, here, reported=300)],
    )
    assert reporting(lake) == {NORTH: (here, 300, 300), SOUTH: (there, 300, 0)}


def test_a_protected_pupils_minutes_are_in_no_share(lake: Lake) -> None:
    days = [day_of(ALVA, AS_OF, reported=300), day_of(ELIAS, AS_OF, reported=0)]
    insert(lake, "absence_daily", days)
    key = {"reference_key": str(ELIAS), "number_key": str(ELIAS), "pupil_key": str(ELIAS)}
    word = {"source_key": str(ELIAS), "is_protected": True, "exported_at": EXPORTED, "file_id": 1}
    word["mark_key"] = str(ELIAS)  # a word for protection counts whatever its mark
    insert(lake, "protection_words", [{"reference_key": str(ELIAS)} | word])
    for table, columns in _NUMBERS.items():
        insert(lake, table, [{column: key[column] for column in columns}])
    assert reporting(lake) == {NORTH: (AS_OF, 300, 300)}


# --- on the list ---------------------------------------------------------------------------------


def test_each_list_carries_its_own_notices_and_the_words_of_the_rule_set(lake: Lake) -> None:
    insert(lake, "school_units", [registered(NORTH), registered(SOUTH)])
    days = [day_of(ALVA, day, reported=300) for day in school_days(date(2026, 11, 1), 30)]
    insert(lake, "absence_daily", days)
    record = {"pupil_key": str(ALVA), "school_unit_code": NORTH, "file_id": 7}
    insert(lake, "enrolments", [record | {"exported_at": EXPORTED, "class_name": "8A"}])
    full = {"file_id": 7, "code": "row.sheet_full", "severity": "warning", "column_name": "row"}
    words = {"reason": "", "found": "", "expected": "", "rows": 1, "line_number": 65_536}
    insert(lake, "row_problems", [full | words])
    stamp = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 16).astimezone())
    rules = replace(RULES, one_month_days=28, two_months_days=56)
    before = look_back(lake, AS_OF, lambda _: rules)
    evaluation = evaluate_flags(lake, AS_OF, rules)
    states = week_states(lake, evaluation, before)
    refused = {NORTH: RefusedRows(3, 2)}
    north, south = collect(lake, evaluation, stamp, refused, states=states).watchlists

    assert [notice.split(".")[0] for notice in north.notices] == [
        "Den senaste lektionen i uppgifterna är från 1 november 2026",
        "3 rader i 2 filer som listan bygger på gick inte att läsa in och räknas inte",
        "1 fil som listan bygger på slutar på den sista rad som får plats i ett kalkylblad",
    ]
    assert [notice.split(" för")[0] for notice in south.notices] == [
        "Uppgifterna har ingen lektion"
    ]

    assert (north.one_month_days, north.two_months_days) == (28, 56)
    assert [rule.window_days for rule in north.rules] == [28, 28, 56, 28]
    sources = [text for rule in north.rules for _, text in rule.references]
    sources += [text for _, _, text in north.shared_parameters]
    assert sorted(sources) == sorted(RULES.references_sv.values())


def test_refused_rows_of_the_files_behind_a_list_reach_its_page(lake: Lake, tmp_path: Path) -> None:
    insert(lake, "school_units", [registered(NORTH)])
    days = school_days(AS_OF, 20)
    insert(lake, "absence_daily", [day_of(ALVA, day, reported=300) for day in days])
    lesson = {
        "school_unit_code": NORTH,
        "subject": "MA",
        "scheduled_minutes": 300,
        "valid_minutes": 0,
        "invalid_minutes": 0,
        "other_minutes": 0,
        "is_reported": True,
        "is_cancelled": False,
        "class_name": "8A",
        "grade": 8,
        "exported_at": EXPORTED,
    }
    insert(
        lake,
        "lessons",
        [
            lesson
            | {"pupil_key": str(ALVA), "lesson_date": day, "file_id": n % 2 + 1}
            | {"starts_at": datetime.combine(day, time(8))}
            for n, day in enumerate(days)
        ],
    )
    file = {
        "sender": "inbox",
        "sealed_name": b"",
        "modified_at": EXPORTED,
        "received_at": EXPORTED,
        "layout": "lektionsfranvaro",
        "exported_at": EXPORTED,
        "rows_read": 20,
        "rows_accepted": 15,
        "rows_superseded": 0,
        "rows_warned": 0,
    }
    # The third file has nothing on the list, and a duplicate counts nothing twice.
    outcomes = [(1, 5, "accepted_in_part"), (2, 0, "accepted"), (3, 9, "accepted_in_part")]
    outcomes.append((1, 5, "duplicate"))
    insert(
        lake,
        "files",
        [
            file
            | {"file_id": n, "file_sha256": f"{n:064x}", "rows_rejected": rows, "outcome": outcome}
            for n, rows, outcome in outcomes
        ],
    )
    (folder,) = release_lists(lake, AS_OF, lambda _: RULES).folders
    page = next(folder.glob("*.html")).read_text(encoding="utf-8")
    assert "<li>5 rader i 1 fil som listan bygger på" in page
    assert page.count('class="notices"') == 1
    inputs = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert [entry["rows_rejected"] for entry in inputs] == [5, 0]
