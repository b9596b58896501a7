"""When files came: those that may still be arriving, and times that lie in the future.

What is being written to is waited for once, and left to the next run when it changed. Of a time
that lies ahead the receipt counts instead (`Receipts`).

Not here: what a file is (`received.py`), what becomes of it (`ingest.py`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from assets.exports.files.opening import identity_of
from assets.exports.files.received import ReceivedFile, local_time
from assets.lake.whole_files import write_whole


@dataclass(frozen=True)
class Intake:
    """How files are taken.

    Attributes:
        settle_seconds: a file that was written to within so many seconds may still be arriving.
        keeps_originals: whether the original of every file goes into the archive.
        now: seconds since 1970.
        sleep: waits so many seconds.
    """

    settle_seconds: float = 0.0
    keeps_originals: bool = True
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def still_arriving(paths: Iterable[Path], intake: Intake) -> set[Path]:
    """Return the files that are being written to, after one wait for those that may be.

    A file whose time lies in the future (a clock that is a day off) says nothing of its age: it is
    waited for as one that was written just now, and taken when it did not change.
    """
    before: dict[Path, tuple[int, ...]] = {}
    longest = 0.0
    now = intake.now()
    for path in paths:
        modified = _modified(path)
        age = intake.settle_seconds if modified is None else max(now - modified, 0.0)
        seen = identity_of(path)
        if seen and age < intake.settle_seconds:
            before[path] = seen
            longest = max(longest, intake.settle_seconds - age)
    if not before:
        return set()
    intake.sleep(longest)
    return {path for path, seen in before.items() if identity_of(path) != seen}


def modification_time(path: Path) -> datetime | None:
    """Return the modification time of a file, as the ledger has it; None when it is gone."""
    seconds = _modified(path)
    return None if seconds is None else local_time(seconds)


def _modified(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


# Export times that lie in the future: the receipt counts instead, and is kept. A name that says
# 2062 would supersede every correction for 36 years. What is more than 24 hours ahead of the
# moment at which it first came counts from that moment (docs/inputs-precedence.md). The moment is
# kept beside the originals, in the open: it names nobody. So a lake that is made again from the
# same files, on whatever day, gives them the same times.

_MOST_AHEAD = timedelta(hours=24)


class Receipts:
    """When files whose time lay in the future first came.

    Args:
        home: the home.
        now: seconds since 1970: the moment at which this run's files came.
    """

    def __init__(self, home: Path, now: float) -> None:
        self._folder = home / "archive"
        self._now = local_time(now)

    def dated(self, file: ReceivedFile) -> ReceivedFile:
        """Return the file with the export time that counts.

        Raises:
            OSError: no room or no permission in the home.
        """
        said = file.exported_at
        known = self._known(file.sha256)
        receipt = known.get(said.isoformat())
        if receipt is None:
            if said <= self._now + _MOST_AHEAD:
                return file
            receipt = self._now
            self._keep(file.sha256, known | {said.isoformat(): receipt})
        return replace(
            file,
            exported_at=receipt,
            is_time_believed=False,
            notice=(
                f"its time of export, {_minute(said)}, is more than 24 hours after its receipt: "
                f"it counts from {_minute(receipt)}. Look at the clock that made it"
            ),
        )

    def _known(self, sha256: str) -> dict[str, datetime]:
        """Return the receipts of a content, by the time of export that it said."""
        try:
            kept = json.loads(self._place(sha256).read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        return {said: datetime.fromisoformat(receipt) for said, receipt in kept.items()}

    def _keep(self, sha256: str, receipts: dict[str, datetime]) -> None:
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = json.dumps({said: at.isoformat() for said, at in sorted(receipts.items())})
        write_whole(place, kept.encode("ascii"))

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.receipts"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
