"""Who asked for identities, when and what was asked: one JSON line each in `HOME/access.log`.

No personal data: the question is written, never the answer.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime

from pipelines.settings import Settings


def note_access(settings: Settings, command: str, **asked: object) -> None:
    """Write a line, before the answer is given.

    Raises:
        OSError: it can't be written; then no answer may be given.
    """
    home = settings.lake.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": _user(),
        "command": command,
        "asked": {name: str(value) for name, value in asked.items() if value is not None},
    }
    descriptor = os.open(home / "access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
