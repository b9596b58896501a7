"""What a decision says is over goes, and is in no byte of the home; what stays is as it was."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.retention.retain import WhatGoes, day_of, plan, retain
from tests.conftest import settings_of
from tests.integration.aged_home import (
    BEFORE,
    LATER,
    ONE_LESSON,
    clearing,
    copied,
    decided,
    found_in,
)
from tests.integration.conftest import trappan


@pytest.fixture(scope="module")
def planned(aged: Path) -> WhatGoes:
    """What would go of that home."""
    with Lake.open(settings_of(aged)) as lake:
        return plan(clearing(lake), decided())


@pytest.fixture(scope="module")
def retained(aged: Path, planned: WhatGoes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home after a round."""
    assert not planned.is_nothing
    home = copied(aged, tmp_path_factory.mktemp("retained"))
    with Lake.open(settings_of(home)) as lake:
        assert retain(clearing(lake), decided()) is not None
    return home


def test_before_it_the_pupil_is_in_every_kind_of_place(aged: Path) -> None:
    assert {trace.place for trace in found_in(aged)} >= {
        *("archive", "lake", "lasting rows", "lists", "list memory", "portal database"),
        *("pulled", "catalog"),
    }


def test_who_has_no_day_left_is_in_no_byte_of_the_home(retained: Path) -> None:
    assert found_in(retained) == []
    assert trappan("--home", retained, "verify").out.count("WRONG") == 0


def test_days_are_counted_from_the_newest_night_and_file(aged: Path) -> None:
    with Lake.open(settings_of(aged)) as lake:
        assert day_of(lake) == LATER


def test_rows_of_days_that_stay_are_as_they_were(aged: Path, retained: Path) -> None:
    def rows(home: Path) -> list[str]:
        statement = "SELECT * EXCLUDE (file_id) FROM lessons WHERE lesson_date >= $before"
        with Lake.open(settings_of(home)) as lake:
            return sorted(map(repr, lake.rows(statement, before=BEFORE)))

    assert rows(aged) == rows(retained)
    assert len(rows(aged)) > 40


def test_who_has_one_lesson_left_keeps_the_name_and_that_lesson(retained: Path) -> None:
    sealer = Sealer.of_home(retained)
    key = str(sealer.key("pupil", ONE_LESSON.replace("-", "")))
    with Lake.open(settings_of(retained)) as lake:
        ((lessons, earliest),) = lake.rows(
            "SELECT count(*), min(lesson_date) FROM lessons WHERE pupil_key = cast($key AS UUID)",
            key=key,
        )
        ((names,),) = lake.rows(
            "SELECT count(*) FROM identities WHERE content_key IN (SELECT content_key FROM "
            "identity_sources WHERE pupil_key = cast($key AS UUID))",
            key=key,
        )
    assert (lessons, earliest) == (1, date(2029, 9, 4))
    assert names


def test_the_receipt_says_what_went_and_by_which_decision(
    retained: Path, planned: WhatGoes
) -> None:
    (path,) = (retained / "retention").iterdir()
    receipt = json.loads(path.read_text(encoding="utf-8"))
    assert receipt["decision"] == "nämnden, 2029-09-01, dnr 2029/1"
    assert receipt["counted_from"] == LATER.isoformat()
    went = {kind: said["went"] for kind, said in receipt["periods"].items()}
    assert went == {kind: dict(things) for kind, things in planned.counts.items() if things} | {
        kind: {} for kind, things in planned.counts.items() if not things
    }


def test_a_second_round_finds_nothing(retained: Path) -> None:
    with Lake.open(settings_of(retained)) as lake:
        assert plan(clearing(lake), decided()).counts == {
            kind: {} for kind in plan(clearing(lake), decided()).counts
        }
        assert retain(clearing(lake), decided()) is None
