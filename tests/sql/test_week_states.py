"""How pupils stand against the list before (`sql/watchlists/week_states.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from assets.lake.connection import Lake
from tests.sql.given import ANNA, AS_OF, NORTH, SOUTH, Row, day, given

VERSION = "0123456789ab"
W44: Row = {"period": "2026-W44", "as_of_date": day("11-01")}
OTHER_PLACE: Row = {"school_unit_code": SOUTH, "class_name": "9C", "grade": 9}


def states(
    lake: Lake,
    *,
    level: int | None,
    listed: Sequence[Row] = (),
    earlier: int | None = None,
    belonging: Row | None = None,
    verdicts: Sequence[Row] = (),
    is_protected: bool = False,
    hits: Sequence[Row] = (),
    baselines: Sequence[Row] = ({}, {"school_unit_code": SOUTH}),
    by_tonights_values: int | None = None,
    version: str = VERSION,
    was_protected: bool = False,
) -> dict[str, Mapping[str, Any]]:
    """Return what is said of Anna, by school unit.

    Args:
        lake: for temporary tables.
        level: her level at as_of; None when she isn't evaluated.
        listed: her rows on earlier lists.
        earlier: today's level at the day of the list before; None when she wasn't evaluated.
        belonging: where she belongs, where it isn't the usual; a row with no key: nowhere.
        verdicts: more verdicts of hers than the hit.
        is_protected: whether she is protected now.
        hits: verdicts behind the earlier lists.
        baselines: the lists that are compared with.
        by_tonights_values: as `earlier`, by tonight's values; the same when None.
        version: of the values that today's files give for the days before.
        was_protected: whether she was protected when the lists before were made.
    """
    given(lake, "baseline_lists", *baselines)
    given(lake, "listed_pupils", *listed)
    places = {
        (row.get("school_unit_code", NORTH), row.get("period", "2026-W45"))
        for row in (*baselines, *listed)
    }
    given(lake, "publications", *({"school_unit_code": c, "period": p} for c, p in places))
    lake.materialise("watchlists/previous_rows", as_of=AS_OF, first_date=day("09-20"))
    given(
        lake,
        "earlier_days",
        *({"as_of_date": day(d), "rule_set_version": version} for d in ("11-08", "11-01")),
    )
    given(lake, "protected_then", *([{"pupil_key": ANNA}] if was_protected else []))
    given(lake, "listed_verdicts", *hits)
    tonight = earlier if by_tonights_values is None else by_tonights_values
    levels: Row = {"level": earlier, "level_by_tonights_values": tonight}
    given(lake, "earlier_levels", *([] if earlier is None else [levels]))
    place = {} if belonging is None else dict(belonging)
    given(lake, "belonging", *([] if place.pop("nowhere", False) else [place]))
    given(lake, "protected_pupils", *([{}] if is_protected else []))
    hit: Row = {"verdict": "hit" if level else "clear", "level": level, "rule_level": level}
    given(lake, "verdicts", *([] if level is None else [hit]), *verdicts)
    rows = lake.relation(
        "watchlists/week_states", as_of=AS_OF, school_year_start=day("07-01")
    ).rows(named=True)
    assert {row["pupil_key"] for row in rows} <= {str(ANNA)}
    return {row["school_unit_code"]: row for row in rows}


def said(row: Mapping[str, Any]) -> tuple[str, str | None]:
    return row["state"], row["reason"]


@pytest.mark.parametrize(
    ("before", "now", "earlier", "expected"),
    [
        (1, 2, 1, ("escalated", None)),
        (1, 2, 2, ("escalated", "late_data")),
        (1, 3, 2, ("escalated", None)),
        (2, 2, 2, ("continuing", None)),
        (2, 2, 0, ("continuing", None)),
        (3, 1, 3, ("lowered", "improved")),
        (3, 1, 2, ("lowered", "improved")),
        (3, 1, 1, ("lowered", "corrected")),
        (3, 1, None, ("lowered", "corrected")),
    ],
)
def test_a_pupil_on_both_lists(
    scratch: Lake, before: int, now: int, earlier: int | None, expected: tuple[str, str | None]
) -> None:
    found = states(scratch, level=now, earlier=earlier, listed=[{"level": before}])[NORTH]
    assert said(found) == expected
    assert found["previous_level"] == before


def test_a_pupil_on_no_list_before_is_new(scratch: Lake) -> None:
    found = states(scratch, level=2, earlier=1)[NORTH]
    assert said(found) == ("new", None)
    assert (found["weeks_on_list"], found["first_week_date"], found["highest_level"]) == (
        1,
        AS_OF,
        2,
    )


def test_a_new_pupil_whom_late_data_would_have_listed_before_is_reported_so(scratch: Lake) -> None:
    assert said(states(scratch, level=2, earlier=2)[NORTH]) == ("new", "late_data")


def test_a_first_list_of_a_school_has_only_new_pupils(scratch: Lake) -> None:
    assert said(states(scratch, level=2, baselines=[])[NORTH]) == ("new", None)


def test_a_pupil_who_comes_back_is_new_with_the_clock_of_the_school_year(scratch: Lake) -> None:
    long_ago: Row = {"period": "2026-W40", "as_of_date": day("10-04"), "level": 3}
    gone: Row = {"level": 0, "state": "cleared", "reason": "improved"}
    found = states(scratch, level=1, listed=[long_ago, gone])[NORTH]
    assert said(found) == ("new", None)
    assert found["previous_level"] is None
    assert (found["weeks_on_list"], found["first_week_date"], found["highest_level"]) == (
        2,
        day("10-04"),
        3,
    )


def test_a_transfer_goes_on_although_the_new_school_s_list_waited_a_week(scratch: Lake) -> None:
    listed: list[Row] = [
        {**W44, "level": 2},
        {"level": 0, "state": "cleared", "reason": "left"},
    ]
    baselines: list[Row] = [{}, {**W44, "school_unit_code": SOUTH}]
    found = states(scratch, level=2, listed=listed, baselines=baselines, belonging=OTHER_PLACE)
    assert said(found[SOUTH]) == ("continuing", None)
    assert set(found) == {SOUTH}


def test_a_school_whose_lists_ended_does_not_speak_against_a_newer_word(scratch: Lake) -> None:
    listed: list[Row] = [
        {**W44, "level": 3},
        {"school_unit_code": SOUTH, "level": 0, "state": "cleared", "reason": "improved"},
    ]
    baselines: list[Row] = [W44, {"school_unit_code": SOUTH}]
    found = states(scratch, level=1, listed=listed, baselines=baselines, belonging=OTHER_PLACE)
    assert said(found[SOUTH]) == ("new", None)
    assert found[SOUTH]["highest_level"] == 3


def test_protection_that_was_lifted_is_not_late_data(scratch: Lake) -> None:
    found = states(scratch, level=2, earlier=2, was_protected=True)
    assert said(found[NORTH]) == ("new", None)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((2, 0, 2, 0), ("cleared", "other_values")),
        ((2, 0, 2, 2), ("cleared", "improved")),
        ((2, 1, 2, 1), ("lowered", "other_values")),
        ((2, 1, 2, 2), ("lowered", "improved")),
        ((0, 1, 0, 1), ("new", "other_values")),
        ((1, 2, 1, 2), ("escalated", "other_values")),
        ((1, 2, 1, 1), ("escalated", None)),
    ],
)
def test_other_values_are_neither_less_absence_nor_corrected_data(
    scratch: Lake, levels: tuple[int, int, int, int], expected: tuple[str, str | None]
) -> None:
    """`levels`: on the list before, now, and then by that day's and by tonight's values."""
    before, now, earlier, tonight = levels
    listed: list[Row] = [{"level": before}] if before else []
    found = states(scratch, level=now, earlier=earlier, by_tonights_values=tonight, listed=listed)
    assert said(found[NORTH]) == expected


@pytest.mark.parametrize(("now", "state"), [(0, "cleared"), (1, "lowered")])
def test_values_that_were_edited_afterwards_are_not_called_corrected_data(
    scratch: Lake, now: int, state: str
) -> None:
    found = states(scratch, level=now, earlier=now, listed=[{"level": 2}], version="ba9876543210")
    assert said(found[NORTH]) == (state, "other_values")


def test_weeks_of_another_school_year_do_not_count(scratch: Lake) -> None:
    june: Row = {"period": "2026-W22", "as_of_date": day("2026-05-31"), "level": 3}
    found = states(scratch, level=1, listed=[june, {"level": 1}])[NORTH]
    assert (found["weeks_on_list"], found["highest_level"]) == (2, 1)


def test_two_schools_lists_of_one_week_are_one_week(scratch: Lake) -> None:
    twice: list[Row] = [{"level": 1}, {"level": 1, "school_unit_code": SOUTH}]
    assert states(scratch, level=1, listed=twice)[NORTH]["weeks_on_list"] == 2


@pytest.mark.parametrize(
    ("earlier", "expected"), [(2, "improved"), (1, "improved"), (0, "corrected")]
)
def test_a_pupil_who_reaches_no_step_is_cleared(scratch: Lake, earlier: int, expected: str) -> None:
    found = states(scratch, level=0, earlier=earlier, listed=[{"level": 2}])[NORTH]
    assert said(found) == ("cleared", expected)
    assert (found["level"], found["previous_level"], found["weeks_on_list"]) == (0, 2, 1)


def test_who_was_cleared_before_is_not_cleared_again(scratch: Lake) -> None:
    gone: Row = {"level": 0, "state": "cleared", "reason": "improved"}
    assert states(scratch, level=0, earlier=0, listed=[gone]) == {}


def test_too_little_data_is_said_before_anything_good(scratch: Lake) -> None:
    unsure: Row = {"verdict": "insufficient", "reason": "unreported", "basis": "calendar"}
    found = states(scratch, level=0, earlier=0, listed=[{"level": 2}], verdicts=[unsure])
    assert said(found[NORTH]) == ("cleared", "insufficient")


def test_too_little_data_for_a_higher_level_is_why_a_level_is_lower(scratch: Lake) -> None:
    unsure: Row = {
        "verdict": "insufficient",
        "reason": "unreported",
        "rule": "ulf_one_month",
        "rule_level": 2,
        "level": 1,
    }
    found = states(scratch, level=1, earlier=2, listed=[{"level": 2}], verdicts=[unsure])
    assert said(found[NORTH]) == ("lowered", "insufficient")


ONLY_SUMS: Row = {"verdict": "insufficient", "reason": "only_monthly_sums", "level": 0}


def test_a_school_of_monthly_sums_clears_pupils_by_their_months(scratch: Lake) -> None:
    found = states(
        scratch,
        level=0,
        earlier=2,
        listed=[{"level": 2}],
        verdicts=[ONLY_SUMS],
        hits=[{"basis": "calendar"}],
    )
    assert said(found[NORTH]) == ("cleared", "improved")


def test_lessons_that_became_sums_are_too_little_data(scratch: Lake) -> None:
    found = states(
        scratch, level=0, earlier=2, listed=[{"level": 2}], verdicts=[ONLY_SUMS], hits=[{}]
    )
    assert said(found[NORTH]) == ("cleared", "insufficient")


SILENT: Row = {"verdict": "clear", "scheduled_minutes": 0, "basis": "calendar", "level": 0}


@pytest.mark.parametrize(
    ("hit_on", "reason"),
    [("calendar", "insufficient"), ("rolling", "improved")],
    ids=["where the list before had a hit", "where it had none: a holiday"],
)
def test_a_window_without_lessons_is_silence(scratch: Lake, hit_on: str, reason: str) -> None:
    found = states(
        scratch,
        level=0,
        earlier=2,
        listed=[{"level": 2}],
        verdicts=[SILENT],
        hits=[{"basis": hit_on}],
    )
    assert said(found[NORTH]) == ("cleared", reason)


def test_a_pupil_whose_roster_ended_has_left_with_the_class_that_is_known(scratch: Lake) -> None:
    found = states(
        scratch,
        level=None,
        earlier=0,
        listed=[{"level": 2, "class_name": "8A"}],
        belonging={"has_left": True, "class_name": "8B"},
    )[NORTH]
    assert said(found) == ("cleared", "left")
    assert found["class_name"] == "8B"


def test_a_pupil_who_changed_school_keeps_the_clock_and_leaves_the_old_list(
    scratch: Lake,
) -> None:
    found = states(
        scratch,
        level=2,
        earlier=2,
        listed=[{**W44, "level": 2}, {"level": 2, "class_name": "8A"}],
        belonging=OTHER_PLACE,
    )
    assert said(found[SOUTH]) == ("continuing", None)
    assert (found[SOUTH]["weeks_on_list"], found[SOUTH]["first_week_date"]) == (3, day("11-01"))
    assert said(found[NORTH]) == ("cleared", "left")
    # The old school is told what it knew, not where the pupil is now.
    assert (found[NORTH]["class_name"], found[NORTH]["grade"]) == ("8A", 8)


def test_of_two_lists_before_the_newer_one_is_compared_with(scratch: Lake) -> None:
    listed: list[Row] = [{**W44, "level": 3}, {"level": 1, "school_unit_code": SOUTH}]
    baselines: list[Row] = [W44, {"school_unit_code": SOUTH}]
    found = states(
        scratch, level=1, earlier=1, listed=listed, baselines=baselines, belonging=OTHER_PLACE
    )
    assert said(found[SOUTH]) == ("continuing", None)


def test_a_pupil_whom_no_data_knows_any_more_was_corrected_away(scratch: Lake) -> None:
    found = states(scratch, level=None, listed=[{"level": 2}], belonging={"nowhere": True})
    assert said(found[NORTH]) == ("cleared", "corrected")


@pytest.mark.parametrize("level", [0, 2])
def test_who_is_protected_now_is_in_no_state(scratch: Lake, level: int) -> None:
    found = states(scratch, level=level, earlier=2, listed=[{"level": 2}], is_protected=True)
    assert found == {}
