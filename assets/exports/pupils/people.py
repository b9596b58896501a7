"""Keys and sealed identities of the people that a batch of rows speaks of.

Works on the distinct texts of a batch, so a number is read once however many lessons it has.
Not here: where the rows go (`storing/lessons.py`), what is a valid number (`identity_numbers.py`).
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self, TypeVar

import polars as pl

from assets.exports.pupils.identity_numbers import (
    possible_numbers,
    read_identity_number,
    short_form,
)
from assets.exports.pupils.merges import known_merges, merged
from assets.exports.pupils.tombstones import ERASED, Tombstones
from assets.exports.stage_times import StageTimes
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, text_of_fields
from assets.lake.protection_marks import know_key
from assets.lake.schema import TemporaryTable
from assets.lake.sealed_places import IDENTITY, STAFF

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_UUID_TEXT = pl.String
# Begins the text of a pupil who has no number: no cell of a file begins so.
_BY_KEY = "\x1fkey "


@dataclass
class _Kept:
    """How many of those met, in their order, are in the lake, and how many are being stored."""

    kept: int = 0
    given: int = 0

    def rest(self, met: Mapping[_Key, _Value]) -> list[tuple[_Key, _Value]]:
        """Return those that are not in the lake, to be stored."""
        entries = list(met.items())
        self.given = len(entries)
        return entries[self.kept :]


@dataclass
class _Met:
    """Who has been met: identity texts, staff, and what was sealed of whom."""

    canonical: dict[str, str | None] = field(default_factory=dict)
    staff: dict[tuple[str, str], uuid.UUID] = field(default_factory=dict)
    sealed: dict[tuple[str, str, str, str], tuple[str, bytes]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    numbers_in_lake: _Kept = field(default_factory=_Kept)
    staff_in_lake: _Kept = field(default_factory=_Kept)


class People:
    """Remembers the keys of identity texts and of staff, for connections beside each other.

    `civic_keys` and `staff_keys` lie in a database in memory, because each connection sees only
    its own temporary tables. One thread may add people while another seals their names.
    """

    def __init__(
        self,
        lake: Lake,
        sealer: Sealer,
        met: _Met | None = None,
        times: StageTimes | None = None,
    ) -> None:
        self.times = times or StageTimes()
        self._lake = lake
        self.sealer = sealer
        self._met = met or _Met()
        self._erased = Tombstones.of_home(lake.settings.home, sealer)
        know_key(lake.connection, sealer)
        if met is None:
            lake.connection.execute("ATTACH IF NOT EXISTS ':memory:' AS met")
            self.forget()
        for table in ("civic_keys", "staff_keys"):
            lake.make_view(table, f"SELECT * FROM met.{table}")

    def beside(self, lake: Lake) -> Self:
        """Return the same people, for a connection beside this one."""
        return type(self)(lake, self.sealer, self._met, self.times)

    def forget(self) -> None:
        """Begin again: which key stands for which number has changed."""
        self._met.canonical.clear()
        self._met.staff.clear()
        self._met.staff_in_lake = _Kept()
        stands_for = merged(known_merges(self._lake)).keys
        self._met.merged = {str(old): str(new) for old, new in stands_for.items()}
        self._lake.connection.execute(
            "CREATE OR REPLACE TABLE met.civic_keys "
            "(civic_text VARCHAR, pupil_key UUID, own_key UUID, problem VARCHAR);"
            "CREATE OR REPLACE TABLE met.staff_keys (name VARCHAR, email VARCHAR, staff_key UUID)"
        )

    def key_staged(self, staged: TemporaryTable) -> None:
        """Extend the keys by the people of a staged table of lessons."""
        with self.times.of("keying"):
            # A row has its export time when its pupil was met before.
            self._key_pupils(
                text
                for (text,) in self._lake.rows(
                    f"SELECT DISTINCT coalesce(civic_text, '') FROM {staged} "
                    "WHERE exported_at IS NULL"
                )
            )
            self._key_staff(
                self._lake.rows(
                    "SELECT DISTINCT coalesce(mentor_name, ''), coalesce(mentor_email, '') "
                    f"FROM {staged} WHERE mentor_name IS NOT NULL OR mentor_email IS NOT NULL"
                )
            )

    def key_frame(self, frame: pl.DataFrame) -> None:
        """Extend the keys by the people of a frame of cells under our column names."""
        with self.times.of("keying"):
            for column in ("civic_no", "old_civic_no", "new_civic_no"):
                if column in frame.columns:
                    self._key_pupils(frame[column].fill_null("").unique().to_list())
            for role in ("mentor", "principal"):
                if f"{role}_name" in frame.columns:
                    pairs = frame.select(
                        pl.col(f"{role}_name").fill_null(""), pl.col(f"{role}_email").fill_null("")
                    ).unique()
                    self._key_staff(pair for pair in pairs.iter_rows() if any(pair))

    def known_by_key(self, key: str) -> str:
        """Return a text that stands for a pupil without a number, in place of one.

        Args:
            key: the pupil's key, made of the person's id.
        """
        text = f"{_BY_KEY}{key}"
        if text not in self._met.canonical:
            self._met.canonical[text] = None
            row = (text, self._met.merged.get(key, key), key, None)
            self._append("civic_keys", [row], ("civic_text", "pupil_key", "own_key", "problem"))
        return text

    def _key_pupils(self, texts: Iterable[str]) -> None:
        rows: list[tuple[str, str | None, str | None, str | None]] = []
        for text in texts:
            if text in self._met.canonical:
                continue
            number = read_identity_number(text)
            if number.canonical and self._is_erased(number.canonical):
                # Met as nobody: neither the number nor its key is kept anywhere.
                self._met.canonical[text] = None
                rows.append((text, None, None, ERASED))
                continue
            self._met.canonical[text] = number.canonical
            own = self._own_key(number.canonical) if number.canonical else None
            key = self._met.merged.get(own, own) if own else None
            rows.append((text, key, own, number.problem))
        self._append("civic_keys", rows, ("civic_text", "pupil_key", "own_key", "problem"))

    def _key_staff(self, pairs: Iterable[tuple[str, str]]) -> None:
        rows: list[tuple[str, str, str]] = []
        for name, email in pairs:
            if (name, email) in self._met.staff:
                continue
            key = self.sealer.key("staff", f"{_name(name)}\x1f{email.strip().casefold()}")
            self._met.staff[name, email] = key
            rows.append((name, email, str(key)))
        self._append("staff_keys", rows, ("name", "email", "staff_key"))

    def sealed_staff(self) -> pl.DataFrame:
        """Return the staff met so far who are not kept: staff_key, sealed."""
        seals = {
            key: self.sealer.seal(STAFF, (key,), {"name": _name(name), "email": email.strip()})
            for (name, email), key in self._met.staff_in_lake.rest(self._met.staff)
        }
        return pl.DataFrame(
            {"staff_key": [str(key) for key in seals], "sealed": list(seals.values())},
            schema={"staff_key": _UUID_TEXT, "sealed": pl.Binary},
        )

    def references(self, text: str) -> list[str]:
        """Return the keys of all numbers that a text can mean: one that can be read means itself.

        Args:
            text: of a number, met or not.
        """
        canonical = self._met.canonical.get(text) or read_identity_number(text).canonical
        if canonical:
            return [] if self._is_erased(canonical) else [self._own_key(canonical)]
        return [self.short_key(short) for short in sorted(possible_numbers(text))]

    def short_key(self, short: str) -> str:
        """Return the key of the last ten characters of a number."""
        return self.sealer.key_text("short number", short)

    def numbers(self) -> pl.DataFrame:
        """Return the numbers met so far that are not kept: number_key, short_key, pupil_key."""
        met = self._met.numbers_in_lake.rest(self._met.numbers)
        keys = [key for key, _ in met]
        return pl.DataFrame(
            {
                "number_key": keys,
                "short_key": [short for _, short in met],
                "pupil_key": [self._met.merged.get(key, key) for key in keys],
            },
            schema=dict.fromkeys(("number_key", "short_key", "pupil_key"), pl.String),
        )

    def begin_keeping(self) -> None:
        """Forget who was given to a transaction before: it may have failed."""
        for kept in (self._met.numbers_in_lake, self._met.staff_in_lake):
            kept.given = kept.kept

    def note_kept(self) -> None:
        """Note that who was returned since `begin_keeping` is in the lake, committed."""
        for kept in (self._met.numbers_in_lake, self._met.staff_in_lake):
            kept.kept = kept.given

    def _is_erased(self, canonical: str) -> bool:
        """Whether a number is an erased pupil's; before anything of it is kept."""
        return bool(self._erased) and self._erased.has_number(
            canonical, self.sealer.key_text("pupil", canonical)
        )

    def _own_key(self, canonical: str) -> str:
        own = self._met.own.get(canonical)
        if own is None:
            own = self.sealer.key_text("pupil", canonical)
            self._met.numbers[own] = self.short_key(short_form(canonical))
            self._met.own[canonical] = own
        return own

    def sealed_identities(
        self, arriving: pl.DataFrame, layout: str, *, is_roster: bool
    ) -> pl.DataFrame:
        """Return rows of `arriving_identities` with their content key and sealed content.

        Args:
            arriving: as `sql/exports/arriving_identities.sql` gives it.
            layout: the layout's name, part of the source's key.
            is_roster: they are rosters, whatever their layout is called.
        """
        taken = arriving.filter("is_accepted")
        of_one = ("file_id", "school_unit_code", "pupil_key")
        if taken.select(of_one).is_duplicated().any():
            # Of two spellings of a number any will do, but always the same one.
            taken = taken.sort("civic_text").unique(of_one, keep="last", maintain_order=True)
        sealed = [
            self._sealed_identity(cells)
            for cells in taken.select("civic_text", "given_name", "family_name", "sex").iter_rows()
        ]
        return taken.select(
            pl.col("pupil_key").cast(pl.String),
            pl.lit(layout).alias("layout"),
            "school_unit_code",
            pl.lit(is_roster).alias("is_roster"),
            pl.Series("content_key", [key for key, _ in sealed], dtype=pl.String),
            "exported_at",
            "file_id",
            pl.Series("sealed", [content for _, content in sealed], dtype=pl.Binary),
        )

    def _sealed_identity(self, cells: tuple[str, str, str, str]) -> tuple[str, bytes]:
        """Return content key and sealed content, once for all that say the same of a pupil."""
        known = self._met.sealed.get(cells)
        if known is None:
            civic_text, given_name, family_name, sex = cells
            number = self._met.canonical[civic_text]
            content = text_of_fields(
                {
                    "civic_no": number or "",
                    "given_name": _name(given_name),
                    "family_name": _name(family_name),
                    "sex": sex.strip(),
                    # Whose it is: two pupils without a number can have the same name, and what is
                    # said of one must not stand at another (`Belonging`). By the first key, so
                    # that the same words have the same key after pupils got new ones.
                    "own_key": self.sealer.first_text(
                        self._own_key(number) if number else civic_text[len(_BY_KEY) :]
                    ),
                }
            )
            key = self.sealer.key_text("identity", content)
            known = key, self.sealer.seal_text(IDENTITY, (key,), content)
            self._met.sealed[cells] = known
        return known

    def _append(
        self, table: str, rows: Sequence[Sequence[str | None]], columns: tuple[str, ...]
    ) -> None:
        if not rows:
            return
        frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
        self._lake.connection.register("new_keys", frame)
        self._lake.connection.execute(f"INSERT INTO met.{table} BY NAME SELECT * FROM new_keys")
        self._lake.connection.unregister("new_keys")


@lru_cache(maxsize=1 << 16)
def _name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
