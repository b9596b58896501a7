"""Pulling from a school system over real HTTP: what is asked, what is written, what comes next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.pull.pull import Fetched, pull_sources
from assets.pull.sources import Source
from tests.integration.school_server import School, serving

NIGHT = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)


def obj(number: int, modified: str = "2026-10-20T10:00:00+02:00", **fields: Any) -> dict[str, Any]:
    return {"id": f"id-{number}", "meta": {"created": modified, "modified": modified}} | fields


def source_of(school: School, *endpoints: str, **settings: Any) -> Source:
    """Return a source with waits short enough for a test."""
    quick = {"backoff_seconds": 0, "read_timeout_seconds": 5, "retry_after_most_seconds": 0}
    return Source.model_validate(
        {"name": "skola", "base_url": school.url, "endpoints": endpoints} | quick | settings
    )


def pulled(source: Source, home: Path, when: datetime = NIGHT) -> list[Fetched]:
    return pull_sources([source], pulled=home, secrets=home, now=when.timestamp)


def files_of(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "skola").iterdir() if path.name[0] != ".")


def objects_in(path: Path) -> list[dict[str, Any]]:
    content = json.loads(path.read_bytes())
    assert content["pageToken"] is None
    found: list[dict[str, Any]] = content["data"]
    return found


def test_pages_become_one_whole_file_that_only_its_owner_reads(
    school: School, tmp_path: Path
) -> None:
    school.data["groups"] = [obj(n, displayName=f"{n}Å") for n in range(5)]
    (result,) = pulled(source_of(school, "groups"), tmp_path)
    assert (result.fault, result.objects, result.pages) == ("", 5, 3)
    assert files_of(tmp_path) == ["skola_groups_all_20261115T030000.json"]
    (path,) = result.files
    assert objects_in(path) == school.data["groups"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_page_token_stands_alone_but_for_the_limit(school: School, tmp_path: Path) -> None:
    school.data["groups"] = [obj(n) for n in range(3)]
    source = source_of(school, "groups", limit=1)
    pulled(source, tmp_path)
    pulled(source, tmp_path, NEXT_NIGHT)
    first, *later = school.parameters("groups")[:3]
    assert first == {"limit": "1"}
    assert [set(parameters) for parameters in later] == [{"limit", "pageToken"}] * 2


def test_the_next_pull_asks_for_what_changed_since_an_hour_before_this_one(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1), obj(2)]
    source = source_of(school, "persons")
    pulled(source, tmp_path)
    school.data["persons"] += [obj(3, "2026-11-15T02:30:00+01:00")]
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert school.parameters("persons")[-1] == {"meta.modified.after": "2026-11-15T02:00:00+01:00"}
    assert [one["id"] for one in objects_in(result.files[0])] == ["id-3"]
    assert files_of(tmp_path)[-1] == "skola_persons_changes_20261116T030000.json"


def test_when_nothing_changed_no_file_is_written_and_the_cursor_moves(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1)]
    source = source_of(school, "persons", overlap_minutes=0)
    pulled(source, tmp_path)
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert (result.files, result.fault) == ((), "")
    assert len(files_of(tmp_path)) == 1
    pulled(source, tmp_path, datetime(2026, 11, 17, 2, tzinfo=UTC))
    assert school.parameters("persons")[-1] == {"meta.modified.after": "2026-11-16T03:00:00+01:00"}


def test_what_came_twice_for_the_overlap_is_not_written_twice(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1, "2026-11-15T02:30:00+01:00")]
    source = source_of(school, "persons")
    pulled(source, tmp_path)
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert (result.objects, result.files) == (0, ())


def test_events_are_asked_for_month_by_month_in_local_time(school: School, tmp_path: Path) -> None:
    school.data["calendarEvents"] = [
        obj(1, startTime="2026-09-30T23:59:00+02:00"),
        obj(2, startTime="2026-10-01T00:00:00+02:00"),
        obj(3, startTime="2026-10-31T23:59:59+01:00"),
        obj(4, startTime="2026-11-30T08:00:00+01:00", comment="Kim är sjuk"),
    ]
    source = source_of(school, "calendarEvents", months_back=1)
    (result,) = pulled(source, tmp_path)
    assert school.parameters("calendarEvents") == [
        {
            "startTime.onOrAfter": "2026-10-01T00:00:00+02:00",
            "startTime.onOrBefore": "2026-10-31T23:59:59+01:00",
        },
        {
            "startTime.onOrAfter": "2026-11-01T00:00:00+01:00",
            "startTime.onOrBefore": "2026-11-30T23:59:59+01:00",
        },
    ]
    assert [[one["id"] for one in objects_in(path)] for path in result.files] == [
        ["id-2", "id-3"],
        ["id-4"],
    ]
    assert "sjuk" not in result.files[1].read_text(encoding="utf-8")


def test_a_lesson_that_was_planned_long_ago_comes_when_its_month_does(
    school: School, tmp_path: Path
) -> None:
    school.data["calendarEvents"] = [
        obj(1, "2026-08-10T08:00:00+02:00", startTime="2026-12-07T08:00:00+01:00")
    ]
    source = source_of(school, "calendarEvents", months_back=0)
    assert pulled(source, tmp_path)[0].objects == 0
    december = datetime(2026, 12, 1, 2, tzinfo=UTC)
    assert pulled(source, tmp_path, december)[0].objects == 1
    assert "meta.modified.after" not in school.parameters("calendarEvents")[-1]
    # November is still asked for what changed in it.
    assert "meta.modified.after" in school.parameters("calendarEvents")[-2]


def test_the_first_pull_of_attendances_goes_by_month_of_change_without_a_gap(
    school: School, tmp_path: Path
) -> None:
    stamps = ["2026-09-30T23:59:59", "2026-10-01T00:00:00", "2026-10-01T00:00:01"]
    school.data["attendances"] = [
        obj(n, f"{stamp}+02:00", absenceReason="Sjuk") for n, stamp in enumerate(stamps)
    ]
    source = source_of(school, "attendances", months_back=2)
    (result,) = pulled(source, tmp_path)
    assert [path.name.split("_")[2] for path in result.files] == ["2026-09", "2026-10"]
    ids = [[one["id"] for one in objects_in(path)] for path in result.files]
    assert ids == [["id-0", "id-1"], ["id-2"]]
    assert all("Sjuk" not in path.read_text(encoding="utf-8") for path in result.files)
    asked = school.parameters("attendances")
    before = [parameters.get("meta.modified.before") for parameters in asked]
    after = [parameters["meta.modified.after"] for parameters in asked]
    assert before[:-1] == after[1:]
    assert before[-1] is None


def test_whole_months_of_aggregates_are_asked_for_and_the_last_ones_again(
    school: School, tmp_path: Path
) -> None:
    months = {"2026-08": 31, "2026-09": 30, "2026-10": 31}
    school.data["aggregatedAttendance"] = [
        {
            "startDate": f"{month}-01",
            "endDate": f"{month}-{days}",
            "offeredSum": 4800,
            "reportedSum": 4800.5,
        }
        for month, days in months.items()
    ]
    source = source_of(school, "aggregatedAttendance", months_back=3, months_again=1, paging=False)
    (result,) = pulled(source, tmp_path)
    assert [path.name.split("_")[2] for path in result.files] == list(months)
    assert objects_in(result.files[0]) == school.data["aggregatedAttendance"][:1]
    assert school.parameters("aggregatedAttendance")[0] == {
        "startDate": "2026-08-01",
        "endDate": "2026-08-31",
    }
    school.data["aggregatedAttendance"][2]["reportedSum"] = 4700
    (result,) = pulled(source, tmp_path, NEXT_NIGHT)
    assert [path.name.split("_")[2] for path in result.files] == ["2026-10"]
    # The month is no news any more.
    assert pulled(source, tmp_path, NEXT_NIGHT)[0].files == ()


def test_a_server_without_a_filter_for_changes_is_asked_for_everything(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1)]
    source = source_of(school, "persons", "attendances", modified_filter=False)
    pulled(source, tmp_path)
    pulled(source, tmp_path, NEXT_NIGHT)
    assert {tuple(parameters) for _, parameters in school.asked} == {()}


def test_another_server_of_the_same_name_is_asked_from_the_beginning(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1)]
    pulled(source_of(school, "persons"), tmp_path)
    with serving(School(data=school.data)) as other:
        pulled(source_of(other, "persons"), tmp_path, NEXT_NIGHT)
        assert other.parameters("persons") == [{}]


def test_two_pulls_of_one_second_do_not_write_over_each_other(
    school: School, tmp_path: Path
) -> None:
    school.data["persons"] = [obj(1)]
    source = source_of(school, "persons")
    pulled(source, tmp_path)
    school.data["persons"] = [obj(2, "2026-11-15T02:59:59+01:00")]
    (tmp_path / "skola" / ".state.json").unlink()
    pulled(source, tmp_path)
    assert files_of(tmp_path) == [
        "skola_persons_all_20261115T030000.json",
        "skola_persons_all_20261115T030001.json",
    ]


def test_what_nobody_needs_of_a_person_is_not_written(school: School, tmp_path: Path) -> None:
    private: dict[str, Any] = {
        "responsibles": [{"relationType": "Vårdnadshavare"}],
        "addresses": [{"streetAddress": "Storgatan 1"}],
        "phoneNumbers": [{"value": "070-1"}],
        "photo": "https://example.org/bild",
    }
    kept: dict[str, Any] = {
        "givenName": "Åsa",
        "securityMarking": "Ingen",
        "emails": [{"value": "a@example.org"}],
    }
    school.data["persons"] = [obj(1, **private, **kept)]
    (result,) = pulled(source_of(school, "persons"), tmp_path)
    (person,) = objects_in(result.files[0])
    assert set(person) == {"id", "meta", *kept}
