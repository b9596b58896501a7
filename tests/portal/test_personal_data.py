"""Every file of a home is of one place of the registry, and what is said to be sealed is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.delivery.delivery_log import FILE_NAME
from assets.lake.tables import TABLE_NAMES
from rules import personal_data
from rules.personal_data import PLACES, places_of
from rules.personal_data_page import TABLES_OF_NOBODY, TABLES_OF_PUPILS, as_markdown
from tests.integration.conftest import SAMPLES
from tests.portal.lived_in_home import lived_in

ROOT = Path(__file__).resolve().parents[2]
_IN_CLEAR = {"clear", "key"}
#: Said of a pupil in the portal: has to be found nowhere in clear.
TOLD = ("Kanariefågelns anteckning", "Kanariemålet för hösten", "kanarie.mottagare@stad.example")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a night, a frozen week, a delivery and a follow-up."""
    return lived_in(tmp_path_factory.mktemp("places"))


def files_of(home: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(home).as_posix(), path


def unregistered(home: Path) -> dict[str, list[str]]:
    """Return the files that are not of exactly one place, with those that they are of."""
    found = {name: [place.name for place in places_of(name)] for name, _ in files_of(home)}
    return {name: places for name, places in found.items() if len(places) != 1}


def test_each_file_of_a_home_is_of_exactly_one_place(home: Path) -> None:
    assert unregistered(home) == {}
    met = {place.name for name, _ in files_of(home) for place in places_of(name)}
    assert met >= {
        *("inbox", "archive", "quarantine", "lake", "catalog", "lists", "list memory"),
        *("manifests", "deliveries", "portal database", "portal files", "access log", "runs"),
        *("home's key", "people in settings", "contracts", "locks"),
    }


@pytest.mark.parametrize(
    "planted",
    [
        "lists/elever.csv",
        "portal/export.xlsx",
        "archive/elever_original.csv",
        "lake/data/main/identities.csv",
        "backup/pupil.key",
        "follow_up.sqlite",
        "lists/.versions/current/99999901/notes.txt",
    ],
)
def test_a_store_that_nobody_told_of_is_found(home: Path, planted: str) -> None:
    path = home / planted
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    try:
        assert unregistered(home) == {planted: []}
    finally:
        path.unlink()


def words_of_pupils() -> set[bytes]:
    """Numbers and mail addresses of the samples, and what the portal was told."""
    text = "\n".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in (SAMPLES / "inbox").glob("elever_*.csv")
    )
    numbers = re.findall(r"\b(?:\d{2})?\d{6}-?\d{4}\b", text)
    words = {*numbers, *re.findall(r"[\w.]+@[\w.]+", text), *TOLD}
    words |= {number.replace("-", "") for number in numbers}
    return {word.encode() for word in words if len(word) >= 8}


def found_in_clear(home: Path) -> list[tuple[str, bytes]]:
    wanted = re.compile(b"|".join(re.escape(word) for word in sorted(words_of_pupils())))
    return [
        (name, match[0])
        for name, path in files_of(home)
        for place in places_of(name)
        if place.how not in _IN_CLEAR
        for match in wanted.finditer(path.read_bytes())
    ]


def test_nobody_stands_in_clear_where_it_is_said_to_be_sealed(home: Path) -> None:
    assert len(words_of_pupils()) > 50
    assert found_in_clear(home) == []


def test_a_number_that_is_planted_among_sealed_bytes_is_found(home: Path) -> None:
    number = min(words_of_pupils())
    path = next(path for name, path in files_of(home) if name.endswith("list.sealed"))
    before = path.read_bytes()
    try:
        path.write_bytes(before + number)
        assert [word for _, word in found_in_clear(home)] == [number]
    finally:
        path.write_bytes(before)


def test_what_is_said_to_lie_in_clear_does(home: Path) -> None:
    """Else the search would find nothing anywhere."""
    number = min(words_of_pupils())
    inbox = b"".join(path.read_bytes() for name, path in files_of(home) if "inbox/" in name)
    assert number in inbox


def test_every_table_of_the_lake_is_of_pupils_or_of_nobody() -> None:
    assert set(TABLE_NAMES) == TABLES_OF_PUPILS | TABLES_OF_NOBODY
    assert not TABLES_OF_PUPILS & TABLES_OF_NOBODY


def test_what_a_place_is_called_and_who_reads_it_is_said_of_every_one() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    for place in PLACES:
        assert all((place.shown, place.what, place.readers, place.backup, place.erasure))
    assert places_of(FILE_NAME)[0].name == "deliveries"


def test_the_page_is_made_of_the_registry() -> None:
    page = ROOT / "docs" / "personal-data.md"
    assert page.read_text(encoding="utf-8") == as_markdown(), "run: make docs"


def test_erasure_retention_and_a_new_key_reach_every_place() -> None:
    for place in PLACES:
        if place.how != "nobody":
            said = {place.erasure, place.retention, place.rotation}
            assert personal_data.NOT_YET not in said, place.name
