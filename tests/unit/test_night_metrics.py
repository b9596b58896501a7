"""A night's metrics are read by both parsers of the library that Prometheus keeps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as older

from assets.upkeep.reporting.metrics import metrics_of, write_metrics
from assets.upkeep.reporting.report import NightReport
from tests.integration.night_facts import (
    begun_night,
    broken_report,
    waiting_report,
    well_report,
)

REPORTS = [well_report(), waiting_report(), broken_report(), begun_night().killed()]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str, parse: object) -> Samples:
    assert callable(parse)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.result)
def test_it_is_openmetrics_and_the_form_that_the_textfile_collector_reads(
    report: NightReport,
) -> None:
    text = metrics_of(report).decode()
    assert text.endswith("# EOF\n")
    found = samples(text, openmetrics)
    assert found == samples(text, older)
    assert all(name.startswith("trappan_") for name, _ in found)
    # The collector refuses a file with time stamps of its own.
    families = list(openmetrics(text))  # type: ignore[no-untyped-call]
    assert {family.type for family in families} == {"gauge"}
    assert {sample.timestamp for family in families for sample in family.samples} == {None}


def test_the_metrics_say_what_the_report_says() -> None:
    found = samples(metrics_of(waiting_report()).decode(), openmetrics)
    results = {labels: value for (name, labels), value in found.items() if "result" in name}
    assert {dict(labels)["result"] for labels, value in results.items() if value} == {"waits"}
    assert found["trappan_files", (("outcome", "quarantined"),)] == 1
    assert found["trappan_rows", (("what", "refused"),)] == 2
    assert found["trappan_night_ended_seconds", ()] == waiting_report().ended_at.timestamp()  # type: ignore[union-attr]
    assert found["trappan_school_days_behind", (("school_unit_code", "99999902"),)] == 9
    assert found["trappan_school_list_waits", (("school_unit_code", "99999902"),)] == 1
    assert found["trappan_free_bytes", ()] == 10_000 * 2**20


def test_a_night_that_never_ended_has_no_time_of_its_end() -> None:
    found = samples(metrics_of(begun_night().killed()).decode(), openmetrics)
    assert ("trappan_night_ended_seconds", ()) not in found
    assert found["trappan_night_result", (("result", "killed"),)] == 1


@pytest.mark.parametrize(("is_in_home", "mode"), [(True, 0o600), (False, 0o644)])
def test_only_outside_the_home_others_may_read_it(
    tmp_path: Path, is_in_home: bool, mode: int
) -> None:
    place = tmp_path / "trappan.prom"
    before = os.umask(0o077)
    try:
        write_metrics(well_report(), place, is_in_home=is_in_home)
    finally:
        os.umask(before)
    assert place.stat().st_mode & 0o777 == mode
    assert [path.name for path in tmp_path.iterdir()] == ["trappan.prom"]
