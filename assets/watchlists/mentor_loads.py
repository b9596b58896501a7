"""The rektor's overview of mentors: how many pupils each has, and no pupil's name.

A mentor's own pupils stand in the mentor's own list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from assets.watchlists.columns import ListColumn, ListTable, Value
from assets.watchlists.decisions import Question, is_asked
from assets.watchlists.mentor_lists import mentors_on
from assets.watchlists.model import ClearedPupil, PupilRow, Watchlist
from assets.watchlists.swedish import decision_texts
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import mentor_texts as m
from assets.watchlists.swedish.safe_text import one_line


@dataclass
class MentorLoad:
    """What the list has of one mentor's pupils; `mentor` is "" where the data name nobody."""

    mentor: str
    pupils: list[PupilRow] = field(default_factory=list)
    unassessed: list[PupilRow] = field(default_factory=list)
    gone: list[ClearedPupil] = field(default_factory=list)

    @property
    def classes(self) -> str:
        """The classes of these pupils."""
        pupils: list[PupilRow | ClearedPupil] = [*self.pupils, *self.unassessed, *self.gone]
        return ", ".join(sorted({one_line(pupil.school_class) for pupil in pupils} - {""}))


def mentor_loads(watchlist: Watchlist) -> tuple[MentorLoad, ...]:
    """Every mentor who has a pupil on the list, gone from it or not assessed; "" comes last.

    A pupil with two mentors is counted for both; mentors of one name are numbered.
    """
    mentors = mentors_on(watchlist)
    names = Counter(one_line(mentor.name) for mentor in mentors)
    met: Counter[str] = Counter()
    loads: dict[str, MentorLoad] = {}
    for mentor in mentors:
        name = one_line(mentor.name)
        met[name] += 1
        loads[mentor.key] = MentorLoad(f"{name} ({met[name]})" if names[name] > 1 else name)
    nobodys = loads[""] = MentorLoad("")

    def of(pupil: PupilRow | ClearedPupil) -> list[MentorLoad]:
        return [loads[mentor.key] for mentor in pupil.mentors] or [nobodys]

    for pupil in watchlist.pupils:
        for load in of(pupil):
            load.pupils.append(pupil)
    for pupil in watchlist.insufficient:
        for load in of(pupil):
            load.unassessed.append(pupil)
    for gone in watchlist.cleared:
        for load in of(gone):
            load.gone.append(gone)
    return tuple(load for load in loads.values() if load.pupils or load.unassessed or load.gone)


def mentor_table(watchlist: Watchlist) -> ListTable[MentorLoad]:
    """A row for each mentor, with numbers of pupils."""

    def count(
        heading: str, of: Callable[[MentorLoad], int], width: float = 12
    ) -> ListColumn[MentorLoad]:
        return ListColumn(heading, "count", width, of)

    def asked(question: Question) -> Callable[[MentorLoad], int]:
        return lambda load: sum(is_asked(watchlist, pupil, question) for pupil in load.pupils)

    def new(load: MentorLoad) -> Value:
        return sum(pupil.change == "new" for pupil in load.pupils)

    is_compared = bool(watchlist.compared_with)
    columns = (
        ListColumn[MentorLoad](h.H_MENTOR, "name", 34, lambda load: load.mentor or h.NO_MENTOR),
        count(m.H_ON_LIST, lambda load: len(load.pupils)),
        *(count(decision_texts.QUESTIONS[question], asked(question), 15) for question in Question),
        *((ListColumn[MentorLoad](m.H_NEW, "count", 10, new),) if is_compared else ()),
        count(m.H_HERE_UNSEEN, lambda load: len(load.unassessed)),
        *((count(m.H_GONE, lambda load: len(load.gone)),) if is_compared else ()),
        ListColumn[MentorLoad](m.H_CLASSES, "word", 26, lambda load: load.classes),
    )
    return ListTable(columns, mentor_loads(watchlist), m.NO_MENTORS)
