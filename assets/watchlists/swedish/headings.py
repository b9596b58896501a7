"""The fixed Swedish words of a school's list: sheets, sections, columns, terms.

Here: names and definitions. Not here: sentences about a school or a pupil (`texts.py`).
"""

from __future__ import annotations

# --- sheets and sections -------------------------------------------------------------------------
SUMMARY = "Sammanfattning"
PRINCIPAL = "Rektor"
NO_MENTOR = "Mentor saknas"
INSUFFICIENT = "Data saknas"
CLEARED = "Inte längre på listan"
METHOD = "Så räknas det"
ABOUT = "Om listan"
RULES = "Gränserna"
DEFINITIONS = "Begrepp"
PARAMETERS = "Gemensamma värden"
UNASSESSED_PUPILS = "Elever med gränser som inte går att bedöma"
UNREPORTED = "Lektioner utan rapport"
CONTENTS = "Innehåll"
EVIDENCE = "Underlag"
UNSEEN = "Elever vi inte kan se"
FIND = "Sök och sortera"
FIND_NAME = "Sök namn"
ALL_MENTORS = "Alla mentorer"
ALL_CLASSES = "Alla klasser"
ALL_QUESTIONS = "Alla frågor"
SHOW_ALL = "Visa alla"
SHOWN_OF = "Visar {shown} av {all} elever"
QUESTION = "Fråga"
SKIP = "Hoppa till innehållet"
TO_TOP = "Till sidans början"

# --- the summary ---------------------------------------------------------------------------------
PROTECTED = "Skyddade uppgifter"
SCHOOL = "Skola"
SCHOOL_UNIT_CODE = "Skolenhetskod"
DISTRICT = "Stadsdelsområde"
WEEK = "Vecka"
AS_OF = "Uppgifter till och med"
CREATED = "Listan skapad"
STATUS = "Status"
EVALUATED = "Elever som ingår"
RULE_SET = "Regler"

# --- columns of pupils ---------------------------------------------------------------------------
H_LEVEL = "Fråga"
H_PREVIOUS = "Fråga förut"
H_WHY = "Varför"
H_CLOCK = "På listor i år"
H_HIGHEST = "Mest i år"
H_NAME = "Namn"
H_CLASS = "Klass"
H_GRADE = "Åk"
H_MENTOR = "Mentor"
H_NEXT = "Nästa steg"
H_CALENDAR = "Senaste kalendermånad"
H_PATTERN = "Mönster"
H_MARGIN = "Marginal"
# With the length of the rolling window added, see `over`.
H_ABSENCE = "Frånvaro"
H_VALID = "Giltig"
H_INVALID = "Ogiltig"
H_DAYS = "Skoldagar"
H_CHANGE = "Ändring"
H_COVERAGE = "Rapporterad tid"

# --- columns of what is missing ------------------------------------------------------------------
H_PUPIL = "Elev"
H_SUBJECT = "Ämne"
H_WHEN = "Lektioner, senaste först"
H_LESSONS = "Lektioner utan rapport"
H_RECENT_LESSONS = "Varav de senaste 14 dagarna"
H_PUPIL_LESSONS = "Elevlektioner utan rapport"
H_FIRST = "Första dag"
H_LAST = "Senaste dag"

# --- columns of evidence, rules and values -------------------------------------------------------
H_LIMIT = "Gräns"
H_WINDOW = "Fönster"
H_VERDICT = "Utfall"
H_RATE = "Frånvaro"
H_COUNTED = "Hur det räknas"
H_MIN_DAYS = "Minst skoldagar"
H_GRADES = "Årskurser"
H_SOURCES = "Källor"
H_PARAMETER = "Vad"
H_VALUE = "Värde"
H_SOURCE = "Källa"

# --- what stands behind a row, folded out -------------------------------------------------------
AHEAD = "Framåt"
PATTERN = "Hur frånvaron ligger på skolan"

# --- terms, each definition short enough for one printed line ------------------------------------
_TERMS = (
    ("Schemalagd tid (S)", "Minuter för elevens lektioner. Inställda lektioner räknas inte."),
    ("Rapporterad tid (R)", "Den del av S där läraren har rapporterat närvaron."),
    ("Giltig frånvaro (V)", "Rapporterade frånvarominuter som är anmälda eller beviljade."),
    ("Ogiltig frånvaro (I)", "Rapporterade frånvarominuter utan giltigt skäl."),
    ("Frånvaro (A)", "A = V + I. Båda räknas, alltid. Annan skolaktivitet räknas som närvaro."),
    ("Frånvaroandel", "A / R. Skrivs – när ingen lektion är rapporterad, aldrig 0."),
    ("Lägst", "A / S: andelen om eleven var närvarande på alla orapporterade lektioner."),
    ("Högst", "(A + S − R) / S: andelen om eleven var borta från alla orapporterade lektioner."),
    ("Rapporterad tid, andel", "R / S. När den är låg går det inte alltid att bedöma en gräns."),
    (
        "Underlag: säkert",
        "Gränsen nås även om eleven var närvarande på alla orapporterade lektioner.",
    ),
    (
        "Underlag: troligt",
        "Gränsen nås i den rapporterade tiden, men det kan ändras när allt är rapporterat.",
    ),
    ("Skoldagar", "Dagar med minst en rapporterad lektion."),
    ("{month} och {two} dagar", "Dagarna till och med listans datum: den tidiga signalen."),
    ("Kalendermånad", "Senaste hela månaden, eller de två senaste: den officiella siffran."),
    ("Läsårsgräns", "Inget fönster går över den 1 juli."),
    ("Marginal", "Frånvarotid över eller under gränsen, i den rapporterade tiden."),
    (
        "Framåt",
        "Tidigaste dag en gräns kan nås, eller lämnas med full närvaro. Ingen prognos.",
    ),
    ("Missade lektioner i rad", "Så många av elevens kommande lektioner, den första först."),
    ("Mönster", "Var frånvaron ligger på elevens nuvarande skola. Det säger inget om orsaken."),
    ("Sammanhängande", "Det mesta av frånvaron ligger i långa perioder av hela frånvarodagar."),
    ("Utspridd", "Lite eller inget av frånvaron ligger i långa perioder av hela frånvarodagar."),
    ("En veckodag", "Nämns bara när frånvaron ligger mer där än slumpen brukar lägga den."),
    (
        "Ett ämne, en första eller sista lektion",
        "Nämns bara när just den missas oftare än slumpen brukar välja den av dagens lektioner.",
    ),
    (
        "Ökade före perioden",
        "Veckorna före den tid som listan gäller, mot lika många dessförinnan.",
    ),
    (
        "Utan lektioner",
        "På elevlistan, utan en lektion fast klassen har haft det. Inställda räknas inte.",
    ),
    ("Tunt schema", "Schemalagd tid per skoldag för klassen, mot klassens median. Avgör inget."),
    ("Avrundning", "Procent kortas nedåt till en decimal; jämförelsen görs på hela minuter."),
)

# In the order in which a rule's sources are given.
PARAMETER_NAMES = {
    "threshold": "gräns",
    "comparison": "precis på gränsen",
    "method": "hur två månader räknas",
    "min_days": "minst skoldagar",
    "min_days_each_half": "minst skoldagar i varje halva",
    "grades": "årskurser",
    "window.one_month_days": "rullande fönster, 1 månad",
    "window.two_months_days": "rullande fönster, 2 månader",
    "coverage.floor": "lägsta andel rapporterad tid",
    "leaver.after_days": "tid utan lektioner innan en elev räknas som slutat",
    "sums.full_day_minutes": "tid som räknas som en skoldag i månadssummor",
    "unseen.after_days": "tid utan lektioner innan en elev nämns bland elever utan lektioner",
    "unseen.class_days": "minst så många dagar med lektioner för klassen på den tiden",
    "thin.share": "ett schema under denna andel av klassens median nämns som tunt",
    "norm.least_rows": "minst så stor del av skolans vanliga rader en dag",
    "norm.most_unreported": "högst så stor del av en dags tid utan rapport",
    "norm.most_doubled": "högst så stor del av en dags lektioner samtidigt",
    "norm.most_refused": "högst så stor del av en dags rader avvisade",
    "silence.rhythm_days": "dagar som visar hur ofta en skola skickar uppgifter",
    "silence.most_school_days": "högst så många skoldagar på en gång från en skola",
    "silence.most_late_days": "högst så många skoldagar som uppgifter får dröja",
    "silence.alone_days": "så många skoldagar utan uppgifter från någon skola innan listan väntar",
    "silence.sums_days": "dagar efter en månads slut då dess summor ska ha kommit",
    "pattern.whole_day_share": "mönster: andel av dagen som är en hel frånvarodag",
    "pattern.missed_share": "mönster: andel av lektionen som är en missad lektion",
    "pattern.run_days": "mönster: skoldagar i rad som är en lång period",
    "pattern.coherent_share": "mönster: andel i långa perioder som är sammanhängande",
    "pattern.scattered_share": "mönster: högsta andel i långa perioder som är utspridd",
    "pattern.min_days": "mönster: minst skoldagar",
    "pattern.min_absent_days": "mönster: minst dagar med frånvaro",
    "pattern.named_days": "mönster: minst dagar med missad lektion som en veckodag eller trend har",
    "pattern.named_spells": "mönster: minst så många skilda perioder som de dagarna ligger i",
    "pattern.most_chance": "mönster: slumpen lägger frånvaron så i högst denna andel av fallen",
    "pattern.subject_days": "mönster: minst dagar med ett ämne, och med övriga",
    "pattern.clear_difference": "mönster: procentenheter över det övriga",
    "pattern.trend_difference": "mönster: procentenheter mellan veckorna och lika många före",
    "pattern.trend_days": "mönster: minst skoldagar i de jämförda veckorna",
    "forecast.least_probability": "lägsta uppskattade chans i ”risk att nå gränsen”",
}


def over(heading: str, days: int) -> str:
    """A heading of what is measured over a rolling window: `Frånvaro 30 dagar`."""
    return f"{heading} {days} dagar"


def terms(one_month_days: int, two_months_days: int) -> tuple[tuple[str, str], ...]:
    """The terms with their definitions, where the rolling windows are this long."""
    return tuple(
        (term.format(month=one_month_days, two=two_months_days), meaning)
        for term, meaning in _TERMS
    )
