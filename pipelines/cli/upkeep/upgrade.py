"""`trappan upgrade`: bring an older lake to this program's version, also where that rewrites.

Not here: the steps (`assets/lake/upgrading/versions.py`), the portal's database, which the portal
brings up to date when it starts (`portal/serve.py`).
"""

from __future__ import annotations

from dataclasses import replace

import typer

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.lake.upgrading.versions import program_version, version_of
from pipelines.cli.home import settings_of
from pipelines.cli.options import CommandError, Home
from pipelines.cli.printing import say


def upgrade(context: typer.Context, home: Home = None) -> None:
    """Bring the lake of an older version to this one. Make a backup first."""
    settings = settings_of(context, home).lake
    if not _has_lake(settings):
        raise CommandError(
            f"{settings.home} has no lake: nothing is upgraded. Expected a home that has one; the "
            "first night makes it in this program's version. Name another with --home."
        )
    with Lake.open(replace(settings, upgrades=True)) as lake:
        version = version_of(lake.connection)
    say(
        f"The lake of {settings.home} has schema version {version.number}, by trappan "
        f"{version.program}. This is trappan {program_version()}: nothing more is to be done."
    )


def _has_lake(settings: LakeSettings) -> bool:
    """Whether there is one to upgrade: a mistyped home would get a new one."""
    return bool(settings.catalog) or (settings.home / "lake").exists()
