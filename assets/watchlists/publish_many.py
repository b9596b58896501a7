"""Many lists published at once, by as many processes as there are processor cores.

A workbook and a page are a seventh of a second of pure Python; a city has 260 of them. Not here:
how one list becomes files (`publish.py`).
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from assets.watchlists.publish import ListToPublish, PublishError, publish_watchlist

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
