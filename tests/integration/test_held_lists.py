"""A school whose newest data is unlike its norm: its list waits and says why, the others don't."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from assets.exports.pupils.merges import Merge
from assets.exports.pupils.rekeying import rekey
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from assets.watchlists.release.remembered import recall
from tests.integration.conftest import Said, trappan
from tests.integration.ingest_files import mark
from tests.unit.page_reader import Page

SCHOOLS = ("99990001", "99990002")
EXPORTED = datetime(2026, 10, 22, 5)  # noqa: DTZ001 - as a file name gives it
LAST_GOOD, CUT_DAY = date(2026, 10, 22), date(2026, 10, 23)


@dataclass(frozen=True)
class Held:
    """A home after a good night, and after one in which a school sent half a file."""

    home: Path
    first: Said
    second: Said


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    folder = tmp_path_factory.mktemp("held")
    simulate(SimulationPlan(120, 2, date(2026, 9, 21), CUT_DAY, 11, folder / "all", split="day"))
    home, inbox = folder / "home", folder / "inbox"
    inbox.mkdir()
    late = [path for path in (folder / "all").iterdir() if "20261023" in path.name]
    for path in (folder / "all").iterdir():
        if path not in late:
            shutil.copy2(path, inbox)
    first = nightly(home, inbox, LAST_GOOD)
    for path in late:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        is_cut = SCHOOLS[0] in path.name and path.name.startswith("lektion")
        kept = lines[: 1 + len(lines) // 2] if is_cut else lines
        (inbox / path.name).write_text("".join(kept), encoding="utf-8-sig")
    second = nightly(home, inbox, CUT_DAY)
    return Held(home, first, second)


def nightly(home: Path, inbox: Path, day: date) -> Said:
    said = trappan("nightly", "--inbox", inbox, "--as-of", day.isoformat(), "--home", home)
    # All is made, and somebody has to look when a list waits.
    assert said.status == (3 if "is held" in said.err else 0), said.err
    return said


def manifest(home: Path, code: str, period: str = "current") -> dict[str, object]:
    path = home / "lists" / period / code / "manifest.json"
    content: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return content


def page_text(home: Path, code: str) -> str:
    (path,) = (home / "lists" / "current" / code).glob("*.html")
    (body,) = Page(path.read_text(encoding="utf-8")).all("body")
    return " ".join(body.text.split())


def test_a_good_night_holds_nothing(held: Held) -> None:
    assert "is held" not in held.first.err


def test_the_list_of_before_stands_with_the_reason_on_its_page_and_first_sheet(held: Held) -> None:
    assert f"School unit {SCHOOLS[0]} is held" in held.second.err
    assert manifest(held.home, SCHOOLS[0])["as_of"] == LAST_GOOD.isoformat()
    expected = "Listan är inte uppdaterad sedan 22 oktober 2026"
    text = page_text(held.home, SCHOOLS[0])
    assert expected in text
    assert "22 okt: bara 50,0 % av de lektionsrader som är vanliga." in text
    (path,) = (held.home / "lists" / "current" / SCHOOLS[0]).glob("*.xlsx")
    first_sheet = openpyxl.load_workbook(path).worksheets[0]
    assert any(expected in str(cell.value) for row in first_sheet for cell in row)


def test_the_other_school_gets_its_new_list(held: Held) -> None:
    assert manifest(held.home, SCHOOLS[1])["as_of"] == CUT_DAY.isoformat()
    assert "inte uppdaterad" not in page_text(held.home, SCHOOLS[1])


def test_a_second_night_says_the_same_once(held: Held) -> None:
    nightly(held.home, held.home.parent / "inbox", CUT_DAY)
    assert page_text(held.home, SCHOOLS[0]).count("Listan är inte uppdaterad") == 1


def test_a_held_week_is_not_frozen_until_somebody_says_so(held: Held) -> None:
    said = trappan("publish", "--week", "2026-W43", "--home", held.home)
    assert said.status == 1
    assert "no night of its Sunday, 2026-10-25, has succeeded" in said.err
    said = trappan("publish", "--week", "2026-W43", "--force", "--home", held.home)
    assert said.status == 3, said.err
    assert f"--even-if-held --school {SCHOOLS[0]}" in said.err
    frozen = held.home / "lists" / "2026-W43"
    assert sorted(path.name for path in frozen.iterdir()) == [SCHOOLS[1]]
    said = trappan(
        "publish", "--week", "2026-W43", "--school", SCHOOLS[0], "--even-if-held",
        "--reason", "studiedag", "--force",
        "--home", held.home,
    )  # fmt: skip
    assert said.status == 0, said.err
    assert manifest(held.home, SCHOOLS[0], "2026-W43")["as_of"] == "2026-10-25"
    (path,) = (frozen / SCHOOLS[0]).glob("*.html")
    assert "22 okt: bara 50,0 %" in path.read_text(encoding="utf-8")


def test_who_becomes_protected_goes_from_a_list_that_waits(held: Held) -> None:
    sealed = held.home / "lists" / "current" / SCHOOLS[0]
    standing = recall(Sealer.of_home(held.home), sealed)
    assert standing is not None
    somebody = standing.pupils[0]
    name = f"{somebody.family_name}, {somebody.given_name}"
    assert name in page_text(held.home, SCHOOLS[0])
    # Who is protected often gets a new number, too: the list remembers the old one's key.
    new_key = uuid.uuid4()
    with Lake.open(LakeSettings(home=held.home)) as lake:
        merge = Merge(uuid.UUID(somebody.pupil_key), new_key, EXPORTED, 1)
        lake.connection.execute("INSERT INTO pupil_merges VALUES (?, ?, ?, ?, ?)", astuple(merge))
        lake.write(lambda connection: rekey(connection, lake, {merge.old: merge.new}))
        lake.connection.execute(
            f"INSERT INTO pupil_numbers VALUES ('{new_key}', '{new_key}');"
            f"INSERT INTO pupil_references VALUES ('{new_key}', '{new_key}')"
        )
        mark(lake, new_key)
    nightly(held.home, held.home.parent / "inbox", CUT_DAY)
    text = page_text(held.home, SCHOOLS[0])
    assert "Listan är inte uppdaterad" in text
    assert name not in text
    after = recall(Sealer.of_home(held.home), sealed)
    assert after is not None
    assert after.protected_pupils == standing.protected_pupils + 1
    assert {somebody.pupil_key, str(new_key)}.isdisjoint(row.pupil_key for row in after.pupils)


def test_a_school_that_is_held_on_its_first_night_is_reported_why_there_is_no_list(
    tmp_path: Path,
) -> None:
    plan = SimulationPlan(
        60, 1, date(2026, 9, 21), LAST_GOOD, 5, tmp_path / "inbox", encoding="utf-8"
    )
    simulate(plan)
    (path,) = (tmp_path / "inbox").glob("lektion*_2026-10_*")
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    position = header.split(";").index("Datum")
    for number in range(0, len(rows), 2):
        cells = rows[number].split(";")
        cells[position] = "2026-02-30"
        rows[number] = ";".join(cells)
    path.write_text("".join([header, *rows]), encoding="utf-8")
    said = nightly(tmp_path / "home", tmp_path / "inbox", LAST_GOOD)
    assert f"School unit {SCHOOLS[0]} is held" in said.err
    text = page_text(tmp_path / "home", SCHOOLS[0])
    assert "Det finns ingen lista för skolan än" in text
    assert "Att ingen elev står här betyder inte att frånvaron är låg." in text
    # Nothing on it may read as good news.
    for word in (
        "når någon av gränserna",
        "Ingen elev som ingår",
        "Inga lektioner",
        "0 ▲",
        "0 elever",
    ):
        assert word not in text
    standing = recall(
        Sealer.of_home(tmp_path / "home"), tmp_path / "home" / "lists" / "current" / SCHOOLS[0]
    )
    assert standing is not None
    assert standing.pupils == standing.insufficient == ()
    # And once more: what stands there is no list of before.
    nightly(tmp_path / "home", tmp_path / "inbox", LAST_GOOD)
    assert "Det finns ingen lista för skolan än" in page_text(tmp_path / "home", SCHOOLS[0])
