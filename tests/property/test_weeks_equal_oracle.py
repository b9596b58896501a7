"""Three weeks of a town: files arrive in any order, lists are frozen in between.

Each week's states, and what the lake knew when they were made, are compared with the oracle, which
remembers what had arrived. `TRAPPAN_ORACLE_EXAMPLES=200 pytest …` looks longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.belonging import protected_pupils
from tests.oracle.ladder import flags
from tests.oracle.pipeline import Product, as_text, first_differences
from tests.oracle.schools import Town, town_of_bytes, towns
from tests.oracle.weeks import Facts, ListRow, Week, week_of
from tests.oracle.writers import write_schools_csv

EXAMPLES = examples(6)
WEEKS = 3
# In the last one a pupil's level falls because the absence did.
TOWNS_LOOKED_AT = (*range(12), 27)
SCHOOLS_FILE = "skolor_20230701T0300.csv"


def sundays(anchor: date) -> list[date]:
    """The last Sundays up to a day."""
    last = anchor - timedelta(days=(anchor.weekday() + 1) % 7)
    return [last - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def shares(town: Town, dice: Random) -> list[list[int]]:
    """Which files arrive before which list: any, but every file before the last."""
    parts: list[list[int]] = [[] for _ in range(WEEKS)]
    for number in range(len(town.files)):
        parts[dice.choice((0, 0, 0, 1, 2))].append(number)
    return parts


def facts_of(town: Town, numbers: Sequence[int]) -> Facts:
    files = [town.files[n] for n in numbers]
    return Facts(
        tuple(row for file in files for row in file.lessons),
        tuple(row for file in files for row in file.roster),
        tuple(row for file in files for row in file.sums),
    )


def as_listed(rows: Sequence[ListRow]) -> list[dict[str, str]]:
    return as_text(
        {
            "civic_no": row.civic_no,
            "school_unit_code": row.school,
            "level": row.level,
            "state": row.state,
            "reason": row.reason,
            "previous_level": row.previous_level,
            "first_week_date": row.first_day,
            "weeks_on_list": row.weeks,
            "highest_level": row.highest_level,
        }
        for row in rows
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(town=towns(), seed=st.integers(0, 2**16))
def test_each_week_says_what_the_oracle_says(town: Town, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - a town is no secret
    codes = [school.code for school in town.setting.schools]
    with TemporaryDirectory() as folder, Product(Path(folder) / "home") as product:
        register = write_schools_csv(codes, Path(folder) / SCHOOLS_FILE)
        paths = [file.write(Path(folder)) for file in town.files]
        assert product.receive([register]) == []
        arrived: list[int] = []
        weeks: list[Week] = []
        known: list[tuple[date, Facts, datetime]] = []
        for as_of, part in zip(sundays(town.setting.as_ofs[-1]), shares(town, dice), strict=True):
            assert product.receive([paths[n] for n in part]) == []
            product.refresh()
            arrived += part
            facts = facts_of(town, arrived)
            # Now and then only one school's list comes out: its next is compared with this one.
            school = dice.choice((None, None, None, dice.choice(codes)))
            product.publish(as_of, school)
            week = week_of(weeks, facts, as_of, [school] if school else codes)
            weeks.append(week)
            assert first_differences(as_listed(week.rows), product.listed(as_of)) == []
            known.append((as_of, facts, datetime.now(UTC)))
        for as_of, facts, moment in known:
            # Also shown is who was protected then and is not today.
            protected = protected_today(town)
            rows = flags(facts.lessons, facts.roster, as_of, sums=facts.sums, protected=protected)
            expected = as_text(rows)
            with product.known_at(moment) as past:
                assert first_differences(expected, past.flags(as_of)) == []


def protected_today(town: Town) -> set[str]:
    """Who is protected by everything that has arrived: nobody else is left out of the past."""
    facts = facts_of(town, range(len(town.files)))
    return protected_pupils(facts.lessons, facts.roster, facts.sums)


def test_every_state_and_reason_occurs_in_some_towns() -> None:
    """A comparison that never sees a corrected pupil compares nothing about corrections."""
    found: Counter[tuple[str, str]] = Counter()
    for seed in TOWNS_LOOKED_AT:
        town, dice = town_of_bytes(Random(seed).randbytes), Random(seed)  # noqa: S311
        weeks: list[Week] = []
        arrived: list[int] = []
        codes = [school.code for school in town.setting.schools]
        for as_of, part in zip(sundays(town.setting.as_ofs[-1]), shares(town, dice), strict=True):
            arrived += part
            weeks.append(week_of(weeks, facts_of(town, arrived), as_of, codes))
            found.update((row.state, row.reason) for row in weeks[-1].rows)
    expected = {("continuing", "")}
    expected |= {(state, why) for state in ("new", "escalated") for why in ("", "late_data")}
    expected |= {("lowered", why) for why in ("improved", "corrected", "insufficient")}
    expected |= {("cleared", why) for why in ("improved", "corrected", "insufficient", "left")}
    assert expected <= found.keys()
