"""Senders: whose file is it, and what may it say? What it may not say changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import LedgerFile, RevokeError, find_file
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.revoke import revoke_file
from assets.exports.senders.senders import SS12000, Right, Sender, Senders
from assets.exports.senders.senders_file import SendersError, load_senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.conftest import SAMPLES, trappan
from tests.integration.ingest_files import (
    EVERY,
    ROSTER,
    USUAL,
    is_protected,
    lesson,
    put,
    text_of,
)

OWN, OTHER = "99999901", "99999902"
SCHOOL = Sender(
    name="skola-1",
    school_units=frozenset({OWN}),
    layouts=frozenset({"lektionsfranvaro", "elever"}),
    since=date(2026, 8, 1),
    rights=frozenset(),
    is_declared=True,
)
REGISTRY = Sender(name="folkbokforing", rights=frozenset(Right), is_declared=True)


def offer_as(lake: Lake, inbox: Path, *senders: Sender) -> dict[str, FileReport]:
    """Take an inbox in and return the reports by the files' names."""
    known = Senders(named=senders or (SCHOOL, REGISTRY), folders=(inbox,))
    return {report.name: report for report in ingest_paths(lake, [inbox], senders=known)}


def lessons(inbox: Path, sender: str, name: str, *rows: Mapping[str, object]) -> Path:
    folder = inbox / sender
    folder.mkdir(parents=True, exist_ok=True)
    shown = [lesson(n) | dict(row) for n, row in enumerate(rows)]
    return put(folder, name, text_of(shown, EVERY))


def roster(inbox: Path, sender: str, name: str, *rows: Mapping[str, object]) -> Path:
    folder = inbox / sender
    folder.mkdir(parents=True, exist_ok=True)
    return put(folder, name, text_of([USUAL | dict(row) for row in rows], ROSTER))


def count(lake: Lake, table: str, where: str = "true") -> int:
    return int(lake.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


@pytest.mark.parametrize("is_careful", [False, True])
def test_rows_about_another_school_are_refused_and_said(
    lake: Lake, tmp_path: Path, *, is_careful: bool
) -> None:
    rows: list[dict[str, object]] = [{}, {"school": OTHER}, {"date": "2026-06-01"}, {}]
    if is_careful:
        rows.append({"date": "2026-02-30"})
    lessons(tmp_path, "skola-1", "a_20261101T0400.csv", *rows)
    report = offer_as(lake, tmp_path)["a_20261101T0400.csv"]
    assert report.rows_accepted == 2
    assert [problem.code for problem in report.problems][:2] == [
        "school_unit_code.not_the_senders",
        "lesson_date.before_the_senders",
    ]
    assert "line 3, school_unit_code" in report.problems[0].in_words()
    assert count(lake, "lessons", f"school_unit_code = '{OTHER}'") == 0
    assert count(lake, "files", "sender = 'skola-1'") == 1


def test_a_file_beside_the_senders_folders_is_held(lake: Lake, tmp_path: Path) -> None:
    put(tmp_path, "a_20261101T0400.csv", text_of([lesson()], EVERY))
    lessons(tmp_path, "okand", "b_20261101T0400.csv", {})
    reports = offer_as(lake, tmp_path)
    assert {report.outcome for report in reports.values()} == {FileOutcome.HELD}
    assert count(lake, "files") == 0
    assert count(lake, "held_files") == 2


def test_what_one_sender_may_not_say_another_says_with_the_same_bytes(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [{"school": OTHER}, {}]
    lessons(tmp_path, "skola-1", "a_20261101T0400.csv", *rows)
    assert offer_as(lake, tmp_path)["a_20261101T0400.csv"].rows_accepted == 1
    (tmp_path / "skola-1" / "a_20261101T0400.csv").unlink()
    lessons(tmp_path, "folkbokforing", "a_20261101T0400.csv", *rows)
    report = offer_as(lake, tmp_path)["a_20261101T0400.csv"]
    assert report.outcome == FileOutcome.ACCEPTED
    assert count(lake, "lessons", f"school_unit_code = '{OTHER}'") == 1


def test_a_guessed_lesson_id_moves_no_lesson_of_another_school(lake: Lake, tmp_path: Path) -> None:
    lessons(tmp_path, "folkbokforing", "a_20261101T0400.csv", {"school": OTHER, "lesson_id": "7"})
    lessons(tmp_path, "skola-1", "b_20261102T0400.csv", {"lesson_id": "7", "date": "2026-10-08"})
    offer_as(lake, tmp_path)
    assert count(lake, "lessons") == 2
    lessons(tmp_path, "skola-1", "c_20261103T0400.csv", {"lesson_id": "7", "date": "2026-10-09"})
    offer_as(lake, tmp_path)
    assert lake.rows("SELECT lesson_date FROM lessons ORDER BY 1") == [
        (date(2026, 10, 5),),
        (date(2026, 10, 9),),
    ]


def test_a_refused_row_still_protects(lake: Lake, tmp_path: Path) -> None:
    lessons(tmp_path, "folkbokforing", "a_20261101T0400.csv", {"school": OTHER})
    offer_as(lake, tmp_path)
    lessons(
        tmp_path, "skola-1", "b_20261102T0400.csv",
        {"school": OTHER, "protected": "Sekretessmarkering"},
    )  # fmt: skip
    offer_as(lake, tmp_path)
    assert is_protected(lake)


def test_a_lost_senders_file_gives_nobody_every_right(lake: Lake, tmp_path: Path) -> None:
    lessons(tmp_path, "skola-1", "a_20261101T0400.csv", {})
    offer_as(lake, tmp_path)
    with pytest.raises(SendersError, match=r"senders\.yaml is gone"):
        ingest_paths(lake, [tmp_path])


@pytest.mark.parametrize(
    "limit",
    [{"school_units": frozenset({OWN})}, {"since": date(2026, 8, 1)}],
    ids=["schools", "days"],
)
def test_a_limited_sender_sends_no_objects_of_a_server(limit: dict[str, Any]) -> None:
    """Objects name schools and days that only the server knows: no row could be refused."""
    assert not Sender(name="a", is_declared=True, **limit).may_send(SS12000)
    assert Sender(name="a", is_declared=True).may_send(SS12000)


def test_a_folder_in_a_senders_folder_is_no_other_sender(lake: Lake, tmp_path: Path) -> None:
    inner = tmp_path / "in" / "skola-1" / "folkbokforing"
    inner.mkdir(parents=True)
    put(inner, "a_20261101T0400.csv", text_of([lesson(school=OTHER)], EVERY))
    known = Senders(named=(SCHOOL, REGISTRY), folders=(tmp_path / "inbox",))
    for named in (tmp_path / "in" / "skola-1", inner, inner / "a_20261101T0400.csv"):
        (report,) = ingest_paths(lake, [named], senders=known)
        assert report.outcome == FileOutcome.HELD, named
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    known = Senders(named=(SCHOOL, REGISTRY), folders=(tmp_path / "in",))
    for named in (tmp_path / "link", tmp_path / "link" / "skola-1", inner):
        (report,) = ingest_paths(lake, [named], senders=known)
        assert report.rows_accepted == 0, named
    assert count(lake, "lessons") == 0


def ledger_file(lake: Lake, report: FileReport) -> LedgerFile:
    return find_file(lake, Sealer.of_home(lake.settings.home), report.sha256)


def test_a_revoked_file_lifts_no_protection_any_more(lake: Lake, tmp_path: Path) -> None:
    said = [{"protected": "Sekretessmarkering"}, {"protected": "Ingen"}]
    reports = [
        ingest_paths(lake, [roster(tmp_path, "", f"elever_2026110{n + 1}T0400.csv", row)])[0]
        for n, row in enumerate(said)
    ]
    assert not is_protected(lake)
    revoke_file(lake, ledger_file(lake, reports[1]))
    assert is_protected(lake)


def test_what_a_revoked_file_protects_two_people_have_to_let_go(lake: Lake, tmp_path: Path) -> None:
    roster(tmp_path, "skola-1", "elever_20261101T0400.csv", {"protected": "Sekretessmarkering"})
    report = offer_as(lake, tmp_path)["elever_20261101T0400.csv"]
    known = Senders(named=(SCHOOL, REGISTRY), folders=(tmp_path,), two_persons=True)
    with pytest.raises(RevokeError, match="two different people"):
        revoke_file(lake, ledger_file(lake, report), senders=known, with_protection=True)
    assert revoke_file(lake, ledger_file(lake, report), senders=known).protections_kept
    assert is_protected(lake)


def test_no_night_goes_on_from_a_revocation_that_was_stopped(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the revoked file had superseded is missing until then, and lists would not say so."""
    older, newer = (
        lessons(tmp_path, "", f"a_2026110{n}T0400.csv", {"invalid": str(n)}) for n in (1, 2)
    )
    reports = ingest_paths(lake, [older, newer])
    with monkeypatch.context() as patch:
        patch.setattr("assets.exports.rereading.opened_originals", stopped)
        with pytest.raises(KeyboardInterrupt):
            revoke_file(lake, ledger_file(lake, reports[1]))
    assert count(lake, "lessons") == 0
    with pytest.raises(RevokeError, match=f"trappan revoke {reports[1].sha256[:12]}"):
        ingest_paths(lake, [tmp_path])
    revoke_file(lake, ledger_file(lake, reports[1]))
    assert lake.rows("SELECT invalid_minutes FROM lessons") == [(1,)]
    ingest_paths(lake, [tmp_path])


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


def test_doctor_says_who_may_speak(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    assert "speaks for every school" in trappan("--home", home, "doctor").out
    put(home, "senders.yaml", "senders:\n  - {name: a, school_units: all}\n").chmod(0o600)
    assert "without a folder yet: a" in trappan("--home", home, "doctor").out
    (home / "senders.yaml").chmod(0o644)
    assert "WRONG  senders" in trappan("--home", home, "doctor").out


def test_the_samples_hostile_sender_changes_nothing(tmp_path: Path) -> None:
    """What it says of its own pupils is taken; of the others' list nothing is another."""
    found = []
    for is_there in (False, True):
        home = tmp_path / str(is_there)
        shutil.copytree(SAMPLES / "inbox_senders", home / "inbox")
        home.chmod(0o700)
        shutil.copy(SAMPLES / "senders.yaml", home)
        (home / "senders.yaml").chmod(0o600)
        if is_there:
            # So that pupils have the same keys in both.
            shutil.copy(tmp_path / "False" / "pupil.key", home)
            (home / "pupil.key").chmod(0o600)
        else:
            for attack in (home / "inbox" / "skola-99999901").glob("*T0600.csv"):
                attack.unlink()
        anew = ["--begin-anew"] if is_there else []
        said = trappan("--home", home, "nightly", "--as-of", "2026-11-15", *anew)
        assert said.status in {0, 3}, said.err
        questions = (
            ("rates", "--month", "2026-10"),
            ("flags", "--as-of", "2026-11-15", "--school", "99999902"),
        )
        found.append([trappan("--home", home, *q, "--format", "csv").out for q in questions])
    assert len([line for line in said.err.splitlines() if "T0600.csv:" in line]) >= 5
    # The protected one whom it names too is in no number.
    assert "99999901 says that 1 pupil of other schools are its own" in said.err
    assert found[0] == found[1]


WRONG = {
    "": "is empty",
    "senders:\n  - name: a\n    school_units: [99999901]\n": "line 3",
    'senders:\n  - name: a\n    school_units: ["9"]\n': "codes of 8 digits",
    "senders:\n  - name: a\n    school_units: all\n    may: [everything]\n": "lift_protection",
    "senders:\n  - name: a\n    school_units: all\n    layouts: [elevr]\n": "'elevr'",
    "senders:\n  - name: a\n    schools: all\n": "'schools'",
    "senders:\n  - name: a/b\n    school_units: all\n": "name",
    "senders:\n  - {name: a, school_units: all}\n  - {name: a, school_units: all}\n": "twice",
    "senders: []\n": "senders",
    "senders:\n  - name: inbox\n    school_units: all\n": "another name",
    'senders:\n  - {name: a, school_units: ["99999901"], layouts: [ss12000]}\n': "all schools",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_senders_file_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, "senders.yaml", text)
    path.chmod(0o600)
    with pytest.raises(SendersError, match=r"senders\.yaml") as raised:
        load_senders(path, (), frozenset({"elever"}))
    assert WRONG[text] in str(raised.value)


def test_a_senders_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "senders.yaml", "senders:\n  - {name: a, school_units: all}\n")
    path.chmod(0o640)
    with pytest.raises(SendersError, match="chmod 600"):
        load_senders(path, (), frozenset())
