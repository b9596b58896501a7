"""The reports of a home, `HOME/reports`: nights that were begun, and what became of them.

A night that is begun has a file with a lock of the operating system on it. When the night has
ended, the file goes; when its process is killed, the file stays without the lock, and whoever looks
next knows. A report is written beside its place and moved there. Looking needs no right to write.
Not here: what a report has in it (`report.py`), what lists and lessons are (`looks.py`).
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from assets.lake.whole_files import write_whole
from assets.upkeep.reporting.report import SCHEMA_VERSION, BegunNight, NightReport
from rules.errors import TrappanError

FOLDER = "reports"
_BEGUN = re.compile(r"begun-[0-9a-f]{32}\.json")
_REPORT = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
# The newest night is among the newest by name or by time: --force makes older days again, and a
# restored home has other times.
_LOOKED_AT = 8


class ReportError(TrappanError):
    """A report can't be read; says which and what to do."""


class NightReports:
    """The reports of one home.

    Args:
        home: the home; nothing is made before the first night is begun.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    @contextmanager
    def begun(self, night: BegunNight) -> Iterator[None]:
        """Let everybody see that a night is under way, until it has ended or its process has.

        Raises:
            OSError: no room or no permission in the home.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = self.folder / f"begun-{night.run}.json"
        # Its name comes last: who sees it sees it locked and whole.
        beside = self.folder / f".begun-{night.run}"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.write(descriptor, night.model_dump_json().encode())
            os.fsync(descriptor)
            beside.replace(place)
            yield
        finally:
            for path in (place, beside):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            os.close(descriptor)

    def under_way(self) -> list[BegunNight]:
        """Return the nights whose process is at work, the oldest first."""
        return self._of_begun(is_alive=True)

    def never_ended(self) -> list[BegunNight]:
        """Return the nights that were begun and whose process is gone, the oldest first."""
        return self._of_begun(is_alive=False)

    def note_killed(self, as_markdown: Callable[[NightReport], str]) -> list[NightReport]:
        """Write the reports of nights that never ended, and return them.

        Args:
            as_markdown: gives a report's words.

        Raises:
            OSError: no room or no permission in the home.
        """
        noted: list[NightReport] = []
        for night in self.never_ended():
            noted.append(self.keep(night.killed(), as_markdown))
            (self.folder / f"begun-{night.run}.json").unlink(missing_ok=True)
        return noted

    def keep(self, report: NightReport, as_markdown: Callable[[NightReport], str]) -> NightReport:
        """Write a report, with what is known of earlier runs of its date; return it as written.

        Args:
            report: of a night.
            as_markdown: gives a report's words.

        Raises:
            OSError: no room or no permission in the home; what was there stands.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = self.folder / f"{report.as_of.isoformat()}.json"
        try:
            before = self.of_date(report.as_of)
        except ReportError:
            # What can't be read is kept beside, for who wants to know.
            place.replace(place.with_suffix(".unreadable"))
            before = None
        whole = report.after(before)
        write_whole(place.with_suffix(".md"), as_markdown(whole).encode())
        write_whole(place, whole.as_json())
        return whole

    def of_date(self, as_of: date) -> NightReport | None:
        """Return the report of a date; None when there is none.

        Raises:
            ReportError: it can't be read.
        """
        return self._read(self.folder / f"{as_of.isoformat()}.json")

    def newest(self) -> list[NightReport]:
        """Return the reports of the newest nights, in the order in which they were begun.

        Raises:
            ReportError: one of them can't be read.
        """
        try:
            found = [path for path in self.folder.iterdir() if _REPORT.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ReportError(f"{self.folder} can't be read: {error.strerror}.") from None
        by_name = sorted(found, key=lambda path: path.name)[-_LOOKED_AT:]
        by_time = sorted(found, key=_modified)[-_LOOKED_AT:]
        read = [self._read(path) for path in sorted({*by_name, *by_time})]
        return sorted((one for one in read if one), key=lambda one: one.begun_at)

    def _read(self, path: Path) -> NightReport | None:
        try:
            report = NightReport.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ReportError(f"{path} can't be read: {error.strerror}.") from None
        except ValidationError:
            # Not its words: they quote what stands there.
            raise ReportError(
                f"{path} is no report of a night: it was cut or changed. Remove it; the next night "
                "writes another."
            ) from None
        if report.schema_version > SCHEMA_VERSION:
            raise ReportError(
                f"{path} was written by a newer program (form {report.schema_version}, expected "
                f"{SCHEMA_VERSION} at most)."
            )
        return report

    def _of_begun(self, *, is_alive: bool) -> list[BegunNight]:
        try:
            paths = [path for path in self.folder.iterdir() if _BEGUN.fullmatch(path.name)]
        except OSError:
            return []
        found = [night for path in paths if (night := _begun_in(path, is_alive=is_alive))]
        return sorted(found, key=lambda night: (night.begun_at, night.run))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _begun_in(path: Path, *, is_alive: bool) -> BegunNight | None:
    """Return the night of a file, when its process is alive, or is not; None also when it went."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            # Shared, so that two who look don't take each other for the night.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            is_locked = False
        except BlockingIOError:
            is_locked = True
        except OSError:
            # A file system without locks: nothing is known, so nobody is called dead.
            is_locked = True
        if is_locked is not is_alive:
            return None
        try:
            return BegunNight.model_validate_json(file.read())
        except ValidationError:
            return None
