"""The files of the inbox: the monthly exports, the late ones, the broken ones and the rosters."""

import dataclasses
import datetime as dt

from assets.simulator.run import LESSON_COLUMNS, ROSTER_COLUMNS
from data_samples.planted_pupils import NORTH, SOUTH
from data_samples.sample_files import WorkbookHabits, csv_bytes, xlsx_bytes
from data_samples.sample_rows import COLUMNS, Cells, roster_rows, with_minutes
from data_samples.ss12000_school import DISTRICT, EAST, SCHOOL_NAME, content, files
from data_samples.sums_school import DISTRICT as WEST_DISTRICT
from data_samples.sums_school import SCHOOL_NAME as WEST_NAME
from data_samples.sums_school import WEST, sums_files

MONTH_EXPORTS = {8: "20260901T0500", 9: "20261001T0500", 10: "20261101T0500", 11: "20261114T0500"}
ROSTER_STAMP = "20261114T0445"

HABITS = {
    9: WorkbookHabits(),
    10: WorkbookHabits(
        preamble=("Lektionsfrånvaro per elev", "Uttag 2026-11-01 05:00 ur exempelsystemet"),
        text_numbers=("Lektionslängd (min)", "Giltig frånvaro (min)", "Årskurs"),
        is_code_number=True,
        times="text",
    ),
    11: WorkbookHabits(text_numbers=("Närvaro (min)",)),
}


@dataclasses.dataclass
class Samples:
    """The files, and what is expected of them.

    Attributes:
        files: Name → content of the inbox.
        lessons: (export stamp, cells) of every row that is accepted.
        roster: Cells of every roster row.
        outcomes: Rows of expected/files.csv.
        rejected: Rows of expected/rejected_rows.csv.
        days: Days of school.
    """

    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    lessons: list[tuple[str, Cells]] = dataclasses.field(default_factory=list)
    roster: list[Cells] = dataclasses.field(default_factory=list)
    outcomes: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    rejected: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    days: list[dt.date] = dataclasses.field(default_factory=list)

    def add(
        self, name: str, content: bytes, accepted: int, rejected: int = 0, outcome: str = "loaded"
    ) -> None:
        """File a file with its outcome."""
        self.files[name] = content
        counts = (accepted + rejected, accepted, rejected)
        self.outcomes.append((name, outcome, *map(str, counts)))


def values(rows: list[Cells], columns: tuple[str, ...] = COLUMNS) -> list[list[str]]:
    """The cells of rows in the order of the columns."""
    return [[row[name] for name in columns] for row in rows]


def add_months(samples: Samples, months: dict[tuple[str, int], list[Cells]]) -> None:
    """The monthly exports, each in its school's manner."""
    for (school, month), rows in sorted(months.items()):
        if school == NORTH:
            kept = _add_csv_month(samples, month, rows)
        else:
            kept = rows
            _add_workbook_month(samples, month, rows)
        samples.lessons += [(MONTH_EXPORTS[month], row) for row in kept]


def _add_csv_month(samples: Samples, month: int, rows: list[Cells]) -> list[Cells]:
    """A month of 99999901: four encodings and columns, bad lines in November."""
    columns, kept = COLUMNS, rows
    if month == 8:
        # This export has no column for cancelled lessons, so it leaves them out.
        columns = LESSON_COLUMNS["basic"]
        kept = [{c: row[c] for c in columns} for row in rows if row["Inställd"] == "Nej"]
    name = f"lektionsfranvaro_{NORTH}_2026-{month:02d}_{MONTH_EXPORTS[month]}.csv"
    encoding = "cp1252" if month in (8, 10) else "utf-8-sig"
    content = csv_bytes(columns, values(kept, columns), encoding)
    bad = bad_lines(rows) if month == 11 else []
    for n, (line, reason) in enumerate(bad):
        content += f"{line}\r\n".encode()
        samples.rejected.append((name, str(len(kept) + 2 + n), reason))
    samples.add(name, content, len(kept), len(bad))
    return kept


def _add_workbook_month(samples: Samples, month: int, rows: list[Cells]) -> None:
    """A month of 99999902: workbooks, but plain UTF-8 in August."""
    stem = f"lektionsfranvaro_{SOUTH}_2026-{month:02d}_{MONTH_EXPORTS[month]}"
    if month == 8:
        samples.add(f"{stem}.csv", csv_bytes(COLUMNS, values(rows), "utf-8", "\n"), len(rows))
    else:
        samples.add(f"{stem}.xlsx", xlsx_bytes(COLUMNS, rows, HABITS[month]), len(rows))


def bad_lines(rows: list[Cells]) -> list[tuple[str, str]]:
    """Lines that must be refused one by one: (line, reason).

    They stand on lessons that do not exist otherwise, so that a reader that lets one in changes
    the sums of a planted pupil, and one that refuses them changes nothing.
    """
    extra = {"Datum": "2026-11-13", "Starttid": "14:40", "Sluttid": "15:40", "Ämne": "SL"}
    one = next(r for r in rows if r["Personnummer"] == "20120314-9800") | extra
    all_away = with_minutes(one, invalid=60)

    def line(cells: Cells) -> str:
        return ";".join(cells[name] for name in COLUMNS)

    too_much = one | {"Närvaro (min)": "0", "Giltig frånvaro (min)": "84"}
    totals = dict.fromkeys(COLUMNS, "") | {"Skolenhetskod": "Summa"}
    totals |= {
        "Lektionslängd (min)": str(sum(int(r["Lektionslängd (min)"]) for r in rows)),
        "Närvaro (min)": str(sum(int(r["Närvaro (min)"] or 0) for r in rows)),
    }
    return [
        (line(too_much), "absence above the length of the lesson: 84 of 60 minutes"),
        (";".join(line(all_away).split(";")[:9]), "9 of 22 cells"),
        (line(all_away | {"Personnummer": "20120314-9801"}), "wrong check digit"),
        (line(all_away | {"Personnummer": "2,01203E+11"}), "identity number as a rounded number"),
        (line(totals), "a row of totals, not of a pupil"),
    ]


def add_late_files(samples: Samples, october: list[Cells]) -> None:
    """A newer export that corrects October, and an older one that turns up afterwards."""

    def absent(civic_no: str) -> list[Cells]:
        own = [r for r in october if r["Personnummer"] == civic_no]
        return [r for r in own if r["Ogiltig frånvaro (min)"] not in ("", "0")]

    signe, adam, iris = "20130724-9860", "20130815-9878", "20131010-9887"
    adam_present = [r for r in october if r["Personnummer"] == adam and r not in absent(adam)]
    corrected = [
        *(with_minutes(r) for r in absent(signe)[:2]),
        *(with_minutes(r, invalid=60) for r in adam_present[:1]),
        *(with_minutes(r, valid=60) for r in absent(iris)),
    ]
    week_42 = [r for r in october if "2026-10-12" <= r["Datum"] <= "2026-10-16"]
    mans = [r for r in week_42 if r["Personnummer"] == "20131201-9894"]
    outdated = [with_minutes(r, invalid=60) for r in mans]
    for label, stamp, rows in (
        ("2026-10-rattelser", "20261110T0500", corrected),
        ("2026-v42-omsand", "20261017T0500", outdated),
    ):
        name = f"lektionsfranvaro_{NORTH}_{label}_{stamp}.csv"
        samples.add(name, csv_bytes(COLUMNS, values(rows), "utf-8-sig"), len(rows))
        samples.lessons += [(stamp, row) for row in rows]


def add_unloadable_files(samples: Samples) -> None:
    """A copy under another name, and a file that is no lesson export."""
    original = f"lektionsfranvaro_{SOUTH}_2026-08_{MONTH_EXPORTS[8]}.csv"
    copy = f"lektionsfranvaro_{SOUTH}_2026-08_kopia_20260902T0500.csv"
    samples.add(copy, samples.files[original], 0, outcome="duplicate")
    wrong = csv_bytes(("Namn", "Lärare", "Frånvaro %"), [("Klass 7C", "ZN", "12,5")], "utf-8")
    name = f"lektionsfranvaro_{SOUTH}_2026-v46_20261114T0600.csv"
    samples.add(name, wrong, 0, outcome="quarantined")


def add_rosters(samples: Samples, background: dict[str, list[Cells]], schools: str) -> None:
    """Rosters of both schools and the list of schools; `schools` is that file's text."""
    planted = [dict(zip(ROSTER_COLUMNS, row, strict=True)) for row in roster_rows()]
    for school, encoding in ((NORTH, "utf-8-sig"), (SOUTH, "cp1252")):
        rows = background[school] + [r for r in planted if r["Skolenhetskod"] == school]
        rows.sort(key=lambda r: (r["Klass"], r["Personnummer"]))
        content = csv_bytes(ROSTER_COLUMNS, values(rows, ROSTER_COLUMNS), encoding)
        samples.add(f"elever_{school}_{ROSTER_STAMP}.csv", content, len(rows))
        samples.roster += rows
    name = f"skolor_{ROSTER_STAMP}.csv"
    # The third school's principal is named by its own system.
    schools += f"{EAST};{SCHOOL_NAME};{DISTRICT};;\n"
    schools += f"{WEST};{WEST_NAME};{WEST_DISTRICT};;\n"
    samples.add(name, schools.encode("utf-8-sig"), len(schools.splitlines()) - 1)


def add_ss12000_school(samples: Samples, days: list[dt.date]) -> None:
    """The school whose system sends JSON."""
    for name, objects in files(days).items():
        samples.add(name, content(objects), len(objects))


def add_sums_school(samples: Samples) -> None:
    """The school whose system gives sums per month."""
    for name, (text, rows) in sums_files().items():
        samples.add(name, text, rows)
