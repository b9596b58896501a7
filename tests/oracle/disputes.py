"""Which roster records stand and which lessons are disputed, asked day by day.

Senders speak of their own schools; a register may move pupils. Nothing here knows spans: for each
record and each day it is remembered who said it first and when. Not here: files, the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

REGISTER = "register"
#: A pupil, a school and a record's first day.
RecordKey = tuple[str, str, date | None]
#: Sorts before every sender's word.
_FROM_THE_REGISTER = (-1, "", "")


@dataclass(frozen=True)
class Word:
    """One roster row, in the run in which it came."""

    run: int
    sender: str
    pupil: str
    school: str
    start: date | None
    end: date | None
    exported_at: datetime

    @property
    def key(self) -> RecordKey:
        return (self.pupil, self.school, self.start)

    def covers(self, day: date) -> bool:
        return (self.start or date.min) <= day <= (self.end or date.max)


@dataclass(frozen=True)
class Standing:
    """A record that stands on a day, and whose word it is."""

    school: str
    start: date | None
    sender: str


def standing_on(
    words: Iterable[Word], days: Sequence[date]
) -> Mapping[date, Mapping[str, list[Standing]]]:
    """Return by day and pupil the records that stand, whatever order the words of a run have."""
    told = sorted(words, key=lambda word: (word.run, word.exported_at))
    newest: dict[RecordKey, Word] = {}
    # Since which run a sender without the right says a record of a day without a break.
    since: dict[tuple[RecordKey, date], tuple[int, str]] = {}
    # Of a run's words of a record only the newest is heard; of the register every one is.
    for word in {(word.run, word.key): word for word in told}.values():
        if word.key in newest and newest[word.key].exported_at > word.exported_at:
            continue
        newest[word.key] = word
        for day in days:
            if not word.covers(day):
                since.pop((word.key, day), None)
            elif word.sender != REGISTER:
                since.setdefault((word.key, day), (word.run, word.sender))
    register = sorted(
        (word for word in told if word.sender == REGISTER), key=lambda word: word.exported_at
    )
    of_register = {word.key: word for word in register}
    return {day: _standing(day, newest, of_register, since) for day in days}


def _standing(
    day: date,
    newest: Mapping[RecordKey, Word],
    of_register: Mapping[RecordKey, Word],
    since: Mapping[tuple[RecordKey, date], tuple[int, str]],
) -> dict[str, list[Standing]]:
    said: dict[str, list[tuple[tuple[int, str, str], Word]]] = {}
    for key, word in newest.items():
        if not word.covers(day):
            continue
        backed = word.sender == REGISTER or (key in of_register and of_register[key].covers(day))
        if backed:
            order = _FROM_THE_REGISTER
        else:
            run, sender = since[key, day]
            order = (run, word.school, sender)
        said.setdefault(word.pupil, []).append((order, word))
    found: dict[str, list[Standing]] = {}
    for pupil, records in said.items():
        safe = {word.school for order, word in records if order == _FROM_THE_REGISTER}
        first = min((order for order, _ in records), default=_FROM_THE_REGISTER)
        for order, word in records:
            if safe:
                stands = word.school in safe
            else:
                stands = word.school == first[1] or order[2] == first[2]
            if stands:
                sender = REGISTER if order == _FROM_THE_REGISTER else order[2]
                found.setdefault(pupil, []).append(Standing(word.school, word.start, sender))
    return found


def is_disputed(standing: Sequence[Standing], school: str, sender: str) -> bool:
    """Whether a lesson that a sender reports at a school counts nowhere on a day."""
    if sender == REGISTER or any(record.school == school for record in standing):
        return False
    return any(record.sender != sender for record in standing)
