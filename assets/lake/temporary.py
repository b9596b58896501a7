"""A temporary table that was made, as what reads it is handed it.

Not here: how one is made (`connection.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TemporaryTable:
    """A temporary table or view of a connection. In a statement it stands for its name.

    Only what made it knows the name. A function that reads it in a statement of its own takes this
    object, so it can't be called before the table is there, and its signature says what it needs.
    A SELECT of `sql/` has the name in its From.
    """

    name: str

    def __str__(self) -> str:
        return self.name
