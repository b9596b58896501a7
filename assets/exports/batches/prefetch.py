"""Two connections that take turns: on one a batch is staged while the one before is stored.

Staging CSV keeps every core busy. Storing doesn't: it seals names, asks the catalog and waits for
the disk. A batch stays on the connection whose temporary tables it was staged in. Not here: what
staging and storing are (`ingest.py`), which batches may be staged ahead (`batches/kinds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self, TypeVar

from assets.exports.pupils.people import People
from assets.exports.stage_times import StageTimes
from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer

Piece = TypeVar("Piece")
Staged = TypeVar("Staged")

_MOMENT = 0.05


@dataclass(frozen=True)
class StagingConnection:
    """A connection with the parsing macros, and the people met by it and those beside it."""

    lake: Lake
    people: People

    @classmethod
    def first(cls, lake: Lake, sealer: Sealer, times: StageTimes | None = None) -> Self:
        """Return the one of a connection of which nobody has been met."""
        load_macros(lake)
        return cls(lake, People(lake, sealer, times=times))

    def beside(self) -> Self:
        """Return one of a connection beside this one, which the caller closes."""
        lake = self.lake.beside()
        load_macros(lake)
        return type(self)(lake, self.people.beside(lake))


def staged_ahead(
    first: StagingConnection,
    pieces: Sequence[Piece],
    stage: Callable[[StagingConnection, Piece], Staged],
    may_go_ahead: Callable[[Piece, Piece], bool],
) -> Generator[Staged]:
    """Yield pieces of work staged, in order; the caller stores each before it asks for the next.

    Close it (`contextlib.closing`) where storing may fail: what is being staged is interrupted.

    Args:
        first: the run's own; a second is made when there is something to stage ahead.
        pieces: the work of a run.
        stage: stages a piece on a connection, in this thread or beside it.
        may_go_ahead: whether the second of two pieces may be staged while the first is stored.
    """
    connections = [first]
    at = 0
    ahead: Future[Staged] | None = None
    pool = ThreadPoolExecutor(1, thread_name_prefix="stage")
    try:
        for piece, following in zip_longest(pieces, pieces[1:]):
            staged = ahead.result() if ahead else stage(connections[at], piece)
            ahead = None
            if following is not None and may_go_ahead(piece, following):
                at = 1 - at
                if at == len(connections):
                    connections.append(first.beside())
                ahead = pool.submit(stage, connections[at], following)
            yield staged
    finally:
        # The run has failed, or was stopped, and nobody will store what is being staged. Again and
        # again, because a query that is about to begin does not hear it.
        while ahead and not wait([ahead], timeout=_MOMENT).done:
            connections[at].lake.connection.interrupt()
        pool.shutdown()
        for staging in connections[1:]:
            staging.lake.close()
