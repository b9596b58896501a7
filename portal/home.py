"""The home that this process serves: its key, its lake to read, and who belongs where today.

One connection to the lake a process, used by one thread at a time, and one beside it for what takes
long. What is asked is kept until the lake has a newer snapshot or another day begins, so a right
that ended in a night has ended at the next request. Nothing here writes to the lake.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from assets.lake.catalog.read_only import refuse_read_only
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.watchlists.collect.mentors import key_of_mentor
from pipelines.settings import STOCKHOLM, Settings
from portal.configuration import PortalConfiguration
from portal.today import Today, look_at_today
from rules.models import RuleSet
from rules.registry import load_parameters, root_of, rule_set_of

Found = TypeVar("Found")


#: Inode, time and size of each file of a catalog; None for a file that is not there.
Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass
class _Answers:
    """What was asked of one snapshot on one day; `stamp` is of the catalog's files then."""

    snapshot: int
    day: date
    stamp: Stamp | None = None
    answers: dict[Hashable, Any] = field(default_factory=dict)


class Home:
    """A home as the portal reads it.

    Args:
        settings: of the home.
        clock: what time it is in Stockholm; tests have their own.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._turn = threading.RLock()
        self._long_turn = threading.Lock()
        self._lake: Lake | None = None
        self._kept: _Answers | None = None
        self.sealer = Sealer.of_home(settings.lake.home)

    @property
    def folder(self) -> Path:
        """Where everything of it lies."""
        return self._settings.lake.home

    @property
    def lake_settings(self) -> LakeSettings:
        """What its lake is opened with."""
        return self._settings.lake

    def now(self) -> datetime:
        """Return the moment."""
        return self._clock()

    def day(self) -> date:
        """Return today in Stockholm."""
        return self._clock().date()

    def key_of_address(self, address: str) -> str:
        """Return the key of a person with an address: the one that lists know mentors by."""
        return key_of_mentor(self.sealer, "", address)

    def today(self) -> Today:
        """Return who belongs where, by the newest snapshot of the lake."""
        return self.ask("today", self._look)

    def rules(self) -> RuleSet:
        """Return the values that are in force today."""
        name = self._settings.rule_set
        parameters = load_parameters(name, root_of(name, self._settings.rules_folder))
        return rule_set_of(parameters, self.day())

    def _look(self, lake: Lake) -> Today:
        return look_at_today(lake, self.sealer, self.day(), self.rules())

    def ask(self, name: Hashable, question: Callable[[Lake], Found]) -> Found:
        """Ask the lake, unless it was asked the same of this snapshot today.

        Args:
            name: tells the question from others.
            question: called with the lake; must not write.

        Raises:
            LakeError: the lake can't be opened.
        """
        with self._reading() as (lake, kept):
            if name not in kept.answers:
                kept.answers[name] = question(lake)
            return cast("Found", kept.answers[name])

    def look(self, question: Callable[[Lake], Found]) -> Found:
        """Ask the lake something that is not kept: names, opened while a page is made.

        Raises:
            LakeError: the lake can't be opened.
        """
        with self._reading() as (lake, _):
            return question(lake)

    def ask_apart(self, name: Hashable, question: Callable[[Lake], Found]) -> Found:
        """Ask the lake what takes long, as `ask`, while others ask what is quick.

        Args:
            name: tells the question from others.
            question: called with the lake; must not write.

        Raises:
            LakeError: the lake can't be opened.
        """
        with self._reading() as (_, kept):
            if name in kept.answers:
                return cast("Found", kept.answers[name])
        found = self.look_apart(question)
        with self._turn:
            # Of a snapshot that is not the newest any more nobody reads it.
            kept.answers[name] = found
        return found

    def look_apart(self, question: Callable[[Lake], Found]) -> Found:
        """Ask the lake what takes long and is not kept, as `look`, while others ask what is quick.

        On a connection of its own. Of such questions one is answered at a time, so that they do
        not take the whole machine.

        Raises:
            LakeError: the lake can't be opened.
        """
        with self._long_turn:
            with self._reading() as (lake, _):
                apart = lake.beside()
            try:
                return question(apart)
            finally:
                apart.close()

    @contextmanager
    def _reading(self) -> Iterator[tuple[Lake, _Answers]]:
        # Every right is looked up here, so nothing is shown or kept of a home whose pupils got new
        # keys since this process began.
        self.sealer.look()
        with self._turn:
            if self._lake is None:
                # Of a home that can't be written to a copy would be asked, which hears of no news.
                refuse_read_only(self._settings.lake.home)
                self._lake = Lake.open(self._settings.lake)
            lake = self._lake
            try:
                yield lake, self._look_for_news(lake)
            except Exception:
                # A connection that failed once is not asked again: the next question opens another.
                self.close()
                raise

    def _look_for_news(self, lake: Lake) -> _Answers:
        """Return what is kept, emptied when the lake has a newer snapshot or another day began.

        Of a catalog in a file its files are looked at first: two processes that ask it at the same
        moment wait for each other a second at a time.
        """
        kept, day, stamp = self._kept, self.day(), self._stamp()
        if kept and kept.day == day and stamp is not None and kept.stamp == stamp:
            return kept
        snapshot = lake.snapshot()
        if kept is None or (kept.snapshot, kept.day) != (snapshot, day):
            kept = self._kept = _Answers(snapshot, day)
        kept.stamp = stamp
        return kept

    def _stamp(self) -> Stamp | None:
        """Return what changes with every write to a catalog in the home; None for another's."""
        if self._settings.lake.catalog:
            return None
        catalog = self.folder / "lake" / "catalog.sqlite"
        return tuple(map(_of_file, (catalog, catalog.with_name(f"{catalog.name}-wal"))))

    def close(self) -> None:
        """Let go of the lake."""
        with self._turn:
            lake, self._lake, self._kept = self._lake, None, None
            if lake is not None:
                lake.close()


def _of_file(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@cache
def the_home() -> Home:
    """Return the home of this process; in the demo it can be another day there."""
    day = PortalConfiguration().demo_day

    def clock() -> datetime:
        now = datetime.now(STOCKHOLM)
        return now if day is None else datetime.combine(day, now.timetz())

    return Home(Settings(), clock)
