"""Which schools get a list, and what stands behind it (`sql/watchlists/`)."""

from __future__ import annotations

from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, BO, NORTH, SOUTH, Row, day, given, key, moment, rows_of


def listed(lake: Lake, *columns: str, units: list[Row], pupils: list[Row]) -> list[object]:
    given(lake, "school_units", *units)
    given(lake, "belonging", *pupils)
    frame = lake.relation("watchlists/listed_schools")
    return list(frame.select("school_unit_code", *columns).rows())


def test_a_registered_school_gets_a_list_also_without_pupils(scratch: Lake) -> None:
    found = listed(scratch, "pupils_evaluated", "is_listed", units=[{}], pupils=[])
    assert found == [(NORTH, 0, True)]


def test_with_a_register_a_school_outside_it_gets_no_list(scratch: Lake) -> None:
    pupils: list[Row] = [{"school_unit_code": SOUTH}]
    found = listed(scratch, "is_listed", units=[{}], pupils=pupils)
    assert found == [(NORTH, True), (SOUTH, False)]


def test_without_a_register_every_school_with_pupils_gets_a_list(scratch: Lake) -> None:
    units: list[Row] = [{"is_registered": False, "layout": "lektionsfranvaro"}]
    pupils: list[Row] = [{}, {"school_unit_code": SOUTH, "pupil_key": BO}]
    found = listed(scratch, "school_name", "is_listed", units=units, pupils=pupils)
    assert found == [(NORTH, "Norra skolan", True), (SOUTH, "", True)]


def test_the_registers_name_stands_before_a_newer_exports_name(scratch: Lake) -> None:
    units: list[Row] = [
        {"exported_at": moment("08-01 05:00")},
        {"layout": "lektionsfranvaro", "is_registered": False, "school_name": "Norra sk"},
    ]
    assert listed(scratch, "school_name", units=units, pupils=[]) == [(NORTH, "Norra skolan")]


def test_protected_pupils_and_those_who_left_are_not_among_the_evaluated(scratch: Lake) -> None:
    pupils: list[Row] = [
        {},
        {"pupil_key": key("David")},
        {"pupil_key": BO, "is_protected": True},
        {"pupil_key": key("Cilla"), "has_left": True},
    ]
    assert listed(scratch, "pupils_evaluated", units=[{}], pupils=pupils) == [(NORTH, 2)]


def test_district_and_principal_are_the_newest_that_were_said(scratch: Lake) -> None:
    units: list[Row] = [
        {"exported_at": moment("08-01 05:00"), "district": "Söderort", "layout": "older"},
        {"district": "Västerort", "principal_key": key("principal")},
    ]
    found = listed(scratch, "district", "principal_key", units=units, pupils=[])
    assert found == [(NORTH, "Västerort", str(key("principal")))]


def test_unreported_lessons_are_counted_by_class_and_start_but_no_protected_pupil(
    scratch: Lake,
) -> None:
    hidden = key("hidden")
    given(
        scratch,
        "belonging",
        {"pupil_key": ANNA},
        {"pupil_key": BO},
        {"pupil_key": hidden, "is_protected": True},
    )
    given(
        scratch,
        "lessons",
        {"is_reported": False},
        {"is_reported": False, "pupil_key": BO},
        {"is_reported": False, "pupil_key": hidden},
        {"is_reported": False, "pupil_key": hidden, "class_name": "8Z"},
        {"is_reported": False, "starts_at": moment("10-05 09:00"), "is_cancelled": True},
        {"starts_at": moment("10-05 10:00")},
        {"is_reported": False, "starts_at": moment("09-16 08:00")},
    )
    found = rows_of(
        scratch,
        "watchlists/unreported_lessons",
        "school_unit_code",
        "class_name",
        "starts_at",
        "pupil_lessons",
        first_date=day("09-17"),
        as_of=AS_OF,
    )
    assert found == [(NORTH, "8A", moment("10-05 08:00"), 2)]


def test_unreported_lessons_come_in_the_order_of_a_list_newest_first(scratch: Lake) -> None:
    given(scratch, "belonging", {})
    starts = [moment("10-05 08:00"), moment("10-06 08:00")]
    unreported: list[Row] = [
        {"is_reported": False, "school_unit_code": school, "class_name": name, "starts_at": start}
        for school in (SOUTH, NORTH)
        for name in ("8B", "8A")
        for start in starts
    ]
    given(scratch, "lessons", *unreported, {"is_reported": False, "subject": "SV"})
    found = scratch.relation("watchlists/unreported_lessons", first_date=day("09-17"), as_of=AS_OF)
    rows = found.select("school_unit_code", "class_name", "subject", "starts_at").rows()
    assert rows == [
        (NORTH, "8A", "MA", starts[1]),
        (NORTH, "8A", "MA", starts[0]),
        (NORTH, "8A", "SV", starts[0]),
        (NORTH, "8B", "MA", starts[1]),
        (NORTH, "8B", "MA", starts[0]),
        (SOUTH, "8A", "MA", starts[1]),
        (SOUTH, "8A", "MA", starts[0]),
        (SOUTH, "8B", "MA", starts[1]),
        (SOUTH, "8B", "MA", starts[0]),
    ]


def test_a_list_names_the_files_whose_lessons_stand_behind_it(scratch: Lake) -> None:
    given(
        scratch,
        "lessons",
        {},
        {"file_id": 2, "starts_at": moment("09-16 08:00")},
        {"file_id": 3, "school_unit_code": SOUTH},
    )
    given(
        scratch,
        "files",
        {},
        {"outcome": "duplicate"},
        {"file_id": 2},
        {"file_id": 3, "file_sha256": "b" * 64},
    )
    found = rows_of(
        scratch,
        "watchlists/school_inputs",
        "school_unit_code",
        "file_sha256",
        first_date=day("09-17"),
        as_of=AS_OF,
    )
    assert found == [(NORTH, "a" * 64), (SOUTH, "b" * 64)]


def test_a_list_knows_of_files_that_end_at_the_last_row_of_a_sheet(scratch: Lake) -> None:
    given(
        scratch,
        "lessons",
        {},
        {"file_id": 2, "starts_at": moment("09-16 08:00")},
        {"file_id": 3, "school_unit_code": SOUTH},
    )
    given(scratch, "enrolments", {"file_id": 4, "end_date": None})
    full = {"code": "row.sheet_full", "severity": "warning"}
    given(scratch, "row_problems", *({"file_id": n} | full for n in (1, 2, 4)), {"file_id": 3})
    found = rows_of(
        scratch,
        "watchlists/full_sheets",
        "school_unit_code",
        "files",
        first_date=day("09-17"),
        as_of=AS_OF,
    )
    assert found == [(NORTH, 2)]
