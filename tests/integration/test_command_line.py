"""What each command says, and how it ends, when it is used rightly and wrongly."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from assets.exports.stage_times import SECONDS_OF, STAGES
from pipelines.running import instance_of
from pipelines.settings import Settings
from tests.integration.conftest import AS_OF, SAMPLES, Said, SampleHome, trappan

RATES_HEADER = (
    "month,scheduled_minutes,reported_minutes,valid_minutes,invalid_minutes,absent_minutes,days,"
    "rate,rate_lower,rate_upper"
)


def test_rates_have_the_promised_columns(sample_home: SampleHome) -> None:
    said = trappan("rates", "--month", "2026-10", "--format", "csv", "--home", sample_home.path)
    assert said.status == 0
    assert said.out.splitlines()[0] == f"pupil_key,{RATES_HEADER}"
    named = trappan(
        "rates",
        "--month",
        "2026-10",
        "--format",
        "csv",
        "--identities",
        "--home",
        sample_home.path,
    )
    assert named.out.splitlines()[0] == f"civic_no,{RATES_HEADER}"
    rows = list(csv.DictReader(io.StringIO(named.out)))
    assert all(len(row["civic_no"]) == 12 for row in rows)
    assert len(rows) == len(said.out.splitlines()) - 1


def test_a_pupil_whose_lessons_nobody_reported_has_no_rate(sample_home: SampleHome) -> None:
    said = trappan("rates", "--month", "2026-10", "--format", "json", "--home", sample_home.path)
    silent = [row for row in json.loads(said.out) if row["reported_minutes"] == "0"]
    assert silent
    assert all(
        (row["rate"], row["rate_lower"], row["rate_upper"]) == ("", "0.000000", "1.000000")
        for row in silent
    )


def test_rates_of_one_school_are_those_of_its_pupils(sample_home: SampleHome) -> None:
    counts = {
        code: len(
            json.loads(
                trappan(
                    "rates",
                    "--month",
                    "2026-10",
                    "--school",
                    code,
                    "--format",
                    "json",
                    "--home",
                    sample_home.path,
                ).out
            )
        )
        for code in ("99999901", "99999902", "99999903", "99999904")
    }
    both = trappan("rates", "--month", "2026-10", "--format", "json", "--home", sample_home.path)
    assert all(counts.values())
    assert sum(counts.values()) == len(json.loads(both.out))


def test_a_question_about_identities_is_logged_without_the_answer(tmp_path: Path) -> None:
    said = trappan(
        "flags",
        "--as-of",
        AS_OF,
        "--identities",
        "--school",
        "99999901",
        "--format",
        "csv",
        "--home",
        tmp_path / "home",
    )
    assert said.status == 1, said.err  # nobody knows that school there
    log = tmp_path / "home" / "access.log"
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["asked"] == {"as_of": AS_OF, "school": "99999901", "all": "False"}
    assert json.loads(line)["user"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_question_without_identities_leaves_no_line(tmp_path: Path) -> None:
    trappan("flags", "--as-of", AS_OF, "--home", tmp_path / "home")
    assert not (tmp_path / "home" / "access.log").exists()


def test_an_empty_lake_answers_with_the_header_only(tmp_path: Path) -> None:
    said = trappan("rates", "--month", "2026-10", "--format", "csv", "--home", tmp_path / "home")
    assert said.status == 0
    assert said.out == f"pupil_key,{RATES_HEADER}\n"
    assert "No rows" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flags", "--as-of", "2026-13-15"), "is not a date. Expected YYYY-MM-DD"),
        (("flags", "--as-of", "20261115"), "is not a date. Expected YYYY-MM-DD"),
        (("rates", "--month", "2026-13"), "is not a month. Expected YYYY-MM"),
        (("publish", "--week", "2026-W60"), "is not an ISO week"),
        (("publish", "--week", "46"), "is not an ISO week"),
        (("publish", "--week", "2026-W46", "--school", "../../x"), "Expected 8 digits"),
        (("backfill", "--from", "2026-09", "--to", "2026-08"), "is after --to"),
        (("backfill", "--from", "2000-09", "--to", "2026-08"), "outside the months"),
        (("nightly", "--inbox", "/not/there"), "there is no file or folder /not/there"),
        (("ingest", "/not/there.csv"), "there is no file or folder /not/there.csv"),
        (("rates", "--month", "2026-10", "--format", "pdf"), "Invalid value for '--format'"),
        (("nonsense",), "No such command"),
        (("explain", "x", "--as-of", "9999-12-31"), "is of the year 9999. Expected a year from"),
        (("forecast", "--as-of", "9999-12-31"), "Expected a year from 2000 to 2100"),
        (("rates", "--month", "9999-12"), "is of the year 9999"),
        (("publish", "--week", "1999-W20"), "is of the year 1999"),
        (("flags", "--as-of", AS_OF, "--known-at", "0001-01-01T00:00"), "is of the year 1."),
        (("flags", "--as-of", AS_OF, "--known-at", "0001-01-01"), "is of the year 1."),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_was_expected(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    said = trappan("--home", tmp_path / "home", *arguments)
    assert said.status == 2
    assert words in " ".join(said.err.split())
    assert "Traceback" not in said.err


def one_clear_sentence(said: Said) -> bool:
    return said.status == 1 and said.err.startswith("trappan: ") and "Traceback" not in said.err


def test_a_missing_inbox_is_reported_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    said = trappan("nightly", "--as-of", AS_OF, "--home", tmp_path / "home")
    assert one_clear_sentence(said)
    assert str(tmp_path / "home" / "inbox") in said.err
    assert "--inbox" in said.err


def test_a_second_night_at_the_same_time_stops_and_says_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with FileLock(home / "nightly.lock"):
        said = trappan("nightly", "--inbox", SAMPLES / "inbox", "--as-of", AS_OF, "--home", home)
    assert one_clear_sentence(said)
    assert "Another `trappan nightly` is running" in said.err


def test_a_home_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    said = trappan("rates", "--month", "2026-10", "--home", tmp_path / "home")
    assert one_clear_sentence(said)
    assert "can't be used" in said.err


def test_a_writer_that_waits_too_long_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    assert trappan("rates", "--month", "2026-10", "--home", home).status == 0
    monkeypatch.setenv("TRAPPAN_LOCK_WAIT_SECONDS", "0.2")
    with FileLock(home / "lake.lock"):
        said = trappan("ingest", SAMPLES / "inbox", "--home", home)
    assert one_clear_sentence(said)
    assert "Another trappan process has been writing" in said.err


def test_a_wrong_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAPPAN_MEMORY_LIMIT", "lots")
    said = trappan("rates", "--month", "2026-10", "--home", tmp_path / "home")
    assert said.status == 2
    assert "TRAPPAN_MEMORY_LIMIT" in said.err


def test_a_day_before_the_first_rules_is_refused_with_the_day(tmp_path: Path) -> None:
    said = trappan("flags", "--as-of", "2020-11-15", "--home", tmp_path / "home")
    assert one_clear_sentence(said)
    assert "2023-07-01" in said.err


def test_ingest_prints_the_ledger_rows(tmp_path: Path) -> None:
    (path,) = (SAMPLES / "inbox").glob("*99999901_2026-08_*.csv")
    said = trappan("ingest", path, "--home", tmp_path / "home")
    assert said.status == 0, said.err
    assert path.name in said.out
    assert "accepted" in said.out
    again = trappan("ingest", path, "--home", tmp_path / "home")
    assert "duplicate" in again.out


def test_ingest_says_where_its_time_went_and_the_run_keeps_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    paths = sorted((SAMPLES / "inbox").glob("*_99999901_*.csv"))
    said = trappan("ingest", *paths, "--home", home, "--timings")
    assert said.status == 0, said.err
    told = dict(line.split()[:2] for line in said.err.splitlines() if line.endswith(" s"))
    assert list(told) == [stage for stage in STAGES if stage in told]
    assert {"looking", "hashing", "sealing", "reading", "storing", "sums"} <= set(told)
    settings = Settings(home=home)
    with instance_of(settings) as instance:
        kept = [
            event.asset_materialization.metadata
            for name in ("files", "absence_daily")
            if (event := instance.get_latest_materialization_event(dg.AssetKey(name)))
            and event.asset_materialization
        ]
    seconds = {name: value.value for one in kept for name, value in one.items()}
    assert {name: f"{seconds[SECONDS_OF + name]:.2f}" for name in told} == told


def test_a_refused_file_is_named_on_standard_error_and_the_night_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "okand.csv").write_text("a;b\n1;2\n")
    said = trappan("ingest", tmp_path / "in", "--home", tmp_path / "home")
    assert said.status == 0
    assert "okand.csv: quarantined: no header row" in said.err


def test_the_doctor_is_content_with_a_whole_home(sample_home: SampleHome) -> None:
    (sample_home.path / "inbox").mkdir(exist_ok=True)
    said = trappan("doctor", "--home", sample_home.path)
    assert said.status == 0, said.out
    assert "WRONG" not in said.out


def test_the_doctor_says_what_holds_the_readers_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"kernel": "6.1", "limits": "memory", "files": "Landlock 2", "network": "seccomp"}
    monkeypatch.setattr("pipelines.cli.doctor.layers", lambda: held | {"processes": "seccomp"})
    said = trappan("doctor", "--home", tmp_path / "home")
    assert "closed are files by Landlock 2, network by seccomp, processes by seccomp" in said.out
    monkeypatch.setattr("pipelines.cli.doctor.layers", lambda: held)
    said = trappan("doctor", "--home", tmp_path / "home")
    assert "WRONG  readers: limits on memory and processor, and closed are files by" in said.out
    assert "could reach processes" in said.out


def test_the_doctor_finds_a_key_file_that_others_can_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    trappan("ingest", SAMPLES / "inbox" / "skolor_20261114T0445.csv", "--home", home)
    (home / "inbox").mkdir()
    (home / "pupil.key").chmod(0o644)
    said = trappan("doctor", "--home", home)
    assert said.status == 1
    assert "WRONG  key file" in said.out
    assert "chmod 600" in said.out


def test_the_doctor_finds_an_original_that_does_not_open(tmp_path: Path) -> None:
    home = tmp_path / "home"
    trappan("ingest", SAMPLES / "inbox" / "skolor_20261114T0445.csv", "--home", home)
    (home / "inbox").mkdir()
    well = trappan("doctor", "--home", home)
    assert "well   archive: 1 originals open, the newest 1 to their end" in well.out
    (original,) = (home / "archive").rglob("*.zst.age")
    original.chmod(0o600)
    original.write_bytes(original.read_bytes()[:-1])
    said = trappan("doctor", "--home", home)
    assert said.status == 1
    assert f"WRONG  archive: 1 of 1 originals can't be opened, the first {original.stem[:12]}" in (
        said.out
    )


def filled(home: Path) -> list[Path]:
    """The data files of a small lake."""
    trappan("ingest", SAMPLES / "inbox" / "skolor_20261114T0445.csv", "--home", home)
    (home / "inbox").mkdir()
    return sorted((home / "lake" / "data").rglob("*.parquet"))


def test_the_doctor_finds_a_data_file_that_is_gone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data_files = filled(home)
    assert "well   lake: 1 ledger rows" in trappan("doctor", "--home", home).out
    data_files[0].unlink()
    said = trappan("doctor", "--home", home)
    assert said.status == 1
    found = f"{len(data_files)} data files are missing or of another size, the first"
    assert f"WRONG  lake: 1 of {found} {data_files[0]}" in said.out


def test_the_doctor_finds_a_data_file_that_was_cut(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data_file = filled(home)[0]
    data_file.chmod(0o600)
    data_file.write_bytes(data_file.read_bytes()[:-1])
    assert "WRONG  lake: 1 of" in trappan("doctor", "--home", home).out


def test_a_question_to_a_lake_without_its_files_is_reported_without_its_data(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    data_files = filled(home)
    for data_file in data_files:
        data_file.unlink()
    said = trappan("files", "--home", home)
    assert one_clear_sentence(said), said.err
    number = len(data_files)
    assert said.err.startswith(f"trappan: {number} of the lake's {number} data files are missing")
    assert "Restore lake/ from the backup" in said.err


def test_words_of_an_unknown_error_are_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("20120505-9858")

    monkeypatch.setattr("pipelines.cli.answers.flags_answer", fail)
    (tmp_path / "home").mkdir()
    said = trappan("flags", "--as-of", AS_OF, "--home", tmp_path / "home")
    assert one_clear_sentence(said)
    assert said.err.startswith("trappan: RuntimeError in test_command_line.py, line ")
    assert "9858" not in said.err


def test_the_simulator_writes_files_that_are_taken_whole(tmp_path: Path) -> None:
    out = tmp_path / "city"
    made = trappan(
        "simulate",
        "--pupils",
        60,
        "--schools",
        2,
        "--from",
        "2026-09-01",
        "--to",
        "2026-09-30",
        "--seed",
        7,
        "--out",
        out,
    )
    assert made.status == 0, made.err
    said = trappan("ingest", out, "--home", tmp_path / "home")
    assert said.status == 0
    assert "quarantined" not in said.out
    assert "in_part" not in said.out
