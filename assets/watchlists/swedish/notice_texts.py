"""The Swedish sentences of a list about the data behind it, at its top and on its rows.

Not here: when each is due (`collect/`, `holds.py`).
"""

from __future__ import annotations

NOTICE_NO_LESSON = (
    "Uppgifterna har ingen lektion för skolan till och med {as_of}, så listan säger inget om"
    " frånvaron."
)
NOTICE_OLD = (
    "Den senaste lektionen i uppgifterna är från {newest}. Om det inte är lov saknas nyare"
    " närvarouppgifter."
)
NOTICE_REFUSED = (
    "{rows} i {files} som listan bygger på gick inte att läsa in och räknas inte."
    " Den som sköter inläsningen har detaljerna."
)
NOTICE_FULL_SHEET = (
    "{files} som listan bygger på slutar på den sista rad som får plats i ett kalkylblad. Rader kan"
    " ha kapats, så att lektioner eller elever saknas. Den som sköter inläsningen behöver titta på"
    " det."
)
NOTICE_HELD = (
    "Listan är inte uppdaterad sedan {as_of}, för de nyaste uppgifterna ser inte ut som de brukar:"
    " {reasons} Den som sköter inläsningen behöver titta på det."
)
NOTICE_REPLACES = (
    "Listan ersätter den som publicerades {published}: veckans uppgifter har räknats om. Den"
    " tidigare listan finns kvar hos den som sköter inläsningen."
)
NOTICE_HELD_FIRST = (
    "Det finns ingen lista för skolan än, för de nyaste uppgifterna går inte att lita på: {reasons}"
    " Att ingen elev står här betyder inte att frånvaron är låg. Den som sköter inläsningen behöver"
    " titta på det."
)
ERASED = "En elev har tagits bort ur listan i efterhand, för elevens uppgifter har raderats."
# Keys as the contract names its clauses; {days} is dates, {value} a share or names of classes.
UNLIKE_NORM = {
    "fewer_rows": "{days}: bara {value} av de lektionsrader som är vanliga.",
    "class_vanished": "{days}: inga lektioner för {value}.",
    "unreported": "{days}: upp till {value} av lektionstiden är inte rapporterad.",
    "all_absent": "{days}: alla elever är rapporterade frånvarande hela dagen.",
    "all_present": "{days}: ingen frånvaro alls är rapporterad.",
    "doubled": "{days}: lektioner är dubbla, upp till {value} av raderna.",
    "many_refused": "{days}: upp till {value} av raderna gick inte att läsa in.",
}
# {exported} is a date.
UNREAD_PROTECTION = (
    "En fil från {exported} har en kolumn om skyddade personuppgifter som inte gick att läsa, så"
    " ingen vet vilka elever som är skyddade."
)
# {newest} is a date, {days} school days, {months} months.
SILENT_OTHERS_SEND = (
    "Inga lektioner har kommit efter {newest}, fast andra skolor har skickat ({days} saknas)."
)
SILENT_ALL = (
    "Inga lektioner har kommit efter {newest}, och inte från andra skolor heller ({days} saknas)."
    " Om det är lov är inget fel, men då behöver lovet stå i en lov-fil."
)
SILENT_SUMS = "Inga månadssummor har kommit efter {newest} ({months} saknas)."
NOTICE_SUMS = (
    "För {pupils} finns bara summor per månad, till och med {newest}. De senaste {one_month} och"
    " {two_months} dagarna går inte att bedöma för dem; listan bygger på hela kalendermånader."
)
NOTICE_SUMS_DIFFER = (
    "För {pupils} skiljer sig månadssummorna mer än 2 % från lektionerna. Listan bygger på"
    " lektionerna."
)
NOTICE_COVERAGE = (
    "Bara {share} av skolans lektionstid de senaste {days} dagarna är rapporterad. Under {floor} %"
    " går det inte alltid att bedöma en gräns: se {place}."
)
NOTICE_AFTER_END = (
    "{lessons} för {pupils} ligger efter elevens slutdatum på skolan (senast {last}) och räknas"
    " inte. Kontrollera slutdatum eller schema."
)
NOTICE_RULES_CHANGED = (
    "Gränsernas värden har ändrats sedan listan för {week}. Skillnader mot den kan bero på det: se"
    " Så räknas det."
)
NO_CLASS = "utan klass"
NOTICE_MISSING = (
    "{lessons} finns inte i den nyare filen från skolsystemet, men räknas som förut: {classes}."
    " Om de är flyttade eller borttagna där behöver den som sköter inläsningen ställa in att filer"
    " gäller hela perioder (restates: school_period)."
)
# What SS12000 leaves open; {lessons} with their number, {days} of the window.
EVENTS_WITHOUT_REPORT = (
    "{lessons} i schemat de senaste {days} dagarna har ingen närvarouppgift för någon elev. Ingen"
    " vet vilka elever de gällde, så de räknas inte, varken som närvaro eller frånvaro."
)
PRESENCE_UNEXPLAINED = (
    "{lessons} de senaste {days} dagarna har kortare närvaro än lektionen och ingen uppgift om"
    " frånvaro. De räknas som inte rapporterade."
)
MINUTES_DIFFER = (
    "{lessons} de senaste {days} dagarna har närvaro och frånvaro som tillsammans inte är lika"
    " långa som lektionen. Frånvaron räknas som den är rapporterad."
)
# On a row, of lessons that do not count; {lesson} is a subject or one of the next two.
LESSON_AT_ANOTHER_SCHOOL = "en lektion på en annan skola"
LESSON_WITHOUT_SUBJECT = "en lektion utan ämne"
ATTENDANCE = {
    "absent": "frånvarande i {lesson}",
    "present": "närvarande i {lesson}",
    "unreported": "ingen rapport för {lesson}",
    "contradicted": "rapporterna om {lesson} säger emot varandra",
}
AT_THE_SAME_TIME = "{said}, {beside} samma tid"
NOT_COUNTED = "Räknas inte: {said} ({times})."
NOT_COUNTED_AFTER_END = "Räknas inte: {lesson} efter slutdatum där ({times})."
NOT_COUNTED_MORE = "Räknas inte: {lessons} till."


def months(count: int) -> str:
    """`1 månad`, `3 månader`."""
    return "1 månad" if count == 1 else f"{count} månader"
