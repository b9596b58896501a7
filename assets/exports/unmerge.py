"""Numbers that were joined are parted: each has again what was said of it.

Rows of joined numbers are one pupil's, and of two rows of one thing one is gone. So the pupils'
rows are taken away, and every file that speaks of pupils is read again, under the numbers as they
are parted. What no file can say again keeps its number in its row: since when a roster record is
known, what was found and published, persons of SS12000.

Nobody's protection ends by it: who was protected by another number's mark only stays so until
somebody has released it (`trappan release`). Not here: which numbers are one pupil
(`pupils/merges.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from assets.exports.batches.kinds import (
    KIND_ORDER,
    derive_objects_again,
    kind_of_layout,
    make_ready_to_derive,
)
from assets.exports.files.archive import Archive
from assets.exports.files.received import local_time
from assets.exports.ingest import Progress, reading_again
from assets.exports.ledger.entries import (
    TAKEN,
    LedgerFile,
    RevokeError,
    refuse_another_key,
    taken_files,
)
from assets.exports.ledger.outcomes import FileReport
from assets.exports.pupils.merges import known_merges, merged
from assets.exports.pupils.protection import WORDS, keep_words
from assets.exports.pupils.rekeying import keep_changes
from assets.exports.pupils.results import let_follow
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.rereading import OtherFile, are_whole, read_others, refuse_missing, sent_by
from assets.exports.senders.releases import Releaser
from assets.exports.senders.senders import Senders
from assets.exports.storing.claims import drop_lost_claims
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import know_key
from assets.lake.schema import TemporaryTable

_MERGES = "pupil_merges"
# Kinds of files whose rows are about pupils.
_OF_PUPILS = frozenset({_MERGES, "enrolments", "aggregates", "lessons"})
# Tables with rows of pupils that files say.
_ROWS = (
    "lessons",
    "moved_lessons",
    "removed_lessons",
    "contradicted_lessons",
    "joint_lessons",
    "missing_lessons",
    "enrolments",
    "moving_records",
    "monthly_sums",
    "identity_sources",
    "planned_lessons",
    "absence_words",
)
# What a file says of a whole day: with other pupils in it, it may say something else.
_OF_DAYS = ("lesson_snapshots", "class_coverage", "missing_lessons", "removed_lessons")
#: Changes the lake in the transaction in which the numbers are parted.
Change = Callable[[duckdb.DuckDBPyConnection], None]


@dataclass(frozen=True)
class Parting:
    """How numbers are parted.

    Attributes:
        file_id: the file by which they were joined.
        is_revoked: that file is, and not only a pair of it.
        keeps_protection: who was protected by another number's mark only stays so until released.
        releases_needed: by how many people.
        layouts: of the home; the shipped ones when None.
        senders: of the home.
    """

    file_id: int
    is_revoked: bool
    keeps_protection: bool
    releases_needed: int
    layouts: Sequence[Layout] | None
    senders: Senders


@dataclass(frozen=True)
class Parted:
    """What came of it.

    Attributes:
        reread: what became of the files that were read again.
        kept_protected: pupils who stay protected until somebody releases it.
    """

    reread: tuple[FileReport, ...]
    kept_protected: int

    @property
    def is_whole(self) -> bool:
        """Whether all that the numbers' rows had superseded of each other is back."""
        return are_whole(self.reread)


@dataclass(frozen=True)
class Unmerged(Parted):
    """What came of taking back a pair.

    Attributes:
        are_still_one: the two are one pupil all the same, by other words.
    """

    are_still_one: bool = False


def unmerge(
    lake: Lake,
    pair: tuple[uuid.UUID, uuid.UUID] | None,
    person: Releaser,
    *,
    layouts: Sequence[Layout] | None = None,
    senders: Senders | None = None,
    on_progress: Progress | None = None,
) -> Unmerged:
    """Take back that an old number and a new one are one pupil's, whichever files said so.

    It stays so, whenever these files are read again, until a file that has not come yet says it of
    a later time.

    Args:
        lake: the lake.
        pair: keys of the old number and the new one; None to go on with what was stopped.
        person: who parts them.
        layouts: of the home; the shipped ones when None.
        senders: of the home; one with every right when None.
        on_progress: called with a word, files done and files in all.

    Raises:
        RevokeError: no file says so, nothing was stopped, or an original that is needed is not
            there.
        LakeError: another process keeps the lake locked.
    """
    senders = senders or Senders()
    pair = pair or _stopped_pair(lake)
    said = _words_of(lake, pair)
    if not said and not _is_unfinished(lake, pair):
        raise RevokeError(
            "No file says that the first of these numbers became the second, or it was taken back "
            "before. Nothing was changed."
        )
    file_id = max(said)[1] if said else 0
    parting = Parting(
        file_id,
        is_revoked=False,
        keeps_protection=True,
        releases_needed=2 if senders.two_persons else 1,
        layouts=layouts,
        senders=senders,
    )

    def note(connection: duckdb.DuckDBPyConnection, merges: Iterable[int]) -> None:
        if said:
            _remember(connection, pair, max(said)[0], {*merges, *(f for _, f in said)}, person)

    def finish(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "UPDATE unmerged_pairs SET is_unfinished = false WHERE old_pupil_key = "
            "cast($old AS UUID) AND new_pupil_key = cast($new AS UUID)",
            _texts(pair),
        )

    parted = part_and_read_again(lake, parting, note, finish, on_progress=on_progress)
    stands_for = merged(known_merges(lake)).keys
    last = [stands_for.get(key, key) for key in pair]
    return Unmerged(parted.reread, parted.kept_protected, last[0] == last[1])


def part_and_read_again(
    lake: Lake,
    parting: Parting,
    take_back: Callable[[duckdb.DuckDBPyConnection, Iterable[int]], None],
    finish: Change,
    *,
    on_progress: Progress | None = None,
) -> Parted:
    """Take back words about numbers, part those that are one pupil no longer, and read files again.

    Killed on the way, what `take_back` said in the lake goes on saying so, and it is done again.

    Args:
        lake: the lake.
        parting: how.
        take_back: takes the words out of `pupil_merges`, and says in the lake that it is not done;
            called in the transaction that parts the numbers, with the files of changed numbers.
        finish: says that it is done; called once all could be read again.
        on_progress: called with a word, files done and files in all.
    """
    sealer = Sealer.of_home(lake.settings.home)
    refuse_another_key(lake, sealer)
    archive = Archive(lake.settings.home, sealer)
    try:
        with lake.writing():
            others = _files_of_pupils(lake, sealer, archive, parting)
            refuse_missing(archive, others)
            merges = [o.file.file_id for o in others if _kind(o.file, parting) == _MERGES]
            know_key(lake.connection, sealer)
            make_ready_to_derive(lake)

            def change(connection: duckdb.DuckDBPyConnection) -> int:
                before = _protected(lake)
                take_back(connection, merges)
                lost = (_part(connection, lake, others) & before) - _protected(lake)
                if lost and parting.keeps_protection:
                    _keep_protected(connection, sealer, lost, parting)
                    return len(lost)
                return 0

            kept = lake.write(change)
            # Only now: whoever keys rows of files knows then which numbers are one.
            with reading_again(lake, parting.layouts) as again:
                reread = read_others(lake, archive, others, again, on_progress)
            # The words of files of changed numbers are there, whatever their rows are today; of
            # files that could not be read before nothing is missing.
            asked = {o.file.file_id for o in others if o.file.outcome in TAKEN} - {*merges}
            parted = Parted(tuple(one for one in reread if one.file_id in asked), kept)
            if parted.is_whole:

                def end(connection: duckdb.DuckDBPyConnection) -> None:
                    finish(connection)
                    drop_lost_claims(connection)

                lake.write(end)
    finally:
        archive.close()
    return parted


def _files_of_pupils(
    lake: Lake, sealer: Sealer, archive: Archive, parting: Parting
) -> list[OtherFile]:
    """Return every file whose rows are about pupils, in the order in which they are read."""
    found = sent_by(
        [
            (file, received_at)
            # Also those of which every row was refused: of two numbers it contradicted itself.
            for file, received_at in taken_files(lake, sealer, (*TAKEN, "quarantined"))
            if _kind(file, parting) in _OF_PUPILS
            and not (parting.is_revoked and file.file_id == parting.file_id)
            and (file.outcome in TAKEN or archive.holds(file.sha256))
        ],
        parting.senders,
    )
    # As of a night: which numbers are one before all else, rosters before lessons.
    return sorted(found, key=lambda other: KIND_ORDER[_kind(other.file, parting)])


def _kind(file: LedgerFile, parting: Parting) -> str:
    known = {layout.name: layout.kind for layout in parting.layouts or shipped_layouts()}
    return kind_of_layout(file.layout, known) or ""


def _part(
    connection: duckdb.DuckDBPyConnection, lake: Lake, others: Sequence[OtherFile]
) -> frozenset[uuid.UUID]:
    """Give what keeps its number back to it, and take the pupils' other rows away.

    Returns:
        Keys of all whose numbers were others before.
    """
    found = merged(known_merges(lake))
    ids = {"ids": [other.file.file_id for other in others]}
    for table in _OF_DAYS:
        connection.execute(
            f"DELETE FROM {table} WHERE file_id IN (SELECT unnest($ids::BIGINT[]))", ids
        )
    standing, pupils = _standing_again(lake, found.keys)
    if standing:
        affected = _load_keys(lake, "parted_pupils", pupils)
        connection.execute(
            "INSERT INTO stale_days "
            + " UNION ".join(
                f"SELECT lesson_date FROM {table} "
                f"WHERE pupil_key IN (SELECT pupil_key FROM {affected})"
                for table in ("lessons", "contradicted_lessons", "joint_lessons", "absence_words")
            )
        )
        for table in _ROWS:
            connection.execute(
                f"DELETE FROM {table} WHERE pupil_key IN (SELECT pupil_key FROM {affected})"
            )
        _key_by_number(connection, lake, standing)
        let_follow(connection, lake, standing)
    keep_changes(connection, found.changes)
    if standing:
        derive_objects_again(connection, lake, _load_keys(lake, "parted_pupils", standing.values()))
    return frozenset(standing.values())


def _standing_again(
    lake: Lake, keys: Mapping[uuid.UUID, uuid.UUID]
) -> tuple[dict[uuid.UUID, uuid.UUID], set[uuid.UUID]]:
    """Return the pupils of all numbers whose pupil, or whose pupil's other number, changes.

    Returns:
        For each number the key of its pupil, and all keys that rows of these numbers may have.
    """
    stored = dict(lake.rows("SELECT number_key, pupil_key FROM pupil_numbers"))
    moved = {number for number, pupil in stored.items() if pupil != keys.get(number, number)}
    pupils = {stored[number] for number in moved} | {keys.get(n, n) for n in moved}
    standing = {
        number: keys.get(number, number)
        for number, pupil in stored.items()
        if pupil in pupils or keys.get(number, number) in pupils
    }
    return standing, pupils | set(standing.values())


def _key_by_number(
    connection: duckdb.DuckDBPyConnection, lake: Lake, standing: Mapping[uuid.UUID, uuid.UUID]
) -> None:
    """Give what is not read again, and knows its number, the key of the number's pupil."""
    numbers = lake.load(
        "parted_numbers",
        pl.DataFrame(
            {
                "own_key": [str(number) for number in standing],
                "standing_key": [str(pupil) for pupil in standing.values()],
            }
        ),
    )
    for table in ("enrolment_claims", "ss12000_persons"):
        own = f"coalesce({table}.number_key, {table}.pupil_key)"
        connection.execute(
            f"UPDATE {table} SET pupil_key = cast(numbers.standing_key AS UUID), "
            f"number_key = nullif({own}, cast(numbers.standing_key AS UUID)) "
            f"FROM {numbers} AS numbers WHERE {own} = cast(numbers.own_key AS UUID)"
        )
    connection.execute(
        "UPDATE pupil_numbers SET pupil_key = cast(numbers.standing_key AS UUID) "
        f"FROM {numbers} AS numbers "
        "WHERE pupil_numbers.number_key = cast(numbers.own_key AS UUID)"
    )


def _load_keys(lake: Lake, table: str, keys: Iterable[uuid.UUID]) -> TemporaryTable:
    texts = lake.load(f"{table}_as_text", pl.DataFrame({"key": sorted({str(k) for k in keys})}))
    return lake.make(table, f"SELECT cast(key AS UUID) AS pupil_key FROM {texts}")


def _protected(lake: Lake) -> frozenset[uuid.UUID]:
    return frozenset(key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils"))


def _keep_protected(
    connection: duckdb.DuckDBPyConnection,
    sealer: Sealer,
    pupils: Iterable[uuid.UUID],
    parting: Parting,
) -> None:
    """Keep pupils protected by a word of its own, with one against it that has to be released."""
    now = local_time(datetime.now(UTC).timestamp())
    source = sealer.key_text("protection source", "\x1fparted")
    words = [
        {
            "reference_key": str(pupil),
            "source_key": source,
            "place_key": None,
            "is_protected": protects,
            "releases_needed": None if protects else parting.releases_needed,
            "exported_at": now if protects else now + timedelta(seconds=1),
            "file_id": parting.file_id,
        }
        for pupil in sorted(pupils)
        for protects in (True, False)
    ]
    keep_words(connection, pl.DataFrame(words, schema=WORDS))


def _words_of(lake: Lake, pair: tuple[uuid.UUID, uuid.UUID]) -> list[tuple[datetime, int]]:
    return lake.rows(
        "SELECT exported_at, file_id FROM pupil_merges WHERE old_pupil_key = cast($old AS UUID) "
        "AND new_pupil_key = cast($new AS UUID)",
        **_texts(pair),
    )


def _remember(
    connection: duckdb.DuckDBPyConnection,
    pair: tuple[uuid.UUID, uuid.UUID],
    until: datetime,
    file_ids: Iterable[int],
    person: Releaser,
) -> None:
    """Take the pair's words away, and remember that these files' count no more."""
    of_pair = "old_pupil_key = cast($old AS UUID) AND new_pupil_key = cast($new AS UUID)"
    for table in (_MERGES, "unmerged_pairs"):
        connection.execute(f"DELETE FROM {table} WHERE {of_pair}", _texts(pair))
    connection.execute(
        "INSERT INTO unmerged_pairs BY NAME SELECT cast($old AS UUID) AS old_pupil_key, "
        "cast($new AS UUID) AS new_pupil_key, unnest($ids::BIGINT[]) AS file_id, "
        "$until AS until_at, true AS is_unfinished, $uid AS uid, $login AS login, "
        "$now AS unmerged_at",
        {
            **_texts(pair),
            "ids": sorted(set(file_ids)),
            "until": until,
            "uid": person.uid,
            "login": person.login,
            "now": datetime.now(UTC).replace(tzinfo=None),
        },
    )


def _stopped_pair(lake: Lake) -> tuple[uuid.UUID, uuid.UUID]:
    for old, new in lake.rows(
        "SELECT old_pupil_key, new_pupil_key FROM unmerged_pairs WHERE is_unfinished LIMIT 1"
    ):
        return old, new
    raise RevokeError("No parting of numbers was stopped, so there is none to go on with.")


def _is_unfinished(lake: Lake, pair: tuple[uuid.UUID, uuid.UUID]) -> bool:
    return bool(
        lake.rows(
            "SELECT 1 FROM unmerged_pairs WHERE is_unfinished AND old_pupil_key = "
            "cast($old AS UUID) AND new_pupil_key = cast($new AS UUID) LIMIT 1",
            **_texts(pair),
        )
    )


def _texts(pair: tuple[uuid.UUID, uuid.UUID]) -> dict[str, str]:
    return {"old": str(pair[0]), "new": str(pair[1])}
