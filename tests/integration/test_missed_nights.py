"""Which day's lists may be made, and which weeks are made up: the lake's record decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.watchlists.release.released import (
    WrongDayError,
    missed_weeks,
    newest_night,
    note_release,
    refuse_early_freeze,
    refuse_wrong_night,
)
from assets.watchlists.release.releases import Release
from assets.watchlists.release.week_states import iso_week
from pipelines.resources import lake_access
from pipelines.schedules import MOST_MISSED, _nights_since, nightly_schedule, weekly_schedule
from pipelines.sensors import _MOST_ATTEMPTS, lost_nights_sensor, missed_weeks_sensor
from pipelines.settings import Settings

SUNDAY = date(2026, 11, 15)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)


def release(period: str, held: int = 0) -> Release:
    return Release(period, (), (), ("99999901",) * held, (), (), 0, 0, 0)


def night(lake: Lake, as_of: date) -> None:
    note_release(lake, release("current"), as_of)


def week(lake: Lake, sunday: date, held: int = 0) -> None:
    note_release(lake, release(iso_week(sunday), held), sunday)


@pytest.fixture
def noted(new_lake: Lake) -> Lake:
    """A lake with a night and the list of the week before."""
    week(new_lake, SUNDAY - WEEK)
    night(new_lake, SUNDAY)
    return new_lake


def test_the_same_night_and_later_ones_may_be_made(noted: Lake) -> None:
    for as_of in (SUNDAY, SUNDAY + DAY, SUNDAY + 30 * DAY):
        refuse_wrong_night(noted, as_of, SUNDAY + 30 * DAY)


def test_an_older_or_a_future_day_may_not(noted: Lake) -> None:
    with pytest.raises(WrongDayError, match=r"lists are of 2026-11-15, and 2026-11-14 is older"):
        refuse_wrong_night(noted, SUNDAY - DAY, SUNDAY + DAY)
    with pytest.raises(WrongDayError, match=r"2026-11-18 is still to come: today is 2026-11-17"):
        refuse_wrong_night(noted, SUNDAY + 3 * DAY, SUNDAY + 2 * DAY)


def test_a_night_that_was_forced_back_is_the_newest_from_then_on(noted: Lake) -> None:
    night(noted, SUNDAY - 3 * DAY)
    assert newest_night(noted) == SUNDAY - 3 * DAY
    refuse_wrong_night(noted, SUNDAY - 2 * DAY, SUNDAY)


def test_a_week_waits_for_the_night_of_its_sunday(noted: Lake) -> None:
    refuse_early_freeze(noted, SUNDAY)
    refuse_early_freeze(noted, SUNDAY - 5 * WEEK)
    with pytest.raises(WrongDayError, match=r"2026-W47 wait: no night of its Sunday, 2026-11-22"):
        refuse_early_freeze(noted, SUNDAY + WEEK)


def test_a_week_is_missed_from_the_night_after_its_monday(noted: Lake) -> None:
    assert missed_weeks(noted, SUNDAY) == []
    assert missed_weeks(noted, SUNDAY + DAY) == [SUNDAY]


def test_a_home_that_never_froze_a_week_misses_none(new_lake: Lake) -> None:
    night(new_lake, SUNDAY)
    assert missed_weeks(new_lake, SUNDAY + 3 * WEEK) == []


def test_missed_weeks_come_in_order_and_only_those_that_are_missing(noted: Lake) -> None:
    week(noted, SUNDAY + WEEK)
    found = missed_weeks(noted, SUNDAY + 3 * WEEK + DAY)
    assert found == [SUNDAY, SUNDAY + 2 * WEEK, SUNDAY + 3 * WEEK]


def test_a_week_whose_list_waited_is_tried_again_when_files_have_come(noted: Lake) -> None:
    week(noted, SUNDAY, held=1)
    assert missed_weeks(noted, SUNDAY + DAY) == []
    assert missed_weeks(noted, SUNDAY + DAY, files_may_come=True) == [SUNDAY]
    assert missed_weeks(noted, SUNDAY + 4 * WEEK, files_may_come=True)[0] == SUNDAY + WEEK


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(1, 7)), st.integers(1, 55))
def test_after_making_up_in_order_nothing_is_missing(
    scratch: Lake, frozen: set[int], days_since: int
) -> None:
    scratch.connection.execute(
        "CREATE OR REPLACE TEMP TABLE releases AS SELECT * FROM lake.releases LIMIT 0"
    )
    for n in {0} | frozen:
        week(scratch, SUNDAY + n * WEEK)
    as_of = SUNDAY + days_since * DAY
    missing = missed_weeks(scratch, as_of)
    assert missing == sorted(missing)
    assert all(sunday < as_of and sunday.isoweekday() == 7 for sunday in missing)
    made = {SUNDAY + n * WEEK for n in {0} | frozen} | set(missing)
    assert {SUNDAY + n * WEEK for n in range(8) if SUNDAY + n * WEEK < as_of} <= made
    for sunday in missing:
        week(scratch, sunday)
    assert missed_weeks(scratch, as_of) == []


def access_at(lake: Lake, now: datetime) -> LakeAccess:
    return replace(lake_access(Settings(home=lake.settings.home)), now=now.timestamp)


def tick(schedule: dg.ScheduleDefinition, lake: Lake, at: datetime) -> object:
    with dg.instance_for_test() as instance:
        return schedule(
            dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=at,
                resources={"lake": access_at(lake, at)},
            )
        )


MONDAY_6 = datetime(2026, 11, 16, 5, tzinfo=UTC)


def test_the_schedule_waits_for_the_night_of_sunday_and_says_so(noted: Lake) -> None:
    asked = tick(weekly_schedule, noted, MONDAY_6)
    assert isinstance(asked, dg.RunRequest)
    waiting = tick(weekly_schedule, noted, MONDAY_6 + WEEK)
    assert isinstance(waiting, dg.SkipReason)
    assert "no night of its Sunday, 2026-11-22, has succeeded" in str(waiting.skip_message)


def test_after_three_missed_nights_each_is_asked_for_in_order_and_none_older(
    noted: Lake,
) -> None:
    late = [MONDAY_6 - timedelta(hours=2) + n * DAY for n in range(1, 4)]
    # Dagster asks at the newest of the times that were missed, and at no other.
    assert days(tick(nightly_schedule, noted, late[-1])) == [
        "2026-11-16", "2026-11-17", "2026-11-18"
    ]  # fmt: skip
    night(noted, SUNDAY + 3 * DAY)
    assert [days(tick(nightly_schedule, noted, at)) for at in late] == [[], [], ["2026-11-18"]]


def days(asked: object) -> list[str]:
    """Return the days of the nights that are asked for; none when the schedule skips."""
    if isinstance(asked, dg.SkipReason):
        return []
    assert isinstance(asked, list)
    assert [request.run_key for request in asked] == [
        f"nightly_job-{request.tags['trappan/as_of']}" for request in asked
    ]
    return [request.tags["trappan/as_of"] for request in asked]


@settings(deadline=None, max_examples=40)
@given(st.one_of(st.none(), st.integers(-3, 400)))
def test_of_any_outage_the_latest_nights_are_asked_for_up_to_the_newest(
    missed: int | None,
) -> None:
    newest = None if missed is None else SUNDAY - missed * DAY
    found = _nights_since(newest, SUNDAY)
    assert found[-1] == SUNDAY
    assert found == [found[0] + n * DAY for n in range(len(found))]
    assert len(found) == min(max(missed or 1, 1), MOST_MISSED)
    assert newest is None or missed is None or missed <= 0 or min(found) > newest


def sensed(lake: Lake, now: datetime, cursor: str | None = None) -> object:
    context = dg.build_sensor_context(cursor=cursor, resources={"lake": access_at(lake, now)})
    return missed_weeks_sensor(context)


def test_the_sensor_asks_for_a_missed_week_when_its_night_came_late(noted: Lake) -> None:
    before = sensed(noted, MONDAY_6)
    assert isinstance(before, dg.SensorResult)
    assert before.run_requests == []
    after = sensed(noted, MONDAY_6 + timedelta(hours=1), before.cursor)
    assert isinstance(after, dg.SensorResult)
    assert [r.tags["trappan/as_of"] for r in after.run_requests or ()] == ["2026-11-15"]
    again = sensed(noted, MONDAY_6 + timedelta(hours=2), after.cursor)
    assert isinstance(again, dg.SkipReason)


FAILED = dg.DagsterRunStatus.FAILURE
#: Of the night of SUNDAY, oldest first: how each attempt ended, and its tags.
ATTEMPTS: dict[str, tuple[list[tuple[dg.DagsterRunStatus, dict[str, str]]], bool]] = {
    "it was never asked for": ([], False),
    "it was made": ([(dg.DagsterRunStatus.SUCCESS, {})], False),
    "it waits": ([(dg.DagsterRunStatus.NOT_STARTED, {})], False),
    "it is under way": ([(dg.DagsterRunStatus.STARTED, {})], False),
    "a person ended it": ([(dg.DagsterRunStatus.CANCELED, {})], False),
    "it could not be started": ([(FAILED, {"dagster/will_retry": "false"})], True),
    "it failed in a step": (
        [(FAILED, {"dagster/will_retry": "false", "dagster/failure_reason": "STEP_FAILURE"})],
        False,
    ),
    "it was killed, and will be tried again": ([(FAILED, {"dagster/will_retry": "true"})], False),
    "it was killed, and is tried again": (
        [(FAILED, {"dagster/will_retry": "true"}), (dg.DagsterRunStatus.NOT_STARTED, {})],
        False,
    ),
    "what was tried again could not be started": (
        [(FAILED, {"dagster/will_retry": "true"}), (FAILED, {"dagster/will_retry": "false"})],
        True,
    ),
    "it was made after that": ([(FAILED, {}), (dg.DagsterRunStatus.SUCCESS, {})], False),
    "a command made it after that": (
        [(FAILED, {}), (dg.DagsterRunStatus.SUCCESS, {"trappan/alive": "0" * 32})],
        False,
    ),
    "a command was killed": ([(FAILED, {"trappan/alive": "0" * 32})], False),
    "it was tried often enough": ([(FAILED, {})] * _MOST_ATTEMPTS, False),
    "it was tried once less": ([(FAILED, {})] * (_MOST_ATTEMPTS - 1), True),
}


@pytest.mark.parametrize("case", ATTEMPTS)
def test_a_night_that_was_lost_is_asked_for_again(tmp_path: Path, case: str) -> None:
    attempts, is_lost = ATTEMPTS[case]
    access = replace(
        lake_access(Settings(home=tmp_path / "home"), ()), day_before_run=lambda: SUNDAY
    )
    with dg.DagsterInstance.ephemeral() as instance:
        # The night before was lost too, and is of no use any more.
        for as_of, ended in ((SUNDAY - DAY, [(FAILED, {})]), (SUNDAY, attempts)):
            for status, tags in ended:
                tags_of_run = {"trappan/as_of": as_of.isoformat(), **tags}
                instance.run_storage.add_run(
                    dg.DagsterRun("nightly_job", str(uuid4()), status=status, tags=tags_of_run)
                )
        newest = instance.get_runs(limit=1)[0].run_id
        asked = lost_nights_sensor(
            dg.build_sensor_context(instance=instance, resources={"lake": access})
        )
    if is_lost:
        assert isinstance(asked, dg.RunRequest)
        assert asked.tags["trappan/as_of"] == SUNDAY.isoformat()
        # So that one that is lost again is asked for again, and none twice.
        assert newest in (asked.run_key or "")
    else:
        assert isinstance(asked, dg.SkipReason)
        assert asked.skip_message


def test_a_run_by_tag_is_refused_too(tmp_path: Path) -> None:
    """As from Dagster's pages: the asset itself looks at the day."""
    access = lake_access(Settings(home=tmp_path / "home"), ())
    with Lake.open(access.settings) as lake:
        night(lake, SUNDAY)
    from pipelines.definitions import build_defs

    job = build_defs(overrides={"lake": access}).resolve_job_def("nightly_job")
    result = job.execute_in_process(
        tags={"trappan/as_of": "2026-11-14"}, raise_on_error=False,
        asset_selection=[dg.AssetKey("current_watchlists")],
    )  # fmt: skip
    access.close()
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "2026-11-14 is older" in str(failure.step_failure_data.error)
