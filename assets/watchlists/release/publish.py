"""A school's list as files: written beside, synced, then put in place in one step.

What stands at `lists/<period>/<school unit code>` is a link to a finished folder, so a reader
sees the old list or the new one, never a part of either. Names come from the period and the
school unit code only, never from a text in the data. Not here: what a list says.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import shutil
import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_EXCEPTION,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from assets.lake.encryption import Sealer
from assets.watchlists.model import Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.release.mentor_files import (
    Entries,
    files_in,
    link_or_copy,
    write_mentor_files,
)
from assets.watchlists.release.remembered import FILE_NAME, MANIFEST, packed, remember, unpacked
from assets.watchlists.workbook.workbook import write_workbook
from rules.errors import TrappanError

CURRENT = "current"
_PERIOD = re.compile(r"current|\d{4}-W\d{2}")
_CODE = re.compile(r"\d{8}")
# The list before the newest stays for a while: somebody may have it open.
_OLD_VERSIONS_KEPT = 1


class PublishError(TrappanError):
    """A list could not be written; the message says which and what to do. The old one stands."""


@dataclass(frozen=True)
class Provenance:
    """What a list was made from, for its manifest."""

    lake_snapshot: int
    input_hash: str
    inputs: tuple[dict[str, object], ...]

    @classmethod
    def of_published(cls, folder: Path) -> Self:
        """Read it back from a published list's manifest."""
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return cls(manifest["lake_snapshot"], manifest["input_hash"], tuple(manifest["inputs"]))


@dataclass(frozen=True)
class ListToPublish:
    """A list that is to be published.

    Attributes:
        watchlist: what its workbook and page show.
        provenance: what it was made from.
        remembered: the list that is kept as data (`remembered.py`).
        has_mentor_files: each mentor gets files of the own.
        keyed_with: `Sealer.check` of what its pupils' keys are made with; "" is not asked.
    """

    watchlist: Watchlist
    provenance: Provenance
    remembered: Watchlist
    has_mentor_files: bool = False
    keyed_with: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        # To another process as JSON: thousands of small objects take several times as long.
        is_the_same = self.remembered is self.watchlist
        remembered = None if is_the_same else packed(self.remembered)
        shown = packed(self.watchlist)
        return _received, (
            shown, self.provenance, remembered, self.has_mentor_files, self.keyed_with,
        )  # fmt: skip


def _received(
    shown: bytes,
    provenance: Provenance,
    remembered: bytes | None,
    has_mentor_files: bool,
    keyed_with: str,
) -> ListToPublish:
    watchlist = unpacked(shown)
    kept = unpacked(remembered) if remembered else watchlist
    return ListToPublish(watchlist, provenance, kept, has_mentor_files, keyed_with)


def lists_root(home: Path) -> Path:
    """Return the folder of all published lists."""
    return home / "lists"


def published_folder(home: Path, period: str, code: str) -> Path:
    """Return where a school's list of a period stands (or will stand).

    Raises:
        PublishError: a code or period that isn't one; nothing else may become a path.
    """
    if not _PERIOD.fullmatch(period) or not _CODE.fullmatch(code):
        raise PublishError(
            "A list's folder is named by ISO week and school unit code only. Expected 8 digits "
            "and a week such as 2026-W46."
        )
    return lists_root(home) / period / code


def publish_watchlist(
    home: Path, period: str, entry: ListToPublish, *, keeps_old: bool = True
) -> Path:
    """Write workbook, page and manifest of one list and put them in place.

    Args:
        home: the home.
        period: `current`, or an ISO week.
        entry: the list.
        keeps_old: the version that stood there stays for a while.

    Returns:
        The folder, under the school unit's code.

    Raises:
        PublishError: no room or no permission; what stood there before still stands.
    """
    code = entry.watchlist.school_unit_code
    place = published_folder(home, period, code)
    versions = lists_root(home) / ".versions" / period / code
    folder = versions / uuid.uuid4().hex
    try:
        folder.mkdir(parents=True)
        # Here and not before: sealing a city's lists is shared by the processes that write them.
        sealer = Sealer.of_home(home)
        _refuse_older_keys(entry, sealer)
        (folder / FILE_NAME).write_bytes(remember(sealer, entry.remembered, period))
        mentors: Entries = {}
        if entry.has_mentor_files:
            standing = place.resolve() if place.exists() else None
            mentors = write_mentor_files(folder, entry.watchlist, sealer, standing)
        _write_files(folder, entry, mentors)
        _put_in_place(folder, place)
    except PublishError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise PublishError(
            f"The list of school unit {code} could not be written under "
            f"{lists_root(home)}: {error.strerror}. The list that was there still stands. Make "
            "room or give permission, and run again."
        ) from None
    _remove_old(versions, folder, kept=_OLD_VERSIONS_KEPT if keeps_old else 0)
    return place


def _refuse_older_keys(entry: ListToPublish, sealer: Sealer) -> None:
    """Keep a list from its place whose pupils nobody would find, who protects or erases neither.

    Raises:
        PublishError: pupils got new keys since it was collected.
    """
    if entry.keyed_with and entry.keyed_with != sealer.check:
        raise PublishError(
            f"Pupils got new keys while the list of school unit {entry.watchlist.school_unit_code} "
            "was made. The list that was there still stands. Run again."
        )


def add_mentor_files(home: Path, period: str, watchlist: Watchlist) -> Path:
    """Put the files of every mentor beside those of a school's list, which stay as they are.

    Args:
        home: the home.
        period: an ISO week whose list stands.
        watchlist: the list as data, without whom nobody may see today.

    Returns:
        The folder, under the school unit's code.

    Raises:
        PublishError: no room or no permission; what stood there before still stands.
    """
    code = watchlist.school_unit_code
    place = published_folder(home, period, code)
    versions = lists_root(home) / ".versions" / period / code
    folder = versions / uuid.uuid4().hex
    try:
        folder.mkdir(parents=True)
        standing = place.resolve()
        for path in standing.iterdir():
            if path.is_file() and path.name != MANIFEST:
                link_or_copy(path, folder / path.name)
        manifest = json.loads((standing / MANIFEST).read_text(encoding="utf-8"))
        sealer = Sealer.of_home(home)
        manifest["mentors"] = write_mentor_files(folder, watchlist, sealer, standing)
        _finish(folder, manifest)
        _put_in_place(folder, place)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise PublishError(
            f"The mentors' lists of school unit {code} could not be written under "
            f"{lists_root(home)}: {error.strerror}. What was there still stands. Make room or "
            "give permission, and run again."
        ) from None
    # The rektor's files are in both; older ones of mentors may name who is protected by now.
    _remove_old(versions, folder, kept=0)
    return place


def _write_files(folder: Path, entry: ListToPublish, mentors: Entries) -> None:
    watchlist, provenance = entry.watchlist, entry.provenance
    stem = f"franvarolista_{watchlist.school_unit_code}_{watchlist.iso_week}"
    workbook, page = folder / f"{stem}.xlsx", folder / f"{stem}.html"
    write_workbook(watchlist, workbook)
    write_page(watchlist, page)
    manifest = {
        "school_unit_code": watchlist.school_unit_code,
        "iso_week": watchlist.iso_week,
        "as_of": watchlist.as_of.isoformat(),
        "is_frozen": watchlist.is_frozen,
        "created_at": watchlist.created_at.isoformat(timespec="seconds"),
        "rule_set": watchlist.rule_set,
        "rule_set_version": watchlist.rule_set_version,
        "lake_snapshot": provenance.lake_snapshot,
        "input_hash": provenance.input_hash,
        "inputs": provenance.inputs,
        "held": watchlist.held,
        "rows": {
            "pupils_evaluated": watchlist.pupils_evaluated,
            "flagged": len(watchlist.pupils),
            "insufficient": len(watchlist.insufficient),
            "unreported_groups": len(watchlist.unreported),
        },
        "files": {path.name: sha256(path.read_bytes()).hexdigest() for path in (workbook, page)},
        "mentors": mentors,
    }
    _finish(folder, manifest)


def _finish(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, and let nothing of the folder be lost or read by others."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    paths = list(files_in(folder))
    for path in paths:
        if path.is_file():
            path.chmod(0o600)
    # A list with mentors' files has some forty, and the disk takes many as soon as one.
    with ThreadPoolExecutor(_SYNCED_AT_ONCE) as pool:
        list(pool.map(_sync, paths))
    _sync(folder)


_SYNCED_AT_ONCE = 8


def _put_in_place(folder: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    link = place.with_name(f".{place.name}.{folder.name}")
    link.symlink_to(os.path.relpath(folder, place.parent), target_is_directory=True)
    link.replace(place)
    _sync(place.parent)


def _remove_old(versions: Path, newest: Path, *, kept: int) -> None:
    others = sorted(
        (path for path in versions.iterdir() if path != newest),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for old in others[kept:]:
        shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Many lists published at once, by as many processes as there are processor cores. A workbook and a
# page are a seventh of a second of pure Python; a city has 260 of them.

# Starting a process costs what some lists cost.
_LISTS_WORTH_A_PROCESS = 16
# A process holds about 0.2 GB.
_MOST_PROCESSES = 8


def publish_watchlists(
    home: Path,
    period: str,
    entries: Sequence[ListToPublish],
    on_progress: Callable[[int], None] | None = None,
) -> list[Path]:
    """Write the lists and put each in place.

    Args:
        home: the home.
        period: `current`, or an ISO week.
        entries: the lists.
        on_progress: called with the number of lists that are done.

    Returns:
        The folders, in the order of the entries.

    Raises:
        PublishError: a list could not be written. Those that were done are in place.
    """
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES, len(entries) // _LISTS_WORTH_A_PROCESS)
    if processes > 1:
        return _by_processes(home, period, entries, processes, on_progress)
    return list(_one_by_one(home, period, entries, on_progress))


def _one_by_one(
    home: Path,
    period: str,
    entries: Sequence[ListToPublish],
    on_progress: Callable[[int], None] | None,
) -> Iterator[Path]:
    for index, entry in enumerate(entries):
        if on_progress:
            on_progress(index)
        yield publish_watchlist(home, period, entry)


def _by_processes(
    home: Path,
    period: str,
    entries: Sequence[ListToPublish],
    processes: int,
    on_progress: Callable[[int], None] | None,
) -> list[Path]:
    # Spawned, not forked: this process has the threads of DuckDB, polars and Dagster.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_start)
    try:
        futures = [pool.submit(publish_watchlist, home, period, entry) for entry in entries]
        _wait(futures, on_progress)
        return [future.result() for future in futures]
    except BrokenProcessPool:
        raise PublishError(
            f"A process that writes lists ended before its time (was memory short?). {period}: the "
            "lists that were done are in place, the others stand as they were. Run again."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _wait(futures: Sequence[Future[Path]], on_progress: Callable[[int], None] | None) -> None:
    """Return when all are done, or raise what the first that failed raised."""
    waiting = True
    while waiting:
        done, not_done = wait(futures, timeout=0.5, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if on_progress:
            on_progress(len(done))
        waiting = bool(not_done)


def _start() -> None:
    """What a process does before its first list."""
    # Lists leave much garbage; without this, each search for it goes through all that is loaded.
    gc.freeze()
    _end_with_parent()


def _end_with_parent() -> None:
    """Let the parent answer Ctrl-C, and do not outlive one that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:  # pragma: no cover - a pool's process always has one
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
