"""Originals in the archive without pupils who were erased, and objects of SS12000 that name them.

A file that comes after a pupil was erased may still have the pupil's rows: they are refused, and
the original that was kept of the file is rewritten before the run ends. Not here: which rows those
are (`pupils/tombstones.py`), what is left of a file (`files/without_pupil.py`), the erasure itself
(`upkeep/erasure/`).
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from assets.exports.files.archive import Archive
from assets.exports.files.received import ReceivedFile, look_at
from assets.exports.files.without_pupil import WhoGoes, Without, without
from assets.exports.pupils.erased_rows import numbers_of, persons_of_files, take_out
from assets.exports.pupils.identity_numbers import read_identity_number
from assets.exports.pupils.tombstones import (
    ERASED,
    TombstoneError,
    Tombstones,
    refuse_half_erased,
)
from assets.exports.readers.layouts import Layout
from assets.lake.catalog.statistics import forget_what_was
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.past.snapshots import expire_what_never_was


@dataclass(frozen=True)
class KeptFile:
    """An original in the archive: its hash, and the layout that it was read with, if any."""

    sha256: str
    layout: str | None


def kept_files(lake: Lake, file_ids: Collection[int] | None = None) -> list[KeptFile]:
    """Return the contents that the ledger knows, with the layout that each was last read with.

    Args:
        lake: the lake.
        file_ids: only these; all when None.
    """
    rows = lake.rows(
        "SELECT file_sha256, arg_max(layout, received_at) FROM files "
        "WHERE $file_ids IS NULL OR file_id IN (SELECT unnest($file_ids::BIGINT[])) "
        "GROUP BY file_sha256 ORDER BY file_sha256",
        file_ids=None if file_ids is None else list(file_ids),
    )
    return [KeptFile(*row) for row in rows]


def left_of_original(
    archive: Archive, kept: KeptFile, who: WhoGoes, layouts: Mapping[str, Layout], folder: Path
) -> Without:
    """Return what is left of an original without a pupil; the archive is not changed.

    Args:
        archive: the archive.
        kept: the original.
        who: the pupil.
        layouts: of the home, by name.
        folder: where there is room for it, in clear and without a name.

    Raises:
        ArchiveError: it can't be opened.
    """
    with tempfile.TemporaryFile(dir=folder) as copy:
        archive.write_original(kept.sha256, copy)
        copy.flush()
        return left_of_file(Path(f"/proc/self/fd/{copy.fileno()}"), who, layouts, kept.layout)


def left_of_file(
    path: Path, who: WhoGoes, layouts: Mapping[str, Layout], layout: str | None
) -> Without:
    """Return what is left of a file without a pupil; the file is not changed.

    Args:
        path: the file.
        who: the pupil.
        layouts: of the home, by name.
        layout: that it was read with; None when none fits.

    Raises:
        OSError: it can't be read.
    """
    received = look_at(path)
    kind = "workbook" if received.is_workbook else "json" if received.is_json else ""
    known = layouts.get(layout or "")
    # Below a line that says whose they are, rows have no number of their own; and where a line
    # says how many rows there are, it would be wrong.
    may_split = known is not None and known.blocks is None and known.row_count is None
    return without(
        path.read_bytes(), who, kind or received.encoding, may_split=may_split or kind == "json"
    )


def anybodys_number(text: str) -> bool:
    """Whether a cell is somebody's number, whosever."""
    return read_identity_number(text).canonical is not None


def erased_ones(tombstones: Tombstones, sealer: Sealer) -> WhoGoes:
    """Return everybody who was erased, as those whose lines go."""
    return WhoGoes(
        tombstones.is_named_in,
        lambda text: tombstones.has_key(person_key(sealer, text)),
        anybodys_number,
    )


def person_key(sealer: Sealer, text: str) -> str:
    """Return the key of a person of SS12000, by the id."""
    return sealer.key_text("ss12000_person", text)


def settle_originals(
    lake: Lake,
    archive: Archive,
    layouts: Sequence[Layout],
    objects: Collection[int] = (),
    again: Collection[int] = (),
) -> int:
    """Rewrite the originals of files with rows of erased pupils, where that is still to be done.

    A run that was killed before it leaves it to the next one.

    Args:
        lake: the lake.
        archive: the archive.
        layouts: of the home.
        objects: files that may name an erased pupil, though no row of them was refused.
        again: files that were read again: what came back of them may be older than the erasure.

    Returns:
        How many were rewritten or deleted.
    """
    home = lake.settings.home
    sealer = Sealer.of_home(home)
    tombstones = Tombstones.of_home(home, sealer)
    if not tombstones:
        return 0
    rows = lake.rows("SELECT DISTINCT file_id FROM row_problems WHERE code = $code", code=ERASED)
    ids = {file_id for (file_id,) in rows} | set(objects)
    once_more = {kept.sha256 for kept in kept_files(lake, ids & set(again))}
    by_name = {layout.name: layout for layout in layouts}
    who = erased_ones(tombstones, sealer)
    settled = 0
    for kept in kept_files(lake, ids) if ids else ():
        if archive.was_rewritten(kept.sha256) is None or kept.sha256 in once_more:
            settled += take_out_of_original(
                archive, kept, who, by_name, lake.settings.home
            ).is_named
    return settled


def take_out_of_original(
    archive: Archive, kept: KeptFile, who: WhoGoes, layouts: Mapping[str, Layout], home: Path
) -> Without:
    """Take a pupil out of an original: rewrite it, or delete it where that is not safe.

    Raises:
        ArchiveError: it can't be opened.
        OSError: no room or no permission.
    """
    if not archive.holds(kept.sha256):
        return Without(False)
    found = left_of_original(archive, kept, who, layouts, home / "tmp")
    if found.is_named:
        archive.rewrite(kept.sha256, found.content)
    return found


def without_erased(
    connection: duckdb.DuckDBPyConnection, lake: Lake, sealer: Sealer, files: Sequence[ReceivedFile]
) -> set[int]:
    """Take what objects of SS12000 said of erased pupils out again, before it is committed.

    An object is known by a person's id, and its number may stand in another file. A person who
    turns out to be an erased pupil is remembered by the id too.

    Args:
        connection: inside the transaction that stores the files.
        lake: its lake.
        sealer: of the home.
        files: those that are stored.

    Returns:
        The numbers of the files that may name an erased pupil.
    """
    objects = {file.file_id for file in files if file.is_json}
    met = keys_that_are_back(lake, sealer) if objects else set()
    if not met:
        return set()
    home = lake.settings.home
    tombstones = Tombstones.of_home(home, sealer)
    keys = numbers_of(lake, met)
    take_out(connection, lake, sealer, sorted(keys))
    hashes = tombstones.hashes_of((), map(str, keys))
    for stone in tombstones.of(hashes):
        tombstones = tombstones.with_stone(replace(stone, hashes=stone.hashes | hashes))
    tombstones.keep(home, sealer)
    return objects


def keys_that_are_back(lake: Lake, sealer: Sealer) -> set[uuid.UUID]:
    """Return the keys of erased pupils whom the lake has all the same: of a restored backup."""
    tombstones = Tombstones.of_home(lake.settings.home, sealer)
    if not tombstones:
        return set()
    return {key for key in persons_of_files(lake) if tombstones.has_key(str(key))}


def refuse_erased(lake: Lake, sealer: Sealer) -> None:
    """Look that no erasure was stopped half way, and that no erased pupil is in the lake.

    Raises:
        TombstoneError: one was, or is.
    """
    refuse_half_erased(lake.settings.home)
    if keys_that_are_back(lake, sealer):
        raise TombstoneError(
            "The lake has a pupil who was erased: it was restored from an older backup. Nothing "
            "was done, and the lists that are out still stand. Run first: trappan erase --again"
        )


def wipe_erased(lake: Lake, objects: Collection[int], since: int) -> None:
    """Wipe what is left of erased pupils after their objects came, though no row is.

    Rows that were put in and taken out in one transaction stay in its data files, and their
    extremes in the catalog. Without the turn to write: on a server its transaction would keep them.

    Args:
        lake: the lake.
        objects: files that named an erased pupil; nothing is done without any.
        since: the snapshot before they were stored.

    Raises:
        LakeError: another writer did not end in time.
    """
    if objects:
        expire_what_never_was(lake, since)
        forget_what_was(lake.settings, lake.connection)
