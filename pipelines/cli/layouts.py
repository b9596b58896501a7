"""`trappan layout`: for a person who adds a layout. Nothing is taken into the lake here.

Not here: how a file is looked at (`assets/exports/layout_checks.py`, `layout_drafts.py`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.files.printable import printable_name
from assets.exports.files.received import ChangedFileError, UnreadableFileError
from assets.exports.layout_checks import LayoutCheck, check_file
from assets.exports.layout_drafts import draft_layout
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layout_files import load_layouts
from assets.exports.readers.layouts import Layout
from assets.lake.whole_files import write_whole
from pipelines.cli.home import settings_of
from pipelines.cli.options import CommandError, Format, Home
from pipelines.cli.printing import print_rows, say, say_out

layout_app = typer.Typer(
    name="layout",
    help="Look at how a file would be read, and draft a layout for it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_ROWS_SHOWN = 3

File = Annotated[Path, typer.Argument(metavar="FILE", help="An export file.")]
Layouts = Annotated[
    Path | None,
    typer.Option("--layouts", help="Folder of own layouts (TRAPPAN_LAYOUTS; HOME/layouts)."),
]


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise typer.BadParameter(
            f"'{text}' is not a layout name. Expected small letters a-z, digits and _, such as "
            "exempelstad."
        )
    return text


def _kind(text: str) -> str:
    if text not in COLUMNS:
        raise typer.BadParameter(f"'{text}' is not a kind. Expected one of {', '.join(COLUMNS)}.")
    return text


@layout_app.command()
def check(
    context: typer.Context,
    file: File,
    layouts: Layouts = None,
    home: Home = None,
) -> None:
    """Say how a file would be read: layout, columns, first rows, problems."""
    known = _known(context, layouts, home)
    try:
        found = check_file(file, known)
    except (UnreadableFileError, ChangedFileError) as error:
        raise CommandError(f"{printable_name(file.name)}: {error}") from None
    _print(file, found)
    if not found.is_read or found.is_hopeless:
        raise typer.Exit(1)


@layout_app.command()
def new(
    context: typer.Context,
    file: File,
    name: Annotated[
        str, typer.Option("--name", parser=_name, help="Name of the layout.")
    ] = "egen_layout",
    kind: Annotated[
        str | None, typer.Option("--kind", parser=_kind, help="lessons, enrolments, …")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the draft; standard output without it.")
    ] = None,
    layouts: Layouts = None,
    home: Home = None,
) -> None:
    """Draft a layout (YAML) from a file's header and first rows."""
    if out is not None and out.exists() and out.stat().st_size:
        raise typer.BadParameter(f"{out} is there already. Expected a file to be made.")
    known = _known(context, layouts, home)
    try:
        draft = draft_layout(file, known, name, kind)
    except (UnreadableFileError, ChangedFileError) as error:
        raise CommandError(f"{printable_name(file.name)}: {error}") from None
    if out is None:
        say_out(draft.text.rstrip("\n"))
    else:
        _write(out, draft.text)
    if draft.already:
        say(f"The layout '{draft.already}' fits this file already; it needs no other.")
    for decision in draft.decisions:
        say(f"Decide {decision}.")
    if draft.lacks:
        say(f"The draft can't be used yet: {draft.lacks}")
    else:
        say("The draft is a whole layout. Look it over, then try it with `trappan layout check`.")


def _known(context: typer.Context, layouts: Path | None, home: Path | None) -> tuple[Layout, ...]:
    settings = settings_of(context, home or context.find_root().obj)
    if layouts is not None and not layouts.is_dir():
        raise typer.BadParameter(f"there is no folder {layouts}. Expected a folder of layouts.")
    # A shell that sends a draft into the folder makes the file before there is anything in it.
    return load_layouts([layouts or settings.layouts_folder], passes_empty=True)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise CommandError(f"{path} can't be written: {error.strerror}.") from None


def _print(file: Path, found: LayoutCheck) -> None:
    say_out(f"{'file':<10} {printable_name(file.name)}")
    for what, words in found.facts:
        say_out(f"{what:<10} {words}")
    shown = max((len(cell.examples) for cell in found.cells), default=0)
    examples = [f"row {number}" for number in range(1, min(shown, _ROWS_SHOWN) + 1)]
    rows = [
        {"header": cell.header, "read as": cell.column or f"({cell.note})"}
        | {
            name: cell.examples[index] if index < len(cell.examples) else ""
            for index, name in enumerate(examples)
        }
        for cell in found.cells
    ]
    print_rows(("header", "read as", *examples), rows, Format.TABLE)
    if found.stored:
        say_out("as stored  the first rows that would be taken; times in minutes")
        print_rows(tuple(found.stored[0]), list(found.stored), Format.TABLE)
    for problem in found.problems:
        say_out(f"problem    {problem}")
    for advice in found.advice:
        say_out(f"do         {advice}")
