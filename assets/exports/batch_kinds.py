"""Which kind a file is of, in which order kinds are taken, and what stages and stores each.

Not here: the run over the files (`ingest.py`).
"""

from __future__ import annotations

from pathlib import Path

from assets.exports.batches import ExportBatch
from assets.exports.frames import Openings
from assets.exports.lesson_batches import LessonBatch
from assets.exports.merge_batches import MergeBatch
from assets.exports.people import People
from assets.exports.received import ReceivedFile
from assets.exports.rosters import RosterBatch
from assets.exports.ss12000 import batch as ss12000_batch
from assets.exports.ss12000.aggregate_reader import AggregateObjects
from assets.exports.ss12000.resources import AGGREGATES_KIND, EMPTY_KIND
from assets.exports.ss12000.resources import KINDS as SS12000_KINDS
from assets.lake import Lake

# Which numbers are one pupil comes first; rosters before lessons, so that a night's lessons meet
# the night's register; sums of SS12000 after the persons that they refer to.
KIND_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            "pupil_merges",
            "school_units",
            "enrolments",
            *SS12000_KINDS,
            AGGREGATES_KIND,
            "aggregates",
            "lessons",
        )
    )
}


def kind_of(file: ReceivedFile, openings: Openings) -> str:
    """Return the kind of a file.

    Raises:
        UnreadableFileError: no known kind.
        ChangedFileError: the file is gone.
    """
    if file.is_json:
        return ss12000_batch.kind_of(file)
    return openings.header(file).match.layout.kind


def batch_of(
    kind: str, lake: Lake, people: People, openings: Openings, folder: Path
) -> ExportBatch:
    """Return what stages and stores files of a kind.

    Args:
        kind: as `kind_of` gave it.
        lake: the lake, with the parsing macros loaded.
        people: keys of pupils and staff, shared by all batches of a run.
        openings: headers and sheets of the run's files.
        folder: for transcoded copies and links; the caller removes it.
    """
    if kind == EMPTY_KIND:
        return ss12000_batch.EmptyBatch()
    if kind in SS12000_KINDS:
        return ss12000_batch.ObjectBatch(lake, people, kind)
    if kind == AGGREGATES_KIND:
        return RosterBatch(lake, people, AggregateObjects(lake, people.sealer), "aggregates")
    if kind == "pupil_merges":
        return MergeBatch(lake, people, openings)
    if kind == "lessons":
        return LessonBatch(lake, people, openings, folder)
    return RosterBatch(lake, people, openings, kind)
