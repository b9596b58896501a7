"""A round of retention: what was decided to go, out of every place of the home.

First it is worked out what goes, then it goes: originals before the lake, because what they name is
known from there, then files, and at last the lake's past, where rows of it went. A note of what
goes lies in the home until all is gone, so killed at any moment the next round does the rest; each
step can be done twice. What came of a round is a receipt without anybody. Nothing is refused at
ingest: what a late file or an old backup brings back goes with the next round, and no list looks as
far back as the shortest period that may be decided. Not here: the decision (`decision.py`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.exports.files.archive import Archive
from assets.exports.files.removed import Removed
from assets.exports.pupils.tombstones import refuse_half_erased
from assets.lake.connection import Lake
from assets.lake.lasting_rows import keep_rows
from assets.lake.past.snapshots import expire_everything_but_now
from assets.lake.protection_marks import know_key
from assets.lake.whole_files import write_whole
from assets.upkeep.erasure.erase import (
    HomeToClear,
    names_of_files_naming,
    refused_rows_naming,
)
from assets.upkeep.erasure.journal import write_receipt
from assets.upkeep.erasure.originals import (
    look_through,
    remove_half_kept,
    rewrite_originals,
    settle_ledger,
)
from assets.upkeep.erasure.whom import Child, child_of
from assets.upkeep.retention.decision import (
    FOLDER,
    KINDS,
    UNDECIDED,
    UNFINISHED,
    Cuts,
    Decision,
    RetentionError,
)
from assets.upkeep.retention.kinds import (
    Leaving,
    children_of,
    let_rows_go,
    needed_files,
    rows_to_go,
    who_leaves,
)
from assets.upkeep.retention.originals import (
    forget_ledger,
    ledger_rows,
    ledger_to_forget,
    originals_to_go,
    remove_originals,
    unneeded_reasons,
)
from assets.upkeep.retention.places import places_to_go
from assets.upkeep.retention.portal import (
    LastSaid,
    follow_up_to_go,
    last_said,
    let_portal_rows_go,
    portal_rows_to_go,
)
from assets.watchlists.release.released import newest_night


@dataclass(frozen=True)
class WhatGoes:
    """What a round lets go.

    Attributes:
        cuts: the first days that stay.
        leaving: pupils and staff of whom nothing stays.
        counts: what goes, by kind and in words.
        originals: by hash, and how they go.
        follow_up: keys whose follow-up in the portal goes.
    """

    cuts: Cuts
    leaving: Leaving
    counts: Mapping[str, Mapping[str, int]]
    originals: Mapping[str, Removed]
    follow_up: frozenset[uuid.UUID]

    def lines(self) -> list[dict[str, str]]:
        """Return a row of a table for each kind and thing that goes, and for kinds of nothing."""
        return [
            {
                "kind": kind,
                "before": self.cuts[kind].isoformat() if self.cuts[kind] > date.min else "never",
                "what": what,
                "number": str(number),
            }
            for kind in KINDS
            for what, number in (self.counts[kind] or {"nothing": 0}).items()
        ]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing goes."""
        return not any(self.counts.values())


def day_of(lake: Lake) -> date:
    """Return the home's newest day, from which days are counted.

    The older one of the newest night and the newest file that was taken: a clock that is a year
    off moves only one of the two.

    Raises:
        RetentionError: there is no night or file yet.
    """
    night = newest_night(lake)
    ((exported,),) = lake.rows(
        "SELECT max(exported_at) FROM files WHERE outcome NOT IN ('quarantined', 'duplicate')"
    )
    if night is None or exported is None:
        raise RetentionError(
            "No night was made here yet, so nobody knows what day it is for this home, and nothing "
            "was deleted. Run `trappan nightly` first."
        )
    newest: date = exported.date()
    return min(night, newest)


def plan(home: HomeToClear, decision: Decision, day: date | None = None) -> WhatGoes:
    """Return what would go; nothing is changed.

    Args:
        home: the home.
        decision: what was decided.
        day: the home's newest day; the one that it is when None.

    Raises:
        RetentionError: there is no night yet.
        PortalAwayError: nobody knows whose time is over, because the portal does not answer.
        OSError: a place can't be read.
    """
    lake = home.lake
    cuts = decision.cuts(day or day_of(lake))
    said = last_said(home.portal)
    follow_up = follow_up_to_go(said, children_of(lake), cuts["portal"])
    leaving = who_leaves(lake, cuts["identities"], _days_that_stay(said, follow_up))
    needed = needed_files(lake, cuts, leaving)
    counts: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}

    def count(kind: str, what: str, number: int) -> None:
        if number:
            counts[kind][what] = counts[kind].get(what, 0) + number

    for kind, tables in rows_to_go(lake, cuts).items():
        count(kind, "rows", sum(tables.values()))
    count("identities", "people", leaving.people)
    count("portal", "rows", portal_rows_to_go(home.portal, cuts, follow_up))
    archive = Archive(home.path, home.sealer)
    try:
        going = originals_to_go(lake, archive, decision, cuts, needed)
        forgotten = ledger_to_forget(lake, archive, cuts, going)
    finally:
        archive.close()
    count("originals", "files", len(going))
    count("ledgers", "rows", ledger_rows(lake, home.sealer, forgotten))
    for one in places_to_go(home.path, home.sealer, cuts, _taken(lake)):
        count(one.kind, one.what, one.number)
    return WhatGoes(cuts, leaving, counts, going, follow_up)


def _days_that_stay(
    said: Mapping[uuid.UUID, LastSaid], follow_up: frozenset[uuid.UUID]
) -> dict[uuid.UUID, date]:
    """Return until when follow-up keeps a pupil: as long as it is there, whatever its day is."""
    return {key: date.max for key in said if key not in follow_up}


def _taken(lake: Lake) -> frozenset[str]:
    return frozenset(
        sha256
        for (sha256,) in lake.rows(
            "SELECT DISTINCT file_sha256 FROM files WHERE outcome NOT IN "
            "('quarantined', 'awaiting_release')"
        )
    )


@dataclass
class RetentionNote:
    """What a round is about to let go, until all of it is gone; nobody is named in it.

    Attributes:
        round: its id: a day and some letters.
        begun_at: when, UTC.
        originals: what becomes of originals that name who leaves (`erasure/originals.py`).
        removed: originals that go, by hash, and how.
        counts: what went so far, by kind and in words.
        by_hand: what is left to do, or waits.
        done: steps that are done.
    """

    round: str
    begun_at: str
    originals: list[dict[str, Any]] = field(default_factory=list)
    removed: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    @classmethod
    def of_home(cls, home: Path) -> RetentionNote:
        """Return the note of a round that was stopped, or begin one."""
        try:
            return cls(**json.loads((home / FOLDER / UNFINISHED).read_bytes()))
        except FileNotFoundError:
            at = datetime.now(UTC)
            return cls(f"{at:%Y%m%d}-{uuid.uuid4().hex[:8]}", at.isoformat(timespec="seconds"))
        except (ValueError, TypeError):
            raise RetentionError(
                f"{home / FOLDER / UNFINISHED} says what a stopped round was about to do, and is "
                "damaged. Nothing was deleted. Remove it; the next round finds what is left."
            ) from None

    def add(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Count what goes, beside what a stopped round counted."""
        for kind, things in counts.items():
            for what, number in things.items():
                mine = self.counts.setdefault(kind, {})
                mine[what] = max(number, mine.get(what, 0))

    def keep(self, home: Path) -> None:
        """Write it, whole or not at all."""
        (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
        write_whole(home / FOLDER / UNFINISHED, json.dumps(vars(self)).encode())

    def end(self, home: Path, decision: Decision, cuts: Cuts) -> Path:
        """Write the receipt in its place, and return it."""
        receipt = home / FOLDER / f"{self.round}.json"
        write_receipt(
            receipt,
            {
                "round": self.round,
                "begun_at": self.begun_at,
                "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "decision": decision.decided.words,
                "counted_from": cuts.day.isoformat(),
                "periods": {
                    kind: {
                        "stays": decision.period(kind).words,
                        "because": decision.period(kind).because,
                        "before": cuts[kind].isoformat(),
                        "went": self.counts.get(kind, {}),
                    }
                    for kind in KINDS
                },
                "left_to_do": self.by_hand,
            },
        )
        (home / FOLDER / UNFINISHED).unlink(missing_ok=True)
        return receipt


def retain(home: HomeToClear, decision: Decision | None, day: date | None = None) -> Path | None:
    """Do a round, or what is left of one that was stopped.

    Args:
        home: the home.
        decision: what was decided; without one nothing goes.
        day: the home's newest day; the one that it is when None.

    Returns:
        The receipt; None when nothing was to go.

    Raises:
        RetentionError: nothing was decided, or there is no night yet.
        TombstoneError: an erasure was stopped half way.
        TrappanError: a step could not be done; the next round does the rest.
        OSError: no room or no permission; the same.
    """
    if decision is None:
        raise RetentionError(UNDECIDED)
    lake, path = home.lake, home.path
    refuse_half_erased(path)
    with lake.writing():
        note = RetentionNote.of_home(path)
        was_stopped = (path / FOLDER / UNFINISHED).exists()
        found = plan(home, decision, day)
        if found.is_nothing and not was_stopped:
            return None
        note.add(found.counts)
        note.removed |= {sha256: str(why) for sha256, why in found.originals.items()}
        note.keep(path)
        for number, step in enumerate(STEPS):
            home.tell(step.__name__.strip("_").replace("_", " "), number, len(STEPS))
            step(home, found, note)
            note.done.append(step.__name__)
            note.keep(path)
    if any(note.counts.get(kind) for kind in _OF_THE_LAKE):
        # Without the turn: on a server its transaction would keep all that was deleted since.
        expire_everything_but_now(lake)
    with lake.writing():
        keep_rows(lake.connection, path, home.sealer)
    return note.end(path, decision, found.cuts)


def went_of(receipt: Path) -> dict[str, int]:
    """Return how much of each kind went, by a receipt: rows, files and lines together."""
    said = json.loads(receipt.read_bytes())["periods"]
    return {kind: sum(said[kind]["went"].values()) for kind in KINDS}


#: Kinds with rows of the lake: where any went, its past goes too.
_OF_THE_LAKE = ("lessons", "identities", "lists", "ledgers")
RetentionStep = Callable[[HomeToClear, WhatGoes, RetentionNote], None]


def _who_goes(home: HomeToClear, found: WhatGoes) -> Child:
    """Return all who leave, as one whose rows go from files; a name may be another's too."""
    child = child_of(home.lake, home.sealer, set(found.leaving.keys))
    return replace(child, names=frozenset())


def _the_originals(home: HomeToClear, found: WhatGoes, note: RetentionNote) -> None:
    """Take who leaves out of originals that stay; those that can't be taken apart wait."""
    who = _who_goes(home, found).who(home.sealer)
    archive = Archive(home.path, home.sealer)
    try:
        if found.leaving.keys and not note.originals:
            entries = look_through(home.lake, archive, who, home.by_name, home.on_progress)
            mine = [one for one in entries if one["sha256"] not in note.removed]
            note.originals = [one for one in mine if one["is_rewritten"]]
            waiting = len(mine) - len(note.originals)
            if waiting:
                note.by_hand.append(
                    f"{waiting} originals name somebody whose time is over and can't be taken "
                    "apart (workbooks). They go when all that is in them is past."
                )
            note.keep(home.path)
        entries = note.originals
        # Once the lake is done, the ledger has counted more than what these say.
        if _the_lake.__name__ not in note.done:
            home.lake.write(lambda connection: settle_ledger(connection, entries))
        if found.leaving.keys:
            rewrite_originals(archive, who, home.by_name, home.path, entries)
    finally:
        archive.close()


def _the_lake(home: HomeToClear, found: WhatGoes, note: RetentionNote) -> None:
    lake, sealer = home.lake, home.sealer
    child = _who_goes(home, found)
    who = child.who(sealer)
    refused, names = [], []
    if found.leaving.keys:
        refused = refused_rows_naming(lake, sealer, who)
        names = names_of_files_naming(lake, sealer, who, child)
    archive = Archive(home.path, sealer)
    try:
        forgotten = ledger_to_forget(lake, archive, found.cuts, note.removed)
    finally:
        archive.close()
    know_key(lake.connection, sealer)

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for row in refused:
            _forget_refused(connection, row)
        for sealed, row in names:
            connection.execute(
                "UPDATE files SET sealed_name = ? WHERE file_id = ? AND modified_at = ? AND "
                "received_at = ?",
                [sealed, row["file_id"], row["modified_at"], row["received_at"]],
            )
        let_rows_go(connection, lake, sealer, found.cuts, found.leaving)
        forget_ledger(connection, lake, sealer, forgotten)

    lake.write(change)


def _forget_refused(connection: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> None:
    """Forget a refused row of who leaves; the ledger's counts go on adding up."""
    of_row = {"file_id": row["file_id"], "line": row["line_number"], "code": row["code"]}
    gone = connection.execute(
        "DELETE FROM row_problems WHERE file_id = $file_id AND line_number = $line "
        "AND code = $code AND severity = 'rejected'",
        of_row,
    ).fetchone()
    connection.execute(
        "UPDATE files SET rows_read = rows_read - $rows, rows_rejected = rows_rejected - $rows "
        "WHERE file_id = $file_id AND outcome <> 'duplicate' AND rows_rejected >= $rows",
        {"file_id": row["file_id"], "rows": int(gone[0]) if gone else 0},
    )


def _the_archive(home: HomeToClear, found: WhatGoes, note: RetentionNote) -> None:
    archive = Archive(home.path, home.sealer)
    try:
        going = {sha256: Removed(why) for sha256, why in note.removed.items()}
        remove_originals(archive, home.path, going)
    finally:
        archive.close()
    for reason in unneeded_reasons(home.lake, found.cuts["ledgers"]):
        reason.unlink(missing_ok=True)
    remove_half_kept(home.path)


def _the_places(home: HomeToClear, found: WhatGoes, note: RetentionNote) -> None:
    for one in places_to_go(home.path, home.sealer, found.cuts, _taken(home.lake)):
        one.let_go()
    if note.counts.get("lists"):
        words = (
            "Lists went from the home. Run `trappan deliver` now: it takes back what was delivered "
            "of them. What people printed, fetched or saved is theirs."
        )
        if words not in note.by_hand:
            note.by_hand.append(words)


def _the_portal(home: HomeToClear, found: WhatGoes, note: RetentionNote) -> None:
    if note.counts.get("portal") or found.leaving.keys:
        let_portal_rows_go(home.portal, found.cuts, found.follow_up, found.leaving.keys)


#: What is done, in this order. The portal goes before the lake: by the lake's rows the next round
#: would know who leaves, if this one is killed.
STEPS: tuple[RetentionStep, ...] = (
    _the_originals,
    _the_portal,
    _the_lake,
    _the_archive,
    _the_places,
)
