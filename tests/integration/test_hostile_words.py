"""Words from outside that steer a terminal or a spreadsheet reach neither, by any command.

A file's name, a header, a class, a subject, a mentor and a folder hold an escape sequence, a text
that turns round, a control character of one byte, and a formula.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from assets.exports.csv_text import safe_cell
from assets.exports.files.printable import is_plainly_seen
from pipelines.cli.app import COMMANDS
from tests.integration.conftest import AS_OF, Said, trappan
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, USUAL, lesson, put, text_of

ESCAPE, TURN, CONTROL = "\x1b[31m", "\u202e", "\x9b31m"
HOSTILE = f"=cmd|x{ESCAPE}{TURN}{CONTROL}\x07"
HEADER = f"Qvist Zlatan{TURN}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken such a file in."""
    folder = tmp_path_factory.mktemp("hostile")
    inbox = folder / "inbox"
    rows = [
        {
            **lesson(n), "civic": civic, "date": f"2026-11-{day:02d}", "class": HOSTILE,
            "subject": HOSTILE, "mentor": HOSTILE, HEADER: "x",
        }
        for n, civic in enumerate(PUPILS)
        for day in range(2, 14)
    ]  # fmt: skip
    name = f"lektioner{ESCAPE}{TURN}_20261114T0500.csv"
    put(inbox, name, text_of(rows, (*EVERY, HEADER)))
    put(inbox, "skolor_20261114T0400.csv", text_of([USUAL], REGISTER))
    said = trappan("--home", folder / "home", "ingest", inbox)
    assert said.status == 0, said.err
    refuse_steering(said)
    return folder / "home"


def refuse_steering(said: Said) -> None:
    """Look that everything that was printed is plainly seen."""
    odd = {
        letter for letter in said.out + said.err if letter != "\n" and not is_plainly_seen(letter)
    }
    assert {f"U+{ord(letter):04X}" for letter in odd} == set()


#: How each command is called with a hostile word in its arguments, or on the hostile home.
CALLS: dict[str, tuple[tuple[object, ...], ...]] = {
    "nightly": (("--inbox", HOSTILE),),
    "ingest": ((HOSTILE,),),
    "deliver": (("--dry-run",),),
    "publish": (("--week", HOSTILE),),
    "backfill": (("--from", HOSTILE, "--to", "2026-11"),),
    "pull": (("--source", HOSTILE),),
    "rates": (("--month", "2026-11"), ("--month", HOSTILE)),
    "flags": (("--as-of", AS_OF, "--all"), ("--as-of", AS_OF, "--all", "--identities")),
    "coverage": (("--as-of", AS_OF),),
    "restate": (("--week", HOSTILE),),
    "explain": ((HOSTILE, "--as-of", AS_OF),),
    "consult": ((HOSTILE, "--as-of", AS_OF),),
    "whatif": (("--as-of", AS_OF, "--set", HOSTILE),),
    "reevaluate": (("--from", HOSTILE, "--to", AS_OF),),
    "forecast": (("--as-of", AS_OF, "--all"),),
    "backtest": (("--from", HOSTILE, "--to", AS_OF),),
    "files": ((), ("--rejected",), ("--sender", HOSTILE, "--out", "x")),
    "changes": (("--file", HOSTILE),),
    "retry": ((HOSTILE,),),
    "simulate": (("--out", HOSTILE, "--pupils", HOSTILE),),
    "release": ((), (HOSTILE,)),
    "grant": (("--list",), ("--to", HOSTILE, "--hours", "1", "--reason", "x"), ("--end", HOSTILE)),
    "revoke": ((HOSTILE,),),
    "unmerge": ((HOSTILE, HOSTILE, "--reason", HOSTILE),),
    "access": (("--who", HOSTILE), ("--pupil", HOSTILE), ()),
    "portal": (("--port", HOSTILE), ("--address", HOSTILE)),
    "ui": (("--port", HOSTILE),),
    "daemon": ((HOSTILE,),),
    "status": ((), ("--format", "json"), ("--format", HOSTILE)),
    "doctor": ((),),
    "erase": ((HOSTILE,), (HOSTILE, "--plan"), ("--unfinished", "--reason", HOSTILE)),
    "rotate-key": (("--plan",), ("--reason", HOSTILE)),
    "maintain": (("--dry-run",), ()),
    "retain": (("--plan",), (HOSTILE,), ("--plan", "--format", HOSTILE)),
    "upgrade": ((),),
    "verify": ((), ("--backup", HOSTILE)),
    "backup": (("x", "--recipient", HOSTILE), (HOSTILE, "--recipient", "age1x")),
    "restore": ((HOSTILE, "--identity", HOSTILE),),
    "rebuild": ((),),
    "layout": (("check", HOSTILE),),
    "rules": (("show", "--set", HOSTILE),),
    "archive": (("open", HOSTILE, "--out", "x"),),
}


def test_every_command_is_called() -> None:
    assert set(CALLS) == set(COMMANDS)


@pytest.mark.parametrize("command", CALLS)
def test_no_command_lets_a_hostile_word_steer_the_terminal(home: Path, command: str) -> None:
    for words in CALLS[command]:
        refuse_steering(trappan("--home", home, command, *words))


@pytest.mark.parametrize("kind", ["csv", "json", "table"])
def test_a_hostile_class_and_name_are_plainly_seen_in_every_format(home: Path, kind: str) -> None:
    flags = trappan("--home", home, "flags", "--as-of", AS_OF, "--all", "--format", kind)
    files = trappan("--home", home, "files", "--format", kind)
    for said in (flags, files):
        refuse_steering(said)
    assert "cmd" in flags.out
    assert "U+202E" in files.out
    if kind == "csv":
        classes = {row["class"] for row in csv.DictReader(io.StringIO(flags.out))}
        assert all(cell.startswith("'=cmd") for cell in classes)


def test_a_header_that_no_layout_knows_stands_nowhere_in_the_home(home: Path) -> None:
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept
    assert [path.name for path in kept if b"Qvist" in path.read_bytes()] == []
    assert "(xxxxx xxxxxx" in trappan("--home", home, "files", "--format", "csv").out


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"), ("+46 70", "'+46 70"), ("-x", "'-x"), ("@a", "'@a"), ("＝1", "'＝1"),
        ("\t=1", "'<U+0009>=1"), ("\r=1", "'<U+000D>=1"), ("\n=1", "'<U+000A>=1"),
        (-5, "-5"), ("-5", "-5"), ("-5.25", "-5.25"), ("+3", "+3"), (0, "0"), (None, ""),
        ("8A", "8A"), ("a\u202eb", "a<U+202E>b"), ("-5\n=1", "'-5<U+000A>=1"), ("--1", "'--1"),
    ],
)  # fmt: skip
def test_a_cell_is_no_formula_and_a_number_stays_one(cell: object, safe: str) -> None:
    assert safe_cell(cell) == safe
