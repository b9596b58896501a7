"""The Swedish sentences of a school's list, and how its numbers and dates are written.

Here: sentences, percentages, dates. Not here: headings and definitions (`headings.py`), the rules
in words (`rule_texts.py`); these three hold all Swedish of the lists. Nor which pupils stand
where (`outline.py`), or how it looks (`workbook/style.py`, `templates/`).

No text may say or imply that the system decided anything about a pupil (GDPR art. 22): a pupil
is a candidate, and a person assesses and decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from assets.watchlists.model import UnreportedLessons, Watchlist
from assets.watchlists.swedish.headings import AS_OF, INSUFFICIENT, NO_MENTOR

SWEDISH = "sv_SE"
SCHOOL_CLOCK = ZoneInfo("Europe/Stockholm")
NO_VALUE = "–"
NAME_MISSING = "Namn saknas"

# --- the list as a whole -------------------------------------------------------------------------
LIST_NAME = "Frånvarolista"
PAGE = "Sida"
PAGE_NUMBER = f"{PAGE} &P av &N"  # the codes of a spreadsheet's page header
PRODUCER = "Frånvarotrappan"
CARE_SHORT = "Innehåller uppgifter om enskilda elever."
LOOK_FIRST_NONE = "Ingen elev är ny eller har fått fler frågor sedan förra listan."
DECISION = "Listan är ett underlag. En person bedömer och beslutar i varje enskilt fall."
DECISION_LONG = (
    "Att en elev står här betyder att frånvaron i närvarosystemet nått en gräns i stadens"
    " vägledning, inget mer. Den som känner eleven gör bedömningen."
)
CARE = "Innehåller uppgifter om enskilda elever. Dela bara med den som behöver dem i sitt arbete."
# Flagged or not assessable: both need a person, and neither may be shown.
PROTECTED_MEANING = (
    "Elever med skyddade personuppgifter att se över manuellt: de når en gräns eller går inte att"
    " bedöma. De visas inte i listan."
)

# --- levels --------------------------------------------------------------------------------------
# By the questions that are asked: "Nivå 1" would be the measures for all pupils in the guidance.
# A symbol and words beside every colour: read without seeing the colour.
LEVELS = {
    3: "▲▲▲ Utredning/ULF, SST",
    2: "▲▲ Utredning/ULF",
    1: "▲ Mentor",
    0: "? Data räcker inte",
}
# Read by rektor and mentor both, so they say who.
NEXT_STEPS = {
    3: (
        "Mentor tar upp det med rektor, som med elevhälsan bedömer utredning/ULF och prövar"
        " kontakt med skolsocialt team (SST). Kontakten kräver vårdnadshavarnas samtycke. Med"
        " teamet görs en handlingsplan; med socialtjänst och vård kan en samordnad individuell plan"
        " (SIP) behövas."
    ),
    2: (
        "Mentor tar upp det med rektor, som med elevhälsan bedömer utredning och anmälan av"
        " upprepad eller längre frånvaro (ULF)."
    ),
    1: "Mentor pratar med eleven och vårdnadshavarna och kartlägger vad frånvaron beror på.",
    0: "Se till att lektionerna som saknar rapport blir rapporterade.",
}
# What to do about too little data depends on what is missing; the first that is.
UNSURE_STEPS = {
    "unreported": NEXT_STEPS[0],
    "too_few_days": "För få skoldagar för att räkna. Fråga hur eleven har det.",
    "unknown_grade": "Se till att elevens årskurs finns i uppgifterna.",
}
CERTAINTIES = {"certain": "Säkert", "likely": "Troligt"}

# --- one line under each heading: what to do -----------------------------------------------------
INSUFFICIENT_LINE = (
    "Att göra: se till att lektionerna blir rapporterade. Saknad rapport är varken närvaro eller"
    " frånvaro."
)
METHOD_LINE = (
    "Giltig och ogiltig frånvaro räknas alltid båda. Procentgränserna är stadens vägledning."
)
NO_INSUFFICIENT = "Ingen elev som ingår har en gräns som inte går att bedöma."
_WAITS = "Listan väntar, så här står inget än. Det säger inget om frånvaron."


def school(watchlist: Watchlist) -> str:
    """The school's name, or its code when no register names it."""
    name = watchlist.school_name.strip()
    return name or f"Skolenhet {watchlist.school_unit_code}"


def title(watchlist: Watchlist) -> str:
    """`Frånvarolista v. 46 2026`."""
    return f"{LIST_NAME} {week(watchlist.iso_week)}"


def full_title(watchlist: Watchlist) -> str:
    """`Frånvarolista v. 46 2026 – Ekbackens skola`."""
    return f"{title(watchlist)} – {school(watchlist)}"


def what_it_is(watchlist: Watchlist) -> str:
    """One sentence that says what the reader has before them, and up to which day."""
    return (
        "Elever vars frånvaro har nått en gräns i frånvarotrappan, efter uppgifter till och med"
        f" {day(watchlist.as_of)}."
    )


def up_to(watchlist: Watchlist) -> str:
    """Up to which day the data go: `Uppgifter till och med 15 november 2026`."""
    return f"{AS_OF} {day(watchlist.as_of)}."


def notices(count: int) -> str:
    """What the notices are about the data, and how many: `3 meddelanden om uppgifterna`."""
    return f"{count} {'meddelande' if count == 1 else 'meddelanden'} om uppgifterna"


def unassessed(watchlist: Watchlist) -> str:
    """For how many some limit can't be assessed: `För 7 elever räcker uppgifterna inte …`."""
    return f"För {pupils(len(watchlist.insufficient))} räcker uppgifterna inte för alla gränser."


def protected(watchlist: Watchlist) -> str:
    """How many pupils with protected identity need a person's look; nothing else of them."""
    count = pupils(watchlist.protected_pupils)
    return f"Skyddade uppgifter: {count} att se över manuellt, som inte visas här."


def status(watchlist: Watchlist) -> str:
    """Whether this is the week's list or tonight's."""
    if watchlist.is_frozen:
        return "Veckans lista. Den ändras inte."
    return "Aktuell lista. Den görs om varje natt."


def nobody_listed(watchlist: Watchlist) -> str:
    """What to say when no pupil is on the list, without calling missing data good news."""
    if watchlist.says_nothing:
        return _WAITS
    if not watchlist.pupils_evaluated:
        return "Inga elever som kan visas finns i uppgifterna, så listan säger inget om frånvaron."
    everyone = pupils(watchlist.pupils_evaluated)
    sentence = f"Ingen av eleverna som ingår ({everyone}) når någon av gränserna."
    if watchlist.insufficient:
        return (
            f"{sentence} För {pupils(len(watchlist.insufficient))} räcker uppgifterna inte för att"
            f" bedöma alla gränser: se {INSUFFICIENT}."
        )
    if watchlist.unreported:
        return f"{sentence} Det finns lektioner utan rapport: se {INSUFFICIENT}."
    return sentence


def pupils(count: int) -> str:
    """`1 elev`, `12 elever`."""
    return f"{count} elev" if count == 1 else f"{count} elever"


def none_here(watchlist: Watchlist, sentence: str) -> str:
    """Return the sentence that there is none of something, unless the list can't say so."""
    return _WAITS if watchlist.says_nothing else sentence


def counted(watchlist: Watchlist, count: int | str) -> int | str:
    """Return a count of the summary, or no value where the list can't count yet."""
    return NO_VALUE if watchlist.says_nothing else count


def no_unreported(watchlist: Watchlist) -> str:
    """That no lesson in the data lacks its report, as far as that was looked at."""
    of_days = f"de senaste {watchlist.two_months_days} dagarna"
    without = watchlist.lessons_without_attendance
    if without:
        lessons = f"{without} lektion" if without == 1 else f"{without} lektioner"
        return (
            f"Ingen lektion med närvarouppgift saknar rapport {of_days}, men {lessons} i schemat"
            " har ingen närvarouppgift alls."
        )
    return f"Inga lektioner i uppgifterna saknar rapport {of_days}."


def mentor_heading(mentor: str) -> str:
    """Whose pupils these are."""
    return f"Mentor: {mentor}" if mentor else NO_MENTOR


def print_header(watchlist: Watchlist) -> str:
    """What every printed page says about where it belongs."""
    return f"Skolenhet {watchlist.school_unit_code} · {week(watchlist.iso_week)}"


def percent(rate: Fraction | None) -> str:
    """A share as `23,4 %`, cut to one decimal towards zero; `–` when it is undefined.

    Cut and not rounded: 39.96 % is under 40 %, and must not read as if it had reached it.
    """
    if rate is None:
        return NO_VALUE
    tenths = tenths_of_percent(rate)
    return _tenths(tenths)


@lru_cache(maxsize=2048)
def _tenths(tenths: int) -> str:
    return f"{_decimal(Decimal(tenths).scaleb(-1), '0.0')} %"


def tenths_of_percent(rate: Fraction) -> int:
    """A share in tenths of a percent, cut towards zero."""
    # Not `int(rate * 1000)`: a new fraction for each of a list's thousands of shares is slow.
    tenths = abs(rate.numerator) * 1000 // rate.denominator
    return -tenths if rate.numerator < 0 else tenths


@lru_cache
def number(value: Decimal) -> str:
    """A decimal number without needless zeros, with a comma: `12,5`, `10`."""
    return _decimal(value.normalize(), "0.#")


def _decimal(value: Decimal, pattern: str) -> str:
    # A fifth of a second, for whoever writes a list only.
    from babel.numbers import format_decimal  # noqa: PLC0415

    # All decimals that it has: none is rounded away.
    return format_decimal(value, pattern, SWEDISH, decimal_quantization=False)


def day(moment: date) -> str:
    """A date in full: `15 november 2026`."""
    return _date(moment, "d MMMM y")


# A list names the same few days and months thousands of times.
@lru_cache(maxsize=2048)
def _date(moment: date, pattern: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415 - as in `_decimal`

    return format_date(moment, pattern, SWEDISH)


@lru_cache(maxsize=512)
def _short_day(moment: date) -> str:
    return f"{moment.day} {_short_month(moment)}"


def _short_month(moment: date) -> str:
    # Without the full stop that Swedish abbreviates with: lists are narrow.
    return _date(moment, "MMM").removesuffix(".")


def short_days(days: Sequence[date]) -> str:
    """Dates without the year: `9 nov, 10 nov`."""
    return ", ".join(map(_short_day, days))


@lru_cache
def span(start: date, end: date) -> str:
    """Two dates, the year once when they share it: `17 okt–15 nov 2026`."""
    first, last = _short_day(start), f"{_short_day(end)} {end.year}"
    return f"{first}–{last}" if start.year == end.year else f"{first} {start.year}–{last}"


def months(start: date, end: date) -> str:
    """The calendar months of a window: `okt`, or `sep–okt`."""
    first, last = _short_month(start), _short_month(end)
    return first if (start.year, start.month) == (end.year, end.month) else f"{first}–{last}"


def full_months(start: date, end: date) -> str:
    """The calendar months of a window in full: `oktober`, or `september och oktober`."""
    first, last = _date(start, "MMMM"), _date(end, "MMMM")
    return first if (start.year, start.month) == (end.year, end.month) else f"{first} och {last}"


def month_heading(month: date) -> str:
    """The heading of a calendar month's absence: `Frånvaro oktober`."""
    return f"Frånvaro {_date(month, 'MMMM')}"


def born(birth_date: date) -> str:
    """A birth date that tells two pupils of one name apart: `f. 2013-04-02`."""
    return f"f. {birth_date.isoformat()}"


def week(iso_week: str) -> str:
    """`2026-W46` as `v. 46 2026`.

    Raises:
        ValueError: it is not an ISO week like `2026-W46`.
    """
    year, _, number_of_week = iso_week.partition("-W")
    if not (len(year) == 4 and year.isdecimal() and number_of_week.isdecimal()):
        raise ValueError(f"expected an ISO week like 2026-W46, got {iso_week!r}")
    return f"v. {int(number_of_week)} {year}"


def clock(moment: datetime) -> str:
    """An instant on the school's clock: `16 november 2026 kl. 04:12`."""
    local = moment.astimezone(SCHOOL_CLOCK)
    return f"{day(local.date())} kl. {local:%H:%M}"


def grade(value: int | None) -> str:
    """A grade; 0 is the preschool class, `F`."""
    return NO_VALUE if value is None else "F" if value == 0 else str(value)


def grades(values: Sequence[int]) -> str:
    """Grades as runs: `F–9`, `4–9`, `1, 4–6`."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    ends = ((grade(run[0]), grade(run[-1])) for run in runs)
    return ", ".join(first if first == last else f"{first}–{last}" for first, last in ends)


def lesson_times(lessons: UnreportedLessons) -> str:
    """The latest lessons nobody reported: `13 nov 08:20, 11 nov 10:00`, and how many more."""
    shown = [f"{_short_day(d)} {at}" for d, at in lessons.dates]
    more = lessons.lessons - len(shown)
    return ", ".join(shown) + (f" och {more} till" if shown and more > 0 else "")
