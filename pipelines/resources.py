"""What the Dagster assets are given, made of the settings: access to the lake, and to servers.

Not here: the settings (`settings.py`), where the resources are named (`definitions.py`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from assets.delivery.access import DeliveryAccess
from assets.exports.ingest import Progress
from assets.lake.access import LakeAccess, Override
from assets.pull.access import PullAccess
from assets.pull.pull import Progress as PullProgress
from pipelines.settings import Settings, yesterday


def lake_access(
    settings: Settings,
    paths: tuple[Path, ...] | None = None,
    on_progress: Progress | None = None,
    *,
    with_pulled: bool = False,
    begins_anew: bool = False,
    retried: str | None = None,
    sender: str | None = None,
    override: Override | None = None,
) -> LakeAccess:
    """Return what the Dagster assets are given.

    Args:
        settings: the settings.
        paths: offered files or folders; the inbox and what was pulled when None.
        on_progress: for a person who watches.
        with_pulled: what was pulled too, besides `paths`.
        begins_anew: a lake that is gone is made again.
        retried: hash of an archived file that is read again, in place of the inbox.
        sender: whose the offered files are; None when their folders say so.
        override: what somebody takes upon themselves for this run; the command line only.
    """
    return LakeAccess(
        settings=replace(settings.lake, begins_anew=begins_anew),
        inbox=paths if paths is not None else (settings.inbox_folder,),
        pulled=settings.pulled_folder if with_pulled or paths is None else None,
        rule_set=settings.rule_set,
        rules_folder=settings.rules_folder,
        day_before_run=yesterday,
        layouts_folder=settings.layouts_folder,
        now=time.time,
        on_progress=on_progress,
        settle_seconds=settings.settle_seconds,
        keeps_originals=settings.archive == "on",
        retried=retried,
        has_mentor_files=settings.mentor_lists == "on",
        override=override or Override(),
        sender_folders=(settings.inbox_folder, settings.pulled_folder),
        sender=sender,
        portal_database=settings.portal_database.get_secret_value(),
    )


def pull_access(
    settings: Settings, source: str | None = None, on_progress: PullProgress | None = None
) -> PullAccess:
    """Return what the pull is given.

    Args:
        settings: the settings.
        source: only this source; all when None.
        on_progress: for a person who watches.
    """
    return PullAccess(
        sources_file=settings.sources_file,
        pulled=settings.pulled_folder,
        now=time.time,
        source=source,
        on_progress=on_progress,
    )


def delivery_access(settings: Settings) -> DeliveryAccess:
    """Return what the delivery is given.

    Args:
        settings: the settings.
    """
    return DeliveryAccess(settings=settings.delivery, now=time.time)
