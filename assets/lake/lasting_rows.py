"""Rows that no original brings back, kept sealed beside the originals: `HOME/archive/lasting/`.

A lake that is lost is made again from the originals (`upkeep/backup/rebuilding.py`). What they do
not say is kept here: under which name, when and from whom a file came, what people decided, and
what lists told. Each table is one file, encrypted to the home's key as an original is, and named by
the state that it was taken of, so that only tables that changed are written. A process that writes
does so when it closes the lake; what a killed one left undone, the next one does.

Not here: tables that follow from the originals, or are made again each night.
"""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl
from pyrage import DecryptError, decrypt, encrypt

from assets.lake.encryption import Sealer
from assets.lake.whole_files import write_whole
from rules.errors import TrappanError

#: What decides how files are read: it is put back before they are.
DECIDED = (
    "lift_releases",
    "file_releases",
    "unmerged_pairs",
    "disputable_files",
    # A file that was revoked is not read again, and its words for protection stay.
    "protection_words",
    "protection_totals",
)
#: What was told or counted as things stood then: it is put back after them.
TOLD = (
    "files",
    "lesson_removals",
    "enrolment_claims",
    "releases",
    "publications",
    "replaced_lists",
    "listed_pupils",
    "listed_verdicts",
    "superseded_listed_pupils",
    "superseded_listed_verdicts",
)
#: Numbers and mentors that were met, in a file that was revoked too, by what tells their rows
#: apart: those that the originals do not bring are added. A word for protection may mean such a
#: number, and a list of a week past such a mentor.
MET = {
    "pupil_references": ("reference_key", "number_key"),
    "pupil_numbers": ("number_key",),
    "staff": ("staff_key",),
}
LASTING = (*DECIDED, *TOLD, *MET)
_SUFFIX = ".arrow.age"
_STATE_LETTERS = 16


class LastingRowsError(TrappanError):
    """Kept rows can't be read; the message names the file."""


def folder_of(home: Path) -> Path:
    """Return where they lie."""
    return home / "archive" / "lasting"


def keep_rows(connection: duckdb.DuckDBPyConnection, home: Path, sealer: Sealer) -> None:
    """Keep the rows of tables that changed since they were kept.

    Args:
        connection: to the lake; nobody else keeps rows meanwhile.
        home: the home.
        sealer: its keys.

    Raises:
        OSError: no room or no permission; what was kept before stands.
    """
    folder = folder_of(home)
    for table in unkept(connection, home):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # State and rows of one moment: nobody else writes in between.
        place = folder / f"{table}.{_state(connection, table)}{_SUFFIX}"
        rows = connection.execute(f"SELECT * FROM lake.{table}").pl()
        plain = io.BytesIO()
        rows.write_ipc(plain, compression="zstd")
        write_whole(place, encrypt(plain.getvalue(), [sealer.identity.to_public()]))
        for older in _places(folder, table):
            if older != place:
                older.unlink(missing_ok=True)


def unkept(connection: duckdb.DuckDBPyConnection, home: Path) -> list[str]:
    """Return the tables whose rows are kept of another state than they are in, or not at all."""
    folder = folder_of(home)
    found: list[str] = []
    for table in LASTING:
        state = _state(connection, table)
        places = _places(folder, table)
        # A table that never had a row needs none.
        is_missing = not places and state != _NOTHING
        if is_missing or any(_state_in(place) != state for place in places):
            found.append(table)
    return found


def kept_rows(home: Path, sealer: Sealer, table: str) -> pl.DataFrame | None:
    """Return the kept rows of a table; None when none were kept.

    Raises:
        LastingRowsError: the file can't be read with this key, or was changed.
    """
    places = _places(folder_of(home), table)
    if not places:
        return None
    # A process that was killed between writing and removing leaves two: the newer one counts.
    place = max(places, key=lambda path: path.stat().st_mtime_ns)
    try:
        return pl.read_ipc(io.BytesIO(decrypt(place.read_bytes(), sealer.identities)))
    except (DecryptError, OSError, pl.exceptions.PolarsError):
        raise LastingRowsError(
            f"{place.relative_to(home)} can't be opened: it is cut short, damaged, or was sealed "
            "with another pupil.key. Restore it from the backup."
        ) from None


def unopened(home: Path, sealer: Sealer) -> list[str]:
    """Return the files of kept rows that can't be opened, below the home, sorted."""
    found: list[str] = []
    for place in sorted(folder_of(home).glob(f"*{_SUFFIX}")):
        try:
            decrypt(place.read_bytes(), sealer.identities)
        except (DecryptError, OSError):
            found.append(place.relative_to(home).as_posix())
    return found


def _places(folder: Path, table: str) -> list[Path]:
    return sorted(folder.glob(f"{table}.*{_SUFFIX}"))


def _state_in(place: Path) -> str:
    return place.name.removesuffix(_SUFFIX).rpartition(".")[2]


def _named(files: list[tuple[str, str | None]]) -> str:
    # By name, not by folder: a home can be moved.
    names = sorted(f"{Path(data).name} {Path(deleted or '').name}" for data, deleted in files)
    return sha256("\n".join(names).encode()).hexdigest()[:_STATE_LETTERS]


_NOTHING = _named([])


def _state(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return a name for a table's state: its data files never change, so theirs say it."""
    return _named(
        connection.execute(
            "SELECT data_file, delete_file FROM ducklake_list_files('lake', $name)", {"name": table}
        ).fetchall()
    )
