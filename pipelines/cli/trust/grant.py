"""`trappan grant`: lets an account open identities for some hours, and says who may.

Not here: what a grant is, and who asks for one (`grants.py`).
"""

from __future__ import annotations

import pwd
from typing import Annotated, NamedTuple

import typer

from assets.exports.senders.marked_lines import GRANTS_FILE
from pipelines.cli.home import note_access, real_person, settings_of
from pipelines.cli.options import CommandError, Format, FormatOption, Home, Reason
from pipelines.cli.printing import print_rows, say
from pipelines.cli.trust.grants import (
    ACCESS_FILE,
    MOST_HOURS,
    Grant,
    Grants,
    are_asked,
    end,
    give,
    now,
)
from pipelines.cli.trust.waiting import senders_in
from pipelines.settings import Settings

COLUMNS = ("id", "account", "uid", "since", "until", "state", "by", "reason")


def grant_command(
    context: typer.Context,
    to: Annotated[str | None, typer.Option("--to", help="The account that gets it.")] = None,
    hours: Annotated[
        int | None,
        typer.Option("--hours", min=1, max=MOST_HOURS, help=f"How long: 1 to {MOST_HOURS}."),
    ] = None,
    reason: Reason = None,
    listed: Annotated[bool, typer.Option("--list", help="Who has or had one.")] = False,
    ends: Annotated[str | None, typer.Option("--end", metavar="ID", help="End one now.")] = None,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Let an account open identities for some hours; list such grants, or end one."""
    settings = settings_of(context, home)
    is_given = (to, hours, reason) != (None, None, None)
    if [is_given, listed, ends is not None].count(True) != 1:
        raise typer.BadParameter(
            "expected one of: --to ACCOUNT --hours N --reason TEXT; --list; --end ID."
        )
    if listed:
        note_access(settings, "grant", list=True)
        _list(settings, kind)
    elif ends is not None:
        note_access(settings, "grant", end=ends)
        _end(settings, ends)
    elif to is None or hours is None or reason is None:
        raise typer.BadParameter(
            "--to, --hours and --reason go together: who opens identities, how long, and why."
        )
    else:
        uid = _uid_of(to)
        note_access(settings, "grant", to=to, uid=uid, hours=hours, reason=reason)
        _give(settings, Grantee(to, uid), hours, reason)


class Grantee(NamedTuple):
    """Who gets a grant."""

    account: str
    uid: int


def _uid_of(account: str) -> int:
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        raise CommandError(
            f"There is no account '{account}' on this machine. Expected the name by which somebody "
            "logs in."
        ) from None


def _give(settings: Settings, to: Grantee, hours: int, reason: str) -> None:
    home = settings.lake.home
    if not are_asked(home):
        raise CommandError(
            f"Grants are not asked for in this home: whoever may run trappan here may open "
            f"identities. No grant was given. To ask for them, write `grants: required` to "
            f"{home / ACCESS_FILE}, mode 0600 (docs/trust-grants.md)."
        )
    by = real_person()
    if by[0] == to.uid and senders_in(settings).two_persons:
        raise CommandError(
            "With two_persons in senders.yaml nobody gives a grant to themselves. Somebody else "
            f"has to: trappan grant --to {to.account} --hours {hours} --reason …"
        )
    grant = give(home, account=to.account, uid=to.uid, hours=hours, reason=reason, by=by)
    say(
        f"{grant.id}: {to.account} may open identities until {grant.until:%Y-%m-%d %H:%M} UTC. "
        f"Each time is written to access.log. To end it before: trappan grant --end {grant.id}"
    )


def _end(settings: Settings, wanted: str) -> None:
    home = settings.lake.home
    grants = Grants.of_home(home)
    found = [one for one in grants.given if one.id == wanted.strip().lower()]
    if not found or not grants.runs(found[0], now()):
        raise CommandError(
            f"No grant '{wanted}' runs, so nothing was ended. `trappan grant --list` shows them."
        )
    end(home, found[0], real_person())
    say(f"{found[0].id}: ended. {found[0].account} may not open identities by it any more.")


def _list(settings: Settings, kind: Format) -> None:
    home = settings.lake.home
    grants = Grants.of_home(home)
    print_rows(COLUMNS, [_row(grants, one) for one in grants.given], kind)
    if grants.unfit:
        say(
            f"{grants.unfit} lines of {GRANTS_FILE} were changed or are another home's, and count "
            "for nothing."
        )
    if not are_asked(home):
        say("Grants are not asked for in this home (docs/trust-grants.md).")


def _row(grants: Grants, one: Grant) -> dict[str, str]:
    over = "ended" if one.id in grants.ended else "over"
    return {
        "id": one.id,
        "account": one.account,
        "uid": str(one.uid),
        "since": one.since.isoformat(sep=" ", timespec="minutes"),
        "until": one.until.isoformat(sep=" ", timespec="minutes"),
        "state": "runs" if grants.runs(one, now()) else over,
        "by": one.by,
        "reason": one.reason,
    }
