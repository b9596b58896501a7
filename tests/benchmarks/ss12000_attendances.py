"""Takes one large SS12000 file of attendances in, with 1 GB of memory for DuckDB.

`python -m tests.benchmarks.ss12000_attendances FOLDER [MEGABYTES]`, 2,000 unless told otherwise.
Tells the seconds and the peaks of memory of the process and of the one that reads. There is no
target.
"""

from __future__ import annotations

import resource
import time
import uuid
from pathlib import Path

from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from tests.benchmarks.running import Finding, asked, tell

_PUPILS = 90_000


def write_attendances(path: Path, megabytes: int) -> int:
    """Write attendances of a city until the file is large enough; return how many."""
    pupils = [uuid.uuid5(uuid.NAMESPACE_OID, f"pupil {k}") for k in range(_PUPILS)]
    most, written, count = megabytes << 20, 0, 0
    with path.open("w", encoding="ascii") as file:
        file.write('{"data":[\n')
        while written < most:
            event = uuid.UUID(int=count // 25 + 1)
            text = (
                f'{{"id":"{uuid.UUID(int=count + (1 << 100))}","meta":{{"created":'
                '"2026-10-05T07:30:00.000+00:00","modified":"2026-10-05T07:30:00.000+00:00"}'
                f',"calendarEvent":{{"id":"{event}"}},"student":{{"id":"{pupils[count % _PUPILS]}"'
                ',"securityMarking":"Ingen"},"isReported":true,"attendanceMinutes":45,'
                '"validAbsenceMinutes":0,"invalidAbsenceMinutes":15,"otherAttendanceMinutes":0,'
                '"absenceReason":"Sen ankomst","reportedTimestamp":"2026-10-05T07:30:00.000+00:00"}'
            )
            written += file.write(",\n" + text if count else text)
            count += 1
        file.write('\n],"pageToken":null}\n')
    return count


def main() -> None:
    """Write the file if it isn't there, and take it into a new lake."""
    folder, (megabytes,) = asked(2_000)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"attendances_{megabytes}_20261006T0500.json"
    if not path.exists():
        print(f"{write_attendances(path, megabytes)} attendances written")
    settings = LakeSettings(home=folder / f"home-{time.time_ns()}", memory_limit="1GB")
    with Lake.open(settings) as lake:
        begin = time.monotonic()
        (report,) = ingest_paths(lake, [path])
        seconds = time.monotonic() - begin
    own, child = (
        resource.getrusage(who).ru_maxrss >> 10
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"{report.outcome}: {report.rows_accepted} of {report.rows_read}; {report.reason}")
    what = f"{report.rows_read:,} attendances, {path.stat().st_size / 1e9:.2f} GB"
    tell(
        Finding(what, f"{seconds:.1f} s"),
        Finding("peak of memory, and of who reads it", f"{own} MB, {child} MB"),
    )


if __name__ == "__main__":
    main()
