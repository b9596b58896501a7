"""Looks whether all that a home keeps is whole: every file, every seal, the ledger, the sums.

Names the file or table where something is wrong; no value, no key, no name of a person. What is
noticed of which file says `rules/personal_data.py`. Not here: what doctor asks of settings, and
the backup itself (`backing_up.py`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from assets.delivery.delivery_log import FILE_NAME as DELIVERY
from assets.delivery.delivery_log import DeliveryLog
from assets.exports.files.archive import Archive
from assets.exports.sealed_values import look_over
from assets.follow_up.portal_database import database_file
from assets.lake.catalog.read_only import address_to_read
from assets.lake.catalog.resting import is_changed_at_rest
from assets.lake.connection import Lake
from assets.lake.data_files import kept_files, lost_files, rows_in, rows_said
from assets.lake.encryption import Sealer
from assets.lake.lasting_rows import folder_of, unkept, unopened
from assets.lake.settings import LakeSettings
from assets.watchlists.release.publish import lists_root
from assets.watchlists.release.remembered import FILE_NAME, MANIFEST, unfit_lists
from rules.errors import TrappanError

_SINCE_EVER = date(1, 1, 1)
_BLOCK = 1 << 20
#: Of all originals but so many the beginning only, when it has to be quick.
_OPENED_WHOLE = 100


@dataclass(frozen=True)
class Trouble:
    """Something that is not as it was written.

    Attributes:
        where: a file below the home, or a table.
        what: in words.
    """

    where: str
    what: str

    def __str__(self) -> str:
        """In words."""
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Looked:
    """What was looked at, and what was found.

    Attributes:
        what: in words, as a sentence that holds when nothing is wrong.
        troubles: what does not.
    """

    what: str
    troubles: tuple[Trouble, ...]


def verified(
    settings: LakeSettings, *, keeps_originals: bool, is_quick: bool = False
) -> Iterator[Looked]:
    """Look at one kind of thing after the other.

    Args:
        settings: of the lake.
        keeps_originals: whether every file of the ledger should have an original.
        is_quick: sizes instead of contents, where contents take long.

    Raises:
        LakeError: the lake is lost, or its catalog can't be read.
        KeyFileError: the key is gone, can't be read, or is another one.
    """
    home = settings.home
    yield Looked("the databases are whole", tuple(_databases(home)))
    with Lake.open(settings, to_look_over=True) as lake:
        files = kept_files(lake.connection, settings)
        yield Looked(
            f"{len(files)} data files of the lake are there, of the size they were written with"
            + ("" if is_quick or settings.is_on_s3 else ", and can be read to their end"),
            tuple(_data_files(lake, is_quick=is_quick)),
        )
        if not is_quick:
            # Each reads tables whole, and would stumble where a file of them is damaged.
            yield _where_readable("the ledger says what the lake has", lambda: _ledger(lake))
            yield _where_readable("the sums are those of the lessons", lambda: _sums(lake))
        yield _where_readable(
            "what no original brings back is kept as the lake has it", lambda: _lasting(lake)
        )
        yield _where_readable("no original is missing", lambda: _missing(lake, keeps_originals))
        yield _where_readable(
            "what the portal recorded is there", lambda: _portal(lake, settings.home)
        )
    yield _where_readable(
        "every sealed value opens where it stands, and is whose it is",
        lambda: unfit_values(settings),
    )
    yield _originals(home, whole=_OPENED_WHOLE if is_quick else None)
    yield Looked("every published list is as it was written", tuple(_lists(home)))


def unfit_values(settings: LakeSettings) -> list[Trouble]:
    """Return what is sealed and does not fit: in the lake, the lists, delivery's log.

    Raises:
        TrappanError: the lake or the log can't be opened.
    """
    home = settings.home
    sealer = Sealer.of_home(home)
    with Lake.open(settings, to_look_over=True) as lake:
        unfit = [Trouble(one.table, str(one).partition(": ")[2]) for one in look_over(lake)]
    unfit += [
        Trouble(f"lists/{place}", f"{FILE_NAME} is not the list that was published there")
        for place in unfit_lists(sealer, lists_root(home))
    ]
    with DeliveryLog.looked_at(home, sealer) as log:
        if lists := log.unfit():
            unfit.append(Trouble("delivery log", f"{lists} lists whose pupils it can't say"))
    return unfit


def _where_readable(what: str, look: Callable[[], list[Trouble]]) -> Looked:
    """Look; where that can't be done, say so and go on with the rest."""
    try:
        return Looked(what, tuple(look()))
    except TrappanError as error:
        return Looked(what, (Trouble("not looked at", str(error)),))
    except Exception as error:
        # Its words can quote a row.
        words = f"{type(error).__name__}: something that it rests on can't be read"
        return Looked(what, (Trouble(f"not looked at whether {what}", words),))


def _databases(home: Path) -> Iterator[Trouble]:
    for path in databases_of(home):
        if not path.exists():
            continue
        where = path.relative_to(home).as_posix()
        # First: to open it may write a log beside it.
        is_changed = is_changed_at_rest(path)
        if not is_whole_database(path):
            yield Trouble(where, "it is cut short or damaged")
        elif is_changed:
            yield Trouble(
                where, "it is not as the last run left it, and nobody has written to it since"
            )


def databases_of(home: Path) -> tuple[Path, ...]:
    """Return where a home's files of SQLite lie, but for Dagster's."""
    return home / "lake" / "catalog.sqlite", home / DELIVERY, database_file(home)


def is_whole_database(path: Path) -> bool:
    """Whether a SQLite file is one, by its own check of every page."""
    try:
        with closing(sqlite3.connect(address_to_read(path), uri=True, timeout=10)) as opened:
            found = opened.execute("PRAGMA integrity_check(1)").fetchone()
            return bool(found == ("ok",))
    except (sqlite3.Error, UnicodeDecodeError):
        # What it says of a damaged page can quote it.
        return False


def _data_files(lake: Lake, *, is_quick: bool) -> Iterator[Trouble]:
    home = lake.settings.home
    files = kept_files(lake.connection, lake.settings)
    lost = set(lost_files(lake.connection, lake.settings, files))
    for path in sorted(lost):
        yield Trouble(_below(home, path), "it is gone, or of another size than it was written with")
    if is_quick or lake.settings.is_on_s3:
        return
    said = rows_said(lake.connection)
    for file, rows in rows_in(file for file in files if file.path not in lost):
        if rows is None:
            words = "it is damaged: not every part of it can be read"
            yield Trouble(_below(home, file.path), words)
        elif said.get(Path(file.path).name, rows) != rows:
            words = "it has another number of rows than the catalog says"
            yield Trouble(_below(home, file.path), words)


def _below(home: Path, path: str) -> str:
    found = Path(path)
    return found.relative_to(home).as_posix() if found.is_relative_to(home) else path


def _ledger(lake: Lake) -> list[Trouble]:
    found = [
        Trouble(f"files, {sha256_of[:12]}", "the counts of its row do not add up")
        for sha256_of, *_ in lake.relation("checks/files_add_up").rows()
    ]
    for of_file, kept, most in lake.relation("checks/rows_of_files").rows():
        # Either a hash, or in words that there is no such file.
        named = of_file if " " in of_file else of_file[:12]
        words = f"the lake has {kept} rows of it, and the ledger says {most} at most"
        found.append(Trouble(f"lessons of {named}", words))
    return found


def _sums(lake: Lake) -> list[Trouble]:
    # Dates that wait for their sums are no fault: the next night makes them.
    stale = {day for (day,) in lake.rows("SELECT DISTINCT lesson_date FROM stale_days")}
    days = [
        day
        for (day,) in lake.relation("checks/daily_equals_lessons", first_date=_SINCE_EVER).rows()
        if day not in stale
    ]
    found = [
        Trouble(f"absence_daily, {day}", "its sums are not those of its lessons") for day in days
    ]
    if not stale:
        found += [
            Trouble(f"absence_monthly, {month:%Y-%m}", "its sums are not those of its days")
            for (month,) in lake.relation("checks/monthly_equals_daily").rows()
        ]
    twice = lake.relation("checks/lessons_unique", first_date=_SINCE_EVER).rows()
    found += [Trouble(f"lessons, {day}", f"{count} stand there twice") for day, count in twice]
    return found


def _lasting(lake: Lake) -> list[Trouble]:
    home = lake.settings.home
    found = [
        Trouble(path, "it does not open: it is cut short or damaged")
        for path in unopened(home, Sealer.of_home(home))
    ]
    # A home that only asks keeps none; a lake of an older version has none before it is written to.
    if folder_of(home).is_dir():
        found += [
            Trouble(
                f"archive/lasting/{table}.*.arrow.age",
                "it is gone, or older than the lake. The next run that writes makes it again",
            )
            for table in unkept(lake.connection, home)
        ]
    return found


def _missing(lake: Lake, keeps_originals: bool) -> list[Trouble]:
    if not keeps_originals:
        return []
    home = lake.settings.home
    contents = [
        sha256_of for (sha256_of,) in lake.rows("SELECT DISTINCT file_sha256 FROM files ORDER BY 1")
    ]
    archive = Archive(home, Sealer.of_home(home))
    try:
        lost = [one for one in archive.lost(contents) if not _was_erased(archive, one)]
    finally:
        archive.close()
    return [
        Trouble(
            f"archive/{one[:2]}/{one}.zst.age",
            "it is not there, and nobody removed it. If it came while TRAPPAN_ARCHIVE was off, say "
            f"so by `trappan archive remove {one[:12]}`",
        )
        for one in lost
    ]


def _was_erased(archive: Archive, sha256_of: str) -> bool:
    """Whether an original was deleted because a pupil was erased who could not be taken out."""
    known = archive.was_rewritten(sha256_of)
    return known is not None and not known.content_sha256


def _portal(lake: Lake, home: Path) -> list[Trouble]:
    path = database_file(home)
    was_read = lake.rows("SELECT 1 FROM follow_up_readings WHERE read_at IS NOT NULL")
    if was_read and not path.exists() and not (home / "portal").is_dir():
        return [Trouble(path.relative_to(home).as_posix(), "it is gone; the lake has read it")]
    return []


def _originals(home: Path, whole: int | None) -> Looked:
    archive = Archive(home, Sealer.of_home(home))
    try:
        count, damaged = archive.look_over(whole)
    finally:
        archive.close()
    how = "open to their end, and have the hash of their name" if whole is None else "open"
    return Looked(
        f"{count} originals {how}",
        tuple(
            Trouble(f"archive/{one[:2]}/{one}.zst.age", "this original does not open")
            for one in damaged
        ),
    )


def _lists(home: Path) -> Iterator[Trouble]:
    """Look at the files of every list that stands: each is as its manifest says."""
    # What begins with a dot is a link that a killed run did not put in its place.
    for place in sorted(lists_root(home).glob("[0-9c]*/[0-9]*")):
        where = place.relative_to(home).as_posix()
        folder = place.resolve()
        if not folder.is_dir():
            yield Trouble(where, "the folder that it points to is gone")
            continue
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            written = dict(manifest["files"])
            for key, entry in manifest.get("mentors", {}).items():
                written |= {f"mentorer/{key}/{name}": said for name, said in entry["files"].items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            yield Trouble(f"{where}/{MANIFEST}", "it is gone or damaged")
            continue
        if not (folder / FILE_NAME).is_file():
            yield Trouble(f"{where}/{FILE_NAME}", "it is gone")
        for name, said in sorted(written.items()):
            path = folder / name
            if not path.is_file():
                yield Trouble(f"{where}/{name}", "it is gone")
            elif _hash_of(path) != said:
                yield Trouble(f"{where}/{name}", "it is not as it was written")


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
