"""What the lake is opened with: settings, servers, signed extensions, DuckDB's configuration.

Not here: the connection and what is done with it (`connection.py`), what is said when a server
fails (`server_errors.py`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from assets.lake.key_file import tells_of_a_lake
from rules.errors import TrappanError

_EXTENSIONS = ("httpfs", "sqlite_scanner", "ducklake")
#: How long the lake's past can be asked for, in days, where a home says nothing: every moment, and
#: what lists were made from (docs/operators-maintenance.md says what more of it costs).
MOMENT_DAYS, LIST_DAYS = 35, 56
#: A home may not say less. A wrong export is found within two weeks or not by `trappan changes`;
#: the next list asks who was protected when a list of eight weeks before it was made.
LEAST_MOMENT_DAYS, LEAST_LIST_DAYS = 14, 56


class LakeError(TrappanError):
    """The lake can't be opened or written; the message says what to do."""


@dataclass(frozen=True)
class S3Settings:
    """An S3 server and who asks it.

    Attributes:
        endpoint: `https://host[:port]`; empty means Amazon's of the region.
        region: of the bucket; servers of one's own mostly take any.
        key_id: access key.
        secret: of the access key.
        session_token: of keys that are lent for some hours; empty for none.
        url_style: `path` (`host/bucket`) or `vhost` (`bucket.host`); empty means `path` when there
            is an endpoint.
        ca_bundle: PEM file of authorities; empty means the machine's.
    """

    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = ""
    secret: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    url_style: str = ""
    ca_bundle: str = ""

    def statements(self) -> Iterator[str]:
        """Yield what DuckDB has to run before it can use `s3://`.

        Raises:
            LakeError: no keys, or an endpoint that is no address.
        """
        if not (self.key_id and self.secret):
            raise LakeError(
                "TRAPPAN_DATA_PATH is at an S3 server, but there are no keys for it. Expected the "
                "environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        options = {"key_id": self.key_id, "secret": self.secret, "region": self.region}
        if self.session_token:
            options["session_token"] = self.session_token
        if self.endpoint:
            options |= _place(self.endpoint)
        options["url_style"] = self.url_style or ("path" if self.endpoint else "vhost")
        words = ", ".join(f"{name} '{quoted(value)}'" for name, value in options.items())
        yield f"CREATE SECRET lake_data (TYPE s3, {words})"
        # The client of today checks certificates as it is; the one it falls back to does not.
        yield "SET enable_server_cert_verification = true"
        if self.ca_bundle:
            yield f"SET ca_cert_file = '{quoted(self.ca_bundle)}'"


def _place(endpoint: str) -> dict[str, str]:
    wrong = LakeError(
        "AWS_ENDPOINT_URL is not the address of a server. Expected https://HOST or "
        "https://HOST:PORT (http:// without TLS), and nothing after it."
    )
    try:
        parts = urlsplit(endpoint)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise wrong from None
    is_bare = parts.path in {"", "/"} and not (parts.query or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_bare:
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return {"endpoint": host + port, "use_ssl": str(parts.scheme == "https").lower()}


@dataclass(frozen=True)
class LakeSettings:
    """Where the lake is and what it may use.

    Attributes:
        home: folder of everything that persists; made with mode 0700.
        catalog: DuckLake metadata string, e.g. `postgres:dbname=lake host=db`; empty means a
            SQLite file under the home.
        data_path: folder or `s3://` prefix of the Parquet files; empty means under the home.
        s3: the server of an `s3://` prefix.
        memory_limit: DuckDB's memory, e.g. `3GB`.
        max_temp_size: DuckDB's spill files at most, e.g. `50GB`.
        threads: DuckDB's threads; 0 means all cores.
        lock_wait_seconds: how long a writer waits for another writer.
        moment_days: so long every moment of the past can be asked for.
        list_days: so long what lists were made from.
        begins_anew: a lake that is gone is made again, in a home that had one.
        upgrades: steps to this program's version that rewrite what is stored are taken.
    """

    home: Path
    catalog: str = field(default="", repr=False)
    data_path: str = ""
    s3: S3Settings = S3Settings()
    memory_limit: str = "3GB"
    max_temp_size: str = "50GB"
    threads: int = 0
    lock_wait_seconds: float = 900.0
    moment_days: int = MOMENT_DAYS
    list_days: int = LIST_DAYS
    begins_anew: bool = False
    upgrades: bool = False

    @property
    def catalog_string(self) -> str:
        """The DuckLake metadata string in force."""
        return self.catalog or f"sqlite:{self.home / 'lake' / 'catalog.sqlite'}"

    @property
    def data_string(self) -> str:
        """The data path in force."""
        return self.data_path or f"{self.home / 'lake' / 'data'}/"

    @property
    def is_on_postgres(self) -> bool:
        """Whether the catalog is a server's, so that several homes can share it."""
        return self.catalog.startswith("postgres:")

    @property
    def is_on_s3(self) -> bool:
        """Whether the data files are a server's."""
        return self.data_path.startswith("s3://")

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions of DuckDB that are needed."""
        return (*(("postgres_scanner",) if self.is_on_postgres else ()), *_EXTENSIONS)


def extension_path(name: str) -> Path:
    """Return the signed extension file that its wheel brought.

    By the list of the wheel's files: nothing signs the wheel's Python code, so none of it is run.

    Raises:
        LakeError: when the wheel isn't installed.
    """
    wheel, file = f"duckdb-extension-{name.replace('_', '-')}", f"{name}.duckdb_extension"
    expected = Path(f"duckdb_extension_{name}", "extensions", f"v{duckdb.__version__}", file)
    try:
        path = Path(str(distribution(wheel).locate_file(expected)))
        if path.is_file():
            return path
    except PackageNotFoundError:
        pass
    raise LakeError(
        f"DuckDB's extension '{name}' is not installed. Install the wheel "
        f"{wheel}=={duckdb.__version__}."
    )


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


def traces_of_a_lake(settings: LakeSettings) -> tuple[str, ...]:
    """Return what a home has that only a home with a lake can have.

    On Postgres a key may be copied to a home before its first run, so there it tells nothing.
    """
    home = settings.home
    found = {
        "pupil.key": tells_of_a_lake(home) and not settings.is_on_postgres,
        "archive/": next((home / "archive").glob("*/*.zst.age"), None) is not None,
        "lists/": next((home / "lists").glob("[0-9c]*/*"), None) is not None,
    }
    return tuple(name for name, is_there in found.items() if is_there)


def lost_lake(settings: LakeSettings, what: str, traces: Sequence[str]) -> LakeError:
    """Return the error of a home whose lake is lost: what is missing, and what can be done.

    Args:
        settings: of the lake.
        what: is missing.
        traces: what is still there.
    """
    there = f", but {' and '.join(traces)} of it {'is' if len(traces) == 1 else 'are'} there"
    return LakeError(
        f"The lake of {settings.home} is lost: {what}{there if traces else ''}. Lists made now "
        "would rest on one night's data. Nothing was changed. Restore lake/ from the backup, "
        "catalog and data files of the same time. Without a backup: `trappan rebuild` makes it "
        "again from archive/. Without that: offer all exports again to a new home, or here with "
        "--begin-anew, which puts what is left of lake/ aside (docs/operators-trouble.md)."
    )


def refuse_lost_lake(settings: LakeSettings) -> None:
    """Stop where a new lake would be made in a home that has lost its own.

    With `begins_anew` what is left of the lost one is put aside, and nothing of it is removed.
    Only looks at names and sizes: whoever opens and closes a catalog's file ends the locks that
    this process has on it.

    Raises:
        LakeError: the home has data files or other traces of a lake, and no catalog.
        OSError: it can't be put aside.
    """
    folder = settings.home / "lake"
    path = folder / "catalog.sqlite"
    if settings.catalog or (path.exists() and path.stat().st_size):
        return
    traces = traces_of_a_lake(settings)
    if next((folder / "data").rglob("*.parquet"), None) is not None:
        traces = (*traces, "lake/data")
    if not traces:
        return
    if not settings.begins_anew:
        raise lost_lake(settings, f"{path} is {'empty' if path.exists() else 'gone'}", traces)
    put_aside(settings)


def put_aside(settings: LakeSettings) -> None:
    """Put what is left of a lost lake in the home aside, and remove nothing of it.

    Raises:
        OSError: it can't be moved.
    """
    folder = settings.home / "lake"
    if folder.exists():
        number = 1 + sum(1 for _ in settings.home.glob("lake.lost-*"))
        folder.rename(settings.home / f"lake.lost-{number}")


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
