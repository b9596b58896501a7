"""Make inboxes, tutorial/ and a workbook: `python data_samples/make_samples.py`.

A small simulated background (seed below) with the cases of `planted_pupils.py` planted in it, and
faults planted in the files. README.md says what each is for and what is expected. What is expected
is made by `tests/tools/sample_expectations.py`; `make samples` makes both.
"""

import csv
import datetime as dt
import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assets.simulator import SimulationPlan, simulate  # noqa: E402
from assets.simulator.timetable import school_days  # noqa: E402
from data_samples import layout_samples, next_week, sender_samples, tutorial_export  # noqa: E402
from data_samples.planted_pupils import NORTH, PLANTED, SOUTH  # noqa: E402
from data_samples.sample_files import publish  # noqa: E402
from data_samples.sample_inbox import (  # noqa: E402
    Samples,
    add_late_files,
    add_months,
    add_rosters,
    add_ss12000_school,
    add_sums_school,
    add_unloadable_files,
)
from data_samples.sample_rows import Cells, lesson_rows  # noqa: E402
from data_samples.ss12000_school import EAST, PUPILS  # noqa: E402
from data_samples.sums_school import PUPILS as SUMS_PUPILS  # noqa: E402
from data_samples.sums_school import WEST  # noqa: E402

SEED = 20261115
AS_OF = dt.date(2026, 11, 15)
SCHOOLS = (NORTH, SOUTH, EAST, WEST)


def _background_plan(out: Path) -> SimulationPlan:
    return SimulationPlan(
        pupils=20,
        schools=2,
        first_day=dt.date(2026, 8, 17),
        last_day=AS_OF,
        seed=SEED,
        out=out,
        encoding="utf-8",
        newline="\n",
        first_school_unit_code=int(NORTH),
        class_size=5,
        lessons_per_day=5,
        transfer_share=0.0,
        leaver_share=0.0,
        newcomer_share=0.0,
        protected_share=0.0,
        coordination_share=0.0,
        temporary_share=0.0,
        staff_days=(),
    )


def _read_cells(content: str) -> list[Cells]:
    return list(csv.DictReader(io.StringIO(content), delimiter=";"))


def _monthly_lessons(
    background: list[Cells], names: dict[str, str], days: list[dt.date]
) -> dict[tuple[str, int], list[Cells]]:
    """Rows per school and month, planted pupils among the others."""
    rows = background + [row for pupil in PLANTED for row in lesson_rows(pupil, days, names)]
    rows.sort(key=lambda r: (r["Datum"], r["Klass"], r["Personnummer"], r["Starttid"]))
    months: dict[tuple[str, int], list[Cells]] = {}
    for row in rows:
        months.setdefault((row["Skolenhetskod"], int(row["Datum"][5:7])), []).append(row)
    return months


def build() -> tuple[Samples, Samples]:
    """Everything, in memory: the inbox, and that of the week after."""
    with tempfile.TemporaryDirectory() as folder:
        plan = _background_plan(Path(folder))
        simulate(plan)
        files = {p.name: p.read_text(encoding="utf-8") for p in sorted(plan.out.iterdir())}
    days = school_days(plan)
    schools = next(text for name, text in files.items() if name.startswith("skolor_"))
    names = {row["Skolenhetskod"]: row["Skola"] for row in _read_cells(schools)}
    lessons = [
        row
        for name, text in files.items()
        if name.startswith("lektion")
        for row in _read_cells(text)
    ]
    rosters = {
        code: _read_cells(text)
        for code in (NORTH, SOUTH)
        for name, text in files.items()
        if name.startswith(f"elever_{code}_")
    }
    taken = {row["Personnummer"] for row in lessons} & {
        *(pupil.civic_no for pupil in PLANTED),
        *(f"{pupil.civic_no[:8]}-{pupil.civic_no[8:]}" for pupil in (*PUPILS, *SUMS_PUPILS)),
    }
    if taken:
        raise ValueError(f"the background has a planted pupil's number: {sorted(taken)}")

    samples = Samples()
    months = _monthly_lessons(lessons, names, days)
    add_months(samples, months)
    add_late_files(samples, months[NORTH, 10])
    add_unloadable_files(samples)
    add_rosters(samples, rosters, schools)
    add_ss12000_school(samples, days)
    add_sums_school(samples)
    samples.days = days
    return samples, next_week.build(samples, lessons, names)


def main(folder: Path = ROOT / "data_samples") -> tuple[Samples, Samples]:
    """Write all that is made here; return what stands in the first two inboxes."""
    samples, after = build()
    publish(folder / "inbox", samples.files)
    publish(folder / "inbox_week_47", after.files)
    sender_samples.publish_senders(folder, samples)
    publish(folder / tutorial_export.FOLDER, tutorial_export.files())
    workbook = folder / layout_samples.PLACE
    workbook.parent.mkdir(parents=True, exist_ok=True)
    workbook.write_bytes(layout_samples.workbook())
    return samples, after


if __name__ == "__main__":
    main()
