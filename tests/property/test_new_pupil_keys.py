"""Whenever pupils get new keys between files, protection and rates are as if they had not.

What must come out says `tests/oracle/protection.py`, which knows of no keys at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.exports.ingest import ingest_paths
from assets.exports.senders.releases import Releaser, release, waiting_lifts
from assets.exports.senders.senders import Senders
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.keys.rotate import HomeToReseal, rotate
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.ingest_files import is_protected
from tests.integration.ss12000_files import enrolment, organisation, person, put_page
from tests.integration.test_lift_releases import (
    EARLY,
    LATE,
    LATER,
    MARKED,
    SENDERS,
    Case,
    Word,
    files_of,
    offer,
    protected,
    release_all,
    town_of,
)
from tests.oracle.identities import civic_no
from tests.property.test_protection_words import EXPORTS, NUMBERS, Export, shown
from tests.property.test_protection_words import town_of as town_of_exports


def new_keys(home: Path) -> None:
    given = HomeToReseal(settings_of(home), PortalDatabase(home), latest_seconds=0, pupil_keys=True)
    rotate(given)


def hidden_and_shown(home: Path) -> tuple[set[str], set[str]]:
    """Return the numbers of those whom the rates hide, of all with a lesson, and show."""
    sealer = Sealer.of_home(home)
    with Lake.open(settings_of(home)) as lake:
        found = shown(lake)
        with_lesson = {str(key) for (key,) in lake.rows("SELECT DISTINCT pupil_key FROM lessons")}
    number_of = {sealer.key_text("pupil", number): number for number in NUMBERS}
    # A key that no number makes would be a pupil who became a stranger.
    assert with_lesson <= set(number_of)
    return {number_of[key] for key in with_lesson - found}, {number_of[key] for key in found}


def play(home: Path, paths: Sequence[Path], changes: Sequence[int]) -> None:
    """Take files in one by one, and give new keys before those of these places."""
    for place, path in enumerate(paths):
        if place in changes:
            new_keys(home)
        with Lake.open(settings_of(home)) as lake:
            ingest_paths(lake, [path])
    if len(paths) in changes:
        new_keys(home)


def test_whom_files_protect_is_hidden_whenever_keys_change(tmp_path: Path) -> None:
    tried = 0

    @settings(
        max_examples=examples(3),
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        exports=st.lists(EXPORTS, min_size=2, max_size=5),
        changes=st.sets(st.integers(1, 5), min_size=1, max_size=2),
    )
    def check(exports: list[Export], changes: set[int]) -> None:
        nonlocal tried
        tried += 1
        folder = tmp_path / f"inbox{tried}"
        paths = [export.write(folder, number) for number, export in enumerate(exports)]
        homes = [tmp_path / f"{name}{tried}" for name in ("changed", "same")]
        play(homes[0], paths, sorted(min(place, len(paths)) for place in changes))
        play(homes[1], paths, ())
        hidden, seen = hidden_and_shown(homes[0])
        town = town_of_exports(exports)
        assert hidden <= town.protected()
        assert seen.isdisjoint(town.protected())
        assert (hidden, seen) == hidden_and_shown(homes[1])

    check()


def every_case() -> list[Case]:
    """Return who marks, who speaks against it, and who releases that: a pupil for each."""
    found: list[Case] = []
    ways = product(("far", "utan"), SENDERS, ("elever", "lektionsfranvaro"), ((), (1,), (1, 2)))
    for marker, lifter, layout, people in ways:
        words = (Word(marker, "elever", EARLY, MARKED), Word(lifter, layout, LATE, "Ingen"))
        found.append(Case(civic_no(len(found)), words, people))
    return found


@pytest.mark.parametrize("two", [False, True], ids=["one person", "two persons"])
@pytest.mark.parametrize("when", ["marked", "spoken", "released"])
def test_protection_falls_by_the_same_words_whenever_keys_change(
    tmp_path: Path, when: str, two: bool
) -> None:
    home, cases = tmp_path / "home", every_case()
    town = town_of(cases, (), two=two)
    for place, word in enumerate(("marked", "spoken")):
        said = [(case.number, case.words[place]) for case in cases]
        with Lake.open(settings_of(home)) as lake:
            offer(lake, tmp_path, files_of(tmp_path, said), two=two)
        if when == word:
            new_keys(home)
    with Lake.open(settings_of(home)) as lake:
        release_all(lake, cases, town)
    if when == "released":
        new_keys(home)
    with Lake.open(settings_of(home)) as lake:
        found = protected(lake, cases)
    assert found == {case.number for case in cases if case.number in town.protected()}
    assert set() < found < {case.number for case in cases}


@pytest.mark.parametrize("when", [(1,), (2,), (1, 2)], ids=["marked", "spoken", "both"])
def test_a_servers_sender_lifts_what_it_marked_before_keys_changed(
    tmp_path: Path, when: tuple[int, ...]
) -> None:
    """Its source is a hash of its name and the person's key, made in SQL: of the new key now."""
    home = tmp_path / "home"

    def take(*paths: Path) -> None:
        known = Senders(named=tuple(SENDERS.values()), folders=(tmp_path,))
        with Lake.open(settings_of(home)) as lake:
            ingest_paths(lake, paths, senders=known)

    def page(sender: str, stamp: str, marking: str) -> Path:
        shown = person(
            "id-1", civicNo={"value": civic_no(1)}, securityMarking=marking,
            enrolments=[enrolment(startDate="2026-08-17")],
        )  # fmt: skip
        return put_page(tmp_path / sender, "persons", [shown], stamp)

    take(
        put_page(tmp_path / "far", "units", [organisation()], "20261101T0400"),
        page("far", "20261101T0500", MARKED),
    )
    for place, stamp in enumerate(("20261102T0500", f"{LATER:%Y%m%dT%H%M}"), start=1):
        if place in when:
            new_keys(home)
        sender = "mor" if place == 1 else "far"
        take(page(sender, stamp, "Ingen"))
    with Lake.open(settings_of(home)) as lake:
        assert is_protected(lake)
        (lift,) = waiting_lifts(lake, Sealer.of_home(home))
        release(lake, lift, Releaser(1, "anna"))
        assert not is_protected(lake)
        assert lake.rows("SELECT * FROM protected_persons") == []
