"""What the Dagster assets are given: how to open the lake, what is offered, which day counts.

A plain object, not a Dagster-configured resource: the paths of received files are no run
configuration, because run configuration is stored and a file name can name a pupil.
"""

from __future__ import annotations

import errno
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from assets.checks.silence import Silence
from assets.exports.arrivals import Intake
from assets.exports.ingest import Progress
from assets.exports.layouts import Layout, load_layouts
from assets.exports.outcomes import FileReport
from assets.lake import Lake, LakeSettings
from assets.lake_troubles import told_of_servers
from rules.errors import TrappanError
from rules.models import RuleSet
from rules.parallel import ParallelValue, parallel_values
from rules.registry import load_parameters, root_of, rule_set_on


class StepError(TrappanError):
    """A step failed in a way we have no words for; says where, never with what data."""


#: Run tags: one place for what holds for every step and check of a run.
AS_OF_TAG = "trappan/as_of"
SCHOOL_TAG = "trappan/school_unit_code"
EVEN_IF_HELD_TAG = "trappan/even_if_held"
FORCE_TAG = "trappan/force"


@dataclass
class LakeAccess:
    """The one resource, `lake`.

    Attributes:
        settings: of the lake.
        inbox: folder or files that are offered.
        layouts_folder: of the user's own layouts, read besides the shipped ones; None for none.
        pulled: folder of files that were fetched from servers, offered too once it is there.
        rule_set: name of the rule set.
        rules_folder: of the user's own rule sets, besides the shipped ones; None for none.
        day_before_run: the default as_of.
        now: seconds since 1970; with `day_before_run` the only clock.
        on_progress: for a person who watches.
        intake: whether to wait for files that are arriving, and to keep originals.
        retried: hash of an archived file that is read again, in place of the inbox.
        reports: what became of the offered files in this process, for the command line.
        published: folders of the lists that were put in place, for the command line.
        kept: how many of them are frozen and were out before, for the command line.
        held: school units whose list waits, for the command line.
        unread_protection: those of them of whom nobody knows who is protected.
        silent: schools that sent nothing when they should, for the command line.
        unlisted: school units with pupils, but in no register, for the command line.
    """

    settings: LakeSettings
    inbox: tuple[Path, ...]
    rule_set: str
    day_before_run: Callable[[], date]
    now: Callable[[], float]
    on_progress: Progress | None = None
    layouts_folder: Path | None = None
    rules_folder: Path | None = None
    pulled: Path | None = None
    intake: Intake = field(default_factory=Intake)
    retried: str | None = None
    reports: list[FileReport] = field(default_factory=list)
    published: list[Path] = field(default_factory=list)
    kept: int = 0
    held: list[str] = field(default_factory=list)
    unread_protection: list[str] = field(default_factory=list)
    silent: list[Silence] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    _opened: Lake | None = field(default=None, init=False, repr=False)
    _let_go: Callable[[], object] | None = field(default=None, init=False, repr=False)

    @contextmanager
    def open(self) -> Iterator[Lake]:
        """Open the lake for one step; an error we have no words for is told without its data.

        The steps of a run share what the first of them opened, but no temporary table.
        """
        try:
            if self._opened is None:
                self._opened = Lake.open(self.settings)
                # A run of Dagster's own ends with its process, and leaves no spill folder either.
                self._let_go = weakref.finalize(self, self._opened.close)
            with self._opened.beside() as lake:
                yield lake
        except TrappanError:
            raise
        except Exception as error:
            raise told_without_data(error, f"the disk of {self.settings.home}") from None

    def close(self) -> None:
        """Let go of the lake when a run has ended; the next step opens it anew."""
        let_go, self._let_go, self._opened = self._let_go, None, None
        if let_go is not None:
            let_go()

    @property
    def offered(self) -> tuple[Path, ...]:
        """Everything that is offered; the first pull makes its folder while others look here."""
        if self.pulled is None or not self.pulled.is_dir():
            return self.inbox
        # A home whose files are all fetched needs no inbox.
        return (*(path for path in self.inbox if path.exists()), self.pulled)

    def layouts(self) -> tuple[Layout, ...]:
        """Return the shipped layouts and the user's own.

        Raises:
            LayoutError: one of them is wrong.
        """
        return load_layouts([self.layouts_folder] if self.layouts_folder else [])

    def as_of(self, run_tags: Mapping[str, str]) -> date:
        """Return the last day that counts: the run's tag `trappan/as_of`, else the day before."""
        tag = run_tags.get(AS_OF_TAG)
        return date.fromisoformat(tag) if tag else self.day_before_run()

    def today(self) -> date:
        """Return today in Stockholm."""
        return self.day_before_run() + timedelta(days=1)

    def rules_on(self, day: date) -> RuleSet:
        """Return the rule set with the values in force on a day."""
        return rule_set_on(self.rule_set, day, root_of(self.rule_set, self.rules_folder))

    def parallel_values(self) -> tuple[ParallelValue, ...]:
        """Return how lessons at the same time count by the rule set, by a lesson's date."""
        root = root_of(self.rule_set, self.rules_folder)
        return parallel_values(load_parameters(self.rule_set, root))


def told_without_data(error: Exception, disk: str = "the disk") -> StepError:
    """Return what may be told of an error that is not ours: a server's trouble, or kind and place.

    Its own message can quote a row, so it is never repeated.

    Args:
        error: the error, with its traceback.
        disk: what is full when that is the trouble.
    """
    of_servers = told_of_servers(error)
    if of_servers:
        return StepError(of_servers)
    if _is_full_disk(error):
        return StepError(
            f"{disk[:1].upper()}{disk[1:]} is full. Nothing of this step was kept, and "
            "the lists that are out still stand. Make room and run again."
        )
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return StepError(
        f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno} "
        f"({frame.name}). Nothing of this step was kept. Run `trappan doctor`."
    )


def _is_full_disk(error: Exception) -> bool:
    """Tell a full disk; DuckDB says so in words only, and its words are not repeated."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return "No space left on device" in str(error)
