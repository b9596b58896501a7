"""A roster with two addresses becomes files of both mentors, of a night and of a frozen week."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.mentors import Staff, key_of_mentor
from assets.watchlists.mentor_lists import mentors_on, rows_of
from assets.watchlists.model import Mentor
from assets.watchlists.release.remembered import recall
from tests.conftest import settings_of
from tests.integration.conftest import Said, SampleHome, trappan
from tests.integration.ingest_files import BASIC, PUPILS, ROSTER, USUAL, put, text_of
from tests.unit.mentor_reader import FOLDER, mentors_in

SCHOOL = "99999901"
AS_OF = "2026-10-11"
# Of each pupil: family name, mentors' names, and their addresses.
BOTH = ("Tvåsson", "Anna Ek, Bo Ask", "anna@skola.example, BO@skola.example")
ONE = ("Ensam", "Anna Ek", "Anna@skola.example")
OTHER = ("Annan", "Anna Ek", "en.annan@skola.example")
NOBODYS = ("Ingens", "", "")
CHILDREN = (BOTH, ONE, OTHER, NOBODYS)
ANNA, BO, NAMESAKE = "anna@skola.example", "bo@skola.example", "en.annan@skola.example"


@dataclass(frozen=True)
class Home:
    """A home after a night and a frozen week."""

    path: Path
    night: Said

    def key(self, address: str) -> str:
        return key_of_mentor(Sealer.of_home(self.path), "", address)


def roster(**special: str) -> str:
    """The roster; a keyword is a family name and what stands under protection for it."""
    rows = (
        USUAL
        | {"civic": civic, "given": "Eva", "family": family, "mentor": names, "email": addresses}
        | {"starts": "2026-08-17", "ends": "", "sex": "Kvinna"}
        | {"protected": special.get(family, "Ingen")}
        for civic, (family, names, addresses) in zip(PUPILS, CHILDREN, strict=False)
    )
    return text_of(rows, ROSTER)


def lessons() -> str:
    """Seven weeks of school days, half of each missed."""
    days = (date(2026, 8, 24) + timedelta(days=n) for n in range(48))
    rows = (
        USUAL
        | {"civic": civic, "given": "Eva", "family": family, "date": day.isoformat()}
        | {"present": "30", "invalid": "30", "mentor": "", "email": ""}
        for day in days
        if day.isoweekday() < 6
        for civic, (family, *_) in zip(PUPILS, CHILDREN, strict=False)
    )
    return text_of(rows, BASIC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("mentors")
    put(folder / "inbox", "elever_20261001T0500.csv", roster())
    put(folder / "inbox", "lektionsfranvaro_20261011T0500.csv", lessons())
    night = trappan(
        "nightly", "--inbox", folder / "inbox", "--as-of", AS_OF, "--home", folder / "home"
    )
    assert night.status == 0, night.err
    frozen = trappan("publish", "--week", "2026-W41", "--home", folder / "home")
    assert frozen.status == 0, frozen.err
    return Home(folder / "home", night)


def children_of(place: Path) -> dict[str, set[str]]:
    """Whose names stand in all files of each mentor, by key."""
    return {
        key: {family for family, *_ in CHILDREN if all(family in text for text in own.values())}
        for key, own in mentors_in(place).items()
    }


def test_both_mentors_of_a_pupil_have_it_and_nobody_has_anothers(home: Home) -> None:
    assert children_of(home.path / "lists" / "current" / SCHOOL) == {
        home.key(ANNA): {"Tvåsson", "Ensam"},
        home.key(BO): {"Tvåsson"},
        home.key(NAMESAKE): {"Annan"},
    }


def test_neither_mentor_reads_of_the_other(home: Home) -> None:
    files = mentors_in(home.path / "lists" / "current" / SCHOOL)
    for text in files[home.key(ANNA)].values():
        assert "Anna Ek" in text
        assert "Bo Ask" not in text
    for text in files[home.key(BO)].values():
        assert "Bo Ask" in text
        assert "Anna Ek" not in text


def test_the_night_says_where_the_mentors_lists_lie(home: Home) -> None:
    assert f"{home.path}/lists/current/{SCHOOL}/{FOLDER}" in home.night.out.splitlines()


def test_no_name_or_address_stands_in_a_path_of_the_home(home: Home) -> None:
    paths = "\n".join(str(path.relative_to(home.path)) for path in home.path.rglob("*"))
    assert not any(word in paths.casefold() for word in ("anna", "bo ask", "skola.example", "@"))


def copied(home: Home, folder: Path) -> Home:
    shutil.copytree(home.path, folder / "home", symlinks=True)
    return Home(folder / "home", home.night)


def test_a_frozen_week_has_its_mentors_files_when_somebody_asks(home: Home, tmp_path: Path) -> None:
    mine = copied(home, tmp_path)
    place = mine.path / "lists" / "2026-W41" / SCHOOL
    rektors = {path.name: path.read_bytes() for path in place.glob("franvarolista*")}
    assert mentors_in(place) == {}
    said = trappan("publish", "--week", "2026-W41", "--mentors", "--home", mine.path)
    assert said.status == 0, said.err
    assert said.out.splitlines() == [str(place / FOLDER)]
    assert "3 mentors' lists of 2026-W41" in said.err
    assert children_of(place)[mine.key(ANNA)] == {"Tvåsson", "Ensam"}
    assert {path.name: path.read_bytes() for path in place.glob("franvarolista*")} == rektors


def test_who_becomes_protected_goes_from_every_mentors_file(home: Home, tmp_path: Path) -> None:
    mine = copied(home, tmp_path)
    hidden = roster(Tvåsson="Sekretessmarkering")
    put(tmp_path / "inbox", "elever_20261012T0500.csv", hidden)
    for _ in range(2):  # the second night removes the version before
        night = trappan(
            "nightly", "--inbox", tmp_path / "inbox", "--as-of", AS_OF, "--home", mine.path
        )
        assert night.status == 0, night.err
    said = trappan("publish", "--week", "2026-W41", "--mentors", "--home", mine.path)
    assert "1 pupils of the lists have become protected since" in said.err
    for folder in (mine.path / "lists" / ".versions").glob("*/*/*"):
        found = children_of(folder)
        assert found == {mine.key(ANNA): {"Ensam"}, mine.key(NAMESAKE): {"Annan"}}


def test_a_week_that_was_not_published_has_no_mentors_files(home: Home) -> None:
    said = trappan("publish", "--week", "2026-W40", "--mentors", "--home", home.path)
    assert said.status == 1
    assert "There is no frozen list for 2026-W40" in said.err


def test_switched_off_no_mentor_has_files(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = copied(home, tmp_path)
    monkeypatch.setenv("TRAPPAN_MENTOR_LISTS", "off")
    (tmp_path / "inbox").mkdir()
    trappan("nightly", "--inbox", tmp_path / "inbox", "--as-of", AS_OF, "--home", mine.path)
    assert not (mine.path / "lists" / "current" / SCHOOL / FOLDER).exists()


def test_every_listed_pupil_of_the_samples_is_on_the_lists_of_the_own_mentors(
    sample_home: SampleHome,
) -> None:
    sealer = Sealer.of_home(sample_home.path)
    with Lake.open(settings_of(sample_home.path)) as lake:
        staff = Staff.of_lake(lake)
    named: set[Mentor] = set()
    for place in (sample_home.path / "lists" / "current").iterdir():
        watchlist = recall(sealer, place)
        if watchlist is None:
            continue
        for pupil in watchlist.pupils:
            assert pupil.mentors == staff.mentors.get(pupil.mentor_key, ())
        files = mentors_in(place)
        assert files.keys() == {mentor.key for mentor in mentors_on(watchlist)}
        for row in rows_of(watchlist):
            of_row = {key for key, own in files.items() if row.family_name in own[".html"]}
            assert of_row >= {mentor.key for mentor in row.mentors}
            named.update(row.mentors)
    assert len(named) > 5
