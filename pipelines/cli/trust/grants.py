"""Who may open identities: a right that somebody gives for some hours, and that ends by itself.

It is asked where `HOME/access.yaml` says `grants: required`. Each grant is a line of
`HOME/grants.jsonl`, with a MAC of the home's key over who has it, until when, and all else: a line
that was changed, or comes from another home, counts for nothing. Jobs ask for none: a night makes
the lists of all pupils for those who may read them. Not here: the command that gives one
(`grant.py`), the log of who used it (`pipelines/cli/home.py`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from assets.exports.senders.marked_lines import GRANTS_FILE, fitting, marked_line
from assets.lake.encryption import Sealer
from assets.lake.whole_files import append_line
from pipelines.cli.home import note_access, real_person
from pipelines.settings import Settings
from rules.errors import TrappanError
from rules.strict_yaml import StrictYamlError, read_yaml

if TYPE_CHECKING:
    from assets.exports.ledger.outcomes import FileReport

#: In the home.
ACCESS_FILE = "access.yaml"
#: Our choice: over a weekend, and not over a holiday.
MOST_HOURS = 72
_DOCS = "See docs/trust-grants.md."
_SHORT_HASH = 12


class GrantError(TrappanError):
    """Identities may not be opened, or a grant not be given; the message says what to do."""


class _AccessFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    grants: Literal["required", "optional"]


@dataclass(frozen=True)
class Grant:
    """A right to open identities.

    Attributes:
        id: its name.
        account, uid: who has it.
        since, until: from when to when, UTC; at `until` it is over.
        reason: why, in the words of who gave it.
        by, by_uid: who gave it.
    """

    id: str
    account: str
    uid: int
    since: datetime
    until: datetime
    reason: str
    by: str
    by_uid: int

    def runs_at(self, moment: datetime) -> bool:
        """Whether it counts then, if nobody has ended it."""
        return self.since <= moment < self.until


@dataclass(frozen=True)
class Grants:
    """The grants of a home.

    Attributes:
        given: oldest first.
        ended: ids of those that somebody has ended.
        unfit: lines that were changed, or are another home's.
    """

    given: tuple[Grant, ...] = ()
    ended: frozenset[str] = frozenset()
    unfit: int = 0

    @classmethod
    def of_home(cls, home: Path) -> Grants:
        """Read the grants of a home.

        Raises:
            GrantError: others may write or read the file, or it can't be read.
            KeyFileError: the home's key can't be read.
        """
        text = _private_text(home / GRANTS_FILE)
        if not text:
            return cls()
        sealer = Sealer.of_home(home)
        given: list[Grant] = []
        ended: set[str] = set()
        unfit = 0
        for line in text.splitlines():
            said = fitting(sealer, line)
            if said is None:
                unfit += 1
            elif "ends" in said:
                ended.add(said["ends"])
            else:
                given.append(_grant_of(said))
        return cls(tuple(given), frozenset(ended), unfit)

    def running(self, uid: int, moment: datetime) -> Grant | None:
        """Return the grant by which an account may open identities, the one that runs longest."""
        mine = [one for one in self.given if one.uid == uid and self.runs(one, moment)]
        return max(mine, key=lambda one: one.until, default=None)

    def runs(self, grant: Grant, moment: datetime) -> bool:
        """Whether a grant counts then."""
        return grant.id not in self.ended and grant.runs_at(moment)


def now() -> datetime:
    """Return this second, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def are_asked(home: Path) -> bool:
    """Whether identities are opened with a grant only.

    Raises:
        GrantError: `access.yaml` is wrong, open to others, or gone though grants were given.
    """
    path = home / ACCESS_FILE
    text = _private_text(path)
    if text is None:
        if (home / GRANTS_FILE).exists():
            raise GrantError(
                f"{path} is gone, but grants were given in this home. Without it everybody could "
                f"open identities. Restore it, or write `grants: optional`. {_DOCS}"
            )
        return False
    try:
        document = read_yaml(text)
        if document is None:
            raise GrantError(f"{path} is empty. Expected `grants: required`. {_DOCS}")
        return document.checked(_AccessFile).grants == "required"
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else str(path)
        key = f"key '{error.key}': " if error.key else ""
        expected = f", expected {error.expected}" if error.expected else ""
        raise GrantError(f"{where}: {key}found {error.found}{expected}. {_DOCS}") from None


def open_identities(
    settings: Settings, command: str, *, is_by_key: bool = False, **asked: object
) -> None:
    """Ask for a grant where one is needed, and write to the access log, before the answer is given.

    Every command calls it that prints or writes who a pupil is, or a row about a pupil. That
    somebody asked without a grant is written, too.

    Args:
        settings: of the home.
        command: its name.
        is_by_key: the answer has pupils' rows by pupil key, and no name or number. With a class,
            days and minutes a row can still be known for a child's; where grants are not asked for,
            such questions are not written.
        asked: what was asked, without a person.

    Raises:
        GrantError: whoever runs this has no grant.
        OSError: the log can't be written; then no answer may be given.
    """
    home = settings.lake.home
    if not are_asked(home):
        if not is_by_key:
            note_access(settings, command, **asked)
        return
    uid, account = real_person()
    grants = Grants.of_home(home)
    grant = grants.running(uid, now())
    if grant is None:
        note_access(settings, command, **asked, refused="no grant")
        raise GrantError(_no_grant(grants, uid, account))
    note_access(settings, command, **asked, grant=grant.id)


def may_open(settings: Settings) -> bool:
    """Whether who runs this may open identities now."""
    home = settings.lake.home
    uid, _ = real_person()
    return not are_asked(home) or Grants.of_home(home).running(uid, now()) is not None


def as_may_be_named(settings: Settings, reports: Iterable[FileReport]) -> list[FileReport]:
    """Return reports as a job may print them: a file's name can name a pupil.

    Without a grant, where one is needed, a file is called by its hash, as in `trappan files`.
    """
    if may_open(settings):
        return list(reports)
    return [
        replace(report, offered_name=report.sha256[:_SHORT_HASH] or "a file") for report in reports
    ]


def give(
    home: Path, *, account: str, uid: int, hours: int, reason: str, by: tuple[int, str]
) -> Grant:
    """Write a grant down and return it.

    Args:
        home: the home.
        account: who gets it.
        uid: the same, as a number.
        hours: how long it runs.
        reason: why.
        by: uid and name of who gives it.

    Raises:
        OSError: it can't be written; then there is none.
    """
    start = now()
    by_uid, by_name = by
    grant = Grant(
        id=secrets.token_hex(4),
        account=account,
        uid=uid,
        since=start,
        until=start + timedelta(hours=hours),
        reason=reason,
        by=by_name,
        by_uid=by_uid,
    )
    _append(home, {name: _written(value) for name, value in vars(grant).items()})
    return grant


def end(home: Path, grant: Grant, by: tuple[int, str]) -> None:
    """Write down that a grant is over.

    Raises:
        OSError: it can't be written; then the grant goes on.
    """
    by_uid, by_name = by
    at = _written(now())
    _append(home, {"ends": grant.id, "at": at, "by": by_name, "by_uid": str(by_uid)})


def _no_grant(grants: Grants, uid: int, account: str) -> str:
    before = max((one.until for one in grants.given if one.uid == uid), default=None)
    last = "has none"
    if before is not None:
        last = f"has none that runs; the last was until {before:%Y-%m-%d %H:%M} UTC"
    unfit = (
        f" {grants.unfit} lines of {GRANTS_FILE} were changed or are another home's, and count for "
        "nothing."
        if grants.unfit
        else ""
    )
    return (
        f"Here identities are opened with a grant only, and {account} (uid {uid}) {last}.{unfit} "
        "Nothing was shown. Somebody gives one, which is logged: trappan grant --to "
        f"{account} --hours 8 --reason … {_DOCS}"
    )


def _private_text(path: Path) -> str | None:
    """Return a file that only its owner may read or change; None when it isn't there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise GrantError(f"{path} can't be read: {error.strerror}. {_DOCS}") from None
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode & 0o777
        if mode & 0o077:
            raise GrantError(
                f"{path} has mode {mode:04o}, so others on this machine can read or change who may "
                f"open identities. Expected 0600. Run: chmod 600 {path}"
            )
        try:
            return file.read().decode()
        except UnicodeDecodeError:
            raise GrantError(f"{path} is not UTF-8. {_DOCS}") from None


def _append(home: Path, said: Mapping[str, str]) -> None:
    append_line(home / GRANTS_FILE, marked_line(Sealer.of_home(home), said))


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _grant_of(said: Mapping[str, str]) -> Grant:
    """Return the grant of a line that fits: it has what was written."""
    return Grant(
        id=said["id"],
        account=said["account"],
        uid=int(said["uid"]),
        since=datetime.fromisoformat(said["since"]),
        until=datetime.fromisoformat(said["until"]),
        reason=said["reason"],
        by=said["by"],
        by_uid=int(said["by_uid"]),
    )
