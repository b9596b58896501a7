"""`trappan consult` asks for advice about a pupil, and nobody learns who it is."""

from __future__ import annotations

import csv
import json
import re
from codecs import BOM_UTF8
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import yaml

from assets.flags.consultation import consultation_of
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import explain
from assets.flags.pupil_question import find_pupil, read_question
from assets.lake.connection import Lake
from assets.watchlists.swedish.consultation_texts import items
from pipelines.cli.pupil.consult import lines_of, page_of
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SAMPLES, Said, SampleHome, trappan

PLANTED = yaml.safe_load((SAMPLES / "expected" / "planted.yaml").read_text(encoding="utf-8"))
PROTECTED = [number for number, why in PLANTED["absent"].items() if "protected" in why]
FILES = sorted((SAMPLES / "inbox").glob("*.csv"))
IDENTIFYING = ("Personnummer", "Förnamn", "Efternamn", "Kön", "Klass", "Mentor", "Mentor e-post")


def consult(home: SampleHome, who: str, *more: object) -> Said:
    return trappan("consult", "-", "--as-of", AS_OF, *more, "--home", home.path, typed=who)


@cache
def own_words(number: str) -> frozenset[str]:
    """What the files say of who a pupil is: each cell and each part of a name."""
    found = set()
    for file in FILES:
        text = file.read_bytes()
        decoded = text.decode("utf-8-sig" if text.startswith(BOM_UTF8) else "cp1252")
        for row in csv.DictReader(decoded.splitlines(), delimiter=";"):
            if row.get("Personnummer", "").replace("-", "")[-10:] == number[-10:]:
                cells = [row.get(column) or "" for column in IDENTIFYING]
                found |= {cell for cell in cells if len(cell) > 1}
    return frozenset(found | {word for cell in found for word in cell.split()})


@pytest.fixture(scope="module")
def sheets(sample_home: SampleHome) -> dict[str, str]:
    """The sheet of every planted pupil as text and page, by number, from one lake."""
    day = date.fromisoformat(AS_OF)
    rules = rule_set_on("stockholm", day)
    found = {}
    with Lake.open(settings_of(sample_home.path)) as lake:
        evaluation = evaluate_flags(lake, day, rules)
        for number in PLANTED["pupils"]:
            key = find_pupil(lake, read_question(number, day), evaluation)
            sheet = items(consultation_of(explain(lake, evaluation, key)), rules, [], "")
            page = page_of(sheet).partition("<main>")[2]
            found[number] = "\n".join((*lines_of(sheet), page))
    return found


@pytest.mark.parametrize("number", sorted(PLANTED["pupils"]))
def test_the_sheet_of_a_pupil_has_no_word_of_the_files(sheets: dict[str, str], number: str) -> None:
    assert not set(re.findall(r"[\w@.-]+", sheets[number])) & own_words(number)
    assert not re.search(r"\d{4}|\d{2}:\d{2}", sheets[number]), "no date, number or school code"


def test_the_words_that_are_sought_are_those_of_the_files() -> None:
    assert {"Omar", "Haddad", "8B"} <= own_words("201205059858")
    assert sum(bool(own_words(number)) for number in PLANTED["pupils"]) > 30


def test_the_sheet_that_is_shown_is_the_one_that_is_written(
    sample_home: SampleHome, tmp_path: Path, sheets: dict[str, str]
) -> None:
    number, sheet = "201205059858", tmp_path / "underlag.html"
    assert consult(sample_home, number, "--out", sheet).status == 0
    assert sheet.read_text(encoding="utf-8").partition("<main>")[2] in sheets[number]
    assert sheet.stat().st_mode & 0o777 == 0o600
    shown = consult(sample_home, number)
    assert shown.status == 0
    assert shown.out.strip() in sheets[number]
    assert "Kontrollera att eleven inte går att känna igen." in shown.out


def test_the_pupils_name_in_the_question_is_refused(sample_home: SampleHome) -> None:
    said = consult(sample_home, "201205059858", "--question", "Hur hjälper vi Omar?")
    assert said.status == 1
    assert not said.out
    assert "can be known" in said.err
    assert "Omar" not in said.err


def test_that_somebody_asked_is_logged_without_about_whom(sample_home: SampleHome) -> None:
    number = sorted(PLANTED["pupils"])[0]
    consult(sample_home, number, "--question", "Vad är nästa steg?")
    line = (sample_home.path / "access.log").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(line)["command"] == "consult"
    assert number not in line
    assert "nästa steg" not in line


@pytest.mark.parametrize("number", PROTECTED)
def test_of_a_protected_pupil_there_is_no_sheet(sample_home: SampleHome, number: str) -> None:
    said = consult(sample_home, number)
    assert said.status == 1
    assert not said.out


def test_a_sheet_never_replaces_a_file(sample_home: SampleHome, tmp_path: Path) -> None:
    there = tmp_path / "underlag.html"
    there.write_text("kept", encoding="utf-8")
    said = consult(sample_home, sorted(PLANTED["pupils"])[0], "--out", there)
    assert said.status == 1
    assert there.read_text(encoding="utf-8") == "kept"
