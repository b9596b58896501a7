"""Who another school claims reads so on the own school's list, and nothing on the other's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from assets.watchlists.swedish.dispute_texts import ROW_LINE
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, ROSTER, USUAL, put, text_of
from tests.unit.page_reader import Page

AS_OF = date(2026, 10, 31)
OLD, NEW = "99999902", "99999901"
SENDERS = (
    Sender("new", frozenset({NEW}), rights=frozenset(), is_declared=True),
    Sender("old", frozenset({OLD}), rights=frozenset(), is_declared=True),
    Sender("register", rights=frozenset(Right), is_declared=True),
)
#: All of the old school and much absent; the new one claims the first two. The fourth is its own.
NAMES = dict(zip(("Omtvina", "Skylla", "Ororda", "Egana"), PUPILS, strict=False))
DAYS = [day for n in range(31) if (day := date(2026, 10, 1) + timedelta(n)).weekday() < 5]
SCHOOL_NAMES = {OLD: "Gamla skolan", NEW: "Nya skolan"}


def record(name: str, school: str, **cells: object) -> Mapping[str, object]:
    return {**USUAL, "civic": NAMES[name], "given": name, "school": school, "starts": "", **cells}


def absent(name: str, school: str, day: date) -> Mapping[str, object]:
    minutes = {"present": "0", "valid": "0", "invalid": "60", "start": "08:20", "end": "09:20"}
    return {**record(name, school), **minutes, "date": day.isoformat()}


@pytest.fixture(scope="module", params=["waits", "register"])
def home(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A home whose new school claims two of the old one; the register may say it too."""
    folder = tmp_path_factory.mktemp(request.param)
    inbox = folder / "inbox"
    schools = [USUAL | {"school": code, "school_name": name} for code, name in SCHOOL_NAMES.items()]
    put(inbox / "register", "skolor_20261001T0300.csv", text_of(schools, REGISTER))
    marked = {"protected": "Sekretessmarkering"}
    rows = [record("Omtvina", OLD), record("Skylla", OLD, **marked), record("Ororda", OLD)]
    put(inbox / "old", "elever_20261001T0400.csv", text_of(rows, ROSTER))
    rows = [record("Egana", NEW)]
    put(inbox / "new", "elever_20261001T0400.csv", text_of(rows, ROSTER))
    for sender, school, names in (("old", OLD, list(NAMES)[:3]), ("new", NEW, ["Egana"])):
        rows = [absent(name, school, day) for name in names for day in DAYS]
        put(inbox / sender, "lektioner_20261031T0500.csv", text_of(rows, EVERY))
    claims = text_of([record("Omtvina", NEW), record("Skylla", NEW)], ROSTER)
    with Lake.open(settings_of(folder / "home")) as lake:
        take(lake, inbox, 1)
        put(inbox / "new", "elever_20261101T0400.csv", claims)
        if request.param == "register":
            put(inbox / "register", "elever_20261101T0400.csv", claims)
        take(lake, inbox, 2)
        refresh_sums(lake)
        release_lists(lake, AS_OF, lambda _: rule_set_on("stockholm", AS_OF))
    return folder / "home"


def take(lake: Lake, inbox: Path, run: int) -> None:
    clock = datetime(2026, 11, run, 5, tzinfo=UTC).timestamp()
    senders = Senders(named=SENDERS, folders=(inbox,))
    ingest_paths(lake, [inbox], senders=senders, intake=Intake(now=lambda: clock))


def page_of(home: Path, school: str) -> Page:
    (path,) = (home / "lists" / "current" / school).glob("*.html")
    return Page(path.read_text(encoding="utf-8"))


def whose_rows_say(page: Page) -> list[str]:
    said = [row.text for row in page.all("tbody") if ROW_LINE in " ".join(row.text.split())]
    return [name for name in NAMES for text in said if name in text]


def whose_cells_say(home: Path, school: str) -> list[str]:
    (path,) = (home / "lists" / "current" / school).glob("*.xlsx")
    rows = openpyxl.load_workbook(path)["Elever"].iter_rows(values_only=True)
    said = [" ".join(map(str, row)) for row in rows if any(ROW_LINE in str(cell) for cell in row)]
    return [name for name in NAMES for text in said if name in text]


def everything(home: Path, school: str) -> str:
    folder = home / "lists" / "current" / school
    (path,) = folder.glob("*.xlsx")
    cells = [
        str(cell)
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    ]
    (page,) = folder.glob("*.html")
    return " ".join([page.read_text(encoding="utf-8"), *cells])


def test_the_row_of_a_claimed_pupil_says_so_on_page_and_workbook(home: Path) -> None:
    # Where the register says it too the pupil has moved, and nothing is disputed.
    is_claimed = home.parent.name.startswith("waits")
    claimed = ["Omtvina"] if is_claimed else []
    assert whose_rows_say(page_of(home, OLD)) == claimed
    assert whose_cells_say(home, OLD) == claimed
    here = everything(home, OLD)
    assert "Ororda" in here
    assert ("Omtvina" in here) is is_claimed
    # A list is printed, and its pupil may be protected tomorrow.
    assert SCHOOL_NAMES[NEW] not in here
    assert NEW not in here


def test_no_row_of_the_claiming_school_and_no_protected_pupil_is_told_of_it(home: Path) -> None:
    there = everything(home, NEW)
    assert "Egana" in there
    assert ROW_LINE not in there
    for school in (OLD, NEW):
        assert "Skylla" not in everything(home, school)
    if whose_rows_say(page_of(home, OLD)):
        assert "Omtvina" not in there
