"""A pupil's row, as a list, a form and a print view show it: plain values for templates.

Not here: which pupils there are (`published.py`), what a right allows (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from assets.follow_up import kinds
from assets.follow_up.kinds import STATUS_OF
from assets.follow_up.standing import FollowUp, has_open_case, stand
from assets.watchlists import outline
from assets.watchlists.decisions import Persistence, persistence
from assets.watchlists.model import ClearedPupil, PupilRow, Watchlist
from assets.watchlists.swedish import (
    change_texts,
    decision_texts,
    explanations,
    follow_up_texts,
    texts,
    unseen_texts,
)
from assets.watchlists.swedish.safe_text import one_line
from portal.follow_up.clock import ListClock, clock_of
from portal.follow_up.events import Fact, facts_of, of_the_school
from portal.follow_up.kinds import extent_in, measures, of_the_case, words_for
from portal.published import Shown
from portal.rights import Role
from portal.today import Today
from portal.views.rules import Visit, references
from rules.follow_up_words import case_words, reminder_days, step_words

OVERDUE, RISEN, GOES_ON, LOWERED, NO_DATA = "forsenade", "nya", "pagar", "minskat", "data"
GROUP_NAMES = {
    OVERDUE: "Försenade",
    RISEN: "Nya och högre",
    GOES_ON: "Pågår",
    LOWERED: "Har minskat",
    NO_DATA: "Data saknas",
}


@dataclass(frozen=True)
class Choice:
    """An option of a select."""

    value: str
    text: str
    is_chosen: bool = False
    needs: str = ""


@dataclass(frozen=True)
class StatusField:
    """A status that the reader may set: its kind, and the words."""

    kind: str
    label: str
    choices: tuple[Choice, ...]

    @property
    def options(self) -> SafeString:
        """The words as options of a select: most rows have the same ones."""
        chosen = next((choice.value for choice in self.choices if choice.is_chosen), "")
        words = tuple((choice.value, choice.text, choice.needs) for choice in self.choices)
        return _options(words, chosen)


@lru_cache(maxsize=512)
def _options(words: tuple[tuple[str, str, str], ...], chosen: str) -> SafeString:
    nothing = SafeString("" if chosen else '<option value="">– välj –</option>')
    return nothing + format_html_join(
        "",
        '<option value="{}" data-needs="{}"{}>{}</option>',
        (
            (value, needs, mark_safe(" selected") if value == chosen else "", text)
            for value, text, needs in words
        ),
    )


@dataclass
class Row:
    """What a template shows of a pupil.

    Attributes:
        reference: the name in addresses.
        name, class_name, grade, mentor, born: who it is.
        level: of the list.
        why: one sentence why the pupil is there.
        facts: sentences of what the list knows.
        share: of absence in the rolling month, as text.
        change: against the list before.
        next_step: what to do, by the list.
        group: which part of the list.
        follow_up: how it stands.
        status_texts: what was said, one for each role.
        overdue_text: what is late; "" for nothing.
        fields: statuses that the reader may set.
        people: who can be responsible.
        list_key: of the list that it was shown on.
        trouble: why what was typed was not kept.
        is_warning: it can be kept all the same.
        typed: what was typed, to be shown again.
        saved: what was kept just now.
        is_open: whether the form shows.
    """

    reference: str
    pupil_key: str
    name: str
    class_name: str
    grade: str
    mentor: str
    born: str
    level: int
    why: str
    facts: tuple[str, ...]
    share: str
    change: str
    next_step: str
    group: str
    follow_up: FollowUp
    status_texts: tuple[str, ...]
    overdue_text: str
    responsible: str
    fields: tuple[StatusField, ...]
    people: tuple[Choice, ...]
    list_key: str
    roles: tuple[Role, ...]
    trouble: str = ""
    is_warning: bool = False
    typed: dict[str, str] = field(default_factory=dict)
    saved: str = ""
    is_open: bool = False

    @property
    def shown_fields(self) -> tuple[StatusField, ...]:
        """The status of the reader's own role: a row has room for one; the pupil's page has all."""
        return self.fields[:1]

    @property
    def quick(self) -> StatusField | None:
        """Where "contact made" is one click away: a mentor's own row, before anything was said."""
        own = [one for one in self.fields[:1] if one.kind == STATUS_OF["mentor"]]
        return own[0] if own and self.follow_up.mentor is None and self.level else None

    @property
    def next_date(self) -> str:
        """The next follow-up, as an input of dates has it."""
        if "next_date" in self.typed:
            return self.typed["next_date"]
        return self.follow_up.next_date.isoformat() if self.follow_up.next_date else ""


@dataclass(frozen=True)
class Group:
    """A part of a list."""

    code: str
    name: str
    rows: tuple[Row, ...]


def rows_of_list(visit: Visit, shown: Shown, only: str = "") -> list[Row]:
    """Return a row for each pupil of a list, in the list's order.

    Args:
        visit: who reads it.
        shown: the list.
        only: key of the one pupil who is wanted; "" for all.
    """
    watchlist = shown.watchlist
    clock = clock_of(visit.home, shown, visit.today)
    only_lacking = tuple(row for row in watchlist.insufficient if row.level == 0)
    pupils: tuple[PupilRow | ClearedPupil, ...] = (
        *watchlist.pupils,
        *only_lacking,
        *watchlist.cleared,
    )
    if only:
        pupils = tuple(row for row in pupils if row.pupil_key == only)
    keys = [row.pupil_key for row in pupils]
    facts = facts_of(visit.home, visit.today, keys)
    names = references(keys) if keys else {}
    people = people_at(visit, watchlist.school_unit_code)
    return [
        _row(visit, shown, clock, row, facts.get(row.pupil_key, []), names[row.pupil_key], people)
        for row in pupils
    ]


def row_of_pupil(visit: Visit, shown: Shown, pupil_key: str) -> Row | None:
    """Return one pupil's row; None where the list does not have the pupil."""
    return next(iter(rows_of_list(visit, shown, pupil_key)), None)


def grouped(rows: Iterable[Row]) -> list[Group]:
    """Return rows by group, each group also when it is empty."""
    found: dict[str, list[Row]] = {code: [] for code in GROUP_NAMES}
    for row in rows:
        found[row.group].append(row)
    return [Group(code, name, tuple(found[code])) for code, name in GROUP_NAMES.items()]


def people_at(visit: Visit, code: str) -> dict[str, str]:
    """Return who can be responsible at a school: principals and mentors, by key; in order."""
    staff = visit.home.ask(("staff", code), lambda _: _staff_at(visit.today, code))
    named = {**staff, visit.rights.key: one_line(visit.rights.name)}
    return dict(sorted(((k, n) for k, n in named.items() if n), key=lambda one: one[1].casefold()))


def _staff_at(today: Today, code: str) -> dict[str, str]:
    keys = set(today.principals_at(code))
    keys |= {
        mentor
        for placed in today.pupils.values()
        if placed.school_unit_code == code
        for mentor in placed.mentors
    }
    return {key: one_line(today.names.get(key, "")) for key in keys}


def follow_up_of(visit: Visit, clock: ListClock, pupil_key: str, facts: Sequence[Fact]) -> FollowUp:
    """Return how a pupil's follow-up stands today."""
    day = visit.today.day
    return stand(
        of_the_school(facts), clock.of(pupil_key), clock.school_days, day, reminder_days(day)
    )


def _row(
    visit: Visit,
    shown: Shown,
    clock: ListClock,
    pupil: PupilRow | ClearedPupil,
    facts: list[Fact],
    reference: str,
    people: dict[str, str],
) -> Row:
    watchlist = shown.watchlist
    follow_up = follow_up_of(visit, clock, pupil.pupil_key, facts)
    roles = visit.rights.roles_for(pupil.pupil_key, has_open_case(facts))
    listed = pupil if isinstance(pupil, PupilRow) else None
    return Row(
        reference=reference,
        pupil_key=pupil.pupil_key,
        name=one_line(outline.full_name(pupil)),
        class_name=one_line(pupil.school_class),
        grade=texts.grade(pupil.grade),
        mentor=one_line(pupil.mentor),
        born=texts.born(pupil.birth_date) if pupil.birth_date else "",
        level=listed.level if listed else 0,
        why=_why(watchlist, pupil),
        facts=explanations.facts(watchlist, listed) if listed else (),
        share=texts.percent(pupil.one_month.rate),
        change=_change(watchlist, pupil),
        next_step=outline.next_step(listed) if listed else "",
        group=_group(pupil, follow_up),
        follow_up=follow_up,
        status_texts=status_texts(follow_up),
        overdue_text=overdue_text(follow_up),
        responsible=people.get(follow_up.responsible_key, ""),
        fields=status_fields(follow_up, roles),
        people=_near(visit, pupil.pupil_key, follow_up, people),
        list_key=shown.list_key,
        roles=roles,
    )


def _near(
    visit: Visit, pupil_key: str, follow_up: FollowUp, people: dict[str, str]
) -> tuple[Choice, ...]:
    """Who is most often responsible: the reader, mentors, principals. The pupil's page has all."""
    placed = visit.today.pupils[pupil_key]
    principals = sorted(visit.today.principals_at(placed.school_unit_code))
    keys = (visit.rights.key, *placed.mentors, *principals, follow_up.responsible_key)
    return tuple(
        Choice(key, people[key], key == follow_up.responsible_key)
        for key in dict.fromkeys(keys)
        if key in people
    )


def _why(watchlist: Watchlist, pupil: PupilRow | ClearedPupil) -> str:
    if isinstance(pupil, ClearedPupil):
        return change_texts.why_cleared(pupil)
    if pupil.level:
        return decision_texts.why_first(watchlist, pupil)
    if pupil.unseen:
        return unseen_texts.next_step(pupil.unseen)
    return "Data saknas: gränserna går inte att bedöma."


def _change(watchlist: Watchlist, pupil: PupilRow | ClearedPupil) -> str:
    if isinstance(pupil, ClearedPupil):
        return change_texts.clock(pupil.history)
    return change_texts.on_row(pupil) if watchlist.compared_with else ""


def _group(pupil: PupilRow | ClearedPupil, follow_up: FollowUp) -> str:
    if follow_up.is_overdue:
        return OVERDUE
    if isinstance(pupil, ClearedPupil):
        return LOWERED
    if pupil.level == 0:
        return NO_DATA
    if pupil.change in {"new", "escalated"}:
        return RISEN
    is_lower = pupil.change == "lowered" or persistence(pupil) is Persistence.LOWERED
    return LOWERED if is_lower else GOES_ON


def status_texts(follow_up: FollowUp) -> tuple[str, ...]:
    """Return what was said, with its day, one for each role that said something."""
    found = []
    for role, fact in (
        ("mentor", follow_up.mentor),
        ("principal", follow_up.principal),
        ("team", follow_up.team),
    ):
        if fact is not None:
            heading = next(one.heading for one in step_words().roles if one.role == role)
            day = (fact.on_date or fact.day).isoformat()
            found.append(f"{heading}: {word_text(fact.kind, fact.value)} {day}")
    return tuple(found)


def word_text(kind: str, value: str) -> str:
    """Return what people read for a stored word."""
    steps = step_words()
    lists = {of_kind: steps.of_role(role) for role, of_kind in STATUS_OF.items()} | {
        kinds.CONSENT: steps.consent,
        kinds.COLLABORATION: steps.collaboration,
        **of_the_case(),
    }
    if kind == kinds.MEASURE:
        return measures().get(value, value)
    if kind == kinds.MEASURE_EXTENT:
        measure, extent = extent_in(value)
        how = next((word.sv for word in case_words().extents if word.code == extent), extent)
        return f"{measures().get(measure, measure)}: {how}"
    return next((word.sv for word in lists.get(kind, ()) if word.code == value), value)


def overdue_text(follow_up: FollowUp) -> str:
    """Return what is late, in words; "" for nothing."""
    return follow_up_texts.overdue(
        follow_up.overdue, follow_up.idle_days or 0, follow_up.allowed_days, follow_up.next_date
    )


def status_fields(follow_up: FollowUp, roles: tuple[Role, ...]) -> tuple[StatusField, ...]:
    """Return the statuses that somebody may set, the one that matters most first."""
    newest = {"principal": follow_up.principal, "mentor": follow_up.mentor, "team": follow_up.team}
    found = []
    for one in sorted(
        step_words().roles, key=lambda r: ("principal", "mentor", "team").index(r.role)
    ):
        kind = STATUS_OF[one.role]
        words = words_for(kind, roles)
        if not words:
            continue
        fact = newest[one.role]
        choices = tuple(
            Choice(
                word.code, word.sv, fact is not None and fact.value == word.code, word.needs or ""
            )
            for word in words
        )
        found.append(StatusField(kind, one.heading, choices))
    return tuple(found)


def as_typed(fields: tuple[StatusField, ...], typed: Mapping[str, str]) -> tuple[StatusField, ...]:
    """Return statuses with what was chosen in a form that comes back."""
    return tuple(
        replace(
            one,
            choices=tuple(
                replace(choice, is_chosen=choice.value == typed[one.kind]) for choice in one.choices
            ),
        )
        if one.kind in typed
        else one
        for one in fields
    )


def suggested_dates(day: date) -> tuple[tuple[str, str], ...]:
    """Return days to choose for a next follow-up: in a week, in two, in four."""
    return tuple(
        ((day + timedelta(weeks=weeks)).isoformat(), text)
        for weeks, text in ((1, "om en vecka"), (2, "om två veckor"), (4, "om fyra veckor"))
    )
