"""What is kept of an erasure: what it needs to go on, sealed, and the receipt, without anybody.

`HOME/erasures/<id>.unfinished` has the child's numbers and keys until the erasure has ended: killed
at any moment it goes on from there, whatever was taken out of the lake by then. `<id>.json` is the
receipt: when, how much of which place, and what is left to do by hand.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.exports.pupils.tombstones import FOLDER
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import ERASURE
from assets.lake.whole_files import write_whole
from assets.upkeep.erasure.whom import Child

_UNFINISHED = ".unfinished"


@dataclass
class Journal:
    """An erasure that goes on.

    Attributes:
        erasure: its id: a day and some letters; nothing of whom.
        child: who is erased.
        begun_at: when, UTC.
        originals: what becomes of originals (`originals.py`); None until they were looked through.
        counts: what was taken out so far, by place.
        by_hand: what the operator has to do.
    """

    erasure: str
    child: Child
    begun_at: str
    originals: list[dict[str, Any]] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    by_hand: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, child: Child, now: datetime | None = None) -> Journal:
        """Begin one."""
        at = now or datetime.now(UTC)
        return cls(f"{at:%Y%m%d}-{uuid.uuid4().hex[:8]}", child, at.isoformat(timespec="seconds"))

    def count(self, place: str, number: int) -> None:
        """Count what was taken out of a place."""
        if number:
            self.counts[place] = self.counts.get(place, 0) + number

    def tell(self, words: str) -> None:
        """Note what is left to do by hand, once."""
        if words not in self.by_hand:
            self.by_hand.append(words)

    def keep(self, home: Path, sealer: Sealer) -> None:
        """Write it, whole or not at all.

        Raises:
            OSError: no room or no permission.
        """
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        said = {
            "child": self.child.as_json(),
            "begun_at": self.begun_at,
            "originals": self.originals,
            "counts": self.counts,
            "by_hand": self.by_hand,
        }
        sealed = sealer.seal_text(ERASURE, (self.erasure,), json.dumps(said))
        write_whole(folder / f"{self.erasure}{_UNFINISHED}", sealed)

    def end(self, home: Path) -> Path:
        """Write the receipt, and forget whom it was about.

        Returns:
            The receipt.

        Raises:
            OSError: no room or no permission.
        """
        folder = home / FOLDER
        receipt = folder / f"{self.erasure}.json"
        write_receipt(
            receipt,
            {
                "erasure": self.erasure,
                "begun_at": self.begun_at,
                "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "taken_out": dict(sorted(self.counts.items())),
                "left_to_do": self.by_hand,
            },
        )
        (folder / f"{self.erasure}{_UNFINISHED}").unlink(missing_ok=True)
        return receipt


def write_receipt(path: Path, said: dict[str, Any]) -> None:
    """Write a receipt, whole or not at all."""
    write_whole(path, (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode())


def unfinished(home: Path, sealer: Sealer) -> list[Journal]:
    """Return the erasures that were stopped, oldest first.

    Raises:
        SealError: one was sealed with another key, or changed.
    """
    found = []
    for path in sorted((home / FOLDER).glob(f"*{_UNFINISHED}")):
        erasure = path.name.removesuffix(_UNFINISHED)
        said = json.loads(sealer.unseal_text(ERASURE, (erasure,), path.read_bytes()))
        child = Child.from_json(said.pop("child"))
        found.append(Journal(erasure=erasure, child=child, **said))
    return found
