"""Looking for a pupil at every byte of a home, packed and sealed ones too.

Each file is looked at as it lies there, freed pages of databases with it, and as what it holds:
workbooks unzipped, originals and lists unsealed, data files and lasting rows read as tables with
every sealed value opened. A number is sought in all its spellings, and all words in UTF-8, UTF-16
and cp1252. Not here: what becomes of what is found.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import duckdb
import polars as pl
from pyrage import DecryptError, decrypt

from assets.delivery.delivery_log import FILE_NAME as DELIVERY
from assets.delivery.delivery_log import DeliveryLog
from assets.exports.files.sealed_streams import SealedFileError, unseal_stream
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.lake.sealed_places import LIST, SEALED_COLUMNS
from assets.lake.tables import TABLES
from assets.upkeep.erasure.whom import Child
from rules.personal_data import places_of

_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")
_SHORTEST = 4
_CATALOG = "__ducklake_metadata_lake"


@dataclass(frozen=True)
class Trace:
    """Where something of a pupil was found: the place of the registry, the file, and how."""

    place: str
    path: str
    how: str


class Words:
    """What is sought of a pupil.

    Args:
        child: the pupil.
        more: other words that only this pupil has.
    """

    def __init__(self, child: Child, more: Iterable[str] = ()) -> None:
        texts = {*more, *child.texts}
        for number in child.numbers:
            day, serial = number[:8], number[8:]
            texts |= {f"{day}{dash}{serial}" for dash in ("", "-", " ", "+")}
            texts |= {f"{day[2:]}{dash}{serial}" for dash in ("", "-", " ", "+")}
        # A first name alone is many children's.
        texts |= {f"{given} {family}" for given, family in child.names if given and family}
        sought = {key.bytes for key in child.keys}
        for text in texts:
            if len(text) < _SHORTEST:
                continue
            for encoding in _ENCODINGS:
                sought.add(text.encode(encoding, "replace"))
        self._pattern = re.compile(b"|".join(map(re.escape, sorted(sought))))

    def are_in(self, content: bytes) -> bool:
        """Whether any of them is there."""
        return self._pattern.search(content) is not None

    def are_in_text(self, text: str) -> bool:
        """Whether any of them is in a text."""
        return self.are_in(text.encode("utf-8", "surrogatepass"))


def traces(lake: Lake, words: Words, leave_out: Iterable[str] = ("inbox",)) -> list[Trace]:
    """Return where a pupil is found in a home.

    Args:
        lake: the home's lake.
        words: of the pupil.
        leave_out: places of the registry that are not the home's to change.
    """
    home = lake.settings.home
    sealer = Sealer.of_home(home)
    skipped = set(leave_out)
    found = []
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        below = path.relative_to(home).as_posix()
        place = next((one.name for one in places_of(below)), "no place")
        if place in skipped:
            continue
        for how, content in _contents(path, sealer):
            if words.are_in(content) or words.are_in_text(below):
                found.append(Trace(place, below, how))
                break
        else:
            rows = _lasting_rows(path, sealer)
            if rows is not None and _has_row(rows, _table_of(path), sealer, words):
                found.append(Trace(place, below, "as a table"))
    found += [Trace("lake", name, "as a table") for name in _tables_with(lake, sealer, words)]
    found += _data_files_with(lake, words)
    if (home / DELIVERY).exists():
        with DeliveryLog.looked_at(home, sealer) as log:
            found += [
                Trace("deliveries", DELIVERY, "unsealed")
                for named in log.all_named()
                if words.are_in_text(" ".join(named))
            ]
    return found


def _contents(path: Path, sealer: Sealer) -> Iterator[tuple[str, bytes]]:
    """Yield what a file holds: its bytes, and what they are when opened."""
    content = path.read_bytes()
    yield "as it lies there", content
    if path.suffix == ".age" and ".arrow" not in path.suffixes:
        try:
            with path.open("rb") as sealed:
                plain = b"".join(unseal_stream(sealed, sealer))
        except SealedFileError:
            return
        yield "unsealed", plain
        yield from _unzipped(plain)
    elif path.name == "list.sealed":
        try:
            of_list = (path.parent.parent.name, path.parent.parent.parent.name)
            yield "unsealed", zlib.decompress(sealer.unseal_bytes(LIST, of_list, content))
        except SealError:
            return
    else:
        yield from _unzipped(content)


def _unzipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            for part in book.namelist():
                yield "unzipped", book.read(part)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return


def _tables_with(lake: Lake, sealer: Sealer, words: Words) -> Iterator[str]:
    """Yield the tables in which a pupil is, with every sealed value opened."""
    for table in TABLES:
        rows = lake.frame(f"SELECT * FROM lake.{table.name}")
        if _has_row(rows, table.name, sealer, words):
            yield table.name


def _has_row(rows: pl.DataFrame, table: str, sealer: Sealer, words: Words) -> bool:
    """Whether a pupil is in rows of a table of the lake, with every sealed value opened."""
    places = [place for place in SEALED_COLUMNS if place.table == table]
    for row in rows.iter_rows(named=True):
        texts = [str(value) for value in row.values() if not isinstance(value, bytes)]
        for place in places:
            if row[place.column] is not None:
                of_row = [row[name] for name in place.bound_to]
                with suppress(SealError):
                    texts.append(sealer.unseal_text(place, of_row, row[place.column]))
        if words.are_in_text(" ".join(texts)):
            return True
    return False


def _table_of(path: Path) -> str:
    """Return the table whose lasting rows a file has, or is about to have."""
    return path.name.removeprefix(".").partition(".")[0]


def _lasting_rows(path: Path, sealer: Sealer) -> pl.DataFrame | None:
    """Return the rows of a file of lasting rows; None of all else, and where it does not open."""
    if path.parent.name != "lasting":
        return None
    try:
        return pl.read_ipc(BytesIO(decrypt(path.read_bytes(), sealer.identities)))
    except (DecryptError, OSError, pl.exceptions.PolarsError):
        return None


def _data_files_with(lake: Lake, words: Words) -> Iterator[Trace]:
    """Yield the data files that the catalog knows, also of the past, in which a pupil is."""
    root = Path(lake.settings.data_string)
    if lake.settings.is_on_s3:
        return
    keys = dict(
        lake.rows(f"SELECT parse_filename(path), encryption_key FROM {_CATALOG}.ducklake_data_file")
    )
    for path in sorted(root.rglob("*.parquet")):
        key = keys.get(path.name)
        if key is None:
            # Of a transaction that did not come to its end: nothing says how to open it.
            continue
        try:
            rows = lake.rows(
                "SELECT DISTINCT cast(COLUMNS(*) AS VARCHAR) FROM read_parquet($path, "
                "encryption_config = {footer_key_value: from_base64($key)})",
                path=str(path),
                key=key,
            )
        except duckdb.Error:
            continue
        if any(words.are_in_text(" ".join(map(str, row))) for row in rows):
            yield Trace("lake", path.name, "as a data file")
