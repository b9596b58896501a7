"""Erasing one pupil: out of every place of the home, in steps that can each be done twice.

First a tombstone, so that nothing brings the pupil back, and a sealed note of whom it is about.
Then the places one after the other, and at last the past of the lake. Killed at any moment, the
next call goes on; until it has ended no night is made. What lies outside the home is told to the
operator. Not here: which places there are (`rules/personal_data.py`), the command.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from assets.delivery.delivery_log import FILE_NAME, DeliveryLog
from assets.exports.erased_files import keys_that_are_back
from assets.exports.files.archive import Archive
from assets.exports.files.received import local_time
from assets.exports.files.without_pupil import WhoGoes
from assets.exports.ingest import Progress
from assets.exports.ledger.entries import NAME_COLUMNS, name_in
from assets.exports.ledger.reasons import reason_of
from assets.exports.pupils.erased_rows import counted, take_out
from assets.exports.pupils.protection import WORDS, keep_numbers, keep_words
from assets.exports.pupils.tombstones import ERASED, Tombstone, Tombstones
from assets.exports.readers.layouts import Layout
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.lasting_rows import keep_rows
from assets.lake.past.snapshots import expire_everything_but_now
from assets.lake.protection_marks import know_key
from assets.lake.sealed_places import FILE_NAME as NAME_OF_FILE
from assets.lake.sealed_places import REFUSED_ROW
from assets.upkeep.erasure.journal import Journal
from assets.upkeep.erasure.lists import lists_naming, take_out_of_lists
from assets.upkeep.erasure.originals import (
    files_naming,
    look_through,
    remove_half_kept,
    rewrite_originals,
    settle_ledger,
    take_out_of_pulled,
)
from assets.upkeep.erasure.portal import in_portal, take_out_of_portal
from assets.upkeep.erasure.whom import Child, child_of

_ROWS_AT_ONCE = 10_000
#: What the ledger calls a file whose name named an erased pupil.
_NAMELESS = "erased"


@dataclass
class HomeToClear:
    """A home that a pupil is erased from.

    Attributes:
        lake: its lake.
        layouts: of the home.
        portal: where its portal keeps what is recorded.
        inbox: folder of offered files, which are their sender's.
        on_progress: called with a word, done and in all.
    """

    lake: Lake
    layouts: Sequence[Layout]
    portal: PortalDatabase
    inbox: Path
    on_progress: Progress | None = None
    sealer: Sealer = field(init=False)

    def __post_init__(self) -> None:
        """Read the home's key."""
        self.sealer = Sealer.of_home(self.path)

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.lake.settings.home

    @property
    def by_name(self) -> dict[str, Layout]:
        """The layouts by their names."""
        return {layout.name: layout for layout in self.layouts}

    def tell(self, word: str, done: int, total: int) -> None:
        """Say how far it is."""
        if self.on_progress:
            self.on_progress(word, done, total)


def plan(home: HomeToClear, child: Child) -> dict[str, int]:
    """Return how much of which place would go; nothing is changed.

    Raises:
        TrappanError: a place can't be read.
    """
    who = child.who(home.sealer)
    lake = home.lake
    found = {f"table {name}": rows for name, rows in counted(lake, child.keys).items()}
    archive = Archive(home.path, home.sealer)
    try:
        entries = look_through(lake, archive, who, home.by_name, home.on_progress)
    finally:
        archive.close()
    found["originals rewritten"] = sum(entry["is_rewritten"] for entry in entries)
    found["originals deleted"] = sum(not entry["is_rewritten"] for entry in entries)
    found["refused rows"] = len(refused_rows_naming(lake, home.sealer, who))
    found["lists"] = len(lists_naming(home.path, home.sealer, child.texts))
    found["pulled files"], _ = take_out_of_pulled(lake, home.path / "pulled", who, is_planned=True)
    found["lost lakes"] = len(_lost_lakes(home.path))
    found["portal rows"] = in_portal(home.portal, child.texts)
    found["files in the inbox (their sender's)"] = len(files_naming(home.inbox, who))
    return {place: number for place, number in found.items() if number}


def erase(home: HomeToClear, child: Child) -> Path:
    """Erase a pupil, and return the receipt.

    Args:
        home: the home.
        child: the pupil.

    Raises:
        TrappanError: a step could not be done; the next call goes on from there.
        OSError: no room or no permission; the same.
    """
    return go_on(home, Journal.begin(child))


def go_on(home: HomeToClear, journal: Journal) -> Path:
    """Do an erasure, from its beginning or from where it was stopped, and return the receipt.

    Raises:
        TrappanError: a step could not be done; the next call goes on from there.
        OSError: no room or no permission; the same.
    """
    with home.lake.writing():
        _lay_stone(home, journal)
        for number, step in enumerate(STEPS):
            home.tell(step.__name__.strip("_").replace("_", " "), number, len(STEPS))
            step(home, journal)
            journal.keep(home.path, home.sealer)
    # Without the turn: on a server its transaction would keep all that was deleted since.
    expire_everything_but_now(home.lake)
    _keep_lasting_rows(home)
    return journal.end(home.path)


def _keep_lasting_rows(home: HomeToClear) -> None:
    """Keep the lake's lasting rows without the pupil, before the erasure is said to have ended.

    Closing the lake would do it too: killed before that, nobody would know that it is to be done.
    """
    with home.lake.writing():
        keep_rows(home.lake.connection, home.path, home.sealer)


def _lay_stone(home: HomeToClear, journal: Journal) -> None:
    """Remember who is erased, and for whom the rest is still to be done; in this order."""
    journal.keep(home.path, home.sealer)
    tombstones = Tombstones.of_home(home.path, home.sealer)
    hashes = journal.child.hashes(tombstones)
    # Erased once more, of a backup: the stone lies there, and says whether they were protected.
    known = tombstones.of(hashes)
    was_protected = journal.child.was_protected or any(stone.was_protected for stone in known)
    for stone in known:
        hashes |= stone.hashes
    others = tombstones.without(stone.erasure for stone in known)
    others.with_stone(Tombstone(journal.erasure, hashes, was_protected)).keep(
        home.path, home.sealer
    )


def _the_originals(home: HomeToClear, journal: Journal) -> None:
    who = journal.child.who(home.sealer)
    archive = Archive(home.path, home.sealer)
    try:
        if journal.originals is None:
            journal.originals = look_through(
                home.lake, archive, who, home.by_name, home.on_progress
            )
            journal.count("originals rewritten", sum(e["is_rewritten"] for e in journal.originals))
            deleted = [e for e in journal.originals if not e["is_rewritten"]]
            journal.count("originals deleted", len(deleted))
            journal.keep(home.path, home.sealer)
        entries = journal.originals
        home.lake.write(lambda connection: settle_ledger(connection, entries))
        rewrite_originals(archive, who, home.by_name, home.path, entries)
    finally:
        archive.close()
    for entry in entries:
        if entry["is_unopened"]:
            journal.tell(
                f"The original of {entry['sha256'][:12]} does not open, so nobody knows whether it "
                "names the pupil. Restore it and erase the pupil once more, or remove it: trappan "
                f"archive remove {entry['sha256'][:12]}."
            )


def _the_lake(home: HomeToClear, journal: Journal) -> None:
    lake, sealer = home.lake, home.sealer
    who, keys = journal.child.who(sealer), sorted(journal.child.keys)
    know_key(lake.connection, sealer)
    refused = refused_rows_naming(lake, sealer, who)
    names = names_of_files_naming(lake, sealer, who, journal.child)

    def change(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        _empty_rows(connection, sealer, refused)
        for sealed, row in names:
            connection.execute(
                "UPDATE files SET sealed_name = ? WHERE file_id = ? AND modified_at = ? AND "
                "received_at = ?",
                [sealed, row["file_id"], row["modified_at"], row["received_at"]],
            )
        return take_out(connection, lake, sealer, keys)

    gone = lake.write(change)
    journal.count("rows of the lake", sum(gone.values()))
    journal.count("refused rows", len(refused))
    journal.count("names of files", len(names))


def refused_rows_naming(lake: Lake, sealer: Sealer, who: WhoGoes) -> list[dict[str, Any]]:
    """Return the refused rows in the ledger that name a pupil."""
    found = []
    cursor = lake.connection.cursor()
    cursor.execute(
        "SELECT * FROM lake.row_problems WHERE severity = 'rejected' AND code <> ? "
        "AND sealed_row IS NOT NULL",
        [ERASED],
    )
    columns = [one[0] for one in cursor.description or ()]
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        for values in rows:
            row = dict(zip(columns, values, strict=True))
            of_row = [row[name] for name in REFUSED_ROW.bound_to]
            opened = sealer.opened(REFUSED_ROW, of_row, row["sealed_row"])
            if opened is None:
                continue
            cells = opened["row"].split("\x1f")
            if any(map(who.is_named_in, cells)) or who.has_line(";".join(cells)):
                found.append(row)
    cursor.close()
    return found


def _empty_rows(
    connection: duckdb.DuckDBPyConnection, sealer: Sealer, rows: list[dict[str, Any]]
) -> None:
    """Leave of refused rows that there was one, and that its pupil was erased."""
    reason = reason_of(ERASED)
    for row in rows:
        sealed = sealer.seal(REFUSED_ROW, (row["file_id"], 0, ERASED), {"row": ""})
        connection.execute(
            "UPDATE row_problems SET line_number = 0, column_number = NULL, code = $erased, "
            "column_name = 'row', reason = $what, found = '', expected = $expected, "
            "sealed_row = $sealed WHERE file_id = $file_id AND line_number = $line "
            "AND code = $code AND severity = 'rejected'",
            {
                "erased": ERASED,
                "what": reason.what,
                "expected": reason.expected,
                "sealed": sealed,
                "file_id": row["file_id"],
                "line": row["line_number"],
                "code": row["code"],
            },
        )


def names_of_files_naming(
    lake: Lake, sealer: Sealer, who: WhoGoes, child: Child
) -> list[tuple[bytes, dict[str, Any]]]:
    """Return the ledger's rows whose file's name names the pupil, with another name sealed."""
    found = []
    words = [(given.casefold(), family.casefold()) for given, family in child.names]
    for row in lake.frame(f"SELECT {NAME_COLUMNS} FROM files").iter_rows(named=True):
        name = name_in(sealer, row)
        if name is None:
            continue
        folded = name.casefold()
        is_named = any(given in folded and family in folded for given, family in words if family)
        if is_named or who.is_named_in(name) or any(map(who.is_named_in, name.split("_"))):
            suffix = Path(name).suffix
            of_row = [row[column] for column in NAME_OF_FILE.bound_to]
            sealed = sealer.seal(NAME_OF_FILE, of_row, {"name": f"{_NAMELESS}{suffix}"})
            found.append((sealed, row))
    return found


def _the_lists(home: HomeToClear, journal: Journal) -> None:
    journal.count("lists", take_out_of_lists(home.lake, home.sealer, journal.child.texts))
    journal.tell(
        "What people printed, fetched or saved is theirs: ask principals, mentors and teams to "
        "destroy the pupil's pages, sheets and older lists."
    )


def _the_deliveries(home: HomeToClear, journal: Journal) -> None:
    if not (home.path / FILE_NAME).exists():
        return
    with DeliveryLog.opened(home.path, home.sealer) as log:
        copies = log.forget_pupils(journal.child.texts)
    if copies:
        journal.tell(
            f"{copies} delivered files may name the pupil. Run `trappan deliver` now: it takes "
            "them back and puts the lists of today there, and says what it can't reach."
        )


def _the_files(home: HomeToClear, journal: Journal) -> None:
    who = journal.child.who(home.sealer)
    naming, lost = take_out_of_pulled(home.lake, home.path / "pulled", who)
    journal.count("pulled files", naming)
    if lost:
        journal.tell(
            f"{lost} pulled files that were not taken in yet were deleted. Remove "
            "pulled/<source>/.state.json, so that the next pull fetches all once more."
        )
    for folder in (*_lost_lakes(home.path), *home.path.glob("portal/read-*")):
        shutil.rmtree(folder)
        journal.count("lost lakes" if folder.name.startswith("lake.") else "portal reading", 1)
    # Processes that are gone left it; this one's own has no pupil in it.
    for spool in home.path.glob("tmp/*/incoming"):
        shutil.rmtree(spool, ignore_errors=True)
    remove_half_kept(home.path)
    offered = len(files_naming(home.inbox, who))
    if offered:
        journal.tell(
            f"{offered} files in the inbox name the pupil. They are their sender's: ask the sender "
            "to take the pupil out of its exports and to remove the old ones. What comes with the "
            "pupil's rows is refused, row by row."
        )
    journal.tell(
        "Backups from before keep the pupil until they are gone. After one was restored, run: "
        "trappan erase --again"
    )


def _lost_lakes(home: Path) -> list[Path]:
    return sorted(path for path in home.glob("lake.lost-*") if path.is_dir())


def _the_portal(home: HomeToClear, journal: Journal) -> None:
    journal.count("portal rows", take_out_of_portal(home.portal, journal.child.texts))


#: What is done, in this order; each can be done twice. The lake goes after what the ledger is asked
#: for, and lists after the lake, so that what is counted of them is of the rest.
STEPS: tuple[Callable[[HomeToClear, Journal], None], ...] = (
    _the_originals,
    _the_lake,
    _the_lists,
    _the_deliveries,
    _the_files,
    _the_portal,
)


def erase_who_is_back(home: HomeToClear) -> Path | None:
    """Erase once more one who was erased and is in the lake: of a restored backup.

    Returns:
        The receipt; None when nobody is back. Nothing is written on this connection after it.
    """
    keys = keys_that_are_back(home.lake, home.sealer)
    if not keys:
        return None
    return erase(home, child_of(home.lake, home.sealer, {min(keys)}))


def lift(home: HomeToClear, child: Child) -> list[Tombstone]:
    """Let a pupil come back: rows that come from now on are taken.

    Who was protected is so again at once, by a word that has to be released as others.

    Returns:
        The stones that were lifted; none when the pupil was not erased.
    """
    with home.lake.writing():
        tombstones = Tombstones.of_home(home.path, home.sealer)
        known = tombstones.of(child.hashes(tombstones))
        if any(stone.was_protected for stone in known):
            _protect(home, sorted(child.keys))
        tombstones.without(stone.erasure for stone in known).keep(home.path, home.sealer)
        return [replace(stone, hashes=frozenset()) for stone in known]


def _protect(home: HomeToClear, keys: Sequence[uuid.UUID]) -> None:
    """Protect who was protected when erased, until two words are said: theirs, and a release."""
    now = local_time(datetime.now(UTC).timestamp())
    source = home.sealer.key_text("protection source", "\x1ferased")
    ((file_id,),) = home.lake.rows("SELECT coalesce(arg_max(file_id, received_at), 0) FROM files")
    words = [
        {
            "reference_key": str(key),
            "source_key": source,
            "place_key": None,
            "is_protected": protects,
            "releases_needed": None if protects else 1,
            "exported_at": now if protects else now + timedelta(seconds=1),
            "file_id": file_id,
        }
        for key in keys
        for protects in (True, False)
    ]
    numbers = [str(key) for key in keys]
    known = {"number_key": numbers, "short_key": [None] * len(numbers), "pupil_key": numbers}
    schema = dict.fromkeys(known, pl.String)

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        know_key(connection, home.sealer)
        keep_numbers(connection, pl.DataFrame(known, schema=schema))
        keep_words(connection, pl.DataFrame(words, schema=WORDS))

    home.lake.write(change)
