"""An erased pupil does not come back: by objects of SS12000, a restored lake; and how one may."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.pupils.tombstones import TombstoneError
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.senders.releases import Releaser, release, waiting_lifts
from assets.flags.pupil_question import PupilQuestion
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.erasure import drill as drilling
from assets.upkeep.erasure import erase as erasing
from assets.upkeep.erasure.drill import drill
from assets.upkeep.erasure.erase import HomeToClear, erase, erase_who_is_back, lift
from assets.upkeep.erasure.search import Words, traces
from assets.upkeep.erasure.whom import Child, NobodyToEraseError, find_child
from rules.registry import load_parameters, root_of, rule_set_of
from tests.conftest import settings_of
from tests.integration.ingest_files import BASIC, PUPILS, ROSTER, USUAL, lesson, offer, put, text_of
from tests.integration.ss12000_files import ANNA, CIVIC, put_page, put_school, school

NUMBER = PUPILS[0].replace("-", "")


def clearing(lake: Lake) -> HomeToClear:
    home = lake.settings.home
    return HomeToClear(lake, shipped_layouts(), PortalDatabase(home), home / "inbox")


def erased(home: Path, number: str) -> Child:
    with Lake.open(settings_of(home)) as lake:
        to_clear = clearing(lake)
        child = find_child(lake, to_clear.sealer, PupilQuestion(number=number))
        erase(to_clear, child)
        return child


def offered(home: Path, *paths: Path) -> list[tuple[int, int, int]]:
    with Lake.open(settings_of(home)) as lake:
        return [
            (one.rows_read, one.rows_accepted, one.rows_rejected) for one in offer(lake, *paths)
        ]


def small(tmp_path: Path, **cells: object) -> tuple[Path, Path]:
    home = tmp_path / "home"
    roster = [USUAL | {"civic": one, **cells} for one in PUPILS[:2]]
    files = [
        put(tmp_path / "in", "elever_20261001T0500.csv", text_of(roster, ROSTER)),
        put(tmp_path / "in", "lektioner_20261010T0500.csv", text_of(map(lesson, range(2)), BASIC)),
    ]
    offered(home, *files)
    return home, tmp_path / "in"


def test_who_moves_back_is_taken_again(tmp_path: Path) -> None:
    home, inbox = small(tmp_path)
    child = erased(home, NUMBER)
    later = put(inbox, "lektioner_20261011T0500.csv", text_of([lesson(0)], BASIC))
    assert offered(home, later) == [(1, 0, 1)]
    with Lake.open(settings_of(home)) as lake:
        assert [stone.was_protected for stone in lift(clearing(lake), child)] == [False]
        assert lift(clearing(lake), child) == []
    newest = put(inbox, "lektioner_20261012T0500.csv", text_of([lesson(0, invalid="5")], BASIC))
    assert offered(home, newest) == [(1, 1, 0)]


def test_who_was_protected_is_so_again_until_released(tmp_path: Path) -> None:
    home, inbox = small(tmp_path, protected="Sekretessmarkering")
    child = erased(home, NUMBER)
    with Lake.open(settings_of(home)) as lake:
        assert [stone.was_protected for stone in lift(clearing(lake), child)] == [True]
    # Another source, which says that nobody is protected.
    offered(
        home, put(inbox, "lektioner_20261012T0500.csv", text_of([lesson(0)], (*BASIC, "protected")))
    )
    with Lake.open(settings_of(home)) as lake:
        of_child = "SELECT count(*) FROM protected_pupils WHERE pupil_key = cast($key AS UUID)"
        key, sealer = min(child.texts), Sealer.of_home(home)
        assert lake.rows(of_child, key=key) == [(1,)]
        (waiting,) = [one for one in waiting_lifts(lake, sealer) if key in one.pupils]
        release(lake, waiting, Releaser(1001, "anna"))
        assert lake.rows(of_child, key=key) == [(0,)]


def test_no_night_goes_on_from_a_lake_that_has_who_was_erased(tmp_path: Path) -> None:
    home, inbox = small(tmp_path)
    shutil.copytree(home / "lake", tmp_path / "backup")
    child = erased(home, NUMBER)
    shutil.rmtree(home / "lake")
    shutil.copytree(tmp_path / "backup", home / "lake")
    later = put(inbox, "lektioner_20261011T0500.csv", text_of([lesson(1, invalid="5")], BASIC))
    with Lake.open(settings_of(home)) as lake, pytest.raises(TombstoneError, match="--again"):
        ingest_paths(lake, [later])
    with Lake.open(settings_of(home)) as lake:
        assert erase_who_is_back(clearing(lake)) is not None
    with Lake.open(settings_of(home)) as lake:
        assert erase_who_is_back(clearing(lake)) is None
        assert traces(lake, Words(child)) == []
    assert offered(home, later) == [(1, 1, 0)]


def test_objects_that_name_an_erased_person_leave_nothing(tmp_path: Path) -> None:
    home, pages = tmp_path / "home", tmp_path / "pages"
    put_school(pages)
    offered(home, pages)
    child = erased(home, CIVIC[ANNA])
    words = Words(child, (ANNA,))
    with Lake.open(settings_of(home)) as lake:
        assert traces(lake, words) == []
        assert lake.rows("SELECT count(DISTINCT pupil_key) FROM lessons") == [(1,)]
    again = tmp_path / "again"
    for name, objects in school().items():
        if name in {"persons", "attendances", "groups"}:
            put_page(again, name, objects, "20261020T0500")
    offered(home, again)
    with Lake.open(settings_of(home)) as lake:
        assert traces(lake, words) == []


def test_a_key_that_nobody_has_is_nobody(tmp_path: Path) -> None:
    home, _ = small(tmp_path)
    with Lake.open(settings_of(home)) as lake:
        to_clear = clearing(lake)
        unknown = to_clear.sealer.key("pupil", "199001011234")
        with pytest.raises(NobodyToEraseError, match="nobody by this key"):
            find_child(lake, to_clear.sealer, PupilQuestion(key=unknown))


@pytest.mark.parametrize("left_out", ["_the_lists", "_the_originals", "_the_files", ""])
def test_a_drill_finds_what_an_erasure_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    kept = tuple(step for step in erasing.STEPS if step.__name__ != left_out)
    monkeypatch.setattr(erasing, "STEPS", kept)
    parameters = load_parameters("stockholm", root_of("stockholm", None))
    done = drill(
        settings_of(tmp_path), lambda day: rule_set_of(parameters, day), date(2026, 11, 30)
    )
    assert set(done.planted) >= drilling.MUST_BE_FOUND
    assert done.has_passed is (left_out == "")
    places = {trace.place for trace in done.found}
    expected = {"_the_lists": "list memory", "_the_originals": "archive", "_the_files": "pulled"}
    assert expected.get(left_out) in {*places, None}
    assert not list((tmp_path / "tmp").glob("*/drill"))
    assert (tmp_path / "erasures" / "drill.json").is_file()
