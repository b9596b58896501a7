"""Protection falls by a sender with the right, and after somebody's release: every combination.

What must come out says `tests/oracle/protection.py`, which shares no code with the pipeline.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.pupils.protection import server_source
from assets.exports.senders.releases import ReleaseError, Releaser, release, waiting_lifts
from assets.exports.senders.senders import Right, Sender, Senders
from assets.exports.senders.senders_file import SendersError
from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import EVERY, ROSTER, USUAL, is_protected, lesson, put, text_of
from tests.integration.ss12000_files import enrolment as enrolment_of
from tests.integration.ss12000_files import organisation, person, put_page
from tests.oracle.identities import civic_no
from tests.oracle.protection import Release, Saying, Town

UNIT = "99999901"
MARKED = "Sekretessmarkering"
LIFTING = frozenset({Right.LIFT_PROTECTION})
SENDERS = {
    "far": Sender(name="far", rights=LIFTING, is_declared=True),
    "mor": Sender(name="mor", rights=LIFTING, is_declared=True),
    "utan": Sender(name="utan", rights=frozenset(), is_declared=True),
}
EARLY, LATE, LATER, LAST = (datetime(2026, 11, day, 4) for day in (1, 2, 3, 4))  # noqa: DTZ001
#: By whom a word is released: nobody, one, one twice, two.
RELEASED = ((), (1,), (1, 1), (1, 2))


@dataclass(frozen=True)
class Word:
    """A cell about a pupil: whose file, of which layout, when, and what it says."""

    sender: str
    layout: str
    at: datetime
    says: str

    @property
    def source(self) -> str:
        return f"{self.sender} {self.layout}"


@dataclass(frozen=True)
class Case:
    """One pupil of the matrix: who marks, who speaks against it when, and who releases that."""

    number: str
    words: tuple[Word, ...]
    people: tuple[int, ...]


def cases() -> list[Case]:
    """Return every marker, speaker against it, layout, order of the two, and releases."""
    found: list[Case] = []
    for marker, lifter, layout, times, people in itertools.product(
        ("far", "utan"), SENDERS, ("elever", "lektionsfranvaro"), ((EARLY, LATE), (LATE, EARLY)),
        RELEASED,
    ):  # fmt: skip
        words = (
            Word(marker, "elever", times[0], MARKED),
            Word(lifter, layout, times[1], "Ingen"),
        )
        found.append(Case(civic_no(len(found)), words, people))
    return found


def files_of(folder: Path, said: Iterable[tuple[str, Word]]) -> list[Path]:
    """Write what is said as files, one a sender, layout and time."""
    by_file: dict[tuple[str, str, datetime], list[tuple[str, str]]] = defaultdict(list)
    for number, word in said:
        by_file[word.sender, word.layout, word.at].append((number, word.says))
    paths: list[Path] = []
    for (sender, layout, at), cells in by_file.items():
        rows = [lesson(n, civic=number, protected=says) for n, (number, says) in enumerate(cells)]
        columns = EVERY
        if layout == "elever":
            rows = [USUAL | {"civic": number, "protected": says} for number, says in cells]
            columns = ROSTER
        paths.append(put(folder / sender, f"{layout}_{at:%Y%m%dT%H%M}.csv", text_of(rows, columns)))
    return paths


def offer(lake: Lake, folder: Path, paths: Sequence[Path], *, two: bool) -> None:
    known = Senders(named=tuple(SENDERS.values()), folders=(folder,), two_persons=two)
    for report in ingest_paths(lake, paths, senders=known):
        assert report.outcome == "accepted", report.reason


def town_of(all_cases: Sequence[Case], more: Iterable[tuple[str, Word]], *, two: bool) -> Town:
    town = Town(numbers={case.number for case in all_cases})
    said = [(case.number, word) for case in all_cases for word in case.words]
    for number, word in (*said, *more):
        town.sayings.append(
            Saying(
                word.source, word.at, word.says, number=number,
                may_lift=SENDERS[word.sender].may_lift, needed=2 if two else 1,
            )
        )  # fmt: skip
    return town


def release_all(lake: Lake, all_cases: Sequence[Case], town: Town) -> None:
    """Let everybody release who does; what does not wait can't be released."""
    sealer = Sealer.of_home(lake.settings.home)
    by_pupil = {str(sealer.key("pupil", case.number)): case for case in all_cases}
    waiting = {lift.pupils[0]: lift for lift in waiting_lifts(lake, sealer)}
    for pupil, case in by_pupil.items():
        word = case.words[1]
        may = SENDERS[word.sender].may_lift
        is_own = case.words[0].source == word.source and word.at > case.words[0].at
        assert (pupil in waiting) is (may and is_own)
        if pupil not in waiting:
            continue
        lift = waiting[pupil]
        assert (lift.school_unit_code, lift.sender, lift.layout) == (UNIT, word.sender, word.layout)
        for uid in case.people:
            town.releases.append(Release(word.source, word.at, uid, number=case.number))
            if len(case.people) == 2 and uid == 1 and case.people[1] == 1:
                release_again(lake, sealer, lift, Releaser(uid, "anna"))
            else:
                release(lake, lift, Releaser(uid, f"person {uid}"))


def release_again(lake: Lake, sealer: Sealer, lift: object, who: Releaser) -> None:
    """Release something twice: the second time is refused."""
    done = lake.rows("SELECT count(*) FROM lift_releases WHERE uid = 1 AND login = 'anna' "
                     f"AND reference_key = '{lift.reference_key}'")  # type: ignore[attr-defined] # fmt: skip
    if done[0][0]:
        with pytest.raises(ReleaseError, match="released by anna before"):
            release(lake, lift, who)  # type: ignore[arg-type]
    else:
        release(lake, lift, who)  # type: ignore[arg-type]


def protected(lake: Lake, all_cases: Sequence[Case]) -> set[str]:
    sealer = Sealer.of_home(lake.settings.home)
    keys = {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}
    return {case.number for case in all_cases if sealer.key("pupil", case.number) in keys}


@pytest.mark.parametrize("two", [False, True], ids=["one person", "two persons"])
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
def test_protection_falls_by_the_right_the_source_and_a_release_only(
    lake: Lake, tmp_path: Path, two: bool, turned: bool
) -> None:
    matrix = cases()
    paths = files_of(tmp_path, [(case.number, word) for case in matrix for word in case.words])
    paths.sort(key=lambda path: path.name[-17:], reverse=turned)
    early = [path for path in paths if path.name[-17:] == paths[0].name[-17:]]
    offer(lake, tmp_path, early, two=two)
    offer(lake, tmp_path, [path for path in paths if path not in early], two=two)
    town = town_of(matrix, (), two=two)
    everybody = {case.number for case in matrix}
    # A sender's word about somebody whom it marked before waits; nothing falls by itself.
    assert protected(lake, matrix) == town.protected() == everybody
    release_all(lake, matrix, town)
    assert protected(lake, matrix) == town.protected()
    fallen = everybody - town.protected()
    assert len(fallen) == (1 if two else 3)
    # Newer words of the source carry on; a new mark does not fall by the old release.
    again = [(case.number, replace(case.words[1], at=LATER)) for case in matrix]
    offer(lake, tmp_path, files_of(tmp_path, again), two=two)
    town = replace(town_of(matrix, again, two=two), releases=town.releases)
    assert protected(lake, matrix) == town.protected() == everybody - fallen
    marked = [(case.number, Word("far", "elever", LAST, MARKED)) for case in matrix]
    offer(lake, tmp_path, files_of(tmp_path, marked), two=two)
    assert protected(lake, matrix) == everybody


def one_waits(lake: Lake, folder: Path, *, two: bool = False) -> None:
    """Let a sender mark a pupil and say not protected later."""
    said = [Word("far", "elever", EARLY, MARKED), Word("far", "elever", LATE, "Ingen")]
    offer(lake, folder, files_of(folder, [(civic_no(1), word) for word in said]), two=two)


def test_taking_the_senders_away_or_changing_them_lifts_nothing(lake: Lake, tmp_path: Path) -> None:
    one_waits(lake, tmp_path, two=True)
    with pytest.raises(SendersError):
        ingest_paths(lake, [tmp_path])
    assert is_protected(lake)
    sealer = Sealer.of_home(lake.settings.home)
    (lift,) = waiting_lifts(lake, sealer)
    # What was said under two persons stays so.
    assert (lift.needed, lift.releases) == (2, 0)
    assert release(lake, lift, Releaser(1, "anna")) == 1
    assert is_protected(lake)
    assert waiting_lifts(lake, sealer)[0].releases == 1
    assert release(lake, lift, Releaser(2, "bo")) == 0
    assert not is_protected(lake)
    assert waiting_lifts(lake, sealer) == []


def test_the_second_of_two_finds_the_word_when_one_was_enough_before_the_mark(
    lake: Lake, tmp_path: Path
) -> None:
    said = [(EARLY, "Ingen", False), (LATE, MARKED, False), (LATER, "Ingen", True)]
    for number, (at, says, two) in enumerate(said, start=2):
        # Others come, so that no file says what one before it said.
        words = [(civic_no(1), Word("far", "elever", at, says))]
        words.append((civic_no(number), Word("far", "elever", at, "Ingen")))
        offer(lake, tmp_path, files_of(tmp_path, words), two=two)
    sealer = Sealer.of_home(lake.settings.home)
    for uid, more in ((1, 1), (2, 0)):
        assert is_protected(lake)
        (lift,) = waiting_lifts(lake, sealer)
        assert (lift.needed, lift.releases) == (2, uid - 1)
        assert release(lake, lift, Releaser(uid, f"person {uid}")) == more
    assert not is_protected(lake)
    assert waiting_lifts(lake, sealer) == []


def test_two_sources_protect_and_each_lifts_its_own(lake: Lake, tmp_path: Path) -> None:
    number = civic_no(1)
    words = [
        (number, Word(sender, "elever", at, says))
        for sender in ("far", "mor") for at, says in ((EARLY, MARKED), (LATE, "Ingen"))
    ]  # fmt: skip
    offer(lake, tmp_path, files_of(tmp_path, words), two=False)
    sealer = Sealer.of_home(lake.settings.home)
    first, second = waiting_lifts(lake, sealer)
    release(lake, first, Releaser(1, "anna"))
    assert is_protected(lake)
    assert [lift.id for lift in waiting_lifts(lake, sealer)] == [second.id]
    release(lake, second, Releaser(1, "anna"))
    assert not is_protected(lake)


def test_what_the_whole_inbox_said_before_there_were_senders_is_lifted_by_a_release(
    lake: Lake, tmp_path: Path
) -> None:
    paths = files_of(tmp_path, [(civic_no(1), Word("far", "elever", EARLY, MARKED))])
    ingest_paths(lake, paths)
    paths = files_of(tmp_path, [(civic_no(1), Word("utan", "elever", LATE, "Ingen"))])
    offer(lake, tmp_path, paths, two=False)
    assert waiting_lifts(lake, Sealer.of_home(lake.settings.home)) == []
    paths = files_of(tmp_path, [(civic_no(1), Word("far", "elever", LATER, "Ingen"))])
    offer(lake, tmp_path, paths, two=False)
    assert is_protected(lake)
    sealer = Sealer.of_home(lake.settings.home)
    (lift,) = waiting_lifts(lake, sealer)
    release(lake, lift, Releaser(1, "anna"))
    assert not is_protected(lake)


def test_a_word_of_before_there_were_senders_lifts_without_a_release(
    lake: Lake, tmp_path: Path
) -> None:
    words = [Word("far", "elever", EARLY, MARKED), Word("far", "elever", LATE, "Ingen")]
    ingest_paths(lake, files_of(tmp_path, [(civic_no(1), word) for word in words]))
    assert not is_protected(lake)
    # A sender's newer word takes no place of it, though that one needs a release.
    paths = files_of(tmp_path, [(civic_no(1), Word("far", "elever", LATER, "Ingen"))])
    offer(lake, tmp_path, paths, two=False)
    assert not is_protected(lake)


def test_of_a_server_a_sender_lifts_its_own_word_after_a_release(
    lake: Lake, tmp_path: Path
) -> None:
    def page(sender: str, stamp: str, marking: str) -> Path:
        shown = person(
            "id-1", civicNo={"value": civic_no(1)}, securityMarking=marking,
            enrolments=[enrolment_of(startDate="2026-08-17")],
        )  # fmt: skip
        return put_page(tmp_path / sender, "persons", [shown], stamp)

    def take(*paths: Path) -> None:
        known = Senders(named=tuple(SENDERS.values()), folders=(tmp_path,))
        ingest_paths(lake, paths, senders=known)

    take(
        put_page(tmp_path / "far", "units", [organisation()], "20261101T0400"),
        page("far", "20261101T0500", MARKED),
    )
    take(page("utan", "20261102T0500", "Ingen"), page("mor", "20261103T0500", "Ingen"))
    sealer = Sealer.of_home(lake.settings.home)
    assert is_protected(lake)
    assert waiting_lifts(lake, sealer) == []
    take(page("far", "20261104T0500", "Ingen"))
    (lift,) = waiting_lifts(lake, sealer)
    assert is_protected(lake)
    release(lake, lift, Releaser(1, "anna"))
    assert not is_protected(lake)
    assert lake.rows("SELECT * FROM protected_persons") == []


def test_a_servers_source_has_one_key_wherever_it_is_made(lake: Lake) -> None:
    load_macros(lake)
    key = str(Sealer.of_home(lake.settings.home).key("ss12000_person", "id-1"))
    for tag in ("", "far\x1e"):
        ((made,),) = lake.rows(
            "SELECT cast(server_source(cast($key AS UUID), $tag) AS VARCHAR)", key=key, tag=tag
        )
        assert made == server_source(key, tag)
