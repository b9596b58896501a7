"""Whatever senders say of protection, in any order, and whoever releases what between: protected is
whom the oracle calls so, and what waits is what a release would lift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from assets.exports.ingest import ingest_paths
from assets.exports.senders.releases import ReleaseError, Releaser, release, waiting_lifts
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.ingest_files import ROSTER, USUAL, put, text_of
from tests.oracle.protection import Release, Saying, Town

NUMBERS = ("201203149800", "201203149818")
EPOCH = datetime(2026, 11, 1, 5)  # noqa: DTZ001 - a name gives local time
LIFTING = frozenset({Right.LIFT_PROTECTION})
SENDERS = (
    Sender(name="ett", rights=LIFTING, is_declared=True),
    Sender(name="två", rights=LIFTING, is_declared=True),
    Sender(name="utan", rights=frozenset(), is_declared=True),
)


@dataclass(frozen=True)
class File:
    """A roster file: who sends it, when, and what it says of each pupil."""

    sender: Sender
    day: int
    words: tuple[str, ...]

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(days=self.day)

    def write(self, folder: Path, number: int) -> Path:
        rows = [
            USUAL | {"civic": civic, "protected": word, "given": f"fil {number}"}
            for civic, word in zip(NUMBERS, self.words, strict=True)
        ]
        name = f"elever{number}_{self.at:%Y%m%dT%H%M}.csv"
        return put(folder / self.sender.name, name, text_of(rows, ROSTER))

    def sayings(self, needed: int) -> list[Saying]:
        return [
            Saying(self.sender.name, self.at, word, number=number, may_lift=self.sender.may_lift,
                   needed=needed)
            for number, word in zip(NUMBERS, self.words, strict=True)
        ]  # fmt: skip


@dataclass(frozen=True)
class Act:
    """Somebody releases one of the words that wait then."""

    uid: int
    which: int


WORDS = st.sampled_from(("Ingen", "Ingen", "Sekretessmarkering", ""))
FILES = st.builds(
    File, sender=st.sampled_from(SENDERS), day=st.integers(0, 5), words=st.tuples(WORDS, WORDS)
)
ACTS = st.builds(Act, uid=st.integers(1, 2), which=st.integers(0, 3))


def would_lift(town: Town) -> set[str]:
    """Return the pupils about whom some source's newest word lifts its mark, once released."""
    found: set[str] = set()
    for saying in (saying for saying in town.sayings if saying.lifts):
        marks = [
            mark for mark in town.sayings
            if mark.protects and (mark.source, mark.number) == (saying.source, saying.number)
        ]  # fmt: skip
        stands = Town(marks + [s for s in town.sayings if s.lifts], numbers={saying.number})
        stands.releases = town.releases
        newest = max((mark.at for mark in marks), default=None)
        if newest is not None and saying.at > newest and stands.protected():
            found.add(saying.number)
    return found


def test_protection_falls_only_as_the_oracle_says(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        sealer = Sealer.of_home(lake.settings.home)
        keys = {sealer.key("pupil", number): number for number in NUMBERS}
        tried = 0

        @settings(
            max_examples=examples(6), deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(steps=st.lists(st.one_of(FILES, ACTS), min_size=2, max_size=8), two=st.booleans())
        def check(steps: list[File | Act], two: bool) -> None:
            nonlocal tried
            tried += 1
            folder = tmp_path / f"inbox{tried}"
            known = Senders(named=SENDERS, folders=(folder,), two_persons=two)
            emptied(lake)
            town = Town()
            for number, step in enumerate(steps):
                if isinstance(step, File):
                    ingest_paths(lake, [step.write(folder, number)], senders=known)
                    town.sayings += step.sayings(2 if two else 1)
                    town.numbers |= set(NUMBERS)
                elif waiting := waiting_lifts(lake, sealer):
                    lift = waiting[step.which % len(waiting)]
                    (pupil,) = {keys[key] for key in keys if str(key) in lift.pupils}
                    done = Release(lift.sender, lift.exported_at, step.uid, number=pupil)
                    try:
                        release(lake, lift, Releaser(step.uid, "somebody"))
                    except ReleaseError:
                        assert replace(done) in town.releases
                    else:
                        town.releases.append(done)
                        event("released")
                found = {
                    keys[key]
                    for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")
                }  # fmt: skip
                assert found == town.protected()
                listed = {key for lift in waiting_lifts(lake, sealer) for key in lift.pupils}
                assert {keys[key] for key in keys if str(key) in listed} == would_lift(town)

        check()
