"""Two numbers, one pupil: which key stands for a pupil whose number was changed.

Only what a file of changed numbers says joins two pupils; nothing is guessed. Numbers are joined
where the rows of a file are keyed, so it holds for whatever comes later, and once for what is
stored already (`rekeying.py`). Not here: how such a file is read (`batches/merges.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Self

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer


@dataclass(frozen=True)
class Merge:
    """What a file says: the old number is the pupil of the new one."""

    old: uuid.UUID
    new: uuid.UUID
    exported_at: datetime
    file_id: int
    changed_date: date | None = None

    @property
    def since(self) -> datetime:
        """The end of the change's date; when the file was made, when it gives none."""
        if self.changed_date is None:
            return self.exported_at
        return datetime.combine(self.changed_date, time.max)

    @property
    def order(self) -> tuple[datetime, int, uuid.UUID, uuid.UUID]:
        """Of what is said the oldest word is taken first."""
        return (self.exported_at, self.file_id, self.old, self.new)


@dataclass(frozen=True)
class Merged:
    """What a set of merges gives.

    Attributes:
        keys: for each number that isn't the pupil's last one, the key that stands for the pupil.
        circular: merges that would close a circle, and do nothing.
        changes: for each number each later one of its pupil, and since when that is the number.
    """

    keys: dict[uuid.UUID, uuid.UUID]
    circular: frozenset[tuple[uuid.UUID, uuid.UUID]]
    changes: tuple[tuple[uuid.UUID, uuid.UUID, datetime], ...] = ()


def merged(merges: Iterable[Merge]) -> Merged:
    """Return the key that stands for each number, the same whatever order the merges came in.

    Of a pair the newest word counts. A chain ends at its last number. Two new numbers of one old
    number are one pupil too; the one that was said last stands for it. Of merges that go round in a
    circle the newest does nothing.
    """
    stands: dict[uuid.UUID, uuid.UUID] = {}
    said: dict[uuid.UUID, set[uuid.UUID]] = {}
    circular: set[tuple[uuid.UUID, uuid.UUID]] = set()
    edges: dict[tuple[uuid.UUID, uuid.UUID], datetime] = {}

    def last(key: uuid.UUID) -> uuid.UUID:
        while key in stands:
            key = stands[key]
        return key

    newest: dict[tuple[uuid.UUID, uuid.UUID], Merge] = {}
    for merge in merges:
        known = newest.setdefault((merge.old, merge.new), merge)
        if merge.order > known.order:
            newest[merge.old, merge.new] = merge
    for merge in sorted(newest.values(), key=lambda merge: merge.order):
        if _leads_to(said, merge.new, merge.old):
            circular.add((merge.old, merge.new))
            continue
        said.setdefault(merge.old, set()).add(merge.new)
        edges[merge.old, merge.new] = merge.since
        old, new = last(merge.old), last(merge.new)
        if old != new:
            stands[old] = new
            if not _leads_to(said, old, new):
                # Two new numbers of one old number: the one that was said last comes after.
                edges[old, new] = merge.since
    changes = tuple(change for key in stands for change in _changes_of(key, edges))
    return Merged({key: last(key) for key in stands}, frozenset(circular), changes)


def _changes_of(
    key: uuid.UUID, edges: dict[tuple[uuid.UUID, uuid.UUID], datetime]
) -> Iterator[tuple[uuid.UUID, uuid.UUID, datetime]]:
    """Yield a number's later ones; each is the number only when all changes up to it were made."""
    later: dict[uuid.UUID, datetime] = {}
    waiting = [(new, since) for (old, new), since in edges.items() if old == key]
    while waiting:
        step, since = waiting.pop()
        if step == key or (step in later and later[step] >= since):
            continue
        # Of two ways to a number the one that was made last.
        later[step] = since
        waiting += [(new, max(since, at)) for (old, new), at in edges.items() if old == step]
    for step, since in later.items():
        yield key, step, since


def known_merges(lake: Lake) -> list[Merge]:
    """Return the merges that the lake knows."""
    if not lake.has_rows("pupil_merges"):
        return []
    rows = lake.rows(
        "SELECT old_pupil_key, new_pupil_key, exported_at, file_id, changed_date FROM pupil_merges"
    )
    return [Merge(*row) for row in rows]


def standing_keys(lake: Lake) -> dict[uuid.UUID, uuid.UUID]:
    """Return for each number that was changed the key that stands for the pupil today."""
    return merged(known_merges(lake)).keys


@dataclass(frozen=True)
class Belonging:
    """Whose an opened identity is.

    Attributes:
        stands_for: by the first key of a number that was changed the first key of its pupil, both
            as text.
        first: makes a key of the lake into the first one, as `Sealer.first_text`.
    """

    stands_for: Mapping[str, str]
    first: Callable[[str], str]

    @classmethod
    def of_lake(cls, lake: Lake) -> Self:
        """Read which numbers were changed."""
        first = Sealer.of_home(lake.settings.home).first_text
        stands_for = {first(str(old)): first(str(new)) for old, new in standing_keys(lake).items()}
        return cls(stands_for, first)

    def to(self, pupil_key: str, identity: Mapping[str, str]) -> bool:
        """Whether an identity belongs to the pupil at whose key it stands.

        Args:
            pupil_key: as text.
            identity: opened; its `own_key` is the first key of its number, or of the person's id.
        """
        own = identity["own_key"]
        return self.first(pupil_key) in (own, self.stands_for.get(own, own))


def _leads_to(said: dict[uuid.UUID, set[uuid.UUID]], start: uuid.UUID, end: uuid.UUID) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        key = waiting.pop()
        if key == end:
            return True
        more = said.get(key, set()) - seen
        seen |= more
        waiting += more
    return False
