"""The Swedish sentences about pupils whom two schools say are theirs.

Not here: when they are due (`collect/disputes.py`).
"""

from __future__ import annotations

from assets.watchlists.model import PupilRow

# By what is disputed, and whether the list's own school says it.
NOTICES = {
    ("enrolment", True): (
        "Inskrivningen av {pupils} är omtvistad: skolans elevfil säger att de går här, men de är"
        " redan inskrivna på en annan skola. De står inte på den här listan förrän den"
        " inskrivningen har fått ett slutdatum, eller den som får flytta elever har sagt det."
    ),
    ("enrolment", False): (
        "Inskrivningen av {pupils} på listans skola är omtvistad: en annan skola säger att de går"
        " där. De står kvar på den här listan. Har någon flyttat behöver skolans elevfil ett"
        " slutdatum."
    ),
    ("lessons", True): (
        "{lessons} som skolan har rapporterat för {pupils} räknas inte: de är inskrivna på en"
        " annan skola de dagarna."
    ),
    ("lessons", False): (
        "{lessons} som en annan skola har rapporterat för {pupils} räknas inte: de är inskrivna"
        " här de dagarna."
    ),
    ("sums", True): (
        "{sums} som skolan har rapporterat för {pupils} räknas inte: de är inskrivna på en annan"
        " skola."
    ),
    ("sums", False): (
        "{sums} som en annan skola har rapporterat för {pupils} räknas inte: de är inskrivna här."
    ),
}
#: On the pupil's own row. No school is named: the list may lie about when the pupil is protected.
ROW_LINE = (
    "Inskrivningen är ifrågasatt: en annan skola säger att eleven går där. Den som sköter"
    " inläsningen vet vilken."
)


def row_lines(pupil: PupilRow) -> tuple[str, ...]:
    """What a pupil's row says of it."""
    return (ROW_LINE,) if pupil.is_disputed else ()


def sums(count: int) -> str:
    """`1 månadssumma`, `12 månadssummor`."""
    return f"{count} månadssumma" if count == 1 else f"{count} månadssummor"
