"""Two connections that take turns: on one a batch is staged while the one before is stored.

Staging CSV keeps every core busy. Storing doesn't: it seals names, asks the catalog and waits for
the disk. A batch stays on the connection whose temporary tables it was staged in. Not here: what
staging and storing are (`ingest.py`), which batches may be staged ahead (`batch_kinds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from assets.exports.people import People
from assets.exports.staging import load_macros
from assets.lake import Lake
from assets.sealing import Sealer

Work = TypeVar("Work")
Staged = TypeVar("Staged")

_MOMENT = 0.05


@dataclass(frozen=True)
class Lane:
    """A connection with the parsing macros, and the people met by it and those beside it."""

    lake: Lake
    people: People

    @classmethod
    def first(cls, lake: Lake, sealer: Sealer) -> Self:
        """Return the lane of a connection of which nobody has been met."""
        load_macros(lake)
        return cls(lake, People(lake, sealer))

    def beside(self) -> Self:
        """Return a lane of a connection beside this one, which the caller closes."""
        lake = self.lake.beside()
        load_macros(lake)
        return type(self)(lake, self.people.beside(lake))


class Lanes(Generic[Work, Staged]):
    """The lanes of one run. Use it as a context manager.

    Args:
        first: the run's own lane; a second is made when there is something to stage ahead.
        stage: stages a piece of work on a lane, in this thread or beside it.
        may_go_ahead: whether the second of two pieces may be staged while the first is stored.
    """

    def __init__(
        self,
        first: Lane,
        stage: Callable[[Lane, Work], Staged],
        may_go_ahead: Callable[[Work, Work], bool],
    ) -> None:
        self._lanes = [first]
        self._stage = stage
        self._may_go_ahead = may_go_ahead
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stage")
        self._ahead: Future[Staged] | None = None

    def staged(self, work: Sequence[Work]) -> Iterator[Staged]:
        """Yield each piece staged, in order; the caller stores it before it asks for the next."""
        at = 0
        for number, piece in enumerate(work):
            staged = self._ahead.result() if self._ahead else self._stage(self._lanes[at], piece)
            self._ahead = None
            following = work[number + 1] if number + 1 < len(work) else None
            if following is not None and self._may_go_ahead(piece, following):
                at = 1 - at
                self._ahead = self._pool.submit(self._stage, self._lane(at), following)
            yield staged

    def _lane(self, at: int) -> Lane:
        if at == len(self._lanes):
            self._lanes.append(self._lanes[0].beside())
        return self._lanes[at]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ahead is not None:
            # The run has failed, or was stopped: nobody will store what is being staged. Again and
            # again, because a query that is about to begin does not hear it.
            while not wait([self._ahead], timeout=_MOMENT).done:
                for lane in self._lanes:
                    lane.lake.connection.interrupt()
        self._pool.shutdown()
        for lane in self._lanes[1:]:
            lane.lake.close()
