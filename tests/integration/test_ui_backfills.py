"""Backfills from Dagster's pages: none that nobody looked at, and none beside what writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.jobs import WRITES
from pipelines.queueing import PLAN_TAG
from tests.integration.test_own_pages import Pages, showing

MONTHS = "2026-09..2026-10"
_SECONDS_TO_END = 900.0
_RUNS = "{ runsOrError { ... on Runs { results { jobName status tags { key value } runId } } } }"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with showing(tmp_path_factory.mktemp("backfills") / "home", "--writing") as shown:
        yield shown


def asked(pages: Pages, query: str) -> Any:
    answer = pages.ask(query).json()
    assert "errors" not in answer, answer
    return answer["data"]


def backfill(pages: Pages, *tags: tuple[str, str]) -> str:
    """Start a backfill of two months, as the button of the pages does."""
    named = ", ".join(f"{{key: {json.dumps(key)}, value: {json.dumps(v)}}}" for key, v in tags)
    assets = '[{path: ["absence_daily"]}, {path: ["absence_monthly"]}]'
    data = asked(
        pages,
        f"mutation {{ launchPartitionBackfill(backfillParams: {{assetSelection: {assets}, "
        f'partitionNames: ["2026-09-01", "2026-10-01"], tags: [{named}]}}) '
        "{ __typename ... on LaunchBackfillSuccess { backfillId } "
        "... on PythonError { message } } }",
    )["launchPartitionBackfill"]
    assert data["__typename"] == "LaunchBackfillSuccess", data
    return str(data["backfillId"])


def run_of(pages: Pages, identity: str) -> tuple[str, dict[str, str], str]:
    """Wait until the one run of a backfill has ended: how, with which tags, and its id."""
    deadline = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < deadline:
        for run in asked(pages, _RUNS)["runsOrError"]["results"]:
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            is_over = run["status"] in {"SUCCESS", "FAILURE", "CANCELED"}
            if tags.get("dagster/backfill") == identity and is_over:
                return run["status"], tags, run["runId"]
        time.sleep(1)
    raise AssertionError("the run of the backfill did not end")


def test_a_backfill_that_nobody_looked_at_says_how_to_look_and_changes_nothing(
    pages: Pages,
) -> None:
    status, _, run = run_of(pages, backfill(pages))
    assert status == "CANCELED"
    logs = asked(
        pages,
        f'{{ logsForRun(runId: "{run}") {{ ... on EventConnection {{ events {{ '
        "... on MessageEvent { message eventType } } } } }",
    )["logsForRun"]["events"]
    assert {event["eventType"] for event in logs} & {"RUN_START", "STEP_START"} == set()
    said = " ".join(event["message"] for event in logs)
    assert "`trappan backfill --plan --from 2026-09 --to 2026-10`" in said
    assert f"{PLAN_TAG}={MONTHS}" in said


def test_a_backfill_with_the_months_of_its_plan_is_made_in_the_queue_of_what_writes(
    pages: Pages,
) -> None:
    status, tags, _ = run_of(pages, backfill(pages, (PLAN_TAG, MONTHS)))
    assert status == "SUCCESS"
    assert tags.items() >= WRITES.items()


def test_a_single_asset_that_is_started_by_hand_waits_for_what_writes_too(pages: Pages) -> None:
    selector = (
        '{repositoryLocationName: "pipelines.definitions", repositoryName: "__repository__", '
        'pipelineName: "__ASSET_JOB", assetSelection: [{path: ["flags"]}]}'
    )
    launched = asked(
        pages,
        f"mutation {{ launchRun(executionParams: {{selector: {selector}, runConfigData: {{}}}}) "
        "{ __typename ... on LaunchRunSuccess { run { runId tags { key value } } } "
        "... on PythonError { message } } }",
    )["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    (key, value) = next(iter(WRITES.items()))
    assert {"key": key, "value": value} in launched["run"]["tags"]
