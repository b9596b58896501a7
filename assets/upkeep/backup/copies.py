"""Copies of what changes while it is copied: databases, and files that others write to.

Of a SQLite file SQLite's own backup makes the copy, in one read of one state, while others write.
Of a Postgres database `pg_dump` does. Not here: where the copies go (`backing_up.py`).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from assets.upkeep.backup.manifest import BackupError

_MAGIC = b"SQLite format 3\0"
# Of a clear and of an encrypted one.
_PARQUET_ENDS = (b"PAR1", b"PARE")
_PARQUET_LEAST = 12
_WAIT_SECONDS = 60
_OF_SQLITE = ("-wal", "-shm", "-journal")
_SERVICE = "trappan_backup"


def is_database(path: Path) -> bool:
    """Whether a file is a SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def is_beside_database(path: Path) -> bool:
    """Whether a file is a part of the database beside it, which is copied with that."""
    for ending in _OF_SQLITE:
        main = path.with_name(path.name.removesuffix(ending))
        if path.name.endswith(ending) and main.is_file():
            return True
    return False


def has_its_end(file: IO[bytes], path: str) -> bool:
    """Whether a data file has its end; every other kind gets its name when it is whole.

    Source: the Parquet format: its four first bytes are written again as its last.

    Args:
        file: at its beginning, and left there.
        path: says the kind.
    """
    if not path.endswith(".parquet"):
        return True
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - 4))
    end = file.read()
    file.seek(0)
    return length >= _PARQUET_LEAST and end in _PARQUET_ENDS


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file as of one moment.

    Raises:
        BackupError: it is locked for long, or damaged.
        OSError: no room or no permission.
    """
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(_opened(source)) as opened,
            closing(sqlite3.connect(target)) as copy,
        ):
            # All pages in one step: one state, and no beginning again while others write.
            opened.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupError(
            f"{source} can't be copied: {type(error).__name__}, it is locked for long, or damaged. "
            "The backup that was there before still stands. Run `trappan verify`."
        ) from None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS)


def newest_snapshot(catalog: Path) -> int | None:
    """Return the newest snapshot of a catalog; None when it has none yet.

    Raises:
        BackupError: it is no catalog.
    """
    try:
        with closing(_opened(catalog)) as opened:
            found = opened.execute("SELECT max(snapshot_id) FROM ducklake_snapshot").fetchone()
    except sqlite3.Error:
        raise BackupError(
            f"{catalog} is no catalog of a lake, or is damaged. Run `trappan verify`."
        ) from None
    return None if found is None or found[0] is None else int(found[0])


def files_in_catalog(catalog: Path) -> frozenset[str]:
    """Return the names, without folders, of every data file that a catalog needs.

    Raises:
        BackupError: it is no catalog.
    """
    try:
        with closing(_opened(catalog)) as opened:
            rows = opened.execute(
                "SELECT path FROM ducklake_data_file "
                "UNION ALL SELECT path FROM ducklake_delete_file"
            ).fetchall()
    except sqlite3.Error:
        raise BackupError(
            f"{catalog} is no catalog of a lake, or is damaged. Run `trappan verify`."
        ) from None
    return frozenset(Path(path).name for (path,) in rows)


def dump_postgres(address: str, target: Path, what: str) -> None:
    """Dump a Postgres database with `pg_dump`, in its own format; restored by `pg_restore`.

    Args:
        address: `postgresql://…`, or words such as `dbname=… host=…`.
        target: a file in a folder that is the owner's only.
        what: the setting, for words; the address itself can hold a password.

    Raises:
        BackupError: the tool is not there, or the server does not answer.
    """
    tool = shutil.which("pg_dump")
    if tool is None:
        raise BackupError(
            f"{what} is a Postgres database, and pg_dump is not installed here. Install the "
            "client tools of Postgres (of the server's version or newer), or back the database up "
            "on the server and say so with --without-postgres."
        )
    services = target.with_name(f"{target.name}.service")
    # The password in a file of ours: arguments are seen by everybody on the machine.
    words = "".join(f"{name}={value}\n" for name, value in _parts(address).items())
    services.write_text(f"[{_SERVICE}]\n{words}", encoding="utf-8")
    services.chmod(0o600)
    try:
        ended = subprocess.run(  # noqa: S603 - the tool that was found, and words of ours
            [tool, "--format=custom", f"--file={target}", f"--dbname=service={_SERVICE}"],
            env={**os.environ, "PGSERVICEFILE": str(services)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    finally:
        services.unlink(missing_ok=True)
    if ended.returncode:
        # Not its words: they can quote the address.
        raise BackupError(
            f"pg_dump could not copy {what} (status {ended.returncode}). Look whether the server "
            "answers, and whether pg_dump is of its version or newer. The backup that was there "
            "before still stands."
        )
    target.chmod(0o600)


def _parts(address: str) -> dict[str, str]:
    if "://" not in address:
        return dict(word.split("=", 1) for word in shlex.split(address) if "=" in word)
    parts = urlsplit(address)
    found = {
        "host": parts.hostname,
        "port": None if parts.port is None else str(parts.port),
        "user": parts.username,
        "password": parts.password,
        "dbname": parts.path.removeprefix("/"),
    }
    found |= dict(word.split("=", 1) for word in parts.query.split("&") if "=" in word)
    return {name: unquote(value) for name, value in found.items() if value}
