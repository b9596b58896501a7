"""Files that are made to fill memory end refused, with little memory in all.

Measured are the peak of a process that takes the file into a lake, and the peak of the one that
reads it, each started by something small: a process inherits the peak of who started it.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.test_hostile_workbooks import END, START, with_member

ROOT = Path(__file__).resolve().parents[2]
#: Of both processes; what no rule but the limit on memory refuses may take that.
MOST_MEGABYTES = {"45,000": 200}
MOST_OF_OTHERS = 450
INGEST = """
import resource, sys
from pathlib import Path
from assets.exports.ingest import ingest_paths
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
with Lake.open(LakeSettings(home=Path(sys.argv[1]), threads=1)) as lake:
    (report,) = ingest_paths(lake, [Path(sys.argv[2])])
print(report.outcome, report.rows_accepted, report.reason, sep="\\t")
# The peak of this program alone: VmHWM begins anew with each program. Pages of the files of
# libraries are the system's, which maps more or fewer of them ahead from machine to machine.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) - int(status["RssFile"].split()[0]))
"""
# A reader's peak is read by its small parent, which waits for nothing else.
READ = """
import resource, subprocess, sys
with open(sys.argv[1], "rb") as file:
    child = subprocess.Popen(sys.argv[2:], stdin=file, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env={}, cwd="/")
    while child.stdout.read(1 << 16):
        pass
child.wait()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
CHILDREN = {
    ".xlsx": ["-I", "-S", "assets/exports/readers/workbook_child.py", "0"],
    ".json": ["-I", "assets/exports/ss12000/json_child.py", "60"],
}


def run(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def taken(path: Path) -> tuple[list[str], int]:
    """Return what became of a file, and the megabytes of both processes at their peaks."""
    outcome, own = run("-c", INGEST, str(path.parent / "home"), str(path))
    options = [word if word[0] == "-" or word.isdigit() else str(ROOT / word)
               for word in CHILDREN[path.suffix]]  # fmt: skip
    (child,) = run("-I", "-S", "-c", READ, str(path), sys.executable, *options)
    return outcome.split("\t"), (int(own) + int(child)) >> 10


def sheet_of(rows: Callable[[], Iterator[bytes]]) -> bytes:
    def blocks(_: bytes) -> Iterator[bytes]:
        yield START
        yield from rows()
        yield END

    return with_member("sheet1.xml", blocks)


def with_strings(strings: Iterator[bytes], cells: bytes) -> bytes:
    """A workbook with shared strings."""
    made = io.BytesIO()
    rows = sheet_of(lambda: iter([cells]))
    with (
        zipfile.ZipFile(io.BytesIO(rows)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("workbook.xml.rels"):
                content = content.replace(
                    b"</Relationships>",
                    b'<Relationship Id="rShared" Type="http://schemas.openxmlformats.org/'
                    b'officeDocument/2006/relationships/sharedStrings" Target="/xl/strings.xml"/>'
                    b"</Relationships>",
                )
            new.writestr(name, content)
        with new.open("xl/strings.xml", "w", force_zip64=True) as target:
            target.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            for block in strings:
                target.write(block)
            target.write(b"</sst>")
    return made.getvalue()


def shared_cells(count: int) -> bytes:
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 45 + b"</row>"
    return row * (count // 45)


def one_long_string(letters: int) -> bytes:
    return with_strings(iter([b"<si><t>", b"a" * letters, b"</t></si>"]), shared_cells(45_000))


def a_flood_of_strings() -> bytes:
    block = b"<si><t>ab</t></si>" * 20_000
    return with_strings((block for _ in range(400)), shared_cells(45))


def ten_thousand_sheets() -> bytes:
    def blocks(content: bytes) -> Iterator[bytes]:
        sheet = content[content.index(b"<sheet ") : content.index(b"</sheets>")]
        yield content.replace(sheet, sheet * 10_000)

    return with_member("workbook.xml", blocks)


def a_million_columns() -> bytes:
    return sheet_of(lambda: iter([b"<row>", b"<c><v>1</v></c>" * 1_000_000, b"</row>"]))


def overlapping_entries() -> bytes:
    """Many names in the list of contents for one packed part, as in a zip that unpacks itself."""
    content = sheet_of(lambda: (b"<row></row>" * 9_000 for _ in range(100)))
    place = content.index(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    first = content[place : content.index(b"PK\x01\x02", place + 4)]
    twins = b"".join(first.replace(b"[Content", b"[C%06d" % n) for n in range(2_000))
    ending = bytearray(content[end:])
    count = int.from_bytes(ending[8:10], "little") + 2_000
    ending[8:10] = ending[10:12] = count.to_bytes(2, "little")
    ending[12:16] = (end - place + len(twins)).to_bytes(4, "little")
    return content[:place] + twins + content[place:end] + bytes(ending)


BOMBS: dict[str, Callable[[], bytes]] = {
    "45,000 cells that share 125,000 letters.xlsx": lambda: one_long_string(125_000),
    "45,000 cells that share what a cell may hold.xlsx": lambda: one_long_string(32_767),
    "one string of 40 MB.xlsx": lambda: one_long_string(40 << 20),
    "seven million strings.xlsx": a_flood_of_strings,
    "a million columns.xlsx": a_million_columns,
    "overlapping entries.xlsx": overlapping_entries,
    "nested 100,000 deep.json": lambda: b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "one string of 30 MB.json": lambda: (
        b'{"data": [{"givenName": "' + b"a" * (30 << 20) + b'", "enrolments": []}]}'
    ),
    "a million parts.json": lambda: (
        json.dumps({"data": [{"id": "1", "civicNo": {}, "enrolments": "HERE"}]})
        .encode()
        .replace(b'"HERE"', b"[" + b",".join([b"{}"] * 3_000_000) + b"]")
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_refused_with_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    (outcome, rows, reason), megabytes = taken(path)
    assert (outcome, rows) == ("quarantined", "0")
    assert "that can be read" in reason
    assert megabytes < MOST_MEGABYTES.get(name[:6], MOST_OF_OTHERS)


def test_ten_thousand_sheets_are_one_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(ten_thousand_sheets())
    (outcome, rows, _), megabytes = taken(path)
    assert (outcome, rows) == ("accepted_in_part", "1") or outcome in {"accepted", "quarantined"}
    assert megabytes < MOST_OF_OTHERS
