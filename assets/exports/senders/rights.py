"""Rows that their sender may not say: refused like every other bad row, with reason and line.

A refused row still says that its pupil is protected (`pupils/protection.py`): to set protection
needs no right. Not here: who may what (`senders.py`), files of SS12000, which are refused as a
whole (`ingest.py`).
"""

from __future__ import annotations

from assets.exports.files.received import ReceivedFile, UnreadableFileError
from assets.exports.senders.senders import SS12000, Right
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

#: The day that a row of a kind speaks of last, and the column that a person finds it in. A record
#: that still runs speaks of today.
_LAST_DAY = {
    "lessons": ("lesson_date", "lesson_date"),
    "enrolments": ("end_date", "end_date"),
    "aggregates": ("period_first_date", "month"),
    "school_breaks": ("last_date", "last_date"),
}
#: Kinds whose rows are no school's own, and the right that they take.
_NEEDED = {"school_units": Right.REGISTER_SCHOOLS, "pupil_merges": Right.MERGE_PUPILS}
_WITHOUT_UNIT = frozenset({"pupil_merges"})


def refuse_objects(file: ReceivedFile) -> None:
    """Refuse a file of SS12000 from a sender that may not send such files.

    As a whole: its objects are of no school until others are known.

    Raises:
        UnreadableFileError: with the reason.
    """
    if not file.sender.may_send(SS12000):
        raise UnreadableFileError(
            "its sender may not send files of SS12000: senders.yaml limits its layouts, schools or "
            "days. Whom it calls protected nobody has looked at: ask the sender"
        )


class RowRights:
    """What the senders of a batch's files may say.

    Args:
        lake: the lake that the files are staged in.
        kind: of the files.
    """

    def __init__(self, lake: Lake, kind: str) -> None:
        self._lake = lake
        self._kind = kind
        self._limited: set[int] = set()
        self._table: TemporaryTable | None = None

    def note(self, file: ReceivedFile, layout: str) -> None:
        """Note what the sender of a file may say, before its rows are staged.

        Args:
            file: the file.
            layout: the name of the layout that it is read with.
        """
        sender, needed = file.sender, _NEEDED.get(self._kind)
        refused = None
        if not sender.may_send(layout):
            refused = "row.not_the_senders_layout"
        elif needed is not None and not sender.may(needed):
            refused = f"row.without_{needed}"
        if file.file_id in self._limited or (refused is None and sender.is_unlimited):
            return
        self._limited.add(file.file_id)
        if self._table is None:
            self._table = self._lake.make_empty(
                "limited_files", "file_id BIGINT, refused VARCHAR, units VARCHAR[], since DATE"
            )
        units = None if sender.school_units is None else sorted(sender.school_units)
        self._lake.connection.execute(
            f"INSERT INTO {self._table} VALUES (?, ?, ?, ?)",
            [file.file_id, refused, units, sender.since],
        )

    def refuse(self, rows: TemporaryTable) -> None:
        """Refuse the staged rows that their sender may not say; what is wrong already stays so.

        But of a row about another school it is said that it is not the sender's, whatever else is
        wrong: that school's list counts rows that it lost.
        """
        if self._table is None:
            return
        problem, names_another = "limited.refused", "false"
        if self._kind not in _WITHOUT_UNIT:
            is_foreign = (
                "(limited.units IS NOT NULL AND NOT coalesce("
                f"list_contains(limited.units, {rows}.school_unit_code), false))"
            )
            problem = (
                f"coalesce({problem}, "
                f"CASE WHEN {is_foreign} THEN 'school_unit_code.not_the_senders' END)"
            )
            names_another = f"({is_foreign} AND {rows}.school_unit_code IS NOT NULL)"
        if self._kind in _LAST_DAY:
            day, column = _LAST_DAY[self._kind]
            problem = (
                f"coalesce({problem}, CASE WHEN {rows}.{day} < limited.since "
                f"THEN '{column}.before_the_senders' END)"
            )
        self._lake.connection.execute(
            f"UPDATE {rows} SET problem = {problem} FROM {self._table} AS limited "
            f"WHERE {rows}.file_id = limited.file_id "
            f"AND ({rows}.problem IS NULL OR {names_another}) AND {problem} IS NOT NULL"
        )
