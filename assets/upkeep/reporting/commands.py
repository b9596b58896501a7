"""What of a night is called alone, by a timer: `trappan publish --week` and `trappan pull`.

A night makes up a week that was missed, but nobody should have to wait for it to hear that a frozen
list is not there; and what a pull did not fetch no night brings. So the newest run of each stands
in `HOME/reports`, and `trappan status` says of one that did not end well, until another one or, for
a week, a whole night has. One that was killed is known by its lock, which went with its process.
A mail tells of one that did not end well at once; of one that was killed the next night, publish or
pull does, once.

Not here: nights (`kept.py`, `report.py`).
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from assets.lake.whole_files import write_whole
from assets.upkeep.reporting.kept import FOLDER
from assets.upkeep.reporting.report import NightFailure, NightReport, NightResult

Command = Literal["publish", "pull"]
_NAME = re.compile(r"(?:publish-\d{4}-W\d{2}|pull)\.json")
_TROUBLE = frozenset({NightResult.BROKEN, NightResult.KILLED})
#: The newest weeks that are looked at: older ones are nobody's news.
_MOST_WEEKS = 4
_KILLED = NightFailure(
    kind="killed",
    words="Its process was killed, or the machine went down. Nothing is lost: run it again.",
)


class CommandReport(BaseModel):
    """The newest run of a command that was called alone.

    Attributes:
        command: which.
        week: ISO week of a publish; "" of a pull.
        run: a name of its own.
        begun_at: UTC.
        ended_at: UTC; None of one that is under way, or was killed.
        result: `killed` until it has ended.
        failure: why it did not end well.
        faults: who could not be told.
        told_at: when somebody was told that it was killed, UTC.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    command: Command
    week: str = ""
    run: str
    begun_at: datetime
    ended_at: datetime | None = None
    result: NightResult = NightResult.KILLED
    failure: NightFailure | None = _KILLED
    faults: tuple[str, ...] = ()
    told_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it was, in words."""
        return f"publish of {self.week}" if self.week else "pull"

    @property
    def file_name(self) -> str:
        """Its file in the folder of reports."""
        return f"{self.command}{f'-{self.week}' if self.week else ''}.json"

    @property
    def is_trouble(self) -> bool:
        """Whether somebody has to be told."""
        return self.result in _TROUBLE

    @property
    def ending(self) -> str:
        """How it ended, of one that is trouble."""
        return "never ended" if self.result == NightResult.KILLED else "did not end well"

    def sentence(self) -> str:
        """Say how it ended."""
        when = f"{self.begun_at:%Y-%m-%d %H:%M} UTC"
        words = self.failure.words if self.failure else ""
        return f"The {self.name} that was begun at {when} {self.ending}. {words}".strip()


class CommandReports:
    """The reports of a home's commands.

    Args:
        home: the home; nothing is made before the first of them is begun.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    @contextmanager
    def begun(self, report: CommandReport) -> Iterator[None]:
        """Let everybody see that a command is under way, until it has ended or its process has.

        Raises:
            OSError: no room or no permission in the home.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._lock(report.command), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Shared: two weeks may be published at once, and who looks asks whether anybody has it.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            self.keep(report)
            yield
        finally:
            os.close(descriptor)

    def keep(self, report: CommandReport) -> None:
        """Write a report in its place.

        Raises:
            OSError: no room or no permission in the home.
        """
        write_whole(self.folder / report.file_name, report.model_dump_json(indent=2).encode())

    def troubles(self, newest_night: NightReport | None = None) -> list[CommandReport]:
        """Return the commands that did not end well and that nothing has made good, oldest first.

        Args:
            newest_night: that was made.
        """
        found = [one for one in self._newest() if one.is_trouble]
        return [
            one
            for one in found
            if not self._is_under_way(one) and not _made_good(one, newest_night)
        ]

    def never_ended(self) -> list[CommandReport]:
        """Return the commands whose process is gone and of which nobody was told, oldest first."""
        return [
            one
            for one in self._newest()
            if one.ended_at is None and one.told_at is None and not self._is_under_way(one)
        ]

    def note_told(self, report: CommandReport, now: datetime) -> None:
        """Note that somebody was told of one that never ended, unless another took its place.

        Args:
            report: of the command.
            now: UTC.

        Raises:
            OSError: no room or no permission in the home.
        """
        if any(one.run == report.run for one in self._newest()):
            self.keep(report.model_copy(update={"told_at": now}))

    def _newest(self) -> list[CommandReport]:
        try:
            paths = sorted(path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        except OSError:
            return []
        weeks = [path for path in paths if path.name != "pull.json"][-_MOST_WEEKS:]
        others = [path for path in paths if path.name == "pull.json"]
        read = []
        for path in (*weeks, *others):
            # One that was cut or changed says nothing; the next run writes another.
            with suppress(OSError, ValidationError):
                read.append(CommandReport.model_validate_json(path.read_bytes()))
        return sorted(read, key=lambda one: one.begun_at)

    def _is_under_way(self, report: CommandReport) -> bool:
        if report.ended_at is not None:
            return False
        try:
            descriptor = os.open(self._lock(report.command), os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Also on a file system without locks: nothing is known, so nobody is called dead.
            return True
        finally:
            os.close(descriptor)
        return False

    def _lock(self, command: Command) -> Path:
        return self.folder / f"{command}.lock"


def _made_good(report: CommandReport, night: NightReport | None) -> bool:
    """Whether a night has made a week up that could not be published; no night pulls."""
    is_whole = night is not None and night.result in {NightResult.WELL, NightResult.WAITS}
    return bool(report.week) and is_whole and night is not None and night.begun_at > report.begun_at
