"""What is recorded in the portal stands on the night's lists, and a portal that is away is said."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.watchlists.model import PupilRow
from tests.conftest import settings_of
from tests.integration.conftest import Said
from tests.integration.followed_home import (
    ANNA,
    BO,
    FIRST_WEEK,
    SCHOOL,
    filled,
    keys_of,
    make_portal,
    night,
    person_key,
    recorded,
    standing_list,
)
from tests.unit.mentor_reader import mentors_in, text_of


@dataclass(frozen=True)
class Night:
    """A home after its second night, and what that said."""

    home: Path
    said: Said

    def rows(self) -> dict[str, PupilRow]:
        return {row.family_name: row for row in standing_list(self.home).pupils}

    def texts(self) -> dict[str, str]:
        place = self.home / "lists" / "current" / SCHOOL
        return {path.suffix: text_of(path) for path in place.glob("franvarolista*")}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("followed"))


@pytest.fixture(scope="module")
def copied(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    def copy() -> Path:
        folder = tmp_path_factory.mktemp("copy")
        shutil.copytree(before, folder / "home", symlinks=True)
        shutil.copytree(before.parent / "inbox", folder / "inbox")
        return folder / "home"

    return copy


@pytest.fixture(scope="module")
def followed(copied: Callable[[], Path]) -> Night:
    home = copied()
    make_portal(home, recorded(home))
    return Night(home, night(home))


@pytest.fixture(scope="module")
def without_portal(copied: Callable[[], Path]) -> Night:
    home = copied()
    return Night(home, night(home))


@pytest.fixture
def lake(followed: Night) -> Iterator[Lake]:
    with Lake.open(settings_of(followed.home)) as opened:
        yield opened


def test_a_home_without_a_portal_has_lists_as_before(without_portal: Night) -> None:
    assert without_portal.said.status == 0
    assert "without an act" not in without_portal.said.err
    for text in without_portal.texts().values():
        for word in ("Kvar utan åtgärd", "Skoldagar utan åtgärd", "Ansvarig", "Uppföljningen är"):
            assert word not in text
    assert {row.follow_up for row in without_portal.rows().values()} == {None}
    with Lake.open(settings_of(without_portal.home)) as lake:
        assert lake.rows("SELECT count(*) FROM follow_up_readings") == [(0,)]
        counted = "SELECT DISTINCT overdue_pupils, unmoved_pupils FROM publications"
        assert lake.rows(counted) == [(None, None)]


def test_days_without_an_act_are_the_schools_own_days(followed: Night) -> None:
    days = {
        name: row.follow_up and row.follow_up.idle_days for name, row in followed.rows().items()
    }
    assert days == {"Utreds": 1, "Orörd": 15, "Hemlig": 5, "Kontaktad": 3}


def test_who_is_overdue_leads_page_and_workbook(followed: Night) -> None:
    late = {row.family_name for row in followed.rows().values() if row.is_overdue}
    assert late == {"Orörd", "Kontaktad"}
    page = followed.texts()[".html"]
    assert page.index('id="utan-atgard"') < page.index('id="pagar"')
    group = page[page.index('id="utan-atgard"') : page.index('id="pagar"')]
    assert [name in group for name in ("Orörd", "Kontaktad", "Utreds")] == [True, True, False]
    assert "2 elever kvar utan åtgärd, 1 av dem sedan förra listan." in page
    book = followed.texts()[".xlsx"]
    for word in ("Kvar utan åtgärd", "Skoldagar utan åtgärd", "Ansvarig", "Status"):
        assert word in book


def test_a_row_says_status_and_who_is_responsible(followed: Night) -> None:
    for text in followed.texts().values():
        assert "Rektor: Utredning pågår 2026-10-08" in text
        assert "Mentor: Kontakt tagen med elev/vårdnadshavare 2026-10-06" in text
    found = followed.rows()["Utreds"].follow_up
    assert found is not None
    assert (found.responsible, found.is_responsible_unknown) == ("Anna Ek", False)


def test_of_what_stays_in_the_portal_only_the_day_comes(followed: Night, lake: Lake) -> None:
    found = lake.rows("SELECT event_number, kind, value, role FROM follow_up_events ORDER BY ALL")
    assert found == [
        (1, "mentor_status", "contact_made", "principal"),
        (2, "next_date", "", "principal"),
        (3, "act", "", ""),
        (4, "act", "", ""),
        (5, "principal_status", "investigation_started", "principal"),
        (6, "responsible", person_key(followed.home, ANNA), "principal"),
    ]
    (reading,) = lake.rows("SELECT * EXCLUDE (tried_at, read_at) FROM follow_up_readings")
    assert reading == (8, 6, 1, 1, 0)
    assert reading[0] == sum(reading[1:])
    for text in (*followed.texts().values(), followed.said.err, followed.said.out):
        for word in ("Orosanmälan", "concern_reported", "Familj", "the-authors-key", "sealed-by"):
            assert word not in text


def test_a_mentor_reads_the_status_of_own_pupils_only(followed: Night) -> None:
    files = mentors_in(followed.home / "lists" / "current" / SCHOOL)
    bos = files[person_key(followed.home, BO)]
    for text in bos.values():
        assert "Rektor: Utredning pågår 2026-10-08" in text
        assert "Kontakt tagen med elev/vårdnadshavare" not in text
        assert "Orörd" not in text
    for text in files[person_key(followed.home, ANNA)].values():
        assert "Kvar utan åtgärd" in text


def test_the_night_and_the_weeks_count_who_is_left(followed: Night, lake: Lake) -> None:
    assert followed.said.status == 0, followed.said.err
    told = f"Pupils on lists without an act in time: 2 ({SCHOOL} 2). Of them 1 stood on the list"
    assert told in followed.said.err
    counted = lake.rows(
        "SELECT period, overdue_pupils, unmoved_pupils FROM publications "
        "WHERE period IN ('current', '2026-W38') ORDER BY period"
    )
    assert counted == [(FIRST_WEEK, None, None), ("current", 2, 1)]


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("gone", "is gone. Restore it from the backup"),
        ("locked", "does not answer, or is locked (OperationalError)"),
        ("older", "has no column role in portal_event"),
        ("damaged", "does not answer, or is locked (DatabaseError)"),
    ],
)
def test_lists_go_on_with_what_was_read_and_say_so(
    followed: Night, tmp_path: Path, trouble: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.follow_up.portal_database._WAIT_SECONDS", 0.05)
    shutil.copytree(followed.home, tmp_path / "home", symlinks=True)
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "home" / "portal" / "portal.sqlite"
    holder = None
    if trouble == "gone":
        path.unlink()
    elif trouble == "older":
        changed(path, "ALTER TABLE portal_event DROP COLUMN role")
    elif trouble == "damaged":
        path.write_bytes(b"not a database, and longer than its heading would be" * 30)
    else:
        changed(path, "PRAGMA journal_mode = DELETE")
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
    try:
        found = Night(tmp_path / "home", night(tmp_path / "home"))
    finally:
        if holder is not None:
            holder.close()
    assert found.said.status == 3
    assert words in found.said.err
    assert "The lists have the follow-up of" in found.said.err
    assert found.rows() == followed.rows()
    mentors = mentors_in(found.home / "lists" / "current" / SCHOOL)
    said = [*found.texts().values(), *mentors[person_key(found.home, BO)].values()]
    for text in said:
        assert "portalens databas gick inte att läsa" in text
        assert "Uppföljningen är från" in text


def test_a_portal_that_never_could_be_read_is_said(copied: Callable[[], Path]) -> None:
    home = copied()
    path = home / "portal" / "portal.sqlite"
    path.parent.mkdir()
    path.touch()
    found = Night(home, night(home))
    assert found.said.status == 3
    assert "has no table portal_event" in found.said.err
    for text in found.texts().values():
        assert "Uppföljningen saknas: portalens databas gick inte att läsa." in text
        assert "Skoldagar utan åtgärd" not in text


def test_what_was_recorded_under_an_old_number_is_the_pupils(
    followed: Night, tmp_path: Path
) -> None:
    shutil.copytree(followed.home, tmp_path / "home", symlinks=True)
    (tmp_path / "inbox").mkdir()
    keys = keys_of(tmp_path / "home")
    old = "00000000-0000-4000-8000-000000000001"
    path = tmp_path / "home" / "portal" / "portal.sqlite"
    changed(
        path, f"UPDATE portal_event SET pupil_key = '{old}' WHERE pupil_key = '{keys['Utreds']}'"
    )
    apart = Night(tmp_path / "home", night(tmp_path / "home")).rows()["Utreds"]
    assert apart.is_overdue
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        lake.write(
            lambda connection: connection.execute(
                "INSERT INTO pupil_merges BY NAME SELECT cast($old AS UUID) AS old_pupil_key, "
                "cast($new AS UUID) AS new_pupil_key, DATE '2026-10-01' AS changed_date, "
                "TIMESTAMP '2026-10-01' AS exported_at, 1 AS file_id",
                {"old": old, "new": keys["Utreds"]},
            )
        )
    assert (
        Night(tmp_path / "home", night(tmp_path / "home")).rows()["Utreds"]
        == (followed.rows()["Utreds"])
    )
