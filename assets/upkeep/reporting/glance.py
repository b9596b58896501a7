"""Whether the lake is there, at a glance: in a second, without opening it, and on a read-only home.

A catalog in the home is looked into as the SQLite file it is: that it answers, and that every data
file that it names today is there with its size. Nothing is written. A bit that is flipped inside a
file is not seen here: `trappan doctor` reads files whole. A catalog on Postgres or data on S3 is
not asked: that takes longer, and the next night says it. Not here: the lake (`assets/lake`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from assets.lake.settings import LakeSettings, traces_of_a_lake
from rules.errors import TrappanError

_MAGIC = b"SQLite format 3\x00"
_FILES = """
SELECT coalesce(s.path, '') , coalesce(t.path, ''), s.path_is_relative, t.path_is_relative,
    f.path, f.path_is_relative, f.file_size_bytes
FROM {table} AS f
JOIN ducklake_table AS t ON f.table_id = t.table_id AND t.end_snapshot IS NULL
JOIN ducklake_schema AS s ON t.schema_id = s.schema_id AND s.end_snapshot IS NULL
WHERE f.end_snapshot IS NULL
"""
_RESTORE = "Restore lake/ from the backup (docs/operators-trouble.md)"


class LakeAwayError(TrappanError):
    """The lake is not there, or not whole; says what is missing and what to do."""


def glance_at(settings: LakeSettings) -> str:
    """Return in words how the lake looks.

    Raises:
        LakeAwayError: it is away, cut, or lacks files.
    """
    if settings.catalog:
        return "the catalog is on a server and was not asked"
    catalog = settings.home / "lake" / "catalog.sqlite"
    try:
        with catalog.open("rb") as file:
            begins = file.read(len(_MAGIC))
    except FileNotFoundError:
        if traces := traces_of_a_lake(settings):
            raise LakeAwayError(
                f"the lake is lost: its catalog is gone, but {' and '.join(traces)} of it "
                f"{'is' if len(traces) == 1 else 'are'} there. {_RESTORE}"
            ) from None
        return "not there yet; the first night makes it"
    except OSError as error:
        raise LakeAwayError(f"the lake's catalog can't be read: {error.strerror}") from None
    if begins != _MAGIC:
        what = "empty" if not begins else "no catalog any more"
        raise LakeAwayError(f"the lake's catalog is {what}. {_RESTORE}")
    try:
        places = _data_files(settings, catalog)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or _in_use(catalog):
            return "in use, and not looked into"
        raise LakeAwayError(f"the lake's catalog does not answer. {_RESTORE}") from None
    except sqlite3.Error:
        raise LakeAwayError(f"the lake's catalog is damaged. {_RESTORE}") from None
    missing = [place for place, size in places if _size_of(place) != size]
    if missing:
        raise LakeAwayError(
            f"{len(missing)} of the lake's {len(places)} data files are missing or of another "
            f"size. {_RESTORE}"
        )
    return f"{len(places)} data files are there"


def _data_files(settings: LakeSettings, catalog: Path) -> list[tuple[Path, int]]:
    """Return the data files of today and their sizes; none where they are not in a folder."""
    root = settings.data_string
    if settings.is_on_s3:
        return []
    # A catalog at rest needs no lock, and on a read-only disk none can be made.
    at_rest = "" if _in_use(catalog) else "&immutable=1"
    address = f"file:{quote(str(catalog))}?mode=ro{at_rest}"
    found: list[tuple[Path, int]] = []
    with closing(sqlite3.connect(address, uri=True, timeout=0.5)) as connection:
        for table in ("ducklake_data_file", "ducklake_delete_file"):
            for schema, name, schema_below, name_below, path, below, size in connection.execute(
                _FILES.format(table=table)
            ):
                folder = Path(root)
                folder = folder / schema if schema_below else Path(schema or root)
                folder = folder / name if name_below else Path(name or folder)
                found.append((folder / path if below else Path(path), size))
    return found


def _in_use(catalog: Path) -> bool:
    """Whether there are changes beside the catalog, of a process that writes or was killed."""
    return catalog.with_name(f"{catalog.name}-wal").exists()


def _size_of(place: Path) -> int | None:
    try:
        return place.stat().st_size
    except OSError:
        return None
