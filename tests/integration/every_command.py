"""Every command, how it is called in a small home, and whether it shows or writes who a pupil is.

Not here: any expectation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyrage import x25519

from pipelines.cli.app import COMMANDS, command_of
from tests.integration.conftest import AS_OF, Said, trappan
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, USUAL, lesson, put, text_of

NUMBER = PUPILS[0].replace("-", "")
INBOX = "{inbox}"
HASH = "{hash}"
RECIPIENT = str(x25519.Identity.generate().to_public())
#: How a command is called that shows or writes identities or names of files.
LOGGED: dict[str, tuple[object, ...]] = {
    "nightly": ("--inbox", INBOX, "--as-of", AS_OF),
    "ingest": (INBOX,),
    "deliver": ("--dry-run",),
    "publish": ("--week", "2026-W46"),
    "rates": ("--month", "2026-11", "--identities"),
    "flags": ("--as-of", AS_OF, "--identities"),
    "restate": ("--week", "2026-W46", "--identities"),
    "explain": ("-", "--as-of", AS_OF),
    "consult": ("-", "--as-of", AS_OF),
    "forecast": ("--as-of", AS_OF, "--identities"),
    "files": (),
    "changes": ("--file", HASH, "--identities"),
    "retry": (HASH,),
    "archive open": (HASH, "--out", "{inbox}/../original.csv"),
    "archive remove": (HASH,),
    "release": (),
    "grant": ("--list",),
    "access": ("--pupil", "-"),
    "revoke": (HASH, "--reason", "wrong school"),
    "erase": ("--unfinished",),
    "retain": (),
    "unmerge": ("--unfinished", "--reason", "two pupils"),
    "rotate-key": ("--reason", "the key was lost"),
    "backup": ("{inbox}/../backup", "--recipient", RECIPIENT),
    "rebuild": (),
}
#: The others, and why they need no line.
UNLOGGED = {
    "pull": "counts of objects; the files that it writes are taken in by an ingest",
    "backfill": "sums of months",
    "coverage": "lessons of classes that nobody reported",
    "whatif": "counts, small groups hidden",
    "reevaluate": "counts of flags",
    "backtest": "figures of all pupils",
    "simulate": "an invented city",
    "ui": "Dagster's own pages: counts, names of tables, no identities",
    "daemon": "it starts nights, of which Dagster's history has counts",
    "portal": "its pages ask who one is, and each opening is in a log of its own",
    "status": "counts, dates and codes of school units",
    "doctor": "counts",
    "verify": "counts",
    "maintain": "counts",
    "upgrade": "versions",
    "restore": "it writes its line into the home that it brings back, which has none before",
    "layout check": "patterns of a file that the person has",
    "layout new": "the same",
    "rules show": "values",
    "rules check": "values",
    "rules diff": "values",
}


def every_command() -> set[str]:
    """Return the names of all commands and of those below a group."""
    names: set[str] = set()
    for name in COMMANDS:
        below = getattr(command_of(name), "commands", None)
        names |= {f"{name} {one}" for one in below} if below else {name}
    return names


def filled(folder: Path) -> tuple[Path, Path]:
    """Make a home with a month of lessons of which one was refused, and return it and its inbox."""
    rows = [
        lesson(n) | {"civic": civic, "date": f"2026-11-{day:02d}"}
        for n, civic in enumerate(PUPILS)
        for day in range(2, 14)
    ]
    put(
        folder / "inbox",
        "lektioner_20261114T0500.csv",
        text_of([*rows, lesson(1, civic="x")], EVERY),
    )
    put(folder / "inbox", "skolor_20261114T0400.csv", text_of([USUAL], REGISTER))
    assert trappan("--home", folder / "home", "ingest", folder / "inbox").status == 0
    return folder / "home", folder / "inbox"


def refused_file(home: Path) -> str:
    """Return the hash of the file with a refused row."""
    ledger = json.loads(trappan("--home", home, "files", "--format", "json").out)
    (sha256,) = {row["file_sha256"] for row in ledger if int(row["rows_rejected"])}
    return str(sha256)


def called(home: Path, inbox: Path, command: str, words: tuple[object, ...], sha256: str) -> Said:
    """Call a command with its words; a pupil's number is typed where `-` asks for it."""
    given = [str(word).format(inbox=inbox, hash=sha256) for word in words]
    typed = NUMBER if "-" in given else None
    return trappan("--home", home, *command.split(), *given, typed=typed)


def lines_of(home: Path) -> list[dict[str, Any]]:
    """Return the lines of the access log."""
    return [json.loads(line) for line in (home / "access.log").read_text("utf-8").splitlines()]
