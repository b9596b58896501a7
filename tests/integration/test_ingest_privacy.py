"""No name, number or address of a person is in clear anywhere in the home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileReport
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.ingest_files import (
    BASIC,
    EVERY,
    REGISTER,
    ROSTER,
    USUAL,
    Formula,
    lesson,
    offer,
    put,
    text_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of

GIVEN, FAMILY = "Kanariefågel", "Gulfjädersson"
CIVIC = "20100127-9809"
CANARY = {
    "given": GIVEN,
    "family": FAMILY,
    "civic": CIVIC,
    "mentor": "Burmästare Mentorsson",
    "email": "burmastare@kanarie.example",
    "principal": "Rektor Papegojasson",
    "principal_email": "papegoja@kanarie.example",
    "why": "Näbbvärk",
    "sex": "Kvinna",
    "starts": "2026-08-17",
}
WORDS = (
    GIVEN, FAMILY, CIVIC, CIVIC.replace("-", ""), "Burmästare", "burmastare@", "Papegojasson",
    "papegoja@", "Näbbvärk",
)  # fmt: skip


def misplaced() -> list[dict[str, object]]:
    """Rows whose cells slipped, so that people stand where minutes and dates belong."""
    columns = (
        "date", "start", "end", "length", "present", "valid", "invalid", "reported", "school",
        "grade", "protected", "cancelled",
    )  # fmt: skip
    texts = (GIVEN, f"{GIVEN} {FAMILY}", CIVIC, CIVIC.replace("-", ""), str(CANARY["email"]),
             "20130101-TF01")  # fmt: skip
    rows = [
        lesson(n, **CANARY) | {column: text} for n, column in enumerate(columns) for text in texts
    ]
    return [*rows, lesson(0, **CANARY), lesson(1, **CANARY | {"civic": CIVIC + "1"})]


@pytest.fixture(scope="module")
def everything(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, list[FileReport]]]:
    """A home that was offered the canary in every way, and the reports."""
    folder = tmp_path_factory.mktemp("privacy")
    inbox, home = folder / "inbox", folder / "home"
    good = [lesson(n, **CANARY, protected="Sekretessmarkering") for n in range(20)]
    canary = USUAL | CANARY
    broken = text_of(good, EVERY).replace(f";{FAMILY};", f';"{FAMILY};', 9)
    broken = broken.replace(f";{FAMILY};", f';"{FAMILY}; Jr;', 1)
    put(inbox, f"{GIVEN} {CIVIC}_20261101T0500.csv", text_of(good, EVERY))
    put(inbox, "b_20261102T0500.csv", text_of(good, EVERY), "cp1252")
    put(inbox, "c_20261103T0500.csv", text_of(misplaced(), EVERY))
    put(inbox, "d_20261104T0500.csv", broken)
    put(inbox, "e.csv", text_of(good, EVERY) + f"{FAMILY};{CIVIC}\r\n{GIVEN};" + ";" * 40 + "x\r\n")
    put(inbox, "f.xlsx", workbook_of(cells_of([*good, *misplaced()], EVERY)))
    put(inbox, "g.xlsx", workbook_of(cells_of([lesson(0, **CANARY) | {"family": Formula("=A1")}])))
    put(inbox, "elever_1.csv", text_of([canary, canary | {"class": "8B"}], ROSTER))
    put(inbox, "elever_2.csv", text_of([canary, canary | {"ends": FAMILY}], ROSTER))
    put(inbox, "skolor.csv", text_of([canary], REGISTER))
    put(inbox, "twice.csv", text_of([*good, *good], BASIC))
    put(inbox, "no header.csv", text_of(good).split("\n", 1)[1])
    put(inbox, "pivot.csv", text_of(good, (*BASIC, CIVIC)))
    put(inbox, "damaged.csv", text_of(good).replace(FAMILY, FAMILY + "\x00", 1))
    put(inbox, "lost.csv", text_of(good).replace(FAMILY, FAMILY + "\ufffd", 1))
    put(inbox, "half.xlsx", workbook_of(cells_of(good))[:4000])
    with Lake.open(settings_of(home)) as lake:
        reports = offer(lake, *sorted(inbox.iterdir()))
        # Again, and while the lake is still open.
        reports += offer(lake, *sorted(inbox.iterdir()))
        yield home, reports


def test_the_canary_was_taken_refused_and_quarantined(
    everything: tuple[Path, list[FileReport]],
) -> None:
    _, reports = everything
    assert {str(report.outcome) for report in reports} >= {
        "accepted", "accepted_in_part", "quarantined", "duplicate"
    }  # fmt: skip
    codes = {problem.code for report in reports for problem in report.problems}
    assert codes >= {
        "civic_no.unreadable", "row.broken_quotes", "row.too_few_cells", "row.too_many_cells",
        "row.contradicts", "row.repeated", "lesson_date.unreadable", "end_date.unreadable",
        "valid_minutes.unreadable", "reported.unreadable", "grade.unreadable",
    }  # fmt: skip


def test_no_byte_of_the_home_names_a_person(everything: tuple[Path, list[FileReport]]) -> None:
    home, _ = everything
    looked_at = 0
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        looked_at += len(content)
        for word in WORDS:
            for encoding in ("utf-8", "utf-16-le", "cp1252"):
                assert word.encode(encoding) not in content, (path, word)
    assert looked_at > 100_000


def test_no_report_names_a_person(everything: tuple[Path, list[FileReport]]) -> None:
    _, reports = everything
    for report in reports:
        said = [report.reason or "", *(p.in_words() for p in report.problems)]
        said += [p.found for p in report.problems] + [repr(p) for p in report.problems]
        for word in (*WORDS, "20130101", "TF01"):
            assert not [text for text in said if word.casefold() in text.casefold()], word


def test_only_the_owner_can_read_what_is_in_the_home(
    everything: tuple[Path, list[FileReport]],
) -> None:
    home, _ = everything
    modes = {path: path.stat().st_mode & 0o777 for path in (home, *home.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    files = {path: mode for path, mode in modes.items() if path.is_file()}
    assert {mode for path, mode in files.items() if path.suffix == ".age"} == {0o400}
    assert {mode for path, mode in files.items() if path.suffix != ".age"} == {0o600}


def test_an_original_is_in_the_archive_only_and_under_no_name_of_its_own(
    everything: tuple[Path, list[FileReport]],
) -> None:
    home, _ = everything
    names = [path.name for path in home.rglob("*")]
    assert not [name for name in names if GIVEN in name or CIVIC in name]
    assert [name for name in names if name.endswith(".age")]
    assert {path.suffix for path in (home / "quarantine").iterdir()} == {".txt"}
