"""Who is erased: every number and key that a child has or had, and the names that go with them.

Asked with an identity number or a key. Numbers that are one pupil's, by changed numbers and by the
objects of a school system, are one child here. Nothing of it is ever printed or logged; what an
erasure needs to go on is kept sealed until it has ended (`journal.py`).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any, Self

from assets.exports.erased_files import anybodys_number, person_key
from assets.exports.files.without_pupil import WhoGoes
from assets.exports.pupils.erased_rows import numbers_of
from assets.exports.pupils.identity_numbers import (
    possible_numbers,
    read_identity_number,
    short_form,
)
from assets.exports.pupils.tombstones import Tombstones
from assets.flags.pupil_question import PupilQuestion
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import IDENTITY, PERSON
from rules.errors import TrappanError

_WORDS = re.compile(r"[^\W_]+", re.UNICODE)
#: A cell that is longer is no number.
_LONGEST = 24


class NobodyToEraseError(TrappanError):
    """Nobody is known by what was asked; says so, and nothing of what was asked."""


@dataclass(frozen=True)
class Child:
    """A child who is erased.

    Attributes:
        keys: of all numbers, and of persons of SS12000.
        numbers: canonical ones, as far as they are known.
        names: given and family name, as far as they are known.
        was_protected: some source says that the identity is protected.
    """

    keys: frozenset[uuid.UUID]
    numbers: frozenset[str]
    names: frozenset[tuple[str, str]]
    was_protected: bool

    @property
    def texts(self) -> frozenset[str]:
        """The keys as texts."""
        return frozenset(map(str, self.keys))

    def hashes(self, tombstones: Tombstones) -> frozenset[str]:
        """Return what a tombstone has of the child."""
        return tombstones.hashes_of(self.numbers, self.texts)

    def who(self, sealer: Sealer) -> WhoGoes:
        """Return whose lines and items go from files."""
        shorts = frozenset(map(short_form, self.numbers))
        texts = self.texts

        def is_number(cell: str) -> bool:
            if len(cell) > _LONGEST:
                return False
            canonical = read_identity_number(cell).canonical
            if canonical:
                # Of numbers that the lake only knows by their key, too.
                return canonical in self.numbers or sealer.key_text("pupil", canonical) in texts
            return not shorts.isdisjoint(possible_numbers(cell))

        return WhoGoes(
            is_number,
            lambda text: person_key(sealer, text) in texts or text in texts,
            anybodys_number,
            tuple(
                frozenset(_WORDS.findall(f"{given} {family}".casefold()))
                for given, family in self.names
                if given and family
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "keys": sorted(self.texts),
            "numbers": sorted(self.numbers),
            "names": sorted(map(list, self.names)),
            "was_protected": self.was_protected,
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """Return the child that `as_json` was asked of."""
        return cls(
            frozenset(map(uuid.UUID, said["keys"])),
            frozenset(said["numbers"]),
            frozenset((given, family) for given, family in said["names"]),
            bool(said["was_protected"]),
        )


def find_child(lake: Lake, sealer: Sealer, question: PupilQuestion) -> Child:
    """Return the child that was asked about.

    Args:
        lake: the lake.
        sealer: of its home.
        question: a number or a key.

    Raises:
        NobodyToEraseError: a key that the lake does not know. A number may be in a file of which
            nothing was taken, so it is always somebody's.
    """
    own = question.key or sealer.key("pupil", question.number or "")
    child = child_of(lake, sealer, {own}, question.number)
    if question.number is None and not child.numbers and not knows(lake, question):
        raise NobodyToEraseError(
            "The lake knows nobody by this key. Expected a key as `trappan flags` shows it, or - "
            "and an identity number on standard input."
        )
    return child


def child_of(lake: Lake, sealer: Sealer, some: set[uuid.UUID], number: str | None = None) -> Child:
    """Return the child that some keys are of.

    Args:
        lake: the lake.
        sealer: of its home.
        some: keys of the child.
        number: one that was asked about.
    """
    keys = numbers_of(lake, some)
    listed = sorted(map(str, keys))
    said = [
        sealer.opened(IDENTITY, (content_key,), sealed)
        for content_key, sealed in lake.rows(
            "SELECT content_key, sealed FROM identities WHERE content_key IN (SELECT content_key "
            "FROM identity_sources WHERE pupil_key IN (SELECT cast(unnest($keys) AS UUID)))",
            keys=listed,
        )
    ]
    said += [
        sealer.opened(PERSON, (person, content_key), sealed)
        for person, content_key, sealed in lake.rows(
            "SELECT person_key, content_key, sealed FROM ss12000_persons "
            "WHERE person_key IN (SELECT cast(unnest($keys) AS UUID))",
            keys=listed,
        )
    ]
    known = [one for one in said if one]
    numbers = {one["civic_no"] for one in known if one["civic_no"]} | (
        {number} if number else set()
    )
    ((protected,),) = lake.rows(
        "SELECT count(*) FROM (SELECT pupil_key FROM protected_pupils UNION ALL "
        "SELECT reference_key FROM protection_words WHERE is_protected) "
        "WHERE pupil_key IN (SELECT cast(unnest($keys) AS UUID))",
        keys=listed,
    )
    return Child(
        frozenset(keys | {sealer.key("pupil", one) for one in numbers}),
        frozenset(numbers),
        frozenset((one["given_name"], one["family_name"]) for one in known),
        protected > 0,
    )


def knows(lake: Lake, question: PupilQuestion) -> bool:
    """Whether the lake knows the key that was asked about."""
    return bool(
        lake.rows(
            "SELECT 1 FROM pupil_numbers WHERE cast($key AS UUID) IN (number_key, pupil_key) "
            "UNION ALL SELECT 1 FROM ss12000_persons WHERE cast($key AS UUID) IN "
            "(person_key, pupil_key) UNION ALL SELECT 1 FROM identity_sources "
            "WHERE pupil_key = cast($key AS UUID) LIMIT 1",
            key=str(question.key),
        )
    )
