"""Deltagaruppföljningen as a workbook: its columns, and what stands in them.

Some columns the program fills in, the others are the team's: these are read back
(`case_reading.py`). No name and no number stands in it; who a case is, the pupil's page says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from assets.flags.what_if import UNKNOWN
from assets.follow_up import kinds
from assets.follow_up.standing import newest_of
from assets.watchlists.columns import Kind, ListColumn, ListTable, Value
from assets.watchlists.workbook.book import TableBook
from portal.follow_up.case_rows import SCHOOL_DAYS, Amount, CaseRow
from portal.follow_up.cases import PupilCase, said_in
from portal.follow_up.kinds import extent_in, measures, of_the_case
from rules.follow_up_words import case_words, step_words

SHEET = "Deltagaruppföljning"
_WORDS_SHEET = "Ord att välja bland"
_TITLE = "Deltagaruppföljning"
_LINE = (
    "En rad för varje ärende. Kolumnerna med ord att välja bland, utskrivningsdagen och skälet "
    "är teamets och läses tillbaka; allt annat fyller programmet i. "
    f"Frånvaro räknas över skolans {SCHOOL_DAYS} senaste skoldagar före dagen, av det som är "
    "rapporterat. Ett ärende finns med så länge samtycke finns och eleven hör till en skola i "
    "stadsdelen, eller hörde dit till sist: den som har lämnat skolan står så i kolumnen Läge."
)
_HEADER = "Innehåller uppgifter om enskilda elever"
#: In the place of a text that is not carried out of the portal.
TEXT_STAYS = "(står på elevens sida)"
SEXES = {"girl": "Flicka", "boy": "Pojke", UNKNOWN: "Uppgift saknas"}
_ENDS_WITH = "step_7_"

REFERENCE, VERSION, SCHOOL_CODE = "Ärende", "Läst till", "Skolenhetskod"
FACTORS, MEASURES = "Orsaksgrupper", "Insatser och omfattning"
ENDED_ON, ENDED_BY, WHY_EARLY = "Utskriven", "Avslutsorsak", "Varför i förtid"
STATE = "Läge"
RESULT, GOALS_MET = "Resultat", "Mål uppfyllda"
PUPIL, GUARDIAN = "Elevens nöjdhet", "Vårdnadshavares nöjdhet"
#: The kinds of events behind the columns with one word each.
KIND_OF = {
    RESULT: kinds.RESULT,
    GOALS_MET: kinds.GOAL_MET,
    PUPIL: kinds.PUPIL_SATISFACTION,
    GUARDIAN: kinds.GUARDIAN_SATISFACTION,
}


@dataclass(frozen=True)
class SheetColumn:
    """A column of the sheet.

    Attributes:
        heading: of the column.
        kind, width: how it looks.
        value: of a row.
        is_teams: filled in by the team, and read back.
    """

    heading: str
    kind: Kind
    width: float
    value: Callable[[CaseRow], Value]
    is_teams: bool = False


def ending_words() -> dict[str, str]:
    """Return how a case can end: what is stored, and what is read."""
    return {
        word.code: word.sv.partition(": ")[2].capitalize()
        for word in step_words().of_role("team")
        if word.code.startswith(_ENDS_WITH)
    }


def words_of(heading: str) -> dict[str, str]:
    """Return the words of a column: what is stored, and what is read; none for a free one."""
    if heading == ENDED_BY:
        return ending_words()
    kind = kinds.FACTOR if heading == FACTORS else KIND_OF.get(heading)
    return {word.code: word.sv for word in of_the_case()[kind]} if kind else {}


def measure_texts(case: PupilCase) -> list[str]:
    """Return a case's measures, each with how often it is carried out where that was said."""
    extents = {word.code: word.sv for word in case_words().extents}
    said = dict(extent_in(fact.value) for fact in said_in(case, kinds.MEASURE_EXTENT))
    names = measures()
    chosen = dict.fromkeys(fact.value for fact in said_in(case, kinds.MEASURE))
    return [
        f"{names.get(one, one)} ({extents.get(said[one], said[one]).lower()})"
        if one in said
        else names.get(one, one)
        for one in chosen
    ]


def columns() -> tuple[SheetColumn, ...]:
    """Return the sheet's columns, in order."""
    return (
        SheetColumn(REFERENCE, "name", 17, lambda row: row.case.reference),
        SheetColumn(VERSION, "count", 8, lambda row: row.case.seen),
        SheetColumn(SCHOOL_CODE, "word", 12, lambda row: row.school_unit_code),
        SheetColumn("Skola", "text", 24, lambda row: row.school_name),
        SheetColumn(STATE, "word", 18, _state),
        SheetColumn("Kön", "word", 14, lambda row: SEXES[row.sex]),
        SheetColumn("Inskriven", "date", 12, lambda row: row.began.day),
        SheetColumn("Årskurs vid inskrivning", "grade", 12, lambda row: _grade(row.began.grade)),
        SheetColumn("Ålder vid inskrivning", "count", 12, lambda row: row.began.age),
        *_absence("inskrivning", lambda row: row.began.absence),
        SheetColumn(FACTORS, "text", 26, _factors, is_teams=True),
        SheetColumn(
            MEASURES, "text", 40, lambda row: "; ".join(measure_texts(row.case)), is_teams=True
        ),
        SheetColumn(
            ENDED_ON, "date", 12, lambda row: row.ended.day if row.ended else None, is_teams=True
        ),
        SheetColumn(
            ENDED_BY,
            "word",
            14,
            lambda row: ending_words().get(row.case.ended_word, ""),
            is_teams=True,
        ),
        SheetColumn(WHY_EARLY, "text", 24, _why_early, is_teams=True),
        SheetColumn(
            "Årskurs vid avslut",
            "grade",
            12,
            lambda row: _grade(row.ended.grade) if row.ended else None,
        ),
        SheetColumn(
            "Ålder vid avslut", "count", 12, lambda row: row.ended.age if row.ended else None
        ),
        *_absence("avslut", lambda row: row.ended.absence if row.ended else None),
        *(
            SheetColumn(heading, "text", 20, _word_of(heading), is_teams=True)
            for heading in KIND_OF
        ),
    )


def _absence(
    moment: str, of_row: Callable[[CaseRow], Amount | None]
) -> tuple[SheetColumn, SheetColumn, SheetColumn]:
    def rate(row: CaseRow) -> Value:
        found = of_row(row)
        return found.rate if found else None

    def coverage(row: CaseRow) -> Value:
        found = of_row(row)
        return found.coverage if found else None

    def days(row: CaseRow) -> Value:
        found = of_row(row)
        return found.school_days if found else None

    return (
        SheetColumn(f"Frånvaro vid {moment}", "percent", 12, rate),
        SheetColumn(f"Rapporterat vid {moment}", "percent", 13, coverage),
        SheetColumn(f"Skoldagar vid {moment}", "count", 11, days),
    )


def _grade(value: int | None) -> Value:
    return "F" if value == 0 else value


def _state(row: CaseRow) -> Value:
    if row.ended:
        return "Avslutat"
    # The team says when and why it ended; until then nobody is simply missing.
    return "Har lämnat skolan" if row.has_left else "Pågår"


def _factors(row: CaseRow) -> Value:
    names = words_of(FACTORS)
    said = dict.fromkeys(fact.value for fact in said_in(row.case, kinds.FACTOR))
    return "; ".join(names.get(one, one) for one in said)


def _why_early(row: CaseRow) -> Value:
    # What people wrote themselves can tell who it is; a file travels further than a page.
    return TEXT_STAYS if row.case.ended_by and row.case.ended_by.text else ""


def _word_of(heading: str) -> Callable[[CaseRow], Value]:
    def word(row: CaseRow) -> Value:
        newest = newest_of(row.case.facts, KIND_OF[heading])
        return words_of(heading).get(newest.value, newest.value) if newest else ""

    return word


def workbook_of(rows: Sequence[CaseRow], made_at: datetime) -> bytes:
    """Return the workbook: the sheet, and beside it the words that its columns know."""
    book = TableBook(_TITLE, _HEADER, made_at)
    table: ListTable[CaseRow] = ListTable(
        tuple(
            ListColumn(column.heading, column.kind, column.width, column.value)
            for column in columns()
        ),
        tuple(rows),
        "Inget ärende.",
    )
    book.add_table_sheet(SHEET, _TITLE, _LINE, table)
    known: list[tuple[str, str]] = [
        (column.heading, word) for column in columns() for word in words_of(column.heading).values()
    ]
    known += [(MEASURES, item) for item in measures().values()]
    known += [(f"{MEASURES}, inom parentes", word.sv.lower()) for word in case_words().extents]
    words: ListTable[tuple[str, str]] = ListTable(
        (
            ListColumn("Kolumn", "name", 34, lambda row: row[0]),
            ListColumn("Ord", "text", 60, lambda row: row[1]),
        ),
        tuple(known),
        "",
    )
    line = "Flera orsaksgrupper eller insatser skiljs åt med semikolon."
    book.add_table_sheet(_WORDS_SHEET, _WORDS_SHEET, line, words)
    made = BytesIO()
    book.save(made)
    return made.getvalue()
