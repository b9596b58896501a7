"""The Swedish words of the workbook alone: its sheets, and columns that hold one fact each.

Not here: what workbook and page both say (`headings.py`, `texts.py`, `decision_texts.py`).
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from fractions import Fraction

from assets.watchlists.decisions import Persistence
from assets.watchlists.model import Evidence, ListHistory, Watchlist
from assets.watchlists.swedish import change_texts, mentor_texts, texts

# --- sheets --------------------------------------------------------------------------------------
OVERVIEW = "Översikt"
PUPILS = "Elever"
GONE = "Inte längre på listan"
UNSEEN = "Elever vi inte kan se"
UNREPORTED = "Data saknas"
RISK = "Risk att nå gränsen"
WEEKS = "Vecka för vecka"
SCHOOL_WEEKS = "Skolans veckor"
PRINT = "Utskrift"
EVIDENCE = "Underlag"
METHOD = "Så räknas det"
#: What a reader finds on each sheet, for the contents.
ABOUT_SHEETS = {
    PUPILS: "Alla elever på listan, en rad var. Sortera och filtrera på vad som helst.",
    GONE: "De som stod på förra listan men inte på den här, och varför.",
    UNSEEN: "Elever utan lektioner, med tunt schema eller med för lite uppgifter för att bedöma.",
    UNREPORTED: "Lektioner som ingen har rapporterat, per klass och ämne.",
    RISK: "En statistisk uppskattning av vilka som kan nå en gräns. Ingen flagga.",
    WEEKS: "Varje elevs frånvaro varje vecka i år, som tal.",
    SCHOOL_WEEKS: "Hur många elever varje veckolista i år har haft under varje fråga.",
    mentor_texts.MENTORS: "Hur många elever varje mentor har på listan.",
    PRINT: "Listan på papper: ta med till mötet.",
    EVIDENCE: "Minuterna bakom varje gräns, en rad för varje prövning.",
    METHOD: "Gränserna med sina källor, begreppen och värdena.",
}

# --- the first sheet -----------------------------------------------------------------------------
H_QUESTION = "Att bedöma"
H_PUPILS = "Elever"
H_MEANING = "Vad det betyder"
SHARE = "Andel på listan"
UNASSESSED = "Går inte att bedöma"
UNASSESSED_MEANING = (
    "Uppgifterna räcker inte för minst en gräns. Det betyder inte att frånvaron är låg."
)
GONE_MEANING = "Stod på förra listan. Varför står för var och en."
ROWS = "Rader"
H_ABOUT_SHEET = "Vad som står där"

# --- columns of pupils ---------------------------------------------------------------------------
H_PERSISTENCE = "Läge"
PERSISTENCES = {
    Persistence.GOES_ON: "Pågår",
    Persistence.UNCLEAR: "Oklart",
    Persistence.LOWERED: "Minskat",
}
STATES = {
    "new": "Ny",
    "escalated": "Fler frågor",
    "continuing": "Kvar",
    "lowered": "Färre frågor",
}
_REASONS = {
    "late_data": "Sena uppgifter: gällde redan vid förra listan",
    "other_values": "Gränsens värde har ändrats",
    "improved": "Mindre frånvaro",
    "corrected": "Uppgifter har rättats",
    "insufficient": "Uppgifterna räcker inte",
}
H_REASON = "Varför ändrat"
H_WEEKS = "Veckor på listor i år"
H_FIRST_WEEK = "Första lista"
H_CALENDAR = "Frånvaro kalendermånad"
H_LEADING = "Gräns"
H_LEADING_WINDOW = "Gränsens fönster"
H_LEADING_SHARE = "Frånvaro i fönstret"
H_HOURS = "Timmar över gränsen"
H_BASIS = "Underlag"
CERTAINTIES = {"certain": "Säkert", "likely": "Troligt"}
H_THIN = "Schema mot klassens"
H_NOTE = "Att veta"

# --- columns of those who are gone or not seen ---------------------------------------------------
H_WHY_GONE = "Varför"
BEFORE = "Förut"
H_NO_LESSONS = "Inga lektioner"
H_UNASSESSED = "Gräns som inte går att bedöma"
H_NEXT = "Att göra"
YES = "Ja"
NOBODY_UNSEEN = "Ingen elev."

# --- columns of risk -----------------------------------------------------------------------------
H_STEP = "Kan nå"
_CHANCE = "Chans"
_LEAST_CHANCE, _MOST_CHANCE = Fraction(5, 100), Fraction(95, 100)
RISK_ROUNDED = "Chansen är avrundad till tiotal procent; 5 % är högst 5, och 95 % är minst 95."

# --- columns of weeks ----------------------------------------------------------------------------
WEEKS_LINE = (
    "Andel frånvaro av den rapporterade tiden på skolan, vecka för vecka. En tom cell: ingen"
    " lektion har rapporterats."
)
SCHOOL_WEEKS_LINE = (
    "Antal elever, som varje lista själv angav dem. En tom rad: skolan fick ingen lista den veckan."
)
H_WEEK = "Vecka"
H_SUNDAY = "Till och med"
H_EVALUATED = "Elever som ingår"
H_SHARE = "Andel på listan"
CHART_TITLE = "Elever på varje veckolista"

# --- columns of the evidence ---------------------------------------------------------------------
H_ASKED = "Fråga"
H_BASIS_OF_RULE = "Fönster"
H_FROM, H_TO = "Från", "Till"
H_VERDICT = "Utfall"
H_STEP_SHARE = "Gräns, andel"
H_MARGIN_MINUTES = "Minuter över gränsen"
H_MINUTES = ("Schemalagt, min", "Rapporterat, min", "Giltig, min", "Ogiltig, min", "Frånvaro, min")
H_LEAST, H_MOST = "Andel, lägst", "Andel, högst"
H_WHY = "Varför inte"
BASES = {"rolling": "Rullande", "calendar": "Kalender"}
VERDICTS = {"hit": "Nås", "insufficient": "Går inte att bedöma"}
REASONS = {
    "unreported": "Lektioner saknar rapport",
    "too_few_days": "För få skoldagar",
    "unknown_grade": "Årskursen saknas",
    "only_monthly_sums": "Bara summor per månad",
    "no_lessons": "Inga lektioner",
}
EVIDENCE_LINE = "En rad för varje gräns och fönster som nås eller inte går att bedöma. Minuter."
NO_EVIDENCE = "Ingen gräns nås."

# --- terms that mean another thing here than on the page
OWN_TERMS = {"Frånvaroandel": "A / R. En tom cell när ingen lektion är rapporterad, aldrig 0."}

# --- on paper ------------------------------------------------------------------------------------
#: Short, because a column on paper is narrow; the overview spells them out.
PRINTED_QUESTIONS = ("Mentor: följ upp", "Rektor: ULF", "Pröva SST?")
PRINT_LINE = (
    "ULF: upprepad eller längre frånvaro. SST: skolsocialt team. Nås: gränsen nås även om alla"
    " orapporterade lektioner var närvaro. Nås troligt: den nås i den rapporterade tiden."
)
PRINTED_STATES = {"new": "Ny", "escalated": "Högre", "continuing": "Kvar", "lowered": "Lägre"}
NOT_ASSESSED = "Går inte att bedöma: uppgifterna räcker inte"


def pupils_line(watchlist: Watchlist) -> str:
    """What a reader does with the sheet of all pupils."""
    return (
        f"{texts.pupils(len(watchlist.pupils))}. Pågående frånvaro först, sedan den högsta. Sortera"
        " och filtrera med pilarna."
    )


def more_first(count: int) -> str:
    """How many new or higher pupils had no place among the first."""
    return f"och {texts.pupils(count)} till med ny eller ökad frånvaro: se {PUPILS}"


def share_meaning(watchlist: Watchlist) -> str:
    """How many the share is made of: `38 av 312 elever som ingår.`."""
    everyone = texts.pupils(watchlist.pupils_evaluated)
    return f"{len(watchlist.pupils)} av {everyone} som ingår."


def since(watchlist: Watchlist) -> str:
    """What a list is compared with: `Sedan v. 45`; on a school year's first list none is named."""
    if watchlist.compared_with:
        return change_texts.heading(watchlist)
    return "Sedan förra listan"


def new_since(watchlist: Watchlist) -> str:
    """Whom a number of new ones is counted from: `Nya sedan v. 45`."""
    return f"Nya {since(watchlist).lower()}"


def reason(history: ListHistory | None) -> str:
    """Why a pupil's state is what it is, where it is not plain."""
    return _REASONS.get(history.reason, "") if history else ""


def hours(minutes: Decimal) -> Decimal:
    """A margin in hours, to hundredths away from zero: only what is at the step reads 0."""
    return (minutes / 60).quantize(Decimal("0.01"), ROUND_UP)


def verdict_reason(item: Evidence) -> str:
    """Why a rule can't be assessed, in a word or two; "" for a hit."""
    return REASONS.get(item.reason or "", "") if item.verdict != "hit" else ""


def rounded_chance(probability: float) -> Fraction:
    """A probability in tens of percent; the lowest means "at most", the highest "at least"."""
    share = Fraction(str(probability))
    if share < _LEAST_CHANCE:
        return _LEAST_CHANCE
    if share >= _MOST_CHANCE:
        return _MOST_CHANCE
    return Fraction(int(share * 10 + Fraction(1, 2)), 10)


def chance_heading(last_day: str, is_month_end: bool) -> str:
    """A heading that says for which day, and over which days the rate is taken."""
    return f"{_CHANCE} {last_day} ({'månaden' if is_month_end else '30 dagar'})"
