"""The registry of places is held against what a round leaves: something old is planted in each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from assets.delivery.delivery_log import FILE_NAME as DELIVERY
from assets.delivery.delivery_log import DeliveryEvent, DeliveryLog
from assets.delivery.shares import ReaderKey
from assets.exports.pupils.tombstones import Tombstone, Tombstones
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.key_file import CHANGES, read_keys, write_changes
from assets.lake.lasting_rows import kept_rows
from assets.upkeep.retention.retain import retain
from rules.personal_data import PLACES, places_of
from tests.conftest import settings_of
from tests.integration.aged_home import age, clearing, copied, decided, lived

HASH, OLD_DAY = "ab" * 32, date(2020, 1, 1)
#: Files that are planted, by place; each is of long ago.
PLANTED = {
    "inbox": "inbox/gammal.csv",
    "archive": f"archive/ab/{HASH}.zst.age",
    "arrival times": f"archive/ab/{HASH}.receipts",
    "removed originals": f"archive/ac/{HASH}.removed",
    "rewritten originals": f"archive/ac/{HASH}.erased",
    "quarantine": f"quarantine/{HASH}.reason.txt",
    "lost lakes": "lake.lost-1/catalog.sqlite",
    "unfinished rebuild": "lake.rebuild/pupil.key",
    "unfinished restore": "restore.unfinished/access.log",
    "contracts": "contracts/flags.json",
    "dumps": "portal/portal.pgdump",
    "portal reading": "portal/read-1/fil.xlsx",
    "portal files": "portal/static/stil.css",
    "tombstones": "erasures/tombstones.json",
    "erasure receipts": "erasures/20200101-0123abcd.json",
    "retention receipts": "retention/20200101-0123abcd.json",
    "night reports": "reports/2020-01-01.json",
    "runs": "dagster/history.db",
    "people in settings": "roles.yaml",
    "retention decision": "retention.yaml",
    "sources": "sources.yaml",
    "own rules and layouts": "layouts/egen.yaml",
    "locks": "deliver.lock",
}
#: Beside the planted receipt of an erasure and report of a night: the newest of each stays.
NEWEST = ("erasures/20291001-0123abcd.json", "reports/2029-10-07.json")
#: A list of a week that was published again, and is kept.
REPLACED = "lists/.replaced/2026-W41/99999901/20261012T050000/manifest.json"
OLD_LINE = {"at": "2020-01-01T00:00:00+00:00"}
NEW_LINE = {"at": "2029-10-01T00:00:00+00:00"}


def rows_of(path: Path, statement: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute(statement).fetchone()[0])


def in_lake(home: Path, statement: str) -> int:
    with Lake.open(settings_of(home)) as lake:
        return int(lake.rows(statement)[0][0])


def lines_of(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("2020-01-01")


def lasting_rows(home: Path) -> int:
    rows = kept_rows(home, Sealer.of_home(home), "listed_pupils")
    assert rows is not None
    return rows.filter(rows["as_of_date"] < date(2027, 7, 1)).height


def week_files(name: str) -> Callable[[Path], int]:
    return lambda home: len(list((home / "lists" / ".versions" / "2026-W41").rglob(name)))


#: What is old in places that are no single files: how much of it a home has.
COUNTED: dict[str, Callable[[Path], int]] = {
    "pulled": lambda home: len(list(home.glob("pulled/skola/*.json"))),
    "lasting rows": lasting_rows,
    "lake": lambda home: in_lake(
        home, "SELECT count(*) FROM lessons WHERE lesson_date < '2027-07-01'"
    ),
    "catalog": lambda home: rows_of(
        home / "lake" / "catalog.sqlite",
        "SELECT count(*) FROM ducklake_snapshot WHERE snapshot_id < "
        "(SELECT max(snapshot_id) FROM ducklake_snapshot)",
    ),
    "lists": week_files("*.html"),
    "list memory": week_files("list.sealed"),
    "manifests": week_files("manifest.json"),
    "deliveries": lambda home: rows_of(
        home / DELIVERY, "SELECT count(*) FROM events WHERE at < '2021'"
    ),
    "portal database": lambda home: rows_of(
        home / "portal" / "portal.sqlite", "SELECT count(*) FROM portal_event"
    ),
    "access log": lambda home: lines_of(home / "access.log"),
    "grants": lambda home: lines_of(home / "grants.jsonl"),
    "home's key": lambda home: int((home / "pupil.key").exists()),
    "key changes": lambda home: int((home / CHANGES).exists()),
}
#: Gone with the process that made them, when the lake is opened next; and an erasure that was
#: stopped goes before a round (`test_nothing_goes_before_a_stopped_erasure_has_ended`).
ELSEWHERE = {"spool", "spill", "unfinished erasures"}
GOING = {place.name for place in PLACES if place.retention.startswith("`trappan retain`")}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three years with something old in every place."""
    home = lived(tmp_path_factory.mktemp("planted"))
    sealer = Sealer.of_home(home)
    stone = Tombstone("20200101-0123abcd", frozenset({"a"}), was_protected=False)
    Tombstones.of_home(home, sealer).with_stone(stone).keep(home, sealer)
    for path in (*PLANTED.values(), *NEWEST, REPLACED):
        place = home / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_bytes(b"{}")
        age(place, OLD_DAY)
    age(home / "lake.lost-1", OLD_DAY)
    write_changes(home, read_keys(home), [])
    age(home / CHANGES, OLD_DAY)
    for name in ("access.log", "grants.jsonl"):
        lines = [json.dumps(one) for one in (OLD_LINE, NEW_LINE, {"no": "time"})]
        (home / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with DeliveryLog.opened(home, sealer) as log:
        log.note(DeliveryEvent("put", ReaderKey("99999901", ""), "done"))
    with closing(sqlite3.connect(home / DELIVERY)) as database, database:
        database.execute("UPDATE events SET at = '2020-01-01T00:00:00+00:00'")
    return home


@pytest.fixture(scope="module")
def left(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home after a round, years later."""
    home = copied(planted, tmp_path_factory.mktemp("left"))
    with Lake.open(settings_of(home)) as lake:
        assert retain(clearing(lake), decided()) is not None
    return home


def test_something_is_planted_in_every_place_of_the_home() -> None:
    places = {place.name for place in PLACES if place.pattern}
    assert {*PLANTED, *COUNTED, *ELSEWHERE} == places
    for name, path in PLANTED.items():
        assert [place.name for place in places_of(path)] == [name]


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_an_old_file_goes_where_the_registry_says_so_and_stays_elsewhere(
    planted: Path, left: Path, name: str
) -> None:
    assert (planted / PLANTED[name]).exists()
    # What is kept beside an original goes with it.
    goes = name in GOING or name == "arrival times"
    assert (left / PLANTED[name]).exists() is not goes


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_what_is_old_in_a_place_goes_where_the_registry_says_so(
    planted: Path, left: Path, name: str
) -> None:
    assert COUNTED[name](planted) > 0
    assert (COUNTED[name](left) == 0) is (name in GOING)


@pytest.mark.parametrize("path", sorted(NEWEST))
def test_the_newest_receipt_and_report_stay(left: Path, path: str) -> None:
    assert (left / path).exists()


def test_a_list_that_was_replaced_goes_with_its_week(planted: Path, left: Path) -> None:
    assert (planted / REPLACED).exists()
    assert not [*left.glob("lists/.replaced/2026-W41*")]
    assert not [*left.glob("lists/2026-W41*")]
    # The week of the newest night, and what stands, are as they were.
    assert [*left.glob("lists/2029-W40/*/manifest.json")]
    assert [*left.glob("lists/current/*/manifest.json")]


@pytest.mark.parametrize("name", ["access.log", "grants.jsonl"])
def test_lines_that_are_young_or_without_a_time_stay(left: Path, name: str) -> None:
    lines = [json.loads(line) for line in (left / name).read_text().splitlines()]
    assert lines == [NEW_LINE, {"no": "time"}]
    assert (left / name).stat().st_mode & 0o777 == 0o600
