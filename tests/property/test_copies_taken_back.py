"""After any night, no copy that can be reached names who is protected or erased; others are named.

Nights are drawn: who is on the list, who becomes protected, which place answers, which target is
set, who wants no copy, where a run is killed. What lies at the places is read byte by byte, the
parts of zips too, and never asked of the code that is tested.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.delivery.places import DeliveryPlace, PlaceFaultError
from assets.delivery.recipients import Corrections, PrincipalEntry
from assets.delivery.settings import TargetSettings
from tests.examples import examples
from tests.integration.delivery_home import (
    OTHER,
    SCHOOL,
    Child,
    DeliveryHome,
    files_under,
    mentor_key,
    naming,
)

CHILDREN = tuple(Child(number, mentor_key(number % 2) if number % 3 else "") for number in range(6))
PLACES = ("norr", "soder")
# The names of files change with the week, on the fifth night.
THURSDAY = date(2026, 11, 19)


class KilledError(Exception):
    """The process ends here."""


@dataclass(frozen=True)
class Night:
    """What is so in a night.

    Attributes:
        listed: who is on the list of which school, as it is made tonight; None when no list is.
        hidden: numbers of pupils who become protected or are erased.
        target: which place is set; None for none.
        away: places that do not answer.
        fails_from: so many files are put before the place answers no more.
        is_killed: then the process is killed, with half a file beside.
        is_full: then the place answers, and has no room; it does take files away.
        is_wrong: recipients.yaml can't be read.
        is_without: the rektor of the first school wants no copy.
        mentors: whether mentors have files of their own.
    """

    listed: Mapping[str, frozenset[int]] | None
    hidden: frozenset[int]
    target: str | None
    away: frozenset[str]
    fails_from: int = 99
    is_killed: bool = False
    is_full: bool = False
    is_wrong: bool = False
    is_without: bool = False
    mentors: bool = True
    is_frozen: bool = False


class WeatheredPlace(DeliveryPlace):
    """A folder that stops to answer when a night says so."""

    puts: dict[str, int]
    night: Night

    def _told(self) -> str:
        return Path(self.url.removeprefix("file://")).name

    def files(self) -> dict[str, int]:
        self._answer()
        return super().files()

    def put(self, path: str, content: bytes) -> None:
        self._answer()
        self.puts["all"] += 1
        if self.puts["all"] > self.night.fails_from:
            folder, _, name = path.rpartition("/")
            beside = Path(self.url.removeprefix("file://")) / folder / f".{name}.part"
            beside.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            if self.night.is_killed:
                raise KilledError
            raise PlaceFaultError("full", is_lasting=True, is_of_place=not self.night.is_full)
        super().put(path, content)

    def remove(self, path: str) -> None:
        self._answer()
        super().remove(path)

    def _answer(self) -> None:
        if self._told() in self.night.away:
            raise PlaceFaultError("away", is_of_place=True)


numbers = st.frozensets(st.sampled_from(range(6)))
NIGHTS = st.lists(
    st.builds(
        Night,
        listed=st.none() | st.fixed_dictionaries({SCHOOL: numbers, OTHER: numbers}),
        hidden=st.frozensets(st.sampled_from(range(6)), max_size=2),
        target=st.none() | st.sampled_from(PLACES),
        away=st.frozensets(st.sampled_from(PLACES), max_size=1),
        fails_from=st.sampled_from([0, 1, 3, 99, 99, 99]),
        is_killed=st.booleans(),
        is_full=st.booleans(),
        is_wrong=st.sampled_from([False, False, True]),
        is_without=st.sampled_from([False, False, True]),
        mentors=st.booleans(),
        is_frozen=st.booleans(),
    ),
    min_size=2,
    max_size=5,
)
ALL = {SCHOOL: frozenset(range(6)), OTHER: frozenset({1, 2})}
NOBODY: frozenset[int] = frozenset()
TWO = frozenset({1, 2})
FULL = Night(ALL, NOBODY, "norr", frozenset())


@settings(max_examples=examples(30))
@given(NIGHTS)
# A list of before is all there is: nothing of it may go out, and what went out comes back.
@example([FULL, replace(FULL, listed=None, hidden=frozenset({1}))])
# The target was another one when the copies went out.
@example([FULL, replace(FULL, target="soder", hidden=frozenset({2}))])
@example([FULL, replace(FULL, target=None, hidden=frozenset({2}))])
# The place is away in the night that counts, and back in the one after.
@example([FULL, replace(FULL, hidden=frozenset({3}), away=frozenset({"norr"})), FULL])
# Killed in the middle of a file of a school's first delivery.
@example([replace(FULL, fails_from=1, is_killed=True), replace(FULL, hidden=frozenset({1, 2}))])
@example([replace(FULL, fails_from=1, is_killed=True), replace(FULL, target="soder", hidden=TWO)])
@example([FULL, replace(FULL, hidden=frozenset({1}), is_wrong=True)])
# No room for the list without the pupil: then the one with the pupil goes all the same.
@example([FULL, replace(FULL, hidden=frozenset({1}), fails_from=0, is_full=True)])
@example([FULL, replace(FULL, hidden=frozenset({1}), fails_from=0)])
# A frozen list stays as it was, with the pupil: its copy goes.
@example([replace(FULL, is_frozen=True), replace(FULL, hidden=frozenset({1}))])
def test_no_copy_within_reach_names_who_may_be_named_no_more(nights: list[Night]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _live(Path(folder), nights)


def _live(folder: Path, nights: list[Night]) -> None:
    for name in PLACES:
        (folder / name).mkdir()
    home = DeliveryHome(folder / "home", TargetSettings())
    hidden: set[int] = set()
    for number, night in enumerate(nights):
        hidden |= night.hidden
        _make_lists(home, night, hidden, THURSDAY + timedelta(days=number))
        url = (folder / night.target).as_uri() if night.target else ""
        home.target = TargetSettings(url=url, tries=1, wait_seconds=0)
        entry = PrincipalEntry(school_unit=SCHOOL, channel="none" if night.is_without else "mail")
        home.corrections = Corrections(principals=(entry,))
        counted = {"all": 0}

        def placed(
            url: str, night: Night = night, counted: dict[str, int] = counted
        ) -> DeliveryPlace:
            place = WeatheredPlace(home.target, url)
            place.night, place.puts = night, counted
            return place

        try:
            made = home.deliver(problem="wrong" if night.is_wrong else "", placed=placed)
        except KilledError:
            continue
        told = {
            (Path(copy.place.removeprefix("file://")).name, copy.path) for copy in made.out_of_reach
        }
        left = set(_naming_hidden(folder, hidden))
        # Each is named by its place and the path of the file that it is, or was to become.
        assert left <= told
        if not night.away and (night.fails_from == 99 or night.is_full):
            assert left == told == set()
        assert all(child.name not in repr(made) for child in CHILDREN)


def _make_lists(home: DeliveryHome, night: Night, hidden: set[int], as_of: date) -> None:
    for code, listed in (night.listed or {}).items():
        shown = [CHILDREN[number] for number in sorted(listed - hidden)]
        home.publish(shown, code=code, as_of=as_of, has_mentors=night.mentors)
        if night.is_frozen:
            home.publish(shown, code=code, as_of=as_of, has_mentors=False, is_frozen=True)
    home.nameable = {child.key for child in CHILDREN if child.number not in hidden}


def _naming_hidden(folder: Path, hidden: set[int]) -> Iterator[tuple[str, str]]:
    for name in PLACES:
        files = files_under(folder / name)
        for number in hidden:
            for path in naming(files, CHILDREN[number]):
                above, _, file = path.rpartition("/")
                is_part = file.startswith(".") and file.endswith(".part")
                yield name, f"{above}/{file[1:-5]}" if is_part else path


def test_a_pupil_whose_number_was_changed_is_known_by_the_old_copy(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    home = DeliveryHome(tmp_path / "home", TargetSettings(url=share.as_uri(), tries=1))
    home.publish(CHILDREN[:2])
    home.deliver()
    old, new = CHILDREN[0].key, Child(77).key
    home.nameable = {new, CHILDREN[1].key}
    assert home.deliver(stands={old: new}).out_of_reach == ()
    assert naming(files_under(share), CHILDREN[0])
    home.nameable = {CHILDREN[1].key}
    made = home.deliver(stands={old: new})
    assert made.held_back == (SCHOOL,)
    assert naming(files_under(share), CHILDREN[0]) == set()


def test_who_a_copy_named_is_forgotten_with_the_copy(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    home = DeliveryHome(tmp_path / "home", TargetSettings(url=share.as_uri(), tries=1))
    home.publish(CHILDREN)
    home.deliver()
    with home.log() as log:
        assert log.naming_others(share.as_uri(), (), {}) != set()
    home.publish(())
    home.deliver()
    with home.log() as log:
        assert log.naming_others(share.as_uri(), (), {}) == set()


def test_the_log_has_no_name_number_or_key_of_a_pupil(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    home = DeliveryHome(tmp_path / "home", TargetSettings(url=share.as_uri(), tries=1))
    home.publish(CHILDREN)
    home.deliver()
    kept = (home.home / "delivery.sqlite").read_bytes()
    assert b"franvarolista" in kept
    for child in CHILDREN:
        for text in (child.name, child.civic, child.key):
            assert text.encode() not in kept


def test_two_deliveries_at_once_are_one(tmp_path: Path) -> None:
    home = DeliveryHome(tmp_path / "home", TargetSettings())
    with home.log(), pytest.raises(Exception, match="Another process is delivering"), home.log():
        pass


def test_a_log_that_can_not_be_read_stops_a_delivery_with_a_word(tmp_path: Path) -> None:
    home = DeliveryHome(tmp_path / "home", TargetSettings())
    (home.home / "delivery.sqlite").write_bytes(b"x" * 5000)
    with pytest.raises(Exception, match="nobody knows what lies where"):
        home.deliver()
    with suppress(FileNotFoundError):
        (home.home / "delivery.sqlite").unlink()
    assert home.deliver().is_whole
