"""A command's home: its settings, its rule sets, and the log of who asked for identities.

`HOME/access.log` has a JSON line for each time: who asked when and what. No personal data: the
question is written, never the answer.
"""

from __future__ import annotations

import json
import os
import pwd
from datetime import UTC, date, datetime
from pathlib import Path

import typer
from pydantic import ValidationError

from pipelines.settings import Settings
from rules.models import ParameterSet, RuleSet
from rules.registry import load_parameters, root_of, rule_set_of


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
        OSError: it can't be written; then no answer may be given.
    """
    home = settings.lake.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": _user(),
        "uid": os.getuid(),
        "process": os.getpid(),
        "command": command,
        "asked": {name: str(value) for name, value in asked.items() if value is not None},
    }
    descriptor = os.open(home / "access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")


def _user() -> str:
    """Return the name of the account that runs this; the environment could say any."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
