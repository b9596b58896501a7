"""Identity numbers that are valid, unique in the city, and belong to nobody.

Serials 980-999 are set aside for test, so a birth date has 20 numbers and a birth year 7,300 (7,320
in leap years). A city of 90,000 pupils has some 9,000 per grade: the pupils above the ceiling get
coordination numbers (samordningsnummer: day of birth + 60), which doubles it; the share of these is
therefore far above the real one in a large city. A few get a temporary number, `YYYYMMDD-TFnn`.
"""

import dataclasses
import datetime as dt
import math

import numpy as np

from assets.simulator import chance

TEST_SERIALS = range(980, 1000)
TEMPORARY_PER_DAY = 99


@dataclasses.dataclass(frozen=True)
class Identities:
    """Identity numbers of a birth year, in the order of the pupils.

    Attributes:
        civic_numbers: `YYYYMMDD-NNNN`, or `YYYYMMDD-TFnn`; length n.
        is_female: bool (n,); the parity of the serial, a draw for TF numbers, which have none.
    """

    civic_numbers: list[str]
    is_female: np.ndarray[tuple[int], np.dtype[np.bool_]]


def luhn_digit(nine_digits: str) -> int:
    """Check digit of `YYMMDDNNN`: weights 2, 1, 2 …, digit sums, up to the next ten."""
    total = 0
    for position, digit in enumerate(nine_digits):
        doubled = int(digit) * (2 - position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def civic_number(birth: dt.date, serial: int, *, is_coordination: bool = False) -> str:
    """A personnummer or, with 60 added to the day, a samordningsnummer: `YYYYMMDD-NNNN`."""
    date = f"{birth:%Y%m}{birth.day + 60 * is_coordination:02d}"
    return f"{date}-{serial:03d}{luhn_digit(f'{date[2:]}{serial:03d}')}"


def draw_identities(
    seed: int, birth_year: int, size: int, coordination_share: float, temporary_share: float
) -> Identities:
    """Give `size` pupils of a birth year a number each.

    Args:
        seed: Seed of the city.
        birth_year: All birth dates lie in it.
        size: Pupils of that birth year.
        coordination_share: Least share with a coordination number.
        temporary_share: Share with a temporary number.

    Returns:
        Numbers in random order of date and kind.

    Raises:
        ValueError: When the test serials of the year do not suffice.
    """
    first = dt.date(birth_year, 1, 1)
    days = (dt.date(birth_year + 1, 1, 1) - first).days
    capacity = days * len(TEST_SERIALS)
    temporary = min(math.floor(size * temporary_share), days * TEMPORARY_PER_DAY)
    coordination = max(math.floor(size * coordination_share), size - temporary - capacity)
    if coordination > capacity:
        raise ValueError(
            f"{size} pupils born in {birth_year}, but test serials for {2 * capacity} only: "
            "fewer pupils in all"
        )
    personal = size - temporary - coordination

    numbers: list[str] = []
    female: list[bool] = []
    for kind, count in ((False, personal), (True, coordination)):
        slots = chance.shuffled(seed, "civic_number", capacity, birth_year, int(kind))[:count]
        for day, serial_index in zip(*np.divmod(slots, len(TEST_SERIALS)), strict=True):
            serial = TEST_SERIALS[int(serial_index)]
            birth = first + dt.timedelta(days=int(day))
            numbers.append(civic_number(birth, serial, is_coordination=kind))
            female.append(serial % 2 == 0)
    for n in range(temporary):
        # Dates go round before a date is used again, so nn stays low.
        birth = first + dt.timedelta(days=(n * 7) % days)
        numbers.append(f"{birth:%Y%m%d}-TF{n // days + 1:02d}")
        female.append(bool(chance.choice(seed, "temporary_sex", 2, birth_year, n)[0]))
    order = chance.shuffled(seed, "civic_order", size, birth_year)
    return Identities([numbers[i] for i in order], np.array(female, dtype=np.bool_)[order])
