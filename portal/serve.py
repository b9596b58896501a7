"""`trappan portal`: the portal, served by gunicorn; TLS ends at the proxy before it.

Not here: what is served (`urls.py`), how it is set (`configuration.py`).
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from gunicorn.app.base import BaseApplication

from pipelines.cli.home import settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say
from portal.configuration import LOOPBACK, PortalConfiguration, PortalError
from portal.login.discovery import discover


class _Served(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings, and no file of its own."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # After the fork: a lake's connection is no two processes'.
        from portal.wsgi import application  # noqa: PLC0415

        return application


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
    _Served(
        {
            "bind": f"{address}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": 4,
            "timeout": 60,
            "umask": 0o077,
            "proc_name": "trappan-portal",
            # The log of requests would have names of pupils' pages and what was searched for.
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
    ).run()


def prepare() -> None:
    """Bring the database to what this version keeps, and put static files in place."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
