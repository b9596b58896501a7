"""The simulated pupils: numbers that are valid, unique and nobody's; classes; moves."""

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from personnummer import personnummer

from assets.simulator import SimulationPlan, simulate
from assets.simulator.city import DISTRICTS, City, build_city
from assets.simulator.identities import civic_number


def a_plan(out: Path, **knobs: Any) -> SimulationPlan:
    town: dict[str, Any] = {
        "pupils": 800,
        "schools": 4,
        "first_day": dt.date(2026, 8, 17),
        "last_day": dt.date(2026, 12, 31),
        "seed": 3,
        "lessons_per_day": 1,
    }
    return SimulationPlan(out=out, **(town | knobs))


def read(folder: Path, pattern: str) -> pl.DataFrame:
    files = sorted(folder.glob(pattern))
    return pl.concat([pl.read_csv(p, separator=";", infer_schema=False) for p in files])


@pytest.fixture(scope="module")
def big_city() -> City:
    return build_city(a_plan(Path("unused"), pupils=90_000, schools=260))


@pytest.fixture(scope="module")
def moving_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("moving")
    simulate(a_plan(out, transfer_share=0.1, leaver_share=0.05, newcomer_share=0.05))
    return out


def digits_of(number: str) -> str:
    return number.replace("-", "")


def test_ninety_thousand_pupils_have_ninety_thousand_numbers(big_city: City) -> None:
    numbers = big_city.pupils.civic_numbers
    assert len(set(numbers)) == len(numbers) == 90_000


def test_every_number_is_valid_and_of_the_test_series(big_city: City) -> None:
    permanent = [n for n in big_city.pupils.civic_numbers if "T" not in n]
    assert {int(n[9:12]) for n in permanent} == set(range(980, 1000))
    # The library is slow; the check digit does not care which pupils are asked.
    assert all(personnummer.valid(n) for n in permanent[::50])
    assert personnummer.valid(civic_number(dt.date(2012, 3, 14), 980, is_coordination=True))
    assert all(_luhn_sum(digits_of(n)[2:]) % 10 == 0 for n in permanent)


def _luhn_sum(digits: str) -> int:
    return sum(sum(divmod(int(d) * 2, 10)) if n % 2 == 0 else int(d) for n, d in enumerate(digits))


def test_the_known_synthetic_numbers_come_out() -> None:
    birth = dt.date(2012, 3, 14)
    assert civic_number(birth, 980) == "20120314-9800"
    assert civic_number(birth, 981) == "20120314-9818"
    assert civic_number(birth, 980, is_coordination=True) == "20120374-9807"


def test_coordination_and_temporary_numbers_are_among_them(big_city: City) -> None:
    numbers = big_city.pupils.civic_numbers
    temporary = [n for n in numbers if "T" in n]
    assert 100 < len(temporary) < 200
    assert all(n[8:11] == "-TF" and n[11:].isdigit() and len(n) == 13 for n in temporary)
    coordination = [n for n in numbers if int(n[6:8]) > 60]
    # 9,000 pupils a grade, 7,300 personal test numbers a birth year: the rest have these.
    assert 10_000 < len(coordination) < 25_000


def test_birth_year_fits_the_grade_and_the_day_exists(big_city: City) -> None:
    pupils = big_city.pupils
    for number, grade in zip(pupils.civic_numbers, pupils.grades.tolist(), strict=True):
        day = int(number[6:8]) % 60
        birth = dt.date(int(number[:4]), int(number[4:6]), day)
        assert birth.year == 2026 - 6 - grade


def test_sex_follows_the_number(big_city: City) -> None:
    pupils = big_city.pupils
    for number, is_female in zip(pupils.civic_numbers, pupils.is_female.tolist(), strict=True):
        assert "T" in number or is_female == (int(number[11]) % 2 == 0)


def test_names_and_addresses_survive_every_encoding(big_city: City) -> None:
    pupils = big_city.pupils
    names = {*pupils.first_names, *pupils.family_names, *(s.name for s in big_city.schools)}
    assert all(name.encode("cp1252") and not set(name) & set(';"\r\n') for name in names)
    assert any("å" in name.lower() for name in names)
    mails = [c.mentor_email for c in big_city.classes] + [
        s.principal_email for s in big_city.schools
    ]
    assert all(mail.isascii() and mail.endswith(".example") and " " not in mail for mail in mails)
    assert len(set(mails)) == len(mails)


def test_schools_lie_in_the_eleven_districts_and_have_their_own_names(big_city: City) -> None:
    assert len(DISTRICTS) == 11
    assert {s.district for s in big_city.schools} == set(DISTRICTS)
    assert len({s.name for s in big_city.schools}) == 260
    assert [s.code for s in big_city.schools] == [str(99990001 + n) for n in range(260)]


def test_classes_have_about_twenty_five_pupils_and_one_grade(big_city: City) -> None:
    sizes = pl.Series(big_city.pupils.home_classes).value_counts()["count"]
    assert sizes.is_between(20, 30).all()
    for school in big_city.schools:
        own = [big_city.classes[c] for c in school.classes]
        assert len({c.name for c in own}) == len(own)
        assert all(c.name.startswith(str(c.grade or "F")) for c in own)


def test_too_many_pupils_for_the_test_numbers_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fewer pupils"):
        build_city(a_plan(tmp_path, pupils=160_000, schools=1, class_size=1000))


def test_few_pupils_are_protected_in_roster_and_lessons_alike(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path, protected_share=0.1, last_day=dt.date(2026, 8, 31)))
    roster = read(tmp_path, "elever_*.csv")
    lessons = read(tmp_path, "lektionsfranvaro_*.csv")
    marked = roster.filter(pl.col("Skyddad identitet") != "Ingen")
    assert 40 < marked.height < 130
    assert set(marked["Skyddad identitet"]) == {"Sekretessmarkering", "Skyddad folkbokföring"}
    in_lessons = lessons.filter(pl.col("Skyddad identitet") != "Ingen")["Personnummer"]
    assert set(in_lessons) == set(marked["Personnummer"])


def test_a_pupil_is_in_one_school_at_a_time_and_only_while_enrolled(moving_town: Path) -> None:
    roster = read(moving_town, "elever_*.csv").with_columns(
        pl.col("Startdatum").str.to_date(),
        pl.col("Slutdatum").str.to_date().fill_null(dt.date(9999, 12, 31)),
    )
    lessons = read(moving_town, "lektionsfranvaro_*.csv").with_columns(
        pl.col("Datum").str.to_date()
    )
    per_day = lessons.group_by("Personnummer", "Datum").agg(pl.col("Skolenhetskod").n_unique())
    assert per_day["Skolenhetskod"].max() == 1
    spells = roster.select("Personnummer", "Skolenhetskod", "Startdatum", "Slutdatum")
    placed = lessons.join(spells, on=["Personnummer", "Skolenhetskod"], how="left")
    assert placed.select((pl.col("Datum").is_between("Startdatum", "Slutdatum")).all()).item()


def test_moves_are_as_many_as_asked(moving_town: Path) -> None:
    roster = read(moving_town, "elever_*.csv")
    twice = roster.group_by("Personnummer").len().filter(pl.col("len") == 2)
    # A tenth in a school year, half of it by December, less where no other school has the grade.
    assert 10 < twice.height < 60
    ended = roster.filter(pl.col("Slutdatum").is_not_null())
    assert ended.height > twice.height
    assert roster.filter(pl.col("Startdatum") > "2026-08-01").height > twice.height


def test_the_roster_does_not_know_moves_that_are_still_to_come(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path, transfer_share=0.4, newcomer_share=0, last_day=dt.date(2026, 8, 31)))
    roster = read(tmp_path, "elever_*.csv")
    assert roster["Slutdatum"].null_count() == roster.height == 800
    assert set(roster["Startdatum"]) == {"2026-08-01"}
