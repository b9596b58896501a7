"""The last sheet of a workbook: the rules as they were applied, the terms and the values.

It is read and not sorted: it has no filter.
"""

from __future__ import annotations

from operator import itemgetter

from assets.watchlists.columns import ListColumn, ListTable
from assets.watchlists.model import RuleExplanation, Watchlist
from assets.watchlists.swedish import decision_texts, risk_texts, rule_texts, texts
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.sheet import ListSheet

_PLAIN_HEADING = 20  # points: a heading row of one line
_WIDTHS: list[float] = [34, 22, 28, 14, 10, 44]


def fill_method(sheet: ListSheet, watchlist: Watchlist) -> None:
    """Write the rules, the terms and the values that rules share, with their sources."""
    sheet.put_title(w.METHOD, texts.METHOD_LINE)
    last = len(_WIDTHS)
    row = sheet.put_table(_rule_table(watchlist), 3, _PLAIN_HEADING) + 2
    sheet.put(row, 1, h.DEFINITIONS, "lista avsnitt")
    for term, meaning in h.terms(watchlist.one_month_days, watchlist.two_months_days):
        row += 1
        sheet.put(row, 1, term, "lista viktig")
        sheet.put(row, 2, w.OWN_TERMS.get(term, meaning), "lista rad")
    if watchlist.at_risk:
        row += 1
        sheet.put(row, 1, w.RISK, "lista viktig")
        sheet.put(row, 2, risk_texts.MEANING, "lista text")
        sheet.widen(row, 2, last, "lista text")
        sheet.fit_height(row, [(risk_texts.MEANING, sum(_WIDTHS[1:]))])
    row += 2
    sheet.put(row, 1, h.PARAMETERS, "lista avsnitt")
    values = _parameter_table(watchlist)
    last_row = sheet.put_table(values, row + 1, _PLAIN_HEADING)
    # The sources have the room of all columns that the rules have to the right of the values.
    for number in range(row + 1, last_row + 1):
        style = "lista rubrik" if number == row + 1 else "lista text"
        sheet.widen(number, len(values.columns), last, style)
    sheet.set_widths(_WIDTHS)
    sheet.keep_headings(2)


def _rule_table(watchlist: Watchlist) -> ListTable[RuleExplanation]:
    questions = {q.value: words for q, words in decision_texts.QUESTIONS.items()}
    columns: tuple[ListColumn[RuleExplanation], ...] = (
        ListColumn(h.H_LIMIT, "text", _WIDTHS[0], rule_texts.rule_name),
        ListColumn(w.H_ASKED, "text", _WIDTHS[1], lambda rule: questions[rule.level]),
        ListColumn(h.H_COUNTED, "text", _WIDTHS[2], rule_texts.counted),
        ListColumn(h.H_MIN_DAYS, "text", _WIDTHS[3], rule_texts.min_days),
        ListColumn(h.H_GRADES, "brief", _WIDTHS[4], lambda rule: texts.grades(rule.grades)),
        ListColumn(h.H_SOURCES, "text", _WIDTHS[5], lambda r: rule_texts.sources(r.references)),
    )
    return ListTable(columns, watchlist.rules, "")


def _parameter_table(watchlist: Watchlist) -> ListTable[tuple[str, str, str]]:
    def name(row: tuple[str, str, str]) -> str:
        return rule_texts.as_sentence(rule_texts.parameter(row[0]))

    columns: tuple[ListColumn[tuple[str, str, str]], ...] = (
        ListColumn(h.H_PARAMETER, "text", _WIDTHS[0], name),
        ListColumn(h.H_VALUE, "brief", _WIDTHS[1], lambda row: rule_texts.value(row[1])),
        ListColumn(h.H_SOURCE, "text", sum(_WIDTHS[2:]), itemgetter(2)),
    )
    return ListTable(columns, watchlist.shared_parameters, "")
