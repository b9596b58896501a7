"""Writes one school's list as a web page that stands alone.

Here: what stands where, rendering, and the policy that keeps the page from loading, sending, or
running anything but its own script, without which it is read as well. Not here: rows (`rows.py`),
the columns of other tables (`outline.py`, `swedish/`), the words (`swedish/`), publishing the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from assets.watchlists import outline
from assets.watchlists.curves import counted_weeks, season_shares
from assets.watchlists.decisions import (
    Persistence,
    Question,
    Reply,
    answer,
    by_persistence,
    is_asked,
    look_first,
    more_to_look_at,
    question_counts,
)
from assets.watchlists.mentor_loads import mentor_table
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.page.curves import axes, pupil_curve, question_curve
from assets.watchlists.page.rows import (
    heading_cells,
    pupil_cells,
    pupil_headings,
    row_cells,
    shown,
)
from assets.watchlists.page.standing_alone import TEMPLATES, environment, policy
from assets.watchlists.swedish import (
    change_texts,
    decision_texts,
    evidence_texts,
    explanations,
    follow_up_texts,
    headings,
    mentor_texts,
    risk_texts,
    texts,
    unseen_texts,
    year_texts,
)
from assets.watchlists.swedish.safe_text import printable


def write_page(watchlist: Watchlist, path: Path, mentor: str | None = None) -> None:
    """Write the page of `watchlist` to exactly `path`, replacing what is there.

    Not atomic: the caller writes beside the published file and renames.

    Args:
        watchlist: what the reader may see.
        path: where to.
        mentor: whose own list it is, printed upright; None for the principal, for whom pupils
            whom only a mentor follows up are folded.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    path.write_text(_render(watchlist, mentor), encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Section:
    """The pupils on the page whose absence goes on, has lowered, or of whom that is unclear.

    Attributes:
        persistence: whether their absence goes on.
        anchor: the section's place in the page's addresses.
        pupils: shown at once, the highest absence first.
        folded: shown when asked for, in the same order.
        fold: what the fold is called.
    """

    persistence: Persistence
    anchor: str
    pupils: tuple[PupilRow, ...]
    folded: tuple[PupilRow, ...]
    fold: str

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.pupils) + len(self.folded)


_ANCHORS = {
    Persistence.OVERDUE: "utan-atgard",
    Persistence.GOES_ON: "pagar",
    Persistence.UNCLEAR: "oklart",
    Persistence.LOWERED: "minskat",
}


_NOT_WHEN_EMPTY = {Persistence.OVERDUE, Persistence.UNCLEAR}


def _sections(watchlist: Watchlist, *, folds: bool) -> Iterator[Section]:
    for group in by_persistence(watchlist):
        if group.persistence in _NOT_WHEN_EMPTY and not group.pupils:
            continue
        rows: dict[bool, list[PupilRow]] = {False: [], True: []}
        for pupil in group.pupils:
            # Who waits for an act is shown at once, whoever is to do it.
            is_folded = folds and group.persistence.is_of_absence
            rows[is_folded and _is_mentors_alone(watchlist, pupil)].append(pupil)
        at_once, folded = tuple(rows[False]), tuple(rows[True])
        unclear = sum(_is_unclear(watchlist, pupil) for pupil in folded)
        fold = decision_texts.only_mentor(len(folded), unclear)
        yield Section(group.persistence, _ANCHORS[group.persistence], at_once, folded, fold)


def _is_mentors_alone(watchlist: Watchlist, pupil: PupilRow) -> bool:
    return not any(is_asked(watchlist, pupil, q) for q in (Question.ULF, Question.SST))


def _is_unclear(watchlist: Watchlist, pupil: PupilRow) -> bool:
    of_principal = (Question.ULF, Question.SST)
    return any(answer(watchlist, pupil, q) is Reply.UNCLEAR for q in of_principal)


def _render(watchlist: Watchlist, mentor: str | None) -> str:
    is_mentors = mentor is not None
    style, script = _style_sheet(watchlist, _PORTRAIT if is_mentors else ""), _script()
    # The place in the whole list is the anchor: no name goes into an address.
    anchors = {id(pupil): f"elev-{n}" for n, pupil in enumerate(watchlist.pupils, start=1)}
    unassessed = tuple(p for p in watchlist.insufficient if outline.lacks_data(p) and not p.level)
    anchors |= {id(pupil): f"oviss-{n}" for n, pupil in enumerate(unassessed, start=1)}
    also_lacking = sum(outline.lacks_data(p) and p.level > 0 for p in watchlist.insufficient)
    columns = pupil_headings(watchlist)
    return (
        _environment()
        .get_template("watchlist.html.j2")
        .render(
            w=watchlist,
            mentor=mentor,
            is_mentors=is_mentors,
            nobody=(mentor_texts.nobody if is_mentors else texts.nobody_listed)(watchlist),
            style=Markup(style),  # noqa: S704  # our own file; what is inserted is escaped for CSS
            script=Markup(script),  # noqa: S704  # our own file
            policy=policy(style, script),
            counts=question_counts(watchlist),
            weeks=() if is_mentors else counted_weeks(watchlist),
            expected="" if is_mentors else year_texts.expected(season_shares(watchlist)),
            axes=axes(watchlist),
            mentors=None if is_mentors or watchlist.says_nothing else mentor_table(watchlist),
            first=look_first(watchlist),
            more=more_to_look_at(watchlist),
            sections=tuple(_sections(watchlist, folds=not is_mentors)),
            unassessed=unassessed,
            also_lacking=also_lacking,
            anchor_of=lambda pupil: anchors[id(pupil)],
            columns=columns,
            cells=lambda pupil: pupil_cells(watchlist, pupil),
            behind=_behind(watchlist).of,
        )
    )


@dataclass(frozen=True)
class _Behind:
    """What pupils' rows open to, drawn once for the page of the school and that of the mentor.

    It is drawn without anything that one of these readers may see and the other may not, so nothing
    of it can come to the wrong one: not the list's pupils, counts, notices and people, nor the
    pupil's mentors.

    Attributes:
        shown: the list without all that.
        drawn: by pupil key the pupil without mentors, and what the row opens to.
    """

    shown: Watchlist
    drawn: dict[str, tuple[PupilRow, Markup]] = field(default_factory=dict)

    def of(self, pupil: PupilRow) -> Markup:
        """Return what the row of a pupil opens to."""
        alone = replace(pupil, mentor="", mentors=(), mentor_key="")
        before, drawn = self.drawn.get(pupil.pupil_key, (None, Markup("")))
        if before != alone:
            # What most pages have is compared by identity: rows of a mentor share their parts.
            macros: Any = _environment().get_template("parts.html.j2").module
            table = evidence_texts.evidence_table(self.shown)(alone)
            drawn = Markup(macros.behind(self.shown, alone, table))  # noqa: S704 - a template's
            self.drawn[pupil.pupil_key] = alone, drawn
        return drawn


_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)
#: Of the list that was drawn last: a school's mentors come just before the school.
_LATEST: list[_Behind] = []


def _behind(watchlist: Watchlist) -> _Behind:
    shown = replace(
        watchlist,
        principal="",
        created_at=_WHENEVER,
        pupils_evaluated=0,
        protected_pupils=0,
        pupils=(),
        insufficient=(),
        unreported=(),
        cleared=(),
        notices=(),
        held=(),
        at_risk=(),
        thin=(),
        lost_rows=0,
        lessons_without_attendance=0,
        told_weeks=(),
    )
    if not _LATEST or _LATEST[0].shown != shown:
        _LATEST[:] = [_Behind(shown)]
    return _LATEST[0]


@cache
def _environment() -> Environment:
    made = environment(printable)
    made.filters["shown"] = shown
    made.globals.update(
        t=texts,
        h=headings,
        g=evidence_texts,
        o=outline,
        c=change_texts,
        m=mentor_texts,
        r=risk_texts,
        u=unseen_texts,
        d=decision_texts,
        e=explanations,
        f=follow_up_texts,
        heading_cells=heading_cells,
        row_cells=row_cells,
        y=year_texts,
        pupil_curve=pupil_curve,
        question_curve=question_curve,
    )
    return made


@cache
def _css() -> str:
    return (TEMPLATES / "watchlist.css").read_text(encoding="utf-8")


# Whoever prints an own list reads it on paper: nothing is smaller than 10 points.
_PORTRAIT = (
    "@page { size: A4 portrait; font-size: 10pt; }"
    "@media print { html { font-size: 11pt; }"
    " table, .small, footer, thead th { font-size: 10pt; }"
    # All rows have the same mentor: the room is the questions'.
    " .pupils .mentor { display: none; } .pupils .name { width: 22%; }"
    " .pupils .q-ulf { width: 15%; } .pupils td.absence { white-space: nowrap; } }\n"
)


# Status and days without an act have the pattern's room, and some of each other column's.
_WITH_FOLLOW_UP = (
    "@media screen and (min-width: 60.01rem) { .pupils > thead > tr, .pupil > tr:first-child {"
    " grid-template-columns: minmax(0, 14fr) minmax(0, 4.5fr) minmax(0, 4fr) minmax(0, 10fr)"
    " minmax(0, 8.5fr) minmax(0, 10.5fr) minmax(0, 8fr) minmax(0, 8fr) minmax(0, 8fr)"
    " minmax(0, 17fr) minmax(0, 7.5fr); } }\n"
    "@media print { .pupils .name { width: 14%; } .pupils .klass { width: 5%; }"
    " .pupils .grade { width: 4%; } .pupils .mentor { width: 10.5%; }"
    " .pupils .q-mentor { width: 9%; } .pupils .q-ulf { width: 10%; } .pupils .q-sst { width: 8%; }"
    " .pupils .absence { width: 8%; } .pupils .change { width: 8%; }"
    " .pupils .idle { width: 7%; } }\n"
)


def _style_sheet(watchlist: Watchlist, more: str) -> str:
    # The page margins of a print cannot take text from the document, only from the style sheet.
    margins = {
        "top-left": f'"{_css_text(texts.print_header(watchlist))}"',
        "top-right": f'"{_css_text(texts.PAGE)} " counter(page)',
        "bottom-left": f'"{_css_text(texts.DECISION)}"',
        "bottom-right": f'"{_css_text(texts.CARE_SHORT)}"',
    }
    boxes = " ".join(f"@{place} {{ content: {text}; }}" for place, text in margins.items())
    # On a phone a row is a card, and each value has its heading before it.
    labels = "".join(
        f'td.{name}::before {{ content: "{_css_text(_label(heading))}"; }}\n'
        for name, heading in pupil_headings(watchlist)
    )
    cards = f"@media screen and (max-width: 60rem) {{\n{labels}}}\n"
    followed = _WITH_FOLLOW_UP if watchlist.has_follow_up else ""
    return f"{_css()}{cards}@page {{ {boxes} }}\n{followed}{more}"


def _label(heading: str) -> str:
    return f"{heading} " if heading.endswith("?") else f"{heading}: "


def _css_text(text: str) -> str:
    # Everything but ASCII letters and digits as a code point, so that no text can end the string.
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in printable(text))
    return "".join(plain)


@cache
def _script() -> str:
    return (TEMPLATES / "watchlist.js").read_text(encoding="utf-8")
