"""`trappan daemon`: Dagster's daemon of schedules and sensors, alone or beside the pages.

A home has one: two would ask for the same night twice. A lock says which process has it. Run as a
program, this module is that daemon, and ends with the process that started it. Not here: what is
scheduled (`pipelines/schedules.py`), what starts it again (`docs/deploy/`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from filelock import FileLock, Timeout

from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say
from pipelines.running import RunError, instance_of
from pipelines.settings import Settings
from pipelines.ui.code_location import code_location, prepared, watching

_SECONDS_TO_END = 60.0
_SET_DEATH_SIGNAL = 1


def daemon(context: typer.Context, home: Home = None) -> None:
    """Run the schedules, without pages, until it is ended."""
    settings = settings_of(context, home)
    prepared(settings)
    try:
        with only_daemon(settings) as is_ours:
            if not is_ours:
                raise RunError(
                    f"The schedules of {settings.lake.home} run in another process already, a "
                    "`trappan daemon` or `trappan ui`. A second one would ask for every night "
                    "twice. Nothing was started."
                )
            _run(settings)
    except KeyboardInterrupt:
        say("Ended.")


def _run(settings: Settings) -> None:
    is_over = threading.Event()
    with (
        instance_of(settings) as instance,
        code_location(instance) as workspace,
        running_daemon(str(workspace), is_over.set) as started,
    ):
        say(f"The schedules of {settings.lake.home} run. Ctrl+C ends them.")
        is_over.wait()
        status = started.poll()
    raise ended(status)


def ended(status: int | None) -> RunError:
    """Return what is said when the daemon ended by itself."""
    return RunError(
        f"Dagster's daemon ended with status {status}, so no schedule runs. Look at what it "
        "said above, run `trappan doctor`, and start again."
    )


@contextmanager
def only_daemon(settings: Settings) -> Iterator[bool]:
    """Say whether this process may run the schedules of a home, and keep others from it if so."""
    lock = FileLock(settings.lake.home / "daemon.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def running_daemon(
    workspace: str, on_end: Callable[[], object]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon beside this process.

    Args:
        workspace: file that says where the code location listens.
        on_end: called when the daemon has ended by itself.
    """
    # Ctrl+C is for this process, which ends the daemon: else both say that they were interrupted.
    started = subprocess.Popen(  # noqa: S603 - this Python, and a module of our own
        [sys.executable, "-m", "pipelines.ui.scheduling", str(os.getpid()), workspace],
        start_new_session=True,
    )

    def look() -> None:
        if started.poll() is not None:
            on_end()

    with watching(look):
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _be_daemon(parent: int, workspace: str) -> None:
    """Be the daemon, for as long as the parent lives."""
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return
    from dagster._daemon.cli import main as run_daemon  # noqa: PLC0415 - this program only

    sys.argv = ["dagster-daemon", "run", "--workspace", workspace]
    run_daemon()


if __name__ == "__main__":
    _be_daemon(int(sys.argv[1]), sys.argv[2])
