"""Revoking a file: what it said is gone, and what it had superseded is back.

Rows that a file superseded are deleted in the lake, so they are read again, from the originals of
every other file that could speak of the same things. In any order files give one state, so what
comes out is the state without the revoked file. Objects of SS12000 point to those of other files,
and what follows from them meets rows of files of other kinds: of these all are read again. Not
here: how files are read again (`rereading.py`), numbers that a file joined (`unmerge.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import polars as pl

from assets.exports.batches.kinds import (
    KIND_ORDER,
    OBJECT_KINDS,
    READ_BY_ROW,
    WITHOUT_RECORDS,
    derive_objects_again,
    kind_of_layout,
    make_ready_to_derive,
    withdraw_objects,
)
from assets.exports.files.archive import Archive
from assets.exports.ingest import Progress, reading_again
from assets.exports.ledger.entries import (
    LedgerFile,
    RevokeError,
    forget_read,
    taken_files,
)
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.rereading import (
    OtherFile,
    are_whole,
    read_others,
    refuse_missing,
    sent_by,
)
from assets.exports.senders.senders import Senders
from assets.exports.storing.claims import HALF_REVOKED, drop_claims_of, drop_lost_claims
from assets.exports.unmerge import Parting, part_and_read_again
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import mark_all

#: Kinds of files whose rows meet what follows from objects of SS12000.
_MEET_OBJECTS = OBJECT_KINDS | {"enrolments", "aggregates", "lessons"}
#: Tables with a file's words that reading it again leaves until it says them again.
_SAID = (
    "lesson_snapshots",
    "missing_lessons",
    "identity_sources",
    "school_units",
    "school_breaks",
    "protection_columns",
)
_OF_SCHOOLS = (
    *("lessons", "moved_lessons", "enrolments", "monthly_sums", "class_coverage"),
    *("planned_lessons", "absence_words", "absence_coverage"),
    *_SAID,
)
#: What the ledger says of a revoked file once all others are read again.
REVOKED_WHOLLY = "revoked: nothing that it said counts any more"


@dataclass(frozen=True)
class Revoked:
    """What came of revoking a file.

    Attributes:
        file: the file.
        reread: what became of the files that were read again.
        protections_kept: words of its that still protect somebody.
        has_parted: it was a file of changed numbers.
        kept_protected: of such a file, pupils who stay protected until somebody releases it: they
            were so by a number that is not theirs.
    """

    file: LedgerFile
    reread: tuple[FileReport, ...]
    protections_kept: int
    has_parted: bool = False
    kept_protected: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all that it had superseded is back."""
        return are_whole(self.reread)


def revoke_file(
    lake: Lake,
    file: LedgerFile,
    *,
    layouts: Sequence[Layout] | None = None,
    senders: Senders | None = None,
    with_protection: bool = False,
    on_progress: Progress | None = None,
) -> Revoked:
    """Take back what a file said.

    A run that was killed half way is made good by revoking the file once more: what was not read
    again then is read again now.

    Args:
        lake: the lake.
        file: the file.
        layouts: of the home; the shipped ones when None.
        senders: of the home; one with every right when None.
        with_protection: its words that protect somebody go too; else they stay. Its words
            against protection always go.
        on_progress: called with a word, files done and files in all.

    Raises:
        RevokeError: nothing was taken of it, it is of a kind that can't be revoked, an original
            that is needed is not in the archive, or protection takes two people.
        LakeError: another process keeps the lake locked.
    """
    if with_protection and senders is not None and senders.two_persons:
        raise RevokeError(
            "Protection falls by the word of two different people here (two_persons in "
            "senders.yaml), so one can't revoke what a file said for it. Revoke the file without "
            "--with-protection, and let a sender with lift_protection say that nobody is protected."
        )
    if file.outcome == "awaiting_release":
        return _refuse_for_good(lake, file)
    known = {layout.name: layout.kind for layout in layouts or shipped_layouts()}
    kind = _kind(file, known)
    meeting = _MEET_OBJECTS if kind in OBJECT_KINDS else frozenset({kind})
    if kind == "pupil_merges":
        senders = senders or Senders()
        parting = Parting(
            file.file_id,
            is_revoked=True,
            keeps_protection=not with_protection,
            releases_needed=2 if senders.two_persons else 1,
            layouts=layouts,
            senders=senders,
        )
        return _revoke_merges(lake, file, parting, on_progress)
    sealer = Sealer.of_home(lake.settings.home)
    archive = Archive(lake.settings.home, sealer)
    try:
        taken = [
            entry
            for entry in taken_files(lake, sealer)
            if kind_of_layout(entry[0].layout, known) in meeting
        ]
        others = list(_others(lake, file, taken, senders or Senders()))
        # As of a night: rosters before objects, these before sums and lessons.
        others.sort(key=lambda other: KIND_ORDER[kind_of_layout(other.file.layout, known) or ""])
        refuse_missing(archive, others)
        with reading_again(lake, layouts, READ_BY_ROW) as again:
            make_ready_to_derive(lake)

            def take_back(connection: duckdb.DuckDBPyConnection) -> None:
                ids = [other.file.file_id for other in others]
                with _letting_objects_come_back(connection, lake, file):
                    if kind in OBJECT_KINDS:
                        withdraw_objects(connection, file.file_id)
                    _take_back(connection, lake, file, others=ids, with_protection=with_protection)

            lake.write(take_back)
            # Killed before this is said, it says so, and is done once more.
            reports = read_others(lake, archive, others, again, on_progress)
            revoked = Revoked(file, reports, _protections_of(lake, file))
            # What could not be read again now is not back: the ledger goes on saying so.
            if revoked.is_whole:
                lake.write(lambda connection: _end(connection, file))
    finally:
        archive.close()
    return revoked


def _revoke_merges(
    lake: Lake, file: LedgerFile, parting: Parting, on_progress: Progress | None
) -> Revoked:
    """Revoke a file of changed numbers: those that are one pupil by no other file are parted."""

    def take_back(connection: duckdb.DuckDBPyConnection, _merges: Iterable[int]) -> None:
        _say_half(connection, lake, file)
        for table in ("pupil_merges", "disputable_files"):
            connection.execute(f"DELETE FROM {table} WHERE file_id = ?", [file.file_id])

    parted = part_and_read_again(
        lake,
        parting,
        take_back,
        lambda connection: _say(connection, file, REVOKED_WHOLLY),
        on_progress=on_progress,
    )
    return Revoked(file, parted.reread, 0, has_parted=True, kept_protected=parted.kept_protected)


def _refuse_for_good(lake: Lake, file: LedgerFile) -> Revoked:
    """Revoke a file that waits for a release: nothing of it was taken but whom it protects."""
    lake.write(
        lambda connection: connection.execute(
            "UPDATE files SET outcome = 'revoked', reason = $reason WHERE file_id = $file_id "
            "AND outcome = 'awaiting_release'",
            {"reason": REVOKED_WHOLLY, "file_id": file.file_id},
        )
    )
    return Revoked(file, (), _protections_of(lake, file))


def _protections_of(lake: Lake, file: LedgerFile) -> int:
    """Return how many words of a file still say protected."""
    return int(
        lake.rows(
            "SELECT count(*) FROM protection_words WHERE is_protected AND file_id = $file_id",
            file_id=file.file_id,
        )[0][0]
    )


@contextmanager
def _letting_objects_come_back(
    connection: duckdb.DuckDBPyConnection, lake: Lake, file: LedgerFile
) -> Iterator[None]:
    """Let lessons and records of objects come back in whose place rows of the file stand."""
    pupils = lake.make(
        "revoked_pupils",
        f"SELECT pupil_key FROM lessons WHERE file_id = {file.file_id} "
        f"UNION SELECT pupil_key FROM enrolments WHERE file_id = {file.file_id}",
    )
    yield
    if lake.has_rows("ss12000_persons"):
        derive_objects_again(connection, lake, pupils)


def _kind(file: LedgerFile, known: Mapping[str, str]) -> str:
    short = file.sha256[:12]
    if file.outcome not in {"accepted", "accepted_in_part", "superseded", "revoked"}:
        raise RevokeError(
            f"Nothing was taken of {short} ({file.outcome}), so there is nothing to revoke."
        )
    kind = kind_of_layout(file.layout, known)
    if kind is None:
        raise RevokeError(
            f"{short} was read with the layout '{file.layout}', which is not there any more. "
            "Put it back, and revoke the file then."
        )
    return kind


def _others(
    lake: Lake,
    revoked: LedgerFile,
    taken: Sequence[tuple[LedgerFile, datetime]],
    senders: Senders,
) -> Iterator[OtherFile]:
    """Yield the files that can speak of what a file spoke of."""
    own = senders.still_named(revoked.sender)
    if own is not None and own.school_units is not None:
        # Its sender may have had more schools when it came.
        own = replace(own, school_units=own.school_units | _schools(lake, revoked))
    for other in sent_by([o for o in taken if o[0].file_id != revoked.file_id], senders):
        # The revoked file's sender may be gone: then it could have spoken of every school.
        if own is None or own.can_meet(other.sender):
            yield other


def _schools(lake: Lake, file: LedgerFile) -> frozenset[str]:
    """Return the school units of which a file's words stand."""
    told = " UNION ".join(
        f"SELECT school_unit_code FROM {table} WHERE file_id = $file_id" for table in _OF_SCHOOLS
    )
    return frozenset(code for (code,) in lake.rows(told, file_id=file.file_id) if code)


def _take_back(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    file: LedgerFile,
    *,
    others: Sequence[int],
    with_protection: bool,
) -> None:
    ids = {"file_id": file.file_id}
    _say_half(connection, lake, file)
    drop_claims_of(connection, file.file_id, has_records=file.layout not in WITHOUT_RECORDS)
    for table in _SAID:
        connection.execute(f"DELETE FROM {table} WHERE file_id = $file_id", ids)
    # What it said against protection lifts nothing any more, whatever becomes of the rest.
    which = "" if with_protection else "AND NOT is_protected"
    connection.execute(f"DELETE FROM protection_words WHERE file_id = $file_id {which}", ids)
    if with_protection:
        mark_all(connection)
    # A removed lesson has the number of the file that said it, not of the one that removed it.
    connection.execute(
        "DELETE FROM removed_lessons WHERE file_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ids": [file.file_id, *others]},
    )
    _drop_nameless(connection)


def _drop_nameless(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget identities that no source says any more."""
    connection.execute(
        "DELETE FROM identities WHERE content_key NOT IN (SELECT content_key FROM identity_sources)"
    )


def _say_half(connection: duckdb.DuckDBPyConnection, lake: Lake, file: LedgerFile) -> None:
    """Take away what was read of a file, and let the ledger say that it is being revoked."""
    ledger = lake.frame(
        "SELECT * FROM files WHERE file_id = $file_id AND outcome <> 'duplicate'",
        file_id=file.file_id,
    )
    forget_read(connection, lake, [file.file_id], is_revoked=True)
    rows = ledger.with_columns(
        pl.lit(str(FileOutcome.REVOKED)).alias("outcome"), pl.lit(HALF_REVOKED).alias("reason")
    )
    connection.register("revoked_rows", rows)
    connection.execute("INSERT INTO files BY NAME SELECT * FROM revoked_rows")
    connection.unregister("revoked_rows")


def _end(connection: duckdb.DuckDBPyConnection, file: LedgerFile) -> None:
    _say(connection, file, REVOKED_WHOLLY)
    drop_lost_claims(connection)
    # Sums of which every row is refused now named their pupils by what is taken back.
    connection.execute(
        "DELETE FROM identity_sources WHERE file_id IN "
        "(SELECT file_id FROM files WHERE outcome = 'quarantined')"
    )
    _drop_nameless(connection)


def _say(connection: duckdb.DuckDBPyConnection, file: LedgerFile, reason: str) -> None:
    connection.execute(
        "UPDATE files SET reason = $reason WHERE file_id = $file_id AND outcome = 'revoked'",
        {"reason": reason, "file_id": file.file_id},
    )
