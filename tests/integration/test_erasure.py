"""A pupil who is erased is in no byte of the home, and everybody else is as if never met."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.upkeep.erasure.search import Trace, Words, traces
from assets.upkeep.erasure.whom import Child
from assets.watchlists.model import Watchlist
from assets.watchlists.release.remembered import recall
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.erased_home import (
    FAMILY,
    GIVEN,
    NUMBER,
    OLD,
    OTHERS,
    SCHOOL,
    WEEK,
    erase,
    filled,
    lessons,
    with_portal,
)
from tests.integration.ingest_files import BASIC, put, table, text_of, workbook_of

#: Tables whose rows of others must be those of a home without the pupil, and columns of each.
_COMPARED = {
    "lessons": "* EXCLUDE (file_id)",
    "enrolments": "* EXCLUDE (file_id)",
    "absence_daily": "*",
    "absence_monthly": "*",
    "absence_rolling": "*",
    "flags": "*",
    "pupil_numbers": "*",
    "pupil_references": "*",
    "protection_words": "* EXCLUDE (file_id, mark_key)",
    "listed_pupils": "*",
    "listed_verdicts": "*",
    "class_coverage": "* EXCLUDE (file_id)",
    "identity_sources": "* EXCLUDE (file_id)",
    "publications": "school_unit_code, period, flagged_pupils, mentor_pupils, ulf_pupils",
}


def words_of(sealer: Sealer) -> Words:
    numbers = frozenset(number.replace("-", "") for number in (NUMBER, OLD))
    keys = frozenset(sealer.key("pupil", number) for number in numbers)
    return Words(Child(keys, numbers, frozenset({(GIVEN, FAMILY)}), False), (FAMILY,))


def found_in(home: Path) -> list[Trace]:
    with Lake.open(settings_of(home)) as lake:
        return traces(lake, words_of(Sealer.of_home(home)))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled home with the pupil, and a home with the same key that never met the pupil."""
    folder = tmp_path_factory.mktemp("before")
    home = filled(folder / "with")
    with_portal(home)
    target = folder / "target"
    target.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPPAN_DELIVERY_TARGET", target.as_uri())
        trappan("--home", home, "deliver")
    pulled = home / "pulled" / "skola" / "persons_20261003T0400.json"
    pulled.parent.mkdir(parents=True)
    pulled.write_text(json.dumps({"data": [{"id": "x", "civicNo": {"value": NUMBER}}]}))
    never = folder / "never" / "home"
    never.mkdir(parents=True)
    shutil.copy(home / "pupil.key", never / "pupil.key")
    (never / "pupil.key").chmod(0o600)
    filled(folder / "never", with_pupil=False)
    return folder


@pytest.fixture(scope="module")
def erased(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home after the pupil was erased."""
    home = tmp_path_factory.mktemp("erased") / "home"
    shutil.copytree(before / "with" / "home", home, symlinks=True)
    said = erase(home)
    assert said.status == 0, said.err
    return home


def rows(home: Path, table: str, columns: str) -> list[str]:
    with Lake.open(settings_of(home)) as lake:
        return sorted(map(repr, lake.rows(f"SELECT {columns} FROM {table}")))


def listed(home: Path, period: str) -> Watchlist:
    found = recall(Sealer.of_home(home), home / "lists" / period / SCHOOL)
    assert found is not None
    return found


def test_the_pupil_is_found_in_every_kind_of_place_before(before: Path) -> None:
    found = {trace.place for trace in found_in(before / "with" / "home")}
    assert found >= {
        *("pulled", "archive", "lake", "lists", "list memory", "deliveries", "portal database"),
        "lasting rows",
    }
    paths = " ".join(trace.path for trace in found_in(before / "with" / "home"))
    assert all(part in paths for part in ("/.versions/", "/.replaced/", "/lasting/"))


def test_an_erased_pupil_is_in_no_byte_of_the_home(erased: Path) -> None:
    assert found_in(erased) == []


@pytest.mark.parametrize("table", _COMPARED)
def test_others_are_as_if_the_pupil_had_never_been(erased: Path, before: Path, table: str) -> None:
    columns = _COMPARED[table]
    assert rows(erased, table, columns) == rows(before / "never" / "home", table, columns)


def test_others_stand_on_the_same_lists(erased: Path, before: Path) -> None:
    for period in ("current", WEEK):
        left, never = listed(erased, period), listed(before / "never" / "home", period)
        for part in ("pupils", "insufficient", "cleared", "at_risk", "thin"):
            assert [row.pupil_key for row in getattr(left, part)] == [
                row.pupil_key for row in getattr(never, part)
            ]
        assert [row.evidence for row in left.pupils] == [row.evidence for row in never.pupils]
        assert left.pupils_evaluated == never.pupils_evaluated
        assert left.protected_pupils == never.protected_pupils


def test_a_frozen_list_says_that_somebody_was_erased_and_not_who(erased: Path) -> None:
    said = listed(erased, WEEK).notices
    assert any("raderats" in words for words in said)
    page = next((erased / "lists" / WEEK / SCHOOL).glob("*.html")).read_text(encoding="utf-8")
    assert "raderats" in page
    manifest = json.loads((erased / "lists" / WEEK / SCHOOL / "manifest.json").read_text())
    assert manifest["mentors"]
    assert manifest["rows"]["flagged"] == len(listed(erased, WEEK).pupils)


def test_the_receipt_says_how_much_and_nothing_of_whom(erased: Path) -> None:
    (receipt,) = (erased / "erasures").glob("*-*.json")
    said = json.loads(receipt.read_text(encoding="utf-8"))
    assert said["taken_out"]["originals rewritten"] == 4
    assert said["taken_out"]["originals deleted"] >= 2
    assert said["taken_out"]["portal rows"] == 5
    assert said["taken_out"]["lists"] == 2
    assert any("inbox" in words for words in said["left_to_do"])
    assert any("trappan deliver" in words for words in said["left_to_do"])
    assert not list((erased / "erasures").glob("*.unfinished"))


def test_the_ledger_counts_what_is_left(erased: Path) -> None:
    with Lake.open(settings_of(erased)) as lake:
        for read, accepted, rejected, refused in lake.rows(
            "SELECT rows_read, rows_accepted, rows_rejected, (SELECT count(*) FROM row_problems "
            "WHERE row_problems.file_id = files.file_id AND severity = 'rejected') FROM files"
        ):
            assert read == accepted + rejected
            assert rejected == refused


def test_what_is_rewritten_opens_and_what_is_deleted_is_not_missed(erased: Path) -> None:
    said = trappan("--home", erased, "verify")
    assert said.status == 0, said.err


def test_a_later_night_does_not_bring_the_pupil_back(
    erased: Path, before: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(erased, home, symlinks=True)
    inbox = home / "inbox"
    shutil.rmtree(inbox)
    rows_again = lessons((NUMBER, OTHERS[0]), date(2026, 10, 12), 2)
    odd = [{**rows_again[0], "date": "2026-02-30"}, {**rows_again[0], "civic": NUMBER[2:]}]
    put(inbox, "lektionsfranvaro_20261014T0500.csv", text_of([*rows_again, *odd], BASIC))
    put(
        inbox,
        "lektionsfranvaro_20261014T0600.xlsx",
        workbook_of(table(lessons((NUMBER, OTHERS[0]), date(2026, 10, 14), 1), BASIC)),
    )
    said = trappan("--home", home, "nightly", "--as-of", "2026-10-14")
    assert said.status in {0, 3}, said.err
    assert found_in(home) == []
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows(
            "SELECT rows_read, rows_accepted, rows_rejected FROM files WHERE exported_at > "
            "TIMESTAMP '2026-10-14' ORDER BY exported_at"
        ) == [(6, 2, 4), (2, 1, 1)]
        assert set(
            lake.rows(
                "SELECT code, line_number FROM row_problems JOIN files USING (file_id) "
                "WHERE exported_at > TIMESTAMP '2026-10-14' AND severity = 'rejected'"
            )
        ) == {("row.erased", 0)}


def test_a_file_that_is_read_again_has_only_the_others(erased: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(erased, home, symlinks=True)
    with Lake.open(settings_of(home)) as lake:
        ((sha256, accepted, rejected),) = lake.rows(
            "SELECT file_sha256, rows_accepted, rows_rejected FROM files "
            "WHERE exported_at = TIMESTAMP '2026-10-11 05:00:00'"
        )
        before = sorted(map(repr, lake.rows("FROM lessons")))
    said = trappan("--home", home, "retry", sha256)
    assert said.status in {0, 3}, said.err
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows(
            "SELECT rows_accepted, rows_rejected FROM files WHERE file_sha256 = $sha256 "
            "AND outcome <> 'duplicate'",
            sha256=sha256,
        ) == [(accepted, rejected)]
        assert sorted(map(repr, lake.rows("FROM lessons"))) == before
    assert found_in(home) == []
