"""The simulator's files: the same again, right in form, and no row that the domain refuses."""

import datetime as dt
import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.simulator import SimulationPlan, SimulationSummary, simulate

BASIC_HEADER = (
    "Skolenhetskod;Skola;Klass;Årskurs;Personnummer;Förnamn;Efternamn;Datum;Starttid;Sluttid;Ämne;"
    "Lektionslängd (min);Närvaro (min);Giltig frånvaro (min);Ogiltig frånvaro (min);"
    "Frånvaroanledning;Rapporterad"
)
OPTIONAL_HEADER = "Annat skoluppdrag (min);Inställd;Mentor;Mentor e-post;Skyddad identitet"
ROSTER_HEADER = (
    "Personnummer;Förnamn;Efternamn;Kön;Skolenhetskod;Klass;Årskurs;Mentor;Mentor e-post;"
    "Startdatum;Slutdatum;Skyddad identitet"
)
MINUTES = {
    "Lektionslängd (min)": "scheduled",
    "Närvaro (min)": "present",
    "Giltig frånvaro (min)": "valid",
    "Ogiltig frånvaro (min)": "invalid",
    "Annat skoluppdrag (min)": "other",
}


def a_plan(out: Path, **knobs: Any) -> SimulationPlan:
    """Three weeks of a small town, the autumn break in the middle, unless told otherwise."""
    small: dict[str, Any] = {
        "pupils": 120,
        "schools": 3,
        "first_day": dt.date(2026, 10, 19),
        "last_day": dt.date(2026, 11, 8),
        "seed": 5,
    }
    return SimulationPlan(out=out, **(small | knobs))


def lesson_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("lektionsfranvaro_*.csv"))


def lesson_lines(folder: Path) -> set[str]:
    """All lesson rows of a folder as text, whatever files they stand in."""
    lines: list[str] = []
    for path in lesson_files(folder):
        lines += path.read_text(encoding="utf-8-sig").splitlines()[1:]
    assert len(lines) == len(set(lines))
    return set(lines)


def read_lessons(folder: Path) -> pl.DataFrame:
    """All lesson rows, minutes as numbers under English names, dates as dates."""
    frames = [
        pl.read_csv(p, separator=";", infer_schema=False, encoding="utf8")
        for p in lesson_files(folder)
    ]
    rows = pl.concat(frames).rename(MINUTES)
    return rows.with_columns(
        pl.col(*MINUTES.values()).cast(pl.Int64),
        pl.col("Datum").str.to_date(),
    )


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of 1,200 pupils in October and November 2026."""
    out = tmp_path_factory.mktemp("autumn")
    simulate(
        a_plan(
            out,
            pupils=1200,
            schools=4,
            first_day=dt.date(2026, 10, 1),
            last_day=dt.date(2026, 11, 30),
        )
    )
    return out


@pytest.fixture(scope="module")
def lessons(autumn: Path) -> pl.DataFrame:
    return read_lessons(autumn)


def test_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        simulate(a_plan(tmp_path / name))
    assert digests(tmp_path / "first") == digests(tmp_path / "second")


def test_another_seed_gives_other_pupils_and_absence(tmp_path: Path) -> None:
    for seed in (5, 6):
        simulate(a_plan(tmp_path / str(seed), seed=seed))
    assert not lesson_lines(tmp_path / "5") & lesson_lines(tmp_path / "6")


@pytest.mark.parametrize("split", ["week", "day"])
def test_how_the_files_are_cut_does_not_change_the_rows(tmp_path: Path, split: str) -> None:
    simulate(a_plan(tmp_path / "month"))
    simulate(a_plan(tmp_path / split, split=split))
    assert lesson_lines(tmp_path / "month") == lesson_lines(tmp_path / split)


def test_a_later_start_gives_the_same_rows_from_there_on(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path / "long", first_day=dt.date(2026, 8, 17)))
    simulate(a_plan(tmp_path / "short"))
    later = {row for row in lesson_lines(tmp_path / "long") if row.split(";")[7] >= "2026-10-19"}
    assert later == lesson_lines(tmp_path / "short")


def test_file_names_carry_school_period_and_export_time(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path, schools=1, split="week", staff_days=()))
    assert [p.name for p in sorted(tmp_path.iterdir())] == [
        "elever_99990001_20261109T0445.csv",
        "lektionsfranvaro_99990001_2026-W43_20261024T0500.csv",
        "lektionsfranvaro_99990001_2026-W45_20261107T0500.csv",
        "skolor_20261109T0445.csv",
    ]


@pytest.mark.parametrize(
    ("columns", "header"),
    [("basic", BASIC_HEADER), ("full", f"{BASIC_HEADER};{OPTIONAL_HEADER}")],
)
def test_header_is_that_of_the_format(tmp_path: Path, columns: str, header: str) -> None:
    simulate(a_plan(tmp_path, columns=columns))
    for path in lesson_files(tmp_path):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        assert lines[0] == header
        assert {line.count(";") for line in lines} == {header.count(";")}


def test_roster_and_schools_have_the_headers_of_the_format(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path))
    for path in tmp_path.glob("elever_*.csv"):
        assert path.read_text(encoding="utf-8-sig").splitlines()[0] == ROSTER_HEADER
    schools = next(tmp_path.glob("skolor_*.csv")).read_text(encoding="utf-8-sig").splitlines()
    assert schools[0] == "Skolenhetskod;Skola;Stadsdelsområde;Rektor;Rektor e-post"
    assert [line[:8] for line in schools[1:]] == ["99990001", "99990002", "99990003"]


@pytest.mark.parametrize(
    ("encoding", "newline", "start"),
    [
        ("utf-8-sig", "\r\n", b"\xef\xbb\xbfSkolenhetskod"),
        ("utf-8", "\n", b"Skolenhetskod"),
        ("cp1252", "\r\n", b"Skolenhetskod"),
    ],
)
def test_encoding_and_newline_are_as_asked(
    tmp_path: Path, encoding: str, newline: str, start: bytes
) -> None:
    simulate(a_plan(tmp_path, encoding=encoding, newline=newline))
    for path in lesson_files(tmp_path):
        content = path.read_bytes()
        assert content.startswith(start)
        assert content.decode(encoding).count(newline) == content.count(b"\n")
        assert content.endswith(newline.encode())
        assert "Årskurs" in content.decode(encoding)
        assert (b"\r" in content) == (newline == "\r\n")


def test_summary_counts_what_is_on_disk_and_progress_ends_at_the_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    summary = simulate(a_plan(tmp_path), lambda done, total: seen.append((done, total)))
    files = list(tmp_path.iterdir())
    assert summary == SimulationSummary(
        files=len(files),
        rows=len(lesson_lines(tmp_path)),
        bytes=sum(p.stat().st_size for p in files),
    )
    assert [done for done, _ in seen] == list(range(2, len(files) + 1))
    assert {total for _, total in seen} == {len(files)}


def test_minutes_of_every_row_are_within_the_lesson(lessons: pl.DataFrame) -> None:
    reported = lessons.filter(pl.col("Rapporterad") == "Ja")
    parts = pl.col("present", "valid", "invalid", "other")
    assert reported.select((parts >= 0).all()).row(0) == (True,) * 4
    total = pl.sum_horizontal("present", "valid", "invalid", "other")
    assert reported.select((total == pl.col("scheduled")).all()).item()
    assert lessons.select(pl.col("scheduled").is_between(40, 80).all()).item()


def test_unreported_and_cancelled_lessons_have_no_minutes(lessons: pl.DataFrame) -> None:
    silent = lessons.filter(pl.col("Rapporterad") == "Nej")
    assert silent.select(pl.col("present", "valid", "invalid", "other").null_count()).row(0) == (
        (silent.height,) * 4
    )
    cancelled = lessons.filter(pl.col("Inställd") == "Ja")
    assert cancelled.height
    assert cancelled.select((pl.col("Rapporterad") == "Nej").all()).item()


def test_a_lesson_is_unreported_or_cancelled_for_the_whole_class(lessons: pl.DataFrame) -> None:
    key = ["Skolenhetskod", "Klass", "Datum", "Starttid"]
    per_lesson = lessons.group_by(key).agg(
        pl.col("Rapporterad", "Inställd", "scheduled", "Ämne").n_unique()
    )
    assert per_lesson.select(pl.exclude(key).max()).row(0) == (1, 1, 1, 1)


def test_basic_columns_leave_cancelled_lessons_out(tmp_path: Path) -> None:
    simulate(a_plan(tmp_path / "full", cancelled_share=0.1))
    simulate(a_plan(tmp_path / "basic", cancelled_share=0.1, columns="basic"))
    full = [line.split(";") for line in lesson_lines(tmp_path / "full")]
    held = {";".join(line[:12]) for line in full if line[18] == "Nej"}
    assert held < {";".join(line[:12]) for line in full}
    basic = lesson_lines(tmp_path / "basic")
    assert {";".join(line.split(";")[:12]) for line in basic} == held


def test_a_row_is_identified_by_school_pupil_start_and_subject(lessons: pl.DataFrame) -> None:
    key = ["Skolenhetskod", "Personnummer", "Datum", "Starttid", "Ämne"]
    assert not lessons.select(pl.struct(key).is_duplicated().any()).item()


def test_lessons_last_as_long_as_they_say_and_do_not_overlap(lessons: pl.DataFrame) -> None:
    timetable = (
        lessons.unique(["Skolenhetskod", "Klass", "Datum", "Starttid"])
        .with_columns(
            begin=pl.col("Starttid").str.to_time("%H:%M").cast(pl.Duration).dt.total_minutes(),
            end=pl.col("Sluttid").str.to_time("%H:%M").cast(pl.Duration).dt.total_minutes(),
        )
        .sort("Skolenhetskod", "Klass", "Datum", "begin")
    )
    assert timetable.select((pl.col("end") - pl.col("begin") == pl.col("scheduled")).all()).item()
    gap = pl.col("begin").shift(-1).over("Skolenhetskod", "Klass", "Datum") - pl.col("end")
    assert timetable.select(gap.min()).item() >= 5
    assert timetable.select(
        (pl.col("begin") >= 8 * 60).all() & (pl.col("end") < 19 * 60).all()
    ).item()


def test_no_switch_no_unreported_cancelled_or_absent_lessons(tmp_path: Path) -> None:
    simulate(
        a_plan(
            tmp_path, unreported_share=0.0, cancelled_share=0.0, activity_share=0.0, absence_level=0
        )
    )
    rows = read_lessons(tmp_path)
    assert rows["Rapporterad"].unique().to_list() == ["Ja"]
    assert rows.select((pl.col("present") == pl.col("scheduled")).all()).item()


def test_memory_does_not_grow_with_the_period(tmp_path: Path) -> None:
    def peak(last_day: dt.date) -> int:
        tracemalloc.start()
        simulate(a_plan(tmp_path, pupils=600, first_day=dt.date(2026, 9, 1), last_day=last_day))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(dt.date(2026, 9, 1))  # imports and caches are not the simulator's memory
    assert peak(dt.date(2026, 12, 31)) < 1.3 * peak(dt.date(2026, 9, 30))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"schools": 0}, "schools"),
        ({"pupils": 2}, "schools"),
        ({"last_day": dt.date(2026, 10, 18)}, "after"),
        ({"last_day": dt.date(2027, 7, 1)}, "school year"),
        ({"first_school_unit_code": 99999998}, "8 digits"),
        ({"lessons_per_day": 9}, "lessons_per_day"),
        ({"lesson_minutes": (10,)}, "lesson_minutes"),
        ({"unreported_share": 0.6}, "unreported_share"),
        ({"absence_level": -1.0}, "absence_level"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    tmp_path: Path, knobs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        a_plan(tmp_path, **knobs)
