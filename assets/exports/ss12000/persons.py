"""Keys of persons, and the seals of what SS12000 says of them.

A person's id is personal data: the lake has an HMAC of it. Not here: where the rows go.
"""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Mapping, Sequence

import polars as pl

from assets.exports.pupils.identity_numbers import (
    possible_numbers,
    read_identity_number,
    short_form,
)
from assets.exports.pupils.merges import known_merges, merged
from assets.exports.pupils.protection import WORDS, server_source, source_key
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, text_of_fields
from assets.lake.schema import TemporaryTable
from assets.lake.sealed_places import PERSON, PERSON_AS_STAFF

# A mentor's address for the lists: never a private one.
_EMAIL_ORDER = ("Skola personal", "Arbete övrigt")
_SCHEMA = {
    "file_id": pl.Int64,
    "line_number": pl.Int64,
    "person_key": pl.String,
    "pupil_key": pl.String,
    "civic_problem": pl.String,
    "content_key": pl.String,
    "sealed": pl.Binary,
    "staff_key": pl.String,
    "sealed_staff": pl.Binary,
    "number_key": pl.String,
}
_KEYS = ("person_key", "pupil_key", "content_key", "staff_key", "number_key")


class Persons:
    """Remembers, for one connection, the keys of persons' ids."""

    def __init__(self, lake: Lake, sealer: Sealer) -> None:
        self._lake = lake
        self._sealer = sealer
        self._known: set[str] = set()
        self._numbers: list[tuple[int, str, str, str | None, str]] = []
        self._marked: list[dict[str, object]] = []
        self._stands_for = merged(known_merges(lake)).keys
        #: The keys of everybody who was met, as a temporary table: `person_text`, `person_key`.
        self.keys = lake.make_empty("person_keys", "person_text VARCHAR, person_key UUID")

    def key(self, ids: pl.Series) -> None:
        """Extend the keys by these ids; null is nobody."""
        new = [text for text in ids.drop_nulls().unique() if text not in self._known]
        if not new:
            return
        self._known.update(new)
        frame = pl.DataFrame(
            {"person_text": new, "person_key": [str(self.key_of(text)) for text in new]}
        )
        self._lake.connection.register("new_keys", frame)
        self._lake.connection.execute(f"INSERT INTO {self.keys} BY NAME SELECT * FROM new_keys")
        self._lake.connection.unregister("new_keys")

    def key_of(self, text: str) -> uuid.UUID:
        """Return the key of a person's id."""
        return self._sealer.key("ss12000_person", text)

    def load_sealed(self, cells: pl.DataFrame, offered: TemporaryTable) -> None:
        """Make `sealed_persons`: keys and seals of the persons in a frame of cells.

        Args:
            cells: of objects of offered files.
            offered: the files.
        """
        emails: dict[int, dict[str, str]] = {}
        for row in cells.filter(pl.col("part") == "emails").iter_rows(named=True):
            kinds = emails.setdefault(row["line_number"], {})
            kinds.setdefault(row["email_type"] or "", row["email"] or "")
        self._files = {
            file_id: (exported_at, tag)
            for file_id, exported_at, tag in self._lake.rows(
                f"SELECT file_id, exported_at, source_tag FROM {offered}"
            )
        }
        for row in cells.filter(
            (pl.col("part") == "") & (pl.col("protected") != "Ingen")
        ).iter_rows(named=True):
            self._mark_number(row)
        rows = [
            self._sealed_person(row, emails.get(row["line_number"], {}))
            for row in cells.filter(pl.col("part") == "").iter_rows(named=True)
            if row["id"] is not None
        ]
        frame = pl.DataFrame(rows, schema=_SCHEMA)
        keys = ", ".join(f"cast({name} AS UUID) AS {name}" for name in _KEYS)
        self._lake.connection.register("seals", frame)
        self._lake.make("sealed_persons", f"SELECT * REPLACE ({keys}) FROM seals")
        self._lake.connection.unregister("seals")

    def numbers(self) -> pl.DataFrame:
        """Return the numbers of the persons that were sealed: who has which, in which file."""
        names = ("person_key", "number_key", "short_key", "pupil_key")
        schema: dict[str, type[pl.DataType]] = {"file_id": pl.Int64}
        return pl.DataFrame(
            self._numbers, schema=schema | dict.fromkeys(names, pl.String), orient="row"
        )

    def marked_numbers(self) -> pl.DataFrame:
        """Return words about numbers that are not, or not surely, known by a person's id."""
        return pl.DataFrame(self._marked, schema=WORDS)

    def _mark_number(self, row: dict[str, str]) -> None:
        """Keep that a number is marked whose person has no id, or that can't be read."""
        text = row["civic_no"] or ""
        canonical = read_identity_number(text).canonical
        if canonical and row["id"] is not None:
            return
        exported_at, tag = self._files[int(row["file_id"])]
        said_by = (
            server_source(str(self.key_of(row["id"])), tag)
            if row["id"] is not None
            else source_key(self._sealer, "ss12000", "", tag)
        )
        keys = (
            [self._sealer.key_text("pupil", canonical)]
            if canonical
            else [self._sealer.key_text("short number", n) for n in possible_numbers(text)]
        )
        self._marked += [
            {
                "reference_key": key,
                "source_key": said_by,
                "place_key": None,
                "is_protected": True,
                "releases_needed": None,
                "exported_at": exported_at,
                "file_id": int(row["file_id"]),
            }
            for key in keys
        ]

    def _sealed_person(self, row: dict[str, str], emails: dict[str, str]) -> dict[str, object]:
        number = read_identity_number(row["civic_no"])
        person_key = self.key_of(row["id"])
        name = f"{row['given_name'] or ''} {row['family_name'] or ''}"
        email = next((emails[kind] for kind in _EMAIL_ORDER if emails.get(kind)), "").strip()
        pupil = self._sealer.key("pupil", number.canonical) if number.canonical else person_key
        own = str(pupil)
        fields = {
            "civic_no": number.canonical or "",
            "given_name": _name(row["given_name"]),
            "family_name": _name(row["family_name"]),
            "sex": row["sex"] or "",
            # Whose it is, as in `exports/pupils/people.py`.
            "own_key": self._sealer.first_text(own),
        }
        content_key = self._sealer.key_text("identity", text_of_fields(fields))
        staff_key = self._sealer.key_text("staff", f"{_name(name)}\x1f{email.casefold()}")
        staff = {"name": _name(name), "email": email}
        short = short_form(number.canonical) if number.canonical else None
        short_key = self._sealer.key_text("short number", short) if short else None
        # A number that was changed: the key that stands for the pupil (`nummerbyten`).
        pupil = self._stands_for.get(pupil, pupil)
        self._numbers.append((int(row["file_id"]), str(person_key), own, short_key, str(pupil)))
        return {
            "file_id": row["file_id"],
            "line_number": row["line_number"],
            "person_key": str(person_key),
            "pupil_key": str(pupil),
            "civic_problem": number.problem,
            "content_key": content_key,
            "sealed": self._sealer.seal(PERSON, (person_key, content_key), fields),
            "staff_key": staff_key,
            "sealed_staff": self._sealer.seal(PERSON_AS_STAFF, (person_key, staff_key), staff),
            "number_key": None if str(pupil) == own else own,
        }


def several_mentors(words: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the word about several mentors: who they are together, and each apart.

    Args:
        words: name and email of each.
    """
    return {
        "name": ", ".join(word["name"] for word in words if word["name"]),
        "email": ", ".join(word["email"] for word in words if word["email"]),
        "mentors": json.dumps([[word["name"], word["email"]] for word in words]),
    }


def _name(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").split())
