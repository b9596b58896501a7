"""`trappan backup` and `trappan restore`.

Not here: what is copied and how (`assets/upkeep/backup/`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from assets.lake.catalog.read_only import refuse_read_only
from assets.upkeep.backup.backing_up import BackupPlan, back_up
from assets.upkeep.backup.manifest import identity_of_file
from assets.upkeep.backup.restoring import bring_back
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say, say_out, watched
from pipelines.settings import Settings

_Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def backup(
    context: typer.Context,
    folder: _Folder,
    recipient: Annotated[
        str,
        typer.Option(
            "--recipient",
            envvar="TRAPPAN_BACKUP_RECIPIENT",
            help="Public key (age1…) of the backups; its private half is kept elsewhere.",
        ),
    ],
    without_postgres: Annotated[
        bool,
        typer.Option("--without-postgres", help="Databases of Postgres are backed up elsewhere."),
    ] = False,
    home: Home = None,
) -> None:
    """Copy the home to a folder, encrypted, while nights run; the key stays apart."""
    settings = settings_of(context, home)
    outside = tuple(_outside(settings, without_postgres=without_postgres))
    note_access(settings, "backup")
    with watched() as progress:
        made = back_up(
            BackupPlan(
                lake=settings.lake,
                folder=folder,
                recipient=recipient,
                portal_database=settings.portal_database.get_secret_value(),
                has_postgres=not without_postgres,
                outside=outside,
                on_progress=progress,
            )
        )
    say_out(
        f"{made.files} files of {settings.lake.home} are in {folder}; {made.copied} were copied "
        f"now, {made.bytes_copied / 2**20:.1f} MiB, and {made.removed} older ones removed."
    )
    for words in outside:
        say(f"Not in it: {words}.")
    for path in made.left_out:
        say(f"Not in it: {path}, because it holds this home's key.")
    if made.unended:
        say(
            f"Not in it: {len(made.unended)} data files without their end, the first "
            f"{made.unended[0]}: they are being written, or were cut short. Run `trappan verify` "
            "when no night runs."
        )
    say(
        "pupil.key is not in it, and never is. Keep a copy of it apart: on paper or in the "
        "municipality's safe for keys, not beside the backup, and not beside the private key of "
        f"{recipient}. Who has the backup and both keys reads everything; without both nobody does."
    )
    if made.changed:
        say_out(
            f"WRONG  {len(made.changed)} files that never change are not as they were backed up, "
            f"the first {made.changed[0]}. The backup keeps the older copies. Run `trappan verify`."
        )
        raise typer.Exit(1)


def _outside(settings: Settings, *, without_postgres: bool) -> Iterator[str]:
    """Yield in words what lies outside the home and is not copied."""
    home = settings.lake.home
    if settings.data_path:
        what = "its bucket" if settings.lake.is_on_s3 else "its folder"
        yield f"the lake's data files at TRAPPAN_DATA_PATH: back {what} up by its own means"
    if without_postgres and settings.lake.is_on_postgres:
        yield "the catalog at TRAPPAN_CATALOG, because of --without-postgres"
    if without_postgres and settings.portal_database.get_secret_value():
        yield "the portal's database, because of --without-postgres"
    places = {
        "TRAPPAN_LAYOUTS": settings.layouts_folder,
        "TRAPPAN_RULES": settings.rules_folder,
        "TRAPPAN_SOURCES": settings.sources_file,
        "TRAPPAN_RECIPIENTS": (settings.recipients or home / "recipients.yaml").resolve(),
    }
    for name, path in places.items():
        if not path.is_relative_to(home):
            yield f"{path} ({name})"


def restore(
    context: typer.Context,
    folder: _Folder,
    identity: Annotated[
        Path,
        typer.Option(
            "--identity",
            exists=True,
            dir_okay=False,
            help="File with the private key of the backups, as age-keygen writes it.",
        ),
    ],
    home: Home = None,
) -> None:
    """Bring a backup back into an empty home."""
    settings = settings_of(context, home)
    refuse_read_only(settings.lake.home)
    with watched() as progress:
        brought = bring_back(settings.lake, folder, identity_of_file(identity), progress)
    note_access(settings, "restore", made_at=brought.manifest.made_at)
    say_out(
        f"{brought.files} files of the backup of {brought.manifest.made_at} are in "
        f"{settings.lake.home}."
    )
    for dump in brought.dumps:
        say(
            f"{dump} is a database of Postgres. Load it before the next run: pg_restore --clean "
            f"--if-exists --no-owner -d ADDRESS {settings.lake.home / dump}, and remove the file."
        )
    for words in brought.manifest.outside:
        say(f"Not in the backup: {words}.")
    say(
        "Pupils who were erased after this backup are back. With the newest erasures/ in the home, "
        "run `trappan erase --again` before the next night. Then run `trappan verify` and `trappan "
        "nightly`."
    )
