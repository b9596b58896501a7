"""`trappan portal`: the portal, served by gunicorn; TLS ends at the proxy before it.

Not here: what is served (`urls.py`), how it is set (`configuration.py`), how it is served
(`workers.py`).
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated

import typer

from assets.lake.catalog.read_only import refuse_read_only
from assets.lake.upgrading.versions import program_version
from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say
from portal.configuration import LOOPBACK, PortalConfiguration, PortalError, discover

_CONFIG, _APP = "python:portal.workers", "portal.wsgi:application"


def portal(
    context: typer.Context,
    address: Annotated[
        str, typer.Option("--address", help="Where it listens; the proxy's side of this machine.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8100,
    workers: Annotated[int, typer.Option("--workers", min=1, max=32)] = 2,
    home: Home = None,
) -> None:
    """Serve the portal, in which people read lists and say what they did."""
    settings = settings_of(context, home)
    # What people say is kept there, and so is who opened a pupil.
    refuse_read_only(settings.lake.home)
    configuration = PortalConfiguration().checked()
    if address != LOOPBACK and not configuration.url:
        raise PortalError(
            f"--address {address}: others could reach the portal without TLS. Expected 127.0.0.1, "
            "or TRAPPAN_PORTAL_URL=https://… with a proxy before it (docs/portal.md)."
        )
    os.environ["TRAPPAN_HOME"] = str(settings.lake.home)
    if configuration.oidc_issuer:
        os.environ.update(discover(configuration.oidc_issuer))
    prepare()
    say(f"http://{address}:{port}/  Home: {settings.lake.home}. Ctrl+C ends it.")
    words = ("--bind", f"{address}:{port}", "--workers", str(workers))
    # In place of this process: what it has loaded has threads, which no fork takes along.
    command = [sys.executable, "-m", "gunicorn", "--config", _CONFIG, *words, _APP]
    os.execv(command[0], command)  # noqa: S606 - our own words, no shell


def prepare() -> None:
    """Bring the database to what this version keeps, and put static files in place.

    What a portal that was killed has left of read workbooks goes, and sessions that have ended.

    Raises:
        PortalError: a newer version's portal has changed the database.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    for left in (settings.HOME / "portal").glob("read-*"):
        shutil.rmtree(left, ignore_errors=True)
    applied, steps = migrations_to_come()
    if applied and steps:
        say(
            f"The portal's database is brought up to date: {', '.join(steps)}. Older versions "
            "can't use it after this; the way back is the backup (docs/operators-upgrade.md)."
        )
    call_command("migrate", interactive=False, verbosity=0)
    call_command("clearsessions", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)


def migrations_to_come() -> tuple[bool, list[str]]:
    """Return whether the database has tables of the portal, and the steps that it lacks.

    Django itself takes no notice of steps that it does not know. Of each application the newest
    number counts: what is older and not here was merged into others.

    Raises:
        PortalError: the database has steps that are newer than this version's.
    """
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    loader = executor.loader
    newest: dict[str, int] = {}
    for label, name in loader.disk_migrations or {}:
        newest[label] = max(newest.get(label, 0), _number(name))
    unknown = [
        f"{label} {name}"
        for label, name in sorted(loader.applied_migrations or {})
        if label in newest and _number(name) > newest[label]
    ]
    if unknown:
        raise PortalError(
            f"The portal's database was changed by a newer version: it has {', '.join(unknown)}, "
            f"and this is trappan {program_version()}, whose newest step is portal "
            f"{newest['portal']:04d}. Nothing was changed. Install the newer version, or go back "
            "to the backup from before the upgrade (docs/operators-upgrade.md)."
        )
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return bool(loader.applied_migrations), [f"{one.app_label} {one.name}" for one, _ in plan]


def _number(name: str) -> int:
    """The number with which a step's name begins; 0 for none."""
    digits = name.partition("_")[0]
    return int(digits) if digits.isdecimal() else 0
