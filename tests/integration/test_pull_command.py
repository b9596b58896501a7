"""`trappan pull` and `doctor` with a server: what is said, how it ends, what the night does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.pull.access import PullAccess
from assets.pull.assets import pulled_files
from pipelines.definitions import build_defs
from pipelines.resources import lake_access
from pipelines.schedules import pull_schedule
from pipelines.settings import Settings
from tests.architecture.test_code_location import AUTUMN, SPRING, ticks
from tests.integration.conftest import trappan
from tests.integration.school_server import School, serving, status
from tests.integration.test_pull import NIGHT, obj

NAME = "Åsa Öberg-Kanarie"


@pytest.fixture
def school() -> Iterator[School]:
    data = {"groups": [obj(n) for n in range(3)], "persons": [obj(9, displayName=NAME)]}
    with serving(School(data=data)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, school: School) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    source = {
        "name": "skola",
        "base_url": school.url,
        "endpoints": ["groups", "persons"],
        "backoff_seconds": 0,
        "auth": {"kind": "token", "secret": {"file": "jeton"}},
    }
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}))
    (folder / "jeton").write_text("hemligt-ord-77\n")
    for name in ("sources.yaml", "jeton"):
        (folder / name).chmod(0o600)
    return folder


def test_a_pull_prints_what_came_from_each_endpoint(school: School, home: Path) -> None:
    said = trappan("pull", "--home", home)
    assert said.status == 0, said.err
    rows = [line.split("│")[1:-1] for line in said.out.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["skola", "groups", "fetched", "3", "2", "1"],
        ["skola", "persons", "fetched", "1", "1", "1"],
    ]
    assert f"2 new files in {home / 'pulled'}" in said.err
    assert "nothing new" in trappan("pull", "--home", home, "--source", "skola").out


def test_a_pull_with_a_fault_is_status_1_and_keeps_the_rest(school: School, home: Path) -> None:
    school.fail("persons", status(403))
    said = trappan("pull", "--home", home)
    assert said.status == 1
    assert "failed" in said.out
    assert "1 of 2 endpoints did not come whole" in said.err
    assert "skola, persons: the server answered 403" in said.err
    assert "Traceback" not in said.err
    assert len(list((home / "pulled" / "skola").glob("skola_*.json"))) == 1


def test_a_pull_without_sources_or_with_an_unknown_one_is_status_1(
    school: School, home: Path, tmp_path: Path
) -> None:
    said = trappan("pull", "--home", home, "--source", "annan")
    assert (said.status, said.out) == (1, "")
    assert "there is no source 'annan'. Expected one of: skola." in said.err
    said = trappan("pull", "--home", tmp_path / "new")
    assert said.status == 1
    assert "sources.yaml is not there" in said.err
    assert school.asked == []


def test_neither_secret_nor_pupil_is_anywhere_but_in_the_pulled_files(
    school: School, home: Path
) -> None:
    school.tokens = {"annan"}
    said = trappan("pull", "--home", home)
    school.tokens = None
    said_again = trappan("pull", "--home", home)
    assert (said.status, said_again.status) == (1, 0)
    for text in (said.out, said.err, said_again.out, said_again.err):
        assert "hemligt-ord-77" not in text
        assert "Kanarie" not in text
    for path in home.rglob("*"):
        if path.is_file() and path.name != "jeton":
            assert b"hemligt-ord-77" not in path.read_bytes(), path
            assert (b"Kanarie" in path.read_bytes()) == ("_persons_" in path.name), path


def test_doctor_says_what_is_asked_and_what_is_wrong_with_a_secret(
    school: School, home: Path
) -> None:
    host = school.url.split("/")[2]
    assert (
        f"well   sources: skola ({host}: groups, persons)" in trappan("doctor", "--home", home).out
    )
    (home / "jeton").chmod(0o644)
    found = trappan("doctor", "--home", home).out
    assert f"WRONG  sources: source 'skola': the file {home / 'jeton'} has mode 0644" in found
    (home / "sources.yaml").unlink()
    assert "well   sources: none" in trappan("doctor", "--home", home).out


def test_the_night_takes_what_was_pulled_besides_the_inbox(home: Path) -> None:
    settings = Settings(home=home)
    assert lake_access(settings).offered == (home / "inbox",)
    (home / "inbox").mkdir()
    (home / "pulled").mkdir()
    assert lake_access(settings).offered == (home / "inbox", home / "pulled")
    assert lake_access(settings, (home / "a.csv",)).offered == (home / "a.csv",)
    both = lake_access(settings, (home / "inbox",), with_pulled=True)
    assert both.offered == (home / "inbox", home / "pulled")


def test_a_home_whose_files_are_all_fetched_needs_no_inbox(home: Path) -> None:
    assert trappan("nightly", "--home", home).status == 1
    trappan("pull", "--home", home)
    assert lake_access(Settings(home=home)).offered == (home / "pulled",)
    found = trappan("doctor", "--home", home).out
    assert f"well   inbox: {home / 'inbox'} is not there; files come from" in found
    said = trappan("nightly", "--home", home, "--as-of", "2026-11-15")
    assert said.status == 0, said.err
    assert "2 files offered" in said.err


def test_the_night_asks_no_server() -> None:
    night = build_defs().resolve_job_def("nightly_job").asset_layer.selected_asset_keys
    assert dg.AssetKey("files") in night
    assert dg.AssetKey("pulled_files") not in night


@pytest.mark.parametrize("change", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_there_is_one_pull_a_local_day_also_when_the_clock_is_changed(change: date) -> None:
    asked = ticks(pull_schedule, change - timedelta(days=3), days=7)
    assert [tick.date() for tick in asked] == [change + timedelta(days=n) for n in range(-3, 4)]
    assert {(tick.hour, tick.minute) for tick in asked} == {(3, 0)}


def test_dagster_keeps_counts_of_a_pull_and_fails_it_when_a_part_did_not_come(
    school: School, home: Path
) -> None:
    access = PullAccess(home / "sources.yaml", home / "pulled", NIGHT.timestamp)
    result = dg.materialize([pulled_files], resources={"pull": access})
    (event,) = result.asset_materializations_for_node("pulled_files")
    counts = {key: value.value for key, value in event.metadata.items()}
    assert counts["skola_groups_objects"] == 3
    assert counts["skola_persons_files"] == 1
    assert "Kanarie" not in json.dumps([str(one) for one in result.all_events])
    school.fail("groups", status(404))
    failed = dg.materialize([pulled_files], resources={"pull": access}, raise_on_error=False)
    assert not failed.success
