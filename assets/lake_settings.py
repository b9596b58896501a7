"""What the lake is opened with: settings, signed extensions, DuckDB's configuration.

Not here: the connection and what is done with it (`lake.py`).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

EXTENSIONS = ("httpfs", "sqlite_scanner", "ducklake")


class LakeError(Exception):
    """The lake can't be opened or written; the message says what to do."""


@dataclass(frozen=True)
class LakeSettings:
    """Where the lake is and what it may use.

    Attributes:
        home: folder of everything that persists; made with mode 0700.
        catalog: DuckLake metadata string, e.g. `postgres:dbname=lake host=db`; empty means a
            SQLite file under the home.
        data_path: folder or `s3://` prefix of the Parquet files; empty means under the home.
        memory_limit: DuckDB's memory, e.g. `3GB`.
        max_temp_size: DuckDB's spill files at most, e.g. `50GB`.
        threads: DuckDB's threads; 0 means all cores.
        lock_wait_seconds: how long a writer waits for another writer on this machine.
    """

    home: Path
    catalog: str = ""
    data_path: str = ""
    memory_limit: str = "3GB"
    max_temp_size: str = "50GB"
    threads: int = 0
    lock_wait_seconds: float = 900.0

    @property
    def catalog_string(self) -> str:
        """The DuckLake metadata string in force."""
        return self.catalog or f"sqlite:{self.home / 'lake' / 'catalog.sqlite'}"

    @property
    def data_string(self) -> str:
        """The data path in force."""
        return self.data_path or f"{self.home / 'lake' / 'data'}/"


def extension_path(name: str) -> Path:
    """Return the signed extension file that its wheel brought.

    Raises:
        LakeError: when the wheel isn't installed.
    """
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if path.is_file():
            return path
    wheel = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
    raise LakeError(f"DuckDB's extension '{name}' is not installed. Install the wheel {wheel}.")


def configuration(
    settings: LakeSettings, temp: Path
) -> dict[str, str | bool | int | float | list[str]]:
    """Return DuckDB's configuration; `temp` is this process's own spill folder."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(temp),
        "max_temp_directory_size": settings.max_temp_size,
        "temp_file_encryption": True,
        # Every answer is ordered where it is asked for; bulk loads are a third faster without.
        "preserve_insertion_order": False,
    }
    if settings.threads:
        options["threads"] = settings.threads
    return options


def own_temp_folder(root: Path) -> Path:
    """Make this process's spill folder and wipe those of processes that are gone."""
    for left in root.iterdir():
        if left.name.isdecimal() and not Path("/proc", left.name).exists():
            shutil.rmtree(left, ignore_errors=True)
    own = root / str(os.getpid())
    own.mkdir(exist_ok=True)
    return own


def quoted(text: str) -> str:
    """Return a text as it stands between single quotes in a statement."""
    return text.replace("'", "''")
