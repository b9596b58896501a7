"""What a home says at the end of a year, to be compared with another home of the same key.

Here: tables row by row, and what lists would say. Not here: what happens to a home
(`hard_year.py`).
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyrage

from assets.absence.sums import refresh_sums
from assets.exports.files.sealed_streams import unseal_stream
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLES
from assets.upkeep.erasure.search import Words, traces
from assets.upkeep.erasure.whom import Child
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on

#: Columns that must be the same. A file without one pupil's rows has another hash.
_COMPARED = {
    "lessons": "* EXCLUDE (file_id)",
    "enrolments": "* EXCLUDE (file_id)",
    "identities": "content_key",
    "school_units": "* EXCLUDE (file_id)",
    "protected_pupils": "pupil_key",
    "absence_daily": "*",
    "absence_monthly": "*",
}


def state_of(home: Path, as_of: date) -> dict[str, list[Any]]:
    """Return rows of tables, verdicts and lists of a home, each in an order of its own."""
    with Lake.open(LakeSettings(home=home, threads=2)) as lake:
        refresh_sums(lake)
        evaluation = evaluate_flags(lake, as_of, rule_set_on("stockholm", as_of))
        found: dict[str, list[Any]] = {
            table: lake.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")
            for table, columns in _COMPARED.items()
        }
        found["verdicts"] = lake.rows(f"SELECT * FROM {evaluation.verdicts} ORDER BY ALL")
        stamp = ListStamp(is_frozen=False, created_at=datetime(2027, 6, 11, tzinfo=UTC))
        nothing_before = WeekStates({}, {}, [])
        lists = collect(lake, evaluation, stamp, {}, states=nothing_before).watchlists
        found["lists"] = sorted(map(repr, lists))
    return found


def erased_traces(home: Path, number: str) -> set[str]:
    """Return where a number, or the key made of it, is found: files by folder, tables by name.

    Looked at are the bytes of every file, parts of workbooks, originals, lasting rows and tables
    opened; and once more what the drill of an erasure looks at, every sealed value opened.
    """
    sealer = Sealer.of_home(home)
    digits = "".join(filter(str.isdigit, number))
    key = uuid.UUID(sealer.key_text("pupil", digits))
    dashed = f"{digits[:8]}-{digits[8:]}"
    words = [digits, digits[2:], dashed, dashed[2:], str(key), key.hex]
    sought = [word.encode(encoding) for word in words for encoding in ("utf-8", "utf-16-le")]
    found = {
        place
        for place, content in _contents(home, sealer)
        if any(word in content for word in [*sought, key.bytes])
    }
    with Lake.open(LakeSettings(home=home, threads=2)) as lake:
        for table in TABLES:
            name = table.name
            said = " OR ".join(f"contains({name}::VARCHAR, '{word}')" for word in words)
            ((count,),) = lake.rows(f"SELECT count(*) FROM {name} WHERE {said}")
            found |= {f"table {name}"} if count else set()
        child = Child(frozenset({key}), frozenset({digits}), frozenset(), was_protected=False)
        found |= {f"{trace.place}, {trace.how}" for trace in traces(lake, Words(child))}
    return found


def _contents(home: Path, sealer: Sealer) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        place = "/".join(path.relative_to(home).parts[:2])
        content = path.read_bytes()
        yield place, content
        if path.suffix == ".xlsx":
            yield from ((place, part) for part in _parts(content))
        if path.name.endswith(".zst.age"):
            with path.open("rb") as sealed:
                yield f"an original in {place}", b"".join(unseal_stream(sealed, sealer))
        if path.name.endswith(".arrow.age"):
            rows = pl.read_ipc(io.BytesIO(pyrage.decrypt(content, [sealer.identity])))
            yield f"lasting rows in {place}", repr(rows.rows()).encode()


def _parts(content: bytes) -> Iterable[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return [book.read(name) for name in book.namelist()]
