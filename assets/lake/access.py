"""What the Dagster assets are given: how to open the lake, what is offered, which day counts.

A plain object, not a Dagster-configured resource: the paths of received files are no run
configuration, because run configuration is stored and a file name can name a pupil.
"""

from __future__ import annotations

import errno
import os
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from assets.lake.connection import Lake
from assets.lake.server_errors import words_of_server
from assets.lake.settings import LakeSettings
from rules.errors import TrappanError
from rules.models import ParameterSet, RuleSet
from rules.parallel import ParallelValue, parallel_values
from rules.registry import load_parameters, root_of, rule_set_of


class StepError(TrappanError):
    """A step failed in a way we have no words for; says where, never with what data."""


#: Run tags: one place for what holds for every step and check of a run.
AS_OF_TAG = "trappan/as_of"
SCHOOL_TAG = "trappan/school_unit_code"
#: Key of the IO manager of assets whose value goes to who runs the job, and is stored nowhere.
VALUE_TO_CALLER = "value_to_caller"
#: Bytes of data files and offered files together, up to which one thread is enough. Most questions
#: are DuckLake's to its catalog then, of some rows; with two threads each takes nearly twice the
#: processor, and no less of the clock (docs/benchmarks-nights.md).
SMALL = 8 << 20


@dataclass(frozen=True)
class Override:
    """What a person on the command line lets happen that else would not.

    Attributes:
        even_if_held: a list is published also when it would wait.
        is_forced: lists go to an older or a future day, or a week is frozen before its night.
    """

    even_if_held: bool = False
    is_forced: bool = False


@dataclass
class _Shared:
    """The lake that the steps of a run share, how to let go of it, and the values of the rules."""

    lake: Lake | None = None
    let_go: Callable[[], object] | None = None
    parameters: ParameterSet | None = None


@dataclass(frozen=True)
class LakeAccess:
    """The one resource, `lake`. Nothing is written to it: what a run made, its assets return.

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
        settle_seconds: a file that was written to within so many seconds may still be arriving.
        keeps_originals: whether the original of every file goes into the archive.
        retried: hash of an archived file that is read again, in place of the inbox.
        sender_folders: the folders whose folders are senders', beside `pulled`.
        sender: whose the offered files are, because who runs the command says so.
        portal_database: address of the portal's Postgres database; "" for the file in the home.
        has_mentor_files: whether each mentor gets files of the own beside a current list.
        override: what somebody takes upon themselves for this run. No run tag can: whoever reaches
            Dagster's pages sets those, and nothing says who it was.
    """

    settings: LakeSettings
    inbox: tuple[Path, ...]
    rule_set: str
    day_before_run: Callable[[], date]
    now: Callable[[], float]
    on_progress: Callable[[str, int, int], None] | None = None
    layouts_folder: Path | None = None
    rules_folder: Path | None = None
    pulled: Path | None = None
    settle_seconds: float = 0.0
    keeps_originals: bool = True
    retried: str | None = None
    has_mentor_files: bool = True
    override: Override = Override()
    sender_folders: tuple[Path, ...] = ()
    sender: str | None = None
    portal_database: str = field(default="", repr=False)
    _shared: _Shared = field(default_factory=_Shared, init=False, repr=False, compare=False)

    @contextmanager
    def open(self) -> Iterator[Lake]:
        """Open the lake for one step; an error we have no words for is said without its data.

        The steps of a run share what the first of them opened, or who looked before the run, but no
        temporary table.
        """
        try:
            opened = self._shared.lake
            if opened is None:
                opened = self._shared.lake = Lake.open(self._settings_for_a_run())
                # A run of Dagster's own ends with its process, and leaves no spill folder either.
                self._shared.let_go = weakref.finalize(self, opened.close)
            with opened.beside() as lake:
                yield lake
        except TrappanError:
            raise
        except Exception as error:
            raise words_without_data(error, f"the disk of {self.settings.home}") from None

    def _settings_for_a_run(self) -> LakeSettings:
        """Return the settings, with one thread where there is little to do for more.

        Not where servers bring files, or an original is read again: how much is seen later.
        """
        settings = self.settings
        is_elsewhere = settings.catalog or settings.data_path
        has_servers = self.pulled is not None and self.pulled.is_dir()
        if settings.threads or is_elsewhere or has_servers or self.retried:
            return settings
        data = settings.home / "lake" / "data"
        return replace(settings, threads=1) if _are_small((data, *self.inbox)) else settings

    def close(self) -> None:
        """Let go of the lake when a run has ended; the next step opens it again."""
        self._shared.parameters = None
        let_go, self._shared.let_go, self._shared.lake = self._shared.let_go, None, None
        if let_go is not None:
            let_go()

    @property
    def offered(self) -> tuple[Path, ...]:
        """Everything that is offered; the first pull makes its folder while others look here."""
        if self.pulled is None or not self.pulled.is_dir():
            return self.inbox
        # A home whose files are all fetched needs no inbox.
        return (*(path for path in self.inbox if path.exists()), self.pulled)

    def as_of(self, run_tags: Mapping[str, str]) -> date:
        """Return the last day that counts: the run's tag `trappan/as_of`, else the day before."""
        tag = run_tags.get(AS_OF_TAG)
        return date.fromisoformat(tag) if tag else self.day_before_run()

    def today(self) -> date:
        """Return today in Stockholm."""
        return self.day_before_run() + timedelta(days=1)

    def rules_on(self, day: date) -> RuleSet:
        """Return the rule set with the values in force on a day."""
        return rule_set_of(self._parameters(), day)

    def parallel_values(self) -> tuple[ParallelValue, ...]:
        """Return how lessons at the same time count by the rule set, by a lesson's date."""
        return parallel_values(self._parameters())

    def _parameters(self) -> ParameterSet:
        """Read the files of the rule set once: the steps of a run go by the same values."""
        if self._shared.parameters is None:
            root = root_of(self.rule_set, self.rules_folder)
            self._shared.parameters = load_parameters(self.rule_set, root)
        return self._shared.parameters


def words_without_data(error: Exception, disk: str = "the disk") -> StepError:
    """Return what may be said of an error that is not ours: a server's trouble, or kind and place.

    Its own message can quote a row, so it is never repeated.

    Args:
        error: the error, with its traceback.
        disk: what is full when that is the trouble.
    """
    of_servers = words_of_server(error)
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


def _are_small(paths: Sequence[Path]) -> bool:
    """Whether files, and all files of folders, are no more than `SMALL` together.

    Stops as soon as they are more, so of a large lake it asks little.
    """
    total = 0
    for size in _sizes(paths):
        total += size
        if total > SMALL:
            return False
    return True


def _sizes(paths: Sequence[Path]) -> Iterator[int]:
    for path in paths:
        # Gone meanwhile, or not ours to see: whoever reads it says so.
        with suppress(OSError):
            yield path.stat().st_size
        for folder, _, names in os.walk(path):
            for name in names:
                with suppress(OSError):
                    yield Path(folder, name).stat().st_size
