"""A command's home: its settings, its rule sets, and the log of who saw or wrote identities.

`HOME/access.log` has a JSON line for each time: who asked when and what, by which process. Who it
was says the system, not the environment: the real user of the process, and the one who logged in,
which `su` and `sudo` leave as it is. No personal data: the question is written, never the answer.
"""

from __future__ import annotations

import json
import os
import pwd
from datetime import UTC, date, datetime
from pathlib import Path

import typer
from pydantic import ValidationError

from assets.exports.files.printable import printable_name
from assets.lake.catalog.read_only import is_read_only
from assets.lake.whole_files import append_line
from pipelines.settings import Settings
from rules.errors import TrappanError
from rules.models import ParameterSet, RuleSet
from rules.registry import load_parameters, root_of, rule_set_of

_LOGIN, _PROCESS = Path("/proc/self/loginuid"), Path("/proc/self/comm")
_NOBODY_LOGGED_IN = 2**32 - 1


class LogAwayError(TrappanError):
    """The access log can't be written, so nothing may be shown that is written there."""


def settings_of(context: typer.Context, home: Path | None) -> Settings:
    """Return the settings; `--home` may stand before or after the command."""
    chosen = home or context.obj
    try:
        return Settings(home=chosen) if chosen else Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise typer.BadParameter(
            f"the setting TRAPPAN_{name}: {first['msg']}; found '{first['input']}'. "
            "See docs/operators.md."
        ) from None


def parameters_of(settings: Settings, set_name: str | None = None) -> ParameterSet:
    """Load a rule set, shipped or the user's own; the one in use when none is named."""
    name = set_name or settings.rule_set
    return load_parameters(name, root_of(name, settings.rules_folder))


def rules_on(settings: Settings, day: date) -> RuleSet:
    """Load the rules first, so that a wrong rule file is reported before an hour's work."""
    return rule_set_of(parameters_of(settings), day)


def note_access(settings: Settings, command: str, **asked: object) -> None:
    """Write a line of the log, before the answer is given.

    Raises:
        LogAwayError: the home can't be written to; then no answer may be given.
        OSError: the log alone can't be written; the same.
    """
    home = settings.lake.home
    if is_read_only(home):
        raise LogAwayError(
            f"{home / 'access.log'} can't be written, because the home is on a read-only disk or "
            "is another account's, and who asks for names or numbers is written there first. "
            "Nothing was shown and nothing was done. Ask without names (by pupil key), or where "
            "this user may write to the home."
        )
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **_who(),
        "command": command,
        "asked": {name: str(value) for name, value in asked.items() if value is not None},
    }
    append_line(home / "access.log", json.dumps(line, ensure_ascii=False))


def _who() -> dict[str, object]:
    return {
        "user": _name_of(os.getuid()),
        "uid": os.getuid(),
        "login_uid": _login_uid(),
        "pid": os.getpid(),
        "process": _process(),
    }


def _name_of(uid: int) -> str:
    # Not `getpass.getuser`: that one believes the environment first.
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _login_uid() -> int | None:
    """Return who logged in; None where the system does not keep it, or nobody did."""
    try:
        found = int(_LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if found == _NOBODY_LOGGED_IN else found


def _process() -> str:
    try:
        return printable_name(_PROCESS.read_text(encoding="utf-8", errors="replace").strip())
    except OSError:
        return ""


def real_person() -> tuple[int, str]:
    """Return uid and login name of who runs this: of the login, where the system keeps it.

    `sudo` changes the uid of a process and the environment gives any name; the login's uid stays.
    """
    login = _login_uid()
    uid = os.getuid() if login is None else login
    return uid, _name_of(uid)
