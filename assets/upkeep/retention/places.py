"""Files of a home whose time is over: lists, logs, reports, deliveries, what was fetched, receipts.

Each is told by a day of its own: the week of its folder, the day of its name, the time of its line.
Only where a file has none does its modification time count. Not here: the lake (`kinds.py`),
originals (`originals.py`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from assets.delivery.delivery_log import FILE_NAME as DELIVERY
from assets.delivery.delivery_log import DeliveryLog
from assets.exports.files.received import look_at
from assets.exports.pupils.tombstones import FOLDER as ERASURES
from assets.lake.encryption import Sealer
from assets.lake.whole_files import keep_lines
from assets.upkeep.reporting.kept import FOLDER as REPORTS
from assets.upkeep.retention.decision import Cuts
from assets.watchlists.release.publish import CURRENT, lists_root
from assets.watchlists.release.remembered import MANIFEST
from assets.watchlists.release.week_states import sunday_of

#: Below `lists/`: what stands, versions before it, and frozen lists that were replaced.
_LISTS = ("", ".versions", ".replaced")
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}")
_REPORT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.(?:json|md|unreadable)")
_RECEIPT = re.compile(r"[0-9]{8}-[0-9a-f]{8}\.json")
_LOGS = ("access.log", "grants.jsonl")


@dataclass(frozen=True)
class Going:
    """Something that goes.

    Attributes:
        kind: of the decision.
        what: in words, for a count: weeks, files, lines, rows.
        number: how many.
        let_go: does it; twice is as once.
    """

    kind: str
    what: str
    number: int
    let_go: Callable[[], None]


def places_to_go(home: Path, sealer: Sealer, cuts: Cuts, taken: Collection[str]) -> list[Going]:
    """Return what of the files of a home goes; nothing changes before it is let go.

    Args:
        home: the home.
        sealer: of the home.
        cuts: the first days that stay.
        taken: hashes of the contents that the ledger knows.

    Raises:
        OSError: something can't be read.
        DeliveryError: the log of deliveries can't be used.
    """
    found = [
        *_lists(home, cuts["lists"]),
        _files("lists", "lake folders", _lost_lakes(home, cuts["lessons"])),
        _files("reports", "files", list(_reports(home, cuts["reports"]))),
        _files("pulled", "files", list(_pulled(home, cuts["pulled"], taken))),
        _files("receipts", "files", list(_receipts(home, cuts["receipts"]))),
        *(_lines(home / name, cuts["logs"]) for name in _LOGS),
        _deliveries(home, sealer, cuts["deliveries"]),
    ]
    return [one for one in found if one.number]


def _files(kind: str, what: str, paths: list[Path]) -> Going:
    def let_go() -> None:
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    return Going(kind, what, len(paths), let_go)


def _lists(home: Path, before: date) -> Iterator[Going]:
    root = lists_root(home)
    folders = [root / below if below else root for below in _LISTS]
    weeks = {
        path.name
        for folder in folders
        for path in (folder.iterdir() if folder.is_dir() else ())
        if _WEEK.fullmatch(path.name) and sunday_of(path.name) < before
    }
    # What stands goes first: a link to a version that is gone would be a damaged list.
    yield _with_number(
        _files("lists", "weeks", [f / week for f in folders for week in sorted(weeks)]), len(weeks)
    )
    # Of a school that is no more no night makes another.
    old = [place for place in sorted((root / CURRENT).glob("[0-9]*")) if _as_of(place) < before]
    versions = [root / ".versions" / CURRENT / place.name for place in old]
    yield _with_number(_files("lists", "current lists", [*old, *versions]), len(old))
    standing = {place.resolve() for place in (root / CURRENT).glob("[0-9]*")}
    before_them = [
        version
        for version in sorted((root / ".versions" / CURRENT).glob("[0-9]*/*"))
        if version not in standing and version.parent not in versions and _as_of(version) < before
    ]
    yield _files("lists", "older versions", before_them)


def _with_number(going: Going, number: int) -> Going:
    return Going(going.kind, going.what, number, going.let_go)


def _as_of(place: Path) -> date:
    """Return the day of a list that stands; one that can't be read stays."""
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        return date.fromisoformat(manifest["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return date.max


def _lost_lakes(home: Path, before: date) -> list[Path]:
    return [
        path
        for path in sorted(home.glob("lake.lost-*"))
        if path.is_dir() and max(_modified(one) for one in (path, *path.rglob("*"))) < before
    ]


def _reports(home: Path, before: date) -> Iterator[Path]:
    """Yield the reports of nights before a day, but of the newest night."""
    folder = home / REPORTS
    found = {
        path: date.fromisoformat(match[1])
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if (match := _REPORT.fullmatch(path.name))
    }
    newest = max(found.values(), default=before)
    return (path for path, day in found.items() if day < before and day != newest)


def _pulled(home: Path, before: date, taken: Collection[str]) -> Iterator[Path]:
    """Yield fetched files that were taken in: the archive has them."""
    folder = home / "pulled"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        is_file = path.is_file() and not path.is_symlink() and path.name[0] != "."
        if is_file and _modified(path) < before and look_at(path).sha256 in taken:
            yield path


def _receipts(home: Path, before: date) -> Iterator[Path]:
    """Yield the receipts of erasures, but for the newest: it says that there must be tombstones."""
    folder = home / ERASURES
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    receipts = [path for path in found if _RECEIPT.fullmatch(path.name)]
    for path in receipts[:-1]:
        with suppress(ValueError):
            if datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=UTC).date() < before:
                yield path


def _lines(path: Path, before: date) -> Going:
    """Return the lines of a log that go, whole lines only."""
    try:
        number = sum(_is_old(line, before) for line in path.read_bytes().splitlines())
    except FileNotFoundError:
        number = 0

    def let_go() -> None:
        keep_lines(path, lambda line: not _is_old(line, before))

    return Going("logs", f"lines of {path.name}", number, let_go)


def _is_old(line: bytes, before: date) -> bool:
    """Whether a line is of before a day; one without a time is kept: nobody knows its age."""
    try:
        said = json.loads(line)
        return datetime.fromisoformat(said.get("until") or said["at"]).date() < before
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _deliveries(home: Path, sealer: Sealer, before: date) -> Going:
    number = 0
    if (home / DELIVERY).exists():
        with DeliveryLog.looked_at(home, sealer) as log:
            number = log.events_before(before)

    def let_go() -> None:
        with DeliveryLog.opened(home, sealer) as log:
            log.forget_before(before)

    return Going("deliveries", "events", number, let_go)


def _modified(path: Path) -> date:
    return datetime.fromtimestamp(os.lstat(path).st_mtime, UTC).date()
