"""What timetables and files of absences say together, from the set of files, by the written rule.

Of one school; times are minutes from midnight.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Valid and invalid minutes, and whether reported.
State = tuple[int, int, bool]
#: Pupil, day, start and subject.
Place = tuple[int, int, int, str]


@dataclass(frozen=True)
class Planned:
    """A lesson of a timetable."""

    pupil: int
    day: int
    start: int
    length: int
    subject: str = "MA"

    @property
    def place(self) -> Place:
        return self.pupil, self.day, self.start, self.subject.lower()


@dataclass(frozen=True)
class Absent:
    """A row of absence; a refused one says no absence, and is of that pupil, day and time."""

    pupil: int
    day: int
    start: int
    length: int
    subject: str = "MA"
    valid: int = 0
    invalid: int = 0
    is_refused: bool = False

    @property
    def place(self) -> Place:
        return self.pupil, self.day, self.start, self.subject.lower()


@dataclass(frozen=True)
class Timetable:
    """A file: its hour of export on the last day, and its lessons."""

    at: int
    rows: tuple[Planned, ...]


@dataclass(frozen=True)
class Absences:
    """A file of the whole school: the first and last day of which it speaks, None: it says none."""

    at: int
    period: tuple[int, int] | None
    rows: tuple[Absent, ...]
    is_complete: bool = False

    @property
    def speaks(self) -> bool:
        return self.period is not None and any(not row.is_refused for row in self.rows)

    def speaks_of(self, day: int) -> bool:
        return self.speaks and self.period is not None and self.period[0] <= day <= self.period[1]


def joined(
    timetables: list[Timetable], files: list[Absences], whole: list[Planned]
) -> dict[Place, State]:
    """Return the lessons that follow; those that files of whole lessons say are not among them.

    Args:
        timetables: all that came.
        files: of absences, all that came.
        whole: lessons that files of whole lessons say.
    """
    held = _newest_days(timetables)
    words = _standing(files)
    ordinary = {lesson.place for lesson in whole}
    found: dict[Place, State] = {}
    for lesson in held:
        if lesson.place in ordinary:
            continue
        touching = [word for word in words if _meet(word, lesson)]
        if touching:
            found[lesson.place] = _said(lesson, touching, held)
        else:
            beside = any(_meet(other, lesson) for other in whole)
            found[lesson.place] = (0, 0, _is_present(lesson, files) and not beside)
    for word in words:
        if word.place in ordinary or any(_meet(word, lesson) for lesson in held):
            continue
        counts = any((o.pupil, o.day) == (word.pupil, word.day) for o in held)
        found[word.place] = (word.valid, word.invalid, True) if counts else (0, 0, False)
    return found


def _meet(one: Absent | Planned, other: Absent | Planned) -> bool:
    return (one.pupil, one.day) == (other.pupil, other.day) and _shared(one, other) > 0


def _shared(one: Absent | Planned, other: Absent | Planned) -> int:
    """Return the minutes of a day that two have in common; none where it is not above 0."""
    ends = min(one.start + one.length, other.start + other.length)
    return ends - max(one.start, other.start)


def _newest_days(timetables: list[Timetable]) -> list[Planned]:
    days: dict[tuple[int, int], Timetable] = {}
    for file in sorted(timetables, key=lambda file: file.at):
        days |= {(row.pupil, row.day): file for row in file.rows}
    return [
        row for (pupil, day), file in days.items() for row in file.rows
        if (row.pupil, row.day) == (pupil, day)
    ]  # fmt: skip


def _standing(files: list[Absences]) -> list[Absent]:
    newest: dict[Place, tuple[int, Absent]] = {}
    for file in sorted(files, key=lambda file: file.at):
        newest |= {row.place: (file.at, row) for row in file.rows if not row.is_refused}
    return [
        row
        for at, row in newest.values()
        if not any(f.is_complete and f.at > at and f.speaks_of(row.day) for f in files)
    ]


def _said(lesson: Planned, touching: list[Absent], held: list[Planned]) -> State:
    valid = invalid = 0
    for word in touching:
        others = [other for other in held if _meet(word, other)]
        is_named = any(other.subject.lower() == word.subject.lower() for other in others)
        if is_named and lesson.subject.lower() != word.subject.lower():
            return 0, 0, False
        if not is_named and any(other != lesson and _meet(other, lesson) for other in held):
            return 0, 0, False
        shared = _shared(word, lesson)
        if word.length in (word.valid, word.invalid):
            valid += shared if word.valid else 0
            invalid += shared if word.invalid else 0
        elif word.start == lesson.start and word.valid + word.invalid <= lesson.length:
            valid += word.valid
            invalid += word.invalid
        else:
            return 0, 0, False
    return (valid, invalid, True) if valid + invalid <= lesson.length else (0, 0, False)


def _is_present(lesson: Planned, files: list[Absences]) -> bool:
    speaking = [file for file in files if file.speaks_of(lesson.day)]
    if not speaking:
        return False
    newest = max(file.at for file in speaking)
    return not any(
        row.is_refused and _meet(row, lesson)
        for file in files
        if file.at >= newest
        for row in file.rows
    )
