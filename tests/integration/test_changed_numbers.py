"""A pupil whose number was changed is one pupil: lessons, rosters and identity, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.ledger.refused_rows import problem_rows
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied
from tests.integration.complete_files import WITH_COLUMN, counted
from tests.integration.ingest_files import (
    EVERY,
    ROSTER,
    USUAL,
    lesson,
    problems_of,
    put,
    text_of,
)
from tests.oracle.identities import civic_no, with_hyphen

OLD, NEW, NEWEST = "20120374-9807", "20120314-9800", "20120314-9818"
OTHER = "20150902-9805"
PUPILS = (OLD, NEW, NEWEST, OTHER)
SCHOOL = str(USUAL["school"])
# When the file of a row was exported: no two files of a test were at one time.
ITS_FILE = "(SELECT max(exported_at) FROM files WHERE files.file_id = {table}.file_id)"


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


def state(
    lake: Lake, school: str = SCHOOL, pupils: Sequence[str] = PUPILS
) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the lake says of a school's pupils, by the number that stands in their place."""
    sealer = Sealer.of_home(lake.settings.home)
    numbers = {
        sealer.key("pupil", pupil.replace("-", "")): usual[-4:]
        for pupil, usual in zip(pupils, PUPILS, strict=True)
    }
    at_school = f"WHERE school_unit_code = '{school}'"

    def shown(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return sorted((numbers[key], *rest) for key, *rest in rows)

    protected = lake.rows("SELECT pupil_key FROM protected_pupils")
    return {
        "lessons": shown(
            lake.rows(
                "SELECT pupil_key, day(lesson_date), invalid_minutes, "
                f"{ITS_FILE.format(table='lessons')} FROM lessons {at_school}"
            )
        ),
        "enrolments": shown(
            lake.rows(
                "SELECT pupil_key, class_name, start_date, "
                f"{ITS_FILE.format(table='enrolments')} FROM enrolments {at_school}"
            )
        ),
        "protection": shown(row for row in protected if row[0] in numbers or pupils is PUPILS),
    }


def own_pupils(place: int) -> list[str]:
    """Return four numbers that only the scenario at this place has."""
    return [with_hyphen(civic_no(4 * place + n)) for n in range(4)]


def own_school(place: int) -> str:
    """Return the school that only the scenario at this place has."""
    return f"9999990{place + 1}"


def offer_side_by_side(lake: Lake, orders: Iterable[Sequence[Path]]) -> None:
    """Play scenarios side by side: the first file of each in one call, then the second of each.

    Each has a school and pupils of its own, so none meets another; a call takes half a second.
    """
    for step in zip(*orders, strict=True):
        offer(lake, *step)


def files_of_both_numbers(folder: Path, school: str, pupils: Sequence[str]) -> list[Path]:
    """Return lessons before and after a change of number, a roster, and the change."""
    old, new, _, other = pupils
    place = {"starts": "2026-08-17", "protected": "Sekretessmarkering"}
    before = [at(5, old), at(6, old, invalid="5"), at(6, other)]
    after = [at(6, new, invalid="10"), at(19, new)]
    roster = [USUAL | place | {"civic": old, "class": "8A"}]

    def there(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
        return [row | {"school": school} for row in rows]

    return [
        put(folder, "a_20261014T0500.csv", text_of(there(before), EVERY)),
        put(folder, "b_20261020T0500.csv", text_of(there(after), EVERY)),
        put(folder, "elever_20261021T0500.csv", text_of(there(roster), ROSTER)),
        changes(folder, "1015T0500", (old, new)),
    ]


def test_the_rows_of_both_numbers_are_one_pupils_in_every_order(lake: Lake, tmp_path: Path) -> None:
    orders = []
    for turn in range(8):
        pupils, school = own_pupils(turn), own_school(turn)
        *files, merge = files_of_both_numbers(tmp_path / str(turn), school, pupils)
        before, after, roster = files
        order = [before, after, roster] if turn < 4 else [roster, after, before]
        order.insert(turn % 4, merge)
        orders.append(order)
    offer_side_by_side(lake, orders)
    found = [state(lake, own_school(turn), own_pupils(turn)) for turn in range(8)]
    offer(lake, *files_of_both_numbers(tmp_path / "together", own_school(8), own_pupils(8)))
    found.append(state(lake, own_school(8), own_pupils(8)))
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
    orders = []
    for turn, (one, two, three) in enumerate(((0, 1, 2), (2, 0, 1), (1, 2, 0))):
        (old, new, newest, _), folder = own_pupils(turn), tmp_path / str(turn)
        rows = [
            at(day, pupil, school=own_school(turn))
            for day, pupil in ((5, old), (6, new), (7, newest))
        ]
        files = (
            put(folder, "a_20261014T0500.csv", text_of(rows)),
            changes(folder, "1015T0500", (old, new)),
            changes(folder, "1016T0500", (new, newest)),
        )
        orders.append((files[one], files[two], files[three]))
    offer_side_by_side(lake, orders)
    for turn in range(3):
        assert [row[:2] for row in state(lake, own_school(turn), own_pupils(turn))["lessons"]] == [
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
    orders = []
    for turn, places in enumerate(((0, 1, 2, 3), (3, 0, 1, 2), (2, 1, 3, 0))):
        (old, new, *_), folder = own_pupils(turn), tmp_path / str(turn)

        def on(day: int, civic: str, lesson_id: str, school: str = own_school(turn)) -> Any:
            return at(day, civic, lesson_id=lesson_id, school=school)

        first = [on(20, new, "L1"), on(5, old, "L2")]
        hours = [on(5, old, "L2"), on(7, old, "L3")]
        files = (
            put(folder, "a_20261014T0500.csv", text_of(first, EVERY)),
            put(folder, "b_20261015T0500.csv", text_of([on(6, old, "L1")], EVERY)),
            put(folder, "c_20261016T0500.csv", counted(hours)),
            changes(folder, "1017T0500", (old, new)),
        )
        orders.append([files[place] for place in places])
    offer_side_by_side(lake, orders)
    for turn in range(3):
        found = state(lake, own_school(turn), own_pupils(turn))["lessons"]
        assert [row[:2] for row in found] == [("9800", 5), ("9800", 7)]


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
