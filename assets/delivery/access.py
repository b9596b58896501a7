"""What the delivery's Dagster asset is given: settings, a clock, and the delivery of a home.

A plain object without secrets. Settings are made when they are asked for, so that a wrong one stops
a delivery and not the code location.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.delivery.deliver import deliver
from assets.delivery.delivery_log import FILE_NAME, DeliveryLog
from assets.delivery.notices import Notice
from assets.delivery.plan import Plan, look, plan_of
from assets.delivery.recipients import Corrections, load_corrections
from assets.delivery.results import Delivered
from assets.delivery.settings import DeliveryError, DeliverySettings, MailSettings, TargetSettings
from assets.delivery.telling import notices_of
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer


@dataclass(frozen=True)
class DryRun:
    """What would be sent, and to whom.

    Attributes:
        plan: files and readers.
        notices: that would be sent.
        changed: paths of files that do not lie at the target as they are.
    """

    plan: Plan
    notices: tuple[Notice, ...]
    changed: frozenset[str]


@dataclass(frozen=True)
class DeliveryAccess:
    """The resource `delivery`.

    Attributes:
        settings: gives the settings.
        now: seconds since 1970; the only clock.
    """

    settings: Callable[[], DeliverySettings]
    now: Callable[[], float]

    def deliver(self, lake: Lake) -> Delivered:
        """Deliver the current lists of a lake's home.

        Raises:
            DeliveryError: another process is delivering.
            KeyFileError: the home's key can't be used.
        """
        home = lake.settings.home
        settings, problem = self._settings()
        if not settings.target.url and not problem and not (home / FILE_NAME).exists():
            return Delivered()
        sealer = Sealer.of_home(home)
        corrections = Corrections()
        try:
            corrections = load_corrections(settings.recipients_file)
        except DeliveryError as error:
            # What must be taken back does not wait for a file to be mended.
            problem = problem or str(error)
        known = look(lake, corrections)
        moment = datetime.fromtimestamp(self.now(), UTC)
        with DeliveryLog.opened(home, sealer) as log:
            return deliver(settings, log, known, sealer, moment, problem=problem)

    def dry_run(self, lake: Lake) -> DryRun:
        """Return what would be sent; nothing is asked, sent or noted.

        Raises:
            DeliveryError: a setting or `recipients.yaml` is wrong.
        """
        settings = self.settings()
        sealer = Sealer.of_home(lake.settings.home)
        known = look(lake, load_corrections(settings.recipients_file))
        plan = plan_of(known, settings.password_of_workbooks(), sealer)
        with DeliveryLog.looked_at(lake.settings.home, sealer) as log:
            copies = log.copies(settings.target.url)
            changed = {
                path for path, one in plan.wanted.items() if not one.is_like(copies.get(path))
            }
            due = notices_of(known, plan, log, sealer, settings.target.link)
            notices = tuple(notice for notice in due if notice.is_news)
        return DryRun(plan, notices, frozenset(changed))

    def _settings(self) -> tuple[DeliverySettings, str]:
        try:
            return self.settings(), ""
        except DeliveryError as error:
            return DeliverySettings(TargetSettings(), MailSettings(), Path()), str(error)
