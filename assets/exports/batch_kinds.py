"""Which batch takes files of a kind, and in which order the kinds are taken.

Not here: which kind a file is (`layouts.py`).
"""

from __future__ import annotations

from pathlib import Path

from assets.exports.batches import ExportBatch
from assets.exports.frames import Openings
from assets.exports.lesson_batches import LessonBatch
from assets.exports.merge_batches import MergeBatch
from assets.exports.people import People
from assets.exports.rosters import RosterBatch
from assets.lake import Lake

#: Rosters before lessons, so that a night's lessons meet the night's register; and before all of
#: them which numbers are one pupil.
KIND_ORDER = {
    "pupil_merges": 0,
    "school_units": 1,
    "enrolments": 2,
    "aggregates": 3,
    "lessons": 4,
}


def batch_of(
    kind: str, lake: Lake, people: People, openings: Openings, folder: Path
) -> ExportBatch:
    """Return an empty batch for files of a kind."""
    if kind == "lessons":
        return LessonBatch(lake, people, openings, folder)
    if kind == "pupil_merges":
        return MergeBatch(lake, people, openings)
    return RosterBatch(lake, people, openings, kind)
