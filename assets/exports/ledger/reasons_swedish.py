"""The problem codes in Swedish, for the summary that goes back to a school's administrator.

The same codes as `reasons.py`; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.exports.ledger.object_reasons import SWEDISH, SWEDISH_FIX

_MINUTER = "hela minuter, till exempel 60"
_SKRIV_MINUTER = "Skriv hela minuter. Lämna alla minutceller tomma om ingen har rapporterat."
_DAG = "ett datum som 2026-10-05"
_SKRIV_NUMMER = "Rätta elevens nummer i skolsystemet och exportera igen."
_INGEN_DAG = "slutdatumet, som ska vara dagen efter den sista, är den första dagen"
_EXPORTERA = "Exportera filen igen och skicka den utan att öppna den i ett kalkylprogram."

_FRAGA = "Fråga den som sköter senders.yaml om avsändaren ska ha den rätten."

_FEL = {
    "before_the_senders": "dagen ligger före den första som avsändaren får uttala sig om",
    "missing": "cellen är tom",
    "unreadable": "värdet går inte att läsa",
    "negative": "minuterna är negativa",
    "not_split": "cellen har inte den form som layouten säger",
    "beside": "minuter bredvid en kod för närvaro eller för en lektion som ingen har rapporterat",
    "unknown": "koden finns inte i layoutens tabell",
    "decimals": "decimaler i en kolumn som ingen har sagt enheten för: timmar eller andel?",
    "not_whole": "timmar eller andel som inte är ett helt antal minuter",
    "not_believed": (
        "dagen ligger mer än tio läsår före filens export eller mer än 366 dagar efter den"
    ),
}
# Column: what was expected, how to mend it.
_KOLUMNER = {
    "school_unit_code": (
        "skolenhetskod, 8 siffror",
        "Skriv koden med 8 siffror, i en kolumn formaterad som text.",
    ),
    "lesson_date": (_DAG, "Skriv dagen som 2026-10-05."),
    "start_date": (f"{_DAG}, eller tomt", "Skriv dagen som 2026-10-05, eller lämna cellen tom."),
    "end_date": (f"{_DAG}, eller tomt", "Skriv dagen som 2026-10-05, eller lämna cellen tom."),
    "changed_date": (f"{_DAG}, eller tomt", "Skriv dagen som 2026-10-05, eller lämna cellen tom."),
    "first_date": (_DAG, "Skriv dagen som 2026-10-05."),
    "last_date": (
        f"{_DAG}, tidigast den första dagen",
        "Skriv dagen som 2026-10-05.",
    ),
    "start_time": ("en tid som 08:20", "Skriv starttiden som 08:20."),
    "scheduled_minutes": (
        "1 till 600 hela minuter",
        "Ge lektionen en längd i hela minuter, eller en sluttid.",
    ),
    "present_minutes": (_MINUTER, _SKRIV_MINUTER),
    "valid_minutes": (_MINUTER, _SKRIV_MINUTER),
    "invalid_minutes": (_MINUTER, _SKRIV_MINUTER),
    "other_minutes": (_MINUTER, _SKRIV_MINUTER),
    "reported": ("Ja eller Nej", "Skriv Ja eller Nej."),
    "cancelled": ("Ja eller Nej", "Skriv Ja eller Nej."),
    "grade": ("årskurs 0-9, eller F för förskoleklass", "Skriv 0 till 9, eller F."),
    "class_name": (
        "en klass som 8A",
        "Skriv klassen som 8A, i en kolumn formaterad som text.",
    ),
    "protected": (
        "Ingen, Sekretessmarkering eller Skyddad folkbokföring",
        "Skriv ett av de tre orden precis som det står här.",
    ),
    "civic_no": (
        "ett identitetsnummer med 12 siffror, ååååmmdd-nnnn, eller ett TF-nummer",
        "Skriv numret med 12 siffror, i en kolumn formaterad som text.",
    ),
    "row": ("en hel rad med lika många celler som rubriken, en gång", _EXPORTERA),
    "week": ("en vecka med sitt år, till exempel 2026-W41", "Skriv veckan som 2026-W41."),
    "cell": ("en cell med layoutens form", "Skriv cellen som de andra i samma kolumn."),
    "code": (
        "en kod ur layoutens tabell",
        "Rätta koden, eller be om att den läggs till i tabellen.",
    ),
    "code_minutes": (_MINUTER, "Skriv frånvarons minuter, bara bredvid en kod för frånvaro."),
    "school_name": ("skolans namn", "Skriv skolans namn."),
    "month": (
        "en hel månad som 2026-10, i en kolumn eller i filens namn",
        "Skriv månaden som 2026-10, eller lägg _2026-10_ i filens namn.",
    ),
    "period_end": (f"{_DAG}, efter den första dagen", "Skriv dagen efter den sista."),
    "reported_minutes": (_MINUTER, _SKRIV_MINUTER),
}
# Code: what is wrong, and how to mend it where the column's own words don't do.
_KODER = {
    "scheduled_minutes.out_of_range": (
        "lektionens längd är under 1 eller över 600 minuter",
        "Rätta lektionens start och slut i skolsystemet.",
    ),
    "valid_minutes.above_length": (
        "frånvaron och annat skoluppdrag är tillsammans längre än lektionen",
        "Rätta frånvaron eller lektionens längd.",
    ),
    "present_minutes.sum_differs": (
        "närvaro och frånvaro blir tillsammans inte lektionens längd",
        "Inget måste göras. Se över lektionen om det händer ofta.",
    ),
    "valid_minutes.above_reported": (
        "frånvaron är längre än den rapporterade tiden",
        "Rätta frånvaron eller den rapporterade tiden.",
    ),
    "reported_minutes.above_scheduled": (
        "mer tid är rapporterad än vad som är schemalagt",
        "Rätta minuterna eller undervisningstiden.",
    ),
    "month.not_a_month": (
        "perioden är inte en kalendermånad, så summorna räknas inte",
        "Exportera hela kalendermånader.",
    ),
    "school_unit_code.zeros_restored": (
        "koden är ändrad av ett kalkylprogram och har lagats",
        "",
    ),
    "reported.no_but_minutes": (
        "inte rapporterad, men med minuter; räknas som inte rapporterad",
        "Rapportera lektionen, eller ta bort minuterna.",
    ),
    "protected.unknown_value": ("okänd markering; eleven räknas som skyddad", ""),
    "lesson_date.serial_number": ("ett kalkylprograms dagnummer, läst som dess datum", ""),
    "civic_no.two_digit_year": ("årtalet har två siffror, så seklet går inte att avgöra", ""),
    "civic_no.spreadsheet_damage": ("ett kalkylprogram har kapat numret", _EXPORTERA),
    "civic_no.no_such_date": ("numrets datum finns inte", _SKRIV_NUMMER),
    "civic_no.check_digit": ("kontrollsiffran stämmer inte", _SKRIV_NUMMER),
    "civic_no.same": (
        "det gamla och det nya numret är samma",
        "Skriv numret före och numret efter bytet.",
    ),
    "civic_no.circle": (
        "andra rader säger att det nya numret blev det gamla",
        "Ta reda på vilket av numren som är elevens senaste.",
    ),
    "civic_no.parted": (
        "någon har skilt de två numren åt; raden för inte ihop någon",
        "Är de ändå en elev: säg det i en ny fil.",
    ),
    "end_date.before_start": (
        "sista dagen är före första dagen",
        "Rätta första eller sista dagen.",
    ),
    "end_date.no_day": (
        f"{_INGEN_DAG}, så placeringen har ingen dag",
        "Inget behöver göras om eleven aldrig började där. Rätta annars slutdatumet.",
    ),
    "last_date.no_day": (
        f"{_INGEN_DAG}, så lovet har ingen dag",
        "Rätta slutdatumet.",
    ),
    "period_end.no_day": (
        f"{_INGEN_DAG}, så perioden har ingen dag",
        "Rätta slutdatumet.",
    ),
    "last_date.before_first": (
        "sista dagen är före första dagen",
        "Rätta första eller sista dagen.",
    ),
    "last_date.too_far": (
        "lovet är längre än 100 dagar",
        "Rätta årtalet i första eller sista dagen.",
    ),
    "row.not_the_senders_layout": (
        "avsändaren får inte skicka filer av det här slaget",
        _FRAGA,
    ),
    "row.enrolled_elsewhere": (
        "eleven är inskriven på en annan skola, så raden väntar: den räknas inte de dagarna",
        "Har eleven flyttat behöver den andra skolan ge ett slutdatum. Ta annars bort raden.",
    ),
    "row.erased": (
        "elevens uppgifter är raderade här, så inget av raden sparas",
        "Ta bort eleven ur exporten, eller säg till driften om eleven har kommit tillbaka.",
    ),
    "row.without_register_schools": ("avsändaren får inte registrera skolor", _FRAGA),
    "row.without_merge_pupils": (
        "avsändaren får inte säga att två nummer är samma elev",
        _FRAGA,
    ),
    "school_unit_code.not_the_senders": (
        "avsändaren får inte uttala sig om den här skolenheten",
        "Ta bort raden, eller fråga den som sköter senders.yaml om skolan är avsändarens.",
    ),
    "row.no_heading": (
        "ingen rad ovanför säger vems raden är",
        "Rätta rubriken ovanför, eller be om att layoutens form ändras.",
    ),
    "row.unknown_heading": (
        "varken en rad eller en rubrik med layoutens form; ingen vet vems raderna nedanför är",
        "Rätta rubriken, eller be om att layoutens form ändras.",
    ),
    "row.no_lesson": (
        "ingen cell är en lektion; det som står om skyddad identitet gäller",
        "Inget behöver göras.",
    ),
    "row.too_few_cells": ("raden har färre celler än rubriken", ""),
    "row.too_many_cells": ("raden har fler celler än rubriken", ""),
    "row.cut_short": ("filen slutar mitt i raden", "Skicka hela filen igen."),
    "row.no_line_end": (
        "filens sista rad saknar radslut; om filen är avkortad är raden det också",
        "Se efter om hela filen kom fram. Skicka den annars igen.",
    ),
    "row.repeated_header": ("rubrikraden en gång till", "Ta bort den om det går."),
    "row.swallows_rows": (
        "ett citattecken öppnas och stängs några rader längre ned, med skiljetecken däremellan",
        "",
    ),
    "row.broken_quotes": ("ett citattecken är öppnat men inte stängt", ""),
    "row.merged_cells": (
        "celler är sammanfogade; det som står i dem gäller var och en av raderna",
        "Skicka tabellen utan sammanfogade celler.",
    ),
    "row.error_value": (
        "klass, ämne eller id är ett fel från ett kalkylprogram (#SAKNAS!); det räknas som tomt",
        "Rätta formeln i kalkylbladet, eller exportera igen.",
    ),
    "row.sheet_full": (
        "det här är den sista rad som får plats i ett kalkylblad; rader kan saknas efter den",
        "Exportera färre dagar eller klasser per fil, eller som CSV.",
    ),
    "class_name.spreadsheet": (
        "klassen ser ut som om ett kalkylprogram har gjort om den till ett tal eller ett datum",
        _EXPORTERA,
    ),
    "grade.letter_left_over": ("en bokstav står bredvid årskursen och är inte läst", ""),
    "row.repeated": ("samma rad står tidigare i filen", "Ta bort den ena. Inget går förlorat."),
    "row.contradicts": (
        "en annan rad i filen säger något annat om samma sak",
        "Behåll raden som är rätt. Till dess räknas ingen; en lektion blir orapporterad.",
    ),
    "row.no_day_beside": (
        "placeringen har ingen dag, och en annan rad i filen har samma placering med dagar",
        "Inget behöver göras. Raden med dagar räknas.",
    ),
    "row.unreported_beside": (
        "orapporterad, men en annan rad i filen rapporterar samma lektion",
        "Inget behöver göras. Den rapporterade raden räknas.",
    ),
}
# Code: what was expected, where the column's own words don't do.
_FORVANTADES = {
    "row.enrolled_elsewhere": "elever som inte är inskrivna på en annan skola de dagarna",
    "row.erased": "elever vars uppgifter inte är raderade",
}


@dataclass(frozen=True)
class SwedishReason:
    """A problem in Swedish words."""

    what: str
    expected: str
    fix: str


def swedish_reason(code: str) -> SwedishReason:
    """Return the Swedish words of a problem code."""
    column, _, kind = code.removeprefix("old_").removeprefix("new_").partition(".")
    if column not in _KOLUMNER:
        # A field of an SS12000 object.
        what = SWEDISH.get(kind, "uppgiften går inte att använda")
        return SwedishReason(what, f"{column} enligt SS12000", SWEDISH_FIX)
    expected, fix = _KOLUMNER[column]
    what, own_fix = _KODER.get(f"{column}.{kind}") or (_FEL.get(kind) or SWEDISH[kind], "")
    expected = _FORVANTADES.get(f"{column}.{kind}", expected)
    return SwedishReason(what, expected, own_fix or fix)


#: Of a whole file: outcome awaiting_release.
VANTAR = SwedishReason(
    "filen skulle ta bort eller tömma många av en skolas lektioner i en månad, så den väntar tills "
    "någon har tittat på den",
    "att lektioner som har varit finns kvar med sin frånvaro",
    "Skicka en rättad fil. Är filen rätt: be den som sköter mottagningen att släppa in den.",
)
