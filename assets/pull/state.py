"""What has come from a source, and until when: a small file, written after the data it speaks of.

It also remembers how a server wants to be asked, where servers differ (`questions.py`).

A pull that dies between the two asks for the same once more, and taking the same in twice changes
nothing. Not here: what follows from it (`windows.py`).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from assets.lake.whole_files import write_whole
from rules.errors import TrappanError

_NAME = ".state.json"


class StateError(TrappanError):
    """The state file can't be read; the message says what to do."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = 1
    base_url: str
    cursors: dict[str, AwareDatetime] = {}
    digests: dict[str, str] = {}
    habits: dict[str, bool] = {}


class PullState:
    """The cursors of one source, kept in its folder.

    Args:
        path: the state file.
        stored: what it holds.
    """

    def __init__(self, path: Path, stored: _Stored) -> None:
        self._path = path
        self._stored = stored

    @classmethod
    def of(cls, folder: Path, base_url: str) -> Self:
        """Read a source's state; empty when there is none, or when it speaks of another server.

        Raises:
            StateError: it is there, but damaged.
        """
        path = folder / _NAME
        try:
            stored = _Stored.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls(path, _Stored(base_url=base_url))
        except (OSError, ValidationError):
            raise StateError(
                f"{path} can't be read. Remove it: then everything is fetched once more, and what "
                "the lake has already stays as it is."
            ) from None
        # The cursor of one server says nothing of another.
        return cls(path, stored if stored.base_url == base_url else _Stored(base_url=base_url))

    def cursor(self, name: str) -> datetime | None:
        """Return until when everything has come; None if nothing has."""
        return self._stored.cursors.get(name)

    def months(self, endpoint: str) -> list[date]:
        """Return the months of an endpoint that have come."""
        return [
            date.fromisoformat(f"{name.partition('/')[2]}-01")
            for name in self._stored.cursors
            if name.startswith(f"{endpoint}/")
        ]

    def is_known(self, name: str, digest: str) -> bool:
        """Whether the last content under a cursor was this one."""
        return self._stored.digests.get(name) == digest

    def remember(self, name: str, good_until: datetime, digest: str) -> None:
        """Write that everything under a cursor has come, until a moment.

        Raises:
            OSError: it can't be written.
        """
        self._stored.cursors[name] = good_until
        self._stored.digests[name] = digest
        self._write()

    def habit(self, endpoint: str, name: str) -> bool | None:
        """Return how an endpoint wants to be asked; None when it was never seen to mind."""
        return self._stored.habits.get(f"{endpoint}/{name}")

    def learn(self, endpoint: str, name: str, value: bool) -> None:
        """Write how an endpoint wants to be asked.

        Raises:
            OSError: it can't be written.
        """
        self._stored.habits[f"{endpoint}/{name}"] = value
        self._write()

    def _write(self) -> None:
        content = json.dumps(self._stored.model_dump(mode="json"), indent=1, sort_keys=True)
        write_whole(self._path, content.encode("utf-8"))
