"""Which lessons of a day count (`sql/absence/`): both sides of every boundary of the five steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assets.absence.which_count import days_to_sum, sum_days
from assets.lake.connection import Lake
from tests.sql.given import ANNA, BO, NORTH, SOUTH, Row, day, given, moment

DAY = "10-05"


def at(time: str) -> Any:
    return moment(f"{DAY} {time}")


def lesson(time: str, subject: str = "MA", minutes: int = 60, **said: Any) -> Row:
    return {"starts_at": at(time), "subject": subject, "scheduled_minutes": minutes, **said}


def absent(time: str, subject: str = "MA", minutes: int = 60, **said: Any) -> Row:
    return lesson(time, subject, minutes, invalid_minutes=minutes, **said)


def unreported(time: str, subject: str = "MA", minutes: int = 60, **said: Any) -> Row:
    return lesson(time, subject, minutes, is_reported=False, **said)


def older(**said: Any) -> dict[str, Any]:
    return {"exported_at": moment("11-01 04:00"), "file_id": 10, **said}


def newer(**said: Any) -> dict[str, Any]:
    return {"exported_at": moment("11-02 04:00"), "file_id": 20, **said}


class Day:
    """The day of one pupil after its sums: (S, R, A), and what does not count and why."""

    def __init__(
        self,
        lake: Lake,
        lessons: Sequence[Row],
        *,
        contradicted: Sequence[Row] = (),
        joint: Sequence[Row] = (),
        roster: Sequence[Row] = (),
        files: Sequence[Row] = (),
        snapshots: Sequence[Row] = (),
        removed: Sequence[Row] = (),
        values: Sequence[Row] = ({},),
    ) -> None:
        given(lake, "lessons", *lessons)
        given(lake, "contradicted_lessons", *contradicted)
        given(lake, "joint_lessons", *joint)
        given(lake, "enrolments", *roster)
        given(lake, "files", *files)
        given(lake, "lesson_snapshots", *snapshots)
        given(lake, "removed_lessons", *removed)
        given(lake, "parallel_values", *values)
        asked = days_to_sum(lake, f"SELECT DATE '{day(DAY)}' AS lesson_date")
        assert asked is not None
        found = sum_days(lake, asked)
        self.sums = tuple(
            int(value or 0)
            for value in lake.rows(
                "SELECT sum(scheduled_minutes), sum(reported_minutes), "
                f"sum(valid_minutes + invalid_minutes) FROM {found.sums}"
            )[0]
        )
        self.uncounted = sorted(
            lake.rows(
                "SELECT strftime(starts_at, '%H:%M'), subject, reason, "
                f"strftime(beside_starts_at, '%H:%M'), beside_subject FROM {found.uncounted}"
            ),
            key=str,
        )


def test_absent_in_sv_and_present_in_parallel_sva_is_present(scratch: Lake) -> None:
    found = Day(scratch, [absent("08:00", "SV"), lesson("08:00", "SVA")])
    assert found.sums == (60, 60, 0)
    assert found.uncounted == [("08:00", "SV", "set_aside", "08:00", "SVA")]


@pytest.mark.parametrize(
    ("start", "sums"),
    [("08:30", (60, 60, 0)), ("08:31", (120, 120, 60))],
    ids=["exactly half covered", "one minute less"],
)
def test_half_of_the_lesson_must_be_covered(
    scratch: Lake, start: str, sums: tuple[int, ...]
) -> None:
    assert Day(scratch, [lesson("08:00", "SVA"), absent(start, "SV")]).sums == sums


def test_two_lessons_together_can_cover_half_of_a_third(scratch: Lake) -> None:
    lessons = [
        lesson("08:00", "SVA", 40),
        lesson("08:50", "MAA", 40),
        absent("08:25", "SV", 50),
    ]
    assert Day(scratch, lessons).sums == (80, 80, 0)


def test_what_is_set_aside_sets_nothing_aside(scratch: Lake) -> None:
    # Best, second and third known, each covering half of the next only.
    lessons = [
        lesson("08:00", "SVA", 60),
        lesson("08:30", "SV", 60, invalid_minutes=30),
        lesson("09:00", "EN", 60, invalid_minutes=50),
    ]
    found = Day(scratch, lessons)
    assert found.sums == (120, 120, 50)
    assert found.uncounted == [("08:30", "SV", "set_aside", "08:00", "SVA")]


def test_an_unreported_lesson_beside_a_reported_absence_stays_and_is_owed(scratch: Lake) -> None:
    assert Day(scratch, [absent("08:00", "SV"), unreported("08:00", "SVA")]).sums == (120, 60, 60)


def test_an_unreported_lesson_beside_presence_is_set_aside(scratch: Lake) -> None:
    found = Day(scratch, [lesson("08:00", "SV", invalid_minutes=59), unreported("08:00", "SVA")])
    assert found.sums == (60, 60, 59)


def test_of_two_unreported_lessons_one_is_owed(scratch: Lake) -> None:
    found = Day(scratch, [unreported("08:00", "SV"), unreported("08:00", "SVA")])
    assert found.sums == (60, 0, 0)
    assert found.uncounted == [("08:00", "SVA", "set_aside", "08:00", "SV")]


def test_other_school_activity_is_presence(scratch: Lake) -> None:
    lessons = [absent("08:00", "SV"), lesson("08:00", "PRAO", other_minutes=60)]
    assert Day(scratch, lessons).sums == (60, 60, 0)


@pytest.mark.parametrize(
    ("lessons", "kept"),
    [
        ([absent("08:00", "A"), absent("08:00", "B", 61)], "B"),
        ([absent("08:05", "A"), absent("08:00", "B")], "B"),
        ([absent("08:00", "A", school_unit_code=SOUTH), absent("08:00", "B")], "B"),
        ([absent("08:00", "b"), absent("08:00", "A")], "A"),
        ([absent("08:00", "Ö"), absent("08:00", "Å")], "Å"),
        ([absent("08:00", "", lesson_id="10"), absent("08:00", "", lesson_id="9")], ""),
        ([absent("08:00", "ma"), absent("08:00", "MA")], "MA"),
    ],
    ids=["longer", "earlier", "school unit", "subject", "by code point", "id", "letters"],
)
def test_of_equally_known_lessons_the_order_decides(
    scratch: Lake, lessons: list[Row], kept: str
) -> None:
    for rows in (lessons, lessons[::-1]):
        Day(scratch, rows)
        assert scratch.rows("SELECT last_subject FROM summed_days") == [(kept,)]
    if not kept:
        assert scratch.rows("SELECT lesson_id FROM uncounted_now") == [("9",)]


@pytest.mark.parametrize(
    ("start", "sums"),
    [("00:30", (60, 60, 0)), ("00:31", (120, 120, 60))],
    ids=["exactly half covered", "one minute less"],
)
def test_midnight_is_the_first_minute_of_its_day(
    scratch: Lake, start: str, sums: tuple[int, ...]
) -> None:
    assert Day(scratch, [absent("00:00", "SV"), lesson(start, "SVA")]).sums == sums


def test_a_lesson_of_one_minute_is_set_aside_as_any_other(scratch: Lake) -> None:
    found = Day(scratch, [lesson("08:00", "SVA"), absent("08:59", "SV", 1)])
    assert found.sums == (60, 60, 0)
    assert found.uncounted == [("08:59", "SV", "set_aside", "08:00", "SVA")]


def test_of_two_lessons_that_cover_as_much_the_better_known_is_named(scratch: Lake) -> None:
    halves = [lesson("08:40", "MAA", 30), lesson("08:00", "SVA", 30)]
    found = Day(scratch, [*halves, absent("08:15", "SV", 40)])
    assert found.uncounted == [("08:15", "SV", "set_aside", "08:00", "SVA")]


def test_two_ids_of_one_export_at_one_start_stand_for_each_other_in_no_way(
    scratch: Lake,
) -> None:
    rows = [absent("08:00", **older(lesson_id="a")), lesson("08:00", **older(lesson_id="b"))]
    assert Day(scratch, rows, values=[{"method": "count_all"}]).sums == (120, 120, 60)


@pytest.mark.parametrize("start", ["08:00", "08:05"])
def test_an_event_and_a_lesson_of_a_file_are_one_and_the_later_export_counts(
    scratch: Lake, start: str
) -> None:
    files: list[Row] = [{"file_id": 10, "layout": "ss12000 attendances"}, {"file_id": 20}]
    for first, second in ((older, newer), (newer, older)):
        rows = [absent("08:00", **first(lesson_id="a")), absent(start, "ma", 50, **second())]
        found = Day(scratch, rows, files=files, values=[{"method": "count_all"}])
        assert found.sums[0] == (50 if second is newer else 60)


def test_pupils_and_days_are_apart(scratch: Lake) -> None:
    found = Day(scratch, [absent("08:00", "SV"), lesson("08:00", "SVA", pupil_key=BO)])
    assert found.sums == (120, 120, 60)


def test_at_two_schools_one_lesson_is_attended(scratch: Lake) -> None:
    found = Day(scratch, [absent("08:00"), lesson("08:00", school_unit_code=SOUTH)])
    assert found.sums == (60, 60, 0)
    assert scratch.rows("SELECT school_unit_code, beside_school_unit_code FROM uncounted_now") == [
        (NORTH, SOUTH)
    ]


def test_a_lesson_may_go_on_after_midnight(scratch: Lake) -> None:
    found = Day(scratch, [absent("23:30", "SV", 600), lesson("23:59", "SVA", 600)])
    assert found.sums == (600, 600, 0)


def test_count_all_counts_all_by_the_date_of_the_lesson(scratch: Lake) -> None:
    rows = [absent("08:00", "SV"), lesson("08:00", "SVA")]
    all_from: list[Row] = [{}, {"valid_from_date": day("10-05"), "method": "count_all"}]
    all_later: list[Row] = [{}, {"valid_from_date": day("10-06"), "method": "count_all"}]
    all_until: list[Row] = [{"method": "count_all"}, {"valid_from_date": day("10-05")}]
    assert Day(scratch, rows, values=all_from).sums == (120, 120, 60)
    assert Day(scratch, rows, values=all_later).sums == (60, 60, 0)
    assert Day(scratch, rows, values=all_until).sums == (60, 60, 0)


@pytest.mark.parametrize(("cover", "scheduled"), [(10000, 120), (7500, 60)])
def test_the_least_cover_is_a_value(scratch: Lake, cover: int, scheduled: int) -> None:
    rows = [absent("08:15", "SV"), lesson("08:00", "SVA")]
    assert Day(scratch, rows, values=[{"least_cover_bp": cover}]).sums[0] == scheduled


def test_a_lesson_told_five_minutes_later_is_one_lesson_and_the_later_export_counts(
    scratch: Lake,
) -> None:
    found = Day(scratch, [absent("08:00", **older()), lesson("08:05", **newer())])
    assert found.sums == (60, 60, 0)
    assert found.uncounted == [("08:00", "MA", "superseded", "08:05", "MA")]
    # Also when the later export knows less.
    assert Day(scratch, [lesson("08:00", **older()), unreported("08:05", **newer())]).sums == (
        60,
        0,
        0,
    )


@pytest.mark.parametrize(("start", "scheduled"), [("08:45", 30 + 60 - 30), ("08:46", 90)])
def test_the_shorter_one_must_be_covered_by_half(scratch: Lake, start: str, scheduled: int) -> None:
    rows = [absent("08:00", **older()), absent(start, "ma", 30, **newer())]
    found = Day(scratch, rows, values=[{"method": "count_all"}])
    assert found.sums[0] == (30 if scheduled == 60 else 90)


def test_three_in_a_chain_a_superseded_row_still_supersedes(scratch: Lake) -> None:
    rows = [
        absent("08:00", **older()),
        absent("08:30", **older(exported_at=moment("11-01 05:00"), file_id=11)),
        lesson("09:00", **newer()),
    ]
    found = Day(scratch, rows, values=[{"method": "count_all"}])
    assert found.sums == (60, 60, 0)
    assert [row[2:4] for row in found.uncounted] == [
        ("superseded", "08:30"),
        ("superseded", "09:00"),
    ]


def test_what_one_file_held_side_by_side_is_two_lessons(scratch: Lake) -> None:
    rows = [lesson("08:00", **older()), absent("08:20", **newer())]
    joint: list[Row] = [{}]
    all_count: list[Row] = [{"method": "count_all"}]
    assert Day(scratch, rows, joint=joint, values=all_count).sums == (120, 120, 60)
    assert Day(scratch, rows, values=all_count).sums == (60, 60, 60)
    of_others: list[Row] = [{"pupil_key": BO}, {"subject": "sv"}, {"school_unit_code": SOUTH}]
    assert Day(scratch, rows, joint=of_others, values=all_count).sums == (60, 60, 60)
    by_id: list[Row] = [{"first_starts_at": at("07:00"), "first_lesson_id": "a"}]
    named = [lesson("08:00", **older(lesson_id="a")), absent("08:20", **newer())]
    assert Day(scratch, named, joint=by_id, values=all_count).sums == (120, 120, 60)


@pytest.mark.parametrize("first", ["start", "id", "neither"])
@pytest.mark.parametrize("second", ["start", "id", "neither"])
@pytest.mark.parametrize("is_turned", [False, True], ids=["first is older", "first is newer"])
def test_what_one_file_held_together_is_known_by_start_or_id_of_both(
    scratch: Lake, first: str, second: str, *, is_turned: bool
) -> None:
    times = ("08:00", "08:20")
    said = [
        {
            "start": {f"{which}_starts_at": at(time)},
            "id": {f"{which}_starts_at": at("07:00"), f"{which}_lesson_id": which},
            "neither": {f"{which}_starts_at": at("07:00"), f"{which}_lesson_id": "other"},
        }[how]
        for which, time, how in zip(("first", "second"), times, (first, second), strict=True)
    ]
    files = (newer, older) if is_turned else (older, newer)
    rows = [
        absent(time, **file(lesson_id=which))
        for which, time, file in zip(("first", "second"), times, files, strict=True)
    ]
    found = Day(scratch, rows, joint=[said[0] | said[1]], values=[{"method": "count_all"}])
    assert found.sums[0] == (60 if "neither" in (first, second) else 120)


@pytest.mark.parametrize("which", ["first", "second"])
@pytest.mark.parametrize("is_turned", [False, True], ids=["first is older", "first is newer"])
def test_rows_without_an_id_are_known_as_held_together_by_both_starts_only(
    scratch: Lake, which: str, *, is_turned: bool
) -> None:
    files = (newer, older) if is_turned else (older, newer)
    times = ("08:00", "08:20")
    rows = [absent(time, **file()) for time, file in zip(times, files, strict=True)]
    beside = {f"{which}_starts_at": at("07:00"), f"{which}_lesson_id": "a"}
    values: list[Row] = [{"method": "count_all"}]
    assert Day(scratch, rows, joint=[{}], values=values).sums[0] == 120
    assert Day(scratch, rows, joint=[beside], values=values).sums[0] == 60


def test_another_subject_or_school_is_never_retimed(scratch: Lake) -> None:
    all_count: list[Row] = [{"method": "count_all"}]
    other_subject = [absent("08:00", **older()), lesson("08:05", "SV", **newer())]
    assert Day(scratch, other_subject, values=all_count).sums[0] == 120
    other_school = [
        absent("08:00", **older()),
        lesson("08:05", **newer(school_unit_code=SOUTH)),
    ]
    assert Day(scratch, other_school, values=all_count).sums[0] == 120


@pytest.mark.parametrize(("old_id", "new_id"), [("a", "b"), (None, "b"), ("a", None)])
def test_at_one_start_and_subject_other_ids_are_one_lesson(
    scratch: Lake, old_id: str | None, new_id: str | None
) -> None:
    rows = [
        lesson("08:00", "MA", **older(lesson_id=old_id)),
        absent("08:00", "ma", **newer(lesson_id=new_id)),
    ]
    assert Day(scratch, rows, values=[{"method": "count_all"}]).sums == (60, 60, 60)


def test_without_a_subject_two_ids_are_two_lessons(scratch: Lake) -> None:
    rows = [
        absent("08:00", "", **older(lesson_id="a")),
        absent("08:00", "", **newer(lesson_id="b")),
    ]
    assert Day(scratch, rows, values=[{"method": "count_all"}]).sums == (120, 120, 120)
    rows = [absent("08:00", "", **older()), lesson("08:00", "", **newer(lesson_id="b"))]
    assert Day(scratch, rows, values=[{"method": "count_all"}]).sums == (60, 60, 0)


def test_events_of_ss12000_are_one_export(scratch: Lake) -> None:
    files: list[Row] = [
        {"file_id": 10, "layout": "ss12000 attendances"},
        {"file_id": 20, "layout": "ss12000 attendances"},
    ]
    rows = [absent("08:00", **older(lesson_id="a")), lesson("08:05", **newer(lesson_id="b"))]
    found = Day(scratch, rows, files=files)
    # The one that was attended, not the newer.
    assert found.sums == (60, 60, 0)
    assert [row[2] for row in found.uncounted] == ["set_aside"]
    rows = [lesson("08:00", **older(lesson_id="a")), absent("08:00", **newer(lesson_id="b"))]
    assert Day(scratch, rows, files=files).sums == (60, 60, 0)


def test_a_later_cancellation_under_another_id_stands(scratch: Lake) -> None:
    held, cancelled = older(lesson_id="a"), newer(lesson_id="b", is_cancelled=True)
    assert Day(scratch, [absent("08:00", **held), lesson("08:00", **cancelled)]).sums == (0, 0, 0)
    # Within one export the lesson that was held counts.
    beside = older(lesson_id="b", is_cancelled=True)
    assert Day(scratch, [absent("08:00", **held), lesson("08:00", **beside)]).sums == (60, 60, 60)
    earlier = [
        absent("08:00", **newer()),
        lesson("08:00", **older(lesson_id="b", is_cancelled=True)),
    ]
    assert Day(scratch, earlier).sums == (60, 60, 60)


def test_contradicted_rows_stay_as_unreported_until_somebody_says_something_sound(
    scratch: Lake,
) -> None:
    said = [{"starts_at": at("08:00"), "scheduled_minutes": 80, **newer()}]
    found = Day(scratch, [lesson("10:00", "SV")], contradicted=said)
    assert found.sums == (140, 60, 0)
    for word in (older(), newer(file_id=30, exported_at=moment("11-03 04:00"))):
        found = Day(scratch, [absent("08:00", "ma", **word)], contradicted=said)
        assert found.sums == (60, 60, 60)
    cancelled = [lesson("08:00", **older(is_cancelled=True))]
    assert Day(scratch, cancelled, contradicted=said).sums == (0, 0, 0)


def test_a_contradicted_lesson_is_settled_by_a_word_about_its_id_on_another_day(
    scratch: Lake,
) -> None:
    said = [{"starts_at": at("08:00"), "lesson_id": "a", **newer()}]
    elsewhere = dict(lesson("08:00", lesson_id="a")) | {"starts_at": moment("10-07 10:00")}
    assert Day(scratch, [elsewhere], contradicted=said).sums == (0, 0, 0)
    assert Day(scratch, [elsewhere | {"pupil_key": BO}], contradicted=said).sums == (60, 0, 0)


@pytest.mark.parametrize(
    ("file", "is_settled"),
    [
        (older(), False),
        (newer(), False),
        (newer(file_id=21), True),
        (older(exported_at=moment("11-03 04:00")), True),
    ],
    ids=["older", "its own file", "a later file of that moment", "newer"],
)
def test_what_lacks_a_contradicted_lesson_settles_it_when_it_is_newer(
    scratch: Lake, file: dict[str, Any], *, is_settled: bool
) -> None:
    said = [{"starts_at": at("08:00"), "lesson_id": "a", **newer()}]
    sums = (0, 0, 0) if is_settled else (60, 0, 0)
    whole: dict[str, Any] = {"school_unit_code": NORTH, "lesson_date": day(DAY), **file}
    assert Day(scratch, [], contradicted=said, snapshots=[whole]).sums == sums
    others: list[dict[str, Any]] = [{"school_unit_code": SOUTH}, {"lesson_date": day("10-06")}]
    for other in others:
        assert Day(scratch, [], contradicted=said, snapshots=[whole | other]).sums == (60, 0, 0)
    # The same id on another day, and once more two rows that contradict each other.
    moved = {"starts_at": moment("10-07 10:00"), "lesson_id": "a", **file}
    assert Day(scratch, [], contradicted=[*said, moved]).sums == sums
    for of_other in ({"lesson_id": "b"}, {"pupil_key": BO}):
        assert Day(scratch, [], contradicted=[*said, moved | of_other]).sums == (60, 0, 0)


def test_a_contradicted_lesson_that_was_removed_counts_nowhere(scratch: Lake) -> None:
    said = [{"starts_at": at("08:00"), "lesson_id": "a", **newer()}]
    removed: dict[str, Any] = {"pupil_key": ANNA, "lesson_id": "a", **newer()}
    assert Day(scratch, [], contradicted=said, removed=[removed]).sums == (0, 0, 0)
    others: list[dict[str, Any]] = [older(), {"lesson_id": "b"}, {"pupil_key": BO}]
    for other in others:
        assert Day(scratch, [], contradicted=said, removed=[removed | other]).sums == (60, 0, 0)


def test_nothing_but_a_sound_word_settles_a_lesson_that_is_not_contradicted(scratch: Lake) -> None:
    """Newer files that lack it name it; what was removed is gone from the rows themselves."""
    said = [lesson("08:00", lesson_id="a", **older()), absent("08:00", "SV", lesson_id="c")]
    beside: Row = {"lesson_id": "a", **newer()}
    found = Day(
        scratch,
        [*said, dict(lesson("08:00", lesson_id="a")) | {"starts_at": moment("10-07 10:00")}],
        contradicted=[{"starts_at": moment("10-08 10:00"), **beside}],
        snapshots=[{"school_unit_code": NORTH, "lesson_date": day(DAY), **newer()}],
        removed=[{"pupil_key": ANNA, **beside}],
    )
    assert found.sums == (60, 60, 0)


def test_a_contradicted_lesson_is_set_aside_by_presence(scratch: Lake) -> None:
    said = [{"starts_at": at("08:00"), **newer()}]
    assert Day(scratch, [lesson("08:00", "SVA")], contradicted=said).sums == (60, 60, 0)
    assert Day(scratch, [absent("08:00", "SVA")], contradicted=said).sums == (120, 60, 60)


LEFT = {"school_unit_code": NORTH, "start_date": day("08-17"), "end_date": day("10-04")}
MOVED = {"school_unit_code": SOUTH, "start_date": day("10-05"), "end_date": None}


@pytest.mark.parametrize(
    ("roster", "counts"),
    [
        ([LEFT, MOVED], False),
        ([LEFT | {"end_date": day("10-05")}, MOVED], True),
        ([LEFT], True),
        ([LEFT, MOVED | {"start_date": day("10-06")}], True),
        ([LEFT, MOVED | {"start_date": None}], False),
        ([LEFT, MOVED | {"end_date": day("10-05")}], False),
        ([LEFT, MOVED | {"end_date": day("10-04"), "start_date": day("09-01")}], True),
        ([LEFT, MOVED, LEFT | {"start_date": day("10-01"), "end_date": None}], True),
        ([LEFT, MOVED | {"pupil_key": BO}], True),
        ([MOVED], True),
    ],
    ids=[
        "ended the day before",
        "the last day is one of them",
        "nobody else has the pupil",
        "not yet at the other school",
        "at the other since always",
        "the other's last day",
        "the other ended too",
        "came back",
        "another pupil's",
        "never on this roster",
    ],
)
def test_a_lesson_after_leaving_counts_nowhere(
    scratch: Lake, roster: list[Row], *, counts: bool
) -> None:
    found = Day(scratch, [absent("08:00"), absent("10:00", "SV")], roster=roster)
    assert found.sums == ((120, 120, 120) if counts else (0, 0, 0))
    if not counts:
        assert [row[2:] for row in found.uncounted] == [("after_leaving", None, None)] * 2


@pytest.mark.parametrize(
    ("roster", "counts"),
    [
        ([LEFT | {"start_date": day("10-06"), "end_date": None}, MOVED], True),
        ([LEFT, LEFT | {"start_date": None, "end_date": day("10-05")}, MOVED], True),
        ([LEFT | {"start_date": None}, MOVED], False),
        ([LEFT | {"start_date": day("10-06"), "end_date": day("10-05")}, MOVED], True),
    ],
    ids=["not yet there", "there since always", "there since always, and left", "without a day"],
)
def test_a_record_that_is_open_at_an_end_is_no_leaving(
    scratch: Lake, roster: list[Row], *, counts: bool
) -> None:
    parallel = [absent("08:00"), absent("08:00", "SV")]
    assert Day(scratch, parallel, roster=roster).sums == ((60, 60, 60) if counts else (0, 0, 0))


def test_the_steps_see_what_the_former_left(scratch: Lake) -> None:
    """A lesson after leaving sets nothing aside, and a superseded one neither."""
    rows = [lesson("08:00"), absent("08:00", "SV", school_unit_code=SOUTH)]
    assert Day(scratch, rows, roster=[LEFT, MOVED]).sums == (60, 60, 60)
    there = [absent("10:00", "SV", school_unit_code=SOUTH)]
    there.append(lesson("10:00", "SVA", school_unit_code=SOUTH))
    assert Day(scratch, [*rows[:1], *there], roster=[LEFT, MOVED]).sums == (60, 60, 0)
    told_twice = [lesson("08:00", **older()), absent("08:05", **newer()), absent("10:00", "SV")]
    assert Day(scratch, told_twice, roster=[LEFT, MOVED]).sums == (0, 0, 0)
    rows = [
        lesson("08:00", **older()),
        absent("08:05", **newer()),
        absent("08:00", "SV", **older()),
    ]
    assert Day(scratch, rows).sums == (60, 60, 60)
    assert ANNA != BO
