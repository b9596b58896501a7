"""Two weeks of the samples: what the second week's lists say of the first, and looking back."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import openpyxl
import pytest
import yaml

from assets.flags.answers import identity_numbers
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.past.snapshots import expire_everything_but_now, expire_snapshots
from assets.lake.settings import LakeSettings
from assets.watchlists.decisions import question_counts
from assets.watchlists.model import ToldWeek, Watchlist
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.remembered import recall
from assets.watchlists.swedish.year_texts import pupil_weeks
from rules.registry import rule_set_on
from tests.integration.conftest import AS_OF, SAMPLES, Said, trappan
from tests.integration.ingest_files import mark
from tests.unit.page_reader import Page

NEXT_AS_OF = "2026-11-22"
SUNDAY_MONDAY = date(2026, 11, 16)  # of that Sunday's week
NORTH, SOUTH = "99999901", "99999902"
NOOR, SAGA, ELIAS, ADAM = "20130101TF01", "201204219842", "201203149818", "201308159878"
CORRECTIONS = "lektionsfranvaro_99999901_2026-10-rattelser_20261119T0500.csv"


@dataclass(frozen=True)
class Weeks:
    """A home after two weeks.

    Attributes:
        home: the home.
        between: a moment when the lists of the first week were out and no file of the second.
        first_lists: hash of every published file of the first week, taken then.
        second: what the publication of the second week said.
    """

    home: Path
    between: datetime
    first_lists: dict[str, str]
    second: Said


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    home = tmp_path_factory.mktemp("weeks") / "home"

    def run(*words: object, status: int = 0) -> Said:
        said = trappan("--home", home, *words)
        assert said.status == status, said.err
        return said

    run("nightly", "--inbox", SAMPLES / "inbox", "--as-of", AS_OF)
    run("publish", "--week", "2026-W46")
    between, first_lists = datetime.now(UTC), hashes(home)
    # A school has sent nothing of the second week, and its list waits until somebody says so.
    run("nightly", "--inbox", SAMPLES / "inbox_week_47", "--as-of", NEXT_AS_OF, status=3)
    second = run("publish", "--week", "2026-W47", "--even-if-held", "--reason", "studiedag")
    return Weeks(home, between, first_lists, second)


def hashes(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (home / "lists" / "2026-W46").rglob("*")
        if path.is_file()
    }


def csv_rows(said: Said) -> list[dict[str, str]]:
    assert said.status == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


def expected(name: str) -> list[dict[str, str]]:
    with (SAMPLES / "expected" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed(home: Path, week: str) -> list[dict[str, str]]:
    """What the lake keeps of a week's lists, as expected/states_….csv has it."""
    with Lake.open(LakeSettings(home=home)) as lake:
        numbers = identity_numbers(lake)
        rows = lake.frame(
            "SELECT school_unit_code, cast(pupil_key AS VARCHAR) AS civic_no, state, "
            "coalesce(reason, '') AS reason, coalesce(previous_level, 0) AS previous_level, level, "
            "first_week_date, weeks_on_list, highest_level FROM listed_pupils "
            "WHERE period = $week AND state <> 'unassessed'",
            week=week,
        ).rows(named=True)
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    for row in texts:
        row["civic_no"] = numbers[row["civic_no"]].replace("-", "")
    return sorted(texts, key=lambda row: (row["school_unit_code"], row["civic_no"]))


def page_of(weeks: Weeks, school: str, week: str = "2026-W47") -> Page:
    (path,) = (weeks.home / "lists" / week / school).glob("*.html")
    return Page(path.read_text(encoding="utf-8"))


def test_every_pupil_has_the_state_that_the_oracle_gives(weeks: Weeks) -> None:
    assert listed(weeks.home, "2026-W47") == expected("states_2026-W47.csv")


def test_oracle_and_hand_agree_about_the_planted_states() -> None:
    by_hand = yaml.safe_load((SAMPLES / "expected" / "planted_week_47.yaml").read_text("utf-8"))
    said = {
        (row["civic_no"], int(row["school_unit_code"])): f"{row['state']} {row['reason']}".strip()
        for row in expected("states_2026-W47.csv")
    }
    planted = {
        (number, school): state
        for number, of_schools in by_hand["states"].items()
        for school, state in of_schools.items()
    }
    assert planted == {key: said[key] for key in planted}


def test_the_page_names_each_state_with_its_reason(weeks: Weeks) -> None:
    page = page_of(weeks, NORTH)
    pupils = [e for e in page.all("tbody") if e.attributes.get("class") == "pupil"]
    rows = [" ".join(row.text.split()) for row in (*page.all("tr", "borta"), *pupils)]

    def row_of(name: str) -> str:
        return next(row for row in rows if name in row)

    assert "Sedan v. 46: Ny" in row_of("Ek, Måns")
    assert "sena uppgifter" in row_of("Lundin, Saga")
    assert "Fler frågor (förut mentor), 2 veckor, först v. 46" in row_of("Åkesson, Elias")
    assert "Kvar, 2 veckor" in row_of("Haddad, Omar")
    assert "Färre frågor (förut även SST), mindre frånvaro" in row_of("Nordin, Alvin")
    gone = page.by_id("borta").text
    assert "Inte längre på listan sedan v. 46" in gone
    for name, why in (
        ("Hammar, Lova", "Mindre frånvaro"),
        ("Test, Noor", "Uppgifter har rättats"),
        ("Björk, Iris", "Slutat, eller hör till en annan skola"),
        ("Demir, Adam", "Slutat, eller hör till en annan skola"),
        ("Hedlund, Elsa", "Data räcker inte"),
    ):
        assert why in row_of(name)
        assert name in gone


def test_the_summary_counts_what_changed(weeks: Weeks) -> None:
    text = " ".join(page_of(weeks, NORTH).by_id("sammanfattning").text.split())
    assert (
        "Jämfört med listan för v. 46 2026: 3 nya, 1 med fler frågor, 9 kvar med samma frågor, "
        "1 med färre frågor, 5 inte längre på listan (1 med mindre frånvaro, 1 efter rättade "
        "uppgifter, 2 har slutat eller bytt skola, 1 där data inte räcker)."
    ) in text


def test_the_new_school_of_a_pupil_is_reported_nothing_of_the_old_one(weeks: Weeks) -> None:
    page = page_of(weeks, SOUTH)
    row = next(e.text for e in page.all("tbody") if "Demir, Adam" in e.text)
    assert "2 veckor, först v. 46" in row
    assert NORTH not in " ".join(part.text for part in page.all("body"))


def test_the_workbook_has_a_sheet_of_those_who_are_gone(weeks: Weeks) -> None:
    (path,) = (weeks.home / "lists" / "2026-W47" / NORTH).glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    gone = {str(row[0].value): row for row in book["Inte längre på listan"].iter_rows(min_row=4)}
    assert sorted(gone) == [
        "Björk, Iris", "Demir, Adam", "Hammar, Lova", "Hedlund, Elsa", "Test, Noor"
    ]  # fmt: skip
    why = [str(cell.value) for row in gone.values() for cell in row]
    assert any("Uppgifter har rättats" in text for text in why)


def test_the_first_week_has_no_comparison(weeks: Weeks) -> None:
    assert "Jämfört med" not in page_of(weeks, NORTH, "2026-W46").by_id("sammanfattning").text


def test_a_frozen_week_stays_as_it_was(weeks: Weeks) -> None:
    assert hashes(weeks.home) == weeks.first_lists


def test_the_past_answers_as_it_was_known(weeks: Weeks) -> None:
    asked = ("flags", "--as-of", AS_OF, "--all", "--identities", "--format", "csv")
    home = ("--home", weeks.home)

    def keyed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return sorted(rows, key=lambda row: (row["civic_no"], row["rule"], row["basis"]))

    wanted = keyed(expected(f"flags_{AS_OF}.csv"))
    then = trappan(*asked, "--known-at", weeks.between.isoformat(), *home)
    assert keyed(csv_rows(then)) == wanted
    assert "As known at snapshot" in then.err
    assert keyed(csv_rows(trappan(*asked, *home))) != wanted


def test_a_moment_before_the_lake_is_reported_in_words(weeks: Weeks) -> None:
    said = trappan("flags", "--as-of", AS_OF, "--known-at", "2020-01-01", "--home", weeks.home)
    assert said.status == 1
    assert "The lake knew nothing at 2020-01-01 22:59 UTC. Expected a moment from" in said.err
    said = trappan("flags", "--as-of", AS_OF, "--known-at", "igår", "--home", weeks.home)
    assert said.status == 2
    assert "'igår' is not a moment" in said.err


def restated(weeks: Weeks, *words: object) -> list[dict[str, str]]:
    asked = ("restate", "--week", "2026-W46", "--identities", "--format", "csv")
    return csv_rows(trappan(*asked, *words, "--home", weeks.home))


def test_restating_a_week_names_who_would_stand_elsewhere_and_why(weeks: Weeks) -> None:
    rows = {row["civic_no"].replace("-", ""): row for row in restated(weeks)}
    assert set(rows) == {NOOR, SAGA}
    noor, saga = rows[NOOR], rows[SAGA]
    assert (noor["published_level"], noor["restated_level"], noor["difference"]) == (
        "1",
        "",
        "gone",
    )
    assert (noor["cause"], noor["lessons_changed"]) == ("lessons", "10")
    assert (saga["published_level"], saga["restated_level"], saga["difference"]) == (
        "", "1", "added"
    )  # fmt: skip
    assert saga["restated_rules"] == "mentor_followup (calendar)"


def test_restating_names_the_lessons_and_the_file_that_changed_them(weeks: Weeks) -> None:
    (row,) = [r for r in restated(weeks, "--lessons") if r["civic_no"].replace("-", "") == SAGA]
    content = (SAMPLES / "inbox_week_47" / CORRECTIONS).read_bytes()
    assert row["file"] == hashlib.sha256(content).hexdigest()[:12]
    assert (row["change"], row["then_invalid_minutes"], row["now_invalid_minutes"]) == (
        "changed", "0", "60"
    )  # fmt: skip
    assert row["exported_at"] == "2026-11-19 05:00:00"
    assert row["received_at"] > f"{weeks.between:%Y-%m-%d %H:%M:%S}"


def test_restating_lessons_says_which_are_left_out(weeks: Weeks) -> None:
    asked = ("restate", "--week", "2026-W46", "--lessons", "--home", weeks.home)
    told = " ".join(trappan(*asked).err.split())
    assert "The lessons are those from 2026-09-01 to 2026-11-15, the days that" in told
    assert "of pupils of whom the list says the same (--all has them)" in told
    assert "(--all has them)" not in " ".join(trappan(*asked, "--all").err.split())


def test_restating_says_how_many_did_not_change(weeks: Weeks) -> None:
    said = trappan("restate", "--week", "2026-W46", "--home", weeks.home)
    assert "4 lists of 2026-W46: 2 pupils differ" in said.err
    everybody = restated(weeks, "--all")
    assert {row["difference"] for row in everybody} == {"same", "gone", "added"}


def test_a_week_is_restated_also_when_what_its_lists_were_made_from_is_gone(
    weeks: Weeks, tmp_path: Path
) -> None:
    """As after an erasure, or when the promise is over: who differs is known, lessons are not."""
    home = tmp_path / "home"
    shutil.copytree(weeks.home, home, symlinks=True)
    with Lake.open(LakeSettings(home=home)) as lake:
        expire_everything_but_now(lake)
    before = {row["civic_no"]: row for row in restated(weeks)}
    after = {row["civic_no"]: row for row in restated(replace(weeks, home=home))}
    unknown = {"cause": "not_known", "lessons_changed": ""}
    assert after == {civic: row | unknown for civic, row in before.items()}
    said = trappan("restate", "--week", "2026-W46", "--home", home)
    assert said.status == 0
    assert "Of 4 of the lists the lake no longer keeps what they were made from" in said.err
    said = trappan("restate", "--week", "2026-W46", "--lessons", "--home", home)
    assert said.status == 1
    assert "Expected a week of which it does: there is none now." in said.err
    assert "Without --lessons it is said of which pupils" in said.err


def test_who_asks_for_lessons_of_a_week_that_is_over_is_told_the_oldest_that_is_not(
    weeks: Weeks, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(weeks.home, home, symlinks=True)
    with Lake.open(LakeSettings(home=home)) as lake:
        by_week = dict(lake.rows("SELECT period, list(DISTINCT lake_snapshot) FROM publications "
                                 "WHERE is_frozen GROUP BY period"))  # fmt: skip
        expire_snapshots(lake, set(by_week["2026-W46"]) - set(by_week["2026-W47"]))
    said = trappan("restate", "--week", "2026-W46", "--lessons", "--home", home)
    assert said.status == 1
    assert "Expected a week of which it does: the oldest is 2026-W47." in said.err


def test_a_school_without_a_list_of_the_week_is_reported_which_have_one(weeks: Weeks) -> None:
    said = trappan(*("restate", "--week", "2026-W46", "--school", "99999909", "--home", weeks.home))
    assert said.status == 1
    assert "no frozen list of school unit 99999909 for 2026-W46" in said.err
    assert "99999901, 99999902, 99999903, 99999904" in said.err


def test_a_week_that_was_never_published_cannot_be_restated(weeks: Weeks) -> None:
    said = trappan("restate", "--week", "2026-W40", "--home", weeks.home)
    assert said.status == 1
    assert "There is no frozen list for 2026-W40." in said.err
    assert "2026-W47, 2026-W46" in said.err


def test_who_has_become_protected_is_counted_though_nothing_else_changed(
    weeks: Weeks,
) -> None:
    everybody = len(restated(weeks, "--all"))
    with Lake.open(LakeSettings(home=weeks.home)) as lake:
        numbers = {number.replace("-", ""): key for key, number in identity_numbers(lake).items()}
        mark(lake, numbers[ELIAS])
        try:
            said = trappan("restate", "--week", "2026-W46", "--all", "--home", weeks.home)
            assert len(restated(weeks, "--all")) == everybody - 1
        finally:
            mark(lake, numbers[ELIAS], protected=False)
    assert "1 pupils of the lists have become protected and are left out." in said.err
    assert f"2 pupils differ, {everybody - 3} do not" in said.err


def recalled(home: Path, week: str, school: str) -> Watchlist:
    found = recall(Sealer.of_home(home), home / "lists" / week / school)
    assert found is not None
    return found


def test_the_curve_of_a_school_says_what_each_weeks_list_said(weeks: Weeks) -> None:
    lists = sorted((weeks.home / "lists" / "2026-W47").iterdir())
    assert lists
    for place in lists:
        before = recalled(weeks.home, "2026-W46", place.name)
        mentor, ulf, sst = (count.pupils for count in question_counts(before))
        told = ToldWeek("2026-W46", before.pupils_evaluated, len(before.pupils), (mentor, ulf, sst))
        assert recalled(weeks.home, "2026-W47", place.name).told_weeks == (told,)
        assert before.told_weeks == ()


def test_listed_pupils_have_the_weeks_of_their_year_up_to_the_list(weeks: Weeks) -> None:
    watchlist = recalled(weeks.home, "2026-W47", NORTH)
    years = [pupil.year_weeks for pupil in watchlist.pupils]
    assert any(years)
    (first,) = {year.first_monday for year in years if year}
    assert all(first + timedelta(weeks=len(x.shares) - 1) == SUNDAY_MONDAY for x in years if x)
    (path,) = (weeks.home / "lists" / "2026-W47" / NORTH).glob("*.html")
    page = path.read_text(encoding="utf-8")
    assert all(pupil_weeks(year) in page for year in years if year)


def test_lists_that_were_noted_without_counts_are_counted_by_the_next_run(
    weeks: Weeks,
) -> None:
    # Of a home without a portal nobody knows who is left.
    counts = (
        "SELECT * EXCLUDE (overdue_pupils, unmoved_pupils) FROM publications "
        "WHERE period = '2026-W46' ORDER BY school_unit_code"
    )
    with Lake.open(LakeSettings(home=weeks.home)) as lake:
        before = lake.rows(counts)
        assert all(None not in row for row in before)
        lake.connection.execute(
            "UPDATE publications SET pupils_evaluated = NULL, mentor_pupils = NULL, "
            "ulf_pupils = NULL, sst_pupils = NULL"
        )
        release_lists(lake, date.fromisoformat(NEXT_AS_OF), partial(rule_set_on, "stockholm"))
        assert lake.rows(counts) == before


def test_a_list_that_was_put_in_place_and_not_noted_is_noted_by_the_next_run(
    weeks: Weeks,
) -> None:
    """Whichever run is next: here a nightly one, of which the week is none of its business."""
    before = listed(weeks.home, "2026-W47")
    with Lake.open(LakeSettings(home=weeks.home)) as lake:
        for table in ("publications", "listed_pupils", "listed_verdicts"):
            lake.connection.execute(
                f"DELETE FROM {table} WHERE period = '2026-W47' AND school_unit_code = '{NORTH}'"
            )
    assert listed(weeks.home, "2026-W47") != before
    empty = weeks.home.parent / "empty"
    empty.mkdir()
    said = trappan("--home", weeks.home, "nightly", "--inbox", empty, "--as-of", NEXT_AS_OF)
    assert said.status == 3, said.err
    assert listed(weeks.home, "2026-W47") == before
