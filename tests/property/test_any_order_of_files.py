"""Whatever order files come in, alone or together: one state, that of the files that came.

After each step the lake is compared with a model that knows only the set of files so far: the
newest word about each lesson, unless a newer complete file of its school and date lacks it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from assets.exports.files import offered_files
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import taken_files
from assets.exports.revoke import revoke_file
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import IDENTITY
from tests.conftest import emptied, settings_of
from tests.examples import examples
from tests.integration.complete_files import COLUMNS, WITH_COLUMN
from tests.integration.ingest_files import PUPILS, ROSTER, put, text_of

SCHOOLS = ("99999901", "99999902")
FIRST = date(2026, 10, 5)
EPOCH = datetime(2026, 11, 1, 5)  # noqa: DTZ001 - a name gives local time


@dataclass(frozen=True)
class Word:
    """What a file says of a lesson."""

    pupil: int
    school: str
    day: int
    hour: int
    lesson_id: str
    minutes: int

    @property
    def key(self) -> tuple[object, ...]:
        if self.lesson_id:
            return (self.pupil, self.lesson_id)
        return (self.pupil, self.school, self.day, self.hour)

    @property
    def date(self) -> date:
        return FIRST + timedelta(self.day)


@dataclass(frozen=True)
class Export:
    """A file: what it says, when it says so, and what is wrong with it."""

    kind: str  # lessons | complete | roster
    words: tuple[Word, ...]
    hours: int
    given: str
    fault: str  # "" | refused (a row of it) | cut

    @property
    def content(self) -> str:
        rows = [
            {
                "civic": PUPILS[w.pupil], "given": self.given, "family": "Ek", "school": w.school,
                "class": f"8{w.minutes}", "grade": "8", "date": w.date.isoformat(),
                "start": f"{w.hour:02d}:00", "subject": "MA", "length": "60",
                "valid": "0", "invalid": str(w.minutes), "lesson_id": w.lesson_id, "reported": "Ja",
                "starts": w.date.isoformat(),
            }
            for w in self.words
        ]  # fmt: skip
        if self.fault == "refused":
            rows.append(rows[0] | {"date": "2026-02-30", "starts": "2026-02-30"})
        if self.kind == "roster":
            return text_of(rows, [name for name in ROSTER if name != "protected"])
        count = len(rows) + (self.fault == "cut")
        rows = [{**row, "Antal rader": str(count)} for row in rows]
        columns = COLUMNS if self.kind == "complete" else [c for c in COLUMNS if c != "Antal rader"]
        return text_of(rows, columns)

    @property
    def file_id(self) -> int:
        return int(hashlib.sha256(self.content.encode()).hexdigest()[:16], 16) >> 1

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(hours=self.hours)

    @property
    def name(self) -> str:
        return f"{self.file_id}_{self.at:%Y%m%dT%H%M}.csv"


WORDS = st.builds(
    Word,
    pupil=st.integers(0, 1),
    school=st.sampled_from(SCHOOLS),
    day=st.integers(0, 3),
    hour=st.sampled_from((8, 9)),
    lesson_id=st.sampled_from(("", "", "L1", "L2")),
    minutes=st.sampled_from((0, 5, 10)),
)


def of_one_kind_of_key(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return words that do not contradict each other: one lesson an hour, whatever its id."""
    at_once = {(word.pupil, word.school, word.day, word.hour): word for word in words}
    return tuple({word.key: word for word in at_once.values()}.values())


def as_it_can_be(export: Export) -> Export:
    """Return an export with the fault that its kind can have, and one roster record a first day."""
    fault = export.fault if export.kind == "complete" or export.fault != "cut" else ""
    words = export.words
    if export.kind == "roster":
        words = tuple({(word.pupil, word.school, word.day): word for word in words}.values())
    return Export(export.kind, words, export.hours, export.given, fault)


EXPORTS = st.builds(
    Export,
    kind=st.sampled_from(("lessons", "complete", "complete", "roster")),
    words=st.lists(WORDS, min_size=1, max_size=5).map(of_one_kind_of_key),
    hours=st.integers(0, 3),
    given=st.sampled_from(("Åsa", "Ali", "Bo")),
    fault=st.sampled_from(("", "", "", "refused", "cut")),
).map(as_it_can_be)


@dataclass
class Model:
    """The state that a set of files gives."""

    files: list[Export]
    revoked: set[int] = field(default_factory=set)

    def stamped(self) -> list[tuple[tuple[datetime, int], Export]]:
        """Return each content that is taken with the newest time at which it was said."""
        newest: dict[int, Export] = {}
        for export in self.files:
            known = newest.get(export.file_id)
            if export.file_id in self.revoked:
                continue
            if export.fault != "cut" and (known is None or export.at > known.at):
                newest[export.file_id] = export
        return sorted(((e.at, e.file_id), e) for e in newest.values())

    def lessons(self) -> list[tuple[Any, ...]]:
        said: dict[tuple[object, ...], tuple[tuple[datetime, int], Word]] = {}
        covered: dict[tuple[str, date], tuple[datetime, int]] = {}
        for stamp, export in self.stamped():
            if export.kind == "roster":
                continue
            said |= {word.key: (stamp, word) for word in export.words}
            if export.kind == "complete" and not export.fault:
                for school in SCHOOLS:
                    days = [word.day for word in export.words if word.school == school]
                    for day in range(min(days), max(days) + 1) if days else ():
                        covered[school, FIRST + timedelta(day)] = stamp
        stands = [
            (PUPILS[w.pupil], w.school, w.date, w.hour, w.lesson_id, w.minutes, *stamp)
            for stamp, w in said.values()
            if covered.get((w.school, w.date), stamp) <= stamp
        ]
        return sorted(stands)

    def enrolments(self) -> list[tuple[Any, ...]]:
        found: dict[tuple[object, ...], tuple[Any, ...]] = {}
        for stamp, export in self.stamped():
            for word in export.words if export.kind == "roster" else ():
                place = (PUPILS[word.pupil], word.school, word.date)
                found[place] = (*place, f"8{word.minutes}", *stamp)
        return sorted(found.values())

    def names(self) -> list[tuple[str, str, str, str]]:
        layouts = {"lessons": "lektionsfranvaro", "complete": "hel_period", "roster": "elever"}
        found: dict[tuple[str, str, str], str] = {}
        for _, export in self.stamped():
            for word in export.words:
                source = (PUPILS[word.pupil], layouts[export.kind], word.school)
                found[source] = export.given
        return sorted((*source, name) for source, name in found.items())


class FilesInAnyOrder(RuleBasedStateMachine):
    """Offers files one by one and together, again, and renamed to another time; revokes some."""

    lake: Lake

    @initialize()
    def start(self) -> None:
        emptied(self.lake)
        self.folder = Path(tempfile.mkdtemp(dir=self.lake.settings.home.parent))
        self.model = Model([])
        sealer = self.sealer = Sealer.of_home(self.lake.settings.home)
        self.numbers = {sealer.key("pupil", p.replace("-", "")): p for p in PUPILS}
        self.unseal = sealer.unseal

    @rule(exports=st.lists(EXPORTS, min_size=1, max_size=3), batch_files=st.sampled_from([1, 256]))
    def offer(self, exports: list[Export], batch_files: int = 256) -> None:
        paths = [put(self.folder, export.name, export.content) for export in exports]
        # With one file each, a batch is staged while the one before is stored.
        with mock.patch.object(offered_files, "BATCH_FILES", batch_files):
            ingest_paths(self.lake, dict.fromkeys(paths), layouts=WITH_COLUMN)
        self.model.files += exports
        self.compare()

    @rule(data=st.data(), hours=st.integers(0, 4))
    def say_again(self, data: st.DataObject, hours: int) -> None:
        if not self.model.files:
            return
        known = data.draw(st.sampled_from(self.model.files))
        self.offer([Export(known.kind, known.words, hours, known.given, known.fault)])

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        taken = [file for file, _ in taken_files(self.lake, self.sealer)]
        if not taken:
            return
        file = data.draw(st.sampled_from(taken))
        revoke_file(self.lake, file, layouts=WITH_COLUMN)
        self.model.revoked.add(file.file_id)
        self.compare()

    def compare(self) -> None:
        lessons = self.lake.rows(
            "SELECT pupil_key, school_unit_code, lesson_date, hour(starts_at), "
            "coalesce(lesson_id, ''), invalid_minutes, exported_at, file_id FROM lessons"
        )
        assert sorted((self.numbers[key], *rest) for key, *rest in lessons) == self.model.lessons()
        enrolments = self.lake.rows(
            "SELECT pupil_key, school_unit_code, start_date, class_name, exported_at, file_id "
            "FROM enrolments"
        )
        found = sorted((self.numbers[key], *rest) for key, *rest in enrolments)
        assert found == self.model.enrolments()
        names = self.lake.rows(
            "SELECT pupil_key, layout, school_unit_code, content_key, sealed FROM identity_sources "
            "JOIN identities USING (content_key)"
        )
        opened = sorted(
            (
                self.numbers[key],
                layout,
                school,
                self.unseal(IDENTITY, (content,), sealed)["given_name"],
            )
            for key, layout, school, content, sealed in names
        )
        assert opened == self.model.names()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder, ignore_errors=True)


def test_any_order_of_files_gives_one_state(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    with Lake.open(settings_of(tmp_path / "home")) as lake:
        FilesInAnyOrder.lake = lake
        run_state_machine_as_test(
            FilesInAnyOrder,
            settings=settings(
                max_examples=examples(12),
                stateful_step_count=6,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
