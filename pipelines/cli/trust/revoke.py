"""The command that takes back what a file said.

Not here: how it is taken back (`assets/exports/revoke.py`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from assets.exports.ledger.entries import find_file
from assets.exports.readers.layout_files import load_layouts
from assets.exports.revoke import revoke_file
from assets.exports.senders.senders_file import senders_of
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import CommandError, FileHash, Home
from pipelines.cli.printing import print_reports, say, watched
from pipelines.cli.trust.grants import as_may_be_named
from pipelines.cli.trust.unmerge import say_parted


def revoke(
    context: typer.Context,
    file: FileHash,
    reason: Annotated[str, typer.Option("--reason", help="Why, for access.log.")],
    with_protection: Annotated[
        bool,
        typer.Option(
            "--with-protection",
            help="What it said of protection goes too; else it stays.",
        ),
    ] = False,
    home: Home = None,
) -> None:
    """Take back what a file said; what it had superseded is read again from the originals."""
    settings = settings_of(context, home)
    layouts = load_layouts([settings.layouts_folder])
    folders = (settings.inbox_folder, settings.pulled_folder)
    senders = senders_of(settings.lake.home, folders, layouts)
    with Lake.open(settings.lake) as lake:
        known = find_file(lake, Sealer.of_home(settings.lake.home), file)
        note_access(
            settings, "revoke", file=known.sha256, reason=reason, with_protection=with_protection
        )
        with watched() as progress:
            revoked = revoke_file(
                lake,
                known,
                layouts=layouts,
                senders=senders,
                with_protection=with_protection,
                on_progress=progress,
            )
    odd = [report for report in revoked.reread if not report.is_whole]
    if odd:
        print_reports(as_may_be_named(settings, odd))
    short = known.sha256[:12]
    if not revoked.is_whole:
        raise CommandError(
            f"{short} counts no more, but not all of the files above could be read again, and what "
            "they said is not all back. No night goes on until it is: mend them, and run the same "
            "command again."
        )
    if revoked.has_parted:
        say(f"{short} is revoked: it joins no numbers any more.")
        say_parted(len(revoked.reread), revoked.kept_protected)
        return
    say(
        f"{short} is revoked: nothing of it counts. {len(revoked.reread)} other files were read "
        "again. Sums and lists change with the next `trappan nightly`; lists that are out stay."
    )
    if revoked.protections_kept:
        say(
            f"{revoked.protections_kept} of its words still protect somebody. Only if they are "
            f"wrong: trappan revoke {short} --with-protection --reason …"
        )
