"""`trappan ui`: Dagster's pages on this machine, with the schedules running beside them.

Three processes, as `dagster dev` has them: the code location, the daemon that runs schedules and
sensors, and this one, which serves the pages to themselves only (`own_pages.py`). Pages that only
show have no daemon: whoever looks at a home starts nothing in it. What they keep lies under the
home. Not here: what is scheduled (`schedules.py`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import dagster as dg
import typer
import uvicorn
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say
from pipelines.running import RunError, instance_of
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.ui.own_pages import OwnPagesOnly

ADDRESS = "127.0.0.1"
_CODE_LOCATION = "pipelines.definitions"
_SECONDS_TO_END = 60.0
_SECONDS_BETWEEN_LOOKS = 2.0


def ui(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; 0 for any free one.")
    ] = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="The pages only show; no schedule runs.")
    ] = False,
    home: Home = None,
) -> None:
    """Show Dagster's pages on this machine, with the schedules running."""
    settings = settings_of(context, home)
    if not (PROJECT_ROOT / "dagster.yaml").is_file():
        raise RunError(
            "There is no dagster.yaml beside the packages, so there is no history to show. "
            "Expected a checkout of the project: run `make ui` there."
        )
    # All that these processes write is the owner's only, also their sockets.
    os.umask(0o077)
    # What ends a process ends the two beside it too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = settings.lake.home
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["TRAPPAN_HOME"] = str(place)
    try:
        with listening(port) as pages, instance_of(settings) as instance:
            _serve(settings, instance, pages, is_read_only=read_only)
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
    settings: Settings, instance: dg.DagsterInstance, pages: socket.socket, *, is_read_only: bool
) -> None:
    port = pages.getsockname()[1]
    with (
        _code_location(instance) as workspace,
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget(paths=[str(workspace)]), dg.__version__, is_read_only
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
        with nullcontext() if is_read_only else _daemon(workspace, server) as daemon:
            what = "They only show; no schedule runs" if is_read_only else "They have no login"
            say(f"Dagster's pages of {settings.lake.home}: http://{ADDRESS}:{port}. {what}.")
            server.run(sockets=[pages])
            status = daemon.poll() if daemon else None
    if status is not None:
        raise RunError(
            f"Dagster's daemon ended with status {status}, so no schedule runs. Look at what it "
            "said above, run `trappan doctor`, and start again."
        )


@contextmanager
def _code_location(instance: dg.DagsterInstance) -> Iterator[Path]:
    """Start the process of the code location; yield the file that says where it listens."""
    target = ModuleTarget(
        module_name=_CODE_LOCATION,
        attribute=None,
        working_directory=str(Path.cwd()),
        location_name=None,
    )
    with (
        ProxyServerManager(instance, target, code_server_log_level="WARNING") as servers,
        TemporaryDirectory() as folder,
    ):
        # JSON is YAML; the daemon reads the same file, so that both know the location by one name.
        workspace = Path(folder) / "workspace.yaml"
        workspace.write_text(json.dumps({"load_from": servers.get_code_server_specs()}))
        yield workspace


@contextmanager
def _daemon(workspace: Path, server: uvicorn.Server) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon of schedules and sensors; when it ends by itself, so do the pages."""
    daemon = subprocess.Popen(  # noqa: S603 - this Python, and a file of our own
        [sys.executable, "-m", "dagster._daemon", "run", "--workspace", workspace]
    )
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_SECONDS_BETWEEN_LOOKS):
            if daemon.poll() is not None:
                server.should_exit = True

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield daemon
    finally:
        is_over.set()
        watching.join()
        daemon.terminate()
        try:
            daemon.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
