"""What became of a night's delivery: numbers, and everything that somebody has to know of.

No pupil is in it: a copy is named by its school, whose it is, its file and its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assets.delivery.shares import ReaderKey


@dataclass(frozen=True)
class FileFault:
    """A file that could not be put where it belongs, or taken away.

    Attributes:
        reader: whose it is.
        path: below the target's root.
        words: why not, and what to do.
    """

    reader: ReaderKey
    path: str
    words: str


@dataclass(frozen=True)
class NoticeFault:
    """A notice that was not sent.

    Attributes:
        reader: who would have been told.
        words: why not, and what to do.
    """

    reader: ReaderKey
    words: str


@dataclass(frozen=True)
class CopyOutOfReach:
    """A copy that may name a pupil who is protected or erased by now, and that could not be taken.

    Attributes:
        school_unit_code: the school.
        path: below the place's root.
        place: the target.
    """

    school_unit_code: str
    path: str
    place: str


@dataclass(frozen=True)
class Delivered:
    """A night's delivery.

    Attributes:
        target: where copies go; "" when nothing is set.
        problem: why nothing but what must be taken back was looked at; "" for none.
        put: files that were put there.
        unchanged: files that lay there as they should.
        removed: files that were taken away.
        taken_back: those of `put` and `removed` that named somebody whom nobody may name now.
        faults: files that could not be put or taken away. The next night tries again.
        not_tried: files that were left when the place failed too often in a row.
        held_back: school units whose standing list names somebody whom nobody may name now, or
            whose content can't be known: nothing of it is delivered.
        out_of_reach: what must be taken back by hand, or by the next night.
        strangers: paths at the target that look like ours and that this home has not put there.
        told: notices that were sent.
        untold: notices that were not; the next night tries again.
        without_address: readers of files who can't be told.
        refused_addresses: addresses that are none, or of a domain that was not named.
        unused: school units in `recipients.yaml` that have no list.
        left_pages: pages that were not delivered, because they can have no password.
        left_weeks: frozen lists that are not delivered, or not any more, because they name somebody
            whom nobody may name now. They stay as they were, so this is no fault.
        left_elsewhere: copies at places that were the target before, no longer refreshed.
    """

    target: str = ""
    problem: str = ""
    put: int = 0
    unchanged: int = 0
    removed: int = 0
    taken_back: int = 0
    faults: tuple[FileFault, ...] = ()
    not_tried: int = 0
    held_back: tuple[str, ...] = ()
    out_of_reach: tuple[CopyOutOfReach, ...] = ()
    strangers: tuple[str, ...] = ()
    told: int = 0
    untold: tuple[NoticeFault, ...] = ()
    without_address: tuple[ReaderKey, ...] = ()
    refused_addresses: int = 0
    unused: tuple[str, ...] = ()
    left_pages: int = 0
    left_weeks: int = 0
    left_elsewhere: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything is where it should be, and everybody was told."""
        waits = self.problem or self.faults or self.not_tried or self.untold or self.held_back
        return not (waits or self.out_of_reach)

    def sentences(self) -> Iterator[str]:
        """Yield what somebody has to know, the most urgent last, where it is seen."""
        if self.target:
            yield (
                f"Delivered to {self.target}: {self.put} files new or changed, {self.unchanged} "
                f"unchanged, {self.removed} taken away; {self.told} notices sent."
            )
        if self.taken_back:
            yield (
                f"{self.taken_back} copies named somebody who is protected or erased by now; they "
                "were replaced or taken away."
            )
        yield from self._of_recipients()
        if self.strangers:
            yield (
                f"{len(self.strangers)} files at the target look like ours, but this home has not "
                f"put them there, such as {self.strangers[0]}. Look at them; nothing was done."
            )
        if self.left_elsewhere:
            yield (
                f"{self.left_elsewhere} copies lie at a place that was the target before. They are "
                "not refreshed; remove them there (docs/delivery.md)."
            )
        yield from self._failed()

    def _of_recipients(self) -> Iterator[str]:
        if self.without_address:
            codes = sorted({reader.school_unit_code for reader in self.without_address})
            yield (
                f"{len(self.without_address)} readers have no address and were not told (school "
                f"units {', '.join(codes)}). Write them into recipients.yaml."
            )
        if self.refused_addresses:
            yield (
                f"{self.refused_addresses} addresses can't be used or are of no domain in "
                "mail_domains. `trappan deliver --dry-run` shows whose they are."
            )
        if self.unused:
            yield f"recipients.yaml names school units without a list: {', '.join(self.unused)}."
        if self.left_pages:
            yield f"{self.left_pages} pages were not delivered: only workbooks have a password."

        if self.left_weeks:
            yield (
                f"{self.left_weeks} lists of a frozen week are not delivered: they name somebody "
                "who is protected or erased by now. They stay in the home as they were."
            )

    def _failed(self) -> Iterator[str]:
        if self.problem:
            yield f"Nothing new was delivered: {self.problem}"
        for code in self.held_back:
            yield (
                f"School unit {code}: nothing of its list is delivered, because the list that "
                "stands may name somebody who is protected or erased by now. Make the lists again."
            )
        for notice in self.untold:
            reader = notice.reader
            yield (
                f"The notice to the {reader.role} of school unit {reader.school_unit_code} was not "
                f"sent: {notice.words}. The next night tries again."
            )
        for fault in self.faults:
            yield f"{fault.path} was not delivered: {fault.words}. The next night tries again."
        if self.not_tried:
            yield (
                f"{self.not_tried} more files were not tried, because the target failed too often "
                "in a row. The next night tries again."
            )
        for copy in self.out_of_reach:
            yield (
                f"TAKE BACK BY HAND: school unit {copy.school_unit_code}, {copy.path} at "
                f"{copy.place} may name somebody who is protected or erased by now, and could not "
                "be reached."
            )
