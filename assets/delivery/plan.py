"""What should lie at a target: which files, of which lists, for whom.

A list goes out only when everybody in it may be named today: one that stands from before somebody
was protected or erased stays in. Not here: making it so (`deliver.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from assets.delivery.delivery_log import Copy
from assets.delivery.recipients import Corrections, Recipient, Register, register_of
from assets.delivery.shares import (
    ListFile,
    ReaderKey,
    StandingList,
    frozen_lists,
    nameable_pupils,
    standing_lists,
)
from assets.exports.pupils.merges import standing_keys
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer


@dataclass(frozen=True)
class HomeState:
    """What the home knows: what stands, who may be named, who reads.

    Attributes:
        lists: the current lists.
        nameable: keys of all pupils who may be named.
        stands: for the key of each number that was changed the one that stands.
        register: who reads.
        frozen: the newest frozen list of each school.
    """

    lists: tuple[StandingList, ...]
    nameable: frozenset[str]
    stands: Mapping[str, str]
    register: Register
    frozen: tuple[StandingList, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A file that should lie at the target."""

    file: ListFile
    of_list: StandingList
    file_sha256: str
    variant: str

    def is_like(self, copy: Copy | None) -> bool:
        """Whether a copy is this file."""
        return copy is not None and (copy.file_sha256, copy.variant) == (
            self.file_sha256,
            self.variant,
        )


@dataclass(frozen=True)
class Plan:
    """What should be: files by path, and their readers.

    Attributes:
        wanted: by path below the target's root.
        recipients: of all readers of files that may go out, whatever their channel.
        held_back: school units of whose current list nothing may go out.
        left_pages: pages that can have no password.
        left_weeks: frozen lists that may not go out any more: they stay as they were.
    """

    wanted: Mapping[str, Wanted]
    recipients: tuple[Recipient, ...]
    held_back: tuple[str, ...]
    left_pages: int = 0
    left_weeks: int = 0

    @property
    def mailed(self) -> list[Recipient]:
        """The readers of files of this plan who are to be told of them."""
        read = {one.file.reader for one in self.wanted.values()}
        return [one for one in self.recipients if one.channel == "mail" and one.key in read]


def look(lake: Lake, corrections: Corrections) -> HomeState:
    """Return what the home knows.

    Args:
        lake: of the home.
        corrections: of the register.
    """
    stands = {str(old): str(new) for old, new in standing_keys(lake).items()}
    return HomeState(
        tuple(standing_lists(lake.settings.home, stands)),
        nameable_pupils(lake),
        stands,
        register_of(lake, corrections),
        tuple(frozen_lists(lake.settings.home, stands)),
    )


def plan_of(known: HomeState, password: str = "", sealer: Sealer | None = None) -> Plan:
    """Return what should lie at a target.

    Args:
        known: what stands, and who reads.
        password: of the workbooks; "" for none.
        sealer: makes the key that tells passwords apart.

    Raises:
        OSError: a list can't be read.
    """
    variant = sealer.mark_text("workbook password", password) if password and sealer else ""
    wanted: dict[str, Wanted] = {}
    recipients: dict[ReaderKey, Recipient] = {}
    held_back: list[str] = []
    left_pages = left_weeks = 0
    for one in (*known.lists, *known.frozen):
        if one.watchlist is None or not one.pupils <= known.nameable:
            if one in known.frozen:
                left_weeks += 1
            else:
                held_back.append(one.school_unit_code)
            continue
        for file in one.files:
            recipient = recipients.setdefault(file.reader, known.register.recipient(file.reader))
            if recipient.channel == "none":
                continue
            if password and file.source.suffix != ".xlsx":
                left_pages += 1
                continue
            digest = sha256(file.source.read_bytes()).hexdigest()
            wanted[file.path] = Wanted(file, one, digest, variant)
    return Plan(wanted, tuple(recipients.values()), tuple(held_back), left_pages, left_weeks)
