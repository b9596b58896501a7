"""Senders: who may speak of what. A sender is a folder, never a name in a file.

Without `HOME/senders.yaml` the whole inbox is one sender with every right: that of a municipality
whose own integration writes it. Not here: how the file is read (`senders_file.py`), what becomes of
a row that its sender may not say (`rights.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path


class Right(StrEnum):
    """What a sender may do beside speaking of its own school units."""

    LIFT_PROTECTION = "lift_protection"
    MERGE_PUPILS = "merge_pupils"
    REGISTER_SCHOOLS = "register_schools"
    MOVE_PUPILS = "move_pupils"
    REMOVE_LESSONS = "remove_lessons"


#: The layout's name for files of SS12000 servers, as `senders.yaml` has it.
SS12000 = "ss12000"
#: The name of the one sender of a home without `senders.yaml`.
INBOX = "inbox"
#: Why a file is held that lies in no sender's folder.
NO_SENDER = (
    "it lies in no sender's folder, so nobody may speak by it. Put it into the folder of its "
    "sender, name the folder in senders.yaml, or say whose it is: trappan ingest --sender NAME"
)


@dataclass(frozen=True)
class Sender:
    """Who a file is from.

    Attributes:
        name: the folder's name.
        school_units: codes that it may speak of; None for all.
        layouts: names of layouts that it may send; None for all.
        since: the earliest day that it may speak of; None for any.
        rights: what it may do beside that.
        is_declared: named in `senders.yaml`; False for the one sender of a home without it.
        two_persons: what it says is released by two different people, not by one.
    """

    name: str = INBOX
    school_units: frozenset[str] | None = None
    layouts: frozenset[str] | None = None
    since: date | None = None
    rights: frozenset[Right] = frozenset(Right)
    is_declared: bool = False
    two_persons: bool = False

    def may(self, right: Right) -> bool:
        """Whether it has a right."""
        return right in self.rights

    def can_meet(self, other: Sender) -> bool:
        """Whether both can speak of one school unit."""
        if self.school_units is None or other.school_units is None:
            return True
        return bool(self.school_units & other.school_units)

    def may_send(self, layout: str) -> bool:
        """Whether it may send files of a layout.

        Objects of SS12000 name schools by ids and say nothing of days until others are known, so
        no row of them could be refused: who speaks of some schools or days only sends none.
        """
        if layout == SS12000 and not self.is_unlimited:
            return False
        return self.layouts is None or layout in self.layouts

    @property
    def moves_pupils(self) -> bool:
        """Whether it is named in `senders.yaml` and may take a pupil from another school."""
        return self.is_declared and self.may(Right.MOVE_PUPILS)

    @property
    def is_unlimited(self) -> bool:
        """Whether no row of it has to be asked about its school unit or day."""
        return self.school_units is None and self.since is None

    @property
    def may_lift(self) -> bool:
        """Whether its `Ingen` is a word at all."""
        return self.may(Right.LIFT_PROTECTION)

    @property
    def releases_needed(self) -> int | None:
        """How many people have to release what it says; None where nobody has to."""
        if not self.is_declared:
            return None
        return 2 if self.two_persons else 1

    @property
    def source_tag(self) -> str:
        """What stands before the layout in the keys of its sources of protection."""
        return f"{self.name}\x1e" if self.is_declared else ""

    @property
    def id_tag(self) -> str:
        """What stands before the ids of its lessons; empty where ids mean the same to all.

        A lesson's id moves it, removes it and takes its place. Who speaks of some schools only must
        not do that to a lesson of another by guessing its id.
        """
        return "" if self.school_units is None else f"{self.name}\x1e"

    def file_number(self, sha256: str) -> int:
        """Return the number of a file of this content: 63 bits of a hash.

        The same bytes of two senders are two files: what one of them may not say must neither be
        known from the other nor be taken for said.
        """
        said = sha256
        if self.is_declared:
            said = hashlib.sha256(f"{self.name}\x1f{sha256}".encode()).hexdigest()
        return int(said[:16], 16) >> 1


#: Who everything is from in a home without `senders.yaml`.
THE_INBOX = Sender()


@dataclass(frozen=True)
class Senders:
    """The senders of a home.

    Attributes:
        named: those of `senders.yaml`; empty without the file.
        folders: whose folders are senders' folders: the inbox, and that of pulled files.
        two_persons: a release takes two different people.
        only: whose all offered files are, because who runs the command says so.
    """

    named: Sequence[Sender] = ()
    folders: Sequence[Path] = ()
    two_persons: bool = False
    only: Sender | None = None
    _by_name: dict[str, Sender] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {
            sender.name: replace(sender, two_persons=self.two_persons) for sender in self.named
        }
        object.__setattr__(self, "_by_name", named)

    @property
    def is_declared(self) -> bool:
        """Whether there is a `senders.yaml`."""
        return bool(self.named)

    def still_named(self, name: str) -> Sender | None:
        """Return the sender of a name as it is today; None when there is none."""
        if not self.is_declared and name == INBOX:
            return THE_INBOX
        return self._by_name.get(name)

    def of(self, path: Path, below: Path) -> Sender | None:
        """Return who a file is from; None when it lies in no sender's folder.

        The sender's folder lies in one of `folders`, or in a folder that was offered by name. Below
        what was offered no link is resolved: a sender could change it while it is looked at.

        Args:
            path: where it lies.
            below: the folder that was offered, or that of a file that was.
        """
        if not self.is_declared:
            return THE_INBOX
        if self.only is not None:
            return self.only
        root, inner = below.resolve(), path.relative_to(below)
        for folder in map(Path.resolve, self.folders):
            if (root / inner).is_relative_to(folder):
                return self._first_of((root / inner).relative_to(folder))
        if not self._by_name.keys().isdisjoint(root.parts):
            # In a sender's folder no other sender's can be: it makes folders as it likes.
            return None
        return self._first_of(inner)

    def _first_of(self, place: Path) -> Sender | None:
        # A file beside the senders' folders is nobody's.
        return self._by_name.get(place.parts[0]) if len(place.parts) > 1 else None
