"""What can be asked and done about one received file: changes, retry, archive, summary."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from assets.exports.readers import layout_files as layouts_module
from assets.exports.readers.layout_files import load_layouts
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.complete_files import WITH_COLUMN, counted
from tests.integration.conftest import trappan
from tests.integration.ingest_files import (
    BAD,
    EVERY,
    PUPILS,
    lesson,
    lessons_of,
    offer,
    put,
    text_of,
)


def at(number: int, **cells: object) -> dict[str, object]:
    """One row of the usual month, on a day of its own."""
    return lesson(number) | {"date": f"2026-10-{5 + number:02d}"} | cells


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an export, its correction, a late older one, and one with refused rows."""
    folder = tmp_path_factory.mktemp("files")
    first = [at(n) for n in range(6)] + [at(7, date="2026-11-02")]
    newer = [at(0), at(1, valid="0", invalid="60", present="0"), at(8)]
    older = [at(0, invalid="30", valid="0"), at(9)]
    protected = "Sekretessmarkering"
    refused = [
        at(10, protected="Ingen"),
        at(11, civic=PUPILS[3], **BAD, given="Hemlig", protected=protected),
        at(12, civic=PUPILS[1], **BAD, given="Öppen", protected="Ingen"),
        at(13, civic="20120314-9801", given="Felskriven"),
        at(14, civic=PUPILS[2], start="=1+1", given="Formel", protected="Ingen"),
    ]
    with Lake.open(settings_of(folder / "home")) as lake:
        offer(lake, put(folder, "first_20261102T0500.csv", text_of(first)))
        offer(lake, put(folder, "newer_20261103T0500.csv", text_of(newer)))
        offer(lake, put(folder, "older_20261101T0500.csv", text_of(older)))
        offer(lake, put(folder, "refused_20261104T0500.csv", text_of(refused, EVERY)))
    return folder / "home"


def hash_of(home: Path, name: str) -> str:
    said = trappan("files", "--format", "csv", "--home", home)
    rows = csv.DictReader(io.StringIO(said.out))
    return next(row["file_sha256"] for row in rows if row["file_name"].startswith(name))


def csv_of(*arguments: object) -> list[dict[str, str]]:
    said = trappan(*arguments, "--format", "csv")
    assert said.status == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


# -- changes --------------------------------------------------------------------------------------


def test_the_changes_of_a_first_file_are_new_rows_by_school_and_month(home: Path) -> None:
    rows = csv_of("changes", "--file", hash_of(home, "first"), "--home", home)
    assert [(r["month"], r["rows_new"], r["rows_replaced"]) for r in rows] == [
        ("2026-10", "6", "0"),
        ("2026-11", "1", "0"),
    ]


def test_a_correction_says_what_is_new_replaced_and_unchanged(home: Path) -> None:
    (row,) = csv_of("changes", "--file", hash_of(home, "newer")[:10], "--home", home)
    assert row == {
        "school_unit_code": "99999901", "month": "2026-10", "rows_new": "1", "rows_replaced": "1",
        "rows_unchanged": "1", "rows_removed": "0", "rows_outdone": "",
    }  # fmt: skip


def test_an_older_file_says_how_many_rows_newer_ones_had_outdone(home: Path) -> None:
    new, superseded = csv_of("changes", "--file", hash_of(home, "older"), "--home", home)
    assert (new["rows_new"], superseded["rows_outdone"]) == ("1", "1")


def test_with_identities_the_lessons_stand_there_with_old_and_new_minutes(home: Path) -> None:
    wanted = hash_of(home, "newer")
    rows = csv_of("changes", "--file", wanted, "--identities", "--home", home)
    (replaced,) = (row for row in rows if row["change"] == "replaced")
    assert replaced["civic_no"] == PUPILS[1].replace("-", "")
    assert (replaced["old_valid_minutes"], replaced["old_invalid_minutes"]) == ("5", "5")
    assert (replaced["new_valid_minutes"], replaced["new_invalid_minutes"]) == ("0", "60")
    line = (home / "access.log").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(line)["asked"] == {"file": wanted}


def test_the_lessons_of_protected_pupils_are_left_out_of_the_changes(home: Path) -> None:
    said = trappan("changes", "--file", hash_of(home, "first"), "--identities", "--home", home)
    assert PUPILS[3].replace("-", "") not in said.out
    assert "1 lessons of pupils with protected identity are left out." in said.err


def test_a_complete_file_says_what_it_removed(tmp_path: Path) -> None:
    from assets.exports.ingest import ingest_paths

    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        offer(lake, put(tmp_path, "a_20261102T0500.csv", text_of([at(n) for n in range(5)])))
        path = put(tmp_path, "b_20261103T0500.csv", counted([at(1), at(3)]))
        ingest_paths(lake, [path], layouts=WITH_COLUMN)
    (row,) = csv_of("changes", "--file", hash_of(home, "b_"), "--home", home)
    assert (row["rows_unchanged"], row["rows_removed"]) == ("2", "1")


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("xyz123", "is not the hash of a file"),
        ("ab", "at least 6"),
        ("0000000000", "has no file whose hash begins with"),
    ],
)
@pytest.mark.parametrize("command", ["changes", "retry", "archive"])
def test_a_hash_that_names_no_file_is_reported(
    home: Path, tmp_path: Path, command: str, prefix: str, words: str
) -> None:
    arguments = {
        "changes": ("changes", "--file", prefix),
        "retry": ("retry", prefix),
        "archive": ("archive", "open", prefix, "--out", tmp_path / "x"),
    }[command]
    said = trappan(*arguments, "--home", home)
    assert said.status == 1
    assert words in said.err
    assert not (tmp_path / "x").exists()


# -- archive --------------------------------------------------------------------------------------


def test_the_archive_gives_the_original_back_and_logs_who_asked(home: Path, tmp_path: Path) -> None:
    wanted, out = hash_of(home, "refused"), tmp_path / "original.csv"
    said = trappan("archive", "open", wanted[:12], "--out", out, "--home", home)
    assert said.status == 0, said.err
    assert out.read_bytes() == (home.parent / "refused_20261104T0500.csv").read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    line = json.loads((home / "access.log").read_text(encoding="utf-8").splitlines()[-1])
    assert (line["command"], line["asked"]["file"]) == ("archive open", wanted)
    again = trappan("archive", "open", wanted, "--out", out, "--home", home)
    assert again.status == 1
    assert "is there already" in again.err


def test_an_original_can_be_removed_for_good(tmp_path: Path) -> None:
    home = tmp_path / "home"
    trappan("ingest", put(tmp_path / "in", "a.csv", text_of([lesson(0)])), "--home", home)
    wanted = hash_of(home, "a")
    assert "was removed" in trappan("archive", "remove", wanted[:8], "--home", home).err
    assert not list((home / "archive").rglob("*.zst.age"))
    assert "has no original" in trappan("archive", "remove", wanted[:8], "--home", home).err
    said = trappan("archive", "open", wanted, "--out", tmp_path / "x", "--home", home)
    assert said.status == 1
    assert not (tmp_path / "x").exists()


# -- refused rows ---------------------------------------------------------------------------------


def test_every_refused_row_says_how_to_mend_it(home: Path) -> None:
    rows = csv_of("files", "--rejected", "--home", home)
    assert all(row["fix"] for row in rows)
    assert {row["code"] for row in rows} >= {"lesson_date.unreadable", "civic_no.check_digit"}


def test_a_refused_row_shows_nobody_who_is_or_may_be_protected(home: Path) -> None:
    rows = csv_of("files", "--rejected", "--identities", "--home", home)
    shown = " ".join(row["row"] for row in rows)
    assert "Öppen" in shown
    assert "Hemlig" not in shown
    # A number with a slip of the pen can be anybody's.
    assert "Felskriven" not in shown
    assert "99999999-9999" in shown


def test_the_summary_for_the_sender_says_line_column_and_cure_and_names_nobody(
    home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "till skolan.csv"
    wanted = hash_of(home, "refused")
    said = trappan("files", "--sender", wanted[:8], "--out", out, "--home", home)
    assert said.status == 0, said.err
    text = out.read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert {(row["Rad"], row["Kolumn"]) for row in rows} == {
        ("3", "Datum"), ("4", "Datum"), ("5", "Personnummer"), ("6", "Starttid")
    }  # fmt: skip
    assert all(row["Så rättas det"] and row["Förväntades"] for row in rows)
    for word in ("Hemlig", "Öppen", "Felskriven", "Formel", "9801", "9818", "refused"):
        assert word not in text
    by_line = {row["Rad"]: row for row in rows}
    assert by_line["3"]["Hittades"] == "9999-99-99", "a protected pupil's row is a pattern only"
    assert by_line["4"]["Hittades"] == "2026-02-30"
    assert by_line["6"]["Hittades"] == "'=1+1"
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_summary_needs_a_file_and_a_place(home: Path) -> None:
    said = trappan("files", "--sender", "abcdef", "--home", home)
    assert said.status == 2
    assert "go together" in said.err


# -- retry ----------------------------------------------------------------------------------------


def mended(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the shipped layouts know another name of a column."""
    for path in layouts_module.SHIPPED.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        put(folder, path.name, text.replace("[Ogiltig frånvaro (min)", "[Skolk, Ogiltig frånvaro"))
    monkeypatch.setattr(layouts_module, "SHIPPED", folder)
    layouts_module.shipped_layouts.cache_clear()
    assert load_layouts()


def test_a_quarantined_file_is_read_again_when_its_layout_was_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, inbox = tmp_path / "home", tmp_path / "in"
    text = text_of([lesson(n) for n in range(3)]).replace("Ogiltig frånvaro (min)", "Skolk")
    path = put(inbox, "Åsa Öberg_20261101T0500.csv", text)
    assert "quarantined" in trappan("ingest", inbox, "--home", home).out
    path.unlink()
    wanted = hash_of(home, "Åsa")
    still = trappan("retry", wanted[:8], "--home", home)
    assert "quarantined" in still.out
    assert "Åsa Öberg" not in " ".join(str(p) for p in home.rglob("*"))

    try:
        mended(monkeypatch, tmp_path / "layouts")
        said = trappan("retry", wanted[:8], "--home", home)
    finally:
        monkeypatch.undo()
        layouts_module.shipped_layouts.cache_clear()
    assert said.status == 0, said.err
    assert "accepted" in said.out
    with Lake.open(settings_of(home)) as lake:
        assert len(lessons_of(lake)) == 3
        (row,) = lake.rows("SELECT outcome, exported_at::VARCHAR, rows_accepted FROM files")
        assert row == ("accepted", "2026-11-01 05:00:00", 3)
        assert lake.rows("SELECT count(*) FROM absence_daily")[0][0] > 0
    assert list((home / "quarantine").iterdir()) == []
    again = trappan("retry", wanted, "--home", home)
    assert again.status == 1
    assert "nothing to try again" in again.err


def test_a_file_with_refused_rows_is_read_again_in_place_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    rows = [lesson(0), lesson(1), lesson(2, length="60 min")]
    path = put(tmp_path / "in", "a_20261101T0500.csv", text_of(rows))
    assert "accepted_in_part" in trappan("ingest", path, "--home", home).out
    wanted = hash_of(home, "a_")
    same = trappan("retry", wanted, "--home", home)
    assert "accepted_in_part" in same.out
    with Lake.open(settings_of(home)) as lake:
        assert len(lessons_of(lake)) == 2
        assert lake.rows("SELECT count(*) FROM files") == [(1,)]
        assert lake.rows("SELECT count(*) FROM row_problems") == [(1,)]

    from assets.exports.staging import staged_tables

    whole = staged_tables.load_macros

    def kinder(lake: Lake) -> None:
        """A program that reads '60 min': what a mended layout would do to the row."""
        whole(lake)
        lake.connection.execute(
            "CREATE OR REPLACE TEMP MACRO whole_minutes(cell) AS "
            "try_cast(regexp_extract(cell, '[0-9]+') AS INTEGER)"
        )

    from assets.exports.batches import prefetch

    monkeypatch.setattr(prefetch, "load_macros", kinder)
    said = trappan("retry", wanted, "--home", home)
    assert said.status == 0, said.err
    with Lake.open(settings_of(home)) as lake:
        assert len(lessons_of(lake)) == 3
        assert lake.rows("SELECT outcome FROM files") == [("accepted",)]
        assert lake.rows("SELECT count(*) FROM row_problems") == [(0,)]


def test_a_file_that_can_no_longer_be_read_keeps_what_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    path = put(tmp_path / "in", "a_20261101T0500.csv", text_of([lesson(0), lesson(1, **BAD)]))
    trappan("ingest", path, "--home", home)
    for layout in layouts_module.SHIPPED.glob("*.yaml"):
        text = layout.read_text(encoding="utf-8")
        put(tmp_path / "layouts", layout.name, text.replace("[Datum]", "[Lektionsdag]"))
    monkeypatch.setattr(layouts_module, "SHIPPED", tmp_path / "layouts")
    layouts_module.shipped_layouts.cache_clear()
    try:
        said = trappan("retry", hash_of(home, "a_"), "--home", home)
    finally:
        monkeypatch.undo()
        layouts_module.shipped_layouts.cache_clear()
    assert "held" in said.out
    assert "What was taken of it before stays." in said.err
    with Lake.open(settings_of(home)) as lake:
        assert len(lessons_of(lake)) == 1
        assert lake.rows("SELECT outcome FROM files") == [("accepted_in_part",)]


def test_a_file_whose_original_is_gone_is_reported(tmp_path: Path) -> None:
    home = tmp_path / "home"
    trappan("ingest", put(tmp_path / "in", "a.csv", "no header\n"), "--home", home)
    wanted = hash_of(home, "a")
    next((home / "archive").rglob("*.zst.age")).unlink()
    said = trappan("retry", wanted, "--home", home)
    assert said.status == 1
    assert "has no original" in said.err
