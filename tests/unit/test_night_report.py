"""A night's report: what it says, in which order, and what becomes of two of one date."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.upkeep.reporting.report import (
    MOST_OTHER_RUNS,
    SCHEMA_VERSION,
    NightFailure,
    NightLooks,
    NightReport,
    NightResult,
    RunFacts,
    report_of,
)
from tests.integration.night_facts import (
    ALL_WELL,
    BEGUN,
    DAY,
    ENDED,
    FACTS,
    LOOKS,
    begun_night,
    broken_report,
    waiting_report,
    well_report,
)

REFUSED = NightFailure(kind="WrongDayError", words="It is older.")


def test_a_report_counts_what_the_night_said() -> None:
    report = waiting_report()
    assert report.files.by_outcome == {"accepted": 2, "quarantined": 1}
    assert (report.files.offered, report.files.rows_read, report.files.rows_refused) == (3, 12, 2)
    assert (report.lists.made, report.lists.waiting) == (1, 1)
    assert {one.stage: one.seconds for one in report.stages}["received_exports"] == 12.35
    assert report.seconds == 133.0


@pytest.mark.parametrize(
    ("runs", "looks", "failure", "result"),
    [
        ([], ALL_WELL, None, NightResult.WELL),
        ([FACTS], ALL_WELL, None, NightResult.WAITS),
        ([], LOOKS, None, NightResult.WAITS),
        ([RunFacts("j", {}, {"delivered_lists": {"is_whole": False}})], ALL_WELL, None, "waits"),
        ([RunFacts("j", {}, {"follow_up": {"warning": "away"}})], ALL_WELL, None, "waits"),
        ([RunFacts("j", {}, {"follow_up": {"rows_refused": 1}})], ALL_WELL, None, "waits"),
        ([FACTS], LOOKS, NightFailure(kind="StepError", words="x"), NightResult.BROKEN),
        ([FACTS], LOOKS, REFUSED, NightResult.REFUSED),
    ],
)
def test_a_night_ends_as_the_worst_that_it_met(
    runs: list[RunFacts], looks: NightLooks, failure: NightFailure | None, result: str
) -> None:
    assert report_of(begun_night(), ENDED, runs, looks, failure).result == result


def test_the_same_facts_are_the_same_bytes_in_any_order() -> None:
    outcomes = [(f"files_{name}", n) for n, name in enumerate(("held", "accepted", "duplicate"))]
    written = set()
    for order in permutations(outcomes):
        facts = replace(FACTS, counted={"files": dict(order)})
        written.add(report_of(begun_night(), ENDED, [facts], LOOKS).as_json())
    assert len(written) == 1


def test_a_report_says_its_form_and_is_read_back_as_it_was() -> None:
    report = waiting_report()
    assert json.loads(report.as_json())["schema_version"] == SCHEMA_VERSION
    assert NightReport.model_validate_json(report.as_json()) == report


def test_files_of_a_night_with_missed_weeks_are_counted_once() -> None:
    again = RunFacts("nightly_job", {"flags": 1.0}, {"files": {"dagster/row_count": 3}})
    weekly = RunFacts("weekly_job", {"flags": 2.0}, {"weekly_watchlists": {"lists_published": 3}})
    report = report_of(begun_night(), ENDED, [FACTS, weekly, again], ALL_WELL)
    assert report.files.offered == 3
    assert report.lists.weeks_made_up == 1
    assert {one.stage: one.seconds for one in report.stages}["flags"] == 3.0


def test_the_later_run_of_a_date_takes_its_place_and_remembers_the_earlier() -> None:
    first, second = broken_report(number=1), well_report(number=2)
    kept = second.after(first.after(None))
    assert (kept.run, kept.result) == (second.run, NightResult.WELL)
    assert [(one.run, one.result) for one in kept.other_runs] == [(first.run, NightResult.BROKEN)]
    assert kept.other_runs[0].failure == first.failure


def test_the_same_run_written_again_is_no_other_run() -> None:
    first = broken_report(number=1)
    second = well_report(number=2).after(first)
    assert second.after(second).other_runs == second.other_runs


def test_a_run_that_was_refused_takes_no_others_place() -> None:
    made = well_report(number=1)
    later = begun_night(number=2, begun_at=BEGUN + timedelta(hours=5))
    refused = report_of(later, ENDED, [], NightLooks(), REFUSED)
    kept = refused.after(made)
    assert kept.run == made.run
    assert [one.result for one in kept.other_runs] == [NightResult.REFUSED]
    assert well_report(number=3).after(refused).result == NightResult.WELL


@given(st.lists(st.sampled_from(["well", "broken", "refused"]), min_size=1, max_size=130))
def test_no_run_of_a_date_goes_out_of_its_report_silently(kinds: list[str]) -> None:
    kept: NightReport | None = None
    made: list[str] = []
    for number, kind in enumerate(kinds):
        report = report_of(begun_night(number=number), ENDED, [], NightLooks(), REFUSED)
        if kind != "refused":
            report = (well_report if kind == "well" else broken_report)(number=number)
        kept = report.after(kept)
        made.append(report.run)
    assert kept is not None
    known = [*(other.run for other in kept.other_runs), kept.run]
    assert len(known) + kept.other_runs_left_out == len(made)
    assert set(known) <= set(made)
    assert len(kept.other_runs) <= MOST_OTHER_RUNS
    # Whoever made something last is the one that is told in full.
    last = [n for n, kind in enumerate(kinds) if kind != "refused"]
    assert kept.run == made[last[-1] if last else -1]


def test_a_killed_night_says_that_it_never_ended() -> None:
    killed = begun_night().killed()
    assert (killed.result, killed.ended_at, killed.as_of) == (NightResult.KILLED, None, DAY)
    assert killed.failure is not None
    assert "never ended" in killed.failure.words
