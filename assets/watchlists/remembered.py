"""A published list as data, sealed beside its files, so that it can be shown again as it was.

A list that waits is last night's list with the reason on top. Not here: when it waits
(`holds.py`).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter

from assets.sealing import Sealer
from assets.watchlists.model import Watchlist

FILE_NAME = "list.sealed"
_LISTS = TypeAdapter(Watchlist)


def remember(sealer: Sealer, watchlist: Watchlist) -> bytes:
    """Return a list as sealed bytes."""
    return sealer.seal_text(_LISTS.dump_json(watchlist).decode())


def recall(sealer: Sealer, folder: Path) -> Watchlist | None:
    """Return the list that was published in a folder; None where none was, or not by us.

    Raises:
        KeyFileError: it was sealed with another home's key.
        OSError: it can't be read.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    return _LISTS.validate_json(sealer.unseal_text(path.read_bytes()))
