"""Who was erased: keyed hashes, so that no later file, backup or retry brings the pupil back.

`HOME/erasures/tombstones.json` has, of each erased pupil, hashes of the numbers and keys that the
pupil had. They are made with a secret of the file's own, which is sealed with the home's key: a new
home's key seals the same secret again, and the hashes stay. Without the home's key nobody can try
numbers against them. Not here: how a pupil is erased (`upkeep/erasure/`), and taking stored rows of
a pupil away (`erased_rows.py`).
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from assets.exports.pupils.identity_numbers import (
    possible_numbers,
    read_identity_number,
    short_form,
)
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import ERASURE_SECRET
from assets.lake.whole_files import write_whole
from rules.errors import TrappanError

FOLDER = "erasures"
#: The code of a row that is refused because its pupil was erased.
ERASED = "row.erased"
_NAME = "tombstones.json"
_SECRET_BYTES = 32
_HASH_DIGITS = 32
# No number with its dash is longer, and most cells are no numbers.
_LONGEST_NUMBER = 24


class TombstoneError(TrappanError):
    """What says who was erased is gone or damaged; the message says what to do."""


@dataclass(frozen=True)
class Tombstone:
    """What is known of an erased pupil.

    Attributes:
        erasure: the erasure's id.
        hashes: of the pupil's numbers and keys.
        was_protected: the pupil's identity was protected then; who lifts the stone has to know.
    """

    erasure: str
    hashes: frozenset[str]
    was_protected: bool


class Tombstones:
    """The erased pupils of one home.

    Args:
        secret: makes the hashes.
        stones: of the pupils.
        first: makes a key of the lake into the first one, as `Sealer.first_text`: hashes are made
            of first keys, so that they stay when pupils get new ones.
    """

    def __init__(
        self, secret: bytes, stones: Sequence[Tombstone], first: Callable[[str], str]
    ) -> None:
        self._secret, self._first = secret, first
        self.stones = tuple(stones)
        self._hashes = frozenset(one for stone in stones for one in stone.hashes)
        # A file says the same number on hundreds of lines.
        self.is_named_in = lru_cache(maxsize=1 << 16)(self._is_named_in)

    @classmethod
    def of_home(cls, home: Path, sealer: Sealer) -> Self:
        """Read those of a home; none where nobody was erased.

        Raises:
            TombstoneError: the file is damaged, of another key, or gone though pupils were erased.
        """
        path = home / FOLDER / _NAME
        try:
            stored = json.loads(path.read_bytes())
            secret = sealer.unseal_bytes(ERASURE_SECRET, (), base64.b64decode(stored["secret"]))
            stones = [_stone(entry) for entry in stored["pupils"]]
            return cls(secret, stones, sealer.first_text)
        except FileNotFoundError:
            if any(path.parent.glob("*-*.json")):
                raise _gone(path) from None
            return cls(os.urandom(_SECRET_BYTES), [], sealer.first_text)
        except (ValueError, KeyError, TypeError, TrappanError):
            raise TombstoneError(
                f"{path} says which pupils were erased, and can't be read: it is damaged, or was "
                "sealed with another pupil.key. Nothing was taken in, so that nobody comes back. "
                "Restore it from the backup, with the pupil.key of the same time."
            ) from None

    def __bool__(self) -> bool:
        """Whether anybody was erased."""
        return bool(self._hashes)

    def hash_of_number(self, canonical: str) -> str:
        """Return the hash of a number of 12 characters."""
        return self._hash("number", canonical)

    def hash_of_short(self, short: str) -> str:
        """Return the hash of the last ten characters of a number."""
        return self._hash("short", short)

    def hash_of_key(self, key: str) -> str:
        """Return the hash of a key of a pupil or person."""
        return self._hash("key", self._first(key))

    def has_number(self, canonical: str, own_key: str) -> bool:
        """Whether a number, or its key, is an erased pupil's."""
        return bool(self._hashes) and (
            self.hash_of_number(canonical) in self._hashes or self.has_key(own_key)
        )

    def has_key(self, key: str) -> bool:
        """Whether a key of a pupil or person is an erased pupil's."""
        return bool(self._hashes) and self.hash_of_key(key) in self._hashes

    def has_short(self, short: str) -> bool:
        """Whether the last ten characters of a number are those of an erased pupil's."""
        return bool(self._hashes) and self.hash_of_short(short) in self._hashes

    def _is_named_in(self, cell: str) -> bool:
        """Whether a cell as a whole is a number that can mean an erased pupil."""
        if not self._hashes or len(cell) > _LONGEST_NUMBER:
            return False
        number = read_identity_number(cell).canonical
        if number:
            # Another century is another pupil.
            return self.hash_of_number(number) in self._hashes
        return any(self.has_short(short) for short in possible_numbers(cell))

    def hashes_of(
        self, numbers: Iterable[str], keys: Iterable[str], shorts: Iterable[str] = ()
    ) -> frozenset[str]:
        """Return the hashes of one pupil's numbers and keys.

        Args:
            numbers: canonical ones, as far as they are known.
            keys: of all numbers, and of persons of SS12000.
            shorts: last ten characters, besides those of the numbers.
        """
        known = list(numbers)
        return frozenset(
            {
                *map(self.hash_of_number, known),
                *(self.hash_of_short(short_form(number)) for number in known),
                *map(self.hash_of_short, shorts),
                *map(self.hash_of_key, keys),
            }
        )

    def with_stone(self, stone: Tombstone) -> Tombstones:
        """Return them with one more, in place of an earlier one of the same erasure."""
        others = [one for one in self.stones if one.erasure != stone.erasure]
        return type(self)(self._secret, [*others, stone], self._first)

    def of(self, hashes: frozenset[str]) -> list[Tombstone]:
        """Return the stones that have one of these hashes."""
        return [stone for stone in self.stones if stone.hashes & hashes]

    def without(self, erasures: Iterable[str]) -> Tombstones:
        """Return them without those of some erasures: these pupils may come back."""
        gone = set(erasures)
        kept = [stone for stone in self.stones if stone.erasure not in gone]
        return type(self)(self._secret, kept, self._first)

    def keep(self, home: Path, sealer: Sealer) -> None:
        """Write them, whole or not at all.

        Raises:
            OSError: no room or no permission.
        """
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = sealer.seal_bytes(ERASURE_SECRET, (), self._secret)
        stored = {
            "secret": base64.b64encode(sealed).decode(),
            "pupils": [
                {
                    "erasure": stone.erasure,
                    "was_protected": stone.was_protected,
                    "hashes": sorted(stone.hashes),
                }
                for stone in self.stones
            ],
        }
        write_whole(folder / _NAME, json.dumps(stored, indent=1).encode())

    def _hash(self, kind: str, value: str) -> str:
        digest = hmac.new(self._secret, f"{kind}\x1f{value}".encode(), sha256)
        return digest.hexdigest()[:_HASH_DIGITS]


def _stone(entry: dict[str, Any]) -> Tombstone:
    return Tombstone(entry["erasure"], frozenset(entry["hashes"]), bool(entry["was_protected"]))


def _gone(path: Path) -> TombstoneError:
    return TombstoneError(
        f"{path} is gone, but pupils were erased in this home: receipts lie beside it. Nothing was "
        "taken in, so that nobody comes back. Restore the file from the newest backup."
    )


def refuse_half_erased(home: Path) -> None:
    """Look that no erasure was stopped half way: a night would show what is not all gone.

    Raises:
        TombstoneError: one was.
    """
    if any((home / FOLDER).glob("*.unfinished")):
        raise TombstoneError(
            "Erasing a pupil was stopped, and not all is gone. Nothing was done, and the lists "
            "that are out still stand. Run first: trappan erase --unfinished"
        )
