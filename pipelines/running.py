"""Running a job in this process and telling a person how it ended.

Here: the Dagster instance of a home, one run at a time for a person, failures in our words. Not
here: what the jobs are (`jobs.py`), what is printed (`cli/app.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from assets.lake.access import LakeAccess
from assets.lake.catalog.read_only import refuse_read_only
from assets.lake.catalog.resting import note_at_rest
from assets.pull.access import PullAccess
from assets.upkeep.backup.verifying import databases_of
from assets.upkeep.reporting.report import NightFailure, RunFacts
from pipelines.dead_runs import end_dead_runs, signs_of_life
from pipelines.failures import failure_of
from pipelines.jobs import QUIET
from pipelines.resources import delivery_access
from pipelines.run_results import RunResults, results_of
from pipelines.settings import PROJECT_ROOT, Settings
from rules.errors import TrappanError


class RunError(TrappanError):
    """A run did not end well; the message says what, where and what to do.

    Attributes:
        failure: in which step, of a run that had begun.
        facts: what the run said until then.
    """

    def __init__(
        self, message: str, failure: NightFailure | None = None, facts: RunFacts | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.facts = facts


class BusyError(RunError):
    """Another run of the same kind is under way; this one changed nothing."""


@contextmanager
def run_lock(settings: Settings, what: str) -> Iterator[None]:
    """Keep a second run of the same kind out while one is under way.

    Raises:
        BusyError: another one is under way; it works on the same files.
        ReadOnlyHomeError, RunError: the home can't be written to.
    """
    home = settings.lake.home
    refuse_read_only(home)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(home / f"{what}.lock", mode=0o600)
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            f"Another `trappan {what}` is running on {home}. It takes the same files, so this one "
            "stopped and changed nothing. Wait until it has ended; then there is nothing left to "
            "do, or run the command again."
        ) from None
    except OSError as error:
        raise RunError(
            f"The home folder {home} can't be written to: {error.strerror}. Expected a folder that "
            "this user may write to. Give another with --home or TRAPPAN_HOME, or change its owner."
        ) from None
    try:
        yield
    finally:
        lock.release()


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """Return the Dagster instance that keeps its history under the home.

    Where `dagster.yaml` isn't beside the packages (an installed wheel), history is not kept.
    """
    written = PROJECT_ROOT / "dagster.yaml"
    if not written.is_file():
        return dg.DagsterInstance.ephemeral()
    storage = settings.lake.home / "dagster"
    storage.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A copy, not the checkout as DAGSTER_HOME: Dagster's pages make folders of their own there.
    _put(written.read_bytes(), storage / written.name)
    os.environ["TRAPPAN_DAGSTER_STORAGE"] = os.environ["DAGSTER_HOME"] = str(storage)
    # Dagster makes its tables when it first looks at them, and two that do so at once both fail.
    with FileLock(settings.lake.home / "history.lock", mode=0o600):
        instance = dg.DagsterInstance.get()
        instance.get_runs(limit=1)
    return instance


def _put(wanted: bytes, place: Path) -> None:
    """Write a file of the owner's as a whole, unless it is so already."""
    if place.is_file() and place.read_bytes() == wanted:
        return
    beside = place.with_name(f"{place.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(wanted)
    beside.replace(place)


def run_job(
    settings: Settings,
    job: str,
    access: LakeAccess,
    tags: Mapping[str, str] | None = None,
    *,
    pull: PullAccess | None = None,
    tell: Callable[[RunResults], None] | None = None,
    closes: bool = True,
) -> RunResults:
    """Run a job in this process, the same job as the schedules run.

    Args:
        settings: the settings.
        job: name of the job.
        access: what the assets are given.
        tags: run tags such as as_of or a range of months.
        pull: what the pull is given; the usual when None.
        tell: says what was made, also when the run did not end well.
        closes: whether the lake is let go of; who asks it more afterwards does that.

    Returns:
        What the run made.

    Raises:
        ReadOnlyHomeError: the home can't be written to.
        RunError: a step or check failed.
    """
    refuse_read_only(settings.lake.home)
    # History and spill files are the owner's only, also what Dagster writes.
    os.umask(0o077)
    # Here, not at the top: the code location reads the environment when it is imported, and a
    # wrong setting is reported by the command line in its own words.
    from pipelines.definitions import build_defs  # noqa: PLC0415

    overrides: dict[str, object] = {"lake": access} | ({"pull": pull} if pull else {})
    # The code location reads the environment only; here `--home` may stand before it.
    overrides["delivery"] = delivery_access(settings)
    definitions = build_defs(overrides=overrides)
    try:
        with instance_of(settings) as instance, signs_of_life(instance) as alive:
            end_dead_runs(instance)
            result = definitions.resolve_job_def(job).execute_in_process(
                instance=instance,
                tags={**(tags or {}), **alive},
                run_config=QUIET,
                raise_on_error=False,
            )
    except Exception as error:
        # Dagster could not keep its history; a full disk shows here first.
        raise RunError(
            f"{job} stopped, because the run's history under {settings.lake.home / 'dagster'} "
            f"could not be written ({type(error).__name__}). The lists that are out still stand. "
            "Look at the disk and its permissions with `trappan doctor`, and run again."
        ) from None
    finally:
        if closes:
            access.close()
            note_at_rest(databases_of(settings.lake.home))
    made = results_of(result)
    if tell:
        tell(made)
    if not result.success:
        failure = failure_of(job, result.all_events)
        raise RunError(failure.words, failure, made.facts)
    return made


def default_inbox(settings: Settings) -> Path:
    """Return the inbox when it is there, or when files are fetched and there need be none.

    Raises:
        RunError: it isn't.
    """
    inbox = settings.inbox_folder
    if not inbox.is_dir() and not settings.pulled_folder.is_dir():
        raise RunError(
            f"The inbox {inbox} is not there. Expected a folder with export files. Make it, or "
            "name another with --inbox or TRAPPAN_INBOX. Nothing was changed."
        )
    return inbox
