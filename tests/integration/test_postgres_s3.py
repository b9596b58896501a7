"""A lake with its catalog in Postgres and its data files on S3 is the lake it is in a home.

The home on servers gets the key file of the embedded one, so that pupils have the same keys. Its
first night is stopped by a power cut of the catalog's server: everything that is compared was made
by the night that came next.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import duckdb
import pytest
from pyrage import x25519

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileReport
from assets.lake.connection import Lake
from assets.lake.settings import LakeError, LakeSettings
from pipelines.settings import Settings
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SAMPLES, Said, SampleHome, trappan
from tests.integration.scale_out_servers import (
    BUCKET,
    NO_BUCKET,
    PASSWORD,
    S3,
    Postgres,
    free_port,
)
from tests.integration.test_privacy import PROTECTED, everything_below, forms, numbers

DATABASE = "lake"
TABLES = ("files", "lessons", "identity_sources", "absence_daily", "absence_monthly", "flags")
LESSONS = "lektionsfranvaro_99999901_2026-09_20261001T0500.csv"


@dataclass(frozen=True)
class OnServers:
    """A home whose lake is on servers."""

    home: Path
    postgres: Postgres
    s3: S3

    def environment(self, **changed: str) -> dict[str, str]:
        """What an operator sets, but for what a test changes."""
        return {
            "TRAPPAN_CATALOG": self.postgres.catalog(DATABASE),
            "TRAPPAN_DATA_PATH": f"s3://{BUCKET}/{DATABASE}/",
            "PGPASSWORD": PASSWORD,
            **self.s3.environment,
            **changed,
        }

    def run(self, *words: object, **changed: str) -> Said:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment(**changed).items():
                patch.setenv(name, value)
            return trappan("--home", self.home, *words)

    def settings(self) -> LakeSettings:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment().items():
                patch.setenv(name, value)
            return Settings(home=self.home, memory_limit="1GB", threads=2).lake

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGPASSWORD", PASSWORD)
            with Lake.open(self.settings()) as lake:
                return {
                    name: sorted(lake.rows(f"SELECT * FROM {name}"), key=repr) for name in TABLES
                }


@dataclass(frozen=True)
class Nights:
    """A home on servers after the night, what the stopped night said, and the same in a home."""

    on_servers: OnServers
    embedded: Path
    stopped: Said
    night: tuple[object, ...]


@pytest.fixture(scope="module")
def nights(
    postgres: Postgres,
    s3: S3,
    sample_home: SampleHome,
    tmp_path_factory: pytest.TempPathFactory,
) -> Nights:
    folder, embedded = tmp_path_factory.mktemp("nights"), sample_home.path
    night = ("nightly", "--inbox", SAMPLES / "inbox", "--as-of", AS_OF)
    postgres.database(DATABASE)
    on_servers = OnServers(folder / "on_servers", postgres, s3)
    on_servers.home.mkdir()
    shutil.copy2(embedded / "pupil.key", on_servers.home)

    # Inside the transaction that stores a file's rows with its ledger row.
    place = "assets.exports.ingest.write_reports"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, going_away(postgres, place))
        stopped = on_servers.run(*night)
    postgres.start()
    said = on_servers.run(*night)
    assert said.status == 0, said.err
    return Nights(on_servers, embedded, stopped, night)


def going_away(postgres: Postgres, place: str) -> Callable[..., object]:
    """Return what stands at a place, with a power cut of the server before it."""
    module, name = place.rsplit(".", 1)
    original = getattr(sys.modules[module], name)

    def stop_first(*words: object, **named: object) -> object:
        postgres.stop()
        return original(*words, **named)

    return stop_first


def test_a_server_that_goes_away_is_reported_and_nothing_is_lost(nights: Nights) -> None:
    said = nights.stopped
    assert (said.status, said.out) == (1, "")
    assert "The lake's Postgres server" in said.err
    assert "un again when it" in said.err
    assert "Traceback" not in said.err
    assert PASSWORD not in said.err


@pytest.mark.parametrize(
    "asked",
    [
        ("flags", "--as-of", AS_OF, "--all", "--identities"),
        ("rates", "--month", "2026-10"),
        ("rates", "--month", "2026-11"),
        ("files", "--rejected"),
        ("coverage", "--as-of", AS_OF),
    ],
    ids=" ".join,
)
def test_every_answer_is_that_of_the_embedded_lake(nights: Nights, asked: tuple[str, ...]) -> None:
    here = nights.on_servers.run(*asked, "--format", "csv")
    there = trappan("--home", nights.embedded, *asked, "--format", "csv")
    assert here.status == there.status == 0, here.err
    assert without_times(here.out) == without_times(there.out)
    assert here.out.count("\n") > 1


def without_times(text: str) -> list[list[str]]:
    """The moment at which a file was taken differs from home to home."""
    header, *rows = (line.split(",") for line in text.splitlines())
    kept = [index for index, name in enumerate(header) if name != "received_at"]
    return [[row[index] for index in kept] for row in (header, *rows) if len(row) == len(header)]


def test_lists_are_those_of_the_embedded_lake(nights: Nights) -> None:
    pages = sorted((nights.embedded / "lists").glob("current/*/*.html"))
    assert len(pages) == 4
    for page in pages:
        other = nights.on_servers.home / page.relative_to(nights.embedded)
        assert dated(other) == dated(page)


def dated(page: Path) -> list[str]:
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "Listan skapad" not in line]


def test_a_second_night_with_the_same_files_changes_nothing(nights: Nights) -> None:
    before = nights.on_servers.contents()
    said = nights.on_servers.run(*nights.night)
    assert said.status == 0, said.err
    assert "0 rows accepted" in said.err
    assert nights.on_servers.contents() == before


def test_no_pupil_stands_in_clear_on_a_server(nights: Nights) -> None:
    kept = nights.on_servers.s3.objects("")
    assert len(kept) > 20
    places = {**kept, "pg_dump": nights.on_servers.postgres.dump(DATABASE).encode()}
    known = (*PROTECTED, "Wikström", "Maja-Lena", "Tuva Hussein", *numbers())
    wanted = [form for word in known for form in forms(word)]
    wanted += [form for number in numbers() for form in forms(f"{number[:8]}-{number[8:]}")]
    assert [name for name, content in places.items() if any(w in content for w in wanted)] == []
    assert {name.rpartition(".")[2] for name in kept} == {"parquet"}
    # An encrypted Parquet file ends with another mark than one that everybody can read.
    assert {content[-4:] for content in kept.values()} == {b"PARE"}


def test_no_secret_of_a_server_stands_in_the_home(nights: Nights) -> None:
    secrets = (PASSWORD.encode(), nights.on_servers.s3.secret.encode())
    holding = [
        where
        for where, content in everything_below(nights.on_servers.home)
        if any(secret in content for secret in secrets)
    ]
    assert holding == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"PGPASSWORD": "fel-ord"}, "refused the login"),
        ({"TRAPPAN_CATALOG": "dbname=borta"}, 'database "borta" does not exist'),
        ({"TRAPPAN_CATALOG": "port=1"}, "Postgres server does not answer"),
        ({"TRAPPAN_CATALOG": "host=db.invalid"}, "No machine has the name"),
        ({"TRAPPAN_CATALOG": "dbnam=lake"}, "can't be read by the Postgres client"),
        ({"TRAPPAN_CATALOG": "password=lösen-ord-78"}, "refused the login"),
        (
            {"TRAPPAN_DATA_PATH": f"s3://{BUCKET}/annat/"},
            "is not where the lake of TRAPPAN_CATALOG",
        ),
        ({"AWS_SECRET_ACCESS_KEY": "fel-nyckel"}, "does not know our keys"),
        ({"AWS_ACCESS_KEY_ID": "AKIAFEL"}, "does not know our keys"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "there are no keys for it"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "S3 server does not answer"),
        ({"AWS_ENDPOINT_URL": "s3.exempel.se:9000"}, "is not the address of a server"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_server_is_reported_with_what_to_do(
    nights: Nights, changed: dict[str, str], told: str
) -> None:
    if "TRAPPAN_CATALOG" in changed:
        # The later word counts.
        changed = {
            "TRAPPAN_CATALOG": f"{nights.on_servers.postgres.catalog(DATABASE)} "
            + changed["TRAPPAN_CATALOG"]
        }
    said = nights.on_servers.run("rates", "--month", "2026-10", **changed)
    assert (said.status, said.out) == (1, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    for secret in (PASSWORD, "lösen-ord-78", nights.on_servers.s3.secret, "fel-nyckel"):
        assert secret not in said.err


def test_a_bucket_that_is_not_there_is_reported_before_anything_is_taken(
    postgres: Postgres, s3: S3, tmp_path: Path
) -> None:
    postgres.database("borta")
    on_servers = OnServers(tmp_path / "home", postgres, s3)
    words = {
        "TRAPPAN_CATALOG": postgres.catalog("borta"),
        "TRAPPAN_DATA_PATH": f"s3://{NO_BUCKET}/lake/",
    }
    for command in (("doctor",), ("ingest", SAMPLES / "inbox" / LESSONS)):
        said = on_servers.run(*command, **words)
        assert said.status == 1
        assert "no bucket of the name in TRAPPAN_DATA_PATH" in said.out + said.err
    assert postgres.sql("SELECT sum(record_count) FROM ducklake_table_stats", "borta") == "0\n"


def test_a_role_without_rights_is_reported_what_it_needs(
    postgres: Postgres, s3: S3, tmp_path: Path
) -> None:
    postgres.sql("CREATE DATABASE andras")
    on_servers = OnServers(tmp_path / "home", postgres, s3)
    changed = {"TRAPPAN_CATALOG": postgres.catalog("andras")}
    said = on_servers.run("rates", "--month", "2026-10", **changed)
    assert said.status == 1
    assert "must own the database, or may use and create in its schema public" in said.err
    postgres.sql("GRANT CREATE ON SCHEMA public TO trappan", "andras")
    assert on_servers.run("rates", "--month", "2026-10", **changed).status == 0


def test_the_doctor_sees_a_data_file_that_is_gone_or_cut(nights: Nights) -> None:
    well = nights.on_servers.run("doctor")
    assert "well   lake: 28 ledger rows" in well.out
    client, prefix = nights.on_servers.s3.client(), f"{DATABASE}/main/identities/"
    name, content = next(iter(nights.on_servers.s3.objects(prefix).items()))
    client.put_object(Bucket=BUCKET, Key=name, Body=content[:-1])
    cut = nights.on_servers.run("doctor")
    client.delete_object(Bucket=BUCKET, Key=name)
    gone = nights.on_servers.run("doctor")
    client.put_object(Bucket=BUCKET, Key=name, Body=content)
    for said in (cut, gone):
        assert "data files are missing or of another size, the first s3://" in said.out
    again = nights.on_servers.run("doctor")
    # How much room the disk has is others' doing.
    assert [line for line in again.out.splitlines() if "disk:" not in line] == [
        line for line in well.out.splitlines() if "disk:" not in line
    ]


def test_a_home_without_the_key_of_the_lake_is_refused(nights: Nights, tmp_path: Path) -> None:
    other = OnServers(tmp_path / "home", nights.on_servers.postgres, nights.on_servers.s3)
    for command in (("rates", "--month", "2026-10"), ("doctor",)):
        said = other.run(*command)
        assert said.status == 1
        assert "copy it from the home that made the lake" in said.out + said.err
        # Nor does looking make one.
        assert not (other.home / "pupil.key").exists()


def test_a_home_with_another_key_than_the_lakes_takes_nothing_in(
    nights: Nights, tmp_path: Path
) -> None:
    other = OnServers(tmp_path / "home", nights.on_servers.postgres, nights.on_servers.s3)
    other.home.mkdir()
    (other.home / "pupil.key").touch(0o600)
    (other.home / "pupil.key").write_text(str(x25519.Identity.generate()))
    for command in (("doctor",), ("ingest", SAMPLES / "inbox" / LESSONS)):
        said = other.run(*command)
        assert said.status == 1
        assert "can't be opened with this home's pupil.key" in said.out + said.err


@pytest.fixture
def catalog(postgres: Postgres) -> Iterator[str]:
    """A catalog string of a new database; data files lie in the home."""
    name = f"egen{free_port()}"
    postgres.database(name)
    yield f"{postgres.catalog(name)} password={PASSWORD}"
    postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")


def of_machine(home: Path, catalog: str, data: Path) -> LakeSettings:
    small = settings_of(home)
    return LakeSettings(home, catalog, str(data), threads=2, lock_wait_seconds=0.5,
                        memory_limit=small.memory_limit)  # fmt: skip


def test_a_writer_on_another_machine_waits_and_then_says_so(catalog: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        Lake.open(of_machine(tmp_path / "one", catalog, data)) as one,
        Lake.open(of_machine(tmp_path / "two", catalog, data)) as two,
    ):
        with one.writing():
            one.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))
            with pytest.raises(LakeError, match="to the same catalog"), two.writing():
                pass
            # Who only asks does not wait.
            assert two.rows("SELECT count(*) FROM stale_days") == [(1,)]
        two.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-03')"))
        assert one.rows("SELECT count(*) FROM stale_days") == [(2,)]


def test_a_turn_that_a_restarted_server_has_forgotten_writes_nothing(
    catalog: str, postgres: Postgres, tmp_path: Path
) -> None:
    with Lake.open(of_machine(tmp_path / "one", catalog, tmp_path / "data")) as lake:

        def write() -> None:
            lake.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))

        with lake.writing():
            postgres.stop()
            postgres.start()
            with pytest.raises(duckdb.Error, match="server closed the connection"):
                write()
        write()
        assert lake.rows("SELECT count(*) FROM stale_days") == [(1,)]


def test_two_machines_that_take_the_same_file_at_once_store_it_once(
    catalog: str, nights: Nights, tmp_path: Path
) -> None:
    at_once = Barrier(2)

    def take(name: str) -> FileReport:
        home = tmp_path / name
        home.mkdir()
        shutil.copy2(nights.embedded / "pupil.key", home)
        patient = replace(of_machine(home, catalog, tmp_path / "data"), lock_wait_seconds=60)
        at_once.wait()
        # Neither finds a catalog, so both make it.
        with Lake.open(patient) as lake:
            at_once.wait()
            return ingest_paths(lake, [SAMPLES / "inbox" / LESSONS])[0]

    with ThreadPoolExecutor(2) as machines:
        reports = list(machines.map(take, ("one", "two")))
    assert sorted(report.outcome for report in reports) == ["accepted", "duplicate"]
    with Lake.open(of_machine(tmp_path / "one", catalog, tmp_path / "data")) as lake:
        ((lessons, different),) = lake.rows(
            "SELECT count(*), count(DISTINCT (pupil_key, starts_at, subject)) FROM lessons"
        )
    assert lessons == different == max(report.rows_accepted for report in reports)
