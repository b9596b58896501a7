"""`trappan verify`: looks whether all that is kept is whole, and names what is not.

Not here: what is looked at (`assets/upkeep/backup/verifying.py`), settings and disk (`doctor`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assets.lake.encryption import Sealer
from assets.upkeep.backup.manifest import manifest_of, unfit_objects
from assets.upkeep.backup.verifying import verified
from pipelines.cli.home import settings_of
from pipelines.cli.options import CommandError, Home
from pipelines.cli.printing import say, say_out

_RESTORE = (
    "What does not open is shown nowhere. Restore the whole home from one backup "
    "(`trappan restore`); a lake alone can be made again by `trappan rebuild`."
)


def verify(
    context: typer.Context,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Sizes, seals and beginnings only: minutes, not hours."),
    ] = False,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", help="Look at this backup instead: every file's checksum."),
    ] = None,
    home: Home = None,
) -> None:
    """Look whether all that is kept is whole: files, seals, ledger and sums."""
    if backup is not None:
        _verify_backup(backup)
        return
    settings = settings_of(context, home)
    folder = settings.lake.home
    if not (folder / "pupil.key").exists():
        raise CommandError(f"{folder} has no pupil.key: nothing of it can be opened.")
    Sealer.of_home(folder)
    count = 0
    for looked in verified(settings.lake, keeps_originals=settings.archive == "on", is_quick=quick):
        count += len(looked.troubles)
        for one in looked.troubles:
            say_out(f"WRONG  {one}")
        if not looked.troubles:
            say_out(f"well   {looked.what}")
    if count:
        say(f"{count} places do not fit. {_RESTORE}")
        raise typer.Exit(1)


def _verify_backup(folder: Path) -> None:
    manifest = manifest_of(folder)
    unfit = list(unfit_objects(folder, manifest))
    for words in unfit:
        say_out(f"WRONG  {words}")
    if unfit:
        say(
            f"{len(unfit)} of {len(manifest.objects)} files of the backup of "
            f"{manifest.made_at} are lost or damaged. Run `trappan backup` to this folder again: "
            "it copies what is not as its manifest says."
        )
        raise typer.Exit(1)
    say_out(
        f"well   {len(manifest.objects)} files of the backup of {manifest.made_at} are as the "
        "manifest says"
    )
