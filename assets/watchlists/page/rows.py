"""A page's tables of pupils, a row each, and of other things, as HTML.

In Python and not in a template: a page has ten thousand cells, which a template takes several times
as long for. Not here: what a pupil's row opens to and the page around (`templates/`), words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from markupsafe import Markup, escape

from assets.watchlists import outline
from assets.watchlists.columns import Kind, ListColumn, RowT, Value
from assets.watchlists.decisions import Question, Reply, answer
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.swedish import (
    change_texts,
    decision_texts,
    follow_up_texts,
    headings,
    pattern_texts,
    rule_texts,
    texts,
)
from assets.watchlists.swedish.safe_text import one_line, printable

# By what rows are sought: the script finds a cell by its class, in every table.
_SOUGHT = {headings.H_MENTOR: " mentor", headings.H_CLASS: " klass"}
_RANKS = {Reply.YES: 3, Reply.LIKELY: 2, Reply.UNCLEAR: 1, Reply.NO: 0}
_QUESTION_CLASSES = {Question.MENTOR: "q-mentor", Question.ULF: "q-ulf", Question.SST: "q-sst"}


def pupil_headings(watchlist: Watchlist) -> tuple[tuple[str, str], ...]:
    """The columns of a pupil's row: the class of its cells, and the heading."""
    change = change_texts.heading(watchlist) if watchlist.compared_with else headings.H_CHANGE
    return (
        ("name", headings.H_NAME),
        ("klass", headings.H_CLASS),
        ("grade", headings.H_GRADE),
        ("mentor", headings.H_MENTOR),
        *(
            (_QUESTION_CLASSES[question], decision_texts.QUESTIONS[question])
            for question in Question
        ),
        ("absence", headings.over(headings.H_ABSENCE, watchlist.one_month_days)),
        ("change", change),
        *(
            (("follow-up", follow_up_texts.H_FOLLOW_UP), ("idle", follow_up_texts.H_IDLE))
            if watchlist.has_follow_up
            else (("pattern", headings.H_PATTERN),)
        ),
    )


def pupil_cells(watchlist: Watchlist, pupil: PupilRow) -> Markup:
    """A pupil's line: who, the three questions, how much, what changed, and the rest in brief."""
    cells = [
        _opener(outline.full_name(pupil)),
        _plain("klass", pupil.school_class),
        _plain("grade", texts.grade(pupil.grade)),
        _plain("mentor", one_line(pupil.mentor) or headings.NO_MENTOR),
        *(_answer(watchlist, pupil, question) for question in Question),
        _plain("absence", texts.percent(pupil.one_month.rate)),
        _plain("change", change_texts.on_row(pupil) if watchlist.compared_with else ""),
        *(_follow_up(pupil) if watchlist.has_follow_up else (_pattern(pupil),)),
    ]
    return _joined(cells)


def _pattern(pupil: PupilRow) -> str:
    pattern = pattern_texts.brief(pupil.pattern).partition(" · ")[0]
    return _plain("pattern", rule_texts.as_sentence(pattern))


def _follow_up(pupil: PupilRow) -> tuple[str, ...]:
    days = follow_up_texts.idle(pupil.follow_up)
    return (
        _plain("follow-up", follow_up_texts.on_row(pupil)),
        _plain("idle", "" if days is None else str(days)),
    )


def _opener(name: str) -> str:
    # What it opens is the row below, which a style sheet shows: a cell has no room for it.
    summary = f"<summary><bdi>{_written(name)}</bdi></summary>"
    return f'<th scope="row" class="name"><details>{summary}</details></th>\n'


def _answer(watchlist: Watchlist, pupil: PupilRow, question: Question) -> str:
    found = answer(watchlist, pupil, question)
    kind = f"q {_QUESTION_CLASSES[question]}"
    if found is Reply.NO:
        return f'<td class="{kind}" data-rank="0"></td>\n'
    symbol = decision_texts.SYMBOLS[found]
    word = decision_texts.answer_on_row(watchlist, pupil, question)
    return (
        f'<td class="{kind} {found.value}" data-rank="{_RANKS[found]}">'
        f'<span aria-hidden="true">{symbol}</span> {_written(word)}</td>\n'
    )


def _plain(kind: str, text: str) -> str:
    return f'<td class="{kind}">{_written(text)}</td>\n'


def heading_cells(columns: Sequence[ListColumn[RowT]]) -> Markup:
    """The headings of a plain table's columns."""
    return _headings(tuple((column.kind, column.heading) for column in columns))


# Every pupil's table of verdicts has the same.
@lru_cache(maxsize=256)
def _headings(columns: tuple[tuple[Kind, str], ...]) -> Markup:
    return _joined(
        f'<th scope="col"{_class(kind)}>{_written(heading)}</th>\n' for kind, heading in columns
    )


def row_cells(columns: Sequence[ListColumn[RowT]], row: RowT) -> Markup:
    """A row's values under the same columns."""
    return _joined(_cell(column, column.value(row)) for column in columns)


def _cell(column: ListColumn[RowT], value: Value) -> str:
    kind, text = column.kind, _written(shown(value, column.kind))
    if kind == "name":
        return f'<th scope="row" class="name"><bdi>{text}</bdi></th>\n'
    if kind == "level" and isinstance(value, int):
        return f'<td class="level"><span class="badge level-{value}">{text}</span></td>\n'
    return f"<td{_class(kind, _SOUGHT.get(column.heading, ''))}>{text}</td>\n"


def _class(kind: Kind, sought: str = "") -> str:
    # Text is what a cell of a table has unless it says so: most cells of a page would say it.
    return "" if kind == "text" and not sought else f' class="{kind}{sought}"'


def _joined(cells: Iterable[str]) -> Markup:
    return Markup("".join(cells))  # noqa: S704 - every text in them has passed `_written`


@lru_cache(maxsize=4096)
def _written(text: str) -> str:
    # The same few words, days and shares stand in most cells.
    return str(escape(printable(text)))


def shown(value: Value, kind: Kind) -> str:
    """A table value as text: a share with a decimal comma, `–` for what is undefined."""
    if isinstance(value, str):
        return value
    if kind == "level" and isinstance(value, int):
        return texts.LEVELS[value]
    if value is None:
        return texts.NO_VALUE
    if isinstance(value, int):
        return texts.grade(value) if kind == "grade" else str(value)
    if isinstance(value, Decimal):
        return texts.number(value)
    return value.isoformat() if isinstance(value, date) else texts.percent(value)
