"""Each mentor's files: written when they say something new, and gone with the last pupil."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assets.lake.encryption import Sealer
from assets.watchlists.model import Mentor, Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.release import mentor_files
from assets.watchlists.release.publish import (
    ListToPublish,
    Provenance,
    add_mentor_files,
    publish_watchlist,
)
from assets.watchlists.release.remembered import without_pupils
from tests.unit import watchlist_factory as make
from tests.unit.mentor_reader import FOLDER, mentors_in

MADE_FROM = Provenance(7, "a" * 64, ())
MARIA, ANNA = make.mentor("Maria Lindqvist"), make.mentor("Anna Ek")
ALVA = make.pupil("Alva", "Andersson", pupil_key="alva")
ELIAS = make.pupil("Elias", "Öberg", pupil_key="elias", mentor="Anna Ek")
SCHOOL = make.watchlist(ALVA, ELIAS, is_frozen=False)


def night(home: Path, watchlist: Watchlist, *, has_mentor_files: bool = True) -> Path:
    entry = ListToPublish(watchlist, MADE_FROM, watchlist, has_mentor_files)
    return publish_watchlist(home, "current", entry)


def files_of(place: Path, mentor: Mentor) -> dict[str, int]:
    return {path.suffix: path.stat().st_ino for path in (place / FOLDER / mentor.key).iterdir()}


def test_a_mentors_files_are_named_by_key_and_week_and_are_the_owners_only(tmp_path: Path) -> None:
    place = night(tmp_path, SCHOOL)
    stem = f"franvarolista_mentor_{MARIA.key}_2026-W46"
    own = place / FOLDER / MARIA.key
    assert sorted(path.name for path in own.iterdir()) == [f"{stem}.html", f"{stem}.xlsx"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in own.iterdir())
    assert sorted(mentors_in(place)) == sorted([MARIA.key, ANNA.key])


def test_the_manifest_knows_the_hash_of_every_mentors_file(tmp_path: Path) -> None:
    place = night(tmp_path, SCHOOL)
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    assert {key: len(entry["files"]) for key, entry in manifest["mentors"].items()} == {
        MARIA.key: 2,
        ANNA.key: 2,
    }


def test_only_the_list_that_says_something_new_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = night(tmp_path, SCHOOL)
    before = files_of(place, MARIA), files_of(place, ANNA)
    drawn: list[str] = []

    def counted(watchlist: Watchlist, path: Path, mentor: str) -> None:
        drawn.append(mentor)
        write_page(watchlist, path, mentor)

    monkeypatch.setattr(mentor_files, "write_page", counted)
    later = SCHOOL.created_at + timedelta(days=1)
    night(tmp_path, replace(SCHOOL, pupils=(replace(ALVA, grade=8), ELIAS), created_at=later))
    assert drawn == ["Maria Lindqvist"]
    assert files_of(place, ANNA) == before[1]
    assert files_of(place, MARIA) != before[0]


def test_another_pupils_change_says_nothing_new_to_a_mentor(tmp_path: Path) -> None:
    place = night(tmp_path, SCHOOL)
    before = files_of(place, ANNA)
    changed = replace(
        SCHOOL, pupils=(ELIAS,), pupils_evaluated=1, protected_pupils=4, lost_rows=2, principal="X"
    )
    night(tmp_path, changed)
    assert files_of(place, ANNA) == before


def test_a_file_that_somebody_changed_is_drawn_again(tmp_path: Path) -> None:
    place = night(tmp_path, SCHOOL)
    page = next((place / FOLDER / ANNA.key).glob("*.html"))
    page.write_text("something else", encoding="utf-8")
    night(tmp_path, SCHOOL)
    assert "Öberg, Elias" in mentors_in(place)[ANNA.key][".html"]


def test_a_day_later_every_list_says_another_day(tmp_path: Path) -> None:
    place = night(tmp_path, SCHOOL)
    before = files_of(place, ANNA)
    night(tmp_path, replace(SCHOOL, as_of=SCHOOL.as_of + timedelta(days=1)))
    assert files_of(place, ANNA) != before


def test_the_files_of_a_mentor_without_pupils_go(tmp_path: Path) -> None:
    night(tmp_path, SCHOOL)
    place = night(tmp_path, replace(SCHOOL, pupils=(ALVA,)))
    assert list(mentors_in(place)) == [MARIA.key]


def test_a_file_system_without_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = night(tmp_path, SCHOOL)
    before = mentors_in(place)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    night(tmp_path, SCHOOL)
    assert mentors_in(place) == before


def test_where_they_are_switched_off_there_are_none_and_old_ones_go(tmp_path: Path) -> None:
    night(tmp_path, SCHOOL)
    place = night(tmp_path, SCHOOL, has_mentor_files=False)
    assert not (place / FOLDER).exists()
    assert json.loads((place / "manifest.json").read_text("utf-8"))["mentors"] == {}


def everywhere(home: Path) -> str:
    """Everything in every mentor's file of the home, also in older versions."""
    folders = (home / "lists" / ".versions").glob("*/*/*")
    return "".join(
        text for folder in folders for own in mentors_in(folder).values() for text in own.values()
    )


def test_two_nights_after_a_pupil_became_protected_no_mentors_file_has_the_name(
    tmp_path: Path,
) -> None:
    # As with the rektor's: the version before the newest goes with the second night.
    night(tmp_path, SCHOOL)
    hidden = without_pupils(SCHOOL, {"alva"})
    place = night(tmp_path, hidden)
    assert list(mentors_in(place)) == [ANNA.key]
    night(tmp_path, hidden)
    assert "Öberg" in everywhere(tmp_path)
    assert "Andersson" not in everywhere(tmp_path)


def frozen(home: Path) -> Path:
    entry = ListToPublish(SCHOOL, MADE_FROM, SCHOOL)
    return publish_watchlist(home, "2026-W46", entry)


def test_a_frozen_week_keeps_the_rektors_files_and_gets_the_mentors_when_asked(
    tmp_path: Path,
) -> None:
    place = frozen(tmp_path)
    rektors = {path.name: path.read_bytes() for path in place.iterdir() if path.suffix != ".json"}
    assert mentors_in(place) == {}
    add_mentor_files(tmp_path, "2026-W46", SCHOOL)
    assert sorted(mentors_in(place)) == sorted([MARIA.key, ANNA.key])
    assert {name: (place / name).read_bytes() for name in rektors} == rektors
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    assert (manifest["lake_snapshot"], len(manifest["mentors"])) == (7, 2)


def test_asked_again_a_frozen_week_has_nothing_left_of_who_became_protected(
    tmp_path: Path,
) -> None:
    frozen(tmp_path)
    add_mentor_files(tmp_path, "2026-W46", SCHOOL)
    assert "Andersson" in everywhere(tmp_path)
    add_mentor_files(tmp_path, "2026-W46", without_pupils(SCHOOL, {"alva"}))
    assert "Öberg" in everywhere(tmp_path)
    assert "Andersson" not in everywhere(tmp_path)


def test_the_key_of_a_mentor_needs_the_secret_of_the_home(tmp_path: Path) -> None:
    sealers = [Sealer.of_home(tmp_path / home) for home in ("one", "two")]
    keys = {sealer.key_text("mentor", "address\x1fanna@skola.example") for sealer in sealers}
    assert len(keys) == 2
