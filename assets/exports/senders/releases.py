"""What waits for a person, and who released it: a row for each release, never changed.

A lift is what a source says against protection that it said itself before; a file is one that would
remove or blank many lessons. Not here: what a release does (`sql/protection/released_words.sql`,
`ingest.py`), the command (`pipelines/cli/trust/release.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from assets.exports.pupils.protection import source_key
from assets.exports.senders.senders import Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.protection_marks import FILE_MAC, LIFT_MAC
from assets.lake.tables import table_named
from rules.errors import TrappanError

_ID_LETTERS = 12
_LEAST_LETTERS = 6


class ReleaseError(TrappanError):
    """Nothing waits by that id, or this person has released it; the message says which."""


@dataclass(frozen=True)
class Releaser:
    """Who releases.

    Attributes:
        uid: the number of the account that logged in.
        login: its name.
    """

    uid: int
    login: str


@dataclass(frozen=True)
class WaitingLift:
    """Words of a source against protection that lift nothing yet.

    Attributes:
        id: what names it in the command; of this word, so that a later one has another.
        school_unit_code: of the source; '' of SS12000, or when the file named none.
        pupils: keys of all whom it can mean.
        sender: who said it last.
        layout: in which kind of file.
        exported_at: when.
        needed: how many people have to release it.
        releases: how many have.
        reference_key: whom it means.
        source_key: who says it.
    """

    id: str
    school_unit_code: str
    pupils: tuple[str, ...]
    sender: str
    layout: str
    exported_at: datetime
    needed: int
    releases: int
    reference_key: str
    source_key: str


@dataclass(frozen=True)
class WaitingFile:
    """A file that would remove or blank many lessons.

    Attributes:
        id: the first digits of its hash; of two senders' same bytes with the sender before it.
        file_id: its number.
        sender: who sent it.
        layout: the layout it was read with.
        exported_at: when it was made.
        needed: how many people have to release it.
        releases: how many have.
        reason: what it would remove, in words.
    """

    id: str
    file_id: int
    sender: str
    layout: str
    exported_at: datetime
    needed: int
    releases: int
    reason: str

    @property
    def is_released(self) -> bool:
        """Whether the next run takes it."""
        return self.releases >= self.needed


def released_files(lake: Lake, senders: Senders) -> frozenset[int]:
    """Return the numbers of files that enough people have released."""
    if not senders.is_declared:
        return frozenset()
    rows = lake.rows(
        f"SELECT file_id FROM file_releases WHERE mark_key = {FILE_MAC} "
        "GROUP BY file_id HAVING count(DISTINCT uid) >= $needed",
        needed=_needed(senders),
    )
    return frozenset(file_id for (file_id,) in rows)


def waiting_lifts(lake: Lake, sealer: Sealer) -> list[WaitingLift]:
    """Return the lifts that wait, oldest word first."""
    found = lake.relation("protection/waiting_lifts").rows(named=True)
    if not found:
        return []
    codes = [code for (code,) in lake.rows("SELECT DISTINCT school_unit_code FROM school_units")]
    units: dict[str, str] = {}
    for layout, sender in {(row["layout"] or "", row["sender"] or "") for row in found}:
        for tag in ("", f"{sender}\x1e"):
            units |= {source_key(sealer, layout, code, tag): code for code in codes}
    return [
        WaitingLift(
            id=_lift_id(sealer, row["reference_key"], row["source_key"], row["exported_at"]),
            school_unit_code=units.get(row["source_key"], ""),
            pupils=tuple(row["pupils"]),
            sender=row["sender"] or "",
            layout=row["layout"] or "",
            exported_at=row["exported_at"],
            needed=row["releases_needed"],
            releases=row["releases"],
            reference_key=row["reference_key"],
            source_key=row["source_key"],
        )
        for row in found
    ]


def waiting_files(lake: Lake, senders: Senders) -> list[WaitingFile]:
    """Return the files that wait, and those that are released and not taken yet."""
    rows = lake.rows(
        "SELECT file_sha256, file_id, sender, any_value(layout), max(exported_at), "
        "any_value(reason), (SELECT count(DISTINCT uid) FROM "
        f"(SELECT * FROM file_releases WHERE mark_key = {FILE_MAC}) AS releases "
        "WHERE releases.file_id = files.file_id) FROM files WHERE outcome = 'awaiting_release' "
        "GROUP BY file_sha256, file_id, sender ORDER BY min(received_at), file_id"
    )
    hashes = [sha256 for sha256, *_ in rows]
    return [
        WaitingFile(
            id=(f"{sender}:" if hashes.count(sha256) > 1 else "") + sha256[:_ID_LETTERS],
            file_id=file_id,
            sender=sender,
            layout=layout or "",
            exported_at=exported_at,
            needed=_needed(senders),
            releases=releases,
            reason=reason or "",
        )
        for sha256, file_id, sender, layout, exported_at, reason, releases in rows
    ]


def find_waiting(
    wanted: str, lifts: Iterable[WaitingLift], files: Iterable[WaitingFile]
) -> WaitingLift | WaitingFile:
    """Return what waits by an id, or by its first letters.

    Raises:
        ReleaseError: nothing does, or more than one.
    """
    begins = wanted.strip().lower()
    waiting: list[WaitingLift | WaitingFile] = [*lifts, *files]
    found = [one for one in waiting if begins.startswith(one.id) or _fits(one.id, begins)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} things wait" if found else "Nothing waits"
    raise ReleaseError(
        f"{what} by the id '{wanted}'. Expected one; `trappan release` lists what waits."
    )


def release(lake: Lake, what: WaitingLift | WaitingFile, person: Releaser) -> int:
    """Write down that a person releases something; return how many more have to.

    Raises:
        ReleaseError: this person has released it already.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    by = {"uid": person.uid, "login": person.login, "released_at": now}
    if isinstance(what, WaitingLift):
        table = "lift_releases"
        key: dict[str, object] = {
            "reference_key": what.reference_key,
            "source_key": what.source_key,
            "until_at": what.exported_at,
        }
        before = lake.rows(
            "SELECT DISTINCT uid FROM lift_releases WHERE reference_key = cast($who AS UUID) "
            f"AND source_key = cast($source AS UUID) AND until_at >= $at AND mark_key = {LIFT_MAC}",
            who=what.reference_key,
            source=what.source_key,
            at=what.exported_at,
        )
    else:
        table, key = "file_releases", {"file_id": what.file_id}
        before = lake.rows(
            "SELECT DISTINCT uid FROM file_releases WHERE file_id = $file_id "
            f"AND mark_key = {FILE_MAC}",
            file_id=what.file_id,
        )
    if (person.uid,) in before:
        more = what.needed - len(before)
        rest = f" {more} more, another person, has to." if more > 0 else ""
        raise ReleaseError(f"{what.id} was released by {person.login} before.{rest}")
    row = key | by
    mac = LIFT_MAC if isinstance(what, WaitingLift) else FILE_MAC
    # As the table has them: the mark is of the values as they are stored.
    types = {column.name: column.type for column in table_named(table).columns}
    typed = ", ".join(f"cast(${name} AS {types[name]}) AS {name}" for name in row)
    lake.write(
        lambda connection: connection.execute(
            f"INSERT INTO {table} BY NAME SELECT *, {mac} AS mark_key FROM (SELECT {typed})", row
        )
    )
    return max(0, what.needed - len(before) - 1)


def _needed(senders: Senders) -> int:
    return 2 if senders.two_persons else 1


def _fits(one: str, begins: str) -> bool:
    return len(begins) >= _LEAST_LETTERS and one.startswith(begins)


def _lift_id(sealer: Sealer, reference: str, source: str, at: datetime) -> str:
    key = sealer.mark_text("release", f"{reference}{source}{at.isoformat()}")
    return key.replace("-", "")[:_ID_LETTERS]
