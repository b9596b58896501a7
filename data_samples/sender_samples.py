"""Three senders, one of them hostile: inbox_senders/ and senders.yaml.

`kommunen` may everything, `skola-99999902` sends its own lessons, and `skola-99999901` sends its
own, and six files in which it speaks for others. README.md says what becomes of each.
"""

from pathlib import Path

from assets.simulator.run import ROSTER_COLUMNS
from data_samples.planted_pupils import NORTH, SOUTH
from data_samples.sample_files import csv_bytes
from data_samples.sample_inbox import Samples, values
from data_samples.sample_rows import COLUMNS, Cells

CITY, HOSTILE, HONEST = "kommunen", f"skola-{NORTH}", f"skola-{SOUTH}"
SENT, LATER = "20261114T0500", "20261114T0600"

SENDERS = f"""\
# Who may speak of what (docs/trust.md). In a home it is HOME/senders.yaml, mode 0600.
senders:
  - name: {CITY}                 # inbox/{CITY}/
    school_units: all
    may: [lift_protection, merge_pupils, register_schools, move_pupils, remove_lessons]
  - name: {HOSTILE}           # inbox/{HOSTILE}/
    school_units: ["{NORTH}"]
    layouts: [lektionsfranvaro, elever, lov]
    since: 2026-08-01
  - name: {HONEST}
    school_units: ["{SOUTH}"]
    layouts: [lektionsfranvaro]
    since: 2026-08-01
"""


def build(first: Samples) -> dict[str, bytes]:
    """Return the files by their path below inbox_senders/.

    Args:
        first: the inbox, whose rosters, register and lessons of October and November are sent.
    """
    files: dict[str, bytes] = {}
    # Of a lesson that was corrected the correction.
    newest = {_lesson(row): row for _, row in sorted(first.lessons, key=lambda entry: entry[0])}
    lessons = [row for row in newest.values() if row["Datum"] >= "2026-10-01"]
    for school, sender in ((NORTH, HOSTILE), (SOUTH, HONEST)):
        mine = [row for row in lessons if row["Skolenhetskod"] == school]
        files[f"{sender}/lektionsfranvaro_{school}_{SENT}.csv"] = _lessons(mine)
    files[f"{CITY}/elever_{SENT}.csv"] = _roster(first.roster)
    register = next(content for name, content in first.files.items() if name.startswith("skolor_"))
    files[f"{CITY}/skolor_{SENT}.csv"] = register
    return files | {f"{HOSTILE}/{name}": content for name, content in _attacks(first, lessons)}


def publish_senders(folder: Path, first: Samples) -> None:
    """Write inbox_senders/ and senders.yaml."""
    for path, content in build(first).items():
        (folder / "inbox_senders" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "inbox_senders" / path).write_bytes(content)
    (folder / "senders.yaml").write_text(SENDERS, encoding="utf-8", newline="\n")


def _attacks(first: Samples, lessons: list[Cells]) -> list[tuple[str, bytes]]:
    """What the hostile sender says of the other school, a file a way."""
    theirs = [row for row in first.roster if row["Skolenhetskod"] == SOUTH]
    hidden = next(row for row in theirs if row["Skyddad identitet"] not in ("Ingen", ""))
    pulled = theirs[0] | {"Skolenhetskod": NORTH, "Klass": "8B", "Årskurs": "8"}
    named = hidden | {"Skyddad identitet": "Ingen"}
    away = [row for row in lessons if row["Skolenhetskod"] == SOUTH][:2]
    present = {
        "Närvaro (min)": away[0]["Lektionslängd (min)"],
        "Giltig frånvaro (min)": "0",
        "Ogiltig frånvaro (min)": "0",
    }
    one, two = theirs[0]["Personnummer"], theirs[1]["Personnummer"]
    return [
        (f"elever_flyttar_{LATER}.csv", _roster([pulled])),
        (f"elever_namnger_{LATER}.csv", _roster([named, named | {"Skolenhetskod": NORTH}])),
        (f"lektionsfranvaro_andras_{LATER}.csv", _lessons([row | present for row in away])),
        (
            f"nummerbyten_{LATER}.csv",
            csv_bytes(
                ("Gammalt personnummer", "Nytt personnummer", "Datum"),
                [(one, two, "2026-11-01")],
                "utf-8",
            ),
        ),
        (
            f"skolor_{LATER}.csv",
            csv_bytes(
                ("Skolenhetskod", "Skola", "Stadsdelsområde"),
                [(SOUTH, "Nedlagda skolan", "Farsta")],
                "utf-8",
            ),
        ),
        (
            f"lov_{LATER}.csv",
            csv_bytes(
                ("Skolenhetskod", "Första dag", "Sista dag", "Namn"),
                [(SOUTH, "2026-11-02", "2026-11-13", "Lov"), ("", "2026-11-02", "2026-11-13", "")],
                "utf-8",
            ),
        ),
    ]


def _lesson(row: Cells) -> tuple[str, ...]:
    return (row["Skolenhetskod"], row["Personnummer"], row["Datum"], row["Starttid"], row["Ämne"])


def _lessons(rows: list[Cells]) -> bytes:
    return csv_bytes(COLUMNS, values(rows, COLUMNS), "utf-8")


def _roster(rows: list[Cells]) -> bytes:
    return csv_bytes(ROSTER_COLUMNS, values(rows, ROSTER_COLUMNS), "utf-8")
