"""Which pupil a person asks about: a pupil key, or an identity number in any form people write.

A protected pupil and one that the lake does not know get the same words: a refusal that told them
apart would say who is protected. No message repeats what was asked.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date

from assets.exports.pupils.identity_numbers import birth_date, read_identity_number
from assets.exports.pupils.merges import known_merges, merged
from assets.flags.evaluate import Evaluation
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from rules.errors import TrappanError

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
# Two digits of the year: people write these, files may not.
_SHORT = re.compile(
    r"(\d{6})([-+ ]?)((?:\d{4})|(?:[A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö0-9]\d{2}))", re.ASCII
)
_CENTURY = 100


class PupilTextError(TrappanError):
    """What was asked is neither a pupil key nor an identity number; says what was expected."""


class NobodyToExplainError(TrappanError):
    """The lake has no such pupil, or one that no answer shows: it is not told which."""


@dataclass(frozen=True)
class PupilQuestion:
    """A question about one pupil, read but not looked up.

    Attributes:
        key: the pupil's key, when that was asked.
        number: the canonical identity number, when that was asked.
    """

    key: uuid.UUID | None = None
    number: str | None = None


def is_pupil_key(text: str) -> bool:
    """Whether a text is written as a pupil key."""
    return bool(_KEY.fullmatch(text.strip()))


def read_question(text: str, as_of: date) -> PupilQuestion:
    """Read a pupil key or an identity number of 12 or 10 characters.

    With two digits of the year it is the latest such birth date up to as_of; `+` makes it a
    hundred years earlier, as in the number itself.

    Raises:
        PupilTextError: it is neither.
    """
    cell = text.strip()
    if is_pupil_key(cell):
        return PupilQuestion(key=uuid.UUID(cell))
    return _number(cell, as_of)


def find_pupil(lake: Lake, question: PupilQuestion, evaluation: Evaluation) -> uuid.UUID:
    """Return the key that stands for the pupil, also when the number was changed since.

    Args:
        lake: the lake that was evaluated.
        question: what was asked.
        evaluation: what `evaluate_flags` gave.

    Raises:
        NobodyToExplainError: no such pupil at as_of, or a protected one; or no pupil at all.
    """
    ((holds_nothing,),) = lake.rows(
        "SELECT count(*) = 0 FROM (SELECT 1 FROM enrolments UNION ALL SELECT 1 FROM absence_daily "
        "UNION ALL SELECT 1 FROM absence_monthly)"
    )
    if holds_nothing:
        raise NobodyToExplainError(
            f"There is nobody to explain: the lake in {lake.settings.home} holds no pupils at all. "
            "Look at --home and TRAPPAN_HOME; `trappan files` shows what the lake has."
        )
    own = question.key
    if own is None:
        own = Sealer.of_home(lake.settings.home).key("pupil", question.number or "")
    key = merged(known_merges(lake)).keys.get(own, own)
    found = lake.rows(
        f"SELECT 1 FROM {evaluation.places.belonging} "
        "WHERE pupil_key = cast($key AS UUID) AND NOT is_protected",
        key=str(key),
    )
    if not found:
        raise NobodyToExplainError(
            f"There is nobody to explain: the lake has no such pupil as of "
            f"{evaluation.as_of.isoformat()}, or "
            "the pupil is one that no answer shows. Check the number or key, and the day; the "
            "principal's list says how many pupils are to be handled by hand."
        )
    return key


def _number(cell: str, as_of: date) -> PupilQuestion:
    short = _SHORT.fullmatch(cell)
    number = read_identity_number(_with_century(short, as_of) if short else cell)
    if number.canonical is None:
        raise PupilTextError(
            "PUPIL is neither a pupil key nor an identity number. Expected a key as `trappan "
            "flags` shows it, or a number with 12 or 10 characters, such as ååååmmdd-nnnn, with "
            "its check digit right; or - to read one of them from standard input."
        )
    return PupilQuestion(number=number.canonical)


def _with_century(short: re.Match[str], as_of: date) -> str:
    days, sign, serial = short.groups()
    century = as_of.year - as_of.year % _CENTURY
    born = birth_date(f"{century // _CENTURY:02d}{days}{serial}")
    if born is None or born > as_of:
        century -= _CENTURY
    if sign == "+":
        century -= _CENTURY
    return f"{century // _CENTURY:02d}{days}{serial}"
