"""A home with current lists that were made by hand, and what lies at a target, read byte by byte.

A list's files here are small: a zip and a page with the names and numbers of its pupils, which is
all that a delivery has to know of them. Not here: any expectation.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

from assets.delivery.deliver import Placed, deliver
from assets.delivery.delivery_log import DeliveryLog
from assets.delivery.plan import HomeState
from assets.delivery.recipients import Corrections, MentorKnown, Register
from assets.delivery.results import Delivered
from assets.delivery.settings import Credential, DeliverySettings, MailSettings, TargetSettings
from assets.delivery.shares import frozen_lists, standing_lists
from assets.lake.encryption import Sealer
from assets.watchlists.model import PupilRow
from assets.watchlists.release.remembered import FILE_NAME, MANIFEST, remember
from assets.watchlists.release.week_states import iso_week
from tests.unit.watchlist_factory import history, pupil, watchlist

NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)
SUNDAY = date(2026, 11, 15)
SCHOOL, OTHER = "99999901", "99999902"


@dataclass(frozen=True)
class Child:
    """A pupil of a list: who must be found nowhere once nobody may name them."""

    number: int
    mentor: str = ""  # the key of staff, and here of the mentor's folder too
    level: int = 1
    state: str = "continuing"

    @property
    def key(self) -> str:
        return str(uuid.UUID(int=self.number))

    @property
    def name(self) -> str:
        return f"Kanarieöberg{self.number:04d}"

    @property
    def civic(self) -> str:
        return f"20120314-{9800 + self.number:04d}"

    @property
    def row(self) -> PupilRow:
        return replace(
            pupil("Åsa", self.name, level=self.level),
            pupil_key=self.key,
            mentor_key=self.mentor,
            history=history(self.state),
        )


def mentor_key(number: int) -> str:
    return str(uuid.UUID(int=10_000 + number))


def workbook_bytes(children: Collection[Child]) -> bytes:
    """Return a zip in whose deflated part the names stand, as in a workbook."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        # A part has a time; this one is always the same.
        part = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        book.writestr(part, page_text(children), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def page_text(children: Collection[Child]) -> str:
    return "".join(f"<p>{child.name} {child.civic}</p>" for child in children) or "<p>ingen</p>"


@dataclass
class DeliveryHome:
    """A home, its schools' lists, and where they are delivered to."""

    home: Path
    target: TargetSettings
    mail: MailSettings = field(default_factory=MailSettings)
    corrections: Corrections = field(default_factory=Corrections)
    principals: dict[str, tuple[str, str]] = field(default_factory=dict)
    mentors: dict[str, str] = field(default_factory=dict)
    nameable: set[str] = field(default_factory=set)
    password: str = ""

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    def publish(
        self,
        children: Sequence[Child],
        *,
        code: str = SCHOOL,
        as_of: date = SUNDAY,
        is_held: bool = False,
        has_mentors: bool = True,
        is_frozen: bool = False,
    ) -> Path:
        """Put a school's list in place, with its mentors' own; all in it may be named."""
        self.nameable |= {child.key for child in children}
        period = iso_week(as_of) if is_frozen else "current"
        folder = self.home / "lists" / period / code
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        week = iso_week(as_of)
        _write(folder, f"franvarolista_{code}_{week}", children)
        for key in sorted({child.mentor for child in children} - {""}) if has_mentors else ():
            mine = [child for child in children if child.mentor == key]
            _write(folder / "mentorer" / key, f"franvarolista_mentor_{key}_{week}", mine)
        made = replace(
            watchlist(),
            school_unit_code=code,
            as_of=as_of,
            iso_week=week,
            is_frozen=is_frozen,
            pupils=tuple(child.row for child in children),
            insufficient=(),
            cleared=(),
        )
        sealer = Sealer.of_home(self.home)
        (folder / FILE_NAME).write_bytes(remember(sealer, made, period))
        (folder / MANIFEST).write_text(json.dumps({"held": ["väntar"] if is_held else []}))
        return folder

    def known(self, stands: Mapping[str, str] | None = None) -> HomeState:
        mentors = {key: MentorKnown(one, frozenset({key})) for key, one in self.mentors.items()}
        register = Register(self.corrections, self.principals, mentors)
        lists = tuple(standing_lists(self.home, stands or {}))
        frozen = tuple(frozen_lists(self.home, stands or {}))
        return HomeState(lists, frozenset(self.nameable), stands or {}, register, frozen)

    def settings(self) -> DeliverySettings:
        password = Credential("TRAPPAN_WORKBOOK_PASSWORD", self.password)
        return DeliverySettings(self.target, self.mail, self.home / "recipients.yaml", password)

    @contextmanager
    def log(self) -> Iterator[DeliveryLog]:
        with DeliveryLog.opened(self.home, Sealer.of_home(self.home)) as log:
            yield log

    def deliver(
        self,
        *,
        problem: str = "",
        placed: Placed | None = None,
        stands: Mapping[str, str] | None = None,
    ) -> Delivered:
        """Deliver as a night does."""
        sealer = Sealer.of_home(self.home)
        with self.log() as log:
            return deliver(
                self.settings(), log, self.known(stands), sealer, NOW,
                problem=problem, placed=placed,
            )  # fmt: skip


def _write(folder: Path, stem: str, children: Collection[Child]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.xlsx").write_bytes(workbook_bytes(children))
    (folder / f"{stem}.html").write_text(page_text(children), encoding="utf-8")


def texts_in(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return what can be read in each file, in the parts of zips too."""
    found: dict[str, str] = {}
    for path, content in files.items():
        parts = [content]
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                parts += [book.read(name) for name in book.namelist()]
        # A workbook has the letters of ASCII only, and `&#246;` for ö.
        found[path] = unescape("\n".join(part.decode("utf-8", "replace") for part in parts))
    return found


def naming(files: Mapping[str, bytes], child: Child) -> set[str]:
    """Return the paths of files that hold a pupil's name or number."""
    return {
        path for path, text in texts_in(files).items() if child.name in text or child.civic in text
    }


def files_under(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
