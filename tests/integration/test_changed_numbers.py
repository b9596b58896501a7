"""A pupil whose number was changed is one pupil: lessons, rosters and identity, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import problem_rows
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import settings_of
from tests.integration.complete_files import WITH_COLUMN, counted
from tests.integration.ingest_files import (
    EVERY,
    ROSTER,
    USUAL,
    emptied,
    lesson,
    problems_of,
    put,
    text_of,
)

OLD, NEW, NEWEST = "20120374-9807", "20120314-9800", "20120314-9818"
OTHER = "20150902-9805"


@pytest.fixture(scope="module")
def lake_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(settings_of(tmp_path_factory.mktemp("lake") / "home")) as opened:
        yield opened


@pytest.fixture
def lake(lake_of_module: Lake) -> Lake:
    return emptied(lake_of_module)


def offer(lake: Lake, *paths: Path) -> list[FileReport]:
    reports = ingest_paths(lake, paths, layouts=WITH_COLUMN)
    assert all(r.rows_read == r.rows_accepted + r.rows_rejected for r in reports)
    return reports


def changes(folder: Path, time: str, *pairs: tuple[str, str]) -> Path:
    rows = "".join(f"{old};{new};2026-10-15\r\n" for old, new in pairs)
    head = "Gammalt personnummer;Nytt personnummer;Datum\r\n"
    return put(folder, f"nummerbyten_2026{time}.csv", head + rows)


def at(day: int, civic: str, **cells: object) -> dict[str, object]:
    return lesson(0) | {"civic": civic, "date": f"2026-10-{day:02d}", "start": "08:20"} | cells


def state(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the lake says of pupils, by number."""
    sealer = Sealer.of_home(lake.settings.home)
    numbers = {sealer.key("pupil", n.replace("-", "")): n[-4:] for n in (OLD, NEW, NEWEST, OTHER)}

    def shown(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return sorted((numbers[key], *rest) for key, *rest in rows)

    return {
        "lessons": shown(
            lake.rows("SELECT pupil_key, day(lesson_date), invalid_minutes, file_id FROM lessons")
        ),
        "enrolments": shown(
            lake.rows("SELECT pupil_key, class_name, start_date, file_id FROM enrolments")
        ),
        "protection": shown(lake.rows("SELECT pupil_key FROM protected_pupils")),
    }


def test_the_rows_of_both_numbers_are_one_pupils_in_every_order(lake: Lake, tmp_path: Path) -> None:
    place = {"starts": "2026-08-17", "protected": "Sekretessmarkering"}
    before = put(
        tmp_path, "a_20261014T0500.csv",
        text_of([at(5, OLD), at(6, OLD, invalid="5"), at(6, OTHER)], EVERY),
    )  # fmt: skip
    after = put(
        tmp_path, "b_20261020T0500.csv", text_of([at(6, NEW, invalid="10"), at(19, NEW)], EVERY)
    )
    roster = put(
        tmp_path, "elever_20261021T0500.csv",
        text_of([USUAL | place | {"civic": OLD, "class": "8A"}], ROSTER),
    )  # fmt: skip
    merge = changes(tmp_path, "1015T0500", (OLD, NEW))
    found = []
    for others in ([before, after, roster], [roster, after, before]):
        for position in range(4):
            order = [*others[:position], merge, *others[position:]]
            emptied(lake)
            for path in order:
                offer(lake, path)
            found.append(state(lake))
    emptied(lake)
    offer(lake, before, after, roster, merge)
    found.append(state(lake))
    assert all(one == found[0] for one in found[1:])
    assert [row[:3] for row in found[0]["lessons"]] == [
        ("9800", 5, 0), ("9800", 6, 10), ("9800", 19, 0), ("9805", 6, 0)
    ]  # fmt: skip
    assert [row[:2] for row in found[0]["enrolments"]] == [("9800", "8A")]
    assert ("9800",) in found[0]["protection"]


def test_the_sums_follow_the_pupil(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW)])))
    refresh_sums(lake)
    assert lake.rows("SELECT count(DISTINCT pupil_key) FROM absence_monthly") == [(2,)]
    offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    refresh_sums(lake)
    key = Sealer.of_home(lake.settings.home).key("pupil", NEW.replace("-", ""))
    assert lake.rows("SELECT DISTINCT pupil_key, days FROM absence_monthly") == [(key, 2)]
    assert lake.rows("SELECT DISTINCT pupil_key FROM absence_daily") == [(key,)]


def test_a_chain_of_changes_ends_at_the_last_number_in_every_order(
    lake: Lake, tmp_path: Path
) -> None:
    lessons = put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW), at(7, NEWEST)]))
    first = changes(tmp_path, "1015T0500", (OLD, NEW))
    second = changes(tmp_path, "1016T0500", (NEW, NEWEST))
    for order in ((lessons, first, second), (second, lessons, first), (first, second, lessons)):
        emptied(lake)
        for path in order:
            offer(lake, path)
        assert [row[:2] for row in state(lake)["lessons"]] == [
            ("9818", 5), ("9818", 6), ("9818", 7)
        ]  # fmt: skip


def test_a_circle_is_refused_and_gives_one_state_in_both_orders(lake: Lake, tmp_path: Path) -> None:
    lessons = put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW)]))
    there = changes(tmp_path, "1015T0500", (OLD, NEW))
    back = changes(tmp_path, "1016T0500", (NEW, OLD), (OTHER, NEWEST))
    reports = offer(lake, lessons, there) + offer(lake, back)
    assert reports[-1].outcome == FileOutcome.ACCEPTED_IN_PART
    assert problems_of(reports[-1]) == {2: "new_civic_no.circle"}
    assert "circle" in str(reports[-1].reason)
    one = state(lake)
    emptied(lake)
    for path in (back, lessons, there):
        offer(lake, path)
    assert state(lake) == one
    assert {row[0] for row in one["lessons"]} == {"9800"}


def test_rows_that_can_not_be_believed_join_nobody(lake: Lake, tmp_path: Path) -> None:
    lessons = put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW), at(7, OTHER)]))
    report = offer(
        lake, lessons,
        changes(
            tmp_path, "1015T0500", (OLD, OLD), (NEW, "20120314-9801"), ("", NEW),
            (OTHER, NEW), (OTHER, NEWEST),
        ),
    )[1]  # fmt: skip
    assert report.outcome == FileOutcome.QUARANTINED
    assert problems_of(report) == {
        2: "new_civic_no.same",
        3: "new_civic_no.check_digit",
        4: "old_civic_no.missing",
        5: "row.contradicts",
        6: "row.contradicts",
    }
    assert "9801" not in repr(report)
    assert lake.rows("SELECT count(*) FROM pupil_merges") == [(0,)]
    assert len({row[0] for row in state(lake)["lessons"]}) == 3


def test_protection_of_either_number_holds_where_one_export_says_both(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [at(5, OLD, protected="Sekretessmarkering"), at(6, NEW, protected="Ingen")]
    lessons = put(tmp_path, "a_20261014T0500.csv", text_of(rows, EVERY))
    merge = changes(tmp_path, "1015T0500", (OLD, NEW))
    for order in ((lessons, merge), (merge, lessons)):
        emptied(lake)
        for path in order:
            offer(lake, path)
        assert {row[0] for row in state(lake)["protection"]} == {OLD[-4:], NEW[-4:]}


def test_a_refused_row_under_the_old_number_of_a_protected_pupil_is_a_pattern(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        at(5, NEW, protected="Sekretessmarkering"),
        at(6, OLD, protected="", given="Hemlig") | {"date": "2026-02-30"},
    ]
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of(rows, EVERY)))
    sealer = Sealer.of_home(lake.settings.home)
    (before,) = problem_rows(lake, sealer, with_rows=True)["row"]
    assert "Hemlig" in before
    offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    (after,) = problem_rows(lake, sealer, with_rows=True)["row"]
    assert "Hemlig" not in after


def test_a_removed_lesson_of_the_old_number_stays_away(lake: Lake, tmp_path: Path) -> None:
    moved = at(6, OLD, lesson_id="L1")
    first = put(
        tmp_path, "a_20261014T0500.csv",
        text_of([at(20, NEW, lesson_id="L1"), at(5, OLD, lesson_id="L2")], EVERY),
    )  # fmt: skip
    second = put(tmp_path, "b_20261015T0500.csv", text_of([moved], EVERY))
    hours = [at(5, OLD, lesson_id="L2"), at(7, OLD, lesson_id="L3")]
    complete = put(tmp_path, "c_20261016T0500.csv", counted(hours))
    merge = changes(tmp_path, "1017T0500", (OLD, NEW))
    for order in (
        (first, second, complete, merge),
        (merge, first, second, complete),
        (complete, second, merge, first),
    ):
        emptied(lake)
        for path in order:
            offer(lake, path)
        assert [row[:2] for row in state(lake)["lessons"]] == [("9800", 5), ("9800", 7)]


def listed(lake: Lake, key: object, level: int, state: str) -> None:
    """Put a pupil on the list of a week."""
    row = {
        "school_unit_code": "99999901", "period": "2026-W40", "as_of_date": "2026-10-04",
        "pupil_key": str(key), "level": level, "state": state, "first_week_date": "2026-10-04",
        "weeks_on_list": 1, "highest_level": level,
    }  # fmt: skip
    lake.connection.execute(
        f"INSERT INTO listed_pupils ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    )


def test_the_lists_of_before_follow_the_pupil(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "lektioner_20261002T0500.csv", text_of([at(1, OLD)])))
    ((key,),) = lake.rows("SELECT pupil_key FROM lessons")
    listed(lake, key, 2, "new")
    offer(lake, changes(tmp_path, "1005T0500", (OLD, NEW)))
    ((moved,),) = lake.rows("SELECT pupil_key FROM listed_pupils")
    assert moved != key
    assert lake.rows("SELECT DISTINCT pupil_key FROM lessons") == [(moved,)]


def test_of_two_numbers_on_one_list_the_higher_level_is_kept(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "lektioner_20261002T0500.csv", text_of([at(1, OLD)])))
    ((old,),) = lake.rows("SELECT pupil_key FROM lessons")
    offer(lake, put(tmp_path, "lektioner_20261003T0500.csv", text_of([at(2, NEW)])))
    ((new,),) = lake.rows("SELECT DISTINCT pupil_key FROM lessons WHERE pupil_key <> ?".replace(
        "?", f"'{old}'"
    ))  # fmt: skip
    listed(lake, old, 2, "new")
    listed(lake, new, 0, "unassessed")
    offer(lake, changes(tmp_path, "1005T0500", (OLD, NEW)))
    assert lake.rows("SELECT pupil_key, level, state FROM listed_pupils") == [(new, 2, "new")]
