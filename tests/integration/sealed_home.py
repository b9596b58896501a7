"""A small home with something sealed in every place, and an oracle of what opens with which key.

The oracle asks age of files and the sealer of one key of values; it knows nothing of how a key is
changed. Not here: any expectation.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from pyrage import DecryptError, decrypt

from assets.delivery.delivery_log import DeliveryLog
from assets.exports.pupils.tombstones import Tombstone, Tombstones
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.lake.lasting_rows import keep_rows
from assets.lake.sealed_places import (
    DELEGATION_PURPOSE,
    ERASURE_SECRET,
    EVENT_TEXT,
    LIST,
    LISTED,
    PERSON_ADDRESS,
    RECEIVER_ADDRESS,
    SEALED_COLUMNS,
    SEALED_IN_PORTAL,
    SealedPlace,
)
from assets.lake.settings import LakeSettings
from rules.personal_data import places_of
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.erased_home import AS_OF, SCHOOL, WEEK, offer_small

PORTAL = "portal/portal.sqlite"
DELIVERIES = "delivery.sqlite"
KEY = "12345678-1234-1234-1234-123456789abc"
PERSON_KEY = "87654321-1234-1234-1234-123456789abc"
NOTE = "Kanariefågelns anteckning"
_SOME: dict[str, object] = {
    "VARCHAR": "planted",
    "UUID": KEY,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), datetime(2026, 10, 1, tzinfo=UTC)),
    "DATE": date(2026, 10, 1),
    "BOOLEAN": False,
    "BLOB": None,
}
#: Place and name of something sealed, and whether a key opens it.
Opening = tuple[str, str, bool]


def sealed_home(folder: Path) -> Path:
    """Make a home with a night, and something sealed in each place that the night leaves empty."""
    home = folder / "home"
    offer_small(home)
    said = trappan("--home", home, "nightly", "--as-of", AS_OF)
    assert said.status in {0, 3}, said.err
    seal_everywhere(home)
    return home


def seal_everywhere(home: Path) -> None:
    """Put something sealed into each place of a home that has a night, and no portal."""
    sealer = Sealer.of_home(home)
    stones = Tombstones.of_home(home, sealer)
    stone = Tombstone("20261011-12345678", stones.hashes_of(["201203149898"], []), False)
    stones.with_stone(stone).keep(home, sealer)
    _replaced_list(home, sealer)
    with DeliveryLog.opened(home, sealer):
        pass
    with closing(sqlite3.connect(home / DELIVERIES)) as log, log:
        for key in ("a" * 64, "b" * 64):
            sealed = sealer.seal_text(LISTED, (key,), json.dumps([KEY]))
            log.execute("INSERT INTO contents VALUES (?, ?)", (key, sealed))
    (home / "portal").mkdir(mode=0o700, exist_ok=True)
    with closing(sqlite3.connect(home / PORTAL)) as portal, portal:
        portal.execute("PRAGMA journal_mode = WAL")
        for statement, values in portal_rows(sealer):
            portal.execute(statement, values)
    with Lake.open(settings_of(home)) as lake, lake.writing():
        for place in SEALED_COLUMNS:
            if not lake.rows(f"SELECT 1 FROM {place.table} WHERE {place.column} IS NOT NULL"):
                _plant(lake, sealer, place)
        keep_rows(lake.connection, home, sealer)


def _plant(lake: Lake, sealer: Sealer, place: SealedPlace) -> None:
    """Put a row with a sealed value into a table that a small home has none in."""
    columns = lake.rows(f"DESCRIBE lake.{place.table}")
    row = {name: _SOME.get(kind, 0) for name, kind, *_ in columns}
    for one in SEALED_COLUMNS:
        if one.table == place.table:
            of_row = [row[name] for name in one.bound_to]
            row[one.column] = sealer.seal(one, of_row, {"name": NOTE, "path": "/nowhere/x.csv"})
    marks = ", ".join(f"${name}" for name in row)
    lake.write(lambda c: c.execute(f"INSERT INTO lake.{place.table} VALUES ({marks})", row))


def _replaced_list(home: Path, sealer: Sealer) -> None:
    current = (home / "lists" / "current" / SCHOOL).resolve()
    replaced = home / "lists" / ".replaced" / WEEK / SCHOOL / "20261012T000000"
    shutil.copytree(current, replaced)
    path = replaced / "list.sealed"
    plain = sealer.unseal_bytes(LIST, (SCHOOL, "current"), path.read_bytes())
    path.write_bytes(sealer.seal_bytes(LIST, (SCHOOL, WEEK), plain))


def portal_rows(sealer: Sealer, blob: str = "blob") -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield statements, with `?`, that make a portal's tables with a sealed value in each place."""
    for place in SEALED_IN_PORTAL[:2]:
        columns = ", ".join(f"{name} text" for name in place.bound_to)
        yield f"CREATE TABLE {place.table} ({columns}, {place.column} {blob})", ()
    sealed_ones = f"sealed_receiver {blob}, sealed_purpose {blob}"
    yield f"CREATE TABLE portal_delegation (public_id text, {sealed_ones})", ()
    person = sealer.seal_text(PERSON_ADDRESS, (PERSON_KEY,), "kanarie@stad.example")
    yield "INSERT INTO portal_person VALUES (?, ?)", (PERSON_KEY, person)
    for number in range(3):
        row = (f"e{number}", KEY, "note")
        sealed = sealer.seal_text(EVENT_TEXT, row, NOTE)
        yield "INSERT INTO portal_event VALUES (?, ?, ?, ?)", (*row, sealed)
    yield "INSERT INTO portal_event VALUES (?, ?, ?, ?)", ("e9", KEY, "status", None)
    for table in ("portal_handedpupil", "portal_pupilreference", "portal_accessentry"):
        yield f"CREATE TABLE {table} (pupil_key text)", ()
        yield f"INSERT INTO {table} VALUES (?)", (KEY,)
    yield "INSERT INTO portal_accessentry VALUES (?)", ("",)
    receiver = sealer.seal_text(RECEIVER_ADDRESS, ("d1",), "mottagare@stad.example")
    purpose = sealer.seal_text(DELEGATION_PURPOSE, ("d1",), NOTE)
    yield "INSERT INTO portal_delegation VALUES (?, ?, ?)", ("d1", receiver, purpose)


def openings(
    home: Path,
    sealer: Sealer,
    settings: LakeSettings | None = None,
    portal: PortalDatabase | None = None,
) -> list[Opening]:
    """Return all that is sealed in a home, and whether a key opens it.

    Args:
        home: its folder.
        sealer: of the key.
        settings: of its lake, where that is on servers.
        portal: the portal's database, where that is on a server.
    """
    portal = portal or PortalDatabase(home)
    found = [*_of_files(home, sealer), *_of_databases(home, sealer, portal)]
    with Lake.open(settings or settings_of(home)) as lake:
        for place in SEALED_COLUMNS:
            for *row, sealed in lake.rows(
                f"SELECT {', '.join((*place.bound_to, place.column))} FROM lake.{place.table} "
                f"WHERE {place.column} IS NOT NULL"
            ):
                name = f"{place.name} {'/'.join(map(str, row))}"
                found.append(("lake", name, _opens(sealer, place, row, sealed)))
    return sorted(found)


def _of_files(home: Path, sealer: Sealer) -> Iterator[Opening]:
    for path in sorted(home.rglob("*")):
        below = path.relative_to(home).as_posix()
        if not path.is_file() or path.is_symlink() or below.startswith(("tmp/", "inbox/")):
            continue
        place = next((one.name for one in places_of(below)), "no place")
        content = path.read_bytes()
        if content.startswith(b"age-encryption.org/"):
            yield place, below, _is_of_age(content, sealer)
        elif path.name == "list.sealed":
            yield place, below, _opens(sealer, LIST, (path.parts[-3], path.parts[-4]), content)
        elif path.name == "tombstones.json":
            secret = base64.b64decode(json.loads(content)["secret"])
            yield place, below, _opens(sealer, ERASURE_SECRET, (), secret)


def _of_databases(home: Path, sealer: Sealer, portal: PortalDatabase) -> Iterator[Opening]:
    if (home / DELIVERIES).exists():
        with closing(sqlite3.connect(home / DELIVERIES)) as log:
            for key, sealed in log.execute("SELECT list_key, sealed_pupils FROM contents"):
                yield "deliveries", key, _opens(sealer, LISTED, (key,), sealed)
    for place, row, sealed in values_of_portal(portal):
        yield "portal database", f"{place.name} {'/'.join(row)}", _opens(sealer, place, row, sealed)


def values_of_portal(
    portal: PortalDatabase,
) -> Iterator[tuple[SealedPlace, tuple[str, ...], bytes]]:
    """Yield what is sealed in a portal's database: its place, what it is bound to, the value."""
    for place in SEALED_IN_PORTAL if portal.is_there else ():
        columns = (*place.bound_to, place.column)
        for *row, sealed in portal.rows(place.table, columns, f"WHERE {place.column} IS NOT NULL"):
            yield place, tuple(row), bytes(sealed)


def _opens(sealer: Sealer, place: SealedPlace, row: Sequence[object], sealed: bytes) -> bool:
    try:
        sealer.unseal_bytes(place, row, sealed)
    except SealError:
        return False
    return True


def _is_of_age(content: bytes, sealer: Sealer) -> bool:
    try:
        decrypt(content, sealer.identities)
    except DecryptError:
        return False
    return True


def by_place(found: list[Opening]) -> dict[str, tuple[int, int]]:
    """Return by place how many things are sealed, and how many of them open."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, _, opens in found:
        counts[place][0] += 1
        counts[place][1] += opens
    return {place: (counted, opened) for place, (counted, opened) in sorted(counts.items())}


def sealed_bytes(home: Path) -> set[bytes]:
    """Return bytes that nothing but what is sealed now has: they are to be found nowhere later."""
    found: set[bytes] = set()
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink() and "inbox" not in path.parts:
            content = path.read_bytes()
            if content.startswith(b"age-encryption.org/"):
                # The share of the key in the header is of this file alone.
                found.add(content[:100])
            elif path.name == "list.sealed":
                found.add(content[:60])
            elif path.name == "tombstones.json":
                found.add(json.loads(content)["secret"].encode())
    for name in (DELIVERIES, PORTAL):
        if (home / name).exists():
            with closing(sqlite3.connect(home / name)) as database:
                found |= set(_blobs(database))
    with Lake.open(settings_of(home)) as lake:
        for place in SEALED_COLUMNS:
            found |= {
                sealed
                for (sealed,) in lake.rows(f"SELECT {place.column} FROM lake.{place.table}")
                if sealed is not None
            }
    return found


def _blobs(database: sqlite3.Connection) -> Iterator[bytes]:
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in database.execute(f'SELECT * FROM "{table}"').fetchall():
            yield from (value for value in row if isinstance(value, bytes) and len(value) > 20)


def found_in_bytes(home: Path, wanted: set[bytes]) -> list[str]:
    """Return where some bytes are: in a file as it lies there, or in the rows of a data file."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink() and "inbox" not in path.parts:
            content = path.read_bytes()
            if any(one in content for one in wanted):
                found.append(path.relative_to(home).as_posix())
    with Lake.open(settings_of(home)) as lake:
        keys = dict(
            lake.rows(
                "SELECT parse_filename(path), encryption_key "
                "FROM __ducklake_metadata_lake.ducklake_data_file"
            )
        )
        for path in sorted((home / "lake" / "data").rglob("*.parquet")):
            if path.name not in keys:
                found.append(f"{path.name}: of no catalog")
                continue
            rows = lake.rows(
                "SELECT * FROM read_parquet($path, "
                "encryption_config = {footer_key_value: from_base64($key)})",
                path=str(path),
                key=keys[path.name],
            )
            if any(value in wanted for row in rows for value in row if isinstance(value, bytes)):
                found.append(path.name)
    return found


def text_of_list(home: Path, sealer: Sealer) -> bytes:
    """Return the current list of the school as data."""
    path = (home / "lists" / "current" / SCHOOL).resolve() / "list.sealed"
    return zlib.decompress(sealer.unseal_bytes(LIST, (SCHOOL, "current"), path.read_bytes()))
