"""Which word about a lesson counts when files speak of it again, in whatever order they come."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.integration.ingest_files import (
    BAD,
    EVERY,
    lesson,
    lessons_of,
    offer,
    offer_in_step,
    offer_one,
    problems_of,
    put,
    put_at,
    text_of,
    warnings_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of


def export(folder: Path, when: str, *rows: dict[str, object], name: str = "x") -> Path:
    """Write a lesson file of an export time, `1101T0500` of 2026."""
    return put(folder, f"{name}_2026{when}.csv", text_of(rows, EVERY))


def stale(lake: Lake) -> set[date]:
    return {day for (day,) in lake.rows("SELECT lesson_date FROM stale_days")}


def clear_stale(lake: Lake) -> None:
    lake.write(lambda connection: connection.execute("DELETE FROM stale_days"))


def invalid_minutes(lake: Lake) -> list[int]:
    return [row[7] for row in lessons_of(lake)]


def test_a_row_written_twice_counts_once(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(0), lesson(1), lesson(0), lesson(0, **{"class": "9Z"})]
    report = offer_one(lake, export(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {}
    assert warnings_of(report) == {"row.repeated": 2}
    assert report.outcome == FileOutcome.ACCEPTED
    assert (report.rows_accepted, report.rows_warned) == (4, 2)
    assert len(lessons_of(lake)) == 2


def test_of_two_rows_that_contradict_each_other_none_counts(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(0, invalid="10"), lesson(1), lesson(0, invalid="20"), lesson(2, present="1")]
    report = offer_one(lake, export(tmp_path, "1101T0500", *rows))
    assert problems_of(report) == {2: "row.contradicts", 4: "row.contradicts"}
    assert len(lessons_of(lake)) == 2
    # Both refused rows had a warning too, and a refused row has none.
    assert warnings_of(report) == {"present_minutes.sum_differs": 1}
    assert report.rows_warned == 1


def school(number: int) -> dict[str, object]:
    """Return the cells that keep a scenario to itself; lesson ids are the pupil's anywhere."""
    return {"school": f"{90000000 + number}"}


def test_the_newest_export_wins_in_one_call_and_in_two(lake: Lake, tmp_path: Path) -> None:
    scenarios: dict[str, list[list[Path]]] = {}
    for number, (first, calls, by_row) in enumerate(
        itertools.product(("older", "newer"), (1, 2), (False, True))
    ):
        here = school(number)
        faulty = [lesson(9, **BAD | here)] * by_row
        old = lesson(0, invalid="10", present="50", **here)
        new = lesson(0, invalid="20", present="40", **here)
        older = export(tmp_path, "1101T0500", old, *faulty, name=f"older{number}")
        newer = export(
            tmp_path, "1102T0500", new, lesson(1, **here), *faulty, name=f"newer{number}"
        )
        order = [older, newer] if first == "older" else [newer, older]
        scenarios[f"{first} {calls} {by_row}"] = [order] if calls == 1 else [[p] for p in order]
    for number, (name, reports) in enumerate(offer_in_step(lake, scenarios).items()):
        where = f"school_unit_code = '{school(number)['school']}'"
        assert sorted(row[7] for row in lessons_of(lake, where)) == [5, 20], name
        by_age = {report.path.name[:5]: report for report in reports}
        assert by_age["newer"].rows_superseded == 0
        # Where the older one was there before, its row counted until the newer came.
        was_first = name.startswith("older 2")
        assert by_age["older"].rows_superseded == (not was_first), name
        if name.endswith("False"):
            expected = FileOutcome.ACCEPTED if was_first else FileOutcome.SUPERSEDED
            assert by_age["older"].outcome == expected


def test_of_exports_of_one_minute_the_file_decides_and_not_the_arrival(
    lake: Lake, tmp_path: Path
) -> None:
    """What is in the files is the same for every order, but for the pupil, so the hash differs."""
    scenarios = {}
    for number, order in enumerate(itertools.permutations(range(3))):
        rows = [lesson(0, invalid=f"{n * 10}", present="", **school(number)) for n in range(3)]
        paths = [
            export(tmp_path, "1101T0500", row, name=f"f{n}of{number}") for n, row in enumerate(rows)
        ]
        scenarios[str(number)] = [[paths[n]] for n in order]
    for number, reports in enumerate(offer_in_step(lake, scenarios).values()):
        winner = max(reports, key=lambda report: report.file_id)
        ((file_id,),) = lake.rows(
            f"SELECT file_id FROM lessons WHERE school_unit_code = '{school(number)['school']}'"
        )
        assert file_id == winner.file_id


def test_the_modification_time_is_the_export_time_of_a_name_without_one(
    lake: Lake, tmp_path: Path
) -> None:
    newer = put_at(put(tmp_path, "a.csv", text_of([lesson(0, invalid="20")])), "2026-11-02T05:00")
    older = put_at(put(tmp_path, "b.csv", text_of([lesson(0, invalid="10")])), "2026-11-01T05:00")
    offer(lake, newer)
    assert offer_one(lake, older).outcome == FileOutcome.SUPERSEDED
    assert invalid_minutes(lake) == [20]


def test_a_time_that_is_none_in_a_name_is_no_export_time(lake: Lake, tmp_path: Path) -> None:
    names = ["x_20261301T0500.csv", "x_20261101T9900.csv", "x_2026.csv", "x_٢٠٢٦١١٠١T0500.csv"]
    for number, name in enumerate(names):
        put_at(put(tmp_path, name, text_of([lesson(number)])), "2026-11-02T05:00")
    for report in offer(lake, *(tmp_path / name for name in names)):
        assert str(report.exported_at) == "2026-11-02 05:00:00"


def test_a_correction_makes_its_day_stale_and_an_older_word_none(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [lesson(n, date=f"2026-10-0{n + 1}") for n in range(3)]
    offer(lake, export(tmp_path, "1101T0500", *rows))
    assert stale(lake) == {date(2026, 10, day) for day in (1, 2, 3)}
    clear_stale(lake)
    correction = rows[1] | {"invalid": "0", "present": "55"}
    offer(lake, export(tmp_path, "1102T0500", correction, name="correction"))
    assert stale(lake) == {date(2026, 10, 2)}
    clear_stale(lake)
    offer(lake, export(tmp_path, "1020T0500", rows[0], rows[2], name="older"))
    assert stale(lake) == set()


def test_a_lesson_with_an_id_that_moved_replaces_the_old_one(lake: Lake, tmp_path: Path) -> None:
    scenarios: dict[str, list[list[Path]]] = {}
    days = ("2026-10-07", "2026-11-30", "2027-01-08")
    for number, (day, first) in enumerate(itertools.product(days, ("older", "newer", "together"))):
        here = school(number)
        one, other = f"L{number}", f"M{number}"
        before = lesson(0, lesson_id=one, date="2026-10-05", **here)
        after = lesson(0, lesson_id=one, date=day, start="13:00", subject="SV", **here)
        stays = lesson(1, lesson_id=other, date="2026-10-05", **here)
        older = export(tmp_path, "1101T0500", before, stays, name=f"a{number}")
        newer = export(tmp_path, "1102T0500", after, name=f"b{number}")
        order = [newer, older] if first == "newer" else [older, newer]
        scenarios[f"{day} {first}"] = [order] if first == "together" else [[p] for p in order]
    for number, name in enumerate(offer_in_step(lake, scenarios)):
        found = lessons_of(lake, f"school_unit_code = '{school(number)['school']}'")
        expected = {name[:10]: f"L{number}", "2026-10-05": f"M{number}"}
        assert {row[2][:10]: row[4] for row in found} == expected, name


def test_both_days_of_a_lesson_that_moved_are_stale(lake: Lake, tmp_path: Path) -> None:
    offer(lake, export(tmp_path, "1101T0500", lesson(0, lesson_id="L1", date="2026-10-05")))
    clear_stale(lake)
    offer(lake, export(tmp_path, "1102T0500", lesson(0, lesson_id="L1", date="2027-01-08")))
    assert stale(lake) == {date(2026, 10, 5), date(2027, 1, 8)}


def test_a_correction_of_a_lesson_that_was_reported_to_one_that_was_not(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, export(tmp_path, "1101T0500", lesson(0, invalid="60", present="0")))
    silent = lesson(0, reported="Nej", present="", valid="", invalid="")
    offer(lake, export(tmp_path, "1102T0500", silent))
    ((*_, invalid, _other, is_reported, _cancelled, _class, _grade, _mentor),) = lessons_of(lake)
    assert (invalid, is_reported) == (0, False)


# -- The same content again -----------------------------------------------------------------------


def ledger(lake: Lake) -> list[str]:
    return [outcome for (outcome,) in lake.rows("SELECT outcome FROM files ORDER BY received_at")]


def test_the_same_file_twice_changes_nothing_not_even_the_ledger(
    lake: Lake, tmp_path: Path
) -> None:
    path = export(tmp_path, "1101T0500", lesson(0), lesson(9, **BAD))
    offer(lake, path)
    clear_stale(lake)
    before = lake.snapshot()
    report = offer_one(lake, path)
    assert (report.outcome, report.rows_read) == (FileOutcome.DUPLICATE, 0)
    assert lake.snapshot() == before
    assert ledger(lake) == ["accepted_in_part"]


def test_one_path_offered_twice_is_one_file(lake: Lake, tmp_path: Path) -> None:
    path = export(tmp_path / "in", "1101T0500", lesson(0))
    assert len(offer(lake, path, path, tmp_path / "in")) == 1
    assert ledger(lake) == ["accepted"]


def test_the_same_content_under_another_name_is_a_duplicate_with_a_receipt(
    lake: Lake, tmp_path: Path
) -> None:
    one = put_at(put(tmp_path, "a.csv", text_of([lesson(0)])), "2026-11-01T05:00")
    two = put_at(put(tmp_path, "b.csv", text_of([lesson(0)])), "2026-11-02T05:00")
    three = put_at(put(tmp_path, "c.csv", text_of([lesson(0)])), "2026-11-03T05:00")
    reports = [*offer(lake, one, two), *offer(lake, three)]
    assert [r.outcome for r in reports] == [FileOutcome.ACCEPTED, *[FileOutcome.DUPLICATE] * 2]
    assert sorted(ledger(lake)) == ["accepted", "duplicate", "duplicate"]
    assert len(lessons_of(lake)) == 1


def test_wednesday_saying_mondays_words_again_undoes_tuesday(lake: Lake, tmp_path: Path) -> None:
    """The bytes of Monday and Wednesday are the same, but not what they say of Tuesday's."""
    scenarios: dict[str, list[list[Path]]] = {}
    orders = itertools.permutations(["1102T0500", "1103T0500", "1104T0500"])
    for number, (order, calls) in enumerate(itertools.product(orders, (1, 3))):
        said = lesson(0, invalid="20", present="40", **school(number))
        rows = dict.fromkeys(order, said)
        rows["1103T0500"] = said | {"invalid": "60", "present": "0"}
        paths = [export(tmp_path, when, rows[when], name=f"n{number}") for when in order]
        scenarios[f"{order} {calls}"] = [paths] if calls == 1 else [[path] for path in paths]
    found = offer_in_step(lake, scenarios)
    assert {row[7] for row in lessons_of(lake)} == {20}
    assert len(lessons_of(lake)) == len(scenarios)
    assert lake.rows("SELECT DISTINCT exported_at::VARCHAR FROM lessons") == [
        ("2026-11-04 05:00:00",)
    ]
    before = lake.snapshot()
    again = offer(lake, *(report.path for reports in found.values() for report in reports))
    assert {report.outcome for report in again} == {FileOutcome.DUPLICATE}
    assert lake.snapshot() == before


def test_a_roster_said_again_undoes_the_one_between(lake: Lake, tmp_path: Path) -> None:
    from tests.integration.ingest_files import ROSTER

    def roster(when: str, name: str) -> Path:
        row = lesson(0, **{"class": name, "starts": "2026-08-17"})
        return put(tmp_path, f"elever_{when}.csv", text_of([row], ROSTER))

    for when, name in (("20261102T0500", "8A"), ("20261103T0500", "8B"), ("20261104T0500", "8A")):
        offer(lake, roster(when, name))
    assert lake.rows("SELECT class_name FROM enrolments") == [("8A",)]


def test_a_content_that_comes_back_with_a_later_modification_time_only_is_old(
    lake: Lake, tmp_path: Path
) -> None:
    """A copy out of a backup must not undo what came since."""
    old = put_at(put(tmp_path, "a.csv", text_of([lesson(0, invalid="10")])), "2026-11-01T05:00")
    new = put_at(put(tmp_path, "b.csv", text_of([lesson(0, invalid="20")])), "2026-11-02T05:00")
    offer(lake, old, new)
    report = offer_one(lake, put_at(old, "2026-11-09T05:00"))
    assert report.outcome == FileOutcome.DUPLICATE
    assert invalid_minutes(lake) == [20]


def test_a_known_workbook_exported_again_is_read_again_without_new_problems(
    lake: Lake, tmp_path: Path
) -> None:
    content = workbook_of(cells_of([lesson(0), lesson(9, **BAD)]))
    offer(lake, put(tmp_path, "a_20261101T0500.xlsx", content))
    report = offer_one(lake, put(tmp_path, "a_20261102T0500.xlsx", content))
    assert (report.outcome, report.rows_read, report.problems) == (FileOutcome.DUPLICATE, 0, ())
    assert lake.rows("SELECT count(*) FROM row_problems") == [(1,)]
    assert lake.rows("SELECT exported_at::VARCHAR FROM lessons") == [("2026-11-02 05:00:00",)]


# -- Quarantine -----------------------------------------------------------------------------------


def test_a_quarantined_file_is_taken_when_its_layout_is_mended(lake: Lake, tmp_path: Path) -> None:
    from assets.exports.ingest import ingest_paths
    from assets.exports.readers.layout_files import shipped_layouts
    from assets.exports.readers.layouts import Layout

    text = text_of([lesson(0)]).replace("Ogiltig frånvaro (min)", "Skolk (min)")
    path = put(tmp_path, "a_20261101T0500.csv", text)
    again = put(tmp_path, "b_20261101T0500.csv", text)
    first, copy = offer(lake, path, again)
    assert (first.outcome, copy.outcome) == (FileOutcome.QUARANTINED, FileOutcome.QUARANTINED)
    before = lake.snapshot()
    assert offer_one(lake, path).outcome == FileOutcome.QUARANTINED
    assert lake.snapshot() == before, "the same refusal is not written twice"
    note = lake.settings.home / "quarantine" / f"{first.sha256}.reason.txt"
    assert note.exists()

    mended = []
    for layout in shipped_layouts():
        content = layout.model_dump()
        if layout.kind == "lessons":
            content["columns"]["invalid_minutes"]["headers"] += ("Skolk (min)",)
        mended.append(Layout.model_validate(content))
    (report,) = ingest_paths(lake, [path], layouts=mended)
    assert report.outcome == FileOutcome.ACCEPTED
    assert ledger(lake) == ["accepted"]
    assert not note.exists()


def test_a_file_whose_every_row_is_refused_is_quarantined_and_its_rows_are_kept(
    lake: Lake, tmp_path: Path
) -> None:
    path = export(tmp_path, "1101T0500", *(lesson(n, **BAD) for n in range(3)))
    report = offer_one(lake, path)
    assert report.outcome == FileOutcome.QUARANTINED
    assert (report.rows_read, report.rows_rejected) == (3, 3)
    assert str(report.reason).startswith("every row was refused; the first: line 2, lesson_date")
    before = lake.snapshot()
    assert offer_one(lake, path).outcome == FileOutcome.QUARANTINED
    assert lake.snapshot() == before
    assert lake.rows("SELECT count(*) FROM row_problems") == [(3,)]


def test_a_refused_row_can_be_read_by_who_has_the_key(lake: Lake, tmp_path: Path) -> None:
    from assets.exports.ledger.refused_rows import problem_rows
    from assets.lake.encryption import Sealer

    offer(lake, export(tmp_path, "1101T0500", lesson(0), lesson(1, date="5 okt", family="Ek")))
    sealer = Sealer.of_home(lake.settings.home)
    (row,) = problem_rows(lake, sealer, with_rows=True).iter_rows(named=True)
    assert (row["line_number"], row["found"]) == (3, "5 xxx")
    assert "Ek" in row["row"]
    assert "5 okt" in row["row"]


def test_thousands_of_refused_rows_are_all_kept_and_the_first_are_reported(
    lake: Lake, tmp_path: Path
) -> None:
    from assets.exports.ledger.problems import SHOWN_ROWS

    rows = [lesson(0), *(lesson(n, invalid="x") for n in range(3_000)), lesson(1)]
    report = offer_one(lake, export(tmp_path, "1101T0500", *rows))
    assert (report.rows_read, report.rows_rejected, report.rows_accepted) == (3_002, 3_000, 2)
    assert [p.line_number for p in report.problems] == list(range(3, 3 + SHOWN_ROWS))
    assert lake.rows(
        "SELECT count(*), count(DISTINCT line_number), count(sealed_row) FROM row_problems"
    ) == [(3_000, 3_000, 3_000)]


def test_a_long_file_of_nothing_but_refused_rows_is_given_up(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assets.exports.readers import row_reader
    from assets.exports.staging import row_stage

    monkeypatch.setattr(row_reader, "ROWS_PER_FRAME", 100)
    monkeypatch.setattr(row_stage, "ROWS_PER_FRAME", 100)
    monkeypatch.setattr(row_stage, "HOPELESS_ROWS", 200)
    hopeless = export(tmp_path, "1101T0500", *(lesson(n, invalid="x") for n in range(500)))
    shapeless = put(tmp_path, "b.csv", text_of([]) + "x;y\r\n" * 500)
    late = [*(lesson(n, invalid="x") for n in range(150)), *(lesson(n) for n in range(50))]
    first, second, third = offer(lake, hopeless, shapeless, export(tmp_path, "1102T0500", *late))
    for report in (first, second):
        assert (report.outcome, report.rows_read) == (FileOutcome.QUARANTINED, 0)
        assert "each of the first 200 rows was refused; the first: line 2" in str(report.reason)
    assert (third.rows_accepted, third.rows_rejected) == (50, 150)
    assert lake.rows("SELECT count(*) FROM row_problems") == [(150,)]
