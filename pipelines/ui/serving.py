"""`trappan ui`: Dagster's pages on this machine, with the schedules running beside them.

Three processes, as `dagster dev` has them: the code location (`code_location.py`), the daemon that
runs schedules and sensors (`scheduling.py`), and this one, which serves the pages to themselves
only (`own_pages.py`). The pages only show, unless somebody asks for those that start and delete
runs. What they keep lies under the home. Not here: what is scheduled (`pipelines/schedules.py`).
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import dagster as dg
import typer
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say
from pipelines.running import RunError, instance_of
from pipelines.settings import Settings
from pipelines.ui.code_location import code_location, prepared
from pipelines.ui.own_pages import OwnPagesOnly
from pipelines.ui.scheduling import ended, only_daemon, running_daemon

ADDRESS = "127.0.0.1"
_SHOW, _WRITE = "They only show", "They start and delete runs, and have no login"


def ui(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0 for any free one.")
    ] = 3000,
    writing: Annotated[
        bool,
        typer.Option("--writing", help="Pages that start runs and backfills, and delete runs."),
    ] = False,
    no_schedules: Annotated[
        bool,
        typer.Option("--no-schedules", help="The pages alone; `trappan daemon` runs schedules."),
    ] = False,
    home: Home = None,
) -> None:
    """Show Dagster's pages on this machine, with the schedules running."""
    settings = settings_of(context, home)
    prepared(settings)
    alone = nullcontext(enter_result=False)
    try:
        with (
            listening(port) as pages,
            alone if no_schedules else only_daemon(settings) as has_daemon,
            instance_of(settings) as instance,
        ):
            if not no_schedules and not has_daemon:
                say("The schedules run in another process already; these are the pages alone.")
            _serve(settings, instance, pages, is_writing=writing, has_daemon=has_daemon)
    except KeyboardInterrupt:
        say("Ended.")


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Take a port of this machine, before anything is started.

    Raises:
        RunError: somebody else has it.
    """
    with socket.socket() as pages:
        pages.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            pages.bind((ADDRESS, port))
        except OSError as error:
            raise RunError(
                f"Port {port} of {ADDRESS} can't be had: {error.strerror}. Perhaps the pages are "
                "shown already. End that, or give another with --port."
            ) from None
        yield pages


def _serve(
    settings: Settings,
    instance: dg.DagsterInstance,
    pages: socket.socket,
    *,
    is_writing: bool,
    has_daemon: bool,
) -> None:
    port = pages.getsockname()[1]
    with (
        code_location(instance) as workspace,
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget(paths=[str(workspace)]), dg.__version__, not is_writing
        ) as process,
    ):
        server = uvicorn.Server(
            uvicorn.Config(
                OwnPagesOnly(create_app_from_workspace_process_context(process), port),
                log_level="warning",
                # No proxy stands before it: what a request says of one is not believed.
                proxy_headers=False,
                server_header=False,
            )
        )

        def end() -> None:
            server.should_exit = True

        with running_daemon(str(workspace), end) if has_daemon else nullcontext() as started:
            what = _WRITE if is_writing else _SHOW
            runs = "Schedules run beside them" if has_daemon else "Beside them no schedule runs"
            say(f"Dagster's pages of {settings.lake.home}: http://{ADDRESS}:{port}.")
            say(f"{what}. {runs}.")
            # For weeks: a command's seldom search for garbage would let it grow.
            gc.set_threshold(700, 10, 10)
            server.run(sockets=[pages])
            status = started.poll() if started else None
    if status is not None:
        raise ended(status)
