"""`trappan release`, and what a night and `doctor` say of what waits."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from pipelines.cli import home as command_home
from tests.integration.conftest import Said, trappan
from tests.integration.ingest_files import EVERY, REGISTER, ROSTER, USUAL, lesson, put, text_of

SENDERS = """\
two_persons: true
senders:
  - name: skola
    school_units: ["99999901"]
    may: [lift_protection]
  - name: register
    school_units: all
    may: [register_schools]
"""
CIVIC, NAME = "20120314-9818", "Zqbert"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of two senders after a night with a word and a file that wait."""
    home = tmp_path_factory.mktemp("releases") / "home"
    home.mkdir(mode=0o700)
    put(home, "senders.yaml", SENDERS).chmod(0o600)
    school = home / "inbox" / "skola"
    month = [lesson(n) | {"lesson_id": f"L{n}"} for n in range(100)]
    pupil = USUAL | {"civic": CIVIC, "given": NAME, "protected": "Sekretessmarkering"}
    put(home / "inbox" / "register", "skolor_20261101T0400.csv", text_of([USUAL], REGISTER))
    put(school, "elever_20261101T0400.csv", text_of([pupil], ROSTER))
    put(school, "lektioner_20261101T0500.csv", text_of(month, EVERY))
    assert trappan("--home", home, "ingest", home / "inbox").status == 0
    put(school, "elever_20261102T0400.csv", text_of([pupil | {"protected": "Ingen"}], ROSTER))
    cancelled = [row | {"cancelled": "Ja"} for row in month[:40]]
    put(school, "lektioner_20261102T0500.csv", text_of(cancelled, EVERY))
    return home


def listed(home: Path) -> tuple[Said, list[dict[str, str]]]:
    said = trappan("--home", home, "release", "--format", "csv")
    return said, list(csv.DictReader(io.StringIO(said.out)))


def as_person(patch: pytest.MonkeyPatch, folder: Path, uid: int) -> None:
    """Log somebody in."""
    patch.setattr(command_home, "_LOGIN", put(folder, f"loginuid{uid}", str(uid)))


def test_a_night_says_what_waits_and_two_people_release_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = trappan("--home", home, "nightly", "--as-of", "2026-10-07")
    assert said.status == 3, said.err
    last = said.err.splitlines()[-3:]
    assert last[0].startswith("1 file waits for a release")
    assert last[1].startswith("1 word that lifts protection")
    assert "lektioner_20261102T0500.csv: awaiting_release: with the files" in said.err
    asked, rows = listed(home)
    word, file = rows
    assert (word["what"], word["school_unit_code"]) == ("protection", "99999901")
    assert len(word["pupil"]) == 8
    assert (file["what"], file["needed"], file["releases"]) == ("file", "2", "0")
    assert NAME not in asked.out
    assert CIVIC[:8] not in asked.out
    doctor = trappan("--home", home, "doctor")
    assert "1 file waits for a release" in doctor.out
    for uid in (4001, 4001, 4002):
        as_person(monkeypatch, tmp_path, uid)
        for row in rows:
            done = trappan("--home", home, "release", row["id"], "--reason", "rektor har ringt")
            assert done.status in (0, 1), done.err
    _, rows = listed(home)
    assert [row["what"] for row in rows] == ["file, released"]
    log = (home / "access.log").read_text(encoding="utf-8")
    uids = [
        line["login_uid"]
        for line in map(json.loads, log.splitlines())
        if line["command"] == "release" and line["asked"]
    ]
    assert uids == [4001] * 4 + [4002] * 2
    assert log.count("rektor har ringt") == 6
    assert trappan("--home", home, "release", "000000000000").status == 1
    # Now the file is taken, and nothing waits.
    taken = trappan("--home", home, "nightly", "--as-of", "2026-10-07")
    assert taken.status == 0, taken.err
    assert listed(home)[1] == []
    kept = trappan("--home", home, "files", "--format", "csv").out
    assert "awaiting_release" not in kept


def test_the_login_of_a_person_is_kept_through_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setattr("os.getuid", lambda: 4003)
    as_person(monkeypatch, tmp_path, 4001)
    assert command_home.real_person() == (4001, "uid 4001")
    as_person(monkeypatch, tmp_path, 4294967295)
    assert command_home.real_person() == (4003, "uid 4003")
