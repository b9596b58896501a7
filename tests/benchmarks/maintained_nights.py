"""A school year of nights with late files and corrections, with maintenance on every Saturday.

`python -m tests.benchmarks.maintained_nights FOLDER [PUPILS SCHOOLS WEEKS]`, 300, 4 and 43 unless
told otherwise. Every night a file a school; each week one school's files of Wednesday come on
Friday, and every school sends again what it sent three days before, with other minutes in one row
of thirty. On Sundays the week's lists are frozen. FOLDER/nights must not be there.

At the end the same files go into a new home in one load, with flags of the same days and lists of
the same weeks, and both lakes are compared: bytes, files, and how long flags take; and bytes and
files once more when the load's small files are merged, as no load leaves them. The clock is played
too: after each night its snapshots get the time of that night, so that the promise counts days of
the year and not minutes of the benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.evaluate import evaluate_flags, store_flags
from assets.lake.connection import Lake
from assets.lake.past.snapshots import expire_everything_but_now, kept_snapshots
from assets.lake.past.unneeded_files import lake_files
from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLE_NAMES
from assets.upkeep.maintenance.maintain import Maintained, maintain
from assets.upkeep.maintenance.promise import promised
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.week_states import iso_week
from rules.registry import rule_set_on
from tests.benchmarks.running import Finding, asked, at_most, tell
from tests.benchmarks.year_of_nights import written_by_night

#: A school year that is over: a time of export that is still to come is not believed, and what was
#: sent again would not be told from what it corrects.
FIRST, LAST = date(2025, 8, 18), date(2026, 6, 11)

_WEDNESDAY, _FRIDAY = 2, 4
_ONE_ROW_OF = 30
_DAYS_BEFORE = 3
_ROUNDS = 5
_RULES = partial(rule_set_on, "stockholm")
_CATALOG = "__ducklake_metadata_lake"


def main() -> None:
    """Play the year, and the one load."""
    folder, (pupils, schools, weeks) = asked(300, 4, 43)
    last = min(LAST, FIRST + timedelta(weeks=weeks))
    inboxes = written_by_night(folder, pupils, schools, last, FIRST)
    come_late(inboxes)
    corrected(inboxes)
    year, clean = folder / "year", folder / "clean"
    rounds = list(played(year, inboxes))
    loaded(clean, inboxes)
    compare(year, clean, rounds, sorted(inboxes))


def come_late(inboxes: dict[date, Path]) -> None:
    """Let the first school's files of Wednesdays come with those of Friday."""
    for day, inbox in inboxes.items():
        friday = inboxes.get(day + timedelta(days=_FRIDAY - _WEDNESDAY))
        if day.weekday() == _WEDNESDAY and friday:
            first = min(inbox.glob("lektionsfranvaro_*.csv"))
            first.rename(friday / first.name)


def corrected(inboxes: dict[date, Path]) -> None:
    """Send what was sent three days before again, as a file of this night with other minutes."""
    for day, inbox in sorted(inboxes.items(), reverse=True):
        before = inboxes.get(day - timedelta(days=_DAYS_BEFORE))
        for path in sorted(before.glob("lektionsfranvaro_*.csv")) if before else ():
            header, *rows = path.read_text(encoding="utf-8").splitlines()
            cells = header.split(";")
            places = [cells.index(f"{name} (min)") for name in ("Närvaro", "Giltig frånvaro")]
            # All of somebody's presence becomes valid absence.
            for number in range(0, len(rows), _ONE_ROW_OF):
                row = rows[number].split(";")
                present, valid = places
                row[valid] = str(int(row[valid] or 0) + int(row[present] or 0))
                row[present] = "0"
                rows[number] = ";".join(row)
            stem = path.stem.rsplit("_", 1)[0]
            name = f"{stem}_{day + timedelta(days=1):%Y%m%d}T0300.csv"
            (inbox / name).write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def played(home: Path, inboxes: dict[date, Path]) -> Iterator[tuple[float, Maintained]]:
    """Make every night, freeze the weeks, and yield what each maintenance took and did."""
    known = -1
    with Lake.open(LakeSettings(home=home)) as lake:
        for day, inbox in sorted(inboxes.items()):
            a_night(lake, day, [inbox])
            known = dated(lake, known, day)
            if day.weekday() == _FRIDAY:
                begin = time.perf_counter()
                done = maintain(lake, promised(lake.settings), grace=timedelta(0))
                yield time.perf_counter() - begin, done
                # As by the program's schedules: Saturday's maintenance, then Sunday's lists.
                known = dated(lake, known, day + timedelta(days=1))
                freeze(lake, day)
                known = dated(lake, known, day + timedelta(days=2))


def a_night(lake: Lake, day: date, paths: Sequence[Path]) -> None:
    """Files, sums and flags; lists are files outside the lake, and a week's are enough."""
    ingest_paths(lake, paths)
    refresh_sums(lake)
    store_flags(lake, evaluate_flags(lake, day, _RULES(day)))


def freeze(lake: Lake, friday: date) -> None:
    """The lists of the week."""
    sunday = friday + timedelta(days=2)
    release_lists(lake, sunday, _RULES, period=iso_week(sunday))


def dated(lake: Lake, known: int, day: date) -> int:
    """Give the snapshots after a known one the time of a night, and return the newest."""
    night = datetime(day.year, day.month, day.day, 4, tzinfo=UTC) + timedelta(days=1)
    lake.connection.execute(
        f"UPDATE {_CATALOG}.ducklake_snapshot SET snapshot_time = cast($night AS TIMESTAMPTZ) "
        "+ to_seconds(snapshot_id - $known) WHERE snapshot_id > $known",
        {"night": night, "known": known},
    )
    return lake.snapshot()


def loaded(home: Path, inboxes: dict[date, Path]) -> None:
    """Load all files at once, and make flags of the same days and lists of the same weeks."""
    days = sorted(inboxes)
    with Lake.open(LakeSettings(home=home)) as lake:
        ingest_paths(lake, [inboxes[day] for day in days])
        refresh_sums(lake)
        for day in days:
            store_flags(lake, evaluate_flags(lake, day, _RULES(day)))
            if day.weekday() == _FRIDAY:
                freeze(lake, day)


def compare(
    year: Path, clean: Path, rounds: Sequence[tuple[float, Maintained]], days: Sequence[date]
) -> None:
    """Tell bytes, files and seconds of flags of both lakes, and whether they say the same."""
    sizes: dict[Path, int] = {}
    files: dict[Path, int] = {}
    lessons: dict[Path, object] = {}
    flags: dict[Path, list[float]] = {}
    for home in (year, clean):
        with Lake.open(LakeSettings(home=home)) as lake:
            there = lake_files(lake)
            catalog = sum(path.stat().st_size for path in (home / "lake").glob("catalog*"))
            tell(Finding(f"{home.name}: catalog", f"{catalog / 1e6:.1f} MB"))
            sizes[home], files[home] = sum(there.values()), len(there)
            lessons[home] = lake.rows("SELECT count(*), sum(valid_minutes) FROM lessons")
            counts_are_true(lake)
            print(home.name, len(kept_snapshots(lake)), "snapshots", by_table(home), flush=True)
    for _ in range(_ROUNDS):
        for home in (year, clean):
            with Lake.open(LakeSettings(home=home)) as lake:
                begin = time.perf_counter()
                evaluate_flags(lake, days[-1], _RULES(days[-1]))
                flags.setdefault(home, []).append(time.perf_counter() - begin)
    what = f"after {len(days)} nights with maintenance, beside one load of the same files"
    ratio = sizes[year] / sizes[clean]
    more = f" ({sizes[year] / 1e6:.1f} beside {sizes[clean] / 1e6:.1f} MB)"
    tell(at_most(f"disk {what}", ratio, 1.5, "times", more=more))
    more = f" ({files[year]} beside {files[clean]})"
    tell(at_most(f"files {what}", files[year] / files[clean], 2, "times", more=more))
    merged = written_once(clean)
    tell(Finding(
        "beside the one load with every table merged into as few files as can be",
        f"disk {sizes[year] / sum(merged.values()):.2f} times, files "
        f"{files[year] / len(merged):.2f} times "
        f"({sum(merged.values()) / 1e6:.1f} MB, {len(merged)} files)",
    ))  # fmt: skip
    took = {home: median(flags[home]) for home in flags}
    more = f" ({took[year]:.2f} beside {took[clean]:.2f} s)"
    tell(at_most(f"flags {what}", took[year] / took[clean], 1.1, "times", more=more))
    same = lessons[year] == lessons[clean]
    tell(Finding("lessons and minutes of both", "the same" if same else "differ", "the same", same))
    seconds = [one for one, _ in rounds]
    gone = sum(done.snapshots_gone for _, done in rounds)
    tell(
        Finding(
            f"{len(rounds)} rounds of maintenance",
            f"{median(seconds):.1f} s each, {max(seconds):.1f} s the longest; "
            f"{gone} snapshots went",
        )
    )


def written_once(home: Path) -> dict[str, int]:
    """Merge a load's small files and leave nothing of its past; return its files and their bytes.

    A load makes flags day by day and so many small files; no maintenance was done of it.
    """
    with Lake.open(LakeSettings(home=home)) as lake:
        expire_everything_but_now(lake)
        return lake_files(lake)


def counts_are_true(lake: Lake) -> None:
    """Hold what the catalog says of the rows of each table against a scan."""
    for name in TABLE_NAMES:
        ((counted,),) = lake.rows(f"SELECT count(*) FROM {name}")
        ((scanned,),) = lake.rows(f"SELECT count(*) FROM (SELECT DISTINCT rowid FROM {name})")
        if counted != scanned:
            raise RuntimeError(f"{name}: the catalog says {counted} rows, a scan {scanned}")


def by_table(home: Path) -> dict[str, tuple[int, int]]:
    """Return files and kilobytes of the tables that have most."""
    found: dict[str, tuple[int, int]] = {}
    for folder in (home / "lake" / "data" / "main").iterdir():
        sizes = [path.stat().st_size for path in folder.rglob("*.parquet")]
        found[folder.name] = (len(sizes), sum(sizes) // 1000)
    largest = sorted(found.items(), key=lambda one: -one[1][1])[:12]
    return dict(largest)


if __name__ == "__main__":
    main()
