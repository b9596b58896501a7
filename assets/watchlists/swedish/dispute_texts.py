"""The Swedish sentences about pupils whom two schools say are theirs.

Not here: when they are due (`collect/disputes.py`).
"""

from __future__ import annotations

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


def sums(count: int) -> str:
    """`1 månadssumma`, `12 månadssummor`."""
    return f"{count} månadssumma" if count == 1 else f"{count} månadssummor"
