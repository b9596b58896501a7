"""A home that nobody may write to is asked all the same: of a copy of its catalog, outside of it.

SQLite can't open a catalog on a read-only disk as DuckLake wants it opened, with a log of writes
beside it. So the catalog is copied to a folder of this process's own, mode 0700, below `TMPDIR`,
where what DuckDB spills goes too, encrypted as ever. Both go when the lake is closed; what a killed
process left goes with the next one. The data files are read where they lie. Nothing is written
here, so who asks for more than a question is refused.

Not here: the connection (`assets/lake/connection.py`), what may be shown without a line in the
access log (`pipelines/cli/home.py`).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from assets.lake.settings import LakeError, LakeSettings, own_temp_folder, refuse_lost_lake

_PREFIX = "trappan-"
_MOST_TRIES = 3


class ReadOnlyHomeError(LakeError):
    """The home can't be written to, and what was asked for would write; says what to do."""


def is_read_only(home: Path) -> bool:
    """Whether a home is there and can be looked into, but not written to."""
    return home.is_dir() and os.access(home, os.R_OK | os.X_OK) and not os.access(home, os.W_OK)


def refuse_read_only(home: Path) -> None:
    """Stop before something is begun that writes.

    Raises:
        ReadOnlyHomeError: the home can't be written to.
    """
    if is_read_only(home):
        raise ReadOnlyHomeError(
            f"The home folder {home} can't be written to: its disk is read-only, or it is another "
            "account's. Questions are answered from it, and nothing else is done. Expected a "
            "folder that this user may write to. Mount the disk to be written to, or give another "
            "home with --home or TRAPPAN_HOME. Nothing was changed."
        )


def refuse_older_lake(home: Path) -> None:
    """Stop where a lake would have to be brought to this program's form before it is asked.

    Raises:
        ReadOnlyHomeError: the home can't be written to.
    """
    if is_read_only(home):
        raise ReadOnlyHomeError(
            f"The lake of {home} is of an older version, and the home can't be written to, so it "
            "can't be brought to this one. Ask it with the program that it is of, or run `trappan "
            "upgrade` where the home can be written to. Nothing was changed."
        )


def address_to_read(path: Path) -> str:
    """Return the address by which SQLite opens a file to read only, also on a read-only disk."""
    # Without a log of writes beside it the file is all there is, and on such a disk none can be
    # begun, which SQLite would want to.
    is_alone = is_read_only(path.parent) and not _log_of(path).exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_alone else ''}"


@dataclass(frozen=True)
class Workplace:
    """Where a connection to a lake works.

    Attributes:
        temp: folder of this process's own for what DuckDB spills.
        catalog_string: DuckLake's string of the catalog that is opened.
        is_read_only: the home can't be written to.
    """

    temp: Path
    catalog_string: str
    is_read_only: bool = False

    @classmethod
    def of(cls, settings: LakeSettings) -> Workplace:
        """Make a home's folders, or those beside a home that can't be written to.

        Raises:
            LakeError: the lake is lost; or the home can't be written to, and has none yet.
            OSError: no room or no permission.
        """
        home = settings.home
        if is_read_only(home):
            return cls._beside(settings)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        refuse_lost_lake(settings)
        for folder in ("lake/data", "tmp"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        return cls(own_temp_folder(home / "tmp"), settings.catalog_string)

    @classmethod
    def _beside(cls, settings: LakeSettings) -> Workplace:
        if settings.begins_anew or settings.upgrades:
            refuse_read_only(settings.home)
        refuse_lost_lake(settings)
        catalog = settings.home / "lake" / "catalog.sqlite"
        if not settings.catalog and not catalog.exists():
            raise ReadOnlyHomeError(
                f"The home folder {settings.home} has no lake yet, and can't be written to, so "
                "there is nothing to ask. Look at --home, or mount its disk to be written to."
            )
        _wipe_left()
        # Whose it is says the folder, and which process's the name: not to be guessed before.
        temp = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        if settings.catalog:
            return cls(temp, settings.catalog_string, is_read_only=True)
        try:
            copied = _copied(catalog, temp / "catalog.sqlite")
        except BaseException:
            shutil.rmtree(temp, ignore_errors=True)
            raise
        return cls(temp, f"sqlite:{copied}", is_read_only=True)

    def clear(self) -> None:
        """Remove what was made of it."""
        shutil.rmtree(self.temp, ignore_errors=True)


def _log_of(path: Path) -> Path:
    """Where SQLite writes before it writes into a file: there while somebody has it open."""
    return path.with_name(f"{path.name}-wal")


def _copied(catalog: Path, place: Path) -> Path:
    """Copy a catalog as of one moment; its disk may be another's to write to.

    Raises:
        LakeError: it is damaged, or somebody wrote to it at every try.
    """
    for _ in range(_MOST_TRIES):
        place.unlink(missing_ok=True)
        before = _stamp(catalog)
        with suppress(sqlite3.OperationalError):
            _copy(catalog, place)
            # A log that is there is read with it; one that was begun meanwhile was not.
            if _stamp(catalog) == before:
                return place
    raise LakeError(
        f"The lake's catalog {catalog} could not be copied to be asked: it is damaged, or others "
        "write to it all the time. Ask again, or where the home can be written to."
    )


def _copy(catalog: Path, place: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(address_to_read(catalog), uri=True)) as there,
            closing(sqlite3.connect(place)) as here,
        ):
            there.backup(here)
            here.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        # DuckLake says what is wrong with it, as it would of the catalog itself.
        shutil.copyfile(catalog, place)


def _stamp(catalog: Path) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for path in (catalog, _log_of(catalog)):
        try:
            said = path.stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((said.st_mtime_ns, said.st_size))
    return found


def _wipe_left() -> None:
    """Remove what processes of this account left that are gone."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}[0-9]*-*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            is_ours = not left.is_symlink() and left.stat().st_uid == os.getuid()
            if is_ours and number.isdecimal() and not Path("/proc", number).exists():
                shutil.rmtree(left)
