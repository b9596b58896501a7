"""The command that delivers the lists that stand, and its dry run.

A night delivers by itself; this is for the first time, after a fault, and to look before. Not here:
what is delivered (`assets/delivery`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from assets.lake.connection import Lake
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import Format, FormatOption, Home
from pipelines.cli.printing import print_rows, say, say_out

if TYPE_CHECKING:
    from assets.delivery.access import DryRun
    from assets.delivery.shares import ReaderKey

_COLUMNS = ("school_unit_code", "role", "folder", "files", "changed", "addresses", "notice")
#: All is made, but something was not delivered, or somebody was not told.
DELIVERY_WAITS = 3


def deliver(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent and to whom; send nothing.")
    ] = False,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Deliver the current lists to their readers, or print what would be sent."""
    settings = settings_of(context, home)
    delivery = settings.delivery()
    if dry_run:
        from pipelines.resources import delivery_access  # noqa: PLC0415 - a run loads far more

        with Lake.open(settings.lake) as lake:
            note_access(settings, "deliver", dry_run=True)
            found = delivery_access(settings).dry_run(lake)
        _print(found, kind)
        if not delivery.target.url:
            say("No target is set (TRAPPAN_DELIVERY_TARGET), so nothing is sent.")
        elif not delivery.mail.host:
            say("No mail server is set (TRAPPAN_MAIL_HOST), so nobody is told.")
        return
    from pipelines.resources import lake_access  # noqa: PLC0415
    from pipelines.running import run_job  # noqa: PLC0415

    note_access(settings, "deliver")
    made = run_job(settings, "deliver_job", lake_access(settings, ())).delivered
    for sentence in made.sentences():
        say(sentence)
    if not delivery.target.url:
        say("No target is set (TRAPPAN_DELIVERY_TARGET): nothing was delivered (docs/delivery.md).")
    if not made.is_whole:
        raise typer.Exit(DELIVERY_WAITS)


def _print(found: DryRun, kind: Format) -> None:
    files: dict[ReaderKey, list[str]] = defaultdict(list)
    for path, one in found.plan.wanted.items():
        files[one.file.reader].append(path)
    notices = {(one.reader, one.address): one for one in found.notices}
    rows = []
    for recipient in found.plan.recipients:
        reader = recipient.key
        told = [notices.get((reader, address)) for address in recipient.addresses]
        subjects = [one.text.subject for one in told if one is not None]
        addresses = ", ".join(recipient.addresses) or "none"
        if recipient.refused:
            addresses = f"{addresses} ({recipient.refused} can't be used)"
        rows.append(
            {
                "school_unit_code": reader.school_unit_code,
                "role": reader.role,
                "folder": reader.folder,
                "files": str(len(files[reader])),
                "changed": str(sum(path in found.changed for path in files[reader])),
                "addresses": addresses if recipient.channel == "mail" else "",
                "notice": subjects[0] if subjects else "",
            }
        )
    print_rows(_COLUMNS, rows, kind)
    if kind == Format.TABLE and found.notices:
        first = found.notices[0]
        say_out(f"The first notice, to the {first.reader.role}:\n")
        say_out(f"Subject: {first.text.subject}\n\n{first.text.body}")
    for code in found.plan.held_back:
        say(f"School unit {code}: nothing of its list would be delivered. Make the lists again.")
