"""The commands about received files: files, changes, archive.

Not here: taking files in (`intake.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from assets.exports.changes import COUNT_COLUMNS, ROW_COLUMNS, changes_of
from assets.exports.files.archive import Archive
from assets.exports.ledger.entries import find_file, ledger_rows
from assets.exports.ledger.refused_rows import problem_rows
from assets.exports.readers.layout_files import load_layouts
from assets.exports.sender_summary import summary_rows, write_summary
from assets.flags.answers import identity_numbers
from assets.lake.catalog.read_only import is_read_only
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import CommandError, FileHash, Format, FormatOption, Home, Identities
from pipelines.cli.printing import print_rows, say
from pipelines.cli.trust.grants import may_open, open_identities

LEDGER_COLUMNS = (
    "file_name",
    "sender",
    "file_sha256",
    "outcome",
    "layout",
    "exported_at",
    "period_first_date",
    "period_last_date",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "rows_superseded",
    "rows_warned",
    "received_at",
    "reason",
)
PROBLEM_COLUMNS = (
    "file_name",
    "severity",
    "line_number",
    "column_number",
    "code",
    "column_name",
    "reason",
    "found",
    "expected",
    "fix",
    "rows",
)

#: How names of files are seen, by whether the access log could be written.
_WITH = {
    True: "Who has a grant sees them (trappan grant).",
    False: "They are seen where access.log can be written: here the home is read-only.",
}

archive = typer.Typer(help="The originals of received files.", no_args_is_help=True)


def files(
    context: typer.Context,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Refused rows and warnings instead of files.")
    ] = False,
    sender: Annotated[
        str | None,
        typer.Option("--sender", help="Hash of a file: write what was wrong with it, to --out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="CSV file for the sender; names nobody.")
    ] = None,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print the ledger, or the rows that were refused; or write a summary for a sender."""
    settings = settings_of(context, home)
    if (sender is None) != (out is None):
        raise typer.BadParameter("--sender and --out go together: a file's hash, and where to.")
    with Lake.open(settings.lake) as lake:
        sealer = Sealer.of_home(settings.lake.home)
        # Where that can't be written down, no name is shown, and nothing of any row.
        are_named = identities or sender is not None or not is_read_only(settings.lake.home)
        if are_named:
            # Also without --identities: a file's name can name a pupil.
            note = open_identities if identities else note_access
            note(
                settings, "files", rejected=rejected, sender=sender, out=out, identities=identities
            )
        if sender and out:
            file = find_file(lake, sealer, sender)
            summary = summary_rows(lake, sealer, file, load_layouts())
            write_summary(summary, out)
            say(f"{len(summary)} rows about {file.sha256[:12]} in {out}")
            return
        frame = (
            problem_rows(lake, sealer, with_rows=identities)
            if rejected
            else ledger_rows(lake, sealer)
        )
    columns = PROBLEM_COLUMNS + (("row",) if identities else ()) if rejected else LEDGER_COLUMNS
    rows: list[dict[str, Any]] = [
        {column: "" if row[column] is None else str(row[column]) for column in columns}
        for row in frame.iter_rows(named=True)
    ]
    if not are_named or not may_open(settings):
        rows = [row | {"file_name": ""} for row in rows]
        say(f"Names of files are left out, because one can name a pupil. {_WITH[are_named]}")
    print_rows(columns, rows, kind)


def changes(
    context: typer.Context,
    file: Annotated[str, typer.Option("--file", help="The file's hash, or its first digits.")],
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print what a file changed in the lessons: counts, or with --identities the lessons."""
    settings = settings_of(context, home)
    with Lake.open(settings.lake) as lake:
        known = find_file(lake, Sealer.of_home(settings.lake.home), file)
        if identities:
            open_identities(settings, "changes", file=known.sha256)
        found = changes_of(lake, known)
        numbers = identity_numbers(lake) if identities else {}
    columns = ROW_COLUMNS if identities else COUNT_COLUMNS
    rows = found.lessons(numbers) if identities else found.counts()
    print_rows(columns, rows, kind)
    if identities and found.protected:
        say(f"{found.protected} lessons of pupils with protected identity are left out.")
    if not rows:
        say(f"{known.sha256[:12]} ({known.outcome}) changed no lessons.")


@archive.command(name="open")
def archive_open(
    context: typer.Context,
    file: FileHash,
    out: Annotated[Path, typer.Option("--out", help="Where the original is written to; new.")],
    home: Home = None,
) -> None:
    """Write the original of a file, in clear; the question is written to access.log."""
    settings = settings_of(context, home)
    with Lake.open(settings.lake) as lake:
        sealer = Sealer.of_home(settings.lake.home)
        known = find_file(lake, sealer, file)
    open_identities(settings, "archive open", file=known.sha256, out=out.absolute())
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(
            f"{out} is there already. Nothing was written; name a new file."
        ) from None
    originals = Archive(settings.lake.home, sealer)
    try:
        with os.fdopen(descriptor, "wb") as target:
            size = originals.write_original(known.sha256, target)
    except BaseException:
        out.unlink()
        raise
    finally:
        originals.close()
    say(f"{size} bytes in {out}. It names pupils in clear: remove it when you are done.")


@archive.command(name="remove")
def archive_remove(context: typer.Context, file: FileHash, home: Home = None) -> None:
    """Remove the original of a file for good; what was read of it stays."""
    settings = settings_of(context, home)
    with Lake.open(settings.lake) as lake:
        sealer = Sealer.of_home(settings.lake.home)
        known = find_file(lake, sealer, file)
    note_access(settings, "archive remove", file=known.sha256)
    originals = Archive(settings.lake.home, sealer)
    try:
        was_there = originals.remove(known.sha256)
    finally:
        originals.close()
    short = known.sha256[:12]
    say(f"The original of {short} was removed." if was_there else f"{short} has no original.")
