"""What waits for a release, and for what else a person is needed: how much, never about whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from assets.exports.readers.layout_files import load_layouts
from assets.exports.senders.releases import (
    WaitingFile,
    WaitingLift,
    waiting_files,
    waiting_lifts,
)
from assets.exports.senders.senders import Senders
from assets.exports.senders.senders_file import senders_of
from assets.lake.access import LakeAccess
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.standing import disputed_records
from pipelines.settings import Settings, yesterday


@dataclass(frozen=True)
class Waiting:
    """What waits in a home.

    Attributes:
        lifts: words that lift protection once they are released.
        files: that would remove or blank many lessons.
        disputed: by school unit, how many of its roster records wait: of pupils enrolled elsewhere.
    """

    lifts: tuple[WaitingLift, ...] = ()
    files: tuple[WaitingFile, ...] = ()
    disputed: Mapping[str, int] = field(default_factory=dict)

    @property
    def unreleased(self) -> tuple[WaitingFile, ...]:
        """Files that nobody, or not enough people, have released."""
        return tuple(file for file in self.files if not file.is_released)

    def sentences(self) -> list[str]:
        """Return what a night says of it; nothing when nothing waits."""
        said: list[str] = []
        if count := len(self.unreleased):
            what = "1 file waits" if count == 1 else f"{count} files wait"
            said.append(
                f"{what} for a release: so many lessons would be removed or blanked that somebody "
                "has to look first."
            )
        if count := len(self.lifts):
            what = "1 word that lifts" if count == 1 else f"{count} words that lift"
            said.append(
                f"{what} protection: release awaited. The pupils stay protected until then."
            )
        if said:
            said.append("`trappan release` lists what waits.")
        for code, count in self.disputed.items():
            whose = "1 pupil" if count == 1 else f"{count} pupils"
            said.append(
                f"School unit {code} says that {whose} of other schools are its own. They stay "
                "where they were until that record ends, or a sender with move_pupils says so."
            )
        return said


def senders_in(settings: Settings) -> Senders:
    """Return the senders of the home.

    Raises:
        SendersError: `senders.yaml` is wrong.
    """
    layouts = load_layouts([settings.layouts_folder])
    folders = (settings.inbox_folder, settings.pulled_folder)
    return senders_of(settings.lake.home, folders, layouts)


def what_waits(lake: Lake, senders: Senders) -> Waiting:
    """Return what waits in the lake of a home."""
    sealer = Sealer.of_home(lake.settings.home)
    today = yesterday() + timedelta(days=1)
    return Waiting(
        tuple(waiting_lifts(lake, sealer)),
        tuple(waiting_files(lake, senders)),
        disputed_records(lake, today),
    )


def waiting_after(settings: Settings, access: LakeAccess) -> Waiting:
    """Return what waits after a run, of the lake that it had."""
    with access.open() as lake:
        return what_waits(lake, senders_in(settings))
