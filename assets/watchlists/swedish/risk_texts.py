"""The Swedish words, and the columns, of the section of pupils at risk of reaching a step.

Here: one part of a list, apart from flags: a statistical estimate, of which a person makes what
it is worth. Not here: who is in it (`collect/content.py`).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from assets.watchlists.columns import ListColumn, ListTable
from assets.watchlists.model import AtRiskRow, Chance, Watchlist
from assets.watchlists.outline import full_name
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import texts
from assets.watchlists.swedish.safe_text import one_line

SECTION = "Risk att nå gränsen"
LINE = (
    "En statistisk uppskattning, ingen flagga: eleverna är inte över gränsen för en månad i dag,"
    " och många kommer aldrig över den. Använd den till att fråga tidigt hur eleven har det."
)
MEANING = (
    "Chansen räknas ut från elevens frånvaro hittills, skoldagarna som är kvar och hur det gick för"
    " elever med liknande frånvaro tidigare i skolorna som ingår. Kön, årskurs, klass och orsak är"
    " inte med i uträkningen; årskursen avgör bara vilka gränser som visas. Att nå en gräns på"
    " en månad ger inte alltid en flagga, för vissa regler kräver mer. Lov som ligger framåt är"
    " okända. Den som känner eleven vet mer."
)
H_STEP = "Gräns"
_H_CHANCE = "Chans att vara över"
NOBODY = "Ingen elev."
_LEAST, _MOST = 5, 95


def section_line(watchlist: Watchlist) -> str:
    """What the section is, with how many pupils stand in it."""
    return f"{texts.pupils(len(watchlist.at_risk))}. {LINE}"


def step(row: AtRiskRow) -> str:
    """`risk att nå gränsen 20 % på en månad`; who is over it for two months can be under here."""
    value = Decimal(row.threshold_bp).scaleb(-2)
    return f"risk att nå gränsen {texts.number(value)} % på en månad"


def chance(found: Chance | None) -> str:
    """A probability in tens of percent: `cirka 40 %`; an estimate is not more exact than that."""
    if found is None:
        return texts.NO_VALUE
    percent = found.probability * 100
    if percent < _LEAST:
        return "under 5 %"
    if percent >= _MOST:
        return "över 95 %"
    return f"cirka {int(percent / 10 + 0.5) * 10} %"


def at_risk_table(watchlist: Watchlist) -> ListTable[AtRiskRow]:
    """The pupils at risk, the highest step first."""
    rows = watchlist.at_risk
    month = next((row.month_end.day for row in rows if row.month_end), None)
    weeks = next((row.four_weeks.day for row in rows if row.four_weeks), None)
    columns: tuple[ListColumn[AtRiskRow], ...] = (
        ListColumn(H_STEP, "text", 38, step),
        ListColumn(h.H_NAME, "name", 28, full_name),
        ListColumn(h.H_CLASS, "brief", 9, lambda row: row.school_class),
        ListColumn(h.H_GRADE, "brief", 6, lambda row: texts.grade(row.grade)),
        ListColumn(h.H_MENTOR, "text", 24, lambda row: one_line(row.mentor) or h.NO_MENTOR),
        ListColumn(
            h.over(h.H_ABSENCE, watchlist.one_month_days),
            "percent",
            12,
            lambda row: row.one_month.rate,
        ),
        *((_chance_column(month, "month_end"),) if month else ()),
        *((_chance_column(weeks, "four_weeks"),) if weeks else ()),
    )
    return ListTable(columns, rows, NOBODY)


def _chance_column(last: date, horizon: str) -> ListColumn[AtRiskRow]:
    """A column whose heading says for which day, and over which days the rate is taken."""
    by = "månaden" if horizon == "month_end" else "30 dagar"
    heading = f"{_H_CHANCE} {texts.short_days([last])} ({by})"
    return ListColumn(heading, "brief", 24, lambda row: chance(getattr(row, horizon)))
