"""Files whose lessons do not all count: what the sums are, what is said, and to whom it is owed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from assets.absence.sums import refresh_sums
from assets.checks.school_contract import check_schools
from assets.exports.ingest import ingest_paths
from assets.flags.as_known_at import show_with_sums
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import asides_of, explain
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from pipelines.cli.pupil.explain import document_of
from pipelines.cli.pupil.explain_text import aside_lines
from rules.parallel import ParallelValue
from rules.registry import rule_set_on
from tests.conftest import emptied, settings_of
from tests.integration.complete_files import WITH_COLUMN, counted
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    ROSTER,
    Cells,
    lesson,
    offer_one,
    problems_of,
    put,
    text_of,
    warnings_of,
)

AS_OF = date(2026, 10, 31)
FIRST = date(2026, 10, 5)
NORTH, SOUTH = "99999901", "99999902"


def present(start: str, subject: str = "MA", day: int = 0, **cells: object) -> Cells:
    """A row of the usual pupil, an hour long, attended."""
    end = f"{int(start[:2]) + 1:02d}{start[2:]}"
    usual = {"start": start, "end": end, "subject": subject, "civic": PUPILS[0]}
    dated = (FIRST + timedelta(days=day)).isoformat()
    minutes = {"date": dated, "present": "60", "valid": "0", "invalid": "0"}
    return lesson(0, **(usual | minutes | cells))


def absent(start: str, subject: str = "MA", day: int = 0, **cells: object) -> Cells:
    return present(start, subject, day, **({"present": "0", "invalid": "60"} | cells))


def export(folder: Path, when: str, rows: Sequence[Cells], name: str = "lektioner") -> Path:
    return put(folder, f"{name}_2026{when}.csv", text_of(rows, EVERY))


def roster(folder: Path, *records: tuple[str, str, str], when: str = "1101T0300") -> Path:
    rows = [
        {"civic": PUPILS[0], "school": school, "class": "8A", "grade": "8", "starts": start}
        | {"ends": end, "given": "Åsa", "family": "Öberg"}
        for school, start, end in records
    ]
    return put(folder, f"elever_2026{when}.csv", text_of(rows, ROSTER))


def sums(lake: Lake) -> tuple[int, int, int]:
    """S, R and A of October, once what is stale is summed, and every check of the sums."""
    refresh_sums(lake)
    assert lake.relation("checks/daily_equals_lessons", first_date=FIRST).is_empty()
    ((scheduled, reported, missed),) = lake.rows(
        "SELECT coalesce(sum(scheduled_minutes), 0), coalesce(sum(reported_minutes), 0), "
        "coalesce(sum(valid_minutes + invalid_minutes), 0) FROM absence_monthly"
    )
    return scheduled, reported, missed


def reasons(lake: Lake) -> list[tuple[str, int]]:
    return lake.rows(
        "SELECT reason, count(*) FROM uncounted_lessons WHERE NOT is_contradicted "
        "GROUP BY reason ORDER BY reason"
    )


def asides(lake: Lake, school: str = NORTH) -> list[str]:
    key = Sealer.of_home(lake.settings.home).key("pupil", PUPILS[0].replace("-", ""))
    return list(aside_lines(asides_of(lake, key, school, FIRST, AS_OF)))


def test_absence_beside_parallel_presence_is_no_absence(lake: Lake, tmp_path: Path) -> None:
    days = [day for day in range(26) if (FIRST + timedelta(days=day)).weekday() < 5]
    rows = [absent("08:20", "SV", day) for day in days]
    rows += [present("08:20", "SVA", day) for day in days]
    offer_one(lake, export(tmp_path, "1101T0500", rows))
    assert sums(lake) == (len(days) * 60, len(days) * 60, 0)
    assert reasons(lake) == [("set_aside", len(days))]
    assert asides(lake)[1] == (
        "  2026-10-05 08:20 SV (absent 60 of 60 min): set aside, present 60 min in SVA at 08:20 "
        "at the same time"
    )
    # What is set aside is no lesson that the export has twice.
    rules = rule_set_on("stockholm", AS_OF)
    assert not [one for one in check_schools(lake, AS_OF, rules) if one.clause.name == "doubled"]


def test_an_explanation_names_them_and_never_another_school(lake: Lake, tmp_path: Path) -> None:
    rows = [absent("08:20", "SV"), present("08:20", "Hemligt", school=SOUTH)]
    rows += [absent("10:20", "Gömt", school=SOUTH), present("10:20", "EN")]
    offer_one(lake, export(tmp_path, "1101T0500", rows))
    offer_one(lake, roster(tmp_path, (NORTH, "", "")))
    assert sums(lake) == (120, 120, 0)
    evaluation = evaluate_flags(lake, AS_OF, rule_set_on("stockholm", AS_OF))
    key = Sealer.of_home(lake.settings.home).key("pupil", PUPILS[0].replace("-", ""))
    found = document_of(explain(lake, evaluation, key), None)["asides"]
    assert [one["sentence"] for one in found] == [
        (
            "2026-10-05 08:20 SV (absent 60 of 60 min): set aside, present 60 min in a lesson at "
            "another school at the same time"
        ),
        (
            "2026-10-05 a lesson at another school (absent 60 of 60 min): set aside, present 60 "
            "min in EN at 10:20 at the same time"
        ),
    ]
    assert "Hemligt" not in str(found)
    assert "Gömt" not in str(found)
    assert SOUTH not in str(found)


def test_a_lesson_of_which_two_things_are_said_is_owed_and_named(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [absent("08:20"), absent("08:20", "ma", present="45", invalid="15"), present("10:20")]
    report = offer_one(lake, export(tmp_path, "1101T0500", rows))
    assert problems_of(report) == {2: "row.contradicts", 3: "row.contradicts"}
    told = {problem.found for problem in report.problems}
    assert told == {"absent 15 of 60 min; absent 60 of 60 min"}
    assert sums(lake) == (120, 60, 0)
    assert asides(lake)[1:] == [
        (
            "  2026-10-05 08:20 MA (60 min): rows of one file contradict each other, so it counts "
            "as unreported"
        )
    ]
    evaluate_flags(lake, AS_OF, rule_set_on("stockholm", AS_OF))
    owed = lake.relation("watchlists/unreported_lessons", first_date=FIRST, as_of=AS_OF)
    assert owed.select("class_name", "subject", "pupil_lessons").rows() == [("8A", "MA", 1)]


def test_beside_an_attended_lesson_a_contradiction_is_named_and_nothing_is_owed(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [absent("08:20"), absent("08:20", present="45", invalid="15")]
    rows.append(absent("08:20", "SV", present="45", invalid="15"))
    offer_one(lake, export(tmp_path, "1101T0500", rows))
    assert sums(lake) == (60, 60, 15)
    assert asides(lake)[1:] == [
        (
            "  2026-10-05 08:20 MA (60 min, rows of one file contradict each other): set aside, "
            "present 45 min in SV at 08:20 at the same time"
        )
    ]


def test_a_file_of_nothing_but_contradictions_still_owes_its_lessons(
    lake: Lake, tmp_path: Path
) -> None:
    path = export(tmp_path, "1101T0500", [absent("08:20"), present("08:20")])
    for _ in range(2):
        # It is quarantined, and tried again each night.
        ingest_paths(lake, [path])
        assert sums(lake) == (60, 0, 0)
        assert lake.rows("SELECT count(*) FROM contradicted_lessons") == [(1,)]


def test_a_sound_word_stands_whenever_it_comes(lake: Lake, tmp_path: Path) -> None:
    contradicted = [absent("08:20"), present("08:20"), present("10:20")]
    for older, first in itertools.product((True, False), (True, False)):
        emptied(lake)
        folder = tmp_path / f"{older}{first}"
        folder.mkdir()
        sound = export(folder, "1031T0500" if older else "1102T0500", [absent("08:20")], "sund")
        odd = export(folder, "1101T0500", contradicted, "dubbel")
        for path in (sound, odd) if first else (odd, sound):
            ingest_paths(lake, [path])
            refresh_sums(lake)
        assert sums(lake) == (120, 120, 60), (older, first)


def test_a_newer_complete_file_takes_a_contradicted_lesson_away(lake: Lake, tmp_path: Path) -> None:
    odd = export(tmp_path, "1101T0500", [absent("08:20"), present("08:20"), present("10:20")])
    ingest_paths(lake, [odd])
    assert sums(lake)[0] == 120
    whole = put(tmp_path, "hel_20261102T0500.csv", counted([present("10:20")]))
    ingest_paths(lake, [whole], layouts=WITH_COLUMN)
    assert sums(lake) == (60, 60, 0)


def test_of_a_cancelled_lesson_and_its_replacement_the_one_held_counts(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [
        present("08:20", reported="Nej", present="0", cancelled="Ja"),
        absent("08:20"),
        present("10:20", "SV"),
    ]
    report = offer_one(lake, export(tmp_path, "1101T0500", rows))
    assert (problems_of(report), warnings_of(report)) == ({}, {})
    assert sums(lake) == (120, 120, 60)
    later = [present("08:20", "ma", cancelled="Ja")]
    offer_one(lake, export(tmp_path, "1102T0500", later, "senare"))
    assert sums(lake) == (60, 60, 0)


def test_a_later_cancellation_under_another_id_stands(lake: Lake, tmp_path: Path) -> None:
    offer_one(lake, export(tmp_path, "1101T0500", [absent("08:20"), present("10:20", "SV")]))
    cancelled = [present("08:20", cancelled="Ja", lesson_id="ny")]
    offer_one(lake, export(tmp_path, "1102T0500", cancelled, "senare"))
    assert sums(lake) == (60, 60, 0)


def test_a_timetable_moved_by_five_minutes_does_not_double(lake: Lake, tmp_path: Path) -> None:
    before = [absent("08:20"), present("09:30", "SV")]
    after = [present("08:25"), present("09:35", "SV")]
    older = export(tmp_path, "1101T0500", before, "gammal")
    newer = export(tmp_path, "1102T0500", after, "ny")
    for order in ((older, newer), (newer, older)):
        emptied(lake)
        for path in order:
            ingest_paths(lake, [path])
            refresh_sums(lake)
        assert sums(lake) == (120, 120, 0)
        assert reasons(lake) == [("superseded", 2)]


def test_lessons_that_one_file_held_together_are_two_in_every_order(
    lake: Lake, tmp_path: Path
) -> None:
    both = export(tmp_path, "1031T0500", [absent("08:20"), absent("08:40")], "bada")
    one = export(tmp_path, "1101T0500", [absent("08:20")], "ena")
    other = export(tmp_path, "1102T0500", [absent("08:40")], "andra")
    values = (ParallelValue(date(2023, 7, 1), "count_all", 5000),)
    for order in itertools.permutations((both, one, other)):
        emptied(lake)
        for path in order:
            ingest_paths(lake, [path])
        refresh_sums(lake, parallel=values)
        assert sums(lake)[0] == 120
    emptied(lake)
    ingest_paths(lake, [one, other])
    refresh_sums(lake, parallel=values)
    assert sums(lake)[0] == 60


def test_lessons_after_leaving_count_nowhere_also_when_the_roster_comes_later(
    lake: Lake, tmp_path: Path
) -> None:
    rows = [absent("08:20", day=day) for day in (0, 1, 2)]
    rows += [present("13:00", "SV", day=day, school=SOUTH) for day in (1, 2)]
    offer_one(lake, export(tmp_path, "1101T0500", rows))
    assert sums(lake) == (300, 300, 180)
    moved = roster(tmp_path, (NORTH, "2026-08-17", "2026-10-05"), (SOUTH, "2026-10-06", ""))
    offer_one(lake, moved)
    assert lake.rows("SELECT DISTINCT lesson_date FROM stale_days ORDER BY 1") == [
        (date(2026, 10, 6),),
        (date(2026, 10, 7),),
    ]
    assert sums(lake) == (180, 180, 60)
    assert reasons(lake) == [("after_leaving", 2)]
    # What is told to the new school is that there were lessons at another one.
    assert asides(lake, SOUTH)[1] == (
        "  2026-10-06 a lesson at another school (absent 60 of 60 min): after the end of the "
        "roster record there"
    )
    back = roster(
        tmp_path,
        (NORTH, "2026-08-17", "2026-10-07"),
        (SOUTH, "2026-10-06", ""),
        when="1102T0300",
    )
    offer_one(lake, back)
    assert sums(lake) == (300, 300, 180)
    # The same records again touch nothing.
    offer_one(lake, roster(tmp_path, (SOUTH, "2026-10-06", ""), when="1103T0300"))
    assert lake.rows("SELECT * FROM stale_days") == []


def test_the_values_by_a_lessons_date_make_the_sums(lake: Lake, tmp_path: Path) -> None:
    rows = [absent("08:20", "SV", day) for day in (0, 1)]
    rows += [present("08:20", "SVA", day) for day in (0, 1)]
    offer_one(lake, export(tmp_path, "1101T0500", rows))
    refresh_sums(
        lake,
        parallel=(
            ParallelValue(date(2023, 7, 1), "set_aside", 5000),
            ParallelValue(date(2026, 10, 6), "count_all", 5000),
        ),
    )
    assert sums(lake) == (180, 180, 60)
    # Sums stay as they were made until they are made again.
    refresh_sums(lake, [date(2026, 10, 1)])
    assert sums(lake) == (120, 120, 0)


def test_between_rows_and_sums_answers_have_the_lessons_that_count(
    tmp_path: Path,
) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        rows = [absent("08:20", "SV"), present("08:20", "SVA")]
        offer_one(lake, export(tmp_path, "1101T0500", rows))
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        assert show_with_sums(lake) == 1
        assert lake.rows("SELECT sum(scheduled_minutes) FROM absence_daily") == [(60,)]
        assert lake.rows("SELECT subject FROM counting_lessons") == [("SVA",)]
