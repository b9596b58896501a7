"""Who is protected, from what was said: the rules of docs/rules-lessons.md, "Protected identities".

Plain Python over a list of sayings, in any order; shares no code with the pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

NOT_PROTECTED = ("Ingen", "Nej")
SHORT = 10


@dataclass(frozen=True)
class Saying:
    """One cell or marking about somebody.

    Attributes:
        source: sender, layout and school unit; of SS12000 the server.
        at: when it was exported.
        word: as it stands there; '' says nothing.
        number: twelve characters, or the last ten when no more is known; '' for a person's id.
        person: id of an SS12000 person; '' for none.
        is_taken: the row or object was accepted.
        is_placed: it has a place: a school unit that is known.
        may_lift: its sender may.
        needed: how many people have to release it before it lifts.
    """

    source: str
    at: datetime
    word: str
    number: str = ""
    person: str = ""
    is_taken: bool = True
    is_placed: bool = True
    may_lift: bool = True
    needed: int = 0

    @property
    def protects(self) -> bool:
        """Anything but the plain words does, mis-spelt ones too."""
        return self.word != "" and self.word not in NOT_PROTECTED

    @property
    def lifts(self) -> bool:
        """Only an accepted, placed word that plainly says no, of a sender that may."""
        return self.word in NOT_PROTECTED and self.is_taken and self.is_placed and self.may_lift


@dataclass(frozen=True)
class Release:
    """Somebody let words of a source about a number, or an SS12000 person, lift.

    Attributes:
        source: as in `Saying`.
        until: export time of the word that was looked at.
        by: who.
        number: as in `Saying`.
        person: as in `Saying`.
    """

    source: str
    until: datetime
    by: int
    number: str = ""
    person: str = ""


@dataclass(frozen=True)
class Change:
    """A number that was changed; without a date, when the file that says so was made."""

    old: str
    new: str
    said_at: datetime
    on: date | None = None

    def is_before(self, at: datetime) -> bool:
        """Whether an export of this moment comes after the change."""
        if self.on is None:
            return at > self.said_at
        return at >= datetime.combine(self.on + timedelta(days=1), datetime.min.time())


@dataclass
class Town:
    """Everything that came: sayings, numbers that persons had, changed numbers (no circles).

    Attributes:
        numbers: every number that any row or object had.
    """

    sayings: list[Saying] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    persons: dict[str, set[str]] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)

    def later(self, number: str) -> list[tuple[str, tuple[Change, ...]]]:
        """Return each later number of the same pupil, with the changes that lead there."""
        found: list[tuple[str, tuple[Change, ...]]] = []
        way: tuple[Change, ...] = ()
        step: str | None = number
        while (change := self._change_of(step)) is not None:
            way = (*way, change)
            found.append((change.new, way))
            step = change.new
        return found

    def last(self, number: str) -> str:
        """Return the pupil's last number."""
        later = self.later(number)
        return later[-1][0] if later else number

    def protected(self) -> set[str]:
        """Return the last numbers of all protected pupils."""
        return {self.last(n) for n in self.numbers if self._is_marked(n)}

    def _change_of(self, number: str | None) -> Change | None:
        mine = [change for change in self.changes if change.old == number]
        # Of two words about one change the newest.
        return max(mine, key=lambda change: change.said_at, default=None)

    def _means(self, saying: Saying, number: str) -> bool:
        if saying.person and number in self.persons.get(saying.person, set()):
            return True
        if len(saying.number) == SHORT:
            return number.endswith(saying.number)
        return saying.number == number

    def _is_marked(self, number: str) -> bool:
        marks = [s for s in self.sayings if s.protects and self._means(s, number)]
        return any(not self._is_lifted(mark, number) for mark in marks)

    def _is_lifted(self, mark: Saying, number: str) -> bool:
        return any(
            saying.lifts
            and saying.source == mark.source
            # A server speaks of persons: what it says of one lifts nothing of another.
            and saying.person == mark.person
            and (at := self._released_at(saying)) is not None
            and at > mark.at
            and self._counts_for(replace(saying, at=at), number)
            for saying in self.sayings
        )

    def _released_at(self, saying: Saying) -> datetime | None:
        """Return when a word was said that as many have released as have to; None before."""
        if not saying.needed:
            return saying.at
        latest: dict[int, datetime] = {}
        for release in self.releases:
            about = (release.source, release.number, release.person)
            if about == (saying.source, saying.number, saying.person):
                latest[release.by] = max(release.until, latest.get(release.by, release.until))
        enough = sorted(latest.values(), reverse=True)[saying.needed - 1 : saying.needed]
        return min(saying.at, enough[0]) if enough else None

    def _counts_for(self, saying: Saying, number: str) -> bool:
        """Whether a word that lifts is about this number, or about a later one after the change."""
        if self._means(saying, number) and not self._is_old(number, saying.at):
            return True
        return any(
            self._means(saying, later)
            and all(change.is_before(saying.at) for change in way)
            and not self._is_old(later, saying.at)
            for later, way in self.later(number)
        )

    def _is_old(self, number: str, at: datetime) -> bool:
        change = self._change_of(number)
        return change is not None and change.is_before(at)


def classes_shown(members: Mapping[str, Iterable[str]], protected: set[str]) -> set[str]:
    """Return the classes that may be reported of: those with somebody who is not protected."""
    return {name for name, numbers in members.items() if set(numbers) - protected}
