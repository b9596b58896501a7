"""Protection does not wear off: no file that comes shows a pupil whom a source still protects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.ledger.entries import ledger_rows
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.release.holds import unread_protection
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.conftest import emptied, settings_of
from tests.integration.conftest import trappan
from tests.integration.ingest_files import (
    BASIC,
    EVERY,
    PUPILS,
    REGISTER,
    ROSTER,
    USUAL,
    is_protected,
    lesson,
    offer,
    offer_one,
    put,
    text_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of
from tests.integration.ss12000_files import enrolment, group, organisation, person, put_page

MARK = "Sekretessmarkering"
# Twelve digits, and the ten by which some rosters know the pupil.
CIVIC = "201312019860"
SHORT = "131201-9860"


def roster(folder: Path, at: str, *rows: Mapping[str, object]) -> Path:
    shown = [USUAL | {"starts": "2026-08-17", "civic": CIVIC} | dict(row) for row in rows]
    return put(folder, f"elever_2026{at}.csv", text_of(shown, ROSTER))


def lessons(folder: Path, at: str, *rows: Mapping[str, object]) -> Path:
    shown = [lesson(n) | {"civic": CIVIC} | dict(row) for n, row in enumerate(rows)]
    return put(folder, f"lektioner_2026{at}.csv", text_of(shown, EVERY))


@pytest.mark.parametrize("kind", [roster, lessons])
def test_an_empty_cell_of_a_newer_file_of_the_same_source_lifts_nothing(
    lake: Lake, tmp_path: Path, kind: object
) -> None:
    assert callable(kind)
    offer(lake, kind(tmp_path, "1101T0400", {"protected": MARK}))
    offer(lake, kind(tmp_path, "1110T0400", {"protected": "", "date": "2026-10-06"}))
    assert is_protected(lake)
    offer(lake, kind(tmp_path, "1111T0400", {"protected": "Ingen", "date": "2026-10-07"}))
    assert not is_protected(lake)


@pytest.mark.parametrize(
    "number",
    [SHORT, "131201+9860", "1312019860", "1312019860.0", "13 12 01-9860", "1,312019860E+09",
     "131201–9860", "2,01312019860E+11", "131201 9860"],
)  # fmt: skip
def test_a_refused_number_that_fits_protects_also_who_is_met_later(
    lake: Lake, tmp_path: Path, number: str
) -> None:
    rows = ({"civic": number, "protected": MARK}, {"civic": PUPILS[0]})
    paths = [roster(tmp_path, "1113T0503", *rows), lessons(tmp_path, "1110T0503", {})]
    for order in (paths, paths[::-1]) if number == SHORT else (paths,):
        emptied(lake)
        for path in order:
            offer(lake, path)
        assert keys(lake) == {key(lake, CIVIC)}


@pytest.mark.parametrize(
    "wrong", [{"starts": "2026-02-30"}, {"school": "fel"}, {"school": ""}, {"ends": "2020-01-01"}]
)
def test_a_row_that_is_refused_for_anything_protects(
    lake: Lake, tmp_path: Path, wrong: dict[str, object]
) -> None:
    offer(lake, roster(tmp_path, "1113T0500", {"protected": MARK} | wrong, {"civic": PUPILS[0]}))
    offer(lake, lessons(tmp_path, "1110T0500", {}))
    assert keys(lake) == {key(lake, CIVIC)}


@pytest.mark.parametrize("damage", [";x;y", None, '"'])
def test_a_row_without_a_rows_shape_protects(
    lake: Lake, tmp_path: Path, damage: str | None
) -> None:
    rows = [USUAL | {"civic": PUPILS[0]}, USUAL | {"civic": CIVIC, "protected": MARK}]
    lines = text_of(rows, ROSTER).split("\r\n")
    if damage is None:
        lines[2] = lines[2].partition(";8A;")[0] + f";{MARK}"
    elif damage == '"':
        lines[2] = lines[2].replace("Öberg", '"Öberg" Ek', 1)
    else:
        lines[2] += damage
    offer(lake, put(tmp_path, "elever_20261113T0500.csv", "\r\n".join(lines)))
    offer(lake, lessons(tmp_path, "1110T0500", {}))
    assert keys(lake) == {key(lake, CIVIC)}


@pytest.mark.parametrize("has_first_word", [True, False])
@pytest.mark.parametrize("is_bulk", [True, False])
def test_of_two_columns_of_protection_the_strictest_cell_counts(
    lake: Lake, tmp_path: Path, has_first_word: bool, is_bulk: bool
) -> None:
    words = ("Ingen", MARK) if not has_first_word else (MARK, "Ingen")
    row = lesson(0, civic=CIVIC, protected=words[0]) | {"Skyddad": words[1]}
    more = [] if is_bulk else [lesson(1, date="2026-02-30")]
    offer(lake, put(tmp_path, "a_20261101T0500.csv", text_of([row, *more], (*EVERY, "Skyddad"))))
    assert keys(lake) == {key(lake, CIVIC)}
    clear = lesson(0, civic=CIVIC, protected="Ingen") | {"Skyddad": "Ingen"}
    offer(lake, put(tmp_path, "b_20261102T0500.csv", text_of([clear], (*EVERY, "Skyddad"))))
    assert keys(lake) == set()


def test_of_two_files_of_one_minute_the_one_that_protects_counts(
    lake: Lake, tmp_path: Path
) -> None:
    for order in (("Ingen", MARK), (MARK, "Ingen")):
        emptied(lake)
        for word in order:
            offer(lake, roster(tmp_path / word, "1101T0500", {"protected": word}))
        assert is_protected(lake)


def test_a_marked_person_without_a_place_and_a_marking_on_a_reference_protect(
    lake: Lake, tmp_path: Path
) -> None:
    numbers = {"id-1": "201406199826", "id-2": "201406199834", "id-3": "201406199818"}
    persons = [
        person("id-1", civicNo={"value": numbers["id-1"]}, securityMarking=MARK, enrolments=[]),
        person("id-2", civicNo={"value": numbers["id-2"]}, enrolments=[]),
        person("id-3", civicNo={"value": numbers["id-3"]}, enrolments=[enrolment()]),
    ]
    members = [{"person": {"id": "id-2", "securityMarking": MARK}}]
    paths = [
        put_page(tmp_path, "grp", [group(groupMemberships=members)], "20261114T0400"),
        put_page(tmp_path, "org", [organisation()], "20261114T0400"),
        put_page(tmp_path, "per", persons, "20261114T0400"),
    ]
    rows = [lesson(n, civic=civic, protected="Ingen") for n, civic in enumerate(numbers.values())]
    paths.append(put(tmp_path, "l_20261113T0400.csv", text_of(rows, EVERY)))
    hidden = {key(lake, numbers["id-1"]), key(lake, numbers["id-2"])}
    for order in (paths, paths[::-1]):
        emptied(lake)
        for path in order:
            offer(lake, path)
        assert keys(lake) == hidden
    # A newer object without a place lifts nothing; one with a place lifts what the server said.
    for places, left in (([], hidden), ([enrolment()], set())):
        newer = [
            person(name, civicNo={"value": number}, enrolments=places)
            for name, number in numbers.items()
        ]
        day = f"2026111{5 + len(places)}T0400"
        offer(lake, put_page(tmp_path, f"later{len(places)}", newer, day))
        assert keys(lake) == left


SEPARATORS = ("\x85", "\x1e", "\x1c", "\x0b", "\x0c", "\u2028", "\u2029")


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_header_that_swallowed_a_row_is_quarantined_and_names_nobody(
    lake: Lake, tmp_path: Path, separator: str
) -> None:
    row = lesson(0, given="Hemliga", family="Zqsson", protected=MARK, civic=CIVIC)
    text = text_of([row], EVERY).replace("\r\n", separator)
    report = offer_one(lake, put(tmp_path, "a_20261101T0500.csv", text + "\r\n"))
    assert report.outcome == FileOutcome.QUARANTINED
    said = shown(lake, report)
    assert not [word for word in ("Hemliga", "Zqsson", "8A", CIVIC, MARK) if word in said]


def test_an_unknown_header_that_looks_like_data_is_reported_as_a_pattern(
    lake: Lake, tmp_path: Path
) -> None:
    columns = (*BASIC, "Zqsson", CIVIC, "2026-10-05")
    report = offer_one(lake, put(tmp_path, "a_20261101T0500.csv", text_of([lesson(0)], columns)))
    assert "(xxxxxx)" in shown(lake, report)
    assert not [word for word in ("Zqsson", CIVIC, "2026-10-05") if word in shown(lake, report)]


UNREAD = (
    "Sekretessmarkering", "PERSONSKYDD", "protected identity", "Se\u00adkre\u200btess",
    "Har skyddade uppgifter",
)  # fmt: skip


@pytest.mark.parametrize("header", UNREAD)
def test_a_column_of_protection_that_no_layout_knows_lets_its_schools_lists_wait(
    lake: Lake, tmp_path: Path, header: str
) -> None:
    offer(lake, put(tmp_path, "o_20261030T0500.csv", text_of([lesson(0, school="99999902")])))
    rows = [lesson(n) | {header: "Ja"} for n in range(2)]
    columns = (*BASIC, header)
    report = offer_one(lake, put(tmp_path, "a_20261101T0500.csv", text_of(rows, columns)))
    assert (report.outcome, report.rows_accepted) == (FileOutcome.QUARANTINED, 0)
    assert "column 18 speaks of protection" in str(report.reason)
    assert set(unread_protection(lake)) == {"99999901"}
    # A later file that leaves the column out says nothing of whom the first one called protected.
    offer(lake, put(tmp_path, "b_20261102T0500.csv", text_of([lesson(0)])))
    assert set(unread_protection(lake)) == {"99999901"}
    late = put(tmp_path, "c_20261101T0400.csv", text_of([lesson(0)], EVERY))
    offer(lake, late)
    assert set(unread_protection(lake)) == {"99999901"}
    offer(lake, put(tmp_path, "d_20261103T0500.csv", text_of([lesson(1)], EVERY)))
    assert unread_protection(lake) == {}


def test_who_has_looked_does_not_let_such_a_list_go(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(n) | {MARK: "Ja"} for n in range(2)]
    paths = [
        put(tmp_path, "s_20261030T0400.csv", text_of([USUAL], REGISTER)),
        put(tmp_path, "o_20261030T0500.csv", text_of([lesson(0)])),
        put(tmp_path, "a_20261101T0500.csv", text_of(rows, (*BASIC, MARK))),
    ]
    offer(lake, *paths)
    refresh_sums(lake)
    day = date(2026, 10, 31)
    rules = rule_set_on("stockholm", day)
    release = release_lists(lake, day, lambda _: rules, even_if_held=True)
    assert (release.held, release.unread_protection) == (("99999901",), ("99999901",))


def test_such_a_column_in_a_workbook_or_a_file_that_fits_no_layout_lets_lists_wait(
    lake: Lake, tmp_path: Path
) -> None:
    content = workbook_of(cells_of([lesson(0) | {MARK: "Ja"}], (*BASIC, MARK)))
    report = offer_one(lake, put(tmp_path, "a_20261101T0500.xlsx", content))
    assert report.outcome == FileOutcome.QUARANTINED
    assert set(unread_protection(lake)) == {"99999901"}
    emptied(lake)
    offer(lake, put(tmp_path, "o_20261030T0500.csv", text_of([lesson(0, school="99999902")])))
    text = text_of([{"civic": CIVIC, "Skyddstyp": "Ja"}], ("civic", "given", "Skyddstyp"))
    assert offer_one(lake, put(tmp_path, "s_20261101T0500.csv", text)).outcome == "quarantined"
    # Nobody knows which schools it is about.
    assert set(unread_protection(lake)) == {"99999902"}


def test_the_catalog_does_not_name_a_class_of_which_the_only_pupil_is_protected(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    # Long: three letters stand in what is sealed by chance, once in a hundred homes.
    alone = {
        "class": "7QQQQQQQQ",
        "protected": MARK,
        "subject": "ZZQZZQZZQ",
        "lesson_id": "QZ-7-QZ-7",
    }
    with Lake.open(settings_of(home)) as lake:
        offer(lake, roster(tmp_path, "1113T0500", alone))
        offer(lake, lessons(tmp_path, "1113T0501", alone))
        group_of_one = group("group-7", displayName="7QQQQQQQQ")
        offer(lake, put_page(tmp_path, "grp", [group_of_one], "20261114T0400"))
        lake.connection.execute("UPDATE lessons SET class_name = '7QQQQQQQQ'")
        assert lake.rows("SELECT count(*) FROM lessons WHERE class_name = '7QQQQQQQQ'") == [(1,)]
    assert not holding(home, ("7QQQQQQQQ", "ZZQZZQZZQ", "QZ-7-QZ-7"))


def test_a_list_that_waits_for_an_unread_column_says_so_and_so_does_the_night(
    tmp_path: Path,
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    rows = [lesson(n, civic=PUPILS[0], valid="0", invalid="60", present="0") for n in range(6)]
    put(inbox, "skolor_20261101T0300.csv", text_of([USUAL], REGISTER))
    put(inbox, "a_20261101T0500.csv", text_of([*rows, lesson(9) | {MARK: ""}], (*BASIC, MARK)))
    said = trappan("nightly", "--inbox", inbox, "--as-of", "2026-10-31", "--home", home)
    assert "School unit 99999901 waits: a file has a column about protection" in said.err
    assert "column 18 speaks of protection" in said.err
    (page,) = (home / "lists" / "current" / "99999901").glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "En fil från" in text
    assert "skyddade personuppgifter som inte gick att läsa" in text


def key(lake: Lake, number: str) -> object:
    return Sealer.of_home(lake.settings.home).key("pupil", number)


def keys(lake: Lake) -> set[object]:
    """Return the keys of those who are protected."""
    return {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}


def shown(lake: Lake, report: FileReport) -> str:
    """Return everything that is said of a file, to a person, in the ledger and in the notes."""
    notes = lake.settings.home / "quarantine"
    texts = [path.read_text(encoding="utf-8") for path in notes.glob("*")] if notes.exists() else []
    problems = [problem.in_words() for problem in report.problems]
    rows = ledger_rows(lake, Sealer.of_home(lake.settings.home))
    ledger = rows.select("file_name", "outcome", "reason").write_csv()
    return "\n".join([report.reason or "", ledger, *problems, *texts])


def holding(home: Path, words: tuple[str, ...]) -> list[Path]:
    """Return the files of a home that have a word in them."""
    return [
        path
        for path in home.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]
