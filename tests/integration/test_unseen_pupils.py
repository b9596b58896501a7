"""A child of a roster without lessons: from the files to every place where the list names it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.watchlists import outline
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.model import Watchlist
from assets.watchlists.release.remembered import packed, unpacked, without_pupils
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.unit.page_reader import rendered
from tests.unit.workbook_reader import everything, opened, rows

AS_OF = date(2026, 11, 15)
NORTH, SOUTH = "99999901", "99999902"
LESSONS = (
    "Skolenhetskod;Skola;Klass;Årskurs;Personnummer;Förnamn;Efternamn;Datum;Starttid;Sluttid;Ämne;"
    "Lektionslängd (min);Närvaro (min);Giltig frånvaro (min);Ogiltig frånvaro (min);"
    "Frånvaroanledning;Rapporterad"
)
ROSTER = (
    "Personnummer;Förnamn;Efternamn;Kön;Skolenhetskod;Klass;Årskurs;Mentor;Mentor e-post;"
    "Startdatum;Slutdatum;Skyddad identitet"
)
# Valid test numbers; a name a pupil, so that a name found is a pupil found.
UNSEEN, THIN, MOVED, HIDDEN, SEEN, OTHER = (
    ("201203149800", "Osedd"),
    ("201203149818", "Tunn"),
    ("201205059858", "Flyttad"),
    ("201306069855", "Gömd"),
    ("201307249860", "Sedd"),
    ("201312019894", "Annan"),
)
WEEKDAYS = [day for n in range(30) if (day := AS_OF - timedelta(days=n)).weekday() < 5]


def lesson(
    pupil: tuple[str, str], day: date, hour: int = 8, school: str = NORTH, group: str = "8A"
) -> str:
    return (
        f"{school};Skola {school};{group};8;{pupil[0]};{pupil[1]};Prov;{day};{hour:02}:00;"
        f"{hour + 1:02}:00;MA;60;60;0;0;;Ja"
    )


def record(
    pupil: tuple[str, str], group: str = "8A", mark: str = "Ingen", since: str = "2026-08-17"
) -> str:
    return (
        f"{pupil[0]};{pupil[1]};Prov;Kvinna;{NORTH};{group};8;Mia Mentor;mia@skola.example;{since};"
        f";{mark}"
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pupils with lessons, a thin one, one without, one from another school, one hidden."""
    folder = tmp_path_factory.mktemp("unseen")
    inbox = folder / "inbox"
    inbox.mkdir()
    days = sorted(WEEKDAYS)
    lines = [
        *(lesson(who, day, hour) for who in (SEEN, OTHER) for day in days for hour in (8, 9, 10)),
        *(lesson(THIN, day) for day in days if day.weekday() == 0),
        # What the other school had is more than thirty days old.
        *(lesson(MOVED, date(2026, 9, n), 8, SOUTH, "8Q") for n in range(1, 5)),
    ]
    bad = lesson(("201203149801", "Förlorad"), days[0])
    write(inbox / "lektioner_20261114T0500.csv", [LESSONS, *lines, bad])
    write(
        inbox / "elever_20261114T0501.csv",
        [
            ROSTER,
            record(UNSEEN),
            record(THIN),
            record(MOVED, since="2026-10-01"),
            record(HIDDEN, "9Z", "Sekretessmarkering"),
            record(SEEN),
            record(OTHER),
        ],
    )
    with Lake.open(settings_of(folder / "home")) as lake:
        ingest_paths(lake, [inbox])
        refresh_sums(lake)
    return folder / "home"


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\r\n" for line in lines), encoding="utf-8-sig")


@pytest.fixture(scope="module")
def watchlist(home: Path) -> Watchlist:
    with Lake.open(settings_of(home)) as lake:
        evaluation = evaluate_flags(lake, AS_OF, rule_set_on("stockholm", AS_OF))
        stamp = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 16, tzinfo=UTC))
        states = WeekStates({}, {}, [])
        found = collect(lake, evaluation, stamp, {}, states=states).watchlists
    return next(one for one in found if one.school_unit_code == NORTH)


def test_the_list_knows_whom_nobody_sees_and_who_is_hardly_seen(watchlist: Watchlist) -> None:
    assert [row.given_name for row in watchlist.unseen] == ["Flyttad", "Osedd"]
    assert [(row.given_name, row.percent) for row in watchlist.thin] == [("Tunn", 6)]
    assert watchlist.lost_rows == 1
    assert watchlist.pupils_evaluated == 5


def test_a_section_of_the_page_names_them_with_what_to_do(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    page = rendered(watchlist, tmp_path)
    section = page.by_id("osedda").text
    assert "2 elever står på elevlistan men har ingen lektion de senaste 30 dagarna" in section
    assert "kontrollera schema och placering, kontakta eleven och vårdnadshavarna" in section
    assert "2026-08-17" in section
    assert "Schema 6 % av klassens" in section
    assert "1 rad i skolans filer har ett personnummer som inte går att läsa" in section
    assert page.names("osedda")[:2] == ["Prov, Flyttad", "Prov, Osedd"]
    about = page.by_id("om").text
    assert "5 elever. För 2 av dem räcker uppgifterna inte" in about
    assert "2 har inga lektioner" in about


def test_the_next_step_about_an_unseen_pupil_says_what_to_check(watchlist: Watchlist) -> None:
    pupil = next(pupil for pupil in watchlist.unseen if pupil.given_name == "Osedd")
    step = outline.next_step(pupil)
    assert "Inga lektioner i uppgifterna: kontrollera schema och placering" in step


def test_the_workbook_says_the_same_as_the_page(watchlist: Watchlist, tmp_path: Path) -> None:
    book = opened(watchlist, tmp_path / "list.xlsx")
    sheet = book["Elever vi inte kan se"]
    found = {row["Namn"]: row for row in rows(sheet)}
    assert {name: row["Inga lektioner"] for name, row in found.items()} == {
        "Prov, Flyttad": "Ja",
        "Prov, Osedd": "Ja",
        "Prov, Tunn": None,
    }
    assert found["Prov, Tunn"]["Schema mot klassens"] == 0.06
    assert "Inga lektioner i uppgifterna" in found["Prov, Osedd"]["Att göra"]
    assert "1 rad i skolans filer har ett personnummer" in sheet["A2"].value


def test_the_earlier_school_and_its_lessons_are_not_shown(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    page = rendered(watchlist, tmp_path)
    text = page.all("html")[0].text + everything(opened(watchlist, tmp_path / "list.xlsx"))
    for word in (SOUTH, "8Q", "4 september", "2026-09-04"):
        assert word not in text


def test_a_protected_pupil_without_lessons_is_counted_for_the_principal_and_no_more(
    watchlist: Watchlist, tmp_path: Path
) -> None:
    page = rendered(watchlist, tmp_path)
    text = page.all("html")[0].text + everything(opened(watchlist, tmp_path / "list.xlsx"))
    assert "Gömd" not in text
    assert "9Z" not in text


def test_the_flags_and_the_explanation_say_insufficient(home: Path) -> None:
    said = trappan("flags", "--as-of", AS_OF, "--identities", "--format", "csv", "--home", home)
    mine = [line.split(",") for line in said.out.splitlines() if UNSEEN[0] in line]
    assert len(mine) == 8
    assert {fields[8] for fields in mine} == {"insufficient"}
    assert {fields[12] for fields in mine} == {"0"}
    explained = trappan("explain", "-", "--full", "--as-of", AS_OF, "--home", home, typed=UNSEEN[0])
    assert "no lesson of the pupil is known of the latest 30 days" in explained.out
    assert "unseen.after_days = 30 days" in explained.out


def test_a_list_of_before_does_not_name_who_has_become_protected(
    watchlist: Watchlist,
) -> None:
    again = unpacked(packed(watchlist))
    assert again == watchlist
    gone = {row.pupil_key for row in again.thin} | {row.pupil_key for row in again.unseen}
    left = without_pupils(again, gone)
    assert (left.thin, left.unseen) == ((), ())
