"""The process that Dagster's pages and its daemon ask what there is to run, and start runs in.

There are two processes in fact, one before the other. Dagster starts the first one again when it is
gone, and forgets to look at the second: no schedule would be asked again until somebody starts all
of them. Not here: the pages (`serving.py`), the daemon (`scheduling.py`).
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.workspace.load_target import ModuleTarget
from dagster._grpc.client import DagsterGrpcClient

from assets.lake.catalog.read_only import refuse_read_only
from pipelines.running import RunError
from pipelines.settings import PROJECT_ROOT, Settings

_CODE_LOCATION = "pipelines.definitions"
_SECONDS_BETWEEN_LOOKS = 2.0
_SECONDS_TO_LOAD = 120
# So many looks in a row without an answer, and the code is loaded again.
_LOOKS_WITHOUT_ANSWER = 5


def prepared(settings: Settings) -> None:
    """Make the home and this process ready for Dagster's processes.

    Raises:
        ReadOnlyHomeError: the home can't be written to.
        RunError: this is no checkout, so no history is kept.
    """
    refuse_read_only(settings.lake.home)
    if not (PROJECT_ROOT / "dagster.yaml").is_file():
        raise RunError(
            "There is no dagster.yaml beside the packages, so there is no history to show. "
            "Expected a checkout of the project: run `make ui` there."
        )
    # All that these processes write is the owner's only, also their sockets.
    os.umask(0o077)
    # What ends a process ends those beside it too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = settings.lake.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["TRAPPAN_HOME"] = str(home)


@contextmanager
def code_location(instance: dg.DagsterInstance) -> Iterator[Path]:
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
        specs = servers.get_code_server_specs()
        # JSON is YAML; the daemon reads the same file, so that both know the location by one name.
        workspace = Path(folder) / "workspace.yaml"
        workspace.write_text(json.dumps({"load_from": specs}))
        with watching(_Loaded(specs[0]["grpc_server"]).look):
            yield workspace


class _Loaded:
    """Whether the code is there to be asked; loads it again when it is not for a while."""

    def __init__(self, spec: Any) -> None:
        places = {name: spec[name] for name in ("host", "port", "socket") if name in spec}
        self._client = DagsterGrpcClient(**places)
        self._without_answer = 0

    def look(self) -> None:
        try:
            # Through the first process, which answers a heartbeat by itself, to the second.
            self._client.ping("")
        except DagsterUserCodeUnreachableError:
            self._without_answer += 1
        else:
            self._without_answer = 0
        if self._without_answer >= _LOOKS_WITHOUT_ANSWER:
            self._without_answer = 0
            # When the first process is gone too, Dagster is starting it: the next look will say.
            try:
                self._client.reload_code(timeout=_SECONDS_TO_LOAD)
            except DagsterUserCodeUnreachableError:
                return


@contextmanager
def watching(look: Callable[[], None]) -> Iterator[None]:
    """Call a function every two seconds beside what is done meanwhile."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_SECONDS_BETWEEN_LOOKS):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
